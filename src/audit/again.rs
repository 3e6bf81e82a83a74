//! Rows that are asked again before what rests on them is said: the hub goes on while an audit runs.
//!
//! A repository that is deleted between two pages leaves rows that were read and name rows which were not, and a push
//! leaves names of rows that came behind their page. Neither is a fault: it is counted, and no finding is made.

use super::AuditError;
use super::scan::Scan;
use futures_util::TryStreamExt;
use luthier_hub::index::audit_scratch::{BranchFact, Namer, Unresolved};
use luthier_hub::index::{CommitRow, Index};
use luthier_hub::store::reconstruct;
use luthier_object::{Kind, ObjectId};
use std::collections::{HashMap, HashSet};

/// Ids of one question; a snapshot's row may weigh much.
const IDS: usize = 100;

/// Names of one answer of the scratch file.
const NAMERS: u32 = 500;

/// Branches of one page.
const BRANCHES: u32 = 500;

/// Branches that are remembered before they are asked for anew.
const REMEMBERED: usize = 200_000;

/// Of these ids, those that have a row now.
pub(super) async fn existing(
    index: &dyn Index,
    kind: Kind,
    ids: &[String],
) -> Result<HashSet<String>, AuditError> {
    let mut out = HashSet::new();
    for chunk in ids.chunks(IDS) {
        match kind {
            Kind::Commit => {
                let rows = index.commits_by_id(chunk).await?;
                out.extend(rows.into_iter().map(|row| row.commit_id));
            }
            Kind::Snapshot => {
                let rows = index.snapshots_by_id(chunk).await?;
                out.extend(rows.into_iter().map(|row| row.snapshot_id));
            }
            Kind::Blob => {
                let rows = index.blobs_by_id(chunk).await?;
                out.extend(rows.into_iter().map(|row| row.object_id));
            }
        }
    }
    Ok(out)
}

/// Of these ids, those that have a row now, in the order given; the others are counted as changed.
pub(super) async fn still_there(
    scan: &mut Scan<'_>,
    kind: Kind,
    ids: Vec<String>,
) -> Result<Vec<String>, AuditError> {
    let now = existing(scan.store.index(), kind, &ids).await?;
    let all = ids.len();
    let ids: Vec<String> = ids.into_iter().filter(|id| now.contains(id)).collect();
    scan.summary.changed += (all - ids.len()) as u64;
    Ok(ids)
}

/// Of these names without a row, those that still have none and are still named; each with one that names it now.
pub(super) async fn still_missing(
    scan: &mut Scan<'_>,
    page: Vec<Unresolved>,
) -> Result<Vec<Unresolved>, AuditError> {
    let mut out = Vec::with_capacity(page.len());
    let mut heads = Heads::default();
    for kind in Kind::ALL {
        let names: Vec<&Unresolved> = page.iter().filter(|name| name.kind == kind).collect();
        let ids: Vec<String> = names.iter().map(|name| name.id.clone()).collect();
        let now = existing(scan.store.index(), kind, &ids).await?;
        let sure = first_namers(scan.store.index(), &names).await?;
        for name in names {
            let namer = match (now.contains(&name.id), sure.contains(&name.id)) {
                (true, _) => None,
                (false, true) => Some(name.by_id.clone()),
                (false, false) => living_namer(scan, name, &mut heads).await?,
            };
            match namer {
                Some(by_id) => out.push(Unresolved {
                    by_id,
                    ..name.clone()
                }),
                None => scan.summary.changed += 1,
            }
        }
    }
    Ok(out)
}

/// Of these names of one kind, the ids that the row which was laid down for them names now.
async fn first_namers(
    index: &dyn Index,
    names: &[&Unresolved],
) -> Result<HashSet<String>, AuditError> {
    let mut out = HashSet::new();
    for chunk in names.chunks(IDS) {
        let ids: Vec<String> = chunk.iter().map(|name| name.by_id.clone()).collect();
        let Some(kind) = chunk.first().map(|name| name.kind) else {
            return Ok(out);
        };
        let living = match kind {
            Kind::Blob => {
                let there = existing(index, Kind::Snapshot, &ids).await?;
                chunk
                    .iter()
                    .map(|name| there.contains(&name.by_id))
                    .collect()
            }
            Kind::Commit | Kind::Snapshot => {
                let rows = index.commits_by_id(&ids).await?;
                let named = |name: &Unresolved| {
                    let mut rows = rows.iter().filter(|row| row.commit_id == name.by_id);
                    rows.any(|row| names_it(row, name))
                };
                chunk.iter().map(|name| named(name)).collect::<Vec<bool>>()
            }
        };
        let sure = chunk.iter().zip(living).filter(|(_, living)| *living);
        out.extend(sure.map(|(name, _)| name.id.clone()));
    }
    Ok(out)
}

/// Returns whether a commit's row names it as parent or as snapshot.
fn names_it(row: &CommitRow, name: &Unresolved) -> bool {
    let is_it = |id: &ObjectId| id.as_str() == name.id;
    match name.kind {
        Kind::Snapshot => {
            let snapshot = reconstruct::non_empty(row.snapshot_id.as_deref());
            snapshot.map(ObjectId::new).as_ref().is_some_and(is_it)
        }
        _ => reconstruct::parent_ids(&row.parent_ids).is_ok_and(|ids| ids.iter().any(is_it)),
    }
}

