//! The headless face: one file a command.

mod apply;
mod audit;
mod checkpoint;
mod confirm;
mod console;
mod demo;
mod diff_hub;
mod doctor;
mod duration;
mod journal;
mod keys;
mod logging;
mod output;
mod plan;
mod pull;
mod rebuild;
mod repair;
mod schema;
mod show;
mod signoff;
mod stop;
mod unknown;
mod verify;
mod wanted;
mod watch;

use crate::audit::{AuditError, Code};
use crate::config::{self, ConfigError, Flags, Target};
use crate::repair::RepairError;
use crate::store::{ServeError, Store, StoreError};
use crate::tui::keymap::{Keymap, TABLE};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use output::Output;
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Duration;
use stop::Stop;
use tracing::Instrument;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing wrong was found, or everything asked for was repaired.
    Done = 0,
    /// Findings remain.
    Findings = 1,
    /// The arguments or the configuration are wrong.
    Usage = 2,
    /// A database or an object store could not be used.
    Unusable = 3,
    /// Stopped before the end; what was done is in the journal.
    Stopped = 4,
    /// The program failed inside, and says so in one line; what was done is in the journal.
    Bug = 5,
}

/// One line for a person, and how the program ends.
#[derive(Debug)]
pub struct CliError {
    message: String,
    exit: Exit,
}

impl CliError {
    fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            exit: Exit::Usage,
        }
    }

    fn unusable(message: impl ToString) -> Self {
        Self {
            message: message.to_string(),
            exit: Exit::Unusable,
        }
    }

    /// An end of which nobody has to be told.
    fn quiet(exit: Exit) -> Self {
        let message = String::new();
        Self { message, exit }
    }
}

#[derive(Parser)]
#[command(
    name = "luthier",
    version,
    about = "Inspects and repairs MuseHub repositories",
    after_help = "Exit codes: 0 nothing wrong, or all repaired · 1 findings remain · 2 wrong arguments or \
                  configuration · 3 a side could not be used · 4 stopped before the end · 5 a bug in Luthier"
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args, Clone)]
struct Global {
    /// The hub, by its name in the configuration
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// The hub's rows: postgres://user@host/database or sqlite:///path/hub.db
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// The hub's objects: s3://bucket/prefix or file:///folder
    #[arg(long, global = true, value_name = "URL")]
    store: Option<String>,
    /// Allow writing in this run; without it nothing can be written
    #[arg(long, global = true)]
    write: bool,
    /// One JSON object a line on standard output, nothing else there
    #[arg(long, global = true)]
    json: bool,
    /// No progress, and no more words than needed
    #[arg(long, global = true)]
    quiet: bool,
    /// Tell on standard error what the run does: -v its steps, waits and slow requests, -vv every request
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// The console in plain ASCII, for fonts without lines and marks
    #[arg(long, global = true)]
    ascii: bool,
    /// Try what does not answer again for this long, and five times that in one run (30s, 2m, 1h)
    #[arg(long, global = true, value_parser = duration::duration, default_value = "2m", value_name = "TIME")]
    retry_for: Duration,
    /// The console's colours; auto asks the terminal whether it is dark or light
    #[arg(long, global = true, value_enum)]
    theme: Option<crate::tui::Choice>,
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
    Demo(demo::Demo),
    /// Whether both sides can be reached, read and written, and what the hub lacks
    Doctor,
    /// Look at everything, change nothing
    Audit(audit::Audit),
    /// One object: row, canonical object, identity, links
    Show(show::Show),
    /// One object: row beside canonical object, every difference
    Diff(show::Diff),
    /// Plan remedies, and with --apply --write carry them out
    Repair(repair::Repair),
    /// `repair` for every row without storage_uri
    Backfill(repair::Backfill),
    /// What a client's pull receives, written as the client would hold it
    Pull(pull::Pull),
    /// The client's own check of what was pulled; needs no hub
    Verify(verify::Verify),
    /// Audit to the last byte, pull every branch, and write a report that says PASS, FAIL or INCOMPLETE
    #[command(name = "signoff")]
    SignOff(signoff::SignOff),
    /// What the database offers and lacks, and the additive migration
    Schema(schema::Schema),
    /// Write where branches point into the store, for every repository that it does not know of yet
    Checkpoint(checkpoint::Checkpoint),
    /// Make a database from the object store alone
    Rebuild(rebuild::RebuildArgs),
    /// Compare the hub's database with another one over the same store
    DiffHub(diff_hub::DiffHub),
    /// What was changed from here, when and by whom
    Journal(journal::JournalArgs),
    /// Every key of the console
    Keys,
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
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
    crate::panics::install();
    if let Err(error) = logging::start(&cli) {
        return ExitCode::from(logging::end(Err(error)) as u8);
    }
    // What killed runs have left is removed beside the work.
    let sweep = std::thread::spawn(crate::scratch::sweep);
    let ended = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let ended = std::panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(race(cli))));
            // Reads that nobody waits for any more must not hold the exit up.
            runtime.shutdown_background();
            ended.unwrap_or(Ok(Exit::Bug))
        }
        Err(error) => Err(CliError::unusable(format!("cannot start: {error}"))),
    };
    let exit = logging::end(ended);
    let _ = sweep.join();
    crate::scratch::remove();
    ExitCode::from(exit as u8)
}

