//! The rows that are read, as the database has them.

use super::ServerState;

/// Rows of one keyset page. It may hold fewer than were asked for; only `end` says that none follow.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub end: bool,
}

impl<T> Page<T> {
    /// Returns the page of a list that has no rows.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            rows: Vec::new(),
            end: true,
        }
    }
}

/// A repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepoRow {
    pub repo_id: String,
    pub owner: String,
    pub slug: String,
    pub name: String,
    pub visibility: String,
    pub owner_user_id: String,
    pub description: String,
    pub default_branch: String,
    pub pushed_at: Option<String>,
    pub created_at: String,
    /// Set where the repository was deleted; its rows stay.
    pub deleted_at: Option<String>,
}

impl RepoRow {
    /// `owner/slug`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", self.owner, self.slug)
    }
}

/// A branch. Two rows may share repository and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BranchRow {
    pub branch_id: String,
    pub repo_id: String,
    pub name: String,
    /// Null or empty before the first commit.
    pub head_commit_id: Option<String>,
}

/// A commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitRow {
    pub commit_id: String,
    /// Absent in hubs that keep membership in `musehub_commit_refs` only.
    pub repo_id: Option<String>,
    pub branch: String,
    /// JSON text: a list of ids.
    pub parent_ids: String,
    pub message: String,
    pub author: String,
    /// As the database gives it; the offset that the id was made from is lost.
    pub timestamp: String,
    pub snapshot_id: Option<String>,
    /// JSON text: an object.
    pub commit_meta: String,
    pub created_at: String,
    pub storage_uri: Option<String>,
    /// A cell was over [`MAX_CELL`](super::MAX_CELL) and was left out.
    pub oversized: bool,
}

/// A snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotRow {
    pub snapshot_id: String,
    pub repo_id: Option<String>,
    /// `manifest_blob`, or in hubs of March 2026 the bytes of the `manifest` JSON.
    pub manifest: Option<Vec<u8>>,
    /// `delta_blob`.
    pub delta: Option<Vec<u8>>,
    pub parent_snapshot_id: Option<String>,
    pub entry_count: Option<i64>,
    /// JSON text; absent where the column is.
    pub directories: Option<String>,
    pub created_at: String,
    pub storage_uri: Option<String>,
    /// A cell was over [`MAX_CELL`](super::MAX_CELL) and was left out.
    pub oversized: bool,
}

/// A blob: a row of `musehub_objects`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlobRow {
    pub object_id: String,
    pub repo_id: Option<String>,
    pub path: String,
    /// Bytes.
    pub size_bytes: i64,
    pub storage_uri: Option<String>,
    /// Old hubs: the path below the objects folder.
    pub disk_path: Option<String>,
    pub created_at: String,
}

/// A proposal, or in hubs of March 2026 a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProposalRow {
    pub proposal_id: String,
    pub repo_id: String,
    pub title: String,
    pub state: String,
    pub from_branch: String,
    pub to_branch: String,
    pub merge_commit_id: Option<String>,
}

/// A row of `musehub_mpack_index`: where in a pack a blob lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackedRow {
    pub object_id: String,
    /// The pack's id, or a key or URI that contains its digits.
    pub pack_id: String,
    /// Bytes; `None` where the row has no number.
    pub offset: Option<i64>,
    pub length: Option<i64>,
}

impl PackedRow {
    /// Returns the 64 hex digits of the pack; `None` where the row contains none.
    #[must_use]
    pub fn pack(&self) -> Option<&str> {
        let mut runs = self.pack_id.split(|c: char| !c.is_ascii_hexdigit());
        runs.find(|run| run.len() == 64)
    }
}

/// A row of `musehub_background_jobs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobRow {
    pub job_id: String,
    pub repo_id: String,
    /// `mpack.index`, `fetch.mpack.prebuild` and others.
    pub job_type: String,
    /// The hub's own word.
    pub state: String,
    pub created_at: String,
}

/// A row of `musehub_fetch_mpack_cache`: a pack that was prepared for a fetch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchPackRow {
    pub cache_id: String,
    pub repo_id: String,
    /// The head that the pack was made for.
    pub tip_commit_id: String,
    pub pack_id: String,
    pub expires_at: String,
}

/// A row of one of the `*_refs` tables: `repo_id` holds the global row `id`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MembershipRow {
    pub id: String,
    pub repo_id: String,
}

/// The numbers of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub repos: u64,
    pub branches: u64,
    pub commits: u64,
    pub snapshots: u64,
    pub blobs: u64,
    pub proposals: u64,
    /// Rows without `storage_uri`, in the order of [`Kind::ALL`](luthier_object::Kind::ALL); `None` where the hub has no such column.
    pub null_uris: [Option<u64>; 3],
}

/// The database's description of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// `PostgreSQL 15.18`, `SQLite 3.51.3`.
    pub version: String,
    /// Tables that this user may not change, whatever this session does; empty where it may change all.
    pub unwritable: Vec<String>,
    /// A copy that follows another server: it lags, and nothing can be written there.
    pub replica: bool,
    /// Set if the connection is encrypted; `None` if there is none to encrypt.
    pub encrypted: Option<bool>,
    /// The conditions that stop a run, or make it wait.
    pub server: ServerState,
}
