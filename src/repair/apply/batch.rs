//! A few steps of one kind: made again, announced together with one sync, then carried out.

use super::retry_policy::transient_reason;
use super::throttle::MOST;
use super::{Options, Outcome};
use crate::RepairError;
use crate::change::StepChange;
use crate::journal::{self, CellStore, Entry, Event, Journal, JournalError, RecordedOutcome};
use crate::rows;
use crate::step::Step;
use crate::steps::{Built, StepContext, Target, build};
use crate::{cells, checkpoint, undo};
use futures_util::{StreamExt, stream};
use luthier_audit::Remedy;
use luthier_hub::backend::BackendError;
use luthier_hub::cause::Cause;
use luthier_hub::index::AnyRow;
use luthier_hub::progress::Progress;
use luthier_hub::store::chain::TreeCache;
use luthier_hub::store::write::{Change, Done, Ledger, WriteError};
use luthier_hub::store::{StoreError, Writer};
use luthier_object::Kind;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Mutex;
use tracing::{Instrument, Span, debug, info_span};

/// A run under way.
pub(super) struct Run<'a> {
    pub writer: &'a Writer,
    pub progress: &'a Progress,
    pub options: &'a Options,
    pub cell_store: CellStore,
    pub name: String,
}

/// The end of a step.
pub(super) struct Ended {
    pub id: String,
    /// `None` where the run was stopped before it was begun.
    pub outcome: Option<Outcome>,
    pub why: Option<String>,
    /// Set if the object was stored by this run.
    stored: Option<bool>,
    /// Ends all writing.
    breaker: Option<Box<RepairError>>,
}

/// The ledger of a batch whose changes have all been announced, and synced, before the first is made.
struct Announced<'a> {
    run: &'a str,
}

impl Ledger for Announced<'_> {
    fn intend(&mut self, _change: &Change) -> Result<(), Cause> {
        Ok(())
    }

    fn run(&self) -> &str {
        self.run
    }
}

