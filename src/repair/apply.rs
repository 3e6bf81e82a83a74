//! Carries a plan out, one step at a time, in the one way to write.

mod batch;
mod budget;
mod preflight;
mod retry_policy;
mod throttle;
mod wait;

pub use retry_policy::RetryPolicy;
pub use throttle::{MOST, Throttle};

use super::journal::{self, Event};
use super::outcome::Outcome;
use super::{Journal, Plan, RepairError, hub_binding, interrupted};
use batch::Run;
use budget::Budget;
use luthier_hub::progress::Progress;
use luthier_hub::store::{StoreError, Writer};
use serde::Serialize;
use std::collections::BTreeMap;

/// The first steps, applied by themselves: what goes wrong with them would go wrong with all.
const CANARY: u64 = 10;

/// Steps announced together; a stop or a pause takes effect between any two of them.
const BATCH: u32 = MOST as u32;

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
        let Some(kind) = batch.first().map(|step| step.kind) else {
            return Ok(());
        };
        let same = batch.iter().take_while(|step| step.kind == kind).count();
        batch.truncate(same);
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
        for ended in run.carry_out(&batch, journal).await? {
            match ended.outcome {
                None => applied.stopped = true,
                Some(outcome) => {
                    if let Some(line) = applied.count(outcome, &ended.id, ended.why.as_deref()) {
                        run.progress.trouble(&line);
                    }
                    budget.spend(outcome, &ended.id, ended.why.as_deref())?;
                }
            }
        }
        if applied.stopped {
            return Ok(());
        }
    }
}
