//! Commits: a few fields are hashed, not the payload that states them.
//!
//! Every formula ends in the fields that rows lose, `committed_at` first, so it is kept in two
//! halves: what comes before is hashed once, and each candidate spelling costs a block or two.

use crate::{CommitRecord, Kind, ObjectId, frame, id, json, meta, time};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::cell::LazyCell;

/// A formula that commits' ids were made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommitScheme {
    /// Six fields behind a header.
    Typed,
    /// Six fields.
    Rc7,
    /// Four fields, ids as spelt.
    V01,
    /// The stale copy on the server: `|` for every NUL. Clients refuse such ids.
    Pipe,
}

/// The fields that some formula hashes, borrowed from a record.
#[derive(Clone)]
struct Fields<'r> {
    parents: Vec<&'r str>,
    snapshot_id: Option<&'r str>,
    message: &'r str,
    committed_at: &'r str,
    author: &'r str,
    signer_public_key: &'r str,
}

/// One formula: everything before `committed_at`, and the rest.
struct Formula {
    scheme: CommitScheme,
    head: fn(&Fields<'_>) -> Sha256,
    tail: fn(&Fields<'_>, &mut Sha256),
    /// Set if the author changes the id.
    author: bool,
}

/// Tried in this order, which is that of [`CommitScheme`].
const SCHEMES: [Formula; 4] = [
    Formula {
        scheme: CommitScheme::Typed,
        head: typed_head,
        tail: six_tail,
        author: true,
    },
    Formula {
        scheme: CommitScheme::Rc7,
        head: |fields| six_head(fields, Sha256::new()),
        tail: six_tail,
        author: true,
    },
    Formula {
        scheme: CommitScheme::V01,
        head: |fields| four_head(fields, "\0"),
        tail: four_tail,
        author: false,
    },
    Formula {
        scheme: CommitScheme::Pipe,
        head: |fields| four_head(fields, "|"),
        tail: four_tail,
        author: false,
    },
];

impl CommitScheme {
    /// Returns the scheme's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            CommitScheme::Typed => "typed",
            CommitScheme::Rc7 => "rc7",
            CommitScheme::V01 => "v01",
            CommitScheme::Pipe => "pipe",
        }
    }

    /// Returns whether clients accept ids made with it.
    #[must_use]
    pub const fn accepted_by_clients(self) -> bool {
        !matches!(self, CommitScheme::Pipe)
    }

    /// Returns the id that the scheme's writers gave a record.
    #[must_use]
    pub fn id_of(self, record: &CommitRecord) -> ObjectId {
        self.spell(&SCHEMES[self as usize].digest(&Fields::of(record)))
    }

    /// Returns the id that the scheme's writers gave for `digest`.
    fn spell(self, digest: &[u8; 32]) -> ObjectId {
        match self {
            CommitScheme::Typed | CommitScheme::Rc7 => ObjectId::typed(digest),
            CommitScheme::V01 | CommitScheme::Pipe => ObjectId::plain(digest),
        }
    }
}

impl Formula {
    fn digest(&self, fields: &Fields<'_>) -> [u8; 32] {
        self.finish((self.head)(fields), fields)
    }

    fn finish(&self, mut head: Sha256, fields: &Fields<'_>) -> [u8; 32] {
        (self.tail)(fields, &mut head);
        head.finalize().into()
    }
}

impl<'r> Fields<'r> {
    fn of(record: &'r CommitRecord) -> Self {
        Self {
            parents: record.parents().map(ObjectId::as_str).collect(),
            snapshot_id: record.snapshot_id.as_ref().map(ObjectId::as_str),
            message: &record.message,
            committed_at: &record.committed_at,
            author: &record.author,
            signer_public_key: record.rest_text("signer_public_key"),
        }
    }

    /// Returns the parents as they are hashed.
    fn sorted_parents(&self, spell: fn(&str) -> &str) -> Vec<&'r str> {
        let mut parents = self.parents.clone();
        parents.sort_unstable_by(|a, b| spell(a).cmp(spell(b)));
        parents
    }
}

/// Returns the scheme under which the record, unchanged, gives its own id.
#[must_use]
pub fn verify_commit(record: &CommitRecord) -> Option<CommitScheme> {
    #[cfg(any(test, feature = "testing"))]
    crate::tally::hashed(Kind::Commit, &record.commit_id);
    let digest = record.commit_id.digest()?;
    let fields = Fields::of(record);
    SCHEMES
        .iter()
        .find(|formula| formula.digest(&fields) == digest)
        .map(|formula| formula.scheme)
}

