//! The knowledge of a hub in one session: the findings of each audit, kept until another audit covers them as deep.

use super::edges::{Edges, Walk};
use super::fault::{Code, Cost, FAULTS, is_judged_alone};
use super::finding::{Blocks, Finding};
use super::judge::stops_pull;
use super::past_audits::{PastAudit, PastAudits};
use super::report::{Report, Summary};
use super::{AuditError, Depth, Scope, WHOLE_HUB, now, spool};
use luthier_hub::index::audit_scratch::{AuditScratch, BranchStanding, Cover, Standing, Stands};
use luthier_object::time::Micros;
use luthier_object::{Kind, ObjectId};
use std::sync::Arc;

/// Findings and branches taken at once.
const PAGE: u32 = 500;

/// The end of a pull that was tried, as a fact about its branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullFact {
    /// `owner/slug`.
    pub repo: String,
    pub branch: String,
    pub head: Option<String>,
    pub outcome: PullEnd,
}

/// The result of pulling one branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullEnd {
    Whole,
    Empty,
    /// A client refuses it: why, and the id of the object, where it is one.
    Refused {
        why: String,
        id: Option<String>,
    },
    /// Something had no answer.
    Unread(String),
}

impl Report {
    /// Merges what this report knows with what `newer` found since. Where `newer` looked at something less deep, what
    /// was found deeper stays; where it had no answer, everything stays.
    ///
    /// # Errors
    /// A spool cannot be read or written.
    pub async fn learn(&self, newer: &Report) -> Result<Report, AuditError> {
        let Some(past) = newer.past_audits.iter().last().cloned() else {
            return Err(AuditError::NoSuchId {
                id: String::new(),
                hint: String::new(),
            });
        };
        let (cover, mut judged) = covered(&past);
        // A code that rests on rows which were not shown was not judged.
        let hidden = newer.summary().hidden.iter();
        let hidden: Vec<u16> = hidden
            .flat_map(|table| table.not_judged.iter().map(|code| *code as u16))
            .collect();
        judged.retain(|code| !hidden.contains(code));
        let facts = match past.scope {
            Scope::Hub => newer.facts.clone(),
            _ => self.facts.clone(),
        };
        let reached = match cover {
            Cover::Rows => reach(self, newer).await?,
            Cover::Hub | Cover::Repo(_) => Vec::new(),
        };
        let scratch = AuditScratch::merged(&self.scratch, &newer.scratch, &cover, &judged).await?;
        stop(&scratch, &reached).await?;
        let mut summary = match past.scope {
            Scope::Hub => newer.summary().clone(),
            _ => self.summary().clone(),
        };
        summary.recount(&scratch).await?;
        let mut past_audits = self.past_audits.clone();
        if matches!(past.scope, Scope::Hub | Scope::Repo(_) | Scope::Branch(..)) {
            past_audits.add(past);
        }
        Ok(Report {
            facts,
            ..Report::new(summary, Arc::new(scratch), past_audits)
        })
    }

    /// Returns a report that knows of no finding and of no branch.
    ///
    /// # Errors
    /// The folder for temporary files cannot be written.
    pub async fn empty(past_audits: PastAudits) -> Result<Report, AuditError> {
        let scratch = AuditScratch::new().await?;
        scratch.index().await?;
        scratch.assign_order().await?;
        Ok(Report::new(
            Summary::default(),
            Arc::new(scratch),
            past_audits,
        ))
    }

    /// Returns a report of what was found on some rows by something else than an audit that read their bytes; on these
    /// rows there is nothing else.
    ///
    /// # Errors
    /// The folder for temporary files cannot be written.
    pub async fn of(
        findings: &[Finding],
        rows: &[(Kind, ObjectId)],
        at: Micros,
    ) -> Result<Report, AuditError> {
        let scratch = AuditScratch::new().await?;
        for (kind, id) in rows {
            let known = (id.as_str(), Standing::Sound);
            scratch.add_known(*kind, [known]).await?;
        }
        scratch.index().await?;
        let found: Vec<_> = findings.iter().map(spool::to_row).collect();
        scratch.add_findings(&found).await?;
        scratch.assign_order().await?;
        let mut past_audits = PastAudits::default();
        past_audits.add(PastAudit {
            scope: Scope::Ids(rows.iter().map(|(_, id)| id.clone()).collect()),
            depth: Depth::Bytes,
            at,
            complete: true,
        });
        Ok(Report::new(
            Summary::default(),
            Arc::new(scratch),
            past_audits,
        ))
    }

