//! A hub whose objects lie in memory and whose two sides fail on a script.

use crate::backend::{
    Backend, BackendError, BackendMut, Body, Conditions, Entry, Key, Meta, Put, Replaced,
    Replacement, UriRefusal,
};
use crate::index::plain::{Blobs, Commits, Place, Snapshots};
use crate::index::reads::index_reads;
use crate::index::{
    About, BatchOutcome, BlobRow, BranchRow, Browse, Capabilities, CommitRow, Counts, FetchPackRow,
    Hidden, Index, IndexError, IndexMut, JobRow, Link, Listed, MembershipRow, Migration, NewRows,
    PackedEdit, PackedRow, Page, ProposalRow, Recache, RepoRow, RowEdit, SnapshotRow, Visibility,
    WriteBatch,
};
use crate::store::{Store, WriteSide};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use luthier_object::Kind;
use luthier_object::time::{self, Micros};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// What happens to one request. What cannot happen to a request of its kind is a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing is done, and there is no answer.
    Fails,
    /// A write is done, and its answer is lost.
    Lost,
    /// A put is acknowledged and not done.
    Swallowed,
    /// A read is told that there is no such object.
    Hidden,
    /// A read gets a body with one byte changed.
    Flipped,
}

/// The requests that meet trouble, by their number from 0 on, and how often each lets others go first.
#[derive(Debug, Default)]
pub struct Script {
    pub reads: BTreeMap<u32, Trouble>,
    pub writes: BTreeMap<u32, Trouble>,
    /// From this request on, read or write, nothing is answered.
    pub cut: Option<u32>,
    /// How often a request yields, by its number modulo the length.
    pub pace: Vec<u8>,
    read: AtomicU32,
    written: AtomicU32,
}

impl Script {
    async fn read(&self) -> Option<Trouble> {
        let number = self.read.fetch_add(1, Ordering::SeqCst);
        self.met(&self.reads, number).await
    }

    async fn write(&self) -> Option<Trouble> {
        let number = self.written.fetch_add(1, Ordering::SeqCst);
        self.met(&self.writes, number).await
    }

    async fn met(&self, troubles: &BTreeMap<u32, Trouble>, number: u32) -> Option<Trouble> {
        let all = self.read.load(Ordering::SeqCst) + self.written.load(Ordering::SeqCst);
        if !self.pace.is_empty() {
            for _ in 0..self.pace[all as usize % self.pace.len()] {
                tokio::task::yield_now().await;
            }
        }
        if self.cut.is_some_and(|cut| all > cut) {
            return Some(Trouble::Fails);
        }
        troubles.get(&number).copied()
    }
}

fn unanswered() -> BackendError {
    BackendError::Remote {
        what: "the store".into(),
        why: "the script says so".into(),
    }
}

fn broken() -> IndexError {
    IndexError::Query {
        what: "a test",
        why: "the script says so".into(),
    }
}

/// The objects of a hub, by key. Clones share them.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<BTreeMap<String, Bytes>>>);

impl Memory {
    pub fn objects(&self) -> BTreeMap<String, Bytes> {
        self.0.lock().unwrap().clone()
    }

    pub fn plant(&self, key: &str, bytes: impl Into<Bytes>) {
        self.0.lock().unwrap().insert(key.to_owned(), bytes.into());
    }

    fn get(&self, key: &Key) -> Option<Bytes> {
        self.0.lock().unwrap().get(key.as_str()).cloned()
    }
}

/// The store side. Keys and URIs are those of the folder that the hub names.
struct Objects {
    folder: Arc<dyn BackendMut>,
    memory: Memory,
    script: Arc<Script>,
}

fn meta(size: usize) -> Meta {
    Meta {
        size: size as u64,
        etag: None,
        modified: time::parse(super::LONG_AGO),
        encoding: None,
    }
}

fn body(bytes: Bytes) -> Body {
    Body {
        meta: meta(bytes.len()),
        stream: stream::once(async move { Ok(bytes) }).boxed(),
    }
}

#[async_trait]
impl Backend for Objects {
    fn describe(&self) -> String {
        self.folder.describe()
    }
    fn uri_for(&self, key: &Key) -> String {
        self.folder.uri_for(key)
    }
    fn locate(&self, uri: &str) -> Result<Key, UriRefusal> {
        self.folder.locate(uri)
    }
    async fn open(&self, key: &Key) -> Result<Option<Body>, BackendError> {
        let trouble = self.script.read().await;
        let found = self.memory.get(key);
        match trouble {
            None => Ok(found.map(body)),
            Some(Trouble::Hidden) => Ok(None),
            Some(Trouble::Flipped) => Ok(found.map(|bytes| {
                let mut bytes = bytes.to_vec();
                if let Some(last) = bytes.last_mut() {
                    *last ^= 1;
                }
                body(bytes.into())
            })),
            Some(_) => Err(unanswered()),
        }
    }
    async fn open_range(
        &self,
        key: &Key,
        offset: u64,
        length: u64,
    ) -> Result<Option<Body>, BackendError> {
        let Some(whole) = self.open(key).await? else {
            return Ok(None);
        };
        let bytes = whole.read_all(u64::MAX).await?;
        let end = offset.saturating_add(length);
        if end > bytes.len() as u64 {
            return Err(unanswered());
        }
        Ok(Some(body(bytes.slice(offset as usize..end as usize))))
    }
    async fn head(&self, key: &Key) -> Result<Option<Meta>, BackendError> {
        match self.script.read().await {
            None => Ok(self.memory.get(key).map(|bytes| meta(bytes.len()))),
            Some(Trouble::Hidden) => Ok(None),
            Some(_) => Err(unanswered()),
        }
    }
    fn list<'a>(
        &'a self,
        prefix: &str,
        after: Option<&str>,
    ) -> BoxStream<'a, Result<Entry, BackendError>> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        let listed = async move {
            if self.script.read().await.is_some() {
                return vec![Err(unanswered())];
            }
            let objects = self.memory.objects().into_iter();
            let wanted = objects.filter(|(key, _)| {
                key.starts_with(&prefix) && after.as_ref().is_none_or(|after| key > after)
            });
            wanted
                .map(|(key, bytes)| {
                    let meta = meta(bytes.len());
                    Ok(Entry {
                        key,
                        size: meta.size,
                        modified: meta.modified,
                    })
                })
                .collect()
        };
        listed.into_stream().flat_map(stream::iter).boxed()
    }
    async fn now(&self) -> Result<Micros, BackendError> {
        self.folder.now().await
    }
}

