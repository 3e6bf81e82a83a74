//! A few steps of one kind: made again, announced together with one sync, then carried out.

use super::budget::Budget;
use super::ended::{Ended, as_planned, made_of, outcome_line};
use super::retry_policy::{Tries, transient_reason};
use super::throttle::{MOST, Turn};
use super::{Options, Outcome};
use crate::RepairError;
use crate::journal::{self, CellStore, Event, Journal, JournalError};
use crate::rows;
use crate::step::Step;
use crate::steps::{StepContext, Target, build};
use crate::{cells, checkpoint, undo};
use futures_util::{StreamExt, stream};
use luthier_audit::Remedy;
use luthier_hub::cause::Cause;
use luthier_hub::index::AnyRow;
use luthier_hub::progress::Progress;
use luthier_hub::store::Writer;
use luthier_hub::store::chain::TreeCache;
use luthier_hub::store::write::{Change, Done, Ledger, WriteError};
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

/// What became of the steps of a batch, in their order.
pub(super) struct Batch {
    pub ended: Vec<Ended>,
    /// Too many failed: nothing more is written.
    pub over: Option<RepairError>,
}

/// The ledger of a batch whose changes have all been announced, and synced, before the first is made.
struct Announced<'a> {
    run: &'a str,
    /// Given back once the store has its part, so that rows do not hold up objects.
    turn: Option<Turn>,
}

impl Ledger for Announced<'_> {
    fn intend(&mut self, _change: &Change) -> Result<(), Cause> {
        Ok(())
    }

    fn stored(&mut self) {
        self.turn = None;
    }

    fn run(&self) -> &str {
        self.run
    }
}

impl Run<'_> {
    /// Carries out steps of one kind.
    ///
    /// # Errors
    /// The journal cannot be written, the rows cannot be read, or a read-back that differs.
    pub async fn carry_out(
        &self,
        steps: &[Step],
        journal: &mut Journal,
        budget: &mut Budget,
    ) -> Result<Batch, RepairError> {
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
        let batch = self.finish_all(steps, planned, budget).await;
        let outcomes: Vec<Event> = steps
            .iter()
            .zip(&batch.ended)
            .zip(announced)
            .map(|((step, ended), announced)| outcome_line(step, ended, announced))
            .collect();
        journal.append(&self.name, &outcomes)?;
        let (mut ended, over) = (batch.ended, batch.over);
        match ended.iter_mut().find_map(|ended| ended.breaker.take()) {
            Some(breaker) => Err(*breaker),
            None => Ok(Batch { ended, over }),
        }
    }

    /// Carries out what was announced. Once something stops all writing, no further step is begun.
    async fn finish_all(
        &self,
        steps: &[Step],
        planned: Vec<Result<Change, Ended>>,
        budget: &mut Budget,
    ) -> Batch {
        let halted = AtomicBool::new(false);
        let mut batch = Batch {
            ended: Vec::with_capacity(steps.len()),
            over: None,
        };
        // All of them: how many are under way is for the throttle to say.
        let mut finishing = stream::iter(steps.iter().zip(planned))
            .map(|(step, planned)| {
                let finished = self.finish(step, planned, &halted);
                finished.instrument(span_of(step))
            })
            .buffered(steps.len().max(1));
        while let Some(ended) = finishing.next().await {
            if let (Some(outcome), None) = (ended.outcome, &batch.over) {
                let spent = budget.spend(outcome, &ended.id, ended.why.as_deref());
                batch.over = spent.err();
            }
            if batch.over.is_some() {
                halted.store(true, Ordering::SeqCst);
            }
            batch.ended.push(ended);
        }
        drop(finishing);
        batch
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
        let mut tries = Tries::default();
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
            if !self.again_after(reason, &mut tries).await {
                return as_planned(step, built);
            }
        }
    }

    /// Makes the change, as often as it takes while the store asks to wait. To make it again is to make
    /// it once: nothing is put where something is stored, and the row still is what was seen.
    async fn make(
        &self,
        step: &Step,
        change: &Change,
        halted: &AtomicBool,
    ) -> Option<Result<Done, WriteError>> {
        let (mut tries, mut last) = (Tries::default(), None);
        loop {
            let turn = Some(self.turn(step).await);
            // Looked at last, since a step may have waited long for its turn.
            let goes_on = self.progress.checkpoint().await.is_ok();
            if !goes_on || halted.load(Ordering::SeqCst) {
                return last;
            }
            self.progress.update(|f| f.subject.clone_from(&step.id));
            let run = &self.name;
            let made = (self.writer.make(change, &mut Announced { run, turn })).await;
            let reason = match &made {
                // Once replaced, bytes are no longer what was seen: only a new audit can tell.
                _ if matches!(change, Change::Replace { .. }) => None,
                Err(WriteError::Store(error)) => transient_reason(error),
                _ => None,
            };
            if !self.again_after(reason, &mut tries).await {
                return Some(made);
            }
            last = Some(made);
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
            Ok(change) => match self.make(step, &change, halted).await {
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
