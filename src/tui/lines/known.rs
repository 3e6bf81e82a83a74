//! The knowledge of a hub, safe to show: findings in figures, and what they rest on.

use super::{SummaryLine, clean};
use crate::effect::ReportRef;
use crate::state::Shared;
use luthier_audit::past_audits::{PastAudit, PastAudits};
use luthier_audit::report::{BranchCounts, Standings};
use luthier_audit::{Depth, Report, Scope};
use luthier_repair::history::PastFigures;
use std::collections::BTreeMap;

/// Repositories whose branches are counted for the list of repositories.
const REPOS: usize = 10_000;

/// The knowledge of a hub.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownLine {
    pub report: ReportRef,
    pub summary: SummaryLine,
    pub past_audits: PastAudits,
    /// Findings that keep the hub from being signed off.
    pub left: u64,
    /// Of all branches of repositories that live.
    pub branches: BranchCounts,
    /// By `owner/slug` as stored: a key, never to be shown.
    pub repos: BTreeMap<String, BranchCounts>,
    /// The last audits of the whole hub, the oldest first.
    pub trend: Vec<PastFigures>,
}

impl KnownLine {
    /// Takes what `report` knows, under the name that the runner gives it.
    #[must_use]
    pub fn new(name: ReportRef, report: &Report, left: u64, branches: Standings) -> Self {
        Self {
            left,
            report: name,
            summary: SummaryLine::from(report.summary()),
            past_audits: report.past_audits().clone(),
            branches: branches.hub,
            repos: branches.repos.into_iter().take(REPOS).collect(),
            trend: Vec::new(),
        }
    }
}

/// Returns the words for a scope.
#[must_use]
pub fn scope_words(scope: &Scope) -> String {
    match scope {
        Scope::Hub => "the whole hub".to_owned(),
        Scope::Repo(path) => clean(path),
        Scope::Branch(path, name) => clean(&format!("{path}@{name}")),
        Scope::Id(id) => clean(id.short()),
        Scope::Ids(ids) => luthier_hub::text::plural(ids.len() as u64, "object"),
    }
}

/// Says whether an audit is from before the last change of the hub; `None` if it is not.
#[must_use]
pub fn before(past: &PastAudit, shared: &Shared) -> Option<String> {
    let (changed, work) = shared.changed?;
    (past.at < changed).then(|| format!("before the {}", work.noun()))
}

/// Says in a few words what a verdict rests on: the depth, the age, and what was not read.
#[must_use]
pub fn rests_on(past: Option<&PastAudit>, shared: &Shared) -> String {
    let Some(past) = past else {
        return "not checked".to_owned();
    };
    let age = shared.now().saturating_sub(past.at);
    let seconds = u64::try_from(age / 1_000_000).unwrap_or(0);
    let ago = crate::meter::span(seconds);
    let out = match past.depth {
        Depth::Rows => " · store not read",
        Depth::Presence => " · bytes not read",
        Depth::Bytes => "",
    };
    let holes = if past.complete { "" } else { ", incomplete" };
    let before = before(past, shared).map_or_else(String::new, |words| format!(", {words}"));
    format!("depth {}{holes}, {ago} ago{before}{out}", past.depth.word())
}

/// Returns the words for no findings: a tick only if every byte was read and every request answered.
#[must_use]
pub fn nothing_found(past: Option<&PastAudit>) -> (String, Rest) {
    match past {
        None => ("? not checked".to_owned(), Rest::Unknown),
        Some(past) if !past.complete => (
            format!("? {}, incomplete", past.depth.word()),
            Rest::Unknown,
        ),
        Some(past) if past.depth == Depth::Bytes => ("✓ none".to_owned(), Rest::Proved),
        Some(past) => (format!("· none at {}", past.depth.word()), Rest::Shallow),
    }
}

/// Says that the pull of a whole repository fails, whatever its branches do one by one.
pub const NOT_TOGETHER: &str = "no client can pull all of them together";

/// Says in one line how many branches fail, at least where bytes were not read; the flag is set if some do.
#[must_use]
pub fn branch_words(branches: &BranchCounts) -> (String, bool) {
    let total = branches.total();
    if total == 0 {
        return ("no branch was checked".to_owned(), false);
    }
    let whole = match branches.depth {
        Some(Depth::Bytes) | None => "can be pulled".to_owned(),
        Some(depth) => format!("have no finding at depth {}", depth.word()),
    };
    let parts = [
        (branches.clear, whole.as_str()),
        (branches.open, "not known"),
        (branches.empty, "have no commit"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let all = luthier_hub::text::plural(total, "branch");
    let fail = luthier_hub::text::grouped(branches.fail);
    let mut words = match (branches.fail, branches.is_final()) {
        (_, true) if total == 1 => format!("{fail} of {all} fails"),
        (_, true) => format!("{fail} of {all} fail"),
        (0, false) => format!("none of {all} is known to fail"),
        (_, false) => format!("at least {fail} of {all} fail"),
    };
    for (count, part) in parts {
        words += &format!(", {} {part}", luthier_hub::text::grouped(count));
    }
    (words, branches.fail > 0)
}

/// The strength of a verdict's basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    Proved,
    /// Looked at, and not to the bytes.
    Shallow,
    Unknown,
}
