//! `POST negotiate`: which of a client's commits the repository has, and where the histories meet.

use crate::answer::Failure;
use crate::repos::{Need, RepoPath};
use crate::router::Serving;
use crate::wire::{self, Ask, Negotiated};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use luthier_hub::store::reconstruct;
use luthier_object::Kind;
use std::collections::HashSet;
use std::sync::Arc;

/// Ids of a request; clients send 64.
const MOST: usize = 4_096;

/// Commits asked for at once.
const PAGE: usize = 500;

pub async fn negotiate(
    State(serving): State<Arc<Serving>>,
    Path(path): Path<RepoPath>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let asked = serving.asked(&path, &headers, body, Need::Read).await?;
    let (repo, ask): (_, &Ask) = (&asked.repo, &asked.what);
    if ask.want.len() > MOST || ask.have.len() > MOST {
        return Err(Failure::unprocessable(format!(
            "at most {MOST} ids at once"
        )));
    }
    let store = serving.store();
    let ack = store
        .index()
        .held_by(Kind::Commit, &repo.repo_id, &ask.have)
        .await?;
    let common_base = base(&serving, &ask.want, &ack).await?;
    wire::answer(
        &headers,
        &Negotiated {
            ready: ask.have.is_empty() || common_base.is_some(),
            ack,
            common_base,
        },
    )
}

/// Walks from `want` towards the roots until a parent is one that the client has.
async fn base(
    serving: &Serving,
    want: &[String],
    ack: &[String],
) -> Result<Option<String>, Failure> {
    let acked: HashSet<&str> = ack.iter().map(String::as_str).collect();
    if acked.is_empty() || want.iter().all(|id| acked.contains(id.as_str())) {
        return Ok(None);
    }
    let store = serving.store();
    let mut seen: HashSet<String> = want.iter().cloned().collect();
    let mut level: Vec<String> = want.to_vec();
    while !level.is_empty() {
        let mut next = Vec::new();
        for page in level.chunks(PAGE) {
            for row in store.index().commits_by_id(page).await? {
                let parents = reconstruct::parent_ids(&row.parent_ids).unwrap_or_default();
                for parent in parents {
                    if acked.contains(parent.as_str()) {
                        return Ok(Some(parent.as_str().to_owned()));
                    }
                    if seen.insert(parent.as_str().to_owned()) {
                        next.push(parent.as_str().to_owned());
                    }
                }
            }
        }
        level = next;
    }
    Ok(None)
}
