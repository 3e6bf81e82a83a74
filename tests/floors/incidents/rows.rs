//! Rows that lost what they knew, and schemas that differ.

use super::*;
use luthier_hub::index::{Capabilities, SnapshotRow};
use luthier_hub::store::Policy;
use luthier_hub::store::doctor::{Health, examine};
use luthier_hub::store::hub::{Database, Hub};
use luthier_object::{Kind, Manifest, identity};
use luthier_testing::postgres;
use std::sync::Arc;

/// A hub of June: commits and snapshots are rows alone.
async fn in_rows() -> TestHub {
    let mut hub = TestHub::empty().await;
    hub.hub.policy = Policy::DbCanonical;
    hub
}

/// Incident 5: a clone writes no commit and ends with 0. The first tree was emptied by a push, so every commit is
/// refused, one after the other, "parent not in pack". One cause is told with all that it stops. Its id can be
/// reproduced by nothing that is left, which is told as well, since that is why there is no remedy: as its effect.
#[tokio::test]
async fn incident_5_an_emptied_tree_is_one_cause_and_its_lost_identity_follows_from_it() {
    let hub = in_rows().await;
    let blob = hub.blob(b"la la", "song.txt").await;
    let root = snapshot(&[("song.txt", &blob)]);
    hub.add_snapshot(SnapshotRow {
        manifest: Some(Manifest::new().encode()),
        entry_count: Some(0),
        ..snapshot_row(&root)
    })
    .await;
    let whole = snapshot(&[("again.txt", &blob), ("song.txt", &blob)]);
    hub.add_snapshot(snapshot_row(&whole)).await;
    let first = commit(&root.snapshot_id, &[], "verse");
    let second = commit(&whole.snapshot_id, &[&first.commit_id], "chorus");
    let third = commit(&whole.snapshot_id, &[&second.commit_id], "coda");
    for record in [&first, &second, &third] {
        hub.add_commit(commit_row(record)).await;
    }
    hub.branch("main", &third.commit_id).await;
    let found = audited(&hub).await;
    let id = &root.snapshot_id;
    let emptied = told(Code::ManifestEmptied, id, Remedy::Recache, Auto::No);
    let lost = told(Code::IdentityUnverifiable, id, Remedy::None, Auto::No);
    assert_eq!(worse(&found), [emptied, lost]);
    assert_eq!(stops(&found, Code::ManifestEmptied), (Some(3), Some(1)));
    let lost = found.iter().find(|f| f.code == Code::IdentityUnverifiable);
    let cause = lost.unwrap().caused_by.clone();
    assert_eq!(cause, Some(format!("manifest-emptied {id}")));
}

/// A tree of one file and an empty directory, whose row lost its directories.
fn without_directories() -> (SnapshotRecord, SnapshotRow) {
    let blob = identity::blob_id(b"la la");
    let mut tree = snapshot(&[("song.txt", &blob)]);
    tree.directories.insert("takes".into());
    tree.snapshot_id = identity::snapshot_id(&tree.manifest, &tree.directories);
    let row = SnapshotRow {
        directories: Some("[]".into()),
        ..snapshot_row(&tree)
    };
    (tree, row)
}

/// Incident 6, with an object: it knows the directory that was tracked although it is empty, so the row is mended.
#[tokio::test]
async fn incident_6_directories_that_an_object_knows_are_lost_from_the_row() {
    let hub = TestHub::empty().await;
    hub.blob(b"la la", "song.txt").await;
    let (tree, mut row) = without_directories();
    row.storage_uri = Some(hub.plant(&tree.snapshot_id, tree.encode()).await);
    hub.add_snapshot(row).await;
    let head = stored_commit(&hub, &tree, &[], "verse").await;
    hub.branch("main", &head.commit_id).await;
    let found = audited(&hub).await;
    let lost = told(
        Code::DirectoriesLost,
        &tree.snapshot_id,
        Remedy::Recache,
        Auto::Yes,
    );
    assert_eq!(worse(&found), [lost]);
}

/// Incident 6, without one: no path leads to an empty directory, so nothing here gives the id again. The manifest is
/// whole but does not prove, so as a cache it is told too: whoever trusts it sends a tree that clients refuse.
#[tokio::test]
async fn incident_6_directories_that_nothing_knows_cannot_be_verified_and_the_cache_does_not_prove()
{
    let hub = in_rows().await;
    hub.blob(b"la la", "song.txt").await;
    let (tree, row) = without_directories();
    hub.add_snapshot(row).await;
    let head = commit(&tree.snapshot_id, &[], "verse");
    hub.add_commit(commit_row(&head)).await;
    hub.branch("main", &head.commit_id).await;
    let mut found = worse(&audited(&hub).await);
    found.sort();
    let id = &tree.snapshot_id;
    let mut expected = vec![
        told(Code::CacheBroken, id, Remedy::Recache, Auto::No),
        told(Code::IdentityUnverifiable, id, Remedy::None, Auto::No),
    ];
    expected.sort();
    assert_eq!(found, expected);
}

