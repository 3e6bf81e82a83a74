//! Cells of rows as plans and journals show them, and as they are read.

use super::rows::Row;
use super::steps::{describe, shorten};
use crate::store::write::Change;
use serde_json::Value;

/// Returns a cell as a step shows it.
pub(super) fn shown(column: &str, cell: Option<&[u8]>) -> Option<String> {
    let cell = cell?;
    Some(match column {
        "manifest_blob" => describe(cell),
        _ => shorten(&String::from_utf8_lossy(cell)),
    })
}

/// Length and sha256 of a cell that a step only describes; `None` where it shows the cell itself.
pub(super) fn described(text: &str) -> Option<(u64, &str)> {
    let (count, rest) = text.split_once(" bytes")?;
    let (encoding, hash) = rest.split_once(", sha256 ")?;
    let known = ["", " of JSON", " of msgpack"].contains(&encoding);
    let is_hash = hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (known && is_hash).then_some((count.parse().ok()?, hash))
}

/// Returns whether a cell is what a step or a journal says. Some databases spell JSON anew.
pub(super) fn is(column: &str, cell: Option<&[u8]>, said: Option<&str>) -> bool {
    if shown(column, cell).as_deref() == said {
        return true;
    }
    match column {
        "storage_uri" | "manifest_blob" => false,
        "directories" | "commit_meta" | "parent_ids" => {
            let json = |text: &[u8]| serde_json::from_slice::<Value>(text).ok();
            let now = cell.and_then(json);
            now.is_some() && now == said.and_then(|text| json(text.as_bytes()))
        }
        // Most rows read null as an empty text.
        _ => cell.unwrap_or_default().is_empty() && said.unwrap_or_default().is_empty(),
    }
}

/// Returns the cells that a change takes the place of, where its step only describes them.
pub(super) fn to_keep(change: &Change) -> Vec<Vec<u8>> {
    let seen: Vec<(&str, Option<&[u8]>)> = match change {
        Change::Recache(recache) => vec![
            ("manifest_blob", recache.seen_manifest.as_deref()),
            (
                "directories",
                recache.seen_directories.as_deref().map(str::as_bytes),
            ),
        ],
        Change::Edit { edit, .. } => edit
            .cells
            .iter()
            .map(|cell| (cell.column, cell.seen.as_deref()))
            .collect(),
        Change::PutBack {
            edit: Some(edit), ..
        } => edit
            .cells
            .iter()
            .map(|cell| (cell.column, cell.seen.as_deref()))
            .collect(),
        _ => Vec::new(),
    };
    seen.into_iter()
        .filter_map(|(column, cell)| {
            let text = shown(column, cell)?;
            described(&text).and(cell).map(<[u8]>::to_vec)
        })
        .collect()
}

/// Returns a cell of a row by its column, and the column's name for an edit; `None` for a column that no repair
/// changes.
pub(super) fn of(row: &Row, column: &str) -> Option<(&'static str, Option<Vec<u8>>)> {
    let text = |text: &str| Some(text.as_bytes().to_vec());
    let opt = |text: &Option<String>| text.as_ref().map(|text| text.as_bytes().to_vec());
    Some(match (row, column) {
        (row, "storage_uri") => ("storage_uri", row.uri().map(|uri| uri.as_bytes().to_vec())),
        (Row::Commit(row), "branch") => ("branch", text(&row.branch)),
        (Row::Commit(row), "parent_ids") => ("parent_ids", text(&row.parent_ids)),
        (Row::Commit(row), "message") => ("message", text(&row.message)),
        (Row::Commit(row), "author") => ("author", text(&row.author)),
        (Row::Commit(row), "timestamp") => ("timestamp", text(&row.timestamp)),
        (Row::Commit(row), "snapshot_id") => ("snapshot_id", opt(&row.snapshot_id)),
        (Row::Commit(row), "commit_meta") => ("commit_meta", text(&row.commit_meta)),
        (Row::Snapshot(row), "manifest_blob") => ("manifest_blob", row.manifest.clone()),
        (Row::Snapshot(row), "entry_count") => (
            "entry_count",
            row.entry_count.map(|count| count.to_string().into_bytes()),
        ),
        (Row::Snapshot(row), "directories") => ("directories", opt(&row.directories)),
        (Row::Snapshot(row), "created_at") => ("created_at", text(&row.created_at)),
        (Row::Blob(row), "size_bytes") => (
            "size_bytes",
            // No object has such a size: the row has no number there.
            (row.size_bytes >= 0).then(|| row.size_bytes.to_string().into_bytes()),
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{described, is, shown};

    #[test]
    fn a_long_cell_is_described_and_a_short_one_is_shown() {
        let long = vec![b'x'; 401];
        let text = shown("message", Some(&long)).unwrap();
        assert_eq!(described(&text).unwrap().0, 401);
        let short = shown("message", Some(b"la la")).unwrap();
        assert_eq!((short.as_str(), described(&short)), ("la la", None));
        let manifest = shown("manifest_blob", Some(b"{}")).unwrap();
        assert_eq!(described(&manifest).unwrap().0, 2);
        assert!(is("message", None, Some("")));
        assert!(!is("storage_uri", None, Some("")));
        assert!(is("directories", Some(b"[ \"a\" ]"), Some("[\"a\"]")));
    }
}
