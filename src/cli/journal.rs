//! `luthier journal`.

use super::apply::{Apply, carry_out, needs_write};
use super::output::Output;
use super::plan::placed;
use super::watch::watch;
use super::{CliError, Exit, Global, configured, help, open, target};
use clap::{Args, Subcommand};
use luthier_hub::text;
use luthier_repair::journal::{self, Entry, Event, Line, RecordedOutcome, Run};
use serde_json::json;
use std::path::PathBuf;

/// Lines fetched from a journal at once.
const PAGE: u32 = 1_000;

#[derive(Args)]
pub struct JournalArgs {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Print every line of one run: each step and its outcome
    Show {
        /// Name of the run, as `luthier journal` lists it
        run: String,
    },
    /// Plan to put back what a run changed; with --apply --write, do it. Added objects stay in the store
    Undo(Undo),
    /// Check that no line was changed, removed or reordered
    Verify,
}

#[derive(Args)]
struct Undo {
    /// Name of the run, as `luthier journal` lists it
    run: String,
    /// Run this many steps at the same time [default: 8]
    #[arg(long, value_name = "N", help_heading = help::LIMITS, value_parser = clap::value_parser!(u16).range(1..=32))]
    concurrency: Option<u16>,
    #[command(flatten)]
    apply: Apply,
}

pub async fn run(args: JournalArgs, global: &Global, out: &Output) -> Result<Exit, CliError> {
    if let Some(Command::Undo(command)) = args.command {
        return undo(command, global, out).await;
    }
    let journals = journals(global)?;
    let exit = match args.command {
        None | Some(Command::Undo(_)) => list(&journals, out)?,
        Some(Command::Show { run }) => show(&journals, &run, out)?,
        Some(Command::Verify) => verify(&journals, out)?,
    };
    out.flush()?;
    Ok(exit)
}

/// Plans the undo of a run, shows it, and with `--apply` asks and applies.
async fn undo(command: Undo, global: &Global, out: &Output) -> Result<Exit, CliError> {
    let target = target(global)?;
    needs_write(&target, &command.apply)?;
    command.apply.try_out()?;
    let path = journal::path_of(&target.hub).filter(|path| path.exists());
    let known = match &path {
        Some(path) => journal::runs(path).map_err(unreadable)?,
        None => Vec::new(),
    };
    let Some(path) = path.filter(|_| known.iter().any(|run| run.run == command.run)) else {
        return Err(CliError::usage(format!(
            "the journal of this hub has no run `{}`; `luthier journal` lists the runs",
            command.run
        )));
    };
    let store = open(&target, out).await?;
    let progress = out.job();
    let planning = luthier_repair::undo(&store, &path, &command.run, &progress);
    let plan = watch(out, &progress, planning).await??;
    let how = &command.apply;
    let exit = carry_out(&store, &target, &plan, how, command.concurrency, out).await?;
    out.flush()?;
    Ok(exit)
}

/// Returns the journal of the hub that is meant; every journal here where none is.
fn journals(global: &Global) -> Result<Vec<PathBuf>, CliError> {
    match configured(global)? {
        Some(target) => Ok(journal::path_of(&target.hub)
            .into_iter()
            .filter(|path| path.exists())
            .collect()),
        None => journal::files().map_err(unreadable),
    }
}

fn unreadable(error: std::io::Error) -> CliError {
    CliError::unusable(format!("the journal cannot be read: {error}"))
}

fn list(journals: &[PathBuf], out: &Output) -> Result<Exit, CliError> {
    let mut found = false;
    for path in journals {
        for run in journal::runs(path).map_err(unreadable)? {
            found = true;
            if out.json {
                let mut line = serde_json::to_value(&run).unwrap_or_default();
                line["type"] = json!("run");
                out.object(&line)?;
            } else {
                out.line(&words(&run))?;
            }
        }
    }
    if !found && !out.json {
        out.line("Luthier has not changed this hub from this machine: there is no journal yet.")?;
    }
    Ok(Exit::Done)
}

fn words(run: &Run) -> String {
    let outcomes: Vec<String> = run
        .outcomes
        .iter()
        .map(|(outcome, count)| format!("{} {}", text::grouped(*count), outcome.word()))
        .collect();
    let end = match (&run.breaker, run.ended, run.stopped) {
        (Some(breaker), ..) => format!(", stopped writing: {breaker}"),
        (None, false, _) if run.hub_write.is_some() => {
            ", interrupted: all of it was written, or no row of it; the next write looks it up"
                .to_owned()
        }
        (None, true, _) if run.interrupted && run.outcomes.is_empty() => {
            ", interrupted: no row of it was written".to_owned()
        }
        (None, true, _) if run.interrupted => ", interrupted behind it".to_owned(),
        (None, false, _) if run.open > 0 => format!(
            ", interrupted: the outcome of {} is unknown; the next run looks it up",
            text::plural(run.open, "step")
        ),
        (None, false, _) => ", interrupted".to_owned(),
        (None, true, true) => ", stopped".to_owned(),
        (None, true, false) => String::new(),
    };
    let what = match (&run.hub_write, outcomes.is_empty()) {
        (Some(write), true) => write.to_string(),
        (Some(write), false) => {
            let words: Vec<&str> = run.outcomes.keys().map(|outcome| outcome.word()).collect();
            format!("{write}: {}", words.join(", "))
        }
        (None, true) => format!("nothing of {}", text::plural(run.steps, "step")),
        (None, false) => {
            let steps = text::plural(run.steps, "step");
            format!("{} of {steps}", outcomes.join(", "))
        }
    };
    let undone = run.undone_words();
    let undone = undone.map_or_else(String::new, |words| format!("; {words}"));
    format!(
        "{}  {}  {}  {}@{}  {what}{end}{undone}",
        run.run,
        text::moment(&run.time),
        run.hub,
        run.operator,
        run.host,
    )
}

