//! Plans and repairs.

use super::RunnerContext;
use super::error::RunnerError;
use crate::effect::{Consent, PlanRef, ReportRef};
use crate::event::Answer;
use crate::lines::{AppliedLine, PlannedLine, clean};
use luthier_hub::progress::Progress;
use luthier_repair::{Journal, Options, Selection, Throttle};
use std::path::Path;
use std::sync::Arc;

impl RunnerContext {
    pub(super) async fn plan(
        &self,
        name: PlanRef,
        report: ReportRef,
        selection: &Selection,
        progress: &Progress,
    ) -> Result<Answer, RunnerError> {
        let _ended = progress.ended().drop_guard();
        let store = self.store()?;
        let findings = self.report_named(report)?;
        let planned = luthier_repair::plan(&store, &findings, selection, progress).await;
        Ok(self.keep(name, planned?))
    }

    pub(super) async fn undo(
        &self,
        name: PlanRef,
        run: &str,
        progress: &Progress,
    ) -> Result<Answer, RunnerError> {
        let _ended = progress.ended().drop_guard();
        let store = self.store()?;
        let journal =
            luthier_repair::journal::path_of(&self.hub).ok_or(RunnerError::JournalGone)?;
        let planned = luthier_repair::undo(&store, &journal, run, progress).await;
        Ok(self.keep(name, planned?))
    }

    /// Keeps a plan for whoever looks at it, and says what is in it.
    fn keep(&self, name: PlanRef, plan: luthier_repair::Plan) -> Answer {
        let answer = Answer::Planned(Box::new(PlannedLine::from(&plan)));
        self.state().plans.insert(name, Arc::new(plan));
        answer
    }

    /// Writes a plan into a new file.
    pub(super) async fn save(&self, plan: PlanRef, path: &str) -> Result<Answer, RunnerError> {
        let plan = self.planned(plan)?;
        let saved = plan.save(Path::new(path), &self.hub).await;
        saved?;
        let folder = std::env::current_dir().unwrap_or_default();
        let shown = clean(&folder.join(path).display().to_string());
        let steps = luthier_hub::text::plural(plan.totals().steps, "step");
        let copies = match plan.takes_copies() {
            true => "; apply it with --copies and the folder of copies",
            false => "",
        };
        Ok(Answer::Wrote(format!(
            "a plan of {steps} to {shown}{copies}"
        )))
    }

    pub(super) async fn apply(
        &self,
        plan: PlanRef,
        consent: Consent,
        throttle: Throttle,
        progress: &Progress,
    ) -> Result<Answer, RunnerError> {
        let _ended = progress.ended().drop_guard();
        let plan = self.planned(plan)?;
        let store = self.store()?;
        let authority = self.authority.as_ref().ok_or(RunnerError::ReadOnly)?;
        let writer = store.writer(authority)?;
        let mut journal = Journal::open(&self.hub)?;
        let options = Options {
            throttle,
            look_after_canary: consent.look_after_canary,
            mass_fault: consent.mass_fault,
            ..Options::default()
        };
        progress.phase("repair", Some(plan.totals().steps));
        let applied =
            luthier_repair::apply_with(&writer, &plan, &mut journal, progress, &options).await;
        self.note_touched(&plan).await;
        Ok(Answer::Applied(AppliedLine::from(&applied?)))
    }
}
