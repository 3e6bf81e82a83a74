//! `luthier signoff`.

use super::audit::Reading;
use super::output::Output;
use super::watch::watch;
use super::{CliError, Exit, Global, help, open, target};
use clap::Args;
use luthier_hub::cause::Cause;
use luthier_hub::store::{Hub, Store};
use luthier_hub::text;
use luthier_repair::history;
use luthier_repair::signoff::since::{self, Since};
use luthier_repair::signoff::{self, Drill, Options, Pulls, Signoff, SignoffError, State, Verdict};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Lines of what is left that a terminal gets; the files have more.
const SHOWN: usize = 20;

#[derive(Args)]
pub struct SignOff {
    /// Folder for the reports, signoff-HUB-TIME.json, .md and .html [default: the current one; with --json, none]
    #[arg(long, value_name = "FOLDER", help_heading = help::OUTPUT)]
    out: Option<PathBuf>,
    /// Pull this many branches: all, or a number, which leaves the sign-off INCOMPLETE
    #[arg(long, value_name = "all|N", value_parser = pulls, default_value = "all", help_heading = help::SELECT)]
    pulls: Pulls,
    /// Check this report instead: was it changed, and what has changed on the hub since. Ends with 0 only if nothing has
    /// changed and the verdict is PASS; an unchanged FAIL ends with 1, as the sign-off itself
    #[arg(long, value_name = "FILE", conflicts_with = "out", help_heading = help::SELECT)]
    check: Option<PathBuf>,
    /// Sign off with this report of `luthier drill`, which must be of this hub and less than a day old
    #[arg(long, value_name = "FILE", conflicts_with = "check", help_heading = help::SELECT)]
    drill: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

fn pulls(text: &str) -> Result<Pulls, Cause> {
    match text {
        "all" => Ok(Pulls::All),
        number => number
            .parse()
            .map(Pulls::Sample)
            .map_err(|error| Cause::told("write `all`, or how many branches", error)),
    }
}

pub async fn run(command: SignOff, global: &Global, out: Output) -> Result<Exit, CliError> {
    let target = target(global)?;
    let mut options = Options {
        grace: command.reading.grace,
        concurrency: usize::from(command.reading.concurrency),
        pulls: command.pulls,
        drill: command.drill.as_deref().map(Drill::load).transpose()?,
        drill_at: None,
    };
    if let Some(drill) = &options.drill
        && drill.fingerprint != target.hub.fingerprint()
    {
        return Err(CliError::usage(format!(
            "the drill was on another hub: {} with {}",
            drill.database, drill.store
        )));
    }
    let report = match &command.check {
        Some(path) => Some((path, Signoff::load(path)?)),
        None => None,
    };
    if let Some((path, report)) = &report
        && report.hub.fingerprint != target.hub.fingerprint()
    {
        return Err(CliError::usage(format!(
            "{} belongs to another hub: {} with {}",
            path.display(),
            report.hub.database,
            report.hub.store
        )));
    }
    if let Some((_, report)) = &report {
        // The same drill counts again, judged when the report was made.
        options.drill.clone_from(&report.drill);
        options.drill_at = report.began.parse().ok();
    }
    let store = open(&target, &out).await?;
    let exit = match report {
        Some((_, report)) => check(&store, &report, &options, &out).await?,
        None => sign(&store, &target.hub, &command, &options, &out).await?,
    };
    out.flush()?;
    Ok(exit)
}

async fn sign(
    store: &Store,
    hub: &Hub,
    command: &SignOff,
    options: &Options,
    out: &Output,
) -> Result<Exit, CliError> {
    let folder = match (&command.out, out.json) {
        (Some(folder), _) => Some(folder.as_path()),
        (None, false) => Some(Path::new(".")),
        (None, true) => None,
    };
    folder.map(signoff::file::prepare).transpose()?;
    let progress = out.job();
    let signing = signoff::run_with_report(store, options, &progress);
    let (signoff, report) = watch(out, &progress, signing).await??;
    let now = jiff::Timestamp::now().as_microsecond();
    history::add(hub, report.summary(), now);
    // Either of the two may fail, the files or standard output: the other is written all the same.
    let saved = folder.map(|folder| save(&signoff, folder));
    if out.json {
        out.object(&serde_json::to_value(&signoff).unwrap_or_default())?;
    } else {
        tell(&signoff, out)?;
    }
    let failed = match saved {
        Some(Saved { files, failed }) => {
            if !out.json {
                for path in &files {
                    out.line(&format!("written  {}", path.display()))?;
                }
            }
            failed
        }
        None => None,
    };
    out.flush()?;
    match (failed, signoff.verdict) {
        (None, Verdict::Pass) => Ok(Exit::Done),
        (None, _) => Ok(Exit::Findings),
        (Some(message), verdict) => Err(CliError {
            message: format!("the verdict is {}, and {message}", verdict.word()),
            exit: match verdict {
                Verdict::Pass => Exit::Unusable,
                Verdict::Fail | Verdict::Incomplete => Exit::Findings,
            },
        }),
    }
}

/// The results of writing the reports.
struct Saved {
    files: Vec<PathBuf>,
    failed: Option<String>,
}

/// Writes the reports where they were asked for; where that fails by now, into the folder for temporary files, so
/// that hours of reading are not lost.
fn save(signoff: &Signoff, folder: &Path) -> Saved {
    let error = match signoff.save(folder) {
        Ok(files) => {
            return Saved {
                files: files.to_vec(),
                failed: None,
            };
        }
        Err(error) => error,
    };
    let elsewhere = signoff.save(&std::env::temp_dir());
    let instead = match &elsewhere {
        Ok(files) => {
            let names = files.each_ref().map(|path| path.display().to_string());
            format!("the reports are in {}", names.join(" and "))
        }
        Err(_) => "the reports could not be written; run again with --json > FILE on another disk"
            .to_owned(),
    };
    Saved {
        files: elsewhere.map(Vec::from).unwrap_or_default(),
        failed: Some(format!("{error}; {instead}")),
    }
}

fn tell(signoff: &Signoff, out: &Output) -> Result<(), CliError> {
    for check in &signoff.checks {
        let state = match check.state {
            State::Held => "passed",
            State::Broken => "FAILED",
            State::Open => "not checked",
        };
        if check.state != State::Held || !out.quiet {
            out.line(&format!("{state:<11}  {:<19} {}", check.name, check.said))?;
        }
    }
    if signoff.left_total > 0 {
        out.line(&format!("{:<11}  {}", "findings", signoff.left_words()))?;
    }
    if let Some(words) = signoff.fix_words() {
        out.line(&format!("{:<11}  {words}", "of these"))?;
    }
    for left in signoff.left.iter().take(SHOWN) {
        let id = text::cut(&left.id, 80);
        out.line(&format!(
            "finding      {:<19} {} {id} {}",
            left.code.name(),
            left.kind,
            left.repo
        ))?;
    }
    if signoff.left_total > SHOWN as u64 {
        let rest = text::grouped(signoff.left_total - SHOWN as u64);
        out.line(&format!(
            "finding      and {rest} more; the JSON report lists them"
        ))?;
    }
    let pulls = &signoff.pulls;
    for refused in pulls.refused.iter().take(SHOWN) {
        out.line(&format!("failed pull  {}", refused.words()))?;
    }
    for failed in pulls.failed.iter().chain(&pulls.unknown).take(SHOWN) {
        out.line(&format!(
            "failed pull  {} {}: {}",
            failed.repo, failed.branch, failed.why
        ))?;
    }
    let listed = pulls.failed.len() + pulls.unknown.len();
    let rest = pulls.refused.len().saturating_sub(SHOWN) + listed.saturating_sub(SHOWN);
    if rest > 0 {
        out.line(&format!(
            "failed pull  and {rest} more; the JSON report lists them"
        ))?;
    }
    verdict(signoff, out)
}

/// Prints the verdict, with what it says nothing about and the policy that it follows.
fn verdict(signoff: &Signoff, out: &Output) -> Result<(), CliError> {
    for what in &signoff.not_covered {
        out.line(&format!("not covered  {what}"))?;
    }
    let hub = &signoff.hub;
    out.line(&format!("judged by    {}", hub.model))?;
    out.line(&format!("{}  {}", signoff.verdict.word(), hub.name))
}

async fn check(
    store: &Store,
    report: &Signoff,
    options: &Options,
    out: &Output,
) -> Result<Exit, CliError> {
    let progress = out.job();
    let checking = since::check(store, report, options, &progress);
    let since = watch(out, &progress, checking).await??;
    if out.json {
        for change in &since.changes {
            out.object(&json!({
                "type": "change", "what": change.what, "was": change.was, "is": change.is,
            }))?;
        }
        out.object(&json!({
            "type": "summary", "complete": since.now.verdict != Verdict::Incomplete,
            "holds": since.holds(), "changes": since.changes.len(), "was": report.verdict,
            "verdict": since.now.verdict,
        }))?;
    } else {
        tell_changes(report, &since, out)?;
    }
    Ok(match since.holds() {
        true => Exit::Done,
        false => Exit::Findings,
    })
}

fn tell_changes(report: &Signoff, since: &Since, out: &Output) -> Result<(), CliError> {
    for change in &since.changes {
        out.line(&format!(
            "{:<32} {} -> {}",
            change.what, change.was, change.is
        ))?;
    }
    let (was, is) = (report.verdict.word(), since.now.verdict.word());
    out.line(&match since.changes.is_empty() {
        true => format!(
            "The report is unchanged, and the hub is as it was at {}: {is}",
            text::moment(&report.ended)
        ),
        false => format!("{was} at {}, {is} now", text::moment(&report.ended)),
    })
}

impl From<SignoffError> for CliError {
    fn from(error: SignoffError) -> Self {
        match error {
            SignoffError::Audit(error) => error.into(),
            SignoffError::Index(error) => Self::unusable(error),
            SignoffError::Cancelled(_) => Self {
                message: error.to_string(),
                exit: Exit::Stopped,
            },
            SignoffError::Altered { .. } => Self {
                message: error.to_string(),
                exit: Exit::Findings,
            },
            SignoffError::Place(_) | SignoffError::File { .. } => Self::usage(error.to_string()),
        }
    }
}
