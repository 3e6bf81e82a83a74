//! The next checkpoint: what it holds, and how it comes into the store.

use super::{Checkpoint, CheckpointError, MAX_BYTES, Refs, keeps_refs};
use crate::backend::{Key, Put, layout};
use crate::index::BranchRow;
use crate::store::reconstruct::non_empty;
use crate::store::write::WriteError;
use crate::store::{Store, Writer};
use bytes::Bytes;
use futures_util::TryStreamExt;

/// Branches read at once.
const PAGE: u32 = 1_000;

/// The tries for a number that somebody else took.
const TRIES: usize = 16;

/// The next checkpoint, so that the store says what the rows say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: the newest sound checkpoint says it.
    Covered(Key),
    /// These bytes under this key, where nothing is stored yet.
    Write {
        key: Key,
        bytes: Bytes,
        /// The refs of the newest valid checkpoint.
        before: Option<Box<Refs>>,
    },
}

/// The result of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// The store said so already.
    Covered(Key),
    Written(Key),
}

impl Store {
    /// Reads what the rows of a repository say now; `None` if it has no row.
    ///
    /// # Errors
    /// A database that does not answer or hides branches, or more of them than a checkpoint holds.
    pub async fn refs_of(&self, repo_id: &str) -> Result<Option<Refs>, CheckpointError> {
        let Some(repo) = self.index().repo_by_id(repo_id).await? else {
            return Ok(None);
        };
        let hidden = self.index().hidden().iter();
        if let Some(hidden) = hidden.clone().find(|hidden| keeps_refs(hidden)) {
            return Err(CheckpointError::Hidden {
                repo: repo.path(),
                why: hidden.said.clone(),
            });
        }
        let mut branches: Vec<BranchRow> = Vec::new();
        let mut weight = 0;
        let mut pages = self.index().branch_pages_of(repo_id, PAGE);
        while let Some(rows) = pages.try_next().await? {
            for mut row in rows {
                row.head_commit_id = non_empty(row.head_commit_id.as_deref()).map(str::to_owned);
                weight += row.name.len() + row.branch_id.len();
                branches.push(row);
            }
            if weight as u64 > MAX_BYTES {
                return Err(CheckpointError::TooLarge {
                    repo: repo.path(),
                    bytes: weight,
                });
            }
        }
        branches.sort_by(|a, b| (&a.name, &a.branch_id).cmp(&(&b.name, &b.branch_id)));
        Ok(Some(Refs { repo, branches }))
    }

    /// Returns the checkpoint that has to be written so that the store holds `refs`, made at `made_at`.
    ///
    /// # Errors
    /// A store that does not answer, or more branches than a checkpoint holds.
    pub async fn next_checkpoint(
        &self,
        refs: &Refs,
        made_at: &str,
    ) -> Result<Next, CheckpointError> {
        let newest = self.newest_checkpoint(&refs.repo.repo_id).await?;
        let before = match newest.sound {
            Some((key, found)) if found.refs == *refs => return Ok(Next::Covered(key)),
            found => found.map(|(_, found)| Box::new(found.refs)),
        };
        let checkpoint = Checkpoint {
            sequence: newest.last + 1,
            previous: newest.link,
            made_at: made_at.to_owned(),
            refs: refs.clone(),
        };
        let bytes = checkpoint.encode();
        if bytes.len() as u64 > MAX_BYTES {
            return Err(CheckpointError::TooLarge {
                repo: refs.repo.path(),
                bytes: bytes.len(),
            });
        }
        let key = layout::checkpoint_key(&refs.repo.repo_id, checkpoint.sequence);
        let key = key.ok_or_else(|| CheckpointError::Contended {
            repo: refs.repo.path(),
        })?;
        let bytes = bytes.into();
        Ok(Next::Write { key, bytes, before })
    }
}

impl Writer {
    /// Brings `refs` into the store, unless its newest sound checkpoint says the same. Where another
    /// writer takes the number first, the next one is tried.
    ///
    /// # Errors
    /// As [`Store::next_checkpoint`], and a read-back that differs.
    pub async fn save_refs(&self, refs: &Refs, made_at: &str) -> Result<Saved, CheckpointError> {
        for _ in 0..TRIES {
            match self.store().next_checkpoint(refs, made_at).await? {
                Next::Covered(key) => return Ok(Saved::Covered(key)),
                Next::Write { key, bytes, .. } => {
                    if self.put_checkpoint(&key, &bytes).await?.is_some() {
                        return Ok(Saved::Written(key));
                    }
                }
            }
        }
        Err(CheckpointError::Contended {
            repo: refs.repo.path(),
        })
    }

    /// Stores a checkpoint and reads it back; whether it was this call that stored it, or `None` where
    /// another one has the key.
    ///
    /// # Errors
    /// A store that does not answer, or a read-back that differs.
    pub(in crate::store) async fn put_checkpoint(
        &self,
        key: &Key,
        bytes: &Bytes,
    ) -> Result<Option<bool>, WriteError> {
        let put = self.plant(key, bytes.clone()).await?;
        match self.store().read_object(key).await? {
            Some(back) if back == *bytes => Ok(Some(put == Put::Stored)),
            Some(_) if put == Put::AlreadyThere => Ok(None),
            _ => Err(WriteError::ReadBackDiffers { key: key.clone() }),
        }
    }
}
