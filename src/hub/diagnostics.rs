//! Logs what a run does: in a log file, on standard error with `-v`, and in the console's log.
//!
//! Code tells with the macros of `tracing`: a span for a run, a step and a request, an event for what happens in
//! it. Every line passes through [`secrets::shown`] before anything keeps or shows it.

mod file;
mod recent;

pub use file::Location;
pub use recent::Line;

use crate::secrets;
use file::RunFile;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// The environment variable that says what is logged.
pub const VARIABLE: &str = "LUTHIER_LOG";

/// The target of events that the console tells as notices itself.
pub const CONSOLE: &str = "luthier::console";

/// The target of the lines that say which part of its work a job has begun.
pub const PHASES: &str = "luthier::phases";

/// The settings of the log.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The log folder; `None` if the system names none.
    pub state_folder: Option<PathBuf>,
    /// The command's name, for the file's name.
    pub command: &'static str,
    /// The number of `-v`.
    pub verbose: u8,
    /// The run draws on the terminal: nothing goes to standard error, and the newest lines are held for its log.
    pub is_console: bool,
    /// The value of [`VARIABLE`]: `debug`, `warn,luthier=trace`.
    pub filter: Option<String>,
}

/// The log of this process.
struct Running {
    file: Option<Arc<Mutex<RunFile>>>,
    /// Dropping it writes what is still in memory.
    writer: Mutex<Option<WorkerGuard>>,
}

static RUNNING: OnceLock<Running> = OnceLock::new();

/// A filter of the log that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "{VARIABLE}={text} cannot be read; write a level (error, warn, info, debug, trace) or targets with levels: \
     {VARIABLE}=warn,luthier=debug"
)]
pub struct FilterError {
    text: String,
    source: ParseError,
}

/// Starts the log of this process; a second call changes nothing.
///
/// # Errors
/// The filter cannot be read, in one sentence.
pub fn start(settings: Settings) -> Result<(), FilterError> {
    let wanted = filter(settings.filter.as_deref(), settings.verbose)?;
    secrets::learn_environment();
    let folder = settings.state_folder.map(|folder| folder.join("log"));
    let file = folder.map(|folder| {
        let file = RunFile::new(&folder, settings.command);
        Arc::new(Mutex::new(file))
    });
    let (to_file, writer) = match &file {
        Some(file) => {
            let (writer, guard) = background(Shared(file.clone()));
            (Some(lines(Clean(writer), true)), Some(guard))
        }
        None => (None, None),
    };
    let to_stderr = settings.verbose > 0 && !settings.is_console;
    let to_stderr = to_stderr.then(|| lines(Clean(io::stderr), false));
    let to_console = settings.is_console.then(recent::layer);
    let running = Running {
        file,
        writer: Mutex::new(writer),
    };
    if RUNNING.set(running).is_ok() {
        // It fails only where a subscriber is set already.
        let _ = tracing_subscriber::registry()
            .with(wanted)
            .with(to_file)
            .with(to_stderr)
            .with(to_console)
            .try_init();
    }
    Ok(())
}

/// Returns the place of this run's log. The file is made if nothing was written yet.
#[must_use]
pub fn location() -> Location {
    match RUNNING.get().map(|running| &running.file) {
        Some(Some(file)) => file
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .location(),
        Some(None) => Location::Nowhere("no log is kept: this user has no home folder".to_owned()),
        None => Location::Nowhere("no log is kept: the run had not started".to_owned()),
    }
}

/// Writes what is still in memory, at the end of the process.
pub fn finish() {
    if let Some(running) = RUNNING.get() {
        let writer = running
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(writer);
    }
}

/// The newest lines that the console has not taken yet, oldest first.
#[must_use]
pub fn take_recent() -> Vec<Line> {
    recent::take()
}

/// Returns the filter: of Luthier what `-v` asks for, of its libraries warnings; or as `filter` says.
fn filter(filter: Option<&str>, verbose: u8) -> Result<Targets, FilterError> {
    let own = match verbose {
        0 | 1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    match filter.map(str::trim).filter(|filter| !filter.is_empty()) {
        None => Ok(Targets::new()
            .with_default(LevelFilter::WARN)
            .with_target("luthier", own)),
        Some(text) => text.parse().map_err(|source| FilterError {
            text: text.to_owned(),
            source,
        }),
    }
}

/// Lines for people, with the spans that an event is in.
fn lines<S, W>(writer: W, timed: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = fmt::layer()
        .with_ansi(false)
        // It would tell of them on the console's screen.
        .log_internal_errors(false)
        .with_writer(writer);
    match timed {
        true => layer.boxed(),
        false => layer.without_time().boxed(),
    }
}

/// A writer with a thread of its own: no disk may hold the screen or a request up.
fn background(file: Shared) -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default()
        .thread_name("luthier-log")
        .finish(file)
}

/// The file, for the thread that writes and for whoever asks where it is.
struct Shared(Arc<Mutex<RunFile>>);

impl Write for Shared {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .flush()
    }
}

/// Makes writers that clean each line: without secrets, and safe for a terminal.
struct Clean<M>(M);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Clean<M> {
    type Writer = CleanLine<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        CleanLine(self.0.make_writer())
    }

    fn make_writer_for(&'a self, meta: &tracing::Metadata<'_>) -> Self::Writer {
        CleanLine(self.0.make_writer_for(meta))
    }
}

/// Takes one event, as one line.
struct CleanLine<W>(W);

impl<W: Write> Write for CleanLine<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let clean = secrets::shown(text.trim_end()) + "\n";
        self.0.write_all(clean.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
#[path = "../../tests/support/diagnostics.rs"]
pub(crate) mod tests;
