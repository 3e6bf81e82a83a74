//! Carries a plan out: the flags, the question and the run that every command with a plan shares.

use super::confirm::confirm;
use super::output::Output;
use super::plan::{show_plan, summary};
use super::watch::watch;
use super::{CliError, Exit, help};
use crate::config::Target;
use clap::Args;
use luthier_hub::destination;
use luthier_hub::store::{Authority, Store};
use luthier_hub::text;
use luthier_repair::{Applied, Journal, Options, Plan, Throttle, journal};
use std::path::PathBuf;

/// Steps under way at once where nobody says how many.
const CONCURRENCY: u16 = 8;

#[derive(Args, Clone)]
pub struct Apply {
    /// Carry the plan out; needs --write. Without it, the plan is only shown
    #[arg(long, help_heading = help::APPLY)]
    pub apply: bool,
    /// Answer the confirmation with yes, for scripts
    #[arg(long, help_heading = help::APPLY)]
    pub yes: bool,
    /// Name of the hub; on production it is needed with --yes
    #[arg(long, value_name = "HUB", help_heading = help::APPLY)]
    pub confirm: Option<String>,
    /// Save the plan in a new file; apply it later with `luthier repair --plan FILE`
    #[arg(long, value_name = "FILE", help_heading = help::OUTPUT)]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub care: Care,
}

/// The speed at which a plan is applied, and what stops it.
#[derive(Args, Clone)]
pub struct Care {
    /// Send at most this many requests per second to the store while a plan is applied [default: no limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = help::LIMITS)]
    pub max_rps: Option<u32>,
    /// Stop after N failures in a row, or when more than N and more than 1 % of the steps have failed
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..), help_heading = help::LIMITS)]
    pub max_failures: u64,
    /// Name of the hub: apply although so many objects are missing or corrupt that this may be the wrong store
    #[arg(long, value_name = "HUB", help_heading = help::APPLY)]
    pub mass_fault: Option<String>,
    /// Accept that this profile now uses another database or store
    #[arg(long, help_heading = help::APPLY)]
    pub new_pair: bool,
    /// Replace objects although the store ignores If-Match; nobody else may write to it meanwhile
    #[arg(long, help_heading = help::APPLY)]
    pub unguarded: bool,
}

impl Care {
    /// Returns the options for applying a plan to `target`, with this many steps in parallel.
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
            "this run is read-only; add --write to apply the plan",
        ));
    }
    match how.apply {
        true => Ok(journal::try_place(&target.hub)?),
        false => Ok(()),
    }
}

/// Names the flags that a command without `--apply` lacks to write.
pub const fn flags_to_apply(target: &Target) -> &'static str {
    match target.authority {
        Some(_) => "--apply",
        None => "--apply --write",
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
    let missing = (!how.apply).then(|| flags_to_apply(target));
    show_plan(plan, out, missing).await?;
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
    let asked = (question.as_str(), plan.doubt());
    confirm(target, asked, how.yes, how.confirm.as_deref()).await?;
    let writer = match how.care.unguarded {
        true => store.writer(authority)?.unguarded(),
        false => store.writer(authority)?,
    };
    let mut journal = Journal::open(&target.hub)?;
    let progress = out.job();
    progress.phase("repair", Some(plan.totals().steps));
    let applying = luthier_repair::apply_with(&writer, plan, &mut journal, &progress, &options);
    let applied = watch(out, &progress, applying).await??;
    tell_end(plan, &applied, out)?;
    let trouble = left_alone || !applied.trouble.is_empty();
    Ok(match (applied.stopped, trouble) {
        (true, _) => Exit::Stopped,
        (false, true) => Exit::Findings,
        (false, false) => Exit::Done,
    })
}

/// Prints what became of a plan and, of a run that reached its end, what is left and what shows it.
fn tell_end(plan: &Plan, applied: &Applied, out: &Output) -> Result<(), CliError> {
    summary(plan, applied, out)?;
    if applied.stopped || out.json || out.quiet {
        return Ok(());
    }
    let left = match plan.totals().refused {
        0 => String::new(),
        _ => format!("In the plan: {}. ", plan.skip_words()),
    };
    out.line(&format!(
        "{left}`luthier audit` lists what is left; `luthier signoff` checks the whole hub."
    ))
}

/// Looks up the open steps of a killed run even if there is nothing to apply.
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
    luthier_repair::resolve_interrupted(&store.writer(authority)?, &mut journal).await?;
    Ok(())
}
