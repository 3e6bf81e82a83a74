//! What the store holds for one row, cut to what a screen can hold.

use super::row::Row;
use super::{ObjectView, PREVIEW_BYTES};
use crate::audit::look::{Look, Looked};
use crate::audit::one;
use crate::backend::Key;
use crate::object::{Kind, MAX_PAYLOAD, ObjectId, frame, json};
use crate::store::Store;
use bytes::Bytes;

/// The object as the row names it.
pub(super) async fn object(store: &Store, kind: Kind, id: &ObjectId, row: &Row) -> ObjectView {
    let copies = one::copies(store, id, row.repo_id()).await;
    let look = Look {
        store,
        read: true,
        listed: false,
    };
    let looked = look.at(kind, id, row.uri().as_deref(), None, &copies).await;
    let text = |key: &Key| key.as_str().to_owned();
    match looked {
        Looked::Unlinked { found, others } => ObjectView::Unlinked {
            found: found.iter().chain(&others).map(text).collect(),
        },
        Looked::Refused { uri, why, .. } => ObjectView::Refused {
            uri,
            why: why.to_string(),
        },
        Looked::Absent { key, .. } => ObjectView::Absent { key: text(&key) },
        Looked::Unknown { key, why } => ObjectView::Unknown {
            key: text(&key),
            why,
        },
        Looked::There { key, size } => present(kind, &key, size, &Bytes::new(), None, None),
        Looked::Proved {
            key,
            size,
            bytes,
            scheme,
            ..
        } => present(kind, &key, size, &bytes, Some(scheme.to_owned()), None),
        Looked::Wrong {
            key,
            size,
            bytes,
            why,
            ..
        } => {
            let problem = Some((offset(kind, &bytes), why));
            present(kind, &key, size, &bytes, None, problem)
        }
    }
}

fn present(
    kind: Kind,
    key: &Key,
    size: u64,
    bytes: &Bytes,
    proved: Option<String>,
    problem: Option<(usize, String)>,
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
        size,
        header_len: framed.map_or(0, |f| f.header_len),
        bytes: bytes[..bytes.len().min(PREVIEW_BYTES)].to_vec(),
        proved,
        problem,
        pretty,
    }
}

/// Where bytes stop being what they should be, as far as that can be told.
fn offset(kind: Kind, bytes: &[u8]) -> usize {
    if kind == Kind::Blob {
        return 0;
    }
    match frame::decode(bytes) {
        Err(_) => 0,
        Ok(found) => match json::parse(found.payload) {
            Err(error) => found.header_len + error.at().unwrap_or(0),
            Ok(_) => 0,
        },
    }
}

/// The whole object, where the row names one that can be read; a blob of any size is not held.
pub(super) async fn whole(store: &Store, row: &Row) -> Option<Bytes> {
    let key = store.backend().locate(&row.uri()?).ok()?;
    let body = store.backend().open(&key).await.ok()??;
    body.read_all(MAX_PAYLOAD as u64).await.ok()
}
