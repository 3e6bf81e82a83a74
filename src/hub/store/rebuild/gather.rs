//! The scratch file: every key of the listing, every object read and proved.

use super::{Rebuild, RebuildError};
use crate::backend::{Backend, BackendError, Entry, Key, layout};
use crate::index::rebuild_scratch::{BlobFact, CommitFact, TreeFact};
use futures_util::{StreamExt, stream};
use luthier_object::identity::BlobHasher;
use luthier_object::{
    CommitRecord, Kind, MAX_PAYLOAD, ObjectId, Proof, ProofError, Record, pack, time,
};
use tokio::sync::Semaphore;

/// Objects read at once.
const CONCURRENCY: usize = 16;

/// Keys that are remembered as listed and not taken: some 10 MB. Beyond, listings are not asked about again.
pub(super) const REFUSED: usize = 100_000;

/// Facts laid down together.
const BATCH: usize = 1_000;

/// Records held at once, in MiB of their bytes: the largest one takes it all.
const MEMORY: u32 = 272;

/// The contents of a key.
enum Found {
    Commit(CommitFact),
    Tree(TreeFact),
    Blob(BlobFact),
    /// It begins as packs do, and its bytes match the digest in its key.
    Pack(BlobFact),
    /// It begins as packs do, and its bytes match nothing.
    CorruptPack(BlobFact),
    /// It proves nothing.
    Nothing(Key, String),
    Unknown(Key, String),
}

/// Facts that wait to be laid down.
#[derive(Default)]
struct Waiting {
    commits: Vec<CommitFact>,
    trees: Vec<TreeFact>,
    blobs: Vec<BlobFact>,
    hints: Vec<(String, String)>,
}

impl Rebuild<'_> {
    pub(super) async fn gather(&mut self) -> Result<(), RebuildError> {
        self.progress.phase("objects", None);
        let backend = self.target.store().backend();
        let memory = Semaphore::new(MEMORY as usize);
        let mut entries = backend.list("", None);
        let mut waiting = Waiting::default();
        let mut refs_name = String::new();
        loop {
            let (mut batch, mut more) = (Vec::with_capacity(BATCH), false);
            while let Some(entry) = entries.next().await {
                match entry {
                    Ok(entry) => batch.extend(self.sort(entry, &mut refs_name).await?),
                    // The rest of the listing still comes; the keys of the gap are not known.
                    Err(error) => self
                        .report
                        .unknown("(listing)".to_owned(), error.to_string()),
                }
                if batch.len() == BATCH {
                    more = true;
                    break;
                }
            }
            let mut found = stream::iter(batch)
                .map(|(key, hex, entry)| look(backend, &memory, key, hex, entry))
                .buffered(CONCURRENCY);
            while let Some(found) = found.next().await {
                match found {
                    Found::Pack(own) => self.take_pack(own, true).await?,
                    Found::CorruptPack(own) => self.take_pack(own, false).await?,
                    found => self.take(found, &mut waiting),
                }
                self.progress.update(|f| f.done += 1);
                self.progress.checkpoint().await?;
            }
            self.lay_down(&mut waiting).await?;
            if !more {
                return Ok(self.scratch.index().await?);
            }
        }
    }

    /// Returns the key and digits of an entry that may be an object.
    async fn sort(
        &mut self,
        entry: Entry,
        refs_name: &mut String,
    ) -> Result<Option<(Key, String, Entry)>, RebuildError> {
        self.report.listed += 1;
        if let Some((name, _)) = layout::recognise_checkpoint(&entry.key) {
            if name != refs_name {
                name.clone_into(refs_name);
                self.scratch.add_refs_name(name).await?;
            }
            return Ok(None);
        }
        if layout::is_own(&entry.key) {
            return Ok(None);
        }
        match (layout::recognise(&entry.key), Key::new(&entry.key)) {
            (Some((_, hex)), Ok(key)) => return Ok(Some((key, hex, entry))),
            (Some(_), Err(why)) => self.report.skip(entry.key, why.to_string()),
            (None, Ok(key)) if let Some(digest) = layout::recognise_pack(&entry.key) => {
                return Ok(Some((key, hex::encode(digest), entry)));
            }
            (None, _) => self
                .report
                .skip(entry.key, "a key of no known layout".to_owned()),
        }
        Ok(None)
    }

    fn take(&mut self, found: Found, waiting: &mut Waiting) {
        let (hex, key) = match &found {
            Found::Commit(fact) => (&fact.hex, &fact.key),
            Found::Tree(fact) => (&fact.hex, &fact.key),
            Found::Blob(fact) | Found::Pack(fact) | Found::CorruptPack(fact) => {
                (&fact.hex, &fact.key)
            }
            Found::Nothing(key, why) => {
                self.refuse(key);
                return self.report.skip(key.to_string(), why.clone());
            }
            Found::Unknown(key, why) => {
                self.refuse(key);
                return self.report.unknown(key.to_string(), why.clone());
            }
        };
        if let Some(repo) = layout::repo_of(key) {
            waiting.hints.push((hex.clone(), repo.to_owned()));
        }
        match found {
            Found::Commit(fact) => waiting.commits.push(fact),
            Found::Tree(fact) => waiting.trees.push(fact),
            Found::Blob(fact) => waiting.blobs.push(fact),
            Found::Pack(..) | Found::CorruptPack(..) | Found::Nothing(..) | Found::Unknown(..) => {}
        }
    }

    pub(super) fn refuse(&mut self, key: &Key) {
        if self.refused.len() < REFUSED {
            self.refused.insert(key.to_string());
        }
    }

    async fn lay_down(&self, waiting: &mut Waiting) -> Result<(), RebuildError> {
        self.scratch.add_commits(&waiting.commits).await?;
        self.scratch.add_trees(&waiting.trees).await?;
        self.scratch.add_blobs(&waiting.blobs).await?;
        self.scratch.add_hints(&waiting.hints).await?;
        *waiting = Waiting::default();
        Ok(())
    }
}

