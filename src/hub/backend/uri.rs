//! Keys and URIs. Both come out of rows, so both are hostile until they are checked.

use luthier_object::ObjectId;
use std::fmt;

/// A key that stays inside the store: relative, no empty, `.` or `..` part, no NUL, no backslash,
/// no control character, at most 1,024 bytes.
///
/// ```
/// use luthier_hub::backend::{Key, UriRefusal};
///
/// assert!(Key::new("objects/sha256/ab/cd").is_ok());
/// assert_eq!(Key::new("objects/../../etc/passwd"), Err(UriRefusal::Escapes));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    text: String,
    /// Set where the object is a blob inside a pack; then the text is its URI.
    in_pack: Option<Box<InPack>>,
}

/// A blob's place in a pack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InPack {
    /// The 64 hex digits of the pack's id.
    pub pack: String,
    /// The blob's id.
    pub object: ObjectId,
    /// Offset and length of its content, in bytes, where the URI gives them.
    pub range: Option<(u64, u64)>,
}

/// The reason why a `storage_uri` is not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriRefusal {
    #[error("it has no scheme")]
    NoScheme,
    #[error("only blobs are kept in packs (`mpack://`)")]
    Pack,
    #[error("it contains no pack's id of 64 hex digits")]
    NoPack,
    #[error("the scheme `{0}` is not this store's")]
    ForeignScheme(String),
    #[error("the bucket `{found}` is not the configured `{expected}`")]
    ForeignBucket { found: String, expected: String },
    #[error("the key is outside the prefix `{0}`")]
    OutsidePrefix(String),
    #[error("the key is empty")]
    Empty,
    #[error("the key is absolute")]
    Absolute,
    #[error("a part of the key is empty, `.` or `..`")]
    Escapes,
    #[error("the key holds a NUL, a control character or a backslash")]
    BadCharacter,
    #[error("the key has {0} bytes, more than 1,024")]
    TooLong(usize),
}

impl Key {
    /// Checks a key.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn new(text: impl Into<String>) -> Result<Self, UriRefusal> {
        let text = text.into();
        if text.is_empty() {
            return Err(UriRefusal::Empty);
        }
        if text.len() > 1024 {
            return Err(UriRefusal::TooLong(text.len()));
        }
        if text.starts_with('/') {
            return Err(UriRefusal::Absolute);
        }
        if text.chars().any(|c| c.is_control() || c == '\\') {
            return Err(UriRefusal::BadCharacter);
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(UriRefusal::Escapes);
        }
        Ok(Self {
            text,
            in_pack: None,
        })
    }

    /// Returns the place of a blob that a `mpack://` URI says: the first run of 64 hex digits is the pack's id, and
    /// `offset=` and `length=` give the range.
    ///
    /// # Errors
    /// It names no pack.
    pub fn in_pack_at(uri: &str, object: &ObjectId) -> Result<Self, UriRefusal> {
        let rest = uri.strip_prefix("mpack://").ok_or(UriRefusal::NoScheme)?;
        let mut runs = rest.split(|c: char| !c.is_ascii_hexdigit());
        let pack = runs.find(|run| run.len() == 64).ok_or(UriRefusal::NoPack)?;
        let pack = pack.to_ascii_lowercase();
        let number = |name: &str| -> Option<u64> {
            let mut parts = rest.split(['?', '#', '&']).skip(1);
            parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
        };
        Ok(Self {
            text: format!("mpack://sha256:{pack}/{object}"),
            in_pack: Some(Box::new(InPack {
                pack,
                object: object.clone(),
                range: number("offset").zip(number("length")),
            })),
        })
    }

    /// Returns the place in a pack, where the object has no key of its own.
    #[must_use]
    pub fn in_pack(&self) -> Option<&InPack> {
        self.in_pack.as_deref()
    }

    /// Returns the text of the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Splits `scheme://rest`, refusing packs by name.
///
/// # Errors
/// No scheme, or `mpack://`.
pub fn split(uri: &str) -> Result<(&str, &str), UriRefusal> {
    match uri.split_once("://") {
        Some(("mpack", _)) => Err(UriRefusal::Pack),
        Some((scheme, rest)) if !scheme.is_empty() => Ok((scheme, rest)),
        _ => Err(UriRefusal::NoScheme),
    }
}
