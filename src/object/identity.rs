//! Which formula gives an id: closed lists of schemes, one pure function each, tried from one table.
//!
//! Adding a scheme is one variant and one row. `⏚` in the formulas is a NUL byte.

use super::{CommitRecord, Kind, Manifest, ObjectId, frame, time};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// A formula that commits' ids were made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommitScheme {
    Typed,
    Rc7,
    V01,
    /// The stale copy on the server; clients refuse such ids.
    Pipe,
}

/// A formula that snapshots' ids were made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SnapshotScheme {
    Typed,
    TypedPrefixed,
    V01,
}

/// A formula that blobs' ids were made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlobScheme {
    Typed,
    Raw,
}

type CommitFormula = fn(&CommitRecord) -> [u8; 32];
type SnapshotFormula = fn(&Manifest, &BTreeSet<String>) -> [u8; 32];

/// Tried in this order.
pub const COMMIT_SCHEMES: [(CommitScheme, CommitFormula); 4] = [
    (CommitScheme::Typed, typed_commit),
    (CommitScheme::Rc7, rc7_commit),
    (CommitScheme::V01, v01_commit),
    (CommitScheme::Pipe, pipe_commit),
];

/// Tried in this order.
pub const SNAPSHOT_SCHEMES: [(SnapshotScheme, SnapshotFormula); 3] = [
    (SnapshotScheme::Typed, typed_snapshot),
    (SnapshotScheme::TypedPrefixed, typed_prefixed_snapshot),
    (SnapshotScheme::V01, v01_snapshot),
];

impl CommitScheme {
    /// The scheme's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            CommitScheme::Typed => "typed",
            CommitScheme::Rc7 => "rc7",
            CommitScheme::V01 => "v01",
            CommitScheme::Pipe => "pipe",
        }
    }

    /// Whether clients accept ids made with it.
    #[must_use]
    pub const fn accepted_by_clients(self) -> bool {
        !matches!(self, CommitScheme::Pipe)
    }
}

impl SnapshotScheme {
    /// The scheme's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            SnapshotScheme::Typed => "typed",
            SnapshotScheme::TypedPrefixed => "typed-prefixed",
            SnapshotScheme::V01 => "v01",
        }
    }
}

impl BlobScheme {
    /// The scheme's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            BlobScheme::Typed => "typed",
            BlobScheme::Raw => "raw",
        }
    }
}

/// The scheme under which the record, as it stands, gives its own id.
#[must_use]
pub fn verify_commit(record: &CommitRecord) -> Option<CommitScheme> {
    let digest = record.commit_id.digest()?;
    COMMIT_SCHEMES
        .iter()
        .find(|(_, formula)| formula(record) == digest)
        .map(|(scheme, _)| *scheme)
}

/// The scheme under which a tree gives `id`.
#[must_use]
pub fn verify_snapshot(
    id: &ObjectId,
    manifest: &Manifest,
    directories: &BTreeSet<String>,
) -> Option<SnapshotScheme> {
    let digest = id.digest()?;
    SNAPSHOT_SCHEMES
        .iter()
        .find(|(_, formula)| formula(manifest, directories) == digest)
        .map(|(scheme, _)| *scheme)
}

/// The scheme under which `bytes` give `id`.
#[must_use]
pub fn verify_blob(id: &ObjectId, bytes: &[u8]) -> Option<BlobScheme> {
    let mut hasher = BlobHasher::new(bytes.len() as u64);
    hasher.update(bytes);
    hasher.finish(id)
}

/// Proves a blob of known length as it streams by, without holding it.
pub struct BlobHasher {
    typed: Sha256,
    raw: Sha256,
}

