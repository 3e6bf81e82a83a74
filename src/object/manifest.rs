//! Manifests (path → blob id) and the forms in which rows cache them.

use super::snapshot::manifest_from;
use super::{JsonError, MAX_PAYLOAD, ObjectId, RecordError, json};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How many entries a manifest may have.
pub const MAX_ENTRIES: usize = 1_000_000;

/// Path to blob id, sorted by the path's UTF-8 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest(BTreeMap<String, ObjectId>);

/// How a cached manifest is spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Json,
    Msgpack,
}

/// What changed against a parent's manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    pub add: BTreeMap<String, ObjectId>,
    pub remove: BTreeSet<String>,
}

/// Why a cached manifest or delta cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum ManifestError {
    #[error("the first byte is {0:#04x}: neither JSON nor a msgpack map")]
    UnknownEncoding(u8),
    #[error("{0} bytes, more than the 256 MiB that are read")]
    TooLarge(usize),
    #[error("more than {MAX_ENTRIES} entries")]
    TooManyEntries,
    #[error("the path {0:?} stands twice")]
    DuplicatePath(String),
    #[error("{0} bytes follow the end of the map")]
    TrailingBytes(usize),
    #[error("msgpack: {0}")]
    Msgpack(String),
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Manifest {
    /// An empty manifest.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Entries in the order of their paths' bytes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&String, &ObjectId)> {
        self.0.iter()
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The blob at `path`.
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

    /// The JSON object of the same map.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let entry = |(path, id): (&String, &ObjectId)| {
            (path.clone(), Value::String(id.as_str().to_owned()))
        };
        Value::Object(self.iter().map(entry).collect::<Map<_, _>>())
    }

    /// What a row caches: canonical JSON, never msgpack.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        json::canonical(&self.to_value()).into_bytes()
    }

    /// Reads a cache of either encoding, told apart by the first byte.
    ///
    /// # Errors
    /// Bytes that are neither, or that would need guessing (duplicates, trailing bytes).
    pub fn decode(bytes: &[u8]) -> Result<(Self, Encoding), ManifestError> {
        if bytes.len() > MAX_PAYLOAD {
            return Err(ManifestError::TooLarge(bytes.len()));
        }
        match bytes.first() {
            Some(b'{') => Ok((manifest_from(json::parse(bytes)?)?, Encoding::Json)),
            Some(0x80..=0x8f | 0xde | 0xdf) => {
                let pairs: Pairs = from_msgpack(bytes)?;
                Ok((Self(pairs.0), Encoding::Msgpack))
            }
            other => Err(ManifestError::UnknownEncoding(*other.unwrap_or(&0))),
        }
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

    /// Every folder that some path lies in.
    #[must_use]
    pub fn derived_directories(&self) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        for path in self.0.keys() {
            let mut rest = path.as_str();
            while let Some((folder, _)) = rest.rsplit_once('/') {
                if folder.is_empty() || !out.insert(folder.to_owned()) {
                    break;
                }
                rest = folder;
            }
        }
        out
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
        let parts: DeltaParts = from_msgpack(bytes)?;
        Ok(Self {
            add: parts.add.0,
            remove: parts.remove.into_iter().collect(),
        })
    }
}

#[derive(Deserialize)]
struct DeltaParts {
    #[serde(default, alias = "delta_add")]
    add: Pairs,
    #[serde(default, alias = "delta_remove")]
    remove: Vec<String>,
}

/// A map whose keys are all different: serde's own maps would keep the last of two silently.
#[derive(Default)]
struct Pairs(BTreeMap<String, ObjectId>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of path to blob id")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut out = BTreeMap::new();
        while let Some((path, id)) = map.next_entry::<String, String>()? {
            if out.len() == MAX_ENTRIES {
                return Err(serde::de::Error::custom(TOO_MANY));
            }
            if out.insert(path.clone(), ObjectId::new(id)).is_some() {
                return Err(serde::de::Error::custom(format!("{TWICE}{path}")));
            }
        }
        Ok(Pairs(out))
    }
}

const TWICE: &str = "twice:";
const TOO_MANY: &str = "too many entries";

/// Reads one msgpack value that must fill `bytes` exactly, at most 64 levels deep.
pub(crate) fn from_msgpack<T: serde::de::DeserializeOwned>(
    bytes: &[u8],
) -> Result<T, ManifestError> {
    let mut reader = rmp_serde::Deserializer::new(std::io::Cursor::new(bytes));
    reader.set_max_depth(64);
    let value = T::deserialize(&mut reader).map_err(|e| {
        let said = e.to_string();
        match said.strip_prefix(TWICE) {
            Some(path) => ManifestError::DuplicatePath(path.to_owned()),
            None if said == TOO_MANY => ManifestError::TooManyEntries,
            None => ManifestError::Msgpack(said),
        }
    })?;
    match bytes.len() - reader.position() as usize {
        0 => Ok(value),
        rest => Err(ManifestError::TrailingBytes(rest)),
    }
}
