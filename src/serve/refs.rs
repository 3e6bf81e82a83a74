//! `GET refs`: where the branches point.

use crate::answer::Failure;
use crate::repos::{Need, RepoPath};
use crate::router::Serving;
use crate::wire::{self, Refs};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::TryStreamExt;
use luthier_hub::index::RepoRow;
use luthier_hub::store::Store;
use luthier_object::{ObjectId, branch};
use std::collections::BTreeMap;
use std::sync::Arc;
use tracing::warn;

/// Branches read at once.
const PAGE: u32 = 500;

pub async fn refs(
    State(serving): State<Arc<Serving>>,
    Path(path): Path<RepoPath>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let repo = serving.repo(&path, &headers, Need::Read).await?;
    let branch_heads = heads(&serving.store(), &repo).await?;
    wire::answer(
        &headers,
        &Refs {
            repo_id: repo_id(&repo)?,
            domain: "code",
            default_branch: repo.default_branch.clone(),
            branch_heads,
        },
    )
}

/// Returns the heads that a client can take, by branch.
///
/// A branch without a head, and one whose name no client can keep, is left out and logged. Two rows of one name that
/// disagree are left out too: nobody can say which is meant.
///
/// # Errors
/// A head of another era than the wire's, or a database that does not answer.
pub async fn heads(store: &Store, repo: &RepoRow) -> Result<BTreeMap<String, String>, Failure> {
    let mut heads: BTreeMap<String, String> = BTreeMap::new();
    let mut doubled = Vec::new();
    let mut pages = store.index().branch_pages_of(&repo.repo_id, PAGE);
    while let Some(rows) = pages.try_next().await? {
        for row in rows {
            let Some(head) = row.head_commit_id.filter(|head| !head.is_empty()) else {
                continue;
            };
            match heads.get(&row.name) {
                Some(other) if *other != head => doubled.push(row.name),
                _ => drop(heads.insert(row.name, head)),
            }
        }
    }
    for name in doubled {
        warn!(repository = %repo.path(), branch = %name, "left out: two rows of this branch disagree");
        heads.remove(&name);
    }
    leave_out_unfit(repo, &mut heads);
    match heads
        .iter()
        .find(|(_, id)| !wire::is_plain(&ObjectId::new(id.as_str())))
    {
        None => Ok(heads),
        Some((name, id)) => Err(of_another_era(&format!("the branch {name} points at {id}"))),
    }
}

/// Leaves out branches whose names no client can keep, alone or beside the others. Of those that clash, the default
/// branch stays.
fn leave_out_unfit(repo: &RepoRow, heads: &mut BTreeMap<String, String>) {
    let default = repo.default_branch.as_str();
    loop {
        let mut unfit = branch::check_all(heads.keys().map(String::as_str));
        if branch::check(default).is_none()
            && let Some(why) = unfit.remove(default)
            && unfit.is_empty()
        {
            let clashes = |name: &&String| !branch::check_all([default, name]).is_empty();
            let others = heads.keys().filter(|name| *name != default).filter(clashes);
            unfit = others.map(|name| (name.clone(), why.clone())).collect();
        }
        if unfit.is_empty() {
            return;
        }
        for (name, why) in unfit {
            warn!(repository = %repo.path(), branch = %name, "left out: no client can keep its name: {why}");
            heads.remove(&name);
        }
    }
}

/// Refuses what this wire's clients would break on.
pub fn of_another_era(what: &str) -> Failure {
    Failure::new(
        StatusCode::NOT_ACCEPTABLE,
        format!(
            "clients of this wire (March 2026) take ids of 64 hexadecimal digits alone, and {what}; pull with `luthier pull`, or with a newer client from the hub itself"
        ),
    )
}

/// Returns the id of a repository, which clients use as the name of a file.
///
/// # Errors
/// An id that cannot be one.
pub fn repo_id(repo: &RepoRow) -> Result<String, Failure> {
    let id = &repo.repo_id;
    match id.is_empty() || id.contains(['/', '\\']) || id.contains("..") {
        true => Err(Failure::unprocessable(
            "the repository's id cannot be the name of a file, and clients make one of it",
        )),
        false => Ok(id.clone()),
    }
}
