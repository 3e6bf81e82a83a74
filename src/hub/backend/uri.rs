//! Keys and URIs. Both come out of rows, so both are hostile until they are checked.

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
pub struct Key(String);

/// The reason why a `storage_uri` is not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriRefusal {
    #[error("it has no scheme")]
    NoScheme,
    #[error("blobs inside packs are not read yet (`mpack://`)")]
    Pack,
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
        Ok(Self(text))
    }

    /// Returns the text of the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
