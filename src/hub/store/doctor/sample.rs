//! Checks whether the two sides of a hub belong together: a few rows of each kind, spread over all ids, and their
//! objects.

mod told;

pub(super) use told::check;

use crate::backend::{Backend, BackendError, Key, UriRefusal, layout};
use crate::index::{Index, IndexError};
use crate::store::Hub;
use crate::store::hub::ObjectStore;
use crate::text;
use futures_util::StreamExt;
use luthier_object::{Kind, ObjectId};
use std::collections::BTreeSet;
use std::path::Path;

/// Rows of each kind, and keys of the store, that are looked at.
const SAMPLE: usize = 20;

/// Rows that are passed over in search of one that says where its object is.
const WINDOW: u32 = 500;

/// Fewer rows say nothing by having lost their objects.
const FEW: u64 = 5;

/// Keys that a search for the right place lists, and those that a sample of keys is taken from.
const LISTED: usize = 5_000;
const KEYS: usize = 1_000;

/// Questions without an answer after which no more are asked: each takes as long as the store's patience.
const UNANSWERED: u64 = 3;

/// Keys that a place has to be shown to hold.
const TRIED: usize = 3;

/// The result of a sample of rows and store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pair {
    /// Objects of sampled rows are there: so many of so many. `unread` are others whose question had no answer;
    /// `why` says it of one.
    Fits {
        found: u64,
        asked: u64,
        unread: u64,
        why: Option<String>,
    },
    /// There is nothing to compare.
    Silent,
    /// No sampled row has its object here. `meant` is the URL of the store that has them, where that shows.
    OtherStore { why: String, meant: Option<String> },
    /// No row has one of the sampled objects.
    OtherDatabase { why: String },
    /// The store gave no answer.
    Unknown { why: String },
}

impl Pair {
    /// Returns the reason why nothing must be repaired here; `None` if nothing speaks against it.
    #[must_use]
    pub fn alarm(&self) -> Option<String> {
        match self {
            Pair::OtherStore { why, meant } => Some(match meant {
                Some(url) => {
                    format!("this looks like another store: {why}; they are under --store {url}")
                }
                None => format!("this looks like another store: {why}"),
            }),
            Pair::OtherDatabase { why } => Some(format!("this looks like another database: {why}")),
            Pair::Fits { .. } | Pair::Silent | Pair::Unknown { .. } => None,
        }
    }
}

/// The sampled rows' objects.
#[derive(Default)]
struct Sample {
    /// There, under a key of a known layout.
    found: u64,
    /// There, and their keys start before or behind the start of this store: URLs of the stores that have them
    /// under keys of a known layout.
    shifted: Vec<String>,
    /// Keys under which nothing was found.
    absent: Vec<Key>,
    /// The rows' URIs that this store does not follow because they are elsewhere.
    elsewhere: Vec<String>,
    /// Blobs are in packs, whose keys no row tells.
    packed: bool,
    /// Questions without an answer, and why one had none.
    unread: u64,
    unknown: Option<String>,
}

/// Samples a hub. With `whole` every sampled row is looked at, else it ends with the first object that is
/// found: one is enough to know that the sides belong together.
///
/// # Errors
/// The database cannot be read.
pub async fn look(
    index: &dyn Index,
    backend: &dyn Backend,
    hub: &Hub,
    whole: bool,
) -> Result<Pair, IndexError> {
    let mut sample = Sample::of(index, backend, hub, whole).await?;
    let lost = (sample.absent.len() + sample.elsewhere.len()) as u64;
    if sample.found == 0 && sample.shifted.len() as u64 >= FEW {
        return Ok(Pair::OtherStore {
            why: format!("{} is not where the rows' objects are", hub.objects.url()),
            meant: sample.shifted.pop(),
        });
    }
    sample.found += sample.shifted.len() as u64;
    if sample.found > 0 {
        let asked = sample.found + lost;
        return Ok(Pair::Fits {
            found: sample.found,
            asked,
            unread: sample.unread,
            why: sample.unknown,
        });
    }
    if let Some(why) = sample.unknown {
        return Ok(Pair::Unknown { why });
    }
    if lost == 0 && sample.packed {
        return Ok(Pair::Silent);
    }
    if lost == 0 {
        return other_database(index, backend).await;
    }
    let meant = meant(backend, hub, &sample).await;
    if lost < FEW && meant.is_none() {
        return Ok(Pair::Silent);
    }
    let mut why = format!(
        "none of the {} that sampled rows point to is in {}",
        text::plural(lost, "object"),
        hub.objects.url()
    );
    if let Some(first) = sample.elsewhere.first() {
        why += &format!(" (they point to {first})");
    }
    Ok(Pair::OtherStore { why, meant })
}

