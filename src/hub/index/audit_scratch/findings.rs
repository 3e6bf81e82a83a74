//! Findings as they are spooled: the body as text, and the columns that lists are cut by.

use super::AuditScratch;
use super::facts::json_list;
use crate::index::IndexError;
use crate::index::scratch_file::{Query, Row, ask};

/// One finding, its body as JSON text; the numbers are the taxonomy's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingRow {
    /// Place of laying down, then of reading; given by the scratch file.
    pub n: i64,
    pub code: u16,
    pub grade: u8,
    pub kind: u8,
    pub id: String,
    /// A `repo_id` until [`AuditScratch::assign_order`], a path after.
    pub repo: String,
    pub body: String,
    /// What can be done about it, once [`AuditScratch::set_fixes`] has said so; not written by
    /// [`AuditScratch::add_findings`].
    pub fix: Option<u8>,
}

/// The wanted findings. Empty lists want all.
#[derive(Clone, Debug, Default)]
pub struct FindingQuery {
    pub codes: Vec<u16>,
    pub grades: Vec<u8>,
    pub kinds: Vec<u8>,
    pub fixes: Vec<u8>,
    pub left: Option<LeftQuery>,
    pub repo: Option<String>,
    /// A path whose branches they stop.
    pub stops: Option<String>,
    pub id_prefix: Option<String>,
    pub words: Vec<String>,
}

/// Findings that share a value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingTally {
    pub name: String,
    pub count: u64,
    pub worst: u8,
    /// How many are of the worst grade.
    pub of_worst: u64,
}

/// Findings of a grade or a worse one, or of these codes on subjects of these kinds.
#[derive(Clone, Debug)]
pub struct LeftQuery {
    pub grade: u8,
    pub codes: [u16; 2],
    pub kinds: Vec<u8>,
}

