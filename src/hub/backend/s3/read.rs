//! Objects read: whole, or only what is said of them.

use super::bucket::{Bucket, ListRequest, micros};
use super::decode::{self, Decoder};
use super::fault::Fault;
use super::words::{chain, line};
use crate::backend::{BackendError, Body, Key, Meta};
use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use std::io;
use std::time::{Duration, Instant};

/// The fewest bytes a second that a body may come with in the long run.
const SLOWEST: u64 = 8 << 10;

/// The error of a server whose GET and HEAD disagree.
pub(super) const UNFOUND: &str = "a GET is answered 404, and a HEAD says that it is there; a proxy may answer in the store's place";

impl Bucket {
    /// Opens an object. `None` takes two witnesses: neither a GET nor a HEAD finds it.
    pub(super) async fn open(&self, key: &Key) -> Result<Option<Body>, BackendError> {
        match self.get(key, None).await {
            Ok(found) => self.body(key, found).await.map(Some),
            Err(Fault::NoKey | Fault::NotFound) => self.second_look(key).await,
            Err(fault) => Err(self.error(key.as_str(), fault)),
        }
    }

    /// Looks up why a GET did not find an object.
    async fn second_look(&self, key: &Key) -> Result<Option<Body>, BackendError> {
        if self.head(key).await?.is_none() {
            return Ok(None);
        }
        match self.get(key, None).await {
            Ok(found) => self.body(key, found).await.map(Some),
            Err(Fault::NoKey | Fault::NotFound) => Err(remote(key, UNFOUND)),
            Err(fault) => Err(self.error(key.as_str(), fault)),
        }
    }

    pub(super) async fn get(
        &self,
        key: &Key,
        range: Option<String>,
    ) -> Result<GetObjectOutput, Fault> {
        let wire = self.wire(key);
        self.ask(|| {
            self.client()
                .get_object()
                .bucket(self.name())
                .key(&wire)
                .set_range(range.clone())
                .customize()
                .config_override(self.limits(0))
                .interceptor(AsStored)
                .send()
        })
        .await
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
                let said = ObjectHeaders {
                    length: found.content_length,
                    etag: found.e_tag,
                    modified: found.last_modified,
                    encoding: decode::encoding(found.content_encoding.as_deref()),
                };
                match said.meta() {
                    Some(meta) => Ok(Some(meta)),
                    None => self.listed(key).await.map(Some),
                }
            }
            Err(Fault::NoKey | Fault::NotFound) => {
                let confirmed = self.confirm().await;
                confirmed.map_err(|fault| self.error(key.as_str(), fault))?;
                Ok(None)
            }
            // This server has no HEAD.
            Err(Fault::Status {
                status: 405 | 501, ..
            }) => self.head_by_get(key).await,
            Err(fault) => Err(self.error(key.as_str(), fault)),
        }
    }

    /// Reads an object's metadata by a GET, without its body.
    async fn head_by_get(&self, key: &Key) -> Result<Option<Meta>, BackendError> {
        match self.get(key, None).await {
            Ok(found) => match ObjectHeaders::of(&found).meta() {
                Some(meta) => Ok(Some(meta)),
                None => self.listed(key).await.map(Some),
            },
            Err(Fault::NoKey) => Ok(None),
            Err(fault) => Err(self.error(key.as_str(), fault)),
        }
    }

    /// Reads the metadata of an existing object from the listing.
    async fn listed(&self, key: &Key) -> Result<Meta, BackendError> {
        let wire = self.wire(key);
        let ask = ListRequest {
            prefix: &wire,
            limit: Some(1),
            ..ListRequest::default()
        };
        let entry = self.page(ask).await?.entries.into_iter().next();
        let entry = entry.filter(|entry| entry.key == wire);
        let entry =
            entry.ok_or_else(|| remote(key, "the server does not say how long the object is"))?;
        Ok(Meta {
            size: entry.size,
            etag: None,
            modified: entry.modified,
            encoding: None,
        })
    }

    /// Returns the body of an answer. Its length is the answer's, or, where that says none or was compressed on the
    /// way, the one that a HEAD or the listing says.
    async fn body(&self, key: &Key, found: GetObjectOutput) -> Result<Body, BackendError> {
        if found.content_range.is_some() {
            return Err(remote(key, "the server returned only a part of the object"));
        }
        let said = ObjectHeaders::of(&found);
        let (mut meta, mut decoder) = (said.meta(), None);
        if meta.is_none() || said.encoding.is_some() {
            let stored = self.head(key).await?;
            let stored =
                stored.ok_or_else(|| remote(key, "a HEAD is answered 404, and a GET is not"))?;
            match (&said.encoding, &stored.encoding) {
                (Some(way), None) => {
                    decoder = Some(Decoder::of(way).ok_or_else(|| {
                        remote(
                            key,
                            &format!(
                                "something between here and the store compresses with {}, which cannot be unpacked here",
                                line(way)
                            ),
                        )
                    })?);
                    meta = Some(stored);
                }
                _ => meta = Some(meta.unwrap_or(stored)),
            }
        }
        let Some(meta) = meta else {
            return Err(remote(
                key,
                "the server does not say how long the object is",
            ));
        };
        let reading = Reading {
            decoder,
            ..self.reading(key, found.body, meta.size)
        };
        Ok(Body {
            meta,
            stream: chunks(reading),
        })
    }

    /// Starts to read a body of so many bytes.
    pub(super) fn reading(&self, key: &Key, body: ByteStream, announced: u64) -> Reading {
        Reading {
            body,
            key: key.clone(),
            announced,
            left: announced,
            longest: self.timeouts().read,
            floor: self.timeouts().attempt,
            waited: Duration::ZERO,
            decoder: None,
            packed: Bytes::new(),
        }
    }
}