impl Sample {
    /// Takes it: as far as one object where the sample is not `whole`, and as far as the store answers.
    async fn of(
        index: &dyn Index,
        backend: &dyn Backend,
        hub: &Hub,
        whole: bool,
    ) -> Result<Self, IndexError> {
        let mut sample = Self::default();
        for kind in Kind::ALL {
            for uri in uris(index, kind, whole).await? {
                sample.take(backend, hub, &uri).await;
                let is_enough = sample.found > 0 && !whole;
                if is_enough || sample.unread >= UNANSWERED {
                    return Ok(sample);
                }
            }
        }
        Ok(sample)
    }

    /// Looks for the pack of a blob under the keys that packs usually have. Where it has none of them, nothing is said:
    /// only a listing would find it.
    async fn take_packed(&mut self, backend: &dyn Backend, key: &Key) {
        self.packed = true;
        let pack = key.in_pack().map(|place| place.pack.as_str());
        for key in layout::keys_for_pack(pack.unwrap_or_default()) {
            match backend.head(&key).await {
                Ok(Some(_)) => {
                    self.found += 1;
                    return;
                }
                Ok(None) => {}
                Err(error) => {
                    self.unread += 1;
                    self.unknown = Some(error.to_string());
                    return;
                }
            }
        }
    }

    async fn take(&mut self, backend: &dyn Backend, hub: &Hub, uri: &str) {
        if let Ok(key) = Key::in_pack_at(uri, &ObjectId::new("")) {
            return self.take_packed(backend, &key).await;
        }
        let key = match backend.locate(uri) {
            Ok(key) => key,
            Err(
                UriRefusal::ForeignScheme(_)
                | UriRefusal::ForeignBucket { .. }
                | UriRefusal::OutsidePrefix(_),
            ) => {
                self.elsewhere.push(text::cut(uri, 120).into_owned());
                return;
            }
            // It says nothing of another store.
            Err(_) => return,
        };
        match backend.head(&key).await {
            Ok(Some(_)) => match shifted(hub, &key) {
                Some(url) => self.shifted.push(url),
                None => self.found += 1,
            },
            Ok(None) => self.absent.push(key),
            Err(error) => {
                self.unread += 1;
                self.unknown = Some(error.to_string());
            }
        }
    }
}

/// Returns the store in which an object has a key of a known layout, where it has none in this one.
fn shifted(hub: &Hub, key: &Key) -> Option<String> {
    let key = key.as_str();
    if layout::recognise(key).is_some() {
        return None;
    }
    let behind = key.match_indices('/').find_map(|(at, _)| {
        let (prefix, rest) = key.split_at(at + 1);
        layout::recognise(rest).map(|_| prefix)
    });
    if let Some(prefix) = behind {
        return below(&hub.objects, prefix);
    }
    let ObjectStore::S3(place) = &hub.objects else {
        return None;
    };
    let part = place.prefix.trim_end_matches('/').rsplit('/').next()?;
    layout::recognise(&format!("{part}/{key}"))?;
    above(&hub.objects, part)
}

/// Returns the URIs of sampled rows of one kind; those of one row, unless it is the `whole` sample.
async fn uris(index: &dyn Index, kind: Kind, whole: bool) -> Result<Vec<String>, IndexError> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    let wanted = if whole { SAMPLE } else { FEW as usize };
    // Ids start with `sha256:` and hex digits, or with the digits alone.
    for start in ["sha256:", ""] {
        for n in 0..wanted {
            let after = match n {
                0 => start.to_owned(),
                n => format!("{start}{:02x}", n * 256 / wanted),
            };
            let next = index.next_located(kind, &after, WINDOW).await?;
            let Some((id, uri)) = next else {
                continue;
            };
            if seen.insert(id) {
                out.push(uri);
            }
        }
        if out.len() >= wanted {
            break;
        }
    }
    out.truncate(wanted);
    Ok(out)
}

