//! `luthier schema`.

use super::apply::flags_to_apply;
use super::confirm::production_named;
use super::output::Output;
use super::{CliError, Exit, Global, help, open, target};
use clap::{Args, ValueEnum};
use luthier_hub::destination::DestinationError;
use luthier_hub::index::schema::index_name;
use luthier_hub::index::{Capabilities, Migration};
use luthier_hub::store::{Store, StoreError};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct Schema {
    /// Print the SQL that adds what the database lacks; run nothing
    #[arg(long, conflicts_with = "apply", help_heading = help::SELECT)]
    plan: bool,
    /// Run that SQL; needs --write
    #[arg(long, help_heading = help::APPLY)]
    apply: bool,
    /// Print it as SQL, or as a revision for the hub's own Alembic chain
    #[arg(long, help_heading = help::OUTPUT, value_enum, default_value_t = Format::Sql, conflicts_with = "apply")]
    format: Format,
    /// Print it into a new file
    #[arg(long, help_heading = help::OUTPUT, value_name = "FILE", conflicts_with = "apply")]
    out: Option<PathBuf>,
    /// Name of the hub; needed on production
    #[arg(long, value_name = "HUB", help_heading = help::APPLY)]
    confirm: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Sql,
    Alembic,
}

pub async fn run(command: Schema, global: &Global, out: Output) -> Result<Exit, CliError> {
    let target = target(global)?;
    if command.apply && target.authority.is_none() {
        return Err(StoreError::ReadOnly.into());
    }
    let store = open(&target, &out).await?;
    let migration = store
        .index()
        .migration()
        .await
        .map_err(CliError::unusable)?;
    if command.apply {
        production_named(&target, command.confirm.as_deref())?;
        let authority = target.authority.as_ref().ok_or(StoreError::ReadOnly)?;
        let done = store.writer(authority)?.migrate().await?;
        tell_done(&done, &out)?;
    } else if command.plan || command.format == Format::Alembic || command.out.is_some() {
        let text = match command.format {
            Format::Alembic => migration.alembic(),
            Format::Sql => sql(&migration),
        };
        match &command.out {
            Some(path) => write_new(path, &text)?,
            None if out.json => out.object(&json!({"type": "plan", "text": text}))?,
            None => out.raw(text.as_bytes())?,
        }
        if out.json {
            out.object(&lacking(&migration))?;
        }
    } else {
        show(&store, &migration, flags_to_apply(&target), &out)?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// Returns the statements as a script.
fn sql(migration: &Migration) -> String {
    if migration.is_empty() {
        return "-- the database has every column and index that Luthier needs\n".to_owned();
    }
    let statements = migration.statements();
    statements.iter().map(|s| format!("{s};\n")).collect()
}

/// Writes a new file; fails if it exists.
fn write_new(path: &Path, text: &str) -> Result<(), CliError> {
    let failed =
        |error: std::io::Error| CliError::usage(DestinationError::at(path, error).to_string());
    let mut file = File::create_new(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)
}

fn lacking(migration: &Migration) -> Value {
    let tables: Vec<&str> = migration
        .columns
        .iter()
        .map(|kind| Capabilities::table(*kind))
        .collect();
    let indexes: Vec<String> = migration
        .indexes
        .iter()
        .map(|(kind, _)| index_name(*kind))
        .collect();
    json!({
        "type": "summary", "complete": true, "columns": tables, "indexes": indexes,
        "revisions": migration.revisions,
    })
}

fn show(store: &Store, migration: &Migration, missing: &str, out: &Output) -> Result<(), CliError> {
    let capabilities = store.index().capabilities();
    if out.json {
        let features: Map<String, Value> = capabilities
            .features()
            .into_iter()
            .map(|(name, how)| (name.to_owned(), how.into()))
            .collect();
        out.object(&json!({
            "type": "schema", "dialect": migration.dialect, "features": features,
            "notes": capabilities.notes(), "statements": migration.statements(),
        }))?;
        return out.object(&lacking(migration));
    }
    let at = match migration.revisions.as_slice() {
        [] => String::new(),
        revisions => format!(", at revision {}", revisions.join(", ")),
    };
    out.line(&format!("{}{at}", store.index().describe()))?;
    for (name, how) in capabilities.features() {
        let note = match how.as_str() {
            "no" if name != "storage_uri" => " (not needed)",
            _ => "",
        };
        out.line(&format!("  {name:<14} {how}{note}"))?;
    }
    for note in capabilities.notes() {
        out.line(&format!("Note: {note}."))?;
    }
    let indexes: Vec<String> = (migration.indexes.iter())
        .map(|(kind, _)| index_name(*kind))
        .collect();
    if migration.is_empty() {
        out.line("The database has every column and index that Luthier needs.")
    } else {
        if !indexes.is_empty() {
            out.line(&format!("Lacks the index {}.", indexes.join(", ")))?;
        }
        out.line(&format!(
            "`luthier schema --plan` prints the SQL that adds it; {missing} runs it."
        ))
    }
}

fn tell_done(done: &Migration, out: &Output) -> Result<(), CliError> {
    let statements = done.statements();
    if out.json {
        for statement in &statements {
            out.object(&json!({"type": "ran", "sql": statement}))?;
        }
        return out.object(&lacking(done));
    }
    if done.is_empty() {
        return out
            .line("The database has every column and index that Luthier needs; nothing was run.");
    }
    for statement in &statements {
        out.line(&format!("ran  {statement}"))?;
    }
    out.line("Rows without storage_uri can be linked now; run `luthier backfill`.")
}
