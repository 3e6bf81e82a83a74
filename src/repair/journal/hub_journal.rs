//! The journal as the ledger of the hub's write sites: each write is a run of its own, of two lines.
//!
//! The journal is open for each line alone, so that a server that takes pushes all day keeps no repair waiting.

use super::unended::Writing;
use super::{Event, HUB_WAIT, Journal, RecordedOutcome, failed_at, new_run, no_folder, path_of};
use crate::{RepairError, hub_binding};
use async_trait::async_trait;
use luthier_hub::cause::Cause;
use luthier_hub::store::Writer;
use luthier_hub::store::hub_writes::{HubLedger, HubWrite, WriteEnd};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// The journal of one hub, for its write sites.
#[derive(Clone, Debug)]
pub struct HubJournal {
    path: PathBuf,
    hub: String,
    /// Held by every clone.
    _writing: Arc<Writing>,
}

impl HubJournal {
    /// Makes sure that the journal of this hub can be written, and that its two sides belong together: those that were
    /// written last under its name, unless `new_pair` says that others are meant. Then what a killed process left
    /// without an end gets one, and the store learns where its branches point.
    ///
    /// # Errors
    /// As [`Journal::open`], and [`RepairError::Breaker`] where the sides are others.
    pub async fn open(writer: &Writer, new_pair: bool) -> Result<Self, RepairError> {
        let store = writer.store();
        let hub = store.hub();
        let path = path_of(hub).ok_or_else(no_folder)?;
        let journal = Journal::open_within(&path, &hub.name, HUB_WAIT)?;
        hub_binding::check(&journal, store, new_pair)?;
        hub_binding::remember(&journal, store)?;
        drop(journal);
        let writing = Writing::enter(writer, &path, &hub.name).await?;
        Ok(Self {
            path,
            hub: hub.name.clone(),
            _writing: Arc::new(writing),
        })
    }

    /// Adds one line, durably.
    async fn add(&self, run: String, event: Event) -> Result<(), Cause> {
        let own = self.clone();
        let added = tokio::task::spawn_blocking(move || own.add_now(&run, event));
        let added = added.await.map_err(io::Error::other);
        let added = added.unwrap_or_else(|error| Err(failed_at(&self.path, error)));
        added.map_err(Cause::of)
    }

    fn add_now(&self, run: &str, event: Event) -> Result<(), RepairError> {
        let mut journal = Journal::open_within(&self.path, &self.hub, HUB_WAIT)?;
        let is_end = matches!(event, Event::Made { .. });
        journal.append(run, &[event])?;
        journal.sync_now()?;
        match is_end {
            true => journal.seal(),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl HubLedger for HubJournal {
    async fn announce(&self, write: &HubWrite) -> Result<String, Cause> {
        let run = new_run();
        self.add(run.clone(), Event::Announced(write.clone()))
            .await?;
        Ok(run)
    }

    async fn end(&self, run: &str, write: &HubWrite, end: &WriteEnd) -> Result<(), Cause> {
        let (outcome, why, stored) = match end {
            WriteEnd::Written { stored } => (RecordedOutcome::Written, None, *stored),
            WriteEnd::Refused(why) => (RecordedOutcome::Refused, Some(why.clone()), 0),
            WriteEnd::Failed(why) => (RecordedOutcome::Failed, Some(why.clone()), 0),
        };
        let event = Event::Made {
            outcome,
            why,
            stored,
            write: write.clone(),
        };
        self.add(run.to_owned(), event).await
    }
}
