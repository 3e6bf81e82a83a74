//! The standing of branches, counted.

use crate::Depth;
use luthier_hub::index::audit_scratch::Stands;
use std::collections::BTreeMap;

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
    /// The least deep look that a clear one rests on.
    pub depth: Option<Depth>,
}

impl BranchCounts {
    pub(super) fn add(&mut self, stands: Stands, depth: u8, count: u64) {
        match stands {
            Stands::Fails => self.fail += count,
            Stands::Open => self.open += count,
            Stands::Empty => self.empty += count,
            Stands::Clear => {
                self.clear += count;
                let depth = Depth::numbered(depth);
                self.depth = Some(self.depth.map_or(depth, |least| least.min(depth)));
            }
        }
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