/// One that names what has no row, and is there and names it still: the first that was laid down where that is true
/// of it. `None` where none is left.
async fn living_namer(
    scan: &Scan<'_>,
    name: &Unresolved,
    heads: &mut Heads,
) -> Result<Option<String>, AuditError> {
    let mut after: Option<Namer> = None;
    loop {
        let page = scan
            .scratch
            .namers(name.kind, &name.id, after.as_ref(), NAMERS)
            .await?;
        let found = living(scan, name, &page, heads).await?;
        if found.contains(&name.by_id) {
            return Ok(Some(name.by_id.clone()));
        }
        // The one that was stored may be on a later page; any that lives is as true.
        let other = found.into_iter().next();
        if other.is_some() || page.len() < NAMERS as usize {
            return Ok(other);
        }
        after = page.into_iter().last();
    }
}

/// Of those that named it when they were read, those that do now, as findings name them.
async fn living(
    scan: &Scan<'_>,
    name: &Unresolved,
    page: &[Namer],
    heads: &mut Heads,
) -> Result<Vec<String>, AuditError> {
    let index = scan.store.index();
    let mut out = Vec::new();
    let rows: Vec<String> = page.iter().filter_map(Namer::row).collect();
    for chunk in rows.chunks(IDS) {
        match name.kind {
            Kind::Blob => {
                let found = index.snapshots_by_id(chunk).await?;
                out.extend(found.into_iter().map(|row| row.snapshot_id));
            }
            Kind::Commit | Kind::Snapshot => {
                let found = index.commits_by_id(chunk).await?;
                let naming = found.into_iter().filter(|row| names_it(row, name));
                out.extend(naming.map(|row| row.commit_id));
            }
        }
        if !out.is_empty() {
            return Ok(out);
        }
    }
    let branches: Vec<BranchFact> = page.iter().filter_map(Namer::branch).cloned().collect();
    let still = heads.still(index, &branches).await?;
    out.extend(still.into_iter().map(|branch| branch.name));
    Ok(out)
}

/// Of these heads without a commit, those that still are: the branch has it, and no row has come since.
pub(super) async fn still_dangling(
    scan: &mut Scan<'_>,
    heads: Vec<BranchFact>,
) -> Result<Vec<BranchFact>, AuditError> {
    let all = heads.len();
    let ids: Vec<String> = heads.iter().filter_map(|b| b.head.clone()).collect();
    let index = scan.store.index();
    let now = existing(index, Kind::Commit, &ids).await?;
    let missing = |b: &BranchFact| b.head.as_ref().is_some_and(|head| !now.contains(head));
    let heads: Vec<BranchFact> = heads.into_iter().filter(missing).collect();
    let still = Heads::default().still(index, &heads).await?;
    scan.summary.changed += (all - still.len()) as u64;
    Ok(still)
}

/// Branches as they are now, asked for once a repository.
#[derive(Default)]
struct Heads {
    /// By repository and branch.
    now: HashMap<String, HashMap<String, Option<String>>>,
    count: usize,
}

impl Heads {
    /// Of these branches, those that have the same head now, in the order given.
    async fn still(
        &mut self,
        index: &dyn Index,
        branches: &[BranchFact],
    ) -> Result<Vec<BranchFact>, AuditError> {
        let mut out = Vec::new();
        for branch in branches {
            let heads = self.of(index, &branch.repo_id).await?;
            if heads.get(&branch.id) == Some(&branch.head) {
                out.push(branch.clone());
            }
        }
        Ok(out)
    }

    async fn of(
        &mut self,
        index: &dyn Index,
        repo_id: &str,
    ) -> Result<&HashMap<String, Option<String>>, AuditError> {
        if self.count > REMEMBERED {
            *self = Self::default();
        }
        let mut heads = HashMap::new();
        if !self.now.contains_key(repo_id) {
            let mut pages = index.branch_pages_of(repo_id, BRANCHES);
            while let Some(rows) = pages.try_next().await? {
                heads.extend(rows.into_iter().map(|row| {
                    let head = reconstruct::non_empty(row.head_commit_id.as_deref());
                    (row.branch_id, head.map(str::to_owned))
                }));
            }
            self.count += heads.len();
        }
        Ok(self.now.entry(repo_id.to_owned()).or_insert(heads))
    }
}

/// Of these names that their repository does not hold, those that it does not hold now either and that are still
/// there: a push may have come between, or the end of the row.
pub(super) async fn still_elsewhere(
    scan: &mut Scan<'_>,
    page: Vec<Unresolved>,
) -> Result<Vec<Unresolved>, AuditError> {
    let index = scan.store.index();
    let mut asked: HashMap<(Kind, &str), Vec<String>> = HashMap::new();
    for name in &page {
        let ids = asked.entry((name.kind, &name.repo_id)).or_default();
        ids.push(name.id.clone());
    }
    let mut changed: HashSet<(Kind, String, String)> = HashSet::new();
    for ((kind, repo), ids) in &asked {
        let there = existing(index, *kind, ids).await?;
        let held: HashSet<String> = index.held_by(*kind, repo, ids).await?.into_iter().collect();
        let other = ids
            .iter()
            .filter(|id| !there.contains(*id) || held.contains(*id));
        changed.extend(other.map(|id| (*kind, id.clone(), (*repo).to_owned())));
    }
    scan.summary.changed += changed.len() as u64;
    let same = |n: &Unresolved| !changed.contains(&(n.kind, n.id.clone(), n.repo_id.clone()));
    Ok(page.into_iter().filter(same).collect())
}
