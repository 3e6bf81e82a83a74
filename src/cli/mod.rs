//! The headless commands, one file each.

mod apply;
mod audit;
mod checkpoint;
mod completions;
mod config_command;
mod confirm;
mod console;
mod demo;
mod diff_hub;
mod doctor;
mod drill;
mod duration;
mod error;
mod faults;
mod help;
mod hub_write;
mod journal;
mod keys;
mod logging;
mod output;
mod plan;
mod pull;
mod rebuild;
mod repair;
mod runtime;
mod schema;
mod serve;
mod show;
mod signoff;
mod stop;
mod unknown;
mod verify;
mod wanted;
mod watch;
mod watching;

use crate::config::{self, Flags, Target};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
pub use error::{CliError, Exit};
use luthier_audit::Code;
use luthier_hub::cause::Cause;
use luthier_hub::store::Store;
use luthier_tui::keymap::{Keymap, TABLE};
use output::Output;
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Duration;
use stop::Stop;
use tracing::Instrument;

#[derive(Parser)]
#[command(
    name = "luthier",
    version,
    about = "Finds and repairs damage in MuseHub repositories. Without a command it opens the console",
    after_help = help::ROOT
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args, Clone)]
struct Global {
    /// Use this profile of the configuration file
    #[arg(long, global = true, value_name = "NAME", help_heading = help::HUB)]
    profile: Option<String>,
    /// Database with the hub's rows: postgres://user@host/database or sqlite:///path/hub.db
    #[arg(long, global = true, value_name = "URL", help_heading = help::HUB)]
    database: Option<String>,
    /// Object store with the hub's objects: s3://bucket/prefix or file:///folder
    #[arg(long, global = true, value_name = "URL", help_heading = help::HUB)]
    store: Option<String>,
    /// Allow this run to write; without it, the hub is opened read-only
    #[arg(long, global = true, help_heading = help::APPLY)]
    write: bool,
    /// Retry a request that gets no answer for this long; in one run, five times as long in total (30s, 2m, 1h)
    #[arg(long, global = true, value_parser = duration::duration, default_value = "2m", value_name = "TIME", help_heading = help::LIMITS)]
    retry_for: Duration,
    /// Print one JSON object per line on standard output, and nothing else
    #[arg(long, global = true, help_heading = help::OUTPUT)]
    json: bool,
    /// Print no progress, and only the lines that are needed
    #[arg(long, global = true, help_heading = help::OUTPUT)]
    quiet: bool,
    /// Print what the run does on standard error: -v steps, waits and slow requests, -vv every request
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = help::OUTPUT)]
    verbose: u8,
    /// Use colours; auto means: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, help_heading = help::OUTPUT)]
    color: Color,
    /// Draw the console in plain ASCII, for fonts without lines and marks
    #[arg(long, global = true, help_heading = help::OUTPUT)]
    ascii: bool,
    /// Colours of the console: auto (as the terminal answers), dark, light, ansi (the terminal's sixteen), or a theme of the
    /// configuration file [default: the file's, else auto]
    #[arg(long, global = true, value_name = "NAME", help_heading = help::OUTPUT)]
    theme: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
enum Command {
    /// Build a hub with known faults and open the console on it
    #[command(after_help = help::DEMO)]
    Demo(demo::Demo),
    /// Check that the database and the object store can be used, and list what they lack
    #[command(after_help = help::DOCTOR)]
    Doctor,
    /// List everything that is wrong; changes nothing
    #[command(after_help = help::AUDIT)]
    Audit(audit::Audit),
    /// Show one object: its row, its stored bytes, its identity and its links
    #[command(after_help = help::SHOW)]
    Show(show::Show),
    /// List the fields in which an object's row and its stored record differ
    #[command(after_help = help::DIFF)]
    Diff(show::Diff),
    /// Plan the repair of findings; with --apply --write, carry the plan out
    #[command(after_help = help::REPAIR)]
    Repair(repair::Repair),
    /// Plan, and with --apply --write store, the objects of all rows without storage_uri
    #[command(after_help = help::BACKFILL)]
    Backfill(repair::Backfill),
    /// Write what a client's pull receives into a folder
    #[command(after_help = help::PULL)]
    Pull(pull::Pull),
    /// Check a pulled folder as a client does; needs no hub
    #[command(after_help = help::VERIFY)]
    Verify(verify::Verify),
    /// Make a repository with a first commit, object first; without --write, show what would be written
    #[command(after_help = help::INIT)]
    Init(hub_write::Init),
    /// Commit the files of a folder to a branch of the hub, objects first; without --write, show what would be written
    #[command(after_help = help::COMMIT)]
    Commit(hub_write::Commit),
    /// Merge a proposal, or two branches of a repository, on the hub; without --write, show what would be written
    #[command(after_help = help::MERGE)]
    Merge(hub_write::Merge),
    /// Serve the hub's repositories to MuseHub clients of March 2026; read-only without --write
    #[command(after_help = help::SERVE)]
    Serve(serve::Serve),
    /// Run every write site in a repository of its own, which stays and is marked as deleted; without --write, show the steps
    #[command(after_help = help::DRILL)]
    Drill(drill::DrillArgs),
    /// Read every object, pull every branch, and write a report that says PASS, FAIL or INCOMPLETE
    #[command(name = "signoff", after_help = help::SIGN_OFF)]
    SignOff(signoff::SignOff),
    /// Audit again and again, and tell what changed; changes nothing
    #[command(after_help = help::WATCH)]
    Watch(watching::Watch),
    /// Show what the database lacks, and add it with --apply --write
    #[command(after_help = help::SCHEMA)]
    Schema(schema::Schema),
    /// Save where branches point into the object store; without --write, show what would be saved
    #[command(after_help = help::CHECKPOINT)]
    Checkpoint(checkpoint::Checkpoint),
    /// Build a new database from the object store alone
    #[command(after_help = help::REBUILD)]
    Rebuild(rebuild::RebuildArgs),
    /// Compare the hub's database with another one over the same object store
    #[command(after_help = help::DIFF_HUB)]
    DiffHub(diff_hub::DiffHub),
    /// List what Luthier changed on this hub from this machine, when, and who ran it; check or undo a run
    #[command(after_help = help::JOURNAL)]
    Journal(journal::JournalArgs),
    /// List every key of the console
    #[command(after_help = help::KEYS)]
    Keys,
    /// List every fault code with its grade and its remedy
    #[command(after_help = help::FAULTS)]
    Faults(faults::Faults),
    /// Show the configuration that is in use, or write a first one
    #[command(after_help = help::CONFIG)]
    Config(config_command::ConfigArgs),
    /// Print a completion script for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions(completions::Completions),
    /// Print a manual page
    #[command(after_help = help::MAN)]
    Man(completions::Man),
}

