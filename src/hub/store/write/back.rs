//! Takes a replacement back: puts the bytes from quarantine in the place of those that replaced them.

use super::{Change, Done, Ledger, WriteError, Writer};
use crate::backend::{Replaced, Replacement, layout};
use crate::index::PackedEdit;
use crate::store::StoreError;

impl Writer {
    /// Puts an index row of a pack back where it still is as the run left it.
    pub(super) async fn index_back(
        &self,
        change: &Change,
        ledger: &mut dyn Ledger,
    ) -> Result<Done, WriteError> {
        let Change::IndexBack { seen, new } = change else {
            return Ok(Done::Refused("no index row".to_owned()));
        };
        ledger.intend(change).map_err(WriteError::Ledger)?;
        let (seen, new) = (seen.clone(), new.clone());
        let changed = self.side.index.set_packed(&PackedEdit { seen, new }).await;
        Ok(Done::row(changed.map_err(StoreError::from)?))
    }

    /// Announces, keeps a copy of the stored bytes, replaces them by compare-and-set, reads back whole, and
    /// changes the row's cells where they still are what was seen.
    pub(super) async fn put_back(
        &self,
        change: &Change,
        ledger: &mut dyn Ledger,
    ) -> Result<Done, WriteError> {
        let Change::PutBack {
            key,
            seen,
            bytes,
            edit,
        } = change
        else {
            return Ok(Done::Refused("nothing to put back".to_owned()));
        };
        let Some(aside) = layout::quarantine_key(ledger.run(), key) else {
            return Ok(Done::Refused(format!("{key} has no place in quarantine")));
        };
        ledger.intend(change).map_err(WriteError::Ledger)?;
        self.keep_aside(&aside, seen).await?;
        let replaced = self.side.backend.replace(Replacement {
            key,
            seen,
            bytes: bytes.clone(),
            unguarded: self.unguarded,
        });
        if replaced.await.map_err(StoreError::from)? == Replaced::Changed {
            return Ok(Done::Superseded);
        }
        match self.store.read_object(key).await? {
            Some(back) if back == *bytes => {}
            _ => return Err(WriteError::ReadBackDiffers { key: key.clone() }),
        }
        let changed = match edit {
            Some(edit) => {
                let changed = self.side.index.set_cells(edit).await;
                changed.map_err(StoreError::from)?
            }
            None => true,
        };
        Ok(if changed {
            Done::Changed {
                key: Some(key.clone()),
                stored: true,
            }
        } else {
            Done::Superseded
        })
    }
}
