//! Paths that a checkout must never follow: one judge for files, tracked directories and names of branches.
//!
//! A tree is judged for every platform at once, since whoever pushed it cannot know where it is checked out. Refused
//! is what leads somewhere else there: out of the folder, into `.muse`, or to the file of another path. Names that
//! some platform merely cannot create (`aux.wav`, `take:1.mid` on Windows) fail there by themselves and stay allowed,
//! as Git has it.

use super::Manifest;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// The longest part of a path, in bytes: what file systems take.
pub const LONGEST_PART: usize = 255;

/// The longest path, in bytes: what an operating system takes, without the NUL at its end.
pub const LONGEST: usize = 4_095;

/// The reason why a path of a tree is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsafe {
    Empty,
    Absolute,
    /// A drive of Windows, whose current folder is anywhere.
    Drive,
    ParentFolder,
    EmptyPart,
    Nul,
    Control,
    /// Windows takes it for a separator, so the file lands at another path there.
    Backslash,
    MuseFolder,
    TooLong,
    /// The same name to a file system that folds case, normalises, or drops what Windows and HFS+ drop.
    Collides(String),
    /// A file where another path needs a folder.
    FileAndFolder(String),
    /// A file that is listed among the directories too.
    FileAndDirectory,
}

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unsafe::Empty => f.write_str("empty"),
            Unsafe::Absolute => f.write_str("absolute"),
            Unsafe::Drive => f.write_str("starts with a drive letter"),
            Unsafe::ParentFolder => f.write_str("a part is `.` or `..`"),
            Unsafe::EmptyPart => f.write_str("a part is empty"),
            Unsafe::Nul => f.write_str("holds a NUL"),
            Unsafe::Control => f.write_str("holds a control character"),
            Unsafe::Backslash => {
                f.write_str("holds a backslash, which separates folders on Windows")
            }
            Unsafe::MuseFolder => f.write_str("is in `.muse/`"),
            Unsafe::TooLong => f.write_str("longer than a file system takes"),
            Unsafe::Collides(other) => write!(f, "differs from {other:?} by case or spelling only"),
            Unsafe::FileAndFolder(other) => {
                write!(f, "is a file, and {other:?} needs it as folder")
            }
            Unsafe::FileAndDirectory => f.write_str("is a file and listed as a directory"),
        }
    }
}

/// Returns what is wrong with one path by itself, be it of a file or of a directory.
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
    if let Some(why) = check_start(path) {
        return Some(why);
    }
    let too_long = || {
        let long = path.len() > LONGEST || path.split('/').any(|part| part.len() > LONGEST_PART);
        long.then_some(Unsafe::TooLong)
    };
    let backslash = || path.contains('\\').then_some(Unsafe::Backslash);
    path.split('/')
        .find_map(check_part)
        .or_else(too_long)
        .or_else(backslash)
}

fn check_start(path: &str) -> Option<Unsafe> {
    match path.as_bytes() {
        [b'/' | b'\\', ..] => Some(Unsafe::Absolute),
        [drive, b':', rest @ ..] if drive.is_ascii_alphabetic() => Some(match rest {
            [b'/' | b'\\', ..] => Unsafe::Absolute,
            _ => Unsafe::Drive,
        }),
        _ => None,
    }
}

fn check_part(part: &str) -> Option<Unsafe> {
    if part.is_empty() {
        return Some(Unsafe::EmptyPart);
    }
    // On Windows a backslash separates too.
    part.split('\\').find_map(|part| match part {
        part if is_parent_folder(part) => Some(Unsafe::ParentFolder),
        part if is_muse_folder(part) => Some(Unsafe::MuseFolder),
        _ => None,
    })
}

/// Returns the name that NTFS opens for `part`: a stream is named behind a colon.
fn without_stream(part: &str) -> &str {
    part.split(':').next().unwrap_or(part)
}

/// Returns whether `part` is `.` or `..`, also with the blanks or the stream that Windows drops.
fn is_parent_folder(part: &str) -> bool {
    matches!(without_stream(part).trim_end_matches(' '), "." | "..")
}

