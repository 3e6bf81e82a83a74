//! Reads the joined facts, a page at a time.

use super::{RebuildScratch, repo_from};
use crate::index::scratch_file::{Row, ask};
use crate::index::{BranchRow, IndexError, MembershipRow, RepoRow};
use luthier_object::Kind;
use luthier_object::time::Micros;
use std::collections::HashMap;

/// A commit to become a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitLine {
    pub hex: String,
    pub key: String,
    /// The repository whose row it becomes: the one its record names, else the oldest that holds it.
    pub repo_id: String,
}

/// A snapshot to become a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeLine {
    pub at: Micros,
    pub hex: String,
    pub key: String,
    /// Every repository that holds it, the oldest first; never empty.
    pub repos: Vec<String>,
}

/// A blob to become a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobLine {
    pub id: String,
    pub key: String,
    /// Bytes.
    pub size: u64,
    pub path: String,
    pub repo_id: String,
    /// Empty where no snapshot names it.
    pub created_at: String,
    pub modified: Option<Micros>,
}

/// Something that is named and that the store has no proved object of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    pub kind: Kind,
    pub id: String,
    pub named_by: String,
}

impl RebuildScratch {
    /// Names under which checkpoints lie, behind `after`.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn refs_names(&self, after: &str, limit: u32) -> Result<Vec<String>, IndexError> {
        let rows = ask("SELECT name FROM refs_name WHERE name > ?1 ORDER BY name LIMIT ?2")
            .bind(after)
            .bind(limit)
            .rows(&self.file)
            .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Repositories behind `after`.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn repos(&self, after: &str, limit: u32) -> Result<Vec<RepoRow>, IndexError> {
        let rows = ask("SELECT body FROM repo WHERE repo_id > ?1 ORDER BY repo_id LIMIT ?2")
            .bind(after)
            .bind(limit)
            .rows(&self.file)
            .await?;
        Ok(rows.iter().map(|row| repo_from(row.text(0))).collect())
    }

