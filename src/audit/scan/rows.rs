//! Blobs, snapshots and commits: each page is judged, then its facts are laid down.

use super::{PAGE, REMEMBERED, Scan, hex_of, named};
use crate::AuditError;
use crate::Grade;
use crate::judge::{Judge, TreeState, Verdict};
use crate::unlinked::Fate;
use crate::{Depth, one};
use futures_util::{StreamExt, stream};
use luthier_hub::backend::Key;
use luthier_hub::index::audit_scratch::{
    CommitFact, SnapshotFact, Standing, StoredCopy, Unresolved,
};
use luthier_hub::index::{BlobRow, CommitRow, Index, IndexError, MembershipRow, Page, SnapshotRow};
use luthier_hub::store::reconstruct;
use luthier_object::{Kind, Manifest, ObjectId, time};
use std::collections::{BTreeSet, HashMap};
use tokio::sync::mpsc;

/// Entries of trees looked up at once.
const ENTRIES: usize = 20_000;

/// Rows asked for again at once; a snapshot's may weigh much.
const ASKED_AGAIN: usize = 100;

/// The fields of a row of any kind that the passes need.
trait Audited: Sized + PartialEq {
    const KIND: Kind;
    fn id(&self) -> &str;
    fn repo_id(&self) -> Option<&str>;
    fn created_at(&self) -> &str;
    fn storage_uri(&self) -> Option<&str>;
    /// Rows fetched by their ids at once; a snapshot's may weigh megabytes.
    const TOGETHER: u32;
    fn page(
        index: &dyn Index,
        after: Option<&str>,
    ) -> impl Future<Output = Result<Page<Self>, IndexError>> + Send;
    async fn by_id(index: &dyn Index, ids: &[String]) -> Result<Vec<Self>, IndexError>;
    async fn judge(&self, judge: &Judge, copies: &[StoredCopy]) -> Verdict;
}

macro_rules! audited {
    ($($row:ident $kind:ident $id:ident $pages:ident $by_id:ident $together:literal $judge:ident;)*) => {$(
        impl Audited for $row {
            const KIND: Kind = Kind::$kind;
            fn id(&self) -> &str { &self.$id }
            fn repo_id(&self) -> Option<&str> { self.repo_id.as_deref() }
            fn created_at(&self) -> &str { &self.created_at }
            fn storage_uri(&self) -> Option<&str> { self.storage_uri.as_deref() }
            async fn page(index: &dyn Index, after: Option<&str>) -> Result<Page<Self>, IndexError> {
                index.$pages(after, PAGE).await
            }
            const TOGETHER: u32 = $together;
            async fn by_id(index: &dyn Index, ids: &[String]) -> Result<Vec<Self>, IndexError> {
                index.$by_id(ids).await
            }
            async fn judge(&self, judge: &Judge, copies: &[StoredCopy]) -> Verdict {
                judge.$judge(self, copies).await
            }
        }
    )*};
}

audited! {
    BlobRow Blob object_id blobs blobs_by_id 500 blob;
    SnapshotRow Snapshot snapshot_id snapshots snapshots_by_id 32 snapshot;
    CommitRow Commit commit_id commits commits_by_id 500 commit;
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

    /// Returns the repositories that name what the row names; one without a name where none is known.
    fn naming(&self, row: &R) -> Vec<String> {
        match self.holders(row) {
            [] => vec![String::new()],
            holders => holders.to_vec(),
        }
    }

    /// Returns the repository that a finding on the row is shown under: its own if that holds it.
    fn repo(&self, row: &R) -> String {
        let holders = self.holders(row);
        let own = row
            .repo_id()
            .filter(|own| holders.iter().any(|held| held == own));
        let first = || holders.first().map(String::as_str).or(row.repo_id());
        own.or_else(first).unwrap_or("").to_owned()
    }

    fn known(&self) -> Vec<(String, Standing)> {
        let standing = |verdict: &Option<Verdict>| match verdict {
            None => Standing::Unjudged,
            Some(verdict) => verdict.standing(),
        };
        self.rows
            .iter()
            .map(|(row, verdict)| (row.id().to_owned(), standing(verdict)))
            .collect()
    }
}

/// Where a pass gets its pages from.
enum Pages<R> {
    /// Of the whole hub: the next one is read while one is judged.
    Ahead(mpsc::Receiver<Result<Page<R>, IndexError>>),
    /// Of the repository that the audit is cut to, behind an id.
    Held(String),
}

