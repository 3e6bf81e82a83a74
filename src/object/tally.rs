//! Counts how often an object is decoded and its id hashed, for tests that allow it once.

use super::{Kind, ObjectId};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The counts of one object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub decoded: u32,
    pub hashed: u32,
}

/// By kind and digest.
pub type Counts = BTreeMap<(Kind, String), Count>;

thread_local! {
    /// A test has a thread of its own, so that others at work at the same time count elsewhere.
    static COUNTS: RefCell<Counts> = const { RefCell::new(BTreeMap::new()) };
}

/// Counts a decoded commit or snapshot.
pub fn decoded(kind: Kind, id: &ObjectId) {
    count(kind, id, |count| count.decoded += 1);
}

/// Counts an id that was computed from an object.
pub fn hashed(kind: Kind, id: &ObjectId) {
    count(kind, id, |count| count.hashed += 1);
}

fn count(kind: Kind, id: &ObjectId, add: impl FnOnce(&mut Count)) {
    COUNTS.with_borrow_mut(|counts| {
        add(counts.entry((kind, id.bare().to_owned())).or_default());
    });
}

/// Returns what was counted on this thread since the last call.
#[must_use]
pub fn take() -> Counts {
    COUNTS.take()
}
