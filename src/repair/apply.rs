//! Carries a plan out, one step at a time, in the one way to write.

mod batch;
mod budget;
mod ended;
mod preflight;
mod retry_policy;
mod throttle;
mod wait;

pub use retry_policy::RetryPolicy;
pub use throttle::{MOST, Throttle};

use super::journal::{self, Event};
use super::outcome::Outcome;
use super::step::Step;
use super::{Journal, Plan, RepairError, hub_binding, interrupted};
use batch::Run;
use budget::Budget;
use luthier_audit::Remedy;
use luthier_hub::progress::Progress;
use luthier_hub::store::{StoreError, Writer};
use serde::Serialize;
use std::collections::BTreeMap;

/// The first steps, applied by themselves: what goes wrong with them would go wrong with all.
const CANARY: u64 = 10;

/// Steps announced together; a stop or a pause takes effect between any two of them.
const BATCH: u32 = 256;

/// The most bytes of objects that are held for the steps of a batch: 16 MiB.
const HELD: u64 = 16 << 20;

/// The most trouble lines that are kept.
const TROUBLE: usize = 100;

/// The options of applying a plan, and what a person has confirmed.
#[derive(Clone, Debug)]
pub struct Options {
    /// The speed; a clone of it changes it while the run goes on.
    pub throttle: Throttle,
    pub retry_policy: RetryPolicy,
    /// So many failures in a row, or more than these and than one in a hundred, stop all writing.
    pub max_failures: u64,
    /// Pauses after the first ten steps until the job is resumed.
    pub look_after_canary: bool,
    /// The hub's name was given for a plan that bears alarms.
    pub mass_fault: bool,
    /// Another database or store than the last time is meant.
    pub new_pair: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            throttle: Throttle::default(),
            retry_policy: RetryPolicy::default(),
            max_failures: 10,
            look_after_canary: false,
            mass_fault: false,
            new_pair: false,
        }
    }
}

/// The end of a repair, in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// The run's name in the journal.
    pub run: String,
    pub outcomes: BTreeMap<Outcome, u64>,
    /// The first hundred that did not end well, each in one line.
    pub trouble: Vec<String>,
    /// Stopped between two steps by the person.
    pub stopped: bool,
}

impl Applied {
    /// Counts a step; the line of one that did not end well.
    fn count(&mut self, outcome: Outcome, id: &str, why: Option<&str>) -> Option<String> {
        *self.outcomes.entry(outcome).or_default() += 1;
        if outcome.is_well() {
            return None;
        }
        let why = why.unwrap_or("no reason was given");
        let line = format!("{} {id}: {why}", outcome.word());
        if self.trouble.len() < TROUBLE {
            self.trouble.push(line.clone());
        }
        Some(line)
    }
}

/// Applies a plan as [`apply_with`] does, with the default limits and with nothing confirmed.
///
/// # Errors
/// As [`apply_with`].
pub async fn apply(
    writer: &Writer,
    plan: &Plan,
    journal: &mut Journal,
    progress: &Progress,
) -> Result<Applied, RepairError> {
    apply_with(writer, plan, journal, progress, &Options::default()).await
}

/// Applies every step of `plan`; outcomes are counted in `progress` by name as they come.
///
/// # Errors
/// Another applier, a breaker that stops all writing, or a journal that cannot be written.
#[tracing::instrument(name = "apply", skip_all, fields(run = tracing::field::Empty))]
pub async fn apply_with(
    writer: &Writer,
    plan: &Plan,
    journal: &mut Journal,
    progress: &Progress,
    options: &Options,
) -> Result<Applied, RepairError> {
    let writer = &writer.for_job(progress);
    preflight::check(writer.store(), plan, journal, options).await?;
    let _lock = writer.lock().await?;
    interrupted::resolve_open_steps(writer.store(), journal).await?;
    let totals = plan.totals();
    progress.phase("applying", Some(totals.steps));
    let mut applied = Applied {
        run: journal::new_run(),
        ..Applied::default()
    };
    // The same name as in the journal.
    tracing::Span::current().record("run", &applied.run);
    let hub = writer.store().hub();
    let begun = Event::Run {
        steps: totals.steps,
        bytes: totals.bytes,
        database: hub.describe_database(),
        store: hub.describe_store(),
        undoes: plan.undone_run().map(str::to_owned),
    };
    journal.append(&applied.run, &[begun])?;
    hub_binding::remember(journal, writer.store())?;
    let run = Run {
        writer,
        progress,
        options,
        cell_store: journal.cell_store(),
        name: applied.run.clone(),
    };
    let ended = steps(&run, plan, journal, &mut applied).await;
    let in_place = writer.store().index().in_place();
    let ended = ended.and_then(|()| in_place.map_err(|error| StoreError::from(error).into()));
    let end = Event::End {
        outcomes: applied.outcomes.clone(),
        stopped: applied.stopped,
        breaker: ended.as_ref().err().map(ToString::to_string),
    };
    // Where the journal itself was the trouble, that is what has to be said.
    let closed = journal.append(&applied.run, &[end]);
    ended?;
    closed?;
    journal.sync().await?;
    journal.seal()?;
    Ok(applied)
}

/// Applies all batches in order: a batch has one kind, and the canary goes first.
async fn steps(
    run: &Run<'_>,
    plan: &Plan,
    journal: &mut Journal,
    applied: &mut Applied,
) -> Result<(), RepairError> {
    let mut budget = Budget::new(CANARY, run.options.max_failures);
    let mut skip = 0;
    loop {
        let limit = match CANARY.saturating_sub(skip) {
            0 => BATCH,
            left => left as u32,
        };
        let mut batch = plan.steps(skip, limit).await?;
        if batch.is_empty() {
            return Ok(());
        }
        batch.truncate(together(&batch));
        if run.options.look_after_canary && skip == CANARY {
            run.progress.pause();
            run.say("the first 10 steps are done; check them, then continue");
        }
        skip += batch.len() as u64;
        if run.progress.checkpoint().await.is_err() {
            applied.stopped = true;
            return Ok(());
        }
        run.say("");
        let batch = run.carry_out(&batch, journal, &mut budget).await?;
        for ended in batch.ended {
            let Some(outcome) = ended.outcome else {
                applied.stopped = batch.over.is_none();
                continue;
            };
            if let Some(line) = applied.count(outcome, &ended.id, ended.why.as_deref()) {
                run.progress.trouble(&line);
            }
        }
        if let Some(over) = batch.over {
            return Err(over);
        }
        if applied.stopped {
            return Ok(());
        }
    }
}

/// Returns how many of the first steps make one batch: of one kind, and no more than may be held. What a backfill
/// stores is as large as what it reads; of another step the plan does not say how large its row is.
fn together(steps: &[Step]) -> usize {
    let kind = steps.first().map(|step| step.kind);
    let mut held = 0;
    let fits = |step: &&Step| {
        held += match step.remedy {
            Remedy::Backfill => step.bytes,
            _ => HELD / MOST as u64,
        };
        Some(step.kind) == kind && held <= HELD
    };
    steps.iter().take_while(fits).count().max(1)
}