impl BlobHasher {
    /// `size` is the number of bytes that will follow.
    #[must_use]
    pub fn new(size: u64) -> Self {
        let mut typed = Sha256::new();
        typed.update(frame::header(Kind::Blob, size));
        Self {
            typed,
            raw: Sha256::new(),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.typed.update(bytes);
        self.raw.update(bytes);
    }

    /// The scheme under which all bytes give `id`.
    #[must_use]
    pub fn finish(self, id: &ObjectId) -> Option<BlobScheme> {
        let digest = id.digest()?;
        if <[u8; 32]>::from(self.typed.finalize()) == digest {
            Some(BlobScheme::Typed)
        } else if <[u8; 32]>::from(self.raw.finalize()) == digest {
            Some(BlobScheme::Raw)
        } else {
            None
        }
    }
}

/// The `typed` id of a blob: what every new blob gets.
#[must_use]
pub fn blob_id(bytes: &[u8]) -> ObjectId {
    let mut hasher = Sha256::new();
    hasher.update(frame::header(Kind::Blob, bytes.len() as u64));
    hasher.update(bytes);
    ObjectId::typed(&hasher.finalize().into())
}

/// The `typed` id of a snapshot: what every new snapshot gets.
#[must_use]
pub fn snapshot_id(manifest: &Manifest, directories: &BTreeSet<String>) -> ObjectId {
    ObjectId::typed(&typed_snapshot(manifest, directories))
}

/// The `typed` id of a commit: what every new commit gets. The record's own id is not read.
#[must_use]
pub fn commit_id(record: &CommitRecord) -> ObjectId {
    ObjectId::typed(&typed_commit(record))
}

/// Whether `id` is that of the blob without bytes, under any scheme.
#[must_use]
pub fn is_empty_blob(id: &ObjectId) -> bool {
    verify_blob(id, b"").is_some()
}

/// A spelling of a row that gives the row's id although the row as stored does not.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovered {
    /// The record with the text that the id was made from.
    pub record: CommitRecord,
    pub scheme: CommitScheme,
    /// The author was empty; the row names the pusher.
    pub author_emptied: bool,
    /// The offset, in minutes, that the row lost; `None` where the stored text fits.
    pub offset: Option<i32>,
}

/// Tries the record as it stands, then the spellings that rows are known to lose: an empty author,
/// and the instant at every offset.
#[must_use]
pub fn recover_commit(record: &CommitRecord) -> Option<Recovered> {
    record.commit_id.digest()?;
    let instant = time::parse(&record.committed_at);
    let renderings = || {
        let rendered = instant.into_iter().flat_map(|at| {
            time::offsets().filter_map(move |o| Some((Some(o), time::isoformat(at, o)?)))
        });
        std::iter::once((None, record.committed_at.clone())).chain(rendered)
    };
    for author_emptied in [false, true] {
        if author_emptied && record.author.is_empty() {
            continue;
        }
        for (offset, committed_at) in renderings() {
            let mut candidate = record.clone();
            candidate.committed_at = committed_at;
            if author_emptied {
                candidate.author.clear();
            }
            if let Some(scheme) = verify_commit(&candidate) {
                return Some(Recovered {
                    record: candidate,
                    scheme,
                    author_emptied,
                    offset,
                });
            }
        }
    }
    None
}

/// Which list of directories gives a snapshot its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Directories {
    Stored,
    Derived,
    Empty,
}

/// Tries the directories as stored, as derived from the paths, and empty.
#[must_use]
pub fn recover_snapshot(
    id: &ObjectId,
    manifest: &Manifest,
    stored: &BTreeSet<String>,
) -> Option<(SnapshotScheme, Directories, BTreeSet<String>)> {
    let variants = [
        (Directories::Stored, stored.clone()),
        (Directories::Derived, manifest.derived_directories()),
        (Directories::Empty, BTreeSet::new()),
    ];
    variants.into_iter().find_map(|(which, directories)| {
        verify_snapshot(id, manifest, &directories).map(|scheme| (scheme, which, directories))
    })
}

/// The hashed field that holds a NUL: then another record has the same id.
#[must_use]
pub fn ambiguous_commit(record: &CommitRecord) -> Option<&'static str> {
    let key = record.rest_text("signer_public_key");
    [
        ("message", record.message.as_str()),
        ("author", record.author.as_str()),
        ("committed_at", record.committed_at.as_str()),
        ("signer_public_key", key),
    ]
    .into_iter()
    .find(|(_, text)| text.contains('\0'))
    .map(|(field, _)| field)
}

