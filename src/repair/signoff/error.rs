//! The errors of a sign-off.

use super::VERSION;
use luthier_audit::AuditError;
use luthier_hub::destination::DestinationError;
use luthier_hub::index::IndexError;
use luthier_hub::progress::Cancelled;
use std::io;

/// The reason why there is no sign-off, or none that can be read.
#[derive(Debug, thiserror::Error)]
pub enum SignoffError {
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A report cannot be written.
    #[error(transparent)]
    Place(#[from] DestinationError),
    #[error("{path}: {source}")]
    File { path: String, source: ReportError },
    #[error("{path} was changed after it was written: its own sha256 does not fit")]
    Altered { path: String },
}

/// The reason why a file cannot be read as a report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is too large for a report")]
    TooLarge,
    #[error("it is no report of a sign-off: {0}")]
    NoReport(#[from] serde_json::Error),
    #[error("it is no report of a sign-off of version {VERSION}")]
    OtherVersion,
    #[error("it is no report of a drill")]
    NoDrill,
}
