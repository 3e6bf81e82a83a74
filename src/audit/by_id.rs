//! A row that is looked up by its id and judged, and the keys of its object, asked for one by one.

use super::AuditError;
use super::judge::{Judge, Verdict};
use luthier_hub::backend::{Key, layout};
use luthier_hub::index::audit_scratch::StoredCopy;
use luthier_hub::store::Store;
use luthier_object::{Kind, ObjectId};

/// Returns the verdict on the row of `kind` with this id, and its `repo_id`; `None` where there is no such row.
pub(super) async fn row(
    store: &Store,
    judge: &Judge,
    kind: Kind,
    id: &ObjectId,
) -> Result<Option<(String, Verdict)>, AuditError> {
    let ids = [id.as_str().to_owned()];
    Ok(match kind {
        Kind::Commit => match store.index().commits_by_id(&ids).await?.pop() {
            None => None,
            Some(row) => {
                let copies = copies(store, id, row.repo_id.as_deref()).await;
                let verdict = judge.commit(&row, &copies).await;
                Some((row.repo_id.unwrap_or_default(), verdict))
            }
        },
        Kind::Snapshot => match store.index().snapshots_by_id(&ids).await?.pop() {
            None => None,
            Some(row) => {
                let copies = copies(store, id, row.repo_id.as_deref()).await;
                let verdict = judge.snapshot(&row, &copies).await;
                Some((row.repo_id.unwrap_or_default(), verdict))
            }
        },
        Kind::Blob => match store.index().blobs_by_id(&ids).await?.pop() {
            None => None,
            Some(row) => {
                let copies = copies(store, id, row.repo_id.as_deref()).await;
                let verdict = judge.blob(&row, &copies).await;
                Some((row.repo_id.unwrap_or_default(), verdict))
            }
        },
    })
}

/// Returns the keys of every layout that hold something, asked for one by one.
pub(super) async fn copies(store: &Store, id: &ObjectId, repo_id: Option<&str>) -> Vec<StoredCopy> {
    let mut out = Vec::new();
    for key in layout::keys_for(id, repo_id) {
        let size = match store.backend().head(&key).await {
            Ok(None) => continue,
            Ok(Some(meta)) => meta.size,
            // What is there is not known; reading it says so.
            Err(_) => 0,
        };
        out.push(StoredCopy {
            key: Key::as_str(&key).to_owned(),
            size,
        });
    }
    out
}
