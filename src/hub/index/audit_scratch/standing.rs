//! The branches whose pull would succeed, as far as is known.

use super::AuditScratch;
use super::graph::number_of;
use crate::index::IndexError;
use crate::index::scratch_file::{Row, ask};
use luthier_object::time::Micros;

/// The state of a branch's pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// Something that it needs was not looked at, or gave no answer.
    Open = 0,
    /// Nothing that stops it was found at the depth of the look.
    Clear = 1,
    /// Something that it needs stops it.
    Fails = 2,
    /// It has no commit: there is nothing to pull.
    Empty = 3,
}

impl Stands {
    const fn numbered(number: i64) -> Self {
        match number {
            1 => Stands::Clear,
            2 => Stands::Fails,
            3 => Stands::Empty,
            _ => Stands::Open,
        }
    }
}

/// The state of one branch's pull, and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchStanding {
    /// `owner/slug`.
    pub repo: String,
    pub name: String,
    /// The head that was looked at.
    pub head: Option<String>,
    pub stands: Stands,
    /// The number of the depth that was looked to.
    pub depth: u8,
    pub at: Micros,
    /// A pull was tried, to its end or to what it refused.
    pub tried: bool,
    /// Code and id of the finding that stops it, where one is known.
    pub code: Option<u16>,
    pub cause: Option<String>,
    /// The reason why it fails, in words, if no finding says it.
    pub why: String,
    /// Rows of this name: two where the hub has the branch twice.
    pub rows: u64,
}

/// The branches of a repository that have one standing, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingCount {
    /// `owner/slug`.
    pub repo: String,
    pub stands: Stands,
    /// The number of the least depth that was looked to.
    pub depth: u8,
    pub count: u64,
    /// Those that one of the given codes stops.
    pub of_codes: u64,
    /// Those whose pull was tried, and when the first of them was.
    pub tried: u64,
    pub tried_at: Option<Micros>,
}

/// A branch of a repository that lives, with its head's place in the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchHead {
    pub row: i64,
    /// `owner/slug`.
    pub repo: String,
    pub name: String,
    pub head: Option<String>,
    /// The number of the head's commit, where it has a row.
    pub commit: Option<u32>,
    /// Rows of this name in its repository point to different heads.
    pub torn: bool,
    /// Rows of this name.
    pub rows: u64,
}

const COLUMNS: &str = "repo, name, head, stands, depth, at, tried, code, cause, why, named_rows";

impl AuditScratch {
    /// Branches with their heads, behind `after`, of one repository or of all; those of deleted repositories
    /// are left out.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn branch_heads(
        &self,
        only: Option<&str>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<BranchHead>, IndexError> {
        let only = only.map(str::to_owned);
        self.file
            .with(move |connection, tables| {
                let mut statement = connection.prepare_cached(
                    "SELECT b.rowid, r.path, b.name, b.head,
                       (SELECT count(DISTINCT coalesce(o.head, '')) FROM branch AS o WHERE o.repo_id = b.repo_id AND o.name = b.name),
                       (SELECT count(*) FROM branch AS o WHERE o.repo_id = b.repo_id AND o.name = b.name)
                     FROM branch AS b JOIN repo AS r ON r.repo_id = b.repo_id
                     WHERE b.rowid > ?1 AND r.deleted = 0 AND (?2 IS NULL OR b.repo_id = ?2) ORDER BY b.rowid LIMIT ?3",
                )?;
                let mut rows = statement.query((after, only, limit))?;
                let mut out = Vec::new();
                while let Some(row) = rows.next()? {
                    let head: Option<String> = row.get(3)?;
                    let commit = match &head {
                        Some(head) => number_of(connection, tables, head)?,
                        None => None,
                    };
                    out.push(BranchHead {
                        row: row.get(0)?,
                        repo: row.get(1)?,
                        name: row.get(2)?,
                        head,
                        commit,
                        torn: row.get::<_, i64>(4)? > 1,
                        rows: row.get::<_, i64>(5)? as u64,
                    });
                }
                Ok(out)
            })
            .await
    }

    /// Code and id of the findings with these numbers.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn causes(&self, numbers: &[u32]) -> Result<Vec<(u32, u16, String)>, IndexError> {
        let texts: Vec<String> = numbers.iter().map(u32::to_string).collect();
        let rows = ask(
            "SELECT n, code, id FROM finding WHERE n IN (SELECT CAST(value AS INTEGER) FROM json_each(?1))",
        )
        .bind(super::facts::json_list(&texts))
        .rows(&self.file)
        .await?;
        let cause = |r: &Row| {
            let code = r.get::<i64>(1) as u16;
            (r.get::<i64>(0) as u32, code, r.get(2))
        };
        Ok(rows.iter().map(cause).collect())
    }

    /// Lays down what is known of branches, in the place of what was.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn set_standings(&self, rows: &[BranchStanding]) -> Result<(), IndexError> {
        self.add(
            "INSERT OR REPLACE INTO standing (repo, name, head, stands, depth, at, tried, code, cause, why, named_rows) ",
            rows,
            |row, b| {
                row.cell(b.repo.clone())
                    .cell(b.name.clone())
                    .cell(b.head.clone())
                    .cell(b.stands as i64)
                    .cell(i64::from(b.depth))
                    .cell(b.at)
                    .cell(i64::from(b.tried))
                    .cell(b.code.map(i64::from))
                    .cell(b.cause.clone())
                    .cell(b.why.clone())
                    .cell(b.rows as i64);
            },
        )
        .await
    }

    /// Returns what is known of these branches of a repository.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn standings(
        &self,
        repo: &str,
        names: &[String],
    ) -> Result<Vec<BranchStanding>, IndexError> {
        let rows = ask(format!(
            "SELECT {COLUMNS} FROM standing WHERE repo = ?1 AND name IN (SELECT value FROM json_each(?2))"
        ))
        .bind(repo)
        .bind(super::facts::json_list(names))
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(standing).collect())
    }

    /// Counts the branches of each repository by standing, and those that one of `codes` stops.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn standing_counts(&self, codes: &[u16]) -> Result<Vec<StandingCount>, IndexError> {
        let codes: Vec<String> = codes.iter().map(u16::to_string).collect();
        let rows = ask(
            "SELECT repo, stands, min(depth), sum(named_rows), sum(tried * named_rows), min(CASE WHEN tried THEN at END),
               sum(coalesce(code IN (SELECT CAST(value AS INTEGER) FROM json_each(?1)), 0))
             FROM standing GROUP BY repo, stands ORDER BY repo, stands",
        )
        .bind(super::facts::json_list(&codes))
        .rows(&self.file)
        .await?;
        let count = |r: &Row| StandingCount {
            repo: r.get(0),
            stands: Stands::numbered(r.get(1)),
            depth: r.get::<i64>(2) as u8,
            count: r.get::<i64>(3) as u64,
            tried: r.get::<i64>(4) as u64,
            tried_at: r.get(5),
            of_codes: r.get::<i64>(6) as u64,
        };
        Ok(rows.iter().map(count).collect())
    }
}

fn standing(row: &Row) -> BranchStanding {
    BranchStanding {
        repo: row.get(0),
        name: row.get(1),
        head: row.get(2),
        stands: Stands::numbered(row.get(3)),
        depth: row.get::<i64>(4) as u8,
        at: row.get(5),
        tried: row.get::<i64>(6) != 0,
        code: row.get::<Option<i64>>(7).map(|code| code as u16),
        cause: row.get(8),
        why: row.get(9),
        rows: row.get::<i64>(10) as u64,
    }
}
