//! Plans the rows: repositories and branches from checkpoints, and who holds what.

use super::gather::REFUSED;
use super::{Missing, Rebuild, RebuildError, SHOWN, UNKNOWN};
use crate::backend::layout;
use crate::index::RepoRow;
use crate::store::checkpoint::newest;
use luthier_object::{ObjectId, time};

const PAGE: u32 = 500;

/// Ids without a listed object that are asked for.
const ASKED: u32 = 1_000;

impl Rebuild<'_> {
    pub(super) async fn plan(&mut self) -> Result<(), RebuildError> {
        self.progress.phase("ref checkpoints", None);
        let mut after = String::new();
        loop {
            let names = self.scratch.refs_names(&after, PAGE).await?;
            let Some(last) = names.last() else {
                break;
            };
            after.clone_from(last);
            for name in &names {
                self.progress.checkpoint().await?;
                self.refs(name).await?;
                self.progress.update(|f| f.done += 1);
            }
        }
        self.progress.phase("histories", None);
        self.hold().await
    }

    /// Takes the newest sound checkpoint under a name.
    async fn refs(&mut self, name: &str) -> Result<(), RebuildError> {
        let backend = self.target.store().backend();
        let prefix = format!("refs/{name}/");
        let found = match newest(backend, &prefix).await {
            Ok(found) => found,
            Err(error) => {
                self.report.unknown(prefix, error.to_string());
                return Ok(());
            }
        };
        for passed in found.passed {
            let why = format!("no valid checkpoint: {}", passed.why);
            self.report.skip(passed.key, why);
        }
        match (found.sound, layout::repo_of_refs_name(name)) {
            (Some((_, checkpoint)), _) => {
                let repo = &checkpoint.refs.repo;
                let created = time::parse(&repo.created_at);
                self.scratch.add_repo(repo, created, true).await?;
                let branches = &checkpoint.refs.branches;
                Ok(self.scratch.add_branches(branches, false).await?)
            }
            (None, Some(repo_id)) => self.placeholder(&repo_id).await,
            (None, None) => Ok(()),
        }
    }

    /// Says which repository holds which object, and derives branches where no checkpoint has any.
    async fn hold(&mut self) -> Result<(), RebuildError> {
        self.scratch.reach().await?;
        self.scratch.hold_hinted().await?;
        self.placeholders().await?;
        self.report.unreached_commits = self.scratch.hold_rest_of_commits(UNKNOWN).await?;
        self.placeholders().await?;
        self.report.derived_branches = self.scratch.derive_branches().await?;
        self.scratch.reach().await?;
        self.report.unnamed = self.scratch.hold_trees(UNKNOWN).await?;
        self.placeholders().await
    }

    /// Gives a row to every repository that holds something and has none.
    pub(super) async fn placeholders(&mut self) -> Result<(), RebuildError> {
        loop {
            let lacking = self.scratch.repos_without_row(PAGE).await?;
            if lacking.is_empty() {
                return Ok(());
            }
            for repo_id in &lacking {
                self.placeholder(repo_id).await?;
            }
        }
    }

    async fn placeholder(&mut self, repo_id: &str) -> Result<(), RebuildError> {
        let row = RepoRow {
            repo_id: repo_id.to_owned(),
            owner: "unknown".to_owned(),
            slug: repo_id.to_owned(),
            name: repo_id.to_owned(),
            // Nothing says that the world may see it.
            visibility: "private".to_owned(),
            default_branch: "main".to_owned(),
            ..RepoRow::default()
        };
        if self.report.placeholders.len() < SHOWN {
            self.report.placeholders.push(repo_id.to_owned());
        }
        Ok(self.scratch.add_repo(&row, None, false).await?)
    }

    /// Asks for what is named and was not listed: a listing that is short must not become a database that is.
    pub(super) async fn find_unlisted(&mut self) -> Result<(), RebuildError> {
        if self.refused.len() >= REFUSED {
            return Ok(());
        }
        let (_, lacking) = self.scratch.lacking(ASKED).await?;
        for lacking in lacking {
            self.progress.checkpoint().await?;
            let Some(key) = layout::key_for(&ObjectId::new(&lacking.id)) else {
                continue;
            };
            if self.refused.contains(key.as_str()) {
                continue;
            }
            match self.target.store().backend().head(&key).await {
                Ok(None) => {}
                Ok(Some(_)) => self.report.unknown(
                    "(listing)".to_owned(),
                    format!("{key} exists but was not listed, so the listing is incomplete"),
                ),
                Err(error) => {
                    let why = error.reason(key.as_str());
                    self.report.unknown(key.to_string(), why);
                }
            }
        }
        Ok(())
    }

    /// Lists ids that others refer to and that the store does not have.
    pub(super) async fn tell_missing(&mut self) -> Result<(), RebuildError> {
        let (count, first) = self.scratch.lacking(SHOWN as u32).await?;
        self.report.missing = count;
        self.report.first_missing = first
            .into_iter()
            .map(|lacking| Missing {
                kind: lacking.kind.to_string(),
                id: lacking.id,
                named_by: lacking.named_by,
            })
            .collect();
        Ok(())
    }
}
