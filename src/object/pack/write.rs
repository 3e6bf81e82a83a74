//! Packs written: for hubs that are made to be read, not to be served.

use super::{MAGIC, RECORD_HEAD, VERSION};
use crate::ObjectId;
use sha2::{Digest, Sha256};

/// Writes a local pack, held whole.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    records: Vec<u8>,
    count: u64,
}

impl Writer {
    /// Returns the pack with one record more; `id` is `sha256:` and 64 hex digits.
    #[must_use]
    pub fn with(mut self, id: &ObjectId, content: &[u8]) -> Self {
        self.records.extend_from_slice(id.as_str().as_bytes());
        self.records
            .extend_from_slice(&(content.len() as u64).to_le_bytes());
        self.records.extend_from_slice(content);
        self.count += 1;
        self
    }

    /// Returns the bytes of the index that a client keeps beside the local pack.
    #[must_use]
    pub fn finish_index(&self) -> Vec<u8> {
        let mut entries: Vec<Vec<u8>> = Vec::new();
        let mut at = 0;
        while let Some(head) = self.records.get(at..at + RECORD_HEAD as usize) {
            let (id, length) = head.split_at(71);
            let content = 13 + at as u64 + RECORD_HEAD;
            entries.push([id, &content.to_le_bytes(), length].concat());
            let length = length.try_into().map_or(0, u64::from_le_bytes);
            at += head.len() + length as usize;
        }
        entries.sort();
        let mut out = b"MUSI".to_vec();
        out.push(VERSION);
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend(entries.concat());
        sealed(out)
    }

    /// Returns the bytes of the local pack.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let mut out = start();
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&self.records);
        sealed(out)
    }

    /// Returns the bytes of an MPack whose one section is the local pack.
    #[must_use]
    pub fn finish_mpack(self) -> Vec<u8> {
        let body = self.finish();
        let mut out = start();
        // One section, of type 1.
        out.extend_from_slice(&[1, 1]);
        let offset = out.len() as u64 + 16;
        out.extend_from_slice(&offset.to_le_bytes());
        out.extend_from_slice(&(body.len() as u64).to_le_bytes());
        out.extend_from_slice(&body);
        sealed(out)
    }
}

fn start() -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(VERSION);
    out
}

fn sealed(mut out: Vec<u8>) -> Vec<u8> {
    let footer = Sha256::digest(&out);
    out.extend_from_slice(&footer);
    out
}
