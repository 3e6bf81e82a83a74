//! Each thing that can go wrong in a pulled folder is found, and nothing else.

use super::support::*;
use crate::verify::verify;
use crate::{Folder, Layout};
use luthier_hub::progress::Progress;
use luthier_object::Kind;
use std::os::unix::fs::symlink;
use std::path::Path;

/// What is wrong after `spoil` worked on a sound pull.
async fn after(spoil: impl FnOnce(&Song, &Path)) -> (Song, Vec<String>) {
    let song = Song::new().await;
    song.pull().await.pulled();
    spoil(&song, &song.dir());
    let (_, wrong) = check(&song.dir()).await;
    (song, wrong)
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_flipped_byte_is_found_wherever_it_is() {
    let song = Song::new().await;
    song.pull().await.pulled();
    let dir = song.dir();
    let blob = file(&dir, Kind::Blob, &song.blobs[1]);
    let length = std::fs::read(&blob).unwrap().len();
    for at in 0..length {
        flip(&blob, at);
        let (_, wrong) = check(&dir).await;
        assert_eq!(wrong.len(), 1, "byte {at}: {wrong:?}");
        assert!(wrong[0].starts_with(&format!("object {}", song.blobs[1])));
        flip(&blob, at);
    }
    sound(&dir).await;
}

#[tokio::test]
async fn a_changed_commit_and_a_changed_tree_are_found() {
    let (song, wrong) = after(|song, dir| {
        for (kind, id, from, to) in [
            (Kind::Commit, &song.first.commit_id, "One", "Two"),
            (Kind::Snapshot, &song.trees[1].snapshot_id, "drums", "Drums"),
        ] {
            let path = file(dir, kind, id);
            let text = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
            std::fs::write(path, text.replace(from, to)).unwrap();
        }
    })
    .await;
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(
        wrong
            .iter()
            .any(|w| w.starts_with(&format!("commit {}", song.first.commit_id)))
    );
    let tree = format!("snapshot {}", song.trees[1].snapshot_id);
    assert!(wrong.iter().any(|w| w.starts_with(&tree)));
}

#[tokio::test]
async fn removed_objects_are_found_on_every_tier() {
    for tier in 0..3 {
        let (song, wrong) = after(|song, dir| {
            let (kind, id) = nth(song, tier);
            std::fs::remove_file(file(dir, kind, &id)).unwrap();
        })
        .await;
        let (kind, id) = nth(&song, tier);
        let word = if kind == Kind::Blob {
            "object"
        } else {
            kind.as_str()
        };
        let [wrong] = &wrong[..] else {
            panic!("{wrong:?}")
        };
        assert!(wrong.starts_with(&format!("{word} {id}: it is missing")));
        // Where a history may end on purpose, that is said.
        let may_be_shallow = wrong.contains("a clone that was made with a depth ends here");
        assert_eq!(may_be_shallow, kind == Kind::Commit, "{wrong}");
    }
}

fn nth(song: &Song, tier: usize) -> (Kind, luthier_object::ObjectId) {
    match tier {
        0 => (Kind::Commit, song.first.commit_id.clone()),
        1 => (Kind::Snapshot, song.trees[0].snapshot_id.clone()),
        _ => (Kind::Blob, song.blobs[2].clone()),
    }
}

#[tokio::test]
async fn one_object_under_the_name_of_another_is_found() {
    let (song, wrong) = after(|song, dir| {
        let from = file(dir, Kind::Commit, &song.second.commit_id);
        std::fs::copy(from, file(dir, Kind::Commit, &song.first.commit_id)).unwrap();
    })
    .await;
    let says = format!("the object says that it is {}", song.second.commit_id);
    assert_eq!(wrong, [format!("commit {}: {says}", song.first.commit_id)]);
}

#[tokio::test]
async fn refs_to_nothing_and_refs_that_are_none_are_found() {
    let gone = "sha256:".to_owned() + &"0".repeat(64);
    let (_, wrong) = after(|_, dir| {
        let heads = dir.join(".muse/refs/heads");
        std::fs::write(heads.join("gone"), &gone).unwrap();
        std::fs::write(heads.join("words"), "main, I think").unwrap();
        std::fs::write(heads.join("giant"), vec![b'a'; 1 << 20]).unwrap();
        symlink("/etc/hostname", heads.join("link")).unwrap();
    })
    .await;
    let wrong: Vec<&str> = wrong.iter().map(|w| w.split_once(':').unwrap().0).collect();
    assert_eq!(
        wrong,
        ["ref giant", "ref link", "ref words", "commit sha256"]
    );
}

#[tokio::test]
async fn a_head_that_names_no_branch_is_found() {
    for text in [
        "",
        "ref: refs/heads/none",
        "ref: refs/heads/../../x",
        "deadbeef",
    ] {
        let (_, wrong) =
            after(|_, dir| std::fs::write(dir.join(".muse/HEAD"), text).unwrap()).await;
        assert_eq!(wrong.len(), 1, "{text:?}");
        assert!(wrong[0].starts_with("ref HEAD: "));
    }
    let (_, wrong) = after(|_, dir| std::fs::remove_file(dir.join(".muse/HEAD")).unwrap()).await;
    assert_eq!(wrong, ["ref HEAD: it is missing"]);
    let remove = |_: &Song, dir: &Path| {
        std::fs::remove_file(dir.join(".muse/refs/heads/main")).unwrap();
    };
    let (_, wrong) = after(remove).await;
    assert_eq!(
        wrong,
        ["ref HEAD: it refers to the branch main, which has no ref"]
    );
}

#[tokio::test]
async fn hostile_files_are_findings_and_never_a_hang() {
    let (_, wrong) = after(|song, dir| {
        let [a, b, c] = &song.blobs;
        let place = |id, hostile: &dyn Fn(&Path)| {
            let path = file(dir, Kind::Blob, id);
            std::fs::remove_file(&path).unwrap();
            hostile(&path);
        };
        place(a, &|path| symlink("/dev/zero", path).unwrap());
        place(b, &|path| std::fs::create_dir(path).unwrap());
        // Sparse: larger than anything that is read, and it takes no room.
        place(c, &|path| {
            std::fs::File::create(path)
                .unwrap()
                .set_len(1 << 30)
                .unwrap();
        });
        let deep = "[".repeat(1 << 20);
        let path = file(dir, Kind::Commit, &song.first.commit_id);
        let deep = luthier_object::frame::encode(Kind::Commit, deep.as_bytes());
        std::fs::write(path, deep).unwrap();
        let path = file(dir, Kind::Snapshot, &song.trees[1].snapshot_id);
        std::fs::OpenOptions::new()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(1 << 30)
            .unwrap();
    })
    .await;
    // The tree of the second commit and its parent cannot be read, so nothing below them is met.
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong.iter().any(|w| w.contains("deeper than 128")));
    assert!(wrong.iter().any(|w| w.contains("at most")));
}

