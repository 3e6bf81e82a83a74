//! The sign-off: everything looked at, every branch pulled, and a verdict that can only be PASS where each
//! check by its name was seen to hold.

pub mod checks;
pub mod drill;
mod error;
pub mod file;
mod fixes;
pub mod html_report;
pub mod markdown_report;
mod parts;
mod pulls;
pub mod since;

pub use checks::{Check, Checks, State, Verdict};
pub use drill::{Drill, DrillStep};
pub use error::{ReportError, SignoffError};
pub use fixes::Fixes;
pub use pulls::{FailedPull, PullOutcome, Pulls, RefusedRepo};

use luthier_audit::hidden::HiddenTable;
use luthier_audit::report::Checked;
use luthier_audit::{
    Blocks, Code, Depth, Filter, Fix, Grade, Numbered, Remedy, Report, Subject, Summary,
};
use luthier_hub::progress::Progress;
use luthier_hub::store::{Environment, Model, Policy, Store};
use luthier_hub::text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The version of the report's form.
pub const VERSION: u32 = 1;

/// Findings that a report names one by one; the others are counted.
pub const NAMED: usize = 1_000;

/// The options of a sign-off.
#[derive(Clone, Debug)]
pub struct Options {
    /// As for an audit.
    pub grace: Duration,
    /// Reads under way at once.
    pub concurrency: usize,
    pub pulls: Pulls,
    /// The drill that is signed off with the hub.
    pub drill: Option<Drill>,
    /// The time at which the drill must have been fresh; now without.
    pub drill_at: Option<jiff::Timestamp>,
}

impl Default for Options {
    fn default() -> Self {
        let audit = luthier_audit::Options::default();
        Self {
            grace: audit.grace,
            concurrency: audit.concurrency,
            pulls: Pulls::All,
            drill: None,
            drill_at: None,
        }
    }
}

/// The signed-off hub, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubSaid {
    pub name: String,
    pub environment: Environment,
    pub policy: Policy,
    /// The policy with its reason, and the figures of the hub's model; absent in reports of earlier versions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    pub database: String,
    pub store: String,
    /// Of database, endpoint, bucket and prefix: sha256 in hex.
    pub fingerprint: String,
    /// The missing features of the hub's tables, each in a few words.
    pub lacks: Vec<String>,
    /// Alembic's revisions of the tables; empty if it has none.
    pub revisions: Vec<String>,
}

/// A finding that keeps a hub from being signed off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Left {
    pub code: Code,
    pub grade: Grade,
    pub kind: Subject,
    pub id: String,
    pub repo: String,
    pub remedy: Remedy,
    /// What can be done about it; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Blocks>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<String>,
}

/// A sign-off: what was seen, and what follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signoff {
    /// Always `signoff`.
    #[serde(rename = "type")]
    pub kind: String,
    pub version: u32,
    pub program: String,
    pub operator: String,
    pub host: String,
    pub hub: HubSaid,
    /// UTC, RFC 3339.
    pub began: String,
    pub ended: String,
    pub seconds: f64,
    pub grace_seconds: u64,
    pub verdict: Verdict,
    /// The reasons why it is not PASS; empty if it is.
    pub reasons: Vec<String>,
    /// What the verdict says nothing about, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_covered: Vec<String>,
    pub checks: Vec<Check>,
    pub counts: Checked,
    pub findings: BTreeMap<Code, u64>,
    pub grades: BTreeMap<Grade, u64>,
    /// Findings of grade error and critical, and those on rows that need a `storage_uri`: causes first, by what they
    /// block. The first thousand.
    pub left: Vec<Left>,
    /// The number of remaining findings.
    pub left_total: u64,
    /// What can be done about them; absent where there are none, or where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixes: Option<Fixes>,
    /// Rows without `storage_uri` by kind.
    pub null_uris: BTreeMap<String, u64>,
    /// The number of ids that each scheme reproduced.
    pub schemes: BTreeMap<String, u64>,
    pub unknown: u64,
    pub unknown_because: Vec<String>,
    /// Tables whose rows were not all shown; absent where all were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<HiddenTable>,
    pub too_new: u64,
    pub not_judged: Vec<Code>,
    pub notes: Vec<String>,
    pub pulls: PullOutcome,
    /// The drill that was signed off with the hub; absent where none was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<Drill>,
    /// sha256 over every kind, id and sha256 that was read; hex.
    pub digest: String,
    /// Of this report without this field, as canonical JSON; hex.
    #[serde(default)]
    pub sha256: String,
}

/// Audits to the last byte, pulls every branch, and says what follows. Changes nothing.
///
/// # Errors
/// A side that cannot be used at all, or cancellation. What could not be read is in the report.
pub async fn run(
    store: &Store,
    options: &Options,
    progress: &Progress,
) -> Result<Signoff, SignoffError> {
    Ok(run_with_report(store, options, progress).await?.0)
}

