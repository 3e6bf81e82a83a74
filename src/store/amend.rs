//! What a row would have to change to say what its object says.

use super::rebuild::rows;
use super::reconstruct;
use crate::index::{CellEdit, CommitRow, SnapshotRow};
use crate::object::{CommitRecord, SnapshotRecord, json};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The cells of a commit's row that its object changes. The store wins, field by field; `reviewed_by`
/// joins by union and `test_runs` by maximum, as clients merge them. Whose the row is stays: an object
/// may have been made in another repository. `differing` are the fields that an audit tells apart.
#[must_use]
pub fn commit(
    row: &CommitRow,
    record: &CommitRecord,
    differing: &BTreeSet<String>,
) -> Vec<CellEdit> {
    let wanted = rows::commit(record, "", String::new());
    let text = |text: &str| Some(text.as_bytes().to_vec());
    let mut out = Vec::new();
    let mut set = |column: &'static str, seen: Option<Vec<u8>>, new: Option<Vec<u8>>| {
        if seen.as_deref().unwrap_or_default() != new.as_deref().unwrap_or_default() {
            out.push(CellEdit { column, seen, new });
        }
    };
    let has = |names: &[&str]| names.iter().any(|name| differing.contains(*name));
    if has(&["branch"]) {
        set("branch", text(&row.branch), text(&wanted.branch));
    }
    if has(&["parent_commit_id", "parent2_commit_id"]) {
        set(
            "parent_ids",
            text(&row.parent_ids),
            text(&wanted.parent_ids),
        );
    }
    if has(&["message"]) {
        set("message", text(&row.message), text(&wanted.message));
    }
    if has(&["author"]) {
        set("author", text(&row.author), text(&wanted.author));
    }
    if has(&["committed_at"]) {
        set("timestamp", text(&row.timestamp), text(&wanted.timestamp));
    }
    if has(&["snapshot_id"]) {
        let bytes = |id: &Option<String>| id.as_deref().map(|id| id.as_bytes().to_vec());
        set(
            "snapshot_id",
            bytes(&row.snapshot_id),
            bytes(&wanted.snapshot_id),
        );
    }
    let columns = [
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
    let others = differing
        .iter()
        .any(|name| !columns.contains(&name.as_str()));
    if others && let Some(meta) = joined(&row.commit_meta, &record.rest) {
        set("commit_meta", text(&row.commit_meta), text(&meta));
    }
    out
}

/// The cells of a snapshot's row that its object changes. The tree is the cache's matter.
#[must_use]
pub fn snapshot(row: &SnapshotRow, record: &SnapshotRecord) -> Vec<CellEdit> {
    let new = rows::instant(&record.created_at);
    if rows::instant(&row.created_at) == new {
        return Vec::new();
    }
    vec![CellEdit {
        column: "created_at",
        seen: Some(row.created_at.as_bytes().to_vec()),
        new: Some(new.into_bytes()),
    }]
}

/// `commit_meta` with every field that the object has; `None` where it says so already. What only the row
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

/// Names on either side, each once, in order.
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