impl Run<'_> {
    /// Carries out steps of one kind; what became of each, in their order.
    ///
    /// # Errors
    /// The journal cannot be written, the rows cannot be read, or a read-back that differs.
    pub async fn carry_out(
        &self,
        steps: &[Step],
        journal: &mut Journal,
    ) -> Result<Vec<Ended>, RepairError> {
        let planned = self.prepare(steps).await;
        let intents: Vec<Event> = steps
            .iter()
            .zip(&planned)
            .filter(|(_, planned)| planned.is_ok())
            .map(|(step, _)| Event::Intent(step.into()))
            .collect();
        if !intents.is_empty() {
            self.keep_cells(&planned, journal).await?;
            journal.append(&self.name, &intents)?;
            journal.sync().await?;
        }
        let announced: Vec<bool> = planned.iter().map(Result::is_ok).collect();
        let halted = AtomicBool::new(false);
        let ended: Vec<Ended> = stream::iter(steps.iter().zip(planned))
            .map(|(step, planned)| {
                let finished = self.finish(step, planned, &halted);
                finished.instrument(span_of(step))
            })
            .buffered(MOST)
            .collect()
            .await;
        let outcomes: Vec<Event> = steps
            .iter()
            .zip(&ended)
            .zip(announced)
            .map(|((step, ended), announced)| outcome_line(step, ended, announced))
            .collect();
        journal.append(&self.name, &outcomes)?;
        let mut all = Vec::with_capacity(ended.len());
        for mut ended in ended {
            if let Some(breaker) = ended.breaker.take() {
                return Err(*breaker);
            }
            all.push(ended);
        }
        Ok(all)
    }

    /// Makes every step again from its row as it is now: `Err` is how it ended without a change.
    async fn prepare(&self, steps: &[Step]) -> Vec<Result<Change, Ended>> {
        let store = self.writer.store();
        let Some(subject) = steps.first().map(|step| step.kind) else {
            return Vec::new();
        };
        let Some(kind) = subject.kind() else {
            return self.prepare_checkpoints(steps).await;
        };
        let ids: Vec<String> = steps.iter().map(|step| step.id.clone()).collect();
        let rows = match rows::read(store, kind, &ids).await {
            Ok(rows) => rows,
            Err(error) => {
                let why = error.to_string();
                let failed = |step| Ended::not_changed(step, Outcome::Failed, &why);
                return steps.iter().map(failed).map(Err).collect();
            }
        };
        let trees = Mutex::new(TreeCache::default());
        stream::iter(steps)
            .map(|step| {
                let made = self.again(step, kind, &trees, &rows);
                made.instrument(span_of(step))
            })
            .buffered(MOST)
            .collect()
            .await
    }

    /// Puts on the cell store what an undo will need, before anything is announced.
    async fn keep_cells(
        &self,
        planned: &[Result<Change, Ended>],
        journal: &Journal,
    ) -> Result<(), RepairError> {
        let changes = planned.iter().filter_map(|planned| planned.as_ref().ok());
        let cells: Vec<Vec<u8>> = changes.flat_map(cells::to_keep).collect();
        let cell_store = self.cell_store.clone();
        let kept = tokio::task::spawn_blocking(move || cell_store.keep(&cells)).await;
        let kept = kept.unwrap_or_else(|e| Err(std::io::Error::other(e)));
        kept.map_err(|e| journal::failed_at(journal.path(), JournalError::Cells(e)))
    }

    /// Prepares checkpoints one at a time, since each contains every branch of its repository.
    async fn prepare_checkpoints(&self, steps: &[Step]) -> Vec<Result<Change, Ended>> {
        let mut out = Vec::with_capacity(steps.len());
        for step in steps {
            let target = checkpoint::Target::again(step);
            let built = checkpoint::build(self.writer.store(), &target).await;
            out.push(as_planned(step, built));
        }
        out
    }

    async fn again(
        &self,
        step: &Step,
        kind: Kind,
        trees: &Mutex<TreeCache>,
        rows: &HashMap<String, AnyRow>,
    ) -> Result<Change, Ended> {
        let target = Target::again(step, kind);
        let mut tried = 0;
        loop {
            let built = {
                let _turn = self.turn(step).await;
                let ctx = StepContext {
                    store: self.writer.store(),
                    trees,
                };
                match step.remedy {
                    Remedy::Undo => {
                        let row = rows.get(&step.id);
                        undo::build(ctx.store, &self.cell_store, step, kind, row).await
                    }
                    _ => build(ctx, &target, rows.get(&step.id)).await,
                }
            };
            let reason = built.as_ref().err().and_then(transient_reason);
            tried += 1;
            if !self.again_after(reason, tried).await {
                return as_planned(step, built);
            }
        }
    }

    /// Makes the change, as often as it takes while the store asks to wait. To make it again is to make
    /// it once: nothing is put where something is stored, and the row still is what was seen.
    async fn make(&self, step: &Step, change: &Change) -> Option<Result<Done, WriteError>> {
        let mut tried = 0;
        loop {
            let made = {
                let _turn = self.turn(step).await;
                if self.progress.is_cancelled() {
                    return None;
                }
                self.progress.update(|f| f.subject.clone_from(&step.id));
                let ledger = &mut Announced { run: &self.name };
                self.writer.make(change, ledger).await
            };
            let reason = match &made {
                // Once replaced, bytes are no longer what was seen: only a new audit can tell.
                _ if matches!(change, Change::Replace { .. }) => None,
                Err(WriteError::Store(error)) => transient_reason(error),
                _ => None,
            };
            tried += 1;
            if !self.again_after(reason, tried).await {
                return Some(made);
            }
        }
    }

    async fn finish(
        &self,
        step: &Step,
        planned: Result<Change, Ended>,
        halted: &AtomicBool,
    ) -> Ended {
        let ended = match planned {
            Err(ended) => ended,
            Ok(_) if halted.load(Ordering::SeqCst) => Ended::not_begun(step),
            Ok(_) if self.progress.checkpoint().await.is_err() => Ended::not_begun(step),
            Ok(change) => match self.make(step, &change).await {
                None => Ended::not_begun(step),
                Some(made) => made_of(step, made),
            },
        };
        if ended.breaker.is_some() {
            halted.store(true, Ordering::SeqCst);
        }
        if let Some(outcome) = ended.outcome {
            debug!(outcome = outcome.word(), "step ended");
            self.progress.count(outcome.word());
            self.progress.update(|f| {
                f.done += 1;
                if ended.stored == Some(true) {
                    f.bytes += step.bytes;
                }
            });
        }
        ended
    }
}

