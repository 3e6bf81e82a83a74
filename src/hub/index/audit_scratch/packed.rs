//! Where blobs lie in packs that were read to their end and proved.

use super::AuditScratch;
use crate::index::IndexError;
use luthier_object::identity::BlobScheme;
use std::collections::HashMap;

/// Digests of a blob and of its pack: the key.
pub(super) const DIGESTS: usize = 64;

/// A record as the table keeps it.
pub(super) const PACKED: usize = DIGESTS + 4 + 4 + 1 + 1 + 32;

/// A blob's record in a pack, whose content proves its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedRecord {
    /// Of the blob's id.
    pub digest: [u8; 32],
    /// Of the pack's id.
    pub pack: [u8; 32],
    /// Bytes from the start of the pack to the content.
    pub offset: u32,
    /// Bytes of the content.
    pub length: u32,
    /// Bytes of the header at its start.
    pub header: u8,
    /// The formula that gives the id.
    pub scheme: BlobScheme,
    /// Of the blob's own bytes.
    pub sha256: [u8; 32],
}

impl PackedRecord {
    /// Returns the bytes of the blob itself.
    #[must_use]
    pub fn size(&self) -> u64 {
        u64::from(self.length) - u64::from(self.header)
    }

    fn encode(&self) -> [u8; PACKED] {
        let mut out = [0; PACKED];
        out[..32].copy_from_slice(&self.digest);
        out[32..64].copy_from_slice(&self.pack);
        out[64..68].copy_from_slice(&self.offset.to_be_bytes());
        out[68..72].copy_from_slice(&self.length.to_be_bytes());
        out[72] = self.header;
        out[73] = u8::from(self.scheme == BlobScheme::Raw);
        out[74..].copy_from_slice(&self.sha256);
        out
    }

    fn decode(record: &[u8; PACKED]) -> Self {
        let part = |from: usize| std::array::from_fn(|at| record[from + at]);
        let number = |from: usize| u32::from_be_bytes(std::array::from_fn(|at| record[from + at]));
        Self {
            digest: part(0),
            pack: part(32),
            offset: number(64),
            length: number(68),
            header: record[72],
            scheme: match record[73] {
                0 => BlobScheme::Typed,
                _ => BlobScheme::Raw,
            },
            sha256: part(74),
        }
    }
}

impl AuditScratch {
    /// Lays down records of packs.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_packed(&self, records: Vec<PackedRecord>) -> Result<(), IndexError> {
        if records.is_empty() {
            return Ok(());
        }
        self.file
            .tell(move |_, tables| {
                for record in &records {
                    tables.packed.push(record.encode())?;
                }
                Ok(())
            })
            .await
    }

    /// Returns the records of these blobs, by digest.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn packed(
        &self,
        digests: Vec<[u8; 32]>,
    ) -> Result<HashMap<[u8; 32], Vec<PackedRecord>>, IndexError> {
        self.file
            .with(move |_, tables| {
                let mut out = HashMap::new();
                for digest in digests {
                    let found = tables.packed.all(&digest)?;
                    let found: Vec<_> = found.iter().map(PackedRecord::decode).collect();
                    if !found.is_empty() {
                        out.insert(digest, found);
                    }
                }
                Ok(out)
            })
            .await
    }
}
