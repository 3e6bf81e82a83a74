//! A repository that is marked as deleted. Its rows and objects stay.

use super::{HubWrite, HubWriteError, HubWriter, Site, refused};
use crate::index::RepoRow;
use luthier_object::time::isoformat;

impl HubWriter {
    /// Marks a repository as deleted: clients see it no more, and nothing is removed.
    ///
    /// # Errors
    /// No such repository, one that is marked already, a database that cannot say so, or one that did not answer.
    pub async fn mark_deleted(&self, repo_id: &str) -> Result<(), HubWriteError> {
        let repo = self.repo(repo_id).await?;
        if !self.can_mark_deleted() {
            let why = "the table of repositories has no column deleted_at";
            return Err(refused(&repo.path(), why));
        }
        let write = HubWrite {
            site: Site::Delete,
            repo_id: repo.repo_id.clone(),
            repo: repo.path(),
            branch: None,
            from: None,
            to: None,
            proposal: None,
            objects: 0,
            bytes: 0,
        };
        self.recorded(write, self.mark(&repo), |()| 0).await
    }

    /// Returns whether this hub's rows can say that a repository was deleted.
    #[must_use]
    pub fn can_mark_deleted(&self) -> bool {
        let capabilities = self.store().index().capabilities();
        capabilities.has("musehub_repos", "deleted_at")
    }

    async fn mark(&self, repo: &RepoRow) -> Result<(), HubWriteError> {
        let now = self.store().index().now().await?;
        let at = isoformat(now, 0).unwrap_or_default();
        match self
            .writer
            .side
            .index
            .mark_deleted(&repo.repo_id, &at)
            .await?
        {
            true => Ok(()),
            false => Err(refused(
                &repo.path(),
                "the repository was deleted meanwhile",
            )),
        }
    }
}
