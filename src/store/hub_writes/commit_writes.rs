//! Objects into the store, then rows and head in one transaction.

use super::admit::Admitted;
use super::{Arrivals, Arrived, HubWriteError, Written, refused};
use crate::backend::Key;
use crate::index::{
    BatchOutcome, BlobRow, HeadMove, MembershipRow, Merged, NewRows, RepoRow, WriteBatch,
};
use crate::object::time::isoformat;
use crate::object::{Kind, ObjectId};
use crate::store::Writer;
use crate::store::rebuild::rows;
use crate::store::write::Done;
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use std::collections::BTreeSet;

/// Objects stored at the same time.
const CONCURRENCY: usize = 16;

/// The other changes of a hub write, beside its objects.
#[derive(Default)]
pub(super) struct Around {
    pub new_repo: Option<RepoRow>,
    pub head: Option<HeadMove>,
    pub merged: Option<Merged>,
}

impl Writer {
    /// Brings in what was admitted: blobs before snapshots before commits before rows before the head.
    pub(super) async fn commit_writes(
        &self,
        repo: &RepoRow,
        mut arrivals: Arrivals,
        admitted: Admitted,
        around: Around,
    ) -> Result<Written, HubWriteError> {
        if let Some(id) = admitted.empty {
            let holder = arrivals.snapshots.iter().find_map(|record| {
                let mut named = record.manifest.iter();
                named
                    .find(|(_, blob)| **blob == id)
                    .map(|(path, _)| path.clone())
            });
            arrivals.blobs.push(Arrived {
                id,
                path: holder.unwrap_or_default(),
                bytes: Bytes::new(),
            });
        }
        let mut rows = NewRows {
            repos: around.new_repo.into_iter().collect(),
            ..NewRows::default()
        };
        let stored = self.store_objects(repo, &arrivals, &mut rows).await?;
        let holders = admitted
            .known
            .into_iter()
            .map(|(kind, id)| (kind, member(&id, repo)));
        rows.memberships.extend(holders);
        let head = around.head.as_ref().map(|head| ObjectId::new(&head.new));
        let batch = WriteBatch {
            rows,
            head: around.head,
            merged: around.merged,
        };
        match self.side.index.commit_writes(&batch).await? {
            BatchOutcome::Done => {}
            BatchOutcome::HeadMoved => {
                let name = batch.head.map(|head| head.name);
                return Err(HubWriteError::HeadMoved(name.unwrap_or_default()));
            }
            BatchOutcome::ProposalMoved => {
                let id = batch.merged.map(|merged| merged.proposal_id);
                return Err(HubWriteError::ProposalMoved(id.unwrap_or_default()));
            }
        }
        let checkpoint = match head {
            Some(_) => self.checkpoint_after(&repo.repo_id).await,
            None => Ok(None),
        };
        Ok(Written {
            head,
            stored,
            checkpoint,
        })
    }

    /// Stores every object, each read back and compared, and gathers the rows that say so.
    async fn store_objects(
        &self,
        repo: &RepoRow,
        arrivals: &Arrivals,
        rows: &mut NewRows,
    ) -> Result<u64, HubWriteError> {
        let now = self.store().index().now().await?;
        let now = isoformat(now, 0).unwrap_or_default();
        let mut stored = 0;
        let mut met = BTreeSet::new();
        let blobs = arrivals
            .blobs
            .iter()
            .filter(|blob| met.insert(blob.id.clone()));
        let blobs: Vec<(&ObjectId, Bytes)> = blobs.map(|b| (&b.id, b.bytes.clone())).collect();
        let uris = self.store_all(Kind::Blob, blobs, &mut stored).await?;
        let mut met = BTreeSet::new();
        let blobs = arrivals
            .blobs
            .iter()
            .filter(|blob| met.insert(blob.id.clone()));
        for (blob, uri) in blobs.zip(uris) {
            rows.blobs.push(BlobRow {
                object_id: blob.id.as_str().to_owned(),
                repo_id: Some(repo.repo_id.clone()),
                path: blob.path.clone(),
                size_bytes: blob.bytes.len() as i64,
                storage_uri: Some(uri),
                disk_path: None,
                created_at: now.clone(),
            });
            rows.memberships
                .push((Kind::Blob, member(blob.id.as_str(), repo)));
        }
        let objects = arrivals.snapshots.iter();
        let objects = objects.map(|record| (&record.snapshot_id, record.encode().into()));
        let uris = self
            .store_all(Kind::Snapshot, objects.collect(), &mut stored)
            .await?;
        for (record, uri) in arrivals.snapshots.iter().zip(uris) {
            rows.snapshots
                .push(rows::snapshot(record, &repo.repo_id, uri));
            let id = record.snapshot_id.as_str();
            rows.memberships.push((Kind::Snapshot, member(id, repo)));
        }
        let objects = arrivals.commits.iter();
        let objects = objects.map(|record| (&record.commit_id, record.encode().into()));
        let uris = self
            .store_all(Kind::Commit, objects.collect(), &mut stored)
            .await?;
        for (record, uri) in arrivals.commits.iter().zip(uris) {
            let mut row = rows::commit(record, &repo.repo_id, uri);
            row.created_at.clone_from(&now);
            rows.commits.push(row);
            let id = record.commit_id.as_str();
            rows.memberships.push((Kind::Commit, member(id, repo)));
        }
        Ok(stored)
    }

    /// Returns the URIs of objects that were stored, in their order.
    async fn store_all(
        &self,
        kind: Kind,
        objects: Vec<(&ObjectId, Bytes)>,
        stored: &mut u64,
    ) -> Result<Vec<String>, HubWriteError> {
        let puts: Vec<_> = objects
            .into_iter()
            .map(|(id, bytes)| self.store_one(kind, id, bytes).boxed())
            .collect();
        let puts = stream::iter(puts).buffered(CONCURRENCY);
        let keys: Vec<_> = puts.try_collect().await?;
        let mut uris = Vec::with_capacity(keys.len());
        for (key, new) in keys {
            *stored += u64::from(new);
            uris.push(self.store().backend().uri_for(&key));
        }
        Ok(uris)
    }

    async fn store_one(
        &self,
        kind: Kind,
        id: &ObjectId,
        bytes: Bytes,
    ) -> Result<(Key, bool), HubWriteError> {
        match self.put_object(kind, id, &bytes).await? {
            Ok(put) => Ok(put),
            Err(Done::Refused(why)) => Err(refused(id.as_str(), why)),
            Err(_) => Err(refused(id.as_str(), "it could not be stored")),
        }
    }
}

fn member(id: &str, repo: &RepoRow) -> MembershipRow {
    MembershipRow {
        id: id.to_owned(),
        repo_id: repo.repo_id.clone(),
    }
}
