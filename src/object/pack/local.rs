//! A local pack, read as its bytes come.

use super::{Event, FOOTER, MAGIC, PackError, RECORD_HEAD, Record, VERSION};
use crate::ObjectId;
use sha2::{Digest, Sha256};

/// Bytes before the first record: magic, version, and the number of records.
const HEAD: u64 = 13;

/// The part that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Head,
    RecordHead,
    /// So many bytes of the record's content are left.
    Content(u64),
    Footer,
}

/// A local pack under way.
pub(super) struct Local {
    /// Bytes between the start of the whole pack and that of this one.
    base: u64,
    size: u64,
    /// Bytes read so far.
    at: u64,
    part: Part,
    /// The bytes of a head or footer that came so far: 79 at most.
    held: Vec<u8>,
    records: u64,
    count: u64,
    hash: Sha256,
}

impl Local {
    /// Starts a local pack of `size` bytes that begins `base` bytes behind the start of the whole.
    pub(super) fn new(base: u64, size: u64) -> Result<Self, PackError> {
        if size < HEAD + FOOTER {
            return Err(PackError::TooShort(size));
        }
        Ok(Self {
            base,
            size,
            at: 0,
            part: Part::Head,
            held: Vec::new(),
            records: 0,
            count: 0,
            hash: Sha256::new(),
        })
    }

    /// Returns the number of records read so far.
    pub(super) const fn records(&self) -> u64 {
        self.records
    }

    /// Takes the next bytes, which are this pack's to the last.
    pub(super) fn feed(
        &mut self,
        mut bytes: &[u8],
        on: &mut impl FnMut(Event<'_>),
    ) -> Result<(), PackError> {
        while !bytes.is_empty() {
            let wanted = match self.part {
                Part::Head => HEAD,
                Part::RecordHead => RECORD_HEAD,
                Part::Footer => FOOTER,
                Part::Content(left) => {
                    let (content, rest) = bytes.split_at(bytes.len().min(to_usize(left)));
                    bytes = rest;
                    self.content(content, left, on)?;
                    continue;
                }
            };
            let missing = to_usize(wanted) - self.held.len();
            let (taken, rest) = bytes.split_at(bytes.len().min(missing));
            bytes = rest;
            self.held.extend_from_slice(taken);
            self.at += taken.len() as u64;
            if taken.len() == missing {
                let held = std::mem::take(&mut self.held);
                self.take(&held, on)?;
            }
        }
        Ok(())
    }

    /// Takes a whole head or footer.
    fn take(&mut self, held: &[u8], on: &mut impl FnMut(Event<'_>)) -> Result<(), PackError> {
        match self.part {
            Part::Head => {
                self.hash.update(held);
                self.head(held)?;
                self.part = self.next()?;
            }
            Part::RecordHead => {
                self.hash.update(held);
                let record = self.record(held)?;
                self.part = Part::Content(record.length);
                let is_empty = record.length == 0;
                on(Event::Record(record));
                if is_empty {
                    self.end(on)?;
                }
            }
            Part::Footer if self.hash.clone().finalize().as_slice() != held => {
                return Err(PackError::BadFooter);
            }
            Part::Footer | Part::Content(_) => {}
        }
        Ok(())
    }

    fn head(&mut self, held: &[u8]) -> Result<(), PackError> {
        if !held.starts_with(MAGIC) {
            return Err(PackError::NoMagic);
        }
        match held.get(4) {
            Some(&VERSION) => {}
            other => return Err(PackError::OtherVersion(other.copied().unwrap_or(0))),
        }
        self.count = number(held.get(5..13));
        let left = self.size - HEAD - FOOTER;
        if self.count > left / RECORD_HEAD {
            return Err(PackError::TooManyRecords {
                count: self.count,
                left,
            });
        }
        Ok(())
    }

    /// Reads a record's head, once its length is known to fit before the records and the footer that follow.
    fn record(&self, held: &[u8]) -> Result<Record, PackError> {
        let text = held.get(..71).and_then(|id| std::str::from_utf8(id).ok());
        let id = ObjectId::new(text.unwrap_or_default());
        if !id.as_str().starts_with("sha256:") || id.hex().is_none() {
            return Err(PackError::BadId(self.records));
        }
        let length = number(held.get(71..79));
        let after = (self.count - self.records - 1) * RECORD_HEAD + FOOTER;
        let left = self.size.saturating_sub(self.at).saturating_sub(after);
        if length > left {
            return Err(PackError::TooLong {
                record: self.records,
                length,
                left,
            });
        }
        Ok(Record {
            id,
            offset: self.base + self.at,
            length,
        })
    }

    fn content(
        &mut self,
        content: &[u8],
        left: u64,
        on: &mut impl FnMut(Event<'_>),
    ) -> Result<(), PackError> {
        self.hash.update(content);
        self.at += content.len() as u64;
        let left = left - content.len() as u64;
        self.part = Part::Content(left);
        on(Event::Content(content));
        match left {
            0 => self.end(on),
            _ => Ok(()),
        }
    }

    fn end(&mut self, on: &mut impl FnMut(Event<'_>)) -> Result<(), PackError> {
        on(Event::End);
        self.records += 1;
        self.part = self.next()?;
        Ok(())
    }

    /// Returns the part behind the head, or behind a record.
    fn next(&self) -> Result<Part, PackError> {
        if self.records < self.count {
            return Ok(Part::RecordHead);
        }
        match self.size - self.at {
            FOOTER => Ok(Part::Footer),
            left => Err(PackError::Trailing(left.saturating_sub(FOOTER))),
        }
    }
}

fn number(bytes: Option<&[u8]>) -> u64 {
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}

fn to_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
