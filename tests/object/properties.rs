//! What holds for every input.

use super::identity::{
    commit_trials, recover_commit, recover_snapshot, snapshot_trials, verify_commit,
    verify_snapshot,
};
use super::legacy::{unwrap_blob, unwrap_record};
use super::manifest::msgpack;
use super::{
    CommitRecord, Delta, Encoding, Kind, Manifest, ObjectId, SnapshotRecord, frame, json, path,
    time,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Any text, with a leaning to what formats trip over.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\x00-\\x1f\"\\\\/\\x7f-\\xa0\u{2028}\u{fb33}\u{1f600}a-c|]{0,8}",
    ]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("finite", |f| f.is_finite())
            .prop_map(Value::from),
        (-1_000i32..1_000).prop_map(|n| Value::from(f64::from(n) / 8.0)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number(),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::Array),
            btree_map(text(), inner, 0..5).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

fn id() -> impl Strategy<Value = ObjectId> {
    prop_oneof![
        any::<[u8; 32]>().prop_map(|digest| ObjectId::typed(&digest)),
        any::<[u8; 32]>().prop_map(|digest| ObjectId::plain(&digest)),
        text().prop_map(ObjectId::new),
    ]
}

fn unknown_keys() -> impl Strategy<Value = Map<String, Value>> {
    btree_map("x-[a-z]{0,4}", value(), 0..3).prop_map(|map| map.into_iter().collect())
}

prop_compose! {
    fn commit()(
        ids in (id(), proptest::option::of(id()), proptest::option::of(id()), proptest::option::of(id())),
        texts in (text(), text(), text(), text(), text(), text()),
        delta in value(),
        lists in (vec(text(), 0..3), vec(text(), 0..3)),
        numbers in (any::<i64>(), any::<u64>()),
        metadata in btree_map(text(), text(), 0..3),
        mut map in unknown_keys(),
    ) -> CommitRecord {
        let known = json!({
            "commit_id": ids.0, "snapshot_id": ids.1, "parent_commit_id": ids.2,
            "parent2_commit_id": ids.3, "branch": texts.0, "message": texts.1,
            "committed_at": texts.2, "author": texts.3, "repo_id": texts.4,
            "signer_public_key": texts.5, "structured_delta": delta, "breaking_changes": lists.0,
            "reviewed_by": lists.1, "format_version": numbers.0, "test_runs": numbers.1,
            "metadata": metadata,
        });
        map.extend(known.as_object().expect("an object").clone());
        CommitRecord::from_map(map).expect("a commit")
    }
}

prop_compose! {
    fn snapshot()(
        snapshot_id in id(),
        entries in btree_map(text(), id(), 0..8),
        directories in btree_set(text(), 0..5),
        created_at in text(),
        rest in unknown_keys(),
    ) -> SnapshotRecord {
        SnapshotRecord { snapshot_id, manifest: Arc::new(entries.into()), directories, created_at, rest }
    }
}

/// Bytes that get past the first look: a prefix that some reader knows, then anything.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let prefixes: [&[u8]; 14] = [
        b"",
        b"{",
        b"{\"a\":",
        b"commit 9\0",
        b"snapshot 2\0{}",
        b"blob 3\0",
        b"\x81",
        b"\x82\xa1a",
        b"\xdf\0\0\0\x02",
        b"\x81\xa9delta_add",
        b"\x78\x9c",
        b"\x28\xb5\x2f\xfd\x00",
        b"\x01\x01",
        b"\"\\ud8",
    ];
    (0..prefixes.len(), vec(any::<u8>(), 0..64))
        .prop_map(move |(n, rest)| [prefixes[n], &rest[..]].concat())
}

