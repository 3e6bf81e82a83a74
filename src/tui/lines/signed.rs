//! A sign-off, safe to show.

use super::clean;
use luthier_hub::text;
use luthier_repair::signoff::{Signoff, State, Verdict};

/// A check of a sign-off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLine {
    pub name: String,
    pub state: State,
    pub said: String,
}

/// A sign-off as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedLine {
    pub verdict: Verdict,
    pub checks: Vec<HeldLine>,
    /// Findings that prevent PASS, causes first, each in a line.
    pub left: Vec<String>,
    pub left_total: u64,
    /// Their number in words, with its parts.
    pub left_words: String,
    /// What can be done about them, in words; empty where it is not known.
    pub fix_words: String,
    /// Findings of a lower grade, which do not.
    pub beside: u64,
    /// Repositories and branches that no client can pull, or whose pull could not be read, each in a line.
    pub pulls: Vec<String>,
    pub seconds: u64,
    /// The policy with its reason, and what the verdict says nothing about.
    pub judged_by: String,
    pub not_covered: Vec<String>,
}

impl From<&Signoff> for SignedLine {
    fn from(signoff: &Signoff) -> Self {
        let refused = signoff.pulls.refused.iter();
        let refused = refused.map(|pull| clean(&pull.words()));
        let failed = signoff.pulls.failed.iter().chain(&signoff.pulls.unknown);
        let failed =
            failed.map(|pull| clean(&format!("{} {}: {}", pull.repo, pull.branch, pull.why)));
        let pulls = refused.chain(failed);
        Self {
            verdict: signoff.verdict,
            checks: signoff
                .checks
                .iter()
                .map(|check| HeldLine {
                    name: clean(&check.name),
                    state: check.state,
                    said: clean(&check.said),
                })
                .collect(),
            left: signoff
                .left
                .iter()
                .map(|left| {
                    let id = clean(&left.id);
                    let id = text::cut(&id, 40);
                    format!("{} {} {id} {}", left.code, left.kind, clean(&left.repo))
                })
                .collect(),
            left_total: signoff.left_total,
            left_words: signoff.left_words(),
            fix_words: signoff.fix_words().unwrap_or_default(),
            beside: signoff
                .findings
                .values()
                .sum::<u64>()
                .saturating_sub(signoff.left_total),
            pulls: pulls.collect(),
            seconds: signoff.seconds as u64,
            judged_by: clean(&signoff.hub.model),
            not_covered: signoff.not_covered.iter().map(|what| clean(what)).collect(),
        }
    }
}
