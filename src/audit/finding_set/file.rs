//! The set as a file: a head, one line a finding in the order of the keys, and an end that counts them. It has its name
//! only once it is whole, and its owner alone reads it.

use super::{Key, Member, Source};
use crate::AuditError;
use crate::fault::Grade;
use luthier_hub::destination::{DestinationError, Draft};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// The form of the file.
const FORMAT: u32 = 1;

/// The longest line that is read, in bytes.
const LONGEST: u64 = 4 << 20;

/// The reason why findings cannot be compared with the last ones.
#[derive(Debug, thiserror::Error)]
pub enum FindingSetError {
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Destination(#[from] DestinationError),
    #[error("cannot read the findings of the last audit in {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the findings of the last audit in {} are {why}", path.display())]
    Unusable { path: PathBuf, why: &'static str },
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    #[serde(flatten)]
    source: Source,
}

#[derive(Serialize, Deserialize)]
struct End {
    end: u64,
}

/// Code, kind, id, repository, grade and number.
type Line = (String, String, String, String, Grade, u64);

/// A set that is read, the first finding first.
pub(super) struct Lines {
    pub source: Source,
    reader: BufReader<File>,
    path: PathBuf,
    read: u64,
    ended: bool,
}

/// Opens the set at `path`, once it was read to its end: `None` where there is none.
///
/// # Errors
/// It is of another hub or depth, damaged or cut, or cannot be read.
pub(super) fn open(path: &Path, now: &Source) -> Result<Option<Lines>, FindingSetError> {
    let Some(mut tried) = begin(path)? else {
        return Ok(None);
    };
    if (&tried.source.hub, &tried.source.depth) != (&now.hub, &now.depth) {
        return Err(tried.unusable("of another hub or depth"));
    }
    let mut last: Option<Key> = None;
    while let Some(member) = tried.next()? {
        if last.as_ref().is_some_and(|last| *last >= member.key) {
            return Err(tried.unusable("out of order"));
        }
        last = Some(member.key);
    }
    begin(path)
}

fn begin(path: &Path) -> Result<Option<Lines>, FindingSetError> {
    let failed = |source| FindingSetError::Read {
        path: path.to_owned(),
        source,
    };
    let mut reader = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let line = line(&mut reader).map_err(failed)?;
    let head: Option<Head> = serde_json::from_slice(&line).ok();
    match head.filter(|head| head.format == FORMAT) {
        Some(head) => Ok(Some(Lines {
            source: head.source,
            reader,
            path: path.to_owned(),
            read: 0,
            ended: false,
        })),
        None => Err(FindingSetError::Unusable {
            path: path.to_owned(),
            why: "of another version, or damaged",
        }),
    }
}

fn line(reader: &mut BufReader<File>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    reader.take(LONGEST).read_until(b'\n', &mut line)?;
    Ok(line)
}

impl Lines {
    /// Returns the next finding; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Member>, FindingSetError> {
        if self.ended {
            return Ok(None);
        }
        let line = line(&mut self.reader).map_err(|source| FindingSetError::Read {
            path: self.path.clone(),
            source,
        })?;
        if let Ok((code, kind, id, repo, grade, count)) = serde_json::from_slice::<Line>(&line) {
            let key = Key {
                code,
                kind,
                id,
                repo,
            };
            self.read += 1;
            return Ok(Some(Member { key, grade, count }));
        }
        match serde_json::from_slice::<End>(&line) {
            Ok(End { end }) if end == self.read => {
                self.ended = true;
                Ok(None)
            }
            _ => Err(self.unusable("damaged, or cut before their end")),
        }
    }

    fn unusable(&self, why: &'static str) -> FindingSetError {
        FindingSetError::Unusable {
            path: self.path.clone(),
            why,
        }
    }
}

/// A set that is written.
pub(super) struct Writer {
    draft: Draft,
    path: PathBuf,
    lines: u64,
}

impl Writer {
    /// Begins a set that replaces the one at `path` once it is kept.
    pub fn new(path: &Path, source: &Source) -> Result<Self, FindingSetError> {
        let draft = Draft::new(path).map_err(|error| DestinationError::at(path, error))?;
        let mut writer = Self {
            draft,
            path: path.to_owned(),
            lines: 0,
        };
        let source = source.clone();
        writer.put(&Head {
            format: FORMAT,
            source,
        })?;
        Ok(writer)
    }

    /// Adds a finding; the order is the caller's.
    pub fn add(&mut self, member: &Member) -> Result<(), FindingSetError> {
        let Key {
            code,
            kind,
            id,
            repo,
        } = &member.key;
        self.lines += 1;
        self.put(&(code, kind, id, repo, member.grade, member.count))
    }

    /// Gives the set its name.
    pub fn keep(mut self) -> Result<(), FindingSetError> {
        let end = self.lines;
        self.put(&End { end })?;
        let path = self.path;
        let kept = self.draft.keep();
        kept.map_err(|error| DestinationError::at(&path, error).into())
    }

    fn put(&mut self, value: &impl Serialize) -> Result<(), FindingSetError> {
        let written = serde_json::to_writer(&mut self.draft, value)
            .map_err(io::Error::from)
            .and_then(|()| self.draft.write_all(b"\n"));
        written.map_err(|error| DestinationError::at(&self.path, error).into())
    }
}
