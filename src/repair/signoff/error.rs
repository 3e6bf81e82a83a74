//! Why there is no sign-off.

use crate::audit::AuditError;
use crate::index::IndexError;
use crate::progress::Cancelled;

/// Why there is no sign-off, or none that can be read.
#[derive(Debug, thiserror::Error)]
pub enum SignoffError {
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A report cannot be written, with what to do.
    #[error("{0}")]
    Place(String),
    #[error("{path}: {why}")]
    File { path: String, why: String },
    #[error("{path} was changed after it was written: its own sha256 does not fit")]
    Altered { path: String },
}
