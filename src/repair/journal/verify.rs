//! Checks that a journal's lines were not changed, removed or moved.

use super::tail::{LONGEST, Seal};
use super::{Event, Line, NOTHING};
use crate::steps::hash;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The most places that are listed; the rest is counted.
const NAMED: usize = 100;

/// A place where a journal is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tampering {
    /// From 1.
    pub line: u64,
    pub what: String,
}

/// The result of checking a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    pub path: PathBuf,
    /// The hub's name in its last line.
    pub hub: String,
    pub lines: u64,
    pub runs: u64,
    /// The first hundred places.
    pub tampering: Vec<Tampering>,
    /// All of them.
    pub tampered: u64,
    /// Bytes of a last line that a crash left half written: no tampering, cut when it is next opened.
    pub torn: u64,
}

impl Verified {
    /// Returns whether every line is the one that was written.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.tampered == 0
    }

    fn find(&mut self, line: u64, what: impl Into<String>) {
        self.tampered += 1;
        if self.tampering.len() < NAMED {
            let what = what.into();
            self.tampering.push(Tampering { line, what });
        }
    }
}

/// Reads a journal from end to end, a line at a time.
///
/// # Errors
/// The file cannot be read.
pub fn verify(path: &Path) -> io::Result<Verified> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut walk = Walk {
        verified: Verified {
            path: path.to_owned(),
            ..Verified::default()
        },
        before: Some((0, NOTHING.to_owned())),
        highest: 0,
        gaps: Vec::new(),
        seal: Seal::read(path),
    };
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = reader.by_ref().take(LONGEST).read_until(b'\n', &mut text)?;
        if read == 0 {
            break;
        }
        if text.pop_if(|byte| *byte == b'\n').is_none() && (read as u64) < LONGEST {
            walk.verified.torn = read as u64;
            break;
        }
        walk.verified.lines += 1;
        walk.take(&text);
    }
    Ok(walk.end())
}

/// Lines that are missing so far: their numbers, and where they should have been.
struct Gap {
    line: u64,
    first: u64,
    last: u64,
}

struct Walk {
    verified: Verified,
    /// Number and hash of the line before; `None` where that could not be read.
    before: Option<(u64, String)>,
    highest: u64,
    gaps: Vec<Gap>,
    seal: Option<Seal>,
}

impl Walk {
    fn take(&mut self, text: &[u8]) {
        let at = self.verified.lines;
        let Ok(line) = serde_json::from_slice::<Line>(text) else {
            self.verified
                .find(at, "changed: this is not a journal line");
            self.highest += 1;
            self.before = None;
            return;
        };
        if matches!(line.event, Event::Run { .. } | Event::Announced(_)) {
            self.verified.runs += 1;
        }
        self.verified.hub.clone_from(&line.hub);
        self.place(at, line.seq);
        if let Some((seq, hash)) = &self.before
            && seq + 1 == line.seq
            && *hash != line.prev
        {
            // The hash is that of the line before; the first line has none before it.
            let changed = at.max(2) - 1;
            self.verified.find(
                changed,
                "changed: the next line has the hash of another text",
            );
        }
        let hash = hash(text);
        let sealed = self.seal.as_ref().filter(|seal| seal.seq == line.seq);
        if sealed.is_some_and(|seal| seal.sha256 != hash) {
            self.verified
                .find(at, "changed: this is not the last line that was sealed");
        }
        self.before = Some((line.seq, hash));
    }

    /// Compares a line's number with the numbers before it.
    fn place(&mut self, at: u64, seq: u64) {
        let expected = self.highest + 1;
        if seq > expected && self.gaps.len() < NAMED {
            self.gaps.push(Gap {
                line: at,
                first: expected,
                last: seq - 1,
            });
        }
        if seq < expected {
            let gap = self
                .gaps
                .iter()
                .position(|gap| (gap.first..=gap.last).contains(&seq));
            let what = match gap {
                Some(_) => format!("out of order: number {seq} comes after {}", self.highest),
                None => format!("added: number {seq} occurs twice"),
            };
            self.verified.find(at, what);
            if let Some(gap) = gap {
                self.close(gap, seq);
            }
        }
        self.highest = self.highest.max(seq);
    }

    /// Takes back a gap whose missing line was found elsewhere.
    fn close(&mut self, gap: usize, seq: u64) {
        let Gap { line, first, last } = self.gaps.remove(gap);
        for (first, last) in [(first, seq - 1), (seq + 1, last)] {
            if first <= last {
                self.gaps.push(Gap { line, first, last });
            }
        }
    }

    fn end(mut self) -> Verified {
        let end = self.verified.lines + 1;
        if let Some(seal) = self.seal.filter(|seal| seal.seq > self.highest) {
            self.gaps.push(Gap {
                line: end,
                first: self.highest + 1,
                last: seal.seq,
            });
        }
        for gap in self.gaps {
            let what = match gap.last - gap.first {
                0 => format!("removed before it: number {}", gap.first),
                _ => format!("removed before it: numbers {} to {}", gap.first, gap.last),
            };
            self.verified.find(gap.line, what);
        }
        self.verified.tampering.sort_by_key(|place| place.line);
        self.verified
    }
}
