//! Finds what refers to an id that has no row.

use super::references::branch_fact;
use super::{AuditScratch, BranchFact};
use crate::index::IndexError;
use crate::index::scratch_file::ask;
use luthier_object::Kind;

/// A row that names an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namer {
    /// A commit or a snapshot, by its id.
    Row(String),
    Branch(BranchFact),
}

impl Namer {
    /// Returns the id of a commit or a snapshot.
    #[must_use]
    pub fn row(&self) -> Option<String> {
        match self {
            Self::Row(id) => Some(id.clone()),
            Self::Branch(_) => None,
        }
    }

    /// Returns the branch, where it is one.
    #[must_use]
    pub const fn branch(&self) -> Option<&BranchFact> {
        match self {
            Self::Row(_) => None,
            Self::Branch(branch) => Some(branch),
        }
    }
}

impl AuditScratch {
    /// Returns what refers to an id without a row, after `after`: to a blob the snapshots, to a snapshot the commits,
    /// to a commit its children and then the branches.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn namers(
        &self,
        kind: Kind,
        id: &str,
        after: Option<&Namer>,
        limit: u32,
    ) -> Result<Vec<Namer>, IndexError> {
        let behind = match after {
            Some(Namer::Row(id)) => id.as_str(),
            // Branches come last, all at once.
            Some(Namer::Branch(_)) => return Ok(Vec::new()),
            None => "",
        };
        let rows = self.referring(kind, id, behind, limit).await?;
        let mut out: Vec<Namer> = rows.into_iter().map(Namer::Row).collect();
        if kind == Kind::Commit && out.len() < limit as usize {
            let heads = self.branches_at(id).await?;
            out.extend(heads.into_iter().map(Namer::Branch));
        }
        Ok(out)
    }

    /// Returns the branches whose head is this commit.
    async fn branches_at(&self, head: &str) -> Result<Vec<BranchFact>, IndexError> {
        let rows = ask("SELECT id, repo_id, name, head FROM branch WHERE head = ?1")
            .bind(head)
            .rows(&self.file)
            .await?;
        Ok(rows.iter().map(branch_fact).collect())
    }
}
