//! Sorted records on disk, and what looks into them.

use crate::scratch;
use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Records that a walk reads and that a merge writes at once.
pub(super) const AHEAD: usize = 1_024;

/// Records of a block: what one look into a run reads.
pub(super) const BLOCK: usize = 64;

/// Sorted records in a file that goes when it is closed.
pub(super) struct Run<const N: usize> {
    file: File,
    len: usize,
    /// The first record of each block.
    fences: Vec<[u8; N]>,
    /// The block that was looked into last, with its place.
    block: (usize, Vec<[u8; N]>),
    /// Where in it the last look ended.
    at: usize,
}

impl<const N: usize> Run<N> {
    /// Returns the block in which the first record that does not sort before `start` may be.
    pub fn block_of(&self, start: &[u8]) -> usize {
        let behind = self
            .fences
            .partition_point(|fence| order(fence, start).is_lt());
        behind.saturating_sub(1)
    }

    /// Reads records from place `from` on, at most `count`.
    pub fn read(&self, from: usize, count: usize, into: &mut Vec<[u8; N]>) -> io::Result<()> {
        into.clear();
        into.resize(count.min(self.len.saturating_sub(from)), [0; N]);
        let bytes = into.as_mut_slice().as_flattened_mut();
        self.file.read_exact_at(bytes, (from * N) as u64)
    }

    /// Returns the same, from the block that was looked into last: what is asked for next mostly lies in it.
    fn next_block_of(&self, start: &[u8]) -> usize {
        let (block, records) = &self.block;
        let is_in = match (records.first(), records.last()) {
            (Some(first), Some(last)) => order(first, start).is_lt() && order(last, start).is_ge(),
            _ => false,
        };
        if is_in && *block < self.fences.len() {
            *block
        } else {
            self.block_of(start)
        }
    }

    fn look_into(&mut self, block: usize) -> io::Result<()> {
        if self.block.0 != block {
            let mut records = std::mem::take(&mut self.block.1);
            // Until it is read, it is no block.
            self.block.0 = usize::MAX;
            self.read(block * BLOCK, BLOCK, &mut records)?;
            self.block = (block, records);
        }
        Ok(())
    }

    pub fn first(&mut self, start: &[u8]) -> io::Result<Option<[u8; N]>> {
        let mut block = self.next_block_of(start);
        while block < self.fences.len() {
            self.look_into(block)?;
            let records = &self.block.1;
            let at = behind(records, self.at, start);
            self.at = at;
            if let Some(record) = records.get(at) {
                return Ok(Some(*record).filter(|record| record.starts_with(start)));
            }
            block += 1;
        }
        Ok(None)
    }

    pub fn all(&mut self, start: &[u8], out: &mut Vec<[u8; N]>) -> io::Result<()> {
        for block in self.next_block_of(start)..self.fences.len() {
            self.look_into(block)?;
            let records = &self.block.1;
            let at = behind(records, self.at, start);
            self.at = at;
            let same = records[at..].iter();
            let same = same.take_while(|record| record.starts_with(start));
            let before = out.len();
            out.extend(same);
            if at + out.len() - before < records.len() {
                break;
            }
        }
        Ok(())
    }
}

/// A run that is being written.
pub(super) struct Writing<const N: usize> {
    file: File,
    waiting: Vec<[u8; N]>,
    len: usize,
    fences: Vec<[u8; N]>,
}

impl<const N: usize> Writing<N> {
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            file: scratch::file()?,
            waiting: Vec::with_capacity(AHEAD),
            len: 0,
            fences: Vec::new(),
        })
    }

    pub fn push(&mut self, record: &[u8; N]) -> io::Result<()> {
        if self.len.is_multiple_of(BLOCK) {
            self.fences.push(*record);
        }
        self.waiting.push(*record);
        self.len += 1;
        if self.waiting.len() >= AHEAD {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let from = (self.len - self.waiting.len()) * N;
        self.file
            .write_all_at(self.waiting.as_flattened(), from as u64)?;
        self.waiting.clear();
        Ok(())
    }

    pub fn end(mut self) -> io::Result<Run<N>> {
        self.flush()?;
        Ok(Run {
            file: self.file,
            len: self.len,
            fences: self.fences,
            block: (usize::MAX, Vec::new()),
            at: 0,
        })
    }
}

/// Returns the place of the first record that does not sort before `start`, looked for from `near` on.
pub(super) fn behind<const N: usize>(records: &[[u8; N]], near: usize, start: &[u8]) -> usize {
    let is_before = |record: &[u8; N]| order(record, start).is_lt();
    if !records.get(near).is_some_and(is_before) {
        return records[..near.min(records.len())].partition_point(is_before);
    }
    let (mut from, mut step) = (near + 1, 1);
    while records.get(from + step).is_some_and(is_before) {
        from += step + 1;
        step *= 2;
    }
    let until = (from + step).min(records.len());
    from + records[from..until].partition_point(is_before)
}

/// Compares as slices compare: the first eight bytes decide nearly always, and are one number.
pub(super) fn order(a: &[u8], b: &[u8]) -> Ordering {
    let start = |bytes: &[u8]| bytes.first_chunk().map(|start| u64::from_be_bytes(*start));
    match (start(a), start(b)) {
        (Some(a), Some(b)) if a != b => a.cmp(&b),
        _ => a.cmp(b),
    }
}
