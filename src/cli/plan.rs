//! A plan on standard output: its steps, what it skips, and what became of it.

use super::CliError;
use super::output::Output;
use luthier_hub::text;
use luthier_repair::{Applied, Next, Plan, Step};
use serde_json::json;

/// Steps fetched from the plan at once.
const PAGE: u32 = 1_000;

/// Shows a plan; `missing` names the flags without which it is not applied.
pub async fn show_plan(plan: &Plan, out: &Output, missing: Option<&str>) -> Result<(), CliError> {
    let dry = missing.is_some();
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
    alarms(plan, out)?;
    if out.json {
        return Ok(());
    }
    out.line(&format!(
        "{}: {}; {}.",
        totals.words(),
        plan.undoable().writes(totals),
        plan.skip_words(),
    ))?;
    if let Some(why) = plan.why_empty() {
        out.line(&why)?;
    }
    // Of an undo the words would be about the undo of the undo.
    if plan.undone_run().is_none() {
        for words in plan.undoable().words() {
            out.line(&words)?;
        }
    }
    for next in plan.next() {
        out.line(helps(next))?;
    }
    if let Some(flags) = missing.filter(|_| totals.steps > 0) {
        out.line(&format!(
            "Nothing was written. Add {flags} to carry this plan out."
        ))?;
    }
    Ok(())
}

/// Prints the reasons why a plan may rest on a mistake.
pub fn alarms(plan: &Plan, out: &Output) -> Result<(), CliError> {
    plan.alarms().iter().try_for_each(|alarm| match out.json {
        true => out.object(&json!({ "type": "alarm", "why": alarm })),
        false => out.line(alarm),
    })
}

/// Says what to run next if the plan skips findings.
const fn helps(next: Next) -> &'static str {
    match next {
        Next::Decide => {
            "Skipped findings that need a decision: choose them with --code CODE or --id ID."
        }
        Next::Copies => {
            "Skipped findings that need a copy: restore them with --copies DIR, or list them with --wanted FILE."
        }
        Next::OtherCopies => {
            "Skipped findings that need a copy are not in this folder of copies: --wanted FILE lists what to look for."
        }
        Next::Deeper => "A deeper audit may find more: --depth bytes reads every object.",
    }
}

/// Prints what a plan skips, and why.
pub async fn refused(plan: &Plan, out: &Output, dry: bool) -> Result<(), CliError> {
    let mut skip = 0;
    loop {
        let refused = plan.refused(skip, PAGE).await?;
        for refusal in &refused {
            if out.json {
                out.object(&json!({
                    "type": "refused", "code": refusal.code, "id": refusal.id, "repo": refusal.repo,
                    "why": refusal.why, "decision": refusal.decision,
                }))?;
            } else if dry || !out.quiet {
                out.line(&format!(
                    "skipped  {:<22} {}{}: {}",
                    refusal.code.name(),
                    refusal.id,
                    placed(&refusal.repo, refusal.path()),
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

/// Shows one step.
pub fn show_step(step: &Step, out: &Output, dry: bool) -> Result<(), CliError> {
    if out.json {
        let mut line = serde_json::to_value(step).unwrap_or_default();
        line["type"] = json!("step");
        return out.object(&line);
    }
    if !dry && out.quiet {
        return Ok(());
    }
    out.line(&format!(
        "{:>5}  {:<9} {} {}{}",
        step.number,
        step.remedy.word(),
        step.kind,
        step.id,
        placed(&step.repo, step.path.as_deref())
    ))?;
    out.line(&format!("       {}", step.words))?;
    for change in step.change.shown() {
        let value =
            |side: &Option<String>| text::cut(side.as_deref().unwrap_or("null"), 100).into_owned();
        let from = match step.change.is_new() && change.from.is_none() {
            true => String::new(),
            false => format!("{} -> ", value(&change.from)),
        };
        out.line(&format!(
            "       {}: {from}{}",
            change.column,
            value(&change.to)
        ))?;
    }
    Ok(())
}

/// Returns the place of something, for behind its id: the repository, and of a blob the path.
pub fn placed(repo: &str, path: Option<&str>) -> String {
    let parts = [repo, path.unwrap_or_default()];
    let told = parts.iter().filter(|part| !part.is_empty());
    told.map(|part| format!("  {part}")).collect()
}

/// Prints the last line, or the last JSON object: the outcomes of a plan.
pub fn summary(plan: &Plan, applied: &Applied, out: &Output) -> Result<(), CliError> {
    if out.json {
        return out.object(&json!({
            "type": "summary", "complete": !applied.stopped, "steps": plan.totals().steps,
            "refused": plan.totals().refused, "outcomes": applied.outcomes, "run": applied.run,
            "trouble": applied.trouble, "empty": plan.why_empty(), "next": plan.next(),
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
