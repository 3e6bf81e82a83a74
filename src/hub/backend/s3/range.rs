//! Parts of objects.

use super::bucket::{Bucket, micros};
use super::fault::Fault;
use super::read::{ObjectHeaders, UNFOUND, chunks, remote};
use crate::backend::{BackendError, Body, Key, Meta};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use bytes::Bytes;
use futures_util::StreamExt;

impl Bucket {
    /// Opens a part of an object; `None` as for [`Bucket::open`].
    pub(super) async fn open_range(
        &self,
        key: &Key,
        offset: u64,
        length: u64,
    ) -> Result<Option<Body>, BackendError> {
        let end = offset.saturating_add(length.max(1)) - 1;
        let range = Some(format!("bytes={offset}-{end}"));
        let found = match self.get(key, range.clone()).await {
            Err(Fault::NoKey | Fault::NotFound) => {
                if self.head(key).await?.is_none() {
                    return Ok(None);
                }
                self.get(key, range).await
            }
            found => found,
        };
        match found {
            Ok(found) => match self.part(key, found, (offset, length)) {
                Some(body) => Ok(Some(body)),
                None => self.part_of_whole(key, offset, length).await,
            },
            Err(Fault::NoKey | Fault::NotFound) => Err(remote(key, UNFOUND)),
            Err(fault) => Err(self.error(key.as_str(), fault)),
        }
    }

    /// Opens a part of an object by reading all of it: for a server, or something on the way to it, that answers a
    /// range with something else.
    async fn part_of_whole(
        &self,
        key: &Key,
        offset: u64,
        length: u64,
    ) -> Result<Option<Body>, BackendError> {
        let Some(body) = self.open(key).await? else {
            return Ok(None);
        };
        if offset.saturating_add(length) > body.meta.size {
            return Err(remote(key, "the range leaves the object"));
        }
        let (mut before, mut left) = (offset, length);
        let stream = body.stream.filter_map(move |chunk| {
            let part = chunk.map(|mut chunk| {
                let passed = before.min(chunk.len() as u64);
                before -= passed;
                let mut part = chunk.split_off(passed as usize);
                part.truncate(left.min(part.len() as u64) as usize);
                left -= part.len() as u64;
                part
            });
            let is_empty = part.as_ref().is_ok_and(Bytes::is_empty);
            std::future::ready((!is_empty).then_some(part))
        });
        Ok(Some(Body {
            meta: Meta {
                size: length,
                encoding: None,
                ..body.meta
            },
            stream: stream.boxed(),
        }))
    }

    /// Returns the body of an answer to a range; `None` if it does not say that it is exactly this one, as stored.
    fn part(
        &self,
        key: &Key,
        found: GetObjectOutput,
        (offset, length): (u64, u64),
    ) -> Option<Body> {
        let end = offset.saturating_add(length.max(1)) - 1;
        let wanted = format!("bytes {offset}-{end}/");
        let said = ObjectHeaders::of(&found);
        let came = found.content_range.as_deref().unwrap_or_default();
        if !came.starts_with(&wanted) || said.encoding.is_some() {
            return None;
        }
        let meta = Meta {
            size: length,
            etag: said.etag,
            modified: said.modified.as_ref().map(micros),
            encoding: None,
        };
        Some(Body {
            stream: chunks(self.reading(key, found.body, length)),
            meta,
        })
    }
}
