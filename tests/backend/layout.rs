//! Keys of ref checkpoints: one part of a key for any repository id, and never another one's.

use super::*;

const ODD: [&str; 10] = [
    "",
    ".",
    "..",
    "a/b",
    "../../etc",
    "%",
    "%2F",
    "a\0b",
    "é\u{202e}",
    "3f2a91c0-77aa-4c1e-9a3e-0c4f4a1d2b3c",
];

#[test]
fn any_repository_id_gives_a_key_of_three_parts() {
    let long = "x".repeat(5_000);
    for id in ODD.into_iter().chain([long.as_str()]) {
        let key = checkpoint_key(id, 7).unwrap();
        assert_eq!(key.as_str().split('/').count(), 3, "{key}");
        assert!(key.as_str().starts_with(&checkpoint_prefix(id)));
        let (name, sequence) = recognise_checkpoint(key.as_str()).unwrap();
        assert_eq!((name, sequence), (refs_name(id).as_str(), 7));
        assert!(name.len() <= LONGEST_NAME);
        let told = (id.len() < 100).then(|| id.to_owned());
        assert_eq!(repo_of_refs_name(name), told, "{name}");
        assert!(is_own(key.as_str()));
    }
}

#[test]
fn two_repositories_never_share_a_key() {
    let long: Vec<String> = (0..3).map(|n| format!("{}{n}", "/".repeat(300))).collect();
    let ids = ODD.into_iter().chain(long.iter().map(String::as_str));
    let names: Vec<String> = ids.map(refs_name).collect();
    let mut once = names.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), names.len(), "{names:?}");
}

#[test]
fn keys_sort_as_their_numbers_do() {
    let keys: Vec<Key> = [1, 2, 9, 10, 99, 100_000, 999_999_999_999]
        .into_iter()
        .map(|n| checkpoint_key("r", n).unwrap())
        .collect();
    assert!(keys.is_sorted());
    assert_eq!(checkpoint_key("r", 0), None);
    assert_eq!(checkpoint_key("r", 1_000_000_000_000), None);
}

#[test]
fn a_repository_called_refs_keeps_its_objects() {
    let hex = "ab".repeat(32);
    let key = format!("refs/{hex}");
    assert!(!is_own(&key));
    assert_eq!(recognise(&key), Some((Layout::RepoInFolder, hex)));
    for key in [
        "refs/r/1.json",
        "refs/r/000000000001.txt",
        "refs/r/x/000000000001.json",
        "refs/r/00000000000a.json",
    ] {
        assert!(!is_own(key), "{key}");
    }
}
