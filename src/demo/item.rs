//! One row with its object, before either is written: a fault is a field that says something else.

use bytes::Bytes;
use luthier_hub::backend::Key;
use luthier_hub::index::{BlobRow, CommitRow, NewRows, SnapshotRow};
use luthier_object::{Kind, ObjectId};

/// A row to be added and the object that belongs to it.
pub(super) struct Item<R> {
    pub id: ObjectId,
    pub row: R,
    /// The row is written.
    pub recorded: bool,
    /// The canonical object; of a blob, its bytes.
    pub bytes: Bytes,
    pub place: Placement,
    pub pointer: Pointer,
    /// The repositories that hold the row, by `repo_id`.
    pub holders: Vec<String>,
}

/// The place of the object.
pub(super) enum Placement {
    /// Proved and read back, under its own key.
    Proved,
    Nowhere,
    /// Other bytes under its own key.
    Spoiled(Vec<u8>),
    /// Its own bytes under another key.
    At(Key),
}

/// The value of the row's pointer to its object.
pub(super) enum Pointer {
    /// Its own key.
    Own,
    Null,
    At(Key),
    /// Any text.
    Text(String),
}

/// A row of one of the three kinds.
pub(super) trait Row {
    const KIND: Kind;

    /// Sets `storage_uri`.
    fn point(&mut self, uri: Option<String>);

    /// Joins the rows to be added.
    fn join(self, rows: &mut NewRows);
}

impl<R: Row> Item<R> {
    /// Returns a row and its object as they should be.
    pub(super) fn sound(id: ObjectId, row: R, bytes: Vec<u8>, holder: &str) -> Self {
        Self {
            id,
            row,
            recorded: true,
            bytes: bytes.into(),
            place: Placement::Proved,
            pointer: Pointer::Own,
            holders: vec![holder.to_owned()],
        }
    }

    /// Removes object and storage_uri, as before objects were stored.
    pub(super) fn unstore(&mut self) {
        self.place = Placement::Nowhere;
        self.pointer = Pointer::Null;
    }

    /// Writes the object only, not the row.
    pub(super) fn unrecord(&mut self) {
        self.recorded = false;
        self.holders.clear();
    }

    /// Writes neither row nor object.
    pub(super) fn vanish(&mut self) {
        self.unrecord();
        self.place = Placement::Nowhere;
    }
}

impl Row for CommitRow {
    const KIND: Kind = Kind::Commit;

    fn point(&mut self, uri: Option<String>) {
        self.storage_uri = uri;
    }

    fn join(self, rows: &mut NewRows) {
        rows.commits.push(self);
    }
}

impl Row for SnapshotRow {
    const KIND: Kind = Kind::Snapshot;

    fn point(&mut self, uri: Option<String>) {
        self.storage_uri = uri;
    }

    fn join(self, rows: &mut NewRows) {
        rows.snapshots.push(self);
    }
}

impl Row for BlobRow {
    const KIND: Kind = Kind::Blob;

    fn point(&mut self, uri: Option<String>) {
        self.storage_uri = uri;
    }

    fn join(self, rows: &mut NewRows) {
        rows.blobs.push(self);
    }
}
