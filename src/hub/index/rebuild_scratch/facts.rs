//! Facts as they are met: proved objects, checkpoints, names.

use super::{RebuildScratch, body_of};
use crate::index::scratch_file::ask;
use crate::index::{BranchRow, IndexError, RepoRow};
use luthier_object::time::Micros;
use luthier_object::{Kind, ObjectId};

/// A proved commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitFact {
    pub hex: String,
    pub id: String,
    pub key: String,
    pub rank: u8,
    pub branch: String,
    /// The repository that the record names; empty where it names none.
    pub hint: String,
    /// Digits of its snapshot.
    pub snapshot: Option<String>,
    /// Digits of its parents.
    pub parents: Vec<String>,
    /// What it refers to by an id without digits: no object proves that.
    pub without_digits: Vec<(Kind, String)>,
    pub at: Option<Micros>,
}

/// A proved snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeFact {
    pub hex: String,
    pub id: String,
    pub key: String,
    pub rank: u8,
    pub at: Option<Micros>,
}

/// A proved blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobFact {
    pub hex: String,
    pub key: String,
    pub rank: u8,
    /// Bytes.
    pub size: u64,
    /// It is a pack too: it becomes a row only where a snapshot refers to it.
    pub is_pack: bool,
    pub modified: Option<Micros>,
}

/// A blob as a snapshot names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedBlob {
    pub id: String,
    pub hex: String,
    pub path: String,
    /// The repository whose row it becomes.
    pub repo_id: String,
    pub created_at: String,
}

