//! The pass over listing and rows: pages in, verdicts and facts into the notebook.

use super::finding::Finding;
use super::judge::{Judge, Verdict};
use super::report::Summary;
use super::{AuditError, Depth, Options, Scope, graph, names, spool, strays};
use crate::backend::layout;
use crate::index::notebook::{
    BranchFact, CommitFact, ListedKey, Notebook, SnapshotFact, Standing, StoredCopy, Unresolved,
};
use crate::index::{BlobRow, CommitRow, MembershipRow, SnapshotRow};
use crate::object::time::{self, Micros};
use crate::object::{Kind, ObjectId};
use crate::progress::Progress;
use crate::store::{Store, reconstruct};
use futures_util::{StreamExt, stream};
use std::collections::{HashMap, HashSet};

/// Rows asked for at once.
const PAGE: u32 = 500;

/// Reasons for unknown answers that are kept; the rest is counted.
const REASONS: usize = 10;

/// Ids remembered as laid down, so that a blob named by a million trees is laid down once or little more.
const REMEMBERED: usize = 500_000;

/// Clocks may disagree by this much before a row counts as dated in the future: 5 minutes.
const SKEW: Micros = 300_000_000;

/// An audit under way.
pub(super) struct Scan<'a> {
    pub store: &'a Store,
    pub options: &'a Options,
    pub progress: &'a Progress,
    pub notebook: Notebook,
    pub judge: Judge,
    pub summary: Summary,
    /// The repository that the audit is cut to.
    pub only: Option<String>,
    /// Rows created behind this instant are not judged.
    horizon: Micros,
    now: Micros,
    remembered: HashSet<(String, String)>,
}

/// What the passes need of a row of any kind.
trait Audited {
    const KIND: Kind;
    fn id(&self) -> &str;
    fn repo_id(&self) -> Option<&str>;
    fn created_at(&self) -> &str;
}

macro_rules! audited {
    ($($row:ident $kind:ident $id:ident;)*) => {$(
        impl Audited for $row {
            const KIND: Kind = Kind::$kind;
            fn id(&self) -> &str { &self.$id }
            fn repo_id(&self) -> Option<&str> { self.repo_id.as_deref() }
            fn created_at(&self) -> &str { &self.created_at }
        }
    )*};
}

audited! {
    BlobRow Blob object_id;
    SnapshotRow Snapshot snapshot_id;
    CommitRow Commit commit_id;
}

/// A page's rows with what the notebook knows about them.
struct Context {
    copies: HashMap<String, Vec<StoredCopy>>,
    holders: HashMap<String, Vec<String>>,
}

impl Context {
    fn copies(&self, id: &str) -> &[StoredCopy] {
        let id = ObjectId::new(id);
        id.hex()
            .and_then(|hex| self.copies.get(hex))
            .map_or(&[], Vec::as_slice)
    }

    fn holders(&self, id: &str) -> &[String] {
        self.holders.get(id).map_or(&[], Vec::as_slice)
    }
}

impl<'a> Scan<'a> {
    pub async fn new(
        store: &'a Store,
        options: &'a Options,
        progress: &'a Progress,
    ) -> Result<Self, AuditError> {
        let now = store.index().now().await?;
        let grace = Micros::try_from(options.grace.as_micros()).unwrap_or(Micros::MAX / 2);
        let only = match &options.scope {
            Scope::Repo(path) => {
                let found = match path.split_once('/') {
                    Some((owner, slug)) => store.index().repo_by_path(owner, slug).await?,
                    None => None,
                };
                Some(
                    found
                        .ok_or_else(|| AuditError::NoSuchRepo(path.clone()))?
                        .repo_id,
                )
            }
            _ => None,
        };
        Ok(Self {
            store,
            options,
            progress,
            notebook: Notebook::new().await?,
            judge: Judge::new(store, options, options.depth >= Depth::Presence),
            summary: Summary::begin(store, options.depth),
            only,
            horizon: now.saturating_sub(grace),
            now,
            remembered: HashSet::new(),
        })
    }

