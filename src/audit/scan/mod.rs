//! Reads the listing and the rows page by page, and writes verdicts and facts into the scratch file.

mod audited;
mod pace;
mod packed;
mod passes;
mod repo;
mod rows;
mod unheld;
mod walk;

use super::evidence::DamagedPack;
use super::finding::{Finding, Subject};
use super::judge::{Judge, TreeState, Verdict, stops_pull};
use super::mass::Mass;
use super::packs::NamedPack;
use super::report::Summary;
use super::{
    AuditError, Code, Depth, Options, Scope, graph, hidden, jobs, packs, references, refs, spool,
    suggest, unnamed_packs, unreferenced,
};
use futures_util::TryStreamExt;
use luthier_hub::backend::{Entry, layout};
use luthier_hub::index::audit_scratch::{AuditScratch, BranchFact, ListedKey, Unresolved};
use luthier_hub::index::hidden::is_hidden;
use luthier_hub::index::{BranchRow, Counts, Hidden, RepoRow};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::store::doctor::sample::{self, Pair};
use luthier_object::time::Micros;
use luthier_object::{Kind, ObjectId};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Rows asked for at once.
const PAGE: u32 = 500;

/// Rows asked for at once where nothing but rows is looked at.
const WIDE_PAGE: u32 = 2_000;

/// Rows up to which a hub is small: a HEAD is sent for each of them although the listing and the row agree.
const SMALL: u64 = 1_000;

/// Rows of a larger hub that such a HEAD is sent for. If 3 in 200 listed objects are gone, 200 HEADs miss them all in
/// one audit of 20.
const WITNESSES: u64 = 200;

/// Rows without a URI and without a listed object whose possible keys are sent a HEAD.
const UNLISTED_WITNESSES: u64 = 1_000;

/// Reasons for missing answers that are kept; the others are counted.
const REASONS: usize = 10;

/// Clocks may disagree by this much before a row counts as dated in the future: 5 minutes.
const SKEW: Micros = 300_000_000;

/// An audit under way.
pub(super) struct Scan<'a> {
    pub store: &'a Store,
    pub options: &'a Options,
    pub progress: &'a Progress,
    pub scratch: AuditScratch,
    pub judge: Judge,
    pub summary: Summary,
    /// The hub's rows that this user cannot see.
    hidden: Vec<Hidden>,
    /// The only repository that is audited; `None` in an audit of the whole hub.
    pub only: Option<String>,
    /// Its row.
    repo: Option<RepoRow>,
    /// Set if a listing was taken; without one, keys are requested one by one.
    pub listed: bool,
    /// Commits and snapshots in the graph.
    pub commit_facts: u32,
    pub snapshot_facts: u32,
    /// Rows created after this instant are not judged.
    horizon: Micros,
    now: Micros,
    /// The packs that rows or the index name, by their digits.
    pub packs: BTreeMap<String, NamedPack>,
    /// The packs that were read to their end, by their digits, with the damage of those that have some.
    pub read_packs: BTreeMap<String, Option<DamagedPack>>,
    /// Repositories with blobs in packs, and how many of these no index row names.
    pub packed_repos: BTreeMap<String, u64>,
    /// Keys of no known layout that may be packs.
    pub maybe_packs: Vec<Entry>,
    mass: Mass,
    /// The tree of a snapshot is unknown, because a request had no answer.
    pub trees_unknown: bool,
    /// The digest over every object of a row that was read, in the order of rows.
    digest: Sha256,
}

