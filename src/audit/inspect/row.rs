//! A row of any kind.

use crate::{AuditError, suggest};
use luthier_hub::index::{BlobRow, CommitRow, SnapshotRow};
use luthier_hub::store::Store;
use luthier_object::{Kind, Manifest, ObjectId};

/// A row as the database has it.
pub(super) enum Row {
    Commit(CommitRow),
    Snapshot(SnapshotRow),
    Blob(BlobRow),
}

impl Row {
    pub async fn read(store: &Store, kind: Kind, id: &ObjectId) -> Result<Self, AuditError> {
        let ids = [id.as_str().to_owned()];
        let index = store.index();
        let row = match kind {
            Kind::Commit => index.commits_by_id(&ids).await?.pop().map(Row::Commit),
            Kind::Snapshot => index.snapshots_by_id(&ids).await?.pop().map(Row::Snapshot),
            Kind::Blob => index.blobs_by_id(&ids).await?.pop().map(Row::Blob),
        };
        match row {
            Some(row) => Ok(row),
            None => Err(suggest::no_such_id(store, id.as_str()).await),
        }
    }

    /// Returns where the row says that its object is; an old hub's `disk_path` if it says nothing.
    pub fn uri(&self) -> Option<String> {
        match self {
            Row::Commit(row) => row.storage_uri.clone(),
            Row::Snapshot(row) => row.storage_uri.clone(),
            Row::Blob(row) => row.storage_uri.clone().or_else(|| {
                let path = row.disk_path.as_deref().filter(|path| !path.is_empty())?;
                Some(format!("local://{path}"))
            }),
        }
    }

    pub const fn kind(&self) -> Kind {
        match self {
            Row::Commit(_) => Kind::Commit,
            Row::Snapshot(_) => Kind::Snapshot,
            Row::Blob(_) => Kind::Blob,
        }
    }

    pub fn id(&self) -> ObjectId {
        ObjectId::new(match self {
            Row::Commit(row) => &row.commit_id,
            Row::Snapshot(row) => &row.snapshot_id,
            Row::Blob(row) => &row.object_id,
        })
    }

    pub fn repo_id(&self) -> Option<&str> {
        match self {
            Row::Commit(row) => row.repo_id.as_deref(),
            Row::Snapshot(row) => row.repo_id.as_deref(),
            Row::Blob(row) => row.repo_id.as_deref(),
        }
    }

    /// Columns in the order of the table, as text.
    pub fn columns(&self) -> Vec<(String, Option<String>)> {
        let text = |text: &str| Some(text.to_owned());
        let columns: Vec<(&str, Option<String>)> = match self {
            Row::Commit(row) => vec![
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
            Row::Snapshot(row) => vec![
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
            Row::Blob(row) => vec![
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
