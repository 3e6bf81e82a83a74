//! Snapshots: a tree that may be cached, stored, or chained.

mod cache;

use super::{
    Beside, Judge, ObjectQuery, TreeState, Verdict, judge_object, judge_others, judge_unlinked,
    names,
};
use crate::Depth;
use crate::compare;
use crate::evidence::{Ambiguous, Evidence, Malformed, NotStored, Reason, Unlinked, UnsafePaths};
use crate::finding::{Finding, Subject};
use crate::probe::{Named, ObjectState};
use luthier_hub::index::SnapshotRow;
use luthier_hub::index::audit_scratch::StoredCopy;
use luthier_hub::store::chain::ChainBreak;
use luthier_hub::store::{amend, reconstruct};
use luthier_object::identity::{self, Directories};
use luthier_object::manifest::Encoding;
use luthier_object::manifest::plain::PlainTree;
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

    /// Returns the cached manifest as it is, whether it proves or not.
    fn as_cached(&self) -> Option<&Arc<Manifest>> {
        let decoded = self.decoded.as_ref()?.as_ref().ok();
        decoded.map(|(manifest, _)| manifest)
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
        match self.plain_tree(row) {
            Some(verdict) => verdict,
            None => self.whole_snapshot(row, copies).await,
        }
    }

    /// Judges one snapshot row by every tree that it may have.
    async fn whole_snapshot(&self, row: &SnapshotRow, copies: &[StoredCopy]) -> Verdict {
        let mut verdict = Verdict::default();
        let id = ObjectId::new(&row.snapshot_id);
        let decode = |bytes: &[u8]| {
            Manifest::decode(bytes).map(|(manifest, as_is)| (Arc::new(manifest), as_is))
        };
        let bytes = row.manifest.as_deref();
        let decoded = bytes.filter(|bytes| !bytes.is_empty()).map(decode);
        let stored_directories = reconstruct::directories(row).unwrap_or_default();
        if id.hex().is_none() {
            let manifest = decoded.and_then(Result::ok).map(|(m, _)| m);
            let tree = manifest.clone().unwrap_or_default();
            verdict.report(about(&id, Evidence::IdMalformed(Malformed::default())));
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
            row: Named::of_snapshot(row, &id, copies),
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
            let mut known = self.trees.lock().await;
            match self.store.tree_by_chain(row, &mut known).await {
                Ok(chained) => trees.chained = Some(chained),
                Err(error) => verdict.unknown.push(format!("snapshot {id}: {error}")),
            }
        }
        let seen = (looked.as_ref(), beside);
        self.conclude(&mut verdict, row, (&trees, &stored_directories), seen);
        verdict
    }

    /// Returns the verdict on a row that has nothing wrong and gives its own id, where that is all that is asked: nearly
    /// always, and no tree is made for it.
    fn plain_tree(&self, row: &SnapshotRow) -> Option<Verdict> {
        if self.wants_trees || self.depth != Depth::Rows {
            return None;
        }
        let manifest = row.manifest.as_deref().filter(|bytes| !bytes.is_empty())?;
        let tree = PlainTree::read(manifest, row.directories.as_deref().unwrap_or_default())?;
        let scheme = tree.prove(&row.snapshot_id)?;
        let entries = tree.blobs().len() as i64;
        if row.entry_count.is_some_and(|count| count != entries) || !tree.is_plainly_safe() {
            return None;
        }
        let mut verdict = Verdict {
            blobs: Some(tree.blobs().iter().copied().collect()),
            ..Verdict::default()
        };
        verdict.proved_by(Kind::Snapshot, scheme.name());
        Some(verdict)
    }

    /// Reports everything that follows from the row, its object and its trees.
    fn conclude(
        &self,
        verdict: &mut Verdict,
        row: &SnapshotRow,
        (trees, directories): (&Trees, &BTreeSet<String>),
        (looked, beside): (Option<&ObjectState>, Beside),
    ) {
        let id = &ObjectId::new(&row.snapshot_id);
        verdict.tree = match (trees.best(), looked) {
            (Some(_), _) => TreeState::Judged,
            (None, Some(ObjectState::Unknown { .. })) => TreeState::Unknown,
            (None, _) if !verdict.unknown.is_empty() => TreeState::Unknown,
            (None, None) if row.storage_uri.is_some() => TreeState::Unread,
            (None, _) => TreeState::Judged,
        };
        let as_cached = trees.as_cached();
        verdict.manifest = match (trees.best(), as_cached) {
            (Some(tree), _) => Some(tree.manifest().clone()),
            (None, Some(manifest)) => Some(manifest.clone()),
            (None, None) => None,
        };
        let nothing = Manifest::new();
        let mut given = trees.given();
        if given.is_empty() {
            given.push((as_cached.map_or(&nothing, |cached| &**cached), directories));
        }
        judge_paths(verdict, id, &given);
        if let Some(tree) = trees.best()
            && let Some(path) = identity::ambiguous_snapshot(tree.manifest(), tree.directories())
        {
            let evidence = Evidence::IdentityAmbiguous(Ambiguous {
                field: None,
                path: Some(path.to_owned()),
            });
            return verdict.report(about(id, evidence));
        }
        self.proof(verdict, row, trees, looked);
        if let Some(looked) = looked {
            self.stored_snapshot(verdict, id, trees, (looked, beside));
        }
    }

    /// Reports the cache's faults, and says what proves the row.
    fn proof(
        &self,
        verdict: &mut Verdict,
        row: &SnapshotRow,
        trees: &Trees,
        looked: Option<&ObjectState>,
    ) {
        let id = &ObjectId::new(&row.snapshot_id);
        // A depth that reads nothing cannot say that nothing proves.
        let unread = row.storage_uri.is_some()
            && (self.depth == Depth::Rows || matches!(looked, Some(ObjectState::Unknown { .. })));
        let hopeless = trees.best().is_none() && !unread;
        // What mends a cache is the object first: without its answer nothing is said of the cache.
        let cause = match looked {
            Some(ObjectState::Unknown { .. }) => None,
            _ => cache::judge_cache(self, verdict, row, trees, hopeless),
        };
        if let Some(tree) = trees.best() {
            verdict.proved_by(Kind::Snapshot, tree.scheme().name());
        } else if hopeless && !verdict.unknown.iter().any(|_| row.delta.is_some()) {
            let evidence = Evidence::IdentityUnverifiable(Reason {
                why: "no manifest, object or chain of deltas reproduces the id".to_owned(),
            });
            let mut finding = about(id, evidence);
            finding.caused_by = cause.map(|code| format!("{code} {id}"));
            verdict.report(finding);
        }
    }

    /// Reports what was found where the row says that its object is, or where it would get one.
    fn stored_snapshot(
        &self,
        verdict: &mut Verdict,
        id: &ObjectId,
        trees: &Trees,
        (looked, beside): (&ObjectState, Beside),
    ) {
        let ObjectState::Unlinked { found, others } = looked else {
            judge_object(verdict, Kind::Snapshot, id, looked);
            if let Some(finding) = beside.finding(Kind::Snapshot, id) {
                verdict.report(finding);
            }
            return;
        };
        let finding = match trees.best() {
            _ if !found.is_empty() => {
                let (found, path) = (names(found), None);
                about(id, Evidence::UriUnlinked(Unlinked { found, path }))
            }
            Some(tree) => self.graded(about(
                id,
                Evidence::UriMissing(NotStored {
                    scheme: Some(tree.scheme().name().to_owned()),
                    ..NotStored::default()
                }),
            )),
            None => return judge_others(verdict, Kind::Snapshot, id, others),
        };
        judge_unlinked(verdict, Kind::Snapshot, id, (found, others), finding);
    }
}

/// Returns a finding about a snapshot.
fn about(id: &ObjectId, evidence: Evidence) -> Finding {
    Finding::new(evidence, Subject::Snapshot, id.as_str())
}

/// What the object says beside its row, outside the tree. Fields that no row keeps and that are not those of a new
/// object are known by nothing but another read.
fn beside(row: &SnapshotRow, record: &Record) -> Beside {
    let Record::Snapshot(object, _) = record else {
        return Beside::default();
    };
    let fields = compare::snapshot_without_tree(row, object);
    let differing = compare::differences(&fields);
    Beside {
        row_lacks: !amend::snapshot(row, object).is_empty(),
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
    verdict.report(about(id, evidence));
}
