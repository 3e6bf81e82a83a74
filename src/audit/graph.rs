//! Walks of the commit graph: cycles, what no branch reaches, collapsed trees, and what a fault blocks.
//!
//! Commits are numbered, so the graph costs some 24 bytes a commit and no id is held.

use super::AuditError;
use super::again;
use super::evidence::{Collapsed, Evidence, Links, Nothing};
use super::fault::{Code, FAULTS};
use super::finding::{Blocks, Finding, Subject};
use super::judge::stops_pull;
use super::scan::Scan;
use super::spool;
use super::standing::{self, Stops};
use luthier_object::{Kind, ObjectId};
use std::collections::{HashMap, HashSet};

/// Commits visited while counting what faults block, over all faults; then counting stops and says so.
const VISITS: u64 = 200_000_000;

const PAGE: usize = 500;

/// The fields of a commit that say what it comes from.
const PARENTS: [&str; 2] = ["parent_commit_id", "parent2_commit_id"];

/// Edges by node, packed: the neighbours of `n` are `to[start[n]..start[n + 1]]`.
pub(super) struct Edges {
    start: Vec<u32>,
    to: Vec<u32>,
}

impl Edges {
    /// `pairs` are (from, to).
    pub fn new(nodes: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut start = vec![0u32; nodes + 1];
        for (from, _) in pairs.clone() {
            start[from as usize + 1] += 1;
        }
        for n in 0..nodes {
            start[n + 1] += start[n];
        }
        let mut next = start.clone();
        let mut to = vec![0u32; start[nodes] as usize];
        for (from, target) in pairs {
            let at = &mut next[from as usize];
            to[*at as usize] = target;
            *at += 1;
        }
        Self { start, to }
    }

    pub fn of(&self, n: u32) -> &[u32] {
        &self.to[self.start[n as usize] as usize..self.start[n as usize + 1] as usize]
    }

    pub fn len(&self) -> usize {
        self.start.len() - 1
    }
}

/// Every code that takes a walk, and what each cause blocks.
pub(super) async fn judge(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    let nodes = scan.commit_facts as usize;
    let pairs = scan.scratch.commit_edges().await?;
    let parents = Edges::new(nodes, pairs.iter().copied());
    let children = Edges::new(nodes, pairs.iter().map(|(child, parent)| (*parent, *child)));
    drop(pairs);
    let heads = scan.scratch.heads().await?;
    cycles(scan, &parents, &children, Kind::Commit).await?;
    snapshot_cycles(scan).await?;
    unreachable(scan, &parents, &heads).await?;
    collapsed(scan, &parents, &children).await?;
    let mut stops = Stops::new(nodes);
    blocks(scan, &children, &heads, &mut stops).await?;
    standing::judge(scan, &children, &stops).await?;
    Ok(scan.scratch.assign_order().await?)
}

async fn snapshot_cycles(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    let nodes = scan.snapshot_facts as usize;
    let pairs = scan.scratch.snapshot_edges().await?;
    if pairs.is_empty() {
        return Ok(());
    }
    let parents = Edges::new(nodes, pairs.iter().copied());
    let children = Edges::new(nodes, pairs.iter().map(|(child, parent)| (*parent, *child)));
    cycles(scan, &parents, &children, Kind::Snapshot).await
}

async fn cycles(
    scan: &mut Scan<'_>,
    parents: &Edges,
    children: &Edges,
    kind: Kind,
) -> Result<(), AuditError> {
    let members = on_cycles(parents, children);
    for chunk in members.chunks(PAGE) {
        let links = links(scan, chunk, &members, parents, kind).await?;
        let findings = match kind {
            Kind::Commit => {
                let evidence = |at: usize| Evidence::Cycle(links[at].clone());
                let mut findings = numbered(scan, chunk, evidence).await?;
                for finding in &mut findings {
                    finding.caused_by = diverging(scan, &finding.id).await?;
                }
                findings
            }
            _ => {
                let ids = scan.scratch.snapshots_numbered(chunk).await?;
                let holders = scan.scratch.holders(kind, &ids).await?;
                ids.iter()
                    .zip(links)
                    .map(|(id, links)| {
                        let mut finding =
                            Finding::new(Evidence::Cycle(links), Subject::Snapshot, id);
                        let repo = holders.get(id).and_then(|h| h.first());
                        finding.repo = repo.cloned().unwrap_or_default();
                        finding
                    })
                    .collect()
            }
        };
        scan.report(findings).await?;
    }
    Ok(())
}

