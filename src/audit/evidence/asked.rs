//! What others ask of evidence, whatever its code.

use super::Evidence;
use serde_json::{Map, Value};

impl Evidence {
    /// Returns the fields as they are written, sorted by name.
    #[must_use]
    pub fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }

    /// Returns the keys, beside the one that new objects get, that may hold the object.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let keys: &[String] = match self {
            Evidence::UriUnlinked(seen) => &seen.found,
            Evidence::ObjectMisplaced(seen) => &seen.found,
            Evidence::ObjectMissing(seen) => seen.found.as_deref().unwrap_or_default(),
            Evidence::RowMissing(seen) | Evidence::BlobEmptyMissing(seen) => {
                seen.found.as_deref().unwrap_or_default()
            }
            Evidence::UriRefused(seen) => seen.found.as_deref().unwrap_or_default(),
            Evidence::ObjectCorrupt(seen) => &seen.copies,
            Evidence::ObjectEncoded(seen) => &seen.bytes.copies,
            Evidence::ObjectKind(seen) => &seen.bytes.copies,
            _ => &[],
        };
        keys.iter().map(String::as_str)
    }

    /// Returns the path of a blob, where its row tells it.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Evidence::UriMissing(seen) => seen.path.as_deref(),
            Evidence::UriUnlinked(seen) => seen.path.as_deref(),
            Evidence::ObjectMissing(seen) => seen.path.as_deref(),
            Evidence::IdMalformed(seen) => seen.path.as_deref(),
            Evidence::UriRefused(seen) => seen.path.as_deref(),
            Evidence::SizeWrong(seen) => Some(&seen.path),
            _ => None,
        }
    }

    /// Returns whether the blob's row keeps bytes that match the id.
    #[must_use]
    pub const fn is_cached(&self) -> bool {
        matches!(self, Evidence::UriMissing(seen) if seen.cached)
    }

    /// Returns the row that names an id without row, or one that another repository holds.
    #[must_use]
    pub fn named_by(&self) -> Option<&str> {
        match self {
            Evidence::RowMissing(seen) | Evidence::BlobEmptyMissing(seen) => {
                seen.named_by.as_deref()
            }
            Evidence::RowElsewhere(seen) => Some(&seen.named_by),
            _ => None,
        }
    }
}
