//! Snapshots: a tree that may be cached, stored, or chained, and the cache's own faults.

use super::{Beside, Judge, ObjectQuery, TreeState, Verdict, judge_object, judge_others, names};
use crate::Depth;
use crate::compare;
use crate::evidence::{
    self, Ambiguous, Counts, Emptied, Evidence, Malformed, NotStored, Reason, Unlinked, UnsafePaths,
};
use crate::fault::Code;
use crate::finding::{Finding, Subject};
use crate::probe::{Named, ObjectState};
use luthier_hub::index::SnapshotRow;
use luthier_hub::index::audit_scratch::StoredCopy;
use luthier_hub::store::chain::ChainBreak;
use luthier_hub::store::reconstruct;
use luthier_object::identity::{self, Directories};
use luthier_object::manifest::Encoding;
use luthier_object::path::{self, Unsafe};
use luthier_object::{Kind, Manifest, ManifestError, ObjectId, Proof, Record, Tree};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The most unsafe paths that evidence contains.
const PATHS_SHOWN: usize = 10;

/// Everything that is known of one snapshot's tree.
struct Trees {
    decoded: Option<Result<(Arc<Manifest>, Encoding), ManifestError>>,
    /// The row's own manifest, where it proves.
    cached: Option<Tree>,
    /// The object's, where it proves.
    stored: Option<Tree>,
    /// The tree from the chain of deltas, if it was requested.
    chained: Option<Result<Tree, ChainBreak>>,
}

impl Trees {
    fn best(&self) -> Option<&Tree> {
        let chained = self.chained.as_ref().and_then(|c| c.as_ref().ok());
        self.cached.as_ref().or(self.stored.as_ref()).or(chained)
    }

    /// Returns every tree that proves: row and object may differ in directories that the id does not cover.
    fn given(&self) -> Vec<(&Manifest, &BTreeSet<String>)> {
        let chained = self.chained.as_ref().and_then(|c| c.as_ref().ok());
        let proved = [self.cached.as_ref(), self.stored.as_ref(), chained];
        let trees = proved.into_iter().flatten();
        trees
            .map(|tree| (&**tree.manifest(), tree.directories()))
            .collect()
    }
}

impl Judge {
    /// Judges one snapshot row; `copies` are the listed keys of its digest.
    pub async fn snapshot(&self, row: &SnapshotRow, copies: &[StoredCopy]) -> Verdict {
        let mut verdict = Verdict::default();
        let id = ObjectId::new(&row.snapshot_id);
        let decoded = row
            .manifest
            .as_deref()
            .filter(|bytes| !bytes.is_empty())
            .map(|bytes| {
                Manifest::decode(bytes).map(|(manifest, as_is)| (Arc::new(manifest), as_is))
            });
        let stored_directories = reconstruct::directories(row).unwrap_or_default();
        if id.hex().is_none() {
            let manifest = decoded.and_then(Result::ok).map(|(m, _)| m);
            let tree = manifest.clone().unwrap_or_default();
            let evidence = Evidence::IdMalformed(Malformed::default());
            verdict.report(Finding::new(evidence, Subject::Snapshot, id.as_str()));
            judge_paths(&mut verdict, &id, &[(&tree, &stored_directories)]);
            verdict.manifest = manifest;
            return verdict;
        }
        let cached = match &decoded {
            Some(Ok((manifest, _))) => Tree::prove(&id, manifest.clone(), &stored_directories),
            Some(Err(_)) => None,
            // No cache at all is sound for the empty tree.
            None => Tree::prove(&id, Manifest::new(), &stored_directories),
        };
        let doubtful = !cached
            .as_ref()
            .is_some_and(|t| t.which() == Directories::Stored);
        let ask = ObjectQuery {
            row: Named {
                kind: Kind::Snapshot,
                id: &id,
                uri: row.storage_uri.as_deref(),
                disk_path: None,
                repo_id: row.repo_id.as_deref(),
                copies,
            },
            doubtful,
        };
        let looked = self.probe(ask).await;
        let compare = |object: &Record| beside(row, object);
        let (looked, beside) = self.read_twice(Kind::Snapshot, &id, looked, compare).await;
        let stored = looked.as_ref().and_then(ObjectState::proof);
        let mut trees = Trees {
            decoded,
            cached,
            stored: stored.and_then(Proof::tree),
            chained: None,
        };
        if trees.cached.is_none() && row.delta.is_some() {
            match self
                .store
                .tree_by_chain(row, &mut *self.trees.lock().await)
                .await
            {
                Ok(chained) => trees.chained = Some(chained),
                Err(error) => verdict.unknown.push(format!("snapshot {id}: {error}")),
            }
        }
        self.conclude(&mut verdict, row, &trees, (looked.as_ref(), beside));
        verdict
    }

