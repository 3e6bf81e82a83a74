//! What a pull leaves on the disk.

use super::support::*;
use crate::{Layout, PullError};
use luthier_hub::index::{BranchRow, NewRows};
use luthier_hub::testing::{REPO, TestHub, commit, commit_row, snapshot, snapshot_row};
use luthier_object::{Kind, ObjectId, frame, identity};

#[tokio::test]
async fn a_pull_is_what_a_client_holds_and_verifies() {
    let song = Song::new().await;
    let pulled = song.pull().await.pulled();
    assert_eq!((pulled.received.fetched, pulled.held), ([2, 2, 3], [0; 3]));
    let dir = song.dir();
    let read = |kind, id| std::fs::read(file(&dir, kind, id)).unwrap();
    let head = &song.second;
    assert_eq!(read(Kind::Commit, &head.commit_id), head.encode());
    let tree = &song.trees[1];
    assert_eq!(read(Kind::Snapshot, &tree.snapshot_id), tree.encode());
    let blob = frame::encode(Kind::Blob, b"la la");
    assert_eq!(read(Kind::Blob, &song.blobs[0]), blob);
    assert_eq!(ref_of(&dir, "main"), head.commit_id.as_str());
    let files = files(&dir);
    assert_eq!(files[".muse/HEAD"], b"ref: refs/heads/main\n");
    assert!(files[".muse/repo.json"].starts_with(b"{"));
    assert_eq!(files.len(), 7 + 3, "{:?}", files.keys());
    let verified = sound(&dir).await;
    assert_eq!((verified.refs, verified.proved), (1, [2, 2, 3]));
}

#[tokio::test]
async fn an_interrupted_pull_goes_on_without_reading_again() {
    let song = Song::new().await;
    let store = song.hub.open().await;
    let cut = run_until(&store, &song.options(), 4).await;
    assert_eq!(cut.objects.len(), 4);
    let stopped = cut.result.unwrap();
    assert!(stopped.stopped && !stopped.is_complete());
    let dir = song.dir();
    assert!(!dir.join(".muse/refs").exists(), "no ref before the end");
    assert!(!dir.join(".muse/HEAD").exists());
    // What came once is gone from the hub: whoever asks for it again is refused.
    for line in &cut.objects {
        let id = line.split_once(' ').unwrap().1;
        std::fs::remove_file(song.object(&ObjectId::new(id))).unwrap();
    }
    let rest = run(&store, &song.options()).await;
    assert_eq!(rest.objects.len(), 3);
    let pulled = rest.pulled();
    assert_eq!(pulled.held.iter().sum::<u64>(), 4);
    sound(&dir).await;
}

#[tokio::test]
async fn a_pull_that_was_cut_off_in_the_middle_of_a_batch_goes_on() {
    let song = Song::new().await;
    let dir = song.dir();
    std::fs::create_dir_all(dir.join(".muse")).unwrap();
    for n in 0..3 {
        let left = dir.join(format!(".muse/.luthier-{n}.tmp"));
        std::fs::write(left, "half an object, longer than whatever takes its place").unwrap();
    }
    song.pull().await.pulled();
    assert_eq!(files(&dir).len(), 7 + 3);
    sound(&dir).await;
}

#[tokio::test]
async fn the_next_pull_brings_what_is_new_and_moves_the_ref() {
    let song = Song::without_branch().await;
    song.hub.branch("main", &song.first.commit_id).await;
    song.pull().await.pulled();
    let next = TestHubBranch::moved(&song).await;
    let pulled = run(&next, &song.options()).await.pulled();
    assert_eq!(
        (pulled.received.fetched, pulled.held),
        ([1, 1, 1], [1, 1, 2])
    );
    assert_eq!(ref_of(&song.dir(), "main"), song.second.commit_id.as_str());
    sound(&song.dir()).await;
}

/// The same hub with `main` at the second commit: its database is written by another program.
struct TestHubBranch;

impl TestHubBranch {
    async fn moved(song: &Song) -> luthier_hub::store::Store {
        let url = format!(
            "sqlite://{}",
            song.hub.folder.path().join("hub.db").display()
        );
        let pool = sqlx::sqlite::SqlitePool::connect(&url).await.unwrap();
        sqlx::query("UPDATE musehub_branches SET head_commit_id = ?1")
            .bind(song.second.commit_id.as_str())
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
        song.hub.open().await
    }
}

#[tokio::test]
async fn an_incremental_pull_fetches_only_what_the_client_lacks() {
    let song = Song::without_branch().await;
    song.hub.branch("old", &song.first.commit_id).await;
    song.hub.branch("new", &song.second.commit_id).await;
    let store = song.hub.open().await;
    let old = crate::PullOptions {
        branch: Some("old".into()),
        ..song.options()
    };
    assert_eq!(run(&store, &old).await.pulled().received.fetched, [1, 1, 2]);
    let new = crate::PullOptions {
        branch: Some("new".into()),
        have: vec![song.first.commit_id.clone()],
        ..song.options()
    };
    let pulled = run(&store, &new).await.pulled();
    assert_eq!((pulled.received.fetched, pulled.held), ([1, 1, 1], [0; 3]));
    let verified = sound(&song.dir()).await;
    assert_eq!((verified.refs, verified.proved), (2, [2, 2, 3]));
}

