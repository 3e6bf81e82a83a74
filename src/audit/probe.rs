//! Questions to the store, each with one of four answers: present, absent, wrong or unknown.

mod packed;
mod reading;
mod witness;
mod wrapped;

pub use packed::PackedState;
pub use witness::Witness;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use luthier_hub::backend::{Key, UriRefusal, layout};
use luthier_hub::index::audit_scratch::StoredCopy;
use luthier_hub::index::{BlobRow, CommitRow, SnapshotRow};
use luthier_hub::store::Store;
use luthier_hub::store::reconstruct::non_empty;
use luthier_object::{Kind, ObjectId, Proof};

/// Bytes under a key that do not prove the id.
#[derive(Clone, Debug)]
pub struct WrongObject {
    pub key: Key,
    pub size: u64,
    /// Of a blob, their start only.
    pub bytes: Bytes,
    /// Of all that was read.
    pub sha256: [u8; 32],
    pub why: String,
    /// The wrapping of an intact blob that is too large for `bytes` to tell.
    pub wrapped: Option<String>,
    /// The `Content-Encoding` that it is stored with.
    pub encoding: Option<String>,
    /// Other listed keys of the digest, unread.
    pub copies: Vec<Key>,
}

impl WrongObject {
    /// Returns whether the bytes are an object of another kind with the same digest.
    fn is_of_another_kind(&self, kind: Kind, id: &ObjectId) -> bool {
        self.size == self.bytes.len() as u64 && Proof::of_another_kind(kind, id, &self.bytes)
    }
}

/// The object that the store has for a row.
#[derive(Clone, Debug)]
pub enum ObjectState {
    /// The row names no object; `found` are keys whose bytes prove the id, `others` keys whose do not.
    Unlinked { found: Vec<Key>, others: Vec<Key> },
    /// The URI is not followed.
    Refused {
        uri: String,
        why: UriRefusal,
        found: Vec<Key>,
    },
    /// Absent by two witnesses; `found` are other keys whose bytes prove the id.
    Absent { key: Key, found: Vec<Key> },
    /// There; not read, because the depth does not pay for it.
    There { key: Key, size: u64 },
    /// There, read whole, and its bytes prove the id.
    Proved {
        key: Key,
        size: u64,
        /// Of a blob, its start only.
        bytes: Bytes,
        /// Of all that was read.
        sha256: [u8; 32],
        proof: Proof,
    },
    /// There, read twice with one result, and its bytes do not prove the id.
    Wrong(WrongObject),
    /// The row names a pack.
    Packed(Box<PackedState>),
    /// No answer.
    Unknown { key: Key, why: String },
}

impl ObjectState {
    /// The proof, where the bytes prove the id.
    #[must_use]
    pub const fn proof(&self) -> Option<&Proof> {
        match self {
            ObjectState::Proved { proof, .. } => Some(proof),
            _ => None,
        }
    }
}

fn absent(key: Key) -> ObjectState {
    ObjectState::Absent {
        key,
        found: Vec::new(),
    }
}

/// The row that is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    pub kind: Kind,
    pub id: &'a ObjectId,
    /// The row's value.
    pub uri: Option<&'a str>,
    /// An old hub's value, if that is null.
    pub disk_path: Option<&'a str>,
    pub repo_id: Option<&'a str>,
    /// The listed keys of the id's digest.
    pub copies: &'a [StoredCopy],
}

impl<'a> Named<'a> {
    /// Looks for the object of a blob's row.
    pub(super) fn of_blob(row: &'a BlobRow, id: &'a ObjectId, copies: &'a [StoredCopy]) -> Self {
        Self {
            kind: Kind::Blob,
            id,
            uri: row.storage_uri.as_deref(),
            disk_path: non_empty(row.disk_path.as_deref()),
            repo_id: row.repo_id.as_deref(),
            copies,
        }
    }

    /// Looks for the object of a commit's row.
    pub(super) fn of_commit(
        row: &'a CommitRow,
        id: &'a ObjectId,
        copies: &'a [StoredCopy],
    ) -> Self {
        Self {
            kind: Kind::Commit,
            id,
            uri: row.storage_uri.as_deref(),
            disk_path: None,
            repo_id: row.repo_id.as_deref(),
            copies,
        }
    }

    /// Looks for the object of a snapshot's row.
    pub(super) fn of_snapshot(
        row: &'a SnapshotRow,
        id: &'a ObjectId,
        copies: &'a [StoredCopy],
    ) -> Self {
        Self {
            kind: Kind::Snapshot,
            id,
            uri: row.storage_uri.as_deref(),
            disk_path: None,
            repo_id: row.repo_id.as_deref(),
            copies,
        }
    }
}

