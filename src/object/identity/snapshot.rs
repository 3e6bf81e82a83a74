//! Snapshots: the tree is hashed, not the payload that states it.

use crate::{Kind, Manifest, ObjectId, frame};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A formula that snapshots' ids were made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SnapshotScheme {
    /// Paths with bare blob ids, and directories, behind a header.
    Typed,
    /// The same without a header: every snapshot of April and May 2026.
    Rc7,
    /// As `Typed` with blob ids spelt with their prefix. No source supports it; it is tried, and never written.
    TypedPrefixed,
    /// Paths with blob ids as spelt; directories are not covered.
    V01,
}

type Formula = fn(&Manifest, &BTreeSet<String>) -> [u8; 32];

/// Tried in this order, which is that of [`SnapshotScheme`].
const SCHEMES: [(SnapshotScheme, Formula); 4] = [
    (SnapshotScheme::Typed, typed),
    (SnapshotScheme::Rc7, rc7),
    (SnapshotScheme::TypedPrefixed, typed_prefixed),
    (SnapshotScheme::V01, v01),
];

impl SnapshotScheme {
    /// Returns the scheme's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            SnapshotScheme::Typed => "typed",
            SnapshotScheme::Rc7 => "rc7",
            SnapshotScheme::TypedPrefixed => "typed-prefixed",
            SnapshotScheme::V01 => "v01",
        }
    }

    /// Returns the id that the scheme's clients gave a tree.
    #[must_use]
    pub fn id_of(self, manifest: &Manifest, directories: &BTreeSet<String>) -> ObjectId {
        let (_, formula) = SCHEMES[self as usize];
        self.spell(&formula(manifest, directories))
    }

    /// Returns the id that the scheme's clients wrote for `digest`.
    fn spell(self, digest: &[u8; 32]) -> ObjectId {
        match self {
            SnapshotScheme::Typed | SnapshotScheme::Rc7 | SnapshotScheme::TypedPrefixed => {
                ObjectId::typed(digest)
            }
            SnapshotScheme::V01 => ObjectId::plain(digest),
        }
    }
}

/// Returns the scheme under which a tree gives `id`. Where several do, it is the one whose clients spelt their ids
/// like this one: `rc7` and `v01` hash the same text if no blob id has a prefix and no directory is listed.
#[must_use]
pub fn verify_snapshot(
    id: &ObjectId,
    manifest: &Manifest,
    directories: &BTreeSet<String>,
) -> Option<SnapshotScheme> {
    #[cfg(any(test, feature = "testing"))]
    crate::tally::hashed(Kind::Snapshot, id);
    fitting(id, manifest, directories)
}

fn fitting(
    id: &ObjectId,
    manifest: &Manifest,
    directories: &BTreeSet<String>,
) -> Option<SnapshotScheme> {
    let digest = id.digest()?;
    let mut schemes = SCHEMES
        .iter()
        .filter(|(_, formula)| formula(manifest, directories) == digest)
        .map(|(scheme, _)| *scheme);
    let first = schemes.next()?;
    let spelt = |scheme: &SnapshotScheme| scheme.spell(&digest) == *id;
    std::iter::once(first)
        .chain(schemes)
        .find(spelt)
        .or(Some(first))
}

/// Returns each scheme with the id that it gives a tree, in the order in which they are tried.
#[must_use]
pub fn snapshot_trials(
    manifest: &Manifest,
    directories: &BTreeSet<String>,
) -> Vec<(SnapshotScheme, ObjectId)> {
    SCHEMES
        .iter()
        .map(|(scheme, formula)| (*scheme, scheme.spell(&formula(manifest, directories))))
        .collect()
}

/// Returns the `typed` id of a snapshot: what every new snapshot gets.
#[must_use]
pub fn snapshot_id(manifest: &Manifest, directories: &BTreeSet<String>) -> ObjectId {
    ObjectId::typed(&typed(manifest, directories))
}

/// The list of directories that gives a snapshot its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Directories {
    Stored,
    Derived,
    Empty,
}

/// Tries the directories as stored, as derived from the paths, and empty. The set that fits is
/// given back.
#[must_use]
pub fn recover_snapshot(
    id: &ObjectId,
    manifest: &Manifest,
    stored: &BTreeSet<String>,
) -> Option<(SnapshotScheme, Directories, BTreeSet<String>)> {
    // One after the other: nearly always the first fits, and the second costs a walk of all paths.
    for which in [
        Directories::Stored,
        Directories::Derived,
        Directories::Empty,
    ] {
        let directories = match which {
            Directories::Stored => Cow::Borrowed(stored),
            Directories::Derived => Cow::Owned(manifest.derived_directories()),
            Directories::Empty => Cow::Owned(BTreeSet::new()),
        };
        if let Some(scheme) = fitting(id, manifest, &directories) {
            return Some((scheme, which, directories.into_owned()));
        }
    }
    None
}

