//! A tree that reproduces its snapshot's id: what a row's cache, an object or a chain of deltas gives.

use super::identity::{self, Directories, SnapshotScheme};
use super::{Manifest, ObjectId, SnapshotRecord};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Files and directories that a formula has shown to be those of a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    id: ObjectId,
    manifest: Arc<Manifest>,
    directories: BTreeSet<String>,
    which: Directories,
    scheme: SnapshotScheme,
}

impl Tree {
    /// Proves a tree against an id, with the directories as stored, as derived from the paths, and empty.
    #[must_use]
    pub fn prove(
        id: &ObjectId,
        manifest: impl Into<Arc<Manifest>>,
        stored: &BTreeSet<String>,
    ) -> Option<Self> {
        let manifest = manifest.into();
        let (scheme, which, directories) = identity::recover_snapshot(id, &manifest, stored)?;
        Some(Self {
            id: id.clone(),
            manifest,
            directories,
            which,
            scheme,
        })
    }

    /// Takes the tree of a record that was proved to be the snapshot `id`.
    pub(super) fn of_snapshot(
        id: &ObjectId,
        record: &SnapshotRecord,
        scheme: SnapshotScheme,
    ) -> Self {
        Self {
            id: id.clone(),
            manifest: record.manifest.clone(),
            directories: record.directories.clone(),
            which: Directories::Stored,
            scheme,
        }
    }

    /// Returns the record of a snapshot that has this tree.
    pub(super) fn into_record(self, created_at: String) -> SnapshotRecord {
        SnapshotRecord {
            snapshot_id: self.id,
            manifest: self.manifest,
            directories: self.directories,
            created_at,
            rest: SnapshotRecord::fresh_rest(),
        }
    }

    /// Returns the files.
    #[must_use]
    pub const fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// Returns the directories that the id was made from.
    #[must_use]
    pub const fn directories(&self) -> &BTreeSet<String> {
        &self.directories
    }

    /// Returns which list of directories that is.
    #[must_use]
    pub const fn which(&self) -> Directories {
        self.which
    }

    /// Returns the formula that gives the id.
    #[must_use]
    pub const fn scheme(&self) -> SnapshotScheme {
        self.scheme
    }

    /// Returns files and directories to be changed: then they are no proved tree any more.
    #[must_use]
    pub fn into_parts(self) -> (Manifest, BTreeSet<String>) {
        (Arc::unwrap_or_clone(self.manifest), self.directories)
    }
}