/// Returns the log's span of one step.
fn span_of(step: &Step) -> Span {
    info_span!("step", number = step.number, remedy = ?step.remedy, id = step.id)
}

impl Ended {
    fn not_changed(step: &Step, outcome: Outcome, why: &str) -> Self {
        Self {
            id: step.id.clone(),
            outcome: Some(outcome),
            why: (!why.is_empty()).then(|| why.to_owned()),
            stored: None,
            breaker: None,
        }
    }

    /// Returns the outcome of a step whose failure ends all writing.
    fn breaking(step: &Step, error: &dyn std::error::Error) -> Self {
        let why = error.to_string();
        Self {
            breaker: Some(Box::new(RepairError::Breaker(why.clone()))),
            ..Self::not_changed(step, Outcome::Failed, &why)
        }
    }

    fn not_begun(step: &Step) -> Self {
        Self {
            outcome: None,
            ..Self::not_changed(step, Outcome::Failed, "")
        }
    }
}

/// Returns the change of a step that was made again and came out as it was planned; `Err` is how it ended.
fn as_planned(step: &Step, built: Result<Built, StoreError>) -> Result<Change, Ended> {
    match built {
        Ok(Built::Step(mut now, change)) => {
            now.number = step.number;
            now.more = step.more;
            // The words name a source, and a step before this one may have made a better one.
            now.words.clone_from(&step.words);
            // A path tells people which blob it is; plans of older versions have none.
            now.path.clone_from(&step.path);
            if *now == *step {
                Ok(change)
            } else {
                let why = difference(step, &now);
                Err(Ended::not_changed(step, Outcome::Superseded, &why))
            }
        }
        Ok(Built::Already) => Err(Ended::not_changed(step, Outcome::Already, "")),
        // It could be built when it was planned.
        Ok(Built::Refused(why)) => Err(Ended::not_changed(step, Outcome::Superseded, &why)),
        Err(error) => {
            let why = error.to_string();
            Err(Ended::not_changed(step, Outcome::Failed, &why))
        }
    }
}

/// Returns the outcome of a change that was tried.
fn made_of(step: &Step, made: Result<Done, WriteError>) -> Ended {
    let ended = |outcome, why: &str| Ended::not_changed(step, outcome, why);
    match made {
        Ok(Done::Changed { stored, .. }) => {
            let outcome = Outcome::of(step.remedy);
            let stored = matches!(outcome, Outcome::Written | Outcome::Replaced).then_some(stored);
            Ended {
                stored,
                ..ended(outcome, "")
            }
        }
        Ok(Done::Superseded) => ended(Outcome::Superseded, "the row was changed during the step"),
        Ok(Done::Refused(why)) => ended(Outcome::Refused, &why),
        // A store that does not keep what it was asked for is no matter of one step.
        Err(WriteError::Store(error @ StoreError::Backend(BackendError::Unusable { .. }))) => {
            Ended::breaking(step, &error)
        }
        Err(WriteError::Store(error)) => ended(Outcome::Failed, &error.to_string()),
        Err(error) => Ended::breaking(step, &error),
    }
}

fn outcome_line(step: &Step, ended: &Ended, announced: bool) -> Event {
    let mut entry = Entry::from(step);
    let changed = matches!(
        ended.outcome,
        Some(outcome) if outcome.changes()
    );
    if !changed {
        // Nothing is after what was not done.
        entry.change = StepChange::none();
    }
    Event::Outcome {
        outcome: ended
            .outcome
            .map_or(RecordedOutcome::NotBegun, RecordedOutcome::from),
        announced,
        why: ended.why.clone(),
        stored: ended.stored,
        entry,
    }
}

/// Returns the part of a step that differs from the plan.
fn difference(planned: &Step, now: &Step) -> String {
    if planned.change != now.change || planned.precondition != now.precondition {
        "the row was changed since the plan".to_owned()
    } else if planned.sha256 != now.sha256 {
        "the bytes to write differ from the plan".to_owned()
    } else {
        "another remedy is needed now".to_owned()
    }
}