/// Returns whether some file system takes `part` for `.muse`: HFS+ skips characters that show nothing, NTFS skips dots
/// and spaces at the end and what follows a colon and has the short name `MUSE~1`, and most fold case. Git had to learn
/// this for `.git` (CVE-2014-9390).
fn is_muse_folder(part: &str) -> bool {
    if part.is_ascii() && !part.starts_with(['.', 'm', 'M']) {
        return false; // nearly every part of every path
    }
    let name = fold_part(without_stream(part));
    let is_short = |number: &str| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    name == ".muse" || name.strip_prefix("muse~").is_some_and(is_short)
}

const fn is_skipped_by_hfs(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

/// Returns every unsafe path of a tree with the reason, in the order of the paths: files, tracked directories, and
/// the folders that either is in.
#[must_use]
pub fn check_tree(manifest: &Manifest, directories: &BTreeSet<String>) -> Vec<(String, Unsafe)> {
    let mut names = Names {
        files: HashMap::with_capacity(manifest.len()),
        ..Names::default()
    };
    for (path, _) in manifest.iter() {
        names.file(path);
    }
    for directory in directories {
        if let Some(reason) = check(directory) {
            names.refuse(directory, reason);
        }
        names.folder(directory, directory);
    }
    names.finish()
}

/// Files with capitals that a tree may have to be plainly safe: each is compared with all others.
const CAPITALS: usize = 16;

/// Returns whether a tree is plainly safe: files and directories, each in the order of their bytes, in ASCII without
/// anything that some file system takes for something else, capitals in names of files alone, and no file where a folder
/// is needed. `false` says nothing: [`check_tree`] does.
#[must_use]
pub fn is_plainly_safe(files: &[&str], directories: &[&str]) -> bool {
    let has_capitals = |path: &str| path.bytes().any(|b| b.is_ascii_uppercase());
    let capitals = files.iter().copied().filter(|path| has_capitals(path));
    let capitals: Vec<&str> = capitals.take(CAPITALS + 1).collect();
    let is_alone = |file: &&str| {
        let same = files.iter().filter(|path| path.eq_ignore_ascii_case(file));
        same.count() == 1
    };
    let is_file = |folder: &str| {
        let same = |file: &&str| file.eq_ignore_ascii_case(folder);
        files.binary_search(&folder).is_ok() || capitals.iter().any(same)
    };
    let above = |path: &str| {
        let mut slashes = path.match_indices('/');
        slashes.all(|(at, _)| !is_file(&path[..at]))
    };
    let rises = |paths: &[&str]| paths.is_sorted_by(|a, b| a < b);
    let mut all = files.iter().chain(directories);
    rises(files)
        && rises(directories)
        && capitals.len() <= CAPITALS
        && capitals.iter().all(is_alone)
        && all.all(|path| is_plain(path) && above(path))
        && !directories
            .iter()
            .any(|path| has_capitals(path) || is_file(path))
}

/// Returns whether a path is spelt as it is meant: folding changes nothing but the capitals of its last part, and
/// [`check`] has nothing to say.
fn is_plain(path: &str) -> bool {
    // As if a separator came before: the first part begins as the others do.
    let mut last = b'/';
    let mut has_capitals = false;
    for byte in path.bytes() {
        has_capitals |= byte.is_ascii_uppercase();
        let fits = match byte {
            b'/' => !has_capitals && !matches!(last, b'/' | b'.' | b' '),
            b'.' => last != b'/',
            b'\\' | b':' | b'~' => false,
            byte => matches!(byte, 0x20..0x7f),
        };
        if !fits {
            return false;
        }
        last = byte;
    }
    !matches!(last, b'/' | b'.' | b' ') && path.len() <= LONGEST_PART
}

/// Returns the same for files alone.
#[must_use]
pub fn check_all(manifest: &Manifest) -> Vec<(String, Unsafe)> {
    check_tree(manifest, &BTreeSet::new())
}

/// The names of one tree, by what a file system that folds them makes of them.
#[derive(Default)]
struct Names<'t> {
    files: HashMap<Cow<'t, str>, &'t str>,
    folders: HashMap<Cow<'t, str>, Folder<'t>>,
    /// Folders as spelt.
    seen: HashSet<&'t str>,
    refused: Vec<(String, Unsafe)>,
}

