//! Blobs in packs: as facts of the scratch file, and as rows.

use super::{Rebuild, RebuildError};
use crate::backend::{Key, UriRefusal};
use crate::index::PackedRow;
use crate::index::rebuild_scratch::BlobFact;
use crate::store::packs::PackObject;
use luthier_object::ObjectId;

/// The rank of a blob in a pack: one with a key of its own wins.
const RANK: u8 = u8::MAX;

/// Facts laid down together.
const BATCH: usize = 1_000;

impl Rebuild<'_> {
    /// Lays down the blobs of a pack; where it is no pack after all, the blob that it is.
    pub(super) async fn take_pack(&mut self, own: BlobFact) -> Result<(), RebuildError> {
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
                self.report.unknown(own.key, error.to_string());
                return Ok(());
            }
        };
        if contents.damage.is_some() {
            return Ok(self.scratch.add_blobs(&[own]).await?);
        }
        let facts: Vec<BlobFact> = contents
            .proved()
            .map(|(id, spot)| BlobFact {
                hex: id.bare().to_owned(),
                key: format!(
                    "mpack://sha256:{}/{id}?offset={}&length={}",
                    own.hex, spot.offset, spot.length
                ),
                rank: RANK,
                size: spot.size,
                modified: own.modified,
            })
            .collect();
        for facts in facts.chunks(BATCH) {
            self.scratch.add_blobs(facts).await?;
        }
        Ok(())
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
