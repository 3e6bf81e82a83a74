//! The canonical object: `<kind> SP <size> NUL <payload>`.

use super::{JsonError, Kind, MAX_PAYLOAD, RecordError, json};
use serde_json::{Map, Value};

/// The number of first bytes in which the header must end.
pub(crate) const HEADER_WINDOW: usize = 32;

/// A header with the payload that it announces; the size has been checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub kind: Kind,
    pub payload: &'a [u8],
    /// Bytes before the payload, the NUL included.
    pub header_len: usize,
}

/// The reason why bytes are not the object that they were taken for.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum FrameError {
    /// There is no NUL where a header could end.
    #[error("no header: there is no NUL in the first {HEADER_WINDOW} bytes")]
    NoHeader,
    /// The word before the first space.
    #[error("the header names an unknown kind: {0:?}")]
    UnknownKind(String),
    /// A commit where a snapshot was asked for, or the like.
    #[error("the header says {found}, and a {expected} was asked for")]
    OtherKind { expected: Kind, found: Kind },
    /// The size field: signed, with a leading zero, empty or beyond 64 bits.
    #[error("the header's size is malformed: {0:?}")]
    BadSize(String),
    /// Sizes in bytes; the header is not counted.
    #[error("the header announces {announced} bytes, and {found} follow")]
    WrongSize { announced: u64, found: u64 },
    /// The payload's size in bytes.
    #[error("the payload has {0} bytes, more than the 256 MiB that are read")]
    TooLarge(u64),
    /// JSON, but of this type.
    #[error("the payload is {0}, not one JSON object")]
    NotAnObject(&'static str),
    /// The payload is not JSON that can be kept exactly.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The payload is an object, but not that of such a record.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Returns the header of an object of `kind` whose payload has `size` bytes.
#[must_use]
pub fn header(kind: Kind, size: u64) -> Vec<u8> {
    format!("{kind} {size}\0").into_bytes()
}

/// Returns the header and the payload behind it.
#[must_use]
pub fn encode(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut out = header(kind, payload.len() as u64);
    out.extend_from_slice(payload);
    out
}

/// Takes an object apart and checks its size.
///
/// # Errors
/// Each way to be malformed has its own [`FrameError`].
///
/// ```
/// use luthier_object::frame::{FrameError, decode};
///
/// let cut = decode(b"blob 5\0la");
/// assert_eq!(cut, Err(FrameError::WrongSize { announced: 5, found: 2 }));
/// ```
pub fn decode(bytes: &[u8]) -> Result<Frame<'_>, FrameError> {
    let Header {
        kind,
        announced,
        len,
    } = decode_header(bytes)?;
    let payload = &bytes[len..];
    if announced != payload.len() as u64 {
        return Err(FrameError::WrongSize {
            announced,
            found: payload.len() as u64,
        });
    }
    if payload.len() > MAX_PAYLOAD {
        return Err(FrameError::TooLarge(payload.len() as u64));
    }
    Ok(Frame {
        kind,
        payload,
        header_len: len,
    })
}

/// A header, without the payload that it announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub kind: Kind,
    /// Bytes of the payload, by the header's word.
    pub announced: u64,
    /// Bytes of the header, the NUL included.
    pub len: usize,
}

/// Takes the header at the start of `bytes` apart.
///
/// # Errors
/// There is none, or it is malformed.
pub(crate) fn decode_header(bytes: &[u8]) -> Result<Header, FrameError> {
    let nul = bytes
        .iter()
        .take(HEADER_WINDOW)
        .position(|b| *b == 0)
        .ok_or(FrameError::NoHeader)?;
    let text = String::from_utf8_lossy(&bytes[..nul]);
    let (word, size) = text.split_once(' ').unwrap_or((&text, ""));
    let kind = Kind::from_word(word).ok_or_else(|| FrameError::UnknownKind(word.to_owned()))?;
    let announced = parse_size(size).ok_or_else(|| FrameError::BadSize(size.to_owned()))?;
    Ok(Header {
        kind,
        announced,
        len: nul + 1,
    })
}

/// Takes a commit or a snapshot apart down to its JSON object.
///
/// # Errors
/// As [`decode`], and where the kind is not `expected` or the payload is not one JSON object.
pub fn decode_json(bytes: &[u8], expected: Kind) -> Result<Map<String, Value>, FrameError> {
    let frame = decode(bytes)?;
    if frame.kind != expected {
        return Err(FrameError::OtherKind {
            expected,
            found: frame.kind,
        });
    }
    match json::parse(frame.payload)? {
        Value::Object(map) => Ok(map),
        other => Err(FrameError::NotAnObject(super::type_name(&other))),
    }
}

/// Parses a decimal size: no sign, and no leading zero except for `0` itself.
fn parse_size(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (plain && (text == "0" || !text.starts_with('0')))
        .then(|| text.parse().ok())
        .flatten()
}
