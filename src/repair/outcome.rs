//! What became of a step.

use luthier_audit::Remedy;
use serde::{Deserialize, Serialize};

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The object was written and the row points at it.
    Written,
    /// The row now points at an object that was there.
    Linked,
    /// The cache was rewritten.
    Recached,
    /// Bad bytes were put aside, and good ones in their place.
    Replaced,
    /// The row now says what its object says, or was added from it.
    Reindexed,
    /// The repository now holds the row.
    Held,
    /// What an earlier run changed was put back.
    Undone,
    /// The hub was as wanted already.
    Already,
    /// The hub is no longer what the plan saw; nothing was changed.
    Superseded,
    /// The bytes did not prove, or other bytes lie there; nothing was changed.
    Refused,
    /// The store or the database did not answer.
    Failed,
}

impl Outcome {
    /// How a step with this remedy ends well.
    pub(super) const fn of(remedy: Remedy) -> Self {
        match remedy {
            Remedy::Link => Outcome::Linked,
            Remedy::Recache => Outcome::Recached,
            Remedy::Replace => Outcome::Replaced,
            Remedy::Reindex => Outcome::Reindexed,
            Remedy::Reref => Outcome::Held,
            Remedy::Undo => Outcome::Undone,
            Remedy::None | Remedy::Backfill | Remedy::Restore | Remedy::Checkpoint => {
                Outcome::Written
            }
        }
    }

    /// The word as people and JSON write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Outcome::Written => "written",
            Outcome::Linked => "linked",
            Outcome::Recached => "recached",
            Outcome::Replaced => "replaced",
            Outcome::Reindexed => "reindexed",
            Outcome::Held => "held",
            Outcome::Undone => "undone",
            Outcome::Already => "already",
            Outcome::Superseded => "superseded",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }

    /// Whether the hub is another after it.
    #[must_use]
    pub const fn changes(self) -> bool {
        self.is_well() && !matches!(self, Outcome::Already)
    }

    /// Whether what was planned is so now.
    #[must_use]
    pub const fn is_well(self) -> bool {
        !matches!(
            self,
            Outcome::Superseded | Outcome::Refused | Outcome::Failed
        )
    }
}
