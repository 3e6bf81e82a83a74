//! Bytes that prove an id, wherever they can be had: the row, another key, or a copy beside the hub.

use super::{StepContext, Target};
use crate::step::COPY_IN;
use bytes::Bytes;
use luthier_hub::backend::{Key, layout};
use luthier_hub::cause::Cause;
use luthier_hub::index::AnyRow;
use luthier_hub::store::StoreError;
use luthier_hub::store::read::{self, UnprovenRow};
use luthier_hub::store::reconstruct::non_empty;
use luthier_object::legacy;
use luthier_object::{CommitRecord, Kind, ObjectId, ProofError, Proven, SnapshotRecord};

/// An object that was found.
pub(super) struct Source {
    pub object: Proven,
    /// Their source, in words.
    pub words: String,
    /// The key that they were read from, where it is one of the store.
    pub key: Option<Key>,
}

/// The reason why no bytes match an id.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoSource {
    #[error("the hub has no valid copy of it; a copy from elsewhere is needed")]
    Nothing,
    #[error(transparent)]
    Row(UnprovenRow),
    #[error("{words}: {source}")]
    Bytes { words: String, source: ProofError },
    #[error("among the copies, {0}")]
    Copies(#[source] Cause),
    #[error("the folder of copies does not contain it")]
    NoCopy,
    /// Several places were tried; the first of them is the source.
    #[error("{first}; {rest}")]
    Several {
        #[source]
        first: Box<NoSource>,
        rest: Box<NoSource>,
    },
}

impl NoSource {
    /// Returns all that was tried as one error.
    fn all(tried: Vec<Self>) -> Self {
        let all = tried.into_iter().rev().reduce(|rest, first| Self::Several {
            first: Box::new(first),
            rest: Box::new(rest),
        });
        all.unwrap_or(Self::Nothing)
    }
}

/// Looks where faults.md says, in its order; `but` is the key whose bytes are bad. `Err` inside says why nothing
/// proves.
pub(super) async fn find(
    ctx: StepContext<'_>,
    target: &Target,
    row: Option<&AnyRow>,
    but: Option<&Key>,
) -> Result<Result<Source, NoSource>, StoreError> {
    let mut tried = Vec::new();
    if let Some(found) = in_row(ctx, row).await? {
        match found {
            Ok(object) => {
                return Ok(Ok(Source {
                    object,
                    words: match target.kind {
                        Kind::Blob => "content_cache in its row",
                        Kind::Commit | Kind::Snapshot => "its row",
                    }
                    .to_owned(),
                    key: None,
                }));
            }
            Err(why) => tried.push(NoSource::Row(why)),
        }
    }
    let packed = in_packs(ctx, target).await?;
    for key in keys(target, row).into_iter().chain(packed) {
        if Some(&key) == but {
            continue;
        }
        let words = format!("the copy under {key}");
        let id = ObjectId::new(&target.id);
        let prove = |bytes| canonical(target.kind, &id, bytes);
        match ctx.store.read_proved(&key, prove).await? {
            None => {}
            Some(Ok(object)) => {
                return Ok(Ok(Source {
                    object,
                    words,
                    key: Some(key),
                }));
            }
            Some(Err(source)) => tried.push(NoSource::Bytes { words, source }),
        }
    }
    if let Some(found) = beside(ctx, target).await {
        match found {
            Ok(source) => return Ok(Ok(source)),
            Err(why) => tried.push(why),
        }
    }
    Ok(Err(NoSource::all(tried)))
}

/// Returns the object that the row alone describes; of a blob, the bytes that it keeps.
async fn in_row(
    ctx: StepContext<'_>,
    row: Option<&AnyRow>,
) -> Result<Option<Result<Proven, UnprovenRow>>, StoreError> {
    Ok(match row {
        Some(AnyRow::Commit(row)) => Some(read::canonical_commit(row)),
        Some(AnyRow::Snapshot(row)) => {
            // Its own object is what is missing or bad, so only the cache and the chain can speak.
            let row = luthier_hub::index::SnapshotRow {
                storage_uri: None,
                ..row.as_ref().clone()
            };
            let mut trees = ctx.trees.lock().await;
            Some(ctx.store.canonical_snapshot(&row, &mut trees).await?)
        }
        Some(AnyRow::Blob(row)) => {
            let id = ObjectId::new(&row.object_id);
            let cached = ctx.store.cached_blob(&id).await?;
            cached.map(|cached| cached.map_err(UnprovenRow::from))
        }
        None => None,
    })
}

