//! Rows that a repository's branches need and that its membership tables do not hold: one finding a repository.
//!
//! Commits and snapshots come from a walk of the graph, blobs from the trees that the repository names; a tree whose
//! snapshot the repository does not hold either is read once more.

use super::Scan;
use super::passes::{blobs_of, tree_of};
use crate::AuditError;
use crate::edges::Edges;
use crate::evidence::{Evidence, Unheld};
use crate::fault::Code;
use crate::finding::{Finding, Subject};
use crate::judge::TreeState;
use luthier_hub::index::audit_scratch::Holding;
use luthier_object::Kind;
use std::collections::HashSet;

/// Rows asked for again at once.
const IDS: u32 = 500;

/// Snapshots read at once; one may weigh megabytes.
const TREES: u32 = 32;

/// Commits visited over all repositories; forks share theirs. Then walking stops and says so.
const VISITS: u64 = 200_000_000;

impl Scan<'_> {
    /// Judges the memberships of every repository, or of the one that the audit is cut to.
    pub(super) async fn memberships_lacking(&mut self) -> Result<(), AuditError> {
        let capabilities = self.store.index().capabilities();
        let kinds = Kind::ALL.into_iter();
        let kinds: Vec<Kind> = kinds.filter(|kind| capabilities.refs(*kind)).collect();
        if kinds.is_empty() || self.withholds(Code::RepoUnreferenced, Subject::Repo) {
            return Ok(());
        }
        self.progress.phase("memberships", None);
        let nodes = self.commit_facts as usize;
        let pairs = self.scratch.commit_edges().await?;
        let parents = Edges::new(nodes, pairs.iter().copied());
        drop(pairs);
        let mut history = History::new(nodes);
        let mut holdings = Vec::new();
        for (repo_id, heads) in self.scratch.living_heads().await? {
            self.progress.checkpoint().await?;
            if self.only.as_ref().is_some_and(|only| *only != repo_id) {
                continue;
            }
            let Some(reached) = history.of(heads, &parents) else {
                self.unknown("the histories of all repositories are too long to be walked for their memberships".to_owned());
                break;
            };
            let holding = Holding {
                repo_id,
                kinds: kinds.clone(),
                is_alone: self.only.is_some(),
            };
            self.scratch.add_unheld_commits(&holding, reached).await?;
            holdings.push(holding);
        }
        let mut unread = Vec::with_capacity(holdings.len());
        for holding in &holdings {
            unread.push(self.trees_not_held(holding).await?);
        }
        self.scratch.add_unheld_names(holdings.clone()).await?;
        for (holding, unread) in holdings.iter().zip(unread) {
            self.report_not_held(holding, unread).await?;
        }
        Ok(())
    }

    /// Lays down the blobs of the snapshots that a repository does not hold; how many of these have no tree that proves.
    async fn trees_not_held(&mut self, holding: &Holding) -> Result<u64, AuditError> {
        let (mut unread, mut after) = (0, String::new());
        loop {
            let repo_id = &holding.repo_id;
            let ids = self.scratch.unheld(repo_id, Kind::Snapshot, &after, TREES);
            let ids = ids.await?;
            let Some(last) = ids.last() else {
                return Ok(unread);
            };
            after.clone_from(last);
            let rows = self.store.index().snapshots_by_id(&ids).await?;
            let copies = self.copies(&rows).await?;
            for mut verdict in self.verdicts(rows.iter(), copies.as_ref()).await {
                let blobs = match (verdict.blobs.take(), tree_of(&verdict)) {
                    (Some(blobs), _) => blobs,
                    (None, Some((TreeState::Judged, manifest))) => blobs_of(manifest),
                    (None, _) => {
                        unread += 1;
                        continue;
                    }
                };
                self.scratch.add_unheld_blobs(holding, blobs).await?;
            }
            self.progress.checkpoint().await?;
        }
    }

    /// Reports what a repository does not hold, once the hub has said so again.
    async fn report_not_held(&mut self, holding: &Holding, unread: u64) -> Result<(), AuditError> {
        let repo_id = &holding.repo_id;
        if self.scratch.unheld_counts(repo_id).await? == [0; 3] {
            return Ok(());
        }
        for kind in Kind::ALL {
            self.forget_held(holding, kind).await?;
        }
        let [commits, snapshots, blobs] = self.scratch.unheld_counts(repo_id).await?;
        if commits + snapshots + blobs == 0 {
            return Ok(());
        }
        let evidence = Evidence::RepoUnreferenced(Unheld {
            blobs,
            commits,
            repo_id: repo_id.clone(),
            snapshots,
            trees_unread: unread,
        });
        let path = self.scratch.repo_path(repo_id).await?;
        let path = path.as_deref().unwrap_or(repo_id);
        let mut finding = Finding::new(evidence, Subject::Repo, path);
        finding.repo.clone_from(repo_id);
        self.report(vec![finding]).await
    }

    /// Forgets what the repository holds by now, and what has no row.
    async fn forget_held(&mut self, holding: &Holding, kind: Kind) -> Result<(), AuditError> {
        let repo_id = &holding.repo_id;
        let mut after = String::new();
        loop {
            let ids = self.scratch.unheld(repo_id, kind, &after, IDS).await?;
            let Some(last) = ids.last() else {
                return Ok(());
            };
            after.clone_from(last);
            let index = self.store.index();
            let there = index.ids_with_row(kind, &ids).await?;
            let there: HashSet<String> = there.into_iter().collect();
            let held = index.held_by(kind, repo_id, &ids).await?;
            let held: HashSet<String> = held.into_iter().collect();
            let gone = |id: &String| held.contains(id) || !there.contains(id);
            let gone: Vec<String> = ids.into_iter().filter(gone).collect();
            if !gone.is_empty() {
                // Rows of other repositories were not looked for before.
                let changed = if holding.is_alone { 0 } else { gone.len() };
                self.summary.changed += changed as u64;
                self.scratch.forget_unheld(repo_id, kind, &gone).await?;
            }
            self.progress.checkpoint().await?;
        }
    }
}

/// Walks towards the parents, again and again over one set of marks.
struct History {
    seen: Vec<u32>,
    stamp: u32,
    left: u64,
}

impl History {
    fn new(nodes: usize) -> Self {
        Self {
            seen: vec![0; nodes],
            stamp: 0,
            left: VISITS,
        }
    }

    /// Returns the commits that these heads reach, by number and in order; `None` once too many were visited.
    fn of(&mut self, heads: Vec<u32>, parents: &Edges) -> Option<Vec<u32>> {
        self.stamp += 1;
        let (mut open, mut out) = (heads, Vec::new());
        while let Some(n) = open.pop() {
            if std::mem::replace(&mut self.seen[n as usize], self.stamp) != self.stamp {
                self.left = self.left.checked_sub(1)?;
                out.push(n);
                open.extend(parents.of(n));
            }
        }
        out.sort_unstable();
        Some(out)
    }
}
