//! Decides, from an audit's findings, whether a pull of each branch succeeds.
//!
//! One walk from all that stops a pull, instead of one for each: four bytes a commit.

use super::edges::Edges;
use super::fault::Code;
use super::scan::Scan;
use super::{AuditError, Depth, now};
use luthier_hub::index::audit_scratch::{BranchHead, BranchStanding, Stands};
use luthier_object::branch;
use std::collections::HashMap;

const PAGE: u32 = 500;

/// The tables that a pull reads.
const TABLES: [&str; 4] = [
    "musehub_branches",
    "musehub_commits",
    "musehub_snapshots",
    "musehub_objects",
];

/// By which finding each commit is stopped; 0 where none is known.
pub(super) struct Stops {
    by: Vec<u32>,
}

impl Stops {
    pub fn new(commits: usize) -> Self {
        Self {
            by: vec![0; commits],
        }
    }

    /// Marks what comes after these commits as stopped by a finding, unless another stops it already.
    pub fn spread(&mut self, finding: u32, start: &[u32], children: &Edges) {
        let mut open = start.to_vec();
        while let Some(n) = open.pop() {
            let by = &mut self.by[n as usize];
            if *by == 0 {
                *by = finding;
                open.extend(children.of(n));
            }
        }
    }

    fn of(&self, commit: u32) -> Option<u32> {
        Some(self.by[commit as usize]).filter(|by| *by != 0)
    }
}

/// Stores the standing of each branch that the audit is about.
pub(super) async fn judge(
    scan: &mut Scan<'_>,
    children: &Edges,
    stops: &Stops,
) -> Result<(), AuditError> {
    let mut doubts = Stops::new(children.len());
    let doubtful = scan.scratch.doubtful_commits().await?;
    doubts.spread(1, &doubtful, children);
    let at = now();
    // What hangs from rows that were not shown may be anything.
    let partly = TABLES.iter().any(|table| scan.hides(table));
    let mut after = 0;
    loop {
        let only = scan.only.as_deref();
        let page = scan.scratch.branch_heads(only, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.row;
        let mut numbers: Vec<u32> = page
            .iter()
            .filter_map(|branch| stops.of(branch.commit?))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        let causes = scan.scratch.causes(&numbers).await?;
        let causes: HashMap<u32, (u16, String)> = causes
            .into_iter()
            .map(|(n, code, id)| (n, (code, id)))
            .collect();
        let rows: Vec<BranchStanding> = page
            .into_iter()
            .map(|branch| {
                let stopped = branch.commit.and_then(|n| stops.of(n));
                let cause = stopped.and_then(|n| causes.get(&n)).cloned();
                let known = branch.commit.map(|n| doubts.of(n).is_some());
                let doubt = partly || known == Some(true);
                BranchStanding {
                    depth: scan.options.depth as u8,
                    at,
                    ..standing(branch, cause, doubt)
                }
            })
            .collect();
        scan.scratch.set_standings(&rows).await?;
        scan.progress.checkpoint().await?;
    }
}

/// Returns the standing of a branch that `cause` stops, if anything does.
fn standing(branch: BranchHead, cause: Option<(u16, String)>, doubt: bool) -> BranchStanding {
    let own = |code: Code| {
        let id = format!("{}:{}", branch.repo, branch.name);
        Some((code as u16, id))
    };
    let (stands, cause) = match (&branch.head, branch.commit, cause) {
        _ if branch::check(&branch.name).is_some() => (Stands::Fails, own(Code::BranchUnsafe)),
        _ if branch.torn => (Stands::Fails, own(Code::BranchDuplicate)),
        (None, ..) => (Stands::Empty, None),
        (_, Some(_), Some(cause)) => (Stands::Fails, Some(cause)),
        (..) if doubt => (Stands::Open, None),
        (Some(_), None, _) => (Stands::Fails, own(Code::HeadDangling)),
        (..) => (Stands::Clear, None),
    };
    let (code, cause) = cause.unzip();
    BranchStanding {
        repo: branch.repo,
        name: branch.name,
        head: branch.head,
        stands,
        depth: 0,
        at: 0,
        tried: false,
        code,
        cause,
        why: String::new(),
        rows: branch.rows,
    }
}

/// Returns the standing of one branch whose history was walked by itself; `cause` is what stops it first.
pub(super) fn of_branch(
    (repo, name, heads): (&str, &str, &[Option<String>]),
    depth: Depth,
    cause: Option<(u16, String)>,
    doubt: bool,
) -> BranchStanding {
    let head = heads.first().cloned().flatten();
    let branch = BranchHead {
        row: 0,
        repo: repo.to_owned(),
        name: name.to_owned(),
        torn: heads.iter().any(|other| *other != head),
        head,
        commit: Some(0),
        rows: heads.len() as u64,
    };
    BranchStanding {
        depth: depth as u8,
        at: now(),
        ..standing(branch, cause, doubt)
    }
}
