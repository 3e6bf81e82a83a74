//! Commits and snapshots that lead back to themselves.

use super::AuditError;
use super::edges::Edges;
use super::evidence::{Evidence, Links};
use super::fault::Code;
use super::finding::{Finding, Subject};
use super::on_commits::numbered;
use super::scan::Scan;
use super::spool;
use luthier_object::Kind;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::HashMap;

const PAGE: usize = 500;

/// The fields of a commit that say what it comes from.
const PARENTS: [&str; 2] = ["parent_commit_id", "parent2_commit_id"];

/// Reports the cycles of commits and of the bases of snapshots.
pub(super) async fn judge(
    scan: &mut Scan<'_>,
    parents: &Edges,
    children: &Edges,
) -> Result<(), AuditError> {
    report(scan, parents, children, Kind::Commit).await?;
    of_snapshots(scan).await
}

async fn of_snapshots(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    let nodes = scan.snapshot_facts as usize;
    let pairs = scan.scratch.snapshot_edges().await?;
    if pairs.is_empty() {
        return Ok(());
    }
    let parents = Edges::new(nodes, pairs.iter().copied());
    let children = Edges::new(nodes, pairs.iter().map(|(child, parent)| (*parent, *child)));
    report(scan, &parents, &children, Kind::Snapshot).await
}

async fn report(
    scan: &mut Scan<'_>,
    parents: &Edges,
    children: &Edges,
    kind: Kind,
) -> Result<(), AuditError> {
    let cycles = cycles_of(parents, children);
    let mut members: Vec<u32> = cycles.iter().flatten().copied().collect();
    members.sort_unstable();
    let causes = match kind {
        Kind::Commit => causes(scan, &cycles).await?,
        _ => HashMap::new(),
    };
    for chunk in members.chunks(PAGE) {
        let links = links(scan, chunk, &members, parents, kind).await?;
        let findings = match kind {
            Kind::Commit => {
                let evidence = |at: usize| Evidence::Cycle(links[at].clone());
                let mut findings = numbered(scan, chunk, evidence).await?;
                for (n, finding) in chunk.iter().zip(&mut findings) {
                    finding.caused_by = causes.get(n).cloned();
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

/// Returns for each member of a cycle of commits the difference that made it: one row whose object has other parents.
async fn causes(scan: &Scan<'_>, cycles: &[Vec<u32>]) -> Result<HashMap<u32, String>, AuditError> {
    let mut out = HashMap::new();
    for members in cycles {
        let mut cause = None;
        for page in members.chunks(PAGE) {
            for (_, id, _) in scan.scratch.commits_numbered(page).await? {
                cause = match cause {
                    None => diverging(scan, &id).await?,
                    found => found,
                };
            }
        }
        if let Some(cause) = cause {
            out.extend(members.iter().map(|n| (*n, cause.clone())));
        }
    }
    Ok(out)
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

/// Returns the cycles, each as its members: nodes that are ancestors of one another, or of themselves. What is on no
/// cycle is peeled off from both ends; what is left is nothing at all in a graph that proves.
fn cycles_of(parents: &Edges, children: &Edges) -> Vec<Vec<u32>> {
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
    let mut graph = DiGraph::<u32, (), u32>::default();
    let places: HashMap<u32, _> = left.iter().map(|n| (*n, graph.add_node(*n))).collect();
    for n in &left {
        for parent in parents.of(*n) {
            if let (Some(from), Some(to)) = (places.get(n), places.get(parent)) {
                graph.add_edge(*from, *to, ());
            }
        }
    }
    let members = |nodes: Vec<NodeIndex<u32>>| nodes.into_iter().map(|at| graph[at]).collect();
    let groups = kosaraju_scc(&graph).into_iter();
    let cycles = groups.filter(|nodes| match nodes.as_slice() {
        [alone] => graph.contains_edge(*alone, *alone),
        _ => true,
    });
    cycles.map(members).collect()
}

#[cfg(test)]
#[path = "../../tests/audit/cycles.rs"]
mod tests;