impl<'a> Scan<'a> {
    pub async fn new(
        store: &'a Store,
        options: &'a Options,
        progress: &'a Progress,
    ) -> Result<Self, AuditError> {
        let now = store.index().now().await?;
        let grace = Micros::try_from(options.grace.as_micros()).unwrap_or(Micros::MAX / 2);
        let repo = match &options.scope {
            Scope::Repo(path) => {
                let found = match path.split_once('/') {
                    Some((owner, slug)) => store.index().repo_by_path(owner, slug).await?,
                    None => None,
                };
                match found {
                    Some(row) => Some(row),
                    None => return Err(suggest::no_such_repo(store, path).await),
                }
            }
            _ => None,
        };
        let counted = options.scope == Scope::Hub;
        let hidden = match options.scope {
            Scope::Id(_) => store.index().hidden().to_vec(),
            _ => store.index().visibility(counted).await?.hidden,
        };
        let mut summary = Summary::begin(store, options.depth);
        summary.hidden = hidden.iter().cloned().map(Into::into).collect();
        Ok(Self {
            hidden,
            store,
            options,
            progress,
            scratch: AuditScratch::new().await?,
            judge: Judge::of_scan(store, options),
            summary,
            only: repo.as_ref().map(|repo| repo.repo_id.clone()),
            repo,
            listed: options.depth >= Depth::Presence,
            commit_facts: 0,
            snapshot_facts: 0,
            horizon: now.saturating_sub(grace),
            now,
            packs: BTreeMap::new(),
            read_packs: BTreeMap::new(),
            packed_repos: BTreeMap::new(),
            maybe_packs: Vec::new(),
            mass: Mass::default(),
            trees_unknown: false,
            digest: Sha256::new(),
        })
    }

    /// Audits the whole hub; each phase reads one table or the listing in the order of its keys.
    pub async fn run(&mut self) -> Result<(), AuditError> {
        if self.options.depth >= Depth::Presence {
            self.compare_sides().await?;
        }
        if let Some(repo) = self.repo.take() {
            self.run_repo(repo).await?;
            return self.look_again().await;
        }
        let counts = self.store.index().counts().await?;
        self.summary.count_nulls(&counts);
        if self.options.depth >= Depth::Presence {
            unreferenced::list(self).await?;
            self.choose_witnesses(&counts);
        }
        self.repos().await?;
        self.memberships().await?;
        self.indexed_packs().await?;
        packs::read(self).await?;
        self.scratch.order().await?;
        self.progress.phase("blobs", Some(counts.blobs));
        self.blobs().await?;
        self.scratch.order().await?;
        self.progress.phase("snapshots", Some(counts.snapshots));
        self.snapshots().await?;
        self.progress.phase("commits", Some(counts.commits));
        self.commits().await?;
        self.end_rows();
        self.branches().await?;
        self.scratch.index().await?;
        self.memberships_lacking().await?;
        self.progress.phase("names", None);
        references::judge(self).await?;
        self.tell_short_listing();
        if self.options.depth >= Depth::Presence {
            packs::judge(self).await?;
            jobs::judge(self).await?;
            unnamed_packs::judge(self).await?;
        }
        let unreferenced = self.options.depth >= Depth::Presence;
        if unreferenced && !self.withholds(Code::ObjectOrphan, Subject::Object) {
            unreferenced::judge(self).await?;
        }
        if self.options.depth >= Depth::Presence {
            self.progress.phase("ref checkpoints", Some(counts.repos));
            refs::judge(self).await?;
        }
        self.progress.phase("graph", None);
        graph::judge(self).await?;
        self.look_again().await
    }

    /// Asks again which rows are hidden: a policy may have been added while the audit ran.
    async fn look_again(&mut self) -> Result<(), AuditError> {
        let now = self.store.index().visibility(false).await?.hidden;
        for hidden in now {
            if !self.hidden.contains(&hidden) {
                self.summary.hidden.push(hidden.clone().into());
                self.hidden.push(hidden);
            }
        }
        Ok(())
    }

    /// Returns whether a finding with this code on such a subject depends on rows that this user cannot see.
    pub fn withholds(&self, code: Code, subject: Subject) -> bool {
        hidden::withheld(&self.hidden, code, subject)
    }

    /// Returns whether this user cannot see all rows of a table.
    pub fn hides(&self, table: &str) -> bool {
        is_hidden(&self.hidden, table)
    }

