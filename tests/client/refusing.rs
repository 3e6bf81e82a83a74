//! What a client would refuse, and in which words.

use super::support::*;
use luthier_hub::testing::{TestHub, commit, commit_row, snapshot, snapshot_row};
use luthier_object::{Kind, ObjectId, identity};

/// A hub whose `main` stands at a commit of this tree, all stored.
async fn with_tree(tree: &luthier_object::SnapshotRecord, hub: TestHub) -> Song {
    let head = commit(&tree.snapshot_id, &[], "Head");
    keep(&hub, tree, &head).await;
    hub.branch("main", &head.commit_id).await;
    let nothing = identity::blob_id(b"");
    Song {
        hub,
        first: head.clone(),
        second: head,
        trees: [tree.clone(), tree.clone()],
        blobs: [nothing.clone(), nothing.clone(), nothing],
    }
}

#[tokio::test]
async fn a_missing_blob_is_named_with_the_whole_way_to_it() {
    let song = Song::new().await;
    std::fs::remove_file(song.object(&song.blobs[1])).unwrap();
    let said = song.pull().await.refusal();
    let hex = song.blobs[1].hex().unwrap();
    let expected = format!(
        "head main → commit {} → commit {} → snapshot {} → blob {} (bass): the store has no object \
         under objects/sha256/{}/{}",
        song.second.commit_id.short(),
        song.first.commit_id.short(),
        song.trees[0].snapshot_id.short(),
        song.blobs[1],
        &hex[..2],
        &hex[2..],
    );
    assert_eq!(said, expected);
}

#[tokio::test]
async fn missing_parents_snapshots_and_heads_are_named() {
    let song = Song::without_branch().await;
    let gone = identity::blob_id(b"gone");
    let orphan = commit(&song.trees[0].snapshot_id, &[&gone], "Orphan");
    keep_commit(&song.hub, &orphan).await;
    let bare = commit(&gone, &[], "Bare");
    keep_commit(&song.hub, &bare).await;
    song.hub.branch("orphan", &orphan.commit_id).await;
    song.hub.branch("bare", &bare.commit_id).await;
    song.hub.branch("dangling", &gone).await;
    let store = song.hub.open().await;
    for (branch, expected) in [
        (
            "orphan",
            format!(
                "head orphan → commit {} → commit {gone}: the database has no row for it",
                orphan.commit_id.short()
            ),
        ),
        (
            "bare",
            format!(
                "head bare → commit {} → snapshot {gone}: the database has no row for it",
                bare.commit_id.short()
            ),
        ),
        (
            "dangling",
            format!("head dangling → commit {gone}: the database has no row for it"),
        ),
    ] {
        let o = crate::PullOptions {
            branch: Some(branch.into()),
            into: song.dir().join(branch),
            ..song.options()
        };
        assert_eq!(run(&store, &o).await.refusal(), expected);
    }
}

#[tokio::test]
async fn wrong_bytes_are_refused_and_never_written() {
    let song = Song::new().await;
    std::fs::write(song.object(&song.blobs[2]), b"TSS").unwrap();
    let said = song.pull().await.refusal();
    assert!(said.contains(&format!("blob {} (parts/drums)", song.blobs[2])));
    assert!(
        said.contains("is not the right one: the bytes do not match the id"),
        "{said}"
    );
    assert!(!file(&song.dir(), Kind::Blob, &song.blobs[2]).exists());
    assert!(!song.dir().join(".muse/refs").exists());
    // Mended in the hub, the next run fetches this one only.
    std::fs::write(song.object(&song.blobs[2]), b"tss").unwrap();
    assert_eq!(song.pull().await.pulled().received.fetched, [0, 0, 1]);
    sound(&song.dir()).await;
}

#[tokio::test]
async fn a_treeless_commit_is_refused_because_its_clone_would_be_empty() {
    for (stored, own_id) in [(true, true), (false, true), (false, false)] {
        let song = Song::without_branch().await;
        let mut merge = commit(
            &song.trees[0].snapshot_id,
            &[&song.first.commit_id],
            "Merge",
        );
        merge.snapshot_id = None;
        merge.commit_id = match own_id {
            true => identity::commit_id(&merge),
            false => ObjectId::new("4bd5561696be424c8723baac9fce91b9"),
        };
        match stored {
            true => keep_commit(&song.hub, &merge).await,
            false => song.hub.add_commit(commit_row(&merge)).await,
        }
        song.hub.branch("main", &merge.commit_id).await;
        assert_eq!(
            song.pull().await.refusal(),
            format!(
                "head main → commit {}: it has no snapshot; a clone of it would get an empty tree",
                merge.commit_id
            )
        );
    }
}

