//! Objects that a client would refuse, with the path from a head to each.

use super::Head;
use crate::backend::{Key, UriRefusal};
use crate::store::read::UnprovenRow;
use luthier_object::path::{self, Unsafe};
use luthier_object::{Kind, ObjectId, ProofError, Record};
use std::fmt;
use std::sync::Arc;

/// The reason why an object is refused: the rest of a sentence that starts with the object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("the database has no row for it")]
    NoRow,
    #[error("it has no snapshot; a clone of it would get an empty tree")]
    Treeless,
    #[error("its id contains no digest, so no client can check it")]
    Malformed,
    #[error("only the server's old formula reproduces its id; clients refuse such ids")]
    Stale,
    #[error("its storage_uri {uri} is not followed: {why}")]
    NotFollowed { uri: String, why: UriRefusal },
    #[error("{}", missing(key))]
    Missing { key: Key },
    #[error("the object under {key} has {size} bytes, more than the 256 MiB that are read")]
    TooLarge { key: Key, size: u64 },
    #[error("the object under {key} is not the right one: {why}")]
    Wrong {
        key: Key,
        #[source]
        why: ProofError,
    },
    #[error(
        "its row points to no object and keeps no bytes, so clients get nothing, whatever the store has"
    )]
    NoBytes,
    #[error("its row points to no object, and none can be made from the row: {why}")]
    Unprovable {
        #[source]
        why: UnprovenRow,
    },
    #[error("the path {path:?} must not be checked out ({why})")]
    PathUnsafe { path: String, why: Unsafe },
}

/// Says what the store does not have: a pack without the record is no other than one that is gone, for a client.
fn missing(key: &Key) -> String {
    match key.in_pack() {
        Some(place) => format!(
            "its pack sha256:{} is not in the store, or does not contain it",
            place.pack
        ),
        None => format!("the store has no object under {key}"),
    }
}

/// An object that a client would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub kind: Kind,
    pub id: ObjectId,
    /// From a head to the object: `head main`, `commit a30a04d01ccc`, `blob sha256:… (a.mid)`.
    pub way: Vec<String>,
    pub why: Why,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.way.join(" → "), self.why)
    }
}

/// Returns what clients refuse although the object matches its id: an old id formula, no tree, an unsafe path.
#[must_use]
pub fn objection(record: &Record) -> Option<Why> {
    match record {
        Record::Commit(_, scheme) if !scheme.accepted_by_clients() => Some(Why::Stale),
        Record::Commit(record, _) if record.snapshot_id.is_none() => Some(Why::Treeless),
        Record::Commit(..) | Record::Blob(_) => None,
        Record::Snapshot(record, _) => {
            let mut refused = path::check_tree(&record.manifest, &record.directories);
            // The path of a file names its folders too.
            let is_file = |(path, _): &(String, Unsafe)| record.manifest.get(path).is_some();
            let at = refused.iter().position(is_file).unwrap_or(0);
            let (path, why) = (at < refused.len()).then(|| refused.swap_remove(at))?;
            Some(Why::PathUnsafe { path, why })
        }
    }
}

/// The path from a head to an object.
#[derive(Clone, Debug)]
pub(super) struct Trail {
    pub head: Arc<Head>,
    /// Commits between the head's and this one.
    pub depth: u64,
    pub commit: Option<Arc<ObjectId>>,
    pub snapshot: Option<Arc<ObjectId>>,
    /// Of a blob: the first path that names it.
    pub path: Option<String>,
}

impl Trail {
    /// Returns the path to a head itself.
    pub(super) fn to(head: Arc<Head>) -> Self {
        Self {
            head,
            depth: 0,
            commit: None,
            snapshot: None,
            path: None,
        }
    }

    /// Returns its steps in words; the last is the object with its whole id.
    fn steps(&self, kind: Kind, id: &ObjectId) -> Vec<String> {
        let mut out = vec![format!("head {}", self.head.name)];
        if self.depth > 0 {
            out.push(format!("commit {}", self.head.id.short()));
        }
        match self.depth {
            0 | 1 => {}
            2 => out.push("1 commit".into()),
            more => out.push(format!("{} commits", more - 1)),
        }
        if let Some(commit) = &self.commit {
            out.push(format!("commit {}", commit.short()));
        }
        if let Some(snapshot) = &self.snapshot {
            out.push(format!("snapshot {}", snapshot.short()));
        }
        out.push(match &self.path {
            Some(path) => format!("{kind} {id} ({path})"),
            None => format!("{kind} {id}"),
        });
        out
    }

    /// Formats the way: `head main → commit a30a04d01ccc → blob sha256:… (a.mid)`.
    pub(super) fn words(&self, kind: Kind, id: &ObjectId) -> String {
        self.steps(kind, id).join(" → ")
    }

    /// Returns the refusal of the object that the trail leads to.
    pub(super) fn refuse(&self, kind: Kind, id: &ObjectId, why: Why) -> Refusal {
        Refusal {
            kind,
            id: id.clone(),
            way: self.steps(kind, id),
            why,
        }
    }
}
