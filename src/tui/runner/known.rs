//! The ledger of the session: whatever anybody found out becomes a finding for everybody.

use super::error::RunnerError;
use super::{RunnerContext, RunnerState};
use crate::effect::ReportRef;
use crate::event::Event;
use crate::lines::KnownLine;
use luthier_audit::evidence::{Evidence, Unresolved};
use luthier_audit::is_judged_alone;
use luthier_audit::past_audits::PastAudits;
use luthier_audit::{
    Code, Depth, Finding, Inspection, ObjectView, Options, PullFact, Report, Scope,
};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_object::{Kind, ObjectId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Reports that are kept beside the last, for what was marked or chosen there.
const EARLIER: usize = 3;

/// Rows that are looked at again one by one after an audit, or that a look remembers to have read.
const AGAIN: usize = 2_000;

/// The subjects that a repair has changed, to be audited again.
#[derive(Default)]
pub(super) struct Touched {
    ids: BTreeSet<String>,
    repos: BTreeSet<String>,
}

impl RunnerState {
    /// Replaces the report with a newer one, and returns its name.
    fn replace(&mut self, report: Arc<Report>) -> ReportRef {
        self.reports += 1;
        let name = ReportRef(self.reports);
        if let Some(last) = self.report.replace((name, report)) {
            self.earlier.push_back(last);
        }
        if self.earlier.len() > EARLIER {
            self.earlier.pop_front();
        }
        name
    }
}

impl RunnerContext {
    /// Takes over what a look found; gives what is known then.
    pub(super) async fn learn(
        &self,
        newer: Option<Report>,
        pulls: &[PullFact],
    ) -> Result<KnownLine, RunnerError> {
        let learning = self.learning.clone();
        let _one_at_a_time = learning.lock().await;
        let known = self.state().report.clone().map(|(_, report)| report);
        let merged = async {
            let report = match (known, newer) {
                (None, Some(newer)) if is_of_hub(&newer) => Arc::new(newer),
                (Some(_), Some(newer)) if is_whole(&newer) => Arc::new(newer),
                (Some(known), Some(newer)) => Arc::new(known.learn(&newer).await?),
                (None, Some(newer)) => {
                    let nothing = Report::empty(PastAudits::default()).await?;
                    Arc::new(nothing.learn(&newer).await?)
                }
                (Some(known), None) => known,
                (None, None) => Arc::new(Report::empty(PastAudits::default()).await?),
            };
            report.learn_pulls(pulls).await?;
            let branches = report.standings().await?;
            let left = luthier_audit::Filter {
                left: true,
                ..luthier_audit::Filter::default()
            };
            let left = report.count(&left).await?;
            Ok::<_, luthier_audit::AuditError>((report, left, branches))
        };
        let (report, left, branches) = merged.await?;
        let mut held = self.state();
        let name = held.replace(report.clone());
        Ok(KnownLine {
            trend: held.trend.clone(),
            ..KnownLine::new(name, &report, left, branches)
        })
    }

    /// Takes over what was found beside an audit, and tells everybody.
    pub(super) async fn learn_aside(&self, newer: Option<Report>, pulls: &[PullFact]) {
        // Whoever found it shows it as well; what cannot be kept is not lost to them.
        if let Ok(known) = self.learn(newer, pulls).await {
            self.send(Event::Known(Box::new(known)));
        }
    }

    /// Looks at one object to its last byte, and takes over what that finds.
    pub(super) async fn look_at(
        &self,
        store: &Store,
        repo: &str,
        (kind, id): (Kind, &ObjectId),
    ) -> Option<Report> {
        let options = Options {
            depth: Depth::Bytes,
            scope: Scope::Id(id.clone()),
            ..Options::default()
        };
        match luthier_audit::run(store, &options, &Progress::new()).await {
            Ok(report) => Some(report),
            Err(luthier_audit::AuditError::NoSuchId { .. }) => {
                let known = self.state().report.clone();
                if let Some((_, report)) = known {
                    let before = report.on(id.as_str()).await.unwrap_or_default();
                    if before.iter().any(|found| found.code == Code::RowMissing) {
                        return None;
                    }
                }
                let mut missing = Finding::new(
                    Evidence::RowMissing(Unresolved::default()),
                    kind.into(),
                    id.as_str(),
                );
                repo.clone_into(&mut missing.repo);
                let rows = Kind::ALL.map(|kind| (kind, id.clone()));
                Report::of(&[missing], &rows, now()).await.ok()
            }
            Err(_) => None,
        }
    }

    /// Takes over what an inspection found, where that is news.
    pub(super) async fn learn_inspected(&self, seen: &Inspection) {
        // Without a row nothing was judged.
        if seen.row.is_empty() || matches!(seen.object, ObjectView::Unknown { .. }) {
            return;
        }
        let known = self.state().report.clone();
        let before = match &known {
            Some((_, report)) => report.on(&seen.id).await.unwrap_or_default(),
            None => return,
        };
        let subject = luthier_audit::Subject::from(seen.kind);
        let codes = |findings: &[Finding]| -> BTreeSet<Code> {
            let alone = findings
                .iter()
                .filter(|f| f.kind == subject && is_judged_alone(f.code));
            alone.map(|f| f.code).collect()
        };
        let same = codes(&before) == codes(&seen.findings);
        let id = ObjectId::new(&seen.id);
        self.state().note_read(&seen.id);
        if !same && let Ok(newer) = Report::of(&seen.findings, &[(seen.kind, id)], now()).await {
            self.learn_aside(Some(newer), &[]).await;
        }
    }

    /// Lists what an audit of `scope` must check one by one: findings from a deeper audit, and what was repaired.
    pub(super) async fn to_look_again(&self, scope: &Scope, depth: Depth) -> Vec<ObjectId> {
        let mut ids = std::mem::take(&mut self.state().touched).ids;
        let known = self.state().report.clone();
        let deeper: Vec<Code> = luthier_audit::fault::FAULTS
            .iter()
            .map(|fault| fault.code)
            .filter(|code| !depth.judges(*code))
            .collect();
        if let (Some((_, report)), false) = (known, deeper.is_empty()) {
            let filter = luthier_audit::Filter {
                codes: deeper,
                ..luthier_audit::Filter::default()
            };
            let page = report
                .page(&filter, 0, AGAIN as u32)
                .await
                .unwrap_or_default();
            let inside =
                page.into_iter()
                    .map(|numbered| numbered.finding)
                    .filter(|f| match scope {
                        Scope::Repo(path) => f.repo == *path,
                        _ => true,
                    });
            ids.extend(inside.filter(|f| f.kind.kind().is_some()).map(|f| f.id));
        }
        ids.into_iter().take(AGAIN).map(ObjectId::new).collect()
    }

    /// Remembers what a plan has changed, until it is audited.
    pub(super) async fn note_touched(&self, plan: &luthier_repair::Plan) {
        let mut skip = 0;
        while let Ok(steps) = plan.steps(skip, 500).await {
            skip += steps.len() as u64;
            let mut held = self.state();
            for step in &steps {
                held.touched.repos.insert(step.repo.clone());
                if step.kind.kind().is_some() {
                    held.touched.ids.insert(step.id.clone());
                }
            }
            if steps.is_empty() || held.touched.ids.len() >= AGAIN {
                return;
            }
        }
    }

    /// Returns whether a repair reached beyond the one repository that is to be audited.
    pub(super) fn touched_beyond(&self, path: &str) -> bool {
        self.state().touched.repos.iter().any(|repo| repo != path)
    }
}

impl RunnerState {
    /// Returns whether an object was read to its last byte beside an audit.
    pub(super) fn has_read(&self, id: &str) -> bool {
        self.read.contains(id)
    }

    /// Notes that an object was read to its last byte.
    fn note_read(&mut self, id: &str) {
        if self.read.len() >= AGAIN {
            self.read.clear();
        }
        self.read.insert(id.to_owned());
    }
}

/// Returns whether a report is of an audit of the whole hub.
fn is_of_hub(report: &Report) -> bool {
    report
        .past_audits()
        .iter()
        .any(|past| past.scope == Scope::Hub)
}

/// Returns whether nothing that was found before can add to a report.
fn is_whole(report: &Report) -> bool {
    let mut past_audits = report.past_audits().iter();
    past_audits.any(|past| past.scope == Scope::Hub && past.depth == Depth::Bytes && past.complete)
        && report.summary().too_new == 0
}

/// Returns a look at single rows, now.
pub(super) fn now() -> luthier_object::time::Micros {
    jiff::Timestamp::now().as_microsecond()
}
