//! The journal as the ledger of the hub's write sites: each write is a run of its own, of two lines.
//!
//! The journal is open for each line alone, so that a server that takes pushes all day keeps no repair waiting.

use super::{Event, Journal, RecordedOutcome, failed_at, new_run, no_folder, path_of};
use crate::{RepairError, hub_binding};
use async_trait::async_trait;
use luthier_hub::cause::Cause;
use luthier_hub::store::Store;
use luthier_hub::store::hub_writes::{HubLedger, HubWrite, WriteEnd};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// How long a write waits for a run that has the journal.
const WAIT: Duration = Duration::from_secs(15);

/// The journal of one hub, for its write sites.
#[derive(Clone, Debug)]
pub struct HubJournal {
    path: PathBuf,
    hub: String,
}

impl HubJournal {
    /// Makes sure that the journal of this hub can be written, and that its two sides belong together: those that were
    /// written last under its name, unless `new_pair` says that others are meant.
    ///
    /// # Errors
    /// As [`Journal::open`], and [`RepairError::Breaker`] where the sides are others.
    pub fn open(store: &Store, new_pair: bool) -> Result<Self, RepairError> {
        let hub = store.hub();
        let path = path_of(hub).ok_or_else(no_folder)?;
        let journal = Journal::open_within(&path, &hub.name, WAIT)?;
        hub_binding::check(&journal, store, new_pair)?;
        hub_binding::remember(&journal, store)?;
        Ok(Self {
            path,
            hub: hub.name.clone(),
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
        let mut journal = Journal::open_within(&self.path, &self.hub, WAIT)?;
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
