//! Records of one size in the order of their first bytes: in memory while they weigh little, in sorted runs on disk
//! behind that, so that every join is one walk of both sides.

use crate::scratch;
use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes of new records that are held before they are written.
pub(super) const HELD: usize = 4 << 20;

/// Runs that are merged into one.
const RUNS: usize = 8;

/// Records of a block: what one look into a run reads.
const BLOCK: usize = 64;

/// Records that a walk reads and that a merge writes at once.
const AHEAD: usize = 1_024;

/// A table of records of `N` bytes, ordered by their first `key` bytes. Of records with the same key the first counts.
pub(super) struct Sorted<const N: usize> {
    key: usize,
    held: usize,
    fresh: Vec<[u8; N]>,
    /// The records at the start of `fresh` that are in order.
    ordered: usize,
    /// The oldest first.
    runs: Vec<Run<N>>,
}

impl<const N: usize> Sorted<N> {
    /// Returns an empty table.
    pub const fn new(key: usize) -> Self {
        Self::holding(key, HELD)
    }

    /// Returns an empty table that holds `held` bytes in memory.
    const fn holding(key: usize, held: usize) -> Self {
        Self {
            key,
            held,
            fresh: Vec::new(),
            ordered: 0,
            runs: Vec::new(),
        }
    }

    /// Adds a record.
    ///
    /// # Errors
    /// The folder for temporary files cannot be written.
    pub fn push(&mut self, record: [u8; N]) -> io::Result<()> {
        self.fresh.push(record);
        if self.fresh.len() * N >= self.held {
            self.order();
            let mut run = Writing::new()?;
            for record in &self.fresh {
                run.push(record)?;
            }
            self.runs.push(run.end()?);
            self.fresh.clear();
            self.ordered = 0;
            if self.runs.len() >= RUNS {
                self.merge()?;
            }
        }
        Ok(())
    }

    /// Makes one run of all.
    ///
    /// # Errors
    /// The folder for temporary files cannot be read or written.
    pub fn merge(&mut self) -> io::Result<()> {
        if self.runs.len() < 2 {
            return Ok(());
        }
        let mut merged = Writing::new()?;
        let mut all = self.walk(&[])?;
        while let Some(record) = all.next()? {
            merged.push(&record)?;
        }
        self.runs = vec![merged.end()?];
        self.fresh = Vec::new();
        self.ordered = 0;
        Ok(())
    }

    /// Brings the new records into order, each key once.
    fn order(&mut self) {
        if self.ordered == self.fresh.len() {
            return;
        }
        let key = self.key;
        // Stable: the first of a key stays the first.
        self.fresh.sort_by(|a, b| order(&a[..key], &b[..key]));
        self.fresh
            .dedup_by(|later, first| later[..key] == first[..key]);
        self.ordered = self.fresh.len();
    }

    /// Returns every record in order, from the first that does not sort before `start`.
    ///
    /// # Errors
    /// A run cannot be read.
    pub fn walk(&mut self, start: &[u8]) -> io::Result<Walk<'_, N>> {
        self.order();
        let mut sources = Vec::with_capacity(self.runs.len() + 1);
        for run in &self.runs {
            let mut source = Source {
                run: Some(run),
                next: run.block_of(start) * BLOCK,
                records: Vec::new(),
                at: 0,
            };
            source.fill()?;
            sources.push(source);
        }
        let from = self
            .fresh
            .partition_point(|record| order(record, start).is_lt());
        let mut walk = Walk {
            key: self.key,
            sources,
            fresh: &self.fresh[from..],
            head: None,
        };
        walk.advance()?;
        walk.seek(start)?;
        Ok(walk)
    }

    /// Returns the first record that begins like this.
    ///
    /// # Errors
    /// A run cannot be read.
    pub fn first(&mut self, start: &[u8]) -> io::Result<Option<[u8; N]>> {
        if start.len() < self.key {
            return Ok(self.all(start)?.first().copied());
        }
        for run in &mut self.runs {
            let found = run.first(start)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        self.order();
        let from = self
            .fresh
            .partition_point(|record| order(record, start).is_lt());
        let found = self.fresh.get(from).copied();
        Ok(found.filter(|record| record.starts_with(start)))
    }

    /// Returns all records that begin like this, in order.
    ///
    /// # Errors
    /// A run cannot be read.
    pub fn all(&mut self, start: &[u8]) -> io::Result<Vec<[u8; N]>> {
        let mut out = Vec::new();
        self.add_all(start, &mut out)?;
        Ok(out)
    }

    /// As [`Self::all`], into a list that is empty.
    ///
    /// # Errors
    /// A run cannot be read.
    pub fn add_all(&mut self, start: &[u8], out: &mut Vec<[u8; N]>) -> io::Result<()> {
        for run in &mut self.runs {
            run.all(start, out)?;
        }
        self.order();
        let from = self
            .fresh
            .partition_point(|record| order(record, start).is_lt());
        let fresh = self.fresh[from..].iter();
        out.extend(fresh.take_while(|record| record.starts_with(start)));
        if self.runs.len() + usize::from(!self.fresh.is_empty()) > 1 {
            let key = self.key;
            out.sort_by(|a, b| order(&a[..key], &b[..key]));
            out.dedup_by(|later, first| later[..key] == first[..key]);
        }
        Ok(())
    }
}

/// Sorted records in a file that goes when it is closed.
struct Run<const N: usize> {
    file: File,
    len: usize,
    /// The first record of each block.
    fences: Vec<[u8; N]>,
    /// The block that was looked into last, with its place.
    block: (usize, Vec<[u8; N]>),
}

