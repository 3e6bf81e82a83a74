//! The one way to write: object first, read back, then the row, each change announced before it is made.

mod back;
mod links;
mod replace;
mod rows;

use super::{Authority, Store, StoreError, WriteSide};
use crate::backend::{BackendError, Key, Put};
use crate::cause::Cause;
use crate::index::{Link, NewRows, PackedRow, Recache, RowEdit};
use crate::progress::Progress;
use bytes::Bytes;
use links::Links;
use luthier_object::{Kind, ObjectId, Proof, Sealed};
use std::sync::Arc;

/// The only value that can change a hub.
pub struct Writer {
    store: Store,
    pub(super) side: WriteSide,
    links: Arc<Links>,
    unguarded: bool,
}

/// One change of a hub, with what was seen when it was decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Store an object and point its row at it.
    Store {
        object: Sealed,
        seen_uri: Option<String>,
    },
    /// Point a row at an object that is there already.
    Link {
        kind: Kind,
        id: ObjectId,
        seen_uri: Option<String>,
        key: Key,
    },
    /// Rewrite a snapshot's cache.
    Recache(Recache),
    /// Put proved bytes in the place of bytes that do not prove, which are kept in quarantine, and point
    /// the row at them.
    Replace {
        object: Sealed,
        seen_uri: Option<String>,
        key: Key,
        /// The bytes under the key.
        bad: Bytes,
    },
    /// Change cells of a row; where a witness is named, only if it proves the row's id.
    Edit { edit: RowEdit, witness: Option<Key> },
    /// Add the row that an object never had, with whatever holds it.
    Add {
        object: RowObject,
        key: Key,
        rows: Box<NewRows>,
    },
    /// Add a row to the objects that a repository holds.
    Hold {
        kind: Kind,
        id: ObjectId,
        repo_id: String,
    },
    /// Say in the index of packs where a blob lies; `seen` is the row that says otherwise.
    Index {
        seen: Option<PackedRow>,
        new: PackedRow,
    },
    /// Put a row of the index of packs back as it was before a run: where it is as the run left it.
    IndexBack { seen: PackedRow, new: PackedRow },
    /// Put the bytes from quarantine in the place of those that took theirs, which are kept in turn; then
    /// put the row's cells back.
    PutBack {
        key: Key,
        /// The bytes under the key.
        seen: Bytes,
        bytes: Bytes,
        edit: Option<RowEdit>,
    },
    /// Store where a repository's branches point.
    Checkpoint { key: Key, bytes: Bytes },
}

/// The object of a row that is added.
#[derive(Clone, Debug, PartialEq)]
pub enum RowObject {
    /// It has to be stored first.
    New(Sealed),
    /// It is stored already.
    Stored { kind: Kind, id: ObjectId },
}

/// The result of a change. None of these leaves a row that points at nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Made; for an object, its key, and whether the bytes were there already.
    Changed { key: Option<Key>, stored: bool },
    /// The row is no longer what was seen; it was left as it is.
    Superseded,
    /// Not made, because something did not prove.
    Refused(String),
}

impl Done {
    /// Returns the end of a change of a row alone.
    const fn row(changed: bool) -> Self {
        match changed {
            true => Done::Changed {
                key: None,
                stored: false,
            },
            false => Done::Superseded,
        }
    }
}

/// Receives each change before and after it is made: the journal, for a repair.
pub trait Ledger: Send {
    /// Announces a change. Nothing is written unless this has returned well, durably.
    ///
    /// # Errors
    /// The announcement could not be made durable.
    fn intend(&mut self, change: &Change) -> Result<(), Cause>;

    /// Hears that the store has the object of a change; the row is left to do.
    fn stored(&mut self) {}

    /// Returns the run that changes are made in: where bad bytes are kept, in quarantine, under its name.
    fn run(&self) -> &str;
}

/// A ledger for places that nobody has to undo: a hub that is being made.
pub struct NoLedger;

impl Ledger for NoLedger {
    fn intend(&mut self, _change: &Change) -> Result<(), Cause> {
        Ok(())
    }

    fn run(&self) -> &str {
        "making"
    }
}

/// The reason why the result of a change is unknown, or why all writing must stop.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the journal cannot be written: {0}")]
    Ledger(#[source] Cause),
    #[error("{key}: the bytes read back differ from the bytes written; no further step is started")]
    ReadBackDiffers { key: Key },
}

impl Store {
    /// Returns the writer of a hub that was opened for writing.
    ///
    /// # Errors
    /// The session is read-only.
    pub fn writer(&self, _authority: &Authority) -> Result<Writer, StoreError> {
        let side = self.write_side.clone().ok_or(StoreError::ReadOnly)?;
        Ok(Writer {
            store: self.clone(),
            side,
            links: Arc::default(),
            unguarded: false,
        })
    }
}

impl Writer {
    /// Returns the hub that is written to.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Lets objects be replaced on a server that does not honour `If-Match`: only for a person who knows
    /// that nobody else writes there meanwhile.
    #[must_use]
    pub fn unguarded(self) -> Self {
        Self {
            unguarded: true,
            ..self
        }
    }

    /// Returns the same writer, whose store reads for a job: see [`Store::for_job`].
    #[must_use]
    pub fn for_job(&self, progress: &Progress) -> Self {
        Self {
            store: self.store.for_job(progress),
            side: self.side.clone(),
            links: self.links.clone(),
            unguarded: self.unguarded,
        }
    }