/// The fields that ids of commits are made from, as a row states them.
#[derive(Clone, Copy, Debug)]
pub struct Stated<'r> {
    /// JSON: a list of ids.
    pub parent_ids: &'r str,
    pub snapshot_id: &'r str,
    pub message: &'r str,
    /// `committed_at`, which is hashed as text of UTC.
    pub at: time::Micros,
    pub author: &'r str,
    /// JSON: the rest of the record.
    pub commit_meta: &'r str,
}

impl<'r> Stated<'r> {
    /// Returns the scheme under which these fields, as they stand, give the digest and no other fields do, with the
    /// parents and how many there are. A NUL in one of the fields would make two records of one id. `None` says nothing:
    /// the row may be spelt otherwise.
    #[must_use]
    pub fn verify(&self, digest: &[u8; 32]) -> Option<(CommitScheme, [&'r str; 2], usize)> {
        let (parents, count) = json::two_texts(self.parent_ids)?;
        let signer_public_key = meta::signer_public_key(self.commit_meta)?;
        let texts = [
            self.message,
            self.author,
            self.snapshot_id,
            &signer_public_key,
            parents[0],
            parents[1],
        ];
        if texts.into_iter().any(|text| text.contains('\0')) {
            return None;
        }
        let fields = Fields {
            parents: parents[..count].to_vec(),
            snapshot_id: Some(self.snapshot_id),
            message: self.message,
            committed_at: &time::isoformat(self.at, 0)?,
            author: self.author,
            signer_public_key: &signer_public_key,
        };
        let mut formulas = SCHEMES.iter();
        let scheme = formulas.find(|formula| formula.digest(&fields) == *digest)?;
        let accepted = scheme.scheme.accepted_by_clients();
        accepted.then_some((scheme.scheme, parents, count))
    }
}

/// Returns each scheme with the id that it gives the record, in the order in which they are tried. The record's own id
/// is not read.
#[must_use]
pub fn commit_trials(record: &CommitRecord) -> Vec<(CommitScheme, ObjectId)> {
    let fields = Fields::of(record);
    SCHEMES
        .iter()
        .map(|formula| {
            (
                formula.scheme,
                formula.scheme.spell(&formula.digest(&fields)),
            )
        })
        .collect()
}

/// Returns the `typed` id of a commit: what every new commit gets. The record's own id is not read.
#[must_use]
pub fn commit_id(record: &CommitRecord) -> ObjectId {
    let fields = Fields::of(record);
    let mut hasher = typed_head(&fields);
    six_tail(&fields, &mut hasher);
    ObjectId::typed(&hasher.finalize().into())
}

/// A spelling of a row that gives the row's id although the row as stored does not.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovered {
    /// The record with the text that the id was made from.
    pub record: CommitRecord,
    pub scheme: CommitScheme,
    /// The author was empty; the row names the pusher.
    pub author_emptied: bool,
    /// The offset, in minutes east of UTC, that the row lost; `None` where the stored text fits.
    pub offset: Option<i32>,
}

/// Tries the record unchanged, then the spellings that rows are known to lose: the instant at
/// every offset, and an empty author with each of these.
#[must_use]
pub fn recover_commit(record: &CommitRecord) -> Option<Recovered> {
    let digest = record.commit_id.digest()?;
    let stored = Fields::of(record);
    // Nearly always the stored text fits, and a hundred others cost more than all the rest.
    let rendered = LazyCell::new(|| -> Vec<(i32, String)> {
        let at = time::parse(&record.committed_at);
        at.into_iter()
            .flat_map(|at| time::offsets().filter_map(move |o| Some((o, time::isoformat(at, o)?))))
            .collect()
    });
    let spellings = || {
        let others = std::iter::once_with(|| rendered.iter()).flatten();
        let others = others.map(|(o, text)| (Some(*o), text.as_str()));
        std::iter::once((None, record.committed_at.as_str())).chain(others)
    };
    for author_emptied in [false, true] {
        if author_emptied && record.author.is_empty() {
            continue;
        }
        let author = if author_emptied { "" } else { stored.author };
        let fields = Fields {
            author,
            ..stored.clone()
        };
        if let Some((scheme, offset, text)) = fit(digest, fields, author_emptied, spellings()) {
            let mut record = record.clone();
            record.committed_at = text.to_owned();
            if author_emptied {
                record.author.clear();
            }
            return Some(Recovered {
                record,
                scheme,
                author_emptied,
                offset,
            });
        }
    }
    None
}

