//! Facts as they are met: keys of the listing, rows, edges.

use super::AuditScratch;
use crate::index::scratch_file::{Query, ask};
use crate::index::{IndexError, MembershipRow, RepoRow};
use luthier_object::Kind;
use luthier_object::time::Micros;
use std::collections::HashMap;

/// A key of a known layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    pub hex: String,
    pub key: String,
    /// Bytes.
    pub size: u64,
    pub modified: Option<Micros>,
}

/// A key that holds, or claims to hold, the bytes of a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCopy {
    pub key: String,
    /// Bytes.
    pub size: u64,
}

/// The state of a row that something may refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Sound = 0,
    /// A pull of it fails.
    Bad = 1,
    /// Not judged: too young, or of another repository than the audit is cut to.
    Unjudged = 2,
    /// A question about it had no answer.
    Unread = 3,
}

impl Standing {
    /// Returns whether what needs the row may fail for all that is known: it is bad, or was not looked at.
    #[must_use]
    pub fn is_doubtful(self) -> bool {
        self != Standing::Sound
    }

    const fn numbered(number: i64) -> Self {
        match number {
            0 => Standing::Sound,
            1 => Standing::Bad,
            3 => Standing::Unread,
            _ => Standing::Unjudged,
        }
    }
}

/// A commit's place in the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitFact {
    /// From 0, in the order of ids.
    pub n: u32,
    pub id: String,
    pub repo_id: String,
    pub snapshot_id: Option<String>,
    pub parents: Vec<String>,
}

/// The fields of a snapshot that the walks need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFact {
    /// From 0, in the order of ids.
    pub n: u32,
    pub id: String,
    /// Entries of the best known manifest.
    pub entries: Option<u64>,
    pub parent: Option<String>,
}

/// A branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchFact {
    pub id: String,
    pub repo_id: String,
    pub name: String,
    pub head: Option<String>,
}