    /// Notes whether a sample shows that database and store do not belong together.
    async fn compare_sides(&mut self) -> Result<(), AuditError> {
        self.progress.phase("sample", None);
        let store = self.store;
        let pair = sample::look(store.index(), store.backend(), store.hub(), false).await?;
        // Rows that this user cannot see may name the sampled keys.
        let blind = matches!(pair, Pair::OtherDatabase { .. }) && !self.hidden.is_empty();
        if let Some(alarm) = pair.alarm().filter(|_| !blind) {
            self.unknown(alarm.clone());
            self.summary.wrong_pair = Some(alarm);
        }
        Ok(())
    }

    /// Ends the counts and the digest over all rows.
    fn end_rows(&mut self) {
        self.summary.mass_faults = std::mem::take(&mut self.mass).alarms();
        self.summary.digest = hex::encode(std::mem::take(&mut self.digest).finalize());
    }

    /// Notes objects that a HEAD found and the listing left out.
    fn tell_short_listing(&mut self) {
        if let Some(key) = self.judge.witness.short.get().cloned() {
            self.unknown(format!(
                "listing: {key} exists but was not listed, so the listing is incomplete"
            ));
        }
    }

    /// Chooses for how many rows a HEAD checks the listing: all rows of a small hub, some of a large one. A row whose
    /// URI names an unlisted object is none of these: it is always sent one.
    fn choose_witnesses(&mut self, counts: &Counts) {
        let nulls: u64 = self.summary.null_uris.values().sum();
        let rows = counts.commits + counts.snapshots + counts.blobs;
        self.judge.witness.every_listed = match rows {
            0..=SMALL => 1,
            _ => rows.div_ceil(WITNESSES),
        };
        self.judge.witness.every_unlisted = nulls.div_ceil(UNLISTED_WITNESSES).max(1);
    }

    /// Returns the database's clock when the audit began.
    pub const fn began(&self) -> Micros {
        self.now
    }

    /// Returns whether a row or object of this time is too young to be judged, and counts it if so.
    pub fn too_new(&mut self, created: Option<Micros>) -> bool {
        let young =
            created.is_some_and(|at| at > self.horizon && at <= self.now.saturating_add(SKEW));
        self.summary.too_new += u64::from(young);
        young
    }

    /// Writes findings into the scratch file, without those of other repositories than the audited one and those that
    /// depend on hidden rows.
    pub async fn report(&mut self, findings: Vec<Finding>) -> Result<(), AuditError> {
        let only = self.only.as_ref();
        let own = |f: &Finding| only.is_none_or(|only| *only == f.repo);
        let findings = findings.into_iter().filter(own).collect();
        self.lay_down(findings).await
    }

    /// Writes the findings on rows that the audited repository holds. If a row is shared and its findings belong to
    /// another repository, only those that stop a pull are written: they stop the pulls of this one too.
    async fn report_on_held(&mut self, findings: Vec<Finding>) -> Result<(), AuditError> {
        let Some(only) = self.only.clone() else {
            return self.lay_down(findings).await;
        };
        let taken = |f: &Finding| f.repo == only || stops_pull(f);
        let findings: Vec<Finding> = findings.into_iter().filter(taken).collect();
        for finding in findings.iter().filter(|f| f.repo != only) {
            let owner = self.store.index().repo_by_id(&finding.repo).await?;
            self.scratch.add_repos(owner.as_slice()).await?;
        }
        self.lay_down(findings).await
    }

    async fn lay_down(&mut self, mut findings: Vec<Finding>) -> Result<(), AuditError> {
        findings.retain(|f| !hidden::withholds(&self.hidden, f));
        for finding in &findings {
            self.progress.count(finding.code.name());
        }
        let rows: Vec<_> = findings.iter().map(spool::to_row).collect();
        Ok(self.scratch.add_findings(&rows).await?)
    }

    /// Adds an object that was read to the digest of all objects.
    pub fn note_read(&mut self, kind: Kind, id: &str, verdict: &Verdict) {
        if let Some((_, sha256)) = verdict.read {
            self.digest.update([kind as u8]);
            self.digest.update((id.len() as u64).to_be_bytes());
            self.digest.update(id);
            self.digest.update(sha256);
        }
    }

