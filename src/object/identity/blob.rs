//! Blobs: checked by the hash of their bytes.

use super::{framed, sha256};
use crate::{Kind, ObjectId, frame};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A formula that blobs' ids were made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlobScheme {
    /// sha256 of `blob <n>⏚` + bytes.
    Typed,
    /// sha256 of the bytes.
    Raw,
}

type Formula = fn(&[u8]) -> [u8; 32];

/// Tried in this order.
const SCHEMES: [(BlobScheme, Formula); 2] = [
    (BlobScheme::Typed, |bytes| framed(Kind::Blob, bytes)),
    (BlobScheme::Raw, sha256),
];

impl BlobScheme {
    /// Returns the scheme's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            BlobScheme::Typed => "typed",
            BlobScheme::Raw => "raw",
        }
    }

    /// Returns the id that the scheme's clients wrote for `digest`.
    fn spell(self, digest: &[u8; 32]) -> ObjectId {
        match self {
            BlobScheme::Typed => ObjectId::typed(digest),
            BlobScheme::Raw => ObjectId::plain(digest),
        }
    }
}

/// Returns the scheme under which `bytes` give `id`.
#[must_use]
pub fn verify_blob(id: &ObjectId, bytes: &[u8]) -> Option<BlobScheme> {
    #[cfg(any(test, feature = "testing"))]
    crate::tally::hashed(Kind::Blob, id);
    fitting(id, bytes)
}

fn fitting(id: &ObjectId, bytes: &[u8]) -> Option<BlobScheme> {
    let digest = id.digest()?;
    SCHEMES
        .iter()
        .find(|(_, formula)| formula(bytes) == digest)
        .map(|(scheme, _)| *scheme)
}

/// Returns each scheme with the id that it gives `bytes`, in the order in which they are tried.
#[must_use]
pub fn blob_trials(bytes: &[u8]) -> Vec<(BlobScheme, ObjectId)> {
    SCHEMES
        .iter()
        .map(|(scheme, formula)| (*scheme, scheme.spell(&formula(bytes))))
        .collect()
}

/// Returns the `typed` id of a blob: what every new blob gets.
#[must_use]
pub fn blob_id(bytes: &[u8]) -> ObjectId {
    ObjectId::typed(&framed(Kind::Blob, bytes))
}

/// Returns whether `id` is that of the blob without bytes, under any scheme.
#[must_use]
pub fn is_empty_blob(id: &ObjectId) -> bool {
    fitting(id, b"").is_some()
}

/// Proves a blob of known length as it streams by, without holding it.
pub struct BlobHasher {
    typed: Sha256,
    raw: Sha256,
}

impl BlobHasher {
    /// Starts the hash of a blob of `size` bytes, which follow in parts.
    #[must_use]
    pub fn new(size: u64) -> Self {
        let mut typed = Sha256::new();
        typed.update(frame::header(Kind::Blob, size));
        Self {
            typed,
            raw: Sha256::new(),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.typed.update(bytes);
        self.raw.update(bytes);
    }

    /// Returns the scheme under which all bytes give `id`.
    #[must_use]
    pub fn finish(self, id: &ObjectId) -> Option<BlobScheme> {
        self.finish_with_sha256(id).0
    }

    /// Returns the same, and the sha256 of the bytes themselves.
    #[must_use]
    pub fn finish_with_sha256(self, id: &ObjectId) -> (Option<BlobScheme>, [u8; 32]) {
        #[cfg(any(test, feature = "testing"))]
        crate::tally::hashed(Kind::Blob, id);
        let digests = self.digests();
        (digests.scheme_of(id), digests.raw)
    }

    /// Returns the digests of all bytes.
    #[must_use]
    pub fn digests(self) -> BlobDigests {
        BlobDigests {
            typed: self.typed.finalize().into(),
            raw: self.raw.finalize().into(),
        }
    }
}

/// The digests that a blob's bytes have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobDigests {
    pub typed: [u8; 32],
    /// sha256 of the bytes themselves.
    pub raw: [u8; 32],
}

impl BlobDigests {
    /// Returns the scheme under which they give `id`.
    #[must_use]
    pub fn scheme_of(&self, id: &ObjectId) -> Option<BlobScheme> {
        match id.digest() {
            Some(digest) if digest == self.typed => Some(BlobScheme::Typed),
            Some(digest) if digest == self.raw => Some(BlobScheme::Raw),
            _ => None,
        }
    }
}