struct Folder<'t> {
    spelt: &'t str,
    /// The first path that needs it.
    by: &'t str,
}

impl<'t> Names<'t> {
    fn refuse(&mut self, path: &str, why: Unsafe) {
        self.refused.push((path.to_owned(), why));
    }

    fn file(&mut self, path: &'t str) {
        if let Some(reason) = check(path) {
            self.refuse(path, reason);
        }
        let folded = fold(path);
        match self.files.get(&folded).copied() {
            Some(other) => self.refuse(path, Unsafe::Collides(other.to_owned())),
            None => drop(self.files.insert(folded, path)),
        }
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.folder(folder, path);
        }
    }

    /// Takes a folder in, and those that contain it.
    fn folder(&mut self, folder: &'t str, by: &'t str) {
        let mut rest = Some(folder).filter(|folder| !folder.is_empty());
        while let Some(folder) = rest.filter(|folder| self.seen.insert(folder)) {
            let folded = fold(folder);
            match self.folders.get(&folded).map(|known| known.spelt) {
                Some(other) => self.refuse(folder, Unsafe::Collides(other.to_owned())),
                None => {
                    let made = Folder { spelt: folder, by };
                    self.folders.insert(folded, made);
                }
            }
            rest = folder.rsplit_once('/').map(|(above, _)| above);
            rest = rest.filter(|above| !above.is_empty());
        }
    }

    fn finish(mut self) -> Vec<(String, Unsafe)> {
        for (folded, folder) in &self.folders {
            let Some(file) = self.files.get(folded) else {
                continue;
            };
            let why = match folder.by == folder.spelt {
                true => Unsafe::FileAndDirectory,
                false => Unsafe::FileAndFolder(folder.by.to_owned()),
            };
            self.refused.push(((*file).to_owned(), why));
        }
        // Each path has at most one reason of a kind, so this order is one.
        self.refused
            .sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.to_string().cmp(&y.to_string())));
        self.refused
    }
}

/// Returns what a file system that folds case, normalises and drops what shows nothing makes of a path.
fn fold(path: &str) -> Cow<'_, str> {
    if is_folded(path) {
        return Cow::Borrowed(path);
    }
    let mut out = String::with_capacity(path.len());
    for (n, part) in path.split('/').enumerate() {
        if n > 0 {
            out.push('/');
        }
        out.push_str(&fold_part(part));
    }
    // Most paths are that already, and a tree may have a million.
    match out == path {
        true => Cow::Borrowed(path),
        false => Cow::Owned(out),
    }
}

/// Returns whether it is plain to see that folding changes nothing: small letters of ASCII, and no part that Windows
/// shortens.
fn is_folded(path: &str) -> bool {
    let ends = |b: Option<&u8>| matches!(b, Some(b'.' | b' '));
    let bytes = path.as_bytes();
    let plain = |b: &u8| b.is_ascii() && !b.is_ascii_uppercase();
    let cut = bytes
        .windows(2)
        .any(|two| two[1] == b'/' && ends(two.first()));
    bytes.iter().all(plain) && !cut && !ends(bytes.last())
}

fn fold_part(part: &str) -> String {
    let mut out = if part.is_ascii() {
        part.to_ascii_lowercase()
    } else {
        fold_unicode(part)
    };
    // Windows drops them, unless there is nothing else.
    let kept = out.trim_end_matches(['.', ' ']).len();
    if kept > 0 {
        out.truncate(kept);
    }
    out
}

fn fold_unicode(part: &str) -> String {
    // By way of upper case, so that `ς` meets `σ` and `ß` meets `ss`; `ı` is no `i` to any of them.
    let upper = |c: char| match c {
        'ı' => vec!['ı'],
        c => c.to_uppercase().collect(),
    };
    part.chars()
        .filter(|c| !is_skipped_by_hfs(*c))
        .nfd()
        .flat_map(upper)
        .flat_map(char::to_lowercase)
        .nfc()
        .collect()
}
