//! A store that dies in the middle of a write.

use crate::backend::{
    Backend, BackendError, BackendMut, Body, Conditions, Entry, Key, Meta, Put, Replaced,
    Replacement, UriRefusal,
};
use crate::store::hub_writes::{HubWriter, NoHubLedger};
use crate::store::{Authority, Store, WriteSide};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use luthier_object::time::Micros;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A store that answers so many writes and reads of objects, and then no more.
struct Dying {
    inner: Arc<dyn BackendMut>,
    left: AtomicI64,
}

impl Dying {
    fn step(&self) -> Result<(), BackendError> {
        match self.left.fetch_sub(1, Ordering::SeqCst) > 0 {
            true => Ok(()),
            false => Err(BackendError::Unusable {
                what: "the store".into(),
                why: "it has died".into(),
            }),
        }
    }
}

#[async_trait]
impl Backend for Dying {
    fn describe(&self) -> String {
        self.inner.describe()
    }
    fn uri_for(&self, key: &Key) -> String {
        self.inner.uri_for(key)
    }
    fn locate(&self, uri: &str) -> Result<Key, UriRefusal> {
        self.inner.locate(uri)
    }
    async fn open(&self, key: &Key) -> Result<Option<Body>, BackendError> {
        self.step()?;
        self.inner.open(key).await
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
        self.inner.head(key).await
    }
    fn list<'a>(
        &'a self,
        prefix: &str,
        after: Option<&str>,
    ) -> BoxStream<'a, Result<Entry, BackendError>> {
        self.inner.list(prefix, after)
    }
    async fn now(&self) -> Result<Micros, BackendError> {
        self.inner.now().await
    }
}

#[async_trait]
impl BackendMut for Dying {
    async fn put_if_absent(&self, key: &Key, bytes: Bytes) -> Result<Put, BackendError> {
        self.step()?;
        self.inner.put_if_absent(key, bytes).await
    }
    async fn conditions(&self) -> Result<Conditions, BackendError> {
        self.inner.conditions().await
    }

    async fn replace(&self, wanted: Replacement<'_>) -> Result<Replaced, BackendError> {
        self.step()?;
        self.inner.replace(wanted).await
    }
}

/// The same hub through a store that dies after so many steps.
pub fn dying(store: &Store, steps: i64) -> HubWriter {
    let left = AtomicI64::new(steps);
    let store = store.clone();
    let store = store.through_writes(|side| WriteSide {
        index: side.index,
        backend: Arc::new(Dying {
            inner: side.backend,
            left,
        }),
    });
    let writer = store.writer(&Authority::granted()).unwrap();
    writer.hub_writer(Arc::new(NoHubLedger))
}
