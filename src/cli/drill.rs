//! `luthier drill`.

mod checks;
mod made;
mod onlooker;
mod server;
mod steps;
mod wire;

use super::output::Output;
use super::watch::watch;
use super::{CliError, Exit, Global, help, open, target};
use clap::Args;
use luthier_hub::destination;
use luthier_hub::text;
use luthier_repair::journal::HubJournal;
use luthier_repair::signoff::drill::{self, STEPS};
use luthier_repair::signoff::{Drill, DrillStep, State, Verdict};
use std::path::PathBuf;
use steps::Rehearsal;

#[derive(Args)]
pub struct DrillArgs {
    /// Name of the hub, which the drill writes to
    #[arg(long, value_name = "HUB", help_heading = help::APPLY)]
    confirm: Option<String>,
    /// Accept that this profile now uses another database or object store
    #[arg(long, help_heading = help::APPLY)]
    new_pair: bool,
    /// Write the report into this new file, for `luthier signoff --drill`
    #[arg(long, value_name = "FILE", help_heading = help::OUTPUT)]
    out: Option<PathBuf>,
}

/// Runs every write site in a repository of its own, pulls it, and says what became of each step.
pub async fn run(command: DrillArgs, global: &Global, out: Output) -> Result<Exit, CliError> {
    let target = target(global)?;
    let name = &target.hub.name;
    let Some(authority) = target.authority else {
        return show(name, &out);
    };
    if command.confirm.as_ref() != Some(name) {
        return Err(CliError::usage(format!(
            "a drill writes to {name}: it makes a repository, which stays and is marked as deleted; confirm with --confirm {name}"
        )));
    }
    if let Some(path) = &command.out {
        destination::try_file(path).map_err(|why| CliError::usage(format!("--out: {why}")))?;
    }
    let store = open(&target, &out).await?;
    let journal = HubJournal::open(&store.writer(&authority)?, command.new_pair).await?;
    let progress = out.job();
    progress.phase("drill", Some(STEPS.len() as u64));
    let mut rehearsal = Rehearsal::new(&store, authority, journal)?;
    let mut report = drill::begun(&target.hub, rehearsal.repo(), rehearsal.repo_id());
    let mut tell = |step: &DrillStep| tell(step, &out);
    let done = rehearsal.run(&progress, &mut report.steps, &mut tell);
    let ended = watch(&out, &progress, done).await?;
    let report = report.ended();
    if let Some(path) = &command.out {
        report.save(path)?;
    }
    let told = ended?;
    finish(&report, &out)?;
    Ok(match (told, report.verdict) {
        (_, Verdict::Pass) => Exit::Done,
        (steps::Ended::Unusable, _) => Exit::Unusable,
        (_, Verdict::Fail) => Exit::Findings,
        (_, Verdict::Incomplete) => Exit::Stopped,
    })
}

/// Says what a drill of this hub would write.
fn show(hub: &str, out: &Output) -> Result<Exit, CliError> {
    if out.json {
        out.object(&serde_json::json!({ "type": "plan", "hub": hub, "steps": STEPS }))?;
    } else {
        out.line(&format!(
            "Plan: make a private repository luthier-drill/TIME on {hub} and run {} in it: {}.",
            text::plural(STEPS.len() as u64, "step"),
            STEPS.join(", ")
        ))?;
        out.line("Its rows and objects stay; the repository is marked as deleted at the end.")?;
        out.line(&format!(
            "Nothing was written. Add --write --confirm {hub} to run it."
        ))?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn tell(step: &DrillStep, out: &Output) -> Result<(), CliError> {
    if out.json || (out.quiet && step.state == State::Held) {
        return Ok(());
    }
    let state = match step.state {
        State::Held => "passed",
        State::Broken => "FAILED",
        State::Open => "not run",
    };
    out.line(&format!("{state:<7}  {:<13} {}", step.name, step.said))?;
    out.flush()
}

fn finish(report: &Drill, out: &Output) -> Result<(), CliError> {
    if out.json {
        out.object(&serde_json::to_value(report).unwrap_or_default())?;
    } else {
        let passed = report.steps.iter();
        let passed = passed.filter(|step| step.state == State::Held).count() as u64;
        out.line(&format!(
            "{}  {}: {} of {} passed, in the repository {}.",
            report.verdict.word(),
            report.hub,
            text::grouped(passed),
            text::plural(STEPS.len() as u64, "step"),
            report.repo,
        ))?;
        out.line(
            "Its rows are too new to be judged until they are older than --grace; sign off then, with --drill FILE, within a day.",
        )?;
    }
    out.flush()
}
