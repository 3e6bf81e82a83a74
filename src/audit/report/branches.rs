//! The standing of branches, counted.

use crate::{Code, Depth};
use luthier_hub::index::audit_scratch::{StandingCount, Stands};
use luthier_object::time::Micros;
use std::collections::BTreeMap;

/// The faults of a branch for which clients refuse every pull that holds it, so that a clone of its repository fails.
pub(super) const APART: [u16; 2] = [Code::BranchUnsafe as u16, Code::BranchDuplicate as u16];

/// The numbers of branches by standing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BranchCounts {
    pub fail: u64,
    /// Nothing that stops them was found.
    pub clear: u64,
    /// Not known.
    pub open: u64,
    /// Without a commit.
    pub empty: u64,
    /// Of those that fail, branches that clients refuse for their name or their rows: a pull of all branches fails with
    /// them.
    pub apart: u64,
    /// The least deep look that a clear one rests on.
    pub depth: Option<Depth>,
    /// Those whose pull was tried to its end, and when the first of them was.
    pub tried: u64,
    pub tried_at: Option<Micros>,
}

impl BranchCounts {
    pub(super) fn add(&mut self, some: &StandingCount) {
        self.apart += some.of_codes;
        match some.stands {
            Stands::Fails => self.fail += some.count,
            // A pull without an answer did not end.
            Stands::Open => {
                self.open += some.count;
                return;
            }
            Stands::Empty => self.empty += some.count,
            Stands::Clear => {
                self.clear += some.count;
                let depth = Depth::numbered(some.depth);
                self.depth = Some(self.depth.map_or(depth, |least| least.min(depth)));
            }
        }
        self.tried += some.tried;
        self.tried_at = match (self.tried_at, some.tried_at) {
            (Some(first), Some(at)) => Some(first.min(at)),
            (first, at) => first.or(at),
        };
    }

    /// Returns whether no further branch can turn out to fail: every byte of the others was read.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.open == 0 && (self.clear == 0 || self.depth == Some(Depth::Bytes))
    }

    /// Returns all of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.fail + self.clear + self.open + self.empty
    }
}

/// The numbers of each repository's branches by standing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standings {
    pub hub: BranchCounts,
    /// By `owner/slug`.
    pub repos: BTreeMap<String, BranchCounts>,
}
