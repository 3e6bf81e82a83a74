//! Checks what was read against its id, says why a client would refuse it, and queues what it refers to.

use super::queue::{Got, Known, Read, Waiting};
use super::refusal::{Trail, Why, objection};
use super::stated::Stated;
use super::{Fetch, FetchError, Fetched, Origin, Step};
use crate::backend::{BackendError, Key};
use crate::index::{CommitRow, SnapshotRow};
use crate::store::read::{canonical_commit, differ};
use crate::store::reconstruct::non_empty;
use crate::store::{Store, StoreError};
use bytes::Bytes;
use luthier_object::{
    CommitRecord, Kind, ObjectId, Proof, ProofError, Proven, Record, SnapshotRecord,
};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The most reads of one object until two in a row are equal.
const READS: u32 = 3;

/// The result of a read.
enum Found {
    /// The client has it already.
    Held(Proof),
    Object(Fetched),
}

impl Found {
    const fn record(&self) -> &Record {
        match self {
            Found::Held(proof) => proof.record(),
            Found::Object(fetched) => fetched.object.record(),
        }
    }
}

type ProveResult = Result<Found, Why>;

impl Fetch {
    /// Checks what was read against its id and queues what it refers to.
    pub(super) async fn prove_and_queue(
        &mut self,
        kind: Kind,
        read: Read,
    ) -> Result<Step, FetchError> {
        let Read { waiting, got, .. } = read;
        let Waiting { id, trail } = waiting;
        let unread = |source| FetchError::Unread {
            chain: trail.words(kind, &id),
            source,
        };
        let settled: ProveResult = match got? {
            Got::Held(proof) => Ok(Found::Held(proof)),
            Got::Known(known) => self.prove_known(&id, known).await.map_err(unread)?,
            Got::Absent(key) => {
                self.store.confirm_absent(&key).await.map_err(unread)?;
                Err(Why::Missing { key })
            }
            Got::Large(key, stated) => match read_large(&self.store, &key).await.map_err(unread)? {
                Ok(bytes) => prove_object(&self.store, kind, &id, (key, stated), bytes)
                    .await
                    .map_err(unread)?,
                Err(why) => Err(why),
            },
            Got::Bytes(key, stated, bytes) => {
                prove_object(&self.store, kind, &id, (key, stated), bytes)
                    .await
                    .map_err(unread)?
            }
        };
        let settled = settled.and_then(|found| match objection(found.record()) {
            Some(why) => Err(why),
            None => Ok(found),
        });
        Ok(match settled {
            Err(why) => Step::Refused(Box::new(trail.refuse(kind, &id, why))),
            Ok(found) => {
                self.follow(&id, &trail, found.record());
                match found {
                    Found::Held(proof) => Step::Held(proof),
                    Found::Object(fetched) => Step::Object(Box::new(fetched)),
                }
            }
        })
    }

    /// Checks bytes made from a row, or reports what is known from the rows.
    async fn prove_known(
        &mut self,
        id: &ObjectId,
        known: Known,
    ) -> Result<ProveResult, StoreError> {
        Ok(match known {
            Known::Commit(row) => commit_from_row(&row),
            Known::Snapshot(row) => self.snapshot_from_row(&row).await?,
            Known::Empty => match Proven::read(Kind::Blob, id, Bytes::new()) {
                Ok(object) => Ok(Found::Object(Fetched {
                    object,
                    origin: Origin::Empty,
                })),
                Err(_) => Err(Why::NoBytes),
            },
            Known::InRow => match self.store.cached_blob(id).await? {
                Some(Ok(object)) => Ok(reconstructed(object)),
                _ => Err(Why::NoBytes),
            },
            Known::Refused(why) => Err(why),
        })
    }

    async fn snapshot_from_row(&mut self, row: &SnapshotRow) -> Result<ProveResult, StoreError> {
        let made = self.store.canonical_snapshot(row, &mut self.trees).await?;
        Ok(made
            .map(reconstructed)
            .map_err(|why| Why::Unprovable { why }))
    }

    /// Queues what a checked object refers to.
    fn follow(&mut self, id: &ObjectId, trail: &Trail, record: &Record) {
        match record {
            Record::Commit(record, _) => self.follow_commit(id, trail, record),
            Record::Snapshot(record, _) => self.follow_snapshot(id, trail, record),
            Record::Blob(_) => {}
        }
    }

