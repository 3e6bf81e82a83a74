//! Questions to the store, each with one of four answers: present, absent, wrong or unknown.

mod wrapped;

use crate::backend::{BackendError, Key, Meta, UriRefusal, layout};
use crate::index::notebook::StoredCopy;
use crate::object::identity::BlobHasher;
use crate::object::time::Micros;
use crate::object::{Kind, MAX_PAYLOAD, ObjectId};
use crate::store::Store;
use crate::store::write::proves;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

/// The largest blob that is hashed: 64 GiB. A sparse file can claim any size.
const LARGEST: u64 = 64 << 30;

/// What the store holds for a row.
#[derive(Clone, Debug)]
pub enum Looked {
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
        /// What a sound blob is wrapped in, where it is too large for `bytes` to tell.
        wrapped: Option<String>,
        /// The `Content-Encoding` that it is stored with.
        encoding: Option<String>,
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
            Looked::Refused { uri, why, found } => {
                say("uri", uri.as_str().into());
                say("why", why.to_string().into());
                say("found", keys(found));
            }
            Looked::Absent { key, found } => {
                say("key", key.as_str().into());
                say("found", keys(found));
            }
            Looked::There { key, size } | Looked::Proved { key, size, .. } => {
                say("key", key.as_str().into());
                say("size", (*size).into());
            }
            Looked::Wrong {
                key,
                size,
                why,
                encoding,
                copies,
                ..
            } => {
                say("key", key.as_str().into());
                say("size", (*size).into());
                say("why", why.as_str().into());
                if let Some(encoding) = encoding {
                    say("content_encoding", encoding.as_str().into());
                }
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

fn absent(key: Key) -> Looked {
    Looked::Absent {
        key,
        found: Vec::new(),
    }
}

fn keys(found: &[Key]) -> Value {
    found.iter().map(Key::as_str).collect::<Vec<_>>().into()
}

/// Which answers of the listing a second witness is asked about.
#[derive(Debug, Default)]
pub struct Witness {
    /// Of how many listed objects one is asked for by a HEAD, where its bytes are not read; 0 for none.
    pub every_listed: u64,
    /// Of how many rows that no object is listed for one is asked for; 0 for none.
    pub every_unlisted: u64,
    /// The store's clock before the listing began.
    pub listed_at: Option<Micros>,
    /// A key that is there, was there before the listing began, and was not listed.
    pub short: OnceLock<String>,
}

impl Witness {
    /// A witness that is never asked: where no listing was taken.
    #[must_use]
    pub fn none() -> &'static Self {
        static NONE: Witness = Witness {
            every_listed: 0,
            every_unlisted: 0,
            listed_at: None,
            short: OnceLock::new(),
        };
        &NONE
    }

    /// Notes a key that a HEAD finds and the listing lacks.
    pub fn note(&self, key: &Key, meta: &Meta) {
        let before = |at: Micros| self.listed_at.is_some_and(|listed| at < listed);
        if meta.modified.is_some_and(before) {
            // The first is enough.
            let _ = self.short.set(key.to_string());
        }
    }

    /// Whether one in `every` holds for this id, by its last digits: the same ids whatever the order.
    fn asks(every: u64, id: &ObjectId) -> bool {
        let digits = id.hex().and_then(|hex| hex.get(hex.len() - 8..));
        let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        every > 0 && number.unwrap_or(0) % every == 0
    }
}

/// The row that is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    pub kind: Kind,
    pub id: &'a ObjectId,
    /// What the row says.
    pub uri: Option<&'a str>,
    /// What an old hub says where that is null.
    pub disk_path: Option<&'a str>,
    pub repo_id: Option<&'a str>,
    /// The listed keys of the id's digest.
    pub copies: &'a [StoredCopy],
}

/// How to look.
pub struct Look<'a> {
    pub store: &'a Store,
    /// Read the bytes even where nothing speaks against them.
    pub read: bool,
    /// The listing that was taken; without one, only the keys themselves are asked for.
    pub listed: bool,
    pub witness: &'a Witness,
}