impl Scan<'_> {
    /// Returns the next page, judged.
    async fn judged<R: Audited>(&mut self, pages: &mut Pages<R>) -> Result<Judged<R>, AuditError> {
        self.progress.checkpoint().await?;
        let page = self.next_page(pages).await?;
        let holders = self.holders(&page.rows).await?;
        let copies = self.copies(&page.rows).await?;
        self.expect_packed(&page.rows).await;
        let mut rows = Vec::with_capacity(page.rows.len());
        let wanted: Vec<bool> = page
            .rows
            .iter()
            .map(|row| self.wants(row, &holders))
            .collect();
        let (judge, copies) = (&self.judge, copies.as_ref());
        let mut verdicts =
            stream::iter(page.rows.iter().zip(&wanted).filter(|(_, wanted)| **wanted))
                .map(|(row, _)| {
                    Box::pin(async move {
                        let Some(copies) = copies else {
                            return judge_alone(row, judge).await;
                        };
                        let hex = hex_of(row.id()).unwrap_or_default();
                        row.judge(judge, copies.get(&hex).map_or(&[], Vec::as_slice))
                            .await
                    })
                })
                .buffered(self.options.concurrency.max(1))
                .collect::<Vec<_>>()
                .await
                .into_iter();
        for (row, wanted) in page.rows.into_iter().zip(wanted) {
            let verdict = if wanted { verdicts.next() } else { None };
            rows.push((row, verdict));
        }
        self.judge_changed(&mut rows).await?;
        self.progress.update(|f| {
            f.done += rows.len() as u64;
            if let Some((row, _)) = rows.last() {
                row.id().clone_into(&mut f.subject);
            }
        });
        Ok(Judged {
            rows,
            holders,
            end: page.end,
        })
    }

    /// Reads where the blobs of a page lie in packs, and notes the packs that they name.
    async fn expect_packed<R: Audited>(&mut self, rows: &[R]) {
        if R::KIND != Kind::Blob {
            return;
        }
        let mut packed = Vec::new();
        for row in rows {
            let id = ObjectId::new(row.id());
            let uri = row.storage_uri().unwrap_or_default();
            if let Ok(key) = Key::in_pack_at(uri, &id)
                && let Some(place) = key.in_pack()
            {
                packed.push(row.id().to_owned());
                self.packs.insert(place.pack.clone());
            }
        }
        if self.options.depth > Depth::Rows
            && let Err(error) = self.store.expect_packed(&packed).await
        {
            // Each blob is asked for by itself then, and its own answer counts.
            tracing::debug!(%error, "the index of packs was not read ahead");
        }
    }

    /// Returns the source of a pass's pages.
    fn pages<R: Audited + Send + 'static>(&self) -> Pages<R> {
        if self.only.is_some() {
            return Pages::Held(String::new());
        }
        let store = self.store.clone();
        let (give, take) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut after: Option<String> = None;
            loop {
                let page = R::page(store.index(), after.as_deref()).await;
                let last = page.as_ref().ok().and_then(|page| page.rows.last());
                after = last.map(|row| row.id().to_owned()).or(after);
                let ends = page.as_ref().map_or(true, |page| page.end);
                // Whoever takes the pages may have gone.
                if give.send(page).await.is_err() || ends {
                    return;
                }
            }
        });
        Pages::Ahead(take)
    }

    /// Returns the next page, of the hub or of the repository that the audit is cut to.
    async fn next_page<R: Audited>(&self, pages: &mut Pages<R>) -> Result<Page<R>, AuditError> {
        let index = self.store.index();
        let after = match pages {
            Pages::Ahead(pages) => {
                let ended = || IndexError::Query {
                    what: R::KIND.as_str(),
                    why: "reading ended before the last page".into(),
                };
                return Ok(pages.recv().await.ok_or_else(ended)??);
            }
            Pages::Held(after) => after,
        };
        let only = self.only.as_deref().unwrap_or_default();
        let ids = self
            .scratch
            .members(R::KIND, only, after, R::TOGETHER)
            .await?;
        let mut rows = R::by_id(index, &ids).await?;
        rows.sort_by(|a, b| a.id().cmp(b.id()));
        if index.capabilities().refs(R::KIND) {
            let holders = index.holders_of(R::KIND, &ids).await?;
            self.scratch.add_members(R::KIND, &holders).await?;
        }
        let end = ids.len() < R::TOGETHER as usize;
        if let Some(last) = ids.into_iter().next_back() {
            *after = last;
        }
        Ok(Page { rows, end })
    }

    /// Asks for the rows again that an error or worse is said of. What has gone is not judged, and what is another row
    /// by now is judged as it is.
    async fn judge_changed<R: Audited>(
        &mut self,
        rows: &mut [(R, Option<Verdict>)],
    ) -> Result<(), AuditError> {
        let severe = |verdict: &Option<Verdict>| {
            let findings = verdict.as_ref().map_or(&[][..], |v| v.findings.as_slice());
            findings.iter().any(|finding| finding.grade >= Grade::Error)
        };
        let places: Vec<usize> = (0..rows.len()).filter(|at| severe(&rows[*at].1)).collect();
        for places in places.chunks(ASKED_AGAIN) {
            let ids: Vec<String> = places
                .iter()
                .map(|at| rows[*at].0.id().to_owned())
                .collect();
            let mut now = R::by_id(self.store.index(), &ids).await?;
            for at in places {
                let (row, verdict) = &mut rows[*at];
                if now.iter().any(|other| other == row) {
                    continue;
                }
                self.summary.changed += 1;
                *verdict = None;
                if let Some(other) = now.iter().position(|other| other.id() == row.id()) {
                    *row = now.swap_remove(other);
                    let copies = self.copies(std::slice::from_ref(row)).await?;
                    *verdict = Some(match copies {
                        None => judge_alone(row, &self.judge).await,
                        Some(copies) => {
                            let copies = copies.into_values().next().unwrap_or_default();
                            row.judge(&self.judge, &copies).await
                        }
                    });
                }
            }
        }
        Ok(())
    }

    /// Returns the repositories that hold each row. If a hub has no membership tables, a row's own `repo_id` is used as
    /// one. Where a hub keeps no memberships, a row's own `repo_id` is laid down as one.
    async fn holders<R: Audited>(
        &self,
        rows: &[R],
    ) -> Result<HashMap<String, Vec<String>>, AuditError> {
        if self.store.index().capabilities().refs(R::KIND) {
            let ids: Vec<String> = rows.iter().map(|row| row.id().to_owned()).collect();
            return Ok(self.scratch.holders(R::KIND, &ids).await?);
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
        self.scratch.add_members(R::KIND, &own).await?;
        Ok(own.into_iter().map(|m| (m.id, vec![m.repo_id])).collect())
    }

    /// Returns the listed keys of each row's digest; `None` where they have to be asked for.
    async fn copies<R: Audited>(
        &self,
        rows: &[R],
    ) -> Result<Option<HashMap<String, Vec<StoredCopy>>>, AuditError> {
        if self.options.depth == Depth::Rows {
            return Ok(Some(HashMap::new()));
        }
        if !self.listed {
            return Ok(None);
        }
        let hexes: Vec<String> = rows.iter().filter_map(|row| hex_of(row.id())).collect();
        Ok(Some(self.scratch.copies(&hexes).await?))
    }

    /// Returns whether a row is to be judged: old enough, and of the repository that the audit is cut to.
    fn wants<R: Audited>(&mut self, row: &R, holders: &HashMap<String, Vec<String>>) -> bool {
        let held = |only: &String| holders.get(row.id()).is_some_and(|h| h.contains(only));
        self.only.as_ref().is_none_or(held) && !self.too_new(time::parse(row.created_at()))
    }

    /// Takes a page's verdicts over: standing, findings, schemes, what was read.
    async fn take<R: Audited>(&mut self, mut page: Judged<R>) -> Result<bool, AuditError> {
        self.scratch.add_known(R::KIND, &page.known()).await?;
        let repos: Vec<String> = page.rows.iter().map(|(row, _)| page.repo(row)).collect();
        let mut findings = Vec::new();
        for ((row, verdict), repo) in page.rows.iter_mut().zip(repos) {
            if row.storage_uri().is_none() {
                let fate = Fate::of(R::KIND, verdict.as_ref());
                self.summary.count_unlinked(self.store, R::KIND, fate);
            }
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
        self.report_on_held(findings).await?;
        if page.end {
            self.mass.end_page(R::KIND);
        }
        Ok(page.end)
    }

    pub(crate) async fn blobs(&mut self) -> Result<(), AuditError> {
        let mut pages = self.pages::<BlobRow>();
        loop {
            let page = self.judged(&mut pages).await?;
            self.summary.checked.blobs += page.rows.len() as u64;
            if self.take(page).await? {
                return Ok(());
            }
        }
    }

    pub(crate) async fn snapshots(&mut self) -> Result<(), AuditError> {
        let mut pages = self.pages::<SnapshotRow>();
        loop {
            let page = self.judged(&mut pages).await?;
            let facts: Vec<SnapshotFact> = page.rows.iter().map(snapshot_fact).collect();
            self.snapshot_facts += facts.len() as u32;
            self.scratch.add_snapshots(&facts).await?;
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
            let found = verdict
                .as_ref()
                .and_then(|verdict| Some((verdict.tree, verdict.manifest.as_deref()?)));
            let Some((tree, manifest)) = found else {
                continue;
            };
            // From a tree that nothing proves it does not follow that a row is missing.
            let rows = match tree {
                TreeState::Judged => None,
                TreeState::Unread | TreeState::Unknown => {
                    Some(Box::pin(self.blob_rows(manifest)).await?)
                }
            };
            let naming = page.naming(row);
            let mut names = Vec::new();
            for (_, id) in manifest.iter() {
                if rows
                    .as_ref()
                    .is_some_and(|rows| !rows.contains_key(id.as_str()))
                {
                    continue;
                }
                entries.push((row.snapshot_id.clone(), id.as_str().to_owned()));
                for repo in &naming {
                    if self.remember(id.as_str(), repo) {
                        names.push(named(Kind::Blob, id.as_str(), repo, row.id()));
                    }
                }
            }
            self.scratch.add_named(&names).await?;
            if entries.len() >= ENTRIES {
                self.bad_entries(std::mem::take(&mut entries)).await?;
            }
        }
        self.bad_entries(entries).await
    }

    /// The ids of a tree that have a row.
    async fn blob_rows(
        &mut self,
        manifest: &Manifest,
    ) -> Result<HashMap<String, Standing>, AuditError> {
        let ids = manifest.iter().map(|(_, id)| id.as_str().to_owned());
        let ids: Vec<String> = ids.collect::<BTreeSet<_>>().into_iter().collect();
        self.know(Kind::Blob, &ids).await?;
        Ok(self.scratch.known(Kind::Blob, &ids).await?)
    }

    /// Of these entries (snapshot, blob), lays down those whose blob cannot be pulled or was not looked at.
    async fn bad_entries(&mut self, entries: Vec<(String, String)>) -> Result<(), AuditError> {
        let mut ids: Vec<String> = entries.iter().map(|(_, blob)| blob.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        self.know(Kind::Blob, &ids).await?;
        let known = self.scratch.known(Kind::Blob, &ids).await?;
        let is_bad = |blob: &String| known.get(blob).is_none_or(|of| of.is_doubtful());
        let bad: Vec<_> = entries
            .into_iter()
            .filter(|(_, blob)| is_bad(blob))
            .collect();
        Ok(self.scratch.add_bad_entries(&bad).await?)
    }

    fn remember(&mut self, id: &str, repo: &str) -> bool {
        if self.remembered.len() >= REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert((id.to_owned(), repo.to_owned()))
    }

    pub(crate) async fn commits(&mut self) -> Result<(), AuditError> {
        let mut pages = self.pages::<CommitRow>();
        loop {
            let page = self.judged(&mut pages).await?;
            let rows = page.rows.iter();
            let facts: Vec<CommitFact> = rows.map(|(row, _)| commit_fact(row)).collect();
            self.commit_facts += facts.len() as u32;
            self.scratch.add_commits(&facts).await?;
            self.summary.checked.commits += facts.len() as u64;
            let judged = page.rows.iter().filter(|(_, verdict)| verdict.is_some());
            let names: Vec<Unresolved> = judged
                .flat_map(|(row, _)| names_of_commit(row, &page.naming(row)))
                .collect();
            self.scratch.add_named(&names).await?;
            if self.take(page).await? {
                return Ok(());
            }
        }
    }
}

fn snapshot_fact((row, verdict): &(SnapshotRow, Option<Verdict>)) -> SnapshotFact {
    let judged = verdict.as_ref().filter(|v| v.tree == TreeState::Judged);
    let manifest = judged.and_then(|v| v.manifest.as_ref());
    SnapshotFact {
        id: row.snapshot_id.clone(),
        entries: manifest.map(|m| m.len() as u64),
        parent: reconstruct::non_empty(row.parent_snapshot_id.as_deref()).map(str::to_owned),
    }
}

/// Judges a row where no listing was taken. Other keys of its digest are asked for only where they matter.
async fn judge_alone<R: Audited>(row: &R, judge: &Judge) -> Verdict {
    let id = ObjectId::new(row.id());
    let ask = || one::copies(&judge.store, &id, row.repo_id());
    let copies = match row.storage_uri() {
        None => ask().await,
        Some(_) => Vec::new(),
    };
    let verdict = row.judge(judge, &copies).await;
    if row.storage_uri().is_some() && verdict.needs_copies() {
        return row.judge(judge, &ask().await).await;
    }
    verdict
}

pub(super) fn commit_fact(row: &CommitRow) -> CommitFact {
    let parents = reconstruct::parent_ids(&row.parent_ids).unwrap_or_default();
    CommitFact {
        id: row.commit_id.clone(),
        repo_id: row.repo_id.clone().unwrap_or_default(),
        snapshot_id: reconstruct::non_empty(row.snapshot_id.as_deref()).map(str::to_owned),
        parents: parents
            .into_iter()
            .map(|id| id.as_str().to_owned())
            .collect(),
    }
}

/// Returns a commit names its parents and its snapshot, in every repository that holds it.
fn names_of_commit(row: &CommitRow, naming: &[String]) -> Vec<Unresolved> {
    let parents = reconstruct::parent_ids(&row.parent_ids).unwrap_or_default();
    let snapshot = reconstruct::non_empty(row.snapshot_id.as_deref()).map(ObjectId::new);
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
