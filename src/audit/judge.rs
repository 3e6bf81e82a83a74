//! The rules of the taxonomy for one row and its object.

mod blob;
mod commit;
mod object;
mod packed;
mod snapshot;

use super::evidence::{Differences, Evidence};
use super::fault::{Code, Grade};
use super::finding::{Finding, Subject};
use super::probe::{Named, ObjectState, Probe, Witness};
use super::{Depth, Options, Scope};
use luthier_hub::index::audit_scratch::{BlobIds, Standing};
use luthier_hub::store::chain::TreeCache;
use luthier_hub::store::{Policy, Store};
use luthier_object::{Kind, ObjectId, Record, Signature};
use object::{judge_object, judge_others, judge_unlinked, names};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Judges rows. Holds nothing but what makes long chains quick.
pub struct Judge {
    pub store: Store,
    pub depth: Depth,
    /// Set if a listing was taken; without one, keys are requested one by one.
    pub listed: bool,
    /// Whoever asks needs the trees of snapshots, and not just the ids in them.
    wants_trees: bool,
    /// The answers of the listing that are confirmed by a second request.
    pub witness: Witness,
    trees: Mutex<TreeCache>,
}

/// What is known of a snapshot's tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TreeState {
    /// It was proved, or everything that could prove it was read.
    #[default]
    Judged,
    /// Its cache proves nothing, and its object is not read at this depth.
    Unread,
    /// Its cache proves nothing, and its object or its chain gave no answer.
    Unknown,
}

/// The results of checking one row.
#[derive(Debug, Default)]
pub struct Verdict {
    pub findings: Vec<Finding>,
    /// Questions without an answer, in words.
    pub unknown: Vec<String>,
    /// `kind scheme` of what reproduced the id.
    pub scheme: Option<String>,
    /// Of a commit whose id its row reproduces, at depth bytes: what its signature says.
    pub signature: Option<Signature>,
    /// The number of bytes that were read to the last one, and their sha256.
    pub read: Option<(u64, [u8; 32])>,
    /// Of a snapshot, the best known manifest: proved, else as cached.
    pub manifest: Option<Arc<luthier_object::Manifest>>,
    /// The same, where no tree is wanted: the blobs that it names.
    pub blobs: Option<BlobIds>,
    /// Of a snapshot: what is known of its tree.
    pub tree: TreeState,
    /// Of a blob that cannot be had: the pack that its row names, by its digits.
    pub lost_pack: Option<String>,
}

impl Verdict {
    fn report(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Returns whether a pull that needs this row fails.
    #[must_use]
    pub fn stops_pull(&self) -> bool {
        self.findings.iter().any(stops_pull)
    }

    /// Returns whether other keys of the digest have something to say on what was found.
    #[must_use]
    pub fn needs_copies(&self) -> bool {
        let about_object = |code: Code| {
            use Code::*;
            matches!(
                code,
                ObjectMissing | ObjectCorrupt | ObjectEncoded | ObjectKind | SizeWrong | UriRefused
            )
        };
        self.findings.iter().any(|found| about_object(found.code))
    }

    /// Returns what is known of the row after this.
    #[must_use]
    pub fn standing(&self) -> Standing {
        if self.stops_pull() {
            Standing::Bad
        } else if self.unknown.is_empty() {
            Standing::Sound
        } else {
            Standing::Unread
        }
    }

    fn proved_by(&mut self, kind: Kind, scheme: &str) {
        self.scheme = Some(format!("{kind} {scheme}"));
    }
}

/// Returns whether a client's pull that needs the finding's subject fails because of it. A client asks for rows by
/// their id, whoever holds them; it needs no object of the empty blob, and comes to every commit of a cycle once.
#[must_use]
pub fn stops_pull(finding: &Finding) -> bool {
    match finding.code {
        Code::ObjectMissing
        | Code::ObjectMisplaced
        | Code::RowMissing
        | Code::ObjectCorrupt
        | Code::ObjectEncoded
        | Code::ObjectKind
        | Code::IdentityUnverifiable
        | Code::IdentityStale
        | Code::IdentityAmbiguous
        | Code::IdMalformed
        | Code::CommitTreeless
        | Code::HeadDangling
        | Code::PathUnsafe
        | Code::PackMissing
        | Code::UriRefused => true,
        // A commit or snapshot without URI is reconstructed from its row; a blob only where the row keeps its bytes.
        Code::UriMissing | Code::UriUnlinked => {
            finding.kind == Subject::Blob && !finding.evidence.is_cached()
        }
        // Another source gives the tree, unless there is none: then this is why no client gets one.
        Code::ManifestEmptied | Code::CacheBroken | Code::DeltaBroken => finding.refused.is_some(),
        _ => false,
    }
}

impl Judge {
    /// Returns a judge of `store` at the depth of `options`.
    #[must_use]
    pub fn new(store: &Store, options: &Options, listed: bool) -> Self {
        Self {
            store: store.clone(),
            depth: options.depth,
            listed,
            wants_trees: true,
            witness: Witness::default(),
            trees: Mutex::default(),
        }
    }

