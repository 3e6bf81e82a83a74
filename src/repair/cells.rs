//! Cells of rows as plans and journals show them, and as they are read.

use super::steps::{describe, shorten};
use luthier_hub::index::{AnyRow, EditableColumn as Column};
use luthier_hub::store::write::Change;
use serde_json::Value;

/// Returns a cell as a step shows it.
pub(super) fn shown(column: Column, cell: Option<&[u8]>) -> Option<String> {
    let cell = cell?;
    Some(match column {
        Column::ManifestBlob => describe(cell),
        _ => shorten(&String::from_utf8_lossy(cell)),
    })
}

/// Returns length and sha256 of a cell that a step only describes; `None` where it shows the cell itself.
pub(super) fn described(text: &str) -> Option<(u64, &str)> {
    let (count, rest) = text.split_once(" bytes")?;
    let (encoding, hash) = rest.split_once(", sha256 ")?;
    let known = ["", " of JSON", " of msgpack"].contains(&encoding);
    let is_hash = hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (known && is_hash).then_some((count.parse().ok()?, hash))
}

/// Returns whether a cell has the value that a step or a journal names. Some databases write JSON in another form.
pub(super) fn is(column: Column, cell: Option<&[u8]>, said: Option<&str>) -> bool {
    if shown(column, cell).as_deref() == said {
        return true;
    }
    match column {
        Column::StorageUri | Column::ManifestBlob => false,
        Column::Directories | Column::CommitMeta | Column::ParentIds => {
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
    let seen: Vec<(Column, Option<&[u8]>)> = match change {
        Change::Recache(recache) => vec![
            (Column::ManifestBlob, recache.seen_manifest.as_deref()),
            (
                Column::Directories,
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

/// Returns a cell of a row; `None` for a column that rows of its kind do not have.
pub(super) fn of(row: &AnyRow, column: Column) -> Option<Option<Vec<u8>>> {
    let text = |text: &str| Some(text.as_bytes().to_vec());
    let opt = |text: &Option<String>| text.as_ref().map(|text| text.as_bytes().to_vec());
    Some(match (row, column) {
        (row, Column::StorageUri) => row.uri().map(|uri| uri.as_bytes().to_vec()),
        (AnyRow::Commit(row), Column::Branch) => text(&row.branch),
        (AnyRow::Commit(row), Column::ParentIds) => text(&row.parent_ids),
        (AnyRow::Commit(row), Column::Message) => text(&row.message),
        (AnyRow::Commit(row), Column::Author) => text(&row.author),
        (AnyRow::Commit(row), Column::Timestamp) => text(&row.timestamp),
        (AnyRow::Commit(row), Column::SnapshotId) => opt(&row.snapshot_id),
        (AnyRow::Commit(row), Column::CommitMeta) => text(&row.commit_meta),
        (AnyRow::Snapshot(row), Column::ManifestBlob) => row.manifest.clone(),
        (AnyRow::Snapshot(row), Column::EntryCount) => {
            row.entry_count.map(|count| count.to_string().into_bytes())
        }
        (AnyRow::Snapshot(row), Column::Directories) => opt(&row.directories),
        (AnyRow::Snapshot(row), Column::CreatedAt) => text(&row.created_at),
        // No object has such a size: the row has no number there.
        (AnyRow::Blob(row), Column::SizeBytes) => {
            (row.size_bytes >= 0).then(|| row.size_bytes.to_string().into_bytes())
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Column, described, is, shown};

    #[test]
    fn a_long_cell_is_described_and_a_short_one_is_shown() {
        let long = vec![b'x'; 401];
        let text = shown(Column::Message, Some(&long)).unwrap();
        assert_eq!(described(&text).unwrap().0, 401);
        let short = shown(Column::Message, Some(b"la la")).unwrap();
        assert_eq!((short.as_str(), described(&short)), ("la la", None));
        let manifest = shown(Column::ManifestBlob, Some(b"{}")).unwrap();
        assert_eq!(described(&manifest).unwrap().0, 2);
        assert!(is(Column::Message, None, Some("")));
        assert!(!is(Column::StorageUri, None, Some("")));
        assert!(is(Column::Directories, Some(b"[ \"a\" ]"), Some("[\"a\"]")));
    }
}
