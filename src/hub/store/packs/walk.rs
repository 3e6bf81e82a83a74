//! A pack read to its end: what lies where in it, and whether it is what its id says.

use super::Packs;
use super::place::PackObject;
use crate::backend::BackendError;
use crate::index::PackedRow;
use crate::index::audit_scratch::PackedRecord;
use futures_util::StreamExt;
use luthier_object::ObjectId;
use luthier_object::identity::BlobScheme;
use luthier_object::pack::{Event, MAX_PACK, PackError, Reader, RecordHasher};
use std::sync::Arc;

/// Records of one pack that are held, and of all packs that are remembered; each takes some 80 bytes.
pub(super) const RECORDS: usize = 1_000_000;

/// The most reads of what does not prove until two in a row are equal.
pub(super) const READS: u32 = 3;

/// What a pack holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// In the order of their digests; of a record that comes twice, the first that proves.
    records: Vec<Place>,
    /// Records whose content does not prove their id.
    pub unproved: u64,
    /// Why it is not the pack that its id names; `None` where its structure and all its bytes prove.
    pub damage: Option<Damage>,
}

/// The reason why a pack is not what its id says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    #[error(transparent)]
    Structure(#[from] PackError),
    #[error("its bytes hash to {0}")]
    OtherId(ObjectId),
}

/// A record's place. No pack has more than 512 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    digest: [u8; 32],
    is_unproved: bool,
    offset: u32,
    length: u32,
    /// Bytes of the header in the content.
    header: u8,
    /// The formula that gives the id; of a record that does not prove, any.
    scheme: BlobScheme,
    /// Of the blob's own bytes.
    sha256: [u8; 32],
}

impl Place {
    fn spot(&self) -> Spot {
        Spot {
            offset: self.offset.into(),
            length: self.length.into(),
            size: u64::from(self.length) - u64::from(self.header),
            is_proved: !self.is_unproved,
        }
    }
}

/// The content of a record in its pack. Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    pub offset: u64,
    pub length: u64,
    /// Of the blob itself: the content may begin with a header.
    pub size: u64,
    /// The content matches the record's id.
    pub is_proved: bool,
}

impl Spot {
    /// Returns the index row that says so.
    #[must_use]
    pub fn row(&self, id: &ObjectId, pack_id: &str) -> PackedRow {
        PackedRow {
            object_id: id.as_str().to_owned(),
            pack_id: pack_id.to_owned(),
            offset: i64::try_from(self.offset).ok(),
            length: i64::try_from(self.length).ok(),
        }
    }
}

/// The reason why a pack proves no place of a blob.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSpot {
    #[error("the store does not have the pack")]
    NoPack,
    #[error("the pack is damaged: {0}")]
    Damaged(#[source] Damage),
    #[error("the pack does not contain the blob")]
    NotThere,
    #[error("the blob's record in the pack does not match its id")]
    Unproved,
}

impl Contents {
    /// Returns whether the pack is what its id says, and every record too.
    const fn is_sound(&self) -> bool {
        self.damage.is_none() && self.unproved == 0
    }

    /// Returns the number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns whether there are no records.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Returns where the record of a blob lies.
    #[must_use]
    pub fn get(&self, id: &ObjectId) -> Option<Spot> {
        let digest = id.digest()?;
        let at = self.records.partition_point(|place| place.digest < digest);
        let place = self.records.get(at).filter(|p| p.digest == digest)?;
        Some(place.spot())
    }

    /// Returns every record that proves, with its proof; none of a pack that is not what its id says.
    pub fn records(&self, pack: [u8; 32]) -> impl Iterator<Item = PackedRecord> {
        let proved = |place: &&Place| self.damage.is_none() && !place.is_unproved;
        self.records
            .iter()
            .filter(proved)
            .map(move |place| PackedRecord {
                digest: place.digest,
                pack,
                offset: place.offset,
                length: place.length,
                header: place.header,
                scheme: place.scheme,
                sha256: place.sha256,
            })
    }

    /// Returns every record that proves, by its id.
    pub fn proved(&self) -> impl Iterator<Item = (ObjectId, Spot)> {
        let proved = self.records.iter().filter(|place| !place.is_unproved);
        proved.map(|place| (ObjectId::typed(&place.digest), place.spot()))
    }
}

/// A walk under way.
#[derive(Default)]
struct Walk {
    records: Vec<Place>,
    open: Option<(ObjectId, u64, u64, RecordHasher)>,
    unproved: u64,
}

