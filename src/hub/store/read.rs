//! Reads objects: the stored bytes if the row has a `storage_uri`, else bytes made from the row.

use super::chain::{ChainBreak, TreeCache};
use super::packs::{Look, PackSearch};
use super::reconstruct::{self, RowError};
use super::rows;
use super::{Store, StoreError};
use crate::backend::{BackendError, Key, UriRefusal};
use crate::index::IndexError;
use bytes::Bytes;
use futures_util::StreamExt;
use luthier_object::pack::RecordHasher;
use luthier_object::{Kind, MAX_PAYLOAD, ObjectId, ProofError, Proven};

/// The most bytes of an object that are read at once.
const LARGEST_OBJECT: u64 = MAX_PAYLOAD as u64 + 64;

/// Bytes as a client receives them, and where they came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// A canonical object; of a blob, its raw bytes.
    pub bytes: Bytes,
    pub source: Source,
}

/// The source of served bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Read from the store.
    Canonical(Key),
    /// Made from the row, because its `storage_uri` is null.
    Reconstructed,
}

/// The reason why an object cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("there is no {kind} row {id}")]
    NoRow { kind: Kind, id: String },
    #[error("{id}: the storage_uri {uri} is not followed: {why}")]
    Refused {
        id: String,
        uri: String,
        why: UriRefusal,
    },
    #[error("{id}: the store has no object under {key}")]
    Missing { id: String, key: Key },
    #[error("{id}: the store has no object, and none can be made from the row: {why}")]
    Unprovable {
        id: String,
        #[source]
        why: UnprovenRow,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The reason why no object that matches the id can be made from a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnprovenRow {
    #[error(transparent)]
    Row(#[from] RowError),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Chain(#[from] ChainBreak),
    #[error("a blob's row contains no bytes")]
    Blob,
}

impl From<IndexError> for ServeError {
    fn from(error: IndexError) -> Self {
        ServeError::Store(error.into())
    }
}

impl Store {
    /// Returns the key of the object that a row's URI names. A blob may lie in a pack.
    ///
    /// # Errors
    /// The URI is malformed, names another store, or leaves the store.
    pub fn locate(&self, kind: Kind, id: &ObjectId, uri: &str) -> Result<Key, UriRefusal> {
        match kind == Kind::Blob && uri.starts_with("mpack://") {
            true => Key::in_pack_at(uri, id),
            false => self.backend().locate(uri),
        }
    }

    /// Looks for the blob at a place in a pack; `None` where the key is no such place. Without `read`, no byte of a
    /// pack is read.
    ///
    /// # Errors
    /// The database or the store gave no answer.
    pub async fn search_packs(
        &self,
        key: &Key,
        read: bool,
    ) -> Result<Option<PackSearch>, BackendError> {
        match key.in_pack() {
            None => Ok(None),
            Some(place) => {
                let look = if read { Look::Proof } else { Look::Places };
                self.objects.search(place, look).await.map(Some)
            }
        }
    }

    /// Reads the index rows of the blobs that are read next, in one request.
    ///
    /// # Errors
    /// The database gave no answer.
    pub async fn expect_packed(&self, ids: &[String]) -> Result<(), BackendError> {
        self.objects.expect(ids).await
    }

    /// Returns the whole object under `key`; `None` where the store says that there is none.
    ///
    /// # Errors
    /// The store gave no answer, so that nobody knows whether the object is there.
    pub async fn read_object(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.read_within(key, LARGEST_OBJECT).await
    }

    async fn read_within(&self, key: &Key, most: u64) -> Result<Option<Bytes>, StoreError> {
        match self.backend().open(key).await? {
            None => Ok(None),
            Some(body) => Ok(Some(body.read_all(most).await?)),
        }
    }

    /// Returns the size of the object under `key` by a listing of this key alone; `None` where it is not listed.
    ///
    /// # Errors
    /// The listing gives no answer.
    pub async fn listed_size(&self, key: &Key) -> Result<Option<u64>, BackendError> {
        let mut entries = self.backend().list(key.as_str(), None);
        match entries.next().await {
            None => Ok(None),
            Some(Ok(entry)) => Ok((entry.key == key.as_str()).then_some(entry.size)),
            Some(Err(error)) => Err(error),
        }
    }

    /// Checks that an object which a GET does not find is absent from a listing too.
    ///
    /// # Errors
    /// The listing contains it or gives no answer, so that nobody knows whether it is there.
    pub async fn confirm_absent(&self, key: &Key) -> Result<(), StoreError> {
        match self.listed_size(key).await? {
            None => Ok(()),
            Some(_) => Err(StoreError::Backend(BackendError::Remote {
                what: key.to_string(),
                why: "it is listed, and a GET does not find it".into(),
            })),
        }
    }

    /// Reads the object under `key` and returns the result of `prove`. If `prove` refuses the bytes, they are read again,
    /// so that one flipped bit is no finding; `None` as for [`Store::read_object`].
    ///
    /// # Errors
    /// The store gave no answer, or two reads differ. The inner `Err` is the reason why both reads are refused.
    pub async fn read_proved<T, E>(
        &self,
        key: &Key,
        prove: impl Fn(Bytes) -> Result<T, E>,
    ) -> Result<Option<Result<T, E>>, StoreError> {
        let Some(first) = self.read_object(key).await? else {
            return Ok(None);
        };
        if let Ok(proved) = prove(first.clone()) {
            return Ok(Some(Ok(proved)));
        }
        let Some(again) = self.read_object(key).await? else {
            return Ok(None);
        };
        match prove(again.clone()) {
            Err(_) if again != first => Err(differ(key)),
            proved => Ok(Some(proved)),
        }
    }

    /// Returns the object under `key` after two equal reads, for decisions that depend on bytes which no id covers.
    ///
    /// # Errors
    /// As for [`Store::read_object`], and two reads that differ.
    pub async fn read_twice(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        let first = self.read_object(key).await?;
        if first.is_none() || self.read_object(key).await? == first {
            return Ok(first);
        }
        Err(differ(key))
    }

    /// Returns what a client receives for an id.
    ///
    /// # Errors
    /// There is no row, the object is missing, its URI is refused, no object can be made from the row, or the database
    /// or the store did not answer.
    pub async fn serve(&self, kind: Kind, id: &ObjectId) -> Result<Served, ServeError> {
        let ids = [id.as_str().to_owned()];
        let no_row = || ServeError::NoRow {
            kind,
            id: id.to_string(),
        };
        let index = self.index();
        match kind {
            Kind::Commit => {
                let row = index.commits_by_id(&ids).await?.pop();
                let row = row.ok_or_else(no_row)?;
                match row.storage_uri.as_deref() {
                    Some(uri) => self.serve_stored(kind, id, uri, LARGEST_OBJECT).await,
                    None => reconstructed(id, canonical_commit(&row)),
                }
            }
            Kind::Snapshot => {
                let row = index.snapshots_by_id(&ids).await?.pop();
                let row = row.ok_or_else(no_row)?;
                if let Some(uri) = row.storage_uri.as_deref() {
                    return self.serve_stored(kind, id, uri, LARGEST_OBJECT).await;
                }
                let mut trees = TreeCache::default();
                reconstructed(id, self.canonical_snapshot(&row, &mut trees).await?)
            }
            Kind::Blob => self.serve_blob(id, LARGEST_OBJECT).await,
        }
    }

    /// Returns what a client receives for a blob of at most `most` bytes.
    ///
    /// # Errors
    /// As for [`Store::serve`]; [`BackendError::TooLarge`] for a larger one, of which nothing is read.
    pub async fn serve_blob(&self, id: &ObjectId, most: u64) -> Result<Served, ServeError> {
        let ids = [id.as_str().to_owned()];
        let row = self.index().blobs_by_id(&ids).await?.pop();
        let row = row.ok_or_else(|| ServeError::NoRow {
            kind: Kind::Blob,
            id: id.to_string(),
        })?;
        let on_disk = row.disk_path.map(|path| format!("local://{path}"));
        match row.storage_uri.or(on_disk) {
            Some(uri) => self.serve_stored(Kind::Blob, id, &uri, most).await,
            None => {
                let cached = self.cached_blob(id).await?;
                if let Some(Ok(object)) = &cached
                    && object.bytes().len() as u64 > most
                {
                    let (size, limit) = (object.bytes().len() as u64, most);
                    return Err(StoreError::from(BackendError::TooLarge { size, limit }).into());
                }
                let cached = cached.map(|cached| cached.map_err(UnprovenRow::from));
                reconstructed(id, cached.unwrap_or(Err(UnprovenRow::Blob)))
            }
        }
    }

    /// Returns the blob that its row keeps in `content_cache`; `None` where it keeps none.
    ///
    /// # Errors
    /// The database gave no answer. `Err` inside is why the bytes do not match the id.
    pub async fn cached_blob(
        &self,
        id: &ObjectId,
    ) -> Result<Option<Result<Proven, ProofError>>, IndexError> {
        if !self.index().capabilities().content_cache() {
            return Ok(None);
        }
        let Some(bytes) = self.index().cached_content(id.as_str()).await? else {
            return Ok(None);
        };
        let bytes = Bytes::from(bytes);
        let mut hasher = RecordHasher::new(bytes.len() as u64);
        hasher.update(&bytes);
        // Like a record of a pack it may begin with the blob's header.
        let header = hasher.finish(id).header as usize;
        Ok(Some(Proven::read(Kind::Blob, id, bytes.slice(header..))))
    }

    async fn serve_stored(
        &self,
        kind: Kind,
        id: &ObjectId,
        uri: &str,
        most: u64,
    ) -> Result<Served, ServeError> {
        let key = self
            .locate(kind, id, uri)
            .map_err(|why| ServeError::Refused {
                id: id.to_string(),
                uri: uri.to_owned(),
                why,
            })?;
        match self.read_within(&key, most).await? {
            Some(bytes) => Ok(Served {
                bytes,
                source: Source::Canonical(key),
            }),
            None => {
                self.confirm_absent(&key).await?;
                Err(ServeError::Missing {
                    id: id.to_string(),
                    key,
                })
            }
        }
    }

    /// Makes the snapshot of a row whose tree still matches the id.
    ///
    /// # Errors
    /// The database or the store did not answer. The inner `Err` is the reason why nothing matches the id.
    pub async fn canonical_snapshot(
        &self,
        row: &crate::index::SnapshotRow,
        cache: &mut TreeCache,
    ) -> Result<Result<Proven, UnprovenRow>, StoreError> {
        Ok(match self.tree(row, cache).await? {
            Ok(tree) => {
                let made = Proven::of_tree(tree, rows::instant(&row.created_at));
                made.map_err(UnprovenRow::from)
            }
            Err(why) => Err(why.into()),
        })
    }
}

pub(super) fn differ(key: &Key) -> StoreError {
    StoreError::Backend(BackendError::Remote {
        what: key.to_string(),
        why: "two reads gave different bytes".into(),
    })
}

/// Makes the commit of a row, if it matches the id, with the time zone and author that the id was made from.
///
/// # Errors
/// The reason why no object can be made from the row.
pub fn canonical_commit(row: &crate::index::CommitRow) -> Result<Proven, UnprovenRow> {
    let stated = reconstruct::commit_record(row)?;
    Ok(Proven::recover_commit(&stated)?)
}

fn reconstructed(id: &ObjectId, made: Result<Proven, UnprovenRow>) -> Result<Served, ServeError> {
    match made {
        Ok(object) => Ok(Served {
            bytes: object.bytes().clone(),
            source: Source::Reconstructed,
        }),
        Err(why) => Err(ServeError::Unprovable {
            id: id.to_string(),
            why,
        }),
    }
}

impl From<BackendError> for ServeError {
    fn from(error: BackendError) -> Self {
        ServeError::Store(error.into())
    }
}