    fn conclude(
        &self,
        verdict: &mut Verdict,
        row: &SnapshotRow,
        trees: &Trees,
        (looked, beside): (Option<&ObjectState>, Beside),
    ) {
        let id = &ObjectId::new(&row.snapshot_id);
        let as_cached = trees.decoded.as_ref().and_then(|d| d.as_ref().ok());
        verdict.tree = match (trees.best(), looked) {
            (Some(_), _) => TreeState::Judged,
            (None, Some(ObjectState::Unknown { .. })) => TreeState::Unknown,
            (None, _) if !verdict.unknown.is_empty() => TreeState::Unknown,
            (None, None) if row.storage_uri.is_some() => TreeState::Unread,
            (None, _) => TreeState::Judged,
        };
        verdict.manifest = match (trees.best(), as_cached) {
            (Some(tree), _) => Some(tree.manifest().clone()),
            (None, Some((manifest, _))) => Some(manifest.clone()),
            (None, None) => None,
        };
        let nothing = Manifest::new();
        let directories = reconstruct::directories(row).unwrap_or_default();
        let mut given = trees.given();
        if given.is_empty() {
            given.push((as_cached.map_or(&nothing, |(m, _)| m), &directories));
        }
        judge_paths(verdict, id, &given);
        if let Some(tree) = trees.best()
            && let Some(path) = identity::ambiguous_snapshot(tree.manifest(), tree.directories())
        {
            let evidence = Evidence::IdentityAmbiguous(Ambiguous {
                field: None,
                path: Some(path.to_owned()),
            });
            verdict.report(Finding::new(evidence, Subject::Snapshot, id.as_str()));
            return;
        }
        // A depth that reads nothing cannot say that nothing proves.
        let unread = row.storage_uri.is_some()
            && (self.depth == Depth::Rows || matches!(looked, Some(ObjectState::Unknown { .. })));
        let hopeless = trees.best().is_none() && !unread;
        // What mends a cache is the object first: without its answer nothing is said of the cache.
        let cause = match looked {
            Some(ObjectState::Unknown { .. }) => None,
            _ => judge_cache(self, verdict, row, id, trees, hopeless),
        };
        if let Some(tree) = trees.best() {
            verdict.proved_by(Kind::Snapshot, tree.scheme().name());
        } else if hopeless && !verdict.unknown.iter().any(|_| row.delta.is_some()) {
            let evidence = Evidence::IdentityUnverifiable(Reason {
                why: "no manifest, object or chain of deltas reproduces the id".to_owned(),
            });
            let mut finding = Finding::new(evidence, Subject::Snapshot, id.as_str());
            finding.caused_by = cause.map(|code| format!("{code} {id}"));
            verdict.report(finding);
        }
        match looked {
            None => {}
            Some(ObjectState::Unlinked { found: keys, .. }) if !keys.is_empty() => {
                let (found, path) = (names(keys), None);
                let evidence = Evidence::UriUnlinked(Unlinked { found, path });
                verdict.report(Finding::new(evidence, Subject::Snapshot, id.as_str()));
            }
            Some(ObjectState::Unlinked { others, .. }) => {
                judge_others(verdict, Kind::Snapshot, id, others);
                if let Some(tree) = trees.best() {
                    let evidence = Evidence::UriMissing(NotStored {
                        path: None,
                        scheme: Some(tree.scheme().name().to_owned()),
                    });
                    let finding = Finding::new(evidence, Subject::Snapshot, id.as_str());
                    let finding = self.graded(finding);
                    verdict.report(if others.is_empty() {
                        finding
                    } else {
                        finding.without_remedy("its key already has other bytes")
                    });
                }
            }
            Some(looked) => {
                judge_object(verdict, Kind::Snapshot, id, looked);
                if let Some(differing) = beside.differing {
                    let evidence = Evidence::ObjectDiverges(differing);
                    verdict.report(Finding::new(evidence, Subject::Snapshot, id.as_str()));
                }
            }
        }
    }
}

