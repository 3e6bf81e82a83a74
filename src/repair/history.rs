//! The figures of a hub's last audits, in one small file: what a trend is drawn from.

use crate::journal;
use luthier_audit::{Grade, Summary};
use luthier_hub::destination;
use luthier_hub::store::{Environment, Hub};
use luthier_object::time::Micros;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

/// Audits that are kept.
const KEPT: usize = 200;

/// The largest file that is read, in bytes: [`KEPT`] audits take a twentieth of it.
const LARGEST: u64 = 1 << 20;

/// One audit of a whole hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastFigures {
    /// Its end, by the clock of this machine, in microseconds since 1970.
    pub at: Micros,
    /// `rows`, `presence` or `bytes`.
    pub depth: String,
    /// Every question had an answer.
    pub complete: bool,
    /// Findings by grade.
    pub grades: BTreeMap<Grade, u64>,
}

impl PastFigures {
    /// Returns the number of findings.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.grades
            .values()
            .fold(0, |sum, n| sum.saturating_add(*n))
    }
}

/// Returns the audits of this hub that are remembered, the oldest first; none where they cannot be read.
#[must_use]
pub fn load(hub: &Hub) -> Vec<PastFigures> {
    let read = || {
        let mut text = Vec::new();
        let file = std::fs::File::open(place(hub)?).ok()?;
        file.take(LARGEST).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    };
    read().unwrap_or_default()
}

/// Remembers an audit of the whole hub. One that cannot be written is missing from the trend and nowhere else.
pub fn add(hub: &Hub, summary: &Summary, at: Micros) {
    let mut audits = load(hub);
    audits.push(PastFigures {
        at,
        depth: summary.depth.word().to_owned(),
        complete: summary.complete,
        grades: summary.grades.clone(),
    });
    audits.drain(..audits.len().saturating_sub(KEPT));
    if let (Some(path), Ok(text)) = (place(hub), serde_json::to_vec(&audits)) {
        let _ = destination::replace(&path, &text);
    }
}

/// Returns the file of a hub. A demo's hub has none: it is new each time.
fn place(hub: &Hub) -> Option<PathBuf> {
    if hub.environment == Environment::Demo {
        return None;
    }
    let name = format!("{}.json", &hub.fingerprint()[..16]);
    Some(journal::state_folder()?.join("history").join(name))
}
