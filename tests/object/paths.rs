//! Paths that a checkout must never follow.

use super::Manifest;
use super::path::{Unsafe, check, check_all};

fn all(paths: &[&str]) -> Vec<(String, Unsafe)> {
    let entry = |path: &&str| ((*path).to_owned(), "1".into());
    check_all(&paths.iter().map(entry).collect::<Manifest>())
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
        assert_eq!(all(&[path]), [(path.to_owned(), reason)]);
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
        "back\\slash",
        "sp ace/é/日本/🎵",
        "a:b",
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
    ] {
        assert!(reason.to_string().len() > 4);
    }
    let hostile = Unsafe::Collides("\u{1b}[2J".into()).to_string();
    assert!(!hostile.contains('\u{1b}'), "{hostile}");
}
