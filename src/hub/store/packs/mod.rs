//! Blobs in packs: from what a row says to the bytes, by ranges.
//!
//! A row names the pack, rows of `musehub_mpack_index` say where in it a blob lies, and a hub keeps small blobs in
//! `content_cache` of their row as well. What a client gets first is tried first: the cache, the range in the URI, the
//! index. Each is proved before it is handed on; where none proves, the pack is read once, to the end, and what lies
//! where in it is remembered for the run.

mod found;
mod memory;
mod place;
mod search;
mod walk;

pub use found::{FoundIn, PackSearch, PackState, RangeFault, ReadBlob, WrongRange};
pub use place::PackObject;

pub(super) use found::Look;
pub use walk::{Contents, Damage, NoSpot, Spot};

use super::Store;
use super::retry::Retrying;
use crate::backend::{Backend, BackendError, Body, Entry, Key, Meta, UriRefusal};
use crate::cause::Cause;
use crate::index::IndexError;
use crate::index::audit_scratch::PackedRecord;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use luthier_object::ObjectId;
use luthier_object::time::Micros;
use memory::Memory;

use found::Located;
use std::collections::HashMap;
use std::sync::Arc;

/// The objects of a hub, those in packs among them.
#[derive(Clone)]
pub(super) struct Packs {
    inner: Arc<dyn Backend>,
    index: Retrying,
    memory: Arc<Memory>,
}

impl Packs {
    /// Takes the objects of a store, for reads that nobody runs as one job.
    pub(super) fn new(inner: Arc<dyn Backend>, index: Retrying) -> Self {
        Self {
            inner,
            index,
            memory: Arc::new(Memory::brief()),
        }
    }

    /// Returns the same hub for a job, which remembers what it learns of packs to its end. Parts of one job share it.
    pub(super) fn for_job(&self, inner: Arc<dyn Backend>, index: Retrying) -> Self {
        Self {
            inner,
            index,
            memory: match self.memory.is_brief() {
                true => Arc::new(Memory::of_a_job()),
                false => self.memory.clone(),
            },
        }
    }

    /// Returns the same with other rows.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn with_index(self, index: Retrying) -> Self {
        Self { index, ..self }
    }
}

impl Store {
    /// Returns the object of a pack, by the 64 digits of its id; `None` where neither HEADs nor a listing find it.
    ///
    /// # Errors
    /// The store gave no answer.
    pub async fn pack(&self, hex: &str) -> Result<Option<PackObject>, BackendError> {
        self.objects.pack(hex).await
    }

    /// Returns what a pack holds, and whether it is what its id says. It is read to its end, once in a job.
    ///
    /// # Errors
    /// The store gave no answer, or two reads differ.
    pub async fn pack_contents(
        &self,
        hex: &str,
        pack: &PackObject,
    ) -> Result<Arc<Contents>, BackendError> {
        self.objects.contents(hex, pack).await
    }

    /// Returns the same, without remembering it.
    ///
    /// # Errors
    /// As [`Store::pack_contents`].
    pub async fn read_pack(&self, hex: &str, pack: &PackObject) -> Result<Contents, BackendError> {
        self.objects.read_pack(hex, pack).await
    }

    /// Takes what whole packs proved of the blobs that are looked for next, by the digests of their ids: where an index
    /// row says the same, [`Store::search_packs`] reads no byte.
    pub fn expect_proved(&self, records: HashMap<[u8; 32], Vec<PackedRecord>>) {
        self.objects.memory.hold_proved(records);
    }
}

impl Store {
    /// Returns where a blob lies in a pack, by its 64 digits, once the whole pack has proved.
    ///
    /// # Errors
    /// The store gave no answer. `Err` inside is why the pack proves no such place.
    pub async fn proved_spot(
        &self,
        hex: &str,
        id: &ObjectId,
    ) -> Result<Result<Spot, NoSpot>, BackendError> {
        let Some(pack) = self.pack(hex).await? else {
            return Ok(Err(NoSpot::NoPack));
        };
        let contents = self.pack_contents(hex, &pack).await?;
        Ok(match (&contents.damage, contents.get(id)) {
            (Some(damage), _) => Err(NoSpot::Damaged(damage.clone())),
            (None, None) => Err(NoSpot::NotThere),
            (None, Some(spot)) if !spot.is_proved => Err(NoSpot::Unproved),
            (None, Some(spot)) => Ok(spot),
        })
    }
}

/// Returns an error of the database where one of the store is told.
fn unasked(error: IndexError) -> BackendError {
    BackendError::Remote {
        what: "the index of packs".to_owned(),
        why: Cause::of(error),
    }
}

/// Returns a body of bytes that are held.
fn held(meta: Meta, bytes: Bytes) -> Body {
    Body {
        meta: Meta {
            size: bytes.len() as u64,
            ..meta
        },
        stream: stream::iter([Ok(bytes)]).boxed(),
    }
}

#[async_trait]
impl Backend for Packs {
    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn uri_for(&self, key: &Key) -> String {
        match key.in_pack() {
            Some(_) => key.to_string(),
            None => self.inner.uri_for(key),
        }
    }

    fn locate(&self, uri: &str) -> Result<Key, UriRefusal> {
        self.inner.locate(uri)
    }

    async fn open(&self, key: &Key) -> Result<Option<Body>, BackendError> {
        let Some(place) = key.in_pack() else {
            return self.inner.open(key).await;
        };
        match self.search(place, Look::Bytes).await?.into_located() {
            None => Ok(None),
            Some(Located::Held(meta, bytes)) => Ok(Some(held(meta, bytes))),
            Some(Located::At(range)) => {
                self.inner
                    .open_range(&range.key, range.offset, range.length)
                    .await
            }
        }
    }

    async fn open_range(
        &self,
        key: &Key,
        offset: u64,
        length: u64,
    ) -> Result<Option<Body>, BackendError> {
        self.inner.open_range(key, offset, length).await
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, BackendError> {
        match key.in_pack() {
            None => self.inner.head(key).await,
            Some(_) => Ok(self.open(key).await?.map(|body| body.meta)),
        }
    }

    fn list<'a>(
        &'a self,
        prefix: &str,
        start_after: Option<&str>,
    ) -> BoxStream<'a, Result<Entry, BackendError>> {
        self.inner.list(prefix, start_after)
    }

    async fn now(&self) -> Result<Micros, BackendError> {
        self.inner.now().await
    }
}

#[cfg(test)]
#[path = "../../../../tests/store/packs.rs"]
mod tests;
