//! Packs, as pushes bring them since June 2026.

use super::draft::Grown;
use luthier_hub::index::PackedRow;
use luthier_object::pack::{self, Event, Reader, Writer};
use luthier_object::{Kind, ObjectId, frame};

/// The pack of a push.
pub(super) struct Pack {
    pub id: ObjectId,
    pub bytes: Vec<u8>,
    /// Where its blobs lie, as the index says.
    pub rows: Vec<PackedRow>,
}

impl Pack {
    /// Returns the pack of a commit's new blobs, as clients keep them: with their headers. `None` where it has none.
    pub(super) fn of(grown: &Grown) -> Option<Self> {
        let writer = grown.blobs.iter().fold(Writer::default(), |writer, blob| {
            writer.with(&blob.id, &frame::encode(Kind::Blob, &blob.bytes))
        });
        let mut bytes = writer.finish_mpack();
        let id = pack::id_of(&bytes);
        let mut rows = Vec::new();
        let mut reader = Reader::new(bytes.len() as u64).ok()?;
        let read = reader.feed(&bytes, |event| {
            if let Event::Record(record) = event {
                rows.push(PackedRow {
                    object_id: record.id.as_str().to_owned(),
                    pack_id: id.as_str().to_owned(),
                    offset: Some(record.offset as i64 + grown.packing.shift),
                    length: Some(record.length as i64),
                });
            }
        });
        read.ok()?;
        if let Some(last) = bytes.last_mut().filter(|_| grown.packing.spoiled) {
            *last ^= 1;
        }
        (!rows.is_empty()).then_some(Self { id, bytes, rows })
    }
}
