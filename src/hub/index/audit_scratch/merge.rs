//! Findings of two looks in one: what the newer one covers is its own, the rest stays.

use super::AuditScratch;
use super::facts::json_list;
use super::tables::{self, Tables};
use crate::index::IndexError;
use crate::index::key::{KEY, Met};
use crate::index::scratch_trouble::Trouble;
use luthier_object::Kind;
use rusqlite::Connection;

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
const ANSWERED: &str = "NOT EXISTS (SELECT 1 FROM temp.known AS k WHERE k.kind = f.kind AND k.id = f.id AND k.bad >= 2)";

/// A row that was looked at and gave an answer.
const LOOKED_AT: &str =
    "EXISTS (SELECT 1 FROM temp.known AS k WHERE k.kind = f.kind AND k.id = f.id AND k.bad < 2)";

const COME: &str = "
INSERT INTO finding (code, grade, kind, id, repo_id, weight, follows, body)
SELECT code, grade, kind, id, repo_id, weight, follows, body FROM newer.finding WHERE ordinal IS NOT NULL;
INSERT OR REPLACE INTO repo SELECT * FROM older.repo;
INSERT OR REPLACE INTO repo SELECT * FROM newer.repo;
INSERT INTO standing SELECT * FROM older.standing;
INSERT INTO unheld SELECT * FROM older.unheld";

/// What a repository does not hold, as the newer look found it.
const UNHELD: &str = "INSERT OR IGNORE INTO unheld SELECT * FROM newer.unheld";

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
    /// Findings and branches of two scratch files that are settled, in a new one that is.
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
        for side in [older, newer] {
            side.file.settle().await?;
        }
        let known = newer.known_of_findings(older).await?;
        let sides = [("older", older), ("newer", newer)];
        let sides = sides.map(|(name, scratch)| (name, scratch.file.path().display().to_string()));
        let codes: Vec<String> = judged.iter().map(u16::to_string).collect();
        let (cover, codes) = (cover.clone(), json_list(&codes));
        merged
            .file
            .call(move |c| {
                for (name, path) in &sides {
                    c.execute(&format!("ATTACH ?1 AS {name}"), [path])?;
                }
                keep_known(c, &known)?;
                take(c, &cover, &codes)?;
                c.execute_batch("DETACH older; DETACH newer; DROP TABLE temp.known")
            })
            .await?;
        merged.assign_order().await?;
        Ok(merged)
    }

    /// Returns what is known here of the rows that another look's findings are about: kind, id, standing.
    async fn known_of_findings(
        &self,
        other: &AuditScratch,
    ) -> Result<Vec<(i64, String, u8)>, IndexError> {
        let path = other.file.path().display().to_string();
        self.file
            .with(move |connection, tables| {
                connection.execute("ATTACH ?1 AS other", [path])?;
                let known = known_of(connection, tables);
                connection.execute_batch("DETACH other")?;
                known
            })
            .await
    }
}

fn known_of(
    connection: &Connection,
    tables: &mut Tables,
) -> Result<Vec<(i64, String, u8)>, Trouble> {
    let mut statement = connection
        .prepare("SELECT DISTINCT kind, id FROM other.finding WHERE ordinal IS NOT NULL")?;
    let mut rows = statement.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let (number, id): (i64, String) = (row.get(0)?, row.get(1)?);
        let Some(kind) = Kind::ALL.into_iter().find(|kind| *kind as i64 == number) else {
            continue;
        };
        if let Some(key) = tables::found(connection, kind, &Met::new(&id))?
            && let Some(fact) = tables.known.first(&key)?
        {
            out.push((number, id, fact[KEY]));
        }
    }
    Ok(out)
}

/// Lays down what the newer look knows of the rows of older findings: kind, id, standing.
fn keep_known(connection: &Connection, known: &[(i64, String, u8)]) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TEMP TABLE known (kind INTEGER NOT NULL, id TEXT NOT NULL, bad INTEGER NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID",
    )?;
    let mut insert =
        connection.prepare("INSERT INTO temp.known (kind, id, bad) VALUES (?1, ?2, ?3)")?;
    for row in known {
        insert.execute((row.0, &row.1, row.2))?;
    }
    Ok(())
}

fn take(connection: &mut Connection, cover: &Cover, codes: &str) -> rusqlite::Result<()> {
    // A branch that is no more has no standing.
    let gone = |of: &str| {
        format!(
            "DELETE FROM standing WHERE {of} AND NOT EXISTS
               (SELECT 1 FROM newer.standing AS n WHERE n.repo = standing.repo AND n.name = standing.name)"
        )
    };
    let all = connection.transaction()?;
    match cover {
        Cover::Hub => all.execute(&format!("{KEPT}{ANSWERED})"), [codes])?,
        Cover::Repo(path) => {
            let kept = format!("{KEPT}f.repo_id = ?2 AND {ANSWERED})");
            all.execute(&kept, [codes, path.as_str()])?
        }
        Cover::Rows => all.execute(&format!("{KEPT}{LOOKED_AT})"), [codes])?,
    };
    all.execute_batch(COME)?;
    match cover {
        Cover::Hub => {
            all.execute(&gone("1"), [])?;
            all.execute("DELETE FROM unheld", [])?;
        }
        Cover::Repo(path) => {
            all.execute(&gone("standing.repo = ?1"), [path])?;
            let own = "repo_id IN (SELECT repo_id FROM repo WHERE path = ?1)";
            all.execute(&format!("DELETE FROM unheld WHERE {own}"), [path])?;
        }
        Cover::Rows => {}
    }
    all.execute_batch(UNHELD)?;
    all.execute_batch(STANDINGS)?;
    all.execute_batch(HEALED)?;
    all.commit()
}