#[tokio::test]
async fn hostile_blobs_are_findings_and_never_a_hang() {
    let (_, wrong) = after(|song, dir| {
        let paths = song.blobs.each_ref().map(|id| file(dir, Kind::Blob, id));
        for path in &paths {
            std::fs::remove_file(path).unwrap();
        }
        symlink("/dev/zero", &paths[0]).unwrap();
        std::fs::create_dir(&paths[1]).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&paths[2]).status();
        assert!(made.unwrap().success());
    })
    .await;
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    assert!(wrong.iter().any(|w| w.contains("symbolic link")));
    assert_eq!(
        wrong
            .iter()
            .filter(|w| w.contains("not a regular file"))
            .count(),
        2
    );
}

#[tokio::test]
async fn a_folder_without_muse_is_no_repository() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, progress) = (Folder::open(folder.path()).unwrap(), Progress::new());
    let error = verify(folder, &progress, &mut |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("no .muse folder"));
}

#[tokio::test]
async fn a_check_that_is_told_to_stop_says_that_it_did() {
    let song = Song::new().await;
    song.pull().await.pulled();
    let progress = Progress::new();
    progress.cancel();
    let folder = Folder::open(&song.dir()).unwrap();
    let verified = verify(folder, &progress, &mut |_| {}).await.unwrap();
    assert!(verified.stopped);
}

#[tokio::test]
async fn a_folder_that_says_nothing_of_its_layout_shows_it_by_its_folders() {
    let (song, wrong) = after(|_, dir| {
        std::fs::write(dir.join(".muse/repo.json"), "{}").unwrap();
    })
    .await;
    assert_eq!(wrong, [""; 0]);
    let (verified, _) = check(&song.dir()).await;
    assert_eq!(verified.layout, Layout::Unified.name());
}
