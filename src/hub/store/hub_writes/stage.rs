//! Blobs that arrive ahead of their push: stored, and found again when a snapshot names them.

use super::HubWriter;
use super::{Arrived, HubWrite, HubWriteError, Site, refused};
use crate::backend::Key;
use crate::index::RepoRow;
use crate::store::write::Done;
use crate::store::{Store, StoreError};
use futures_util::{StreamExt, TryStreamExt, stream};
use luthier_object::{Kind, ObjectId, Proof, Proven};

/// Objects stored or read at the same time.
const CONCURRENCY: usize = 16;

/// A blob that the store has and no row names yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Staged {
    pub id: ObjectId,
    pub path: String,
    /// In bytes.
    pub size: u64,
    pub key: Key,
}

impl HubWriter {
    /// Stores blobs that no row names yet; the push to `repo` that needs them brings their rows. Returns how many were
    /// not there before.
    ///
    /// # Errors
    /// A blob that does not match its id: then nothing is stored. A side that did not answer.
    pub async fn stage(&self, repo: &RepoRow, blobs: Vec<Arrived>) -> Result<u64, HubWriteError> {
        let prove = |blob: Arrived| {
            let proven = Proven::read(Kind::Blob, &blob.id, blob.bytes);
            proven.map_err(|why| refused(blob.id.as_str(), why.to_string()))
        };
        let proven: Vec<Proven> = blobs.into_iter().map(prove).collect::<Result<_, _>>()?;
        if proven.is_empty() {
            return Ok(0);
        }
        let write = HubWrite {
            site: Site::Blobs,
            repo_id: repo.repo_id.clone(),
            repo: repo.path(),
            branch: None,
            from: None,
            to: None,
            proposal: None,
            objects: proven.len() as u64,
            bytes: proven.iter().map(|blob| blob.bytes().len() as u64).sum(),
        };
        self.recorded(write, self.store_blobs(&proven), |stored| *stored)
            .await
    }

    async fn store_blobs(&self, blobs: &[Proven]) -> Result<u64, HubWriteError> {
        let puts = blobs.iter().map(|object| async {
            match self.writer.put_object(&object.sealed()).await? {
                Ok((_, stored)) => Ok(u64::from(stored)),
                Err(Done::Refused(why)) => Err(refused(object.id().as_str(), why)),
                Err(_) => Err(refused(object.id().as_str(), "it could not be stored")),
            }
        });
        let puts = stream::iter(puts.collect::<Vec<_>>()).buffer_unordered(CONCURRENCY);
        puts.try_fold(0, async |sum, stored| Ok(sum + stored)).await
    }
}

impl Store {
    /// Looks for blobs in the store that no row names; each that proves is returned. `blobs` are ids with a path.
    pub(super) async fn staged(
        &self,
        blobs: Vec<(ObjectId, String)>,
    ) -> Result<Vec<Staged>, StoreError> {
        let found = blobs
            .into_iter()
            .map(|(id, path)| self.staged_one(id, path));
        let found = stream::iter(found.collect::<Vec<_>>()).buffer_unordered(CONCURRENCY);
        found
            .try_filter_map(async |found| Ok(found))
            .try_collect()
            .await
    }

    async fn staged_one(&self, id: ObjectId, path: String) -> Result<Option<Staged>, StoreError> {
        let Some(key) = self.home(Kind::Blob, &id).await? else {
            return Ok(None);
        };
        let prove =
            |bytes: bytes::Bytes| Proof::read(Kind::Blob, &id, &bytes).map(|_| bytes.len() as u64);
        Ok(match self.read_proved(&key, prove).await? {
            Some(Ok(size)) => Some(Staged {
                id,
                path,
                size,
                key,
            }),
            _ => None,
        })
    }
}
