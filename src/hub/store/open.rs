//! Opening a hub, for reading or for writing, and creating one.

use super::hub::{Database, Hub, ObjectStore};
use super::packs::Packs;
use super::requests::{connect_backend, connect_index};
use super::retry::{Retrying, again, unwatched};
use super::{Authority, Store, StoreError, WriteSide};
use crate::access::Access;
use crate::backend::BackendMut;
use crate::backend::local::Local;
use crate::backend::s3::S3;
use crate::index::{HubEra, IndexMut, Postgres, Sqlite};
use crate::progress::Progress;
use std::sync::Arc;
use tracing::info;

impl Store {
    /// Opens the database and the store of a hub; for writing only with an [`Authority`].
    ///
    /// # Errors
    /// The database or the store cannot be opened.
    pub async fn open(hub: &Hub, authority: Option<&Authority>) -> Result<Self, StoreError> {
        Self::open_for(hub, authority, &unwatched()).await
    }

    /// Opens a hub as [`Store::open`] does, within the budget of a job, which shows what it waits for.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_for(
        hub: &Hub,
        authority: Option<&Authority>,
        progress: &Progress,
    ) -> Result<Self, StoreError> {
        let access = match authority {
            Some(_) => Access::Write,
            None => Access::Read,
        };
        let (index, backend) =
            futures_util::try_join!(open_index(hub, access, progress), open_backend(hub, access))?;
        let write_side = authority.map(|_| WriteSide {
            index: index.clone(),
            backend: backend.clone(),
        });
        let index = Retrying::new(index);
        Ok(Self {
            hub: hub.clone(),
            objects: Packs::new(backend.clone(), index.clone()),
            index,
            backend,
            write_side,
            patient: None,
            copies: None,
            model: None,
        })
    }

    /// Returns a hub from its database and store, both opened for writing.
    pub(super) fn for_writing(
        hub: &Hub,
        index: Arc<dyn IndexMut>,
        backend: Arc<dyn BackendMut>,
    ) -> Self {
        let rows = Retrying::new(index.clone());
        Self {
            hub: hub.clone(),
            objects: Packs::new(backend.clone(), rows.clone()),
            index: rows,
            backend: backend.clone(),
            write_side: Some(WriteSide { index, backend }),
            patient: None,
            copies: None,
            model: None,
        }
    }

    /// Creates the database of a new hub and opens database and store for writing. Puts do not wait for the
    /// disk: after a crash the new hub is created again.
    ///
    /// # Errors
    /// The database contains a hub already, or the database or the store did not answer.
    pub async fn create(hub: &Hub, authority: &Authority) -> Result<Self, StoreError> {
        Self::create_of(hub, HubEra::default(), authority).await
    }

    /// Makes a new hub as [`Store::create`] does, with the tables of an era.
    ///
    /// # Errors
    /// As [`Store::create`].
    pub async fn create_of(
        hub: &Hub,
        era: HubEra,
        _authority: &Authority,
    ) -> Result<Self, StoreError> {
        let index = connect_index(async {
            Ok(match &hub.database {
                Database::Sqlite(path) => {
                    Arc::new(Sqlite::create_of(path, era).await?) as Arc<dyn IndexMut>
                }
                Database::Postgres(place) => Arc::new(Postgres::create_of(place, era).await?),
            })
        });
        let index = index.await?;
        let backend = connect_backend(async {
            Ok(match &hub.objects {
                ObjectStore::Folder(path) => {
                    Arc::new(Local::open(path, Access::Write)?.hasty()) as Arc<dyn BackendMut>
                }
                ObjectStore::S3(place) => Arc::new(S3::open(place, Access::Write).await?),
            })
        });
        let backend = backend.await?;
        Ok(Self::for_writing(hub, index, backend))
    }
}

/// Opens the database that a URL names, again while it breaks off what opening asks. This function and the next are the
/// only ones that list every kind.
pub(super) async fn open_index(
    hub: &Hub,
    access: Access,
    progress: &Progress,
) -> Result<Arc<dyn IndexMut>, StoreError> {
    info!(database = hub.describe_database(), ?access, "connecting");
    let mut retries = progress.retries();
    loop {
        let opened = connect_index(async {
            Ok(match &hub.database {
                Database::Sqlite(path) => {
                    Arc::new(Sqlite::open(path, access).await?) as Arc<dyn IndexMut>
                }
                // The future is large; boxed, it does not enlarge the stack of every caller.
                Database::Postgres(place) => {
                    Arc::new(Box::pin(Postgres::open(place, access)).await?)
                }
            })
        });
        match opened.await {
            Ok(index) => return Ok(index),
            Err(error) => again(error, &mut retries).await?,
        }
    }
}

/// Opens the object store that a URL names.
pub(super) async fn open_backend(
    hub: &Hub,
    access: Access,
) -> Result<Arc<dyn BackendMut>, StoreError> {
    info!(store = hub.locate_store(), ?access, "connecting");
    let opened = connect_backend(async {
        Ok(match &hub.objects {
            ObjectStore::Folder(path) => {
                Arc::new(Local::open(path, access)?) as Arc<dyn BackendMut>
            }
            ObjectStore::S3(place) => Arc::new(Box::pin(S3::open(place, access)).await?),
        })
    });
    Ok(opened.await?)
}