/// Returns the command line as the program reads it and as its help shows it.
fn command_line() -> clap::Command {
    help::tidied(Cli::command())
}

/// Reads the command line.
fn parse() -> Result<Cli, clap::Error> {
    let mut command = command_line();
    let mut matches = command.try_get_matches_from_mut(std::env::args_os())?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) if error.kind() == ErrorKind::InvalidSubcommand => {
            eprintln!("luthier: {}", unknown_command(&error));
            return ExitCode::from(Exit::Usage as u8);
        }
        Err(error) => {
            // Help and version are no mistakes; clap knows which stream each belongs on.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() {
                Exit::Usage as u8
            } else {
                0
            });
        }
    };
    luthier_hub::panics::install();
    if let Err(error) = logging::start(&cli) {
        return ExitCode::from(logging::end(Err(error)) as u8);
    }
    // What killed runs have left is removed beside the work.
    let sweep = std::thread::spawn(luthier_hub::scratch::sweep);
    let ended = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let ended = std::panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(race(cli))));
            luthier_hub::panics::run_has_ended();
            runtime::end(runtime);
            ended.unwrap_or(Ok(Exit::Bug))
        }
        Err(error) => Err(CliError::unusable(format!("cannot start: {error}"))),
    };
    let exit = logging::end(ended);
    let _ = sweep.join();
    luthier_hub::scratch::remove();
    ExitCode::from(exit as u8)
}

/// Runs the command until its end, or until anything panics on any thread.
async fn race(cli: Cli) -> Result<Exit, CliError> {
    // The console puts the terminal back itself, and lets a step under way come to its end.
    let is_console = matches!(cli.command, None | Some(Command::Demo(_)));
    let panicked = async {
        match is_console {
            true => std::future::pending().await,
            false => luthier_hub::panics::happened().cancelled().await,
        }
    };
    let span = tracing::info_span!("run", command = logging::name(&cli));
    tokio::select! {
        ended = run(cli).instrument(span) => ended,
        () = panicked => Ok(Exit::Bug),
    }
}

/// Tells on standard error, each further line set in. Nobody may be there to read it.
fn say(words: &str) {
    let mut start = "luthier: ";
    for line in words.lines() {
        let line = luthier_hub::secrets::shown(line);
        let _ = writeln!(std::io::stderr(), "{start}{line}");
        start = "  ";
    }
}

/// Says once which setting won, where a variable and a profile name two hubs.
fn say_notice(target: &Target) {
    static SAID: std::sync::Once = std::sync::Once::new();
    if let Some(notice) = &target.notice {
        SAID.call_once(|| say(notice));
    }
}

/// Ends the program at once, from within a command.
fn leave(exit: Exit) -> ! {
    luthier_hub::diagnostics::finish();
    luthier_hub::scratch::remove();
    std::process::exit(exit as i32)
}

/// Returns one line for a command, or a command of the journal, that does not exist.
fn unknown_command(error: &clap::Error) -> String {
    let word = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) => word.clone(),
        _ => String::new(),
    };
    let cli = command_line();
    let named = |command: &clap::Command| -> Vec<String> {
        let shown = command.get_subcommands().filter(|one| !one.is_hide_set());
        shown.map(|one| one.get_name().to_owned()).collect()
    };
    let before = std::env::args().skip(1).take_while(|given| *given != word);
    match before
        .last()
        .as_deref()
        .and_then(|given| cli.find_subcommand(given))
    {
        Some(parent) if parent.has_subcommands() => format!(
            "`luthier {}` has no command `{}`; it has: {}",
            parent.get_name(),
            luthier_hub::text::safe(&word),
            named(parent).join(", ")
        ),
        _ => unknown::told(&word, &named(&cli)),
    }
}

