//! A demo hub in the making: the two things that nobody may do to a hub that is in use.

use super::{Authority, Environment, Store, StoreError, Writer};
use crate::backend::{Key, Put};
use crate::index::NewRows;
use bytes::Bytes;

/// The writer of a demo hub: adds rows of any kind and stores bytes that prove nothing, which is how its faults are
/// made.
pub struct Making(Writer);

impl Store {
    /// Returns the writer with which a demo hub is made.
    ///
    /// # Errors
    /// [`StoreError::NotADemo`] for a hub of any other environment; the session is read-only.
    pub fn making(&self, authority: &Authority) -> Result<Making, StoreError> {
        match self.hub.environment {
            Environment::Demo => Ok(Making(self.writer(authority)?)),
            _ => Err(StoreError::NotADemo(self.hub.name.clone())),
        }
    }
}

impl Making {
    /// Returns the writer that every hub has.
    #[must_use]
    pub fn writer(&self) -> &Writer {
        &self.0
    }

    /// Adds rows, whatever they say.
    ///
    /// # Errors
    /// The database refused them; then none was added.
    pub async fn insert(&self, rows: &NewRows) -> Result<(), StoreError> {
        self.0.insert(rows).await
    }

    /// Stores bytes without asking what they prove, where nothing is stored yet.
    ///
    /// # Errors
    /// The store refused them or did not answer.
    pub async fn plant(&self, key: &Key, bytes: Bytes) -> Result<Put, StoreError> {
        self.0.plant(key, bytes).await
    }
}
