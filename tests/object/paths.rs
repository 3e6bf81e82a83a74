//! Paths that a checkout must never follow.

use super::Manifest;
use super::path::{LONGEST, LONGEST_PART, Unsafe, check, check_all, check_tree};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn all(paths: &[&str]) -> Vec<(String, Unsafe)> {
    let entry = |path: &&str| ((*path).to_owned(), "1".into());
    check_all(&paths.iter().map(entry).collect::<Manifest>())
}

/// What is wrong with these files and directories.
fn tree(paths: &[&str], directories: &[&str]) -> Vec<(String, Unsafe)> {
    let entry = |path: &&str| ((*path).to_owned(), "1".into());
    let directories: BTreeSet<String> = directories.iter().map(|d| (*d).to_owned()).collect();
    check_tree(&paths.iter().map(entry).collect::<Manifest>(), &directories)
}

fn collision(path: &str, other: &str) -> Vec<(String, Unsafe)> {
    vec![(path.to_owned(), Unsafe::Collides(other.to_owned()))]
}

#[test]
fn each_reason_has_its_own_name() {
    for (path, reason) in [
        ("", Unsafe::Empty),
        ("/etc/passwd", Unsafe::Absolute),
        ("\\\\host\\share", Unsafe::Absolute),
        ("C:/windows", Unsafe::Absolute),
        ("c:\\windows", Unsafe::Absolute),
        ("c:windows", Unsafe::Drive),
        (".. /x", Unsafe::ParentFolder),
        ("a/..::$INDEX_ALLOCATION/x", Unsafe::ParentFolder),
        ("back\\slash", Unsafe::Backslash),
        ("..", Unsafe::ParentFolder),
        ("a/../b", Unsafe::ParentFolder),
        ("a/./b", Unsafe::ParentFolder),
        ("a/..", Unsafe::ParentFolder),
        ("a\\..\\b", Unsafe::ParentFolder),
        ("a//b", Unsafe::EmptyPart),
        ("a/", Unsafe::EmptyPart),
        ("a\0b", Unsafe::Nul),
        ("a\nb", Unsafe::Control),
        ("a\u{1b}[2Jb", Unsafe::Control),
        ("a\u{7f}", Unsafe::Control),
        ("a\u{85}", Unsafe::Control),
        (".muse/config", Unsafe::MuseFolder),
        (".muse", Unsafe::MuseFolder),
        ("sub/.MUSE/config", Unsafe::MuseFolder),
    ] {
        assert_eq!(check(path), Some(reason.clone()), "{path:?}");
        assert_eq!(all(&[path]), [(path.to_owned(), reason.clone())]);
        let as_directory = tree(&["safe"], &[path]);
        assert_eq!(as_directory, [(path.to_owned(), reason)], "as a directory");
    }
}

#[test]
fn the_muse_folder_is_known_under_the_names_that_file_systems_give_it() {
    for path in [
        ".Muse/x",
        ".mu\u{200c}se/x",
        "\u{feff}.muse/x",
        ".muse./x",
        ".muse /x",
        ".muse::$INDEX_ALLOCATION/x",
        "a\\.muse\\x",
        ".mu\u{17f}e/x", // a long s
        "MUSE~1/x",
        "a/muse~2",
        "Muse~1. /x",
        "muse~1::$INDEX_ALLOCATION",
        ".muse. .",
        ".\u{200d}MUSE\u{feff}.",
    ] {
        assert_eq!(check(path), Some(Unsafe::MuseFolder), "{path:?}");
    }
}

#[test]
fn plain_paths_are_safe() {
    let paths = [
        "a",
        "a.txt",
        "b/b/c",
        "...",
        "a..b/c",
        ".museum/x",
        ".muse-ignore",
        "muse/x",
        "muse~",
        "muse~1.txt",
        "museum~1",
        "mu~1",
        "aux.wav",
        "CON",
        "2026-05-01T10:00.mid",
        "..a",
        "z..",
        "sp ace/é/日本/🎵",
        "ab:c",
        "~/x",
    ];
    for path in paths {
        assert_eq!(check(path), None, "{path:?}");
    }
    assert_eq!(all(&paths), []);
}

