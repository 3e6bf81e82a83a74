//! Changes of a database, always with the value that was seen.

use super::{
    BlobRow, BranchRow, CommitRow, EditableColumn, FetchPackRow, MembershipRow, PackedRow,
    ProposalRow, RepoRow, SnapshotRow,
};
use luthier_object::Kind;

/// A row's pointer to be changed: from what was seen to what was proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub id: String,
    pub seen: Option<String>,
    pub new: String,
}

/// A snapshot's cache to be rewritten; every `seen` is compared before the row changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recache {
    pub id: String,
    pub seen_manifest: Option<Vec<u8>>,
    pub seen_entry_count: Option<i64>,
    pub seen_directories: Option<String>,
    /// Canonical JSON.
    pub manifest: Vec<u8>,
    pub entry_count: i64,
    /// JSON text: a sorted list.
    pub directories: String,
}

/// Cells of one row to be changed. All of them, or where one is no longer what was seen, none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowEdit {
    pub kind: Kind,
    pub id: String,
    pub cells: Vec<CellEdit>,
}

/// A cell to be changed, from what was seen to something new; both as rows are read: a time as ISO-8601, a
/// number in decimal, JSON as its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellEdit {
    pub column: EditableColumn,
    pub seen: Option<Vec<u8>>,
    pub new: Option<Vec<u8>>,
}

/// A row of the index of packs to be changed, from what was seen to what was proved; both are of one blob and one pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedEdit {
    pub seen: PackedRow,
    pub new: PackedRow,
}

/// Rows to be added in one transaction. A row whose key exists already is left as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewRows {
    pub repos: Vec<RepoRow>,
    pub blobs: Vec<BlobRow>,
    pub snapshots: Vec<SnapshotRow>,
    pub commits: Vec<CommitRow>,
    pub branches: Vec<BranchRow>,
    pub proposals: Vec<ProposalRow>,
    pub memberships: Vec<(Kind, MembershipRow)>,
    /// Where blobs lie in packs.
    pub packed: Vec<PackedRow>,
    /// Packs that were prepared for fetches.
    pub fetch_packs: Vec<FetchPackRow>,
}

/// A branch's head to be moved, from the row that was seen to a new commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadMove {
    pub repo_id: String,
    pub name: String,
    /// `None`: there was no branch of this name, and one is made.
    pub seen: Option<BranchRow>,
    /// Of a branch that is made.
    pub branch_id: String,
    pub new: String,
    /// The time for the repository's `pushed_at`; ISO-8601.
    pub at: String,
}

/// A proposal to be closed as merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    pub proposal_id: String,
    /// The state that was seen.
    pub seen: String,
    pub merge_commit_id: String,
    /// ISO-8601.
    pub at: String,
}

/// The rows and the branch move of one hub write. All of it or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteBatch {
    /// Rows whose objects have been stored. A row that is there already and says nothing of its object
    /// is pointed at it.
    pub rows: NewRows,
    pub head: Option<HeadMove>,
    pub merged: Option<Merged>,
}

/// The result of a write batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchOutcome {
    Done,
    /// Somebody else moved the branch, or made it; nothing was changed.
    HeadMoved,
    /// The proposal is no longer what was seen; nothing was changed.
    ProposalMoved,
}
