//! Makes ids and keys, client by client.

use luthier_hub::backend::Key;
use luthier_object::identity::{self, CommitScheme, SnapshotScheme};
use luthier_object::{CommitRecord, Manifest, ObjectId};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The client that a repository was pushed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Era {
    Typed,
    Rc7,
    V01,
}

impl Era {
    pub(super) const fn commits(self) -> CommitScheme {
        match self {
            Era::Typed => CommitScheme::Typed,
            Era::Rc7 => CommitScheme::Rc7,
            Era::V01 => CommitScheme::V01,
        }
    }

    pub(super) const fn snapshots(self) -> SnapshotScheme {
        match self {
            Era::Typed => SnapshotScheme::Typed,
            Era::Rc7 => SnapshotScheme::Rc7,
            Era::V01 => SnapshotScheme::V01,
        }
    }

    /// Returns the id of a blob, as this era's client spelt it.
    pub(super) fn blob_id(self, bytes: &[u8]) -> ObjectId {
        match self {
            Era::Typed => identity::blob_id(bytes),
            Era::Rc7 => ObjectId::typed(&Sha256::digest(bytes).into()),
            Era::V01 => ObjectId::plain(&Sha256::digest(bytes).into()),
        }
    }

    /// Returns whether snapshots of this era say which directories they hold.
    pub(super) const fn has_directories(self) -> bool {
        !matches!(self, Era::V01)
    }
}

/// How a hub named the keys of blobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Keys {
    /// A folder for each repository.
    March,
    /// The id as it stands, with its colon.
    Colon,
    #[default]
    Today,
}

impl Keys {
    /// Returns the key under which a blob was put, if that differs from today.
    pub(super) fn of(self, repo_id: &str, id: &ObjectId) -> Option<Key> {
        match self {
            Keys::March => Key::new(format!("{repo_id}/sha256_{}", id.bare())).ok(),
            Keys::Colon => Key::new(format!("objects/{id}")).ok(),
            Keys::Today => None,
        }
    }
}

/// Returns the id that `scheme` gives a commit, as the clients of its era spelt it.
pub(super) fn commit_id(scheme: CommitScheme, record: &CommitRecord) -> ObjectId {
    let trials = identity::commit_trials(record).into_iter();
    // Every scheme is tried, so one of them is this one.
    let mut own = trials.filter(|(tried, _)| *tried == scheme);
    own.next()
        .map_or_else(|| identity::commit_id(record), |(_, id)| id)
}

/// Returns the id that `scheme` gives a tree, as the clients of its era spelt it.
pub(super) fn snapshot_id(
    scheme: SnapshotScheme,
    manifest: &Manifest,
    directories: &BTreeSet<String>,
) -> ObjectId {
    let trials = identity::snapshot_trials(manifest, directories).into_iter();
    let mut own = trials.filter(|(tried, _)| *tried == scheme);
    own.next().map_or_else(
        || identity::snapshot_id(manifest, directories),
        |(_, id)| id,
    )
}
