//! `POST push`: commits and snapshots whose blobs have arrived, and the branch that moves to them.

use crate::answer::Failure;
use crate::objects::refused;
use crate::refs::{self, of_another_era};
use crate::repos::{Asked, Need, RepoPath};
use crate::router::Serving;
use crate::wire::{self, Bundle, Pushed, SentPush};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use luthier_hub::index::RepoRow;
use luthier_hub::store::hub_writes::{Arrived, HubWriteError, Push, PushedSnapshot};
use luthier_object::{CommitRecord, ObjectId, RecordError, SnapshotRecord};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tracing::info;

/// Commits, and snapshots, of a request.
const MOST: usize = 10_000;

pub async fn push(
    State(serving): State<Arc<Serving>>,
    Path(path): Path<RepoPath>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let asked = serving.asked(&path, &headers, body, Need::Write).await?;
    let Asked { repo, what, room } = asked;
    let sent: SentPush = what;
    let count = sent.bundle.commits.len();
    let name = sent.branch.clone();
    let push = translate(&repo, sent)?;
    let head = push.head.clone();
    let repo_id = repo.repo_id.clone();
    let written = serving.write(|writer| async move {
        let _room = room;
        writer.receive_push(&repo_id, push).await
    });
    let written = written.await?;
    let (ok, message) = match written {
        Ok(written) => {
            if let Err(why) = &written.checkpoint {
                tracing::warn!(repository = %repo.path(), "the push stands, its checkpoint does not: {why}");
            }
            info!(repository = %repo.path(), branch = %name, %head, commits = count, "pushed");
            (true, format!("pushed {count} commit(s) to '{name}'"))
        }
        // The one way in which a client shows a sentence as it is.
        Err(error @ (HubWriteError::Refused(_) | HubWriteError::Conflicts(_))) => {
            info!(repository = %repo.path(), branch = %name, "push refused: {error}");
            (false, error.to_string())
        }
        Err(error) => return Err(refused(error)),
    };
    let branch_heads = refs::heads(&serving.store(), &repo).await?;
    let remote_head = branch_heads.get(&name).cloned();
    let answer = Pushed {
        ok,
        message,
        branch_heads,
        remote_head,
    };
    wire::answer(&headers, &answer)
}

/// Makes the hub's own push of a client's.
fn translate(repo: &RepoRow, sent: SentPush) -> Result<Push, Failure> {
    let Bundle {
        commits,
        snapshots,
        objects,
    } = sent.bundle;
    if commits.len() > MOST || snapshots.len() > MOST {
        return Err(Failure::unprocessable(format!(
            "at most {MOST} commits and {MOST} snapshots at once; push in parts"
        )));
    }
    let commits = records(commits, "commit", |map| {
        CommitRecord::from_map(with_repo(map, &repo.repo_id))
    })?;
    let snapshots = records(snapshots, "snapshot", SnapshotRecord::from_map)?;
    let named = commits.iter().map(|record| &record.commit_id);
    let named = named.chain(snapshots.iter().map(|record| &record.snapshot_id));
    if let Some(id) = named.into_iter().find(|id| !wire::is_plain(id)) {
        return Err(of_another_era(&format!("{id} was sent")));
    }
    let mut paths = HashMap::new();
    for record in &snapshots {
        for (path, id) in record.manifest.iter() {
            paths
                .entry(id.as_str().to_owned())
                .or_insert_with(|| path.clone());
        }
    }
    let blobs = objects.into_iter().filter_map(|object| {
        let path = paths.get(&object.object_id)?.clone();
        Some(Arrived {
            id: ObjectId::new(object.object_id),
            path,
            bytes: object.content.into_vec().into(),
        })
    });
    Ok(Push {
        branch_id: branch_id(&repo.repo_id, &sent.branch),
        head: head(&commits)?,
        branch: sent.branch,
        force: sent.force,
        blobs: blobs.collect(),
        snapshots: snapshots.into_iter().map(PushedSnapshot::Whole).collect(),
        commits,
    })
}

fn records<T>(
    maps: Vec<Map<String, Value>>,
    what: &str,
    read: impl Fn(Map<String, Value>) -> Result<T, RecordError>,
) -> Result<Vec<T>, Failure> {
    let read = |map| {
        read(map).map_err(|why| Failure::unprocessable(format!("a {what} of the push: {why}")))
    };
    maps.into_iter().map(read).collect()
}

/// A client names a repository of its own; no id covers that.
fn with_repo(mut map: Map<String, Value>, repo_id: &str) -> Map<String, Value> {
    map.insert("repo_id".to_owned(), repo_id.into());
    map
}

/// Returns the new head: the commit that is no other's parent. Clients send it first, and name it nowhere.
fn head(commits: &[CommitRecord]) -> Result<ObjectId, Failure> {
    let parents: HashSet<&ObjectId> = commits.iter().flat_map(CommitRecord::parents).collect();
    let tips = commits
        .iter()
        .map(|record| &record.commit_id)
        .filter(|id| !parents.contains(id));
    let tips: HashSet<&ObjectId> = tips.collect();
    let first = commits.first().map(|record| &record.commit_id);
    match first {
        Some(first) if tips.contains(first) && tips.len() == 1 => Ok(first.clone()),
        Some(_) => Err(Failure::unprocessable(format!(
            "the push has {} commits that are no other's parent, so its head is not known; the first has to be the only one",
            tips.len()
        ))),
        None => Err(Failure::unprocessable(
            "the push has no commit, so no branch can move",
        )),
    }
}

/// Returns the id of a branch that is made: the same for two pushes that make it at once.
fn branch_id(repo_id: &str, name: &str) -> String {
    let digest = Sha256::digest(format!("{repo_id}\0{name}"));
    let bytes = std::array::from_fn(|at| digest[at]);
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .to_string()
}