impl RebuildScratch {
    /// Lays down commits and their parents.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_commits(&self, commits: &[CommitFact]) -> Result<(), IndexError> {
        self.add(
            "INSERT INTO commit_fact (hex, id, key, rank, branch, hint, snapshot, at) ",
            " ON CONFLICT (hex) DO UPDATE SET id = excluded.id, key = excluded.key, rank = excluded.rank, branch = excluded.branch,
               hint = excluded.hint, snapshot = excluded.snapshot, at = excluded.at
               WHERE (excluded.rank, excluded.key) < (rank, key)",
            commits,
            |row, c| {
                row.cell(c.hex.clone())
                    .cell(c.id.clone())
                    .cell(c.key.clone())
                    .cell(i64::from(c.rank))
                    .cell(c.branch.clone())
                    .cell(c.hint.clone())
                    .cell(c.snapshot.clone())
                    .cell(c.at);
            },
        )
        .await?;
        let edges: Vec<(&str, &str)> = commits
            .iter()
            .flat_map(|c| c.parents.iter().map(|p| (c.hex.as_str(), p.as_str())))
            .collect();
        self.add(
            "INSERT OR IGNORE INTO edge (child, parent) ",
            "",
            &edges,
            |row, (child, parent)| {
                row.cell((*child).to_owned()).cell((*parent).to_owned());
            },
        )
        .await?;
        let lacking: Vec<(Kind, String, String)> = commits
            .iter()
            .flat_map(|c| {
                c.without_digits
                    .iter()
                    .map(|(k, id)| (*k, id.clone(), c.id.clone()))
            })
            .collect();
        self.lack(&lacking).await
    }

    /// Lays down snapshots.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_trees(&self, trees: &[TreeFact]) -> Result<(), IndexError> {
        self.add(
            "INSERT INTO tree_fact (hex, id, key, rank, at) ",
            " ON CONFLICT (hex) DO UPDATE SET id = excluded.id, key = excluded.key, rank = excluded.rank, at = excluded.at
               WHERE (excluded.rank, excluded.key) < (rank, key)",
            trees,
            |row, t| {
                row.cell(t.hex.clone())
                    .cell(t.id.clone())
                    .cell(t.key.clone())
                    .cell(i64::from(t.rank))
                    .cell(t.at.unwrap_or(Micros::MAX));
            },
        )
        .await
    }

    /// Lays down blobs.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_blobs(&self, blobs: &[BlobFact]) -> Result<(), IndexError> {
        self.add(
            "INSERT INTO blob_fact (hex, key, rank, size, is_pack, modified) ",
            " ON CONFLICT (hex) DO UPDATE SET key = excluded.key, rank = excluded.rank, modified = excluded.modified,
               is_pack = excluded.is_pack WHERE (excluded.rank, excluded.key) < (rank, key)",
            blobs,
            |row, b| {
                row.cell(b.hex.clone())
                    .cell(b.key.clone())
                    .cell(i64::from(b.rank))
                    .cell(b.size as i64)
                    .cell(i64::from(b.is_pack))
                    .cell(b.modified);
            },
        )
        .await
    }

    /// Lays down which repositories the keys of objects name: (digits, `repo_id`).
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_hints(&self, hints: &[(String, String)]) -> Result<(), IndexError> {
        self.add(
            "INSERT OR IGNORE INTO hint (hex, repo_id) ",
            "",
            hints,
            |row, (hex, repo)| {
                row.cell(hex.clone()).cell(repo.clone());
            },
        )
        .await
    }

    /// Lays down a name under which ref checkpoints lie.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_refs_name(&self, name: &str) -> Result<(), IndexError> {
        ask("INSERT OR IGNORE INTO refs_name (name) VALUES (?1)")
            .bind(name)
            .execute(&self.file)
            .await
            .map(drop)
    }

    /// Lays down a repository; `sound` says that a checkpoint speaks for it. One that is there already
    /// stays as it is.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_repo(
        &self,
        row: &RepoRow,
        created: Option<Micros>,
        sound: bool,
    ) -> Result<(), IndexError> {
        ask("INSERT OR IGNORE INTO repo (repo_id, created, sound, body) VALUES (?1, ?2, ?3, ?4)")
            .bind(&row.repo_id)
            .bind(created.unwrap_or(Micros::MAX))
            .bind(i64::from(sound))
            .bind(body_of(row))
            .execute(&self.file)
            .await
            .map(drop)
    }

    /// Lays down branches.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_branches(&self, rows: &[BranchRow], derived: bool) -> Result<(), IndexError> {
        self.add(
            "INSERT OR IGNORE INTO branch (id, repo_id, name, head, hex, derived) ",
            "",
            rows,
            |row, b| {
                let hex = b.head_commit_id.as_deref().map(ObjectId::new);
                let hex = hex.and_then(|id| id.hex().map(str::to_owned));
                row.cell(b.branch_id.clone())
                    .cell(b.repo_id.clone())
                    .cell(b.name.clone())
                    .cell(b.head_commit_id.clone())
                    .cell(hex)
                    .cell(i64::from(derived));
            },
        )
        .await
    }

    /// Lays down the row that a blob becomes; the first that names it decides.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_named(&self, blobs: &[NamedBlob]) -> Result<(), IndexError> {
        self.add(
            "INSERT OR IGNORE INTO blob_row (id, hex, path, repo_id, created) ",
            "",
            blobs,
            |row, b| {
                row.cell(b.id.clone())
                    .cell(b.hex.clone())
                    .cell(b.path.clone())
                    .cell(b.repo_id.clone())
                    .cell(b.created_at.clone());
            },
        )
        .await
    }

    /// Lays down that repositories hold blobs, by the blob's id as it is spelt.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn hold_blobs(&self, held: &[(String, String)]) -> Result<(), IndexError> {
        self.add(
            "INSERT OR IGNORE INTO held (kind, hex, repo_id) ",
            "",
            held,
            |row, (id, repo)| {
                row.cell(2i64).cell(id.clone()).cell(repo.clone());
            },
        )
        .await
    }

    /// Lays down what is named and the store has no proved object of: (kind, id, who names it).
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn lack(&self, lacking: &[(Kind, String, String)]) -> Result<(), IndexError> {
        self.add(
            "INSERT OR IGNORE INTO lacking (kind, id, by_id) ",
            "",
            lacking,
            |row, (kind, id, by)| {
                row.cell(*kind as i64).cell(id.clone()).cell(by.clone());
            },
        )
        .await
    }
}
