//! The house stands: imports run down, and only one room writes.

use std::path::{Path, PathBuf};

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src")
        .join(folder);
    let mut out = Vec::new();
    let mut open = vec![root];
    while let Some(at) = open.pop() {
        if at.is_dir() {
            open.extend(
                std::fs::read_dir(&at)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if at.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&at).unwrap();
            out.push((at, text));
        }
    }
    assert!(!out.is_empty(), "no sources in {folder}");
    out
}

/// Each room with the rooms that it may not name.
const FLOORS: [(&str, &[&str]); 8] = [
    (
        "object",
        &[
            "backend", "index", "store", "client", "audit", "repair", "cli", "tui", "demo",
            "config",
        ],
    ),
    (
        "backend",
        &[
            "store", "client", "audit", "repair", "cli", "tui", "demo", "config",
        ],
    ),
    (
        "index",
        &[
            "backend", "store", "client", "audit", "repair", "cli", "tui", "demo", "config",
        ],
    ),
    (
        "store",
        &["client", "audit", "repair", "cli", "tui", "demo", "config"],
    ),
    (
        "client",
        &["audit", "repair", "cli", "tui", "demo", "config"],
    ),
    (
        "audit",
        &["client", "repair", "cli", "tui", "demo", "config"],
    ),
    ("repair", &["cli", "tui", "demo", "config"]),
    ("tui", &["cli", "demo", "config"]),
];

#[test]
fn imports_run_down_and_never_up() {
    for (room, above) in FLOORS {
        for (path, text) in sources(room) {
            for other in above {
                let named = format!("crate::{other}::");
                let up = text
                    .lines()
                    .any(|line| line.contains(&named) && !line.trim_start().starts_with("//"));
                assert!(!up, "{} names {named}", path.display());
            }
        }
    }
}

#[test]
fn only_the_store_room_names_the_traits_that_write() {
    for room in ["client", "audit", "repair", "cli", "tui", "demo"] {
        for (path, text) in sources(room) {
            for word in [
                "IndexMut",
                "BackendMut",
                "put_if_absent",
                "set_storage_uri",
                "set_cache",
            ] {
                assert!(!text.contains(word), "{} names {word}", path.display());
            }
        }
    }
}

#[test]
fn nothing_in_the_program_deletes() {
    for room in [
        "object", "backend", "index", "store", "client", "audit", "repair", "cli", "tui", "demo",
    ] {
        for (path, text) in sources(room) {
            for word in [
                "remove_file",
                "remove_dir",
                "DELETE FROM",
                "DROP TABLE musehub",
            ] {
                // An audit's scratch file is its own: what a newer look replaces goes out of it.
                let scratch = word == "DELETE FROM"
                    && path
                        .parent()
                        .is_some_and(|room| room.ends_with("index/audit_scratch"));
                assert!(
                    scratch || !text.contains(word),
                    "{} says {word}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn temporary_files_have_one_place() {
    for room in [
        "object", "backend", "index", "store", "client", "audit", "repair", "cli", "tui", "demo",
    ] {
        for (path, text) in sources(room) {
            for word in ["tempdir(", "tempfile::tempfile(", "NamedTempFile::new("] {
                assert!(!text.contains(word), "{} says {word}", path.display());
            }
        }
    }
}
