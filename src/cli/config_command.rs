//! `luthier config`: shows the configuration in use, and writes a first file.

use super::output::Output;
use super::{CliError, Exit, Global, console, flags, help};
use crate::config::{self, InUse, NewProfile, Setting};
use clap::{Args, Subcommand, ValueEnum};
use luthier_hub::destination::DestinationError;
use luthier_hub::store::Environment;
use luthier_hub::text;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
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
    /// Write a configuration file: with --database and --store, one profile for them; without, an example. If the file
    /// exists, add the profile that --profile names
    Init(Init),
}

#[derive(Args)]
struct Init {
    /// Environment of the hub: decides how much has to be confirmed before a write
    #[arg(long, value_name = "ENV", help_heading = help::HUB)]
    environment: Option<Said>,
}

/// The environments that a profile can say.
#[derive(Clone, Copy, ValueEnum)]
enum Said {
    Production,
    Staging,
    Demo,
}

impl From<Said> for Environment {
    fn from(said: Said) -> Self {
        match said {
            Said::Production => Self::Production,
            Said::Staging => Self::Staging,
            Said::Demo => Self::Demo,
        }
    }
}

pub fn run(args: &ConfigArgs, global: &Global, out: &Output) -> Result<Exit, CliError> {
    match &args.command {
        Command::Show => show(global, out)?,
        Command::Init(command) => init(command, global, out)?,
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn show(global: &Global, out: &Output) -> Result<(), CliError> {
    let in_use = config::in_use(&flags(global))?;
    if out.json {
        return out.object(&as_json(&in_use));
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
    for (name, look) in in_use.themes.iter() {
        let (base, roles) = (
            look.base().name(),
            text::plural(look.roles().len() as u64, "role"),
        );
        let wrong = look.unreadable();
        let warning = match wrong.is_empty() {
            true => String::new(),
            false => format!("; {}", console::unreadable(&wrong)),
        };
        out.line(&format!(
            "{:<12} {name}  ({base} with {roles} of its own{warning})",
            "own theme"
        ))?;
    }
    if let Some(why) = &in_use.refused {
        out.line(&format!("Other commands refuse this: {why}."))?;
    }
    Ok(())
}

fn as_json(in_use: &InUse) -> serde_json::Value {
    let mut line =
        json!({ "type": "config", "file": in_use.file, "file_exists": in_use.file_exists });
    for (name, setting) in values(in_use) {
        line[name] = json!({ "value": setting.value, "from": setting.from });
        if let Some(other) = &setting.instead_of {
            line[name]["instead_of"] = json!(other);
        }
    }
    line["themes"] = themes_json(in_use);
    if let Some(why) = &in_use.refused {
        line["refused"] = json!(why);
    }
    line
}

/// Returns the themes of the file.
fn themes_json(in_use: &InUse) -> serde_json::Value {
    let themes = in_use.themes.iter().map(|(name, look)| {
        json!({
            "name": name,
            "base": look.base().name(),
            "roles": look.roles(),
            "same_colors": look.unreadable(),
        })
    });
    themes.collect()
}

fn init(init: &Init, global: &Global, out: &Output) -> Result<(), CliError> {
    let path = config::path().ok_or_else(|| {
        CliError::usage("this system names no folder for configuration files; set HOME")
    })?;
    let name = global.profile.as_deref().unwrap_or("hub");
    let environment = init.environment.map(Environment::from);
    let profile = new_profile(name, environment, global)?;
    let text = match &profile {
        Some(profile) => profile.first(),
        None => commented(EXAMPLE),
    };
    let written = match write_new(&path, &text) {
        // Only a profile that was named is added to a file: without a name, nobody knows that there is one.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match &profile {
            Some(profile) if global.profile.is_some() && add(profile, &path)? => {
                format!(
                    "Added profile {name} to {}; use it with --profile {name}.",
                    path.display()
                )
            }
            _ => return Err(CliError::usage(exists_already(&path, global))),
        },
        Err(error) => {
            return Err(CliError::usage(
                DestinationError::at(&path, error).to_string(),
            ));
        }
        Ok(()) if profile.is_some() => format!(
            "Wrote {}. Commands without --profile use {name} from now on (`default` in the file).",
            path.display()
        ),
        Ok(()) => format!("Wrote {}.", path.display()),
    };
    if out.json {
        return out.object(&json!({ "type": "config", "file": path }));
    }
    let next = match (&profile, environment) {
        (None, _) => String::new(),
        (Some(_), None) => format!(
            " Commands and reports call the hub {name}; say in the file which environment it is."
        ),
        (Some(_), Some(environment)) => format!(
            " Commands and reports call the hub {name}, of environment {}.",
            environment.word()
        ),
    };
    out.line(&format!("{written}{next}"))
}

/// Returns the profile that the flags describe; `None` where they name no hub.
fn new_profile(
    name: &str,
    environment: Option<Environment>,
    global: &Global,
) -> Result<Option<NewProfile>, CliError> {
    match (&global.database, &global.store) {
        (Some(database), Some(store)) => {
            Ok(Some(NewProfile::new(name, (database, store), environment)?))
        }
        (None, None) if environment.is_none() => Ok(None),
        _ => Err(CliError::usage(
            "give both --database and --store, or neither of them and no --environment",
        )),
    }
}

/// Adds a profile at the end of a file; `false` if the file has one of its name.
fn add(profile: &NewProfile, path: &Path) -> Result<bool, CliError> {
    let failed =
        |error: std::io::Error| CliError::usage(DestinationError::at(path, error).to_string());
    let contents = std::fs::read_to_string(path).map_err(failed)?;
    let Some(added) = profile.added(path, &contents)? else {
        return Ok(false);
    };
    let mut file = OpenOptions::new().append(true).open(path).map_err(failed)?;
    file.write_all(added.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(true)
}

/// Says why the file was left as it is, and how to add a hub to it.
fn exists_already(path: &Path, global: &Global) -> String {
    let (what, add) = match &global.profile {
        Some(name) if global.database.is_some() => {
            (format!("profile {name} of {}", path.display()), "")
        }
        _ => (
            path.display().to_string(),
            ", or add a hub with --profile NAME, --database and --store",
        ),
    };
    format!(
        "{what} exists already and was not changed; edit it{add}, and see what is in use with `luthier config show`"
    )
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