/// Returns whether the store holds objects of which the rows know none.
async fn other_database(index: &dyn Index, backend: &dyn Backend) -> Result<Pair, IndexError> {
    let mut digests = Vec::new();
    let mut entries = backend.list("", None).take(KEYS);
    while let Some(entry) = entries.next().await {
        match entry {
            Ok(entry) => digests.extend(layout::recognise(&entry.key).map(|(_, hex)| hex)),
            Err(error) => {
                let why = error.to_string();
                return Ok(Pair::Unknown { why });
            }
        }
    }
    let step = digests.len().div_ceil(SAMPLE).max(1);
    let some: Vec<String> = digests.into_iter().step_by(step).collect();
    for digest in &some {
        if !index.ids_with_prefix(digest, 1).await?.is_empty() {
            return Ok(Pair::Silent);
        }
    }
    let count = some.len() as u64;
    Ok(match count >= FEW {
        true => Pair::OtherDatabase {
            why: format!(
                "it has no row for any of the {} sampled in the store",
                text::plural(count, "object")
            ),
        },
        false => Pair::Silent,
    })
}

/// Returns the URL of the store that was probably meant: a level higher, or a level lower where a listing shows it.
async fn meant(backend: &dyn Backend, hub: &Hub, sample: &Sample) -> Option<String> {
    let tried: Vec<&Key> = sample.absent.iter().take(TRIED).collect();
    if let Some(url) = higher(backend, hub, &tried).await {
        return Some(url);
    }
    lower(backend, hub, &tried).await
}

/// Returns a store that starts one level too low holds the keys without their first part.
async fn higher(backend: &dyn Backend, hub: &Hub, tried: &[&Key]) -> Option<String> {
    let (part, _) = tried.first()?.as_str().split_once('/')?;
    for key in tried {
        let rest = key.as_str().strip_prefix(part)?.strip_prefix('/')?;
        let there = backend.head(&Key::new(rest).ok()?).await;
        if matches!(there, Ok(Some(_))) {
            return above(&hub.objects, part);
        }
    }
    None
}

/// Returns the store around this one, where its last part is `part`.
fn above(store: &ObjectStore, part: &str) -> Option<String> {
    match store {
        ObjectStore::Folder(path) if path.file_name()?.to_str() == Some(part) => {
            Some(ObjectStore::Folder(path.parent()?.to_owned()).url())
        }
        ObjectStore::S3(place) => {
            let prefix = place.prefix.strip_suffix('/')?;
            let above = match prefix.rsplit_once('/') {
                Some((above, last)) if last == part => format!("{above}/"),
                None if prefix == part => String::new(),
                _ => return None,
            };
            let mut place = place.clone();
            place.prefix = above;
            Some(ObjectStore::S3(place).url())
        }
        ObjectStore::Folder(_) => None,
    }
}

/// Returns a store that starts a level too high holds the keys behind a prefix, which the start of a listing shows.
async fn lower(backend: &dyn Backend, hub: &Hub, tried: &[&Key]) -> Option<String> {
    let mut seen = BTreeSet::new();
    let mut entries = backend.list("", None).take(LISTED);
    while let Some(Ok(entry)) = entries.next().await {
        for (at, _) in entry.key.match_indices('/') {
            let (prefix, key) = entry.key.split_at(at + 1);
            if layout::recognise(key).is_none() || !seen.insert(prefix.to_owned()) {
                continue;
            }
            if holds(backend, prefix, tried).await {
                return below(&hub.objects, prefix);
            }
        }
    }
    None
}

async fn holds(backend: &dyn Backend, prefix: &str, tried: &[&Key]) -> bool {
    for key in tried {
        let Ok(key) = Key::new(format!("{prefix}{key}")) else {
            return false;
        };
        let there: Result<_, BackendError> = backend.head(&key).await;
        if matches!(there, Ok(Some(_))) {
            return true;
        }
    }
    false
}

/// Returns the store that starts behind `prefix`.
fn below(store: &ObjectStore, prefix: &str) -> Option<String> {
    Some(match store {
        ObjectStore::Folder(path) => {
            let inner = Path::new(prefix.trim_end_matches('/'));
            ObjectStore::Folder(path.join(inner)).url()
        }
        ObjectStore::S3(place) => {
            let mut place = place.clone();
            place.prefix += prefix;
            ObjectStore::S3(place).url()
        }
    })
}
