//! The figures of a watch, in Prometheus' text: of the last audit, how old they are, and whether the hub answers.

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::{Duration, SystemTime};

type Count = Gauge<i64, AtomicI64>;
type Number = Gauge<f64, AtomicU64>;

/// The text's kind, as the server of the wire says it too.
pub(crate) const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The figures of a watch.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    /// The hub's name.
    pub hub: String,
    /// The last round audited the hub; `None` before the first has ended.
    pub is_up: Option<bool>,
    /// The last audit that came to its end; a round that fails leaves it as it is.
    pub audit: Option<AuditFigures>,
    /// Rounds that ended, and those of them that failed.
    pub rounds: u64,
    pub failed_rounds: u64,
    /// Calls of a webhook or a command that failed for good.
    pub failed_notices: u64,
}

/// The figures of one audit.
#[derive(Clone, Debug)]
pub struct AuditFigures {
    /// Its end.
    pub at: SystemTime,
    pub took: Duration,
    /// `rows`, `presence` or `bytes`.
    pub depth: &'static str,
    pub is_complete: bool,
    pub unknown: u64,
    /// Findings by code and grade.
    pub findings: BTreeMap<(&'static str, &'static str), u64>,
    /// Rows by kind.
    pub objects: BTreeMap<&'static str, u64>,
    /// Keys in the store's listing.
    pub listed: u64,
    /// Rows without `storage_uri` by kind.
    pub null_uris: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Finding {
    code: &'static str,
    grade: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Depth {
    depth: &'static str,
}

impl Watched {
    /// Returns all figures as text, as of `now`.
    #[must_use]
    pub fn text(&self, now: SystemTime) -> String {
        let labels = [("hub".into(), self.hub.clone().into())];
        let mut registry = Registry::with_prefix_and_labels("luthier", labels.into_iter());
        if let Some(is_up) = self.is_up {
            count(
                &mut registry,
                "up",
                "1 if the last round audited the hub",
                u64::from(is_up),
            );
        }
        for (name, help, number) in [
            ("watch_rounds", "Rounds since the start", self.rounds),
            (
                "watch_rounds_failed",
                "Rounds since the start in which the hub could not be audited",
                self.failed_rounds,
            ),
            (
                "watch_notices_failed",
                "Calls of a webhook or a command since the start that failed",
                self.failed_notices,
            ),
        ] {
            let counter: Counter = Counter::default();
            counter.inc_by(number);
            registry.register(name, help, counter);
        }
        if let Some(audit) = &self.audit {
            audit.register(&mut registry, now);
        }
        let mut out = String::new();
        // Nothing fails that writes into a text.
        let _ = encode(&mut out, &registry);
        out
    }
}

impl AuditFigures {
    fn register(&self, registry: &mut Registry, now: SystemTime) {
        let findings: Family<Finding, Count> = Family::default();
        for ((code, grade), number) in &self.findings {
            let label = Finding { code, grade };
            findings.get_or_create(&label).set(*number as i64);
        }
        registry.register("findings", "Findings by code and grade", findings);
        let objects = self.objects.iter();
        let objects = objects.map(|(kind, number)| ((*kind).to_owned(), *number));
        kinds(registry, "objects", "Rows of objects by kind", objects);
        let nulls = self.null_uris.iter();
        let nulls = nulls.map(|(kind, number)| (kind.clone(), *number));
        kinds(
            registry,
            "null_uris",
            "Rows without storage_uri by kind",
            nulls,
        );
        count(
            registry,
            "listed_keys",
            "Keys in the listing of the object store",
            self.listed,
        );
        count(
            registry,
            "unknown",
            "Questions of the last audit without an answer",
            self.unknown,
        );
        let complete = "1 if the last audit had an answer to every question";
        count(
            registry,
            "audit_complete",
            complete,
            u64::from(self.is_complete),
        );
        let depth: Family<Depth, Count> = Family::default();
        depth.get_or_create(&Depth { depth: self.depth }).set(1);
        registry.register(
            "audit_depth",
            "The depth of the last audit, as a label",
            depth,
        );
        self.register_times(registry, now);
    }

    fn register_times(&self, registry: &mut Registry, now: SystemTime) {
        let since = |from: SystemTime, to: SystemTime| to.duration_since(from).unwrap_or_default();
        for (name, help, time) in [
            (
                "audit_timestamp",
                "The end of the last audit since 1970",
                since(SystemTime::UNIX_EPOCH, self.at),
            ),
            (
                "audit_age",
                "The time since the end of the last audit",
                since(self.at, now),
            ),
            ("audit_duration", "The length of the last audit", self.took),
        ] {
            let gauge = Number::default();
            gauge.set(time.as_secs_f64());
            registry.register_with_unit(name, help, Unit::Seconds, gauge);
        }
    }
}

fn count(registry: &mut Registry, name: &str, help: &str, number: u64) {
    let gauge = Count::default();
    gauge.set(number as i64);
    registry.register(name, help, gauge);
}

fn kinds(
    registry: &mut Registry,
    name: &str,
    help: &str,
    counts: impl Iterator<Item = (String, u64)>,
) {
    let family: Family<Kind, Count> = Family::default();
    for (kind, number) in counts {
        family.get_or_create(&Kind { kind }).set(number as i64);
    }
    registry.register(name, help, family);
}

/// Returns the calls of a watch: `/metrics`, and `/healthz` of the process alone.
pub fn watch_router(text: impl Fn() -> String + Clone + Send + Sync + 'static) -> Router {
    Router::new()
        .route("/metrics", get(move || std::future::ready(metrics(text()))))
        .route("/healthz", get(async || "ok\n"))
}

pub(crate) fn metrics(text: String) -> Response {
    ([(header::CONTENT_TYPE, KIND)], text).into_response()
}
