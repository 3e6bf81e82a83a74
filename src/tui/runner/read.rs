//! Questions that read and nothing else.

use super::RunnerContext;
use super::error::RunnerError;
use crate::effect::Query;
use crate::event::Answer;
use crate::lines::{
    BranchLine, BranchMark, HubId, Inspected, ObjectLine, RefusalLine, RepoLine, StepLine,
};
use luthier_audit::inspect;
use luthier_hub::index::{BranchRow, Index, IndexError};
use luthier_hub::store::reconstruct::non_empty;
use luthier_object::ObjectId;
use std::collections::BTreeMap;
use std::sync::Arc;

impl RunnerContext {
    pub(super) async fn read(&self, ask: Query) -> Result<Answer, RunnerError> {
        match ask {
            Query::Steps { plan, skip, limit } => {
                let steps = self.planned(plan)?.steps(skip, limit).await?;
                Ok(Answer::Steps(steps.iter().map(StepLine::from).collect()))
            }
            Query::Refusals { plan, skip, limit } => {
                let plan = self.planned(plan)?;
                let refused = plan.refused(skip, limit).await?;
                Ok(Answer::Refusals(
                    refused.iter().map(RefusalLine::from).collect(),
                ))
            }
            ask @ (Query::Wanted(_) | Query::WantedLines { .. } | Query::Folders(_)) => {
                self.of_copies(ask).await
            }
            Query::Fixes(report) => self.fixes(report).await,
            Query::Classify { report, selection } => self.classify(report, selection).await,
            Query::Runs => self.runs().await,
            Query::RunLines { run, skip, limit } => self.run_lines(run, skip, limit).await,
            Query::Chain => self.chain().await,
            Query::Doctor => self.doctor().await,
            Query::Repos { ask, skip, limit } => self.some_repos(ask, skip, limit).await,
            Query::PlaceRepos { ask, keep, fresh } => self.place_repos(ask, keep, fresh).await,
            Query::RepoNamed(path) => self.repo_named(&path).await,
            Query::Resolve(start) => {
                let found = inspect::resolve(&self.store()?, &start).await;
                let (kind, id) = found?;
                let id = HubId::new(id.as_str());
                Ok(Answer::Resolved { kind, id })
            }
            Query::Inspect { kind, id } => self.inspect(kind, &id).await,
            ask @ (Query::Findings { .. }
            | Query::FindingsCount(_)
            | Query::Ordinals { .. }
            | Query::Carry { .. }
            | Query::PlaceOf { .. }
            | Query::FirstFixable(_)
            | Query::Table(_)
            | Query::WorstOn { .. }
            | Query::Groups(..)
            | Query::FindingsAt { .. }) => self.found(ask).await,
            Query::Objects(ask) => {
                let (rows, end) = self.objects(ask).await?;
                let rows = rows.iter().map(ObjectLine::from).collect();
                Ok(Answer::Objects { rows, end })
            }
            rows => self.rows(rows).await,
        }
    }

    /// Answers what comes straight from the database.
    async fn rows(&self, ask: Query) -> Result<Answer, RunnerError> {
        let store = self.store()?;
        let index = store.index();
        let answer = async {
            Ok::<_, luthier_hub::index::IndexError>(match ask {
                Query::Counts => Answer::Counts(index.counts().await?),
                Query::Branches {
                    repo_id,
                    containing,
                    after,
                    limit,
                } => {
                    let wanted = containing.trim().to_lowercase();
                    let (rows, end) = branches(index, &repo_id, &wanted, after, limit).await?;
                    let marks = self.marks(index, &repo_id, &rows).await?;
                    let lines = rows.iter().map(|row| BranchLine {
                        mark: marks.get(&row.name).cloned().unwrap_or_default(),
                        ..BranchLine::from(row)
                    });
                    Answer::Branches {
                        rows: lines.collect(),
                        end,
                    }
                }
                Query::ObjectsCount(browse) => Answer::Count(index.browse_count(&browse).await?),
                other => Answer::Failed(format!("{other:?} is not read from the database")),
            })
        };
        answer.await.map_err(RunnerError::from)
    }

    /// Returns what is known of the pulls of these branches, by name. A branch that moved since is not known.
    async fn marks(
        &self,
        index: &dyn Index,
        repo_id: &str,
        rows: &[BranchRow],
    ) -> Result<BTreeMap<String, BranchMark>, IndexError> {
        let report = self.state().report.clone();
        let (Some((_, report)), Some(repo)) = (report, index.repo_by_id(repo_id).await?) else {
            return Ok(BTreeMap::new());
        };
        let names: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
        // A list without marks is better than none.
        let found = report
            .branches(&repo.path(), &names)
            .await
            .unwrap_or_default();
        let mut marks = BTreeMap::new();
        for standing in found {
            let heads = rows.iter().filter(|row| row.name == standing.name);
            let head =
                |row: &BranchRow| non_empty(row.head_commit_id.as_deref()).map(str::to_owned);
            if heads.clone().count() > 1 || heads.clone().all(|row| head(row) == standing.head) {
                let mark = BranchMark::from(&standing);
                marks.insert(standing.name, mark);
            }
        }
        Ok(marks)
    }

    /// Reads a repository by its path, with its counts.
    async fn repo_named(&self, path: &str) -> Result<Answer, RunnerError> {
        let store = self.store()?;
        let (owner, slug) = path.split_once('/').unwrap_or((path, ""));
        let index = store.index();
        let found = index.repo_by_path(owner, slug).await;
        let Some(row) = found? else {
            let hidden = luthier_audit::suggest::hidden_repos(&store).await;
            return Err(RunnerError::NoSuchRepo(format!("{path}{hidden}")));
        };
        let counts = index.repo_counts(std::slice::from_ref(&row.repo_id)).await;
        let counts = counts?;
        let counts = counts.first().copied().unwrap_or_default();
        Ok(Answer::Repos {
            rows: vec![RepoLine::new(&row, counts)],
            end: true,
        })
    }

    /// Inspects an object on another thread, so that comparing and rendering do not delay keys.
    async fn inspect(&self, kind: luthier_object::Kind, id: &str) -> Result<Answer, RunnerError> {
        let store = self.store()?;
        let found = inspect::inspect(&store, kind, &ObjectId::new(id)).await;
        let found = found?;
        let found = Arc::new(found);
        let (context, seen) = (self.clone(), found.clone());
        tokio::spawn(async move { context.learn_inspected(&seen).await });
        let made = tokio::task::spawn_blocking(move || Inspected::from(&*found)).await;
        Ok(Answer::Inspected(Box::new(made?)))
    }
}

/// Reads branches. A page may hold fewer rows than were asked for, and the console's lists count in whole pages: rows
/// are read until `limit` are there or none follow.
async fn branches(
    index: &dyn Index,
    repo_id: &str,
    wanted: &str,
    mut after: Option<String>,
    limit: u32,
) -> Result<(Vec<BranchRow>, bool), IndexError> {
    let mut rows: Vec<BranchRow> = Vec::new();
    loop {
        let page = index.branches_of(repo_id, after.as_deref(), limit).await?;
        let end = page.end || page.rows.is_empty();
        after = page.rows.last().map(|row| row.name.clone());
        let found = page.rows.into_iter();
        rows.extend(found.filter(|row| row.name.to_lowercase().contains(wanted)));
        let is_full = rows.len() >= limit as usize;
        if end || is_full {
            let is_cut = rows.len() > limit as usize;
            rows.truncate(limit as usize);
            return Ok((rows, end && !is_cut));
        }
    }
}
