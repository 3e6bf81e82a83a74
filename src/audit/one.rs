//! The audit of a single id: its row, and its keys asked for one by one instead of a listing.

use super::AuditError;
use super::judge::{Judge, Verdict};
use super::scan::Scan;
use super::suggest;
use futures_util::TryStreamExt;
use luthier_hub::backend::{Key, layout};
use luthier_hub::index::audit_scratch::{Standing, StoredCopy};
use luthier_hub::store::Store;
use luthier_object::{Kind, ObjectId};

/// Judges every row with this id.
pub(super) async fn judge(scan: &mut Scan<'_>, id: &ObjectId) -> Result<(), AuditError> {
    if !rows(scan, id).await? {
        return Err(suggest::no_such_id(scan.store, id.as_str()).await);
    }
    finish(scan).await
}

/// Judges every row with one of these ids.
pub(super) async fn judge_all(scan: &mut Scan<'_>, ids: &[ObjectId]) -> Result<(), AuditError> {
    scan.progress.phase("rows", Some(ids.len() as u64));
    for id in ids {
        rows(scan, id).await?;
        scan.progress.update(|f| f.done += 1);
        scan.progress.checkpoint().await?;
    }
    finish(scan).await
}

/// Judges the rows of an id; says whether there are any. A row that is no more has no fault of its own.
async fn rows(scan: &mut Scan<'_>, id: &ObjectId) -> Result<bool, AuditError> {
    let mut found = false;
    for kind in Kind::ALL {
        let row = row(scan.store, &scan.judge, kind, id).await?;
        found |= row.is_some();
        take(scan, kind, id, row).await?;
    }
    Ok(found)
}

/// Takes a verdict over, with what is known of the row now.
pub(super) async fn take(
    scan: &mut Scan<'_>,
    kind: Kind,
    id: &ObjectId,
    row: Option<(String, Verdict)>,
) -> Result<(), AuditError> {
    let standing = row
        .as_ref()
        .map_or(Standing::Sound, |(_, verdict)| verdict.standing());
    let known = (
        id.as_str().to_owned(),
        id.hex().map(str::to_owned),
        standing,
    );
    scan.scratch.add_known(kind, &[known]).await?;
    let Some((repo, verdict)) = row else {
        return Ok(());
    };
    match kind {
        Kind::Commit => scan.summary.checked.commits += 1,
        Kind::Snapshot => scan.summary.checked.snapshots += 1,
        Kind::Blob => scan.summary.checked.blobs += 1,
    }
    let mut findings = scan.fold(verdict);
    for finding in &mut findings {
        finding.repo.clone_from(&repo);
    }
    scan.report(findings).await
}

/// Gives findings their places and repositories their names.
pub(super) async fn finish(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    scan.scratch.index().await?;
    let mut pages = scan.store.index().repo_pages(500);
    while let Some(rows) = pages.try_next().await? {
        scan.scratch.add_repos(&rows).await?;
    }
    Ok(scan.scratch.assign_order().await?)
}

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
            // What lies there is not known; reading it says so.
            Err(_) => 0,
        };
        out.push(StoredCopy {
            key: Key::as_str(&key).to_owned(),
            size,
        });
    }
    out
}