/// Returns the first spelling of `committed_at` under which a formula gives `digest`.
fn fit<'s>(
    digest: [u8; 32],
    mut fields: Fields<'s>,
    author_only: bool,
    spellings: impl Iterator<Item = (Option<i32>, &'s str)>,
) -> Option<(CommitScheme, Option<i32>, &'s str)> {
    let formulas = || SCHEMES.iter().filter(|f| f.author || !author_only);
    // A header states the length of all, so the heads hold for spellings of one length. Those of
    // one instant differ in nothing but digits and signs.
    let mut heads: Vec<Sha256> = Vec::new();
    let mut length = None;
    for (offset, text) in spellings {
        fields.committed_at = text;
        if length != Some(text.len()) {
            length = Some(text.len());
            heads = formulas().map(|f| (f.head)(&fields)).collect();
        }
        let found = formulas()
            .zip(&heads)
            .find(|(formula, head)| formula.finish((*head).clone(), &fields) == digest);
        if let Some((formula, _)) = found {
            return Some((formula.scheme, offset, text));
        }
    }
    None
}

/// Returns the hashed field that holds a NUL: then another record has the same id.
#[must_use]
pub fn ambiguous_commit(record: &CommitRecord) -> Option<&'static str> {
    let text = |id: &'_ Option<ObjectId>| id.as_ref().is_some_and(|id| id.as_str().contains('\0'));
    [
        ("message", record.message.contains('\0')),
        ("author", record.author.contains('\0')),
        ("committed_at", record.committed_at.contains('\0')),
        (
            "signer_public_key",
            record.rest_text("signer_public_key").contains('\0'),
        ),
        ("snapshot_id", text(&record.snapshot_id)),
        ("parent_commit_id", text(&record.parent_commit_id)),
        ("parent2_commit_id", text(&record.parent2_commit_id)),
    ]
    .into_iter()
    .find_map(|(field, holds)| holds.then_some(field))
}

/// Hashes join(⏚, [join(⏚, sorted(hex(parents))), hex(snapshot_id), message, …
fn six_head(fields: &Fields<'_>, hasher: Sha256) -> Sha256 {
    head(fields, (id::bare, "\0"), hasher)
}

/// Hashes parents, snapshot and message, each with the separator behind it. A message may weigh megabytes, so no text is
/// made of them.
fn head(
    fields: &Fields<'_>,
    (spell, separator): (fn(&str) -> &str, &str),
    mut hasher: Sha256,
) -> Sha256 {
    for (at, parent) in fields.sorted_parents(spell).into_iter().enumerate() {
        if at > 0 {
            hasher.update(separator);
        }
        hasher.update(spell(parent));
    }
    hasher.update(separator);
    for part in [fields.snapshot_id.map_or("", spell), fields.message] {
        hasher.update(part);
        hasher.update(separator);
    }
    hasher
}

/// Hashes … committed_at, author, signer_public_key])
fn six_tail(fields: &Fields<'_>, hasher: &mut Sha256) {
    hasher.update(fields.committed_at);
    hasher.update("\0");
    hasher.update(fields.author);
    hasher.update("\0");
    hasher.update(fields.signer_public_key);
}

/// Hashes `commit <n>⏚` and the head of the six fields.
fn typed_head(fields: &Fields<'_>) -> Sha256 {
    let parents: usize = fields.parents.iter().map(|id| id::bare(id).len()).sum();
    let parents = parents + fields.parents.len().saturating_sub(1);
    let snapshot = fields.snapshot_id.map_or(0, |id| id::bare(id).len());
    let head = parents + snapshot + fields.message.len() + 3;
    let tail = fields.committed_at.len() + fields.author.len() + fields.signer_public_key.len() + 2;
    let header = frame::header(Kind::Commit, (head + tail) as u64);
    six_head(fields, Sha256::new_with_prefix(header))
}

/// Hashes join(s, [join(s, sorted(parents)), snapshot_id, message, …, with ids as spelt.
fn four_head(fields: &Fields<'_>, separator: &str) -> Sha256 {
    head(fields, (|id| id, separator), Sha256::new())
}

/// Hashes … committed_at])
fn four_tail(fields: &Fields<'_>, hasher: &mut Sha256) {
    hasher.update(fields.committed_at);
}
