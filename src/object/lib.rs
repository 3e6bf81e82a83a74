//! Objects: bytes to records and back, and the proof that an id belongs to its record.
//!
//! Pure: nothing here reads a clock, a disk or a network. Every other module uses this one,
//! so each rule of the format has one home here and a golden case in `tests/vectors/`.
//!
//! ```
//! use luthier_object::{Kind, frame, identity};
//!
//! // An object is a header and a payload.
//! let bytes = frame::encode(Kind::Blob, b"la la");
//! assert_eq!(bytes, b"blob 5\0la la");
//!
//! // A reader checks the header, and then that the id belongs to the payload.
//! let read = frame::decode(&bytes)?;
//! let id = identity::blob_id(read.payload);
//! assert!(id.as_str().starts_with("sha256:"));
//! assert!(identity::verify_blob(&id, read.payload).is_some());
//! assert!(identity::verify_blob(&id, b"la lo").is_none());
//! # Ok::<(), luthier_object::FrameError>(())
//! ```

pub mod branch;
pub mod commit;
pub mod frame;
pub mod id;
pub mod identity;
pub mod json;
pub mod legacy;
pub mod manifest;
pub mod merge;
pub mod meta;
pub mod pack;
pub mod path;
pub mod proof;
pub mod signature;
pub mod snapshot;
#[cfg(any(test, feature = "testing"))]
pub mod tally;
pub mod time;
pub mod tree;

pub use commit::CommitRecord;
pub use frame::{Frame, FrameError};
pub use id::{Algo, ObjectId};
pub use json::JsonError;
pub use manifest::{Delta, Encoding, Manifest, ManifestError};
pub use proof::{Proof, ProofError, Proven, Record, Sealed};
pub use signature::Signature;
pub use snapshot::SnapshotRecord;
pub use tree::Tree;

use serde::{Deserialize, Serialize};

/// The largest payload that is read, written or unpacked: 256 MiB.
pub const MAX_PAYLOAD: usize = 256 << 20;

/// The kind of an object. The names are those in its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Commit,
    Snapshot,
    Blob,
}

impl Kind {
    /// Every kind, in the order of the table of formats.
    pub const ALL: [Kind; 3] = [Kind::Commit, Kind::Snapshot, Kind::Blob];

    /// Returns the word in an object's header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Commit => "commit",
            Kind::Snapshot => "snapshot",
            Kind::Blob => "blob",
        }
    }

    /// Returns the kind that a header's word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A record cannot be made from the JSON that a payload holds.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum RecordError {
    /// A key that every record has is not there.
    #[error("the key `{0}` is missing")]
    Missing(&'static str),
    /// A key holds a value of another type than the format gives it.
    #[error("the key `{key}` holds {found}, not {expected}")]
    Type {
        key: String,
        expected: &'static str,
        found: &'static str,
    },
}

/// Returns the JSON type of a value, in words for an error.
pub(crate) fn type_name(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Array(_) => "a list",
        serde_json::Value::Object(_) => "an object",
    }
}

#[cfg(test)]
#[path = "../../tests/object/branches.rs"]
mod branches;
#[cfg(test)]
#[path = "../../tests/object/frame_refusals.rs"]
mod frame_refusals;
#[cfg(test)]
#[path = "../../tests/object/golden.rs"]
mod golden;
#[cfg(test)]
#[path = "../../tests/object/json_refusals.rs"]
mod json_refusals;
#[cfg(test)]
#[path = "../../tests/object/msgpack_refusals.rs"]
mod msgpack_refusals;
#[cfg(test)]
#[path = "../../tests/object/packs.rs"]
mod packs;
#[cfg(test)]
#[path = "../../tests/object/paths.rs"]
mod paths;
#[cfg(test)]
#[path = "../../tests/object/proofs.rs"]
mod proofs;
#[cfg(test)]
#[path = "../../tests/object/properties.rs"]
mod properties;
#[cfg(test)]
#[path = "../../tests/object/records.rs"]
mod records;
#[cfg(test)]
#[path = "../../tests/object/recovery.rs"]
mod recovery;
#[cfg(test)]
#[path = "../../tests/object/times.rs"]
mod times;
#[cfg(test)]
#[path = "../../tests/object/wrappings.rs"]
mod wrappings;
