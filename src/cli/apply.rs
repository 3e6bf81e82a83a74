//! What every command that carries a plan out shares: its flags, the question, the run.

use super::confirm::confirm;
use super::output::Output;
use super::plan::{show_plan, summary};
use super::watch::watch;
use super::{CliError, Exit};
use crate::config::Target;
use crate::destination;
use crate::repair::{self, Applied, Journal, Options, Plan, Throttle, journal};
use crate::store::{Authority, Store};
use crate::text;
use clap::Args;
use std::path::PathBuf;

/// Steps under way at once where nobody says how many.
const CONCURRENCY: u16 = 8;

#[derive(Args, Clone)]
pub struct Apply {
    /// Carry the plan out; needs --write. Without it the plan is only shown
    #[arg(long)]
    pub apply: bool,
    /// Answer the confirmation with yes, for scripts
    #[arg(long)]
    pub yes: bool,
    /// On production: the hub's name, instead of --yes alone
    #[arg(long, value_name = "HUB")]
    pub confirm: Option<String>,
    /// Save the plan in a new file, to be looked at, and applied later with `repair --plan FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub care: Care,
}

/// How fast, and how much may go wrong.
#[derive(Args, Clone)]
pub struct Care {
    /// Requests to the store a second, while a plan is applied; no limit without
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_rps: Option<u32>,
    /// Failures, one after the other or beyond one in a hundred, that stop all writing
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub max_failures: u64,
    /// The hub's name: apply although so much is missing or wrong that this may be the wrong store
    #[arg(long, value_name = "HUB")]
    pub mass_fault: Option<String>,
    /// Another database or store than the last time is meant
    #[arg(long)]
    pub new_pair: bool,
    /// Replace objects even on a server that does not honour If-Match; only while nobody else writes there
    #[arg(long)]
    pub unguarded: bool,
}

impl Care {
    /// How a plan is carried out on `target`, with so many steps under way at once.
    pub fn options(&self, target: &Target, concurrency: Option<u16>) -> Result<Options, CliError> {
        let name = &target.hub.name;
        if let Some(given) = self.mass_fault.as_ref().filter(|given| *given != name) {
            return Err(CliError::usage(format!(
                "--mass-fault {given} is not the name of this hub, which is {name}"
            )));
        }
        Ok(Options {
            throttle: Throttle::new(
                usize::from(concurrency.unwrap_or(CONCURRENCY)),
                self.max_rps,
            ),
            max_failures: self.max_failures,
            mass_fault: self.mass_fault.is_some(),
            new_pair: self.new_pair,
            ..Options::default()
        })
    }
}

impl Apply {
    /// Tries the place of the plan's file, before anything is read.
    pub fn try_out(&self) -> Result<(), CliError> {
        match &self.out {
            Some(path) => {
                destination::try_file(path).map_err(|why| CliError::usage(format!("--out: {why}")))
            }
            None => Ok(()),
        }
    }
}

/// Refuses a session that may not write, before anything is read.
pub fn needs_write(target: &Target, how: &Apply) -> Result<(), CliError> {
    if how.apply && target.authority.is_none() {
        return Err(CliError::usage(
            "this session is read-only; add --write to apply the plan",
        ));
    }
    match how.apply {
        true => Ok(journal::try_place(&target.hub)?),
        false => Ok(()),
    }
}

/// Shows a plan, saves it with `--out`, and with `--apply` asks and carries it out.
pub async fn carry_out(
    store: &Store,
    target: &Target,
    plan: &Plan,
    how: &Apply,
    concurrency: Option<u16>,
    out: &Output,
) -> Result<Exit, CliError> {
    let options = how.care.options(target, concurrency)?;
    let saved = match &how.out {
        Some(path) => plan.save(path, &target.hub).await,
        None => Ok(()),
    };
    // The plan is shown whatever became of the file, and not carried out without it.
    show_plan(plan, out, !how.apply).await?;
    saved?;
    if let Some(path) = how.out.as_ref().filter(|_| !out.json && !out.quiet) {
        out.line(&format!("The plan is saved in {}.", path.display()))?;
    }
    let left_alone = plan.totals().refused > 0;
    let nothing = plan.totals().steps == 0;
    let authority = target.authority.as_ref().filter(|_| how.apply);
    if let Some(authority) = authority.filter(|_| nothing) {
        resolve_interrupted(store, target, authority).await?;
    }
    let Some(authority) = authority.filter(|_| !nothing) else {
        if out.json || how.apply {
            summary(plan, &Applied::default(), out)?;
        }
        let well = !left_alone && nothing;
        return Ok(if well { Exit::Done } else { Exit::Findings });
    };
    let question = format!(
        "Apply {} to {}?",
        text::plural(plan.totals().steps, "step"),
        target.hub.name
    );
    confirm(target, &question, how.yes, how.confirm.as_deref()).await?;
    let writer = match how.care.unguarded {
        true => store.writer(authority)?.unguarded(),
        false => store.writer(authority)?,
    };
    let mut journal = Journal::open(&target.hub)?;
    let progress = out.job();
    progress.phase("repair", Some(plan.totals().steps));
    let applying = repair::apply_with(&writer, plan, &mut journal, &progress, &options);
    let applied = watch(out, &progress, applying).await??;
    summary(plan, &applied, out)?;
    let trouble = left_alone || !applied.trouble.is_empty();
    Ok(match (applied.stopped, trouble) {
        (true, _) => Exit::Stopped,
        (false, true) => Exit::Findings,
        (false, false) => Exit::Done,
    })
}

/// Where nothing is to be applied, what a killed run left open in the journal is looked up all the same.
async fn resolve_interrupted(
    store: &Store,
    target: &Target,
    authority: &Authority,
) -> Result<(), CliError> {
    if !journal::path_of(&target.hub).is_some_and(|path| path.exists()) {
        return Ok(());
    }
    let mut journal = Journal::open(&target.hub)?;
    if journal.is_settled() {
        return Ok(());
    }
    repair::resolve_interrupted(&store.writer(authority)?, &mut journal).await?;
    Ok(())
}
