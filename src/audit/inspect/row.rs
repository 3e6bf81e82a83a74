//! The row of an object, and how it is shown.

use crate::{AuditError, suggest};
use luthier_hub::index::{AnyRow, BlobRow};
use luthier_hub::store::Store;
use luthier_object::{Kind, Manifest, ObjectId};

/// Reads the row of an id.
///
/// # Errors
/// No row has it, or the database cannot be read.
pub(super) async fn read(store: &Store, kind: Kind, id: &ObjectId) -> Result<AnyRow, AuditError> {
    let ids = [id.as_str().to_owned()];
    match AnyRow::by_id(store.index(), kind, &ids).await?.pop() {
        Some(row) => Ok(row),
        None => Err(suggest::no_such_id(store, id.as_str()).await),
    }
}

/// Returns where a row says that its object is; an old hub's `disk_path` if it says nothing.
pub(super) fn uri(row: &AnyRow) -> Option<String> {
    match row {
        AnyRow::Blob(row) => blob_uri(row),
        AnyRow::Commit(_) | AnyRow::Snapshot(_) => row.uri().map(str::to_owned),
    }
}

/// Returns where a blob's row says that its bytes are; an old hub's `disk_path` if it says nothing.
pub(super) fn blob_uri(row: &BlobRow) -> Option<String> {
    row.storage_uri.clone().or_else(|| {
        let path = row.disk_path.as_deref().filter(|path| !path.is_empty())?;
        Some(format!("local://{path}"))
    })
}

/// Columns in the order of the table, as text.
pub(super) fn columns(row: &AnyRow) -> Vec<(String, Option<String>)> {
    let text = |text: &str| Some(text.to_owned());
    let columns: Vec<(&str, Option<String>)> = match row {
        AnyRow::Commit(row) => vec![
            ("commit_id", text(&row.commit_id)),
            ("repo_id", row.repo_id.clone()),
            ("branch", text(&row.branch)),
            ("parent_ids", text(&row.parent_ids)),
            ("message", text(&row.message)),
            ("author", text(&row.author)),
            ("timestamp", text(&row.timestamp)),
            ("snapshot_id", row.snapshot_id.clone()),
            ("commit_meta", text(&row.commit_meta)),
            ("created_at", text(&row.created_at)),
            ("storage_uri", row.storage_uri.clone()),
        ],
        AnyRow::Snapshot(row) => vec![
            ("snapshot_id", text(&row.snapshot_id)),
            ("repo_id", row.repo_id.clone()),
            ("manifest", cache_in_words(row.manifest.as_deref())),
            (
                "delta_blob",
                row.delta
                    .as_ref()
                    .map(|d| format!("msgpack, {} bytes", d.len())),
            ),
            ("parent_snapshot_id", row.parent_snapshot_id.clone()),
            (
                "entry_count",
                row.entry_count.map(|count| count.to_string()),
            ),
            ("directories", row.directories.clone()),
            ("created_at", text(&row.created_at)),
            ("storage_uri", row.storage_uri.clone()),
        ],
        AnyRow::Blob(row) => vec![
            ("object_id", text(&row.object_id)),
            ("repo_id", row.repo_id.clone()),
            ("path", text(&row.path)),
            ("size_bytes", Some(row.size_bytes.to_string())),
            ("disk_path", row.disk_path.clone()),
            ("created_at", text(&row.created_at)),
            ("storage_uri", row.storage_uri.clone()),
        ],
    };
    columns
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Describes how a manifest is cached, with its entries if it can be read.
fn cache_in_words(bytes: Option<&[u8]>) -> Option<String> {
    let bytes = bytes?;
    Some(match Manifest::decode(bytes) {
        Ok((manifest, encoding)) => {
            let encoding = match encoding {
                luthier_object::Encoding::Json => "JSON",
                luthier_object::Encoding::Msgpack => "msgpack",
            };
            format!(
                "{encoding}, {} entries, {} bytes",
                manifest.len(),
                bytes.len()
            )
        }
        Err(why) => format!("{} bytes that cannot be read: {why}", bytes.len()),
    })
}