    /// Returns the judge of a scan: over a whole hub it needs no trees, just the ids in them.
    pub(super) fn of_scan(store: &Store, options: &Options) -> Self {
        Self {
            wants_trees: options.scope != Scope::Hub,
            ..Self::new(store, options, options.depth >= Depth::Presence)
        }
    }

    /// Looks at the store for one row, unless the depth or the hub's age leaves nothing to ask.
    async fn probe(&self, ask: ObjectQuery<'_>) -> Option<ObjectState> {
        let can_say = self.store.index().capabilities().storage_uri(ask.row.kind);
        if self.depth == Depth::Rows || !(can_say || ask.row.disk_path.is_some()) {
            return None;
        }
        let probe = Probe {
            read: self.depth == Depth::Bytes || ask.doubtful,
            ..self.new_probe()
        };
        Some(probe.at(ask.row).await)
    }

    /// Returns the probe with which this judge reads objects.
    fn new_probe(&self) -> Probe<'_> {
        Probe {
            store: &self.store,
            read: true,
            listed: self.listed,
            witness: &self.witness,
        }
    }

    /// Compares what proves with its row, and reads again what disagrees: one flipped bit in a field outside the
    /// identity must not become a finding.
    async fn read_twice(
        &self,
        kind: Kind,
        id: &ObjectId,
        looked: Option<ObjectState>,
        compare: impl Fn(&Record) -> Beside,
    ) -> (Option<ObjectState>, Beside) {
        let Some(ObjectState::Proved {
            key, sha256, proof, ..
        }) = &looked
        else {
            return (looked, Beside::default());
        };
        let beside = compare(proof.record());
        if !beside.is_doubtful() {
            return (looked, beside);
        }
        let first = *sha256;
        let again = self.new_probe().read(kind, id, key, None).await;
        match again {
            ObjectState::Proved { sha256, .. } if sha256 == first => (Some(again), beside),
            ObjectState::Proved { key, proof, .. } if compare(proof.record()).is_doubtful() => {
                let why = "two reads gave different bytes".to_owned();
                (Some(ObjectState::Unknown { key, why }), Beside::default())
            }
            answer => (Some(answer), Beside::default()),
        }
    }

    /// Returns the grade of a finding under the hub's policy.
    fn graded(&self, finding: Finding) -> Finding {
        let canonical_rows = self.store.hub().policy == Policy::DbCanonical;
        let stored_later = matches!(finding.code, Code::UriMissing | Code::SpellingLost);
        if canonical_rows && stored_later && finding.kind != Subject::Blob {
            return Finding {
                grade: Grade::Info,
                ..finding
            };
        }
        finding
    }
}

/// Why a row that says more than its object stays as it is, and what a person does.
const ROW_SAYS_MORE: &str = "the row has everything that the object says, and more, which no repair takes away; \
    clients get only the object, so record the rest again from a client if they need it";

/// The differences between a valid object and its row.
#[derive(Default)]
struct Beside {
    /// The fields that they disagree on, with both sides.
    differing: Option<Differences>,
    /// The object says something that a repair would write into the row.
    row_lacks: bool,
    /// The object has fields that only another read can confirm.
    says_more: bool,
}

impl Beside {
    const fn is_doubtful(&self) -> bool {
        self.differing.is_some() || self.says_more
    }

    /// Returns the finding on a row that its object disagrees with.
    fn finding(self, kind: Kind, id: &ObjectId) -> Option<Finding> {
        let evidence = Evidence::ObjectDiverges(self.differing?);
        let finding = Finding::new(evidence, kind.into(), id.as_str());
        Some(match self.row_lacks {
            true => finding,
            false => finding.without_remedy(ROW_SAYS_MORE),
        })
    }
}

/// One question to the store.
struct ObjectQuery<'a> {
    row: Named<'a>,
    /// Something speaks against the row, so its object is read whatever the depth.
    doubtful: bool,
}
