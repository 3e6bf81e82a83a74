//! Findings of two looks in one: what the newer one covers is its own, the rest stays.

use super::{AuditScratch, failed};
use crate::index::IndexError;
use crate::index::audit_scratch::facts::json_list;
use sqlx::SqliteConnection;

/// The coverage of an audit: findings in it that the audit did not make are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cover {
    Hub,
    /// `owner/slug`.
    Repo(String),
    /// The rows that it laid down as known, and nothing else.
    Rows,
}

/// Findings of the older look that the newer one does not cover: `?1` are the codes that it judges, `?2` its repository.
const KEPT: &str = "
INSERT INTO finding (code, grade, kind, id, repo_id, weight, follows, body)
SELECT code, grade, kind, id, repo_id, weight, follows, body FROM older.finding AS f
WHERE ordinal IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM newer.finding AS n WHERE n.id = f.id AND n.code = f.code AND n.kind = f.kind AND n.repo_id = f.repo_id)
  AND NOT (code IN (SELECT CAST(value AS INTEGER) FROM json_each(?1)) AND ";

/// A row without an answer, or one that was too new, is not covered: what was found on it before stays.
const ANSWERED: &str = "NOT EXISTS (SELECT 1 FROM newer.known AS k WHERE k.kind = f.kind AND k.id = f.id AND k.bad >= 2)";

const COME: &str = "
INSERT INTO finding (code, grade, kind, id, repo_id, weight, follows, body)
SELECT code, grade, kind, id, repo_id, weight, follows, body FROM newer.finding WHERE ordinal IS NOT NULL";

/// A branch that is looked at less deep keeps what a deeper look found, while its head and that finding are there.
const STANDINGS: &str = "
INSERT OR REPLACE INTO standing SELECT n.* FROM newer.standing AS n
LEFT JOIN standing AS o ON o.repo = n.repo AND o.name = n.name
WHERE o.repo IS NULL OR o.head IS NOT n.head OR n.stands IN (2, 3) OR n.depth >= o.depth";

/// The SQL that clears a branch whose cause is no longer found, until it is audited again.
const HEALED: &str = "
UPDATE standing SET stands = 0, code = NULL, cause = NULL, why = '' WHERE stands = 2 AND cause IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM finding AS f WHERE f.id = standing.cause AND f.code = standing.code)";

impl AuditScratch {
    /// Findings and branches of two notebooks that are settled, in a new one that is.
    ///
    /// # Errors
    /// A scratch file cannot be read, or the new one cannot be written.
    pub async fn merged(
        older: &AuditScratch,
        newer: &AuditScratch,
        cover: &Cover,
        judged: &[u16],
    ) -> Result<AuditScratch, IndexError> {
        let merged = AuditScratch::new().await?;
        merged.index().await?;
        let mut connection = merged.pool.acquire().await.map_err(failed)?;
        for (attach, scratch) in [("ATTACH ?1 AS older", older), ("ATTACH ?1 AS newer", newer)] {
            sqlx::query(attach)
                .bind(scratch.file())
                .execute(&mut *connection)
                .await
                .map_err(failed)?;
        }
        take(&mut connection, cover, judged).await?;
        for name in ["DETACH older", "DETACH newer"] {
            run(&mut connection, name).await?;
        }
        drop(connection);
        merged.assign_order().await?;
        Ok(merged)
    }
}

async fn take(
    connection: &mut SqliteConnection,
    cover: &Cover,
    judged: &[u16],
) -> Result<(), IndexError> {
    let covered = match cover {
        Cover::Hub => ANSWERED.to_owned(),
        Cover::Repo(_) => format!("f.repo_id = ?2 AND {ANSWERED}"),
        Cover::Rows => {
            "EXISTS (SELECT 1 FROM newer.known AS k WHERE k.kind = f.kind AND k.id = f.id AND k.bad < 2)".to_owned()
        }
    };
    let repo = match cover {
        Cover::Repo(path) => path.as_str(),
        Cover::Hub | Cover::Rows => "",
    };
    run(connection, "BEGIN").await?;
    let codes: Vec<String> = judged.iter().map(u16::to_string).collect();
    sqlx::query(sqlx::AssertSqlSafe(format!("{KEPT}{covered})")))
        .bind(json_list(&codes))
        .bind(repo)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    run(connection, COME).await?;
    for from in [
        "INSERT OR REPLACE INTO repo SELECT * FROM older.repo",
        "INSERT OR REPLACE INTO repo SELECT * FROM newer.repo",
        "INSERT INTO standing SELECT * FROM older.standing",
    ] {
        run(connection, from).await?;
    }
    // A branch that is no more has no standing.
    let gone = match cover {
        Cover::Hub => "1",
        Cover::Repo(_) => "standing.repo = ?1",
        Cover::Rows => "0",
    };
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "DELETE FROM standing WHERE {gone} AND NOT EXISTS
           (SELECT 1 FROM newer.standing AS n WHERE n.repo = standing.repo AND n.name = standing.name)"
    )))
    .bind(repo)
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    run(connection, STANDINGS).await?;
    run(connection, HEALED).await?;
    run(connection, "COMMIT").await
}

async fn run(connection: &mut SqliteConnection, statement: &'static str) -> Result<(), IndexError> {
    sqlx::raw_sql(statement)
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(failed)
}
