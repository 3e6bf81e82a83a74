//! JSON, read strictly and written canonically.
//!
//! Canonical is byte-identical to Python's
//! `json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)`.

mod cursor;
mod plain;
mod read;
mod write;

pub(crate) use cursor::Cursor;
pub use cursor::two_texts;
pub use plain::text_list;
pub(crate) use plain::{Text, Texts};
pub use read::parse;
pub(crate) use read::{Guard, Strict, scan, texts, value};
pub use write::canonical;
pub(crate) use write::write_string;

/// The greatest depth of nested objects and lists.
pub const MAX_DEPTH: usize = 128;

/// The most values in one document; a parsed value takes some 32 bytes of memory.
pub const MAX_VALUES: usize = 16 << 20;

/// The reason why JSON is refused. Nothing is ever rounded or mended. Positions are bytes from the start.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum JsonError {
    /// The bytes are not UTF-8; `at` is where they stop being so.
    #[error("not UTF-8: the bytes stop making sense at byte {at}")]
    NotUtf8 { at: usize },
    /// Objects and lists nest deeper than [`MAX_DEPTH`].
    #[error("nesting is deeper than {MAX_DEPTH} at byte {at}")]
    TooDeep { at: usize },
    /// The document holds more than [`MAX_VALUES`].
    #[error("more than {MAX_VALUES} values")]
    TooManyValues,
    /// An integer below -2^63 or above 2^64 - 1: any reader of 64 bits would change it.
    #[error("the integer at byte {at} does not fit 64 bits, so it cannot be kept exactly")]
    IntegerTooLarge { at: usize },
    /// Two values under one key: which of them counts would be a guess.
    #[error("the key {key:?} occurs twice in one object")]
    DuplicateKey { key: String },
    /// Half of a surrogate pair: no text can hold it.
    #[error("a lone surrogate, which is no character: {0}")]
    LoneSurrogate(String),
    /// `NaN`, an infinity, or a number too large for a float.
    #[error("a number that is not finite: {0}")]
    NotFinite(String),
    /// Whatever else makes the text no JSON, trailing text included.
    #[error("no JSON: {0}")]
    Syntax(String),
}

impl JsonError {
    /// Returns the byte at which the document is refused, where that is known.
    #[must_use]
    pub const fn at(&self) -> Option<usize> {
        match self {
            JsonError::NotUtf8 { at }
            | JsonError::TooDeep { at }
            | JsonError::IntegerTooLarge { at } => Some(*at),
            _ => None,
        }
    }
}
