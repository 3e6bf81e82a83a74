//! The snapshot record.

use super::commit::{required, text};
use super::manifest::manifest_from;
use super::{FrameError, Kind, Manifest, ObjectId, RecordError, frame, json, type_name};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A snapshot as its payload states it.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotRecord {
    pub snapshot_id: ObjectId,
    /// Path to blob id, sorted by the path's bytes; trees that are taken from the record share it.
    pub manifest: Arc<Manifest>,
    /// Sorted; holds empty directories too, so it cannot be derived from the manifest.
    pub directories: BTreeSet<String>,
    /// ISO-8601 with offset, kept as written.
    pub created_at: String,
    /// Every other key: `schema_version`, `note`, and what the format does not know.
    pub rest: Map<String, Value>,
}

impl SnapshotRecord {
    /// Reads a record from a payload's object.
    ///
    /// # Errors
    /// A required key that is missing, or a key of another type than the format's.
    pub fn from_map(mut map: Map<String, Value>) -> Result<Self, RecordError> {
        let snapshot_id = ObjectId::new(required(&mut map, "snapshot_id")?);
        let manifest = match map.remove("manifest") {
            None => return Err(RecordError::Missing("manifest")),
            Some(value) => manifest_from(value)?,
        };
        let directories = match map.remove("directories") {
            None => BTreeSet::new(),
            Some(value) => directories_from(value)?,
        };
        let created_at = text(&mut map, "created_at")?.unwrap_or_default();
        check_rest(&map)?;
        Ok(Self {
            snapshot_id,
            manifest: Arc::new(manifest),
            directories,
            created_at,
            rest: map,
        })
    }

    /// Reads a canonical snapshot.
    ///
    /// # Errors
    /// Whatever makes the bytes no canonical snapshot, named.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let record = Self::from_map(frame::decode_json(bytes, Kind::Snapshot)?)?;
        #[cfg(any(test, feature = "testing"))]
        super::tally::decoded(Kind::Snapshot, &record.snapshot_id);
        Ok(record)
    }

    /// Returns the payload's object.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        let mut map = self.without_tree();
        map.insert("manifest".into(), self.manifest.to_value());
        map.insert("directories".into(), json!(self.directories));
        map
    }

    /// Returns the payload's object without `manifest` and `directories`.
    #[must_use]
    pub fn without_tree(&self) -> Map<String, Value> {
        let mut map = self.rest.clone();
        map.insert("snapshot_id".into(), json!(self.snapshot_id.as_str()));
        map.insert("created_at".into(), json!(self.created_at));
        map
    }

    /// Returns the canonical object.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let payload = json::canonical(&Value::Object(self.to_map()));
        frame::encode(Kind::Snapshot, payload.as_bytes())
    }

    /// Returns the fields that Luthier adds to a record that it makes itself.
    #[must_use]
    pub fn fresh_rest() -> Map<String, Value> {
        let mut rest = Map::new();
        rest.insert("schema_version".into(), json!(1));
        rest.insert("note".into(), json!(""));
        rest
    }
}

/// Checks the types of the keys that the format knows, where they are present.
fn check_rest(map: &Map<String, Value>) -> Result<(), RecordError> {
    let fits = |key: &str, value: &Value| match key {
        "schema_version" => value.is_i64() || value.is_u64(),
        _ => value.is_string(),
    };
    for (key, expected) in [("schema_version", "an integer"), ("note", "a string")] {
        if let Some(value) = map.get(key).filter(|value| !fits(key, value)) {
            return Err(RecordError::Type {
                key: key.to_owned(),
                expected,
                found: type_name(value),
            });
        }
    }
    Ok(())
}

/// Returns a list of paths, or an object whose keys are the paths.
///
/// # Errors
/// Any other value, or a list that holds more than texts.
pub fn directories_from(value: Value) -> Result<BTreeSet<String>, RecordError> {
    match value {
        Value::Object(map) => Ok(map.into_iter().map(|(path, _)| path).collect()),
        Value::Array(list) => list
            .into_iter()
            .map(|item| match item {
                Value::String(path) => Ok(path),
                other => Err(RecordError::Type {
                    key: "directories".into(),
                    expected: "a list of strings",
                    found: type_name(&other),
                }),
            })
            .collect(),
        other => Err(RecordError::Type {
            key: "directories".into(),
            expected: "a list",
            found: type_name(&other),
        }),
    }
}
