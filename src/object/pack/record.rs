//! The blob in a record, with its header or without.

use super::Record;
use crate::frame::{HEADER_WINDOW, decode_header};
use crate::identity::{BlobHasher, BlobScheme};
use crate::{Kind, ObjectId};
use bytes::Bytes;

/// Returns the bytes of the header at the start of a content of `length` bytes; 0 where it has none that fits.
fn header_len(start: &[u8], length: u64) -> usize {
    match decode_header(start) {
        Ok(header)
            if header.kind == Kind::Blob && header.announced == length - header.len as u64 =>
        {
            header.len
        }
        _ => 0,
    }
}

/// Returns the bytes that come right before the content of a record.
#[must_use]
pub fn head(record: &Record) -> Vec<u8> {
    [record.id.as_str().as_bytes(), &record.length.to_le_bytes()].concat()
}

/// Returns the bytes of the blob that a record's content may be, the likelier first: without its header, and whole.
pub fn contents(content: &Bytes) -> impl Iterator<Item = Bytes> {
    let header = header_len(content, content.len() as u64);
    let bare = (header > 0).then(|| content.slice(header..));
    bare.into_iter().chain([content.clone()])
}

/// Proves the blob in a record of known length as its content streams by, without holding it.
pub struct RecordHasher {
    length: u64,
    /// The first bytes, until they tell whether there is a header.
    start: Vec<u8>,
    header: usize,
    /// The blob behind the header.
    bare: Option<BlobHasher>,
    /// The content as it is.
    whole: Option<BlobHasher>,
}

impl RecordHasher {
    /// Starts the proof of a content of `length` bytes, which follow in parts.
    #[must_use]
    pub fn new(length: u64) -> Self {
        Self {
            length,
            start: Vec::new(),
            header: 0,
            bare: None,
            whole: None,
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        if let Some(whole) = &mut self.whole {
            whole.update(bytes);
            if let Some(bare) = &mut self.bare {
                bare.update(bytes);
            }
            return;
        }
        let taken = bytes.len().min(HEADER_WINDOW - self.start.len());
        let (first, rest) = bytes.split_at(taken);
        self.start.extend_from_slice(first);
        if self.start.len() == HEADER_WINDOW {
            self.begin();
            self.update(rest);
        }
    }

    /// Starts to hash, once the first bytes are there.
    fn begin(&mut self) {
        let start = std::mem::take(&mut self.start);
        self.header = header_len(&start, self.length);
        let mut whole = BlobHasher::new(self.length);
        whole.update(&start);
        self.whole = Some(whole);
        self.bare = (self.header > 0).then(|| {
            let mut bare = BlobHasher::new(self.length - self.header as u64);
            bare.update(&start[self.header..]);
            bare
        });
    }

    /// Returns what the content proves.
    #[must_use]
    pub fn finish(mut self, id: &ObjectId) -> RecordProof {
        if self.whole.is_none() {
            self.begin();
        }
        let header = self.header as u64;
        let tried = [(self.bare, header), (self.whole, 0)];
        let mut sha256 = [0; 32];
        for (hasher, header) in tried {
            let Some(hasher) = hasher else { continue };
            let digests = hasher.digests();
            sha256 = digests.raw;
            if let Some(scheme) = digests.scheme_of(id) {
                return RecordProof {
                    scheme: Some(scheme),
                    sha256,
                    header,
                };
            }
        }
        RecordProof {
            scheme: None,
            sha256,
            header: 0,
        }
    }
}

/// What a record's content proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordProof {
    /// The formula that gives the id; `None` where the content is not that blob.
    pub scheme: Option<BlobScheme>,
    /// Of the blob's own bytes.
    pub sha256: [u8; 32],
    /// Bytes of the header before them.
    pub header: u64,
}
