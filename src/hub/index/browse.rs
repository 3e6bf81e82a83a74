//! Lists for people: the rows that are asked for, and the lines that come back.

use super::Page;
use luthier_object::Kind;

/// One line of a browsing list: light columns only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub kind: Kind,
    pub id: String,
    /// `timestamp` of a commit, `created_at` of the others.
    pub at: String,
    pub who: String,
    /// First line of the message, or the path of a blob; at most 200 characters.
    pub what: String,
    pub branch: String,
    pub parent_ids: String,
    pub snapshot_id: Option<String>,
    /// Bytes of a blob, entries of a snapshot.
    pub size: Option<i64>,
    /// `None` where the hub has no such column.
    pub storage_uri: Option<Option<String>>,
    /// First byte of the cached manifest.
    pub cache_byte: Option<u8>,
}

/// The start of a browsing page: at or after a known row, in either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edge {
    Start,
    /// The row itself, if it is still there, and what follows.
    From {
        at: String,
        id: String,
    },
    After {
        at: String,
        id: String,
    },
    Before {
        at: String,
        id: String,
    },
    End,
}

impl Edge {
    /// Returns whether the page holds what follows in the list, rather than what precedes.
    #[must_use]
    pub const fn is_forward(&self) -> bool {
        !matches!(self, Edge::Before { .. } | Edge::End)
    }
}

/// The rows of a browsing list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browse {
    pub kind: Kind,
    /// `repo_id`; with `*_refs` tables the membership decides.
    pub repo_id: Option<String>,
    /// Commits only: the branch's name.
    pub branch: Option<String>,
    /// By age, the oldest first; else the newest.
    pub oldest_first: bool,
    pub from: Edge,
    pub limit: u32,
}

impl Browse {
    /// Returns the parts of a page's SQL: the order, and how its rows compare with the one it starts at.
    pub(crate) const fn direction(&self) -> (&'static str, &'static str) {
        let falling = self.from.is_forward() != self.oldest_first;
        match (falling, &self.from) {
            (true, Edge::From { .. }) => ("DESC", "<="),
            (false, Edge::From { .. }) => ("ASC", ">="),
            (true, _) => ("DESC", "<"),
            (false, _) => ("ASC", ">"),
        }
    }

    /// Returns a page that was read towards the list's beginning in the list's order.
    pub(crate) fn in_order(&self, mut page: Page<Listed>) -> Page<Listed> {
        if !self.from.is_forward() {
            page.rows.reverse();
        }
        page
    }

    /// Moment and id of the row that the page starts at.
    pub(crate) const fn row(&self) -> Option<(&String, &String)> {
        match &self.from {
            Edge::Start | Edge::End => None,
            Edge::From { at, id } | Edge::After { at, id } | Edge::Before { at, id } => {
                Some((at, id))
            }
        }
    }
}
