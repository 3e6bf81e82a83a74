//! Ids as the hub spells them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The digest that an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algo {
    Sha256,
}

impl Algo {
    /// Returns the word before the colon, and the folder in an object's key.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        "sha256"
    }
}

/// An id, kept as the row spells it so that the row can be found by it.
///
/// Three forms occur: `sha256:<64 hex>` (today), `<64 hex>` (client 0.1), and anything else, which
/// old server code made up and nothing can verify. Compare across forms with [`ObjectId::same`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectId(String);

impl ObjectId {
    /// Takes any text: an id that is malformed is a finding, not an error.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the id that clients write today for a digest.
    #[must_use]
    pub fn typed(digest: &[u8; 32]) -> Self {
        Self(format!("sha256:{}", hex::encode(digest)))
    }

    /// Returns the form of a digest in client 0.1: without a prefix.
    #[must_use]
    pub fn plain(digest: &[u8; 32]) -> Self {
        Self(hex::encode(digest))
    }

    /// Returns the text as stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the digest that the id names, if it holds one.
    #[must_use]
    pub fn algo(&self) -> Option<Algo> {
        self.hex().map(|_| Algo::Sha256)
    }

    /// Returns the 64 lowercase hex digits, if the id holds a digest.
    #[must_use]
    pub fn hex(&self) -> Option<&str> {
        let bare = self.bare();
        digest(bare).map(|_| bare)
    }

    /// Returns the id without its prefix: what the formulas call `hex(x)`, defined for every form.
    #[must_use]
    pub fn bare(&self) -> &str {
        bare(&self.0)
    }

    /// Returns the digest's 32 bytes, if the id holds one.
    #[must_use]
    pub fn digest(&self) -> Option<[u8; 32]> {
        digest(self.bare())
    }

    /// Returns whether both name the same digest, whatever their spelling; without a digest, the same text.
    #[must_use]
    pub fn same(&self, other: &ObjectId) -> bool {
        match (self.hex(), other.hex()) {
            (Some(a), Some(b)) => a == b,
            _ => self == other,
        }
    }

    /// Returns twelve digits for a list; an id without digest is cut to twelve characters.
    #[must_use]
    pub fn short(&self) -> &str {
        let bare = self.bare();
        let end = bare.char_indices().nth(12).map_or(bare.len(), |(i, _)| i);
        &bare[..end]
    }
}

/// Returns the text of an id without its prefix.
#[must_use]
pub fn bare(id: &str) -> &str {
    id.strip_prefix("sha256:").unwrap_or(id)
}

/// What each byte is worth as a digit; more than 15 for what is none.
const DIGITS: [u8; 256] = {
    let mut all = [0xff; 256];
    let mut digit = 0;
    while digit < 16 {
        all[b"0123456789abcdef"[digit] as usize] = digit as u8;
        digit += 1;
    }
    all
};

/// Returns the 32 bytes of 64 lowercase hexadecimal digits.
#[must_use]
pub fn digest(digits: &str) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = digits.as_bytes().try_into().ok()?;
    let (mut out, mut all) = ([0; 32], 0);
    for (byte, [high, low]) in out.iter_mut().zip(digits.as_chunks().0) {
        let (high, low) = (DIGITS[usize::from(*high)], DIGITS[usize::from(*low)]);
        all |= high | low;
        *byte = high << 4 | low;
    }
    (all <= 0xf).then_some(out)
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl From<&str> for ObjectId {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}
