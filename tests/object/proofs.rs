//! What a proof holds, and what is no proof.

use super::identity::{self, SnapshotScheme};
use super::{
    CommitRecord, Kind, Manifest, ObjectId, Proof, ProofError, Proven, Record, SnapshotRecord, Tree,
};
use bytes::Bytes;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

const AT: &str = "2026-03-29T01:30:00.5+02:00";

fn commit(message: &str) -> CommitRecord {
    let map = json!({
        "commit_id": "", "branch": "main", "snapshot_id": "5".repeat(64), "message": message,
        "committed_at": AT, "author": "gabriel", "structured_delta": {"ops": [1, 2.5, "é"]},
    });
    let mut record = CommitRecord::from_map(map.as_object().unwrap().clone()).unwrap();
    record.commit_id = identity::commit_id(&record);
    record
}

fn snapshot(path: &str) -> SnapshotRecord {
    let manifest: Manifest = [(path.to_owned(), ObjectId::typed(&[7; 32]))]
        .into_iter()
        .collect();
    let directories = manifest.derived_directories();
    SnapshotRecord {
        snapshot_id: identity::snapshot_id(&manifest, &directories),
        manifest: Arc::new(manifest),
        directories,
        created_at: AT.to_owned(),
        rest: SnapshotRecord::fresh_rest(),
    }
}

#[test]
fn an_object_of_each_kind_proves_its_id_and_says_how() {
    let (commit, snapshot) = (commit("take 1"), snapshot("a/song.mid"));
    let blob = identity::blob_id(b"la la");
    let objects = [
        (Kind::Commit, &commit.commit_id, commit.encode()),
        (Kind::Snapshot, &snapshot.snapshot_id, snapshot.encode()),
        (Kind::Blob, &blob, b"la la".to_vec()),
    ];
    for (kind, id, bytes) in objects {
        let bytes = Bytes::from(bytes);
        let object = Proven::read(kind, id, bytes.clone()).unwrap();
        assert_eq!(
            (object.kind(), object.id(), object.bytes()),
            (kind, id, &bytes)
        );
        assert_eq!(object.scheme(), "typed");
        let sealed = object.sealed();
        assert_eq!(
            (sealed.kind(), sealed.id(), sealed.bytes()),
            (kind, id, &bytes)
        );
    }
}

#[test]
fn an_id_stays_spelt_as_it_was_asked_for() {
    let record = snapshot("a/song.mid");
    let bare = ObjectId::new(record.snapshot_id.bare());
    let object = Proven::read(Kind::Snapshot, &bare, record.encode().into()).unwrap();
    assert_eq!(object.id(), &bare);
    let tree = object.proof().tree().unwrap();
    let again = Proven::of_tree(tree, AT.to_owned()).unwrap();
    assert_eq!(again.id(), &bare);
}

#[test]
fn what_is_no_proof_says_why() {
    let (other, record) = (commit("another").commit_id, commit("take 1"));
    let nul = |message: &str| Proof::of_commit(&commit(message).commit_id, commit(message));
    assert_eq!(nul("a\0b"), Err(ProofError::AmbiguousCommit("message")));
    assert_eq!(
        Proof::read(Kind::Commit, &other, &record.encode()),
        Err(ProofError::OtherId(record.commit_id.clone()))
    );
    let changed = CommitRecord {
        author: "somebody".to_owned(),
        ..record.clone()
    };
    let refused = Proof::of_commit(&record.commit_id, changed);
    assert_eq!(refused, Err(ProofError::NotReproduced));
    let as_snapshot = Proof::read(Kind::Snapshot, &record.commit_id, &record.encode());
    assert!(matches!(as_snapshot, Err(ProofError::Frame(_))));
    let record = snapshot("a\0b");
    let refused = Proof::of_snapshot(&record.snapshot_id.clone(), record);
    assert_eq!(refused, Err(ProofError::AmbiguousSnapshot));
}

#[test]
fn a_commit_is_recovered_with_the_bytes_that_its_id_was_made_from() {
    let record = commit("take 1");
    let stated = CommitRecord {
        committed_at: "2026-03-28T23:30:00.500000+00:00".to_owned(),
        ..record.clone()
    };
    let stored = CommitRecord {
        committed_at: AT.replace(".5", ".500000"),
        ..record
    };
    let stated = CommitRecord {
        commit_id: identity::commit_id(&stored),
        ..stated
    };
    let stored = CommitRecord {
        commit_id: stated.commit_id.clone(),
        ..stored
    };
    let object = Proven::recover_commit(&stated).unwrap();
    assert_eq!(*object.bytes(), stored.encode());
    assert!(matches!(object.record(), Record::Commit(record, _) if **record == stored));
    let lost = CommitRecord {
        message: "another".to_owned(),
        ..stated
    };
    assert_eq!(Proven::recover_commit(&lost), Err(ProofError::NotRecovered));
}

