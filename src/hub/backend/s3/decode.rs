//! Decodes what something on the way to the store compressed.
//!
//! An object that is *stored* with a `Content-Encoding` is read as it is stored: what is wrong with it is for
//! others to say.

use flate2::write::{GzDecoder, ZlibDecoder};
use std::io::{self, Write};

/// Bytes that are unpacked at once: they give some thousand times as many at most.
pub(super) const SLICE: usize = 4 << 10;

/// An encoding of the way that is taken off.
pub(super) enum Decoder {
    Gzip(GzDecoder<Vec<u8>>),
    Zlib(ZlibDecoder<Vec<u8>>),
}

impl Decoder {
    /// Returns the decoder of an encoding; `None` for one that is not known here.
    pub(super) fn of(encoding: &str) -> Option<Self> {
        match encoding {
            "gzip" | "x-gzip" => Some(Decoder::Gzip(GzDecoder::new(Vec::new()))),
            "deflate" => Some(Decoder::Zlib(ZlibDecoder::new(Vec::new()))),
            _ => None,
        }
    }

    /// Takes the next bytes, no more than [`SLICE`], and gives what they hold.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        Ok(match self {
            Decoder::Gzip(decoder) => {
                decoder.write_all(bytes)?;
                decoder.flush()?;
                std::mem::take(decoder.get_mut())
            }
            Decoder::Zlib(decoder) => {
                decoder.write_all(bytes)?;
                decoder.flush()?;
                std::mem::take(decoder.get_mut())
            }
        })
    }
}

/// Returns the encodings of a header that change the bytes, as one text; `None` where there are none. `aws-chunked`
/// names how a put was sent, and some servers keep it.
pub(super) fn encoding(header: Option<&str>) -> Option<String> {
    let words = header?
        .split(',')
        .map(|word| word.trim().to_ascii_lowercase());
    let words: Vec<String> = words
        .filter(|word| !matches!(word.as_str(), "" | "identity" | "aws-chunked"))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}
