//! What the reports for people have in common: their words, each report in its own form.

use super::pulls::NAMED;
use super::{Blocks, FailedPull, Left, PullOutcome, Signoff};
use luthier_audit::Fix;
use luthier_hub::text;

// Writing to a String cannot fail, so what `writeln!` returns is left aside.
macro_rules! line {
    ($out:expr, $($text:tt)*) => {{ let _ = writeln!($out, $($text)*); }};
}
pub(super) use line;

/// Returns what a finding blocks, or which one it follows from, quoted by `quote`.
pub(super) fn blocks(left: &Left, quote: impl Fn(&str) -> String) -> String {
    let Some(Blocks {
        commits, branches, ..
    }) = left.blocks
    else {
        return match &left.caused_by {
            Some(cause) => format!("follows from {}", quote(cause)),
            None => String::new(),
        };
    };
    let of = |count: Option<u64>, what: &str| match count {
        Some(1) => format!("1 {what}"),
        Some(count) => text::plural(count, what),
        None => format!("uncounted {}", text::many(what)),
    };
    format!("{}, {}", of(commits, "commit"), of(branches, "branch"))
}

/// Returns what can be done about a finding.
pub(super) fn fix(left: &Left) -> &'static str {
    left.fix.map_or("", Fix::shown)
}

/// Returns what the pulls came to.
pub(super) fn sentences(pulls: &PullOutcome) -> Vec<String> {
    let mut out = vec![
        format!(
            "{} of {} branches tried: {} completely ({} objects, {}), {} empty, {} failed{}, {} could not be read.",
            text::grouped(pulls.tried),
            text::grouped(pulls.heads),
            text::grouped(pulls.succeeded),
            text::grouped(pulls.objects),
            text::bytes(pulls.bytes),
            text::grouped(pulls.empty),
            text::grouped(pulls.failed_total),
            names_of(pulls),
            text::grouped(pulls.unknown_total)
        ),
        format!(
            "Of {} of {} repositories every branch was pulled completely.",
            text::grouped(pulls.repositories_whole),
            text::grouped(pulls.repositories)
        ),
    ];
    if pulls.of_deleted > 0 {
        out.push(format!(
            "Not counted: {} of repositories that were deleted.",
            text::plural(pulls.of_deleted, "branch")
        ));
    }
    out
}

/// Says how many names the failed branches have, where some have several rows: lists have one line a name.
pub(super) fn names_of(pulls: &PullOutcome) -> String {
    match total_of(&pulls.failed, pulls.failed_total) {
        names if names == pulls.failed_total => String::new(),
        names => format!(
            " (of {} names: a branch with two rows counts twice)",
            text::grouped(names)
        ),
    }
}

/// Returns how many branches a list of `total` rows is about. A branch may have several rows; a list that is not full
/// has every branch.
pub(super) fn total_of(pulls: &[FailedPull], total: u64) -> u64 {
    match pulls.len() < NAMED {
        true => pulls.len() as u64,
        false => total,
    }
}

/// Returns how many rows of each kind were read.
pub(super) const fn rows_of(signoff: &Signoff) -> [(&'static str, u64); 6] {
    let counts = &signoff.counts;
    [
        ("repositories", counts.repos),
        ("branches", counts.branches),
        ("commits", counts.commits),
        ("snapshots", counts.snapshots),
        ("blobs", counts.blobs),
        ("proposals", counts.proposals),
    ]
}

/// Returns the figures, each with what it counts.
pub(super) fn figures_of(signoff: &Signoff) -> Vec<(String, String)> {
    let counts = &signoff.counts;
    let others = [
        ("keys listed", counts.listed),
        ("objects read", counts.read),
        ("bytes read", counts.bytes),
        ("unknown", signoff.unknown),
        (
            "rows, and objects without a row, younger than the grace period",
            signoff.too_new,
        ),
    ];
    let mut out: Vec<(String, String)> = rows_of(signoff)
        .into_iter()
        .chain(others)
        .map(|(what, count)| (what.to_owned(), text::grouped(count)))
        .collect();
    let nulls = signoff.null_uris.iter();
    out.extend(nulls.map(|(kind, count)| {
        let what = format!("{kind} rows without storage_uri");
        (what, text::grouped(*count))
    }));
    let schemes = signoff.schemes.iter();
    out.extend(schemes.map(|(scheme, count)| {
        let what = format!("ids that a formula reproduces ({scheme})");
        (what, text::grouped(*count))
    }));
    let findings = signoff.findings.iter();
    out.extend(findings.map(|(code, count)| {
        let what = format!("findings with code {code}");
        (what, text::grouped(*count))
    }));
    out.push(("seconds".to_owned(), format!("{:.1}", signoff.seconds)));
    out
}
