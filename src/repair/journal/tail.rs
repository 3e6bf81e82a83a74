//! The end of a journal: its last line, what a crash left behind it, and the note of how far it goes.

use super::{JournalError, Line, NOTHING};
use crate::steps::hash;
use luthier_hub::destination;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The bytes that are read at once, going backwards.
const BLOCK: u64 = 64 << 10;

/// A longer line is none of ours.
pub(super) const LONGEST: u64 = 4 << 20;

/// The bytes of a removed line that are kept in words.
const KEPT: u64 = 4 << 10;

/// The end of a journal.
pub(super) struct Tail {
    pub seq: u64,
    pub hash: String,
    /// The last line says that no run is open.
    pub settled: bool,
    pub torn: Option<Torn>,
}

/// Bytes behind the last newline.
pub(super) struct Torn {
    pub from: u64,
    pub bytes: u64,
    pub text: String,
    pub sha256: String,
}

impl Tail {
    /// Reads the end of a journal, whatever its length.
    ///
    /// # Errors
    /// The file cannot be read, or does not end as a journal of ours does.
    pub fn read(file: &File, path: &Path) -> Result<Self, JournalError> {
        let end = file.metadata()?.len();
        let lines_end = behind_newline(file, end)?;
        let torn = (lines_end < end)
            .then(|| torn(file, lines_end, end))
            .transpose()?;
        let (seq, hash, settled) = match lines_end {
            0 => (0, NOTHING.to_owned(), true),
            _ => last_line(file, lines_end)?,
        };
        if let Some(sealed) = Seal::read(path)
            && (sealed.seq > seq || (sealed.seq == seq && sealed.sha256 != hash))
        {
            return Err(JournalError::EndGone { line: sealed.seq });
        }
        Ok(Self {
            seq,
            hash,
            settled,
            torn,
        })
    }
}

/// Returns the position behind the last newline before `end`.
fn behind_newline(mut file: &File, end: u64) -> io::Result<u64> {
    let mut block = Vec::new();
    let mut stop = end;
    while stop > 0 {
        let start = stop.saturating_sub(BLOCK);
        file.seek(SeekFrom::Start(start))?;
        block.clear();
        file.take(stop - start).read_to_end(&mut block)?;
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        stop = start;
    }
    Ok(0)
}

fn torn(mut file: &File, from: u64, end: u64) -> io::Result<Torn> {
    file.seek(SeekFrom::Start(from))?;
    let mut kept = Vec::new();
    file.take(KEPT).read_to_end(&mut kept)?;
    file.seek(SeekFrom::Start(from))?;
    let mut hasher = Sha256::new();
    let mut block = [0; 8 << 10];
    let mut rest = file.take(end - from);
    loop {
        match rest.read(&mut block)? {
            0 => break,
            read => hasher.update(&block[..read]),
        }
    }
    Ok(Torn {
        from,
        bytes: end - from,
        text: String::from_utf8_lossy(&kept).into_owned(),
        sha256: hex::encode(hasher.finalize()),
    })
}

/// Returns number and hash of the line that ends before `end`, and whether that line ends a run.
fn last_line(mut file: &File, end: u64) -> Result<(u64, String, bool), JournalError> {
    let start = behind_newline(file, end - 1)?;
    if end - start > LONGEST {
        return Err(JournalError::ForeignEnd);
    }
    file.seek(SeekFrom::Start(start))?;
    let mut text = Vec::new();
    file.take(end - 1 - start).read_to_end(&mut text)?;
    let line: Line = serde_json::from_slice(&text).map_err(|_| JournalError::ForeignEnd)?;
    Ok((line.seq, hash(&text), line.event.settles()))
}

/// The seal of a journal's end, kept beside it.
#[derive(Serialize, Deserialize)]
pub(super) struct Seal {
    pub seq: u64,
    pub sha256: String,
}

impl Seal {
    /// Returns the seal of a journal; none where it was never sealed, or where that cannot be read.
    pub fn read(journal: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(beside(journal)).ok()?).ok()
    }
}

/// Seals a journal. A crash leaves the old seal or the new one.
pub(super) fn seal(journal: &Path, seq: u64, sha256: &str) -> io::Result<()> {
    let seal = Seal {
        seq,
        sha256: sha256.to_owned(),
    };
    destination::replace(&beside(journal), &serde_json::to_vec(&seal)?)
}

fn beside(journal: &Path) -> PathBuf {
    journal.with_extension("seal")
}
