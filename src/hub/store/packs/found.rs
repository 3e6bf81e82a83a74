//! What the search for a blob brings to light: where it lies, what its bytes prove, and what was wrong on the way.

use super::place::PackObject;
use crate::backend::{InPack, Key, Meta};
use crate::index::PackedRow;
use crate::index::audit_scratch::PackedRecord;
use bytes::Bytes;
use luthier_object::identity::BlobScheme;
use luthier_object::pack::RecordProof;

/// The first bytes of a blob that are handed on with what is known of it: 64 KiB.
const SHOWN: usize = 64 << 10;

/// The source of a blob's range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundIn {
    /// `content_cache` in its row.
    Row,
    /// The range in its URI.
    Uri,
    /// A row of the index.
    Index,
    /// The pack, read to its end.
    Pack,
}

impl FoundIn {
    /// Returns where a blob was read, in words; `pack` is the key of the pack that has it.
    #[must_use]
    pub fn words(self, pack: Option<&Key>) -> String {
        let Some(pack) = pack.filter(|_| self != FoundIn::Row) else {
            return "in content_cache of its row".to_owned();
        };
        match self {
            FoundIn::Uri => format!("in {pack}, where its URI says"),
            FoundIn::Index => format!("in {pack}, where the index says"),
            FoundIn::Row | FoundIn::Pack => format!("in {pack}, which was read to find it"),
        }
    }
}

/// A range of a pack in the store. Bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub key: Key,
    pub offset: u64,
    pub length: u64,
}

/// The reason why a range does not hold its blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeFault {
    #[error("there is no such pack")]
    NoPack,
    #[error("it is no range")]
    NoRange,
    #[error("it leaves the pack")]
    LeavesPack,
    #[error("the bytes do not match the id")]
    OtherBytes,
}

/// A blob that was read and proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadBlob {
    /// Bytes.
    pub size: u64,
    pub sha256: [u8; 32],
    /// The formula that gives the id.
    pub scheme: BlobScheme,
    /// The first bytes; none of a blob that is too large to be held.
    pub start: Bytes,
}

/// A range that is named for a blob and does not hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongRange {
    pub from: FoundIn,
    /// The 64 digits of the pack; empty for the row's own cache.
    pub pack: String,
    /// Bytes.
    pub offset: i64,
    pub length: i64,
    pub why: RangeFault,
}

/// The pack that a row names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackState {
    /// Neither a HEAD nor a listing finds it.
    Absent,
    There(PackObject),
}

/// Everything that the search for a blob brought to light.
#[derive(Clone, Debug)]
pub struct PackSearch {
    /// The pack that the row names.
    pub pack: PackState,
    /// The index has a row of the blob.
    pub is_indexed: bool,
    /// Where the blob lies: proved, or where no bytes were to be read, in a range that fits its pack.
    pub found: Option<FoundIn>,
    /// The pack that has it, where its bytes were read from one.
    pub pack_key: Option<Key>,
    /// Bytes of the range that was found.
    pub length: u64,
    /// The blob, where its bytes were read.
    pub blob: Option<ReadBlob>,
    /// Ranges that are named for it, and leave their pack or hold other bytes.
    pub wrong: Vec<WrongRange>,
    pub(super) located: Option<Located>,
}

/// The bytes of a blob.
#[derive(Clone, Debug)]
pub(super) enum Located {
    Held(Meta, Bytes),
    At(Range),
}

impl PackSearch {
    pub(super) fn take(&mut self, found: FoundIn, pack: Option<&Key>, length: u64, read: Read) {
        self.blob = read.blob();
        (self.found, self.length) = (Some(found), length);
        self.pack_key = pack.cloned();
        self.located = Some(read.located);
    }

    /// Takes what a whole pack proved.
    pub(super) fn take_proved(&mut self, found: FoundIn, record: &PackedRecord) {
        self.blob = Some(ReadBlob {
            size: record.size(),
            sha256: record.sha256,
            scheme: record.scheme,
            start: Bytes::new(),
        });
        (self.found, self.length) = (Some(found), record.length.into());
    }

    /// Returns the blob's bytes, or, where nothing proves, those that a client would get.
    pub(super) fn into_located(self) -> Option<Located> {
        self.located
    }
}

/// How closely a blob is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Look {
    /// The index and the places of packs alone.
    Places,
    /// Its bytes, or what its whole pack proved of them in this run.
    Proof,
    /// Its bytes.
    Bytes,
}

/// A range that is named for a blob.
pub(super) struct Named {
    pub from: FoundIn,
    pub pack: String,
    pub offset: Option<i64>,
    pub length: Option<i64>,
}

impl Named {
    /// Returns whether a record of a pack lies exactly there.
    pub(super) fn is_at(&self, record: &PackedRecord) -> bool {
        let range = (Some(record.offset.into()), Some(record.length.into()));
        range == (self.offset, self.length) && self.pack == hex::encode(record.pack)
    }
}

/// What a range holds.
pub(super) struct Read {
    pub located: Located,
    pub proof: RecordProof,
}

impl Read {
    pub(super) const fn is_proved(&self) -> bool {
        self.proof.scheme.is_some()
    }

    /// Returns the blob, where the bytes prove.
    fn blob(&self) -> Option<ReadBlob> {
        let (size, start) = match &self.located {
            Located::Held(_, bytes) => (bytes.len() as u64, bytes.clone()),
            Located::At(range) => (range.length, Bytes::new()),
        };
        Some(ReadBlob {
            size,
            sha256: self.proof.sha256,
            scheme: self.proof.scheme?,
            start: start.slice(..start.len().min(SHOWN)),
        })
    }
}

/// Returns the ranges that are named for a blob: by its URI, then by the index, in the row's own pack first.
pub(super) fn named(place: &InPack, mut rows: Vec<PackedRow>) -> Vec<Named> {
    let own = place.range.map(|(offset, length)| Named {
        from: FoundIn::Uri,
        pack: place.pack.clone(),
        offset: i64::try_from(offset).ok(),
        length: i64::try_from(length).ok(),
    });
    rows.sort_by_key(|row| row.pack() != Some(place.pack.as_str()));
    let indexed = rows.iter().map(|row| Named {
        from: FoundIn::Index,
        pack: row.pack().unwrap_or_default().to_owned(),
        offset: row.offset,
        length: row.length,
    });
    own.into_iter().chain(indexed).collect()
}
