//! Reads the store's object for one row, cut to what a screen can show.

use super::row;
use super::{ObjectView, PREVIEW_BYTES};
use crate::by_id;
use crate::probe::{Named, ObjectState, PackedState, Probe, Witness};
use bytes::Bytes;
use luthier_hub::backend::Key;
use luthier_hub::index::AnyRow;
use luthier_hub::store::Store;
use luthier_hub::store::chain::TreeCache;
use luthier_hub::store::read::canonical_commit;
use luthier_object::{CommitRecord, Kind, MAX_PAYLOAD, ObjectId, SnapshotRecord, frame, json};

/// Returns the object as the row names it.
pub(super) async fn object(store: &Store, kind: Kind, id: &ObjectId, row: &AnyRow) -> ObjectView {
    let state = look(store, kind, id, row).await;
    of_state(store, kind, state, Some(row)).await
}

/// Returns the object in a state that was found; a row tells where wrong bytes begin to differ.
pub(super) async fn of_state(
    store: &Store,
    kind: Kind,
    state: ObjectState,
    row: Option<&AnyRow>,
) -> ObjectView {
    let text = |key: &Key| key.as_str().to_owned();
    match state {
        ObjectState::Unlinked { found, others } => ObjectView::Unlinked {
            found: found.iter().chain(&others).map(text).collect(),
        },
        ObjectState::Refused { uri, why, .. } => ObjectView::Refused {
            uri,
            why: why.to_string(),
        },
        ObjectState::Absent { key, .. } => ObjectView::Absent { key: text(&key) },
        ObjectState::Unknown { key, why } => ObjectView::Unknown {
            key: text(&key),
            why,
        },
        ObjectState::Packed(packed) => in_pack(&packed),
        ObjectState::There { key, size } => present(kind, &key, size, &Bytes::new(), None, None),
        ObjectState::Proved {
            key,
            size,
            bytes,
            proof,
            ..
        } => {
            let scheme = proof.scheme().to_owned();
            present(kind, &key, size, &bytes, Some(scheme), None)
        }
        ObjectState::Wrong(wrong) => {
            let at = match row {
                Some(row) => offset(store, row, &wrong.bytes).await,
                None => unreadable(&wrong.bytes),
            };
            let problem = Some((at, wrong.why));
            present(kind, &wrong.key, wrong.size, &wrong.bytes, None, problem)
        }
    }
}

/// Returns a blob that its row looks for in a pack.
fn in_pack(packed: &PackedState) -> ObjectView {
    let key = &packed.key;
    match &packed.search.blob {
        None => ObjectView::Absent {
            key: key.as_str().to_owned(),
        },
        Some(blob) => {
            let scheme = Some(blob.scheme.name().to_owned());
            let mut view = present(Kind::Blob, key, blob.size, &blob.start, scheme, None);
            if let ObjectView::Present { place, .. } = &mut view {
                let pack = packed.search.pack_key.as_ref();
                *place = packed.search.found.map(|found| found.words(pack));
            }
            view
        }
    }
}

/// Looks at the object of a row and reads it.
async fn look(store: &Store, kind: Kind, id: &ObjectId, row: &AnyRow) -> ObjectState {
    let copies = by_id::copies(store, id, row.repo_id()).await;
    let probe = Probe {
        store,
        read: true,
        listed: false,
        witness: Witness::none(),
    };
    let uri = row::uri(row);
    probe
        .at(Named {
            kind,
            id,
            uri: uri.as_deref(),
            disk_path: None,
            repo_id: row.repo_id(),
            copies: &copies,
        })
        .await
}

fn present(
    kind: Kind,
    key: &Key,
    size: u64,
    bytes: &Bytes,
    proved: Option<String>,
    problem: Option<(Option<usize>, String)>,
) -> ObjectView {
    let framed = match kind {
        Kind::Blob => None,
        _ => frame::decode(bytes).ok(),
    };
    let payload = framed.map_or(&bytes[..], |f| f.payload);
    let pretty = match kind {
        Kind::Blob => None,
        _ => json::parse(payload)
            .ok()
            .and_then(|value| serde_json::to_string_pretty(&value).ok()),
    };
    ObjectView::Present {
        key: key.as_str().to_owned(),
        place: None,
        size,
        header_len: framed.map_or(0, |f| f.header_len),
        bytes: bytes[..bytes.len().min(PREVIEW_BYTES)].to_vec(),
        proved,
        problem,
        pretty,
    }
}

/// Returns the first byte that is not as it should be: beside the bytes that the row proves, else where the reader
/// stops. `None` where nothing tells.
async fn offset(store: &Store, row: &AnyRow, bytes: &[u8]) -> Option<usize> {
    let right = match row {
        AnyRow::Commit(row) => canonical_commit(row).ok(),
        AnyRow::Snapshot(row) => {
            let mut trees = TreeCache::default();
            let made = store.canonical_snapshot(row, &mut trees).await;
            made.ok().and_then(Result::ok)
        }
        // Nothing in a row tells a blob's bytes.
        AnyRow::Blob(_) => return None,
    };
    let Some(right) = right else {
        return unreadable(bytes);
    };
    let right = right.bytes();
    let differs = right.iter().zip(bytes).position(|(a, b)| a != b);
    let shorter = right.len().min(bytes.len());
    differs.or((right.len() != bytes.len()).then_some(shorter))
}

/// Returns the place at which the reader of commits and snapshots stops.
fn unreadable(bytes: &[u8]) -> Option<usize> {
    let found = frame::decode(bytes).ok()?;
    let error = json::parse(found.payload).err()?;
    Some(found.header_len + error.at()?)
}

/// The bytes under a row's key, as far as the reader gets. Nothing here is proved.
pub(super) enum Stored {
    Commit(CommitRecord),
    Snapshot(SnapshotRecord),
    /// So many bytes, of a blob or of what is no such record.
    Bytes(usize),
}

/// Reads the whole object, where the row names one that can be read.
pub(super) async fn stored(store: &Store, row: &AnyRow) -> Option<Stored> {
    let key = store
        .locate(row.kind(), &ObjectId::new(row.id()), &row::uri(row)?)
        .ok()?;
    stored_at(store, row.kind(), &key).await
}

/// Reads the whole object under a key.
pub(super) async fn stored_at(store: &Store, kind: Kind, key: &Key) -> Option<Stored> {
    let body = store.backend().open(key).await.ok()??;
    let bytes = body.read_all(MAX_PAYLOAD as u64).await.ok()?;
    let record = match kind {
        Kind::Commit => CommitRecord::decode(&bytes).ok().map(Stored::Commit),
        Kind::Snapshot => SnapshotRecord::decode(&bytes).ok().map(Stored::Snapshot),
        Kind::Blob => None,
    };
    Some(record.unwrap_or(Stored::Bytes(bytes.len())))
}