/// The path that holds a NUL: then another tree has the same id.
#[must_use]
pub fn ambiguous_snapshot<'t>(
    manifest: &'t Manifest,
    directories: &'t BTreeSet<String>,
) -> Option<&'t str> {
    manifest
        .iter()
        .map(|(path, _)| path)
        .chain(directories)
        .find(|path| path.contains('\0'))
        .map(String::as_str)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn framed(kind: Kind, payload: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(frame::header(kind, payload.len() as u64));
    hasher.update(payload);
    hasher.finalize().into()
}

/// join(⏚, [join(⏚, sorted(hex(parents))), hex(snapshot_id), message, committed_at, author, signer_public_key])
fn six_fields(record: &CommitRecord) -> Vec<u8> {
    let mut parents: Vec<_> = record.parents().map(ObjectId::bare).collect();
    parents.sort_unstable();
    let snapshot = record.snapshot_id.as_ref().map_or("", ObjectId::bare);
    [
        parents.join("\0").as_str(),
        snapshot,
        &record.message,
        &record.committed_at,
        &record.author,
        record.rest_text("signer_public_key"),
    ]
    .join("\0")
    .into_bytes()
}

fn typed_commit(record: &CommitRecord) -> [u8; 32] {
    framed(Kind::Commit, &six_fields(record))
}

fn rc7_commit(record: &CommitRecord) -> [u8; 32] {
    sha256(&six_fields(record))
}

fn v01_commit(record: &CommitRecord) -> [u8; 32] {
    four_fields(record, "\0")
}

fn pipe_commit(record: &CommitRecord) -> [u8; 32] {
    four_fields(record, "|")
}

/// join(s, [join(s, sorted(parents)), snapshot_id, message, committed_at]), ids as spelt.
fn four_fields(record: &CommitRecord, separator: &str) -> [u8; 32] {
    let mut parents: Vec<_> = record.parents().map(ObjectId::as_str).collect();
    parents.sort_unstable();
    let snapshot = record.snapshot_id.as_ref().map_or("", ObjectId::as_str);
    let text = [
        parents.join(separator).as_str(),
        snapshot,
        &record.message,
        &record.committed_at,
    ]
    .join(separator);
    sha256(text.as_bytes())
}

fn typed_snapshot(manifest: &Manifest, directories: &BTreeSet<String>) -> [u8; 32] {
    typed_tree(manifest, directories, ObjectId::bare)
}

fn typed_prefixed_snapshot(manifest: &Manifest, directories: &BTreeSet<String>) -> [u8; 32] {
    let prefixed: Manifest = manifest
        .iter()
        .map(|(path, id)| (path.clone(), ObjectId::new(format!("sha256:{}", id.bare()))))
        .collect();
    typed_tree(&prefixed, directories, ObjectId::as_str)
}

/// join(⏚, sorted(path ⏚ id) ++ [`dir` ⏚ d for d in sorted(directories)])
fn typed_tree(
    manifest: &Manifest,
    directories: &BTreeSet<String>,
    spell: fn(&ObjectId) -> &str,
) -> [u8; 32] {
    let mut parts = entries(manifest, spell);
    parts.extend(directories.iter().map(|d| format!("dir\0{d}")));
    framed(Kind::Snapshot, parts.join("\0").as_bytes())
}

fn v01_snapshot(manifest: &Manifest, _directories: &BTreeSet<String>) -> [u8; 32] {
    sha256(entries(manifest, ObjectId::as_str).join("\0").as_bytes())
}

/// `path ⏚ id`, sorted as whole strings.
fn entries(manifest: &Manifest, spell: fn(&ObjectId) -> &str) -> Vec<String> {
    let mut parts: Vec<_> = manifest
        .iter()
        .map(|(path, id)| format!("{path}\0{}", spell(id)))
        .collect();
    parts.sort_unstable();
    parts
}
