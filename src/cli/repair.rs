//! `luthier repair` and `luthier backfill`.

use super::audit::How;
use super::confirm::confirm;
use super::output::Output;
use super::watch::watch;
use super::{CliError, Exit, Global, code, open, target};
use crate::audit::{self, Code, Depth, Filter, Scope};
use crate::config::Target;
use crate::progress::Progress;
use crate::repair::{self, Applied, Journal, Plan, Selection, Step};
use crate::store::Store;
use crate::text;
use clap::Args;
use serde_json::json;

/// Steps fetched from the plan at once.
const PAGE: u32 = 1_000;

#[derive(Args)]
pub struct Repair {
    /// Only findings with this code; may be given more than once. Choosing a code answers `ask`
    #[arg(long, value_parser = code, value_name = "CODE")]
    code: Vec<Code>,
    /// Only findings on this id, or on ids that start with it; answers `ask`
    #[arg(long, value_name = "ID")]
    id: Vec<String>,
    /// Only findings in this repository (OWNER/SLUG)
    #[arg(long, value_name = "REPO")]
    repo: Option<String>,
    #[command(flatten)]
    apply: Apply,
}

#[derive(Args)]
pub struct Backfill {
    /// Only rows of this repository (OWNER/SLUG)
    #[arg(long, value_name = "REPO")]
    repo: Option<String>,
    #[command(flatten)]
    apply: Apply,
}

#[derive(Args, Clone)]
struct Apply {
    /// Carry the plan out; needs --write. Without it the plan is only shown
    #[arg(long)]
    apply: bool,
    /// Answer the confirmation with yes, for scripts
    #[arg(long)]
    yes: bool,
    /// On production: the hub's name, instead of --yes alone
    #[arg(long, value_name = "HUB")]
    confirm: Option<String>,
    #[command(flatten)]
    how: How,
}

pub async fn run(command: Repair, global: &Global, out: Output) -> Result<Exit, CliError> {
    let chosen = !command.code.is_empty() || !command.id.is_empty();
    let filters: Vec<Filter> = match command.id.as_slice() {
        [] => vec![None],
        ids => ids.iter().cloned().map(Some).collect(),
    }
    .into_iter()
    .map(|id| Filter {
        codes: command.code.clone(),
        repo: command.repo.clone(),
        id,
        ..Filter::default()
    })
    .collect();
    let selections = filters
        .into_iter()
        .map(|filter| {
            if chosen {
                Selection::Chosen(filter)
            } else {
                Selection::Auto(filter)
            }
        })
        .collect();
    carry_out(selections, command.repo, command.apply, global, out).await
}

pub async fn run_backfill(
    command: Backfill,
    global: &Global,
    out: Output,
) -> Result<Exit, CliError> {
    let filter = Filter {
        codes: vec![Code::UriMissing, Code::UriUnlinked, Code::SpellingLost],
        repo: command.repo.clone(),
        ..Filter::default()
    };
    carry_out(
        vec![Selection::Auto(filter)],
        command.repo,
        command.apply,
        global,
        out,
    )
    .await
}

/// Audits, plans, shows the plan, and with `--apply` asks and applies.
async fn carry_out(
    selections: Vec<Selection>,
    repo: Option<String>,
    how: Apply,
    global: &Global,
    out: Output,
) -> Result<Exit, CliError> {
    let target = target(global)?;
    if how.apply && target.authority.is_none() {
        return Err(CliError::usage(
            "this session is read-only; add --write to apply the plan",
        ));
    }
    let store = open(&target).await?;
    let scope = repo.map_or(Scope::Hub, Scope::Repo);
    let options = how.how.options(Depth::Bytes, scope);
    let progress = Progress::new();
    let report = watch(&out, &progress, audit::run(&store, &options, &progress)).await??;
    let mut exit = Exit::Done;
    for selection in &selections {
        let progress = Progress::new();
        let plan = watch(
            &out,
            &progress,
            repair::plan(&store, &report, selection, &progress),
        )
        .await??;
        let ended = one(&store, &target, &plan, &how, &out).await?;
        exit = if ended as u8 > exit as u8 {
            ended
        } else {
            exit
        };
    }
    out.flush()?;
    Ok(match exit {
        Exit::Done if !report.summary().complete => Exit::Findings,
        exit => exit,
    })
}

