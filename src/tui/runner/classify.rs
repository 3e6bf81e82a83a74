//! Finds the findings of a selection that need a decision: a step can be made for them, and a person has to choose
//! first.

use super::RunnerContext;
use super::error::RunnerError;
use crate::decisions::{Classified, Open, subject, winner};
use crate::effect::ReportRef;
use crate::event::Answer;
use crate::lines::FixLine;
use luthier_audit::{Auto, Filter, Fix, Numbered, Remedy, Report};
use luthier_hub::progress::Progress;
use luthier_repair::Selection;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Findings read at once.
const PAGE: u32 = 5_000;

impl RunnerContext {
    /// Goes through a selection once: some forty bytes of each finding are kept.
    pub(super) async fn classify(
        &self,
        report: ReportRef,
        selection: Selection,
    ) -> Result<Answer, RunnerError> {
        let report = self.report_named(report)?;
        let mut classified = Classified::default();
        let progress = Progress::new();
        // Leaving the screen drops this question, and the planning behind it stops too.
        let _left = progress.stops_when_dropped();
        match selection {
            Selection::Auto(filter) | Selection::Chosen(filter) => {
                let mut skip = 0;
                loop {
                    let page = report.page(&filter, skip, PAGE).await;
                    let page = page?;
                    skip += page.len() as u64;
                    let is_last = page.len() < PAGE as usize;
                    take(page, &mut classified);
                    if is_last {
                        break;
                    }
                }
            }
            Selection::Ordinals(places) => {
                for places in places.chunks(PAGE as usize) {
                    let page = report.at(places).await;
                    take(page?, &mut classified);
                }
            }
        }
        if classified.open.is_empty() {
            return Ok(Answer::Classified(classified));
        }
        // What can never be planned is no decision: the plan lists it, with its reason.
        let places: Vec<u64> = classified.open.iter().map(|open| open.ordinal).collect();
        let plannable = self.plannable(report, places, progress.clone()).await?;
        let (open, never) = (classified.open.into_iter())
            .partition(|open: &Open| plannable.binary_search(&open.ordinal).is_ok());
        let never: Vec<Open> = never;
        classified.open = open;
        for open in never {
            classified.add_rest(open.ordinal, open.fix);
        }
        classified.rest.sort_unstable();
        Ok(Answer::Classified(classified))
    }
}

impl RunnerContext {
    /// Finds out what can be done about each finding of a report.
    pub(super) async fn fixes(&self, report: ReportRef) -> Result<Answer, RunnerError> {
        let (store, runtime) = (self.store()?, Handle::current());
        let report = self.report_named(report)?;
        let progress = Progress::new();
        // A newer report drops this question.
        let _left = progress.stops_when_dropped();
        let (asked, watched) = (report.clone(), progress.clone());
        let tried = tokio::task::spawn_blocking(move || {
            runtime.block_on(luthier_repair::find_fixes(&store, &asked, &watched))
        });
        let tried = tried.await??;
        let counts = report.fixes(&Filter::default()).await?;
        Ok(Answer::Fixes(FixLine { counts, tried }))
    }

    /// Returns, of these places in the report, those that a step can be made for, in order.
    async fn plannable(
        &self,
        report: Arc<Report>,
        mut places: Vec<u64>,
        progress: Progress,
    ) -> Result<Vec<u64>, RunnerError> {
        places.sort_unstable();
        let (store, runtime) = (self.store()?, Handle::current());
        let tried = tokio::task::spawn_blocking(move || {
            runtime.block_on(luthier_repair::plannable(
                &store, &report, &places, &progress,
            ))
        });
        let tried = tried.await?;
        tried.map_err(RunnerError::from)
    }
}

fn take(page: Vec<Numbered>, classified: &mut Classified) {
    for Numbered {
        ordinal,
        finding,
        fix,
    } in page
    {
        if finding.auto == Auto::Ask && winner(finding.remedy).is_some() {
            classified.open.push(Open {
                ordinal,
                code: finding.code,
                remedy: finding.remedy,
                subject: subject(&finding.id),
                fix,
            });
        } else {
            let hopeless = finding.auto == Auto::No || finding.remedy == Remedy::None;
            classified.add_rest(ordinal, fix.or(hopeless.then_some(Fix::None)));
        }
    }
}
