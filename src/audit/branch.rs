//! The audit of one branch: what its head reaches, row by row, without a listing.

use super::evidence::{Evidence, Unresolved};
use super::judge::{Verdict, stops_pull};
use super::scan::Scan;
use super::standing::of_branch;
use super::suggest;
use super::{AuditError, Finding, one};
use futures_util::{StreamExt, TryStreamExt, stream};
use luthier_hub::index::CommitRow;
use luthier_hub::index::audit_scratch::Standing;
use luthier_hub::store::reconstruct::{non_empty, parent_ids};
use luthier_object::identity::is_empty_blob;
use luthier_object::{Kind, Manifest, ObjectId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Commits of the frontier that are read at once.
const PAGE: usize = 500;

/// A walk under way.
struct Walk {
    repo: String,
    /// Met, and not judged yet.
    open: Vec<String>,
    /// The first finding that stops a pull: code and id.
    cause: Option<(u16, String)>,
    /// Something had no answer.
    doubt: bool,
}

/// Judges everything that a branch's head reaches, and says whether its pull comes whole.
pub(super) async fn judge(scan: &mut Scan<'_>, path: &str, name: &str) -> Result<(), AuditError> {
    let (owner, slug) = path.split_once('/').unwrap_or((path, ""));
    let repo = scan.store.index().repo_by_path(owner, slug).await?;
    let Some(repo) = repo else {
        return Err(suggest::no_such_repo(scan.store, path).await);
    };
    let heads = heads(scan, &repo.repo_id, name).await?;
    if heads.is_empty() {
        return Err(AuditError::NoSuchBranch {
            repo: path.to_owned(),
            branch: name.to_owned(),
        });
    }
    scan.summary.checked.repos = 1;
    scan.summary.checked.branches = 1;
    scan.progress.phase("branch", None);
    let mut walk = Walk {
        repo: repo.repo_id,
        open: heads.iter().flatten().cloned().collect(),
        cause: None,
        doubt: false,
    };
    while !walk.open.is_empty() {
        walk.step(scan).await?;
        scan.progress.checkpoint().await?;
    }
    let branch = (path, name, heads.as_slice());
    let standing = of_branch(branch, scan.options.depth, walk.cause, walk.doubt);
    scan.scratch.set_standings(&[standing]).await?;
    one::finish(scan).await
}

/// Returns the heads of all rows with this name.
async fn heads(
    scan: &Scan<'_>,
    repo_id: &str,
    name: &str,
) -> Result<Vec<Option<String>>, AuditError> {
    let mut out = Vec::new();
    let mut pages = scan.store.index().branch_pages_of(repo_id, PAGE as u32);
    while let Some(rows) = pages.try_next().await? {
        let named = rows.iter().filter(|row| row.name == name);
        out.extend(named.map(|row| non_empty(row.head_commit_id.as_deref()).map(str::to_owned)));
    }
    Ok(out)
}

impl Walk {
    /// Judges some commits of the frontier, their trees and the files of these.
    async fn step(&mut self, scan: &mut Scan<'_>) -> Result<(), AuditError> {
        let from = self.open.len().saturating_sub(PAGE);
        let ids = self.open.split_off(from);
        let ids = unmet(scan, Kind::Commit, ids).await?;
        let rows = scan.store.index().commits_by_id(&ids).await?;
        let mut trees = Vec::new();
        for row in &rows {
            self.open.extend(parents(row));
            trees.extend(non_empty(row.snapshot_id.as_deref()).map(str::to_owned));
        }
        self.judge(scan, Kind::Commit, ids).await?;
        let trees = unmet(scan, Kind::Snapshot, trees).await?;
        for trees in trees.chunks(scan.options.concurrency.max(1)) {
            for verdict in self.judge(scan, Kind::Snapshot, trees.to_vec()).await? {
                let named = verdict.iter().flat_map(|manifest| manifest.iter());
                let blobs = named.map(|(_, id)| id.as_str().to_owned()).collect();
                let blobs = unmet(scan, Kind::Blob, blobs).await?;
                for blobs in blobs.chunks(PAGE) {
                    self.judge(scan, Kind::Blob, blobs.to_vec()).await?;
                }
            }
        }
        Ok(())
    }

    /// Judges rows of one kind; gives the trees of those that have one.
    async fn judge(
        &mut self,
        scan: &mut Scan<'_>,
        kind: Kind,
        ids: Vec<String>,
    ) -> Result<Vec<Option<Arc<Manifest>>>, AuditError> {
        let (store, judge) = (scan.store, &scan.judge);
        let verdicts: Vec<_> = stream::iter(ids)
            .map(|id| async move {
                let id = ObjectId::new(&id);
                let row = one::row(store, judge, kind, &id).await;
                (id, row)
            })
            .buffered(scan.options.concurrency.max(1))
            .collect()
            .await;
        let mut trees = Vec::with_capacity(verdicts.len());
        for (id, row) in verdicts {
            let row = row?;
            if let Some(finding) = self.note(kind, &id, row.as_ref().map(|(_, verdict)| verdict)) {
                scan.report(vec![finding]).await?;
            }
            trees.push(
                row.as_ref()
                    .and_then(|(_, verdict)| verdict.manifest.clone()),
            );
            one::take(scan, kind, &id, row).await?;
            scan.progress.update(|f| {
                f.done += 1;
                id.as_str().clone_into(&mut f.subject);
            });
        }
        Ok(trees)
    }

    /// Takes down what a verdict means for the branch; gives the finding for a row that there is not.
    fn note(&mut self, kind: Kind, id: &ObjectId, verdict: Option<&Verdict>) -> Option<Finding> {
        let Some(verdict) = verdict else {
            // The empty blob needs no row: its id says what it holds.
            if kind == Kind::Blob && is_empty_blob(id) {
                return None;
            }
            let mut finding = Finding::new(
                Evidence::RowMissing(Unresolved::default()),
                kind.into(),
                id.as_str(),
            );
            finding.repo.clone_from(&self.repo);
            let cause = (finding.code as u16, finding.id.clone());
            self.cause.get_or_insert(cause);
            return Some(finding);
        };
        self.doubt |= verdict.standing() == Standing::Unread;
        if let Some(finding) = verdict.findings.iter().find(|f| stops_pull(f)) {
            let cause = (finding.code as u16, finding.id.clone());
            self.cause.get_or_insert(cause);
        }
        None
    }
}

fn parents(row: &CommitRow) -> Vec<String> {
    let parents = parent_ids(&row.parent_ids).unwrap_or_default();
    let ids = parents.into_iter().map(|id| id.as_str().to_owned());
    ids.collect()
}

/// Of these ids, each once, those that were not judged yet.
async fn unmet(scan: &Scan<'_>, kind: Kind, ids: Vec<String>) -> Result<Vec<String>, AuditError> {
    let ids: Vec<String> = ids
        .into_iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let known = scan.scratch.known(kind, &ids).await?;
    Ok(ids
        .into_iter()
        .filter(|id| !known.contains_key(id))
        .collect())
}
