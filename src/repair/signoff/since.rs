//! A report beside the hub as it is now.

use super::checks::name_today;
use super::parts::rows_of;
use super::{Options, Signoff, SignoffError, Verdict, run};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::text;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Display;

/// One thing that a report says and that is no longer so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub what: String,
    pub was: String,
    pub is: String,
}

/// The changes since a report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Since {
    /// The same sign-off, made now.
    pub now: Signoff,
    pub changes: Vec<Change>,
}

impl Since {
    /// Returns whether the report still holds: it said PASS, and nothing has changed.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.changes.is_empty() && self.now.verdict == Verdict::Pass
    }
}

/// Signs off again and compares.
///
/// # Errors
/// As [`run`].
pub async fn check(
    store: &Store,
    report: &Signoff,
    options: &Options,
    progress: &Progress,
) -> Result<Since, SignoffError> {
    let now = run(store, options, progress).await?;
    let changes = compare(report, &now);
    Ok(Since { now, changes })
}

/// Lists what differs between two reports, apart from when and by whom they were made.
#[must_use]
pub fn compare(before: &Signoff, now: &Signoff) -> Vec<Change> {
    let mut out = Vec::new();
    let mut tell = |what: &str, was: &dyn Display, is: &dyn Display| {
        let (was, is) = (was.to_string(), is.to_string());
        if was != is {
            let what = what.to_owned();
            out.push(Change { what, was, is });
        }
    };
    tell("hub", &before.hub.fingerprint, &now.hub.fingerprint);
    tell("verdict", &before.verdict.word(), &now.verdict.word());
    for check in &before.checks {
        let name = name_today(&check.name);
        let same = now.checks.iter().find(|other| other.name == name);
        let is = same.map_or("not made", |check| check.state.word());
        tell(&format!("check {name}"), &check.state.word(), &is);
    }
    for ((what, was), (_, is)) in counts(before).zip(counts(now)) {
        tell(what, &text::grouped(was), &text::grouped(is));
    }
    for (what, was, is) in of_maps(&before.findings, &now.findings) {
        tell(&format!("findings {what}"), &was, &is);
    }
    for (what, was, is) in of_maps(&before.null_uris, &now.null_uris) {
        tell(&format!("{what} rows without storage_uri"), &was, &is);
    }
    tell(
        "branch heads",
        &before.pulls.heads_digest,
        &now.pulls.heads_digest,
    );
    tell(
        "failed pulls",
        &before.pulls.failed_total,
        &now.pulls.failed_total,
    );
    tell(
        "repositories refused as a whole",
        &before.pulls.refused_total,
        &now.pulls.refused_total,
    );
    tell(
        "digest of everything that was read",
        &before.digest,
        &now.digest,
    );
    out
}

fn counts(signoff: &Signoff) -> impl Iterator<Item = (&'static str, u64)> {
    let read = [
        ("objects read", signoff.counts.read),
        ("bytes read", signoff.counts.bytes),
    ];
    rows_of(signoff).into_iter().chain(read)
}

/// Returns every name of either side, with both counts.
fn of_maps<K: Ord + Display>(
    before: &BTreeMap<K, u64>,
    now: &BTreeMap<K, u64>,
) -> Vec<(String, u64, u64)> {
    let mut names: Vec<&K> = before.keys().chain(now.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let of = |map: &BTreeMap<K, u64>, name: &K| map.get(name).copied().unwrap_or(0);
    names
        .into_iter()
        .map(|name| (name.to_string(), of(before, name), of(now, name)))
        .collect()
}
