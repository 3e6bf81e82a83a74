//! The listing, and the keys in it that no row has.

use super::AuditError;
use super::evidence::{Evidence, Foreign, Orphan};
use super::finding::{Finding, Subject};
use super::probe::{ObjectState, Probe, Witness};
use super::scan::{Scan, listed};
use futures_util::{StreamExt, stream};
use luthier_hub::backend::{Key, layout};
use luthier_hub::cause::Cause;
use luthier_hub::index::audit_scratch::ListedKey;
use luthier_object::{Kind, ObjectId};

/// Keys laid down at once.
const BATCH: usize = 5_000;

/// Takes the listing down. A listing that breaks off is an error of the whole audit: without its end,
/// absence means nothing.
pub(super) async fn list(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    scan.progress.phase("listing", None);
    let store = scan.store;
    // Without the store's clock nothing can be said to be older than the listing.
    scan.judge.witness.listed_at = store.backend().now().await.ok();
    let mut entries = store.backend().list("", None);
    let (mut known, mut foreign) = (Vec::new(), Vec::new());
    while let Some(entry) = entries.next().await {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                // The rest of the listing still comes; what is in the gap is asked for key by key.
                scan.unknown(format!("listing: {error}"));
                scan.judge.witness.broken = true;
                continue;
            }
        };
        if layout::is_own(&entry.key) {
            continue;
        }
        scan.summary.checked.listed += 1;
        match layout::recognise(&entry.key) {
            Some(_) => known.extend(listed(entry)),
            None if may_be_pack(scan, &entry.key) => scan.maybe_packs.push(entry),
            None => foreign.push(entry),
        }
        if known.len() == BATCH || foreign.len() == BATCH {
            flush(scan, &mut known, &mut foreign).await?;
            scan.progress
                .update(|f| f.done = scan.summary.checked.listed);
            scan.progress.checkpoint().await?;
        }
    }
    flush(scan, &mut known, &mut foreign).await
}

/// As [`list`] for an audit of one repository, of `most` keys at most. `false` where there are more, or
/// where it breaks off: then nothing of it counts.
pub(super) async fn list_up_to(scan: &mut Scan<'_>, most: u64) -> Result<bool, AuditError> {
    scan.progress.phase("listing", None);
    let store = scan.store;
    let mut entries = store.backend().list("", None);
    let (mut known, mut count) = (Vec::new(), 0);
    while let Some(entry) = entries.next().await {
        count += 1;
        let Some(entry) = entry.ok().filter(|_| count <= most) else {
            scan.summary.checked.listed = 0;
            return Ok(false);
        };
        if layout::is_own(&entry.key) {
            continue;
        }
        scan.summary.checked.listed += 1;
        known.extend(listed(entry));
        if known.len() == BATCH {
            scan.scratch.add_listed(&known).await?;
            known.clear();
            scan.progress.update(|f| f.done = count);
            scan.progress.checkpoint().await?;
        }
    }
    scan.scratch.add_listed(&known).await?;
    Ok(true)
}

/// Lays down what was listed: keys of a known layout as facts, and others as findings.
pub(super) async fn flush(
    scan: &mut Scan<'_>,
    known: &mut Vec<ListedKey>,
    foreign: &mut Vec<luthier_hub::backend::Entry>,
) -> Result<(), AuditError> {
    scan.scratch.add_listed(known).await?;
    known.clear();
    let mut findings = Vec::new();
    for entry in foreign.drain(..) {
        if !scan.too_new(entry.modified) {
            findings.push(foreign_key(
                &entry.key,
                entry.size,
                "a key of no known layout",
            ));
        }
    }
    scan.report(findings).await
}

/// Keys that are held until the rows have said which packs there are.
const MAYBE_PACKS: usize = 200_000;

fn may_be_pack(scan: &Scan<'_>, key: &str) -> bool {
    scan.maybe_packs.len() < MAYBE_PACKS && layout::recognise_pack(key).is_some()
}

fn foreign_key(key: &str, size: u64, why: &str) -> Finding {
    let evidence = Evidence::ObjectForeign(Foreign {
        size: Some(size),
        why: why.to_owned(),
    });
    Finding::new(evidence, Subject::Object, key)
}

/// Reads each key whose digest no row has and nothing names, and says what it is.
pub(super) async fn judge(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    let mut after: Option<ListedKey> = None;
    loop {
        let page = scan.scratch.keys_without_row(after.as_ref(), 500).await?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        after = Some(last.clone());
        let mut unreferenced = Vec::new();
        for (key, is_named) in page {
            // What is named is a missing row, and was said there.
            let is_pack = scan.packs.contains_key(&key.hex);
            if !is_named && !is_pack && !scan.too_new(key.modified) {
                unreferenced.push(key);
            }
        }
        let judge = &scan.judge;
        let answers: Vec<_> = stream::iter(&unreferenced)
            .map(|stray| async move { prove(&judge.store, stray).await })
            .buffered(scan.options.concurrency.max(1))
            .collect()
            .await;
        let mut findings = Vec::new();
        for answer in answers {
            match answer {
                Ok(finding) => findings.push(finding),
                Err(why) => scan.unknown(why.to_string()),
            }
        }
        scan.report(findings).await?;
        scan.progress.checkpoint().await?;
    }
}

/// What a key without row holds: the object of its digest, of whichever kind, or nothing that proves.
async fn prove(store: &luthier_hub::store::Store, stray: &ListedKey) -> Result<Finding, Cause> {
    let id = ObjectId::new(&stray.hex);
    let Ok(key) = Key::new(&stray.key) else {
        return Ok(foreign_key(
            &stray.key,
            stray.size,
            "a key that must not be followed",
        ));
    };
    match kind_under(store, &id, &key, Some(stray.size)).await? {
        Some(kind) => {
            let evidence = Evidence::ObjectOrphan(Orphan {
                proves: kind.as_str().to_owned(),
                size: stray.size,
            });
            Ok(Finding::new(evidence, Subject::Object, &stray.key))
        }
        None => Ok(foreign_key(
            &stray.key,
            stray.size,
            "the bytes do not match the key's digest",
        )),
    }
}

/// Returns the kind whose scheme proves `id` from the bytes under `key`. A blob is tried first, so that it is never
/// taken for a commit because it parses.
///
/// # Errors
/// The store gave no answer.
pub(super) async fn kind_under(
    store: &luthier_hub::store::Store,
    id: &ObjectId,
    key: &Key,
    listed: Option<u64>,
) -> Result<Option<Kind>, Cause> {
    let probe = Probe {
        store,
        read: true,
        listed: true,
        witness: Witness::none(),
    };
    for kind in [Kind::Blob, Kind::Commit, Kind::Snapshot] {
        match probe.read(kind, id, key, listed).await {
            ObjectState::Proved { .. } => return Ok(Some(kind)),
            ObjectState::Unknown { key, why } => {
                return Err(format!("{key}: {why}").into());
            }
            _ => {}
        }
    }
    Ok(None)
}
