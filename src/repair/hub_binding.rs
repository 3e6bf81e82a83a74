//! Remembers which database belongs to which object store.

use super::{Journal, RepairError};
use luthier_hub::destination;
use luthier_hub::store::hub::ObjectStore;
use luthier_hub::store::{Environment, Hub, Store};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};

/// The two sides of a hub, as they are remembered.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Pair {
    fingerprint: String,
    database: String,
    store: String,
    /// A bucket as its client found it: the endpoint may come from an AWS profile, which no fingerprint knows. `None`
    /// where the hub itself names the place, and in notes of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    found_at: Option<String>,
}

/// Compares the hub's two sides with those that were written last under its name. A demo is ours, wherever
/// it is.
///
/// # Errors
/// [`RepairError::Breaker`] where they differ and `confirmed` is false, or where what is remembered cannot be
/// read.
pub(super) fn check(journal: &Journal, store: &Store, confirmed: bool) -> Result<(), RepairError> {
    let hub = store.hub();
    let path = place(journal, hub);
    let now = Pair::of(store);
    match read(&path)? {
        Some(before)
            if before.differs(&now) && !confirmed && hub.environment != Environment::Demo =>
        {
            Err(RepairError::Breaker(told(&hub.name, &before, &now)))
        }
        _ => Ok(()),
    }
}

/// Remembers the hub's two sides. A crash leaves what was remembered before, or this. A demo is built and thrown away:
/// it must not keep its name from another hub.
///
/// # Errors
/// [`RepairError::Breaker`] where it cannot be written.
pub(super) fn remember(journal: &Journal, store: &Store) -> Result<(), RepairError> {
    if store.hub().environment == Environment::Demo {
        return Ok(());
    }
    let path = place(journal, store.hub());
    let now = Pair::of(store);
    if read(&path)?.is_some_and(|before| before == now) {
        return Ok(());
    }
    let written = serde_json::to_vec(&now)
        .map_err(io::Error::from)
        .and_then(|text| destination::replace(&path, &text));
    written.map_err(|why| failed(&path, why))
}

impl Pair {
    fn of(store: &Store) -> Self {
        let hub = store.hub();
        let is_told = match &hub.objects {
            ObjectStore::Folder(_) => true,
            ObjectStore::S3(place) => place.endpoint.is_some(),
        };
        Self {
            found_at: (!is_told).then(|| store.backend().describe()),
            fingerprint: hub.fingerprint(),
            database: hub.describe_database(),
            store: hub.locate_store(),
        }
    }

    /// Returns whether these are the sides of two hubs.
    fn differs(&self, now: &Self) -> bool {
        let both = self.found_at.as_ref().zip(now.found_at.as_ref());
        self.fingerprint != now.fingerprint || both.is_some_and(|(before, now)| before != now)
    }

    /// Returns the object store in a few words, with the endpoint that was found where the hub names none.
    fn store(&self) -> &str {
        self.found_at.as_deref().unwrap_or(&self.store)
    }
}

/// Returns both pairs, so that a person sees in which part they differ.
fn told(name: &str, before: &Pair, now: &Pair) -> String {
    let differs = match (
        before.database == now.database,
        before.store() == now.store(),
    ) {
        (false, true) => "the database differs",
        (true, false) => "the object store differs",
        (false, false) => "both sides differ",
        // Paths that were links, or a note of an older version, which knew no endpoint.
        (true, true) => "the names are the same, but the places differ",
    };
    format!(
        "hub binding: the last run on {name} used {} with {}, and this run uses {} with {}; {differs}; if this is intended, add --new-pair",
        before.database,
        before.store(),
        now.database,
        now.store()
    )
}

fn read(path: &Path) -> Result<Option<Pair>, RepairError> {
    match std::fs::read(path) {
        Ok(text) => {
            let pair = serde_json::from_slice(&text);
            Ok(Some(pair.map_err(|e| failed(path, e.into()))?))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, error)),
    }
}

fn failed(path: &Path, why: io::Error) -> RepairError {
    RepairError::Breaker(format!(
        "hub binding: the store of this database cannot be recorded in {}: {why}; free space there, or move that file away",
        path.display()
    ))
}

/// Returns the file that binds a profile to its hub. A hub without profile is known by its database, so that another
/// store is noticed.
fn place(journal: &Journal, hub: &Hub) -> PathBuf {
    let name = if hub.name == hub.database.name() {
        format!("database\0{}", hub.describe_database())
    } else {
        format!("profile\0{}", hub.name)
    };
    let name = hex::encode(&Sha256::digest(name)[..8]);
    let folder = journal.path().with_file_name("pairs");
    folder.join(format!("{name}.json"))
}
