//! Formulas for ids: closed lists of schemes, tried from one table each.
//!
//! Adding a scheme is one variant and one row. `⏚` in the formulas is a NUL byte. Digests are
//! compared, not spellings: a scheme fits an id with or without its prefix.

mod blob;
mod commit;
mod snapshot;

pub use blob::{
    BlobDigests, BlobHasher, BlobScheme, blob_id, blob_trials, is_empty_blob, verify_blob,
};
pub use commit::{
    CommitScheme, Recovered, Stated, ambiguous_commit, commit_id, commit_trials, recover_commit,
    verify_commit,
};
pub use snapshot::{
    Directories, SnapshotScheme, ambiguous_snapshot, recover_snapshot, snapshot_id,
    snapshot_trials, verify_snapshot,
};

use super::{Kind, frame};
use sha2::{Digest, Sha256};

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Returns the digest of `payload` behind the header of a canonical object.
fn framed(kind: Kind, payload: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(frame::header(kind, payload.len() as u64));
    hasher.update(payload);
    hasher.finalize().into()
}