/// Returns every key that may hold it: those that the finding names, those of every era, and the old disk path.
fn keys(target: &Target, row: Option<&AnyRow>) -> Vec<Key> {
    let id = ObjectId::new(&target.id);
    let (repo_id, disk_path) = match row {
        Some(AnyRow::Blob(row)) => (row.repo_id.as_deref(), non_empty(row.disk_path.as_deref())),
        Some(AnyRow::Commit(row)) => (row.repo_id.as_deref(), None),
        Some(AnyRow::Snapshot(row)) => (row.repo_id.as_deref(), None),
        None => (None, None),
    };
    let named = target.keys.iter().map(String::as_str).chain(disk_path);
    let key = |text: &str| {
        Key::in_pack_at(text, &id)
            .ok()
            .or_else(|| Key::new(text).ok())
    };
    let mut out: Vec<Key> = named.filter_map(key).collect();
    out.extend(layout::keys_for(&id, repo_id));
    let mut seen = std::collections::HashSet::new();
    out.retain(|key| seen.insert(key.as_str().to_owned()));
    out
}

/// Returns the places of a blob in the packs that the index names for it and that are there.
async fn in_packs(ctx: StepContext<'_>, target: &Target) -> Result<Vec<Key>, StoreError> {
    let (index, id) = (ctx.store.index(), ObjectId::new(&target.id));
    let mut out = Vec::new();
    let Some(hex) = id.hex().filter(|_| target.kind == Kind::Blob) else {
        return Ok(out);
    };
    if !index.capabilities().packs() {
        return Ok(out);
    }
    let spellings = [format!("sha256:{hex}"), hex.to_owned()];
    for row in index.packed_by_id(&spellings).await? {
        let Some(pack) = row.pack() else { continue };
        if ctx.store.pack(pack).await?.is_some() {
            out.extend(Key::in_pack_at(&format!("mpack://{pack}"), &id).ok());
        }
    }
    Ok(out)
}

/// Looks for the bytes in the folder of copies.
async fn beside(ctx: StepContext<'_>, target: &Target) -> Option<Result<Source, NoSource>> {
    let id = ObjectId::new(&target.id);
    let found = match ctx.store.copies()?.candidates(target.kind, &id).await {
        Ok(found) => found,
        Err(why) => return Some(Err(NoSource::Copies(why))),
    };
    let mut refused = NoSource::NoCopy;
    for (path, bytes) in found {
        let words = format!("{COPY_IN}{path}");
        match canonical(target.kind, &id, bytes) {
            Ok(object) => {
                return Some(Ok(Source {
                    object,
                    words,
                    key: None,
                }));
            }
            Err(source) => refused = NoSource::Bytes { words, source },
        }
    }
    Some(Err(refused))
}

/// Returns the canonical object inside `bytes`: as it is, or without what old code and clients wrap around it.
///
/// # Errors
/// Nothing in there proves the id.
pub(super) fn canonical(kind: Kind, id: &ObjectId, bytes: Bytes) -> Result<Proven, ProofError> {
    let why = match Proven::read(kind, id, bytes.clone()) {
        Ok(object) => return Ok(object),
        Err(why) => why,
    };
    let record = || legacy::unwrap_record(&bytes, kind).map(|inner| inner.content);
    let inner: Vec<Vec<u8>> = match kind {
        Kind::Blob => {
            let inner = legacy::unwrap_blob(&bytes).into_iter();
            inner.map(|inner| inner.content).collect()
        }
        Kind::Commit => (record().and_then(|map| CommitRecord::from_map(map).ok()))
            .map(|record| record.encode())
            .into_iter()
            .collect(),
        Kind::Snapshot => (record().and_then(|map| SnapshotRecord::from_map(map).ok()))
            .map(|record| record.encode())
            .into_iter()
            .collect(),
    };
    let mut inner = inner.into_iter();
    inner
        .find_map(|inner| Proven::read(kind, id, inner.into()).ok())
        .ok_or(why)
}
