//! The end of a command: its exit code, and the errors of every crate as a person reads them.

use crate::config::ConfigError;
use luthier_audit::AuditError;
use luthier_hub::store::{ServeError, StoreError};
use luthier_repair::RepairError;

/// The exit code of a command.
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
    pub(super) message: String,
    pub(super) exit: Exit,
}

impl CliError {
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            exit: Exit::Usage,
        }
    }

    pub(super) fn unusable(message: impl ToString) -> Self {
        Self {
            message: message.to_string(),
            exit: Exit::Unusable,
        }
    }

    /// Returns an end that nothing has to be printed about.
    pub(super) fn quiet(exit: Exit) -> Self {
        let message = String::new();
        Self { message, exit }
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Hub(_) | StoreError::ReadOnly | StoreError::NotADemo(_) => {
                Self::usage(error.to_string())
            }
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
                message += &format!("\n{}", luthier_hub::text::safe(line.trim_end()));
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
            RepairError::NotUndone { .. } => Self {
                message: error.to_string(),
                exit: Exit::Findings,
            },
            RepairError::PlanFile { .. } | RepairError::NoSuchRun(_) => {
                Self::usage(error.to_string())
            }
            other => Self::unusable(other),
        }
    }
}
