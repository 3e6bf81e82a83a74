//! What only a copy from elsewhere restores, and the client's folder that copies are taken from.

use super::RunnerContext;
use super::error::RunnerError;
use crate::effect::{Query, ReportRef};
use crate::event::Answer;
use crate::lines::{WantedLine, clean};
use luthier_audit::table::{self, Format};
use luthier_client::ClientFolder;
use luthier_hub::progress::Progress;
use luthier_hub::text;
use luthier_repair::Selection;
use luthier_repair::wanted::{self, WantedList};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Handle;

/// Lines of a table that is copied: a terminal takes some 70 KiB at once.
const TABLED: u32 = 200;

/// Folders that are offered for a path, and entries of a folder that are looked at for them.
const OFFERED: usize = 50;
const LOOKED_AT: usize = 10_000;

impl RunnerContext {
    /// Takes copies from a client's folder from now on.
    pub(super) async fn take_copies(&self, folder: &str) -> Result<Answer, RunnerError> {
        let path = at_home(folder);
        let opened = tokio::task::spawn_blocking(move || ClientFolder::open(&path)).await?;
        let opened = opened.map_err(RunnerError::Copies)?;
        let mut held = self.state();
        held.copies = Some(Arc::new(opened));
        // What they hold is not wanted any more.
        held.wanted = None;
        Ok(Answer::Copies(clean(folder)))
    }

    /// Answers what is asked of the wanted list, and of folders.
    pub(super) async fn of_copies(&self, ask: Query) -> Result<Answer, RunnerError> {
        Ok(match ask {
            Query::Wanted(report) => Answer::Count(self.wanted(report).await?.len()),
            Query::WantedLines {
                report,
                skip,
                limit,
            } => {
                let page = self.wanted(report).await?.page(skip, limit)?;
                Answer::Wanted(page.iter().filter_map(WantedLine::of).collect())
            }
            Query::Folders(typed) => {
                Answer::Folders(tokio::task::spawn_blocking(move || folders(&typed)).await?)
            }
            other => Answer::Failed(format!("{other:?} is no question about copies")),
        })
    }

    /// Returns the beginning of the wanted list as a table in Markdown.
    pub(super) async fn wanted_table(&self, report: ReportRef) -> Result<Answer, RunnerError> {
        let list = self.wanted(report).await?;
        let format = Format::Markdown;
        let hub = table::code_span(&self.hub.name);
        let mut out = format!("{} wanted of {hub}\n\n", text::plural(list.len(), "object"));
        out += &format.head(wanted::columns(format));
        let page = list.page(0, TABLED)?;
        let rows = page.iter().filter_map(|line| wanted::row(format, line));
        out.extend(rows);
        let more = list.len().saturating_sub(page.len() as u64);
        if more > 0 {
            out += &format!("\nand {} more\n", text::grouped(more));
        }
        Ok(Answer::Table(out))
    }

    /// Returns the wanted list of a report; it is made once.
    pub(super) async fn wanted(&self, name: ReportRef) -> Result<Arc<WantedList>, RunnerError> {
        if let Some((held, list)) = &self.state().wanted
            && *held == name
        {
            return Ok(list.clone());
        }
        let (store, runtime) = (self.store()?, Handle::current());
        let report = self.report_named(name)?;
        let progress = Progress::new();
        // Leaving the screen drops this question, and the planning behind it stops too.
        let _left = progress.stops_when_dropped();
        let watched = progress.clone();
        let selection = Selection::Chosen(wanted::mendable());
        let made = tokio::task::spawn_blocking(move || {
            runtime.block_on(wanted::list(&store, &report, &selection, &watched))
        });
        let list = Arc::new(made.await??);
        self.state().wanted = Some((name, list.clone()));
        Ok(list)
    }
}

/// Returns a path that was typed; `~` stands for the home folder.
fn at_home(typed: &str) -> PathBuf {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    match (typed.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            Path::new(&home).join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(typed),
    }
}

/// Returns the folders whose path begins as was typed, in order; hidden ones where a dot was typed.
fn folders(typed: &str) -> Vec<String> {
    let split = typed.rfind('/').map_or(0, |at| at + 1);
    let (parent, start) = typed.split_at(split);
    let read = match parent {
        "" => PathBuf::from("."),
        parent => at_home(parent),
    };
    let Ok(entries) = std::fs::read_dir(read) else {
        return Vec::new();
    };
    let named = entries
        .take(LOOKED_AT)
        .flatten()
        .filter(|entry| entry.path().is_dir());
    let names = named.filter_map(|entry| entry.file_name().into_string().ok());
    let fits = |name: &String| {
        let is_shown = start.starts_with('.') || !name.starts_with('.');
        is_shown && name.starts_with(start) && !name.chars().any(char::is_control)
    };
    let mut found: Vec<String> = names.filter(fits).collect();
    found.sort_unstable();
    found.truncate(OFFERED);
    found
        .iter()
        .map(|name| format!("{parent}{name}/"))
        .collect()
}
