//! Blobs, snapshots and commits: each page is judged, then its facts are laid down.

use super::{PAGE, REMEMBERED, Scan, hex_of, named};
use crate::audit::AuditError;
use crate::audit::Depth;
use crate::audit::judge::{Judge, Verdict};
use crate::index::notebook::{CommitFact, SnapshotFact, Standing, StoredCopy, Unresolved};
use crate::index::{BlobRow, CommitRow, Index, IndexError, MembershipRow, Page, SnapshotRow};
use crate::object::{Kind, ObjectId, time};
use crate::store::reconstruct;
use futures_util::{StreamExt, stream};
use std::collections::HashMap;

/// Entries of trees looked up at once.
const ENTRIES: usize = 20_000;

/// What the passes need of a row of any kind.
trait Audited: Sized {
    const KIND: Kind;
    fn id(&self) -> &str;
    fn repo_id(&self) -> Option<&str>;
    fn created_at(&self) -> &str;
    fn storage_uri(&self) -> Option<&str>;
    async fn page(index: &dyn Index, after: Option<&str>) -> Result<Page<Self>, IndexError>;
    async fn judge(&self, judge: &Judge, copies: &[StoredCopy]) -> Verdict;
}

macro_rules! audited {
    ($($row:ident $kind:ident $id:ident $pages:ident $judge:ident;)*) => {$(
        impl Audited for $row {
            const KIND: Kind = Kind::$kind;
            fn id(&self) -> &str { &self.$id }
            fn repo_id(&self) -> Option<&str> { self.repo_id.as_deref() }
            fn created_at(&self) -> &str { &self.created_at }
            fn storage_uri(&self) -> Option<&str> { self.storage_uri.as_deref() }
            async fn page(index: &dyn Index, after: Option<&str>) -> Result<Page<Self>, IndexError> {
                index.$pages(after, PAGE).await
            }
            async fn judge(&self, judge: &Judge, copies: &[StoredCopy]) -> Verdict {
                judge.$judge(self, copies).await
            }
        }
    )*};
}

audited! {
    BlobRow Blob object_id blobs blob;
    SnapshotRow Snapshot snapshot_id snapshots snapshot;
    CommitRow Commit commit_id commits commit;
}

/// A page of rows, each with its verdict where it was to be judged, and who holds it.
struct Judged<R> {
    rows: Vec<(R, Option<Verdict>)>,
    holders: HashMap<String, Vec<String>>,
    end: bool,
}

impl<R: Audited> Judged<R> {
    fn holders(&self, row: &R) -> &[String] {
        self.holders.get(row.id()).map_or(&[], Vec::as_slice)
    }

    /// The repositories that name what the row names; one without a name where none is known.
    fn naming(&self, row: &R) -> Vec<String> {
        match self.holders(row) {
            [] => vec![String::new()],
            holders => holders.to_vec(),
        }
    }

    /// The repository that a finding on the row is shown under: its own if that holds it.
    fn repo(&self, row: &R) -> String {
        let holders = self.holders(row);
        let own = row
            .repo_id()
            .filter(|own| holders.iter().any(|held| held == own));
        let first = || holders.first().map(String::as_str).or(row.repo_id());
        own.or_else(first).unwrap_or("").to_owned()
    }

    fn known(&self) -> Vec<(String, Option<String>, Standing)> {
        let standing = |verdict: &Option<Verdict>| match verdict {
            None => Standing::Unjudged,
            Some(verdict) => verdict.standing(),
        };
        self.rows
            .iter()
            .map(|(row, verdict)| (row.id().to_owned(), hex_of(row.id()), standing(verdict)))
            .collect()
    }
}

