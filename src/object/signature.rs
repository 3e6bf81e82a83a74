//! Signatures of commits: a question of trust. Whether the content is intact, the id says.

use crate::{CommitRecord, ObjectId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What is known of a commit's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    /// It is that of the public key in the commit.
    Valid,
    /// It is not.
    Invalid,
    /// The commit has no Ed25519 public key to check it with, or it was made with a secret.
    KeyUnknown,
}

impl Signature {
    /// Checks the signature of a commit whose id is proved; `None` where it has none.
    #[must_use]
    pub fn of(record: &CommitRecord) -> Option<Self> {
        let text = record.rest_text("signature");
        if text.is_empty() {
            return None;
        }
        let key = bytes::<32>(record.rest_text("signer_public_key"));
        let Some(key) = key.filter(|_| !is_hmac(text)) else {
            return Some(Self::KeyUnknown);
        };
        let key = UnparsedPublicKey::new(&ED25519, key);
        let fits = |signature: [u8; 64]| {
            let mut messages = messages(record).into_iter();
            messages.any(|message| key.verify(&message, &signature).is_ok())
        };
        Some(match bytes(text).is_some_and(fits) {
            true => Self::Valid,
            false => Self::Invalid,
        })
    }

    /// Returns the word as JSON writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::KeyUnknown => "key-unknown",
        }
    }

    /// Returns what it means, for a person.
    #[must_use]
    pub const fn is(self) -> &'static str {
        match self {
            Self::Valid => {
                "The signature is that of the public key in the commit. The hub does not say whether this key is still in use; a retired key is no damage."
            }
            Self::Invalid => {
                "The signature is not that of the public key in the commit: do not trust the name of the signer. The content is intact where it matches its id."
            }
            Self::KeyUnknown => {
                "The commit is signed, but contains no Ed25519 key that could check the signature. That is no damage."
            }
        }
    }
}

/// Returns what a signature may cover: the sha256 of the provenance, as bytes or as hex, with the id as the commit
/// spells it or without its algorithm. Public documents leave both open.
fn messages(record: &CommitRecord) -> Vec<Vec<u8>> {
    let id = &record.commit_id;
    let mut out = Vec::new();
    for id in [id.as_str(), ObjectId::bare(id)] {
        let mut hasher = Sha256::new();
        hasher.update(id);
        for field in [
            record.author.as_str(),
            record.rest_text("agent_id"),
            record.rest_text("model_id"),
            record.rest_text("toolchain_id"),
            record.rest_text("prompt_hash"),
        ] {
            hasher.update([0]);
            hasher.update(field);
        }
        let digest = hasher.finalize();
        out.push(digest.to_vec());
        out.push(hex::encode(digest).into_bytes());
    }
    out
}

/// Returns whether a signature is one of clients before April 2026: an HMAC-SHA256 in hex, whose secret no hub has.
fn is_hmac(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Reads base64url, with or without the name of the algorithm before it.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.strip_prefix("ed25519:").unwrap_or(text);
    let text = text.trim_end_matches('=');
    // The longest that is read has 64 bytes: no more is decoded of a text that a hub gives.
    let read = (text.len() <= 86).then(|| URL_SAFE_NO_PAD.decode(text).ok());
    read.flatten()?.try_into().ok()
}

#[cfg(test)]
#[path = "../../tests/object/signatures.rs"]
mod tests;