/// Returns for each of `numbers` where it leads among the members of cycles: a commit has few parents, a snapshot one
/// base.
async fn links(
    scan: &Scan<'_>,
    numbers: &[u32],
    members: &[u32],
    parents: &Edges,
    kind: Kind,
) -> Result<Vec<Links>, AuditError> {
    let is_member = |n: &u32| members.binary_search(n).is_ok();
    let ahead = |n: &u32| parents.of(*n).iter().copied().filter(is_member);
    let mut wanted: Vec<u32> = numbers.iter().flat_map(ahead).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut ids = HashMap::new();
    for page in wanted.chunks(PAGE) {
        match kind {
            Kind::Commit => {
                let rows = scan.scratch.commits_numbered(page).await?;
                ids.extend(rows.into_iter().map(|(n, id, _)| (n, id)));
            }
            _ => {
                let named = scan.scratch.snapshots_numbered(page).await?;
                ids.extend(page.iter().copied().zip(named));
            }
        }
    }
    let of = |n| Links {
        leads_to: ahead(n)
            .filter_map(|next| ids.get(&next).cloned())
            .collect(),
    };
    Ok(numbers.iter().map(of).collect())
}

/// Returns the finding that a commit's row has other parents than its object: its repair may end a cycle.
async fn diverging(scan: &Scan<'_>, id: &str) -> Result<Option<String>, AuditError> {
    let code = Code::ObjectDiverges;
    let found = scan.scratch.finding_on(id, code as u16).await?;
    let has_other_parents = |finding: Finding| match finding.evidence {
        Evidence::ObjectDiverges(fields) => PARENTS.iter().any(|name| fields.contains_key(*name)),
        _ => false,
    };
    let is_cause = found
        .and_then(spool::from_row)
        .is_some_and(has_other_parents);
    Ok(is_cause.then(|| format!("{code} {id}")))
}

/// Makes findings on commits by number; `evidence` is asked with the place among the numbers.
async fn numbered(
    scan: &Scan<'_>,
    numbers: &[u32],
    evidence: impl Fn(usize) -> Evidence,
) -> Result<Vec<Finding>, AuditError> {
    let rows = scan.scratch.commits_numbered(numbers).await?;
    let ids: Vec<String> = rows.iter().map(|(_, id, _)| id.clone()).collect();
    let holders = scan.scratch.holders(Kind::Commit, &ids).await?;
    Ok(rows
        .into_iter()
        .enumerate()
        .map(|(at, (_, id, own))| {
            let mut finding = Finding::new(evidence(at), Subject::Commit, &id);
            let held = holders.get(&id).and_then(|h| h.first()).cloned();
            finding.repo = if own.is_empty() {
                held.unwrap_or_default()
            } else {
                own
            };
            finding
        })
        .collect())
}

/// Nodes that are ancestors of themselves. What is on no cycle is peeled off from both ends; what is
/// left is tested node by node, and is nothing at all in a graph that proves.
fn on_cycles(parents: &Edges, children: &Edges) -> Vec<u32> {
    let nodes = parents.len();
    let mut gone = vec![false; nodes];
    for (ahead, behind) in [(parents, children), (children, parents)] {
        let degree = |n: u32, gone: &[bool]| {
            ahead.of(n).iter().filter(|p| !gone[**p as usize]).count() as u32
        };
        let mut open: Vec<u32> = (0..nodes as u32).map(|n| degree(n, &gone)).collect();
        let mut free: Vec<u32> = (0..nodes as u32)
            .filter(|n| open[*n as usize] == 0 && !gone[*n as usize])
            .collect();
        while let Some(n) = free.pop() {
            gone[n as usize] = true;
            for next in behind.of(n) {
                open[*next as usize] -= 1;
                if open[*next as usize] == 0 && !gone[*next as usize] {
                    free.push(*next);
                }
            }
        }
    }
    let left: Vec<u32> = (0..nodes as u32).filter(|n| !gone[*n as usize]).collect();
    left.iter()
        .copied()
        .filter(|n| reaches_itself(*n, parents, &gone))
        .collect()
}

