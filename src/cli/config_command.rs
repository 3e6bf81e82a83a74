//! `luthier config`: shows the configuration in use, and writes a first file.

use super::output::Output;
use super::{CliError, Exit, Global, flags};
use crate::config::{self, InUse, Setting};
use clap::{Args, Subcommand};
use luthier_hub::destination::DestinationError;
use serde_json::json;
use std::io::Write;
use std::path::Path;

/// Every setting, as comments.
const EXAMPLE: &str = include_str!("../../assets/config.example.toml");

#[derive(Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print which hub is in use, and where each value comes from; shows no password
    Show,
    /// Write a configuration file: with --database and --store, one profile for them; without, an example
    Init,
}

pub fn run(args: &ConfigArgs, global: &Global, out: &Output) -> Result<Exit, CliError> {
    match args.command {
        Command::Show => show(global, out)?,
        Command::Init => init(global, out)?,
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn show(global: &Global, out: &Output) -> Result<(), CliError> {
    let in_use = config::in_use(&flags(global))?;
    if out.json {
        let mut line =
            json!({ "type": "config", "file": in_use.file, "file_exists": in_use.file_exists });
        for (name, setting) in values(&in_use) {
            line[name] = json!({ "value": setting.value, "from": setting.from });
            if let Some(other) = &setting.instead_of {
                line[name]["instead_of"] = json!(other);
            }
        }
        if let Some(why) = &in_use.refused {
            line["refused"] = json!(why);
        }
        return out.object(&line);
    }
    let file = in_use.file.display();
    let exists = match in_use.file_exists {
        true => "",
        false => " (does not exist; `luthier config init` writes it)",
    };
    out.line(&format!("{:<12} {file}{exists}", "file"))?;
    for (name, setting) in values(&in_use) {
        let value = match setting.value.as_str() {
            "" => "not set",
            value => value,
        };
        let from = match (setting.from.as_str(), &setting.instead_of) {
            ("", _) => String::new(),
            (from, None) => format!("  (from {from})"),
            (from, Some(other)) => {
                let profile = &in_use.profile.value;
                format!("  (from {from}, which wins over profile {profile}: {other})")
            }
        };
        out.line(&format!("{name:<12} {value}{from}"))?;
    }
    if let Some(why) = &in_use.refused {
        out.line(&format!("Other commands refuse this: {why}."))?;
    }
    Ok(())
}

fn init(global: &Global, out: &Output) -> Result<(), CliError> {
    let path = config::path().ok_or_else(|| {
        CliError::usage("this system names no folder for configuration files; set HOME")
    })?;
    let name = global.profile.as_deref().unwrap_or("hub");
    let (text, next) = match (&global.database, &global.store) {
        (Some(database), Some(store)) => {
            let next = format!(
                " Commands and reports call the hub {name}; say in the file which environment it is."
            );
            (config::first_profile(name, database, store)?, next)
        }
        (None, None) => (commented(EXAMPLE), String::new()),
        _ => {
            return Err(CliError::usage(
                "give both --database and --store, or neither of them",
            ));
        }
    };
    write_new(&path, &text).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => CliError::usage(format!(
            "{} exists already and was not changed; edit it, and see what is in use with `luthier config show`",
            path.display()
        )),
        _ => CliError::usage(DestinationError::at(&path, error).to_string()),
    })?;
    if out.json {
        return out.object(&json!({ "type": "config", "file": path }));
    }
    out.line(&format!("Wrote {}.{next}", path.display()))
}

/// Turns every line of an example that is not one yet into a comment.
fn commented(example: &str) -> String {
    let lines = example.lines().map(|line| match line {
        "" => String::new(),
        line if line.starts_with('#') => line.to_owned(),
        line => format!("# {line}"),
    });
    lines.map(|line| line + "\n").collect()
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::File::create_new(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Returns the settings in the order in which they are shown, each with its name.
const fn values(in_use: &InUse) -> [(&'static str, &Setting); 7] {
    [
        ("profile", &in_use.profile),
        ("database", &in_use.database),
        ("store", &in_use.store),
        ("write", &in_use.write),
        ("environment", &in_use.environment),
        ("policy", &in_use.policy),
        ("theme", &in_use.theme),
    ]
}
