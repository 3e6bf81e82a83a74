//! Joins that say which repository holds what, and where branches without a checkpoint point.

use super::RebuildScratch;
use crate::index::scratch_file::ask;
use crate::index::{BranchRow, IndexError};
use sha2::{Digest, Sha256};

/// Branches derived at once.
const PAGE: i64 = 1_000;

impl RebuildScratch {
    /// Every commit that a branch reaches is held by the branch's repository. `CROSS JOIN` keeps SQLite
    /// from walking all commits at each step.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn reach(&self) -> Result<(), IndexError> {
        self.change(
            "WITH RECURSIVE reached (hex, repo_id) AS (
               SELECT b.hex, b.repo_id FROM branch AS b WHERE b.hex IN (SELECT hex FROM commit_fact)
               UNION
               SELECT e.parent, r.repo_id FROM reached AS r CROSS JOIN edge AS e ON e.child = r.hex
                 CROSS JOIN commit_fact AS c ON c.hex = e.parent)
             INSERT OR IGNORE INTO held (kind, hex, repo_id) SELECT 0, hex, repo_id FROM reached",
        )
        .await
        .map(drop)
    }

    /// The repositories that records name hold what names them.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn hold_hinted(&self) -> Result<(), IndexError> {
        self.change(
            "INSERT OR IGNORE INTO held (kind, hex, repo_id) SELECT 0, hex, hint FROM commit_fact WHERE hint <> ''",
        )
        .await
        .map(drop)
    }

    /// Commits that nothing holds yet go to the repository that their key names, else to that of their
    /// nearest ancestor, the oldest where there are more, else to `unknown`; how many no branch reaches.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn hold_rest_of_commits(&self, unknown: &str) -> Result<u64, IndexError> {
        let by_key = self
            .change(
                "INSERT OR IGNORE INTO held (kind, hex, repo_id) SELECT 0, c.hex, min(h.repo_id) FROM commit_fact AS c
                   JOIN hint AS h ON h.hex = c.hex
                   WHERE NOT EXISTS (SELECT 1 FROM held AS x WHERE x.kind = 0 AND x.hex = c.hex) GROUP BY c.hex",
            )
            .await?;
        let by_ancestor = self
            .change(
                "WITH RECURSIVE below (hex, repo_id) AS (
                   SELECT e.child, h.repo_id FROM held AS h JOIN edge AS e ON e.parent = h.hex
                     WHERE h.kind = 0 AND NOT EXISTS (SELECT 1 FROM held AS x WHERE x.kind = 0 AND x.hex = e.child)
                   UNION
                   SELECT e.child, b.repo_id FROM below AS b JOIN edge AS e ON e.parent = b.hex
                     WHERE NOT EXISTS (SELECT 1 FROM held AS x WHERE x.kind = 0 AND x.hex = e.child))
                 INSERT OR IGNORE INTO held (kind, hex, repo_id) SELECT 0, hex, repo_id FROM
                   (SELECT b.hex, b.repo_id, row_number() OVER (PARTITION BY b.hex ORDER BY r.created, b.repo_id) AS place
                    FROM below AS b LEFT JOIN repo AS r ON r.repo_id = b.repo_id) WHERE place = 1",
            )
            .await?;
        let rest = self
            .hold(
                "INSERT OR IGNORE INTO held (kind, hex, repo_id) SELECT 0, hex, ?1 FROM commit_fact AS c
                   WHERE NOT EXISTS (SELECT 1 FROM held AS x WHERE x.kind = 0 AND x.hex = c.hex)",
                unknown,
            )
            .await?;
        Ok(by_key + by_ancestor + rest)
    }

    /// Snapshots are held where their commits are; the rest as for commits. How many no commit names.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn hold_trees(&self, unknown: &str) -> Result<u64, IndexError> {
        self.change(
            "INSERT OR IGNORE INTO held (kind, hex, repo_id) SELECT DISTINCT 1, t.hex, h.repo_id FROM tree_fact AS t
               JOIN commit_fact AS c ON c.snapshot = t.hex JOIN held AS h ON h.kind = 0 AND h.hex = c.hex",
        )
        .await?;
        self.hold(
            "INSERT OR IGNORE INTO held (kind, hex, repo_id)
               SELECT 1, t.hex, coalesce((SELECT min(h.repo_id) FROM hint AS h WHERE h.hex = t.hex), ?1) FROM tree_fact AS t
               WHERE NOT EXISTS (SELECT 1 FROM held AS x WHERE x.kind = 1 AND x.hex = t.hex)",
            unknown,
        )
        .await
    }

    /// Blobs that no snapshot names become rows too, of the repository that their key names, else of
    /// `unknown`; how many. Packs do not.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn hold_rest_of_blobs(&self, unknown: &str) -> Result<u64, IndexError> {
        let rest = self
            .hold(
                "INSERT OR IGNORE INTO blob_row (id, hex, path, repo_id, created)
                   SELECT 'sha256:' || b.hex, b.hex, '', coalesce((SELECT min(h.repo_id) FROM hint AS h WHERE h.hex = b.hex), ?1), ''
                   FROM blob_fact AS b WHERE b.is_pack = 0 AND NOT EXISTS (SELECT 1 FROM blob_row AS r WHERE r.hex = b.hex)",
                unknown,
            )
            .await?;
        self.change(
            "INSERT OR IGNORE INTO held (kind, hex, repo_id) SELECT 2, id, repo_id FROM blob_row",
        )
        .await?;
        Ok(rest)
    }

    /// Gives every repository without a checkpoint the branches that its childless commits name. The
    /// newest of a name has it; the others get their digits behind it. How many.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn derive_branches(&self) -> Result<u64, IndexError> {
        self.file.run(
            "CREATE TABLE tip AS SELECT h.repo_id, c.id, c.hex, iif(c.branch = '', 'main', c.branch) AS name,
               row_number() OVER (PARTITION BY h.repo_id, iif(c.branch = '', 'main', c.branch) ORDER BY c.at DESC, c.hex) AS place
             FROM repo AS r JOIN held AS h ON h.repo_id = r.repo_id AND h.kind = 0 JOIN commit_fact AS c ON c.hex = h.hex
             WHERE r.sound = 0 AND NOT EXISTS (SELECT 1 FROM edge AS e CROSS JOIN held AS x
               ON x.kind = 0 AND x.hex = e.child AND x.repo_id = h.repo_id WHERE e.parent = c.hex)",
        )
        .await?;
        let (mut after, mut count) = (0i64, 0);
        loop {
            let rows = ask(
                "SELECT rowid, repo_id, id, hex, name, place FROM tip WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
            )
            .bind(after)
            .bind(PAGE)
            .rows(&self.file)
        .await?;
            let Some(last) = rows.last() else {
                return Ok(count);
            };
            after = last.get(0);
            let branches: Vec<BranchRow> = rows
                .iter()
                .map(|row| tip(row.get(1), row.get(2), row.text(3), row.text(4), row.get(5)))
                .collect();
            count += branches.len() as u64;
            self.add_branches(&branches, true).await?;
        }
    }

    /// Returns the repositories that records and keys name, and no checkpoint speaks for.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn repos_without_row(&self, limit: u32) -> Result<Vec<String>, IndexError> {
        let rows = ask(
            "SELECT DISTINCT h.repo_id FROM held AS h WHERE NOT EXISTS (SELECT 1 FROM repo AS r WHERE r.repo_id = h.repo_id)
             ORDER BY 1 LIMIT ?1",
        )
        .bind(limit)
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn hold(&self, statement: &'static str, unknown: &str) -> Result<u64, IndexError> {
        ask(statement).bind(unknown).execute(&self.file).await
    }
}

/// Returns a branch that nothing says exists; its id is made from what it is, so that the next run makes it too.
fn tip(repo_id: String, id: String, hex: &str, name: &str, place: i64) -> BranchRow {
    let digest = hex::encode(Sha256::digest(format!("{repo_id}\0{hex}")));
    let parts = [
        &digest[..8],
        &digest[8..12],
        &digest[12..16],
        &digest[16..20],
        &digest[20..32],
    ];
    BranchRow {
        branch_id: parts.join("-"),
        repo_id,
        name: match place {
            1 => name.to_owned(),
            _ => format!("{name}@{}", &hex[..12]),
        },
        head_commit_id: Some(id),
    }
}
