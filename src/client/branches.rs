//! Chooses the branches of a pull, and finds the names that no client may write to a disk.

use super::error::PullError;
use futures_util::TryStreamExt;
use luthier_hub::index::{BranchRow, RepoRow};
use luthier_hub::store::reconstruct::non_empty;
use luthier_hub::store::{Store, StoreError};
use luthier_object::{ObjectId, branch};
use std::collections::BTreeMap;

/// Branches asked for at once.
const PAGE: u32 = 1_000;

/// The branches of a pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branches {
    /// By name; `None` before the first commit.
    pub heads: BTreeMap<String, Option<ObjectId>>,
    /// The branch that `HEAD` names: one of them.
    pub head: String,
}

impl Branches {
    /// Chooses `branch`, or all branches of the repository.
    ///
    /// # Errors
    /// No such branch; a name with two heads, or one that leaves the folder or collides.
    pub async fn choose(
        store: &Store,
        repo: &RepoRow,
        branch: Option<&str>,
    ) -> Result<Self, PullError> {
        let mut heads = BTreeMap::new();
        let mut pages = store.index().branch_pages_of(&repo.repo_id, PAGE);
        while let Some(rows) = pages.try_next().await.map_err(StoreError::from)? {
            for row in &rows {
                if branch.is_none_or(|name| name == row.name) {
                    add(&mut heads, row)?;
                }
            }
        }
        if let Some(name) = branch
            && !heads.contains_key(name)
        {
            return Err(PullError::NoSuchBranch {
                repo: repo.path(),
                branch: name.to_owned(),
            });
        }
        let head = match branch {
            Some(name) => name.to_owned(),
            None => default_branch(repo, &mut heads),
        };
        check(&heads)?;
        Ok(Self { heads, head })
    }
}

/// Returns the repository's default branch; another one only where that does not exist.
fn default_branch(repo: &RepoRow, heads: &mut BTreeMap<String, Option<ObjectId>>) -> String {
    let named = non_empty(Some(&repo.default_branch)).unwrap_or("main");
    if heads.contains_key(named) {
        return named.to_owned();
    }
    let first = heads.iter().find(|(_, head)| head.is_some());
    if let Some((name, _)) = first.or_else(|| heads.iter().next()) {
        return name.clone();
    }
    heads.insert(named.to_owned(), None);
    named.to_owned()
}

/// Takes a row in. Two rows of one name must agree.
fn add(heads: &mut BTreeMap<String, Option<ObjectId>>, row: &BranchRow) -> Result<(), PullError> {
    let head = non_empty(row.head_commit_id.as_deref()).map(ObjectId::new);
    match heads.insert(row.name.clone(), head.clone()) {
        Some(other) if other != head => {
            let words =
                |id: Option<ObjectId>| id.map_or("no commit".to_owned(), |id| id.to_string());
            Err(PullError::Refused(format!(
                "branch {} has two rows, with the heads {} and {}; nobody can tell which one is right",
                row.name,
                words(other),
                words(head),
            )))
        }
        _ => Ok(()),
    }
}

/// Refuses names that no client may write: as files they are judged together.
fn check(heads: &BTreeMap<String, Option<ObjectId>>) -> Result<(), PullError> {
    match unfit(heads.keys().map(String::as_str)).into_values().next() {
        Some(why) => Err(PullError::Refused(why)),
        None => Ok(()),
    }
}

/// Returns the names that no client can hold together, each with a sentence.
pub fn unfit<'n>(names: impl IntoIterator<Item = &'n str>) -> BTreeMap<String, String> {
    let sentence = |(name, why): (String, branch::Unfit)| {
        let why = format!(
            "no client can store branch {name:?} as a file together with the others ({why})"
        );
        (name, why)
    };
    branch::check_all(names).into_iter().map(sentence).collect()
}
