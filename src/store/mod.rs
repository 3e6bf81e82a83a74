//! The shared store layer: reads for everyone, writes for whoever holds a [`Writer`].

pub mod authority;
pub mod chain;
pub mod checkpoint;
pub mod columns;
pub mod doctor;
pub mod fetch;
pub mod hub;
mod migrate;
pub mod proof;
pub mod read;
pub mod rebuild;
pub mod reconstruct;
pub mod site;
pub mod write;

pub use authority::Authority;
pub use hub::{Environment, Hub, HubError, Policy};
pub use read::{ServeError, Served, Source};
pub use write::Writer;

use crate::backend::{Backend, BackendError, BackendMut};
use crate::index::{Index, IndexError, IndexMut};
use std::sync::Arc;

/// Why the store layer could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Backend(#[from] BackendError),
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error("this session is read-only; start with --write")]
    ReadOnly,
}

/// The write side of a hub; a session that was opened for reading has none.
#[derive(Clone)]
pub(crate) struct WriteSide {
    pub index: Arc<dyn IndexMut>,
    pub backend: Arc<dyn BackendMut>,
}

/// A hub that can be read.
#[derive(Clone)]
pub struct Store {
    hub: Hub,
    index: Arc<dyn Index>,
    backend: Arc<dyn Backend>,
    write_side: Option<WriteSide>,
}

impl Store {
    /// The hub that was opened.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The rows.
    #[must_use]
    pub fn index(&self) -> &dyn Index {
        self.index.as_ref()
    }

    /// The objects.
    #[must_use]
    pub fn backend(&self) -> &dyn Backend {
        self.backend.as_ref()
    }

    /// Ends every connection to the database. Other clones of this store can read no more.
    pub async fn close(&self) {
        self.index.close().await;
    }

    /// Whether a [`Writer`] can be had.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.write_side.is_some()
    }
}

#[cfg(test)]
#[path = "../../tests/store/house.rs"]
mod house_test;
#[cfg(test)]
#[path = "../../tests/store/write.rs"]
mod write_test;
