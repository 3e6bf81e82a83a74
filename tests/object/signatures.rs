//! Signatures, made with a key of the test.

use super::Signature;
use crate::{CommitRecord, ObjectId, commit, identity};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair};
use sha2::{Digest, Sha256};

fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn signed(seed: u8) -> CommitRecord {
    let key = key(seed);
    let mut record = CommitRecord {
        commit_id: ObjectId::new(""),
        repo_id: String::new(),
        branch: "main".into(),
        snapshot_id: Some(ObjectId::new("sha256:00")),
        message: "signed".into(),
        committed_at: "2026-06-01T12:00:00+00:00".into(),
        parent_commit_id: None,
        parent2_commit_id: None,
        author: "alice".into(),
        rest: commit::default_rest(),
    };
    let public = URL_SAFE_NO_PAD.encode(key.public_key());
    let mut say = |name: &str, value: String| record.rest.insert(name.into(), value.into());
    say("signer_public_key", format!("ed25519:{public}"));
    say("agent_id", "score-agent".into());
    record.commit_id = identity::commit_id(&record);
    let payload = format!("{}\0alice\0score-agent\0\0\0", record.commit_id);
    let signature = key.sign(&Sha256::digest(payload));
    let signature = URL_SAFE_NO_PAD.encode(signature);
    record.rest.insert("signature".into(), signature.into());
    record
}

#[test]
fn the_signature_of_the_key_in_the_commit_is_valid() {
    assert_eq!(Signature::of(&signed(1)), Some(Signature::Valid));
}

#[test]
fn another_key_and_another_provenance_are_invalid() {
    let (mut record, other) = (signed(1), signed(2));
    let theirs = other.rest["signer_public_key"].clone();
    record.rest.insert("signer_public_key".into(), theirs);
    assert_eq!(Signature::of(&record), Some(Signature::Invalid));
    for field in ["agent_id", "model_id", "toolchain_id", "prompt_hash"] {
        let mut record = signed(1);
        record.rest.insert(field.into(), "somebody else".into());
        assert_eq!(Signature::of(&record), Some(Signature::Invalid), "{field}");
    }
    let mut record = signed(1);
    record.author = "mallory".into();
    assert_eq!(Signature::of(&record), Some(Signature::Invalid));
    record.rest.insert("signature".into(), "too short".into());
    assert_eq!(Signature::of(&record), Some(Signature::Invalid));
}

#[test]
fn without_an_ed25519_key_nothing_is_checked_and_nothing_is_wrong() {
    for key in ["", "a name", "ed25519:AAAA", &"A".repeat(4_000_000)] {
        let mut record = signed(1);
        record.rest.insert("signer_public_key".into(), key.into());
        assert_eq!(Signature::of(&record), Some(Signature::KeyUnknown));
    }
}

/// The first clients signed with a secret; no key in the commit speaks for or against that.
#[test]
fn an_hmac_is_not_checked() {
    let mut record = signed(1);
    record
        .rest
        .insert("signature".into(), "0f".repeat(32).into());
    assert_eq!(Signature::of(&record), Some(Signature::KeyUnknown));
}

#[test]
fn a_commit_without_signature_has_none() {
    let mut record = signed(1);
    record.rest.insert("signature".into(), "".into());
    assert_eq!(Signature::of(&record), None);
}
