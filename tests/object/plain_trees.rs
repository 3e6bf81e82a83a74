//! A tree that is read where it lies is the tree that the strict reader reads.

use super::PlainTree;
use crate::identity::{SnapshotScheme, recover_snapshot, snapshot_trials};
use crate::{Manifest, ObjectId, json, path};
use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-c]{1,2}(/[a-cA-]{1,2}){0,2}",
        1 => "[a-c./ ~A\"\\\\é\u{7f}]{0,5}",
    ]
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "sha256:[0-9a-f]{64}",
        1 => "[0-9a-f]{64}",
        1 => "[a-z:]{0,4}",
    ]
}

proptest! {
    #[test]
    fn what_is_read_is_what_the_strict_reader_reads(
        files in btree_map(path(), id(), 0..6),
        directories in btree_set(path(), 0..4),
    ) {
        let manifest: Manifest = files.iter().map(|(p, id)| (p.clone(), ObjectId::new(id))).collect();
        let bytes = manifest.encode();
        let listed = serde_json::to_string(&directories).unwrap();
        let strange = |text: &str| text.contains(['"', '\\', '\u{7f}', 'é']);
        let plain = PlainTree::read(&bytes, &listed);
        if !files.keys().chain(&directories).any(|text| strange(text)) {
            prop_assert!(plain.is_some(), "{listed}");
        }
        if let Some(plain) = plain {
            let ids: Vec<&str> = manifest.iter().map(|(_, id)| id.as_str()).collect();
            prop_assert_eq!(plain.blobs(), ids);
            if plain.is_plainly_safe() {
                prop_assert_eq!(path::check_tree(&manifest, &directories), []);
            }
            for (scheme, id) in snapshot_trials(&manifest, &directories) {
                let proved = plain.prove(id.as_str());
                let strictly = recover_snapshot(&id, &manifest, &directories).map(|(s, ..)| s);
                prop_assert!(proved.is_none() || proved == strictly, "{id}");
                if matches!(scheme, SnapshotScheme::Typed | SnapshotScheme::Rc7) {
                    prop_assert!(proved.is_some(), "{id}");
                }
            }
        }
    }

    #[test]
    fn whatever_the_strict_reader_refuses_is_refused(text in "[{}\\[\\]\",:ab \\\\1]{0,12}") {
        let brief = format!("{{\"a\":\"{text}");
        for bytes in [text.as_bytes(), brief.as_bytes()] {
            if PlainTree::read(bytes, "").is_some() {
                prop_assert!(Manifest::decode(bytes).is_ok(), "{text}");
            }
        }
        if PlainTree::read(b"{}", &text).is_some() && !text.is_empty() {
            prop_assert!(json::text_list(&text).is_some(), "{text}");
        }
    }
}

#[test]
fn a_tree_that_is_spelt_otherwise_is_left_to_the_strict_reader() {
    for (manifest, directories) in [
        ("", "[]"),
        ("{} ", "[]"),
        (r#"{"b":"1","a":"2"}"#, "[]"),
        (r#"{"a":"1","a":"2"}"#, "[]"),
        (r#"{"a":1}"#, "[]"),
        (r#"{"a":"1",}"#, "[]"),
        (r#"{"\u0061":"1"}"#, "[]"),
        ("{\"a\n\":\"1\"}", "[]"),
        ("{}", "null"),
        ("{}", r#"["b","a"]"#),
    ] {
        let read = PlainTree::read(manifest.as_bytes(), directories);
        assert_eq!(read, None, "{manifest} {directories}");
    }
    let read = PlainTree::read(br#"{"a": "1", "b/c":"2"}"#, r#"["b", "d"]"#).unwrap();
    assert_eq!(read.blobs(), ["1", "2"]);
    assert!(read.is_plainly_safe());
}

#[test]
fn only_a_tree_of_plain_names_is_plainly_safe() {
    let is_safe = |files: &[&str], directories: &[&str]| path::is_plainly_safe(files, directories);
    assert!(is_safe(&["a-", "a.mid", "a/b"], &["a"]));
    assert!(is_safe(&["LICENSE", "README.md", "a/B"], &["a"]));
    for (files, directories) in [
        (&["a", "a-", "a/b"][..], &[][..]),
        (&["a"], &["a"]),
        (&["a"], &["a/b/c"]),
        (&["A", "a"], &[]),
        (&["A/b"], &[]),
        (&["A", "a/b"], &[]),
        (&["A"], &["a"]),
        (&["a"], &["B"]),
        (&["a\\b"], &[]),
        (&[".muse/x"], &[]),
        (&["muse~1/x"], &[]),
        (&["a./x"], &[]),
        (&[""], &[]),
        (&["/a"], &[]),
        (&["a"], &["b/"]),
    ] {
        assert!(!is_safe(files, directories), "{files:?} {directories:?}");
    }
}
