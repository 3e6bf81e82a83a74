//! One object read and proved, or why not.

use super::{ObjectState, Probe, WrongObject, absent, wrapped};
use bytes::Bytes;
use futures_util::StreamExt;
use luthier_hub::backend::{BackendError, Key};
use luthier_object::identity::BlobHasher;
use luthier_object::{Kind, MAX_PAYLOAD, ObjectId, Proof, ProofError};
use sha2::{Digest, Sha256};

/// An object that was read to its end.
struct ReadObject {
    key: Key,
    size: u64,
    sha256: [u8; 32],
    /// Of a blob, its start only.
    bytes: Bytes,
    encoding: Option<String>,
}

impl ReadObject {
    /// Says whether it is the object that was looked for.
    fn state(self, proof: Result<Proof, ProofError>) -> ObjectState {
        let Self {
            key,
            size,
            sha256,
            bytes,
            encoding,
        } = self;
        match proof {
            Ok(proof) => ObjectState::Proved {
                key,
                size,
                bytes,
                sha256,
                proof,
            },
            Err(why) => ObjectState::Wrong(WrongObject {
                key,
                size,
                bytes,
                sha256,
                why: why.to_string(),
                wrapped: None,
                encoding,
                copies: Vec::new(),
            }),
        }
    }
}

/// The largest blob that is hashed: 64 GiB. A sparse file can claim any size.
const LARGEST: u64 = 64 << 30;

impl Probe<'_> {
    /// Reads and proves; wrong only if two reads in a row agree on it. `listed` is the size in the listing.
    pub async fn read(
        &self,
        kind: Kind,
        id: &ObjectId,
        key: &Key,
        listed: Option<u64>,
    ) -> ObjectState {
        let mut answer = self.read_once(kind, id, key).await;
        for last in [false, true] {
            let ObjectState::Wrong(first) = answer else {
                break;
            };
            answer = self.read_once(kind, id, key).await;
            match &answer {
                ObjectState::Wrong(again) if again.sha256 == first.sha256 => break,
                ObjectState::Wrong(_) if last => {
                    answer = ObjectState::Unknown {
                        key: key.clone(),
                        why: format!("two reads gave different bytes; the first: {}", first.why),
                    };
                }
                _ => {}
            }
        }
        let answer = self.held_to_listing(answer, listed).await;
        self.unwrapped(kind, id, answer).await
    }

    /// Absent takes the listing's word too, and bytes of another length than the store says are not those of the
    /// object: an empty answer, an error page.
    pub(super) async fn held_to_listing(
        &self,
        answer: ObjectState,
        listed: Option<u64>,
    ) -> ObjectState {
        let unknown = |key: &Key, why: String| ObjectState::Unknown {
            key: key.clone(),
            why,
        };
        match &answer {
            // Where a listing was taken and lacks it, that listing is the other witness.
            ObjectState::Absent { key, .. } if listed.is_some() || !self.listed => {
                match self.relisted(key).await {
                    Ok(None) => answer,
                    Ok(Some(_)) => unknown(
                        key,
                        "it is listed, but neither GET nor HEAD finds it".to_owned(),
                    ),
                    Err(error) => unknown(key, error.to_string()),
                }
            }
            ObjectState::Wrong(WrongObject { key, size, .. }) if listed != Some(*size) => {
                let said = match listed {
                    Some(_) => self.relisted(key).await.map_err(|e| e.to_string()),
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
                            "{size} bytes came, but the store announced {}",
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
    async fn relisted(&self, key: &Key) -> Result<Option<u64>, BackendError> {
        self.store.listed_size(key).await
    }

    /// Names the wrappings of a blob that is too large for its start to tell.
    async fn unwrapped(&self, kind: Kind, id: &ObjectId, answer: ObjectState) -> ObjectState {
        let mut answer = answer;
        if let ObjectState::Wrong(wrong) = &mut answer
            && kind == Kind::Blob
            && wrong.size > wrong.bytes.len() as u64
        {
            match wrapped::layers(self.store.backend(), id, &wrong.key).await {
                Ok(layers) => wrong.wrapped = layers,
                Err(why) => {
                    return ObjectState::Unknown {
                        key: wrong.key.clone(),
                        why: why.to_string(),
                    };
                }
            }
        }
        answer
    }

    async fn read_once(&self, kind: Kind, id: &ObjectId, key: &Key) -> ObjectState {
        let key = key.clone();
        let read = match kind {
            Kind::Blob => self.read_blob(id, &key).await,
            _ => self.read_record(kind, id, &key).await,
        };
        match read {
            Ok(Some(answer)) => answer,
            Ok(None) => absent(key),
            Err(error) => ObjectState::Unknown {
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
    ) -> Result<Option<ObjectState>, BackendError> {
        let Some(body) = self.store.backend().open(key).await? else {
            return Ok(None);
        };
        let encoding = body.meta.encoding.clone();
        let bytes = body.read_all(MAX_PAYLOAD as u64 + 64).await?;
        let proof = Proof::read(kind, id, &bytes);
        let read = ReadObject {
            key: key.clone(),
            size: bytes.len() as u64,
            sha256: Sha256::digest(&bytes).into(),
            bytes,
            encoding,
        };
        Ok(Some(read.state(proof)))
    }

    /// Hashes a blob as it streams by; only its first 64 KiB are kept, to say what is wrong with it.
    async fn read_blob(
        &self,
        id: &ObjectId,
        key: &Key,
    ) -> Result<Option<ObjectState>, BackendError> {
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
            return Ok(Some(ObjectState::Unknown { key, why }));
        }
        let (proof, sha256) = Proof::of_blob(id, hasher);
        let read = ReadObject {
            key,
            size,
            sha256,
            bytes,
            encoding,
        };
        Ok(Some(read.state(proof)))
    }
}
