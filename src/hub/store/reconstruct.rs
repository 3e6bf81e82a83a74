//! Records from rows: what a row states, before anyone asks whether it proves.

use crate::index::{CommitRow, SnapshotRow};
use luthier_object::json::JsonError;
use luthier_object::{CommitRecord, ObjectId, RecordError, json, time};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A cell of a row that no record can be made from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the column {column}: {why}")]
pub struct RowError {
    pub column: &'static str,
    #[source]
    pub why: CellError,
}

/// The reason why a cell cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellError {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("no list")]
    NoList,
    #[error("no object")]
    NoObject,
    /// With the JSON value that the list contains.
    #[error("contains {0}, which is not an id")]
    NoId(String),
    #[error("too large")]
    TooLarge,
    #[error("{0} parents")]
    Parents(usize),
    #[error("no time: {0:?}")]
    NoTime(String),
}

fn broken(column: &'static str, why: impl Into<CellError>) -> RowError {
    RowError {
        column,
        why: why.into(),
    }
}

/// Returns the parents that a commit row names, in order.
///
/// # Errors
/// `parent_ids` is no JSON list of strings.
pub fn parent_ids(text: &str) -> Result<Vec<ObjectId>, RowError> {
    let column = "parent_ids";
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(ids) = json::text_list(text) {
        return Ok(ids.into_iter().map(ObjectId::new).collect());
    }
    let Value::Array(list) = json::parse(text.as_bytes()).map_err(|e| broken(column, e))? else {
        return Err(broken(column, CellError::NoList));
    };
    let mut out = Vec::new();
    for item in list {
        match item {
            Value::String(id) => out.push(ObjectId::new(id)),
            Value::Null => {}
            other => {
                return Err(broken(column, CellError::NoId(other.to_string())));
            }
        }
    }
    Ok(out)
}

/// Returns the record that a commit row states. The offset of `committed_at` is lost in rows, so it is rendered in UTC;
/// `object::identity::recover_commit` finds the one that the id was made from.
///
/// # Errors
/// A cell that is malformed, or was too large to be read.
pub fn commit_record(row: &CommitRow) -> Result<CommitRecord, RowError> {
    if row.oversized {
        return Err(broken("commit_meta", CellError::TooLarge));
    }
    let parents = parent_ids(&row.parent_ids)?;
    if parents.len() > 2 {
        return Err(broken("parent_ids", CellError::Parents(parents.len())));
    }
    let mut parents = parents.into_iter();
    let at = time::parse(&row.timestamp)
        .and_then(|at| time::isoformat(at, 0))
        .ok_or_else(|| broken("timestamp", CellError::NoTime(row.timestamp.clone())))?;
    Ok(CommitRecord {
        commit_id: ObjectId::new(&row.commit_id),
        repo_id: row.repo_id.clone().unwrap_or_default(),
        branch: row.branch.clone(),
        snapshot_id: non_empty(row.snapshot_id.as_deref()).map(ObjectId::new),
        message: row.message.clone(),
        committed_at: at,
        parent_commit_id: parents.next(),
        parent2_commit_id: parents.next(),
        author: row.author.clone(),
        rest: commit_rest(&row.commit_meta)?,
    })
}

/// Returns `commit_meta` with every key of the table; keys with a column of their own are not taken from it.
pub(super) fn commit_rest(text: &str) -> Result<Map<String, Value>, RowError> {
    let column = "commit_meta";
    let mut map = match text {
        "" => Map::new(),
        text => match json::parse(text.as_bytes()).map_err(|e| broken(column, e))? {
            Value::Object(map) => map,
            Value::Null => Map::new(),
            _ => return Err(broken(column, CellError::NoObject)),
        },
    };
    for own in luthier_object::commit::OWN {
        map.remove(own);
    }
    luthier_object::commit::with_defaults(map).map_err(|e| broken(column, e))
}

/// Returns `None` for an empty text too: old hubs wrote both.
#[must_use]
pub fn non_empty(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Returns the directories that a snapshot row states; none where the hub has no such column.
///
/// # Errors
/// The cell is no JSON list of strings.
pub fn directories(row: &SnapshotRow) -> Result<BTreeSet<String>, RowError> {
    let column = "directories";
    match non_empty(row.directories.as_deref()) {
        None => Ok(BTreeSet::new()),
        Some(text) => {
            if let Some(paths) = json::text_list(text) {
                return Ok(paths.into_iter().collect());
            }
            match json::parse(text.as_bytes()).map_err(|e| broken(column, e))? {
                Value::Null => Ok(BTreeSet::new()),
                value => {
                    luthier_object::snapshot::directories_from(value).map_err(|e| broken(column, e))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parent_ids;
    use std::error::Error;

    #[test]
    fn the_reason_why_a_cell_is_refused_is_kept_as_an_error() {
        for (cell, why) in [
            ("{}", "no list"),
            ("[7]", "contains 7, which is not an id"),
            ("[", ""),
        ] {
            let error = parent_ids(cell).unwrap_err();
            let source = error.source().unwrap().to_string();
            assert!(source.starts_with(why), "{source}");
            assert_eq!(
                error.to_string(),
                format!("the column parent_ids: {source}")
            );
        }
    }
}
