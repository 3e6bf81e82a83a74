//! A hub of June 2026: commits and snapshots in rows alone, blobs in one pack.

use super::between::sql;
use super::{LONG_AGO, REPO, TestHub, commit, commit_row, member, snapshot, snapshot_row};
use crate::index::{BlobRow, NewRows, PackedRow};
use crate::store::Policy;
use luthier_object::pack::{self, Event, Reader, Writer};
use luthier_object::{Kind, ObjectId, frame, identity};
use std::path::PathBuf;

/// The files of its one commit.
pub const FILES: [(&str, &[u8]); 3] = [("melody", b"la la"), ("bass", b"boom"), ("drums", b"tss")];

/// The hub, and its pack.
pub struct June {
    pub hub: TestHub,
    pub pack: ObjectId,
    /// Where the pack lies.
    pub path: PathBuf,
    pub blobs: Vec<ObjectId>,
}

impl June {
    /// A healthy hub.
    pub async fn new() -> Self {
        let mut hub = TestHub::empty().await;
        hub.hub.policy = Policy::DbCanonical;
        let blobs: Vec<ObjectId> = FILES
            .iter()
            .map(|(_, bytes)| identity::blob_id(bytes))
            .collect();
        let files = FILES.iter().zip(&blobs);
        let writer = files
            .clone()
            .fold(Writer::default(), |writer, ((_, bytes), id)| {
                writer.with(id, &frame::encode(Kind::Blob, bytes))
            });
        let bytes = writer.finish_mpack();
        let pack = pack::id_of(&bytes);
        let path = hub
            .folder
            .path()
            .join(format!("objects/packs/{}.mpack", pack.bare()));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &bytes).unwrap();
        let rows = files.clone().map(|((path, bytes), id)| BlobRow {
            object_id: id.as_str().into(),
            repo_id: Some(REPO.into()),
            path: (*path).into(),
            size_bytes: bytes.len() as i64,
            storage_uri: Some(format!("mpack://{pack}/{id}")),
            disk_path: None,
            created_at: LONG_AGO.into(),
        });
        hub.insert(NewRows {
            blobs: rows.collect(),
            packed: index(&bytes, &pack),
            memberships: blobs.iter().map(|id| (Kind::Blob, member(id))).collect(),
            ..NewRows::default()
        })
        .await;
        let named: Vec<(&str, &ObjectId)> = files.map(|((path, _), id)| (*path, id)).collect();
        let tree = snapshot(&named);
        let head = commit(&tree.snapshot_id, &[], "One");
        hub.add_snapshot(snapshot_row(&tree)).await;
        hub.add_commit(commit_row(&head)).await;
        hub.branch("main", &head.commit_id).await;
        Self {
            hub,
            pack,
            path,
            blobs,
        }
    }

    /// Runs SQL behind the hub's back.
    pub async fn sql(&self, text: &str) {
        sql(&self.hub.folder.path().join("hub.db"), text).await;
    }

    /// Hides the pack under a name that nobody looks for.
    pub fn lose_pack(&self) {
        std::fs::rename(&self.path, self.hub.folder.path().join("lost")).unwrap();
    }
}

/// The index rows of a pack.
pub fn index(bytes: &[u8], pack: &ObjectId) -> Vec<PackedRow> {
    let mut out = Vec::new();
    let mut reader = Reader::new(bytes.len() as u64).unwrap();
    let read = reader.feed(bytes, |event| {
        if let Event::Record(record) = event {
            out.push(PackedRow {
                object_id: record.id.as_str().into(),
                pack_id: pack.as_str().into(),
                offset: Some(record.offset as i64),
                length: Some(record.length as i64),
            });
        }
    });
    read.unwrap();
    out
}
