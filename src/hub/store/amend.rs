//! Computes the changes with which a row would say what its object says.

use super::reconstruct;
use super::rows;
use crate::index::{CellEdit, CommitRow, EditableColumn as Column, SnapshotRow};
use luthier_object::{CommitRecord, SnapshotRecord, json};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Fields of a commit that have a column of their own; the others are in `commit_meta`.
const COLUMNS: [&str; 9] = [
    "branch",
    "parent_commit_id",
    "parent2_commit_id",
    "message",
    "author",
    "committed_at",
    "snapshot_id",
    "repo_id",
    "commit_id",
];

/// The columns of a commit's row, with the fields that each of them holds.
const CELLS: [(Column, &[&str]); 6] = [
    (Column::Branch, &["branch"]),
    (
        Column::ParentIds,
        &["parent_commit_id", "parent2_commit_id"],
    ),
    (Column::Message, &["message"]),
    (Column::Author, &["author"]),
    (Column::Timestamp, &["committed_at"]),
    (Column::SnapshotId, &["snapshot_id"]),
];

/// Returns the cells of a commit's row that its object changes. The store wins, field by field; `reviewed_by` joins by
/// union and `test_runs` by maximum, as clients merge them. Whose the row is stays: an object may have been made in
/// another repository. `differing` are the fields that an audit tells apart.
#[must_use]
pub fn commit(
    row: &CommitRow,
    record: &CommitRecord,
    differing: &BTreeSet<String>,
) -> Vec<CellEdit> {
    let wanted = rows::commit(record, "", String::new());
    let texts = |row: &CommitRow| {
        [
            Some(row.branch.clone()),
            Some(row.parent_ids.clone()),
            Some(row.message.clone()),
            Some(row.author.clone()),
            Some(row.timestamp.clone()),
            row.snapshot_id.clone(),
        ]
    };
    let mut out = Vec::new();
    for ((column, fields), (seen, new)) in
        CELLS.iter().zip(texts(row).into_iter().zip(texts(&wanted)))
    {
        let differs = fields.iter().any(|field| differing.contains(*field));
        if differs && seen.as_deref().unwrap_or_default() != new.as_deref().unwrap_or_default() {
            out.push(CellEdit {
                column: *column,
                seen: seen.map(String::into_bytes),
                new: new.map(String::into_bytes),
            });
        }
    }
    let others = differing
        .iter()
        .any(|name| !COLUMNS.contains(&name.as_str()));
    if others && let Some(meta) = joined(&row.commit_meta, &record.rest) {
        out.push(CellEdit {
            column: Column::CommitMeta,
            seen: Some(row.commit_meta.as_bytes().to_vec()),
            new: Some(meta.into_bytes()),
        });
    }
    out
}

/// Returns the cells of a snapshot's row that its object changes. The tree is the cache's matter.
#[must_use]
pub fn snapshot(row: &SnapshotRow, record: &SnapshotRecord) -> Vec<CellEdit> {
    let new = rows::instant(&record.created_at);
    if rows::instant(&row.created_at) == new {
        return Vec::new();
    }
    vec![CellEdit {
        column: Column::CreatedAt,
        seen: Some(row.created_at.as_bytes().to_vec()),
        new: Some(new.into_bytes()),
    }]
}

/// Returns `commit_meta` with every field that the object has; `None` where it has them already. What only the row
/// has stays; a cell that cannot be read gives way.
fn joined(meta: &str, object: &Map<String, Value>) -> Option<String> {
    let read = match json::parse(meta.as_bytes()) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    };
    let mut out = read.clone().unwrap_or_default();
    // With defaults, so that a field which the row leaves out is compared as what it means.
    let stated = reconstruct::commit_rest(meta).unwrap_or_default();
    for (name, value) in object {
        let own = stated.get(name);
        let new = match name.as_str() {
            "reviewed_by" => union(own, value),
            "test_runs" => greater(own, value),
            _ => value.clone(),
        };
        if own != Some(&new) {
            out.insert(name.clone(), new);
        }
    }
    (read.as_ref() != Some(&out)).then(|| json::canonical(&Value::Object(out)))
}

/// Returns the names on either side, each once, in order.
fn union(row: Option<&Value>, object: &Value) -> Value {
    let (Some(Value::Array(left)), Value::Array(right)) = (row, object) else {
        return object.clone();
    };
    let names: Option<BTreeSet<&str>> = left.iter().chain(right).map(Value::as_str).collect();
    match names {
        Some(names) => names.into_iter().collect::<Vec<_>>().into(),
        None => object.clone(),
    }
}

fn greater(row: Option<&Value>, object: &Value) -> Value {
    match (row.and_then(Value::as_i64), object.as_i64()) {
        (Some(left), Some(right)) => left.max(right).into(),
        _ => object.clone(),
    }
}