#[tokio::test]
async fn one_branch_alone_is_checked_out() {
    let song = Song::new().await;
    song.hub.branch("parts/bass", &song.first.commit_id).await;
    let o = crate::PullOptions {
        branch: Some("parts/bass".into()),
        ..song.options()
    };
    let pulled = run(&song.hub.open().await, &o).await.pulled();
    assert_eq!(pulled.received.fetched, [1, 1, 2]);
    let head = std::fs::read(song.dir().join(".muse/HEAD")).unwrap();
    assert_eq!(head, b"ref: refs/heads/parts/bass\n");
    sound(&song.dir()).await;
    // Then the others; the folder is checked out at the default branch again.
    song.pull().await.pulled();
    let head = std::fs::read(song.dir().join(".muse/HEAD")).unwrap();
    assert_eq!(head, b"ref: refs/heads/main\n");
    assert_eq!(sound(&song.dir()).await.refs, 2);
}

#[tokio::test]
async fn a_repository_without_commits_gives_an_empty_branch() {
    let hub = TestHub::empty().await;
    let dir = hub.folder.path().join("pulled");
    let store = hub.open().await;
    let pulled = run(&store, &options("alice", "song", &dir)).await.pulled();
    assert_eq!(pulled.branches, [("main".to_owned(), None)]);
    assert_eq!(ref_of(&dir, "main"), "");
    sound(&dir).await;
}

#[tokio::test]
async fn objects_that_rows_give_are_counted_apart() {
    let hub = TestHub::empty().await;
    let empty = identity::blob_id(b"");
    let tree = snapshot(&[("keep", &empty)]);
    let head = commit(&tree.snapshot_id, &[], "Keep");
    hub.add_snapshot(snapshot_row(&tree)).await;
    hub.add_commit(commit_row(&head)).await;
    hub.branch("main", &head.commit_id).await;
    let dir = hub.folder.path().join("pulled");
    let store = hub.open().await;
    let pulled = run(&store, &options("alice", "song", &dir)).await.pulled();
    assert_eq!(
        (pulled.received.reconstructed, pulled.received.empty),
        ([1, 1, 0], 1)
    );
    assert_eq!(pulled.received.fetched, [1, 1, 1]);
    sound(&dir).await;
}

#[tokio::test]
async fn client_0_1_gets_json_files_and_raw_blobs() {
    let hub = TestHub::empty().await;
    let bytes = b"la la".to_vec();
    let (_, blob) = identity::blob_trials(&bytes).pop().unwrap();
    let uri = hub.plant(&blob, bytes.clone()).await;
    let row = luthier_hub::index::BlobRow {
        object_id: blob.as_str().into(),
        size_bytes: 5,
        storage_uri: Some(uri),
        ..Default::default()
    };
    hub.insert(NewRows {
        blobs: vec![row],
        ..NewRows::default()
    })
    .await;
    let tree = snapshot(&[("mélodie/un", &blob)]);
    let head = commit(&tree.snapshot_id, &[], "Une mélodie\n\n✓");
    let (tree, head) = of_march(tree, head);
    keep(&hub, &tree, &head).await;
    hub.branch("main", &head.commit_id).await;
    let dir = hub.folder.path().join("pulled");
    let o = crate::PullOptions {
        layout: Layout::V01,
        ..options("alice", "song", &dir)
    };
    let store = hub.open().await;
    run(&store, &o).await.pulled();
    let hex = blob.as_str();
    let raw = dir.join(format!(".muse/objects/{}/{}", &hex[..2], &hex[2..]));
    assert_eq!(std::fs::read(raw).unwrap(), bytes);
    assert_eq!(ref_of(&dir, "main"), head.commit_id.as_str());
    assert_eq!(ref_of(&dir, "main").len(), 64);
    let json = |path: String| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(dir.join(path)).unwrap()).unwrap()
    };
    let commit = json(format!(".muse/commits/{}.json", head.commit_id));
    assert_eq!(commit["message"], "Une mélodie\n\n✓");
    let snapshot = json(format!(".muse/snapshots/{}.json", tree.snapshot_id));
    assert_eq!(snapshot["manifest"]["mélodie/un"], hex);
    let verified = sound(&dir).await;
    assert_eq!(
        (verified.layout.as_str(), verified.proved),
        ("v01", [1, 1, 1])
    );
    // The same folder is not mixed with the other layout.
    let mixed = run(&store, &options("alice", "song", &dir)).await;
    assert!(matches!(mixed.result, Err(PullError::Unfit { .. })));
}

#[tokio::test]
async fn client_0_1_is_refused_ids_of_a_later_era() {
    let song = Song::new().await;
    let o = crate::PullOptions {
        layout: Layout::V01,
        ..song.options()
    };
    let said = run(&song.hub.open().await, &o).await.refusal();
    assert!(said.starts_with(&format!("commit {}", song.second.commit_id)));
    assert!(said.contains("later era (typed)"), "{said}");
    assert!(!song.dir().join(".muse/refs").exists());
}

#[tokio::test]
async fn two_rows_of_one_name_must_agree() {
    let song = Song::new().await;
    let again = |head: &ObjectId, id: &str| BranchRow {
        branch_id: id.into(),
        repo_id: REPO.into(),
        name: "main".into(),
        head_commit_id: Some(head.as_str().into()),
    };
    let insert = async |row| {
        let rows = NewRows {
            branches: vec![row],
            ..NewRows::default()
        };
        song.hub.insert(rows).await;
    };
    insert(again(&song.second.commit_id, "again")).await;
    song.pull().await.pulled();
    insert(again(&song.first.commit_id, "other")).await;
    let said = song.pull().await.refusal();
    for part in [
        "main",
        song.first.commit_id.as_str(),
        song.second.commit_id.as_str(),
    ] {
        assert!(said.contains(part), "{said}");
    }
}
