//! `luthier checkpoint`.

use super::apply::Care;
use super::confirm::confirm;
use super::output::Output;
use super::plan::{alarms, refused, show_step, summary};
use super::watch::watch;
use super::{CliError, Exit, Global, help, open, target};
use crate::config::Target;
use clap::Args;
use luthier_hub::store::Environment;
use luthier_hub::text;
use luthier_repair::{Applied, Journal, Plan, journal};

/// Steps fetched from the plan at once.
const PAGE: u32 = 1_000;

#[derive(Args)]
pub struct Checkpoint {
    /// Save the branches of this repository only (OWNER/SLUG)
    #[arg(long, value_name = "REPO", help_heading = help::SELECT)]
    repo: Option<String>,
    /// Run this many steps at the same time [default: 8]
    #[arg(long, value_name = "N", help_heading = help::LIMITS, value_parser = clap::value_parser!(u16).range(1..=32))]
    concurrency: Option<u16>,
    /// Answer the confirmation with yes, for scripts; on production, --confirm is needed too
    #[arg(long, help_heading = help::APPLY)]
    yes: bool,
    /// Name of the hub; on production it confirms the write
    #[arg(long, value_name = "HUB", help_heading = help::APPLY)]
    confirm: Option<String>,
    #[command(flatten)]
    care: Care,
}

/// Saves branches into the store; without `--write`, says what would be written.
pub async fn run(command: Checkpoint, global: &Global, out: Output) -> Result<Exit, CliError> {
    let target = target(global)?;
    let options = command.care.options(&target, command.concurrency)?;
    if target.authority.is_some() {
        journal::try_place(&target.hub)?;
    }
    let store = open(&target, &out).await?;
    let progress = out.job();
    let planning = luthier_repair::checkpoints(&store, command.repo.as_deref(), &progress);
    let plan = watch(&out, &progress, planning).await??;
    show(&plan, &out).await?;
    alarms(&plan, &out)?;
    let (steps, left) = (plan.totals().steps, plan.totals().refused);
    let applied = match (&target.authority, steps) {
        (Some(authority), 1..) => {
            consent(&target, &plan, &command).await?;
            let writer = store.writer(authority)?;
            let mut journal = Journal::open(&target.hub)?;
            let progress = out.job();
            let applying =
                luthier_repair::apply_with(&writer, &plan, &mut journal, &progress, &options);
            watch(&out, &progress, applying).await??
        }
        _ => Applied::default(),
    };
    let dry = target.authority.is_none() && steps > 0;
    if !out.json && dry {
        out.line(&format!(
            "Nothing was written. Add --write to write {}.",
            text::plural(steps, "checkpoint")
        ))?;
    } else if !out.json && steps == 0 && left == 0 && plan.alarms().is_empty() {
        out.line(&plan.why_empty().unwrap_or_default())?;
    } else {
        summary(&plan, &applied, &out)?;
    }
    out.flush()?;
    Ok(
        match (
            applied.stopped,
            dry || left > 0 || !applied.trouble.is_empty() || !plan.alarms().is_empty(),
        ) {
            (true, _) => Exit::Stopped,
            (false, true) => Exit::Findings,
            (false, false) => Exit::Done,
        },
    )
}

/// Asks before checkpoints are written to a production hub, as before any plan there. Elsewhere `--write` is enough:
/// checkpoints only add objects, and a timer saves them.
async fn consent(target: &Target, plan: &Plan, command: &Checkpoint) -> Result<(), CliError> {
    if target.hub.environment != Environment::Production {
        return Ok(());
    }
    let steps = text::plural(plan.totals().steps, "checkpoint");
    let question = format!("Write {steps} to {}?", target.hub.name);
    let asked = (question.as_str(), plan.doubt());
    confirm(target, asked, command.yes, command.confirm.as_deref()).await
}

async fn show(plan: &Plan, out: &Output) -> Result<(), CliError> {
    let mut skip = 0;
    loop {
        let steps = plan.steps(skip, PAGE).await?;
        for step in &steps {
            show_step(step, out, false)?;
        }
        skip += steps.len() as u64;
        if steps.len() < PAGE as usize {
            return refused(plan, out, true).await;
        }
    }
}
