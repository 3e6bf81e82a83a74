//! Questions to the store, each with one of four answers: present, absent, wrong or unknown.

use crate::backend::{Key, UriRefusal, layout};
use crate::index::notebook::StoredCopy;
use crate::object::identity::BlobHasher;
use crate::object::{Kind, ObjectId};
use crate::store::write::proves;
use crate::store::{Store, StoreError};
use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The two questions whose answers said that nothing is there.
pub type Witnesses = [&'static str; 2];

/// The keys of a digest that prove it, and those that gave no answer, with the reason.
#[derive(Default)]
struct Proving {
    found: Vec<Key>,
    unread: Vec<String>,
}

/// What the store holds for a row.
#[derive(Clone, Debug)]
pub enum Looked {
    /// The row names no object; `found` are keys whose bytes prove the id, `others` keys whose do not.
    Unlinked { found: Vec<Key>, others: Vec<Key> },
    /// The URI is not followed. `found` are keys whose bytes prove the id, `unread` other keys of its digest
    /// that gave no answer, with the reason.
    Refused {
        uri: String,
        why: UriRefusal,
        found: Vec<Key>,
        unread: Vec<String>,
    },
    /// Absent by two witnesses, which `asked` names; `found` and `unread` as of [`Looked::Refused`].
    Absent {
        key: Key,
        asked: Witnesses,
        found: Vec<Key>,
        unread: Vec<String>,
    },
    /// There; not read, because the depth does not pay for it.
    There { key: Key, size: u64 },
    /// There, read whole, and its bytes prove the id.
    Proved {
        key: Key,
        size: u64,
        bytes: Bytes,
        /// Of all that was read, where `bytes` may be its start only.
        sha256: [u8; 32],
        scheme: &'static str,
    },
    /// There, read twice with one result, and its bytes do not prove the id.
    Wrong {
        key: Key,
        size: u64,
        bytes: Bytes,
        sha256: [u8; 32],
        why: String,
        /// Other listed keys of the digest, unread.
        copies: Vec<Key>,
    },
    /// No answer.
    Unknown { key: Key, why: String },
}

impl Looked {
    /// The bytes, where they prove the id.
    #[must_use]
    pub fn proved(&self) -> Option<&Bytes> {
        match self {
            Looked::Proved { bytes, .. } => Some(bytes),
            _ => None,
        }
    }

    /// Where the answer came from, as evidence.
    #[must_use]
    pub fn evidence(&self) -> Map<String, Value> {
        let mut out = Map::new();
        let mut say = |key: &str, value: Value| {
            out.insert(key.to_owned(), value);
        };
        match self {
            Looked::Unlinked { found, .. } => say("found", keys(found)),
            Looked::Refused {
                uri,
                why,
                found,
                unread,
            } => {
                say("uri", uri.as_str().into());
                say("why", why.to_string().into());
                say("found", keys(found));
                if !unread.is_empty() {
                    say("unread", unread.clone().into());
                }
            }
            Looked::Absent {
                key,
                asked,
                found,
                unread,
            } => {
                say("key", key.as_str().into());
                say("asked", asked.to_vec().into());
                say("found", keys(found));
                if !unread.is_empty() {
                    say("unread", unread.clone().into());
                }
            }
            Looked::There { key, size } | Looked::Proved { key, size, .. } => {
                say("key", key.as_str().into());
                say("size", (*size).into());
            }
            Looked::Wrong {
                key,
                size,
                why,
                copies,
                ..
            } => {
                say("key", key.as_str().into());
                say("size", (*size).into());
                say("why", why.as_str().into());
                if !copies.is_empty() {
                    say("copies", keys(copies));
                }
            }
            Looked::Unknown { key, why } => {
                say("key", key.as_str().into());
                say("why", why.as_str().into());
            }
        }
        out
    }
}

fn keys(found: &[Key]) -> Value {
    found.iter().map(Key::as_str).collect::<Vec<_>>().into()
}

/// How to look.
pub struct Look<'a> {
    pub store: &'a Store,
    /// Read the bytes even where nothing speaks against them.
    pub read: bool,
    /// The listing that was taken; without one, only the keys themselves are asked for.
    pub listed: bool,
}

