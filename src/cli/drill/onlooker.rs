//! Looks on while the write sites write: at no moment may a row point at an object that is not there.

use async_trait::async_trait;
use luthier_hub::cause::Cause;
use luthier_hub::store::hub_writes::{HubLedger, HubWrite, WriteEnd};
use luthier_hub::store::{Store, StoreError};
use luthier_object::{Kind, ObjectId};
use luthier_repair::journal::HubJournal;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(2);

/// A look under way: what ends it, and what it sees.
type Look = (CancellationToken, JoinHandle<Vec<String>>);

/// The journal, with somebody who looks at the rows and the store from each announcement until its end.
pub struct Onlooker {
    journal: HubJournal,
    store: Store,
    looking: Mutex<HashMap<String, Look>>,
    seen: Mutex<Vec<String>>,
}

impl Onlooker {
    pub fn new(journal: HubJournal, store: Store) -> Self {
        Self {
            journal,
            store,
            looking: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    /// Takes what was seen since the last time and should not be.
    pub fn take(&self) -> Vec<String> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *seen)
    }
}

#[async_trait]
impl HubLedger for Onlooker {
    async fn announce(&self, write: &HubWrite) -> Result<String, Cause> {
        let name = self.journal.announce(write).await?;
        if let Some(head) = &write.to {
            let stop = CancellationToken::new();
            let task = look_until(self.store.clone(), head.clone(), stop.clone());
            let task = tokio::spawn(task);
            let mut looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
            looking.insert(name.clone(), (stop, task));
        }
        Ok(name)
    }

    async fn end(&self, name: &str, write: &HubWrite, end: &WriteEnd) -> Result<(), Cause> {
        let looking = {
            let mut looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
            looking.remove(name)
        };
        if let Some((stop, task)) = looking {
            stop.cancel();
            let seen = task.await.unwrap_or_else(|error| vec![error.to_string()]);
            let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            all.extend(seen);
        }
        self.journal.end(name, write, end).await
    }
}

/// Looks again and again at a commit and its snapshot, the last time after `stop`. Returns what should not be.
async fn look_until(store: Store, head: String, stop: CancellationToken) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let is_last = stop.is_cancelled();
        match look(&store, &head).await {
            Ok(None) => {}
            Ok(Some(what)) => seen.push(what),
            Err(error) => seen.push(error.to_string()),
        }
        if is_last || !seen.is_empty() {
            return seen;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Returns a sentence if a row is there that points at nothing.
async fn look(store: &Store, head: &str) -> Result<Option<String>, StoreError> {
    let rows = store.index().commits_by_id(&[head.to_owned()]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let mut pointers = vec![(Kind::Commit, row.commit_id, row.storage_uri)];
    let tree: Vec<String> = row.snapshot_id.into_iter().collect();
    let snapshots = store.index().snapshots_by_id(&tree).await?;
    if snapshots.is_empty() {
        return Ok(Some(format!(
            "the row of the commit {head} came before its snapshot's"
        )));
    }
    for row in snapshots {
        pointers.push((Kind::Snapshot, row.snapshot_id, row.storage_uri));
    }
    for (kind, id, uri) in pointers {
        if let Some(why) = unfounded(store, kind, &id, uri.as_deref()).await? {
            return Ok(Some(why));
        }
    }
    Ok(None)
}

/// Returns why a row does not point at an object that is there and proves its id; `None` if it does.
///
/// # Errors
/// A side that does not answer.
pub async fn unfounded(
    store: &Store,
    kind: Kind,
    id: &str,
    uri: Option<&str>,
) -> Result<Option<String>, StoreError> {
    let Some(uri) = uri else {
        return Ok(Some(format!(
            "the row of the {kind} {id} points at no object"
        )));
    };
    let id = ObjectId::new(id);
    let key = match store.locate(kind, &id, uri) {
        Ok(key) => key,
        Err(why) => return Ok(Some(format!("the row of the {kind} {id}: {why}"))),
    };
    Ok(match store.read_object(&key).await? {
        None => Some(format!(
            "the row of the {kind} {id} points at {key}, where nothing is"
        )),
        Some(bytes) => {
            let proof = luthier_object::Proof::read(kind, &id, &bytes);
            proof
                .err()
                .map(|why| format!("the {kind} {id} under {key}: {why}"))
        }
    })
}
