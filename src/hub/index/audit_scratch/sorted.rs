//! Records of one size in the order of their first bytes: in memory while they weigh little, in sorted runs on disk
//! behind that, so that every join is one walk of both sides.

use super::runs::{AHEAD, BLOCK, Run, Writing, behind, order};
use std::io;

/// Bytes of new records that are held before they are written.
pub(super) const HELD: usize = 4 << 20;

/// Runs that are merged into one.
const RUNS: usize = 8;

/// A table of records of `N` bytes, ordered by their first `key` bytes. Of records with the same key one counts.
pub(super) struct Sorted<const N: usize> {
    key: usize,
    /// Bytes that say which record of a key counts: the least of them, and of equal ones the first.
    by: usize,
    held: usize,
    fresh: Vec<[u8; N]>,
    /// The records at the start of `fresh` that are in order.
    ordered: usize,
    /// Where the last look into `fresh` ended: the next one is mostly near.
    at: usize,
    /// The oldest first.
    runs: Vec<Run<N>>,
}

impl<const N: usize> Sorted<N> {
    /// Returns an empty table.
    pub const fn new(key: usize) -> Self {
        Self::holding(key, HELD)
    }

    /// Returns an empty table in which the least record of a key counts.
    pub const fn of_least(key: usize) -> Self {
        let mut table = Self::new(key);
        table.by = N;
        table
    }

    /// Returns an empty table that holds `held` bytes in memory.
    const fn holding(key: usize, held: usize) -> Self {
        Self {
            key,
            by: key,
            held,
            fresh: Vec::new(),
            ordered: 0,
            at: 0,
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
        let (key, by) = (self.key, self.by);
        // Stable: the first of equal ones stays the first.
        self.fresh.sort_by(|a, b| order(&a[..by], &b[..by]));
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
            by: self.by,
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
        if start.len() < self.key || self.by > self.key {
            return Ok(self.all(start)?.first().copied());
        }
        for run in &mut self.runs {
            let found = run.first(start)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        self.order();
        self.at = behind(&self.fresh, self.at, start);
        let found = self.fresh.get(self.at).copied();
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
        self.at = behind(&self.fresh, self.at, start);
        let fresh = self.fresh[self.at..].iter();
        out.extend(fresh.take_while(|record| record.starts_with(start)));
        if self.runs.len() + usize::from(!self.fresh.is_empty()) > 1 {
            let (key, by) = (self.key, self.by);
            out.sort_by(|a, b| order(&a[..by], &b[..by]));
            out.dedup_by(|later, first| later[..key] == first[..key]);
        }
        Ok(())
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

/// A walk over all records in their order.
pub(super) struct Walk<'s, const N: usize> {
    key: usize,
    by: usize,
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
        let (key, by) = (self.key, self.by);
        loop {
            let mut least: Option<(usize, &[u8; N])> = None;
            for (at, source) in self.sources.iter().enumerate() {
                let Some(record) = source.records.get(source.at) else {
                    continue;
                };
                // Of equal ones the oldest run's counts.
                if least.is_none_or(|(_, other)| order(&record[..by], &other[..by]).is_lt()) {
                    least = Some((at, record));
                }
            }
            let (from, record) = match (least, self.fresh.first()) {
                (Some((_, other)), Some(fresh)) if order(&fresh[..by], &other[..by]).is_lt() => {
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
