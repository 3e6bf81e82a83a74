//! From findings to plans, from plans to changes, each change in the journal.

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        clippy::too_many_lines,
        reason = "tests clear up after themselves, and one may tell a long story"
    )
)]

pub mod apply;
mod cells;
pub mod change;
mod checkpoint;
mod consent;
pub mod history;
pub mod hub_binding;
mod interrupted;
pub mod journal;
mod kind;
mod lacking;
mod outcome;
pub mod plan;
mod rows;
pub mod signoff;
mod spool;
mod step;
mod steps;
mod undo;
pub mod wanted;

pub use apply::{Applied, Options, Throttle, apply, apply_with};
pub use change::{RowChange, StepChange};
pub use consent::{Doubt, why_name};
pub use interrupted::resolve_interrupted;
pub use journal::Journal;
pub use kind::{Undoable, Undoing, Work};
pub use outcome::Outcome;
pub use plan::{Next, Plan, Refusal, Selection, checkpoints, find_fixes, plan, plannable};
pub use step::{Step, Totals};
pub use undo::undo;

use luthier_audit::AuditError;
use luthier_hub::progress::Cancelled;
use luthier_hub::store::StoreError;
use luthier_hub::store::hub_writes::HubWrite;

/// The reason why a repair did not finish.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(
        "the journal {path} cannot be written: {source}; nothing was changed after its last line"
    )]
    Journal {
        path: String,
        source: journal::JournalError,
    },
    #[error("the journal of this hub has no run `{0}`; `luthier journal` lists the runs")]
    NoSuchRun(String),
    #[error(
        "the run `{run}` is a write of the hub itself, {write}; such a write is not undone: move the branch with a push or a merge"
    )]
    NotUndone { run: String, write: Box<HubWrite> },
    #[error("stopped writing: {0}")]
    Breaker(String),
    #[error("the plan {path} cannot be used: {source}")]
    PlanFile {
        path: String,
        source: plan::PlanFileError,
    },
    #[error("the plan cannot be stored: {}", luthier_hub::scratch::trouble(.0))]
    Spool(#[source] std::io::Error),
}

#[cfg(test)]
#[path = "../../tests/repair/mod.rs"]
mod tests;
