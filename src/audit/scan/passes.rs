//! The passes over blobs, snapshots and commits, each of which writes its facts into the scratch file.

use super::Scan;
use super::rows::Judged;
use crate::evidence::Evidence;
use crate::judge::{TreeState, Verdict};
use crate::unlinked::Fate;
use crate::{AuditError, Depth};
use luthier_hub::index::audit_scratch::{BlobIds, CommitFact, Holders, SnapshotFact, TreeNames};
use luthier_hub::index::{BlobRow, CommitRow, SnapshotRow};
use luthier_hub::store::reconstruct;
use luthier_object::{Kind, Manifest};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Entries of trees written at once.
const ENTRIES: usize = 20_000;

impl Scan<'_> {
    pub(crate) async fn blobs(&mut self) -> Result<(), AuditError> {
        let mut pages = self.walk::<BlobRow>();
        loop {
            let page = self.judged(&mut pages).await?;
            self.summary.checked.blobs += page.rows.len() as u64;
            if self.take(page).await? {
                return Ok(());
            }
        }
    }

    pub(crate) async fn snapshots(&mut self) -> Result<(), AuditError> {
        let mut pages = self.walk::<SnapshotRow>();
        loop {
            let mut page = self.judged(&mut pages).await?;
            let facts: Vec<SnapshotFact> = page.rows.iter().map(snapshot_fact).collect();
            self.snapshot_facts += facts.len() as u32;
            self.scratch.add_snapshots(&facts).await?;
            self.summary.checked.snapshots += facts.len() as u64;
            self.tell_single_rows(&mut page);
            self.name_entries(&mut page).await?;
            if self.take(page).await? {
                return Ok(());
            }
        }
    }

    /// Counts the snapshots of a page that nothing but their own row gives, and says so of each that has no object.
    fn tell_single_rows(&mut self, page: &mut Judged<SnapshotRow>) {
        if self.options.depth == Depth::Rows {
            return;
        }
        for (row, verdict) in &mut page.rows {
            let fate = Fate::of(Kind::Snapshot, verdict.as_ref());
            let elsewhere = matches!(fate, Fate::Linked | Fate::Unknown | Fate::TooNew);
            if row.storage_uri.is_some() || row.delta.is_some() || elsewhere {
                continue;
            }
            self.summary.single_rows += 1;
            let findings = verdict.iter_mut().flat_map(|verdict| &mut verdict.findings);
            for finding in findings {
                if let Evidence::UriMissing(seen) = &mut finding.evidence {
                    seen.single_row = true;
                }
            }
        }
    }

    /// Writes which blobs the trees of a page name, and which of these cannot be pulled.
    async fn name_entries(&mut self, page: &mut Judged<SnapshotRow>) -> Result<(), AuditError> {
        self.know_entries(page).await?;
        let (mut trees, mut entries) = (Vec::new(), 0);
        for at in 0..page.rows.len() {
            let holders = page.naming(at);
            let (row, verdict) = &mut page.rows[at];
            let Some(verdict) = verdict.as_mut() else {
                continue;
            };
            let blobs = match (verdict.blobs.take(), tree_of(verdict)) {
                (Some(blobs), _) => blobs,
                (None, None) => continue,
                (None, Some((TreeState::Judged, manifest))) => blobs_of(manifest),
                // A tree that does not match its id is no reason to report a missing row.
                (None, Some((TreeState::Unread | TreeState::Unknown, manifest))) => {
                    Box::pin(self.with_row(manifest)).await?
                }
            };
            entries += blobs.len();
            trees.push(TreeNames {
                snapshot_id: row.snapshot_id.clone(),
                repos: holders,
                blobs,
            });
            if entries >= ENTRIES {
                self.scratch.add_trees(std::mem::take(&mut trees)).await?;
                // Trees of this size are written at once, to save memory.
                self.scratch.settle().await?;
                entries = 0;
            }
        }
        Ok(self.scratch.add_trees(trees).await?)
    }

    /// Looks up, in an audit of one repository, which entries of proved trees have a row.
    async fn know_entries(&mut self, page: &Judged<SnapshotRow>) -> Result<(), AuditError> {
        if self.only.is_none() {
            return Ok(());
        }
        let verdicts = page.rows.iter().filter_map(|(_, verdict)| verdict.as_ref());
        let proved = verdicts.filter_map(tree_of);
        let proved = proved.filter(|(tree, _)| *tree == TreeState::Judged);
        let ids = proved.flat_map(|(_, manifest)| manifest.iter());
        let ids: BTreeSet<&str> = ids.map(|(_, id)| id.as_str()).collect();
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        for some in ids.chunks(ENTRIES) {
            self.know(Kind::Blob, some).await?;
        }
        Ok(())
    }

    /// Returns the entries of a tree whose blob has a row.
    async fn with_row(&mut self, manifest: &Manifest) -> Result<BlobIds, AuditError> {
        let ids = manifest.iter().map(|(_, id)| id.as_str().to_owned());
        let ids: Vec<String> = ids.collect::<BTreeSet<_>>().into_iter().collect();
        self.know(Kind::Blob, &ids).await?;
        let known = self.scratch.known(Kind::Blob, &ids).await?;
        let ids = manifest.iter().map(|(_, id)| id.as_str());
        Ok(ids.filter(|id| known.contains_key(*id)).collect())
    }

    pub(crate) async fn commits(&mut self) -> Result<(), AuditError> {
        let mut pages = self.walk::<CommitRow>();
        loop {
            let page = self.judged(&mut pages).await?;
            let fact = |(at, (row, verdict)): (usize, &(CommitRow, Option<Verdict>))| {
                let named_by = match verdict {
                    Some(_) => page.naming(at),
                    None => Holders::default(),
                };
                commit_fact(row, named_by)
            };
            let facts: Vec<CommitFact> = page.rows.iter().enumerate().map(fact).collect();
            self.commit_facts += facts.len() as u32;
            self.scratch.add_commits(&facts).await?;
            self.summary.checked.commits += facts.len() as u64;
            if self.take(page).await? {
                return Ok(());
            }
        }
    }
}