/// Runs the command until its end, or until anything panics on any thread.
async fn race(cli: Cli) -> Result<Exit, CliError> {
    // The console puts the terminal back itself, and lets a step under way come to its end.
    let is_console = matches!(cli.command, None | Some(Command::Demo(_)));
    let panicked = async {
        match is_console {
            true => std::future::pending().await,
            false => crate::panics::happened().cancelled().await,
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
        let line = crate::secrets::shown(line);
        let _ = writeln!(std::io::stderr(), "{start}{line}");
        start = "  ";
    }
}

/// Ends the program at once, from within a command.
fn leave(exit: Exit) -> ! {
    crate::diagnostics::finish();
    crate::scratch::remove();
    std::process::exit(exit as i32)
}

/// One line for a command, or a command of the journal, that does not exist.
fn unknown_command(error: &clap::Error) -> String {
    let word = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) => word.clone(),
        _ => String::new(),
    };
    let cli = Cli::command();
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
            crate::text::safe(&word),
            named(parent).join(", ")
        ),
        _ => unknown::told(&word, &named(&cli)),
    }
}

/// Runs the command until it ends or is told to end at once. Then it is dropped where it stands, and its
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
    match cli.command {
        None => console::open_configured(&cli.global, &out).await,
        Some(Command::Demo(command)) => demo::run(command, &cli.global, out).await,
        Some(Command::Audit(command)) => audit::run(command, &cli.global, out).await,
        Some(Command::Show(command)) => show::run(command, &cli.global, out).await,
        Some(Command::Diff(command)) => show::run_diff(command, &cli.global, out).await,
        Some(Command::Repair(command)) => repair::run(command, &cli.global, out).await,
        Some(Command::Pull(command)) => pull::run(command, &cli.global, out).await,
        Some(Command::Verify(command)) => verify::run(command, out).await,
        Some(Command::SignOff(command)) => signoff::run(command, &cli.global, out).await,
        Some(Command::Doctor) => doctor::run(&cli.global, out).await,
        Some(Command::Schema(command)) => schema::run(command, &cli.global, out).await,
        Some(Command::Checkpoint(command)) => checkpoint::run(command, &cli.global, out).await,
        Some(Command::Rebuild(command)) => rebuild::run(command, &cli.global, out).await,
        Some(Command::DiffHub(command)) => diff_hub::run(command, &cli.global, out).await,
        Some(Command::Keys) => keys::run(&out),
        Some(Command::Journal(args)) => journal::run(args, &cli.global, &out).await,
        Some(Command::Backfill(command)) => repair::run_backfill(command, &cli.global, out).await,
    }
}

/// The hub that configuration, environment and flags name.
fn configured(global: &Global) -> Result<Option<Target>, CliError> {
    Ok(config::load(&flags(global))?)
}

fn flags(global: &Global) -> Flags {
    Flags {
        profile: global.profile.clone(),
        database: global.database.clone(),
        store: global.store.clone(),
        write: global.write,
    }
}

/// The console's keys, with those that the configuration replaces.
fn keymap() -> Result<Keymap, CliError> {
    let console = config::console()?;
    Keymap::new(TABLE, &console.keys).map_err(|why| {
        let path = config::path().unwrap_or_default();
        CliError::usage(format!("{}: {why}", path.display()))
    })
}

/// As [`configured`], where a command cannot do without one.
fn target(global: &Global) -> Result<Target, CliError> {
    configured(global)?.ok_or_else(|| {
        CliError::usage(
            "no hub is given; add --database URL --store URL, or --profile NAME; `luthier` alone tells how",
        )
    })
}

async fn open(target: &Target) -> Result<Store, CliError> {
    Ok(Store::open(&target.hub, target.authority.as_ref()).await?)
}

/// A code by its name.
fn code(name: &str) -> Result<Code, String> {
    Code::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = crate::audit::fault::FAULTS
            .iter()
            .map(|fault| fault.name)
            .collect();
        format!("no such code; there are: {}", known.join(" "))
    })
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Hub(_) | StoreError::ReadOnly => Self::usage(error.to_string()),
            StoreError::Index(_) | StoreError::Backend(_) => Self::unusable(error),
        }
    }
}

impl From<AuditError> for CliError {
    fn from(error: AuditError) -> Self {
        let exit = match error {
            AuditError::Index(_) | AuditError::Backend(_) => Exit::Unusable,
            AuditError::Cancelled(_) => Exit::Stopped,
            AuditError::NoSuchRepo { .. }
            | AuditError::NoSuchBranch { .. }
            | AuditError::NoSuchId { .. }
            | AuditError::SearchCut { .. }
            | AuditError::Sha1(_)
            | AuditError::Ambiguous { .. } => Exit::Usage,
        };
        let mut message = error.to_string();
        if let AuditError::Ambiguous {
            candidates, count, ..
        } = &error
        {
            for found in candidates {
                let line = format!("{:<8} {}  {}", found.kind, found.id, found.repo);
                message += &format!("\n{}", crate::text::safe(line.trim_end()));
            }
            if *count != candidates.len().to_string() {
                message += "\nand others";
            }
        }
        Self { message, exit }
    }
}

impl From<ServeError> for CliError {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Store(error) => error.into(),
            ServeError::NoRow { .. } => Self::usage(error.to_string()),
            _ => Self {
                message: error.to_string(),
                exit: Exit::Findings,
            },
        }
    }
}

impl From<RepairError> for CliError {
    fn from(error: RepairError) -> Self {
        match error {
            RepairError::Store(error) => error.into(),
            RepairError::Audit(error) => error.into(),
            RepairError::Cancelled(_) => Self {
                message: error.to_string(),
                exit: Exit::Stopped,
            },
            RepairError::PlanFile { .. } | RepairError::NoSuchRun(_) => {
                Self::usage(error.to_string())
            }
            other => Self::unusable(other),
        }
    }
}

#[cfg(test)]
#[path = "../../tests/cli/docs.rs"]
mod docs;
