//! A rebuild's scratch file: a temporary SQLite file in which facts are stored and joined, so that the memory of a
//! rebuild does not grow with the store.
//!
//! Objects are known by the 64 digits of their key, which they prove; ids keep their spelling.

mod facts;
mod holders;
mod pages;

pub use facts::{BlobFact, CommitFact, NamedBlob, TreeFact};
pub use pages::{BlobLine, CommitLine, Lacking, TreeLine};

use super::scratch_file::{Query, ScratchFile, ask};
use super::{IndexError, RepoRow};
use serde_json::json;

/// `rank` is the order of the layouts: of two keys of one object, the lower one is taken.
const SCHEMA: &str = "
CREATE TABLE commit_fact (hex TEXT PRIMARY KEY, id TEXT NOT NULL, key TEXT NOT NULL, rank INTEGER NOT NULL,
  branch TEXT NOT NULL, hint TEXT NOT NULL, snapshot TEXT, at INTEGER) WITHOUT ROWID;
CREATE TABLE edge (child TEXT NOT NULL, parent TEXT NOT NULL, PRIMARY KEY (child, parent)) WITHOUT ROWID;
CREATE TABLE tree_fact (hex TEXT PRIMARY KEY, id TEXT NOT NULL, key TEXT NOT NULL, rank INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE blob_fact (hex TEXT PRIMARY KEY, key TEXT NOT NULL, rank INTEGER NOT NULL, size INTEGER NOT NULL,
  is_pack INTEGER NOT NULL, modified INTEGER) WITHOUT ROWID;
CREATE TABLE hint (hex TEXT NOT NULL, repo_id TEXT NOT NULL, PRIMARY KEY (hex, repo_id)) WITHOUT ROWID;
CREATE TABLE refs_name (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE repo (repo_id TEXT PRIMARY KEY, created INTEGER NOT NULL, sound INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE branch (id TEXT PRIMARY KEY, repo_id TEXT NOT NULL, name TEXT NOT NULL, head TEXT, hex TEXT, derived INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE held (kind INTEGER NOT NULL, hex TEXT NOT NULL, repo_id TEXT NOT NULL, PRIMARY KEY (kind, hex, repo_id)) WITHOUT ROWID;
CREATE TABLE blob_row (id TEXT PRIMARY KEY, hex TEXT NOT NULL, path TEXT NOT NULL, repo_id TEXT NOT NULL, created TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE lacking (kind INTEGER NOT NULL, id TEXT NOT NULL, by_id TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
";

/// Indices over what has been laid down; made once, before the joins.
const INDICES: &str = "
CREATE INDEX edge_by_parent ON edge (parent);
CREATE INDEX commit_by_snapshot ON commit_fact (snapshot);
CREATE INDEX tree_by_time ON tree_fact (at, hex);
CREATE INDEX blob_row_by_hex ON blob_row (hex);
CREATE INDEX held_by_repo ON held (repo_id, kind, hex);
";

/// A rebuild's facts.
pub struct RebuildScratch {
    file: ScratchFile,
}

impl RebuildScratch {
    /// Opens an empty scratch file.
    ///
    /// # Errors
    /// The folder for temporary files cannot be written.
    pub async fn new() -> Result<Self, IndexError> {
        let file = ScratchFile::new("the rebuild's scratch file", "rebuild", SCHEMA).await?;
        Ok(Self { file })
    }

    /// Makes the indices that the joins need.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn index(&self) -> Result<(), IndexError> {
        self.file.run(INDICES).await
    }

    /// Runs one statement; how many rows it changed.
    async fn change(&self, statement: &'static str) -> Result<u64, IndexError> {
        ask(statement).execute(&self.file).await
    }

    /// Inserts `rows`, one transaction for all.
    async fn add<T>(
        &self,
        head: &'static str,
        tail: &'static str,
        rows: &[T],
        bind: impl Fn(&mut Query, &T),
    ) -> Result<(), IndexError> {
        self.file.add((head, tail), rows, bind).await
    }
}

/// A repository's row as the scratch file keeps it.
fn body_of(row: &RepoRow) -> String {
    json!([
        row.repo_id,
        row.owner,
        row.slug,
        row.name,
        row.visibility,
        row.owner_user_id,
        row.description,
        row.default_branch,
        row.pushed_at,
        row.created_at,
        row.deleted_at,
    ])
    .to_string()
}

/// Returns the row that [`body_of`] wrote.
fn repo_from(body: &str) -> RepoRow {
    let cells: Vec<Option<String>> = serde_json::from_str(body).unwrap_or_default();
    let mut cells = cells.into_iter();
    let mut next = || cells.next().flatten();
    RepoRow {
        repo_id: next().unwrap_or_default(),
        owner: next().unwrap_or_default(),
        slug: next().unwrap_or_default(),
        name: next().unwrap_or_default(),
        visibility: next().unwrap_or_default(),
        owner_user_id: next().unwrap_or_default(),
        description: next().unwrap_or_default(),
        default_branch: next().unwrap_or_default(),
        pushed_at: next(),
        created_at: next().unwrap_or_default(),
        deleted_at: next(),
    }
}