    /// The whole pass, room by room; each phase is one walk by key.
    pub async fn run(&mut self) -> Result<(), AuditError> {
        let counts = self.store.index().counts().await?;
        self.summary.count_nulls(&counts);
        if self.options.depth >= Depth::Presence {
            strays::list(self).await?;
        }
        self.repos().await?;
        self.memberships().await?;
        self.progress.phase("blobs", Some(counts.blobs));
        self.blobs().await?;
        self.progress.phase("snapshots", Some(counts.snapshots));
        self.snapshots().await?;
        self.progress.phase("commits", Some(counts.commits));
        self.commits().await?;
        self.branches().await?;
        self.notebook.index().await?;
        self.progress.phase("names", None);
        names::judge(self).await?;
        if self.options.depth >= Depth::Presence && self.only.is_none() {
            strays::judge(self).await?;
        }
        self.progress.phase("graph", None);
        graph::judge(self).await
    }

    /// Whether something created at `text` is too young to be judged; counts it.
    pub fn too_new(&mut self, created: Option<Micros>) -> bool {
        let young =
            created.is_some_and(|at| at > self.horizon && at <= self.now.saturating_add(SKEW));
        self.summary.too_new += u64::from(young);
        young
    }

    /// Lays a finding down, unless the audit is cut to another repository.
    pub async fn find(&mut self, findings: Vec<Finding>) -> Result<(), AuditError> {
        let wanted = |f: &Finding| self.only.as_ref().is_none_or(|only| *only == f.repo);
        let findings: Vec<Finding> = findings.into_iter().filter(wanted).collect();
        for finding in &findings {
            self.progress.count(finding.code.name());
        }
        let rows: Vec<_> = findings.iter().map(spool::to_row).collect();
        Ok(self.notebook.add_findings(&rows).await?)
    }

    /// A question that stayed without an answer.
    pub fn unknown(&mut self, why: String) {
        self.summary.unknown += 1;
        if self.summary.unknown_because.len() < REASONS {
            self.summary.unknown_because.push(why);
        }
    }