#[tokio::test]
async fn a_commit_that_nothing_reproduces_is_refused() {
    let song = Song::without_branch().await;
    let mut made_up = commit(&song.trees[0].snapshot_id, &[], "Imported");
    made_up.commit_id = identity::blob_id(b"made up");
    song.hub.add_commit(commit_row(&made_up)).await;
    song.hub.branch("main", &made_up.commit_id).await;
    let said = song.pull().await.refusal();
    assert!(said.ends_with("none can be made from the row: no formula reproduces its id"));
}

#[tokio::test]
async fn paths_that_no_checkout_may_follow_are_refused() {
    for path in ["../out", "/etc/passwd", ".muse/HEAD", "a\u{7}b", "a//b"] {
        let hub = TestHub::empty().await;
        let blob = hub.blob(b"x", "x").await;
        let song = with_tree(&snapshot(&[(path, &blob)]), hub).await;
        let said = song.pull().await.refusal();
        let tree = format!("snapshot {}: ", song.trees[0].snapshot_id);
        assert!(said.contains(&tree), "{said}");
    }
    let hub = TestHub::empty().await;
    let mut tree = snapshot(&[]);
    tree.directories.insert("../out".into());
    tree.snapshot_id = identity::snapshot_id(&tree.manifest, &tree.directories);
    let said = with_tree(&tree, hub).await.pull().await.refusal();
    assert!(said.contains("\"../out\""), "folders count too: {said}");
}

#[tokio::test]
async fn a_pointer_that_leaves_the_store_is_not_followed() {
    let song = Song::without_branch().await;
    let head = commit(&song.trees[0].snapshot_id, &[], "Moved");
    let mut row = commit_row(&head);
    row.storage_uri = Some("local://../../etc/passwd".into());
    song.hub.add_commit(row).await;
    song.hub.branch("main", &head.commit_id).await;
    let said = song.pull().await.refusal();
    assert!(said.contains("is not followed"), "{said}");
}

#[tokio::test]
async fn a_snapshot_that_only_a_broken_cache_holds_is_refused() {
    let song = Song::without_branch().await;
    let tree = snapshot(&[("solo", &song.blobs[0])]);
    let mut row = snapshot_row(&tree);
    row.manifest = Some(b"{}".to_vec());
    song.hub.add_snapshot(row).await;
    let head = commit(&tree.snapshot_id, &[], "Solo");
    keep_commit(&song.hub, &head).await;
    song.hub.branch("main", &head.commit_id).await;
    let said = song.pull().await.refusal();
    assert!(said.contains(&format!("snapshot {}: its row", tree.snapshot_id)));
}

#[tokio::test]
async fn hostile_branch_names_are_refused_by_name_and_leave_nothing_behind() {
    let long = "x".repeat(300);
    for name in [
        "..",
        "../../escape",
        "/etc/cron.d/x",
        "a/../b",
        "a\nb",
        "a\u{0}b",
        ".muse/x",
        "a//b",
        " main",
        "",
        &long,
    ] {
        let song = Song::new().await;
        song.hub.branch(name, &song.first.commit_id).await;
        let said = song.pull().await.refusal();
        assert!(said.contains(&format!("branch {name:?}")), "{said}");
        assert!(!song.dir().exists());
        let here: Vec<_> = std::fs::read_dir(song.hub.folder.path()).unwrap().collect();
        assert!(
            here.iter()
                .all(|e| e.as_ref().unwrap().file_name() != "escape")
        );
    }
}

#[tokio::test]
async fn branch_names_that_collide_as_files_are_refused() {
    for (one, other) in [("mix", "mix/loud"), ("Mix", "mix")] {
        let song = Song::without_branch().await;
        song.hub.branch(one, &song.first.commit_id).await;
        song.hub.branch(other, &song.second.commit_id).await;
        let said = song.pull().await.refusal();
        assert!(said.contains("as a file"), "{said}");
        // Each of them alone can be.
        for branch in [one, other] {
            let o = crate::PullOptions {
                branch: Some(branch.into()),
                into: song.dir().join(branch.replace('/', "-")),
                ..song.options()
            };
            run(&song.hub.open().await, &o).await.pulled();
        }
    }
}
