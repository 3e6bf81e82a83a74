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
    let branch_heads = heads(&serving, &repo).await?;
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
pub async fn heads(serving: &Serving, repo: &RepoRow) -> Result<BTreeMap<String, String>, Failure> {
    let mut heads: BTreeMap<String, String> = BTreeMap::new();
    let mut doubled = Vec::new();
    let store = serving.store();
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
    let unfit: Vec<String> = branch::check_all(heads.keys().map(String::as_str))
        .into_iter()
        .map(|(name, why)| {
            warn!(repository = %repo.path(), branch = %name, "left out: no client can keep its name: {why}");
            name.to_owned()
        })
        .collect();
    for name in unfit {
        heads.remove(&name);
    }
    match heads
        .iter()
        .find(|(_, id)| !wire::is_plain(&ObjectId::new(id.as_str())))
    {
        None => Ok(heads),
        Some((name, id)) => Err(of_another_era(&format!("the branch {name} points at {id}"))),
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
fn repo_id(repo: &RepoRow) -> Result<String, Failure> {
    let id = &repo.repo_id;
    match id.is_empty() || id.contains(['/', '\\']) || id.contains("..") {
        true => Err(Failure::unprocessable(
            "the repository's id cannot be the name of a file, and clients make one of it",
        )),
        false => Ok(id.clone()),
    }
}
