//! JSON lines in a temporary file, found again by their place, so that a plan of a million steps takes
//! no memory.

use super::RepairError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

/// A mark is kept for every so many lines.
const STRIDE: u64 = 256;

/// The bytes that are written at once.
const BUFFER: usize = 256 << 10;

/// Items that are added once and then read in pages.
pub(super) struct Spool<T> {
    file: Mutex<File>,
    /// Not yet in the file.
    waiting: Vec<u8>,
    /// The offsets of lines 0, 256, 512, …
    marks: Vec<u64>,
    lines: u64,
    /// Bytes, with what is waiting.
    end: u64,
    holds: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> Spool<T> {
    /// Returns an empty spool in the system's folder for temporary files; it goes when it is dropped.
    pub fn new() -> Result<Self, RepairError> {
        Ok(Self {
            file: Mutex::new(luthier_hub::scratch::file().map_err(failed)?),
            waiting: Vec::new(),
            marks: Vec::new(),
            lines: 0,
            end: 0,
            holds: PhantomData,
        })
    }

    /// Adds one item behind the others.
    pub fn push(&mut self, item: &T) -> Result<(), RepairError> {
        if self.lines.is_multiple_of(STRIDE) {
            self.marks.push(self.end);
        }
        let before = self.waiting.len();
        serde_json::to_writer(&mut self.waiting, item).map_err(|e| failed(e.into()))?;
        self.waiting.push(b'\n');
        self.end += (self.waiting.len() - before) as u64;
        self.lines += 1;
        if self.waiting.len() >= BUFFER {
            self.flush()?;
        }
        Ok(())
    }

    /// Puts what is waiting into the file. Pages are read from there, so this ends the adding.
    pub fn flush(&mut self) -> Result<(), RepairError> {
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        file.write_all(&self.waiting).map_err(failed)?;
        self.waiting.clear();
        Ok(())
    }

    /// Items from the `skip`th on, at most `limit`.
    pub fn page(&self, skip: u64, limit: u32) -> Result<Vec<T>, RepairError> {
        let Some(mark) = self.marks.get((skip / STRIDE) as usize) else {
            return Ok(Vec::new());
        };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(*mark)).map_err(failed)?;
        BufReader::new(&*file)
            .lines()
            .skip((skip % STRIDE) as usize)
            .take(limit as usize)
            .map(|line| serde_json::from_str(&line.map_err(failed)?).map_err(|e| failed(e.into())))
            .collect()
    }
}

fn failed(why: io::Error) -> RepairError {
    RepairError::Spool(why)
}