    /// Takes the ends of pulls over: the standing of a branch that was tried is the end of its pull.
    ///
    /// # Errors
    /// The spool cannot be read or written.
    pub async fn learn_pulls(&self, pulls: &[PullFact]) -> Result<(), AuditError> {
        let at = now();
        for some in pulls.chunks(PAGE as usize) {
            let mut rows = Vec::with_capacity(some.len());
            for pull in some {
                let mut tried = self.tried(pull, at).await?;
                let name = [pull.branch.clone()];
                let before = self.scratch.standings(&pull.repo, &name).await?;
                if let Some(before) = before.first() {
                    tried.rows = before.rows;
                    if tried.head.is_none() {
                        tried.head.clone_from(&before.head);
                    }
                }
                // A finding says more than a sentence, and is gone once it is repaired.
                let says_more = before.into_iter().find(|before| {
                    before.stands == tried.stands && before.cause.is_some() && tried.cause.is_none()
                });
                rows.push(match says_more {
                    Some(before) => BranchStanding {
                        tried: true,
                        at,
                        ..before
                    },
                    None => tried,
                });
            }
            self.scratch.set_standings(&rows).await?;
        }
        Ok(())
    }

    async fn tried(&self, pull: &PullFact, at: i64) -> Result<BranchStanding, AuditError> {
        let (stands, why, id) = match &pull.outcome {
            PullEnd::Whole => (Stands::Clear, String::new(), None),
            PullEnd::Empty => (Stands::Empty, String::new(), None),
            PullEnd::Refused { why, id } => (Stands::Fails, why.clone(), id.as_ref()),
            PullEnd::Unread(why) => (Stands::Open, why.clone(), None),
        };
        let code = match id {
            Some(id) => self.stopping(id).await?,
            None => None,
        };
        Ok(BranchStanding {
            repo: pull.repo.clone(),
            name: pull.branch.clone(),
            head: pull.head.clone(),
            stands,
            depth: Depth::Bytes as u8,
            at,
            tried: true,
            cause: id.filter(|_| code.is_some()).cloned(),
            code: code.map(|code| code as u16),
            why,
            rows: 1,
        })
    }

    /// Returns the worst finding on an id that stops a pull.
    async fn stopping(&self, id: &str) -> Result<Option<Code>, AuditError> {
        let found = self.on(id).await?;
        let worst = found.into_iter().filter(stops_pull);
        Ok(worst.max_by_key(|f| f.grade).map(|f| f.code))
    }

    /// Returns the findings on exactly this id.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn on(&self, id: &str) -> Result<Vec<Finding>, AuditError> {
        let rows = self.scratch.findings_on(id).await?;
        Ok(rows.into_iter().filter_map(spool::from_row).collect())
    }
}

impl Depth {
    /// Returns whether an audit of this depth judges a code wherever it may be.
    #[must_use]
    pub fn judges(self, code: Code) -> bool {
        let paid = match self {
            Depth::Rows => Cost::Walk,
            Depth::Presence => Cost::Presence,
            Depth::Bytes => Cost::Bytes,
        };
        code.fault().cost <= paid
    }
}

/// Returns what an audit covers, and the codes that it judges there.
fn covered(past: &PastAudit) -> (Cover, Vec<u16>) {
    let (cover, alone) = match &past.scope {
        Scope::Hub => (Cover::Hub, false),
        Scope::Repo(path) => (Cover::Repo(path.clone()), false),
        Scope::Branch(..) | Scope::Id(_) | Scope::Ids(_) => (Cover::Rows, true),
    };
    // What nothing in the whole hub names, only an audit of the hub judges.
    let whole = past.scope == Scope::Hub;
    let codes = FAULTS.iter().map(|fault| fault.code);
    let codes = codes.filter(|code| whole || !WHOLE_HUB.contains(code));
    let judged =
        codes.filter(|code| past.depth.judges(*code) && (!alone || is_judged_alone(*code)));
    (cover, judged.map(|code| code as u16).collect())
}

