//! `luthier rebuild`.

use super::output::Output;
use super::watch::watch;
use super::{CliError, Exit, Global, flags, help, say_notice};
use crate::config;
use clap::Args;
use luthier_hub::store::Store;
use luthier_hub::store::rebuild::{Options, RebuildError, Rebuilt, Skipped, UNKNOWN, rebuild_with};
use luthier_hub::text;

#[derive(Args)]
pub struct RebuildArgs {
    /// New database (sqlite:///path/new.db): it must not exist, be empty, or be an unfinished rebuild of the same store
    #[arg(long, value_name = "URL", help_heading = help::OUTPUT)]
    into: String,
    /// Fill the database although some objects could not be read. What depends on them gets made-up names, which a
    /// later run cannot correct
    #[arg(long, help_heading = help::APPLY)]
    partial: bool,
}

/// Fills a database from the configured store; the configured database is not looked at.
pub async fn run(command: RebuildArgs, global: &Global, out: Output) -> Result<Exit, CliError> {
    let target = config::load_rebuilt(&flags(global), &command.into)?;
    say_notice(&target);
    let Some(authority) = &target.authority else {
        return Err(CliError::usage(
            "this run is read-only; add --write to build the database",
        ));
    };
    let progress = out.job();
    let opening = Store::open_to_fill(&target.hub, authority, &progress);
    let store = watch(&out, &progress, opening).await??;
    let writer = store.writer(authority)?;
    let options = Options {
        partial: command.partial,
    };
    let ended = watch(&out, &progress, rebuild_with(&writer, options, &progress)).await?;
    // Even what was cut short is left as one file that the next run goes on with.
    store.close().await;
    let report = ended?;
    if out.json {
        let mut line = serde_json::to_value(&report).unwrap_or_default();
        line["type"] = "summary".into();
        line["complete"] = report.is_whole().into();
        out.object(&line)?;
    } else {
        tell(&report, &out)?;
    }
    out.flush()?;
    Ok(match report.is_whole() {
        true => Exit::Done,
        false => Exit::Findings,
    })
}

fn tell(report: &Rebuilt, out: &Output) -> Result<(), CliError> {
    let list = |title: &str, count: u64, first: &[Skipped]| {
        if count > 0 {
            out.line(&format!("{}  {title}:", text::grouped(count)))?;
        }
        first
            .iter()
            .try_for_each(|line| out.line(&format!("         {}: {}", line.key, line.why)))
    };
    list("objects skipped", report.skipped, &report.first_skipped)?;
    list("could not be read", report.unknown, &report.first_unknown)?;
    if report.missing > 0 {
        out.line(&format!(
            "{}  objects that others refer to are missing or corrupt:",
            text::grouped(report.missing)
        ))?;
    }
    for missing in &report.first_missing {
        out.line(&format!(
            "         {} {}, referred to by {}",
            missing.kind, missing.id, missing.named_by
        ))?;
    }
    if report.held_back {
        out.line(
            "The rebuild wrote no row that may depend on an object that could not be read. Run it again, or add --partial to write what is known without it.",
        )?;
    }
    derived(report, out)?;
    out.line(&format!(
        "{}, {}, {}, {}, {} from {} listed.",
        text::plural(report.repos, "repository"),
        text::plural(report.branches, "branch"),
        text::plural(report.commits, "commit"),
        text::plural(report.snapshots, "snapshot"),
        text::plural(report.blobs, "blob"),
        text::plural(report.listed, "key"),
    ))
}

/// Prints what no checkpoint said.
fn derived(report: &Rebuilt, out: &Output) -> Result<(), CliError> {
    for repo in &report.placeholders {
        out.line(&match repo.as_str() {
            UNKNOWN => format!("Nothing says whose some objects are: repository {repo}, which is made up, holds them."),
            _ => format!("Repository {repo} has no checkpoint: its owner and slug are made up."),
        })?;
    }
    let counted = [
        (
            report.derived_branches,
            "branch was placed at a commit without children, because no checkpoint has it",
            "branches were placed at commits without children, because no checkpoint has them",
        ),
        (
            report.unreached_commits,
            "commit is not reached by any branch",
            "commits are not reached by any branch",
        ),
        (
            report.unnamed,
            "snapshot or blob is not referred to",
            "snapshots and blobs are not referred to",
        ),
        (
            report.rows_before,
            "row was there from an earlier run",
            "rows were there from an earlier run",
        ),
    ];
    for (count, one, many) in counted.into_iter().filter(|(count, ..)| *count > 0) {
        let what = if count == 1 { one } else { many };
        out.line(&format!("{} {what}.", text::grouped(count)))?;
    }
    Ok(())
}

impl From<RebuildError> for CliError {
    fn from(error: RebuildError) -> Self {
        let exit = match error {
            RebuildError::Store(error) => return error.into(),
            RebuildError::Cancelled(_) => Exit::Stopped,
            RebuildError::NotEmpty { .. } => Exit::Usage,
            RebuildError::Differs { .. } | RebuildError::NothingListed => Exit::Unusable,
        };
        Self {
            message: error.to_string(),
            exit,
        }
    }
}
