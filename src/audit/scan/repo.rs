//! Audits one repository: reads only its own rows, so that time and memory depend on its size.
//!
//! It writes the same facts as an audit of the hub, for fewer rows. Rows of other repositories that this one refers to
//! are looked up and are not judged.

use super::{PAGE, Scan};
use crate::{AuditError, Depth, references, refs, unreferenced};
use crate::{graph, jobs, one, packs};
use futures_util::TryStreamExt;
use luthier_hub::index::audit_scratch::{BranchFact, CommitFact, Holders, Standing, StoredCopy};
use luthier_hub::index::{Capabilities, Counts, MembershipRow, RepoRow};
use luthier_hub::store::reconstruct;
use luthier_object::{Kind, ObjectId};
use std::collections::HashSet;

/// Ids of a repository's rows fetched at once.
const IDS: u32 = 20_000;

/// Keys that a listing may hold for each row of the repository. A longer listing is not read to its end; a HEAD is sent
/// for each object instead. A page of a listing holds 1,000 keys.
const KEYS_A_ROW: u64 = 20;

/// Keys that are listed however small the repository is: one request.
const KEYS_AT_LEAST: u64 = 1_000;

/// Commits of other repositories that are added to the graph.
const FOREIGN: usize = 100_000;

impl Scan<'_> {
    /// Audits one repository.
    pub(super) async fn run_repo(&mut self, repo: RepoRow) -> Result<(), AuditError> {
        let repo_id = repo.repo_id.clone();
        self.summary.begin_repo(&repo.path());
        self.scratch.add_repos(&[repo]).await?;
        self.summary.checked.repos = 1;
        let held = self.members_of(&repo_id).await?;
        self.tell_what_is_slow_or_unsaid().await?;
        if self.options.depth >= Depth::Presence {
            let most = (held.iter().sum::<u64>() * KEYS_A_ROW).max(KEYS_AT_LEAST);
            self.listed = unreferenced::list_up_to(self, most).await?;
            self.judge.listed = self.listed;
        }
        let [commits, snapshots, blobs] = held;
        self.choose_witnesses(&Counts {
            commits,
            snapshots,
            blobs,
            ..Counts::default()
        });
        packs::read(self).await?;
        self.progress.phase("blobs", Some(blobs));
        self.blobs().await?;
        self.progress.phase("snapshots", Some(snapshots));
        self.snapshots().await?;
        self.progress.phase("commits", Some(commits));
        self.commits().await?;
        self.end_rows();
        self.branches_of(&repo_id).await?;
        self.foreign_ancestors().await?;
        self.scratch.index().await?;
        self.memberships_lacking().await?;
        self.progress.phase("names", None);
        self.know_what_is_named().await?;
        references::judge(self).await?;
        self.tell_short_listing();
        if self.options.depth >= Depth::Presence {
            packs::judge(self).await?;
            jobs::judge(self).await?;
        }
        if self.options.depth >= Depth::Presence {
            self.progress.phase("ref checkpoints", Some(1));
            refs::judge(self).await?;
        }
        self.progress.phase("graph", None);
        graph::judge(self).await
    }

    /// Writes the ids of the repository's rows into the scratch file, and counts them in the order of [`Kind::ALL`].
    async fn members_of(&mut self, repo_id: &str) -> Result<[u64; 3], AuditError> {
        let mut counts = [0; 3];
        for kind in Kind::ALL {
            let mut pages = self.store.index().held_pages(kind, repo_id, IDS);
            while let Some(ids) = pages.try_next().await? {
                counts[kind as usize] += ids.len() as u64;
                let rows = ids.into_iter().map(|id| MembershipRow {
                    id,
                    repo_id: repo_id.to_owned(),
                });
                self.scratch
                    .add_members(kind, &rows.collect::<Vec<_>>())
                    .await?;
                self.progress.checkpoint().await?;
            }
        }
        Ok(counts)
    }

    /// Notes missing indexes, which make the audit as slow as one of the hub, and tables that do not name a repository.
    async fn tell_what_is_slow_or_unsaid(&mut self) -> Result<(), AuditError> {
        for table in self.store.index().without_repo_index().await? {
            self.summary.notes.push(format!(
                "{table} has no index on repo_id: to find this repository's rows the database reads the whole table"
            ));
        }
        for kind in Kind::ALL {
            let capabilities = self.store.index().capabilities();
            let table = match capabilities.refs(kind) {
                true => Capabilities::refs_table(kind),
                false => Capabilities::table(kind),
            };
            if !capabilities.has(table, "repo_id") {
                self.unknown(format!(
                    "this hub does not say which repository a {kind} belongs to; audit the whole hub"
                ));
            }
        }
        Ok(())
    }

    async fn branches_of(&mut self, repo_id: &str) -> Result<(), AuditError> {
        let mut pages = self.store.index().branch_pages_of(repo_id, PAGE);
        while let Some(rows) = pages.try_next().await? {
            self.add_branches(&rows).await?;
        }
        Ok(())
    }

    /// Adds the commits of other repositories that this one's branches and history lead to to the graph, so that paths
    /// through them are complete.
    async fn foreign_ancestors(&mut self) -> Result<(), AuditError> {
        let mut open = self.scratch.parents_without_fact(FOREIGN as u32).await?;
        let heads = self.scratch.dangling_heads().await?.into_iter();
        open.extend(heads.filter_map(|branch| branch.head));
        open.sort_unstable();
        open.dedup();
        let mut seen: HashSet<String> = open.iter().cloned().collect();
        while !open.is_empty() {
            self.progress.checkpoint().await?;
            let some = open.split_off(open.len().saturating_sub(PAGE as usize));
            let rows = self.store.index().commits_by_id(&some).await?;
            let facts = rows
                .iter()
                .map(|row| super::passes::commit_fact(row, Holders::default()));
            let facts: Vec<CommitFact> = facts.collect();
            self.commit_facts += facts.len() as u32;
            let parents = facts.iter().flat_map(|fact| fact.parents.iter().cloned());
            let parents: Vec<String> = parents.filter(|id| !seen.contains(id)).collect();
            self.scratch.add_commits(&facts).await?;
            let known = self.scratch.known(Kind::Commit, &parents).await?;
            for id in parents {
                if !known.contains_key(&id) && seen.len() < FOREIGN && seen.insert(id.clone()) {
                    open.push(id);
                }
            }
        }
        if seen.len() >= FOREIGN {
            self.summary.notes.push(format!(
                "its history leads through more than {FOREIGN} commits of other repositories; the rest is not walked"
            ));
        }
        Ok(())
    }

    /// Looks up rows that this repository refers to and does not hold.
    async fn know_what_is_named(&mut self) -> Result<(), AuditError> {
        let mut after: Option<(Kind, String)> = None;
        loop {
            let behind = after.as_ref().map(|(kind, id)| (*kind, id.as_str()));
            let page = self.scratch.without_row(behind, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some((last.kind, last.id.clone()));
            for kind in Kind::ALL {
                let of_kind = page.iter().filter(|name| name.kind == kind);
                let ids: Vec<String> = of_kind.map(|name| name.id.clone()).collect();
                self.know(kind, &ids).await?;
            }
            self.progress.checkpoint().await?;
        }
    }

    /// Writes which of these ids have a row, and which repositories hold it. An audit of the hub knows this already.
    pub(crate) async fn know(&mut self, kind: Kind, ids: &[String]) -> Result<(), AuditError> {
        if self.only.is_none() {
            return Ok(());
        }
        let known = self.scratch.known(kind, ids).await?;
        let new = ids.iter().filter(|id| !known.contains_key(*id));
        let new: Vec<String> = new.cloned().collect();
        if new.is_empty() {
            return Ok(());
        }
        let index = self.store.index();
        let there = index.ids_with_row(kind, &new).await?;
        let holders = index.holders_of(kind, &there).await?;
        self.scratch.add_members(kind, &holders).await?;
        let facts = there.iter().map(|id| (id.as_str(), Standing::Unjudged));
        Ok(self.scratch.add_known(kind, facts).await?)
    }

    /// Returns the keys under which an object may be stored, if no listing was read.
    pub(crate) async fn asked_copies(&self, id: &str, repo_id: &str) -> Vec<StoredCopy> {
        let repo_id = Some(repo_id).filter(|id| !id.is_empty());
        one::copies(self.store, &ObjectId::new(id), repo_id).await
    }
}

/// Returns a branch in the form of the scratch file.
pub(super) fn branch_fact(row: &luthier_hub::index::BranchRow) -> BranchFact {
    BranchFact {
        id: row.branch_id.clone(),
        repo_id: row.repo_id.clone(),
        name: row.name.clone(),
        head: reconstruct::non_empty(row.head_commit_id.as_deref()).map(str::to_owned),
    }
}
