//! The spellings that rows lose are found again, and nothing else is.

use super::identity::{
    CommitScheme, Directories, SnapshotScheme, Stated, ambiguous_commit, ambiguous_snapshot,
    commit_trials, recover_commit, recover_snapshot, snapshot_trials, verify_commit,
    verify_snapshot,
};
use super::time::parse;
use super::{CommitRecord, Manifest, ObjectId};
use serde_json::json;
use std::collections::BTreeSet;

const SCHEMES: [CommitScheme; 4] = [
    CommitScheme::Typed,
    CommitScheme::Rc7,
    CommitScheme::V01,
    CommitScheme::Pipe,
];

/// A commit with the id that `scheme` gives it.
fn commit(scheme: CommitScheme, committed_at: &str, author: &str) -> CommitRecord {
    let prefix = if scheme.name() == "v01" {
        ""
    } else {
        "sha256:"
    };
    let id = |digit: &str| format!("{prefix}{}", digit.repeat(64));
    let map = json!({
        "commit_id": "", "branch": "main", "snapshot_id": id("5"), "message": "wax\nthe é",
        "committed_at": committed_at, "parent_commit_id": id("b"), "parent2_commit_id": id("a"),
        "author": author, "signer_public_key": "ed25519:key", "structured_delta": {"ops": [1, 2]},
    });
    let map = map.as_object().expect("an object").clone();
    let mut record = CommitRecord::from_map(map).expect("a commit");
    let mut trials = commit_trials(&record).into_iter();
    record.commit_id = trials.find(|t| t.0 == scheme).expect("tried").1;
    record
}

