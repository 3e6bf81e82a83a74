//! A plan: what would be written, step by step, before anything is.

use super::RepairError;
use crate::audit::{Code, Filter, Remedy, Report};
use crate::object::Kind;
use crate::progress::Progress;
use crate::store::Store;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which findings are to be repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All whose `auto` is yes, within the filter.
    Auto(Filter),
    /// Everything that passes the filter: choosing by code or id is how an `ask` is answered.
    Chosen(Filter),
    /// These places in the report.
    Ordinals(Vec<u64>),
}

/// A column before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowChange {
    pub column: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// One repair of one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// From 1, in the order of application.
    pub number: u64,
    pub code: Code,
    pub remedy: Remedy,
    pub kind: Kind,
    pub id: String,
    pub repo: String,
    /// What it does, in one sentence.
    pub words: String,
    /// What must still be so when it is applied, in one sentence.
    pub precondition: String,
    /// Where bytes are written or were found.
    pub key: Option<String>,
    /// Bytes to be written to the store; 0 where none are.
    pub bytes: u64,
    /// Of the object's bytes, hex.
    pub sha256: Option<String>,
    pub row: Vec<RowChange>,
}

/// A finding that the plan leaves alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: Code,
    pub id: String,
    pub why: String,
}

/// A plan in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub steps: u64,
    pub refused: u64,
    /// Bytes to be written to the store.
    pub bytes: u64,
    /// Requests to the store: puts and the reads that prove them.
    pub requests: u64,
    pub by_remedy: BTreeMap<Remedy, u64>,
}

/// Steps and refusals, spooled on disk.
pub struct Plan {
    totals: Totals,
}

impl Plan {
    /// The figures.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Steps in the order of application, from the `skip`th on.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn steps(&self, _skip: u64, _limit: u32) -> Result<Vec<Step>, RepairError> {
        todo!()
    }

    /// What the plan leaves alone, and why, from the `skip`th on.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn refused(&self, _skip: u64, _limit: u32) -> Result<Vec<Refusal>, RepairError> {
        todo!()
    }
}

/// Plans the repair of what was chosen. Reads; writes nothing.
///
/// # Errors
/// A side that cannot be read, or cancellation.
pub async fn plan(
    _store: &Store,
    _report: &Report,
    _selection: &Selection,
    _progress: &Progress,
) -> Result<Plan, RepairError> {
    todo!()
}
