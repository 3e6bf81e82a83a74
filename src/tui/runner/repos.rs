//! The repositories in an order: all of them are read once, up to a bound, and sorted here.

use super::RunnerContext;
use super::error::RunnerError;
use crate::effect::{RepoOrder, RepoQuery, ReportRef};
use crate::event::Answer;
use crate::lines::RepoLine;
use futures_util::TryStreamExt;
use luthier_hub::index::{Index, IndexError, RepoRow};
use luthier_object::time;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

/// So many repositories are listed at most; some two hundred bytes each.
const MOST: usize = 100_000;

/// Repositories read at once.
const PAGE: u32 = 1_000;

/// The repositories of the hub.
pub struct RepoCache {
    rows: Vec<RepoRow>,
    /// There are more than are held.
    cut: bool,
}

/// The listed repositories in their order.
pub struct Arranged {
    ask: RepoQuery,
    report: Option<ReportRef>,
    repo_cache: Arc<RepoCache>,
    order: Vec<usize>,
}

impl RunnerContext {
    /// Returns the number of listed repositories, and the position of the one with this id.
    pub(super) async fn place_repos(
        &self,
        ask: RepoQuery,
        keep: Option<String>,
        fresh: bool,
    ) -> Result<Answer, RunnerError> {
        if fresh {
            let mut held = self.state();
            (held.repos, held.arranged) = (None, None);
        }
        let arranged = self.arranged(ask).await?;
        let rows = &arranged.repo_cache.rows;
        let at = keep.and_then(|id| {
            let found = arranged.order.iter().position(|n| rows[*n].repo_id == id);
            found.map(|at| at as u64)
        });
        Ok(Answer::Placed {
            count: arranged.order.len() as u64,
            at,
            cut: arranged.repo_cache.cut,
        })
    }

    /// Returns a stretch of the list, with the counts of its rows.
    pub(super) async fn some_repos(
        &self,
        ask: RepoQuery,
        skip: u64,
        limit: u32,
    ) -> Result<Answer, RunnerError> {
        let arranged = self.arranged(ask).await?;
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let wanted = arranged.order.iter().skip(skip).take(limit as usize);
        let rows: Vec<&RepoRow> = wanted.map(|n| &arranged.repo_cache.rows[*n]).collect();
        let ids: Vec<String> = rows.iter().map(|row| row.repo_id.clone()).collect();
        let counts = self.store()?.index().repo_counts(&ids).await;
        let counts = counts?;
        let end = rows.len() < limit as usize;
        let lines = rows.into_iter().zip(counts);
        Ok(Answer::Repos {
            rows: lines.map(|(row, n)| RepoLine::new(row, n)).collect(),
            end,
        })
    }

    /// Returns the list that was asked for, made once for each report.
    async fn arranged(&self, ask: RepoQuery) -> Result<Arc<Arranged>, RunnerError> {
        let report = self.state().report.clone();
        let name = report.as_ref().map(|(name, _)| *name);
        let held = self.state().arranged.clone();
        if let Some(held) = held.filter(|held| held.ask == ask && held.report == name) {
            return Ok(held);
        }
        let repo_cache = self.repo_cache().await?;
        let words: Vec<String> = ask.words.iter().map(|word| word.to_lowercase()).collect();
        let passes = |row: &RepoRow| {
            let path = row.path().to_lowercase();
            words.iter().all(|word| path.contains(word))
        };
        let mut order: Vec<usize> = (0..repo_cache.rows.len())
            .filter(|n| passes(&repo_cache.rows[*n]))
            .collect();
        self.sort(&mut order, &repo_cache, ask.order).await?;
        if ask.flipped {
            order.reverse();
        }
        let arranged = Arc::new(Arranged {
            ask,
            report: name,
            repo_cache,
            order,
        });
        self.state().arranged = Some(arranged.clone());
        Ok(arranged)
    }

    async fn repo_cache(&self) -> Result<Arc<RepoCache>, RunnerError> {
        if let Some(repo_cache) = self.state().repos.clone() {
            return Ok(repo_cache);
        }
        let store = self.store()?;
        let repo_cache = read(store.index()).await?;
        let repo_cache = Arc::new(repo_cache);
        self.state().repos = Some(repo_cache.clone());
        Ok(repo_cache)
    }

    async fn sort(
        &self,
        order: &mut [usize],
        repo_cache: &RepoCache,
        by: RepoOrder,
    ) -> Result<(), RunnerError> {
        let rows = &repo_cache.rows;
        order.sort_by_cached_key(|n| rows[*n].path());
        match by {
            RepoOrder::Path => {}
            RepoOrder::Pushed => order.sort_by_cached_key(|n| {
                Reverse(rows[*n].pushed_at.as_deref().and_then(time::parse))
            }),
            RepoOrder::Failing | RepoOrder::Findings => {
                let fails = match by {
                    RepoOrder::Failing => self.failing().await?,
                    _ => HashMap::new(),
                };
                let worst = self.worst().await?;
                // A deleted repository is nobody's emergency.
                order.sort_by_cached_key(|n| {
                    let (row, path) = (&rows[*n], rows[*n].path());
                    let fail = fails.get(&path).copied();
                    let found = worst.get(&path).copied();
                    (row.deleted_at.is_some(), Reverse((fail, found)))
                });
            }
            RepoOrder::Commits => {
                let ids: Vec<String> = order.iter().map(|n| rows[*n].repo_id.clone()).collect();
                let store = self.store()?;
                let mut counts = HashMap::new();
                for (ids, places) in ids.chunks(PAGE as usize).zip(order.chunks(PAGE as usize)) {
                    let found = store.index().repo_counts(ids).await;
                    let found = found?;
                    counts.extend(places.iter().copied().zip(found));
                }
                order.sort_by_cached_key(|n| {
                    let (_, commits) = counts.get(n).copied().unwrap_or_default();
                    Reverse(commits)
                });
            }
        }
        Ok(())
    }

    /// Returns the number of branches whose pull fails, by path; repositories without one are left out.
    async fn failing(&self) -> Result<HashMap<String, u64>, RunnerError> {
        let Some((_, report)) = self.state().report.clone() else {
            return Ok(HashMap::new());
        };
        let standings = report.standings().await?;
        let failing = standings.repos.into_iter().filter(|(_, of)| of.fail > 0);
        Ok(failing.map(|(path, of)| (path, of.fail)).collect())
    }

    /// Returns the worst grade and the number of findings by path.
    async fn worst(&self) -> Result<HashMap<String, (luthier_audit::Grade, u64)>, RunnerError> {
        use luthier_audit::{Filter, report::GroupBy};
        let Some((_, report)) = self.state().report.clone() else {
            return Ok(HashMap::new());
        };
        let groups = report.groups(&Filter::default(), GroupBy::Repo).await;
        let groups = groups?;
        let worst = groups.into_iter().map(|g| (g.name, (g.worst, g.count)));
        Ok(worst.collect())
    }
}

async fn read(index: &dyn Index) -> Result<RepoCache, IndexError> {
    let mut rows: Vec<RepoRow> = Vec::new();
    let mut pages = index.repo_pages(PAGE);
    while rows.len() <= MOST
        && let Some(page) = pages.try_next().await?
    {
        rows.extend(page);
    }
    let cut = rows.len() > MOST;
    rows.truncate(MOST);
    Ok(RepoCache { rows, cut })
}
