//! The knowledge of a branch's pull, safe to show.

use super::clean;
use luthier_audit::fault::FAULTS;
use luthier_audit::report::{BranchStanding, Stands};
use luthier_audit::{Code, Depth, Grade};
use luthier_object::time::Micros;

/// The knowledge of a client's pull of a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BranchMark {
    /// Nothing was looked at, or not all that it needs.
    #[default]
    Unknown,
    Empty,
    /// It comes whole: everything that it needs was read, or the pull was tried.
    Whole {
        tried: bool,
        at: Micros,
    },
    /// Nothing that stops it was found, and not everything was read.
    Clear {
        depth: Depth,
        at: Micros,
    },
    /// It fails: because of this finding, where one is known; why, in words, where a pull said so.
    Fails {
        code: Option<Code>,
        why: String,
        at: Micros,
    },
}

impl From<&BranchStanding> for BranchMark {
    fn from(found: &BranchStanding) -> Self {
        let (at, tried) = (found.at, found.tried);
        match (found.stands, Depth::numbered(found.depth)) {
            (Stands::Open, _) => BranchMark::Unknown,
            (Stands::Empty, _) => BranchMark::Empty,
            (Stands::Clear, Depth::Bytes) => BranchMark::Whole { tried, at },
            (Stands::Clear, depth) => BranchMark::Clear { depth, at },
            (Stands::Fails, _) => BranchMark::Fails {
                code: found
                    .code
                    .and_then(|n| FAULTS.get(usize::from(n)))
                    .map(|f| f.code),
                why: clean(&found.why),
                at,
            },
        }
    }
}

impl BranchMark {
    /// Returns a mark and a few words, and the grade of what they say; none where nothing is wrong.
    #[must_use]
    pub fn words(&self) -> (String, Option<Grade>) {
        match self {
            BranchMark::Unknown => ("? not known".to_owned(), None),
            BranchMark::Empty => ("· no commit".to_owned(), None),
            BranchMark::Whole { .. } => ("✓ pull succeeds".to_owned(), None),
            BranchMark::Clear { depth, .. } => (format!("? only {} checked", depth.word()), None),
            // The same fault from the other side: the commit that the branch points to has no row.
            BranchMark::Fails {
                code: Some(Code::HeadDangling),
                ..
            } => {
                let words = format!("✗ {} (its head)", Code::RowMissing);
                (words, Some(Grade::Critical))
            }
            BranchMark::Fails {
                code: Some(code), ..
            } => (format!("✗ {}", code.name()), Some(Grade::Critical)),
            BranchMark::Fails { .. } => ("✗ fails".to_owned(), Some(Grade::Critical)),
        }
    }
}