impl Walk {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Record(record) => {
                let hasher = RecordHasher::new(record.length);
                self.open = Some((record.id, record.offset, record.length, hasher));
            }
            Event::Content(bytes) => {
                if let Some((.., hasher)) = &mut self.open {
                    hasher.update(bytes);
                }
            }
            Event::End => self.end(),
        }
    }

    fn end(&mut self) {
        let Some((id, offset, length, hasher)) = self.open.take() else {
            return;
        };
        let proof = hasher.finish(&id);
        let is_unproved = proof.scheme.is_none();
        self.unproved += u64::from(is_unproved);
        let place = (id.digest(), u32::try_from(offset), u32::try_from(length));
        if let (Some(digest), Ok(offset), Ok(length)) = place {
            self.records.push(Place {
                digest,
                is_unproved,
                offset,
                length,
                header: u8::try_from(proof.header).unwrap_or(0),
                scheme: proof.scheme.unwrap_or(BlobScheme::Typed),
                sha256: proof.sha256,
            });
        }
    }

    fn contents(mut self, damage: Option<Damage>) -> Contents {
        let order = |place: &Place| (place.digest, place.is_unproved, place.offset);
        self.records.sort_unstable_by_key(order);
        self.records.dedup_by_key(|place| place.digest);
        Contents {
            records: self.records,
            unproved: self.unproved,
            damage,
        }
    }
}

impl Packs {
    /// Returns what a pack holds. It is read once in a run, and once more where it is not what its id says.
    ///
    /// # Errors
    /// The store gave no answer, two reads differ, or it has more records than are remembered.
    pub(super) async fn contents(
        &self,
        hex: &str,
        pack: &PackObject,
    ) -> Result<Arc<Contents>, BackendError> {
        let known = self.memory.contents(hex);
        let read = || async { self.read_pack(hex, pack).await.map(Arc::new) };
        Ok(known.get_or_try_init(read).await?.clone())
    }

    /// Returns what a pack holds, without remembering it. It is read once, and again where it is not what its id says.
    ///
    /// # Errors
    /// As [`Packs::contents`].
    pub(super) async fn read_pack(
        &self,
        hex: &str,
        pack: &PackObject,
    ) -> Result<Contents, BackendError> {
        let mut read = self.walk(hex, pack).await?;
        for left in (0..READS - 1).rev() {
            if read.is_sound() {
                break;
            }
            let again = self.walk(hex, pack).await?;
            if again == read {
                break;
            }
            if left == 0 && !again.is_sound() {
                return Err(differ(pack));
            }
            read = again;
        }
        Ok(read)
    }

    /// Reads a pack to its end. The table of a pack that was cut short does not fit into what is left, so that it is read
    /// once more as far as it comes: the records before the cut are intact.
    async fn walk(&self, hex: &str, pack: &PackObject) -> Result<Contents, BackendError> {
        let read = self.walk_as(hex, pack, None).await?;
        let is_unread = read.is_empty() && matches!(read.damage, Some(Damage::Structure(_)));
        if !is_unread || pack.size > MAX_PACK {
            return Ok(read);
        }
        let torn = self.walk_as(hex, pack, Some(MAX_PACK)).await?;
        Ok(Contents {
            damage: read.damage,
            ..torn
        })
    }

    /// Reads a pack as one of `size` bytes, or of those that the store announces.
    async fn walk_as(
        &self,
        hex: &str,
        pack: &PackObject,
        size: Option<u64>,
    ) -> Result<Contents, BackendError> {
        let gone = || BackendError::Remote {
            what: pack.key.to_string(),
            why: "a HEAD finds it, and a GET does not".into(),
        };
        let mut body = self.inner.open(&pack.key).await?.ok_or_else(gone)?;
        let mut walk = Walk::default();
        let mut reader = match Reader::new(size.unwrap_or(body.meta.size)) {
            Ok(reader) => reader,
            Err(why) => return Ok(walk.contents(Some(why.into()))),
        };
        while let Some(chunk) = body.stream.next().await {
            if let Err(why) = reader.feed(&chunk?, |event| walk.take(event)) {
                return Ok(walk.contents(Some(why.into())));
            }
            if walk.records.len() > RECORDS {
                return Err(BackendError::Unusable {
                    what: pack.key.to_string(),
                    why: "it has more than a million records; only an index can find a blob in it"
                        .into(),
                });
            }
        }
        Ok(match reader.finish() {
            Err(why) => walk.contents(Some(why.into())),
            Ok(whole) if whole.id.hex() != Some(hex) => {
                walk.contents(Some(Damage::OtherId(whole.id)))
            }
            Ok(_) => walk.contents(None),
        })
    }
}

/// Returns that two reads of a pack gave different bytes.
pub(super) fn differ(pack: &PackObject) -> BackendError {
    BackendError::Remote {
        what: pack.key.to_string(),
        why: "two reads gave different bytes".into(),
    }
}
