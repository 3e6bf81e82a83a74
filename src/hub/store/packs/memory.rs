//! What a run has learnt of packs: where they lie, what lies in them, and what the index says of the blobs under way.

use super::place::{PackObject, Seen};
use super::walk::{Contents, RECORDS};
use crate::index::PackedRow;
use crate::index::audit_scratch::PackedRecord;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// How long reads that belong to no job believe what they learnt.
const BRIEF: Duration = Duration::from_secs(10);

/// Blobs whose index rows are held.
const ROWS: usize = 50_000;

/// Packs that are remembered.
const PACKS: usize = 200_000;

/// A fact that is asked for once, whoever waits for it.
pub(super) type Once<T> = Arc<OnceCell<T>>;

/// The memory of a run.
pub(super) struct Memory {
    /// Forget after [`BRIEF`].
    brief: bool,
    learnt: Mutex<Learnt>,
}

struct Learnt {
    since: Instant,
    packs: HashMap<String, Once<Option<PackObject>>>,
    contents: HashMap<String, Once<Arc<Contents>>>,
    rows: HashMap<String, Vec<PackedRow>>,
    /// The blobs of `rows` whose own row keeps their bytes, by their digits.
    cached: HashSet<String>,
    /// What whole packs proved of the blobs under way.
    proved: HashMap<[u8; 32], Vec<PackedRecord>>,
    seen: Once<Arc<Seen>>,
}

impl Learnt {
    fn nothing() -> Self {
        Self {
            since: Instant::now(),
            packs: HashMap::new(),
            contents: HashMap::new(),
            rows: HashMap::new(),
            cached: HashSet::new(),
            proved: HashMap::new(),
            seen: Once::default(),
        }
    }
}

impl Memory {
    pub(super) fn brief() -> Self {
        Self {
            brief: true,
            learnt: Mutex::new(Learnt::nothing()),
        }
    }

    pub(super) fn of_a_job() -> Self {
        Self {
            brief: false,
            ..Self::brief()
        }
    }

    pub(super) const fn is_brief(&self) -> bool {
        self.brief
    }

    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        if self.brief && learnt.since.elapsed() > BRIEF {
            *learnt = Learnt::nothing();
        }
        learnt
    }

    /// Returns where a pack lies, by its digits.
    pub(super) fn pack(&self, hex: &str) -> Once<Option<PackObject>> {
        let mut learnt = self.learnt();
        if learnt.packs.len() >= PACKS {
            learnt.packs.clear();
        }
        learnt.packs.entry(hex.to_owned()).or_default().clone()
    }

    /// Returns what lies in a pack. Packs that were read before are forgotten once all have too many records.
    pub(super) fn contents(&self, hex: &str) -> Once<Arc<Contents>> {
        let mut learnt = self.learnt();
        let known = |of: &Once<Arc<Contents>>| of.get().map_or(0, |contents| contents.len());
        let records: usize = learnt.contents.values().map(known).sum();
        if records >= RECORDS && !learnt.contents.contains_key(hex) {
            learnt.contents.clear();
        }
        learnt.contents.entry(hex.to_owned()).or_default().clone()
    }

    /// Returns the keys that a listing of the whole store found for packs.
    pub(super) fn seen(&self) -> Once<Arc<Seen>> {
        self.learnt().seen.clone()
    }

    /// Holds the index rows of blobs that will be asked for, by the digits of their ids, and which of these blobs their
    /// own row keeps.
    pub(super) fn hold_rows(&self, rows: HashMap<String, Vec<PackedRow>>, cached: HashSet<String>) {
        let mut learnt = self.learnt();
        if learnt.rows.len() + rows.len() > ROWS {
            learnt.rows.clear();
            learnt.cached.clear();
        }
        learnt.rows.extend(rows);
        learnt.cached.extend(cached);
    }

    /// Returns whether a blob's own row keeps its bytes; `None` where nobody has asked.
    pub(super) fn is_cached(&self, hex: &str) -> Option<bool> {
        let learnt = self.learnt();
        let is_known = learnt.rows.contains_key(hex);
        is_known.then(|| learnt.cached.contains(hex))
    }

    /// Holds what whole packs proved of the blobs that are asked for next, and nothing of others.
    pub(super) fn hold_proved(&self, records: HashMap<[u8; 32], Vec<PackedRecord>>) {
        self.learnt().proved = records;
    }

    /// Returns what whole packs proved of a blob.
    pub(super) fn proved(&self, digest: &[u8; 32]) -> Vec<PackedRecord> {
        let learnt = self.learnt();
        learnt.proved.get(digest).cloned().unwrap_or_default()
    }

    /// Returns the index rows of a blob, where they are held.
    pub(super) fn rows(&self, hex: &str) -> Option<Vec<PackedRow>> {
        self.learnt().rows.get(hex).cloned()
    }
}
