//! The byte of an object that is marked is the first one that is not as it should be.

use crate::{NamedBy, ObjectView, inspect};
use luthier_hub::backend::layout;
use luthier_hub::testing::*;
use luthier_object::{Kind, ObjectId};

async fn problem(hub: &TestHub, kind: Kind, id: &ObjectId) -> Option<Option<usize>> {
    let seen = inspect::inspect(&hub.open().await, kind, id).await.unwrap();
    match seen.object {
        ObjectView::Present { problem, .. } => problem.map(|(offset, _)| offset),
        other => panic!("{other:?}"),
    }
}

/// As a disk that fails does.
fn overwrite(hub: &TestHub, id: &ObjectId, bytes: &[u8]) {
    let key = layout::key_for(id).unwrap();
    let path = hub.folder.path().join("objects").join(key.as_str());
    assert!(path.exists(), "{}", path.display());
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn the_first_byte_that_differs_from_what_the_row_proves_is_marked() {
    let hub = TestHub::empty().await;
    let blob = hub.blob(b"la la", "song.txt").await;
    let tree = snapshot(&[("song.txt", &blob)]);
    let record = commit(&tree.snapshot_id, &[], "a message of today");
    let right = record.encode();
    let at = right
        .windows(5)
        .position(|bytes| bytes == b"today")
        .unwrap();
    let mut flipped = right.clone();
    flipped[at] = b'T';
    let mut cut = right.clone();
    cut.truncate(at);
    let mut longer = right.clone();
    longer.push(b'\n');
    let mut bare = right.clone();
    bare[0] = b'x';
    let mut row = commit_row(&record);
    row.storage_uri = Some(hub.plant(&record.commit_id, right.clone()).await);
    hub.add_snapshot(snapshot_row(&tree)).await;
    hub.add_commit(row).await;
    assert_eq!(problem(&hub, Kind::Commit, &record.commit_id).await, None);
    for (bytes, expected) in [(flipped, at), (cut, at), (longer, right.len()), (bare, 0)] {
        overwrite(&hub, &record.commit_id, &bytes);
        let marked = problem(&hub, Kind::Commit, &record.commit_id).await;
        assert_eq!(marked, Some(Some(expected)));
    }
    // Nothing tells which byte of a blob it is.
    overwrite(&hub, &blob, b"lo la");
    assert_eq!(problem(&hub, Kind::Blob, &blob).await, Some(None));
}

#[tokio::test]
async fn a_link_says_which_side_names_it() {
    let hub = TestHub::empty().await;
    let blob = hub.blob(b"la la", "song.txt").await;
    let tree = snapshot(&[("song.txt", &blob)]);
    let [first, second] = ["first", "second"].map(|words| commit(&tree.snapshot_id, &[], words));
    let record = commit(&tree.snapshot_id, &[&first.commit_id], "third");
    hub.add_snapshot(snapshot_row(&tree)).await;
    let mut row = commit_row(&record);
    row.storage_uri = Some(hub.plant(&record.commit_id, record.encode()).await);
    row.parent_ids = format!("[\"{}\"]", second.commit_id);
    hub.add_commit(row).await;
    let store = hub.open().await;
    let seen = inspect::inspect(&store, Kind::Commit, &record.commit_id);
    let links = seen.await.unwrap().links;
    let named: Vec<_> = links
        .iter()
        .map(|link| (link.role.as_str(), link.named_by, link.id.as_str()))
        .collect();
    let expected = [
        ("parent", NamedBy::Row, second.commit_id.as_str()),
        ("snapshot", NamedBy::Both, tree.snapshot_id.as_str()),
        ("parent", NamedBy::Object, first.commit_id.as_str()),
    ];
    assert_eq!(named, expected);
}

#[tokio::test]
async fn an_object_without_row_is_found_by_the_start_of_its_id() {
    let hub = TestHub::empty().await;
    let tree = snapshot(&[]);
    let record = commit(&tree.snapshot_id, &[], "take");
    hub.plant(&record.commit_id, record.encode()).await;
    let store = hub.open().await;
    let digits = record.commit_id.hex().unwrap();
    for start in [&digits[..4], &format!("sha256:{}", &digits[..20]), digits] {
        let found = inspect::resolve(&store, start).await.unwrap();
        assert_eq!(found.0, Kind::Commit);
        assert_eq!(found.1.hex(), Some(digits), "{start}");
    }
    assert!(inspect::resolve(&store, &digits[..3]).await.is_err());
    // A repository whose name begins alike has other objects.
    let inside = format!("objects/{}-songs/sha256_{}", &digits[..8], "1".repeat(64));
    let path = hub.folder.path().join("objects").join(inside);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, b"la").unwrap();
    let found = inspect::resolve(&store, &digits[..8]).await.unwrap();
    assert_eq!(found.1.hex(), Some(digits));
    // Another object whose id begins alike: nobody can say which is meant.
    let other = ObjectId::new(format!("sha256:{}{}", &digits[..4], "0".repeat(60)));
    hub.plant(&other, b"la".to_vec()).await;
    assert!(inspect::resolve(&store, &digits[..4]).await.is_err());
    assert!(inspect::resolve(&store, &digits[..20]).await.is_ok());
}