/// The settings of a lookup in the store.
pub struct Probe<'a> {
    pub store: &'a Store,
    /// Read the bytes even where nothing speaks against them.
    pub read: bool,
    /// The listing that was taken; without one, only the keys themselves are asked for.
    pub listed: bool,
    pub witness: &'a Witness,
}

impl Probe<'_> {
    /// Answers for one row.
    pub async fn at(&self, row: Named<'_>) -> ObjectState {
        let Named { kind, id, .. } = row;
        let Some(uri) = row.uri else {
            return self.unlinked(row).await;
        };
        match self.store.locate(kind, id, uri) {
            Ok(key) if key.in_pack().is_some() => self.packed(row, key).await,
            Ok(key) => self.named(row, key).await,
            Err(why) => match self.proving(kind, id, row.copies, None).await {
                Ok(found) => ObjectState::Refused {
                    uri: uri.to_owned(),
                    why,
                    found,
                },
                Err(unknown) => unknown,
            },
        }
    }

    async fn unlinked(&self, row: Named<'_>) -> ObjectState {
        let Named { kind, id, .. } = row;
        let copies = row.copies.iter();
        let mut candidates: Vec<(Key, Option<u64>)> = copies
            .filter_map(|copy| Some((Key::new(&copy.key).ok()?, self.size_of(copy))))
            .collect();
        let old = row.disk_path.and_then(|path| Key::new(path).ok());
        candidates.extend(old.map(|key| (key, None)));
        candidates.dedup_by(|a, b| a.0 == b.0);
        if candidates.is_empty() {
            match self.unlisted(row).await {
                Ok(keys) => candidates.extend(keys.into_iter().map(|key| (key, None))),
                Err(unknown) => return unknown,
            }
        }
        let (mut found, mut others) = (Vec::new(), Vec::new());
        for (key, size) in candidates {
            match self.read(kind, id, &key, size).await {
                ObjectState::Proved { key, .. } => found.push(key),
                // The empty tree and the empty file of old formulas share their digest, and so their keys.
                ObjectState::Wrong(wrong) if wrong.is_of_another_kind(kind, id) => {}
                ObjectState::Wrong(wrong) => others.push(wrong.key),
                unknown @ ObjectState::Unknown { .. } => return unknown,
                _ => {}
            }
        }
        // The key that new objects get comes first: it is the one to link.
        if let Some(best) = layout::key_for(id) {
            found.sort_by_key(|key| *key != best);
        }
        ObjectState::Unlinked { found, others }
    }

    /// Keys of the known layouts that hold something though the listing has none of them: the second witness
    /// before an object is called absent. `Err` is an answer that stayed open.
    async fn unlisted(&self, row: Named<'_>) -> Result<Vec<Key>, ObjectState> {
        let is_short = self.witness.short.get().is_some();
        let asks = is_short || Witness::asks(self.witness.every_unlisted, row.id);
        if self.listed && !asks && self.witness.broken {
            return match layout::key_for(row.id) {
                None => Ok(Vec::new()),
                Some(key) => Err(ObjectState::Unknown {
                    key,
                    why: "the listing broke off".to_owned(),
                }),
            };
        }
        if !self.listed || !asks {
            return Ok(Vec::new());
        }
        self.heads(row.id, row.repo_id).await
    }

    /// Returns the keys of the known layouts that a HEAD finds.
    pub(super) async fn heads(
        &self,
        id: &ObjectId,
        repo_id: Option<&str>,
    ) -> Result<Vec<Key>, ObjectState> {
        let keys = stream::iter(layout::keys_for(id, repo_id)).map(|key| async move {
            let found = self.store.backend().head(&key).await;
            (key, found)
        });
        let answers: Vec<_> = keys.buffered(4).collect().await;
        let mut out = Vec::new();
        for (key, found) in answers {
            match found {
                Ok(None) => {}
                Ok(Some(meta)) => {
                    self.witness.note(&key, &meta);
                    out.push(key);
                }
                Err(error) => {
                    let why = error.reason(key.as_str());
                    return Err(ObjectState::Unknown { key, why });
                }
            }
        }
        Ok(out)
    }

    /// Looks at the object under the key that a row names.
    async fn named(&self, row: Named<'_>, key: Key) -> ObjectState {
        let Named {
            kind, id, copies, ..
        } = row;
        let listed = copies.iter().find(|copy| copy.key == key.as_str());
        let size = match self.size_there(id, &key, listed).await {
            Ok(size) => size,
            Err(answer) => return self.elsewhere(row, answer).await,
        };
        if !self.read {
            return ObjectState::There { key, size };
        }
        let listed = listed.and_then(|copy| self.size_of(copy));
        match self.read(kind, id, &key, listed).await {
            ObjectState::Wrong(wrong) => {
                let keys = copies.iter().filter_map(|copy| Key::new(&copy.key).ok());
                ObjectState::Wrong(WrongObject {
                    copies: keys.filter(|other| *other != key).collect(),
                    ..wrong
                })
            }
            answer => self.elsewhere(row, answer).await,
        }
    }

    /// Returns the size of the object under a key that a row names, by the listing or by a HEAD. `Err` is the answer
    /// where the key is absent or unknown.
    async fn size_there(
        &self,
        id: &ObjectId,
        key: &Key,
        listed: Option<&StoredCopy>,
    ) -> Result<u64, ObjectState> {
        if let Some(copy) = listed {
            let is_enough =
                self.read || !self.listed || !Witness::asks(self.witness.every_listed, id);
            return match is_enough {
                true => Ok(copy.size),
                false => self.listed_and_asked(key, copy.size).await,
            };
        }
        // Listings lie: the second witness decides.
        match self.store.backend().head(key).await {
            Ok(Some(meta)) => {
                if self.listed {
                    self.witness.note(key, &meta);
                }
                Ok(meta.size)
            }
            Ok(None) => Err(self.held_to_listing(absent(key.clone()), None).await),
            Err(error) => Err(ObjectState::Unknown {
                why: error.reason(key.as_str()),
                key: key.clone(),
            }),
        }
    }

    /// Returns the size of an object that is listed and not to be read, by a HEAD; what denies the HEAD is asked for by
    /// a GET. `Err` is the answer where neither finds it.
    async fn listed_and_asked(&self, key: &Key, size: u64) -> Result<u64, ObjectState> {
        let found = match self.store.backend().head(key).await {
            Ok(Some(meta)) => return Ok(meta.size),
            Ok(None) => Ok(()),
            Err(_) => match self.store.backend().open(key).await {
                Ok(Some(body)) => return Ok(body.meta.size),
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            },
        };
        Err(match found {
            Ok(()) => self.held_to_listing(absent(key.clone()), Some(size)).await,
            Err(error) => ObjectState::Unknown {
                why: error.reason(key.as_str()),
                key: key.clone(),
            },
        })
    }

    /// Looks for a missing object under other keys; every other answer stays.
    async fn elsewhere(&self, row: Named<'_>, answer: ObjectState) -> ObjectState {
        let ObjectState::Absent { key, .. } = answer else {
            return answer;
        };
        let found = self.proving(row.kind, row.id, row.copies, Some(&key)).await;
        let mut found = match found {
            Ok(found) => found,
            Err(unknown) => return unknown,
        };
        if found.is_empty() && self.listed {
            // Where the listing is short, a copy of it may be there as well.
            let keys = match self.heads(row.id, row.repo_id).await {
                Ok(keys) => keys,
                Err(unknown) => return unknown,
            };
            for other in keys.into_iter().filter(|other| *other != key) {
                match self.read(row.kind, row.id, &other, None).await {
                    ObjectState::Proved { key, .. } => found.push(key),
                    unknown @ ObjectState::Unknown { .. } => return unknown,
                    _ => {}
                }
            }
        }
        ObjectState::Absent { key, found }
    }

    /// Returns the listed keys whose bytes prove the id; `Err` is an answer that stayed open.
    async fn proving(
        &self,
        kind: Kind,
        id: &ObjectId,
        copies: &[StoredCopy],
        but: Option<&Key>,
    ) -> Result<Vec<Key>, ObjectState> {
        let mut found = Vec::new();
        for copy in copies {
            let Ok(key) = Key::new(&copy.key) else {
                continue;
            };
            if Some(&key) == but {
                continue;
            }
            match self.read(kind, id, &key, self.size_of(copy)).await {
                ObjectState::Proved { key, .. } => found.push(key),
                unknown @ ObjectState::Unknown { .. } => return Err(unknown),
                _ => {}
            }
        }
        Ok(found)
    }

    /// Returns the listed size, where there was a listing.
    fn size_of(&self, copy: &StoredCopy) -> Option<u64> {
        self.listed.then_some(copy.size)
    }
}
