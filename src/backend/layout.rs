//! Which keys objects lie under, by era. New objects go to the first; listing knows them all.

use super::uri::Key;
use crate::object::ObjectId;

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

/// The key that a new object gets; `None` for an id without digest, which nothing is written under.
#[must_use]
pub fn key_for(id: &ObjectId) -> Option<Key> {
    let (algo, hex) = (id.algo()?.as_str(), id.hex()?);
    Key::new(format!("objects/{algo}/{}/{}", &hex[..2], &hex[2..])).ok()
}

/// Every key that some era would have given an object, today's first.
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

/// The digest that a key names under some layout.
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

/// Keys that are not objects and are nobody's fault: what Luthier itself keeps beside them.
#[must_use]
pub fn is_own(key: &str) -> bool {
    ["refs/", "_quarantine/", "_luthier/"]
        .iter()
        .any(|own| key.starts_with(own))
}