impl Scan<'_> {
    /// The next page behind `after`, judged; moves `after` on.
    async fn judged<R: Audited>(
        &mut self,
        after: &mut Option<String>,
    ) -> Result<Judged<R>, AuditError> {
        self.progress.checkpoint().await?;
        let page = R::page(self.store.index(), after.as_deref()).await?;
        let holders = self.holders(&page.rows).await?;
        let copies = self.copies(&page.rows).await?;
        let mut rows = Vec::with_capacity(page.rows.len());
        let wanted: Vec<bool> = page
            .rows
            .iter()
            .map(|row| self.wants(row, &holders))
            .collect();
        let judge = &self.judge;
        let copies = &copies;
        let mut verdicts =
            stream::iter(page.rows.iter().zip(&wanted).filter(|(_, wanted)| **wanted))
                .map(|(row, _)| async move {
                    let hex = hex_of(row.id()).unwrap_or_default();
                    row.judge(judge, copies.get(&hex).map_or(&[], Vec::as_slice))
                        .await
                })
                .buffered(self.options.concurrency.max(1))
                .collect::<Vec<_>>()
                .await
                .into_iter();
        *after = page
            .rows
            .last()
            .map(|row| row.id().to_owned())
            .or(after.take());
        for (row, wanted) in page.rows.into_iter().zip(wanted) {
            let verdict = if wanted { verdicts.next() } else { None };
            rows.push((row, verdict));
        }
        self.progress.update(|f| {
            f.done += rows.len() as u64;
            after.clone().unwrap_or_default().clone_into(&mut f.subject);
        });
        Ok(Judged {
            rows,
            holders,
            end: page.end,
        })
    }

    /// Who holds each row. Where a hub keeps no memberships, a row's own `repo_id` is laid down as one.
    async fn holders<R: Audited>(
        &self,
        rows: &[R],
    ) -> Result<HashMap<String, Vec<String>>, AuditError> {
        if self.store.index().capabilities().refs(R::KIND) {
            let ids: Vec<String> = rows.iter().map(|row| row.id().to_owned()).collect();
            return Ok(self.notebook.holders(R::KIND, &ids).await?);
        }
        let own: Vec<MembershipRow> = rows
            .iter()
            .filter_map(|row| {
                Some(MembershipRow {
                    id: row.id().to_owned(),
                    repo_id: row.repo_id()?.to_owned(),
                })
            })
            .collect();
        self.notebook.add_members(R::KIND, &own).await?;
        Ok(own.into_iter().map(|m| (m.id, vec![m.repo_id])).collect())
    }

    /// The listed keys of each row's digest.
    async fn copies<R: Audited>(
        &self,
        rows: &[R],
    ) -> Result<HashMap<String, Vec<StoredCopy>>, AuditError> {
        if self.options.depth == Depth::Rows {
            return Ok(HashMap::new());
        }
        let hexes: Vec<String> = rows.iter().filter_map(|row| hex_of(row.id())).collect();
        Ok(self.notebook.copies(&hexes).await?)
    }

    /// Whether a row is to be judged: old enough, and of the repository that the audit is cut to.
    fn wants<R: Audited>(&mut self, row: &R, holders: &HashMap<String, Vec<String>>) -> bool {
        let held = |only: &String| holders.get(row.id()).is_some_and(|h| h.contains(only));
        self.only.as_ref().is_none_or(held) && !self.too_new(time::parse(row.created_at()))
    }

    /// Takes a page's verdicts over: standing, findings, schemes, what was read.
    async fn take<R: Audited>(&mut self, mut page: Judged<R>) -> Result<bool, AuditError> {
        self.notebook.add_known(R::KIND, &page.known()).await?;
        let repos: Vec<String> = page.rows.iter().map(|(row, _)| page.repo(row)).collect();
        let mut findings = Vec::new();
        for ((row, verdict), repo) in page.rows.iter_mut().zip(repos) {
            let Some(verdict) = verdict.take() else {
                continue;
            };
            if self.options.depth > Depth::Rows && row.storage_uri().is_some() {
                self.mass.take(R::KIND, &repo, &verdict.findings);
            }
            self.note_read(R::KIND, row.id(), &verdict);
            for mut finding in self.fold(verdict) {
                finding.repo.clone_from(&repo);
                findings.push(finding);
            }
        }
        self.find(findings).await?;
        if page.end {
            self.mass.end_page(R::KIND);
        }
        Ok(page.end)
    }

    pub(in crate::audit) async fn blobs(&mut self) -> Result<(), AuditError> {
        let mut after = None;
        loop {
            let page = self.judged::<BlobRow>(&mut after).await?;
            self.summary.checked.blobs += page.rows.len() as u64;
            if self.take(page).await? {
                return Ok(());
            }
        }
    }

    pub(in crate::audit) async fn snapshots(&mut self) -> Result<(), AuditError> {
        let (mut after, mut n) = (None, 0u32);
        loop {
            let page = self.judged::<SnapshotRow>(&mut after).await?;
            let facts: Vec<SnapshotFact> = (n..).zip(&page.rows).map(snapshot_fact).collect();
            n += facts.len() as u32;
            self.notebook.add_snapshots(&facts).await?;
            self.summary.checked.snapshots += facts.len() as u64;
            self.name_entries(&page).await?;
            if self.take(page).await? {
                return Ok(());
            }
        }
    }

    /// Lays down which blobs the trees of a page name, and which of these cannot be pulled.
    async fn name_entries(&mut self, page: &Judged<SnapshotRow>) -> Result<(), AuditError> {
        let mut entries: Vec<(String, String)> = Vec::new();
        for (row, verdict) in &page.rows {
            let Some(manifest) = verdict.as_ref().and_then(|v| v.manifest.as_deref()) else {
                continue;
            };
            let naming = page.naming(row);
            let mut names = Vec::new();
            for (_, id) in manifest.iter() {
                entries.push((row.snapshot_id.clone(), id.as_str().to_owned()));
                for repo in &naming {
                    if self.remember(id.as_str(), repo) {
                        names.push(named(Kind::Blob, id.as_str(), repo, row.id()));
                    }
                }
            }
            self.notebook.add_named(&names).await?;
            if entries.len() >= ENTRIES {
                self.bad_entries(std::mem::take(&mut entries)).await?;
            }
        }
        self.bad_entries(entries).await
    }

    /// Of these entries (snapshot, blob), lays down those whose blob cannot be pulled or was not looked at.
    async fn bad_entries(&self, entries: Vec<(String, String)>) -> Result<(), AuditError> {
        let mut ids: Vec<String> = entries.iter().map(|(_, blob)| blob.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let known = self.notebook.known(Kind::Blob, &ids).await?;
        let is_bad = |blob: &String| known.get(blob).is_none_or(|of| of.is_doubtful());
        let bad: Vec<_> = entries
            .into_iter()
            .filter(|(_, blob)| is_bad(blob))
            .collect();
        Ok(self.notebook.add_bad_entries(&bad).await?)
    }

    fn remember(&mut self, id: &str, repo: &str) -> bool {
        if self.remembered.len() >= REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert((id.to_owned(), repo.to_owned()))
    }

    pub(in crate::audit) async fn commits(&mut self) -> Result<(), AuditError> {
        let (mut after, mut n) = (None, 0u32);
        loop {
            let page = self.judged::<CommitRow>(&mut after).await?;
            let facts: Vec<CommitFact> = (n..).zip(&page.rows).map(commit_fact).collect();
            n += facts.len() as u32;
            self.notebook.add_commits(&facts).await?;
            self.summary.checked.commits += facts.len() as u64;
            let judged = page.rows.iter().filter(|(_, verdict)| verdict.is_some());
            let names: Vec<Unresolved> = judged
                .flat_map(|(row, _)| names_of_commit(row, &page.naming(row)))
                .collect();
            self.notebook.add_named(&names).await?;
            if self.take(page).await? {
                return Ok(());
            }
        }
    }
}