/// Returns the cache's codes; gives back the one that says why a tree is lost.
fn judge_cache(
    judge: &Judge,
    verdict: &mut Verdict,
    row: &SnapshotRow,
    id: &ObjectId,
    trees: &Trees,
    hopeless: bool,
) -> Option<Code> {
    let mut cause = None;
    let mut find = |evidence: Evidence| {
        let mut finding = Finding::new(evidence, Subject::Snapshot, id.as_str());
        if hopeless {
            finding = finding.without_remedy("no source for the cached tree matches the id");
            cause = Some(finding.code);
        }
        verdict.report(finding);
    };
    let is_cache = judge.store.index().capabilities().manifest_cache();
    match (&trees.decoded, &trees.cached) {
        (None, _) if row.manifest.is_none() => match &trees.chained {
            Some(Ok(_)) => find(Evidence::CacheDelta(evidence::Nothing {})),
            Some(Err(why)) => find(Evidence::DeltaBroken(Reason {
                why: why.to_string(),
            })),
            None => {}
        },
        (None, None) => find(Evidence::ManifestEmptied(Emptied {
            cache: Some("no bytes".to_owned()),
        })),
        (None, Some(_)) => {}
        (Some(Err(why)), _) if is_cache => find(Evidence::CacheBroken(Reason {
            why: why.to_string(),
        })),
        (Some(Err(_)), _) => {}
        (Some(Ok((manifest, encoding))), cached) => {
            let same_tree = |t: &Tree| t.manifest() == manifest;
            let from_object = trees
                .stored
                .as_ref()
                .filter(|t| cached.is_none() && same_tree(t));
            match (cached, from_object) {
                (Some(tree), _) if tree.which() == Directories::Stored => {
                    if is_cache && *encoding == Encoding::Msgpack {
                        find(Evidence::CacheMsgpack(evidence::Nothing {}));
                    }
                    judge_count(row, manifest.len(), &mut find);
                }
                (Some(tree), _) | (None, Some(tree)) => {
                    let which = if cached.is_some() {
                        tree.which()
                    } else {
                        Directories::Stored
                    };
                    let source = match (cached.is_some(), which) {
                        (false, _) => "the object's",
                        (true, Directories::Empty) => "none",
                        (true, _) => "those of the paths",
                    };
                    let fits = tree.directories().iter().take(PATHS_SHOWN);
                    find(Evidence::DirectoriesLost(evidence::Directories {
                        directories: fits.cloned().collect(),
                        proves_with: source.to_owned(),
                    }));
                    if is_cache && *encoding == Encoding::Msgpack {
                        find(Evidence::CacheMsgpack(evidence::Nothing {}));
                    }
                    judge_count(row, manifest.len(), &mut find);
                }
                (None, None) if manifest.is_empty() => {
                    find(Evidence::ManifestEmptied(Emptied::default()));
                }
                (None, None) if is_cache => find(Evidence::CacheBroken(Reason {
                    why: "it does not match the id".to_owned(),
                })),
                (None, None) => {}
            }
        }
    }
    cause
}

fn judge_count(row: &SnapshotRow, entries: usize, find: &mut impl FnMut(Evidence)) {
    if let Some(count) = row.entry_count
        && count != entries as i64
    {
        find(Evidence::CountWrong(Counts {
            entries: entries as u64,
            entry_count: count,
        }));
    }
}

/// What the object says beside its row, outside the tree. Fields that no row keeps and that are not those of a new
/// object are told by nothing but another read.
fn beside(row: &SnapshotRow, record: &Record) -> Beside {
    let Record::Snapshot(object, _) = record else {
        return Beside::default();
    };
    let fields = compare::snapshot_without_tree(row, object);
    let differing = compare::differences(&fields);
    Beside {
        differing: (!differing.is_empty()).then_some(differing),
        says_more: record.says_more(),
    }
}

/// Judges files and directories of every tree that a client may be given, each unsafe path once.
fn judge_paths(verdict: &mut Verdict, id: &ObjectId, given: &[(&Manifest, &BTreeSet<String>)]) {
    let mut refused: Vec<(String, Unsafe)> = Vec::new();
    for (at, tree) in given.iter().enumerate() {
        if given[..at].contains(tree) {
            continue;
        }
        let found = path::check_tree(tree.0, tree.1).into_iter();
        let new: Vec<_> = found.filter(|one| !refused.contains(one)).collect();
        refused.extend(new);
    }
    if refused.is_empty() {
        return;
    }
    let shown: Vec<String> = refused
        .iter()
        .take(PATHS_SHOWN)
        .map(|(path, why)| format!("{path:?}: {why}"))
        .collect();
    let evidence = Evidence::PathUnsafe(UnsafePaths {
        count: refused.len() as u64,
        paths: shown,
    });
    verdict.report(Finding::new(evidence, Subject::Snapshot, id.as_str()));
}
