//! Names what is wrong with bytes that do not prove their id.

use super::evidence::{Encoded, Evidence, OtherKind, WrongBytes};
use luthier_object::legacy::{self, Wrapping};
use luthier_object::{CommitRecord, Kind, ObjectId, SnapshotRecord, frame, identity};

/// Returns the evidence for bytes that are refused or do not prove: `seen` is what was read of them.
#[must_use]
pub fn classify(kind: Kind, id: &ObjectId, bytes: &[u8], seen: WrongBytes) -> Evidence {
    if let Ok(found) = frame::decode(bytes)
        && found.kind != kind
    {
        return Evidence::ObjectKind(OtherKind {
            bytes: seen,
            header: found.kind.as_str().to_owned(),
        });
    }
    if let Some(layers) = sound_inside(kind, id, bytes) {
        let names: Vec<&str> = layers.into_iter().map(Wrapping::name).collect();
        return encoded(&names.join(" > "), seen);
    }
    Evidence::ObjectCorrupt(seen)
}

/// Returns the evidence for a sound object inside these wrappings.
#[must_use]
pub fn encoded(layers: &str, seen: WrongBytes) -> Evidence {
    Evidence::ObjectEncoded(Encoded {
        bytes: seen,
        wrapping: layers.to_owned(),
    })
}

/// Returns the `Content-Encoding` of an object, where its bytes cannot be unpacked here: then they are not known to be
/// corrupt.
#[must_use]
pub fn unpackable(encoding: Option<&str>) -> Option<&str> {
    let known = |word: &str| matches!(word.trim(), "gzip" | "x-gzip" | "zstd");
    encoding.filter(|encoding| !encoding.split(',').all(known))
}

/// Returns the wrappings around a content that proves the id.
fn sound_inside(kind: Kind, id: &ObjectId, bytes: &[u8]) -> Option<Vec<Wrapping>> {
    match kind {
        Kind::Blob => legacy::unwrap_blob(bytes)
            .into_iter()
            .find(|inner| identity::verify_blob(id, &inner.content).is_some())
            .map(|inner| inner.layers),
        Kind::Commit => {
            let inner = legacy::unwrap_record(bytes, kind)?;
            let record = CommitRecord::from_map(inner.content).ok()?;
            let proved = record.commit_id.same(id) && identity::verify_commit(&record).is_some();
            proved.then_some(inner.layers)
        }
        Kind::Snapshot => {
            let inner = legacy::unwrap_record(bytes, kind)?;
            let record = SnapshotRecord::from_map(inner.content).ok()?;
            let proved = record.snapshot_id.same(id)
                && identity::verify_snapshot(id, &record.manifest, &record.directories).is_some();
            proved.then_some(inner.layers)
        }
    }
}
