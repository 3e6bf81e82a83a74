//! Findings in other orders than that of their places, and findings that are looked up.

use super::AuditScratch;
use super::facts::json_list;
use super::findings::{FindingQuery, FindingRow, finding_row};
use crate::index::IndexError;
use crate::index::scratch_file::{Query, ask};

/// The order of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FindingOrder {
    /// Causes first, by what they block.
    #[default]
    Place,
    /// The worst first.
    Grade,
    /// In the order of the taxonomy.
    Code,
    Kind,
    Id,
    /// By its path.
    Repo,
    /// What can be repaired without a decision first.
    Fix,
}

impl FindingOrder {
    const fn sql(self, flipped: bool) -> &'static str {
        match (self, flipped) {
            (Self::Place, false) => "ordinal",
            (Self::Place, true) => "ordinal DESC",
            (Self::Grade, false) => "grade DESC, ordinal",
            (Self::Grade, true) => "grade, ordinal DESC",
            (Self::Code, false) => "code, ordinal",
            (Self::Code, true) => "code DESC, ordinal DESC",
            (Self::Kind, false) => "kind, ordinal",
            (Self::Kind, true) => "kind DESC, ordinal DESC",
            (Self::Id, false) => "id, ordinal",
            (Self::Id, true) => "id DESC, ordinal DESC",
            (Self::Repo, false) => "repo_id, ordinal",
            (Self::Repo, true) => "repo_id DESC, ordinal DESC",
            (Self::Fix, false) => "fix, ordinal",
            (Self::Fix, true) => "fix DESC, ordinal DESC",
        }
    }
}

/// A stretch of rows in an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    pub order: FindingOrder,
    pub flipped: bool,
    pub skip: u64,
    pub limit: u32,
}

impl AuditScratch {
    /// Findings in an order, a stretch of them; `n` is the ordinal.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn findings(
        &self,
        query: &FindingQuery,
        stretch: Stretch,
    ) -> Result<Vec<FindingRow>, IndexError> {
        let columns = "ordinal, code, grade, kind, id, repo_id, body, fix";
        let sql = self.select(columns, query, stretch);
        let rows = sql.rows(&self.file).await?;
        Ok(rows.iter().map(finding_row).collect())
    }

    /// Returns the places of a stretch.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn finding_places(
        &self,
        query: &FindingQuery,
        stretch: Stretch,
    ) -> Result<Vec<u64>, IndexError> {
        let sql = self.select("ordinal", query, stretch);
        let rows = sql.rows(&self.file).await?;
        Ok(rows.iter().map(|row| row.get::<i64>(0) as u64).collect())
    }

    fn select(&self, columns: &str, query: &FindingQuery, stretch: Stretch) -> Query {
        let mut sql = ask(format!("SELECT {columns} FROM finding"));
        let mut skip = stretch.skip as i64;
        if query.is_empty() && (stretch.order, stretch.flipped) == (FindingOrder::Place, false) {
            // Places have no gaps: one look into an index, however far down.
            sql.push(" WHERE ordinal >= ").push_bind(skip);
            skip = 0;
        } else {
            query.push(&mut sql);
        }
        sql.push(" ORDER BY ")
            .push(stretch.order.sql(stretch.flipped));
        sql.push(" LIMIT ").push_bind(stretch.limit);
        sql.push(" OFFSET ").push_bind(skip);
        sql
    }

    /// Returns the places of findings with this code, kind, id and repository.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn places_of(&self, like: &FindingRow) -> Result<Vec<u64>, IndexError> {
        let rows = ask("SELECT ordinal FROM finding
             WHERE id = ?1 AND code = ?2 AND kind = ?3 AND repo_id = ?4 AND ordinal IS NOT NULL
             ORDER BY ordinal")
        .bind(&like.id)
        .bind(i64::from(like.code))
        .bind(i64::from(like.kind))
        .bind(&like.repo)
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(|row| row.get::<i64>(0) as u64).collect())
    }

    /// Counts the matching findings before a position.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn findings_before(
        &self,
        query: &FindingQuery,
        place: u64,
    ) -> Result<u64, IndexError> {
        let mut sql = ask("SELECT count(*) FROM finding");
        query.push(&mut sql);
        sql.push(" AND ordinal < ").push_bind(place as i64);
        let row = sql.first(&self.file).await?;
        Ok(row.map_or(0, |row| row.get::<i64>(0)) as u64)
    }

    /// Returns the worst finding on each of these ids, where there is one: (id, code).
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn worst_on(&self, ids: &[String]) -> Result<Vec<(String, u16)>, IndexError> {
        // SQLite takes the other columns from the row that has the maximum.
        let rows = ask("SELECT id, code, max(grade) FROM finding
             WHERE id IN (SELECT value FROM json_each(?1)) AND ordinal IS NOT NULL GROUP BY id")
        .bind(json_list(ids))
        .rows(&self.file)
        .await?;
        Ok(rows
            .iter()
            .map(|row| (row.get(0), row.get::<i64>(1) as u16))
            .collect())
    }
}
