//! Packs: many blobs in one object of the store, as hubs keep them since June 2026.
//!
//! A *local pack* is a list of records; an *MPack* is a table of sections, of which those of type 1 are local packs.
//! Both start with `MUSE`, and both end in the sha256 of everything before. A pack's id is the sha256 of all its bytes.
//! Beside a local pack a client keeps an index ([`IndexReader`]); a hub keeps rows instead.
//!
//! Packs have up to 512 MiB and are never held whole: a [`Reader`] takes the bytes as they come and hands on the
//! records, each length checked against the bytes that are left before it is believed. A record holds a blob with its
//! header or without; [`RecordHasher`] and [`contents`] try both.
//!
//! ```
//! use luthier_object::{identity, pack};
//!
//! let id = identity::blob_id(b"la la");
//! let bytes = pack::Writer::default().with(&id, b"la la").finish();
//!
//! let mut found = Vec::new();
//! let mut reader = pack::Reader::new(bytes.len() as u64)?;
//! reader.feed(&bytes, |event| {
//!     if let pack::Event::Record(record) = event {
//!         found.push((record.id, record.offset, record.length));
//!     }
//! })?;
//! assert_eq!(reader.finish()?.id, pack::id_of(&bytes));
//! assert_eq!(found, [(id, 13 + 79, 5)]);
//! # Ok::<(), luthier_object::pack::PackError>(())
//! ```

mod index;
mod local;
mod reader;
mod record;
mod table;
mod write;

pub use index::IndexReader;
pub use reader::{Reader, Whole};
pub use record::{RecordHasher, RecordProof, contents, head};
pub use write::Writer;

use crate::ObjectId;
use sha2::{Digest, Sha256};

/// The largest pack that a hub takes: 512 MiB.
pub const MAX_PACK: u64 = 512 << 20;

/// The first bytes of every pack.
const MAGIC: &[u8; 4] = b"MUSE";

/// The version that is read and written.
const VERSION: u8 = 1;

/// Bytes of the sha256 at the end.
const FOOTER: u64 = 32;

/// Bytes of a record before its content: the id's text, and the length.
pub const RECORD_HEAD: u64 = 71 + 8;

/// A record of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub id: ObjectId,
    /// Bytes from the start of the whole pack to the content.
    pub offset: u64,
    /// Bytes of the content.
    pub length: u64,
}

/// A part of a pack, in the order of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A record begins; its content follows in parts.
    Record(Record),
    /// The next bytes of the record's content.
    Content(&'a [u8]),
    /// The record's content is complete.
    End,
}

/// The reason why bytes are no pack. Sizes, offsets and lengths are in bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    #[error("{0} bytes are too few for a pack")]
    TooShort(u64),
    #[error("the pack has {0} bytes, more than the 512 MiB of the largest")]
    TooLarge(u64),
    #[error("the first four bytes are not MUSE")]
    NoMagic,
    #[error("the first four bytes are not MUSI")]
    NoIndex,
    #[error("entry {0} is not in the order of ids")]
    Unsorted(u64),
    #[error("the pack has version {0}, and 1 is read")]
    OtherVersion(u8),
    #[error("the header announces {count} records, which {left} bytes cannot hold")]
    TooManyRecords { count: u64, left: u64 },
    #[error("the id of record {0} is not sha256: and 64 hex digits")]
    BadId(u64),
    #[error("record {record} announces {length} bytes, but {left} are left for it")]
    TooLong { record: u64, length: u64, left: u64 },
    #[error("{0} bytes follow the last record")]
    Trailing(u64),
    #[error("the sha256 at the end is not that of the bytes before it")]
    BadFooter,
    #[error("the pack should have {announced} bytes, but {came} came")]
    WrongLength { announced: u64, came: u64 },
}

/// Returns whether an object whose first bytes these are may be a pack.
#[must_use]
pub fn may_be(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}

/// Returns the id of a pack that is held whole.
#[must_use]
pub fn id_of(bytes: &[u8]) -> ObjectId {
    ObjectId::typed(&Sha256::digest(bytes).into())
}
