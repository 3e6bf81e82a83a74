//! The shared store layer: reads for everyone, writes for whoever holds a [`Writer`].

pub mod amend;
pub mod authority;
pub mod chain;
pub mod checkpoint;
pub mod columns;
pub mod doctor;
pub mod fetch;
mod home;
pub mod hub;
pub mod hub_writes;
mod making;
mod migrate;
mod model;
mod open;
pub mod packs;
pub mod read;
pub mod rebuild;
pub mod reconstruct;
mod requests;
mod retry;
pub mod rows;
pub mod write;

pub use authority::Authority;
pub use hub::{Environment, Hub, HubError, Policy};
pub use making::Making;
pub use model::Model;
pub use read::{ServeError, Served, Source};
pub use write::Writer;

use crate::backend::{Backend, BackendError, BackendMut};
use crate::cause::Cause;
use crate::index::{Index, IndexError, IndexMut};
use crate::progress::Progress;
use async_trait::async_trait;
use bytes::Bytes;
use luthier_object::{Kind, ObjectId};
use packs::Packs;
use retry::Retrying;
use retry::objects::Patient;
use std::sync::Arc;

/// The reason why the store layer failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Backend(#[from] BackendError),
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error("this session is read-only; start Luthier with --write")]
    ReadOnly,
    #[error(
        "hub {0} is not a demo hub; unproved bytes and rows of any kind are stored in a demo hub alone"
    )]
    NotADemo(String),
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
    index: Retrying,
    backend: Arc<dyn Backend>,
    /// The same objects, with those in packs.
    objects: Packs,
    /// The same objects for a job, which waits for them.
    patient: Option<Patient>,
    write_side: Option<WriteSide>,
    copies: Option<Arc<dyn Copies>>,
    /// What the rows show of the hub's model, once somebody has looked.
    model: Option<Model>,
}

/// Copies of objects that are stored outside the hub, such as a client's folder: looked at where the hub itself
/// has nothing that proves.
#[async_trait]
pub trait Copies: Send + Sync {
    /// Returns whatever is stored under the id's keys, with the key. None of it is checked.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    async fn candidates(&self, kind: Kind, id: &ObjectId) -> Result<Vec<(String, Bytes)>, Cause>;
}

impl Store {
    /// Returns the hub that was opened.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Returns the rows.
    #[must_use]
    pub fn index(&self) -> &dyn Index {
        &self.index
    }

    /// Returns the objects.
    #[must_use]
    pub fn backend(&self) -> &dyn Backend {
        &self.objects
    }

    /// Returns the same hub for a job: reads that are broken off are tried again for as long as the job may wait, and
    /// the job shows what it waits for.
    #[must_use]
    pub fn for_job(&self, progress: &Progress) -> Self {
        // Parts of one job learn together what the store answers.
        let health = self.patient.as_ref().map(|patient| patient.health.clone());
        let patient = Patient::new(self.backend.clone(), progress, health.unwrap_or_default());
        let index = self.index.for_job(progress);
        Self {
            objects: self
                .objects
                .for_job(Arc::new(patient.clone()), index.clone()),
            index,
            patient: Some(patient),
            ..self.clone()
        }
    }

    /// Returns the same hub, read through something that a test puts before its rows.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn through(self, put: impl FnOnce(Arc<dyn Index>) -> Arc<dyn Index>) -> Self {
        let index = self.index.map(put);
        Self {
            objects: self.objects.with_index(index.clone()),
            index,
            ..self
        }
    }

    /// Returns the same hub, written and its objects read through what a test puts before its two sides.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn through_writes(self, put: impl FnOnce(WriteSide) -> WriteSide) -> Self {
        let side = put(self.write_side.expect("a hub that is open for writing"));
        let backend = side.backend.clone();
        Self {
            objects: Packs::new(backend.clone(), self.index.clone()),
            backend,
            write_side: Some(side),
            ..self
        }
    }

    /// Returns the same hub with a policy: the configured one, else that which follows from the hub's model.
    ///
    /// # Errors
    /// The database gave no answer.
    pub async fn by_model(&self) -> Result<Self, IndexError> {
        if self.model.is_some() {
            return Ok(self.clone());
        }
        let model = Model::look(self.index(), self.hub.policy).await?;
        let hub = Hub {
            policy: model.policy(),
            ..self.hub.clone()
        };
        Ok(Self {
            hub,
            model: Some(model),
            ..self.clone()
        })
    }

    /// Returns what a sample of the rows shows of the hub's model, where [`Store::by_model`] has looked.
    #[must_use]
    pub fn model(&self) -> Option<&Model> {
        self.model.as_ref()
    }

    /// Ends every connection to the database. Other clones of this store can read no more.
    pub async fn close(&self) {
        self.index.close().await;
    }

    /// Returns the same hub, with copies beside it.
    #[must_use]
    pub fn with_copies(self, copies: Arc<dyn Copies>) -> Self {
        Self {
            copies: Some(copies),
            ..self
        }
    }

    /// Returns the same hub, without copies beside it.
    #[must_use]
    pub fn without_copies(self) -> Self {
        Self {
            copies: None,
            ..self
        }
    }

    /// Returns the copies beside the hub, if any were given.
    #[must_use]
    pub fn copies(&self) -> Option<&dyn Copies> {
        self.copies.as_deref()
    }

    /// Returns whether a [`Writer`] can be had.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.write_side.is_some()
    }
}

#[cfg(test)]
#[path = "../../../tests/store/write.rs"]
mod write_test;
