//! What old code left behind: sound records inside other wrappings.

use super::manifest::from_msgpack;
use super::{Kind, MAX_PAYLOAD, frame, json};
use serde_json::{Map, Value};
use std::io::Read;

/// How many wrappings may lie around each other.
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

/// Looks for the JSON object of a commit or snapshot inside `bytes`; `None` where there is none.
#[must_use]
pub fn unwrap_record(bytes: &[u8], kind: Kind) -> Option<Unwrapped<Map<String, Value>>> {
    let mut layers = Vec::new();
    let mut content = bytes.to_vec();
    while layers.len() < MAX_LAYERS {
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
        let (wrapping, inner) = peel(&content, kind)?;
        layers.push(wrapping);
        content = inner;
    }
    None
}

/// The contents of a blob's possible wrappings, each with what was taken off, outermost first.
#[must_use]
pub fn unwrap_blob(bytes: &[u8]) -> Vec<Unwrapped<Vec<u8>>> {
    let mut out: Vec<Unwrapped<Vec<u8>>> = Vec::new();
    let mut layers = Vec::new();
    let mut content = bytes.to_vec();
    while layers.len() < MAX_LAYERS {
        let framed = frame::decode(&content)
            .ok()
            .filter(|f| f.kind == Kind::Blob)
            .map(|f| (Wrapping::Header, f.payload.to_vec()));
        let Some((wrapping, inner)) = framed.or_else(|| peel(&content, Kind::Blob)) else {
            break;
        };
        layers.push(wrapping);
        out.push(Unwrapped {
            layers: layers.clone(),
            content: inner.clone(),
        });
        content = inner;
    }
    out
}

fn bare_record(bytes: &[u8]) -> Option<(Wrapping, Map<String, Value>)> {
    match bytes.first()? {
        b'{' => match json::parse(bytes).ok()? {
            Value::Object(map) => Some((Wrapping::BareJson, map)),
            _ => None,
        },
        0x80..=0x8f | 0xde | 0xdf => match from_msgpack::<Value>(bytes).ok()? {
            Value::Object(map) => Some((Wrapping::Msgpack, map)),
            _ => None,
        },
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
        let reader = ruzstd::decoding::StreamingDecoder::new(bytes).ok()?;
        Some((Wrapping::Zstd, bounded(reader)?))
    } else if bytes.first() == Some(&0x78) && bytes.len() > 2 {
        let reader = flate2::read::ZlibDecoder::new(bytes);
        Some((Wrapping::Zlib, bounded(reader)?))
    } else if bytes.len() > 2 && bytes[0] == type_byte && bytes[1] < 0x20 {
        Some((Wrapping::TwoByteHeader, bytes[2..].to_vec()))
    } else {
        None
    }
}

/// Reads to the end, but no further than a payload may reach.
fn bounded(reader: impl Read) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let read = reader.take(MAX_PAYLOAD as u64 + 1).read_to_end(&mut out);
    (read.is_ok() && out.len() <= MAX_PAYLOAD).then_some(out)
}