    /// One repository.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn repo(&self, repo_id: &str) -> Result<Option<RepoRow>, IndexError> {
        let row = ask("SELECT body FROM repo WHERE repo_id = ?1")
            .bind(repo_id)
            .first(&self.file)
            .await?;
        Ok(row.map(|row| repo_from(row.text(0))))
    }

    /// One branch.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn branch(&self, id: &str) -> Result<Option<BranchRow>, IndexError> {
        let row = ask("SELECT id, repo_id, name, head FROM branch WHERE id = ?1")
            .bind(id)
            .first(&self.file)
            .await?;
        Ok(row.as_ref().map(branch_from))
    }

    /// Branches behind `after`.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn branches(&self, after: &str, limit: u32) -> Result<Vec<BranchRow>, IndexError> {
        let rows =
            ask("SELECT id, repo_id, name, head FROM branch WHERE id > ?1 ORDER BY id LIMIT ?2")
                .bind(after)
                .bind(limit)
                .rows(&self.file)
                .await?;
        Ok(rows.iter().map(branch_from).collect())
    }

    /// Commits behind the digits `after`.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn commits(&self, after: &str, limit: u32) -> Result<Vec<CommitLine>, IndexError> {
        let rows = ask(
            "SELECT hex, key, iif(c.hint <> '', c.hint, (SELECT h.repo_id FROM held AS h LEFT JOIN repo AS r ON r.repo_id = h.repo_id
               WHERE h.kind = 0 AND h.hex = c.hex ORDER BY r.created, h.repo_id LIMIT 1))
             FROM commit_fact AS c WHERE hex > ?1 ORDER BY hex LIMIT ?2",
        )
        .bind(after)
        .bind(limit)
        .rows(&self.file)
        .await?;
        Ok(rows
            .iter()
            .map(|row| CommitLine {
                hex: row.get(0),
                key: row.get(1),
                repo_id: row.get::<Option<String>>(2).unwrap_or_default(),
            })
            .collect())
    }

    /// Snapshots from the oldest on, behind (`at`, digits).
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn trees(
        &self,
        after: Option<(Micros, &str)>,
        limit: u32,
    ) -> Result<Vec<TreeLine>, IndexError> {
        let (at, hex) = after.unwrap_or((Micros::MIN, ""));
        let rows = ask(
            "SELECT at, hex, key, (SELECT json_group_array(repo_id) FROM (SELECT h.repo_id FROM held AS h
               LEFT JOIN repo AS r ON r.repo_id = h.repo_id WHERE h.kind = 1 AND h.hex = t.hex ORDER BY r.created, h.repo_id))
             FROM tree_fact AS t WHERE (at, hex) > (?1, ?2) ORDER BY at, hex LIMIT ?3",
        )
        .bind(at)
        .bind(hex)
        .bind(limit)
        .rows(&self.file)
        .await?;
        Ok(rows
            .iter()
            .map(|row| TreeLine {
                at: row.get(0),
                hex: row.get(1),
                key: row.get(2),
                repos: serde_json::from_str(row.text(3)).unwrap_or_default(),
            })
            .collect())
    }

    /// Blobs behind the id `after`.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn blobs(&self, after: &str, limit: u32) -> Result<Vec<BlobLine>, IndexError> {
        let rows = ask(
            "SELECT r.id, b.key, b.size, r.path, r.repo_id, r.created, b.modified FROM blob_row AS r
             JOIN blob_fact AS b ON b.hex = r.hex WHERE r.id > ?1 ORDER BY r.id LIMIT ?2",
        )
        .bind(after)
        .bind(limit)
        .rows(&self.file)
        .await?;
        Ok(rows
            .iter()
            .map(|row| BlobLine {
                id: row.get(0),
                key: row.get(1),
                size: row.get::<i64>(2) as u64,
                path: row.get(3),
                repo_id: row.get(4),
                created_at: row.get(5),
                modified: row.get(6),
            })
            .collect())
    }

    /// Memberships of one kind behind `after`, each with the place that the next page starts behind.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn held(
        &self,
        kind: Kind,
        after: Option<&(String, String)>,
        limit: u32,
    ) -> Result<Vec<((String, String), MembershipRow)>, IndexError> {
        let (hex, repo) = after.map_or(("", ""), |(hex, repo)| (hex.as_str(), repo.as_str()));
        let query = match kind {
            Kind::Commit => {
                "SELECT h.hex, h.repo_id, c.id FROM held AS h JOIN commit_fact AS c ON c.hex = h.hex
                 WHERE h.kind = ?1 AND (h.hex, h.repo_id) > (?2, ?3) ORDER BY h.hex, h.repo_id LIMIT ?4"
            }
            Kind::Snapshot => {
                "SELECT h.hex, h.repo_id, t.id FROM held AS h JOIN tree_fact AS t ON t.hex = h.hex
                 WHERE h.kind = ?1 AND (h.hex, h.repo_id) > (?2, ?3) ORDER BY h.hex, h.repo_id LIMIT ?4"
            }
            Kind::Blob => {
                "SELECT h.hex, h.repo_id, h.hex FROM held AS h
                 WHERE h.kind = ?1 AND (h.hex, h.repo_id) > (?2, ?3) ORDER BY h.hex, h.repo_id LIMIT ?4"
            }
        };
        let rows = ask(query)
            .bind(kind as i64)
            .bind(hex)
            .bind(repo)
            .bind(limit)
            .rows(&self.file)
            .await?;
        Ok(rows
            .iter()
            .map(|row| {
                let (hex, repo_id): (String, String) = (row.get(0), row.get(1));
                let id = row.get(2);
                ((hex, repo_id.clone()), MembershipRow { id, repo_id })
            })
            .collect())
    }

    /// Returns the keys of the proved objects of a kind with these digits.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn keys(
        &self,
        kind: Kind,
        hexes: &[String],
    ) -> Result<HashMap<String, String>, IndexError> {
        let query = match kind {
            Kind::Commit => {
                "SELECT hex, key FROM commit_fact WHERE hex IN (SELECT value FROM json_each(?1))"
            }
            Kind::Snapshot => {
                "SELECT hex, key FROM tree_fact WHERE hex IN (SELECT value FROM json_each(?1))"
            }
            Kind::Blob => {
                "SELECT hex, key FROM blob_fact WHERE hex IN (SELECT value FROM json_each(?1))"
            }
        };
        let rows = ask(query)
            .bind(serde_json::Value::from(hexes).to_string())
            .rows(&self.file)
            .await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// Returns the ids that are referred to but have no valid object: how many, and the first `limit` of them.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn lacking(&self, limit: u32) -> Result<(u64, Vec<Lacking>), IndexError> {
        self.change(
            "INSERT OR IGNORE INTO lacking (kind, id, by_id) SELECT 0, head, name FROM branch AS b
               WHERE head IS NOT NULL AND NOT EXISTS (SELECT 1 FROM commit_fact AS c WHERE c.hex = b.hex)",
        )
        .await?;
        self.change(
            "INSERT OR IGNORE INTO lacking (kind, id, by_id) SELECT 0, 'sha256:' || e.parent, c.id FROM edge AS e
               JOIN commit_fact AS c ON c.hex = e.child WHERE NOT EXISTS (SELECT 1 FROM commit_fact AS p WHERE p.hex = e.parent)",
        )
        .await?;
        self.change(
            "INSERT OR IGNORE INTO lacking (kind, id, by_id) SELECT 1, 'sha256:' || c.snapshot, c.id FROM commit_fact AS c
               WHERE c.snapshot IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tree_fact AS t WHERE t.hex = c.snapshot)",
        )
        .await?;
        let count = ask("SELECT count(*) FROM lacking").first(&self.file);
        let count = count.await?.map_or(0, |row| row.get::<i64>(0));
        let rows = ask("SELECT kind, id, by_id FROM lacking ORDER BY kind, id LIMIT ?1")
            .bind(limit)
            .rows(&self.file)
            .await?;
        let first = rows.iter().map(|row| Lacking {
            kind: Kind::ALL[row.get::<i64>(0).clamp(0, 2) as usize],
            id: row.get(1),
            named_by: row.get(2),
        });
        Ok((count as u64, first.collect()))
    }
}

fn branch_from(row: &Row) -> BranchRow {
    BranchRow {
        branch_id: row.get(0),
        repo_id: row.get(1),
        name: row.get(2),
        head_commit_id: row.get(3),
    }
}
