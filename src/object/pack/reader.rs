//! A pack of either shape, read as its bytes come.

use super::local::Local;
use super::table::{self, Section};
use super::{Event, FOOTER, MAX_PACK, PackError};
use crate::ObjectId;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::ops::Range;

/// What a pack read to its end proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// sha256 of all its bytes.
    pub id: ObjectId,
    pub records: u64,
}

/// The shape of a pack, once its first bytes tell it.
enum Shape {
    /// The first bytes, until they are enough.
    Unknown(Vec<u8>),
    Local(Local),
    Sections {
        /// The sections that are not read to their end.
        left: VecDeque<Section>,
        /// The section under way, if it is a local pack.
        open: Option<Local>,
    },
}

/// Reads a pack of known size as its bytes come.
pub struct Reader {
    size: u64,
    at: u64,
    shape: Shape,
    records: u64,
    /// Of all bytes so far.
    hash: Sha256,
    /// The footer of an MPack, and the hash of the bytes before it.
    footer: Vec<u8>,
    before_footer: Option<[u8; 32]>,
}

impl Reader {
    /// Starts a pack of `size` bytes, as the store announces it.
    ///
    /// # Errors
    /// No pack has this size.
    pub fn new(size: u64) -> Result<Self, PackError> {
        if size < table::HEAD as u64 + FOOTER {
            return Err(PackError::TooShort(size));
        }
        if size > MAX_PACK {
            return Err(PackError::TooLarge(size));
        }
        Ok(Self {
            size,
            at: 0,
            shape: Shape::Unknown(Vec::new()),
            records: 0,
            hash: Sha256::new(),
            footer: Vec::new(),
            before_footer: None,
        })
    }

    /// Takes the next bytes, and hands on what they complete.
    ///
    /// # Errors
    /// They are not those of a pack. What was handed on before stands in the bytes as it was said.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        mut on: impl FnMut(Event<'_>),
    ) -> Result<(), PackError> {
        let came = self.at + bytes.len() as u64;
        if came > self.size {
            return Err(PackError::WrongLength {
                announced: self.size,
                came,
            });
        }
        while !bytes.is_empty() {
            let taken = self.part(bytes, &mut on)?;
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    /// Takes some of the next bytes and returns how many.
    fn part(&mut self, bytes: &[u8], on: &mut impl FnMut(Event<'_>)) -> Result<usize, PackError> {
        let body = self.size - FOOTER;
        match &mut self.shape {
            Shape::Unknown(head) => {
                let wanted = match head.len() < table::HEAD {
                    true => table::HEAD,
                    false => table::extent(head),
                };
                let taken = bytes.len().min(wanted - head.len());
                head.extend_from_slice(&bytes[..taken]);
                self.count(&bytes[..taken]);
                self.tell(on)?;
                Ok(taken)
            }
            Shape::Local(local) => {
                local.feed(bytes, on)?;
                self.records = local.records();
                self.count(bytes);
                Ok(bytes.len())
            }
            Shape::Sections { .. } if self.at >= body => {
                if self.before_footer.is_none() {
                    self.before_footer = Some(self.hash.clone().finalize().into());
                }
                self.footer.extend_from_slice(bytes);
                self.count(bytes);
                Ok(bytes.len())
            }
            Shape::Sections { left, open } => {
                let range = self.at..body;
                let (taken, records) = up_to_border((left, open), range, bytes, on)?;
                self.records += records;
                self.count(&bytes[..taken]);
                Ok(taken)
            }
        }
    }

    fn count(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.at += bytes.len() as u64;
    }

    /// Decides which shape the pack has, once enough bytes came.
    fn tell(&mut self, on: &mut impl FnMut(Event<'_>)) -> Result<(), PackError> {
        let Shape::Unknown(head) = &mut self.shape else {
            return Ok(());
        };
        if head.len() < table::HEAD {
            return Ok(());
        }
        let extent = table::extent(head);
        let can_be_table = (extent as u64).saturating_add(FOOTER) <= self.size;
        if can_be_table && head.len() < extent {
            return Ok(());
        }
        let head = std::mem::take(head);
        let version = head.get(4).copied();
        let sections = table::read(&head, self.size).filter(|_| version == Some(super::VERSION));
        match sections {
            Some(sections) => {
                self.shape = Shape::Sections {
                    left: sections.into(),
                    open: None,
                };
            }
            None => {
                let mut local = Local::new(0, self.size)?;
                local.feed(&head, on)?;
                self.records = local.records();
                self.shape = Shape::Local(local);
            }
        }
        Ok(())
    }

    /// Returns what the whole pack proved.
    ///
    /// # Errors
    /// Not all bytes came, or the sha256 at the end is not that of the bytes before it.
    pub fn finish(self) -> Result<Whole, PackError> {
        if self.at != self.size {
            return Err(PackError::WrongLength {
                announced: self.size,
                came: self.at,
            });
        }
        let footer = self
            .before_footer
            .is_none_or(|hash| hash[..] == self.footer);
        if !footer {
            return Err(PackError::BadFooter);
        }
        Ok(Whole {
            id: ObjectId::typed(&self.hash.finalize().into()),
            records: self.records,
        })
    }
}

/// Takes bytes up to the next border of a section, or to the end of `range`; returns how many, and the records that
/// they ended.
fn up_to_border(
    (left, open): (&mut VecDeque<Section>, &mut Option<Local>),
    range: Range<u64>,
    bytes: &[u8],
    on: &mut impl FnMut(Event<'_>),
) -> Result<(usize, u64), PackError> {
    let (end, within) = match left.front().copied() {
        Some(next) if range.start < next.start => (next.start, None),
        Some(next) => (next.end, Some(next)),
        None => (range.end, None),
    };
    let room = usize::try_from(end - range.start).unwrap_or(usize::MAX);
    let taken = bytes.len().min(room);
    let mut records = 0;
    if let Some(section) = within.filter(|section| section.is_objects) {
        let local = match open {
            Some(local) => local,
            None => open.insert(Local::new(section.start, end - section.start)?),
        };
        let before = local.records();
        local.feed(&bytes[..taken], on)?;
        records = local.records() - before;
    }
    if within.is_some() && taken == room {
        *open = None;
        left.pop_front();
    }
    Ok((taken, records))
}
