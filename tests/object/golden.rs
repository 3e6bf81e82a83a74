//! Bytes and ids that Python and MuseHub itself wrote.

use super::identity::{
    blob_id, blob_trials, commit_id, commit_trials, is_empty_blob, snapshot_id, snapshot_trials,
    verify_blob, verify_commit, verify_snapshot,
};
use super::{CommitRecord, Encoding, JsonError, Manifest, ObjectId, SnapshotRecord, json};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

const CANONICAL: &[u8] = include_bytes!("../vectors/canonical_json.json");
const IDENTITIES: &[u8] = include_bytes!("../vectors/identities.json");
const SNAPSHOT_RC7: &[u8] = include_bytes!("../vectors/snapshot_rc7.json");
const LIVE: &[u8] = include_bytes!("../vectors/live.json");

fn cases(file: &[u8], key: &str) -> Vec<Value> {
    let file = json::parse(file).expect("a vector file is JSON");
    file[key].as_array().expect("a list of cases").clone()
}

fn text<'v>(case: &'v Value, key: &str) -> &'v str {
    case[key].as_str().expect(key)
}

fn base64(case: &Value, key: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text(case, key)).expect(key)
}

fn object(case: &Value, key: &str) -> Map<String, Value> {
    case[key].as_object().expect(key).clone()
}

fn assert_is_object(case: &Value, encoded: &[u8]) {
    assert_eq!(
        String::from_utf8_lossy(encoded),
        String::from_utf8_lossy(&base64(case, "object_base64"))
    );
    assert_eq!(
        hex::encode(Sha256::digest(encoded)),
        text(case, "object_sha256")
    );
}

fn manifest(value: &Value) -> Manifest {
    let entry = |(path, id): (&String, &Value)| (path.clone(), id.as_str().expect("id").into());
    value
        .as_object()
        .expect("a map")
        .iter()
        .map(entry)
        .collect()
}

#[test]
fn canonical_json_is_what_python_wrote() {
    let cases = json::parse(CANONICAL).expect("a vector file is JSON");
    let cases = cases.as_array().expect("a list of cases");
    assert_eq!(cases.len(), 400);
    let mut refused = 0;
    for case in cases {
        let read = json::parse(text(case, "input").as_bytes());
        if let Some(reason) = case.get("refused") {
            refused += 1;
            assert_eq!(reason, "integer beyond 64 bits");
            assert!(matches!(read, Err(JsonError::IntegerTooLarge { .. })));
        } else {
            let written = json::canonical(&read.expect("the input is JSON"));
            assert_eq!(written, text(case, "canonical"));
        }
    }
    assert_eq!(refused, 61);
}

#[test]
fn commits_are_the_bytes_and_ids_of_the_vectors() {
    let cases = cases(IDENTITIES, "commits");
    assert_eq!(cases.len(), 120);
    for case in &cases {
        let record = CommitRecord::from_map(object(case, "record")).expect("a commit");
        let encoded = record.encode();
        assert_is_object(case, &encoded);
        assert_eq!(CommitRecord::decode(&encoded).as_ref(), Ok(&record));
        let scheme = verify_commit(&record).map(|scheme| scheme.name());
        assert_eq!(scheme, Some(text(case, "scheme")), "{record:?}");
        let (_, id) = commit_trials(&record)
            .into_iter()
            .find(|(scheme, _)| scheme.name() == text(case, "scheme"))
            .expect("every scheme is tried");
        assert_eq!(id, record.commit_id, "spelt as its clients spell it");
        assert_eq!(
            scheme == Some("typed"),
            commit_id(&record) == record.commit_id
        );
    }
}

#[test]
fn snapshots_are_the_bytes_and_ids_of_the_vectors() {
    let cases = cases(IDENTITIES, "snapshots");
    assert_eq!(cases.len(), 60);
    for case in &cases {
        let record = SnapshotRecord::from_map(object(case, "record")).expect("a snapshot");
        let encoded = record.encode();
        assert_is_object(case, &encoded);
        assert_eq!(SnapshotRecord::decode(&encoded).as_ref(), Ok(&record));
        let (id, tree, folders) = (&record.snapshot_id, &record.manifest, &record.directories);
        // Without entries there is nothing that a prefix could be put before: the first fits.
        let named = match text(case, "scheme") {
            "typed-prefixed" if tree.is_empty() => "typed",
            named => named,
        };
        let scheme = verify_snapshot(id, tree, folders).map(|scheme| scheme.name());
        assert_eq!(scheme, Some(named), "{record:?}");
        let (_, yielded) = snapshot_trials(tree, folders)
            .into_iter()
            .find(|(scheme, _)| scheme.name() == text(case, "scheme"))
            .expect("every scheme is tried");
        assert_eq!(&yielded, id, "spelt as its clients spell it");
        assert_eq!(scheme == Some("typed"), &snapshot_id(tree, folders) == id);
    }
}