impl<const N: usize> Run<N> {
    /// Returns the block in which the first record that does not sort before `start` may be.
    fn block_of(&self, start: &[u8]) -> usize {
        let behind = self
            .fences
            .partition_point(|fence| order(fence, start).is_lt());
        behind.saturating_sub(1)
    }

    /// Reads records from place `from` on, at most `count`.
    fn read(&self, from: usize, count: usize, into: &mut Vec<[u8; N]>) -> io::Result<()> {
        into.clear();
        into.resize(count.min(self.len.saturating_sub(from)), [0; N]);
        let bytes = into.as_mut_slice().as_flattened_mut();
        self.file.read_exact_at(bytes, (from * N) as u64)
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

    fn first(&mut self, start: &[u8]) -> io::Result<Option<[u8; N]>> {
        let mut block = self.block_of(start);
        while block < self.fences.len() {
            self.look_into(block)?;
            let records = &self.block.1;
            let at = records.partition_point(|record| order(record, start).is_lt());
            if let Some(record) = records.get(at) {
                return Ok(Some(*record).filter(|record| record.starts_with(start)));
            }
            block += 1;
        }
        Ok(None)
    }

    fn all(&mut self, start: &[u8], out: &mut Vec<[u8; N]>) -> io::Result<()> {
        for block in self.block_of(start)..self.fences.len() {
            self.look_into(block)?;
            let records = &self.block.1;
            let at = records.partition_point(|record| order(record, start).is_lt());
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
struct Writing<const N: usize> {
    file: File,
    waiting: Vec<[u8; N]>,
    len: usize,
    fences: Vec<[u8; N]>,
}

impl<const N: usize> Writing<N> {
    fn new() -> io::Result<Self> {
        Ok(Self {
            file: scratch::file()?,
            waiting: Vec::with_capacity(AHEAD),
            len: 0,
            fences: Vec::new(),
        })
    }

    fn push(&mut self, record: &[u8; N]) -> io::Result<()> {
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

    fn end(mut self) -> io::Result<Run<N>> {
        self.flush()?;
        Ok(Run {
            file: self.file,
            len: self.len,
            fences: self.fences,
            block: (usize::MAX, Vec::new()),
        })
    }
}

/// A place in a run, with what was read ahead.
struct Source<'s, const N: usize> {
    run: Option<&'s Run<N>>,
    /// The place behind what was read.
    next: usize,
    records: Vec<[u8; N]>,
    at: usize,
}

impl<const N: usize> Source<'_, N> {
    fn fill(&mut self) -> io::Result<()> {
        if let Some(run) = self.run {
            run.read(self.next, AHEAD, &mut self.records)?;
            self.next += self.records.len();
            self.at = 0;
            if self.records.is_empty() {
                self.run = None;
            }
        }
        Ok(())
    }
}

/// Compares as slices compare: the first eight bytes decide nearly always, and are one number.
pub(super) fn order(a: &[u8], b: &[u8]) -> Ordering {
    let start = |bytes: &[u8]| bytes.first_chunk().map(|start| u64::from_be_bytes(*start));
    match (start(a), start(b)) {
        (Some(a), Some(b)) if a != b => a.cmp(&b),
        _ => a.cmp(b),
    }
}

/// A walk over all records in their order.
pub(super) struct Walk<'s, const N: usize> {
    key: usize,
    sources: Vec<Source<'s, N>>,
    fresh: &'s [[u8; N]],
    head: Option<[u8; N]>,
}

impl<const N: usize> Walk<'_, N> {
    /// Returns the record where the walk stands; `None` behind the last.
    pub const fn head(&self) -> Option<&[u8; N]> {
        self.head.as_ref()
    }

    /// Returns the record where the walk stands, and goes on to the next.
    ///
    /// # Errors
    /// A run cannot be read.
    pub fn next(&mut self) -> io::Result<Option<[u8; N]>> {
        let head = self.head;
        if head.is_some() {
            self.advance()?;
        }
        Ok(head)
    }

    /// Goes on to the first record that does not sort before `start`; says whether it begins like it.
    ///
    /// # Errors
    /// A run cannot be read.
    pub fn seek(&mut self, start: &[u8]) -> io::Result<bool> {
        while let Some(head) = &self.head {
            if order(head, start).is_ge() {
                return Ok(head.starts_with(start));
            }
            self.advance()?;
        }
        Ok(false)
    }

    /// Goes on to the next key.
    fn advance(&mut self) -> io::Result<()> {
        let key = self.key;
        loop {
            let mut least: Option<(usize, &[u8; N])> = None;
            for (at, source) in self.sources.iter().enumerate() {
                let Some(record) = source.records.get(source.at) else {
                    continue;
                };
                // Of the same key the oldest run's counts.
                if least.is_none_or(|(_, other)| order(&record[..key], &other[..key]).is_lt()) {
                    least = Some((at, record));
                }
            }
            let (from, record) = match (least, self.fresh.first()) {
                (Some((_, other)), Some(fresh)) if order(&fresh[..key], &other[..key]).is_lt() => {
                    (None, *fresh)
                }
                (Some((at, other)), _) => (Some(at), *other),
                (None, Some(fresh)) => (None, *fresh),
                (None, None) => {
                    self.head = None;
                    return Ok(());
                }
            };
            match from {
                None => self.fresh = &self.fresh[1..],
                Some(at) => {
                    let source = &mut self.sources[at];
                    source.at += 1;
                    if source.at == source.records.len() {
                        source.fill()?;
                    }
                }
            }
            if self.head.is_none_or(|head| head[..key] != record[..key]) {
                self.head = Some(record);
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
#[path = "../../../../tests/index/sorted.rs"]
mod tests;
