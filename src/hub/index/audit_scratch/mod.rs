//! An audit's scratch file: a temporary SQLite file in which facts are laid down and joined, so that the
//! memory of an audit does not grow with the hub.
//!
//! It lies in the system's folder for temporary files, is nobody's truth, and goes when it is dropped.

mod facts;
mod findings;
mod merge;
mod namers;
mod order;
mod references;
mod standing;

pub use facts::{BranchFact, CommitFact, ListedKey, SnapshotFact, Standing, StoredCopy};
pub use findings::{FindingQuery, FindingRow, FindingTally, LeftQuery};
pub use merge::Cover;
pub use namers::Namer;
pub use order::{FindingOrder, Stretch};
pub use references::Unresolved;
pub use standing::{BranchHead, BranchStanding, Stands};

use super::IndexError;
use super::scratch_file::ScratchFile;

const SCHEMA: &str = "
CREATE TABLE listed (hex TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, modified INTEGER, PRIMARY KEY (hex, key)) WITHOUT ROWID;
CREATE TABLE repo (repo_id TEXT PRIMARY KEY, path TEXT NOT NULL, deleted INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE member (kind INTEGER NOT NULL, id TEXT NOT NULL, repo_id TEXT NOT NULL, PRIMARY KEY (kind, id, repo_id)) WITHOUT ROWID;
CREATE TABLE known (kind INTEGER NOT NULL, id TEXT NOT NULL, hex TEXT, bad INTEGER NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE named (kind INTEGER NOT NULL, id TEXT NOT NULL, repo_id TEXT NOT NULL, by_id TEXT NOT NULL, hex TEXT, PRIMARY KEY (kind, id, repo_id)) WITHOUT ROWID;
CREATE TABLE commit_fact (n INTEGER PRIMARY KEY, id TEXT NOT NULL, repo_id TEXT NOT NULL, snapshot_id TEXT);
CREATE TABLE edge (child INTEGER NOT NULL, parent TEXT NOT NULL);
CREATE TABLE snapshot_fact (n INTEGER PRIMARY KEY, id TEXT NOT NULL, entries INTEGER, parent TEXT);
CREATE TABLE bad_entry (snapshot TEXT NOT NULL, blob TEXT NOT NULL, PRIMARY KEY (blob, snapshot)) WITHOUT ROWID;
CREATE TABLE branch (id TEXT NOT NULL, repo_id TEXT NOT NULL, name TEXT NOT NULL, head TEXT);
CREATE TABLE standing (repo TEXT NOT NULL, name TEXT NOT NULL, head TEXT, stands INTEGER NOT NULL, depth INTEGER NOT NULL, at INTEGER NOT NULL,
  tried INTEGER NOT NULL, code INTEGER, cause TEXT, why TEXT NOT NULL, named_rows INTEGER NOT NULL, PRIMARY KEY (repo, name)) WITHOUT ROWID;
CREATE TABLE finding (n INTEGER PRIMARY KEY, ordinal INTEGER, code INTEGER NOT NULL, grade INTEGER NOT NULL, kind INTEGER NOT NULL,
  id TEXT NOT NULL, repo_id TEXT NOT NULL, weight INTEGER NOT NULL DEFAULT 0, follows INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL);
";

/// Indices over what has been laid down; made once, before the joins.
const INDICES: &str = "
CREATE UNIQUE INDEX commit_by_id ON commit_fact (id);
CREATE INDEX commit_by_snapshot ON commit_fact (snapshot_id);
CREATE UNIQUE INDEX snapshot_by_id ON snapshot_fact (id);
CREATE INDEX known_by_hex ON known (hex);
CREATE INDEX named_by_hex ON named (hex);
CREATE INDEX branch_by_name ON branch (repo_id, name);
CREATE INDEX finding_by_id ON finding (id, code);
";

/// A scratch file.
pub struct AuditScratch {
    file: ScratchFile,
}

impl AuditScratch {
    /// Opens an empty scratch file.
    ///
    /// # Errors
    /// The folder for temporary files cannot be written.
    pub async fn new() -> Result<Self, IndexError> {
        let file = ScratchFile::new("the audit's scratch file", "audit", SCHEMA).await?;
        Ok(Self { file })
    }

    /// Makes the indices that the joins need.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn index(&self) -> Result<(), IndexError> {
        self.file.run(INDICES).await
    }
}
