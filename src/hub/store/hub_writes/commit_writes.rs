//! Objects into the store, then rows and head in one transaction.

use super::HubWriter;
use super::admit::Admitted;
use super::ledger::{self, HubWrite, Site};
use super::stage::Staged;
use super::{HubWriteError, Written, refused};
use crate::backend::Key;
use crate::index::{
    BatchOutcome, BlobRow, CommitRow, HeadMove, MembershipRow, Merged, NewRows, RepoRow, WriteBatch,
};
use crate::store::rows;
use crate::store::write::Done;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use luthier_object::time::isoformat;
use luthier_object::{Kind, ObjectId, Proven, Record, Sealed};
use std::collections::BTreeSet;

/// Objects stored at the same time.
const CONCURRENCY: usize = 16;

/// The other changes of a hub write, beside its objects.
#[derive(Debug)]
pub(super) struct Around {
    pub site: Site,
    pub new_repo: Option<RepoRow>,
    pub head: Option<HeadMove>,
    pub merged: Option<Merged>,
}

impl Around {
    /// Returns a write that changes nothing beside its objects.
    pub const fn nothing(site: Site) -> Self {
        Self {
            site,
            new_repo: None,
            head: None,
            merged: None,
        }
    }

    /// Returns what a ledger keeps of the write.
    pub fn told(&self, repo: &RepoRow, admitted: &Admitted) -> HubWrite {
        let head = self.head.as_ref();
        let seen = head.and_then(|head| head.seen.as_ref());
        let (objects, bytes) = admitted.size();
        HubWrite {
            site: self.site,
            repo_id: repo.repo_id.clone(),
            repo: repo.path(),
            branch: head.map(|head| head.name.clone()),
            from: seen.and_then(|row| row.head_commit_id.clone()),
            to: head.map(|head| head.new.clone()),
            proposal: self.merged.as_ref().map(|m| m.proposal_id.clone()),
            objects,
            bytes,
        }
    }
}

impl HubWriter {
    /// Announces what was admitted, and brings it in.
    pub(super) async fn commit_writes(
        &self,
        repo: &RepoRow,
        admitted: Admitted,
        around: Around,
    ) -> Result<Written, HubWriteError> {
        let told = around.told(repo, &admitted);
        self.recorded(told, self.bring(repo, admitted, around), ledger::stored)
            .await
    }

    /// Brings in what was admitted: blobs before snapshots before commits before rows before the head.
    async fn bring(
        &self,
        repo: &RepoRow,
        admitted: Admitted,
        around: Around,
    ) -> Result<Written, HubWriteError> {
        let mut rows = NewRows {
            repos: around.new_repo.into_iter().collect(),
            ..NewRows::default()
        };
        let stored = self.store_objects(repo, &admitted, &mut rows).await?;
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
        match self.writer.side.index.commit_writes(&batch).await? {
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
        // Rows in a file that was removed or replaced meanwhile are lost with it.
        self.store().index().in_place()?;
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
        admitted: &Admitted,
        rows: &mut NewRows,
    ) -> Result<u64, HubWriteError> {
        let now = self.store().index().now().await?;
        let now = isoformat(now, 0).unwrap_or_default();
        let mut met = BTreeSet::new();
        let blobs = admitted.blobs.iter();
        let blobs = blobs.filter(|(_, blob)| met.insert(blob.id().clone()));
        let blobs = blobs.map(|(path, blob)| (path.as_str(), blob)).collect();
        let mut stored = 0;
        for staged in &admitted.staged {
            let row = self.staged_row(staged, repo, &now);
            rows.memberships
                .push((Kind::Blob, member(&row.object_id, repo)));
            rows.blobs.push(row);
        }
        for objects in [
            blobs,
            without_path(&admitted.snapshots),
            without_path(&admitted.commits),
        ] {
            for ((path, object), uri) in self.store_all(objects, &mut stored).await? {
                let id = member(object.id().as_str(), repo);
                rows.memberships.push((object.kind(), id));
                match object.record() {
                    Record::Blob(_) => rows.blobs.push(BlobRow {
                        object_id: object.id().as_str().to_owned(),
                        repo_id: Some(repo.repo_id.clone()),
                        path: path.to_owned(),
                        size_bytes: object.bytes().len() as i64,
                        storage_uri: Some(uri),
                        disk_path: None,
                        created_at: now.clone(),
                    }),
                    Record::Snapshot(record, _) => {
                        let row = rows::snapshot(record, &repo.repo_id, uri);
                        rows.snapshots.push(row);
                    }
                    Record::Commit(record, _) => rows.commits.push(CommitRow {
                        created_at: now.clone(),
                        ..rows::commit(record, &repo.repo_id, uri)
                    }),
                }
            }
        }
        Ok(stored)
    }

    /// Returns the row of a blob that arrived ahead of the push.
    fn staged_row(&self, staged: &Staged, repo: &RepoRow, now: &str) -> BlobRow {
        BlobRow {
            object_id: staged.id.as_str().to_owned(),
            repo_id: Some(repo.repo_id.clone()),
            path: staged.path.clone(),
            size_bytes: staged.size as i64,
            storage_uri: Some(self.store().backend().uri_for(&staged.key)),
            disk_path: None,
            created_at: now.to_owned(),
        }
    }

    /// Stores objects of one kind, and returns each with its URI.
    async fn store_all<'o>(
        &self,
        objects: Vec<(&'o str, &'o Proven)>,
        stored: &mut u64,
    ) -> Result<Vec<((&'o str, &'o Proven), String)>, HubWriteError> {
        let puts: Vec<_> = objects
            .iter()
            .map(|(_, object)| self.store_one(object.sealed()).boxed())
            .collect();
        let puts = stream::iter(puts).buffered(CONCURRENCY);
        let keys: Vec<_> = puts.try_collect().await?;
        let mut out = Vec::with_capacity(keys.len());
        for (object, (key, new)) in objects.into_iter().zip(keys) {
            *stored += u64::from(new);
            out.push((object, self.store().backend().uri_for(&key)));
        }
        Ok(out)
    }

    async fn store_one(&self, object: Sealed) -> Result<(Key, bool), HubWriteError> {
        match self.writer.put_object(&object).await? {
            Ok(put) => Ok(put),
            Err(Done::Refused(why)) => Err(refused(object.id().as_str(), why)),
            Err(_) => Err(refused(object.id().as_str(), "it could not be stored")),
        }
    }
}

/// Returns objects that no path leads to.
fn without_path(objects: &[Proven]) -> Vec<(&str, &Proven)> {
    objects.iter().map(|object| ("", object)).collect()
}

fn member(id: &str, repo: &RepoRow) -> MembershipRow {
    MembershipRow {
        id: id.to_owned(),
        repo_id: repo.repo_id.clone(),
    }
}
