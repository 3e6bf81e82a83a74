//! Checks bytes against an id, and returns the record in them.

use crate::object::identity::{self, BlobScheme, CommitScheme, SnapshotScheme};
use crate::object::{CommitRecord, Kind, ObjectId, SnapshotRecord};

/// A record that reproduces its id, and the formula that did it. Of a blob nothing is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Proved {
    Commit(Box<CommitRecord>, CommitScheme),
    Snapshot(Box<SnapshotRecord>, SnapshotScheme),
    Blob(BlobScheme),
}

impl Proved {
    /// Returns the formula's name in reports.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        match self {
            Proved::Commit(_, scheme) => scheme.name(),
            Proved::Snapshot(_, scheme) => scheme.name(),
            Proved::Blob(scheme) => scheme.name(),
        }
    }
}

/// Proves that `bytes` (of a blob, its raw bytes) are the object `id`.
///
/// # Errors
/// Why they are not, in words.
pub fn prove(kind: Kind, id: &ObjectId, bytes: &[u8]) -> Result<Proved, String> {
    match kind {
        Kind::Blob => identity::verify_blob(id, bytes)
            .map(Proved::Blob)
            .ok_or_else(not_reproduced),
        Kind::Commit => prove_commit(id, CommitRecord::decode(bytes).map_err(|e| e.to_string())?),
        Kind::Snapshot => prove_snapshot(
            id,
            SnapshotRecord::decode(bytes).map_err(|e| e.to_string())?,
        ),
    }
}

/// Proves that a record is the commit `id`.
///
/// # Errors
/// Why it is not, in words.
pub fn prove_commit(id: &ObjectId, record: CommitRecord) -> Result<Proved, String> {
    if let Some(field) = identity::ambiguous_commit(&record) {
        return Err(format!(
            "a NUL in its {field} gives other records the same id"
        ));
    }
    if !record.commit_id.same(id) {
        return Err(format!("the object's header says {}", record.commit_id));
    }
    let scheme = identity::verify_commit(&record).ok_or_else(not_reproduced)?;
    Ok(Proved::Commit(Box::new(record), scheme))
}

/// Proves that a record is the snapshot `id`.
///
/// # Errors
/// Why it is not, in words.
pub fn prove_snapshot(id: &ObjectId, record: SnapshotRecord) -> Result<Proved, String> {
    if !record.snapshot_id.same(id) {
        return Err(format!("the object's header says {}", record.snapshot_id));
    }
    if identity::ambiguous_snapshot(&record.manifest, &record.directories).is_some() {
        return Err("a NUL in a path gives other trees the same id".to_owned());
    }
    let scheme = identity::verify_snapshot(id, &record.manifest, &record.directories)
        .ok_or_else(not_reproduced)?;
    Ok(Proved::Snapshot(Box::new(record), scheme))
}

fn not_reproduced() -> String {
    "the bytes do not match the id".to_owned()
}