fn show(journals: &[PathBuf], run: &str, out: &Output) -> Result<Exit, CliError> {
    let mut shown = 0;
    for path in journals {
        let mut skip = 0;
        loop {
            let lines = journal::lines_of(path, run, skip, PAGE).map_err(unreadable)?;
            for line in &lines {
                write(line, out)?;
            }
            skip += lines.len() as u64;
            if lines.len() < PAGE as usize {
                break;
            }
        }
        shown += skip;
    }
    if shown == 0 {
        return Err(CliError::usage(format!(
            "there is no run `{run}`; `luthier journal` lists them"
        )));
    }
    Ok(Exit::Done)
}

/// Returns what a step was about.
fn subject(entry: &Entry) -> String {
    let place = placed(&entry.repo, entry.path.as_deref());
    format!("{} {} {}{place}", entry.remedy, entry.kind, entry.id)
}

/// Returns an outcome as the journal spells it.
fn name(outcome: RecordedOutcome) -> String {
    let name = serde_json::to_value(outcome).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

/// Returns the words for a step's outcome.
fn ended(outcome: RecordedOutcome, why: Option<&str>, entry: &Entry) -> String {
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    let mut text = format!("{:<8} {}{why}", name(outcome), subject(entry));
    for change in entry.columns() {
        let value = |v: Option<String>| v.unwrap_or_else(|| "null".to_owned());
        let (from, to) = (value(change.from), value(change.to));
        text += &format!("  {}: {from} -> {to}", change.column);
    }
    text
}

fn write(line: &Line, out: &Output) -> Result<(), CliError> {
    if out.json {
        let mut value = serde_json::to_value(line).unwrap_or_default();
        value["type"] = json!("line");
        return out.object(&value);
    }
    let what = match &line.event {
        Event::Run { steps, .. } => format!("run of {}", text::plural(*steps, "step")),
        Event::Intent(entry) => format!("intent   {}", subject(entry)),
        Event::Announced(write) => format!("announced: {write}"),
        Event::Made {
            outcome,
            why,
            stored,
            ..
        } => {
            let why = why.as_ref().map(|why| format!(": {why}"));
            let stored = text::plural(*stored, "object");
            format!(
                "{}{}, {stored} stored",
                name(*outcome),
                why.unwrap_or_default()
            )
        }
        Event::Outcome {
            outcome,
            why,
            entry,
            ..
        } => ended(*outcome, why.as_deref(), entry),
        Event::End { stopped, .. } => if *stopped { "stopped" } else { "end" }.to_owned(),
        Event::Interrupted { done, not_done } => {
            format!("interrupted: of the announced steps, {done} were done, {not_done} were not")
        }
        Event::Note { why, bytes, .. } => format!("note: {why} ({})", text::plural(*bytes, "byte")),
    };
    out.line(&format!(
        "{:>6}  {}  {what}",
        line.seq,
        text::moment(&line.time)
    ))
}

fn verify(journals: &[PathBuf], out: &Output) -> Result<Exit, CliError> {
    let mut sound = true;
    for path in journals {
        let found = journal::verify(path).map_err(unreadable)?;
        sound &= found.is_sound();
        if out.json {
            let mut line = serde_json::to_value(&found).unwrap_or_default();
            line["type"] = json!("journal");
            line["sound"] = json!(found.is_sound());
            out.object(&line)?;
            continue;
        }
        let verdict = if found.is_sound() {
            "no line was changed, removed or reordered"
        } else {
            "TAMPERED WITH"
        };
        out.line(&format!(
            "{}: {} in {}: {verdict}",
            path.display(),
            text::plural(found.lines, "line"),
            text::plural(found.runs, "run"),
        ))?;
        for place in &found.tampering {
            out.line(&format!("  line {}: {}", place.line, place.what))?;
        }
        if found.torn > 0 {
            out.line("  the last line is incomplete because of a crash; the next run removes it")?;
        }
    }
    if journals.is_empty() && !out.json {
        out.line("There is no journal yet.")?;
    }
    Ok(if sound { Exit::Done } else { Exit::Findings })
}