#[test]
fn paths_that_differ_by_case_collide() {
    assert_eq!(all(&["README", "readme"]), collision("readme", "README"));
    assert_eq!(all(&["a/B", "a/b"]), collision("a/b", "a/B"));
    assert_eq!(all(&["É", "é"]), collision("é", "É"));
    assert_eq!(
        all(&["ΟΔΟΣ", "οδος", "οδοσ"]).len(),
        2,
        "both forms of sigma"
    );
    assert_eq!(all(&["strasse", "straße"]), collision("straße", "strasse"));
    assert_eq!(all(&["isi", "ısı"]), [], "a dotless i is another letter");
}

#[test]
fn paths_that_differ_by_normalisation_collide() {
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
    assert_eq!(
        all(&[composed, decomposed]),
        collision(composed, decomposed)
    );
    assert_eq!(
        all(&["caf\u{c9}", decomposed]),
        collision("caf\u{c9}", decomposed)
    );
    assert_eq!(
        all(&["\u{1e69}", "s\u{307}\u{323}"]).len(),
        1,
        "the order of marks"
    );
    assert_eq!(
        all(&["\u{212b}", "\u{c5}"]).len(),
        1,
        "two spellings of a ring"
    );
}

#[test]
fn a_file_where_a_folder_is_needed_is_named_once() {
    let reason = |by: &str| Unsafe::FileAndFolder(by.to_owned());
    assert_eq!(all(&["a", "a/b", "a/c"]), [("a".to_owned(), reason("a/b"))]);
    assert_eq!(
        all(&["a/b", "a/b/c/d"]),
        [("a/b".to_owned(), reason("a/b/c/d"))]
    );
    assert_eq!(
        all(&["A", "a/b"]),
        [("A".to_owned(), reason("a/b"))],
        "to one that folds case"
    );
    assert_eq!(all(&["a", "ab", "a.b/c"]), []);
}

#[test]
fn names_that_windows_or_hfs_shorten_to_one_collide() {
    assert_eq!(all(&["a", "a."]), collision("a.", "a"));
    assert_eq!(all(&["a ", "a"]), collision("a ", "a"));
    assert_eq!(
        all(&["b/x", "b./x"]).len(),
        2,
        "the folders, and the files in them"
    );
    assert_eq!(
        all(&["mi\u{200d}x", "mix"]),
        collision("mi\u{200d}x", "mix")
    );
    assert_eq!(all(&["...", "...."]), [], "nothing would be left of them");
}

#[test]
fn directories_clash_like_files() {
    let clash = |path: &str, why: Unsafe| vec![(path.to_owned(), why)];
    let same = |other: &str| Unsafe::Collides(other.to_owned());
    assert_eq!(
        tree(&[], &["Takes", "takes"]),
        clash("takes", same("Takes"))
    );
    assert_eq!(tree(&["Src/a"], &["src"]), clash("src", same("Src")));
    assert_eq!(
        tree(&["A/x", "a/y"], &[]),
        clash("a", same("A")),
        "also where none is listed"
    );
    assert_eq!(tree(&[], &["caf\u{e9}", "cafe\u{301}"]).len(), 1);
    assert_eq!(tree(&["x"], &["x"]), clash("x", Unsafe::FileAndDirectory));
    assert_eq!(tree(&["X"], &["x"]), clash("X", Unsafe::FileAndDirectory));
    let below = Unsafe::FileAndFolder("x/y".to_owned());
    assert_eq!(
        tree(&["x"], &["x/y"]),
        clash("x", below),
        "a directory below a file"
    );
    assert_eq!(tree(&["a/b/c"], &["a", "a/b", "d", "d/e"]), []);
}

