//! The index that a client keeps beside a local pack (`.idx`), read as its bytes come.

use super::{FOOTER, PackError, Record, VERSION};
use crate::ObjectId;
use sha2::{Digest, Sha256};

/// The first bytes of every index.
const MAGIC: &[u8; 4] = b"MUSI";

/// Bytes before the first entry: magic, version, and the number of entries.
const HEAD: u64 = 13;

/// Bytes of an entry: the id's text, the offset of its content, and the length.
const ENTRY: u64 = 71 + 8 + 8;

/// Reads an index of known size as its bytes come. Its entries count once [`IndexReader::finish`] proved the footer, and even then they
/// are what the index says, not what the pack holds.
pub struct IndexReader {
    size: u64,
    /// Bytes read so far.
    at: u64,
    /// The bytes of a head, entry or footer that came so far: 87 at most.
    held: Vec<u8>,
    count: Option<u64>,
    entries: u64,
    /// The id of the entry before.
    last: Option<ObjectId>,
    hash: Sha256,
}

impl IndexReader {
    /// Starts an index of `size` bytes.
    ///
    /// # Errors
    /// No index has this size.
    pub fn new(size: u64) -> Result<Self, PackError> {
        if size < HEAD + FOOTER {
            return Err(PackError::TooShort(size));
        }
        Ok(Self {
            size,
            at: 0,
            held: Vec::new(),
            count: None,
            entries: 0,
            last: None,
            hash: Sha256::new(),
        })
    }

    /// Takes the next bytes, and hands on the entries that they complete.
    ///
    /// # Errors
    /// They are not those of an index.
    pub fn feed(&mut self, mut bytes: &[u8], mut on: impl FnMut(Record)) -> Result<(), PackError> {
        let came = self.at + bytes.len() as u64;
        if came > self.size {
            return Err(PackError::WrongLength {
                announced: self.size,
                came,
            });
        }
        while !bytes.is_empty() {
            let wanted = match self.count {
                None => HEAD,
                Some(count) if self.entries < count => ENTRY,
                Some(_) => FOOTER,
            };
            let missing = usize::try_from(wanted).unwrap_or(usize::MAX) - self.held.len();
            let (taken, rest) = bytes.split_at(bytes.len().min(missing));
            bytes = rest;
            self.held.extend_from_slice(taken);
            self.at += taken.len() as u64;
            if taken.len() == missing {
                let held = std::mem::take(&mut self.held);
                self.take(&held, &mut on)?;
            }
        }
        Ok(())
    }

    /// Takes a whole head, entry or footer.
    fn take(&mut self, held: &[u8], on: &mut impl FnMut(Record)) -> Result<(), PackError> {
        match self.count {
            None => self.count = Some(self.head(held)?),
            Some(count) if self.entries < count => {
                let entry = self.entry(held)?;
                self.last = Some(entry.id.clone());
                self.entries += 1;
                on(entry);
            }
            Some(_) if self.hash.clone().finalize().as_slice() != held => {
                return Err(PackError::BadFooter);
            }
            Some(_) => return Ok(()),
        }
        self.hash.update(held);
        Ok(())
    }

    /// Returns the number of entries, once they are known to fill the index.
    fn head(&self, held: &[u8]) -> Result<u64, PackError> {
        if !held.starts_with(MAGIC) {
            return Err(PackError::NoIndex);
        }
        match held.get(4) {
            Some(&VERSION) => {}
            other => return Err(PackError::OtherVersion(other.copied().unwrap_or(0))),
        }
        let count = number(held.get(5..13));
        let left = self.size - HEAD - FOOTER;
        match left.checked_sub(count.saturating_mul(ENTRY)) {
            None => Err(PackError::TooManyRecords { count, left }),
            Some(0) => Ok(count),
            Some(more) => Err(PackError::Trailing(more)),
        }
    }

    fn entry(&self, held: &[u8]) -> Result<Record, PackError> {
        let text = held.get(..71).and_then(|id| std::str::from_utf8(id).ok());
        let id = ObjectId::new(text.unwrap_or_default());
        if !id.as_str().starts_with("sha256:") || id.hex().is_none() {
            return Err(PackError::BadId(self.entries));
        }
        let in_order = self
            .last
            .as_ref()
            .is_none_or(|last| last.as_str() < id.as_str());
        if !in_order {
            return Err(PackError::Unsorted(self.entries));
        }
        Ok(Record {
            id,
            offset: number(held.get(71..79)),
            length: number(held.get(79..87)),
        })
    }

    /// Returns the number of entries of the whole index.
    ///
    /// # Errors
    /// Not all bytes came. A footer that is wrong was told by [`IndexReader::feed`].
    pub fn finish(self) -> Result<u64, PackError> {
        match self.at == self.size {
            true => Ok(self.entries),
            false => Err(PackError::WrongLength {
                announced: self.size,
                came: self.at,
            }),
        }
    }
}

fn number(bytes: Option<&[u8]>) -> u64 {
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}
