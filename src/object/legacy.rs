//! Wrappings that old code left: sound records inside other formats.

use super::identity::BlobHasher;
use super::manifest::msgpack;
use super::{Kind, MAX_PAYLOAD, ObjectId, frame, json};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::{self, Read};

/// The number of wrappings that are removed. Each may grow to [`MAX_PAYLOAD`], so this bounds the work.
const MAX_LAYERS: usize = 4;

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// With the one method that there is.
const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// Bytes that tell the next wrapping of a blob.
const TELLING: usize = 32;

/// A wrapping that is named when it is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapping {
    /// `01|02|03` and a version byte.
    TwoByteHeader,
    Zlib,
    Gzip,
    Zstd,
    /// The canonical header: met on blobs, which are stored without one.
    Header,
    BareJson,
    Msgpack,
}

impl Wrapping {
    /// Returns the wrapping in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Wrapping::TwoByteHeader => "two-byte header",
            Wrapping::Zlib => "zlib",
            Wrapping::Gzip => "gzip",
            Wrapping::Zstd => "zstd",
            Wrapping::Header => "header",
            Wrapping::BareJson => "bare JSON",
            Wrapping::Msgpack => "msgpack",
        }
    }
}

/// A record found inside wrappings, outermost first. What it claims still has to be proved.
#[derive(Clone, Debug, PartialEq)]
pub struct Unwrapped<T> {
    pub layers: Vec<Wrapping>,
    pub content: T,
}

/// Looks for the JSON object of a commit or snapshot inside `bytes`; `None` where there is none,
/// and where it is bare in its canonical frame, which is no wrapping.
#[must_use]
pub fn unwrap_record(bytes: &[u8], kind: Kind) -> Option<Unwrapped<Map<String, Value>>> {
    let mut layers = Vec::new();
    let mut content = Cow::Borrowed(bytes);
    loop {
        if let Ok(map) = frame::decode_json(&content, kind) {
            return (!layers.is_empty()).then_some(Unwrapped {
                layers,
                content: map,
            });
        }
        if let Some((wrapping, map)) = bare_record(&content) {
            layers.push(wrapping);
            return Some(Unwrapped {
                layers,
                content: map,
            });
        }
        if layers.len() == MAX_LAYERS {
            return None;
        }
        let (wrapping, inner) = peel(&content, kind)?;
        layers.push(wrapping);
        content = Cow::Owned(inner);
    }
}

/// Returns the contents of a blob's possible wrappings, each with what was taken off, outermost first.
#[must_use]
pub fn unwrap_blob(bytes: &[u8]) -> Vec<Unwrapped<Vec<u8>>> {
    let mut out: Vec<Unwrapped<Vec<u8>>> = Vec::new();
    while out.len() < MAX_LAYERS {
        let (mut layers, content) = match out.last() {
            Some(last) => (last.layers.clone(), last.content.as_slice()),
            None => (Vec::new(), bytes),
        };
        let Some((wrapping, content)) = unframe(content).or_else(|| peel(content, Kind::Blob))
        else {
            break;
        };
        layers.push(wrapping);
        out.push(Unwrapped { layers, content });
    }
    out
}

/// Returns the wrappings around the bytes of the blob `id`, found without holding these: `open` gives the wrapped bytes
/// from their start, as often as it is asked.
///
/// # Errors
/// The bytes cannot be read.
pub fn layers_of_blob<R: Read + 'static>(
    id: &ObjectId,
    open: impl Fn() -> io::Result<R>,
) -> io::Result<Option<Vec<Wrapping>>> {
    let mut layers = Vec::new();
    while layers.len() < MAX_LAYERS {
        let mut start = Vec::new();
        let head = unwrapped(open()?, &layers).take(TELLING as u64);
        let mut head = io::BufReader::new(head);
        if head.read_to_end(&mut start).is_err() {
            return Ok(None);
        }
        let Some(next) = wrapping_of(&start) else {
            return Ok(None);
        };
        layers.push(next);
        let Some(size) = measured(unwrapped(open()?, &layers)) else {
            return Ok(None);
        };
        let mut hasher = BlobHasher::new(size);
        let mut inner = unwrapped(open()?, &layers);
        let mut chunk = vec![0; 64 << 10];
        loop {
            match inner.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => hasher.update(&chunk[..read]),
                Err(_) => return Ok(None),
            }
        }
        if hasher.finish(id).is_some() {
            return Ok(Some(layers));
        }
    }
    Ok(None)
}

/// Returns whether bytes start as a wrapped blob does.
#[must_use]
pub fn may_be_wrapped(start: &[u8]) -> bool {
    wrapping_of(&start[..start.len().min(TELLING)]).is_some()
}

