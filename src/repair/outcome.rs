//! The outcomes of a step.

use luthier_audit::Remedy;
use serde::{Deserialize, Serialize};

/// The outcome of a step.
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
    /// The row now says what its object or its pack says, or was added from it.
    Reindexed,
    /// The repository now holds the row.
    Held,
    /// A change of an earlier run was put back.
    Undone,
    /// The hub was as wanted already.
    Already,
    /// The hub is no longer what the plan saw; nothing was changed.
    Superseded,
    /// The bytes did not match the id, or other bytes are stored there; nothing was changed.
    Refused,
    /// The store or the database did not answer.
    Failed,
}

impl Outcome {
    /// Returns the outcome of a step with this remedy that succeeded.
    pub(super) const fn of(remedy: Remedy) -> Self {
        match remedy {
            Remedy::Link => Outcome::Linked,
            Remedy::Recache => Outcome::Recached,
            Remedy::Replace => Outcome::Replaced,
            Remedy::Reindex | Remedy::Index => Outcome::Reindexed,
            Remedy::Reref | Remedy::Hold => Outcome::Held,
            Remedy::Undo => Outcome::Undone,
            Remedy::None | Remedy::Backfill | Remedy::Restore | Remedy::Checkpoint => {
                Outcome::Written
            }
        }
    }

    /// Returns the word as people and JSON write it.
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

    /// Returns whether the step changed the hub.
    #[must_use]
    pub const fn changes(self) -> bool {
        self.is_well() && !matches!(self, Outcome::Already)
    }

    /// Returns whether the hub is now as the step planned.
    #[must_use]
    pub const fn is_well(self) -> bool {
        !matches!(
            self,
            Outcome::Superseded | Outcome::Refused | Outcome::Failed
        )
    }
}
