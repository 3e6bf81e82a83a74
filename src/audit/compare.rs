//! Field by field: what a row says beside what its object says.

use super::evidence::{Differences, Sides};
use luthier_hub::index::{BlobRow, CellEdit, CommitRow, SnapshotRow};
use luthier_hub::store::{amend, reconstruct};
use luthier_object::{CommitRecord, SnapshotRecord, json, time};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Fields of a commit that its id hashes, under one scheme or another.
const COMMIT_IDENTITY: [&str; 7] = [
    "parent_commit_id",
    "parent2_commit_id",
    "snapshot_id",
    "message",
    "committed_at",
    "author",
    "signer_public_key",
];

/// A field that row and object both have something to say about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldDiff {
    pub name: String,
    /// As JSON or plain text; `None` where that side has no such field.
    pub row: Option<String>,
    pub object: Option<String>,
    /// The id hashes this field.
    pub identity: bool,
    pub same: bool,
    /// Why a difference is none, or what it comes from: `spelling only`, `the offset is lost in rows`.
    pub note: String,
}

/// Returns a commit's row beside its object.
#[must_use]
pub fn commit(row: &CommitRow, object: &CommitRecord) -> Vec<FieldDiff> {
    let Ok(stated) = reconstruct::commit_record(row) else {
        return vec![];
    };
    let left = stated.to_map();
    drop(stated);
    let mut out = fields(&left, &object.to_map(), &COMMIT_IDENTITY);
    for field in &mut out {
        excuse_commit(field, row, object);
    }
    out
}

/// Returns the cells of a commit's row that a repair changes to what its proved object says. Empty where the row has all
/// of it already: what only the row says stays.
#[must_use]
pub fn commit_edits(row: &CommitRow, object: &CommitRecord) -> Vec<CellEdit> {
    let fields = commit(row, object);
    // A row that no record can be made from has no field to compare: then all of them count.
    let differing: BTreeSet<String> = if fields.is_empty() {
        object.to_map().into_iter().map(|(name, _)| name).collect()
    } else {
        let differ = fields.into_iter().filter(|field| !field.same);
        differ.map(|field| field.name).collect()
    };
    amend::commit(row, object, &differing)
}

/// Differences that are none: what rows are known to lose or to leave out.
fn excuse_commit(field: &mut FieldDiff, row: &CommitRow, object: &CommitRecord) {
    if field.same {
        return;
    }
    let excuse = match field.name.as_str() {
        "committed_at" if time::parse(&row.timestamp) == time::parse(&object.committed_at) => {
            "the same instant; rows lose the offset"
        }
        "author" if object.author.is_empty() => "old servers filled in the pusher's name",
        "repo_id" if object.repo_id.is_empty() || row.repo_id.is_none() => {
            "one side does not keep it"
        }
        name if field.row.is_none() && !CommitRecord::knows(name) => "rows may leave it out",
        _ => return,
    };
    field.same = true;
    field.note = excuse.to_owned();
}

/// Returns a snapshot's row beside its object. The tree is compared by the cache's own codes, not here.
#[must_use]
pub fn snapshot(row: &SnapshotRow, object: &SnapshotRecord) -> Vec<FieldDiff> {
    excused(row, object, &snapshot_columns(row), &object.to_map())
}

/// The same without the fields of the tree, which may weigh megabytes.
#[must_use]
pub fn snapshot_without_tree(row: &SnapshotRow, object: &SnapshotRecord) -> Vec<FieldDiff> {
    excused(
        row,
        object,
        &snapshot_map(row, None, None),
        &object.without_tree(),
    )
}

/// The fields of both sides, without differences that are none.
fn excused(
    row: &SnapshotRow,
    object: &SnapshotRecord,
    left: &Map<String, Value>,
    right: &Map<String, Value>,
) -> Vec<FieldDiff> {
    let mut out = fields(left, right, &["manifest", "directories"]);
    for field in &mut out {
        let excuse = match field.name.as_str() {
            "created_at" if time::parse(&row.created_at) == time::parse(&object.created_at) => {
                "the same instant"
            }
            "manifest" if field.row.is_none() => "nothing is cached",
            "directories" if row.directories.is_none() => "the hub has no such column",
            _ if field.row.is_none() && !matches!(field.name.as_str(), "manifest") => {
                "rows do not keep it"
            }
            _ => continue,
        };
        field.same = true;
        excuse.clone_into(&mut field.note);
    }
    out
}

/// A row that has no object beside it: every field, with nothing on the other side.
#[must_use]
pub fn alone(row: &Map<String, Value>) -> Vec<FieldDiff> {
    fields(row, &Map::new(), &COMMIT_IDENTITY)
}

/// Returns the fields of a snapshot's record as its row states them.
#[must_use]
pub fn snapshot_columns(row: &SnapshotRow) -> Map<String, Value> {
    let cached = row
        .manifest
        .as_deref()
        .and_then(|bytes| luthier_object::Manifest::decode(bytes).ok());
    let manifest = cached.map(|(manifest, _)| manifest.to_value());
    snapshot_map(row, manifest, reconstruct::directories(row).ok())
}

/// A blob's row beside what is stored; `size` is that of the stored bytes.
#[must_use]
pub fn blob(row: &BlobRow, size: Option<usize>) -> Vec<FieldDiff> {
    let mut left = Map::new();
    left.insert("path".into(), row.path.as_str().into());
    left.insert("size_bytes".into(), row.size_bytes.into());
    let mut right = Map::new();
    if let Some(size) = size {
        right.insert("size_bytes".into(), size.into());
    }
    let mut out = fields(&left, &right, &[]);
    for field in &mut out {
        // A path belongs to the snapshots that name the blob, so a stored blob has none.
        field.same |= field.name == "path";
    }
    out
}

fn snapshot_map(
    row: &SnapshotRow,
    manifest: Option<Value>,
    directories: Option<std::collections::BTreeSet<String>>,
) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("snapshot_id".into(), row.snapshot_id.as_str().into());
    map.insert("created_at".into(), row.created_at.as_str().into());
    if let Some(manifest) = manifest {
        map.insert("manifest".into(), manifest);
    }
    if let Some(directories) = directories {
        let list: Vec<String> = directories.into_iter().collect();
        map.insert("directories".into(), list.into());
    }
    map
}

/// Returns every field of either side, in the order of the names.
fn fields(
    row: &Map<String, Value>,
    object: &Map<String, Value>,
    identity: &[&str],
) -> Vec<FieldDiff> {
    let mut names: Vec<&String> = row.keys().chain(object.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| {
            let (left, right) = (row.get(name), object.get(name));
            FieldDiff {
                name: name.clone(),
                row: left.map(plain),
                object: right.map(plain),
                identity: identity.contains(&name.as_str()),
                same: left == right,
                note: String::new(),
            }
        })
        .collect()
}

/// Returns a text as it is, anything else as canonical JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => json::canonical(other),
    }
}

/// Returns the names of the fields that differ, with both sides, as evidence; long texts are cut.
#[must_use]
pub fn differences(fields: &[FieldDiff]) -> Differences {
    let cut = |text: &Option<String>| match text {
        Some(text) if text.chars().count() > 200 => {
            Some(format!("{}…", text.chars().take(200).collect::<String>()))
        }
        text => text.clone(),
    };
    fields
        .iter()
        .filter(|field| !field.same)
        .map(|field| {
            let sides = Sides {
                identity: field.identity,
                object: cut(&field.object),
                row: cut(&field.row),
            };
            (field.name.clone(), sides)
        })
        .collect()
}