/// Returns the wrapping that the bytes of a blob start with.
fn wrapping_of(start: &[u8]) -> Option<Wrapping> {
    if start.starts_with(b"blob ") && start.contains(&0) {
        Some(Wrapping::Header)
    } else if start.starts_with(&ZSTD_MAGIC) {
        Some(Wrapping::Zstd)
    } else if start.starts_with(&GZIP_MAGIC) {
        Some(Wrapping::Gzip)
    } else if start.first() == Some(&0x78) {
        Some(Wrapping::Zlib)
    } else if start.len() > 2 && start[0] == 3 && start[1] < 0x20 {
        Some(Wrapping::TwoByteHeader)
    } else {
        None
    }
}

/// Returns the bytes without these wrappings, outermost first. What cannot be unwrapped is an error when it is read.
fn unwrapped<R: Read + 'static>(bytes: R, layers: &[Wrapping]) -> Box<dyn Read> {
    let mut reader: Box<dyn Read> = Box::new(io::BufReader::new(bytes));
    for layer in layers {
        reader = match layer {
            Wrapping::Gzip => Box::new(flate2::read::MultiGzDecoder::new(reader)),
            Wrapping::Zlib => Box::new(flate2::read::ZlibDecoder::new(reader)),
            Wrapping::Zstd => match ruzstd::decoding::StreamingDecoder::new(reader) {
                Ok(decoder) => Box::new(decoder),
                Err(_) => return Box::new(Broken),
            },
            Wrapping::TwoByteHeader => {
                let mut header = [0; 2];
                match reader.read_exact(&mut header) {
                    Ok(()) => reader,
                    Err(_) => return Box::new(Broken),
                }
            }
            Wrapping::Header => {
                let mut byte = [1];
                let mut left = TELLING;
                while byte[0] != 0 {
                    if left == 0 || reader.read_exact(&mut byte).is_err() {
                        return Box::new(Broken);
                    }
                    left -= 1;
                }
                reader
            }
            Wrapping::BareJson | Wrapping::Msgpack => return Box::new(Broken),
        };
    }
    reader
}

/// Bytes that cannot be unwrapped.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::InvalidData.into())
    }
}

/// Counts the bytes that come; `None` for more than a payload may have. Also says where they break off.
fn measured(reader: Box<dyn Read>) -> Option<u64> {
    let limit = MAX_PAYLOAD as u64;
    let size = io::copy(&mut reader.take(limit + 1), &mut io::sink()).ok()?;
    (size <= limit).then_some(size)
}

fn unframe(bytes: &[u8]) -> Option<(Wrapping, Vec<u8>)> {
    let frame = frame::decode(bytes).ok()?;
    (frame.kind == Kind::Blob).then(|| (Wrapping::Header, frame.payload.to_vec()))
}

fn bare_record(bytes: &[u8]) -> Option<(Wrapping, Map<String, Value>)> {
    let (wrapping, value) = match bytes.trim_ascii_start().first()? {
        b'{' => (Wrapping::BareJson, json::parse(bytes).ok()?),
        _ if msgpack::starts_map(bytes[0]) => (Wrapping::Msgpack, msgpack::value(bytes).ok()?),
        _ => return None,
    };
    match value {
        Value::Object(map) => Some((wrapping, map)),
        _ => None,
    }
}

/// Takes one wrapping off.
fn peel(bytes: &[u8], kind: Kind) -> Option<(Wrapping, Vec<u8>)> {
    let type_byte = match kind {
        Kind::Commit => 1,
        Kind::Snapshot => 2,
        Kind::Blob => 3,
    };
    if bytes.starts_with(&ZSTD_MAGIC) {
        Some((Wrapping::Zstd, unzstd(bytes)?))
    } else if bytes.first() == Some(&0x78) && bytes.len() > 2 {
        let reader = flate2::read::ZlibDecoder::new(bytes);
        Some((Wrapping::Zlib, bounded(reader)?))
    } else if bytes.starts_with(&GZIP_MAGIC) {
        let reader = flate2::read::MultiGzDecoder::new(bytes);
        Some((Wrapping::Gzip, bounded(reader)?))
    } else if bytes.len() > 2 && bytes[0] == type_byte && bytes[1] < 0x20 {
        Some((Wrapping::TwoByteHeader, bytes[2..].to_vec()))
    } else {
        None
    }
}

fn unzstd(bytes: &[u8]) -> Option<Vec<u8>> {
    bounded(ruzstd::decoding::StreamingDecoder::new(bytes).ok()?)
}

/// Reads to the end, but no further than a payload may reach.
fn bounded(reader: impl Read) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let read = reader.take(MAX_PAYLOAD as u64 + 1).read_to_end(&mut out);
    (read.is_ok() && out.len() <= MAX_PAYLOAD).then_some(out)
}