/// Runs the command until it ends or is told to end at once. Then it is dropped where it is, and its
/// temporary files go with it.
async fn run(cli: Cli) -> Result<Exit, CliError> {
    let stop = Stop::listen()?;
    tokio::select! {
        biased;
        error = stop.at_once() => Err(error),
        ended = dispatch(cli, stop.clone()) => ended,
    }
}

async fn dispatch(cli: Cli, stop: Stop) -> Result<Exit, CliError> {
    let out = Output::new(&cli.global, stop);
    if let Some(theme) = &cli.global.theme {
        // Every command takes the flag; a name that nobody knows is refused by each.
        config::console(Some(theme))?;
    }
    match cli.command {
        None => console::open_configured(&cli.global, &out).await,
        Some(Command::Demo(command)) => demo::run(command, &cli.global, out).await,
        Some(Command::Audit(command)) => audit::run(command, &cli.global, out).await,
        Some(Command::Show(command)) => show::run(command, &cli.global, out).await,
        Some(Command::Diff(command)) => show::run_diff(command, &cli.global, out).await,
        Some(Command::Repair(command)) => repair::run(command, &cli.global, out).await,
        Some(Command::Pull(command)) => pull::run(command, &cli.global, out).await,
        Some(Command::Verify(command)) => verify::run(command, out).await,
        Some(Command::Init(command)) => hub_write::run_init(command, &cli.global, out).await,
        Some(Command::Commit(command)) => hub_write::run_commit(command, &cli.global, out).await,
        Some(Command::Merge(command)) => hub_write::run_merge(command, &cli.global, out).await,
        Some(Command::Serve(command)) => serve::run(command, &cli.global, out).await,
        Some(Command::Drill(command)) => drill::run(command, &cli.global, out).await,
        Some(Command::SignOff(command)) => signoff::run(command, &cli.global, out).await,
        Some(Command::Watch(command)) => watching::run(command, &cli.global, out).await,
        Some(Command::Doctor) => doctor::run(&cli.global, out).await,
        Some(Command::Schema(command)) => schema::run(command, &cli.global, out).await,
        Some(Command::Checkpoint(command)) => checkpoint::run(command, &cli.global, out).await,
        Some(Command::Rebuild(command)) => rebuild::run(command, &cli.global, out).await,
        Some(Command::DiffHub(command)) => diff_hub::run(command, &cli.global, out).await,
        Some(Command::Keys) => keys::run(&out),
        Some(Command::Faults(command)) => faults::run(&command, &out),
        Some(Command::Config(command)) => config_command::run(&command, &cli.global, &out),
        Some(Command::Completions(command)) => completions::run(&command, &out),
        Some(Command::Man(command)) => completions::run_man(&command, &out),
        Some(Command::Journal(args)) => journal::run(args, &cli.global, &out).await,
        Some(Command::Backfill(command)) => repair::run_backfill(command, &cli.global, out).await,
    }
}

/// Returns the hub that configuration, environment and flags name.
fn configured(global: &Global) -> Result<Option<Target>, CliError> {
    let target = config::load(&flags(global))?;
    target.iter().for_each(say_notice);
    Ok(target)
}

fn flags(global: &Global) -> Flags {
    Flags {
        profile: global.profile.clone(),
        database: global.database.clone(),
        store: global.store.clone(),
        write: global.write,
    }
}

/// Returns the console's keys, with those that the configuration replaces.
fn keymap(console: &config::Console) -> Result<Keymap, CliError> {
    Keymap::new(TABLE, &console.keys).map_err(|why| {
        let path = config::path().unwrap_or_default();
        CliError::usage(format!("{}: {why}", path.display()))
    })
}

/// Returns the hub as [`configured`] does; fails without one.
fn target(global: &Global) -> Result<Target, CliError> {
    configured(global)?.ok_or_else(|| {
        CliError::usage(
            "no hub is given; add --database URL and --store URL, or --profile NAME; `luthier --help` has examples",
        )
    })
}

/// Opens the hub, for as long as this run tries again what does not answer.
async fn open(target: &Target, out: &Output) -> Result<Store, CliError> {
    let progress = out.job();
    let opening = Store::open_for(&target.hub, target.authority.as_ref(), &progress);
    Ok(watch::show(out, &progress, opening).await??)
}

/// Returns a code by its name.
fn code(name: &str) -> Result<Code, Cause> {
    Code::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = luthier_audit::fault::FAULTS
            .iter()
            .map(|fault| fault.name)
            .collect();
        match unknown::nearest(name, known.iter().copied()) {
            Some(code) => format!("no such code; did you mean {code}?").into(),
            None => format!("no such code; there are: {}", known.join(" ")).into(),
        }
    })
}

#[cfg(test)]
#[path = "../../tests/cli/docs.rs"]
mod docs;
