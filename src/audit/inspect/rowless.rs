//! An object of which no row has the id: what the store alone knows of it.

use super::view::{self, Stored};
use super::{Inspection, LinkTo, NamedBy, ObjectView, links, trials};
use crate::AuditError;
use crate::probe::{ObjectState, Probe, Witness};
use crate::unreferenced::kind_under;
use futures_util::StreamExt;
use luthier_hub::backend::{Key, layout};
use luthier_hub::store::Store;
use luthier_object::{Kind, ObjectId};
use std::collections::BTreeSet;

/// The fewest digits that are looked for.
const SHORTEST: usize = 4;

/// Keys of a layout that are looked through.
const LISTED: usize = 1_000;

/// Returns the kind of the object that the store has under an id, or under a key as findings name it; `None` where
/// nothing there matches it, or the store gives no answer.
pub(super) async fn resolve(store: &Store, text: &str) -> Option<(Kind, ObjectId)> {
    let id = match whole(store, text).await {
        Some(digest) => ObjectId::new(format!("sha256:{digest}")),
        None => ObjectId::new(text),
    };
    let (digest, keys) = places(&id);
    for key in keys {
        if let Ok(Some(kind)) = kind_under(store, &digest, &key, None).await {
            return Some((kind, id));
        }
    }
    None
}

/// Returns the digits of the one id that the store has keys of and that starts with `text`; `None` where there are none
/// or several, or the store gives no answer.
async fn whole(store: &Store, text: &str) -> Option<String> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    let is_start = (SHORTEST..64).contains(&digits.len());
    if !is_start
        || !digits
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    {
        return None;
    }
    let (two, rest) = digits.split_at(2);
    let mut found = BTreeSet::new();
    for prefix in [
        format!("objects/sha256/{two}/{rest}"),
        format!("objects/sha256:{digits}"),
        format!("objects/{digits}"),
    ] {
        let mut entries = store.backend().list(&prefix, None).take(LISTED);
        while let Some(entry) = entries.next().await {
            let hex = layout::recognise(&entry.ok()?.key).map(|(_, hex)| hex);
            // The name of a repository may start with the same digits.
            found.extend(hex.filter(|hex| hex.starts_with(digits)));
            if found.len() > 1 {
                return None;
            }
        }
    }
    found.pop_first()
}

/// Looks at the object of an id that no row has; `None` where the store has none.
///
/// # Errors
/// The database cannot be read.
pub(super) async fn inspect(
    store: &Store,
    kind: Kind,
    id: &ObjectId,
) -> Result<Option<Inspection>, AuditError> {
    let probe = Probe {
        store,
        read: true,
        listed: false,
        witness: Witness::none(),
    };
    let (digest, keys) = places(id);
    for key in keys {
        let state = probe.read(kind, &digest, &key, None).await;
        if matches!(state, ObjectState::Absent { .. }) {
            continue;
        }
        let stored = view::stored_at(store, kind, &key).await;
        let object = view::of_state(store, kind, state, None).await;
        return Ok(Some(Inspection {
            kind,
            id: id.as_str().to_owned(),
            repo: String::new(),
            verdict: sentence(kind, &object),
            row: Vec::new(),
            fields: Vec::new(),
            identity: trials::of_object(&digest, stored.as_ref()),
            blob_ids: None,
            signature: None,
            links: links_of(store, stored.as_ref()).await?,
            findings: Vec::new(),
            object,
        }));
    }
    Ok(None)
}

/// Returns the id to prove, and the keys that may hold its object: one key where that is what was given.
fn places(id: &ObjectId) -> (ObjectId, Vec<Key>) {
    match (layout::recognise(id.as_str()), Key::new(id.as_str())) {
        (Some((_, hex)), Ok(key)) => (ObjectId::new(hex), vec![key]),
        _ => (id.clone(), layout::keys_for(id, None)),
    }
}

async fn links_of(store: &Store, stored: Option<&Stored>) -> Result<Vec<LinkTo>, AuditError> {
    match stored {
        Some(Stored::Commit(record)) => links::of_commit(store, record).await,
        Some(Stored::Snapshot(record)) => {
            links::of_snapshot(store, None, (Some(&record.manifest), NamedBy::Object)).await
        }
        Some(Stored::Bytes(_)) | None => Ok(Vec::new()),
    }
}

fn sentence(kind: Kind, object: &ObjectView) -> String {
    match object {
        ObjectView::Present {
            proved: Some(scheme),
            ..
        } => format!(
            "No row has this id, so clients cannot get it. The store has the {kind}, and it matches its id ({scheme})."
        ),
        ObjectView::Unknown { why, .. } => {
            format!("No row has this id, and the store gives no answer ({why}).")
        }
        _ => format!(
            "No row has this id. The bytes that the store has under its key are no {kind} that matches it."
        ),
    }
}
