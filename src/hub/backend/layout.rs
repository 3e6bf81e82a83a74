//! Keys of objects, by era. New objects use the first layout; listing knows all of them.

use super::uri::Key;
use luthier_object::ObjectId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

/// An era's way to name a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `objects/<algo>/<first 2 hex>/<other 62 hex>`: where new objects go.
    Fanout,
    /// `objects/sha256:<hex>`, May 2026.
    Flat,
    /// `objects/<hex>`, left by a faulty script.
    FlatBare,
    /// `objects/<repo_id>/sha256_<hex>`, March 2026 in a bucket.
    RepoInBucket,
    /// `<repo_id>/<hex>`, `<repo_id>/sha256_<hex>` or `<repo_id>/sha256-<hex>`, March 2026 in a folder.
    RepoInFolder,
}

/// Returns the key that a new object gets; `None` for an id without digest, which nothing is written under.
#[must_use]
pub fn key_for(id: &ObjectId) -> Option<Key> {
    let (algo, hex) = (id.algo()?.as_str(), id.hex()?);
    Key::new(format!("objects/{algo}/{}/{}", &hex[..2], &hex[2..])).ok()
}

/// Returns every key that some era would have given an object, today's first.
#[must_use]
pub fn keys_for(id: &ObjectId, repo_id: Option<&str>) -> Vec<Key> {
    let Some(hex) = id.hex() else {
        return Vec::new();
    };
    let mut texts = vec![format!("objects/sha256:{hex}"), format!("objects/{hex}")];
    if let Some(repo) = repo_id {
        texts.push(format!("objects/{repo}/sha256_{hex}"));
        texts.push(format!("{repo}/{hex}"));
        texts.push(format!("{repo}/sha256_{hex}"));
        texts.push(format!("{repo}/sha256-{hex}"));
    }
    key_for(id)
        .into_iter()
        .chain(texts.into_iter().filter_map(|text| Key::new(text).ok()))
        .collect()
}

/// Returns the digest that a key names under some layout.
#[must_use]
pub fn recognise(key: &str) -> Option<(Layout, String)> {
    let digest = |hex: &str| {
        ObjectId::new(hex)
            .hex()
            .filter(|h| *h == hex)
            .map(str::to_owned)
    };
    let parts: Vec<&str> = key.split('/').collect();
    match parts.as_slice() {
        ["objects", "sha256", two, rest] if two.len() == 2 => {
            Some((Layout::Fanout, digest(&format!("{two}{rest}"))?))
        }
        ["objects", name] => match name.strip_prefix("sha256:") {
            Some(hex) => Some((Layout::Flat, digest(hex)?)),
            None => Some((Layout::FlatBare, digest(name)?)),
        },
        ["objects", _repo, name] => {
            Some((Layout::RepoInBucket, digest(name.strip_prefix("sha256_")?)?))
        }
        [_repo, name] => {
            let hex = name
                .strip_prefix("sha256_")
                .or_else(|| name.strip_prefix("sha256-"))
                .unwrap_or(name);
            Some((Layout::RepoInFolder, digest(hex)?))
        }
        _ => None,
    }
}

/// The folders in which hubs are likely to keep packs.
const PACK_FOLDERS: [&str; 3] = ["packs", "mpacks", "mpack"];

/// Returns the keys under which a pack is looked for before the store is listed, by its 64 digits.
#[must_use]
pub fn keys_for_pack(hex: &str) -> Vec<Key> {
    let own = ObjectId::new(format!("sha256:{hex}"));
    let mut out = keys_for(&own, None);
    for folder in PACK_FOLDERS {
        for name in [
            format!("{hex}.mpack"),
            format!("sha256:{hex}"),
            hex.to_owned(),
        ] {
            out.extend(Key::new(format!("{folder}/{name}")).ok());
        }
    }
    out
}

/// Returns whether a key is the place of another digest than this id's: what lies there is not that object's to replace.
#[must_use]
pub fn is_of_another(key: &Key, id: &ObjectId) -> bool {
    recognise(key.as_str()).is_some_and(|(_, digest)| id.hex() != Some(digest.as_str()))
}

