//! Hub writes as a ledger keeps them: announced before anything is stored, and ended with what became of them.

use super::{HubReader, HubWriteError, Written};
use crate::cause::Cause;
use crate::store::Writer;
use crate::store::write::WriteError;
use crate::text;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use tracing::warn;

/// One of the hub's write sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Site {
    Init,
    Commit,
    Push,
    Sync,
    Merge,
    /// Blobs that arrive ahead of their push.
    Blobs,
    /// A repository that is marked as deleted.
    Delete,
}

impl Site {
    /// Returns its name in a sentence.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Site::Init => "init",
            Site::Commit => "commit",
            Site::Push => "push",
            Site::Sync => "sync",
            Site::Merge => "merge",
            Site::Blobs => "blobs",
            Site::Delete => "deletion mark",
        }
    }
}

/// A change that a write site makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubWrite {
    pub site: Site,
    pub repo_id: String,
    /// `owner/slug`.
    pub repo: String,
    /// The branch that moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Its head before; none of a branch that is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its head after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The proposal that is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<String>,
    /// Objects that arrive; the store may have some of them.
    pub objects: u64,
    /// Of these objects.
    pub bytes: u64,
}

impl fmt::Display for HubWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.site.name(), self.repo)?;
        if let (Some(branch), Some(to)) = (&self.branch, &self.to) {
            let from = self.from.as_deref().unwrap_or("nothing");
            write!(f, ": {branch} from {from} to {to}")?;
        }
        if let Some(proposal) = &self.proposal {
            write!(f, ", closes the proposal {proposal}")?;
        }
        if self.objects > 0 {
            let objects = text::plural(self.objects, "object");
            write!(f, ", {objects}, {}", text::bytes(self.bytes))?;
        }
        Ok(())
    }
}

/// What became of a hub write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteEnd {
    /// Objects that were not there before.
    Written { stored: u64 },
    /// No row was changed, and why.
    Refused(String),
    /// A side failed; rows are brought all or not at all.
    Failed(String),
}

/// Receives each hub write before and after it is made: the journal.
#[async_trait]
pub trait HubLedger: Send + Sync {
    /// Announces a write, and returns its name. Nothing is written unless this has returned well, durably.
    ///
    /// # Errors
    /// The announcement could not be made durable.
    async fn announce(&self, write: &HubWrite) -> Result<String, Cause>;

    /// Says what became of the write with this name.
    ///
    /// # Errors
    /// It could not be said; the write is as it is.
    async fn end(&self, name: &str, write: &HubWrite, end: &WriteEnd) -> Result<(), Cause>;
}

/// A ledger for hubs that are being made.
pub struct NoHubLedger;

#[async_trait]
impl HubLedger for NoHubLedger {
    async fn announce(&self, _write: &HubWrite) -> Result<String, Cause> {
        Ok(String::new())
    }

    async fn end(&self, _name: &str, _write: &HubWrite, _end: &WriteEnd) -> Result<(), Cause> {
        Ok(())
    }
}

/// The hub's write sites: a [`Writer`] with the ledger of what they write. What they read and check before is
/// [`HubReader`]'s.
pub struct HubWriter {
    pub(super) writer: Writer,
    reader: HubReader,
    ledger: Arc<dyn HubLedger>,
}

impl Deref for HubWriter {
    type Target = HubReader;

    fn deref(&self) -> &HubReader {
        &self.reader
    }
}

impl Writer {
    /// Returns the hub's write sites, each of whose changes goes into `ledger`.
    #[must_use]
    pub fn hub_writer(self, ledger: Arc<dyn HubLedger>) -> HubWriter {
        HubWriter {
            reader: self.store().hub_reader(),
            writer: self,
            ledger,
        }
    }
}

impl HubWriter {
    /// Announces a write, makes it, and says what became of it. `stored` counts the objects that it stored.
    pub(super) async fn recorded<T>(
        &self,
        write: HubWrite,
        work: impl Future<Output = Result<T, HubWriteError>>,
        stored: fn(&T) -> u64,
    ) -> Result<T, HubWriteError> {
        let announced = self.ledger.announce(&write).await;
        let name = announced.map_err(WriteError::Ledger)?;
        let done = work.await;
        let end = match &done {
            Ok(done) => WriteEnd::Written {
                stored: stored(done),
            },
            Err(HubWriteError::Store(error)) => WriteEnd::Failed(error.to_string()),
            Err(HubWriteError::Write(error)) => WriteEnd::Failed(error.to_string()),
            Err(refused) => WriteEnd::Refused(refused.to_string()),
        };
        if let Err(why) = self.ledger.end(&name, &write, &end).await {
            warn!(%name, "what became of a {} is not recorded: {why}", write.site.name());
        }
        done
    }
}

/// Returns the objects that a hub write stored.
pub(super) const fn stored(written: &Written) -> u64 {
    written.stored
}
