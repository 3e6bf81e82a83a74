//! Paths that a checkout must never follow.

use super::Manifest;
use std::collections::HashMap;
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// Why a path of a manifest is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsafe {
    Empty,
    Absolute,
    ParentFolder,
    EmptyPart,
    Nul,
    Control,
    MuseFolder,
    /// The same name to a file system that folds case or normalises.
    Collides(String),
    /// A file where another path needs a folder.
    FileAndFolder(String),
}

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unsafe::Empty => f.write_str("empty"),
            Unsafe::Absolute => f.write_str("absolute"),
            Unsafe::ParentFolder => f.write_str("a part is `.` or `..`"),
            Unsafe::EmptyPart => f.write_str("a part is empty"),
            Unsafe::Nul => f.write_str("holds a NUL"),
            Unsafe::Control => f.write_str("holds a control character"),
            Unsafe::MuseFolder => f.write_str("lies in `.muse/`"),
            Unsafe::Collides(other) => write!(f, "differs from {other:?} by case or spelling only"),
            Unsafe::FileAndFolder(other) => {
                write!(f, "is a file, and {other:?} needs it as folder")
            }
        }
    }
}

/// What is wrong with one path by itself.
#[must_use]
pub fn check(path: &str) -> Option<Unsafe> {
    if path.is_empty() {
        return Some(Unsafe::Empty);
    }
    if path.contains('\0') {
        return Some(Unsafe::Nul);
    }
    if path.chars().any(char::is_control) {
        return Some(Unsafe::Control);
    }
    if path.starts_with(['/', '\\']) || path.get(1..3).is_some_and(|s| s == ":/" || s == ":\\") {
        return Some(Unsafe::Absolute);
    }
    for part in path.split('/') {
        match part {
            "" => return Some(Unsafe::EmptyPart),
            "." | ".." => return Some(Unsafe::ParentFolder),
            part if part.eq_ignore_ascii_case(".muse") => return Some(Unsafe::MuseFolder),
            _ => {}
        }
    }
    None
}

/// Every unsafe path of a manifest with the reason, in the order of the paths.
#[must_use]
pub fn check_all(manifest: &Manifest) -> Vec<(String, Unsafe)> {
    let mut out = Vec::new();
    let mut seen: HashMap<String, &str> = HashMap::with_capacity(manifest.len());
    for (path, _) in manifest.iter() {
        if let Some(reason) = check(path) {
            out.push((path.clone(), reason));
        } else if let Some(folder) = folder_that_is_a_file(manifest, path) {
            out.push((folder.to_owned(), Unsafe::FileAndFolder(path.clone())));
        }
        if let Some(other) = seen.insert(fold(path), path) {
            out.push((path.clone(), Unsafe::Collides(other.to_owned())));
        }
    }
    out
}

fn folder_that_is_a_file<'p>(manifest: &Manifest, path: &'p str) -> Option<&'p str> {
    path.match_indices('/')
        .map(|(at, _)| &path[..at])
        .find(|folder| manifest.get(folder).is_some())
}

/// What a file system that folds case and normalises would make of a path.
fn fold(path: &str) -> String {
    if path.is_ascii() {
        path.to_ascii_lowercase()
    } else {
        path.nfc()
            .collect::<String>()
            .to_lowercase()
            .nfc()
            .collect()
    }
}