/// Signs off as [`run`] does, and returns the audit's report too.
///
/// # Errors
/// As for [`run`].
#[tracing::instrument(name = "signoff", skip_all)]
pub async fn run_with_report(
    store: &Store,
    options: &Options,
    progress: &Progress,
) -> Result<(Signoff, Report), SignoffError> {
    let store = &store.for_job(progress).by_model().await?;
    let (began, clock) = (jiff::Timestamp::now(), Instant::now());
    progress.phase("schema", None);
    let hub = said(store).await?;
    let asked = luthier_audit::Options {
        depth: Depth::Bytes,
        grace: options.grace,
        concurrency: options.concurrency,
        ..luthier_audit::Options::default()
    };
    let report = luthier_audit::run(store, &asked, progress).await?;
    let pulls = pulls::try_all(store, options.pulls, progress).await?;
    progress.phase("verdict", None);
    store.index().in_place()?;
    let filter = Filter {
        left: true,
        ..Filter::default()
    };
    let left_total = report.count(&filter).await?;
    let fixes = match left_total {
        0 => None,
        _ => Fixes::find(store, &report, &filter, progress).await?,
    };
    let page = report.page(&filter, 0, NAMED as u32).await?;
    let left = page.into_iter().map(Left::from).collect();
    let severe = Filter {
        grades: vec![Grade::Error, Grade::Critical],
        ..Filter::default()
    };
    let severe = report.count(&severe).await?;
    let mut checks = Checks::of(report.summary(), &hub, &pulls, severe);
    if let Some(drill) = &options.drill {
        checks.of_drill(drill, &hub, options.drill_at.unwrap_or(began));
    }
    let seen = Seen {
        hub,
        summary: report.summary().clone(),
        left,
        left_total,
        fixes,
        pulls,
    };
    let mut signoff = seen.judged(checks, began, options);
    signoff.seconds = (clock.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0;
    signoff.sha256 = signoff.own_sha256();
    Ok((signoff, report))
}

/// The data from which a verdict is made.
struct Seen {
    hub: HubSaid,
    summary: Summary,
    left: Vec<Left>,
    left_total: u64,
    fixes: Option<Fixes>,
    pulls: PullOutcome,
}

impl Seen {
    /// Returns the report, but for how long it took and its sha256.
    fn judged(self, checks: Checks, began: jiff::Timestamp, options: &Options) -> Signoff {
        let summary = self.summary;
        let not_covered = checks::not_covered(&summary, &self.hub);
        Signoff {
            kind: "signoff".to_owned(),
            version: VERSION,
            program: format!("luthier {}", env!("CARGO_PKG_VERSION")),
            operator: super::journal::operator(),
            host: super::journal::host(),
            hub: self.hub,
            began: began.to_string(),
            ended: jiff::Timestamp::now().to_string(),
            seconds: 0.0,
            grace_seconds: options.grace.as_secs(),
            verdict: checks.verdict(),
            reasons: checks.reasons(),
            not_covered,
            checks: checks.into_list(),
            counts: summary.checked,
            findings: summary.findings,
            grades: summary.grades,
            left: self.left,
            left_total: self.left_total,
            fixes: self.fixes,
            null_uris: summary.null_uris,
            schemes: summary.schemes,
            unknown: summary.unknown,
            unknown_because: summary.unknown_because,
            hidden: summary.hidden,
            too_new: summary.too_new,
            not_judged: summary.not_judged,
            notes: summary.notes,
            pulls: self.pulls,
            drill: options.drill.clone(),
            digest: summary.digest,
            sha256: String::new(),
        }
    }
}

impl Signoff {
    /// Formats the number of findings that prevent PASS, with the parts that add up to it.
    #[must_use]
    pub fn left_words(&self) -> String {
        let of = |grade| self.grades.get(&grade).copied().unwrap_or(0);
        let severe = [Grade::Critical, Grade::Error].map(|grade| (of(grade), grade));
        let lower = self
            .left_total
            .saturating_sub(of(Grade::Critical) + of(Grade::Error));
        let mut parts: Vec<String> = (severe.iter())
            .filter(|(count, _)| *count > 0)
            .map(|(count, grade)| format!("{} of grade {grade}", text::grouped(*count)))
            .collect();
        if lower > 0 {
            let count = text::grouped(lower);
            parts.push(format!(
                "{count} of a lower grade on rows without storage_uri"
            ));
        }
        let verb = if self.left_total == 1 {
            "prevents"
        } else {
            "prevent"
        };
        format!(
            "{} {verb} PASS: {}",
            text::plural(self.left_total, "finding"),
            parts.join(", ")
        )
    }
}

async fn said(store: &Store) -> Result<HubSaid, SignoffError> {
    let hub = store.hub();
    let migration = store.index().migration().await?;
    let columns = migration.columns.iter();
    Ok(HubSaid {
        name: hub.name.clone(),
        environment: hub.environment,
        policy: hub.policy,
        model: store.model().map(Model::words).unwrap_or_default(),
        database: hub.describe_database(),
        store: hub.describe_store(),
        fingerprint: hub.fingerprint(),
        lacks: columns
            .map(|kind| format!("storage_uri of {kind}s"))
            .collect(),
        revisions: migration.revisions,
    })
}

impl From<Numbered> for Left {
    fn from(Numbered { finding, fix, .. }: Numbered) -> Self {
        Self {
            fix,
            code: finding.code,
            grade: finding.grade,
            kind: finding.kind,
            id: finding.id,
            repo: finding.repo,
            remedy: finding.remedy,
            blocks: finding.blocks,
            caused_by: finding.caused_by,
        }
    }
}