#[test]
fn a_cached_manifest_is_the_same_in_msgpack_and_in_json() {
    for case in &cases(IDENTITIES, "snapshots") {
        let expected = manifest(&case["record"]["manifest"]);
        let packed = base64(case, "manifest_msgpack_base64");
        assert_eq!(
            Manifest::decode(&packed),
            Ok((expected.clone(), Encoding::Msgpack))
        );
        let encoded = expected.encode();
        assert_eq!(
            String::from_utf8_lossy(&encoded),
            json::canonical(&expected.to_value())
        );
        assert_eq!(Manifest::decode(&encoded), Ok((expected, Encoding::Json)));
    }
}

#[test]
fn blobs_have_the_ids_of_the_vectors() {
    let cases = cases(IDENTITIES, "blobs");
    assert_eq!(cases.len(), 20);
    for case in &cases {
        let bytes = base64(case, "bytes_base64");
        let (typed, raw) = (
            ObjectId::from(text(case, "typed")),
            text(case, "raw").into(),
        );
        assert_eq!(blob_id(&bytes), typed);
        let trials: Vec<_> = blob_trials(&bytes).into_iter().map(|(_, id)| id).collect();
        assert!(trials[0] == typed && trials[1].same(&raw), "{trials:?}");
        for (id, name) in [(&typed, "typed"), (&raw, "raw")] {
            let scheme = verify_blob(id, &bytes).map(|scheme| scheme.name());
            assert_eq!(scheme, Some(name));
        }
    }
}

#[test]
fn ids_that_musehub_printed_are_reproduced() {
    let typed = cases(LIVE, "typed");
    assert_eq!(typed.len(), 2);
    let blob = base64(&typed[0], "bytes_base64");
    assert_eq!(blob_id(&blob).as_str(), text(&typed[0], "id"));
    assert!(is_empty_blob(&text(&typed[0], "id").into()));
    let folders = Default::default();
    let tree = manifest(&typed[1]["manifest"]);
    assert_eq!(snapshot_id(&tree, &folders).as_str(), text(&typed[1], "id"));

    let raw = cases(LIVE, "raw");
    assert_eq!(raw.len(), 1);
    let trials = blob_trials(text(&raw[0], "bytes_utf8").as_bytes());
    assert_eq!(trials[1].1.as_str(), text(&raw[0], "id"));
    assert!(is_empty_blob(&text(&raw[0], "id").into()));
}

#[test]
fn the_snapshot_of_a_public_issue_is_of_rc7() {
    let case = json::parse(SNAPSHOT_RC7).expect("a vector file is JSON");
    let (id, tree) = (
        text(&case, "snapshot_id").into(),
        manifest(&case["manifest"]),
    );
    let folders = Default::default();
    let named = |tree: &Manifest| verify_snapshot(&id, tree, &folders).map(|scheme| scheme.name());
    assert_eq!(named(&tree), Some(text(&case, "scheme")));
    let trials = snapshot_trials(&tree, &folders);
    let fitting: Vec<_> = trials.iter().filter(|(_, yields)| *yields == id).collect();
    assert_eq!(fitting.len(), 1, "{trials:?}");
    assert_ne!(snapshot_id(&tree, &folders), id, "what is new is typed");

    // Blob ids are stripped, so that the digest is that of `v01` where they have no prefix: the prefix of the
    // snapshot's own id says which client made it.
    let bare: Manifest = tree
        .iter()
        .map(|(path, id)| (path.clone(), id.bare().into()))
        .collect();
    assert_eq!(named(&bare), Some("rc7"));
    let plain = ObjectId::from(id.bare());
    let scheme = verify_snapshot(&plain, &bare, &folders).map(|scheme| scheme.name());
    assert_eq!(scheme, Some("v01"));
    let scheme = verify_snapshot(&plain, &tree, &folders).map(|scheme| scheme.name());
    assert_eq!(scheme, Some("rc7"), "nothing else fits");
}