/// Returns the path that holds a NUL, itself or in its blob's id: then another tree has the same id.
#[must_use]
pub fn ambiguous_snapshot<'t>(
    manifest: &'t Manifest,
    directories: &'t BTreeSet<String>,
) -> Option<&'t str> {
    let entry = manifest
        .iter()
        .find(|(path, id)| path.contains('\0') || id.as_str().contains('\0'))
        .map(|(path, _)| path);
    entry
        .or_else(|| directories.iter().find(|path| path.contains('\0')))
        .map(String::as_str)
}

fn typed(manifest: &Manifest, directories: &BTreeSet<String>) -> [u8; 32] {
    TreeText::new(manifest, directories, "", ObjectId::bare).framed()
}

fn rc7(manifest: &Manifest, directories: &BTreeSet<String>) -> [u8; 32] {
    TreeText::new(manifest, directories, "", ObjectId::bare).plain()
}

fn typed_prefixed(manifest: &Manifest, directories: &BTreeSet<String>) -> [u8; 32] {
    TreeText::new(manifest, directories, "sha256:", ObjectId::bare).framed()
}

fn v01(manifest: &Manifest, _directories: &BTreeSet<String>) -> [u8; 32] {
    TreeText::new(manifest, &BTreeSet::new(), "", ObjectId::as_str).plain()
}

/// Bytes of a tree's text that are hashed at once: the whole weighs as much as the manifest.
const CHUNK: usize = 64 << 10;

/// join(⏚, sorted(path ⏚ `prefix` id) ++ [`dir` ⏚ d for d in sorted(directories)]), never held whole.
struct TreeText<'t> {
    manifest: &'t Manifest,
    directories: &'t BTreeSet<String>,
    prefix: &'t str,
    spell: fn(&ObjectId) -> &str,
}

impl<'t> TreeText<'t> {
    const fn new(
        manifest: &'t Manifest,
        directories: &'t BTreeSet<String>,
        prefix: &'t str,
        spell: fn(&ObjectId) -> &str,
    ) -> Self {
        Self {
            manifest,
            directories,
            prefix,
            spell,
        }
    }

    fn plain(&self) -> [u8; 32] {
        self.hash(Sha256::new())
    }

    /// Hashes it behind a header that says how long it is.
    fn framed(&self) -> [u8; 32] {
        let entries = self.manifest.iter();
        let files =
            entries.map(|(path, id)| path.len() + self.prefix.len() + (self.spell)(id).len() + 2);
        let folders = self.directories.iter().map(|folder| folder.len() + 5);
        // No NUL follows the last part.
        let size = files.chain(folders).sum::<usize>().saturating_sub(1);
        self.hash(Sha256::new_with_prefix(frame::header(
            Kind::Snapshot,
            size as u64,
        )))
    }

    fn hash(&self, hasher: Sha256) -> [u8; 32] {
        let mut out = Chunks {
            hasher,
            // Most trees are small, and a block of this size is given back to the system each time.
            waiting: Vec::new(),
            is_first: true,
        };
        // Whole strings are sorted. NUL sorts before all else, so that is the manifest's own order,
        // unless a path holds one.
        if self.manifest.iter().any(|(path, _)| path.contains('\0')) {
            let mut entries: Vec<_> = self.manifest.iter().collect();
            entries.sort_by_cached_key(|(path, id)| {
                format!("{path}\0{}{}", self.prefix, (self.spell)(id))
            });
            for (path, id) in entries {
                out.add(&[path, "\0", self.prefix, (self.spell)(id)]);
            }
        } else {
            for (path, id) in self.manifest.iter() {
                out.add(&[path, "\0", self.prefix, (self.spell)(id)]);
            }
        }
        for folder in self.directories {
            out.add(&["dir\0", folder]);
        }
        out.hasher.update(&out.waiting);
        out.hasher.finalize().into()
    }
}

/// A text that is hashed in chunks.
struct Chunks {
    hasher: Sha256,
    waiting: Vec<u8>,
    is_first: bool,
}

impl Chunks {
    /// Adds one item, behind a NUL where it is not the first.
    fn add(&mut self, parts: &[&str]) {
        let separator = if std::mem::take(&mut self.is_first) {
            ""
        } else {
            "\0"
        };
        for part in std::iter::once(&separator).chain(parts) {
            self.waiting.extend_from_slice(part.as_bytes());
        }
        if self.waiting.len() >= CHUNK {
            self.hasher.update(&self.waiting);
            self.waiting.clear();
        }
    }
}