    /// Counts a request that had no answer, and keeps the first reasons.
    pub fn unknown(&mut self, why: String) {
        self.summary.unknown += 1;
        if self.summary.unknown_because.len() < REASONS {
            self.summary.unknown_because.push(why);
        }
    }

    /// Adds a verdict to the figures and returns its findings.
    pub fn fold(&mut self, verdict: Verdict) -> Vec<Finding> {
        self.trees_unknown |= verdict.tree == TreeState::Unknown;
        for why in verdict.unknown {
            self.unknown(why);
        }
        if let Some(scheme) = verdict.scheme {
            *self.summary.schemes.entry(scheme).or_default() += 1;
        }
        if let Some((bytes, _)) = verdict.read {
            self.summary.checked.read += 1;
            self.summary.checked.bytes += bytes;
            self.progress.update(|f| f.bytes += bytes);
        }
        verdict.findings
    }

    async fn repos(&mut self) -> Result<(), AuditError> {
        let mut pages = self.store.index().repo_pages(PAGE);
        while let Some(rows) = pages.try_next().await? {
            self.scratch.add_repos(&rows).await?;
            self.summary.checked.repos += rows.len() as u64;
        }
        Ok(())
    }

    /// Notes the packs that the index of packs names.
    pub(super) async fn indexed_packs(&mut self) -> Result<(), AuditError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.store.index().pack_ids(after.as_deref(), 5_000).await?;
            for id in &page.rows {
                let mut runs = id.split(|c: char| !c.is_ascii_hexdigit());
                let pack = runs.find(|run| run.len() == 64);
                if let Some(pack) = pack {
                    let named = self.packs.entry(pack.to_ascii_lowercase());
                    named.or_default().indexed = Some(id.clone());
                }
            }
            after = page.rows.into_iter().next_back().or(after);
            if page.end {
                return Ok(());
            }
            self.progress.checkpoint().await?;
        }
    }

    async fn memberships(&mut self) -> Result<(), AuditError> {
        for kind in Kind::ALL {
            let mut pages = self.store.index().membership_pages(kind, 5_000);
            while let Some(rows) = pages.try_next().await? {
                self.scratch.add_members(kind, &rows).await?;
                self.progress.checkpoint().await?;
            }
        }
        Ok(())
    }

    async fn add_branches(&mut self, rows: &[BranchRow]) -> Result<(), AuditError> {
        let facts: Vec<BranchFact> = rows.iter().map(repo::branch_fact).collect();
        self.scratch.add_branches(&facts).await?;
        let names: Vec<Unresolved> = facts
            .iter()
            .filter_map(|b| Some(named(Kind::Commit, b.head.as_deref()?, &b.repo_id, &b.name)))
            .collect();
        self.scratch.add_named(&names).await?;
        self.summary.checked.branches += rows.len() as u64;
        Ok(())
    }

    async fn branches(&mut self) -> Result<(), AuditError> {
        let mut pages = self.store.index().branch_pages(PAGE);
        while let Some(rows) = pages.try_next().await? {
            self.add_branches(&rows).await?;
        }
        Ok(())
    }
}

/// Returns the digest of an id, as the scratch file joins by it.
fn hex_of(id: &str) -> Option<String> {
    ObjectId::new(id).hex().map(str::to_owned)
}

fn named(kind: Kind, id: &str, repo_id: &str, by_id: &str) -> Unresolved {
    Unresolved {
        kind,
        id: id.to_owned(),
        repo_id: repo_id.to_owned(),
        by_id: by_id.to_owned(),
    }
}

/// Returns a key of a known layout as the scratch file keeps it.
pub(super) fn listed(entry: luthier_hub::backend::Entry) -> Option<ListedKey> {
    let (_, hex) = layout::recognise(&entry.key)?;
    Some(ListedKey {
        hex,
        key: entry.key,
        size: entry.size,
        modified: entry.modified,
    })
}