/// Returns the digest of the pack that a key may hold: that of the 64 hex digits at its end.
#[must_use]
pub fn recognise_pack(key: &str) -> Option<[u8; 32]> {
    let key = key.strip_suffix(".mpack").unwrap_or(key);
    let start = key.len().checked_sub(64)?;
    let split = key.len().checked_sub(65);
    let (name, before) = match key.get(start..).filter(|name| !name.contains('/')) {
        Some(name) => (name.to_owned(), &key[..start]),
        None => {
            let tail = key.get(split?..)?;
            let (two, rest) = tail.split_once('/').filter(|(two, _)| two.len() == 2)?;
            (format!("{two}{rest}"), &key[..split?])
        }
    };
    let stands_alone = !before.ends_with(|c: char| c.is_ascii_alphanumeric());
    ObjectId::new(name).digest().filter(|_| stands_alone)
}

/// The longest name that a repository gives its folder of ref checkpoints, in bytes: what every file
/// system takes.
const LONGEST_NAME: usize = 200;

/// Digits of a checkpoint's number: with leading zeros, keys sort as the numbers do.
const DIGITS: usize = 12;

/// The bytes that a name keeps. Every other byte is percent-encoded, so that the name is one part of a key whatever the
/// id holds.
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// Returns the folder name of a repository's ref checkpoints: its id percent-encoded, or, where that is too long,
/// `%` and the sha256 of the id.
fn refs_name(repo_id: &str) -> String {
    let name = utf8_percent_encode(repo_id, NAME).to_string();
    // No encoded id is a `%` alone, or has a letter behind its `%` that is no upper-case hex digit.
    match name.len() {
        0 => "%".to_owned(),
        1..=LONGEST_NAME => name,
        _ => format!("%x{}", hex::encode(Sha256::digest(repo_id))),
    }
}

/// Returns the repository whose ref checkpoints are under `name`; `None` where the name does not say.
#[must_use]
pub fn repo_of_refs_name(name: &str) -> Option<String> {
    let decoded = match name {
        "%" => String::new(),
        name => percent_decode_str(name).decode_utf8().ok()?.into_owned(),
    };
    (refs_name(&decoded) == name).then_some(decoded)
}

/// Returns the repository that a key names under the layouts of March 2026.
#[must_use]
pub fn repo_of(key: &str) -> Option<&str> {
    let (layout, _) = recognise(key)?;
    let mut parts = key.split('/');
    match layout {
        Layout::RepoInBucket => parts.nth(1),
        Layout::RepoInFolder => parts.next(),
        Layout::Fanout | Layout::Flat | Layout::FlatBare => None,
    }
}

/// Returns the prefix of all checkpoints of a repository.
#[must_use]
pub fn checkpoint_prefix(repo_id: &str) -> String {
    format!("refs/{}/", refs_name(repo_id))
}

/// Returns the key of a repository's ref checkpoint; `None` for a number that no key holds.
#[must_use]
pub fn checkpoint_key(repo_id: &str, sequence: u64) -> Option<Key> {
    checkpoint_key_below(&checkpoint_prefix(repo_id), sequence)
}

/// Returns the same, below what every ref checkpoint of the repository starts with.
#[must_use]
pub fn checkpoint_key_below(prefix: &str, sequence: u64) -> Option<Key> {
    let number = format!("{sequence:0DIGITS$}");
    let fits = sequence > 0 && number.len() == DIGITS;
    let key = || Key::new(format!("{prefix}{number}.json")).ok();
    fits.then(key).flatten()
}

/// Returns the name of the repository and the number that a ref checkpoint's key holds.
#[must_use]
pub fn recognise_checkpoint(key: &str) -> Option<(&str, u64)> {
    let (name, file) = key.strip_prefix("refs/")?.split_once('/')?;
    let number = file.strip_suffix(".json")?;
    let digits = number.len() == DIGITS && number.bytes().all(|b| b.is_ascii_digit());
    let sequence: u64 = number.parse().ok().filter(|n| digits && *n > 0)?;
    Some((name, sequence))
}

/// Returns the key under which a run keeps bytes that it replaces.
#[must_use]
pub fn quarantine_key(run: &str, key: &Key) -> Option<Key> {
    Key::new(format!("_quarantine/{run}/{key}")).ok()
}

/// Keys that are not objects and are nobody's fault: what Luthier itself keeps beside them.
#[must_use]
pub fn is_own(key: &str) -> bool {
    recognise_checkpoint(key).is_some()
        || ["_quarantine/", "_luthier/"]
            .iter()
            .any(|own| key.starts_with(own))
}

#[cfg(test)]
#[path = "../../../tests/backend/layout.rs"]
mod tests;