/// Incident 7: one corrupt cache stopped a walk up the chain, so every tree below it failed. The deltas are sound from
/// the first tree down, so all five prove: the broken cache is told once, and those that keep a delta alone as what
/// they are, a cache to be filled. None of them is broken.
#[tokio::test]
async fn incident_7_one_broken_cache_is_told_once_and_those_below_as_deltas_alone() {
    let hub = in_rows().await;
    let blob = hub.blob(b"la la", "song.txt").await;
    let mut trees = vec![snapshot(&[("0.txt", &blob)])];
    hub.add_snapshot(snapshot_row(&trees[0])).await;
    for n in 1..5 {
        let before = trees[n - 1].clone();
        let mut manifest = (*before.manifest).clone();
        manifest.insert(format!("{n}.txt"), blob.clone());
        let tree = SnapshotRecord {
            snapshot_id: identity::snapshot_id(&manifest, &before.directories),
            manifest: Arc::new(manifest),
            ..before.clone()
        };
        let name = format!("{n}.txt");
        hub.add_snapshot(SnapshotRow {
            manifest: (n == 1).then(|| b"\x85\xa5broken".to_vec()),
            delta: Some(delta(&name, &blob)),
            parent_snapshot_id: Some(before.snapshot_id.to_string()),
            ..snapshot_row(&tree)
        })
        .await;
        trees.push(tree);
    }
    let head = commit(&trees[4].snapshot_id, &[], "five");
    hub.add_commit(commit_row(&head)).await;
    hub.branch("main", &head.commit_id).await;
    let mut found = worse(&audited(&hub).await);
    found.sort();
    let delta_alone = |tree: &SnapshotRecord| {
        told(
            Code::CacheDelta,
            &tree.snapshot_id,
            Remedy::Recache,
            Auto::Yes,
        )
    };
    let mut expected: Vec<Told> = trees[2..].iter().map(delta_alone).collect();
    let broken = &trees[1].snapshot_id;
    expected.push(told(Code::CacheBroken, broken, Remedy::Recache, Auto::Yes));
    expected.sort();
    assert_eq!(found, expected);
}

/// A `delta_blob` that adds one path, as hubs write it.
fn delta(path: &str, id: &ObjectId) -> Vec<u8> {
    let mut out = b"\x82\xa9delta_add\x81".to_vec();
    out.push(0xa0 | path.len() as u8);
    out.extend(path.as_bytes());
    out.extend([0xd9, id.as_str().len() as u8]);
    out.extend(id.as_str().as_bytes());
    out.extend(b"\xacdelta_remove\x90");
    out
}

/// Incident 15: a deploy was stopped by tables that differ from the program's: JSONB where JSON was said, a table more,
/// a column less. Only the column matters here, and it is said once, by what the catalogue offers and by the doctor;
/// the other two change nothing that is read, so nothing is said of them, and no row is a fault for any of the three.
#[tokio::test]
async fn incident_15_a_schema_that_differs_is_said_once_and_what_changes_nothing_is_not_said() {
    let url = postgres::database().await;
    let two = Two::new().await;
    two.hub.branch("main", &two.second.commit_id).await;
    let hub = Hub {
        database: Database::parse(&url).unwrap(),
        ..two.hub.hub.clone()
    };
    let authority = luthier_hub::store::Authority::granted();
    let made = Store::create(&hub, &authority).await.unwrap();
    made.close().await;
    for change in [
        "ALTER TABLE musehub_commits ALTER COLUMN commit_meta DROP DEFAULT, ALTER COLUMN commit_meta TYPE JSONB USING commit_meta::jsonb",
        "CREATE TABLE musehub_sparkles (x TEXT)",
        "ALTER TABLE musehub_snapshots DROP COLUMN storage_uri CASCADE",
    ] {
        postgres::run(&url, change).await;
    }
    let store = Store::open(&hub, None).await.unwrap();
    let capabilities: &Capabilities = store.index().capabilities();
    assert!(!capabilities.storage_uri(Kind::Snapshot) && capabilities.storage_uri(Kind::Commit));
    let notes = capabilities.notes();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].contains("no storage_uri column on musehub_snapshots:"),
        "{notes:?}"
    );
    let checks = examine(&hub, None).await;
    let said: Vec<_> = (checks.iter())
        .filter(|check| check.health > Health::Pass && check.name == "schema")
        .collect();
    assert_eq!(said.len(), 1, "{checks:?}");
    let by_rows = |code| matches!(code, Code::ObjectForeign | Code::ObjectOrphan);
    let found = audited_at(&store, Depth::Bytes).await;
    assert!(found.iter().all(|f| by_rows(f.code)), "{found:?}");
}
