//! Packs as a whole: those that rows or the index name, and the store does not have or has in another shape.

use super::AuditError;
use super::Depth;
use super::evidence::{DamagedPack, Evidence, LostPack};
use super::finding::{Finding, Subject};
use super::scan::Scan;
use futures_util::{StreamExt, stream};
use luthier_hub::backend::{BackendError, Key};
use luthier_hub::index::audit_scratch::PackedRecord;
use luthier_hub::store::Store;
use luthier_hub::store::packs::{Contents, PackObject};
use luthier_object::ObjectId;
use std::collections::VecDeque;
use tokio::task::JoinSet;
use tracing::Instrument;

/// Packs looked at together; each is read in parts.
const TOGETHER: usize = 4;

/// Of a pack that was read: its damage, if it has any.
type Known = Option<Option<DamagedPack>>;

/// A pack, and who names it.
#[derive(Clone, Debug, Default)]
pub(super) struct NamedPack {
    /// Blob rows.
    blobs: u64,
    /// The first of them.
    first: Option<String>,
    /// Its repository.
    repo: String,
    /// Its id as the index spells it.
    pub indexed: Option<String>,
}

impl NamedPack {
    /// Notes a blob row that names the pack.
    pub fn name(&mut self, blob: &str, repo: &str) {
        self.blobs += 1;
        self.first.get_or_insert_with(|| blob.to_owned());
        if self.repo.is_empty() {
            repo.clone_into(&mut self.repo);
        }
    }
}

/// Reads every pack that is there to its end, at depth bytes, once, before the blobs are judged: what a whole pack proves of its blobs
/// goes into the scratch file, and no blob's own range is read again.
pub(super) async fn read(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    if scan.options.depth != Depth::Bytes {
        return Ok(());
    }
    let mut open: VecDeque<String> = scan.packs.keys().cloned().collect();
    open.extend(scan.packs_of_rows().await?);
    scan.progress
        .phase("reading packs", Some(open.len() as u64));
    let mut reading = JoinSet::new();
    loop {
        while reading.len() < TOGETHER
            && let Some(hex) = open.pop_front()
        {
            let store = scan.store.clone();
            // Tasks, so that they hash on every core.
            reading.spawn(async move { read_one(&store, hex).await }.in_current_span());
        }
        let Some(read) = reading.join_next().await else {
            return Ok(());
        };
        scan.progress.update(|f| f.done += 1);
        scan.progress.checkpoint().await?;
        // What gave no answer is asked again, blob by blob.
        let Ok(Ok(Some((hex, read)))) = read else {
            continue;
        };
        scan.scratch.add_packed(read.records).await?;
        scan.read_packs.insert(hex, read.damage);
    }
}

/// What is kept of a pack that was read.
struct ReadPack {
    records: Vec<PackedRecord>,
    /// Why it is not what its id says.
    damage: Option<DamagedPack>,
}

async fn read_one(store: &Store, hex: String) -> Result<Option<(String, ReadPack)>, BackendError> {
    let Some(pack) = store.pack(&hex).await? else {
        return Ok(None);
    };
    let contents = store.read_pack(&hex, &pack).await?;
    let digest = ObjectId::new(&hex).digest();
    let read = ReadPack {
        records: digest.map_or_else(Vec::new, |digest| contents.records(digest).collect()),
        damage: damaged(&pack, &contents),
    };
    Ok(Some((hex, read)))
}

fn damaged(pack: &PackObject, contents: &Contents) -> Option<DamagedPack> {
    let damage = contents.damage.as_ref()?;
    Some(DamagedPack {
        key: pack.key.as_str().to_owned(),
        size: pack.size,
        why: damage.to_string(),
    })
}

/// Looks for every pack; at depth bytes each is read to its end and proved.
pub(super) async fn judge(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    let mut known = std::mem::take(&mut scan.read_packs);
    let packs: Vec<(String, NamedPack, Known)> = scan
        .packs
        .iter()
        .map(|(hex, named)| (hex.clone(), named.clone(), known.remove(hex)))
        .collect();
    scan.progress.phase("packs", Some(packs.len() as u64));
    let (store, read) = (scan.store.clone(), scan.options.depth == Depth::Bytes);
    let mut answers = stream::iter(packs)
        .map(|(hex, named, known)| {
            let store = store.clone();
            async move {
                let answer = match known {
                    Some(damage) => Ok(damage.map(Evidence::PackCorrupt)),
                    None => look(&store, &hex, &named, read).await,
                };
                (hex, named, answer)
            }
        })
        .buffered(TOGETHER);
    while let Some((hex, named, answer)) = answers.next().await {
        scan.progress.update(|f| f.done += 1);
        scan.progress.checkpoint().await?;
        match answer {
            Err(error) => scan.unknown(format!("pack sha256:{hex}: {error}")),
            Ok(None) => {}
            Ok(Some(Evidence::PackMissing(_))) if !is_still_named(scan, &hex, &named).await? => {
                scan.summary.changed += 1;
            }
            Ok(Some(evidence)) => {
                let mut finding = Finding::new(evidence, Subject::Pack, format!("sha256:{hex}"));
                finding.repo = named.repo;
                scan.report(vec![finding]).await?;
            }
        }
    }
    Ok(())
}

/// Returns what is wrong with a pack.
async fn look(
    store: &Store,
    hex: &str,
    named: &NamedPack,
    read: bool,
) -> Result<Option<Evidence>, BackendError> {
    let Some(pack) = store.pack(hex).await? else {
        return Ok(Some(Evidence::PackMissing(LostPack {
            blobs: named.blobs,
            named_by: named.first.clone(),
        })));
    };
    if !read {
        return Ok(None);
    }
    let contents = store.pack_contents(hex, &pack).await?;
    Ok(damaged(&pack, &contents).map(Evidence::PackCorrupt))
}

/// Returns whether the first row that named a pack does so now, or the index does.
async fn is_still_named(scan: &Scan<'_>, hex: &str, named: &NamedPack) -> Result<bool, AuditError> {
    let index = scan.store.index();
    if let Some(first) = &named.first {
        let rows = index.blobs_by_id(std::slice::from_ref(first)).await?;
        let names_it = |uri: &str| {
            let key = Key::in_pack_at(uri, &ObjectId::new(first)).ok();
            key.is_some_and(|key| key.in_pack().is_some_and(|place| place.pack == hex))
        };
        let mut uris = rows.iter().filter_map(|row| row.storage_uri.as_deref());
        return Ok(uris.any(names_it));
    }
    Ok(match &named.indexed {
        None => false,
        Some(id) => {
            // The page behind the text right before this one starts with it.
            let mut before = id.clone();
            before.pop();
            let page = index.pack_ids(Some(&before), 100).await?;
            page.rows.contains(id) || !page.end
        }
    })
}