/// Says what the findings of a look at single rows block, by the graph that the last audit walked, and gives the branches
/// that they stop.
async fn reach(older: &Report, newer: &Report) -> Result<Vec<BranchStanding>, AuditError> {
    let codes: Vec<u16> = FAULTS.iter().map(|fault| fault.code as u16).collect();
    let mut fresh = Vec::new();
    let mut after = 0;
    loop {
        let page = newer.scratch.findings_of(&codes, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.n;
        for row in page {
            let n = row.n;
            let Some(finding) = spool::from_row(row).filter(stops_pull) else {
                continue;
            };
            let before = older.on(&finding.id).await?;
            let same = before
                .into_iter()
                .find(|f| f.code == finding.code && f.kind == finding.kind);
            fresh.push((n, same.and_then(|f| f.blocks), finding));
        }
    }
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    let graph = Graph::of(&older.facts).await?;
    let (mut changes, mut out) = (Vec::new(), Vec::new());
    for (n, before, mut finding) in fresh {
        let start = match finding.kind.kind() {
            Some(kind) => older.facts.blocked_commits(kind, &finding.id).await?,
            None => Vec::new(),
        };
        let (blocks, stopped) = graph.reached(&finding, &start, before).await?;
        out.extend(stopped);
        finding.blocks = Some(blocks);
        let weight = blocks.commits.unwrap_or(0);
        changes.push((
            n,
            spool::body(&finding),
            weight,
            finding.caused_by.is_some(),
        ));
    }
    newer.scratch.amend_findings(&changes).await?;
    Ok(out)
}

/// The commit graph of an audit that has ended.
struct Graph<'a> {
    facts: &'a AuditScratch,
    children: Edges,
    heads: Vec<(u32, u32)>,
}

impl<'a> Graph<'a> {
    async fn of(facts: &'a AuditScratch) -> Result<Self, AuditError> {
        let nodes = facts.commit_count().await?;
        let pairs = facts.commit_edges().await?;
        Ok(Self {
            facts,
            children: Edges::new(nodes, pairs.iter().map(|(child, parent)| (*parent, *child))),
            heads: facts.heads().await?,
        })
    }

    async fn reached(
        &self,
        finding: &Finding,
        start: &[u32],
        before: Option<Blocks>,
    ) -> Result<(Blocks, Vec<BranchStanding>), AuditError> {
        let mut walk = Walk::new(self.children.len());
        let blocks = walk.from(start, &self.children, &self.heads);
        let mut out = Vec::new();
        let mut after = 0;
        loop {
            let page = self.facts.branch_heads(None, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.row;
            for branch in page {
                let stops = branch.commit.is_some_and(|n| walk.came_to(n));
                // Which trees name a file that was sound when they were read is not kept: its repository is open again.
                let open = start.is_empty() && branch.repo == finding.repo;
                if !stops && !open {
                    continue;
                }
                let (stands, code) = match stops {
                    true => (Stands::Fails, Some(finding.code as u16)),
                    false => (Stands::Open, None),
                };
                out.push(BranchStanding {
                    repo: branch.repo,
                    name: branch.name,
                    head: branch.head,
                    stands,
                    depth: Depth::Bytes as u8,
                    at: now(),
                    tried: false,
                    code,
                    cause: code.map(|_| finding.id.clone()),
                    why: String::new(),
                    rows: branch.rows,
                });
            }
        }
        let unknown = start.is_empty().then(Blocks::default);
        Ok((before.or(unknown).unwrap_or(blocks), out))
    }
}

/// Lays down the branches that new findings stop, where they still have the head that was walked from.
async fn stop(scratch: &AuditScratch, reached: &[BranchStanding]) -> Result<(), AuditError> {
    let mut rows = Vec::new();
    for standing in reached {
        let name = [standing.name.clone()];
        let now = scratch.standings(&standing.repo, &name).await?;
        let worse = now.first().is_none_or(|now| {
            now.head == standing.head && now.stands != Stands::Fails && now.stands != Stands::Empty
        });
        if worse {
            rows.push(standing.clone());
        }
    }
    Ok(scratch.set_standings(&rows).await?)
}