    /// Takes the hub's one lock for appliers; it is given back when the guard is dropped.
    ///
    /// # Errors
    /// Another applier holds it.
    pub async fn lock(&self) -> Result<Box<dyn Send + Sync>, StoreError> {
        Ok(self.side.index.lock_applier().await?)
    }

    /// Makes one change, in the one order: announce, put, read back, point. What is put was proved before.
    ///
    /// # Errors
    /// A side that did not answer, an announcement that failed, or a read-back that differs.
    pub async fn make(&self, change: &Change, ledger: &mut dyn Ledger) -> Result<Done, WriteError> {
        match change {
            Change::Store { object, seen_uri } => {
                let key = match self.put(object, change, ledger).await? {
                    Ok(put) => put,
                    Err(refused) => return Ok(refused),
                };
                self.point(object.kind(), object.id(), seen_uri.clone(), key)
                    .await
            }
            Change::Link {
                kind,
                id,
                seen_uri,
                key,
            } => {
                if let Err(refused) = self.witness(*kind, id, key).await? {
                    return Ok(refused);
                }
                ledger.intend(change).map_err(WriteError::Ledger)?;
                self.point(*kind, id, seen_uri.clone(), (key.clone(), false))
                    .await
            }
            Change::Recache(recache) => {
                ledger.intend(change).map_err(WriteError::Ledger)?;
                let changed = self.side.index.set_cache(recache).await;
                Ok(Done::row(changed.map_err(StoreError::from)?))
            }
            Change::Replace { .. } => self.replace(change, ledger).await,
            Change::PutBack { .. } => self.put_back(change, ledger).await,
            Change::Edit { .. } => self.edit(change, ledger).await,
            Change::Add { .. } => self.add(change, ledger).await,
            Change::Hold { .. } => self.hold(change, ledger).await,
            Change::Index { .. } => self.index(change, ledger).await,
            Change::IndexBack { .. } => self.index_back(change, ledger).await,
            Change::Checkpoint { key, bytes } => {
                ledger.intend(change).map_err(WriteError::Ledger)?;
                Ok(match self.put_checkpoint(key, bytes).await? {
                    Some(stored) => Done::Changed {
                        key: Some(key.clone()),
                        stored,
                    },
                    None => Done::Superseded,
                })
            }
        }
    }

    /// Adds rows whose objects have been stored.
    ///
    /// # Errors
    /// The database refused them; then none was added.
    pub(in crate::store) async fn insert(&self, rows: &NewRows) -> Result<(), StoreError> {
        Ok(self.side.index.insert(rows).await?)
    }

    /// Stores bytes without asking what they prove.
    pub(in crate::store) async fn plant(&self, key: &Key, bytes: Bytes) -> Result<Put, StoreError> {
        Ok(self.side.backend.put_if_absent(key, bytes).await?)
    }

    /// Stores an object, reads it back whole and compares.
    ///
    /// # Errors
    /// As [`Writer::make`].
    pub async fn put_object(
        &self,
        object: &Sealed,
    ) -> Result<Result<(Key, bool), Done>, WriteError> {
        let (kind, id, bytes) = (object.kind(), object.id(), object.bytes());
        let Some(key) = self.store.home(kind, id).await? else {
            return Ok(Err(Done::Refused("the id contains no digest".to_owned())));
        };
        let put = self.side.backend.put_if_absent(&key, bytes.clone()).await;
        let stored = put.map_err(StoreError::from)? == Put::Stored;
        match self.store.read_object(&key).await? {
            Some(back) if back == *bytes => Ok(Ok((key, stored))),
            // Another spelling of the same object, such as a snapshot that another repository made at another
            // time: sound bytes stay, whoever brought them.
            Some(back) if !stored && Proof::read(kind, id, &back).is_ok() => Ok(Ok((key, false))),
            Some(_) if !stored => Ok(Err(Done::Refused(format!(
                "{key} already has other bytes; audit it at depth bytes"
            )))),
            _ => Err(WriteError::ReadBackDiffers { key }),
        }
    }

    /// Returns whether the bytes under `key` are complete and match the id.
    async fn witness(
        &self,
        kind: Kind,
        id: &ObjectId,
        key: &Key,
    ) -> Result<Result<(), Done>, StoreError> {
        let Some(bytes) = self.store.read_object(key).await? else {
            let why = format!("the store has no object under {key}");
            return Ok(Err(Done::Refused(why)));
        };
        Ok(Proof::read(kind, id, &bytes)
            .map(drop)
            .map_err(|why| Done::Refused(format!("{key}: {why}"))))
    }

    async fn put(
        &self,
        object: &Sealed,
        change: &Change,
        ledger: &mut dyn Ledger,
    ) -> Result<Result<(Key, bool), Done>, WriteError> {
        ledger.intend(change).map_err(WriteError::Ledger)?;
        let put = self.put_object(object).await;
        ledger.stored();
        put
    }

    /// Sets the row's storage_uri if it still has the value that was seen.
    async fn point(
        &self,
        kind: Kind,
        id: &ObjectId,
        seen: Option<String>,
        (key, stored): (Key, bool),
    ) -> Result<Done, WriteError> {
        let link = Link {
            id: id.as_str().to_owned(),
            seen,
            new: self.store.backend().uri_for(&key),
        };
        let changed = self.links.set(&*self.side.index, kind, link).await;
        Ok(match changed.map_err(StoreError::from)? {
            true => Done::Changed {
                key: Some(key),
                stored,
            },
            false => Done::Superseded,
        })
    }
}

impl From<BackendError> for WriteError {
    fn from(error: BackendError) -> Self {
        WriteError::Store(error.into())
    }
}