/// Reads an object and says what it is. Wrong takes two reads.
async fn look(
    backend: &dyn Backend,
    memory: &Semaphore,
    key: Key,
    hex: String,
    entry: Entry,
) -> Found {
    let mut refused = String::new();
    for _ in 0..2 {
        match once(backend, memory, &key, &hex, &entry).await {
            Ok(Ok(found)) => return found,
            Ok(Err(why)) => refused = why.to_string(),
            Err(error) => {
                let why = error.reason(key.as_str());
                return Found::Unknown(key, why);
            }
        }
    }
    Found::Nothing(key, refused)
}

/// Returns the digest in the key decides: bytes that prove as the blob of it are a blob, whatever they parse as.
async fn once(
    backend: &dyn Backend,
    memory: &Semaphore,
    key: &Key,
    hex: &str,
    entry: &Entry,
) -> Result<Result<Found, ProofError>, BackendError> {
    let Some(mut body) = backend.open(key).await? else {
        return Err(open_question(key, "it was listed but does not exist"));
    };
    let id = ObjectId::new(hex);
    let announced = body.meta.size;
    let mut hasher = BlobHasher::new(announced);
    let (mut size, mut record) = (0u64, Vec::new());
    let (mut held, mut is_pack) = (None, false);
    while let Some(chunk) = body.stream.next().await {
        let chunk = chunk?;
        if size == 0 && announced <= MAX_PAYLOAD as u64 + 64 && record_kind(&chunk).is_some() {
            // Never closed, and no object asks for more than there is.
            held = memory.acquire_many((announced >> 20) as u32 + 1).await.ok();
        }
        is_pack |= size == 0 && pack::may_be(&chunk);
        hasher.update(&chunk);
        size += chunk.len() as u64;
        if size > announced {
            break;
        }
        if held.is_some() {
            record.extend_from_slice(&chunk);
        }
    }
    if size != announced {
        return Err(BackendError::WrongLength { announced });
    }
    if let (Ok(proof), _) = Proof::of_blob(&id, hasher) {
        return Ok(Ok(blob(fact(proof, size, entry, key), is_pack, key)));
    }
    let found = match record_kind(&record) {
        Some(kind) => Proof::read(kind, &id, &record).map(|proof| fact(proof, size, entry, key)),
        None => Err(ProofError::NotReproduced),
    };
    // An empty answer or an error page says nothing of the object.
    if found.is_err() && size != entry.size {
        let listed = entry.size;
        return Err(open_question(
            key,
            &format!("{size} bytes came, but {listed} are listed"),
        ));
    }
    if found.is_err() && is_pack {
        let own = blob_fact(hex.to_owned(), size, entry, key);
        return Ok(Ok(Found::CorruptPack(own)));
    }
    Ok(found)
}

