//! Joins over the facts: what is named without a row, held elsewhere, listed without a name.

use super::facts::json_list;
use super::{AuditScratch, BranchFact, ListedKey};
use crate::index::IndexError;
use crate::index::scratch_file::{Row, ask};
use luthier_object::Kind;

/// An id that something names, and what is wrong with that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    pub kind: Kind,
    pub id: String,
    pub hex: Option<String>,
    /// The repository that names it.
    pub repo_id: String,
    /// The first that names it there.
    pub by_id: String,
}

impl AuditScratch {
    /// Lays down that ids are named by a repository.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_named(&self, names: &[Unresolved]) -> Result<(), IndexError> {
        self.add(
            "INSERT OR IGNORE INTO named (kind, id, repo_id, by_id, hex) ",
            names,
            |row, n| {
                row.cell(n.kind as i64)
                    .cell(n.id.clone())
                    .cell(n.repo_id.clone())
                    .cell(n.by_id.clone())
                    .cell(n.hex.clone());
            },
        )
        .await
    }

    /// Ids that are named and have no row, behind (`kind`, `id`), one line for each id.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn without_row(
        &self,
        after: Option<(Kind, &str)>,
        limit: u32,
    ) -> Result<Vec<Unresolved>, IndexError> {
        let (kind, id) = after.map_or((-1, ""), |(kind, id)| (kind as i64, id));
        let rows = ask(
            "SELECT kind, id, hex, min(repo_id), by_id FROM named AS n
             WHERE (kind, id) > (?1, ?2) AND NOT EXISTS (SELECT 1 FROM known AS k WHERE k.kind = n.kind AND k.id = n.id)
             GROUP BY kind, id ORDER BY kind, id LIMIT ?3",
        )
        .bind(kind)
        .bind(id)
        .bind(limit)
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(unresolved).collect())
    }

    /// Ids that a repository names and others hold, behind (`kind`, `id`, `repo_id`).
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn held_elsewhere(
        &self,
        after: Option<&Unresolved>,
        limit: u32,
    ) -> Result<Vec<Unresolved>, IndexError> {
        let (kind, id, repo) = after.map_or((-1, "", ""), |u| {
            (u.kind as i64, u.id.as_str(), u.repo_id.as_str())
        });
        let rows = ask(
            "SELECT kind, id, hex, repo_id, by_id FROM named AS n
             WHERE (kind, id, repo_id) > (?1, ?2, ?3)
               AND EXISTS (SELECT 1 FROM member AS m WHERE m.kind = n.kind AND m.id = n.id)
               AND EXISTS (SELECT 1 FROM known AS k WHERE k.kind = n.kind AND k.id = n.id)
               AND NOT EXISTS (SELECT 1 FROM member AS m WHERE m.kind = n.kind AND m.id = n.id AND m.repo_id = n.repo_id)
             ORDER BY kind, id, repo_id LIMIT ?4",
        )
        .bind(kind)
        .bind(id)
        .bind(repo)
        .bind(limit)
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(unresolved).collect())
    }

    /// Blob rows that nothing names, behind `id`.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn unnamed_blobs(&self, after: &str, limit: u32) -> Result<Vec<String>, IndexError> {
        let rows = ask(
            "SELECT id FROM known AS k WHERE kind = ?1 AND id > ?2 AND bad <> 2
               AND NOT EXISTS (SELECT 1 FROM named AS n WHERE n.kind = k.kind AND n.id = k.id)
             ORDER BY id LIMIT ?3",
        )
        .bind(Kind::Blob as i64)
        .bind(after)
        .bind(limit)
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Keys of known layouts whose digest no row has, behind (`hex`, `key`), with whether it is named.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn keys_without_row(
        &self,
        after: Option<&ListedKey>,
        limit: u32,
    ) -> Result<Vec<(ListedKey, bool)>, IndexError> {
        let (hex, key) = after.map_or(("", ""), |l| (l.hex.as_str(), l.key.as_str()));
        let rows = ask(
            "SELECT hex, key, size, modified, EXISTS (SELECT 1 FROM named AS n WHERE n.hex = l.hex) FROM listed AS l
             WHERE (hex, key) > (?1, ?2) AND NOT EXISTS (SELECT 1 FROM known AS k WHERE k.hex = l.hex)
             ORDER BY hex, key LIMIT ?3",
        )
        .bind(hex)
        .bind(key)
        .bind(limit)
        .rows(&self.file)
        .await?;
        Ok(rows
            .iter()
            .map(|row| {
                let listed = ListedKey {
                    hex: row.get(0),
                    key: row.get(1),
                    size: row.get::<i64>(2) as u64,
                    modified: row.get(3),
                };
                (listed, row.get::<i64>(4) != 0)
            })
            .collect())
    }

    /// Names that two or more branch rows of one repository share: (`repo_id`, name, heads).
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn duplicate_branches(&self) -> Result<Vec<(String, String, String)>, IndexError> {
        let rows = ask(
            "SELECT repo_id, name, group_concat(coalesce(head, ''), ' ') FROM (SELECT * FROM branch ORDER BY repo_id, name, id)
             GROUP BY repo_id, name HAVING count(*) > 1 ORDER BY repo_id, name",
        )
        .rows(&self.file)
        .await?;
        Ok(rows
            .iter()
            .map(|r| (r.get(0), r.get(1), r.get(2)))
            .collect())
    }

    /// Returns a page of the branch names of repositories that were not deleted: (`repo_id`, name), in this order.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn living_branches(
        &self,
        after: &(String, String),
        limit: u32,
    ) -> Result<Vec<(String, String)>, IndexError> {
        let rows = ask(
            "SELECT DISTINCT b.repo_id, b.name FROM branch AS b JOIN repo AS r ON r.repo_id = b.repo_id AND r.deleted = 0
             WHERE (b.repo_id, b.name) > (?1, ?2) ORDER BY b.repo_id, b.name LIMIT ?3",
        )
        .bind(&after.0)
        .bind(&after.1)
        .bind(limit)
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(|r| (r.get(0), r.get(1))).collect())
    }

    /// Branches whose head has no commit row.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn dangling_heads(&self) -> Result<Vec<BranchFact>, IndexError> {
        let rows = ask(
            "SELECT id, repo_id, name, head FROM branch AS b WHERE head IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM known AS k WHERE k.kind = 0 AND k.id = b.head) ORDER BY repo_id, name, id",
        )
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(branch_fact).collect())
    }

    /// `owner/slug` of a repository that has a row.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn repo_path(&self, repo_id: &str) -> Result<Option<String>, IndexError> {
        let row = ask("SELECT path FROM repo WHERE repo_id = ?1")
            .bind(repo_id)
            .first(&self.file)
            .await?;
        Ok(row.map(|r| r.get(0)))
    }

    /// Edges of the commit graph, child and parent by number; edges to commits without row are left out.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn commit_edges(&self) -> Result<Vec<(u32, u32)>, IndexError> {
        self.pairs("SELECT e.child, c.n FROM edge AS e JOIN commit_fact AS c ON c.id = e.parent ORDER BY e.child, e.rowid")
            .await
    }

    /// Parents of commits that have no fact, at most `limit`.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn parents_without_fact(&self, limit: u32) -> Result<Vec<String>, IndexError> {
        let rows = ask(
            "SELECT DISTINCT parent FROM edge WHERE parent NOT IN (SELECT id FROM known WHERE kind = ?1) LIMIT ?2",
        )
        .bind(Kind::Commit as i64)
        .bind(limit)
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Counts the recorded commits.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn commit_count(&self) -> Result<usize, IndexError> {
        let count = ask("SELECT count(*) FROM commit_fact").first(&self.file);
        Ok(count.await?.map_or(0, |row| row.get::<i64>(0)) as usize)
    }

    /// Edges from snapshots to the parents of their deltas, by number.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn snapshot_edges(&self) -> Result<Vec<(u32, u32)>, IndexError> {
        self.pairs("SELECT s.n, p.n FROM snapshot_fact AS s JOIN snapshot_fact AS p ON p.id = s.parent ORDER BY s.n")
            .await
    }

    /// Returns the number of each branch's head commit, with a number for its repository.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn heads(&self) -> Result<Vec<(u32, u32)>, IndexError> {
        self.pairs(
            "SELECT c.n, dense_rank() OVER (ORDER BY b.repo_id) FROM branch AS b JOIN commit_fact AS c ON c.id = b.head ORDER BY c.n",
        )
        .await
    }

    /// Entries of each commit's tree, by the commit's number; commits without a known tree are left out.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn tree_sizes(&self) -> Result<Vec<(u32, u32)>, IndexError> {
        self.pairs(
            "SELECT c.n, min(s.entries, 4294967295) FROM commit_fact AS c JOIN snapshot_fact AS s ON s.id = c.snapshot_id WHERE s.entries IS NOT NULL ORDER BY c.n",
        )
        .await
    }

    async fn pairs(&self, sql: &'static str) -> Result<Vec<(u32, u32)>, IndexError> {
        ask(sql).pairs(&self.file).await
    }

    /// Returns the commits that cannot be pulled because `id` cannot: the commit itself or its children where it has no
    /// row, a snapshot's commits, the commits of every snapshot that names a blob.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn blocked_commits(&self, kind: Kind, id: &str) -> Result<Vec<u32>, IndexError> {
        let query = match kind {
            Kind::Commit => {
                "SELECT n FROM commit_fact WHERE id = ?1 UNION SELECT child FROM edge WHERE parent = ?1"
            }
            Kind::Snapshot => "SELECT n FROM commit_fact WHERE snapshot_id = ?1",
            Kind::Blob => {
                "SELECT c.n FROM bad_entry AS b JOIN commit_fact AS c ON c.snapshot_id = b.snapshot WHERE b.blob = ?1"
            }
        };
        let rows = ask(query).bind(id).rows(&self.file).await?;
        Ok(rows.iter().map(|row| row.get::<i64>(0) as u32).collect())
    }

    /// Returns the ids and repositories of commits by number, in the order of the numbers.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn commits_numbered(
        &self,
        numbers: &[u32],
    ) -> Result<Vec<(u32, String, String)>, IndexError> {
        let texts: Vec<String> = numbers.iter().map(u32::to_string).collect();
        let rows = ask(
            "SELECT n, id, repo_id FROM commit_fact WHERE n IN (SELECT CAST(value AS INTEGER) FROM json_each(?1)) ORDER BY n",
        )
        .bind(json_list(&texts))
        .rows(&self.file)
        .await?;
        Ok(rows
            .iter()
            .map(|r| (r.get::<i64>(0) as u32, r.get(1), r.get(2)))
            .collect())
    }

    /// Returns the ids of snapshots by number.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn snapshots_numbered(&self, numbers: &[u32]) -> Result<Vec<String>, IndexError> {
        let texts: Vec<String> = numbers.iter().map(u32::to_string).collect();
        let rows = ask(
            "SELECT id FROM snapshot_fact WHERE n IN (SELECT CAST(value AS INTEGER) FROM json_each(?1)) ORDER BY n",
        )
        .bind(json_list(&texts))
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(|r| r.get(0)).collect())
    }
}

pub(super) fn branch_fact(row: &Row) -> BranchFact {
    BranchFact {
        id: row.get(0),
        repo_id: row.get(1),
        name: row.get(2),
        head: row.get(3),
    }
}

fn unresolved(row: &Row) -> Unresolved {
    let kind = match row.get::<i64>(0) {
        0 => Kind::Commit,
        1 => Kind::Snapshot,
        _ => Kind::Blob,
    };
    Unresolved {
        kind,
        id: row.get(1),
        hex: row.get(2),
        repo_id: row.get(3),
        by_id: row.get(4),
    }
}