/// Asks that nothing on the way compresses the object. Behind the signature, since some servers change it.
#[derive(Debug)]
struct AsStored;

impl Intercept for AsStored {
    fn name(&self) -> &'static str {
        "AsStored"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        headers.insert("accept-encoding", "identity");
        Ok(())
    }
}

pub(super) fn remote(key: &Key, why: &str) -> BackendError {
    BackendError::Remote {
        what: key.to_string(),
        why: why.into(),
    }
}

/// The headers of an answer.
pub(super) struct ObjectHeaders {
    length: Option<i64>,
    pub etag: Option<String>,
    pub modified: Option<DateTime>,
    pub encoding: Option<String>,
}

impl ObjectHeaders {
    pub fn of(found: &GetObjectOutput) -> Self {
        Self {
            length: found.content_length,
            etag: found.e_tag.clone(),
            modified: found.last_modified,
            encoding: decode::encoding(found.content_encoding.as_deref()),
        }
    }

    /// Returns what the answer says of the object; `None` where it has no size.
    fn meta(&self) -> Option<Meta> {
        Some(Meta {
            size: u64::try_from(self.length?).ok()?,
            etag: self.etag.clone(),
            modified: self.modified.as_ref().map(micros),
            encoding: self.encoding.clone(),
        })
    }
}

/// A body that is being read.
pub(super) struct Reading {
    body: ByteStream,
    key: Key,
    announced: u64,
    left: u64,
    /// The longest wait for the next bytes.
    longest: Duration,
    /// The longest wait for all bytes, besides what they take at [`SLOWEST`].
    floor: Duration,
    /// The time that this body was waited for. What its reader takes in between is not the store's.
    waited: Duration,
    /// The decoder for what was encoded on the way.
    decoder: Option<Decoder>,
    /// Bytes that came and are not unpacked yet.
    packed: Bytes,
}

impl Reading {
    /// Returns the next bytes; the end is believed only where it was announced.
    async fn next(&mut self) -> Option<Result<Bytes, BackendError>> {
        let wrong_length = BackendError::WrongLength {
            announced: self.announced,
        };
        let chunk = loop {
            let raw = match self.raw().await {
                None if self.left > 0 => return Some(Err(wrong_length)),
                None => return None,
                Some(Err(error)) => return Some(Err(error)),
                Some(Ok(raw)) => raw,
            };
            let Some(decoder) = &mut self.decoder else {
                break raw;
            };
            self.packed = raw;
            let slice = self.packed.split_to(self.packed.len().min(decode::SLICE));
            match decoder.push(&slice) {
                Ok(out) if out.is_empty() => {}
                Ok(out) => break out.into(),
                Err(error) => return Some(Err(self.broken(error))),
            }
        };
        match self.left.checked_sub(chunk.len() as u64) {
            Some(left) => {
                self.left = left;
                Some(Ok(chunk))
            }
            None => Some(Err(wrong_length)),
        }
    }

    /// Returns the next bytes as they came.
    async fn raw(&mut self) -> Option<Result<Bytes, BackendError>> {
        if !self.packed.is_empty() {
            return Some(Ok(std::mem::take(&mut self.packed)));
        }
        let read = Duration::from_secs((self.announced - self.left) / SLOWEST);
        let limit = (self.floor + read).saturating_sub(self.waited);
        let since = Instant::now();
        let next = tokio::time::timeout(limit.min(self.longest), self.body.next()).await;
        self.waited += since.elapsed();
        match next {
            Err(_) => Some(Err(BackendError::TimedOut {
                what: self.key.to_string(),
            })),
            Ok(None) => None,
            Ok(Some(Err(error))) => Some(Err(self.broken(io::Error::other(line(&chain(&error)))))),
            Ok(Some(Ok(chunk))) => Some(Ok(chunk)),
        }
    }

    fn broken(&self, source: io::Error) -> BackendError {
        BackendError::Io {
            what: self.key.to_string(),
            source: io::Error::other(source.to_string()),
        }
    }
}

/// Returns a body's bytes as they come. An error ends it.
pub(super) fn chunks(reading: Reading) -> BoxStream<'static, Result<Bytes, BackendError>> {
    stream::unfold(Some(reading), |reading| async move {
        let mut reading = reading?;
        let next = reading.next().await?;
        let rest = next.is_ok().then_some(reading);
        Some((next, rest))
    })
    .boxed()
}