impl AuditScratch {
    /// Lays down findings.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_findings(&self, findings: &[FindingRow]) -> Result<(), IndexError> {
        self.add(
            "INSERT INTO finding (code, grade, kind, id, repo_id, body) ",
            findings,
            |row, f| {
                row.cell(i64::from(f.code))
                    .cell(i64::from(f.grade))
                    .cell(i64::from(f.kind))
                    .cell(f.id.clone())
                    .cell(f.repo.clone())
                    .cell(f.body.clone());
            },
        )
        .await
    }

    /// Findings of these codes, behind place `after`, in the order in which they were laid down.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn findings_of(
        &self,
        codes: &[u16],
        after: i64,
        limit: u32,
    ) -> Result<Vec<FindingRow>, IndexError> {
        let codes: Vec<String> = codes.iter().map(u16::to_string).collect();
        let rows = ask(
            "SELECT n, code, grade, kind, id, repo_id, body, fix FROM finding
             WHERE n > ?1 AND code IN (SELECT CAST(value AS INTEGER) FROM json_each(?2)) ORDER BY n LIMIT ?3",
        )
        .bind(after)
        .bind(json_list(&codes))
        .bind(limit)
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(finding_row).collect())
    }

    /// Returns what was found with this code on exactly this id, with the place at which it was laid down.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn finding_on(&self, id: &str, code: u16) -> Result<Option<FindingRow>, IndexError> {
        let rows = ask(
            "SELECT n, code, grade, kind, id, repo_id, body, fix FROM finding WHERE id = ?1 AND code = ?2 ORDER BY n LIMIT 1",
        )
        .bind(id)
        .bind(i64::from(code))
        .rows(&self.file)
        .await?;
        Ok(rows.first().map(finding_row))
    }

    /// Returns the findings on exactly this id, in the order of their places.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn findings_on(&self, id: &str) -> Result<Vec<FindingRow>, IndexError> {
        let rows = ask(
            "SELECT ordinal, code, grade, kind, id, repo_id, body, fix FROM finding
             WHERE id = ?1 AND ordinal IS NOT NULL ORDER BY ordinal",
        )
        .bind(id)
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(finding_row).collect())
    }

    /// Changes a finding's body and its weight: what it blocks, and whether it only follows.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn amend_findings(
        &self,
        changes: &[(i64, String, u64, bool)],
    ) -> Result<(), IndexError> {
        let change = "UPDATE finding SET body = ?2, weight = ?3, follows = ?4 WHERE n = ?1";
        let mut rows = Query::default();
        for (n, body, weight, follows) in changes {
            rows.cell(*n)
                .cell(body)
                .cell(*weight as i64)
                .cell(i64::from(*follows));
        }
        self.file.each(change.to_owned(), 4, rows.values()).await
    }

    /// Names repositories by their path and gives every finding its place: first what blocks or is an error or
    /// worse, causes before what follows from them, by what they block; then the same of what is harmless. After that by
    /// grade, code, kind, id and repository.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn assign_order(&self) -> Result<(), IndexError> {
        self.file.run(
            "UPDATE finding SET repo_id = (SELECT path FROM repo WHERE repo.repo_id = finding.repo_id)
               WHERE EXISTS (SELECT 1 FROM repo WHERE repo.repo_id = finding.repo_id);
             CREATE TABLE placed AS SELECT n, row_number() OVER
               (ORDER BY weight = 0 AND grade < 2, follows, weight DESC, grade DESC, code, kind, id, repo_id, body) - 1 AS place FROM finding;
             CREATE UNIQUE INDEX placed_n ON placed (n);
             UPDATE finding SET ordinal = (SELECT place FROM placed WHERE placed.n = finding.n);
             DROP TABLE placed;
             CREATE UNIQUE INDEX finding_by_ordinal ON finding (ordinal);
             CREATE INDEX finding_by_code ON finding (code, ordinal);
             CREATE INDEX finding_by_repo ON finding (repo_id, ordinal);",
        )
        .await
    }

    /// Returns the findings at these places, in the order of the places.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn findings_at(&self, ordinals: &[u64]) -> Result<Vec<FindingRow>, IndexError> {
        let texts: Vec<String> = ordinals.iter().map(u64::to_string).collect();
        let rows = ask(
            "SELECT ordinal, code, grade, kind, id, repo_id, body, fix FROM finding
             WHERE ordinal IN (SELECT CAST(value AS INTEGER) FROM json_each(?1)) ORDER BY ordinal",
        )
        .bind(json_list(&texts))
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(finding_row).collect())
    }

    /// Says what can be done about the findings at some places, and `rest` about all others where it is given.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn set_fixes(&self, rest: Option<u8>, some: &[(u64, u8)]) -> Result<(), IndexError> {
        if let Some(rest) = rest {
            let mut all = Query::default();
            all.cell(i64::from(rest));
            let change = "UPDATE finding SET fix = ?1".to_owned();
            self.file.each(change, 1, all.values()).await?;
        }
        let mut rows = Query::default();
        for (ordinal, fix) in some {
            rows.cell(*ordinal as i64).cell(i64::from(*fix));
        }
        let change = "UPDATE finding SET fix = ?2 WHERE ordinal = ?1";
        self.file.each(change.to_owned(), 2, rows.values()).await
    }

    /// Counts of what passes, by `code`, `repo_id` or `kind`: (value, count, worst grade).
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn finding_groups(
        &self,
        query: &FindingQuery,
        column: &'static str,
    ) -> Result<Vec<(String, u64, u8)>, IndexError> {
        let mut sql = ask("SELECT CAST(");
        sql.push(column)
            .push(" AS TEXT), count(*), max(grade) FROM finding");
        query.push(&mut sql);
        sql.push(" GROUP BY 1 ORDER BY 3 DESC, 2 DESC, 1");
        let rows = sql.rows(&self.file).await?;
        Ok(rows
            .iter()
            .map(|r| (r.get(0), r.get::<i64>(1) as u64, r.get::<i64>(2) as u8))
            .collect())
    }
}

