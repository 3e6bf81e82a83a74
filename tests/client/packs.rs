//! Pulls of repositories whose blobs are in packs.

use super::support::{options, run, sound};
use luthier_hub::index::{BlobRow, NewRows, PackedRow};
use luthier_hub::testing::between::sql;
use luthier_hub::testing::{
    LONG_AGO, REPO, TestHub, commit, commit_row, member, snapshot, snapshot_row,
};
use luthier_object::pack::{self, Writer};
use luthier_object::{Kind, ObjectId, frame, identity};

const FILES: [(&str, &[u8]); 3] = [("melody", b"la la"), ("bass", b"boom"), ("drums", b"tss")];

/// A hub of June: commits and snapshots in rows, blobs in one pack. Returns it with the pack's key.
async fn june() -> (TestHub, std::path::PathBuf) {
    let hub = TestHub::empty().await;
    let mut writer = Writer::default();
    let (mut at, mut rows) = (23 + 13, Vec::new());
    for (_, bytes) in FILES {
        let content = frame::encode(Kind::Blob, bytes);
        rows.push((
            identity::blob_id(bytes),
            bytes.len(),
            at + 79,
            content.len(),
        ));
        at += 79 + content.len();
        writer = writer.with(&identity::blob_id(bytes), &content);
    }
    let bytes = writer.finish_mpack();
    let id = pack::id_of(&bytes);
    let path = hub.folder.path().join(format!("objects/packs/{id}"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, &bytes).unwrap();
    let blobs = rows.iter().map(|(blob, size, ..)| BlobRow {
        object_id: blob.as_str().into(),
        repo_id: Some(REPO.into()),
        path: "a".into(),
        size_bytes: *size as i64,
        storage_uri: Some(format!("mpack://{id}/{blob}")),
        disk_path: None,
        created_at: LONG_AGO.into(),
    });
    let packed = rows.iter().map(|(blob, _, offset, length)| PackedRow {
        object_id: blob.as_str().into(),
        pack_id: id.as_str().into(),
        offset: Some(*offset as i64),
        length: Some(*length as i64),
    });
    hub.insert(NewRows {
        blobs: blobs.collect(),
        packed: packed.collect(),
        memberships: rows
            .iter()
            .map(|row| (Kind::Blob, member(&row.0)))
            .collect(),
        ..NewRows::default()
    })
    .await;
    let files: Vec<(&str, &ObjectId)> = FILES.iter().zip(&rows).map(|(f, r)| (f.0, &r.0)).collect();
    let tree = snapshot(&files);
    let head = commit(&tree.snapshot_id, &[], "One");
    hub.add_snapshot(snapshot_row(&tree)).await;
    hub.add_commit(commit_row(&head)).await;
    hub.branch("main", &head.commit_id).await;
    (hub, path)
}

async fn pulls(hub: &TestHub, into: &str) {
    let dir = hub.folder.path().join(into);
    let pulled = run(&hub.open().await, &options("alice", "song", &dir))
        .await
        .pulled();
    assert_eq!(pulled.fetched, [1, 1, 3]);
    assert_eq!(sound(&dir).await.proved, [1, 1, 3]);
}

#[tokio::test]
async fn a_repository_whose_blobs_are_in_packs_is_pulled() {
    let (hub, _) = june().await;
    pulls(&hub, "with-index").await;
    let database = hub.folder.path().join("hub.db");
    sql(&database, "DELETE FROM musehub_mpack_index").await;
    pulls(&hub, "without-index").await;
}

#[tokio::test]
async fn a_pack_that_is_gone_stops_the_pull_by_its_name() {
    let (hub, path) = june().await;
    std::fs::rename(&path, path.with_file_name("hidden")).unwrap();
    let dir = hub.folder.path().join("pulled");
    let ended = run(&hub.open().await, &options("alice", "song", &dir)).await;
    assert_eq!(ended.result.unwrap().refused, 3);
    for sentence in ended.sentences {
        assert!(
            sentence.contains("no object under mpack://sha256:"),
            "{sentence}"
        );
    }
}
