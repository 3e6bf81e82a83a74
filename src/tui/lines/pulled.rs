//! The end of a tried pull, safe to show.

use super::{HubId, clean};
use luthier_audit::Code;
use luthier_client::Received;
use luthier_client::tried::TriedPull;
use luthier_client::tried_repo::{BranchEnd, TriedBranch, TriedRepo};
use luthier_hub::store::fetch::{Refusal, Why};
use luthier_object::Kind;

/// An object that a client would refuse.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedLine {
    pub kind: Kind,
    pub id: HubId,
    /// From a head to it.
    pub way: Vec<String>,
    /// The rest of a sentence that starts with the object.
    pub why: String,
}

impl From<&Refusal> for RefusedLine {
    fn from(refusal: &Refusal) -> Self {
        let short = refusal.id.short();
        let steps = refusal.way.iter();
        Self {
            kind: refusal.kind,
            id: HubId::new(refusal.id.as_str()),
            way: steps
                .map(|step| clean(&step.replace(refusal.id.as_str(), short)))
                .collect(),
            // A list of branches names the fault, where the walk that a client makes says it in words.
            why: match &refusal.why {
                Why::NoRow => format!("{} ({})", Why::NoRow, Code::RowMissing),
                why => clean(&why.to_string()),
            },
        }
    }
}

/// An object that a client would take.
#[derive(Clone, Debug, PartialEq)]
pub struct TakenLine {
    pub kind: Kind,
    pub id: HubId,
    pub reconstructed: bool,
}

/// A branch that does not come whole.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedLine {
    pub branch: HubId,
    /// Rows of this name: each counts as a branch.
    pub rows: u64,
    pub head: Option<HubId>,
    /// The object that is refused, where it is one.
    pub refused: Option<RefusedLine>,
    /// The reason why it fails, if no object is refused.
    pub why: String,
    /// It could not be read: nobody knows whether it comes whole.
    pub unread: bool,
}

impl From<&TriedBranch> for FailedLine {
    fn from(branch: &TriedBranch) -> Self {
        let (refused, why, unread) = match &branch.end {
            BranchEnd::Refused(refusal) => (Some(RefusedLine::from(&**refusal)), "", false),
            BranchEnd::Unfit(why) => (None, why.as_str(), false),
            BranchEnd::Unread(why) => (None, why.as_str(), true),
            BranchEnd::Whole | BranchEnd::Empty => (None, "", false),
        };
        Self {
            branch: HubId::new(&branch.name),
            rows: branch.rows,
            head: branch.head.as_ref().map(|id| HubId::new(id.as_str())),
            refused,
            why: clean(why),
            unread,
        }
    }
}

/// The results of a repository's branches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BranchesLine {
    pub whole: u64,
    pub empty: u64,
    pub failed: u64,
    pub unread: u64,
    /// Those that failed or could not be read; the first of them.
    pub named: Vec<FailedLine>,
    /// The reason why no client takes all of them together.
    pub together: Option<String>,
}

impl BranchesLine {
    /// Returns whether the figures are of several pulls, one for each branch.
    #[must_use]
    pub const fn is_one_by_one(&self) -> bool {
        let tried = self.whole + self.empty + self.failed + self.unread;
        tried > 1 && (self.failed > 0 || self.unread > 0 || self.together.is_some())
    }
}

/// The end of a tried pull.
#[derive(Clone, Debug, PartialEq)]
pub struct PulledLine {
    pub heads: Vec<(String, Option<HubId>)>,
    pub received: Received,
    pub taken: Vec<TakenLine>,
    /// Of a single branch.
    pub refused: Option<RefusedLine>,
    /// Of all branches of a repository.
    pub branches: Option<BranchesLine>,
    pub stopped: bool,
}

impl PulledLine {
    /// Returns whether a client takes all that was tried.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let all = self.branches.as_ref().is_none_or(|branches| {
            branches.failed == 0 && branches.unread == 0 && branches.together.is_none()
        });
        self.refused.is_none() && !self.stopped && all
    }
}

impl From<&TriedPull> for PulledLine {
    fn from(pull: &TriedPull) -> Self {
        let heads = pull.heads.iter();
        Self {
            heads: heads
                .map(|(name, id)| (clean(name), id.as_ref().map(|id| HubId::new(id.as_str()))))
                .collect(),
            received: pull.received.clone(),
            taken: pull
                .last
                .iter()
                .map(|taken| TakenLine {
                    kind: taken.kind,
                    id: HubId::new(taken.id.as_str()),
                    reconstructed: taken.reconstructed,
                })
                .collect(),
            refused: pull.refusal.as_ref().map(RefusedLine::from),
            branches: None,
            stopped: pull.stopped,
        }
    }
}

impl From<&TriedRepo> for PulledLine {
    fn from(tried: &TriedRepo) -> Self {
        Self {
            heads: Vec::new(),
            branches: Some(BranchesLine {
                whole: tried.whole,
                empty: tried.empty,
                failed: tried.failed,
                unread: tried.unread,
                named: tried.named.iter().map(FailedLine::from).collect(),
                together: tried.together.as_deref().map(clean),
            }),
            stopped: tried.stopped,
            ..Self::from(&tried.received)
        }
    }
}
