//! What becomes a step, in which order, and what is refused.

use super::support::*;
use crate::{Outcome, Selection, apply};
use luthier_audit::{Code, Remedy};
use luthier_hub::index::{MembershipRow, NewRows, SnapshotRow};
use luthier_hub::progress::Progress;
use luthier_hub::testing::*;
use luthier_object::{Kind, ObjectId, identity};

#[tokio::test]
async fn parents_come_before_children() {
    let (hub, commits) = unstored(40).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let ids: Vec<String> = all_steps(&plan).await.into_iter().map(|s| s.id).collect();
    let expected: Vec<String> = commits.iter().map(|c| c.commit_id.to_string()).collect();
    assert_eq!(ids, expected);
    assert_eq!(plan.totals().requests, 80);
}

/// A stored snapshot whose row is wrong in three ways.
async fn thrice_wrong(hub: &TestHub) -> ObjectId {
    let blob = hub.blob(b"do re mi", "src/scale.mid").await;
    let tree = snapshot(&[("src/scale.mid", &blob)]);
    let uri = hub.plant(&tree.snapshot_id, tree.encode()).await;
    let manifest = rmp_serde::to_vec(&tree.manifest.to_value()).unwrap();
    hub.add_snapshot(SnapshotRow {
        manifest: Some(manifest),
        directories: Some("[]".to_owned()),
        entry_count: Some(7),
        storage_uri: Some(uri),
        ..snapshot_row(&tree)
    })
    .await;
    let head = commit(&tree.snapshot_id, &[], "scale");
    let uri = hub.plant(&head.commit_id, head.encode()).await;
    let mut row = commit_row(&head);
    row.storage_uri = Some(uri);
    hub.add_commit(row).await;
    hub.branch("main", &head.commit_id).await;
    tree.snapshot_id
}

#[tokio::test]
async fn findings_of_one_cache_are_one_step() {
    let hub = TestHub::empty().await;
    let id = thrice_wrong(&hub).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let steps = all_steps(&plan).await;
    let [step] = steps.as_slice() else {
        panic!("{steps:#?}");
    };
    assert_eq!(
        (step.remedy, step.id.as_str()),
        (Remedy::Recache, id.as_str())
    );
    assert_eq!(step.code, Code::DirectoriesLost, "the worst leads");
    assert_eq!(step.also, [Code::CacheMsgpack, Code::CountWrong]);
    let columns = step.change.written().into_iter();
    let columns: Vec<String> = columns.map(|change| change.column).collect();
    assert_eq!(columns, ["manifest_blob", "entry_count", "directories"]);
    let applied = apply(
        &writer(&store),
        &plan,
        &mut journal(hub.folder.path()),
        &Progress::new(),
    )
    .await
    .unwrap();
    assert_eq!(applied.outcomes[&Outcome::Recached], 1);
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn a_place_in_the_report_chooses_one_finding() {
    let (hub, _) = unstored(3).await;
    let store = hub.open().await;
    let report = audited(&store).await;
    let selection = Selection::Ordinals(vec![1]);
    let plan = crate::plan(&store, &report, &selection, &Progress::new())
        .await
        .unwrap();
    let named = report.at(&[1]).await.unwrap();
    let steps = all_steps(&plan).await;
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].id, named[0].finding.id);
}

#[tokio::test]
async fn what_was_mended_since_the_audit_is_refused_as_mended() {
    let (hub, _) = unstored(2).await;
    let store = hub.open().await;
    let report = audited(&store).await;
    let plan = planned(&store, &auto()).await;
    apply(
        &writer(&store),
        &plan,
        &mut journal(hub.folder.path()),
        &Progress::new(),
    )
    .await
    .unwrap();
    let late = crate::plan(&store, &report, &auto(), &Progress::new())
        .await
        .unwrap();
    assert_eq!(late.totals().steps, 0);
    let refused = all_refused(&late).await;
    assert_eq!(refused.len(), 2);
    assert!(refused[0].why.contains("repaired since"), "{refused:?}");
}

/// A stored history whose tree names the empty blob, which has no row; `there` says whether its object is.
async fn without_empty_blob(there: bool) -> (TestHub, ObjectId) {
    let hub = TestHub::empty().await;
    let empty = identity::blob_id(b"");
    let song = hub.blob(b"la", "song.txt").await;
    let tree = snapshot(&[("empty.txt", &empty), ("song.txt", &song)]);
    let uri = hub.plant(&tree.snapshot_id, tree.encode()).await;
    hub.add_snapshot(SnapshotRow {
        storage_uri: Some(uri),
        ..snapshot_row(&tree)
    })
    .await;
    let head = commit(&tree.snapshot_id, &[], "with nothing in it");
    let uri = hub.plant(&head.commit_id, head.encode()).await;
    let mut row = commit_row(&head);
    row.storage_uri = Some(uri);
    hub.add_commit(row).await;
    hub.branch("main", &head.commit_id).await;
    if there {
        hub.plant(&empty, Vec::new()).await;
    }
    (hub, empty)
}

#[tokio::test]
async fn the_empty_blob_gets_its_object_and_its_row() {
    use luthier_hub::index::Index;
    let (hub, empty) = without_empty_blob(false).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let steps = all_steps(&plan).await;
    assert_eq!(steps[0].code, Code::BlobEmptyMissing);
    apply(
        &writer(&store),
        &plan,
        &mut journal(hub.folder.path()),
        &Progress::new(),
    )
    .await
    .unwrap();
    let rows = hub.index.blobs_by_id(&[empty.to_string()]).await.unwrap();
    assert_eq!(rows[0].path, "empty.txt");
    assert_eq!(rows[0].size_bytes, 0);
    let members = hub.index.memberships(Kind::Blob, None, 100).await.unwrap();
    let member = MembershipRow {
        id: empty.to_string(),
        repo_id: REPO.to_owned(),
    };
    assert!(members.rows.contains(&member));
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn an_empty_blob_whose_row_a_crash_kept_back_gets_it_by_itself() {
    let (hub, _) = without_empty_blob(true).await;
    let store = hub.open().await;
    assert_eq!(findings(&store).await[0].code, Code::BlobEmptyMissing);
    let plan = planned(&store, &auto()).await;
    let applied = apply(
        &writer(&store),
        &plan,
        &mut journal(hub.folder.path()),
        &Progress::new(),
    )
    .await
    .unwrap();
    assert_eq!(applied.outcomes[&Outcome::Written], 1);
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn the_empty_blob_whose_object_went_is_stored_again_when_that_is_asked_for() {
    let (hub, empty) = without_empty_blob(false).await;
    let key = luthier_hub::backend::layout::key_for(&empty).unwrap();
    hub.insert(NewRows {
        blobs: vec![luthier_hub::index::BlobRow {
            object_id: empty.to_string(),
            repo_id: Some(REPO.into()),
            path: "empty.txt".into(),
            storage_uri: Some(format!("local://{key}")),
            created_at: LONG_AGO.into(),
            ..Default::default()
        }],
        memberships: vec![(Kind::Blob, member(&empty))],
        ..NewRows::default()
    })
    .await;
    let store = hub.open().await;
    assert_eq!(planned(&store, &auto()).await.totals().steps, 0);
    let plan = planned(&store, &Selection::Chosen(Default::default())).await;
    let applied = apply(
        &writer(&store),
        &plan,
        &mut journal(hub.folder.path()),
        &Progress::new(),
    )
    .await
    .unwrap();
    assert_eq!(applied.outcomes[&Outcome::Written], 1);
    assert_eq!(findings(&store).await, []);
}
