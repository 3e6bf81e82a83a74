//! The errors of a URL that names no hub.

use crate::backend::UriRefusal;
use crate::index::postgres::PgUrlError;
use crate::text;
use std::io;
use std::path::{Path, PathBuf};

/// A URL that names no hub.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    #[error(
        "`{url}` is no database URL: {source}; write postgres://user@host/database or sqlite:///path/hub.db"
    )]
    DatabaseUrl { url: String, source: UrlError },
    #[error("`{url}` is no object store URL: {source}; write s3://bucket/prefix or file:///folder")]
    StoreUrl { url: String, source: UrlError },
}

/// The fault of a URL.
#[derive(Debug, thiserror::Error)]
pub enum UrlError {
    #[error("it contains a line break or another control character; write it in one line")]
    Control,
    #[error("that is not what is there")]
    OtherThing,
    #[error("it has no scheme, and there is no such file")]
    NoScheme,
    #[error("the scheme is `{0}`")]
    Scheme(String),
    #[error(transparent)]
    Postgres(#[from] PgUrlError),
    #[error("the bucket's name is missing or contains characters that no bucket name may contain")]
    Bucket,
    #[error(transparent)]
    Prefix(#[from] UriRefusal),
    #[error("the path is missing")]
    NoPath,
    #[error("it is a Windows path; write a path of this machine")]
    Windows,
    #[error(
        "the path looks like a URL with a user and a password, and there is no such file; write one URL"
    )]
    User,
    #[error("its percent-encoding is not UTF-8")]
    Encoding(#[from] std::str::Utf8Error),
    #[error("the path contains a line break or another control character")]
    PathControl,
    #[error(
        "it may mean {} or {}, which both exist; write four slashes before an absolute path, and ./ before a relative one",
        one.display(), other.display()
    )]
    Ambiguous { one: PathBuf, other: PathBuf },
    #[error("databases of {0} cannot be read here")]
    Driver(String),
    #[error("it is a database in memory, which only the program that created it can see")]
    Memory,
    /// The path cannot be made absolute: this program runs in a folder that is not there any more.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl UrlError {
    /// Returns what is wrong with a URL whose scheme is not known.
    pub(super) fn scheme(url: &str, scheme: &str) -> Self {
        match scheme.is_empty() {
            true if Path::new(url).exists() => UrlError::OtherThing,
            true => UrlError::NoScheme,
            false => UrlError::Scheme(text::safe(scheme).into_owned()),
        }
    }
}
