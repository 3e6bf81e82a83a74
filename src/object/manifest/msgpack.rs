//! msgpack as old hubs wrote it: read as strictly as JSON is, and never written.
//!
//! `rmp-serde` by itself accepts what follows the value, keeps the last of two equal keys and
//! reads a struct from a list, so each of these is looked for here.

use super::{Delta, MAX_ENTRIES, Manifest, ManifestError};
use crate::json::{self, MAX_DEPTH};
use crate::{JsonError, ObjectId, RecordError};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Cursor;

type Reader<'b> = rmp_serde::Deserializer<rmp_serde::decode::ReadReader<Cursor<&'b [u8]>>>;

/// The reason why a seed stopped. It travels here and not in the format's error, whose text a hostile path could
/// imitate.
type Refusal = RefCell<Option<ManifestError>>;

/// Returns whether a msgpack map starts with `byte`. None of these starts a JSON text.
pub(crate) const fn starts_map(byte: u8) -> bool {
    matches!(byte, 0x80..=0x8f | 0xde | 0xdf)
}

/// Reads one value of any type.
pub(crate) fn value(bytes: &[u8]) -> Result<Value, ManifestError> {
    let mut reader = reader(bytes);
    let value = json::value(&mut reader, |e| ManifestError::Msgpack(e.to_string()))?;
    at_end(&reader, bytes)?;
    Ok(value)
}

/// Reads a map of path to blob id.
pub(crate) fn manifest(bytes: &[u8]) -> Result<Manifest, ManifestError> {
    let refusal = Refusal::default();
    read(bytes, &refusal, Entries(&refusal)).map(Manifest::from)
}

/// Reads a map of what was added and what was removed.
pub(crate) fn delta(bytes: &[u8]) -> Result<Delta, ManifestError> {
    let refusal = Refusal::default();
    read(bytes, &refusal, Changes(&refusal))
}

fn reader(bytes: &[u8]) -> Reader<'_> {
    let mut reader = rmp_serde::Deserializer::new(Cursor::new(bytes));
    // It refuses the level at which its count reaches zero.
    reader.set_max_depth(MAX_DEPTH + 1);
    reader
}

/// Reads one map that fills `bytes`.
fn read<'b, S: DeserializeSeed<'b>>(
    bytes: &'b [u8],
    refusal: &Refusal,
    seed: S,
) -> Result<S::Value, ManifestError> {
    match bytes.first() {
        Some(first) if starts_map(*first) => {}
        other => return Err(ManifestError::UnknownEncoding(other.copied())),
    }
    let mut reader = reader(bytes);
    let value = seed.deserialize(&mut reader).map_err(|e| {
        let named = refusal.take();
        named.unwrap_or_else(|| ManifestError::Msgpack(e.to_string()))
    })?;
    at_end(&reader, bytes)?;
    Ok(value)
}

fn at_end(reader: &Reader<'_>, bytes: &[u8]) -> Result<(), ManifestError> {
    match bytes.len() as u64 - reader.position() {
        0 => Ok(()),
        rest => Err(ManifestError::TrailingBytes(rest as usize)),
    }
}

fn refuse<E: Error>(refusal: &Refusal, why: ManifestError) -> E {
    let error = E::custom(&why);
    *refusal.borrow_mut() = Some(why);
    error
}

/// A map of path to blob id, without a path that occurs twice.
struct Entries<'r>(&'r Refusal);

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = BTreeMap<String, ObjectId>;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = BTreeMap<String, ObjectId>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of path to blob id")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut out = BTreeMap::new();
        while let Some((path, id)) = entries.next_entry::<String, String>()? {
            if out.contains_key(&path) {
                return Err(refuse(self.0, ManifestError::DuplicatePath(path)));
            }
            if out.len() == MAX_ENTRIES {
                return Err(refuse(self.0, ManifestError::TooManyEntries));
            }
            out.insert(path, ObjectId::new(id));
        }
        Ok(out)
    }
}

/// A list of paths. One that occurs twice is removed once: nothing has to be guessed.
struct Paths<'r>(&'r Refusal);

impl<'de> DeserializeSeed<'de> for Paths<'_> {
    type Value = BTreeSet<String>;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Paths<'_> {
    type Value = BTreeSet<String>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of paths")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut paths: A) -> Result<Self::Value, A::Error> {
        let mut out = BTreeSet::new();
        while let Some(path) = paths.next_element()? {
            out.insert(path);
            if out.len() > MAX_ENTRIES {
                return Err(refuse(self.0, ManifestError::TooManyEntries));
            }
        }
        Ok(out)
    }
}

/// A delta. Keys that it does not know are skipped; a map with none that it knows is no delta.
struct Changes<'r>(&'r Refusal);

impl<'de> DeserializeSeed<'de> for Changes<'_> {
    type Value = Delta;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Delta, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Changes<'_> {
    type Value = Delta;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map with `delta_add` and `delta_remove`")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut parts: A) -> Result<Delta, A::Error> {
        let (mut add, mut remove) = (None, None);
        while let Some(key) = parts.next_key::<String>()? {
            let twice = match key.as_str() {
                "delta_add" | "add" => {
                    let entries = parts.next_value_seed(Entries(self.0))?;
                    add.replace(entries).is_some()
                }
                "delta_remove" | "remove" => {
                    let paths = parts.next_value_seed(Paths(self.0))?;
                    remove.replace(paths).is_some()
                }
                _ => parts.next_value::<IgnoredAny>().map(|_| false)?,
            };
            if twice {
                let why = JsonError::DuplicateKey { key };
                return Err(refuse(self.0, why.into()));
            }
        }
        if add.is_none() && remove.is_none() {
            let why = RecordError::Missing("delta_add");
            return Err(refuse(self.0, why.into()));
        }
        Ok(Delta {
            add: add.unwrap_or_default(),
            remove: remove.unwrap_or_default(),
        })
    }
}