fn folders(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn tree(paths: &[&str]) -> Manifest {
    let id = |n: usize| ObjectId::typed(&[n as u8; 32]);
    let entry = |(n, path): (usize, &&str)| ((*path).to_owned(), id(n));
    paths.iter().enumerate().map(entry).collect()
}

#[test]
fn a_sound_record_is_recovered_as_it_stands() {
    for scheme in SCHEMES {
        let record = commit(scheme, "2026-03-29T01:30:00.5+02:00", "gabriel");
        let found = recover_commit(&record).expect("sound");
        assert_eq!((found.scheme, found.offset), (scheme, None));
        assert_eq!((found.author_emptied, found.record), (false, record));
    }
}

#[test]
fn what_a_row_states_proves_as_its_record_does_unless_a_field_holds_a_nul() {
    for scheme in SCHEMES {
        for message in ["wax\nthe é", "wax\0"] {
            let mut record = commit(scheme, "2026-03-29T01:30:00.500000+00:00", "gabriel");
            record.message = message.to_owned();
            let mut trials = commit_trials(&record).into_iter();
            record.commit_id = trials.find(|t| t.0 == scheme).expect("tried").1;
            let parents: Vec<&str> = record.parents().map(ObjectId::as_str).collect();
            let stated = Stated {
                parent_ids: &json!(parents).to_string(),
                snapshot_id: record.snapshot_id.as_ref().expect("a tree").as_str(),
                message: &record.message,
                at: parse(&record.committed_at).expect("a time"),
                author: &record.author,
                commit_meta: &json!(record.rest).to_string(),
            };
            let sound = ambiguous_commit(&record).is_none() && scheme.accepted_by_clients();
            let digest = record.commit_id.digest().expect("an id");
            let found = stated.verify(&digest).map(|(scheme, ..)| scheme);
            assert_eq!(found, sound.then_some(scheme));
            let other = Stated {
                author: "other",
                message: "other",
                ..stated
            };
            assert_eq!(other.verify(&digest), None);
        }
    }
}

#[test]
fn an_offset_that_the_row_lost_is_found_again() {
    for (original, stored, minutes) in [
        (
            "2026-03-29T03:30:00+02:00",
            "2026-03-29T01:30:00+00:00",
            120,
        ),
        (
            "2026-03-28T18:00:00.000250-07:30",
            "2026-03-29 01:30:00.00025",
            -450,
        ),
        ("2026-01-01T05:45:00+05:45", "2026-01-01T00:00:00Z", 345),
        ("2026-01-01T14:00:00+14:00", "2026-01-01 00:00:00+00", 840),
        (
            "2025-12-31T10:00:00-14:00",
            "2026-01-01T01:00:00+01:00",
            -840,
        ),
        (
            "2026-01-01T00:00:00+00:00",
            "2026-01-01T00:00:00.000000+00:00",
            0,
        ),
    ] {
        for scheme in SCHEMES {
            let sound = commit(scheme, original, "gabriel");
            let mut row = sound.clone();
            row.committed_at = stored.to_owned();
            assert_eq!(verify_commit(&row), None, "{stored}");
            let found = recover_commit(&row).expect(original);
            assert_eq!((found.scheme, found.offset), (scheme, Some(minutes)));
            assert_eq!((found.author_emptied, found.record), (false, sound));
        }
    }
}

#[test]
fn an_author_that_the_server_filled_in_is_emptied_again() {
    for (scheme, stored, offset) in [
        (CommitScheme::Typed, "2026-03-29T03:30:00+02:00", None),
        (CommitScheme::Typed, "2026-03-29T01:30:00+00:00", Some(120)),
        (CommitScheme::Rc7, "2026-03-29T03:30:00+02:00", None),
        (CommitScheme::Rc7, "2026-03-29 01:30:00", Some(120)),
    ] {
        let sound = commit(scheme, "2026-03-29T03:30:00+02:00", "");
        let mut row = sound.clone();
        row.author = "pusher".into();
        row.committed_at = stored.into();
        let found = recover_commit(&row).expect("recovered");
        assert_eq!((found.scheme, found.offset), (scheme, offset));
        assert_eq!((found.author_emptied, found.record), (true, sound));
    }
}

#[test]
fn a_filled_in_author_is_no_fault_where_no_author_is_hashed() {
    for scheme in [CommitScheme::V01, CommitScheme::Pipe] {
        let sound = commit(scheme, "2026-03-29T03:30:00+02:00", "");
        let mut row = sound.clone();
        row.author = "pusher".into();
        row.committed_at = "2026-03-29T01:30:00+00:00".into();
        let found = recover_commit(&row).expect("recovered");
        assert_eq!((found.scheme, found.author_emptied), (scheme, false));
        assert_eq!(found.record.author, "pusher");
        assert_eq!(found.record.committed_at, sound.committed_at);
    }
}

#[test]
fn what_no_spelling_fits_is_not_recovered() {
    let sound = commit(CommitScheme::Typed, "2026-03-29T03:30:00+02:00", "gabriel");
    let with = |change: fn(&mut CommitRecord)| {
        let mut record = sound.clone();
        change(&mut record);
        recover_commit(&record)
    };
    assert!(with(|_| ()).is_some());
    assert_eq!(with(|r| r.message.push(' ')), None);
    assert_eq!(with(|r| r.author = "other".into()), None);
    assert_eq!(
        with(|r| r.committed_at = "2026-03-29T03:30:01+02:00".into()),
        None
    );
    assert_eq!(with(|r| r.committed_at = "yesterday".into()), None);
    assert_eq!(with(|r| r.snapshot_id = None), None);
    assert_eq!(with(|r| r.parent_commit_id = None), None);
    assert_eq!(with(|r| drop(r.rest.remove("signer_public_key"))), None);
    assert_eq!(with(|r| r.commit_id = "init-3f2a91c0".into()), None);
}

#[test]
fn the_order_of_parents_and_the_fields_that_are_not_hashed_change_no_id() {
    for scheme in SCHEMES {
        let mut record = commit(scheme, "2026-03-29T03:30:00+02:00", "gabriel");
        let CommitRecord {
            parent_commit_id: one,
            parent2_commit_id: two,
            ..
        } = &mut record;
        std::mem::swap(one, two);
        record.branch = "other".into();
        record.rest.insert("structured_delta".into(), json!(null));
        assert_eq!(verify_commit(&record), Some(scheme));
    }
}

#[test]
fn the_trials_of_a_commit_are_spelt_as_each_scheme_spells() {
    let record = commit(CommitScheme::Typed, "2026-03-29T03:30:00+02:00", "gabriel");
    let trials = commit_trials(&record);
    assert_eq!(trials.iter().map(|t| t.0).collect::<Vec<_>>(), SCHEMES);
    let prefixed: Vec<_> = trials.iter().map(|t| t.1.as_str().contains(':')).collect();
    assert_eq!(prefixed, [true, true, false, false]);
    assert!(trials.iter().all(|t| t.1.hex().is_some()));
    let accepted: Vec<_> = SCHEMES.iter().map(|s| s.accepted_by_clients()).collect();
    assert_eq!(accepted, [true, true, true, false]);
}

#[test]
fn directories_are_found_as_stored_as_derived_and_empty() {
    let manifest = tree(&["a/b/c", "d"]);
    let empty_one = folders(&["a", "a/b", "e"]);
    let derived = folders(&["a", "a/b"]);
    let none = folders(&[]);
    for (original, stored, which) in [
        (&empty_one, &empty_one, Directories::Stored),
        (&derived, &none, Directories::Derived),
        (&none, &derived, Directories::Empty),
        (&none, &none, Directories::Stored),
    ] {
        for (scheme, id) in snapshot_trials(&manifest, original) {
            let found = recover_snapshot(&id, &manifest, stored);
            let expected = match scheme {
                // Directories are not covered, so the stored ones stand.
                SnapshotScheme::V01 => (scheme, Directories::Stored, stored.clone()),
                _ => (scheme, which, original.clone()),
            };
            assert_eq!(found, Some(expected));
        }
    }
    let (_, lost) = snapshot_trials(&manifest, &empty_one).swap_remove(0);
    assert_eq!(recover_snapshot(&lost, &manifest, &derived), None);
    assert_eq!(recover_snapshot(&"init".into(), &manifest, &derived), None);
}

#[test]
fn entries_are_sorted_as_whole_strings_even_where_a_path_holds_a_nul() {
    use sha2::{Digest, Sha256};
    let (low, high) = ("0".repeat(64), "f".repeat(64));
    let manifest: Manifest = [("a", &high), ("a\0b", &low), ("a/b", &low), ("a!", &high)]
        .into_iter()
        .map(|(path, id)| (path.to_owned(), ObjectId::from(id.as_str())))
        .collect();
    let mut entries = [
        format!("a\0{high}"),
        format!("a\0b\0{low}"),
        format!("a/b\0{low}"),
        format!("a!\0{high}"),
    ];
    entries.sort();
    assert_eq!(entries[0], format!("a\0b\0{low}"), "before `a` itself");
    let id = ObjectId::new(hex::encode(Sha256::digest(entries.join("\0"))));
    let scheme = verify_snapshot(&id, &manifest, &folders(&[]));
    assert_eq!(scheme, Some(SnapshotScheme::V01));
}

#[test]
fn a_nul_in_a_hashed_field_is_ambiguous_and_named() {
    let sound = commit(CommitScheme::Typed, "2026-03-29T03:30:00+02:00", "gabriel");
    let with = |change: fn(&mut CommitRecord)| {
        let mut record = sound.clone();
        change(&mut record);
        ambiguous_commit(&record)
    };
    assert_eq!(with(|_| ()), None);
    assert_eq!(with(|r| r.branch.push('\0')), None, "it is not hashed");
    assert_eq!(with(|r| r.message.push('\0')), Some("message"));
    assert_eq!(with(|r| r.author.push('\0')), Some("author"));
    assert_eq!(with(|r| r.committed_at.push('\0')), Some("committed_at"));
    assert_eq!(
        with(|r| r.snapshot_id = Some("a\0b".into())),
        Some("snapshot_id")
    );
    assert_eq!(
        with(|r| r.parent_commit_id = Some("\0".into())),
        Some("parent_commit_id")
    );
    let key = |r: &mut CommitRecord| drop(r.rest.insert("signer_public_key".into(), json!("\0")));
    assert_eq!(with(key), Some("signer_public_key"));

    let plain = tree(&["a", "b"]);
    assert_eq!(ambiguous_snapshot(&plain, &folders(&["c"])), None);
    assert_eq!(
        ambiguous_snapshot(&plain, &folders(&["c\0d"])),
        Some("c\0d")
    );
    assert_eq!(
        ambiguous_snapshot(&tree(&["a", "b\0c"]), &folders(&[])),
        Some("b\0c")
    );
    let mut by_id = plain.clone();
    by_id.insert("b", "1\0c\x002".into());
    assert_eq!(ambiguous_snapshot(&by_id, &folders(&[])), Some("b"));
}

#[test]
fn a_blob_is_proved_whole_and_in_parts_and_under_either_spelling() {
    use super::identity::{BlobHasher, blob_trials, verify_blob};
    let bytes = b"a blob of some bytes".repeat(100);
    for (scheme, id) in blob_trials(&bytes) {
        for id in [
            ObjectId::new(id.bare()),
            ObjectId::new(format!("sha256:{}", id.bare())),
        ] {
            assert_eq!(verify_blob(&id, &bytes), Some(scheme));
            assert_eq!(verify_blob(&id, &bytes[1..]), None);
            let mut hasher = BlobHasher::new(bytes.len() as u64);
            bytes.chunks(33).for_each(|part| hasher.update(part));
            assert_eq!(hasher.finish(&id), Some(scheme));
        }
    }
    assert_eq!(verify_blob(&"init".into(), &bytes), None);
}

#[test]
fn the_text_of_a_large_tree_is_hashed_in_parts_as_if_it_were_whole() {
    use sha2::{Digest, Sha256};
    for nul in ["", "\0"] {
        let digest = |n: usize| format!("{n:064x}");
        let name = |n: usize| format!("tracks/{n:05}{nul}.mid");
        let manifest: Manifest = (0..3_000)
            .map(|n| (name(n), ObjectId::new(format!("sha256:{}", digest(n)))))
            .collect();
        let folders = BTreeSet::from(["tracks".to_owned(), "empty".to_owned()]);
        let mut parts: Vec<String> = (0..3_000)
            .map(|n| format!("{}\0{}", name(n), digest(n)))
            .collect();
        parts.extend(folders.iter().map(|folder| format!("dir\0{folder}")));
        let text = parts.join("\0");
        assert!(text.len() > 3 * (64 << 10));
        let framed = format!("snapshot {}\0{text}", text.len());
        for (scheme, text) in [(SnapshotScheme::Typed, framed), (SnapshotScheme::Rc7, text)] {
            let id = ObjectId::typed(&Sha256::digest(&text).into());
            let trials = snapshot_trials(&manifest, &folders);
            assert!(trials.contains(&(scheme, id)), "{scheme:?} {nul:?}");
        }
    }
}
