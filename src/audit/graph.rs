//! Walks of the commit graph: cycles, what no branch reaches, collapsed trees, and what a fault blocks.
//!
//! Commits are numbered, so the graph costs some 24 bytes a commit and no id is held.

use super::AuditError;
use super::again;
use super::cycles;
use super::edges::{Edges, Walk};
use super::evidence::{Collapsed, Evidence, Nothing};
use super::fault::{Code, FAULTS};
use super::finding::{Blocks, Finding, Subject};
use super::judge::stops_pull;
use super::on_commits::numbered;
use super::scan::Scan;
use super::spool;
use super::standing::{self, Stops};
use luthier_object::{Kind, ObjectId};
use std::collections::{HashMap, HashSet};

const PAGE: usize = 500;

/// Every code that takes a walk, and what each cause blocks.
pub(super) async fn judge(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    let nodes = scan.commit_facts as usize;
    let pairs = scan.scratch.commit_edges().await?;
    let parents = Edges::new(nodes, pairs.iter().copied());
    let children = Edges::new(nodes, pairs.iter().map(|(child, parent)| (*parent, *child)));
    drop(pairs);
    let heads = scan.scratch.heads().await?;
    cycles::judge(scan, &parents, &children).await?;
    unreachable(scan, &parents, &heads).await?;
    collapsed(scan, &parents, &children).await?;
    let mut stops = Stops::new(nodes);
    blocks(scan, &children, &heads, &mut stops).await?;
    standing::judge(scan, &children, &stops).await?;
    Ok(scan.scratch.assign_order().await?)
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
    let mut walk = match partly {
        true => Walk::uncounted(children.len()),
        false => Walk::new(children.len()),
    };
    let dangling = dangling(scan).await?;
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
                _ => walk.from(&start, children, heads).with_heads(
                    dangling
                        .get(&finding.id)
                        .filter(|_| is_row_missing(&finding)),
                ),
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

fn is_row_missing(finding: &Finding) -> bool {
    finding.code == Code::RowMissing && finding.kind == Subject::Commit
}

/// Returns the repositories of the branches whose head has no row, by the head; no walk begins at what has no row.
async fn dangling(scan: &Scan<'_>) -> Result<HashMap<String, Vec<String>>, AuditError> {
    let mut out: HashMap<String, Vec<String>> = HashMap::new();
    for branch in scan.scratch.dangling_heads().await? {
        if let Some(head) = branch.head {
            out.entry(head).or_default().push(branch.repo_id);
        }
    }
    Ok(out)
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