impl AuditScratch {
    /// Lays down keys of the listing.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_listed(&self, keys: &[ListedKey]) -> Result<(), IndexError> {
        self.add(
            "INSERT OR IGNORE INTO listed (hex, key, size, modified) ",
            keys,
            |row, k| {
                row.cell(k.hex.clone())
                    .cell(k.key.clone())
                    .cell(k.size as i64)
                    .cell(k.modified);
            },
        )
        .await
    }

    /// Lays down repositories.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_repos(&self, repos: &[RepoRow]) -> Result<(), IndexError> {
        self.add(
            "INSERT OR IGNORE INTO repo (repo_id, path, deleted) ",
            repos,
            |row, r| {
                row.cell(r.repo_id.clone())
                    .cell(r.path())
                    .cell(i64::from(r.deleted_at.is_some()));
            },
        )
        .await
    }

    /// Lays down which repository holds which row.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_members(
        &self,
        kind: Kind,
        members: &[MembershipRow],
    ) -> Result<(), IndexError> {
        self.add(
            "INSERT OR IGNORE INTO member (kind, id, repo_id) ",
            members,
            |row, m| {
                row.cell(kind as i64)
                    .cell(m.id.clone())
                    .cell(m.repo_id.clone());
            },
        )
        .await
    }

    /// Lays down ids that have a row, with their digest and standing.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_known(
        &self,
        kind: Kind,
        rows: &[(String, Option<String>, Standing)],
    ) -> Result<(), IndexError> {
        self.add(
            "INSERT OR IGNORE INTO known (kind, id, hex, bad) ",
            rows,
            |row, (id, hex, bad)| {
                row.cell(kind as i64)
                    .cell(id.clone())
                    .cell(hex.clone())
                    .cell(*bad as i64);
            },
        )
        .await
    }

    /// Lays down commits and the edges to their parents.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_commits(&self, commits: &[CommitFact]) -> Result<(), IndexError> {
        self.add(
            "INSERT INTO commit_fact (n, id, repo_id, snapshot_id) ",
            commits,
            |row, c| {
                row.cell(i64::from(c.n))
                    .cell(c.id.clone())
                    .cell(c.repo_id.clone())
                    .cell(c.snapshot_id.clone());
            },
        )
        .await?;
        let edges: Vec<(u32, String)> = commits
            .iter()
            .flat_map(|c| c.parents.iter().map(|p| (c.n, p.clone())))
            .collect();
        self.add(
            "INSERT INTO edge (child, parent) ",
            &edges,
            |row, (child, parent)| {
                row.cell(i64::from(*child)).cell(parent.clone());
            },
        )
        .await
    }

    /// Lays down snapshots.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_snapshots(&self, snapshots: &[SnapshotFact]) -> Result<(), IndexError> {
        self.add(
            "INSERT INTO snapshot_fact (n, id, entries, parent) ",
            snapshots,
            |row, s| {
                row.cell(i64::from(s.n))
                    .cell(s.id.clone())
                    .cell(s.entries.map(|n| n as i64))
                    .cell(s.parent.clone());
            },
        )
        .await
    }

    /// Lays down entries of manifests whose blob cannot be pulled or was not looked at: (snapshot, blob).
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_bad_entries(&self, entries: &[(String, String)]) -> Result<(), IndexError> {
        self.add(
            "INSERT OR IGNORE INTO bad_entry (snapshot, blob) ",
            entries,
            |row, (s, b)| {
                row.cell(s.clone()).cell(b.clone());
            },
        )
        .await
    }

    /// Lays down branches.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_branches(&self, branches: &[BranchFact]) -> Result<(), IndexError> {
        self.add(
            "INSERT INTO branch (id, repo_id, name, head) ",
            branches,
            |row, b| {
                row.cell(b.id.clone())
                    .cell(b.repo_id.clone())
                    .cell(b.name.clone())
                    .cell(b.head.clone());
            },
        )
        .await
    }

    /// Returns the listed keys of each digest that has any.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn copies(
        &self,
        hexes: &[String],
    ) -> Result<HashMap<String, Vec<StoredCopy>>, IndexError> {
        let mut out: HashMap<String, Vec<StoredCopy>> = HashMap::new();
        let rows = ask(
            "SELECT hex, key, size FROM listed WHERE hex IN (SELECT value FROM json_each(?1)) ORDER BY hex, key",
        )
        .bind(json_list(hexes))
        .rows(&self.file)
        .await?;
        for row in rows {
            let copy = StoredCopy {
                key: row.get(1),
                size: row.get::<i64>(2) as u64,
            };
            out.entry(row.get(0)).or_default().push(copy);
        }
        Ok(out)
    }

    /// Ids that a repository holds, behind `after`.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn members(
        &self,
        kind: Kind,
        repo_id: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, IndexError> {
        let rows = ask(
            "SELECT id FROM member WHERE kind = ?1 AND repo_id = ?2 AND id > ?3 ORDER BY id LIMIT ?4",
        )
        .bind(kind as i64)
        .bind(repo_id)
        .bind(after)
        .bind(limit)
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Returns the repositories that hold each id.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn holders(
        &self,
        kind: Kind,
        ids: &[String],
    ) -> Result<HashMap<String, Vec<String>>, IndexError> {
        let mut out: HashMap<String, Vec<String>> = HashMap::new();
        let rows = ask(
            "SELECT id, repo_id FROM member WHERE kind = ?1 AND id IN (SELECT value FROM json_each(?2)) ORDER BY id, repo_id",
        )
        .bind(kind as i64)
        .bind(json_list(ids))
        .rows(&self.file)
        .await?;
        for row in rows {
            out.entry(row.get(0)).or_default().push(row.get(1));
        }
        Ok(out)
    }

    /// Of `ids`, those that have a row, each with what is known of it.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn known(
        &self,
        kind: Kind,
        ids: &[String],
    ) -> Result<HashMap<String, Standing>, IndexError> {
        let rows = ask(
            "SELECT id, bad FROM known WHERE kind = ?1 AND id IN (SELECT value FROM json_each(?2))",
        )
        .bind(kind as i64)
        .bind(json_list(ids))
        .rows(&self.file)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.get(0), Standing::numbered(row.get(1))))
            .collect())
    }

    /// Inserts `rows`, one transaction for all.
    pub(super) async fn add<T>(
        &self,
        head: &'static str,
        rows: &[T],
        bind: impl Fn(&mut Query, &T),
    ) -> Result<(), IndexError> {
        self.file.add((head, ""), rows, bind).await
    }
}

/// Returns a list of texts as one bind.
pub(super) fn json_list(texts: &[String]) -> String {
    serde_json::Value::from(texts.to_vec()).to_string()
}
