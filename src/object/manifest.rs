//! Manifests (path → blob id) and the forms in which rows cache them.

pub(super) mod msgpack;
pub mod plain;

use super::{JsonError, MAX_PAYLOAD, ObjectId, RecordError, json, type_name};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The most entries that a manifest may have.
pub const MAX_ENTRIES: usize = 1_000_000;

/// Path to blob id, sorted by the path's UTF-8 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest(BTreeMap<String, ObjectId>);

/// The encoding of a cached manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Canonical JSON: what Luthier writes.
    Json,
    /// The encoding of old hubs.
    Msgpack,
}

/// The changes against a parent's manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    pub add: BTreeMap<String, ObjectId>,
    pub remove: BTreeSet<String>,
}

/// The reason why a cached manifest or delta cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum ManifestError {
    /// Its first byte, or none where there is no byte at all.
    #[error("{}: neither JSON nor a msgpack map", first_byte(*.0))]
    UnknownEncoding(Option<u8>),
    /// Its length in bytes.
    #[error("{0} bytes, more than the 256 MiB that are read")]
    TooLarge(usize),
    /// More than [`MAX_ENTRIES`], or as many paths removed.
    #[error("more than {MAX_ENTRIES} entries")]
    TooManyEntries,
    /// Two blobs at one path: which of them counts would be a guess.
    #[error("the path {0:?} occurs twice")]
    DuplicatePath(String),
    /// The number of bytes after the map.
    #[error("{0} bytes follow the end of the map")]
    TrailingBytes(usize),
    /// Whatever else makes the bytes no msgpack, in the words of its reader.
    #[error("msgpack: {0}")]
    Msgpack(String),
    /// JSON that is refused, or msgpack for what is refused in JSON too.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A value of another type than a manifest or delta holds.
    #[error(transparent)]
    Record(#[from] RecordError),
}

fn first_byte(byte: Option<u8>) -> String {
    byte.map_or("no bytes".into(), |byte| {
        format!("the first byte is {byte:#04x}")
    })
}

impl Manifest {
    /// Returns an empty manifest.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Entries in the order of their paths' bytes.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&String, &ObjectId)> {
        self.0.iter()
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the blob at `path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&ObjectId> {
        self.0.get(path)
    }

    /// Puts a blob at `path`, giving back what lay there.
    pub fn insert(&mut self, path: impl Into<String>, id: ObjectId) -> Option<ObjectId> {
        self.0.insert(path.into(), id)
    }

    /// Takes `path` out.
    pub fn remove(&mut self, path: &str) -> Option<ObjectId> {
        self.0.remove(path)
    }

    /// Returns the JSON object of the same map.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let entry = |(path, id): (&String, &ObjectId)| {
            (path.clone(), Value::String(id.as_str().to_owned()))
        };
        Value::Object(self.iter().map(entry).collect::<Map<_, _>>())
    }

    /// Encodes what a row caches: canonical JSON, never msgpack.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // Not by way of `to_value`, which copies every path. The map's order is that of the format.
        let mut out = String::from("{");
        for (n, (path, id)) in self.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            json::write_string(path, &mut out);
            out.push(':');
            json::write_string(id.as_str(), &mut out);
        }
        out.push('}');
        out.into_bytes()
    }

    /// Reads a cache of either encoding, told apart by the first byte.
    ///
    /// # Errors
    /// Bytes that are neither, or that would need guessing (duplicates, trailing bytes).
    pub fn decode(bytes: &[u8]) -> Result<(Self, Encoding), ManifestError> {
        if bytes.len() > MAX_PAYLOAD {
            return Err(ManifestError::TooLarge(bytes.len()));
        }
        if bytes.first() != Some(&b'{') {
            return Ok((msgpack::manifest(bytes)?, Encoding::Msgpack));
        }
        let manifest = match json::texts(bytes, ObjectId::new) {
            Some(entries) => Self(entries),
            // Whatever it is instead, in the words of the strict reader.
            None => manifest_from(json::parse(bytes)?)?,
        };
        if manifest.len() > MAX_ENTRIES {
            return Err(ManifestError::TooManyEntries);
        }
        Ok((manifest, Encoding::Json))
    }

    /// Applies a delta: removals first, then additions.
    pub fn apply(&mut self, delta: &Delta) {
        for path in &delta.remove {
            self.0.remove(path);
        }
        for (path, id) in &delta.add {
            self.0.insert(path.clone(), id.clone());
        }
    }

    /// Returns every folder that contains some path.
    #[must_use]
    pub fn derived_directories(&self) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        for path in self.0.keys() {
            let mut rest = path.as_str();
            while let Some((folder, _)) = rest.rsplit_once('/') {
                if folder.is_empty() || out.contains(folder) {
                    break; // then its parents are there too
                }
                out.insert(folder.to_owned());
                rest = folder;
            }
        }
        out
    }
}

impl From<BTreeMap<String, ObjectId>> for Manifest {
    fn from(entries: BTreeMap<String, ObjectId>) -> Self {
        Self(entries)
    }
}

impl FromIterator<(String, ObjectId)> for Manifest {
    fn from_iter<I: IntoIterator<Item = (String, ObjectId)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl Delta {
    /// Reads a `delta_blob`: a msgpack map with `delta_add` and `delta_remove`, or `add` and `remove`.
    ///
    /// # Errors
    /// Bytes that are no such map.
    pub fn decode(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MAX_PAYLOAD {
            return Err(ManifestError::TooLarge(bytes.len()));
        }
        msgpack::delta(bytes)
    }
}

/// Reads the JSON object of a manifest: paths and ids.
pub(crate) fn manifest_from(value: Value) -> Result<Manifest, RecordError> {
    let wrong = |value: &Value, key: &str, expected| RecordError::Type {
        key: key.to_owned(),
        expected,
        found: type_name(value),
    };
    let Value::Object(map) = value else {
        return Err(wrong(&value, "manifest", "an object"));
    };
    map.into_iter()
        .map(|(path, id)| match id {
            Value::String(id) => Ok((path, ObjectId::new(id))),
            other => Err(wrong(&other, &format!("manifest.{path}"), "a string")),
        })
        .collect()
}