impl Look<'_> {
    /// Answers for one row.
    pub async fn at(&self, row: Named<'_>) -> Looked {
        let Named { kind, id, .. } = row;
        let Some(uri) = row.uri else {
            return self.unlinked(row).await;
        };
        match self.store.backend().locate(uri) {
            Ok(key) => self.named(row, key).await,
            Err(why) => match self.proving(kind, id, row.copies, None).await {
                Ok(found) => Looked::Refused {
                    uri: uri.to_owned(),
                    why,
                    found,
                },
                Err(unknown) => unknown,
            },
        }
    }

    async fn unlinked(&self, row: Named<'_>) -> Looked {
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
                Looked::Proved { key, .. } => found.push(key),
                Looked::Wrong { key, .. } => others.push(key),
                unknown @ Looked::Unknown { .. } => return unknown,
                _ => {}
            }
        }
        // The key that new objects get comes first: it is the one to link.
        if let Some(best) = layout::key_for(id) {
            found.sort_by_key(|key| *key != best);
        }
        Looked::Unlinked { found, others }
    }

    /// Keys of the known layouts that hold something though the listing has none of them: the second witness
    /// before an object is called absent. `Err` is an answer that stayed open.
    async fn unlisted(&self, row: Named<'_>) -> Result<Vec<Key>, Looked> {
        let is_short = self.witness.short.get().is_some();
        let asks = is_short || Witness::asks(self.witness.every_unlisted, row.id);
        if !self.listed || !asks {
            return Ok(Vec::new());
        }
        self.heads(row.id, row.repo_id).await
    }

    /// The keys of the known layouts that a HEAD finds.
    pub(super) async fn heads(
        &self,
        id: &ObjectId,
        repo_id: Option<&str>,
    ) -> Result<Vec<Key>, Looked> {
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
                    return Err(Looked::Unknown { key, why });
                }
            }
        }
        Ok(out)
    }

    async fn named(&self, row: Named<'_>, key: Key) -> Looked {
        let Named {
            kind, id, copies, ..
        } = row;
        let listed = copies.iter().find(|copy| copy.key == key.as_str());
        let size = match listed {
            Some(copy) if self.read || !self.listed => copy.size,
            Some(copy) if !Witness::asks(self.witness.every_listed, id) => copy.size,
            Some(copy) => match self.listed_and_asked(&key, copy.size).await {
                Ok(size) => size,
                Err(answer) => return self.elsewhere(row, answer).await,
            },
            // Listings lie: the second witness decides.
            None => match self.store.backend().head(&key).await {
                Ok(Some(meta)) => {
                    if self.listed {
                        self.witness.note(&key, &meta);
                    }
                    meta.size
                }
                Ok(None) => return self.elsewhere(row, absent(key)).await,
                Err(error) => {
                    let why = error.reason(key.as_str());
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
        let listed = listed.and_then(|copy| self.size_of(copy));
        match self.read(kind, id, &key, listed).await {
            Looked::Wrong {
                key,
                size,
                bytes,
                sha256,
                why,
                wrapped,
                encoding,
                ..
            } => Looked::Wrong {
                copies: others(),
                key,
                size,
                bytes,
                sha256,
                why,
                wrapped,
                encoding,
            },
            answer => self.elsewhere(row, answer).await,
        }
    }

    /// The size of an object that is listed and not to be read, by a HEAD; what denies the HEAD is asked for
    /// by a GET. `Err` is the answer where neither finds it.
    async fn listed_and_asked(&self, key: &Key, size: u64) -> Result<u64, Looked> {
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
            Err(error) => Looked::Unknown {
                why: error.reason(key.as_str()),
                key: key.clone(),
            },
        })
    }

    /// Where else an absent object lies; every other answer stays.
    async fn elsewhere(&self, row: Named<'_>, answer: Looked) -> Looked {
        let Looked::Absent { key, .. } = answer else {
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
                    Looked::Proved { key, .. } => found.push(key),
                    unknown @ Looked::Unknown { .. } => return unknown,
                    _ => {}
                }
            }
        }
        Looked::Absent { key, found }
    }

    /// The listed keys whose bytes prove the id; `Err` is an answer that stayed open.
    async fn proving(
        &self,
        kind: Kind,
        id: &ObjectId,
        copies: &[StoredCopy],
        but: Option<&Key>,
    ) -> Result<Vec<Key>, Looked> {
        let mut found = Vec::new();
        for copy in copies {
            let Ok(key) = Key::new(&copy.key) else {
                continue;
            };
            if Some(&key) == but {
                continue;
            }
            match self.read(kind, id, &key, self.size_of(copy)).await {
                Looked::Proved { key, .. } => found.push(key),
                unknown @ Looked::Unknown { .. } => return Err(unknown),
                _ => {}
            }
        }
        Ok(found)
    }

    /// The listed size, where there was a listing.
    fn size_of(&self, copy: &StoredCopy) -> Option<u64> {
        self.listed.then_some(copy.size)
    }

    /// Reads and proves; wrong only if two reads agree on it. `listed` is the size in the listing.
    pub async fn read(&self, kind: Kind, id: &ObjectId, key: &Key, listed: Option<u64>) -> Looked {
        let answer = match self.read_once(kind, id, key).await {
            Looked::Wrong { sha256, why, .. } => match self.read_once(kind, id, key).await {
                Looked::Wrong { sha256: again, .. } if again != sha256 => Looked::Unknown {
                    key: key.clone(),
                    why: format!("two reads gave different bytes; the first: {why}"),
                },
                answer => answer,
            },
            answer => answer,
        };
        let answer = self.held_to_listing(answer, listed).await;
        self.unwrapped(kind, id, answer).await
    }

    /// Absent takes the listing's word too, and bytes of another length than the store says are not those of the
    /// object: an empty answer, an error page.
    async fn held_to_listing(&self, answer: Looked, listed: Option<u64>) -> Looked {
        let unknown = |key: &Key, why: String| Looked::Unknown {
            key: key.clone(),
            why,
        };
        match &answer {
            Looked::Absent { key, .. } if listed.is_some() => match self.relisted(key).await {
                Ok(None) => answer,
                Ok(Some(_)) => unknown(
                    key,
                    "it is listed, and neither a GET nor a HEAD finds it".to_owned(),
                ),
                Err(why) => unknown(key, why),
            },
            Looked::Wrong { key, size, .. } if listed != Some(*size) => {
                let said = match listed {
                    Some(_) => self.relisted(key).await,
                    None => match self.store.backend().head(key).await {
                        Ok(meta) => Ok(meta.map(|meta| meta.size)),
                        Err(error) => Err(error.reason(key.as_str())),
                    },
                };
                match said {
                    Ok(Some(said)) if said == *size => answer,
                    Ok(said) => unknown(
                        key,
                        format!(
                            "{size} bytes came, and the store says that it has {}",
                            said.map_or("none".to_owned(), |said| said.to_string())
                        ),
                    ),
                    Err(why) => unknown(key, why),
                }
            }
            _ => answer,
        }
    }

    /// The size of an object by a new listing of its key alone.
    async fn relisted(&self, key: &Key) -> Result<Option<u64>, String> {
        let mut entries = self.store.backend().list(key.as_str(), None);
        match entries.next().await {
            None => Ok(None),
            Some(Ok(entry)) => Ok((entry.key == key.as_str()).then_some(entry.size)),
            Some(Err(error)) => Err(error.to_string()),
        }
    }

    /// Names the wrappings of a blob that is too large for its start to tell.
    async fn unwrapped(&self, kind: Kind, id: &ObjectId, answer: Looked) -> Looked {
        let mut answer = answer;
        if let Looked::Wrong {
            key,
            size,
            bytes,
            wrapped,
            ..
        } = &mut answer
            && kind == Kind::Blob
            && *size > bytes.len() as u64
        {
            match wrapped::layers(self.store.backend(), id, key).await {
                Ok(layers) => *wrapped = layers,
                Err(why) => {
                    return Looked::Unknown {
                        key: key.clone(),
                        why,
                    };
                }
            }
        }
        answer
    }

    async fn read_once(&self, kind: Kind, id: &ObjectId, key: &Key) -> Looked {
        let key = key.clone();
        let read = match kind {
            Kind::Blob => self.read_blob(id, &key).await,
            _ => self.read_record(kind, id, &key).await,
        };
        match read {
            Ok(Some(answer)) => answer,
            Ok(None) => absent(key),
            Err(error) => Looked::Unknown {
                why: error.reason(key.as_str()),
                key,
            },
        }
    }

    async fn read_record(
        &self,
        kind: Kind,
        id: &ObjectId,
        key: &Key,
    ) -> Result<Option<Looked>, BackendError> {
        let Some(body) = self.store.backend().open(key).await? else {
            return Ok(None);
        };
        let encoding = body.meta.encoding.clone();
        let bytes = body.read_all(MAX_PAYLOAD as u64 + 64).await?;
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
                wrapped: None,
                encoding,
                copies: Vec::new(),
            },
        }))
    }

    /// Hashes a blob as it streams by; only its first 64 KiB are kept, to say what is wrong with it.
    async fn read_blob(&self, id: &ObjectId, key: &Key) -> Result<Option<Looked>, BackendError> {
        const KEEP: usize = 64 << 10;
        let Some(mut body) = self.store.backend().open(key).await? else {
            return Ok(None);
        };
        let announced = body.meta.size;
        if announced > LARGEST {
            return Err(BackendError::TooLarge {
                size: announced,
                limit: LARGEST,
            });
        }
        let encoding = body.meta.encoding.take();
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
                wrapped: None,
                encoding,
                copies: Vec::new(),
            },
        }))
    }
}
