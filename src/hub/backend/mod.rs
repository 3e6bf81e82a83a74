//! Object stores behind one trait.
//!
//! [`Backend`] reads; the crate-private `BackendMut` writes and is used by `store/` alone. There is no
//! delete, and the one way to overwrite names the bytes that it takes the place of.

pub mod layout;
pub mod local;
pub mod s3;
pub mod uri;
mod walk;

pub use uri::{InPack, Key, UriRefusal};

use crate::cause::Cause;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use luthier_object::time::Micros;
use std::io;

/// An object's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Bytes.
    pub size: u64,
    /// The store's own tag of these bytes; no hash.
    pub etag: Option<String>,
    /// The time of the last write, by the store's clock.
    pub modified: Option<Micros>,
    /// The `Content-Encoding` that it is stored with: its bytes are those of the object in that encoding.
    pub encoding: Option<String>,
}

/// One line of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As listed: untrusted text that may fit no layout.
    pub key: String,
    /// Bytes.
    pub size: u64,
    pub modified: Option<Micros>,
}

/// An object that is being read.
pub struct Body {
    pub meta: Meta,
    pub stream: BoxStream<'static, Result<Bytes, BackendError>>,
}

impl Body {
    /// Reads to the end, holding at most `limit` bytes.
    ///
    /// # Errors
    /// The store reports an error, the body ends early or late, or the object is over `limit`.
    pub async fn read_all(mut self, limit: u64) -> Result<Bytes, BackendError> {
        if self.meta.size > limit {
            return Err(BackendError::TooLarge {
                size: self.meta.size,
                limit,
            });
        }
        // What is announced is only a claim: no more is set aside for it than a moderate object takes.
        let mut out = BytesMut::with_capacity(self.meta.size.min(1 << 20) as usize);
        while let Some(chunk) = self.stream.next().await {
            let chunk = chunk?;
            if (out.len() + chunk.len()) as u64 > self.meta.size {
                return Err(BackendError::WrongLength {
                    announced: self.meta.size,
                });
            }
            out.extend_from_slice(&chunk);
        }
        if out.len() as u64 != self.meta.size {
            return Err(BackendError::WrongLength {
                announced: self.meta.size,
            });
        }
        Ok(out.freeze())
    }
}

/// The result of a conditional put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    Stored,
    AlreadyThere,
}

/// The conditions that a store honours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// A put with `If-None-Match: *` never overwrites. Without it a put asks, stores, and reads back:
    /// two writers at the same instant are then kept apart by the hub's lock alone.
    pub if_none_match: bool,
    /// Bytes that do not have the checksum sent with them are refused.
    pub checksum: bool,
    /// A put with `If-Match` only ever replaces the bytes that were read.
    pub if_match: bool,
}

/// The result of a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    Stored,
    /// Other bytes than those seen are stored there, or none; nothing was changed.
    Changed,
}

/// The reason why a request to the store has no answer. None of these means that an object is absent.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    #[error("{what}: access denied; give this user the right to read and list it")]
    Denied { what: String },
    #[error("{what}: {source}")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the object has {size} bytes, more than the {limit} that are read at once")]
    TooLarge { size: u64, limit: u64 },
    #[error("the body does not have the {announced} bytes that were announced")]
    WrongLength { announced: u64 },
    #[error("{what} is not a usable object store: {why}")]
    Unusable {
        what: String,
        #[source]
        why: Cause,
    },
    #[error("{what}: the store asks to slow down; try again later")]
    Busy { what: String },
    #[error("{what}: the store does not answer in time; try again later")]
    TimedOut { what: String },
    #[error("{what}: {why}")]
    Remote {
        what: String,
        #[source]
        why: Cause,
    },
    /// The server failed (5xx), or its answer could not be read.
    #[error("{what}: {why}")]
    Failing {
        what: String,
        #[source]
        why: Cause,
    },
    #[error("{what}: whether it was stored is not known ({why}); try again")]
    Unknown {
        what: String,
        #[source]
        why: Cause,
    },
}