fn snapshot_fact((row, verdict): &(SnapshotRow, Option<Verdict>)) -> SnapshotFact {
    let judged = verdict.as_ref().filter(|v| v.tree == TreeState::Judged);
    let entries = judged.and_then(|verdict| match (&verdict.blobs, &verdict.manifest) {
        (Some(blobs), _) => Some(blobs.len()),
        (None, manifest) => manifest.as_ref().map(|m| m.len()),
    });
    SnapshotFact {
        id: row.snapshot_id.clone(),
        entries: entries.map(|n| n as u64),
        parent: reconstruct::non_empty(row.parent_snapshot_id.as_deref()).map(str::to_owned),
    }
}

/// Returns the state of a tree according to a verdict, and the tree.
pub(super) fn tree_of(verdict: &Verdict) -> Option<(TreeState, &Arc<Manifest>)> {
    Some((verdict.tree, verdict.manifest.as_ref()?))
}

/// Returns the blobs that a tree names.
pub(super) fn blobs_of(manifest: &Manifest) -> BlobIds {
    manifest.iter().map(|(_, id)| id.as_str()).collect()
}

/// Returns a commit in the form of the scratch file; `named_by` are the repositories that refer to its snapshot and
/// parents.
pub(super) fn commit_fact(row: &CommitRow, named_by: Holders) -> CommitFact {
    let parents = reconstruct::parent_ids(&row.parent_ids).unwrap_or_default();
    CommitFact {
        id: row.commit_id.clone(),
        repo_id: row.repo_id.clone().unwrap_or_default(),
        snapshot_id: reconstruct::non_empty(row.snapshot_id.as_deref()).map(str::to_owned),
        parents: parents
            .into_iter()
            .map(|id| id.as_str().to_owned())
            .collect(),
        named_by,
    }
}