    async fn repos(&mut self) -> Result<(), AuditError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.store.index().repos(after.as_deref(), PAGE).await?;
            self.notebook.add_repos(&page.rows).await?;
            self.summary.checked.repos += page.rows.len() as u64;
            after = page.rows.last().map(|row| row.repo_id.clone()).or(after);
            if page.end {
                return Ok(());
            }
        }
    }

    async fn memberships(&mut self) -> Result<(), AuditError> {
        for kind in Kind::ALL {
            let mut after: Option<MembershipRow> = None;
            loop {
                let page = self
                    .store
                    .index()
                    .memberships(kind, after.as_ref(), 5_000)
                    .await?;
                self.notebook.add_members(kind, &page.rows).await?;
                after = page.rows.last().cloned().or(after);
                if page.end {
                    break;
                }
                self.progress.checkpoint().await?;
            }
        }
        Ok(())
    }

    /// What the notebook knows about a page. Where a hub keeps no memberships, a row's own `repo_id`
    /// is laid down as one.
    async fn context<R: Audited>(&mut self, rows: &[R]) -> Result<Context, AuditError> {
        let hexes: Vec<String> = rows
            .iter()
            .filter_map(|row| ObjectId::new(row.id()).hex().map(str::to_owned))
            .collect();
        let copies = match self.options.depth {
            Depth::Rows => HashMap::new(),
            _ => self.notebook.copies(&hexes).await?,
        };
        let ids: Vec<String> = rows.iter().map(|row| row.id().to_owned()).collect();
        let holders = if self.store.index().capabilities().refs(R::KIND) {
            self.notebook.holders(R::KIND, &ids).await?
        } else {
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
            own.into_iter().map(|m| (m.id, vec![m.repo_id])).collect()
        };
        Ok(Context { copies, holders })
    }

    /// Whether a row is to be judged: old enough, and of the repository that the audit is cut to.
    fn wants<R: Audited>(&mut self, row: &R, context: &Context) -> bool {
        let ours = self
            .only
            .as_ref()
            .is_none_or(|only| context.holders(row.id()).contains(only));
        ours && !self.too_new(time::parse(row.created_at()))
    }

    /// Takes a row's verdict over: findings, schemes, what was read.
    async fn take<R: Audited>(
        &mut self,
        judged: Vec<(&R, Verdict)>,
        context: &Context,
    ) -> Result<(), AuditError> {
        let mut findings = Vec::new();
        for (row, verdict) in judged {
            for why in verdict.unknown {
                self.unknown(why);
            }
            if let Some(scheme) = verdict.scheme {
                *self.summary.schemes.entry(scheme).or_default() += 1;
            }
            if let Some(bytes) = verdict.read {
                self.summary.checked.read += 1;
                self.summary.checked.bytes += bytes;
                self.progress.update(|f| f.bytes += bytes);
            }
            let repo = row
                .repo_id()
                .filter(|own| context.holders(row.id()).iter().any(|held| held == own))
                .or_else(|| context.holders(row.id()).first().map(String::as_str))
                .or(row.repo_id())
                .unwrap_or("");
            for mut finding in verdict.findings {
                repo.clone_into(&mut finding.repo);
                findings.push(finding);
            }
        }
        self.find(findings).await
    }

    fn advance(&self, rows: usize, last: Option<&str>) {
        self.progress.update(|f| {
            f.done += rows as u64;
            last.unwrap_or("").clone_into(&mut f.subject);
        });
    }

    async fn blobs(&mut self) -> Result<(), AuditError> {
        let mut after: Option<String> = None;
        loop {
            self.progress.checkpoint().await?;
            let page = self.store.index().blobs(after.as_deref(), PAGE).await?;
            let context = self.context(&page.rows).await?;
            let wanted: Vec<&BlobRow> = page
                .rows
                .iter()
                .filter(|row| self.wants(*row, &context))
                .collect();
            let verdicts: Vec<Verdict> = stream::iter(&wanted)
                .map(|row| self.judge.blob(row, context.copies(&row.object_id)))
                .buffered(self.options.concurrency.max(1))
                .collect()
                .await;
            let judged: Vec<(&BlobRow, Verdict)> = wanted.into_iter().zip(verdicts).collect();
            let standing: HashMap<&str, Standing> = judged
                .iter()
                .map(|(row, verdict)| match verdict.stops_pull() {
                    true => (row.id(), Standing::Bad),
                    false => (row.id(), Standing::Sound),
                })
                .collect();
            let known: Vec<_> = page
                .rows
                .iter()
                .map(|row| {
                    let standing = standing
                        .get(row.id())
                        .copied()
                        .unwrap_or(Standing::Unjudged);
                    (row.object_id.clone(), hex_of(&row.object_id), standing)
                })
                .collect();
            self.notebook.add_known(Kind::Blob, &known).await?;
            self.take(judged, &context).await?;
            self.summary.checked.blobs += page.rows.len() as u64;
            self.advance(page.rows.len(), page.rows.last().map(Audited::id));
            after = page.rows.last().map(|row| row.object_id.clone()).or(after);
            if page.end {
                return Ok(());
            }
        }
    }

    async fn snapshots(&mut self) -> Result<(), AuditError> {
        let (mut after, mut n): (Option<String>, u32) = (None, 0);
        loop {
            self.progress.checkpoint().await?;
            let page = self.store.index().snapshots(after.as_deref(), PAGE).await?;
            let context = self.context(&page.rows).await?;
            let wanted: Vec<&SnapshotRow> = page
                .rows
                .iter()
                .filter(|row| self.wants(*row, &context))
                .collect();
            let verdicts: Vec<Verdict> = stream::iter(&wanted)
                .map(|row| self.judge.snapshot(row, context.copies(&row.snapshot_id)))
                .buffered(self.options.concurrency.max(1))
                .collect()
                .await;
            let judged: Vec<(&SnapshotRow, Verdict)> = wanted.into_iter().zip(verdicts).collect();
            let sizes: HashMap<&str, u64> = judged
                .iter()
                .filter_map(|(row, v)| Some((row.id(), v.manifest.as_ref()?.len() as u64)))
                .collect();
            let facts: Vec<SnapshotFact> = (n..)
                .zip(&page.rows)
                .map(|(n, row)| SnapshotFact {
                    n,
                    id: row.snapshot_id.clone(),
                    entries: sizes.get(row.id()).copied(),
                    parent: reconstruct::given(row.parent_snapshot_id.as_deref())
                        .map(str::to_owned),
                })
                .collect();
            n += facts.len() as u32;
            self.notebook.add_snapshots(&facts).await?;
            let known: Vec<_> = page
                .rows
                .iter()
                .map(|row| {
                    (
                        row.snapshot_id.clone(),
                        hex_of(&row.snapshot_id),
                        Standing::Sound,
                    )
                })
                .collect();
            self.notebook.add_known(Kind::Snapshot, &known).await?;
            self.name_entries(&judged, &context).await?;
            self.take(judged, &context).await?;
            self.summary.checked.snapshots += page.rows.len() as u64;
            self.advance(page.rows.len(), page.rows.last().map(Audited::id));
            after = page
                .rows
                .last()
                .map(|row| row.snapshot_id.clone())
                .or(after);
            if page.end {
                return Ok(());
            }
        }
    }

    /// Lays down which blobs the trees of a page name, and which of these cannot be pulled.
    async fn name_entries(
        &mut self,
        judged: &[(&SnapshotRow, Verdict)],
        context: &Context,
    ) -> Result<(), AuditError> {
        for (row, verdict) in judged {
            let Some(manifest) = &verdict.manifest else {
                continue;
            };
            let ids: Vec<String> = manifest
                .iter()
                .map(|(_, id)| id.as_str().to_owned())
                .collect();
            let known = self.known_blobs(&ids).await?;
            let bad: Vec<(String, String)> = ids
                .iter()
                .filter(|id| known.get(*id).copied().unwrap_or(true))
                .map(|id| (row.snapshot_id.clone(), id.clone()))
                .collect();
            self.notebook.add_bad_entries(&bad).await?;
            let none = [String::new()];
            let holders = match context.holders(row.id()) {
                [] => none.as_slice(),
                holders => holders,
            };
            let mut names = Vec::new();
            for id in &ids {
                for repo in holders {
                    if self.remember(id, repo) {
                        names.push(named(Kind::Blob, id, repo, row.id()));
                    }
                }
            }
            self.notebook.add_named(&names).await?;
        }
        Ok(())
    }

    async fn known_blobs(&self, ids: &[String]) -> Result<HashMap<String, bool>, AuditError> {
        let mut out = HashMap::new();
        for chunk in ids.chunks(5_000) {
            out.extend(self.notebook.known(Kind::Blob, chunk).await?);
        }
        Ok(out)
    }

    fn remember(&mut self, id: &str, repo: &str) -> bool {
        if self.remembered.len() >= REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert((id.to_owned(), repo.to_owned()))
    }

    async fn commits(&mut self) -> Result<(), AuditError> {
        let (mut after, mut n): (Option<String>, u32) = (None, 0);
        loop {
            self.progress.checkpoint().await?;
            let page = self.store.index().commits(after.as_deref(), PAGE).await?;
            let context = self.context(&page.rows).await?;
            let wanted: Vec<&CommitRow> = page
                .rows
                .iter()
                .filter(|row| self.wants(*row, &context))
                .collect();
            let verdicts: Vec<Verdict> = stream::iter(&wanted)
                .map(|row| self.judge.commit(row, context.copies(&row.commit_id)))
                .buffered(self.options.concurrency.max(1))
                .collect()
                .await;
            let facts: Vec<CommitFact> = (n..)
                .zip(&page.rows)
                .map(|(n, row)| commit_fact(n, row))
                .collect();
            n += facts.len() as u32;
            self.notebook.add_commits(&facts).await?;
            let known: Vec<_> = page
                .rows
                .iter()
                .map(|row| {
                    (
                        row.commit_id.clone(),
                        hex_of(&row.commit_id),
                        Standing::Sound,
                    )
                })
                .collect();
            self.notebook.add_known(Kind::Commit, &known).await?;
            let names: Vec<Unresolved> = wanted
                .iter()
                .flat_map(|row| names_of_commit(row, context.holders(row.id())))
                .collect();
            self.notebook.add_named(&names).await?;
            self.take(wanted.into_iter().zip(verdicts).collect(), &context)
                .await?;
            self.summary.checked.commits += page.rows.len() as u64;
            self.advance(page.rows.len(), page.rows.last().map(Audited::id));
            after = page.rows.last().map(|row| row.commit_id.clone()).or(after);
            if page.end {
                return Ok(());
            }
        }
    }

    async fn branches(&mut self) -> Result<(), AuditError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.store.index().branches(after.as_deref(), PAGE).await?;
            let facts: Vec<BranchFact> = page
                .rows
                .iter()
                .map(|row| BranchFact {
                    id: row.branch_id.clone(),
                    repo_id: row.repo_id.clone(),
                    name: row.name.clone(),
                    head: reconstruct::given(row.head_commit_id.as_deref()).map(str::to_owned),
                })
                .collect();
            self.notebook.add_branches(&facts).await?;
            let names: Vec<Unresolved> = facts
                .iter()
                .filter_map(|b| Some(named(Kind::Commit, b.head.as_deref()?, &b.repo_id, &b.name)))
                .collect();
            self.notebook.add_named(&names).await?;
            self.summary.checked.branches += page.rows.len() as u64;
            after = page.rows.last().map(|row| row.branch_id.clone()).or(after);
            if page.end {
                return Ok(());
            }
        }
    }
}

