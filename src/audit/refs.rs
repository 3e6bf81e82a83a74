//! Ref checkpoints: whether the store alone could say where each branch points.

use super::AuditError;
use super::evidence::{Evidence, Foreign, Unsaved};
use super::fault::Grade;
use super::finding::{Finding, Subject};
use super::scan::Scan;
use futures_util::{StreamExt, TryStreamExt, stream};
use luthier_hub::index::{BranchRow, RepoRow};
use luthier_hub::store::checkpoint::{Newest, Refs};
use luthier_hub::store::{Policy, StoreError};

const PAGE: u32 = 500;

/// Repositories asked for at once: each answer holds every branch of one.
const CONCURRENCY: usize = 4;

/// Goes through the repositories that the audit is about.
pub(super) async fn judge(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    if let Some(only) = scan.only.clone() {
        let repo = scan.store.index().repo_by_id(&only).await?;
        return repos(scan, repo.into_iter().collect()).await;
    }
    let mut pages = scan.store.index().repo_pages(PAGE);
    while let Some(rows) = pages.try_next().await? {
        repos(scan, rows).await?;
    }
    Ok(())
}

async fn repos(scan: &mut Scan<'_>, rows: Vec<RepoRow>) -> Result<(), AuditError> {
    let store = scan.store;
    let mut answers = stream::iter(rows)
        .map(|repo| async move {
            let newest = store.newest_checkpoint(&repo.repo_id).await;
            (repo, newest)
        })
        .buffered(CONCURRENCY.min(scan.options.concurrency.max(1)));
    while let Some((repo, newest)) = answers.next().await {
        match newest {
            Ok(newest) => one(scan, &repo, &newest).await?,
            Err(StoreError::Index(error)) => return Err(error.into()),
            // Without an answer nothing is known, and nothing is found.
            Err(error) => scan.unknown(format!("ref checkpoints of {}: {error}", repo.path())),
        }
        scan.progress.update(|f| f.done += 1);
        scan.progress.checkpoint().await?;
    }
    Ok(())
}

async fn one(scan: &mut Scan<'_>, repo: &RepoRow, newest: &Newest) -> Result<(), AuditError> {
    let untrusted = newest.passed.iter().map(|passed| {
        let evidence = Evidence::ObjectForeign(Foreign {
            size: None,
            why: format!("no valid checkpoint: {}", passed.why),
        });
        let mut finding = Finding::new(evidence, Subject::Object, &passed.key);
        finding.repo.clone_from(&repo.repo_id);
        finding
    });
    scan.report(untrusted.collect()).await?;
    let saved = newest.sound.as_ref().map(|(_, found)| &found.refs);
    let key = newest.sound.as_ref().map(|(key, _)| key.as_str());
    let mut pages = scan.store.index().branch_pages_of(&repo.repo_id, PAGE);
    while let Some(rows) = pages.try_next().await? {
        let mut findings: Vec<Finding> = Vec::new();
        // Rows that share a name are one branch to people: it is said once.
        for same in rows.chunk_by(|a, b| a.name == b.name) {
            let lost = same
                .iter()
                .find(|row| !saved.is_some_and(|refs| refs.hold(row)));
            findings.extend(lost.map(|row| unsaved(scan, repo, row, saved, key)));
        }
        scan.report(findings).await?;
    }
    Ok(())
}

fn unsaved(
    scan: &Scan<'_>,
    repo: &RepoRow,
    row: &BranchRow,
    saved: Option<&Refs>,
    key: Option<&str>,
) -> Finding {
    let id = format!("{}:{}", repo.path(), row.name);
    let known = saved
        .and_then(|refs| refs.find(row))
        .and_then(|own| own.head_commit_id.as_deref());
    let evidence = Evidence::RefsUnsaved(Unsaved {
        checkpoint: key.map(str::to_owned),
        head: row.head_commit_id.clone(),
        repo_id: repo.repo_id.clone(),
        saved: known.map(str::to_owned),
    });
    let mut finding = Finding::new(evidence, Subject::Branch, id);
    finding.repo.clone_from(&repo.repo_id);
    if scan.store.hub().policy == Policy::DbCanonical {
        finding.grade = Grade::Info;
    }
    finding
}
