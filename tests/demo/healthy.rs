//! The healthy hub has nothing that could be found.

use super::support::{Rows, demo, objects, rows};
use luthier_hub::backend::layout;
use luthier_hub::store::reconstruct;
use luthier_object::{Kind, Manifest, ObjectId, Proof, path};
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test]
async fn every_object_proves_the_digest_in_its_key() {
    let demo = demo(true, 1).await;
    for (key, bytes) in objects(&demo.store).await {
        if layout::recognise_checkpoint(&key).is_some() {
            continue;
        }
        let (_, hex) = layout::recognise(&key).unwrap();
        let id = ObjectId::new(hex);
        let proved = Kind::ALL
            .iter()
            .any(|kind| Proof::read(*kind, &id, &bytes).is_ok());
        assert!(proved, "{key}");
    }
}

#[tokio::test]
async fn every_row_points_at_its_own_object() {
    let demo = demo(true, 1).await;
    let rows = rows(&demo.store).await;
    let commits = rows
        .commits
        .iter()
        .map(|r| (Kind::Commit, &r.commit_id, &r.storage_uri));
    let snapshots = rows
        .snapshots
        .iter()
        .map(|r| (Kind::Snapshot, &r.snapshot_id, &r.storage_uri));
    let blobs = rows
        .blobs
        .iter()
        .map(|r| (Kind::Blob, &r.object_id, &r.storage_uri));
    let mut named = BTreeSet::new();
    for (kind, id, uri) in commits.chain(snapshots).chain(blobs) {
        let id = ObjectId::new(id);
        let uri = uri.as_deref().unwrap();
        let key = demo.store.locate(kind, &id, uri).unwrap();
        let bytes = demo.store.read_object(&key).await.unwrap().unwrap();
        Proof::read(kind, &id, &bytes).unwrap();
        named.insert(match key.in_pack() {
            Some(place) => format!("objects/sha256:{}", place.pack),
            None => key.to_string(),
        });
    }
    let listed: BTreeSet<_> = objects(&demo.store)
        .await
        .into_iter()
        .map(|(key, _)| key)
        .filter(|key| layout::recognise_checkpoint(key).is_none())
        .collect();
    assert_eq!(listed, named);
}

#[tokio::test]
async fn every_repository_has_a_checkpoint_that_says_what_its_rows_say() {
    let demo = demo(true, 1).await;
    for repo in rows(&demo.store).await.repos {
        let newest = demo.store.newest_checkpoint(&repo.repo_id).await.unwrap();
        let refs = demo.store.refs_of(&repo.repo_id).await.unwrap();
        assert_eq!(newest.sound.map(|(_, found)| found.refs), refs);
    }
}

#[tokio::test]
async fn every_cache_is_canonical_and_counts_right() {
    let demo = demo(true, 1).await;
    for row in rows(&demo.store).await.snapshots {
        let cached = row.manifest.clone().unwrap();
        let (manifest, _) = Manifest::decode(&cached).unwrap();
        assert_eq!(manifest.encode(), cached);
        assert_eq!(row.entry_count, Some(manifest.len() as i64));
        assert!(path::check_all(&manifest).is_empty(), "{}", row.snapshot_id);
        let directories = reconstruct::directories(&row).unwrap();
        let id = ObjectId::new(&row.snapshot_id);
        assert!(luthier_object::identity::verify_snapshot(&id, &manifest, &directories).is_some());
    }
}

#[tokio::test]
async fn everything_named_is_held_where_it_is_named() {
    let demo = demo(true, 1).await;
    let rows = rows(&demo.store).await;
    let held: BTreeSet<(Kind, &str, &str)> = rows
        .held
        .iter()
        .map(|(kind, row)| (*kind, row.id.as_str(), row.repo_id.as_str()))
        .collect();
    let holders = |kind, id: &str| {
        let of = rows
            .held
            .iter()
            .filter(move |(k, row)| *k == kind && row.id == id);
        of.map(|(_, row)| row.repo_id.clone()).collect::<Vec<_>>()
    };
    for branch in &rows.branches {
        let head = branch.head_commit_id.as_deref().unwrap();
        assert!(held.contains(&(Kind::Commit, head, branch.repo_id.as_str())));
    }
    for row in &rows.commits {
        let parents = reconstruct::parent_ids(&row.parent_ids).unwrap();
        for repo in holders(Kind::Commit, &row.commit_id) {
            let snapshot = row.snapshot_id.as_deref().unwrap();
            assert!(held.contains(&(Kind::Snapshot, snapshot, repo.as_str())));
            for parent in &parents {
                assert!(held.contains(&(Kind::Commit, parent.as_str(), repo.as_str())));
            }
        }
    }
    for row in &rows.snapshots {
        for repo in holders(Kind::Snapshot, &row.snapshot_id) {
            for blob in blobs_of(row) {
                assert!(held.contains(&(Kind::Blob, blob.as_str(), repo.as_str())));
            }
        }
    }
}

#[tokio::test]
async fn everything_is_reached_from_a_branch() {
    let demo = demo(true, 1).await;
    let rows = rows(&demo.store).await;
    let (commits, blobs) = reached(&rows);
    assert_eq!(
        commits,
        rows.commits.iter().map(|r| r.commit_id.clone()).collect()
    );
    assert_eq!(
        blobs,
        rows.blobs.iter().map(|r| r.object_id.clone()).collect()
    );
}

fn reached(rows: &Rows) -> (BTreeSet<String>, BTreeSet<String>) {
    let by_id: BTreeMap<_, _> = rows
        .commits
        .iter()
        .map(|r| (r.commit_id.as_str(), r))
        .collect();
    let mut open: Vec<String> = rows
        .branches
        .iter()
        .filter_map(|b| b.head_commit_id.clone())
        .collect();
    let mut commits = BTreeSet::new();
    while let Some(id) = open.pop() {
        let parents = reconstruct::parent_ids(&by_id[id.as_str()].parent_ids).unwrap();
        if commits.insert(id) {
            open.extend(parents.iter().map(|id| id.as_str().to_owned()));
        }
    }
    let blobs = rows.snapshots.iter().flat_map(blobs_of).collect();
    (commits, blobs)
}

fn blobs_of(row: &luthier_hub::index::SnapshotRow) -> Vec<String> {
    let (manifest, _) = Manifest::decode(row.manifest.as_deref().unwrap()).unwrap();
    manifest
        .iter()
        .map(|(_, id)| id.as_str().to_owned())
        .collect()
}

#[tokio::test]
async fn every_blob_in_a_pack_has_its_index_row() {
    let demo = demo(true, 1).await;
    let rows = rows(&demo.store).await;
    let packed = rows.blobs.iter().filter(|row| {
        let uri = row.storage_uri.as_deref();
        uri.is_some_and(|uri| uri.starts_with("mpack://"))
    });
    let ids: Vec<String> = packed.map(|row| row.object_id.clone()).collect();
    assert!(ids.len() > 10);
    let index = demo.store.index().packed_by_id(&ids).await.unwrap();
    let indexed: BTreeSet<&str> = index.iter().map(|row| row.object_id.as_str()).collect();
    assert_eq!(indexed, ids.iter().map(String::as_str).collect());
}
