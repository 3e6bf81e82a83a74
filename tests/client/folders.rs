//! Folders that are in use, in the way, or not what they seem.

use super::support::*;
use crate::{Folder, PullError};
use luthier_object::Kind;
use std::os::unix::fs::symlink;

#[tokio::test]
async fn a_folder_that_holds_something_else_is_left_alone() {
    let song = Song::new().await;
    let dir = song.dir();
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("letter.txt"), "dear").unwrap();
    let ended = song.pull().await;
    assert!(matches!(ended.result, Err(PullError::Unfit { .. })));
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_of_another_repository_is_left_alone() {
    let song = Song::new().await;
    let dir = song.dir();
    std::fs::create_dir_all(dir.join(".muse")).unwrap();
    let other = r#"{"repo_id":"another","layout":"unified"}"#;
    std::fs::write(dir.join(".muse/repo.json"), other).unwrap();
    let said = song.pull().await.refusal();
    assert!(said.contains("another repository (another)"), "{said}");
    assert_eq!(files(&dir).len(), 1);
}

#[tokio::test]
async fn other_bytes_under_an_objects_name_are_never_overwritten() {
    let song = Song::new().await;
    let at = file(&song.dir(), Kind::Blob, &song.blobs[0]);
    song.pull().await.pulled();
    std::fs::write(&at, "mine").unwrap();
    let said = song.pull().await.refusal();
    assert!(said.contains("nothing is overwritten"), "{said}");
    assert_eq!(std::fs::read(&at).unwrap(), b"mine");
}

#[tokio::test]
async fn no_link_leads_out_of_the_folder() {
    for link in [
        ".muse",
        ".muse/objects",
        ".muse/objects/sha256",
        ".muse/refs",
    ] {
        let song = Song::new().await;
        let outside = song.hub.folder.path().join("outside");
        std::fs::create_dir(&outside).unwrap();
        // An earlier pull, so that the folder is known.
        song.pull().await.pulled();
        let at = song.dir().join(link);
        std::fs::rename(&at, song.hub.folder.path().join("moved")).unwrap();
        symlink(&outside, &at).unwrap();
        let ended = song.pull().await;
        let said = ended.result.unwrap_err().to_string();
        assert!(said.contains("symbolic link"), "{link}: {said}");
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0, "{link}");
    }
}

#[tokio::test]
async fn a_ref_that_is_a_link_is_replaced_and_not_followed() {
    let song = Song::new().await;
    song.pull().await.pulled();
    let outside = song.hub.folder.path().join("outside");
    std::fs::write(&outside, "precious").unwrap();
    let at = song.dir().join(".muse/refs/heads/main");
    std::fs::remove_file(&at).unwrap();
    symlink(&outside, &at).unwrap();
    song.pull().await.pulled();
    assert_eq!(std::fs::read(&outside).unwrap(), b"precious");
    sound(&song.dir()).await;
}

#[tokio::test]
async fn one_pull_at_a_time_works_in_a_folder() {
    let song = Song::new().await;
    let held = Folder::create(&song.dir()).unwrap();
    held.lock().unwrap();
    let said = song.pull().await.refusal();
    assert!(said.contains("is running"), "{said}");
    drop(held);
    song.pull().await.pulled();
}

#[tokio::test]
async fn a_deleted_repository_is_not_pulled() {
    let song = Song::new().await;
    let row = luthier_hub::index::RepoRow {
        repo_id: "gone".into(),
        owner: "alice".into(),
        slug: "old".into(),
        deleted_at: Some("2026-04-01T00:00:00+00:00".into()),
        ..Default::default()
    };
    song.hub
        .insert(luthier_hub::index::NewRows {
            repos: vec![row],
            ..Default::default()
        })
        .await;
    let store = song.hub.open().await;
    let deleted = run(&store, &options("alice", "old", &song.dir())).await;
    assert!(deleted.refusal().contains("was deleted"));
    let none = run(&store, &options("alice", "none", &song.dir())).await;
    assert!(matches!(none.result, Err(PullError::NoSuchRepo(_))));
    assert!(!song.dir().exists());
}