fn snapshot_fact((n, (row, verdict)): (u32, &(SnapshotRow, Option<Verdict>))) -> SnapshotFact {
    let manifest = verdict.as_ref().and_then(|v| v.manifest.as_ref());
    SnapshotFact {
        n,
        id: row.snapshot_id.clone(),
        entries: manifest.map(|m| m.len() as u64),
        parent: reconstruct::given(row.parent_snapshot_id.as_deref()).map(str::to_owned),
    }
}

fn commit_fact((n, (row, _)): (u32, &(CommitRow, Option<Verdict>))) -> CommitFact {
    let parents = reconstruct::parent_ids(&row.parent_ids).unwrap_or_default();
    CommitFact {
        n,
        id: row.commit_id.clone(),
        repo_id: row.repo_id.clone().unwrap_or_default(),
        snapshot_id: reconstruct::given(row.snapshot_id.as_deref()).map(str::to_owned),
        parents: parents
            .into_iter()
            .map(|id| id.as_str().to_owned())
            .collect(),
    }
}

/// A commit names its parents and its snapshot, in every repository that holds it.
fn names_of_commit(row: &CommitRow, naming: &[String]) -> Vec<Unresolved> {
    let parents = reconstruct::parent_ids(&row.parent_ids).unwrap_or_default();
    let snapshot = reconstruct::given(row.snapshot_id.as_deref()).map(ObjectId::new);
    let mut out = Vec::new();
    for repo in naming {
        let parents = parents.iter().map(|id| (Kind::Commit, id));
        let snapshot = snapshot.iter().map(|id| (Kind::Snapshot, id));
        out.extend(
            parents
                .chain(snapshot)
                .map(|(kind, id)| named(kind, id.as_str(), repo, &row.commit_id)),
        );
    }
    out
}