    fn follow_commit(&mut self, id: &ObjectId, trail: &Trail, record: &CommitRecord) {
        if let Some(snapshot) = &record.snapshot_id {
            self.meet(Kind::Snapshot, snapshot.clone(), || Trail {
                commit: Some(Arc::new(id.clone())),
                ..trail.clone()
            });
        }
        for parent in record.parents() {
            self.meet(Kind::Commit, parent.clone(), || Trail {
                depth: trail.depth + 1,
                ..trail.clone()
            });
        }
    }

    fn follow_snapshot(&mut self, id: &ObjectId, trail: &Trail, record: &SnapshotRecord) {
        let snapshot = Arc::new(id.clone());
        for (path, blob) in record.manifest.iter() {
            self.meet(Kind::Blob, blob.clone(), || Trail {
                snapshot: Some(snapshot.clone()),
                path: Some(path.clone()),
                ..trail.clone()
            });
        }
    }
}

/// Checks stored bytes against their id. Bytes that do not match, or that differ from the row in parts that the id does
/// not cover, are read again until two successive reads are equal, which costs at least one more GET.
async fn prove_object(
    store: &Store,
    kind: Kind,
    id: &ObjectId,
    (key, stated): (Key, Stated),
    bytes: Bytes,
) -> Result<ProveResult, StoreError> {
    let (mut bytes, mut before) = (bytes, None);
    for read in 1.. {
        let proved = Proven::read(kind, id, bytes.clone());
        let is_sound = proved
            .as_ref()
            .is_ok_and(|object| stated.agrees(object.record()));
        let sha256: [u8; 32] = match is_sound {
            true => return conclude(store, (kind, key), proved, &bytes).await,
            false => Sha256::digest(&bytes).into(),
        };
        if before == Some(sha256) {
            return conclude(store, (kind, key), proved, &bytes).await;
        }
        if read == READS {
            break;
        }
        before = Some(sha256);
        match read_large(store, &key).await? {
            Ok(again) => bytes = again,
            Err(why) => return Ok(Err(why)),
        }
    }
    Err(differ(&key))
}

async fn conclude(
    store: &Store,
    (kind, key): (Kind, Key),
    proved: Result<Proven, ProofError>,
    bytes: &Bytes,
) -> Result<ProveResult, StoreError> {
    if proved.is_err() {
        hold_to_size(store, &key, bytes.len() as u64).await?;
    }
    Ok(match proved {
        Ok(object) => Ok(Found::Object(Fetched {
            object,
            origin: Origin::Canonical(key),
        })),
        Err(_) if is_treeless(kind, bytes) => Err(Why::Treeless),
        Err(why) => Err(Why::Wrong { key, why }),
    })
}

/// Checks that bytes which do not match the id are the object's, and no empty answer or error page.
async fn hold_to_size(store: &Store, key: &Key, came: u64) -> Result<(), StoreError> {
    match store.backend().head(key).await? {
        Some(meta) if meta.size != came => Err(StoreError::Backend(BackendError::Remote {
            what: key.to_string(),
            why: format!("{came} bytes came, but the store announced {}", meta.size).into(),
        })),
        _ => Ok(()),
    }
}

fn commit_from_row(row: &CommitRow) -> ProveResult {
    canonical_commit(row).map(reconstructed).map_err(|why| {
        match non_empty(row.snapshot_id.as_deref()) {
            None => Why::Treeless,
            Some(_) => Why::Unprovable { why },
        }
    })
}

/// Returns an object that was made from its row.
const fn reconstructed(object: Proven) -> Found {
    Found::Object(Fetched {
        object,
        origin: Origin::Reconstructed,
    })
}

/// Returns whether a commit that does not match its id has no tree either, which is the better reason.
fn is_treeless(kind: Kind, bytes: &[u8]) -> bool {
    kind == Kind::Commit
        && CommitRecord::decode(bytes).is_ok_and(|record| record.snapshot_id.is_none())
}

/// Reads one object, up to the largest size that is read at all.
async fn read_large(store: &Store, key: &Key) -> Result<Result<Bytes, Why>, StoreError> {
    match store.read_object(key).await {
        Ok(Some(bytes)) => Ok(Ok(bytes)),
        Ok(None) => {
            store.confirm_absent(key).await?;
            Ok(Err(Why::Missing { key: key.clone() }))
        }
        Err(StoreError::Backend(BackendError::TooLarge { size, .. })) => Ok(Err(Why::TooLarge {
            key: key.clone(),
            size,
        })),
        Err(error) => Err(error),
    }
}