fn reaches_itself(start: u32, parents: &Edges, gone: &[bool]) -> bool {
    let mut seen = HashSet::new();
    let mut open: Vec<u32> = parents.of(start).to_vec();
    while let Some(n) = open.pop() {
        if n == start {
            return true;
        }
        if !gone[n as usize] && seen.insert(n) {
            open.extend(parents.of(n));
        }
    }
    false
}

async fn unreachable(
    scan: &mut Scan<'_>,
    parents: &Edges,
    heads: &[(u32, u32)],
) -> Result<(), AuditError> {
    let mut reached = vec![false; parents.len()];
    let mut open: Vec<u32> = heads.iter().map(|(head, _)| *head).collect();
    while let Some(n) = open.pop() {
        if !std::mem::replace(&mut reached[n as usize], true) {
            open.extend(parents.of(n));
        }
    }
    let left: Vec<u32> = (0..parents.len() as u32)
        .filter(|n| !reached[*n as usize])
        .collect();
    for chunk in left.chunks(PAGE) {
        let evidence = |_| Evidence::CommitUnreachable(Nothing {});
        let mut findings = numbered(scan, chunk, evidence).await?;
        let ids = findings.iter().map(|finding| finding.id.clone()).collect();
        let there = again::still_there(scan, Kind::Commit, ids).await?;
        let there: HashSet<String> = there.into_iter().collect();
        findings.retain(|finding| there.contains(&finding.id));
        scan.report(findings).await?;
    }
    Ok(())
}

/// Trees that hold a tenth or less of what every parent's tree held. A commit without tree passes on
/// the largest of its own parents', for that is what its children should have had.
async fn collapsed(
    scan: &mut Scan<'_>,
    parents: &Edges,
    children: &Edges,
) -> Result<(), AuditError> {
    const UNKNOWN: u32 = u32::MAX;
    let nodes = parents.len();
    let mut entries = vec![UNKNOWN; nodes];
    for (n, count) in scan.scratch.tree_sizes().await? {
        entries[n as usize] = count.min(UNKNOWN - 1);
    }
    let mut passed_on = entries.clone();
    let mut found = Vec::new();
    let mut open: Vec<u32> = (0..nodes as u32)
        .map(|n| parents.of(n).len() as u32)
        .collect();
    let mut free: Vec<u32> = (0..nodes as u32)
        .filter(|n| open[*n as usize] == 0)
        .collect();
    while let Some(n) = free.pop() {
        let before = parents.of(n).iter().map(|p| passed_on[*p as usize]);
        if entries[n as usize] == UNKNOWN {
            let largest = before.filter(|count| *count != UNKNOWN).max();
            passed_on[n as usize] = largest.unwrap_or(UNKNOWN);
        } else if let Some(least) = before.min()
            && least != UNKNOWN
            && least >= 10
            && u64::from(entries[n as usize]) * 10 <= u64::from(least)
        {
            found.push((n, entries[n as usize], least));
        }
        for child in children.of(n) {
            open[*child as usize] -= 1;
            if open[*child as usize] == 0 {
                free.push(*child);
            }
        }
    }
    found.sort_unstable();
    for chunk in found.chunks(PAGE) {
        let numbers: Vec<u32> = chunk.iter().map(|(n, ..)| *n).collect();
        let counted = |at: usize| {
            let counts = chunk.get(at).map(|(_, now, before)| Collapsed {
                before: u64::from(*before),
                entries: u64::from(*now),
            });
            Evidence::TreeCollapsed(counts.unwrap_or_default())
        };
        let findings = numbered(scan, &numbers, counted).await?;
        scan.report(findings).await?;
    }
    Ok(())
}

