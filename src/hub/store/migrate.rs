//! The additive migration of a hub's tables.

use super::{StoreError, Writer};
use crate::index::Migration;

impl Writer {
    /// Adds what the hub's tables lack. Open the hub again afterwards: what it offers has changed.
    ///
    /// # Errors
    /// The database refused a statement; what came before it stays, and running it again goes on there.
    pub async fn migrate(&self) -> Result<Migration, StoreError> {
        let index = &self.side.index;
        let migration = index.migration().await?;
        index.migrate(&migration).await?;
        Ok(migration)
    }
}
