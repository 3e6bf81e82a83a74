//! Writes what old code wrote: Luthier itself writes none of these.

use flate2::{Compression, write::ZlibEncoder};
use luthier_object::frame;
use luthier_object::{Manifest, ObjectId};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

#[derive(Serialize)]
struct Delta<'m> {
    delta_add: BTreeMap<&'m str, &'m str>,
    delta_remove: Vec<&'m str>,
}

/// Returns the `delta_blob` that turns `before` into `after`.
pub(super) fn delta(before: &Manifest, after: &Manifest) -> Vec<u8> {
    let changed = |(path, id): &(&String, &ObjectId)| before.get(path) != Some(*id);
    let delta = Delta {
        delta_add: after
            .iter()
            .filter(changed)
            .map(|(path, id)| (path.as_str(), id.as_str()))
            .collect(),
        delta_remove: before
            .iter()
            .map(|(path, _)| path.as_str())
            .filter(|path| after.get(path).is_none())
            .collect(),
    };
    rmp_serde::to_vec_named(&delta).unwrap_or_default()
}

/// Returns a `manifest_blob` in msgpack.
pub(super) fn packed(manifest: &Manifest) -> Vec<u8> {
    let map: BTreeMap<&str, &str> = manifest
        .iter()
        .map(|(path, id)| (path.as_str(), id.as_str()))
        .collect();
    rmp_serde::to_vec(&map).unwrap_or_default()
}

/// Returns an object's payload: bare JSON.
pub(super) fn bare(object: &[u8]) -> Vec<u8> {
    frame::decode(object).map_or_else(|_| object.to_vec(), |frame| frame.payload.to_vec())
}

/// Returns an object's payload as a msgpack map.
pub(super) fn msgpack(object: &[u8]) -> Vec<u8> {
    serde_json::from_slice::<serde_json::Value>(&bare(object))
        .ok()
        .and_then(|value| rmp_serde::to_vec(&value).ok())
        .unwrap_or_default()
}

/// Returns an object's payload behind the header of two bytes: a type and a version.
pub(super) fn two_byte(kind: u8, object: &[u8]) -> Vec<u8> {
    let mut out = vec![kind, 1];
    out.extend(bare(object));
    out
}

/// Compresses a whole object with zlib.
pub(super) fn zlib(object: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Neither fails: the sink is memory.
    let _ = encoder.write_all(object);
    encoder.finish().unwrap_or_default()
}

/// Compresses a whole object with zstd.
pub(super) fn zstd(object: &[u8]) -> Vec<u8> {
    compress_to_vec(object, CompressionLevel::Fastest)
}
