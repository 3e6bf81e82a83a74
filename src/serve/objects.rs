//! Blobs by themselves: which are missing, where they may be put, and those that arrive before their push.

use crate::answer::Failure;
use crate::fetch::{LARGEST, disk};
use crate::flights::FlightKey;
use crate::refs::of_another_era;
use crate::repos::{Asked, Need, RepoPath};
use crate::router::Serving;
use crate::spool::Spool;
use crate::wire::{self, Missing, ObjectIds, Presigned, SentObjects, Stored};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use luthier_hub::backend::BackendError;
use luthier_hub::store::hub_writes::{Arrived, HubWriteError};
use luthier_hub::store::write::WriteError;
use luthier_hub::store::{ServeError, Source, StoreError};
use luthier_object::{Kind, ObjectId, Proof, identity};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use tracing::info;

/// Ids of a request.
const MOST_IDS: usize = 50_000;

/// Blobs of a request; clients send 400.
const MOST_BLOBS: usize = 1_000;

/// Rows asked for at once.
const PAGE: usize = 500;

pub async fn filter(
    State(serving): State<Arc<Serving>>,
    Path(path): Path<RepoPath>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let asked = serving.asked(&path, &headers, body, Need::Known).await?;
    let ids = ids(asked.what)?;
    let mut there: HashSet<String> = HashSet::new();
    let store = serving.store();
    for page in ids.chunks(PAGE) {
        let rows = store.index().blobs_by_id(page).await?;
        let located = rows
            .into_iter()
            .filter(|row| row.storage_uri.is_some() || row.disk_path.is_some());
        there.extend(located.map(|row| row.object_id));
    }
    let is_missing =
        |id: &String| !there.contains(id) && !identity::is_empty_blob(&ObjectId::new(id.as_str()));
    let missing = ids.into_iter().filter(is_missing).collect();
    wire::answer(&headers, &Missing { missing })
}

/// No URL is handed out: every blob is to come inline, where it is proved.
pub async fn presign(
    State(serving): State<Arc<Serving>>,
    Path(path): Path<RepoPath>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let asked = serving.asked(&path, &headers, body, Need::Known).await?;
    let answer = Presigned {
        presigned: BTreeMap::new(),
        inline: ids(asked.what)?,
    };
    wire::answer(&headers, &answer)
}

fn ids(ObjectIds { object_ids: ids }: ObjectIds) -> Result<Vec<String>, Failure> {
    match ids.len() > MOST_IDS {
        true => Err(Failure::unprocessable(format!(
            "at most {MOST_IDS} ids at once"
        ))),
        false => Ok(ids),
    }
}

/// Takes blobs ahead of the push that needs them: each is proved and stored, and gets its row with the push.
pub async fn push_objects(
    State(serving): State<Arc<Serving>>,
    Path(path): Path<RepoPath>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let asked = serving.asked(&path, &headers, body, Need::Write).await?;
    let Asked { repo, what, room } = asked;
    let sent: SentObjects = what;
    if sent.objects.len() > MOST_BLOBS {
        return Err(Failure::unprocessable(format!(
            "at most {MOST_BLOBS} blobs at once"
        )));
    }
    let mut blobs = Vec::with_capacity(sent.objects.len());
    let mut skipped = 0;
    for object in sent.objects {
        let id = ObjectId::new(object.object_id);
        if !wire::is_plain(&id) {
            return Err(of_another_era(&format!("the blob {id} was sent")));
        }
        // Its id alone gives an empty blob; a client that is sent one keeps none.
        match object.content.is_empty() && identity::is_empty_blob(&id) {
            true => skipped += 1,
            false => blobs.push(Arrived {
                id,
                path: String::new(),
                bytes: object.content.into_vec().into(),
            }),
        }
    }
    let count = blobs.len() as u64;
    let path = repo.path();
    let stored = serving.write(|writer| async move {
        let _room = room;
        writer.stage(&repo, blobs).await
    });
    let stored = stored.await?.map_err(refused)?;
    info!(repository = %path, stored, skipped = skipped + count - stored, "blobs arrived");
    let answer = Stored {
        stored,
        skipped: skipped + count - stored,
    };
    wire::answer(&headers, &answer)
}

/// Returns the answer for a write that did nothing.
pub fn refused(error: HubWriteError) -> Failure {
    match error {
        HubWriteError::Store(error) => error.into(),
        HubWriteError::Write(WriteError::Ledger(why)) => Failure::no_journal(&why),
        HubWriteError::Write(error) => Failure::unavailable(&error),
        HubWriteError::NotFastForward { .. } | HubWriteError::HeadMoved(_) => {
            Failure::new(StatusCode::CONFLICT, error.to_string())
        }
        _ => Failure::unprocessable(error.to_string()),
    }
}

#[derive(Deserialize)]
pub struct OfRepo {
    repo_id: Option<String>,
}

/// `GET /o/ID?repo_id=`: a blob's raw bytes.
pub async fn blob(
    State(serving): State<Arc<Serving>>,
    Path(id): Path<String>,
    Query(of): Query<OfRepo>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let store = serving.store();
    let row = match &of.repo_id {
        Some(repo_id) => store.index().repo_by_id(repo_id).await?,
        None => return Err(Failure::malformed("repo_id is missing")),
    };
    let row = row.ok_or_else(Failure::no_repository)?;
    let path = RepoPath {
        owner: row.owner,
        slug: row.slug,
    };
    let repo = serving.repo(&path, &headers, Need::Read).await?;
    let held = store
        .index()
        .held_by(Kind::Blob, &repo.repo_id, std::slice::from_ref(&id))
        .await?;
    if held.is_empty() {
        return Err(no_blob());
    }
    let id = ObjectId::new(id);
    let key = blob_key(&id);
    let making = serving.clone();
    let spool = serving.flights.join(key, || spooled(making, id)).await?;
    serving.metrics.sent(spool.bytes());
    let kind = HeaderValue::from_static("application/octet-stream");
    let length = HeaderValue::from(spool.bytes());
    let cache = HeaderValue::from_static("private, max-age=31536000, immutable");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_LENGTH, length),
        (header::CACHE_CONTROL, cache),
    ];
    Ok((headers, spool.body()).into_response())
}

/// Names the answer for a blob; no fetch has the same name.
fn blob_key(id: &ObjectId) -> FlightKey {
    Sha256::digest(format!("blob\0{id}")).into()
}

/// Reads a blob, proves it, and brings it to the disk, from which it is sent however slowly a client reads.
async fn spooled(serving: Arc<Serving>, id: ObjectId) -> Result<Arc<Spool>, Failure> {
    let served = match serving.store().serve_blob(&id, LARGEST).await {
        Ok(served) => served,
        Err(ServeError::Store(StoreError::Backend(BackendError::TooLarge { size, .. }))) => {
            return Err(Failure::too_large(format!(
                "the blob {id} has {size} bytes, and at most {LARGEST} are served; use `luthier pull`"
            )));
        }
        Err(ServeError::Store(error)) => return Err(error.into()),
        Err(ServeError::NoRow { .. }) => return Err(no_blob()),
        Err(why) => return Err(Failure::unprocessable(why.to_string())),
    };
    if let Err(why) = Proof::read(Kind::Blob, &id, &served.bytes) {
        return Err(Failure::unprocessable(format!(
            "the blob {id} cannot be served: {why}"
        )));
    }
    serving.metrics.object(match served.source {
        Source::Canonical(_) => "object",
        Source::Reconstructed => "row",
    });
    Spool::of_blob(&served.bytes).map(Arc::new).map_err(disk)
}

fn no_blob() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "there is no such blob")
}
