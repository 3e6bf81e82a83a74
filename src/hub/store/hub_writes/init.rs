//! A new repository, with its first commit and its first snapshot.

use super::commit_writes::Around;
use super::prepared::Prepared;
use super::{
    Arrivals, Authorship, HubReader, HubWriteError, HubWriter, Ids, Site, Written, refused,
};
use crate::index::{HeadMove, RepoRow};
use luthier_object::{Manifest, branch};
use std::collections::BTreeSet;

/// A repository to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRepo {
    pub repo_id: String,
    pub owner: String,
    pub slug: String,
    pub name: String,
    pub visibility: String,
    pub owner_user_id: String,
    pub description: String,
    pub default_branch: String,
    /// Of the first branch.
    pub branch_id: String,
    /// The formulas that all ids of the repository are made with.
    pub ids: Ids,
}

impl NewRepo {
    /// Returns the repository's row.
    fn row(&self, created_at: &str) -> RepoRow {
        RepoRow {
            repo_id: self.repo_id.clone(),
            owner: self.owner.clone(),
            slug: self.slug.clone(),
            name: self.name.clone(),
            visibility: self.visibility.clone(),
            owner_user_id: self.owner_user_id.clone(),
            description: self.description.clone(),
            default_branch: self.default_branch.clone(),
            pushed_at: None,
            created_at: created_at.to_owned(),
            deleted_at: None,
        }
    }
}

impl HubWriter {
    /// Makes a repository whose default branch points at a first commit with an empty tree: an object
    /// as any other, so that the first clone gets it.
    ///
    /// # Errors
    /// As [`HubReader::prepare_init`].
    pub async fn init_repo(
        &self,
        new: &NewRepo,
        said: &Authorship,
    ) -> Result<Written, HubWriteError> {
        let prepared = self.prepare_init(new, said).await?;
        self.write(prepared).await
    }
}

impl HubReader {
    /// Prepares a new repository and its first commit.
    ///
    /// # Errors
    /// The path or an id is taken, a name is missing, or a side that did not answer.
    pub async fn prepare_init(
        &self,
        new: &NewRepo,
        said: &Authorship,
    ) -> Result<Prepared, HubWriteError> {
        self.check_new(new).await?;
        let time = said.time()?;
        let repo = new.row(&time);
        let (manifest, directories) = (Manifest::new(), BTreeSet::new());
        let snapshot = new.ids.snapshot(manifest, directories, time.clone());
        let commit = said.commit(
            new.ids,
            (&repo, &new.default_branch),
            &snapshot.snapshot_id,
            &[],
        )?;
        let around = Around {
            head: Some(HeadMove {
                repo_id: repo.repo_id.clone(),
                name: new.default_branch.clone(),
                seen: None,
                branch_id: new.branch_id.clone(),
                new: commit.commit_id.as_str().to_owned(),
                at: time,
            }),
            new_repo: Some(repo.clone()),
            ..Around::nothing(Site::Init)
        };
        let arrivals = Arrivals {
            blobs: Vec::new(),
            snapshots: self.unless_stored(snapshot).await?,
            commits: vec![commit],
        };
        let admitted = self.admit(&repo, arrivals).await?;
        Ok(Prepared::new(repo, admitted, around, new.ids))
    }

    /// Checks that a repository can be made.
    async fn check_new(&self, new: &NewRepo) -> Result<(), HubWriteError> {
        let index = self.store().index();
        for (what, text) in [
            ("the repository's id", &new.repo_id),
            ("the owner", &new.owner),
            ("the slug", &new.slug),
            ("the default branch", &new.default_branch),
            ("the branch's id", &new.branch_id),
        ] {
            if text.is_empty() || text.chars().any(char::is_control) {
                return Err(refused(
                    what,
                    "it is missing or contains a control character",
                ));
            }
        }
        if let Some(why) = branch::check(&new.default_branch) {
            return Err(refused(&new.default_branch, why.to_string()));
        }
        if index.repo_by_id(&new.repo_id).await?.is_some() {
            return Err(refused(&new.repo_id, "a repository already has this id"));
        }
        if let Some(found) = index.repo_by_path(&new.owner, &new.slug).await?
            && found.deleted_at.is_none()
        {
            return Err(refused(&found.path(), "this repository exists already"));
        }
        Ok(())
    }
}
