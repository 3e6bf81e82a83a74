//! The newest sound checkpoint: whole, its own number and repository, and joined to the one before it.

use super::{Checkpoint, MAX_BYTES, Unsound};
use crate::backend::{Backend, BackendError, Key, layout};
use crate::store::{Store, StoreError};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// The most checkpoints that are read, newest first.
const LOOKED_AT: usize = 64;

/// A checkpoint that is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    pub key: String,
    pub why: String,
}

/// The store's knowledge of one repository's refs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Newest {
    /// The newest sound one, and its key.
    pub sound: Option<(Key, Checkpoint)>,
    /// Newer ones that are not trusted, newest first.
    pub passed: Vec<Passed>,
    /// The highest number that any key has; 0 where there is none.
    pub(super) last: u64,
    /// sha256 in hex of the newest that is whole: what the next one names.
    pub(super) link: Option<String>,
}

impl Store {
    /// Returns the newest sound checkpoint of a repository.
    ///
    /// # Errors
    /// A store that does not answer: then nothing is known.
    pub async fn newest_checkpoint(&self, repo_id: &str) -> Result<Newest, StoreError> {
        Ok(newest(self.backend(), &layout::checkpoint_prefix(repo_id)).await?)
    }
}

/// Returns the newest sound checkpoint under a prefix, and what was passed over on the way to it.
///
/// A checkpoint is proved by the one that was the newest whole one when it was written: its hash is
/// what the later one names. The first names none, and none may precede it.
pub(in crate::store) async fn newest(
    backend: &dyn Backend,
    prefix: &str,
) -> Result<Newest, BackendError> {
    let (mut keys, all) = whole_listing(backend, prefix).await?;
    let mut out = Newest {
        last: keys.back().map_or(0, |(sequence, ..)| *sequence),
        ..Newest::default()
    };
    // Whole, and waiting for the one before it.
    let mut waiting: Option<(Key, Checkpoint)> = None;
    while let Some((sequence, key, size)) = keys.pop_back() {
        let (checkpoint, hash) = match whole(backend, &key, sequence, prefix, size).await? {
            Ok(found) => found,
            Err(why) => {
                out.pass(&key, &why);
                continue;
            }
        };
        out.link.get_or_insert_with(|| hash.clone());
        if let Some((later, found)) = waiting.take() {
            if found.previous.as_ref() == Some(&hash) {
                out.trust(later, found);
                return Ok(out);
            }
            out.pass(&later, &Unsound::Unlinked(key.clone()));
        }
        waiting = Some((key, checkpoint));
    }
    match waiting {
        Some((key, found)) if found.previous.is_none() && all => out.trust(key, found),
        Some((key, _)) => out.pass(&key, &Unsound::BeforeGone),
        None => {}
    }
    Ok(out)
}

impl Newest {
    fn trust(&mut self, key: Key, found: Checkpoint) {
        // What is below it is of no use to anybody any more.
        self.passed
            .retain(|passed| passed.key.as_str() > key.as_str());
        self.sound = Some((key, found));
    }

    fn pass(&mut self, key: &Key, why: &Unsound) {
        let (key, why) = (key.to_string(), why.to_string());
        self.passed.push(Passed { key, why });
    }
}

/// Returns the newest keys by number, and whether these are all.
async fn listed(
    backend: &dyn Backend,
    prefix: &str,
) -> Result<(VecDeque<(u64, Key, u64)>, bool), BackendError> {
    let (mut keys, mut all) = (VecDeque::new(), true);
    let mut entries = backend.list(prefix, None);
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        let number = layout::recognise_checkpoint(&entry.key).map(|(_, sequence)| sequence);
        if let (Some(sequence), Ok(key)) = (number, Key::new(entry.key)) {
            keys.push_back((sequence, key, entry.size));
        }
        if keys.len() > LOOKED_AT {
            keys.pop_front();
            all = false;
        }
    }
    Ok((keys, all))
}

/// Returns the newest keys, once the number behind the last listed one is free: a listing that is short would make an
/// older checkpoint the newest. A writer that takes the number meanwhile shows in the next listing.
async fn whole_listing(
    backend: &dyn Backend,
    prefix: &str,
) -> Result<(VecDeque<(u64, Key, u64)>, bool), BackendError> {
    let mut before = None;
    loop {
        let (keys, all) = listed(backend, prefix).await?;
        let last = keys.back().map_or(0, |(sequence, ..)| *sequence);
        let Some(next) = layout::checkpoint_key_below(prefix, last + 1) else {
            return Ok((keys, all));
        };
        if backend.head(&next).await?.is_none() {
            return Ok((keys, all));
        }
        if before == Some(last) {
            return Err(open_question(
                &next,
                "it exists but was not listed, so the listing is incomplete; try again",
            ));
        }
        before = Some(last);
    }
}

fn open_question(key: &Key, why: &str) -> BackendError {
    BackendError::Remote {
        what: key.to_string(),
        why: why.into(),
    }
}

/// Reads of a checkpoint at most, until two in a row give the same bytes.
const READS: u32 = 4;

/// Reads a checkpoint that is complete and stored under its own key, with its hash; or says why it is not trusted.
/// Nothing proves the newest one, so two reads have to agree on every checkpoint, and one that is refused has as many
/// bytes as are listed.
async fn whole(
    backend: &dyn Backend,
    key: &Key,
    sequence: u64,
    prefix: &str,
    listed: u64,
) -> Result<Result<(Checkpoint, String), Unsound>, BackendError> {
    let mut before = None;
    for _ in 0..READS {
        let bytes = match backend.open(key).await? {
            None => return Err(open_question(key, "it was listed but does not exist")),
            Some(body) if body.meta.size > MAX_BYTES => {
                let size = body.meta.size;
                return Ok(Err(Unsound::TooLarge { size }));
            }
            Some(body) => body.read_all(MAX_BYTES).await?,
        };
        if before.as_ref() != Some(&bytes) {
            before = Some(bytes);
            continue;
        }
        return match checked(&bytes, sequence, prefix) {
            Err(_) if bytes.len() as u64 != listed => {
                let why = format!("{} bytes came, but {listed} are listed", bytes.len());
                Err(open_question(key, &why))
            }
            checked => Ok(checked.map(|found| (found, hex::encode(Sha256::digest(&bytes))))),
        };
    }
    Err(open_question(
        key,
        "no two reads in a row give the same bytes",
    ))
}

fn checked(bytes: &[u8], sequence: u64, prefix: &str) -> Result<Checkpoint, Unsound> {
    let found = Checkpoint::decode(bytes)?;
    if found.sequence != sequence {
        return Err(Unsound::Number(found.sequence));
    }
    if layout::checkpoint_prefix(&found.refs.repo.repo_id) != prefix {
        return Err(Unsound::OtherRepo);
    }
    Ok(found)
}
