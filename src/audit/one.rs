//! The audit of a single id: its row, and its keys asked for one by one instead of a listing.

use super::AuditError;
use super::judge::{Judge, Verdict};
use super::scan::Scan;
use super::suggest;
use crate::backend::{Key, layout};
use crate::index::notebook::StoredCopy;
use crate::object::{Kind, ObjectId};
use crate::store::Store;
use std::collections::BTreeSet;

/// Judges every row with this id.
pub(super) async fn judge(scan: &mut Scan<'_>, id: &ObjectId) -> Result<(), AuditError> {
    let (mut found, mut repos) = (false, BTreeSet::new());
    for kind in Kind::ALL {
        let Some((repo, verdict)) = row(scan.store, &scan.judge, kind, id).await? else {
            continue;
        };
        found = true;
        match kind {
            Kind::Commit => scan.summary.checked.commits += 1,
            Kind::Snapshot => scan.summary.checked.snapshots += 1,
            Kind::Blob => scan.summary.checked.blobs += 1,
        }
        let mut findings = scan.fold(verdict);
        for finding in &mut findings {
            finding.repo.clone_from(&repo);
        }
        repos.insert(repo);
        scan.find(findings).await?;
    }
    if !found {
        return Err(suggest::no_such_id(scan.store, id.as_str()).await);
    }
    scan.notebook.index().await?;
    for repo in repos {
        let row = scan.store.index().repo_by_id(&repo).await?;
        scan.notebook.add_repos(row.as_slice()).await?;
    }
    Ok(scan.notebook.settle().await?)
}

/// The verdict on the row of `kind` with this id, and its `repo_id`; `None` where there is no such row.
pub(super) async fn row(
    store: &Store,
    judge: &Judge,
    kind: Kind,
    id: &ObjectId,
) -> Result<Option<(String, Verdict)>, AuditError> {
    let ids = [id.as_str().to_owned()];
    let (repo, copies, mut verdict) = match kind {
        Kind::Commit => {
            let Some(row) = store.index().commits_by_id(&ids).await?.pop() else {
                return Ok(None);
            };
            let copies = copies(store, id, row.repo_id.as_deref()).await;
            let verdict = judge.commit(&row, &copies.found).await;
            (row.repo_id, copies, verdict)
        }
        Kind::Snapshot => {
            let Some(row) = store.index().snapshots_by_id(&ids).await?.pop() else {
                return Ok(None);
            };
            let copies = copies(store, id, row.repo_id.as_deref()).await;
            let verdict = judge.snapshot(&row, &copies.found).await;
            (row.repo_id, copies, verdict)
        }
        Kind::Blob => {
            let Some(row) = store.index().blobs_by_id(&ids).await?.pop() else {
                return Ok(None);
            };
            let copies = copies(store, id, row.repo_id.as_deref()).await;
            let verdict = judge.blob(&row, &copies.found).await;
            (row.repo_id, copies, verdict)
        }
    };
    verdict.leave_open(kind, id, &copies.unread);
    Ok(Some((repo.unwrap_or_default(), verdict)))
}

/// The keys of a digest, asked for one by one.
#[derive(Default)]
pub(super) struct Copies {
    pub found: Vec<StoredCopy>,
    /// Keys that gave no answer, with the reason.
    pub unread: Vec<String>,
}

/// The keys of every layout that hold something, asked for one by one.
pub(super) async fn copies(store: &Store, id: &ObjectId, repo_id: Option<&str>) -> Copies {
    let mut out = Copies::default();
    for key in layout::keys_for(id, repo_id) {
        match store.backend().head(&key).await {
            Ok(Some(meta)) => out.found.push(StoredCopy {
                key: Key::as_str(&key).to_owned(),
                size: meta.size,
            }),
            Ok(None) => {}
            Err(error) => out.unread.push(format!("{key}: {error}")),
        }
    }
    out
}