proptest! {
    #[test]
    fn a_commit_is_the_same_after_encoding_and_decoding(record in commit()) {
        let encoded = record.encode();
        let decoded = CommitRecord::decode(&encoded).expect("what was written is read");
        prop_assert_eq!(&decoded, &record);
        prop_assert_eq!(decoded.encode(), encoded);
    }

    #[test]
    fn a_snapshot_is_the_same_after_encoding_and_decoding(record in snapshot()) {
        let encoded = record.encode();
        let decoded = SnapshotRecord::decode(&encoded).expect("what was written is read");
        prop_assert_eq!(&decoded, &record);
        prop_assert_eq!(decoded.encode(), encoded);
    }

    #[test]
    fn a_manifest_is_the_same_after_either_encoding(record in snapshot()) {
        let tree = Manifest::clone(&record.manifest);
        let encoded = tree.encode();
        prop_assert_eq!(String::from_utf8(encoded.clone()), Ok(json::canonical(&tree.to_value())));
        prop_assert_eq!(Manifest::decode(&encoded), Ok((tree.clone(), Encoding::Json)));
        let packed = rmp_serde::to_vec(&tree.to_value()).expect("msgpack");
        prop_assert_eq!(Manifest::decode(&packed), Ok((tree, Encoding::Msgpack)));
    }

    #[test]
    fn canonical_json_is_a_fixed_point(value in value()) {
        let text = json::canonical(&value);
        prop_assert!(text.bytes().all(|b| (b' '..=b'~').contains(&b)));
        let read = json::parse(text.as_bytes()).expect("what was written is read");
        prop_assert_eq!(&read, &value);
        prop_assert_eq!(json::canonical(&read), text);
    }

    #[test]
    fn json_is_read_as_serde_json_reads_it(value in value()) {
        let text = serde_json::to_string_pretty(&value).expect("JSON");
        prop_assert_eq!(json::parse(text.as_bytes()), Ok(value));
    }

    #[test]
    fn a_value_is_the_same_after_msgpack(value in value()) {
        let packed = rmp_serde::to_vec(&value).expect("msgpack");
        prop_assert_eq!(msgpack::value(&packed), Ok(value));
    }

    #[test]
    fn a_commit_verifies_under_the_ids_that_its_trials_give(mut record in commit()) {
        for (scheme, id) in commit_trials(&record) {
            record.commit_id = id;
            // Two schemes agree where there is nothing to tell them apart, so the first counts.
            prop_assert!(verify_commit(&record).is_some(), "{}", scheme.name());
            let found = recover_commit(&record).expect("sound");
            prop_assert_eq!(&found.record, &record);
        }
    }

    #[test]
    fn a_snapshot_verifies_under_the_ids_that_its_trials_give(record in snapshot()) {
        let (tree, folders) = (&record.manifest, &record.directories);
        for (scheme, id) in snapshot_trials(tree, folders) {
            prop_assert!(verify_snapshot(&id, tree, folders).is_some(), "{}", scheme.name());
            prop_assert!(recover_snapshot(&id, tree, folders).is_some());
        }
    }

    #[test]
    fn an_instant_comes_back_from_its_text(at in any::<i64>(), offset in -840..=840) {
        if let Some(text) = time::isoformat(at, offset) {
            prop_assert_eq!(time::parse(&text), Some(at));
        }
        let near = at % 200_000_000_000_000_000 / 1_000;
        let text = time::isoformat(near, offset).expect("some year near 1970");
        prop_assert_eq!(time::parse(&text), Some(near));
    }

    #[test]
    fn no_reader_panics_on_any_bytes(bytes in bytes()) {
        let _ = frame::decode(&bytes);
        let _ = json::parse(&bytes);
        let _ = Manifest::decode(&bytes);
        let _ = Delta::decode(&bytes);
        let _ = msgpack::value(&bytes);
        for kind in Kind::ALL {
            let _ = frame::decode_json(&bytes, kind);
            let _ = unwrap_record(&bytes, kind);
        }
        let _ = unwrap_blob(&bytes);
        let _ = CommitRecord::decode(&bytes);
        let _ = SnapshotRecord::decode(&bytes);
    }

    #[test]
    fn no_reader_of_text_panics(text in text(), at in any::<i64>(), offset in any::<i32>()) {
        let _ = time::parse(&text);
        let _ = time::isoformat(at, offset);
        let _ = path::check(&text);
        let id = ObjectId::new(text.clone());
        let _ = (id.short().len(), id.hex(), id.digest(), id.bare());
        let _ = json::parse(text.as_bytes());
    }

    #[test]
    fn no_record_panics_on_any_object(map in btree_map(text(), value(), 0..4), key in 0..9usize) {
        let keys = ["commit_id", "snapshot_id", "manifest", "directories", "message", "metadata",
            "format_version", "created_at", "branch"];
        let mut map: Map<String, Value> = map.into_iter().collect();
        if let Some(value) = map.values().next().cloned() {
            map.insert(keys[key].to_owned(), value);
        }
        let _ = CommitRecord::from_map(map.clone());
        let _ = SnapshotRecord::from_map(map);
    }

    #[test]
    fn a_flipped_byte_of_an_object_never_panics(record in commit(), at in any::<usize>(), bit in 0..8u8) {
        let mut bytes = record.encode();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(read) = CommitRecord::decode(&bytes) {
            let _ = verify_commit(&read);
        }
    }
}
