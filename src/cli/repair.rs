//! `luthier repair` and `luthier backfill`.

use super::apply::{Apply, carry_out, needs_write};
use super::audit::Planning;
use super::output::Output;
use super::watch::watch;
use super::{CliError, Exit, Global, code, help, open, target, wanted};
use clap::Args;
use luthier_audit::{AuditError, Code, Filter, Report, Scope, Summary, inspect, suggest, unlinked};
use luthier_client::ClientFolder;
use luthier_hub::destination;
use luthier_hub::store::Store;
use luthier_hub::text;
use luthier_object::ObjectId;
use luthier_repair::{Plan, Selection};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Findings fetched from the report at once.
const PAGE: u32 = 1_000;

#[derive(Args)]
pub struct Repair {
    /// Repair only findings with this code (repeatable); naming a code decides for every finding that needs a decision
    #[arg(long, value_parser = code, value_name = "CODE", help_heading = help::SELECT)]
    code: Vec<Code>,
    /// Repair only findings on ids that start with this (repeatable); naming an id decides for the findings on it;
    /// with --code, only findings that match both
    #[arg(long, value_name = "ID", help_heading = help::SELECT)]
    id: Vec<String>,
    /// Repair only findings in this repository (OWNER/SLUG)
    #[arg(long, value_name = "REPO", help_heading = help::SELECT)]
    repo: Option<String>,
    /// Use the plan that was saved in this file with --out, instead of a new audit
    #[arg(long, value_name = "FILE", conflicts_with_all = ["code", "id", "repo", "out"], help_heading = help::SELECT)]
    plan: Option<PathBuf>,
    /// Restore missing objects from this folder (a client's clone or its object folder) when their bytes match the id
    #[arg(long, value_name = "DIR", help_heading = help::SELECT)]
    copies: Option<PathBuf>,
    /// Beside the plan, list the objects that only a copy from elsewhere can restore in a new file, one JSON object per
    /// line; --code, --id and --repo choose among them
    #[arg(long, value_name = "FILE", conflicts_with = "plan", help_heading = help::OUTPUT)]
    wanted: Option<PathBuf>,
    #[command(flatten)]
    apply: Apply,
    #[command(flatten)]
    how: Planning,
}

#[derive(Args)]
pub struct Backfill {
    /// Store objects only for rows of this repository (OWNER/SLUG)
    #[arg(long, value_name = "REPO", help_heading = help::SELECT)]
    repo: Option<String>,
    #[command(flatten)]
    apply: Apply,
    #[command(flatten)]
    how: Planning,
}

/// The findings of a command: all that match one of the filters.
struct Asked {
    filters: Vec<Filter>,
    /// A person chose them by code or by id.
    chosen: bool,
    repo: Option<String>,
    copies: Option<PathBuf>,
    wanted: Option<PathBuf>,
    /// Rows without `storage_uri` are what it is about.
    backfill: bool,
}

impl Asked {
    /// Refuses an id under which there is neither a finding nor a row.
    async fn names_something(&self, store: &Store, report: &Report) -> Result<(), CliError> {
        for id in self.filters.iter().filter_map(|filter| filter.id.as_ref()) {
            let named = Filter {
                id: Some(id.clone()),
                ..Filter::default()
            };
            if report.count(&named).await? == 0 && !suggest::is_start_of_an_id(store, id).await? {
                return Err(suggest::no_such_id(store, id).await.into());
            }
        }
        Ok(())
    }

    /// Returns the selection of the plan.
    async fn selection(&self, report: &Report) -> Result<Selection, CliError> {
        Self::select(&self.filters, self.chosen, report).await
    }

    /// Returns one selection of all filters, so that there is one plan.
    async fn select(
        filters: &[Filter],
        chosen: bool,
        report: &Report,
    ) -> Result<Selection, CliError> {
        if let [filter] = filters {
            let filter = filter.clone();
            return Ok(match chosen {
                true => Selection::Chosen(filter),
                false => Selection::Auto(filter),
            });
        }
        let mut places = BTreeSet::new();
        for filter in filters {
            let mut skip = 0;
            loop {
                let page = report.page(filter, skip, PAGE).await?;
                places.extend(page.iter().map(|numbered| numbered.ordinal));
                skip += page.len() as u64;
                if page.len() < PAGE as usize {
                    break;
                }
            }
        }
        Ok(Selection::Ordinals(places.into_iter().collect()))
    }
}

pub async fn run(command: Repair, global: &Global, out: Output) -> Result<Exit, CliError> {
    if let Some(path) = &command.plan {
        return apply_saved(path, &command, global, out).await;
    }
    // The audit is cut to the repository; an object of it that another one owns is meant too.
    let filter = |id| Filter {
        codes: command.code.clone(),
        id,
        ..Filter::default()
    };
    let filters = match command.id.as_slice() {
        [] => vec![filter(None)],
        ids => {
            let mut filters = Vec::new();
            for id in ids {
                filters.push(filter(Some(own_id(id, global, &out).await?)));
            }
            filters
        }
    };
    let asked = Asked {
        chosen: !command.code.is_empty() || !command.id.is_empty(),
        filters,
        repo: command.repo.clone(),
        copies: command.copies,
        wanted: command.wanted,
        backfill: false,
    };
    plan_and_apply(asked, command.apply, command.how, global, out).await
}

