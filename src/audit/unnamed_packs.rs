//! Packs that neither a row nor the index names: they may hold a blob that is missing.
//!
//! They are read where a blob is missing that nothing else has, at depth bytes of an audit of the hub, which has the
//! whole listing. Where nothing is missing, no byte of them is read.

use super::evidence::{Absent, Evidence};
use super::fault::Code;
use super::finding::{Finding, Subject};
use super::scan::Scan;
use super::{AuditError, Depth, spool, unreferenced};
use luthier_hub::backend::{BackendError, Key, layout};
use luthier_hub::index::audit_scratch::{FindingRow, ListedKey};
use luthier_hub::store::Store;
use luthier_hub::store::packs::{Contents, PackObject};
use luthier_object::ObjectId;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Missing blobs that are looked for; each takes some 50 bytes.
const LOST: usize = 1_000_000;

/// Findings and keys read at once.
const PAGE: u32 = 500;

/// First bytes that are read of what may be a pack.
const START: u64 = 4;

/// By the digest of a lost blob, the digits of the packs that hold it.
type Found = HashMap<[u8; 32], BTreeSet<String>>;

/// A key that ends in the digits of a pack.
struct Candidate {
    digest: [u8; 32],
    pack: PackObject,
}

/// Looks for missing blobs in packs that nothing names, and says of each key that might have been a pack's that it has no
/// known layout.
pub(super) async fn judge(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    if scan.options.depth == Depth::Bytes {
        search(scan).await?;
    }
    let mut foreign = std::mem::take(&mut scan.maybe_packs);
    foreign.retain(|entry| {
        let pack = layout::recognise_pack(&entry.key).map(hex::encode);
        !pack.is_some_and(|pack| scan.packs.contains_key(&pack))
    });
    unreferenced::flush(scan, &mut Vec::new(), &mut foreign).await
}

/// Looks for missing blobs in the packs that nothing names, and says of each which of them prove that they hold it.
async fn search(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    let lost = lost(scan).await?;
    if lost.is_empty() {
        return Ok(());
    }
    scan.progress.phase("packs that nothing names", None);
    let candidates: Vec<Candidate> = scan
        .maybe_packs
        .iter()
        .filter_map(|entry| candidate(layout::recognise_pack(&entry.key)?, &entry.key, entry.size))
        .collect();
    let mut found = Found::new();
    for candidate in candidates {
        take(scan, &lost, candidate, &mut found).await?;
    }
    let mut after: Option<ListedKey> = None;
    loop {
        let page = scan.scratch.keys_without_row(after.as_ref(), PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        for (key, _) in page.into_iter().filter(|(_, is_named)| !is_named) {
            let digest = ObjectId::new(&key.hex).digest();
            if let Some(candidate) = digest.and_then(|it| candidate(it, &key.key, key.size)) {
                take(scan, &lost, candidate, &mut found).await?;
            }
        }
    }
    name(scan, &found).await
}

/// Returns the digests of the blobs that are missing and that no key and no pack is known to hold.
async fn lost(scan: &Scan<'_>) -> Result<HashSet<[u8; 32]>, AuditError> {
    let (mut out, mut after) = (HashSet::new(), 0);
    loop {
        let rows = missing(scan, after).await?;
        let Some(last) = rows.last().filter(|_| out.len() < LOST) else {
            return Ok(out);
        };
        after = last.n;
        for mut finding in rows.into_iter().filter_map(spool::from_row) {
            if nowhere(&mut finding).is_some() {
                out.extend(ObjectId::new(&finding.id).digest());
            }
        }
    }
}

fn candidate(digest: [u8; 32], key: &str, size: u64) -> Option<Candidate> {
    let key = Key::new(key).ok()?;
    let pack = PackObject { key, size };
    Some(Candidate { digest, pack })
}

/// Reads a pack that nothing names, and notes which lost blobs it proves to hold.
async fn take(
    scan: &mut Scan<'_>,
    lost: &HashSet<[u8; 32]>,
    candidate: Candidate,
    found: &mut Found,
) -> Result<(), AuditError> {
    scan.progress.checkpoint().await?;
    let hex = hex::encode(candidate.digest);
    if scan.packs.contains_key(&hex) {
        return Ok(());
    }
    match read(scan.store, &hex, &candidate.pack).await {
        Err(error) => scan.unknown(format!("pack sha256:{hex}: {error}")),
        Ok(contents) => {
            let digests = contents.proved().filter_map(|(id, _)| id.digest());
            for digest in digests.filter(|digest| lost.contains(digest)) {
                found.entry(digest).or_default().insert(hex.clone());
            }
        }
    }
    scan.progress.update(|f| f.done += 1);
    Ok(())
}

/// Reads a pack to its end, or the first bytes of what is none.
async fn read(store: &Store, hex: &str, pack: &PackObject) -> Result<Contents, BackendError> {
    let start = store
        .backend()
        .open_range(&pack.key, 0, START.min(pack.size));
    let start = match start.await? {
        Some(body) => body.read_all(START).await?,
        None => return Ok(Contents::default()),
    };
    match luthier_object::pack::may_be(&start) {
        true => store.read_pack(hex, pack).await,
        false => Ok(Contents::default()),
    }
}

/// Writes into the findings on missing blobs which packs hold them: a repair takes them from there.
async fn name(scan: &Scan<'_>, found: &Found) -> Result<(), AuditError> {
    let mut after = 0;
    loop {
        let rows = missing(scan, after).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.n;
        let mut changes = Vec::new();
        for row in rows {
            let n = row.n;
            let Some(mut finding) = spool::from_row(row) else {
                continue;
            };
            let id = ObjectId::new(&finding.id);
            let packs = id.digest().and_then(|digest| found.get(&digest));
            if let (Some(packs), Some(absent)) = (packs, nowhere(&mut finding)) {
                let key = |hex| Key::in_pack_at(&format!("mpack://{hex}"), &id).ok();
                let keys = packs.iter().filter_map(key);
                absent.found = Some(keys.map(|key| key.as_str().to_owned()).collect());
                changes.push((n, spool::body(&finding), 0, false));
            }
        }
        scan.scratch.amend_findings(&changes).await?;
    }
}

async fn missing(scan: &Scan<'_>, after: i64) -> Result<Vec<FindingRow>, AuditError> {
    let code = Code::ObjectMissing as u16;
    Ok(scan.scratch.findings_of(&[code], after, PAGE).await?)
}

/// Returns the evidence of a blob that is missing and that nothing is known to hold.
fn nowhere(finding: &mut Finding) -> Option<&mut Absent> {
    match &mut finding.evidence {
        Evidence::ObjectMissing(absent) if finding.kind == Subject::Blob => {
            let is_nowhere = absent.found.as_ref().is_none_or(Vec::is_empty);
            is_nowhere.then_some(absent)
        }
        _ => None,
    }
}
