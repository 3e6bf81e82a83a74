//! What old code left behind: sound records inside other wrappings.

use super::{Kind, MAX_PAYLOAD, frame, json, msgpack};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::Read;

/// How many wrappings are taken off. Each may grow to [`MAX_PAYLOAD`], so this bounds the work.
const MAX_LAYERS: usize = 4;

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A wrapping that is named when it is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapping {
    /// `01|02|03` and a version byte.
    TwoByteHeader,
    Zlib,
    Zstd,
    /// The canonical header: met on blobs, which are stored without one.
    Header,
    BareJson,
    Msgpack,
}

impl Wrapping {
    /// The wrapping in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Wrapping::TwoByteHeader => "two-byte header",
            Wrapping::Zlib => "zlib",
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
/// and where it lies bare in its canonical frame, which is no wrapping.
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

/// The contents of a blob's possible wrappings, each with what was taken off, outermost first.
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
