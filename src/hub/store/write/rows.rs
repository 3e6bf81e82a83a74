//! Rows changed or added to agree with objects that prove.

use super::{Change, Done, Ledger, RowObject, WriteError, Writer};
use crate::index::{IndexError, MembershipRow, NewRows, PackedEdit};
use crate::store::StoreError;
use luthier_object::{Kind, ObjectId};

impl Writer {
    /// Sets cells if they still have the values that were seen, once the witness has proved the id.
    pub(super) async fn edit(
        &self,
        change: &Change,
        ledger: &mut dyn Ledger,
    ) -> Result<Done, WriteError> {
        let Change::Edit { edit, witness } = change else {
            return Ok(Done::Refused("no edit".to_owned()));
        };
        if let Some(key) = witness {
            let id = ObjectId::new(&edit.id);
            if let Err(refused) = self.witness(edit.kind, &id, key).await? {
                return Ok(refused);
            }
        }
        ledger.intend(change).map_err(WriteError::Ledger)?;
        let changed = self.side.index.set_cells(edit).await;
        Ok(Done::row(changed.map_err(StoreError::from)?))
    }

    /// Adds a row whose object is there, or is stored first. A row that came meanwhile stays as it is.
    pub(super) async fn add(
        &self,
        change: &Change,
        ledger: &mut dyn Ledger,
    ) -> Result<Done, WriteError> {
        let Change::Add { object, key, rows } = change else {
            return Ok(Done::Refused("no row".to_owned()));
        };
        let (kind, id, stored) = match object {
            RowObject::New(object) => match self.put(object, change, ledger).await? {
                Ok((put, stored)) if put == *key => (object.kind(), object.id(), stored),
                Ok(_) => return Ok(Done::Refused(format!("it does not belong under {key}"))),
                Err(refused) => return Ok(refused),
            },
            RowObject::Stored { kind, id } => {
                if let Err(refused) = self.witness(*kind, id, key).await? {
                    return Ok(refused);
                }
                ledger.intend(change).map_err(WriteError::Ledger)?;
                (*kind, id, false)
            }
        };
        let index = &self.side.index;
        index.insert(rows).await.map_err(StoreError::from)?;
        let there = self.uri_of(kind, id).await.map_err(StoreError::from)?;
        Ok(match there {
            Some(uri) if uri == self.store.backend().uri_for(key) => Done::Changed {
                key: Some(key.clone()),
                stored,
            },
            _ => Done::Superseded,
        })
    }

    /// Lets a repository hold a row that exists.
    pub(super) async fn hold(
        &self,
        change: &Change,
        ledger: &mut dyn Ledger,
    ) -> Result<Done, WriteError> {
        let Change::Hold { kind, id, repo_id } = change else {
            return Ok(Done::Refused("no membership".to_owned()));
        };
        ledger.intend(change).map_err(WriteError::Ledger)?;
        let membership = MembershipRow {
            id: id.as_str().to_owned(),
            repo_id: repo_id.clone(),
        };
        let rows = NewRows {
            memberships: vec![(*kind, membership)],
            ..NewRows::default()
        };
        let index = &self.side.index;
        index.insert(&rows).await.map_err(StoreError::from)?;
        let ids = [id.as_str().to_owned()];
        let held = index.held_by(*kind, repo_id, &ids).await;
        Ok(Done::row(!held.map_err(StoreError::from)?.is_empty()))
    }

    /// Writes where a blob lies in a pack, once the whole pack has proved and has it there.
    pub(super) async fn index(
        &self,
        change: &Change,
        ledger: &mut dyn Ledger,
    ) -> Result<Done, WriteError> {
        let Change::Index { seen, new } = change else {
            return Ok(Done::Refused("no index row".to_owned()));
        };
        let id = ObjectId::new(&new.object_id);
        let spot = match self
            .store
            .proved_spot(new.pack().unwrap_or_default(), &id)
            .await?
        {
            Ok(spot) => spot,
            Err(why) => return Ok(Done::Refused(why.to_string())),
        };
        if spot.row(&id, &new.pack_id) != *new {
            return Ok(Done::Superseded);
        }
        ledger.intend(change).map_err(WriteError::Ledger)?;
        let index = &self.side.index;
        if let Some(seen) = seen {
            let (seen, new) = (seen.clone(), new.clone());
            let changed = index.set_packed(&PackedEdit { seen, new }).await;
            return Ok(Done::row(changed.map_err(StoreError::from)?));
        }
        let rows = NewRows {
            packed: vec![new.clone()],
            ..NewRows::default()
        };
        index.insert(&rows).await.map_err(StoreError::from)?;
        let ids = [new.object_id.clone()];
        let now = index.packed_by_id(&ids).await.map_err(StoreError::from)?;
        Ok(Done::row(now.contains(new)))
    }

    /// Returns where a row says that its object is; `None` if there is no row, or it says nothing.
    async fn uri_of(&self, kind: Kind, id: &ObjectId) -> Result<Option<String>, IndexError> {
        let (index, ids) = (&self.side.index, [id.as_str().to_owned()]);
        Ok(match kind {
            Kind::Commit => {
                (index.commits_by_id(&ids).await?.pop()).and_then(|row| row.storage_uri)
            }
            Kind::Snapshot => {
                (index.snapshots_by_id(&ids).await?.pop()).and_then(|row| row.storage_uri)
            }
            Kind::Blob => (index.blobs_by_id(&ids).await?.pop()).and_then(|row| row.storage_uri),
        })
    }
}
