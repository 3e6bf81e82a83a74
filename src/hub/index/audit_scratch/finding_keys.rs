//! Findings by what identifies them from one audit to the next, in an order that does not depend on the audit.

use super::AuditScratch;
use crate::index::IndexError;
use crate::index::scratch_file::ask;

/// Findings of one code and kind on one id in one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingKey {
    pub id: String,
    pub repo: String,
    /// The worst.
    pub grade: u8,
    pub count: u64,
}

impl AuditScratch {
    /// Prepares [`Self::finding_keys`].
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn order_finding_keys(&self) -> Result<(), IndexError> {
        self.file
            .run("CREATE INDEX IF NOT EXISTS finding_by_key ON finding (code, kind, id, repo_id, grade)")
            .await
    }

    /// Returns the findings of a code and a kind behind `after`, an id and a repository, in the order of the bytes of
    /// both.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn finding_keys(
        &self,
        (code, kind): (u16, u8),
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<FindingKey>, IndexError> {
        let mut sql = ask("SELECT id, repo_id, max(grade), count(*) FROM finding WHERE code = ");
        sql.push_bind(i64::from(code)).push(" AND kind = ");
        sql.push_bind(i64::from(kind));
        if let Some((id, repo)) = after {
            sql.push(" AND (id, repo_id) > (").push_bind(id).push(", ");
            sql.push_bind(repo).push(")");
        }
        sql.push(" GROUP BY id, repo_id ORDER BY id, repo_id LIMIT ");
        sql.push_bind(limit);
        let rows = sql.rows(&self.file).await?;
        Ok(rows
            .iter()
            .map(|row| FindingKey {
                id: row.get(0),
                repo: row.get(1),
                grade: row.get::<i64>(2) as u8,
                count: row.get::<i64>(3) as u64,
            })
            .collect())
    }
}