/// Counts what each finding that stops a pull blocks: the commits that need it, the branches whose head
/// is one of them, and the repositories of these.
async fn blocks(
    scan: &mut Scan<'_>,
    children: &Edges,
    heads: &[(u32, u32)],
    stops: &mut Stops,
) -> Result<(), AuditError> {
    let codes: Vec<u16> = FAULTS.iter().map(|fault| fault.code as u16).collect();
    // What hangs from hidden rows is blocked too, and is not counted: then no count is true.
    let partly = ["musehub_commits", "musehub_branches", "musehub_snapshots"]
        .iter()
        .any(|table| scan.hides(table));
    let mut walk = Walk::new(children.len());
    if partly {
        walk.left = 0;
    }
    let mut after = 0;
    loop {
        let page = scan.scratch.findings_of(&codes, after, PAGE as u32).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.n;
        let mut changes = Vec::new();
        for row in page {
            let n = row.n;
            let Some(mut finding) = spool::from_row(row) else {
                continue;
            };
            let follows = finding.caused_by.is_some();
            if !stops_pull(&finding) {
                continue;
            }
            let start = first_blocked(scan, &finding).await?;
            stops.spread(n as u32, &start, children);
            let blocked = match finding.kind {
                Subject::Branch => Blocks::ONE_BRANCH,
                _ => walk.from(&start, children, heads),
            };
            finding.blocks = Some(blocked);
            changes.push((
                n,
                spool::body(&finding),
                blocked.commits.unwrap_or(0),
                follows,
            ));
        }
        scan.scratch.amend_findings(&changes).await?;
        scan.progress.checkpoint().await?;
    }
}

/// Returns the commits that need a finding's subject themselves.
async fn first_blocked(scan: &Scan<'_>, finding: &Finding) -> Result<Vec<u32>, AuditError> {
    let scratch = &scan.scratch;
    Ok(match (finding.kind, finding.kind.kind()) {
        (_, Some(kind)) => scratch.blocked_commits(kind, &finding.id).await?,
        (Subject::Pack, None) => {
            let pack = ObjectId::new(&finding.id);
            scratch
                .blocked_by_pack(pack.hex().unwrap_or_default())
                .await?
        }
        (_, None) => Vec::new(),
    })
}

/// Walks towards the children, again and again over one set of marks.
pub(super) struct Walk {
    seen: Vec<u32>,
    stamp: u32,
    left: u64,
}

impl Walk {
    pub fn new(nodes: usize) -> Self {
        Self {
            seen: vec![0; nodes],
            stamp: 0,
            left: VISITS,
        }
    }

    /// Returns whether the last walk came to this commit.
    pub fn came_to(&self, n: u32) -> bool {
        self.stamp > 0 && self.seen[n as usize] == self.stamp
    }

    pub fn from(&mut self, start: &[u32], children: &Edges, heads: &[(u32, u32)]) -> Blocks {
        if self.left == 0 {
            return Blocks::default();
        }
        self.stamp += 1;
        let mut commits = 0;
        let mut open = start.to_vec();
        while let Some(n) = open.pop() {
            if std::mem::replace(&mut self.seen[n as usize], self.stamp) != self.stamp {
                commits += 1;
                open.extend(children.of(n));
            }
        }
        self.left = self.left.saturating_sub(commits + heads.len() as u64);
        let hit = heads
            .iter()
            .filter(|(head, _)| self.seen[*head as usize] == self.stamp);
        let repos: HashSet<u32> = hit.clone().map(|(_, repo)| *repo).collect();
        Blocks {
            commits: Some(commits),
            branches: Some(hit.count() as u64),
            repos: Some(repos.len() as u64),
        }
    }
}
