//! Objects read: whole, or only what is said of them.

use super::bucket::{Bucket, micros};
use super::fault::{Fault, chain, line};
use crate::backend::{BackendError, Body, Key, Meta};
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use std::io;
use std::time::Duration;

impl Bucket {
    /// Opens an object; `None` is the server's `NoSuchKey` and nothing else.
    pub(super) async fn open(&self, key: &Key) -> Result<Option<Body>, BackendError> {
        let wire = self.wire(key);
        let answer = self
            .ask(|| {
                self.client()
                    .get_object()
                    .bucket(self.name())
                    .key(&wire)
                    .customize()
                    .config_override(self.limits(0))
                    .send()
            })
            .await;
        let found = match answer {
            Ok(found) => found,
            Err(Fault::NoKey) => return Ok(None),
            Err(fault) => return Err(self.error(key.as_str(), fault)),
        };
        let meta = meta(key, found.content_length, found.e_tag, found.last_modified)?;
        let stream = chunks(found.body, meta.size, key.clone(), self.pace().read);
        Ok(Some(Body { meta, stream }))
    }

    /// Asks for an object; `None` is a 404 while the bucket is there.
    pub(super) async fn head(&self, key: &Key) -> Result<Option<Meta>, BackendError> {
        let wire = self.wire(key);
        let answer = self
            .ask(|| {
                self.client()
                    .head_object()
                    .bucket(self.name())
                    .key(&wire)
                    .customize()
                    .config_override(self.limits(0))
                    .send()
            })
            .await;
        match answer {
            Ok(found) => {
                meta(key, found.content_length, found.e_tag, found.last_modified).map(Some)
            }
            Err(Fault::NoKey | Fault::NotFound) => {
                let confirmed = self.confirm().await;
                confirmed.map_err(|fault| self.error(key.as_str(), fault))?;
                Ok(None)
            }
            Err(fault) => Err(self.error(key.as_str(), fault)),
        }
    }
}

fn meta(
    key: &Key,
    length: Option<i64>,
    etag: Option<String>,
    modified: Option<DateTime>,
) -> Result<Meta, BackendError> {
    let Some(size) = length.and_then(|length| u64::try_from(length).ok()) else {
        return Err(BackendError::Remote {
            what: key.to_string(),
            why: "the server does not say how long the object is".into(),
        });
    };
    Ok(Meta {
        size,
        etag,
        modified: modified.as_ref().map(micros),
    })
}

/// A body that is being read.
struct Reading {
    body: ByteStream,
    key: Key,
    announced: u64,
    left: u64,
    patience: Duration,
}

impl Reading {
    /// The next bytes; the end is believed only where it was announced.
    async fn next(&mut self) -> Option<Result<Bytes, BackendError>> {
        let what = || self.key.to_string();
        let wrong_length = BackendError::WrongLength {
            announced: self.announced,
        };
        let chunk = match tokio::time::timeout(self.patience, self.body.next()).await {
            Err(_) => return Some(Err(BackendError::TimedOut { what: what() })),
            Ok(None) if self.left > 0 => return Some(Err(wrong_length)),
            Ok(None) => return None,
            Ok(Some(Err(error))) => {
                let source = io::Error::other(line(&chain(&error)));
                return Some(Err(BackendError::Io {
                    what: what(),
                    source,
                }));
            }
            Ok(Some(Ok(chunk))) => chunk,
        };
        match self.left.checked_sub(chunk.len() as u64) {
            Some(left) => {
                self.left = left;
                Some(Ok(chunk))
            }
            None => Some(Err(wrong_length)),
        }
    }
}

/// A body's bytes as they come. An error ends it.
fn chunks(
    body: ByteStream,
    announced: u64,
    key: Key,
    patience: Duration,
) -> BoxStream<'static, Result<Bytes, BackendError>> {
    let reading = Reading {
        body,
        key,
        announced,
        left: announced,
        patience,
    };
    stream::unfold(Some(reading), |reading| async move {
        let mut reading = reading?;
        let next = reading.next().await?;
        let rest = next.is_ok().then_some(reading);
        Some((next, rest))
    })
    .boxed()
}
