//! The faults of the demo hub: one function for each code, which returns what it declares.
//!
//! Each fault has a branch, a commit or a snapshot of its own, so that it has no effect but its own.

mod april;
mod bad_bytes;
mod disagree;
mod graph;
mod identity;
mod june;
mod location;
mod march;
mod may;
mod missing;
mod not_stored;
mod packed;
mod rows_alone;
mod unsaved;

pub(super) use rows_alone::of_rows_alone;

use super::DemoError;
use super::draft::Grown;
use super::item::{Item, Row};
use super::world::World;
use luthier_audit::{Code, Subject};
use luthier_hub::index::CommitRow;
use luthier_object::ObjectId;
use serde::{Deserialize, Serialize};

/// One fault that the demo made: what an audit has to find.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Declared {
    pub code: Code,
    pub kind: Subject,
    /// The stored id; of a branch `owner/slug:name`, of an object without row its key.
    pub id: String,
}

/// The declaration of a fault's function.
type Broken = Result<Vec<Declared>, DemoError>;

/// A way to break the hub.
pub(super) type Break = fn(&mut World) -> Broken;

/// Every way to break the hub, in the order of the taxonomy.
pub(super) const ALL: &[Break] = &[
    not_stored::uri_missing,
    not_stored::uri_unlinked,
    not_stored::spelling_lost,
    missing::object_missing,
    missing::blob_empty_missing,
    missing::object_misplaced,
    missing::row_missing,
    bad_bytes::object_corrupt,
    bad_bytes::object_encoded,
    bad_bytes::object_kind,
    bad_bytes::size_wrong,
    disagree::object_diverges,
    disagree::cache_msgpack,
    disagree::cache_delta,
    disagree::cache_broken,
    disagree::delta_broken,
    disagree::count_wrong,
    disagree::directories_lost,
    disagree::manifest_emptied,
    identity::identity_unverifiable,
    identity::identity_stale,
    identity::identity_ambiguous,
    identity::id_malformed,
    identity::commit_treeless,
    graph::tree_collapsed,
    graph::row_elsewhere,
    graph::head_dangling,
    graph::branch_duplicate,
    graph::branch_unsafe,
    graph::cycle,
    graph::path_unsafe,
    graph::proposal_dangling,
    graph::commit_unreachable,
    location::uri_refused,
    location::object_orphan,
    location::blob_unreferenced,
    location::object_foreign,
    unsaved::refs_unsaved,
    packed::pack_missing,
    packed::pack_corrupt,
    packed::pack_unindexed,
    packed::index_wrong,
    packed::repo_unreferenced,
    packed::fetch_pack_stale,
];

/// What was typically wrong with a hub of March 2026: the server's own ids and merges, and blobs without their row's bytes.
pub(super) const MARCH: &[Break] = &[
    identity::id_malformed,
    identity::identity_stale,
    missing::blob_empty_missing,
    march::lost_file,
    march::rejected_push,
];

/// The same of April and most of May: msgpack, deltas, and a move of keys that went wrong.
pub(super) const APRIL: &[Break] = &[
    disagree::cache_delta,
    april::cache_msgpack,
    april::decompressed_elsewhere,
    april::ghost,
    april::compressed,
    april::stale_formula,
    april::author_filled_in,
];

/// The same of the last days of May: objects half written, and the manifests that a push emptied.
pub(super) const MAY: &[Break] = &[
    not_stored::uri_unlinked,
    disagree::object_diverges,
    disagree::manifest_emptied,
    identity::commit_treeless,
    may::merged_in_rows,
];

/// The same of June: packs, their index, and rows without a second copy.
pub(super) const JUNE: &[Break] = &[
    packed::pack_missing,
    packed::pack_corrupt,
    packed::pack_unindexed,
    packed::index_wrong,
    packed::repo_unreferenced,
    packed::fetch_pack_stale,
    june::emptied,
    june::directories_dropped,
];

/// Breaks the hub in these ways; what was broken, sorted.
pub(super) fn break_all(world: &mut World, breaks: &[Break]) -> Broken {
    let mut out = Vec::new();
    for break_it in breaks {
        out.extend(break_it(world)?);
    }
    out.sort();
    out.dedup();
    Ok(out)
}

impl Declared {
    fn new(code: Code, kind: Subject, id: impl Into<String>) -> Self {
        let id = id.into();
        Self { code, kind, id }
    }

    /// Declares a fault of an item.
    fn of<R: Row>(code: Code, item: &Item<R>) -> Self {
        Self::new(code, R::KIND.into(), item.id.as_str())
    }
}

/// Adds a commit that changes nothing; a new branch starts at main.
fn blank(world: &mut World, repo: &str, branch: &str, says: &str) -> Result<Grown, DemoError> {
    let draft = world.repo(repo)?.draft(branch, Some("main"), says, 0)?;
    Ok(draft.seal())
}

/// Adds a commit with one new file, whose snapshot and blob nothing else refers to.
fn grow(
    world: &mut World,
    repo: &str,
    branch: &str,
    says: &str,
    file: &str,
) -> Result<Grown, DemoError> {
    let repository = world.repo(repo)?;
    let mut draft = repository.draft(branch, Some("main"), says, 0)?;
    repository.write(&mut draft, file);
    Ok(draft.seal())
}

/// Adds a commit that drops one file: nothing else refers to its snapshot, others refer to its blobs.
fn trim(
    world: &mut World,
    repo: &str,
    branch: &str,
    says: &str,
    file: &str,
) -> Result<Grown, DemoError> {
    let mut draft = world.repo(repo)?.draft(branch, Some("main"), says, 0)?;
    if draft.tree.manifest.remove(file).is_none() {
        return Err(DemoError::Script(format!("{repo} has no {file}")));
    }
    Ok(draft.seal())
}

/// Gives a commit another id than its own.
fn rename(commit: &mut Item<CommitRow>, id: &str) {
    commit.id = ObjectId::new(id);
    id.clone_into(&mut commit.row.commit_id);
}
