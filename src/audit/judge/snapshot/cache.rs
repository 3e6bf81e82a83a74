//! The faults of a snapshot's cache.

use super::{PATHS_SHOWN, Trees, about};
use crate::evidence::{self, Counts, Emptied, Evidence, Reason};
use crate::fault::Code;
use crate::judge::{Judge, Verdict};
use luthier_hub::index::SnapshotRow;
use luthier_object::identity::Directories;
use luthier_object::manifest::Encoding;
use luthier_object::{Manifest, ObjectId, Tree};

/// Reports the cache's codes; returns the one that says why a tree is lost.
pub(super) fn judge_cache(
    judge: &Judge,
    verdict: &mut Verdict,
    row: &SnapshotRow,
    trees: &Trees,
    hopeless: bool,
) -> Option<Code> {
    let id = ObjectId::new(&row.snapshot_id);
    let is_cache = judge.store.index().capabilities().manifest_cache();
    let mut cause = None;
    for evidence in faults(row, trees, is_cache) {
        let mut finding = about(&id, evidence);
        if hopeless {
            finding = finding.without_remedy(
                "no source for the cached tree matches the id; once the snapshot is restored from a copy, the cache is written again",
            );
            cause = Some(finding.code);
        }
        verdict.report(finding);
    }
    cause
}

/// Returns the faults of what a row has for a manifest; `is_cache` where that is a cache.
fn faults(row: &SnapshotRow, trees: &Trees, is_cache: bool) -> Vec<Evidence> {
    let broken = |why: String| is_cache.then_some(Evidence::CacheBroken(Reason { why }));
    let one = match (&trees.decoded, &trees.cached) {
        (None, _) if row.manifest.is_none() => match &trees.chained {
            Some(Ok(_)) => Some(Evidence::CacheDelta(evidence::Nothing {})),
            Some(Err(why)) => Some(Evidence::DeltaBroken(Reason {
                why: why.to_string(),
            })),
            None => None,
        },
        (None, None) => Some(Evidence::ManifestEmptied(Emptied {
            cache: Some("no bytes".to_owned()),
        })),
        (None, Some(_)) => None,
        (Some(Err(why)), _) => broken(why.to_string()),
        (Some(Ok((manifest, encoding))), cached) => {
            let same_tree = |t: &&Tree| cached.is_none() && t.manifest() == manifest;
            let from_object = trees.stored.as_ref().filter(same_tree);
            match cached.as_ref().or(from_object) {
                Some(tree) => {
                    let as_msgpack = is_cache && *encoding == Encoding::Msgpack;
                    let lost = lost_directories(tree, cached.is_some());
                    let packed = as_msgpack.then_some(Evidence::CacheMsgpack(evidence::Nothing {}));
                    let count = wrong_count(row, manifest);
                    return [lost, packed, count].into_iter().flatten().collect();
                }
                None if manifest.is_empty() => Some(Evidence::ManifestEmptied(Emptied::default())),
                None => broken("it does not match the id".to_owned()),
            }
        }
    };
    one.into_iter().collect()
}

/// Returns the fault of directories that are not those with which the tree proves; `is_cached` where the row's own
/// manifest proves.
fn lost_directories(tree: &Tree, is_cached: bool) -> Option<Evidence> {
    let source = match (is_cached, tree.which()) {
        (true, Directories::Stored) => return None,
        (false, _) => "the object's",
        (true, Directories::Empty) => "none",
        (true, _) => "those of the paths",
    };
    let fits = tree.directories().iter().take(PATHS_SHOWN);
    Some(Evidence::DirectoriesLost(evidence::Directories {
        directories: fits.cloned().collect(),
        proves_with: source.to_owned(),
    }))
}

fn wrong_count(row: &SnapshotRow, manifest: &Manifest) -> Option<Evidence> {
    let (entries, entry_count) = (manifest.len() as u64, row.entry_count?);
    (entry_count != entries as i64).then_some(Evidence::CountWrong(Counts {
        entries,
        entry_count,
    }))
}
