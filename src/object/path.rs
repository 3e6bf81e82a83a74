//! Paths that a checkout must never follow.

use super::Manifest;
use std::collections::{BTreeMap, HashMap};
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
    path.split('/').find_map(check_part)
}

fn check_part(part: &str) -> Option<Unsafe> {
    match part {
        "" => return Some(Unsafe::EmptyPart),
        "." => return Some(Unsafe::ParentFolder),
        _ => {}
    }
    // On Windows a backslash separates too; elsewhere it is a character like any other.
    part.split('\\').find_map(|part| match part {
        ".." => Some(Unsafe::ParentFolder),
        part if is_muse_folder(part) => Some(Unsafe::MuseFolder),
        _ => None,
    })
}

/// Whether some file system takes `part` for `.muse`: HFS+ skips characters that show nothing,
/// NTFS skips dots and spaces at the end and what follows a colon, and most fold case. Git had to
/// learn this for `.git` (CVE-2014-9390).
fn is_muse_folder(part: &str) -> bool {
    if part.is_ascii() && !part.starts_with('.') {
        return false; // nearly every part of every path
    }
    let name = part.split(':').next().unwrap_or(part);
    let shown: String = name.chars().filter(|c| !is_skipped_by_hfs(*c)).collect();
    fold(shown.trim_end_matches(['.', ' '])) == ".muse"
}

const fn is_skipped_by_hfs(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

/// Every unsafe path of a manifest with the reason, in the order of the paths.
#[must_use]
pub fn check_all(manifest: &Manifest) -> Vec<(String, Unsafe)> {
    let folded: Vec<(&String, String)> = manifest.iter().map(|(p, _)| (p, fold(p))).collect();
    let mut first: HashMap<&str, &str> = HashMap::with_capacity(folded.len());
    let mut out = Vec::new();
    for (path, folded) in &folded {
        if let Some(reason) = check(path) {
            out.push((path.to_string(), reason));
        }
        if let Some(other) = first.get(folded.as_str()) {
            out.push((path.to_string(), Unsafe::Collides((*other).to_owned())));
        } else {
            first.insert(folded, path);
        }
    }
    // Folders are looked up as a file system that folds case would find them.
    let mut files: BTreeMap<&str, &str> = BTreeMap::new();
    for (path, folded) in &folded {
        let folders = folded.match_indices('/').map(|(at, _)| &folded[..at]);
        for file in folders.filter_map(|folder| first.get(folder)) {
            files.entry(file).or_insert(path);
        }
    }
    let files = files.into_iter();
    out.extend(files.map(|(file, by)| (file.to_owned(), Unsafe::FileAndFolder(by.to_owned()))));
    out.sort_by(|(a, _), (b, _)| a.cmp(b));
    out
}

/// What a file system that folds case and normalises would make of a path.
fn fold(path: &str) -> String {
    if path.is_ascii() {
        return path.to_ascii_lowercase();
    }
    // By way of upper case, so that `ς` meets `σ` and `ß` meets `ss`; `ı` is no `i` to any of them.
    let upper = |c: char| match c {
        'ı' => vec!['ı'],
        c => c.to_uppercase().collect(),
    };
    path.nfd()
        .flat_map(upper)
        .flat_map(char::to_lowercase)
        .nfc()
        .collect()
}