/// Returns a proved blob as what it is: under a key that only packs have, nothing but a pack counts.
fn blob(found: Found, is_pack: bool, key: &Key) -> Found {
    match found {
        Found::Blob(fact) if is_pack => Found::Pack(fact),
        Found::Blob(fact) if layout::recognise(&fact.key).is_none() => {
            let why = "a key of no known layout".to_owned();
            Found::Nothing(key.clone(), why)
        }
        found => found,
    }
}

fn open_question(key: &Key, why: &str) -> BackendError {
    BackendError::Remote {
        what: key.to_string(),
        why: why.into(),
    }
}

/// Returns the kind that the first bytes of a record name.
fn record_kind(start: &[u8]) -> Option<Kind> {
    [Kind::Commit, Kind::Snapshot].into_iter().find(|kind| {
        let word = kind.as_str().as_bytes();
        start.starts_with(word) && start.get(word.len()) == Some(&b' ')
    })
}

/// Returns the scratch file's fact about a valid object of `size` bytes.
fn fact(proof: Proof, size: u64, entry: &Entry, key: &Key) -> Found {
    let digits = |id: &ObjectId| id.hex().map(str::to_owned);
    let hex = digits(proof.id()).unwrap_or_default();
    let (name, rank) = (key.to_string(), rank(key));
    match proof.into_record() {
        Record::Commit(record, _) => Found::Commit(CommitFact {
            hex,
            key: name,
            rank,
            without_digits: without_digits(&record),
            snapshot: record.snapshot_id.as_ref().and_then(digits),
            parents: record.parents().filter_map(digits).collect(),
            at: time::parse(&record.committed_at),
            id: record.commit_id.as_str().to_owned(),
            branch: record.branch,
            hint: record.repo_id,
        }),
        Record::Snapshot(record, _) => Found::Tree(TreeFact {
            hex,
            key: name,
            rank,
            id: record.snapshot_id.as_str().to_owned(),
            at: time::parse(&record.created_at),
        }),
        Record::Blob(_) => Found::Blob(blob_fact(hex, size, entry, key)),
    }
}

/// Returns what a commit refers to by an id that holds no digits.
fn without_digits(record: &CommitRecord) -> Vec<(Kind, String)> {
    let parents = record.parents().map(|id| (Kind::Commit, id));
    let tree = record.snapshot_id.iter().map(|id| (Kind::Snapshot, id));
    parents
        .chain(tree)
        .filter(|(_, id)| id.hex().is_none())
        .map(|(kind, id)| (kind, id.as_str().to_owned()))
        .collect()
}

fn blob_fact(hex: String, size: u64, entry: &Entry, key: &Key) -> BlobFact {
    BlobFact {
        hex,
        key: key.to_string(),
        rank: rank(key),
        size,
        is_pack: false,
        modified: entry.modified,
    }
}

/// Ranks the keys of one object: the one of the newer layout wins.
fn rank(key: &Key) -> u8 {
    layout::recognise(key.as_str()).map_or(u8::MAX, |(layout, _)| layout as u8)
}
