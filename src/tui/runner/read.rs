//! Questions that read and nothing else.

use super::Desk;
use crate::audit::{Code, inspect};
use crate::index::{BranchRow, Index, IndexError};
use crate::object::ObjectId;
use crate::tui::effect::Ask;
use crate::tui::event::Answer;
use crate::tui::lines::{
    BranchLine, HubId, Inspected, ObjectLine, RefusalLine, RepoLine, StepLine,
};
use std::collections::BTreeMap;

impl Desk {
    pub(super) async fn read(&self, ask: Ask) -> Result<Answer, String> {
        let words = |error: &dyn std::fmt::Display| error.to_string();
        match ask {
            Ask::Steps { plan, skip, limit } => {
                let steps = self
                    .planned(plan)?
                    .steps(skip, limit)
                    .await
                    .map_err(|e| words(&e))?;
                Ok(Answer::Steps(steps.iter().map(StepLine::from).collect()))
            }
            Ask::Refusals { plan, skip, limit } => {
                let plan = self.planned(plan)?;
                let refused = plan.refused(skip, limit).await.map_err(|e| words(&e))?;
                Ok(Answer::Refusals(
                    refused.iter().map(RefusalLine::from).collect(),
                ))
            }
            Ask::Sift { report, selection } => self.sift(report, selection).await,
            Ask::Runs => self.runs().await,
            Ask::RunLines { run, skip, limit } => self.run_lines(run, skip, limit).await,
            Ask::Chain => self.chain().await,
            Ask::Doctor => self.doctor().await,
            Ask::Repos { ask, skip, limit } => self.some_repos(ask, skip, limit).await,
            Ask::PlaceRepos { ask, keep, fresh } => self.place_repos(ask, keep, fresh).await,
            Ask::RepoNamed(path) => self.repo_named(&path).await,
            Ask::Resolve(start) => {
                let found = inspect::resolve(&self.store()?, &start).await;
                let (kind, id) = found.map_err(|e| words(&e))?;
                let id = HubId::new(id.as_str());
                Ok(Answer::Resolved { kind, id })
            }
            Ask::Inspect { kind, id } => self.inspect(kind, &id).await,
            ask @ (Ask::Findings { .. }
            | Ask::FindingsCount(_)
            | Ask::Ordinals { .. }
            | Ask::Carry { .. }
            | Ask::PlaceOf { .. }
            | Ask::WorstOn(_)
            | Ask::Groups(..)
            | Ask::FindingsAt { .. }) => self.found(ask).await,
            Ask::Objects(ask) => {
                let (rows, end) = self.objects(ask).await?;
                let rows = rows.iter().map(ObjectLine::from).collect();
                Ok(Answer::Objects { rows, end })
            }
            rows => self.rows(rows).await.map_err(|e| words(&e)),
        }
    }

    /// Everything that comes straight from the database.
    async fn rows(&self, ask: Ask) -> Result<Answer, String> {
        let store = self.store()?;
        let index = store.index();
        let answer = async {
            Ok::<_, crate::index::IndexError>(match ask {
                Ask::Counts => Answer::Counts(index.counts().await?),
                Ask::Branches {
                    repo_id,
                    after,
                    limit,
                } => {
                    let (rows, end) = branches(index, &repo_id, after, limit).await?;
                    let heads = self.worst_of_heads(index, &rows).await?;
                    let lines = rows.iter().map(|row| BranchLine {
                        worst: row
                            .head_commit_id
                            .as_ref()
                            .and_then(|id| heads.get(id))
                            .copied(),
                        ..BranchLine::from(row)
                    });
                    Answer::Branches {
                        rows: lines.collect(),
                        end,
                    }
                }
                Ask::ObjectsCount(browse) => Answer::Count(index.browse_count(&browse).await?),
                other => Answer::Failed(format!("{other:?} is not read from the database")),
            })
        };
        answer.await.map_err(|error| error.to_string())
    }

    /// The worst finding on each head or on its snapshot, by the head's id.
    async fn worst_of_heads(
        &self,
        index: &dyn Index,
        rows: &[BranchRow],
    ) -> Result<BTreeMap<String, Code>, IndexError> {
        let report = self.held().report.clone();
        let Some((_, report)) = report else {
            return Ok(BTreeMap::new());
        };
        let heads: Vec<String> = rows
            .iter()
            .filter_map(|row| row.head_commit_id.clone())
            .collect();
        let commits = index.commits_by_id(&heads).await?;
        let trees = commits.iter().filter_map(|row| row.snapshot_id.clone());
        let ids: Vec<String> = heads.iter().cloned().chain(trees).collect();
        // A list without marks is better than none.
        let found = report.worst_on(&ids).await.unwrap_or_default();
        let mut worst: BTreeMap<String, Code> = found.into_iter().collect();
        for row in commits {
            let of_tree = row.snapshot_id.and_then(|id| worst.get(&id).copied());
            let of_both = worst
                .get(&row.commit_id)
                .copied()
                .into_iter()
                .chain(of_tree);
            if let Some(code) = of_both.max_by_key(|code| code.fault().grade) {
                worst.insert(row.commit_id, code);
            }
        }
        Ok(worst)
    }

    /// A repository by its path, with its counts.
    async fn repo_named(&self, path: &str) -> Result<Answer, String> {
        let store = self.store()?;
        let (owner, slug) = path.split_once('/').unwrap_or((path, ""));
        let index = store.index();
        let found = index.repo_by_path(owner, slug).await;
        let row = found
            .map_err(|error| error.to_string())?
            .ok_or_else(|| format!("there is no repository {path}"))?;
        let counts = index.repo_counts(std::slice::from_ref(&row.repo_id)).await;
        let counts = counts.map_err(|error| error.to_string())?;
        let counts = counts.first().copied().unwrap_or_default();
        Ok(Answer::Repos {
            rows: vec![RepoLine::new(&row, counts)],
            end: true,
        })
    }

    /// Inspecting compares and renders: it leaves the threads that keep keys flowing.
    async fn inspect(&self, kind: crate::object::Kind, id: &str) -> Result<Answer, String> {
        let store = self.store()?;
        let found = inspect::inspect(&store, kind, &ObjectId::new(id)).await;
        let found = found.map_err(|error| error.to_string())?;
        let made = tokio::task::spawn_blocking(move || Inspected::from(&found)).await;
        Ok(Answer::Inspected(Box::new(
            made.map_err(|error| error.to_string())?,
        )))
    }
}

/// A page may hold fewer rows than were asked for, and the console's lists count in whole pages: rows
/// are read until `limit` are there or none follow.
async fn branches(
    index: &dyn Index,
    repo_id: &str,
    mut after: Option<String>,
    limit: u32,
) -> Result<(Vec<BranchRow>, bool), IndexError> {
    let mut rows: Vec<BranchRow> = Vec::new();
    loop {
        let missing = limit.saturating_sub(u32::try_from(rows.len()).unwrap_or(limit));
        let page = index
            .branches_of(repo_id, after.as_deref(), missing)
            .await?;
        let end = page.end || page.rows.is_empty();
        rows.extend(page.rows);
        if end || rows.len() >= limit as usize {
            return Ok((rows, end));
        }
        after = rows.last().map(|row| row.name.clone());
    }
}
