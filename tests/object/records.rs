//! What a record's keys may hold, what is filled in and what is kept.

use super::{CommitRecord, ObjectId, RecordError, SnapshotRecord};
use serde_json::{Map, Value, json};

fn map(value: Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

fn least_commit() -> Map<String, Value> {
    map(json!({
        "commit_id": "c", "branch": "main", "snapshot_id": null, "message": "m",
        "committed_at": "2026-03-01T00:00:00+00:00",
    }))
}

fn least_snapshot() -> Map<String, Value> {
    map(json!({"snapshot_id": "s", "manifest": {"a/b": "1"}}))
}

#[test]
fn a_commit_is_written_with_every_key_of_the_table() {
    let record = CommitRecord::from_map(least_commit()).expect("a commit");
    let written = record.to_map();
    assert_eq!(written.len(), 9 + super::commit::defaults().len());
    assert!(written.keys().all(|key| CommitRecord::knows(key)));
    assert_eq!(written["repo_id"], json!(""));
    assert_eq!(written["parent_commit_id"], Value::Null);
    assert_eq!(written["sem_ver_bump"], json!("none"));
    assert_eq!(written["format_version"], json!(1));
    assert_eq!(written["test_runs"], json!(0));
    assert_eq!(written["metadata"], json!({}));
}

#[test]
fn a_required_key_that_is_missing_is_named() {
    for key in [
        "commit_id",
        "branch",
        "snapshot_id",
        "message",
        "committed_at",
    ] {
        let mut map = least_commit();
        map.remove(key);
        assert_eq!(CommitRecord::from_map(map), Err(RecordError::Missing(key)));
    }
    for key in ["snapshot_id", "manifest"] {
        let mut map = least_snapshot();
        map.remove(key);
        assert_eq!(
            SnapshotRecord::from_map(map),
            Err(RecordError::Missing(key))
        );
    }
}

#[test]
fn a_value_of_another_type_is_named_with_its_key() {
    for (key, value) in [
        ("commit_id", json!(1)),
        ("commit_id", Value::Null),
        ("snapshot_id", json!([])),
        ("parent_commit_id", json!(false)),
        ("author", Value::Null),
        ("metadata", json!([])),
        ("sem_ver_bump", json!(1)),
        ("breaking_changes", json!("x")),
        ("reviewed_by", json!(["a", 1])),
        ("signature", json!({})),
        ("format_version", json!(1.5)),
        ("test_runs", json!("0")),
    ] {
        let mut map = least_commit();
        map.insert(key.into(), value.clone());
        match CommitRecord::from_map(map) {
            Err(RecordError::Type { key: named, .. }) => assert_eq!(named, key),
            other => panic!("{key} = {value}: {other:?}"),
        }
    }
    for (key, value, named) in [
        ("manifest", json!([]), "manifest"),
        ("manifest", json!({"a": 1}), "manifest.a"),
        ("directories", json!("a"), "directories"),
        ("directories", json!([1]), "directories"),
        ("created_at", json!(0), "created_at"),
        ("schema_version", json!("1"), "schema_version"),
        ("note", Value::Null, "note"),
    ] {
        let mut map = least_snapshot();
        map.insert(key.into(), value);
        match SnapshotRecord::from_map(map) {
            Err(RecordError::Type { key, .. }) => assert_eq!(key, named),
            other => panic!("{named}: {other:?}"),
        }
    }
}

#[test]
fn keys_that_the_table_does_not_know_are_written_back() {
    for (mut given, read) in [
        (
            least_commit(),
            (|m| CommitRecord::from_map(m).map(|r| r.to_map())) as fn(_) -> _,
        ),
        (least_snapshot(), |m| {
            SnapshotRecord::from_map(m).map(|r| r.to_map())
        }),
    ] {
        given.insert("later".into(), json!({"b": [1, null], "a": 1.5}));
        let written = read(given.clone()).expect("a record");
        assert_eq!(written["later"], given["later"]);
    }
}

#[test]
fn parents_are_those_that_are_not_null_in_order() {
    let mut map = least_commit();
    map.insert("parent2_commit_id".into(), json!("b"));
    let record = CommitRecord::from_map(map.clone()).expect("a commit");
    assert_eq!(record.parents().collect::<Vec<_>>(), [&ObjectId::from("b")]);
    map.insert("parent_commit_id".into(), json!("z"));
    let record = CommitRecord::from_map(map).expect("a commit");
    let parents: Vec<_> = record.parents().map(ObjectId::as_str).collect();
    assert_eq!(parents, ["z", "b"]);
}

#[test]
fn directories_are_read_from_a_list_and_from_an_object() {
    for directories in [json!(["b", "a", "a"]), json!({"b": 1, "a": null})] {
        let mut map = least_snapshot();
        map.insert("directories".into(), directories);
        let record = SnapshotRecord::from_map(map).expect("a snapshot");
        assert_eq!(record.to_map()["directories"], json!(["a", "b"]));
    }
}

#[test]
fn json_that_is_spelt_otherwise_is_the_same_record() {
    let spaced = "{ \"snapshot_id\": \"s\",\n \"manifest\": {\"é\": \"1\"} }";
    let bytes = super::frame::encode(super::Kind::Snapshot, spaced.as_bytes());
    let record = SnapshotRecord::decode(&bytes).expect("sound");
    assert_ne!(record.encode(), bytes);
    assert_eq!(SnapshotRecord::decode(&record.encode()), Ok(record));
}

#[test]
fn every_folder_above_a_path_is_derived() {
    let tree: super::Manifest = ["a/b/c", "a/b/d", "a/e", "f", "g/h/i/j"]
        .into_iter()
        .map(|path| (path.to_owned(), "1".into()))
        .collect();
    let derived: Vec<_> = tree.derived_directories().into_iter().collect();
    assert_eq!(derived, ["a", "a/b", "g", "g/h", "g/h/i"]);
}

#[test]
fn an_id_is_kept_as_spelt_and_compared_by_its_digest() {
    let hex = "0123456789abcdef".repeat(4);
    let (plain, typed) = (
        ObjectId::new(hex.clone()),
        ObjectId::new(format!("sha256:{hex}")),
    );
    assert!(plain.same(&typed) && plain != typed);
    assert_eq!((typed.hex(), plain.hex()), (Some(&*hex), Some(&*hex)));
    let digest = typed.digest().expect("a digest");
    assert_eq!(
        (ObjectId::typed(&digest), ObjectId::plain(&digest)),
        (typed, plain)
    );
    for made_up in [
        "init-3f2a91c0",
        "",
        "sha256:",
        "0123456789abcdef0123456789abcdef",
        &hex.to_uppercase(),
        &format!("sha1:{hex}"),
        &format!("sha256:sha256:{hex}"),
    ] {
        let id = ObjectId::from(made_up);
        assert_eq!(
            (id.hex(), id.algo(), id.digest()),
            (None, None, None),
            "{made_up}"
        );
        assert!(id.same(&id.clone()) && !id.same(&ObjectId::from("x")));
        assert!(id.short().chars().count() <= 12);
    }
    assert_eq!(ObjectId::from("ééééééééééééé").short(), "éééééééééééé");
}
