//! The errors of the console's queries.

use luthier_audit::AuditError;
use luthier_client::{FolderError, PullError};
use luthier_hub::index::IndexError;
use luthier_hub::store::StoreError;
use luthier_repair::RepairError;
use luthier_repair::signoff::SignoffError;
use std::io;
use tokio::task::JoinError;

/// The reason why a query has no answer; the console shows its text in place of the answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunnerError {
    #[error("the hub is not open; R opens it again")]
    NotOpen,
    #[error("there is no audit yet; A starts one")]
    NoAudit,
    #[error("the audit ran again; choose the findings again")]
    OtherAudit,
    #[error("the plan is gone; plan again with x")]
    PlanGone,
    #[error("this session is read-only; start Luthier with --write")]
    ReadOnly,
    #[error("there is no sign-off to write")]
    NoSignoff,
    #[error("there is no journal yet")]
    NoJournal,
    #[error("the journal is gone")]
    JournalGone,
    #[error("there is no repository {0}")]
    NoSuchRepo(String),
    #[error("the journal cannot be read: {0}")]
    Journal(#[source] io::Error),
    #[error("{name}: {source}")]
    Export {
        name: String,
        #[source]
        source: io::Error,
    },
    #[error("no copies: {0}")]
    Copies(#[source] FolderError),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Repair(#[from] RepairError),
    #[error(transparent)]
    Signoff(#[from] SignoffError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Pull(#[from] PullError),
    /// The task behind it panicked or was dropped.
    #[error(transparent)]
    Task(#[from] JoinError),
}