/// Returns the id by which findings name what `text` names: a blob may be given by the id that its row does not use.
/// An id without row stays as it is: there are findings on it too.
async fn own_id(text: &str, global: &Global, out: &Output) -> Result<String, CliError> {
    if ObjectId::new(text).hex().is_none() {
        return Ok(text.to_owned());
    }
    let store = open(&target(global)?, out).await?;
    let found = inspect::resolve(&store, text).await;
    store.close().await;
    match found {
        Ok((_, id)) => Ok(id.as_str().to_owned()),
        Err(AuditError::NoSuchId { .. } | AuditError::SearchCut { .. } | AuditError::Sha1(_)) => {
            Ok(text.to_owned())
        }
        Err(error) => Err(error.into()),
    }
}

pub async fn run_backfill(
    command: Backfill,
    global: &Global,
    out: Output,
) -> Result<Exit, CliError> {
    let filter = Filter {
        codes: vec![Code::UriMissing, Code::UriUnlinked, Code::SpellingLost],
        ..Filter::default()
    };
    let asked = Asked {
        filters: vec![filter],
        chosen: false,
        repo: command.repo,
        copies: None,
        wanted: None,
        backfill: true,
    };
    plan_and_apply(asked, command.apply, command.how, global, out).await
}

/// Audits, plans, shows the plan, and with `--apply` asks and applies.
async fn plan_and_apply(
    asked: Asked,
    apply: Apply,
    how: Planning,
    global: &Global,
    out: Output,
) -> Result<Exit, CliError> {
    let target = target(global)?;
    needs_write(&target, &apply)?;
    let missing = match &asked.wanted {
        Some(_) => wanted::narrowed(&asked.filters, asked.repo.as_deref())?,
        None => Vec::new(),
    };
    if let Some(path) = &asked.wanted {
        destination::try_file(path).map_err(|why| CliError::usage(format!("--wanted: {why}")))?;
    }
    apply.try_out()?;
    let store = beside(open(&target, &out).await?, asked.copies.as_deref())?;
    let scope = asked.repo.clone().map_or(Scope::Hub, Scope::Repo);
    let options = how.options(scope);
    let progress = out.job();
    let report = watch(
        &out,
        &progress,
        luthier_audit::run(&store, &options, &progress),
    )
    .await??;
    let wanted = match &asked.wanted {
        Some(path) => {
            let selection = Asked::select(&missing, true, &report).await?;
            wanted::write(&store, &report, &selection, path, &out).await
        }
        None => Ok(()),
    };
    // Where nothing is to be written to the hub, a full disk does not cost the plan too.
    let wanted = match apply.apply {
        true => Ok(wanted?),
        false => wanted,
    };
    asked.names_something(&store, &report).await?;
    let selection = asked.selection(&report).await?;
    let progress = out.job();
    let planning = luthier_repair::plan(&store, &report, &selection, &progress);
    let mut plan = watch(&out, &progress, planning).await??;
    tell_looked(report.summary(), asked.chosen, &out)?;
    if asked.backfill {
        plan.heed_rows(report.summary().unlinked.values().sum());
        tell_unlinked(report.summary(), &plan, &out)?;
    }
    let exit = carry_out(&store, &target, &plan, &apply, how.concurrency, &out).await?;
    out.flush()?;
    wanted?;
    Ok(match exit {
        Exit::Done if !report.summary().complete => Exit::Findings,
        exit => exit,
    })
}

/// Prints the figures of the audit that the plan is made from; `chosen` findings are a part of them.
fn tell_looked(summary: &Summary, chosen: bool, out: &Output) -> Result<(), CliError> {
    if out.json || out.quiet {
        return Ok(());
    }
    out.line(&format!(
        "{} in {}, at depth {}.{}",
        text::plural(summary.findings.values().sum(), "finding"),
        summary.repo.as_deref().unwrap_or("the whole hub"),
        summary.depth.word(),
        if chosen {
            " The plan is for those that you chose."
        } else {
            ""
        }
    ))
}

/// Prints what the backfill does with rows without a URI, and why it skips some.
fn tell_unlinked(summary: &Summary, plan: &Plan, out: &Output) -> Result<(), CliError> {
    if out.json {
        return out.object(&json!({ "type": "unlinked", "rows": summary.unlinked }));
    }
    let rows: u64 = summary.unlinked.values().sum();
    if rows == 0 || out.quiet {
        return Ok(());
    }
    let rest = match plan.rows_elsewhere() {
        0 => String::new(),
        rest => format!(
            " Not listed below: {} with other findings; `luthier audit` lists these.",
            text::plural(rest, "skipped row")
        ),
    };
    out.line(&format!(
        "{} without storage_uri: {}.{rest}",
        text::plural(rows, "row"),
        unlinked::tell(&summary.unlinked)
    ))
}

/// Shows a plan that was saved, and with `--apply` asks and applies.
async fn apply_saved(
    path: &Path,
    command: &Repair,
    global: &Global,
    out: Output,
) -> Result<Exit, CliError> {
    let (apply, concurrency) = (&command.apply, command.how.concurrency);
    let target = target(global)?;
    needs_write(&target, apply)?;
    let plan = Plan::load(path, &target.hub)?;
    if command.copies.is_none() && plan.takes_copies() {
        return Err(CliError::usage(
            "steps of this plan take their bytes from a client's folder; name the one that it was made with: --copies DIR",
        ));
    }
    let store = beside(open(&target, &out).await?, command.copies.as_deref())?;
    let exit = carry_out(&store, &target, &plan, apply, concurrency, &out).await?;
    out.flush()?;
    Ok(exit)
}

/// Returns the hub with a folder of copies beside it, where one is given.
fn beside(store: Store, copies: Option<&Path>) -> Result<Store, CliError> {
    let Some(folder) = copies else {
        return Ok(store);
    };
    let opened = ClientFolder::open(folder)
        .map_err(|error| CliError::usage(format!("--copies: {error}")))?;
    Ok(store.with_copies(Arc::new(opened)))
}