#[async_trait]
impl BackendMut for Objects {
    async fn put_if_absent(&self, key: &Key, bytes: Bytes) -> Result<Put, BackendError> {
        let trouble = self.script.write().await;
        let put = || {
            let mut objects = self.memory.0.lock().unwrap();
            if objects.contains_key(key.as_str()) {
                return Put::AlreadyThere;
            }
            objects.insert(key.as_str().to_owned(), bytes.clone());
            Put::Stored
        };
        match trouble {
            None => Ok(put()),
            Some(Trouble::Swallowed) => Ok(Put::Stored),
            Some(Trouble::Lost) => {
                put();
                Err(unanswered())
            }
            Some(_) => Err(unanswered()),
        }
    }
    async fn replace(&self, wanted: Replacement<'_>) -> Result<Replaced, BackendError> {
        let trouble = self.script.write().await;
        let replace = || {
            let mut objects = self.memory.0.lock().unwrap();
            match objects.get_mut(wanted.key.as_str()) {
                Some(there) if there == wanted.seen => {
                    *there = wanted.bytes.clone();
                    Replaced::Stored
                }
                _ => Replaced::Changed,
            }
        };
        match trouble {
            None => Ok(replace()),
            Some(Trouble::Swallowed) => Ok(Replaced::Stored),
            Some(Trouble::Lost) => {
                replace();
                Err(unanswered())
            }
            Some(_) => Err(unanswered()),
        }
    }
    async fn conditions(&self) -> Result<Conditions, BackendError> {
        Ok(Conditions {
            if_none_match: true,
            checksum: true,
            if_match: true,
        })
    }
}

/// The database side: the rows that the hub has, asked on the script.
struct Rows {
    inner: Arc<dyn IndexMut>,
    script: Arc<Script>,
}

macro_rules! scripted_reads {
    ($($name:ident($($arg:ident: $of:ty),*) -> $found:ty;)*) => {
        #[async_trait]
        impl Index for Rows {
            fn describe(&self) -> String {
                self.inner.describe()
            }

            fn capabilities(&self) -> &Capabilities {
                self.inner.capabilities()
            }

            fn hidden(&self) -> &[Hidden] {
                self.inner.hidden()
            }

            async fn close(&self) {
                self.inner.close().await;
            }

            $(async fn $name(&self, $($arg: $of),*) -> Result<$found, IndexError> {
                match self.script.read().await {
                    None => self.inner.$name($($arg),*).await,
                    Some(_) => Err(broken()),
                }
            })*
        }
    };
}

index_reads!(scripted_reads);

macro_rules! scripted_writes {
    ($($name:ident($($arg:ident: $of:ty),*) -> $found:ty;)*) => {
        #[async_trait]
        impl IndexMut for Rows {
            $(async fn $name(&self, $($arg: $of),*) -> Result<$found, IndexError> {
                match self.script.write().await {
                    None => self.inner.$name($($arg),*).await,
                    Some(Trouble::Lost) => {
                        self.inner.$name($($arg),*).await?;
                        Err(broken())
                    }
                    Some(_) => Err(broken()),
                }
            })*

            async fn lock_applier(&self) -> Result<Box<dyn Send + Sync>, IndexError> {
                self.inner.lock_applier().await
            }
        }
    };
}

scripted_writes! {
    set_storage_uri(kind: Kind, links: &[Link]) -> Vec<String>;
    set_cache(recache: &Recache) -> bool;
    set_cells(edit: &RowEdit) -> bool;
    set_packed(edit: &PackedEdit) -> bool;
    insert(rows: &NewRows) -> ();
    migrate(migration: &Migration) -> ();
    commit_writes(batch: &WriteBatch) -> BatchOutcome;
    mark_deleted(repo_id: &str, at: &str) -> bool;
}

/// The same hub with its objects in memory, both sides on a script.
pub fn scripted(store: Store, memory: &Memory, script: &Arc<Script>) -> Store {
    let mut rows = None;
    let store = store.through_writes(|side| {
        let index: Arc<dyn IndexMut> = Arc::new(Rows {
            inner: side.index,
            script: script.clone(),
        });
        rows = Some(index.clone());
        let backend = Arc::new(Objects {
            folder: side.backend,
            memory: memory.clone(),
            script: script.clone(),
        });
        WriteSide { index, backend }
    });
    let rows = rows.unwrap();
    store.through(|_| rows)
}
