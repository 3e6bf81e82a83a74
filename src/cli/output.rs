//! Standard output: JSON lines for machines or words for people, never both.

use super::stop::Stop;
use super::{CliError, Color, Exit, Global};
use luthier_audit::Grade;
use luthier_hub::progress::Progress;
use luthier_hub::text;
use luthier_hub::waiting::WaitBudget;
use serde_json::Value;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

/// The destination of results.
pub struct Output {
    pub json: bool,
    pub quiet: bool,
    /// The log goes to standard error.
    pub verbose: bool,
    color: bool,
    /// Plain ASCII only, where this program draws.
    pub ascii: bool,
    /// The time for which a job retries what does not answer.
    retry_for: Duration,
    pub stop: Stop,
}

impl Output {
    pub fn new(global: &Global, stop: Stop) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose > 0,
            ascii: global.ascii,
            retry_for: global.retry_for,
            stop,
            color: match global.color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto => io::stdout().is_terminal() && !no_color,
            },
        }
    }

    /// Returns a job that waits for as long as this run may.
    #[must_use]
    pub fn job(&self) -> Progress {
        Progress::new().with_budget(WaitBudget::new(self.retry_for))
    }

    /// Prints one JSON object on a line of its own, with nothing in it that a terminal or a reader of lines
    /// would act on.
    pub fn object(&self, value: &Value) -> Result<(), CliError> {
        self.raw(text::json(value).as_bytes())?;
        self.raw(b"\n")
    }

    /// Prints a line for people, and makes text from the hub safe.
    pub fn line(&self, line: &str) -> Result<(), CliError> {
        self.raw(text::safe(line).as_bytes())?;
        self.raw(b"\n")
    }

    /// Prints a line that starts with a grade in its colour.
    pub fn graded(&self, grade: Grade, width: usize, rest: &str) -> Result<(), CliError> {
        let word = format!("{:<width$}", grade.word());
        if self.color {
            let code = match grade {
                Grade::Critical => "1;31",
                Grade::Error => "31",
                Grade::Warning => "33",
                Grade::Info => "36",
            };
            self.raw(format!("\u{1b}[{code}m{word}\u{1b}[0m").as_bytes())?;
        } else {
            self.raw(word.as_bytes())?;
        }
        self.line(rest)
    }

    /// Writes bytes as they are. A closed pipe ends the run quietly.
    pub fn raw(&self, bytes: &[u8]) -> Result<(), CliError> {
        let written = io::stdout().write_all(bytes);
        written.map_err(|error| self.failed(&error))
    }

    /// Writes what is left in the buffer.
    pub fn flush(&self) -> Result<(), CliError> {
        let flushed = io::stdout().flush();
        flushed.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> CliError {
        if error.kind() == io::ErrorKind::BrokenPipe {
            self.stop.reader_has_gone();
            return CliError::quiet(Exit::Stopped);
        }
        CliError::unusable(format!("standard output: {error}"))
    }
}
