//! Answers on disk: they are complete before the first byte is sent, and memory holds a slice of them.

use crate::wire;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes of a slice that is read and sent at once.
const SLICE: u64 = 256 << 10;

/// The head of a list whose length is written at its end: an array with a length of 32 bits.
const LIST_HEAD: [u8; 5] = [0xdd, 0, 0, 0, 0];

/// A list that grows on disk.
pub struct List {
    out: BufWriter<File>,
    count: u32,
    bytes: u64,
}

impl List {
    /// Makes an empty list in a file without a name.
    ///
    /// # Errors
    /// The folder for temporary files cannot be written.
    pub fn new() -> io::Result<Self> {
        let mut out = BufWriter::new(luthier_hub::scratch::file()?);
        out.write_all(&LIST_HEAD)?;
        Ok(Self {
            out,
            count: 0,
            bytes: LIST_HEAD.len() as u64,
        })
    }

    /// Adds an element, which `write` writes.
    ///
    /// # Errors
    /// The disk's.
    pub fn push(
        &mut self,
        write: impl FnOnce(&mut Counted<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut counted = Counted {
            out: &mut self.out,
            bytes: 0,
        };
        write(&mut counted)?;
        self.bytes += counted.bytes;
        self.count += 1;
        Ok(())
    }

    /// Returns the bytes so far.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    fn finish(self) -> io::Result<(File, u64)> {
        let mut file = self
            .out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(1))?;
        file.write_all(&self.count.to_be_bytes())?;
        Ok((file, self.bytes))
    }
}

/// Counts what is written.
pub struct Counted<'a> {
    out: &'a mut BufWriter<File>,
    bytes: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// An answer that is complete: a map of some keys with small values and of lists, or a blob.
pub struct Spool {
    parts: Vec<Part>,
    bytes: u64,
}

enum Part {
    Held(Bytes),
    File(File, u64),
}

impl Spool {
    /// Puts a map together.
    ///
    /// # Errors
    /// The disk's.
    pub fn new(small: Vec<(&str, Vec<u8>)>, lists: Vec<(&str, List)>) -> io::Result<Self> {
        let mut parts = Vec::new();
        let mut held = Vec::new();
        wire::map_len(&mut held, small.len() + lists.len())?;
        for (key, value) in small {
            wire::text(&mut held, key)?;
            held.extend(value);
        }
        for (key, list) in lists {
            wire::text(&mut held, key)?;
            parts.push(Part::Held(std::mem::take(&mut held).into()));
            let (file, bytes) = list.finish()?;
            parts.push(Part::File(file, bytes));
        }
        let bytes = parts.iter().map(Part::len).sum();
        Ok(Self { parts, bytes })
    }

    /// Makes the answer of a blob's bytes alone.
    ///
    /// # Errors
    /// The disk's.
    pub fn of_blob(blob: &[u8]) -> io::Result<Self> {
        let mut file = luthier_hub::scratch::file()?;
        file.write_all(blob)?;
        let bytes = blob.len() as u64;
        Ok(Self {
            parts: vec![Part::File(file, bytes)],
            bytes,
        })
    }

    /// Returns the length of the answer.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the answer's body; several may be sent at once.
    pub fn body(self: &Arc<Self>) -> Body {
        let start = (self.clone(), 0, 0);
        Body::from_stream(stream::try_unfold(start, |(spool, part, at)| async move {
            let (mut part, mut at) = (part, at);
            while let Some(found) = spool.parts.get(part) {
                if at < found.len() {
                    let held = spool.clone();
                    let read = move || held.parts[part].slice(at);
                    let slice = tokio::task::spawn_blocking(read).await;
                    let slice = slice.map_err(io::Error::other)??;
                    let next = at + slice.len() as u64;
                    return Ok::<_, io::Error>(Some((slice, (spool, part, next))));
                }
                (part, at) = (part + 1, 0);
            }
            Ok(None)
        }))
    }
}

impl Part {
    fn len(&self) -> u64 {
        match self {
            Part::Held(bytes) => bytes.len() as u64,
            Part::File(_, bytes) => *bytes,
        }
    }

    fn slice(&self, at: u64) -> io::Result<Bytes> {
        match self {
            Part::Held(bytes) => Ok(bytes.slice(at as usize..)),
            Part::File(file, bytes) => {
                let mut slice = vec![0; SLICE.min(bytes - at) as usize];
                file.read_exact_at(&mut slice, at)?;
                Ok(slice.into())
            }
        }
    }
}