async fn one(
    store: &Store,
    target: &Target,
    plan: &Plan,
    how: &Apply,
    out: &Output,
) -> Result<Exit, CliError> {
    show_plan(plan, out, !how.apply).await?;
    let left_alone = plan.totals().refused > 0;
    if !how.apply {
        let nothing = plan.totals().steps == 0 && !left_alone;
        if out.json {
            summary(plan, &Applied::default(), out)?;
        }
        return Ok(if nothing { Exit::Done } else { Exit::Findings });
    }
    let Some(authority) = target
        .authority
        .as_ref()
        .filter(|_| plan.totals().steps > 0)
    else {
        summary(plan, &Applied::default(), out)?;
        return Ok(if left_alone {
            Exit::Findings
        } else {
            Exit::Done
        });
    };
    let question = format!(
        "Apply {} to {}?",
        text::plural(plan.totals().steps, "step"),
        target.hub.name
    );
    confirm(target, &question, how.yes, how.confirm.as_deref())?;
    let writer = store.writer(authority)?;
    let mut journal = Journal::open(&target.hub)?;
    let progress = Progress::new();
    progress.phase("repair", Some(plan.totals().steps));
    let applied = watch(
        out,
        &progress,
        repair::apply(&writer, plan, &mut journal, &progress),
    )
    .await??;
    summary(plan, &applied, out)?;
    Ok(
        match (applied.stopped, left_alone || !applied.trouble.is_empty()) {
            (true, _) => Exit::Stopped,
            (false, true) => Exit::Findings,
            (false, false) => Exit::Done,
        },
    )
}

async fn show_plan(plan: &Plan, out: &Output, dry: bool) -> Result<(), CliError> {
    let mut skip = 0;
    loop {
        let steps = plan.steps(skip, PAGE).await?;
        for step in &steps {
            show_step(step, out, dry)?;
        }
        skip += steps.len() as u64;
        if steps.len() < PAGE as usize {
            break;
        }
    }
    refused(plan, out, dry).await?;
    let totals = plan.totals();
    if out.json {
        return Ok(());
    }
    out.line(&format!(
        "{}, {} to write, {}; {} left alone.",
        text::plural(totals.steps, "step"),
        text::bytes(totals.bytes),
        text::plural(totals.requests, "request"),
        text::plural(totals.refused, "finding"),
    ))?;
    if dry && totals.steps > 0 {
        out.line("Nothing was written. Add --apply --write to carry this plan out.")?;
    }
    Ok(())
}

/// What a plan leaves alone, and why.
pub(super) async fn refused(plan: &Plan, out: &Output, dry: bool) -> Result<(), CliError> {
    let mut skip = 0;
    loop {
        let refused = plan.refused(skip, PAGE).await?;
        for refusal in &refused {
            if out.json {
                out.object(&json!({
                    "type": "refused", "code": refusal.code, "id": refusal.id, "why": refusal.why,
                }))?;
            } else if dry || !out.quiet {
                out.line(&format!(
                    "left alone  {:<22} {}: {}",
                    refusal.code.name(),
                    refusal.id,
                    refusal.why
                ))?;
            }
        }
        skip += refused.len() as u64;
        if refused.len() < PAGE as usize {
            return Ok(());
        }
    }
}

pub(super) fn show_step(step: &Step, out: &Output, dry: bool) -> Result<(), CliError> {
    if out.json {
        let mut line = serde_json::to_value(step).unwrap_or_default();
        line["type"] = json!("step");
        return out.object(&line);
    }
    if !dry && out.quiet {
        return Ok(());
    }
    out.line(&format!(
        "{:>5}  {:<9} {}",
        step.number,
        step.remedy.word(),
        step.words
    ))?;
    for change in &step.row {
        let value = |side: &Option<String>| side.clone().unwrap_or_else(|| "null".to_owned());
        out.line(&format!(
            "       {}: {} -> {}",
            change.column,
            text::cut(&value(&change.from), 100),
            text::cut(&value(&change.to), 100)
        ))?;
    }
    Ok(())
}

pub(super) fn summary(plan: &Plan, applied: &Applied, out: &Output) -> Result<(), CliError> {
    if out.json {
        return out.object(&json!({
            "type": "summary", "complete": !applied.stopped, "steps": plan.totals().steps,
            "refused": plan.totals().refused, "outcomes": applied.outcomes, "run": applied.run,
            "trouble": applied.trouble,
        }));
    }
    let outcomes: Vec<String> = applied
        .outcomes
        .iter()
        .map(|(outcome, count)| format!("{} {}", text::grouped(*count), outcome.word()))
        .collect();
    for line in &applied.trouble {
        out.line(line)?;
    }
    if applied.stopped {
        out.line("Stopped before the end; what was done is in the journal.")?;
    }
    let run = if applied.run.is_empty() {
        String::new()
    } else {
        format!("run {}: ", applied.run)
    };
    let outcomes = if outcomes.is_empty() {
        "nothing to do".to_owned()
    } else {
        outcomes.join(", ")
    };
    out.line(&format!("{run}{outcomes}"))
}