impl BackendError {
    /// Returns the reason why the same request may succeed a little later; `None` if it will not.
    #[must_use]
    pub fn transient(&self) -> Option<&'static str> {
        match self {
            BackendError::Busy { .. } => Some("the store asks to slow down"),
            BackendError::TimedOut { .. } => Some("the store does not answer in time"),
            BackendError::WrongLength { .. } => {
                Some("the store breaks off in the middle of an object")
            }
            BackendError::Failing { .. } => Some("the store fails"),
            BackendError::Io { source, .. } => match source.kind() {
                io::ErrorKind::ConnectionRefused => Some("the store refuses connections"),
                // Kinds of the system's own are a disk's, and stay.
                io::ErrorKind::Other => Some("the connection to the store breaks"),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns the error without the key that it names first, for a line that names it already.
    #[must_use]
    pub fn reason(&self, key: &str) -> String {
        let text = self.to_string();
        match text
            .strip_prefix(key)
            .and_then(|rest| rest.strip_prefix(": "))
        {
            Some(reason) => reason.to_owned(),
            None => text,
        }
    }

    /// Returns the same error with how long it was tried; `told` may be empty.
    #[must_use]
    pub fn given_up(self, told: &str) -> Self {
        if told.is_empty() {
            return self;
        }
        let text = self.to_string();
        let (what, why) = text.split_once(": ").unwrap_or(("the store", &text));
        BackendError::Failing {
            what: what.to_owned(),
            why: format!("{why} ({told})").into(),
        }
    }
}

/// Reads objects.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Returns the store in a few words for a person, without secrets: `s3 muse-objects`, `folder /srv/muse`.
    fn describe(&self) -> String;

    /// Returns the `storage_uri` of an object under `key`.
    fn uri_for(&self, key: &Key) -> String;

    /// Returns the key that a `storage_uri` names here. A URI is input: it is refused by name, never followed.
    ///
    /// # Errors
    /// Another scheme or bucket, or a key that leaves the prefix.
    fn locate(&self, uri: &str) -> Result<Key, UriRefusal>;

    /// Opens an object; `None` is the store's own word that there is none.
    ///
    /// # Errors
    /// Whatever leaves the question open.
    async fn open(&self, key: &Key) -> Result<Option<Body>, BackendError>;

    /// Opens a part of an object: `length` bytes from `offset` on, at least one. The size in [`Body::meta`] is that of
    /// the part; `None` as for [`Backend::open`].
    ///
    /// # Errors
    /// Whatever leaves the question open, and a range that leaves the object.
    async fn open_range(
        &self,
        key: &Key,
        offset: u64,
        length: u64,
    ) -> Result<Option<Body>, BackendError>;

    /// Asks for an object without its bytes; `None` as for [`Backend::open`].
    ///
    /// # Errors
    /// Whatever leaves the question open.
    async fn head(&self, key: &Key) -> Result<Option<Meta>, BackendError>;

    /// Returns every key that starts with `prefix` and sorts behind `start_after`, in the order of their UTF-8 bytes.
    /// Only `None` ends it; an error ends it without that promise.
    fn list<'a>(
        &'a self,
        prefix: &str,
        start_after: Option<&str>,
    ) -> BoxStream<'a, Result<Entry, BackendError>>;

    /// Returns the store's clock.
    ///
    /// # Errors
    /// Whatever keeps the store from telling.
    async fn now(&self) -> Result<Micros, BackendError>;
}

/// Bytes to be put in the place of others.
pub(crate) struct Replacement<'a> {
    pub key: &'a Key,
    /// The bytes that must be stored there.
    pub seen: &'a Bytes,
    pub bytes: Bytes,
    /// Asks a store that does not honour `If-Match` without it; then another writer at the same instant loses.
    pub unguarded: bool,
}

/// Writes objects; can be reached from `store/` only.
#[async_trait]
pub(crate) trait BackendMut: Backend {
    /// Stores `bytes` under `key` unless the key exists. Durable when it returns.
    ///
    /// # Errors
    /// Whatever kept the bytes from being stored; then nothing visible is under the key. Only after
    /// [`BackendError::Unknown`] all of `bytes` may be stored there, now or later.
    async fn put_if_absent(&self, key: &Key, bytes: Bytes) -> Result<Put, BackendError>;

    /// Puts bytes in the place of exactly those that were seen. Durable when it returns.
    ///
    /// # Errors
    /// As [`BackendMut::put_if_absent`], and [`BackendError::Unusable`] where the store does not honour
    /// `If-Match` and `unguarded` is false; then nothing was changed.
    async fn replace(&self, wanted: Replacement<'_>) -> Result<Replaced, BackendError>;

    /// Tries what the store honours, on keys of Luthier's own below `_luthier/`, which stay.
    ///
    /// # Errors
    /// The store cannot be written, or did not answer.
    async fn conditions(&self) -> Result<Conditions, BackendError>;
}

#[cfg(test)]
#[path = "../../../tests/backend/local.rs"]
mod local_tests;
#[cfg(test)]
#[path = "../../../tests/backend/suite.rs"]
mod suite;
#[cfg(test)]
#[path = "../../../tests/backend/unprivileged.rs"]
pub(crate) mod unprivileged;