/// The digest of an id, as the notebook joins by it.
fn hex_of(id: &str) -> Option<String> {
    ObjectId::new(id).hex().map(str::to_owned)
}

fn named(kind: Kind, id: &str, repo_id: &str, by_id: &str) -> Unresolved {
    Unresolved {
        kind,
        id: id.to_owned(),
        hex: hex_of(id),
        repo_id: repo_id.to_owned(),
        by_id: by_id.to_owned(),
    }
}

fn commit_fact(n: u32, row: &CommitRow) -> CommitFact {
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
fn names_of_commit(row: &CommitRow, holders: &[String]) -> Vec<Unresolved> {
    let parents = reconstruct::parent_ids(&row.parent_ids).unwrap_or_default();
    let snapshot = reconstruct::given(row.snapshot_id.as_deref());
    let none = [String::new()];
    let holders = if holders.is_empty() {
        none.as_slice()
    } else {
        holders
    };
    holders
        .iter()
        .flat_map(|repo| {
            let parents = parents
                .iter()
                .map(|id| named(Kind::Commit, id.as_str(), repo, &row.commit_id));
            let snapshot = snapshot.map(|id| named(Kind::Snapshot, id, repo, &row.commit_id));
            parents.chain(snapshot)
        })
        .collect()
}

/// A key of a known layout as the notebook keeps it.
pub(super) fn listed(entry: crate::backend::Entry) -> Option<ListedKey> {
    let (_, hex) = layout::recognise(&entry.key)?;
    Some(ListedKey {
        hex,
        key: entry.key,
        size: entry.size,
        modified: entry.modified,
    })
}
