//! The rows that a repository holds.

use super::AuditScratch;
use super::tables;
use crate::index::IndexError;
use crate::index::key::{self, Form};
use luthier_object::Kind;

impl AuditScratch {
    /// Ids that a repository holds, behind `after`, in their order.
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
        let (repo_id, after, limit) = (repo_id.to_owned(), after.to_owned(), limit as usize);
        self.file
            .with(move |connection, tables| {
                let Some(repo) = tables.repos.find(&repo_id) else {
                    return Ok(Vec::new());
                };
                let mut out = Vec::new();
                let end = key::head(kind, Form::Odd);
                let mut walk = tables.members.walk(&tables::start(kind, Some(&after)))?;
                while let Some(fact) = walk.next()?.filter(|fact| fact[0] < end) {
                    if tables::number_behind(&fact) == repo {
                        out.push(tables::text(connection, &fact)?);
                    }
                    if out.len() == limit {
                        break;
                    }
                }
                let mut odd = Vec::new();
                tables::each_odd(connection, kind, (&after, false), |text, key| {
                    let held = tables.members.first(&tables::numbered(&key, repo))?;
                    if held.is_some() {
                        odd.push(text);
                    }
                    Ok(odd.len() < limit)
                })?;
                out.extend(odd);
                out.sort_unstable();
                out.truncate(limit);
                Ok(out)
            })
            .await
    }
}
