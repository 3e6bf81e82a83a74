//! The audit of a single id: its row, and its keys asked for one by one instead of a listing.

use super::AuditError;
pub(super) use super::by_id::{copies, row};
use super::judge::Verdict;
use super::scan::Scan;
use super::suggest;
use futures_util::TryStreamExt;
use luthier_hub::index::audit_scratch::Standing;
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
    let known = (id.as_str(), standing);
    scan.scratch.add_known(kind, [known]).await?;
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
