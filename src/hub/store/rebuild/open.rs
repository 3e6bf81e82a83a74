//! The database that is to be filled: made where none is, opened where a run was cut short.

use super::RebuildError;
use crate::access::Access;
use crate::index::{IndexError, IndexMut, Postgres, Sqlite};
use crate::progress::Progress;
use crate::store::hub::{Database, Hub};
use crate::store::open::open_backend;
use crate::store::requests::connect_index;
use crate::store::retry::again;
use crate::store::{Authority, Store};
use futures_util::StreamExt;
use std::sync::Arc;

impl Store {
    /// Opens the store of `hub` and a database to be filled from it, which is made where there is none.
    ///
    /// # Errors
    /// A side that cannot be opened, a file that is no hub's database, or a store that lists no key: then no
    /// database is made.
    pub async fn open_to_fill(
        hub: &Hub,
        _authority: &Authority,
        progress: &Progress,
    ) -> Result<Self, RebuildError> {
        // Only read: a rebuild puts nothing into the store.
        let backend = open_backend(hub, Access::Read).await?;
        // A listing that fails is no empty one: the rebuild asks again and says what it could not read.
        if backend.list("", None).next().await.is_none() {
            return Err(RebuildError::NothingListed);
        }
        let mut retries = progress.retries();
        let index = loop {
            match connect_index(made_or_found(&hub.database)).await {
                Ok(index) => break index,
                Err(error) => again(error, &mut retries).await?,
            }
        };
        if let Some(hidden) = index.hidden().iter().find(|hidden| hidden.why.hides()) {
            let error = IndexError::Open {
                what: index.describe(),
                why: format!(
                    "it may contain rows that this user cannot see: {}",
                    hidden.said
                )
                .into(),
            };
            return Err(error.into());
        }
        Ok(Self::for_writing(hub, index, backend))
    }
}

/// Returns the one place that makes an empty database at a URL.
async fn made_or_found(database: &Database) -> Result<Arc<dyn IndexMut>, IndexError> {
    Ok(match database {
        Database::Sqlite(path) => {
            let meta = std::fs::metadata(path);
            let is_there = meta.is_ok_and(|meta| meta.is_file() && meta.len() > 0);
            Arc::new(match is_there {
                true => match Sqlite::open(path, Access::Write).await {
                    // A run that failed may have left some of the tables.
                    Err(IndexError::NotAHub { .. }) => Sqlite::create(path).await?,
                    opened => opened?,
                },
                false => Sqlite::create(path).await?,
            })
        }
        Database::Postgres(place) => Arc::new(match Postgres::open(place, Access::Write).await {
            Err(IndexError::NotAHub { .. }) => Postgres::create(place).await?,
            opened => opened?,
        }),
    })
}