#[test]
fn what_no_file_system_takes_is_too_long() {
    let part = "x".repeat(LONGEST_PART);
    assert_eq!(check(&part), None);
    assert_eq!(check(&format!("a/{part}x")), Some(Unsafe::TooLong));
    let mut path = vec![part.as_str(); 16].join("/");
    assert_eq!((path.len(), check(&path)), (LONGEST, None));
    path.truncate(LONGEST - 1);
    path.push_str("/x");
    assert_eq!(check(&path), Some(Unsafe::TooLong));
}

/// Parts of paths with a leaning to what the rules are about.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-cA-C]{1,2}",
        r"[.museMUSE~1 :\\\u{200c}é]{0,7}",
        Just("..".to_owned()),
        Just(".muse".to_owned()),
        any::<String>(),
    ]
}

fn any_path() -> impl Strategy<Value = String> {
    proptest::collection::vec(part(), 1..4).prop_map(|parts| parts.join("/"))
}

proptest! {
    /// What is not refused stays in its folder and out of `.muse`, by plain rules that know nothing of the judge's.
    #[test]
    fn a_safe_path_leads_nowhere_else(path in any_path()) {
        if check(&path).is_none() {
            prop_assert!(!path.starts_with('/') && !path.contains(['\\', '\0', '\n']), "{path:?}");
            for part in path.split('/') {
                let plain = part.trim_end_matches([' ', '.']).to_lowercase();
                prop_assert!(!part.is_empty() && part != "." && part != "..", "{path:?}");
                prop_assert!(plain != ".muse" && plain != "muse~1", "{path:?}");
                prop_assert!(part.len() <= LONGEST_PART, "{path:?}");
            }
        }
    }

    /// A directory is refused for the same reason as a file of its name.
    #[test]
    fn directories_are_judged_like_paths(path in any_path()) {
        let expected = check(&path);
        let found = tree(&[], &[&path]);
        prop_assert_eq!(found.first().map(|(_, why)| why.clone()), expected);
    }

    /// Whatever the tree, every path that is bad by itself is named, and what is named is of the tree or above it.
    #[test]
    fn a_tree_is_judged_whole(
        paths in proptest::collection::btree_set(any_path(), 0..6),
        directories in proptest::collection::btree_set(any_path(), 0..6),
    ) {
        let lists = [&paths, &directories].map(|s| s.iter().map(String::as_str).collect::<Vec<_>>());
        let found = tree(&lists[0], &lists[1]);
        for path in paths.union(&directories) {
            let named = found.iter().any(|(other, _)| other == path);
            prop_assert!(check(path).is_none() || named, "{path:?} {found:?}");
        }
        let is_above = |name: &str| paths.union(&directories).any(|path| path.starts_with(name));
        prop_assert!(found.iter().all(|(name, _)| is_above(name)), "{found:?}");
        if found.is_empty() {
            // Then a file system that folds case holds each name once, as a file or as a folder.
            let lower: BTreeSet<String> = paths.iter().map(|p| p.to_lowercase()).collect();
            prop_assert_eq!(lower.len(), paths.len());
            prop_assert!(directories.iter().all(|d| !lower.contains(&d.to_lowercase())));
        }
    }
}

#[test]
fn findings_are_in_the_order_of_the_paths() {
    let found = all(&["b", "B", "a//x", "z\0", "b/c"]);
    let paths: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["B", "a//x", "b", "z\0"]);
}

#[test]
fn every_reason_is_put_into_words() {
    for reason in [
        Unsafe::Empty,
        Unsafe::Absolute,
        Unsafe::ParentFolder,
        Unsafe::EmptyPart,
        Unsafe::Nul,
        Unsafe::Control,
        Unsafe::MuseFolder,
        Unsafe::Collides("x".into()),
        Unsafe::FileAndFolder("x".into()),
        Unsafe::FileAndDirectory,
        Unsafe::Drive,
        Unsafe::Backslash,
        Unsafe::TooLong,
    ] {
        assert!(reason.to_string().len() > 4);
    }
    let hostile = Unsafe::Collides("\u{1b}[2J".into()).to_string();
    assert!(!hostile.contains('\u{1b}'), "{hostile}");
}
