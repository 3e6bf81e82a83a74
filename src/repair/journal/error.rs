//! The errors of a journal.

use luthier_hub::destination::DestinationError;
use std::io;
use std::path::PathBuf;

/// The reason why a journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("the system names no folder for it; set HOME")]
    NoFolder,
    #[error("{0} (XDG_STATE_HOME and HOME say where it lies)")]
    Place(#[from] DestinationError),
    #[error("another luthier is writing to it")]
    InUse,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(
        "line {line} was its end when a run last ended, and that is gone or changed; see `luthier journal \
         verify`, then move it and its .seal away to begin a new one"
    )]
    EndGone { line: u64 },
    #[error(
        "its last line was not written by Luthier; `luthier journal verify` shows details; to begin a new journal, move it and its .seal file away"
    )]
    ForeignEnd,
    #[error(
        "somebody changed it, so its old values cannot be trusted; `luthier journal verify` shows where"
    )]
    Tampered,
    #[error("its old cells cannot be kept: {0}")]
    Cells(#[source] io::Error),
}

/// The reason why an old cell beside a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CellError {
    #[error("the old cell {} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the old value {} was changed", .0.display())]
    Changed(PathBuf),
    #[error("the old value {sha256} is not {length} bytes long")]
    OtherLength { sha256: String, length: u64 },
}
