//! `luthier demo`.

use super::output::Output;
use super::watch::watch;
use super::{CliError, Exit, Global, console, help};
use crate::config;
use clap::Args;
use luthier_demo::{DemoError, DemoOptions, HubEra};
use luthier_hub::store::HubError;
use luthier_hub::store::hub::Database;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct Demo {
    /// Only build the hub in this folder, and print its two URLs
    #[arg(long, help_heading = help::OUTPUT, value_name = "DIR")]
    build_only: Option<PathBuf>,
    /// Build a small hub as hubs were in this month of 2026, rather than one with a fault of every code
    #[arg(long, help_heading = help::SELECT, value_enum, value_name = "MONTH", conflicts_with = "commits")]
    era: Option<Month>,
    /// Build a hub without faults
    #[arg(long, help_heading = help::SELECT)]
    healthy: bool,
    /// Add a repository with this many commits
    #[arg(long, help_heading = help::SELECT, value_name = "N")]
    commits: Option<u64>,
    /// Seed of the random contents: the same seed builds the same hub
    #[arg(long, help_heading = help::SELECT, default_value_t = 1, value_name = "N")]
    seed: u64,
}

/// The months whose hubs differ.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Month {
    /// Ids without algorithm, blobs in a folder for each repository
    March,
    /// Ids of 0.2.0rc7, keys with a colon, commits and snapshots in rows alone
    April,
    /// Every row with a storage_uri and an object
    May,
    /// Blobs in packs, commits and snapshots in rows alone
    June,
}

impl From<Month> for HubEra {
    fn from(month: Month) -> Self {
        match month {
            Month::March => Self::March,
            Month::April => Self::April,
            Month::May => Self::May,
            Month::June => Self::June,
        }
    }
}

impl Demo {
    /// Returns whether the console opens on the hub once it is built.
    pub const fn opens_console(&self) -> bool {
        self.build_only.is_none()
    }

    /// Returns what is built, in `dir`.
    fn options(&self, dir: &Path, global: &Global) -> Result<DemoOptions, CliError> {
        Ok(DemoOptions {
            dir: std::path::absolute(dir)
                .map_err(|error| CliError::usage(format!("{}: {error}", dir.display())))?,
            // Only what was said here counts: the environment may name a hub that people work on.
            database: global
                .database
                .as_deref()
                .map(Database::parse)
                .transpose()
                .map_err(usage)?,
            objects: global
                .store
                .as_deref()
                .map(config::object_store)
                .transpose()
                .map_err(usage)?,
            era: self.era.map(HubEra::from),
            healthy: self.healthy,
            commits: self.commits,
            seed: self.seed,
        })
    }
}

pub async fn run(command: Demo, global: &Global, out: Output) -> Result<Exit, CliError> {
    if command.build_only.is_none() {
        // Said before a hub is built for nothing.
        console::needs_terminal()?;
        console::settings(global)?;
    }
    let folder = match &command.build_only {
        Some(_) => None,
        None => Some(
            luthier_hub::scratch::folder("demo")
                .map_err(|error| CliError::unusable(luthier_hub::scratch::trouble(&error)))?,
        ),
    };
    let dir = match (&command.build_only, &folder) {
        (Some(dir), _) => dir.clone(),
        (None, Some(folder)) => folder.path().join("hub"),
        (None, None) => PathBuf::new(),
    };
    let options = command.options(&dir, global)?;
    let progress = out.job();
    let built = watch(&out, &progress, luthier_demo::build(&options, &progress))
        .await?
        .map_err(failed)?;
    if folder.is_some() {
        let target = config::demo(built.hub);
        let same = target.clone();
        return console::open(target, global, &out, move || Ok(Some(same.clone()))).await;
    }
    if out.json {
        out.object(&json!({
            "database": built.database_url, "store": built.store_url, "faults": built.faults.len(),
        }))?;
    } else {
        out.line(&format!(
            "--database {} --store {}",
            built.database_url, built.store_url
        ))?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn usage(error: HubError) -> CliError {
    CliError::usage(error.to_string())
}

fn failed(error: DemoError) -> CliError {
    CliError {
        exit: match error {
            DemoError::NotEmpty(_) | DemoError::NotAFolder(_) | DemoError::StoreInUse(_) => {
                Exit::Usage
            }
            DemoError::Cancelled(_) => Exit::Stopped,
            _ => Exit::Unusable,
        },
        message: error.to_string(),
    }
}