impl Look<'_> {
    /// Answers for one row: `uri` is what it says, `disk_path` what an old hub says where that is null,
    /// `copies` the listed keys of the id's digest.
    pub async fn at(
        &self,
        kind: Kind,
        id: &ObjectId,
        uri: Option<&str>,
        disk_path: Option<&str>,
        copies: &[StoredCopy],
    ) -> Looked {
        let Some(uri) = uri else {
            let mut candidates: Vec<Key> = copies
                .iter()
                .filter_map(|c| Key::new(&c.key).ok())
                .collect();
            candidates.extend(disk_path.and_then(|path| Key::new(path).ok()));
            return self.unlinked(kind, id, candidates).await;
        };
        match self.store.backend().locate(uri) {
            Ok(key) => self.named(kind, id, key, copies).await,
            Err(why) => {
                let Proving { found, unread } = self.proving(kind, id, copies, None).await;
                Looked::Refused {
                    uri: uri.to_owned(),
                    why,
                    found,
                    unread,
                }
            }
        }
    }

    async fn unlinked(&self, kind: Kind, id: &ObjectId, mut candidates: Vec<Key>) -> Looked {
        candidates.dedup();
        let (mut found, mut others) = (Vec::new(), Vec::new());
        for key in candidates {
            match self.read(kind, id, &key).await {
                Looked::Proved { key, .. } => found.push(key),
                Looked::Wrong { key, .. } => others.push(key),
                unknown @ Looked::Unknown { .. } => return unknown,
                Looked::Absent { key, .. } if !self.listed => match self.second(&key).await {
                    Ok(false) => {}
                    Ok(true) => {
                        let why = "a GET finds nothing there, and a HEAD does".to_owned();
                        return Looked::Unknown { key, why };
                    }
                    Err(why) => return Looked::Unknown { key, why },
                },
                _ => {}
            }
        }
        // The key that new objects get comes first: it is the one to link.
        if let Some(best) = layout::key_for(id) {
            found.sort_by_key(|key| *key != best);
        }
        Looked::Unlinked { found, others }
    }

    /// Whether a HEAD finds something: the second witness where there was no listing.
    async fn second(&self, key: &Key) -> Result<bool, String> {
        let found = self.store.backend().head(key).await;
        found.map(|meta| meta.is_some()).map_err(|e| e.to_string())
    }

    async fn named(&self, kind: Kind, id: &ObjectId, key: Key, copies: &[StoredCopy]) -> Looked {
        let listed = copies.iter().find(|copy| copy.key == key.as_str());
        let size = match listed {
            Some(copy) => copy.size,
            // Listings lie: the second witness decides.
            None => match self.store.backend().head(&key).await {
                Ok(Some(meta)) => meta.size,
                Ok(None) => match self.opened(&key).await {
                    Ok(Some(size)) => size,
                    Ok(None) => return self.absent(kind, id, key, copies).await,
                    Err(why) => return Looked::Unknown { key, why },
                },
                Err(error) => {
                    let why = error.to_string();
                    return Looked::Unknown { key, why };
                }
            },
        };
        if !self.read {
            return Looked::There { key, size };
        }
        let others = || {
            let keys = copies.iter().filter_map(|copy| Key::new(&copy.key).ok());
            keys.filter(|other| *other != key).collect()
        };
        match self.read(kind, id, &key).await {
            Looked::Wrong {
                key,
                size,
                bytes,
                sha256,
                why,
                ..
            } => Looked::Wrong {
                copies: others(),
                key,
                size,
                bytes,
                sha256,
                why,
            },
            // Listed, and gone when it was read: something else is writing or the listing lied.
            Looked::Absent { key, .. } if listed.is_some() => {
                self.absent(kind, id, key, copies).await
            }
            answer => answer,
        }
    }

    /// The size of what a GET opens; `None` where it finds nothing. Not asked where a listing was the first
    /// witness.
    async fn opened(&self, key: &Key) -> Result<Option<u64>, String> {
        if self.listed {
            return Ok(None);
        }
        let body = self.store.backend().open(key).await;
        body.map(|body| body.map(|body| body.meta.size))
            .map_err(|error| error.to_string())
    }

    /// The answer for a key under which two witnesses found nothing.
    async fn absent(&self, kind: Kind, id: &ObjectId, key: Key, copies: &[StoredCopy]) -> Looked {
        let listed = copies.iter().any(|copy| copy.key == key.as_str());
        let Proving { found, unread } = self.proving(kind, id, copies, Some(&key)).await;
        Looked::Absent {
            asked: match (self.listed, listed) {
                // It was listed, and two reads found nothing.
                (true, true) => ["get", "get again"],
                (true, false) => ["listing", "head"],
                (false, _) => ["head", "get"],
            },
            key,
            found,
            unread,
        }
    }

    /// The listed keys whose bytes prove the id.
    async fn proving(
        &self,
        kind: Kind,
        id: &ObjectId,
        copies: &[StoredCopy],
        but: Option<&Key>,
    ) -> Proving {
        let mut out = Proving::default();
        for key in copies.iter().filter_map(|copy| Key::new(&copy.key).ok()) {
            if Some(&key) == but {
                continue;
            }
            match self.read(kind, id, &key).await {
                Looked::Proved { key, .. } => out.found.push(key),
                Looked::Unknown { key, why } => out.unread.push(format!("{key}: {why}")),
                _ => {}
            }
        }
        out
    }

    /// Reads and proves; wrong only if two reads agree on it.
    pub async fn read(&self, kind: Kind, id: &ObjectId, key: &Key) -> Looked {
        match self.read_once(kind, id, key).await {
            Looked::Wrong { bytes, why, .. } => match self.read_once(kind, id, key).await {
                Looked::Wrong { bytes: again, .. } if again != bytes => Looked::Unknown {
                    key: key.clone(),
                    why: format!("two reads gave different bytes; the first: {why}"),
                },
                answer => answer,
            },
            answer => answer,
        }
    }

    async fn read_once(&self, kind: Kind, id: &ObjectId, key: &Key) -> Looked {
        let key = key.clone();
        let read = match kind {
            Kind::Blob => self.read_blob(id, &key).await,
            _ => self.read_record(kind, id, &key).await,
        };
        match read {
            Ok(Some(answer)) => answer,
            Ok(None) => Looked::Absent {
                key,
                asked: ["get", "get"],
                found: Vec::new(),
                unread: Vec::new(),
            },
            Err(error) => Looked::Unknown {
                key,
                why: error.to_string(),
            },
        }
    }

    async fn read_record(
        &self,
        kind: Kind,
        id: &ObjectId,
        key: &Key,
    ) -> Result<Option<Looked>, StoreError> {
        let Some(bytes) = self.store.read_object(key).await? else {
            return Ok(None);
        };
        let (key, size) = (key.clone(), bytes.len() as u64);
        let sha256 = Sha256::digest(&bytes).into();
        Ok(Some(match proves(kind, id, &bytes) {
            Ok(scheme) => Looked::Proved {
                key,
                size,
                bytes,
                sha256,
                scheme,
            },
            Err(why) => Looked::Wrong {
                key,
                size,
                bytes,
                sha256,
                why,
                copies: Vec::new(),
            },
        }))
    }

    /// Hashes a blob as it streams by; only its first 64 KiB are kept, to say what is wrong with it.
    async fn read_blob(&self, id: &ObjectId, key: &Key) -> Result<Option<Looked>, StoreError> {
        const KEEP: usize = 64 << 10;
        let Some(mut body) = self.store.backend().open(key).await? else {
            return Ok(None);
        };
        let announced = body.meta.size;
        let mut hasher = BlobHasher::new(announced);
        let (mut head, mut size) = (Vec::new(), 0);
        while let Some(chunk) = body.stream.next().await {
            let chunk = chunk?;
            hasher.update(&chunk);
            size += chunk.len() as u64;
            let room = KEEP - head.len();
            head.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        let (key, bytes) = (key.clone(), Bytes::from(head));
        if size != announced {
            let why = format!("{announced} bytes were announced, {size} came");
            return Ok(Some(Looked::Unknown { key, why }));
        }
        let (scheme, sha256) = hasher.finish_with_sha256(id);
        Ok(Some(match scheme {
            Some(scheme) => Looked::Proved {
                key,
                size,
                bytes,
                sha256,
                scheme: scheme.name(),
            },
            None => Looked::Wrong {
                key,
                size,
                bytes,
                sha256,
                why: "the bytes do not reproduce the id".to_owned(),
                copies: Vec::new(),
            },
        }))
    }
}
