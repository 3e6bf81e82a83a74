//! Blobs in packs: as facts of the scratch file, and as rows.

use super::{Rebuild, RebuildError};
use crate::backend::{Key, UriRefusal, layout};
use crate::index::PackedRow;
use crate::index::rebuild_scratch::BlobFact;
use crate::store::packs::{PackObject, Spot};
use crate::text;
use luthier_object::ObjectId;

/// The rank of a blob in a pack: one with a key of its own wins.
const RANK: u8 = u8::MAX;

/// Facts laid down together.
const BATCH: usize = 1_000;

impl Rebuild<'_> {
    /// Lays down the blobs of a pack: each that matches its own id, whatever happened to the rest of the pack. A proved
    /// object is laid down as the blob that it is as well, where its key may be one of a blob: a snapshot may name it.
    pub(super) async fn take_pack(
        &mut self,
        own: BlobFact,
        is_proved: bool,
    ) -> Result<(), RebuildError> {
        let Ok(key) = Key::new(&own.key) else {
            return Ok(());
        };
        let pack = PackObject {
            key,
            size: own.size,
        };
        let store = self.target.store();
        let contents = match store.pack_contents(&own.hex, &pack).await {
            Ok(contents) => contents,
            Err(error) => {
                self.refuse(&pack.key);
                self.report.unknown(own.key, error.to_string());
                return Ok(());
            }
        };
        let facts: Vec<BlobFact> = contents.proved().map(|at| in_pack(&own, at)).collect();
        for facts in facts.chunks(BATCH) {
            self.scratch.add_blobs(facts).await?;
        }
        let is_blob = is_proved && layout::recognise(&own.key).is_some();
        if let Some(damage) = contents.damage.as_ref().filter(|_| !is_blob) {
            let intact = text::grouped(facts.len() as u64);
            let why =
                format!("the pack is corrupt: {damage}; intact blobs taken from it: {intact}");
            self.refuse(&pack.key);
            self.report.skip(own.key, why);
        } else if is_blob {
            let is_pack = contents.damage.is_none();
            self.scratch
                .add_blobs(&[BlobFact { is_pack, ..own }])
                .await?;
        }
        Ok(())
    }
}

/// Returns the fact of a blob that a pack proved.
fn in_pack(pack: &BlobFact, (id, spot): (ObjectId, Spot)) -> BlobFact {
    BlobFact {
        hex: id.bare().to_owned(),
        key: format!(
            "mpack://sha256:{}/{id}?offset={}&length={}",
            pack.hex, spot.offset, spot.length
        ),
        rank: RANK,
        size: spot.size,
        is_pack: false,
        modified: pack.modified,
    }
}

/// Returns the key of a fact; `id` is the object's.
///
/// # Errors
/// It is no key, and no place in a pack.
pub(super) fn key_of(text: &str, id: &str) -> Result<Key, UriRefusal> {
    match text.starts_with("mpack://") {
        true => Key::in_pack_at(text, &ObjectId::new(id)),
        false => Key::new(text),
    }
}

/// Returns the index row of a blob whose key is a place in a pack.
pub(super) fn index_row(key: &Key, id: &str) -> Option<PackedRow> {
    let place = key.in_pack()?;
    let (offset, length) = place.range?;
    Some(PackedRow {
        object_id: id.to_owned(),
        pack_id: format!("sha256:{}", place.pack),
        offset: i64::try_from(offset).ok(),
        length: i64::try_from(length).ok(),
    })
}