impl AuditScratch {
    /// Counts of what passes by a column, as [`AuditScratch::finding_groups`], with how many are of the worst grade.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn finding_tallies(
        &self,
        query: &FindingQuery,
        column: &'static str,
    ) -> Result<Vec<FindingTally>, IndexError> {
        let mut sql = ask("SELECT name, sum(n), max(grade), n FROM (SELECT CAST(");
        sql.push(column)
            .push(" AS TEXT) AS name, grade, count(*) AS n FROM finding");
        query.push(&mut sql);
        sql.push(" GROUP BY 1, 2) GROUP BY 1 ORDER BY 3 DESC, 2 DESC, 1");
        let rows = sql.rows(&self.file).await?;
        Ok(rows
            .iter()
            .map(|r| FindingTally {
                name: r.get(0),
                count: r.get::<i64>(1) as u64,
                worst: r.get::<i64>(2) as u8,
                of_worst: r.get::<i64>(3) as u64,
            })
            .collect())
    }
}

impl FindingQuery {
    pub(super) fn is_empty(&self) -> bool {
        self.codes.is_empty()
            && self.grades.is_empty()
            && self.kinds.is_empty()
            && self.fixes.is_empty()
            && self.left.is_none()
            && self.repo.is_none()
            && self.stops.is_none()
            && self.id_prefix.is_none()
            && self.words.is_empty()
    }

    pub(super) fn push(&self, sql: &mut Query) {
        sql.push(" WHERE ordinal IS NOT NULL");
        let lists = [
            (
                "code",
                self.codes.iter().map(u16::to_string).collect::<Vec<_>>(),
            ),
            ("grade", self.grades.iter().map(u8::to_string).collect()),
            ("kind", self.kinds.iter().map(u8::to_string).collect()),
            ("fix", self.fixes.iter().map(u8::to_string).collect()),
        ];
        for (column, values) in lists {
            if !values.is_empty() {
                sql.push(" AND ").push(column);
                sql.push(" IN (SELECT CAST(value AS INTEGER) FROM json_each(")
                    .push_bind(json_list(&values))
                    .push("))");
            }
        }
        self.push_left(sql);
        self.push_texts(sql);
    }

    /// Appends the condition for what prevents a PASS.
    fn push_left(&self, sql: &mut Query) {
        if let Some(left) = &self.left {
            let codes: Vec<String> = left.codes.iter().map(u16::to_string).collect();
            let kinds: Vec<String> = left.kinds.iter().map(u8::to_string).collect();
            sql.push(" AND (grade >= ")
                .push_bind(i64::from(left.grade))
                .push(" OR (code IN (SELECT CAST(value AS INTEGER) FROM json_each(")
                .push_bind(json_list(&codes))
                .push(")) AND kind IN (SELECT CAST(value AS INTEGER) FROM json_each(")
                .push_bind(json_list(&kinds))
                .push("))))");
        }
    }

    /// Appends the conditions on names, ids and words.
    fn push_texts(&self, sql: &mut Query) {
        if let Some(path) = &self.stops {
            sql.push(
                " AND (id, code) IN (SELECT cause, code FROM standing WHERE stands = 2 AND repo = ",
            )
            .push_bind(path.clone())
            .push(")");
        }
        if let Some(repo) = &self.repo {
            sql.push(" AND instr(lower(repo_id), ")
                .push_bind(repo.to_lowercase())
                .push(") > 0");
        }
        if let Some(prefix) = &self.id_prefix {
            let bare = prefix.strip_prefix("sha256:").unwrap_or(prefix).to_owned();
            sql.push(" AND (substr(id, 1, length(")
                .push_bind(bare.clone());
            sql.push(")) = ").push_bind(bare.clone());
            sql.push(" OR substr(id, 8, length(")
                .push_bind(bare.clone());
            sql.push(")) = ").push_bind(bare).push(")");
        }
        for word in &self.words {
            sql.push(" AND instr(lower(id || ' ' || repo_id || ' ' || body), ")
                .push_bind(word.to_lowercase())
                .push(") > 0");
        }
    }
}

pub(super) fn finding_row(row: &Row) -> FindingRow {
    FindingRow {
        n: row.get(0),
        code: row.get::<i64>(1) as u16,
        grade: row.get::<i64>(2) as u8,
        kind: row.get::<i64>(3) as u8,
        id: row.get(4),
        repo: row.get(5),
        body: row.get(6),
        fix: row.get::<Option<i64>>(7).map(|fix| fix as u8),
    }
}
