//! Objects: other bytes, no bytes, bytes under another key, and the ids of another era.

use super::*;
use luthier_hub::backend::{Backend, Key};
use luthier_hub::index::{BlobRow, NewRows};
use luthier_hub::testing::{LONG_AGO, REPO, member};
use luthier_object::identity::{SnapshotScheme, snapshot_trials};
use luthier_object::{Kind, identity};

/// A hub with one commit of two files, of which the second has a row and whatever the test stores.
async fn one_of_two(hub: &TestHub, uri: Option<String>, bytes: &[u8]) -> ObjectId {
    let id = identity::blob_id(bytes);
    let row = BlobRow {
        object_id: id.as_str().into(),
        repo_id: Some(REPO.into()),
        path: "bass.wav".into(),
        size_bytes: bytes.len() as i64,
        storage_uri: uri,
        disk_path: None,
        created_at: LONG_AGO.into(),
    };
    hub.insert(NewRows {
        blobs: vec![row],
        memberships: vec![(Kind::Blob, member(&id))],
        ..NewRows::default()
    })
    .await;
    id
}

async fn on_main(hub: &TestHub, bass: &ObjectId) {
    let melody = hub.blob(b"la la", "melody.wav").await;
    let tree = stored_tree(hub, &[("melody.wav", &melody), ("bass.wav", bass)]).await;
    let head = stored_commit(hub, &tree, &[], "two parts").await;
    hub.branch("main", &head.commit_id).await;
}

fn uri(hub: &TestHub, key: &str) -> String {
    hub.backend.uri_for(&Key::new(key).unwrap())
}

/// Incident 3: a clone ends with the same integrity failures each time. Bytes of the right length that are not those
/// of the id are corrupt whatever the client says of them; two reads agree, so it is not the network. They are
/// replaced only by bytes that prove, which the hub does not have here: so it is a decision without a remedy yet.
#[tokio::test]
async fn incident_3_other_bytes_under_the_key_of_a_blob_are_corrupt() {
    let hub = TestHub::empty().await;
    let planted = hub
        .plant(&identity::blob_id(b"boom"), b"bomb".to_vec())
        .await;
    let bass = one_of_two(&hub, Some(planted), b"boom").await;
    on_main(&hub, &bass).await;
    let found = audited(&hub).await;
    let corrupt = told(Code::ObjectCorrupt, &bass, Remedy::Replace, Auto::Ask);
    assert_eq!(worse(&found), [corrupt]);
    assert_eq!(stops(&found, Code::ObjectCorrupt), (Some(1), Some(1)));
}

/// Incident 4: then 404: the listing and a HEAD both lack what the row names. A blob comes back from a copy alone.
#[tokio::test]
async fn incident_4_a_blob_without_its_file_is_missing() {
    let hub = TestHub::empty().await;
    let id = identity::blob_id(b"boom");
    let (two, rest) = id.bare().split_at(2);
    let uri = uri(&hub, &format!("objects/sha256/{two}/{rest}"));
    let bass = one_of_two(&hub, Some(uri), b"boom").await;
    on_main(&hub, &bass).await;
    let found = audited(&hub).await;
    let missing = told(Code::ObjectMissing, &bass, Remedy::Restore, Auto::Ask);
    assert_eq!(worse(&found), [missing]);
    assert_eq!(stops(&found, Code::ObjectMissing), (Some(1), Some(1)));
}

/// Incident 8: a push is told that an object is "found in DB but missing from storage". Row and membership are there,
/// no snapshot names them yet since that push never ended, so nothing is stopped; the row is unsound all the same.
#[tokio::test]
async fn incident_8_a_row_without_bytes_is_missing_before_anything_refers_to_it() {
    let two = Two::new().await;
    two.hub.branch("main", &two.second.commit_id).await;
    let uri = uri(&two.hub, &format!("objects/{}", identity::blob_id(b"boom")));
    let ghost = one_of_two(&two.hub, Some(uri), b"boom").await;
    let found = audited(&two.hub).await;
    let missing = told(Code::ObjectMissing, &ghost, Remedy::Restore, Auto::Ask);
    assert_eq!(worse(&found), [missing]);
    assert!(found.iter().any(|f| f.code == Code::BlobUnreferenced));
}

/// Incident 9: the bytes are there and nobody finds them: a script that decompressed objects left them without the
/// algorithm in their key. They prove, so the row is linked to them and nothing is copied.
#[tokio::test]
async fn incident_9_bytes_under_the_key_of_a_script_are_misplaced() {
    let hub = TestHub::empty().await;
    let id = identity::blob_id(b"boom");
    let folder = hub.folder.path().join("objects/objects");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(id.bare()), b"boom").unwrap();
    let uri = uri(&hub, &format!("objects/{id}"));
    let bass = one_of_two(&hub, Some(uri), b"boom").await;
    on_main(&hub, &bass).await;
    let misplaced = told(Code::ObjectMisplaced, &bass, Remedy::Link, Auto::Yes);
    assert_eq!(worse(&audited(&hub).await), [misplaced]);
}

/// Incident 17: ids of April and May read as corruption by a checker that knows today's formulas alone. A blob is the
/// digest of its bytes without a header, a snapshot that of its list without one; both prove, so nothing is found.
#[tokio::test]
async fn incident_17_the_formulas_of_april_prove() {
    let hub = TestHub::empty().await;
    let blob = hub.raw_blob(b"# Hello", "hello.md").await;
    let mut tree = snapshot(&[("hello.md", &blob)]);
    let trials = snapshot_trials(&tree.manifest, &tree.directories).into_iter();
    tree.snapshot_id = (trials.filter(|(scheme, _)| *scheme == SnapshotScheme::Rc7))
        .map(|(_, id)| id)
        .next()
        .unwrap();
    let mut row = snapshot_row(&tree);
    row.storage_uri = Some(hub.plant(&tree.snapshot_id, tree.encode()).await);
    hub.add_snapshot(row).await;
    let head = stored_commit(&hub, &tree, &[], "hello").await;
    hub.branch("main", &head.commit_id).await;
    assert!(
        blob.as_str().starts_with("sha256:01c8de44"),
        "the public one"
    );
    assert_eq!(audited(&hub).await, []);
}