#[test]
fn a_tree_that_proves_becomes_the_object_of_its_snapshot() {
    let record = snapshot("a/song.mid");
    let (id, manifest) = (&record.snapshot_id, Manifest::clone(&record.manifest));
    let none = BTreeSet::new();
    let tree = Tree::prove(id, manifest.clone(), &none).unwrap();
    assert_eq!(tree.directories(), &record.directories, "of the paths");
    assert_eq!(tree.scheme(), SnapshotScheme::Typed);
    let object = Proven::of_tree(tree, AT.to_owned()).unwrap();
    assert_eq!(*object.bytes(), record.encode());
    assert_eq!(
        Proven::read(Kind::Snapshot, id, object.bytes().clone()).unwrap(),
        object
    );
    assert_eq!(
        Tree::prove(&ObjectId::typed(&[1; 32]), manifest, &none),
        None
    );
}

#[test]
fn a_tree_that_has_another_tree_for_a_twin_becomes_no_object() {
    let record = snapshot("a\0b");
    let manifest = Manifest::clone(&record.manifest);
    let tree = Tree::prove(&record.snapshot_id, manifest, &record.directories).unwrap();
    assert_eq!(
        Proven::of_tree(tree, AT.to_owned()),
        Err(ProofError::AmbiguousSnapshot)
    );
}

#[test]
fn a_blob_is_proved_as_it_streams_by() {
    let id = identity::blob_id(b"la la");
    let hashed = |bytes: &[u8]| {
        let mut hasher = identity::BlobHasher::new(bytes.len() as u64);
        bytes.chunks(2).for_each(|chunk| hasher.update(chunk));
        Proof::of_blob(&id, hasher).0
    };
    assert_eq!(
        hashed(b"la la"),
        Proof::read(Kind::Blob, &id, b"la la"),
        "the same proof as of the whole"
    );
    assert_eq!(hashed(b"la ly"), Err(ProofError::NotReproduced));
}

#[test]
fn a_record_says_more_with_a_field_that_no_id_and_no_row_speaks_for() {
    let says_more = |proof: Result<Proof, ProofError>| proof.unwrap().record().says_more();
    let record = commit("take 1");
    let id = record.commit_id.clone();
    assert!(!says_more(Proof::of_commit(&id, record.clone())));
    let mut more = record;
    more.rest.insert("mood".to_owned(), json!("calm"));
    assert!(says_more(Proof::of_commit(&id, more)));

    let record = snapshot("a/song.mid");
    let id = record.snapshot_id.clone();
    assert!(!says_more(Proof::of_snapshot(&id, record.clone())));
    let mut more = record;
    more.rest.insert("note".to_owned(), json!("as played"));
    assert!(says_more(Proof::of_snapshot(&id, more)));

    let blob = identity::blob_id(b"la la");
    assert!(!says_more(Proof::read(Kind::Blob, &blob, b"la la")));
}

#[test]
fn bytes_that_are_an_object_of_another_kind_are_known_as_one() {
    let (song, record) = (identity::blob_id(b"la la"), commit("take 1"));
    assert!(Proof::of_another_kind(Kind::Commit, &song, b"la la"));
    assert!(Proof::of_another_kind(Kind::Snapshot, &song, b"la la"));
    assert!(!Proof::of_another_kind(Kind::Blob, &song, b"la la"));
    assert!(!Proof::of_another_kind(Kind::Commit, &song, b"la ly"));
    let bytes = record.encode();
    assert!(Proof::of_another_kind(
        Kind::Blob,
        &record.commit_id,
        &bytes
    ));
    assert!(!Proof::of_another_kind(
        Kind::Commit,
        &record.commit_id,
        &bytes
    ));
}

#[test]
fn only_the_ids_of_no_bytes_are_those_of_the_empty_blob() {
    // As `sha256sum` and `git hash-object` in a repository of SHA-256 print them.
    let raw = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let typed = "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813";
    for id in [
        raw.to_owned(),
        format!("sha256:{raw}"),
        format!("sha256:{typed}"),
    ] {
        assert!(identity::is_empty_blob(&ObjectId::new(id.as_str())), "{id}");
    }
    for id in [
        identity::blob_id(b"la"),
        ObjectId::new(""),
        ObjectId::new("empty"),
    ] {
        assert!(!identity::is_empty_blob(&id), "{id}");
    }
}
