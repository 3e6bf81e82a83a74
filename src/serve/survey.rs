//! The repositories that this wire can serve, and why the others are not.

use crate::answer::Failure;
use crate::refs;
use futures_util::{StreamExt, TryStreamExt, stream};
use luthier_hub::index::RepoRow;
use luthier_hub::store::{Store, StoreError};
use std::collections::BTreeMap;

/// The repositories that are looked at; what is behind them is told when it is asked for.
const MOST: usize = 1_000;

/// The rows of repositories that are read, deleted ones among them.
const MOST_ROWS: usize = 10_000;

/// Repositories that are named for each reason.
const NAMED: usize = 5;

/// Repositories looked at at the same time.
const CONCURRENCY: usize = 4;

/// What clients of this wire would get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Repositories that were looked at.
    pub repositories: u64,
    /// Set where the hub has no others.
    pub is_whole: bool,
    /// By the status of the answer to `refs`.
    pub refused: BTreeMap<u16, Refused>,
}

/// Repositories that are answered with one status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    pub count: u64,
    /// The first five, each with the sentence of its answer.
    pub named: Vec<(String, String)>,
}

impl Survey {
    /// Returns the number of repositories whose `refs` are answered.
    #[must_use]
    pub fn servable(&self) -> u64 {
        let refused: u64 = self.refused.values().map(|refused| refused.count).sum();
        self.repositories - refused
    }
}

/// Asks for the refs of the first 1,000 repositories, as somebody who has a token for each of them, if `tokens` are
/// asked for. No object is read: a fetch may still be refused.
///
/// # Errors
/// A database that does not answer.
pub async fn survey(store: &Store, tokens: bool) -> Result<Survey, StoreError> {
    let (repos, is_whole) = first_repos(store).await?;
    let mut survey = Survey {
        repositories: repos.len() as u64,
        is_whole,
        refused: BTreeMap::new(),
    };
    let answers = repos.iter().map(|repo| answer(store, repo, tokens));
    let mut answers = stream::iter(answers.collect::<Vec<_>>()).buffered(CONCURRENCY);
    let mut at = repos.iter();
    while let (Some(answer), Some(repo)) = (answers.next().await, at.next()) {
        let Err(failure) = answer else { continue };
        let refused = survey.refused.entry(failure.status.as_u16()).or_default();
        refused.count += 1;
        if refused.named.len() < NAMED {
            refused.named.push((repo.path(), failure.detail));
        }
    }
    Ok(survey)
}

/// Returns the first repositories that are not deleted, and whether there are no others.
async fn first_repos(store: &Store) -> Result<(Vec<RepoRow>, bool), StoreError> {
    let (mut repos, mut met) = (Vec::new(), 0);
    let mut pages = store.index().repo_pages(MOST as u32);
    while let Some(rows) = pages.try_next().await? {
        met += rows.len();
        repos.extend(rows.into_iter().filter(|row| row.deleted_at.is_none()));
        if repos.len() > MOST || met > MOST_ROWS {
            repos.truncate(MOST);
            return Ok((repos, false));
        }
    }
    Ok((repos, true))
}

async fn answer(store: &Store, repo: &RepoRow, tokens: bool) -> Result<(), Failure> {
    if repo.visibility != "public" && !tokens {
        return Err(Failure::no_repository());
    }
    refs::repo_id(repo)?;
    refs::heads(store, repo).await.map(drop)
}
