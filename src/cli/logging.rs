//! The log of a run: started before the command, named where the command fails in a way that nobody chose.

use super::{Cli, CliError, Command, Exit, say};
use luthier_hub::diagnostics::{self, Location, Settings};
use luthier_repair::journal;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::{error, info};

/// The log says that the run started, and is to say that it ended.
static STARTED: AtomicBool = AtomicBool::new(false);

/// Starts the log. Where none can be kept the run goes on.
///
/// # Errors
/// `LUTHIER_LOG` cannot be read.
pub fn start(cli: &Cli) -> Result<(), CliError> {
    let command = name(cli);
    let is_console = match &cli.command {
        None => true,
        Some(Command::Demo(demo)) => demo.opens_console(),
        Some(_) => false,
    };
    let settings = Settings {
        state_folder: journal::state_folder(),
        command,
        verbose: cli.global.verbose,
        is_console,
        filter: std::env::var(diagnostics::VARIABLE).ok(),
    };
    diagnostics::start(settings).map_err(|error| CliError::usage(error.to_string()))?;
    if cli.global.verbose > 0 && !is_console {
        say(&match diagnostics::location() {
            Location::File(path) => format!("log: {}", path.display()),
            Location::Nowhere(why) => format!("no log: {why}"),
        });
    }
    // A command that only prints leaves no file behind.
    let prints = matches!(
        cli.command,
        Some(
            Command::Keys
                | Command::Faults(_)
                | Command::Config(_)
                | Command::Completions(_)
                | Command::Man(_)
        )
    );
    if !prints {
        STARTED.store(true, Ordering::Relaxed);
        info!(version = env!("CARGO_PKG_VERSION"), command, "run started");
    }
    Ok(())
}

/// Returns the command's name as it is typed.
pub fn name(cli: &Cli) -> &'static str {
    match &cli.command {
        None => "console",
        Some(command) => match command {
            Command::Demo(_) => "demo",
            Command::Doctor => "doctor",
            Command::Audit(_) => "audit",
            Command::Show(_) => "show",
            Command::Diff(_) => "diff",
            Command::Repair(_) => "repair",
            Command::Backfill(_) => "backfill",
            Command::Pull(_) => "pull",
            Command::Verify(_) => "verify",
            Command::Init(_) => "init",
            Command::Commit(_) => "commit",
            Command::Merge(_) => "merge",
            Command::Serve(_) => "serve",
            Command::Drill(_) => "drill",
            Command::SignOff(_) => "signoff",
            Command::Watch(_) => "watch",
            Command::Schema(_) => "schema",
            Command::Checkpoint(_) => "checkpoint",
            Command::Rebuild(_) => "rebuild",
            Command::DiffHub(_) => "diff-hub",
            Command::Journal(_) => "journal",
            Command::Keys => "keys",
            Command::Faults(_) => "faults",
            Command::Config(_) => "config",
            Command::Completions(_) => "completions",
            Command::Man(_) => "man",
        },
    }
}

/// Ends the log, and tells why the run failed. The log is named by panics and by sides that cannot be used; what a
/// person did wrong or wanted needs none.
pub fn end(ended: Result<Exit, CliError>) -> Exit {
    let panicked = luthier_hub::panics::first();
    let exit = match (&panicked, &ended) {
        (Some(_), _) => Exit::Bug,
        (None, Ok(exit)) => *exit,
        (None, Err(error)) => error.exit,
    };
    if let Err(error) = &ended {
        error!(?exit, "run failed: {}", error.message);
    } else if STARTED.load(Ordering::Relaxed) {
        info!(?exit, "run ended");
    }
    diagnostics::finish();
    match (panicked, ended) {
        (Some(words), _) => say(&format!("this is a bug in Luthier: {words}; {}", told())),
        (None, Err(error)) if exit == Exit::Unusable => {
            say(&format!("{}\n{}", error.message, told()));
        }
        (None, Err(error)) => say(&error.message),
        (None, Ok(_)) => {}
    }
    exit
}

/// Returns the place of the log, or the reason why there is none.
fn told() -> String {
    match diagnostics::location() {
        Location::File(path) => format!("log: {}", path.display()),
        Location::Nowhere(why) => why,
    }
}
