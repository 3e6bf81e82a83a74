//! The two ids that a blob's bytes have, and a blob by the one that its row does not use.
//!
//! Rows, keys and URIs name a blob by one id only, and the other takes its bytes. So a digest that no row has is
//! looked for by hashing blobs: a few at once without being asked, all of them only where a person says so.

use super::row;
use crate::AuditError;
use futures_util::{StreamExt, TryStreamExt, stream};
use luthier_hub::backend::{BackendError, Key};
use luthier_hub::index::{AnyRow, BlobRow};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_object::identity::{BlobDigests, BlobHasher, BlobScheme};
use luthier_object::{Kind, ObjectId};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Rows asked for at once.
const PAGE: u32 = 500;

/// Blobs that are hashed at once.
const CONCURRENCY: usize = 16;

/// The extent of a search.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// Blobs that are hashed.
    pub blobs: u64,
    /// Bytes of them, by the word of their rows.
    pub bytes: u64,
    pub time: Duration,
}

impl Reach {
    /// The number of blobs whose hashing a person does not notice.
    pub const NEAR: Self = Self {
        blobs: 20_000,
        bytes: 256 << 20,
        time: Duration::from_secs(5),
    };

    /// Every blob of the hub.
    pub const ALL: Self = Self {
        blobs: u64::MAX,
        bytes: u64::MAX,
        time: Duration::MAX,
    };
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Searched {
    Found(ObjectId),
    /// Every blob that could be read has other bytes; so many could not be read.
    Nowhere {
        unread: u64,
    },
    /// The reach was too short: blobs that were hashed.
    Cut {
        hashed: u64,
    },
}

/// Both ids of a blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BlobIds {
    /// sha256 of the bytes, hex: what `sha256sum` prints.
    pub sha256: String,
    /// sha256 behind a header: what `git hash-object` prints in a repository of SHA-256, with a prefix.
    pub typed: String,
    /// The id that the row, its key and its URI use: `typed` or `raw`; `None` if the bytes have neither.
    pub row_uses: Option<BlobScheme>,
}

/// Returns both ids of the blob that a row names; `None` for another kind, and where its bytes cannot be read.
pub(super) async fn ids_of(store: &Store, row: &AnyRow) -> Option<BlobIds> {
    let AnyRow::Blob(row) = row else {
        return None;
    };
    let digests = hash(store, row).await.ok()??;
    Some(BlobIds {
        sha256: hex::encode(digests.raw),
        typed: ObjectId::typed(&digests.typed).as_str().to_owned(),
        row_uses: digests.scheme_of(&ObjectId::new(&row.object_id)),
    })
}

/// Searches the blobs for one whose bytes have `id` under either formula.
///
/// # Errors
/// The database did not answer, or cancellation.
pub async fn search(
    store: &Store,
    id: &ObjectId,
    reach: Reach,
    progress: &Progress,
) -> Result<Searched, AuditError> {
    if id.digest().is_none() {
        return Ok(Searched::Nowhere { unread: 0 });
    }
    let store = &store.for_job(progress);
    let began = Instant::now();
    let total = store.index().counts().await?.blobs;
    progress.phase("search", Some(total));
    let (mut hashed, mut bytes, mut unread) = (0_u64, 0_u64, 0_u64);
    let mut pages = store.index().blob_pages(PAGE);
    while let Some(rows) = pages.try_next().await? {
        let mut reads = stream::iter(rows)
            .map(|row| async move {
                let digests = hash(store, &row).await;
                (row, digests)
            })
            .buffered(CONCURRENCY);
        while let Some((row, digests)) = reads.next().await {
            progress.checkpoint().await?;
            progress.update(|f| f.done += 1);
            match digests {
                Ok(Some(digests)) if digests.scheme_of(id).is_some() => {
                    return Ok(Searched::Found(ObjectId::new(row.object_id)));
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => unread += 1,
            }
            hashed += 1;
            bytes = bytes.saturating_add(u64::try_from(row.size_bytes).unwrap_or(0));
            if hashed >= reach.blobs || bytes >= reach.bytes || began.elapsed() >= reach.time {
                return Ok(Searched::Cut { hashed });
            }
        }
    }
    Ok(Searched::Nowhere { unread })
}

/// Returns the digests of what a row names; `None` where it names nothing that is there.
async fn hash(store: &Store, row: &BlobRow) -> Result<Option<BlobDigests>, BackendError> {
    let Some(uri) = row::blob_uri(row) else {
        return Ok(None);
    };
    let id = ObjectId::new(&row.object_id);
    let Ok(key) = store.locate(Kind::Blob, &id, &uri) else {
        return Ok(None);
    };
    hash_at(store, &key).await
}

async fn hash_at(store: &Store, key: &Key) -> Result<Option<BlobDigests>, BackendError> {
    let Some(mut body) = store.backend().open(key).await? else {
        return Ok(None);
    };
    let announced = body.meta.size;
    let (mut hasher, mut read) = (BlobHasher::new(announced), 0_u64);
    while let Some(chunk) = body.stream.next().await {
        let chunk = chunk?;
        read += chunk.len() as u64;
        hasher.update(&chunk);
    }
    if read != announced {
        return Err(BackendError::WrongLength { announced });
    }
    Ok(Some(hasher.digests()))
}

/// Resolves a digest that no row has: the blob whose bytes have it, within what a person does not notice.
pub(super) async fn resolve(
    store: &Store,
    text: &str,
) -> Result<Option<(Kind, ObjectId)>, AuditError> {
    let id = ObjectId::new(text);
    if text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(AuditError::Sha1(text.to_owned()));
    }
    match search(store, &id, Reach::NEAR, &Progress::new()).await? {
        Searched::Found(id) => Ok(Some((Kind::Blob, id))),
        Searched::Nowhere { .. } => Ok(None),
        Searched::Cut { hashed } => Err(AuditError::SearchCut {
            id: text.to_owned(),
            hashed,
        }),
    }
}
