//! An audit's scratch file: facts are laid down in it and joined, so that the memory of an audit does not grow with the
//! hub.
//!
//! Facts about ids are records of one size in sorted runs (`sorted`, `tables`); findings, branches, the listing and the
//! texts of ids without a digest (`key`) are rows of a temporary SQLite file. All of it lies in the system's folder for
//! temporary files, is nobody's truth, and goes when it is dropped.

mod commits;
mod facts;
mod finding_keys;
mod findings;
mod graph;
mod members;
mod merge;
mod namers;
mod names;
mod numbered;
mod order;
mod packed;
mod plain;
mod recent;
mod references;
mod runs;
mod sorted;
mod standing;
mod tables;
mod trees;
mod unheld;

pub use commits::{CommitFact, SnapshotFact};
pub use facts::{BranchFact, ListedKey, Standing, StoredCopy};
pub use finding_keys::FindingKey;
pub use findings::{FindingQuery, FindingRow, FindingTally, LeftQuery};
pub use merge::Cover;
pub use namers::Namer;
pub use names::Unresolved;
pub use order::{FindingOrder, Stretch};
pub use packed::PackedRecord;
pub use standing::{BranchHead, BranchStanding, StandingCount, Stands};
pub use trees::{BlobIds, TreeNames};
pub use unheld::Holding;

use super::IndexError;
use super::scratch_file::ScratchFile;
pub use tables::Holders;
use tables::Tables;

const SCHEMA: &str = "
CREATE TABLE listed (hex TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, modified INTEGER, PRIMARY KEY (hex, key)) WITHOUT ROWID;
CREATE TABLE repo (repo_id TEXT PRIMARY KEY, path TEXT NOT NULL, deleted INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE odd (n INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE label (n INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE bad_entry (snapshot TEXT NOT NULL, blob TEXT NOT NULL, PRIMARY KEY (blob, snapshot)) WITHOUT ROWID;
CREATE TABLE lost (pack TEXT NOT NULL, blob TEXT NOT NULL, PRIMARY KEY (pack, blob)) WITHOUT ROWID;
CREATE TABLE unheld (repo_id TEXT NOT NULL, kind INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (repo_id, kind, id)) WITHOUT ROWID;
CREATE TABLE branch (id TEXT NOT NULL, repo_id TEXT NOT NULL, name TEXT NOT NULL, head TEXT);
CREATE TABLE standing (repo TEXT NOT NULL, name TEXT NOT NULL, head TEXT, stands INTEGER NOT NULL, depth INTEGER NOT NULL, at INTEGER NOT NULL,
  tried INTEGER NOT NULL, code INTEGER, cause TEXT, why TEXT NOT NULL, named_rows INTEGER NOT NULL, PRIMARY KEY (repo, name)) WITHOUT ROWID;
CREATE TABLE finding (n INTEGER PRIMARY KEY, ordinal INTEGER, code INTEGER NOT NULL, grade INTEGER NOT NULL, kind INTEGER NOT NULL,
  id TEXT NOT NULL, repo_id TEXT NOT NULL, weight INTEGER NOT NULL DEFAULT 0, follows INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL, fix INTEGER);
";

/// Indices over what has been laid down; made once, before the joins.
const INDICES: &str = "
CREATE INDEX branch_by_name ON branch (repo_id, name);
CREATE INDEX finding_by_id ON finding (id, code);
";

/// A scratch file.
pub struct AuditScratch {
    file: ScratchFile<Tables>,
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

    /// Brings what was laid down into one order, before much of it is looked up.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn order(&self) -> Result<(), IndexError> {
        self.file.tell(|_, tables| Ok(tables.merge()?)).await
    }

    /// Makes the indices and the order that the joins need.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn index(&self) -> Result<(), IndexError> {
        self.file
            .with(|connection, tables| {
                tables.merge()?;
                Ok(connection.execute_batch(INDICES)?)
            })
            .await
    }
}

#[cfg(test)]
#[path = "../../../../tests/index/facts.rs"]
mod tests;
