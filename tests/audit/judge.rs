//! What the audit says, and what it must not say, on small hubs made for one question each.

use crate::{Auto, Code, Depth, Filter, Grade, Options, Scope, Summary, run};
use luthier_hub::backend::layout;
use luthier_hub::index::{BlobRow, NewRows};
use luthier_hub::progress::Progress;
use luthier_hub::store::{Policy, Store};
use luthier_hub::testing::*;
use luthier_object::{Kind, ObjectId, SnapshotRecord};
use serde_json::json;
use std::time::Duration;

/// A hub with one commit; nothing of commit and snapshot is stored yet.
async fn one_commit() -> (TestHub, SnapshotRecord, luthier_object::CommitRecord) {
    let hub = TestHub::empty().await;
    let blob = hub.blob(b"la la", "song.txt").await;
    let tree = snapshot(&[("song.txt", &blob)]);
    hub.add_snapshot(snapshot_row(&tree)).await;
    let record = commit(&tree.snapshot_id, &[], "first");
    hub.add_commit(commit_row(&record)).await;
    hub.branch("main", &record.commit_id).await;
    (hub, tree, record)
}

fn bytes() -> Options {
    Options {
        depth: Depth::Bytes,
        ..Options::default()
    }
}

async fn audit(store: &Store, options: &Options) -> (Vec<(Code, String)>, Summary) {
    let report = run(store, options, &Progress::new()).await.unwrap();
    let found = report.page(&Filter::default(), 0, 1_000).await.unwrap();
    let found = found
        .into_iter()
        .map(|n| (n.finding.code, n.finding.id))
        .collect();
    (found, report.summary().clone())
}

fn codes(found: &[(Code, String)]) -> Vec<Code> {
    let mut out: Vec<Code> = found.iter().map(|(code, _)| *code).collect();
    out.sort_unstable();
    out
}

#[tokio::test]
async fn rows_without_object_are_missing_their_uri_and_nothing_else() {
    let (hub, tree, record) = one_commit().await;
    let (mut found, summary) = audit(&hub.open().await, &bytes()).await;
    found.sort();
    let mut expected = vec![
        (Code::UriMissing, record.commit_id.to_string()),
        (Code::UriMissing, tree.snapshot_id.to_string()),
    ];
    expected.sort();
    assert_eq!(found, expected);
    assert!(summary.complete);
    assert_eq!(summary.null_uris["commit"], 1);
}

#[tokio::test]
async fn an_object_that_only_lacks_its_link_is_linked_not_written() {
    let (hub, tree, record) = one_commit().await;
    hub.plant(&tree.snapshot_id, tree.encode()).await;
    hub.plant(&record.commit_id, record.encode()).await;
    let (found, _) = audit(&hub.open().await, &bytes()).await;
    assert_eq!(codes(&found), [Code::UriUnlinked, Code::UriUnlinked]);
}

#[tokio::test]
async fn a_young_row_is_counted_and_not_judged() {
    let (hub, ..) = one_commit().await;
    let blob = hub.blob(b"do re", "other.txt").await;
    let tree = snapshot(&[("other.txt", &blob)]);
    let mut row = snapshot_row(&tree);
    row.created_at = "2026-03-01T12:00:00+00:00".into();
    let mut young = commit_row(&commit(&tree.snapshot_id, &[], "second"));
    young.created_at = jiff::Timestamp::now().to_string();
    hub.add_snapshot(row).await;
    hub.add_commit(young.clone()).await;
    let store = hub.open().await;
    let (found, summary) = audit(&store, &bytes()).await;
    assert!(
        !found.contains(&(Code::UriMissing, young.commit_id.clone())),
        "{found:?}"
    );
    assert_eq!(summary.too_new, 1);
    let now = Options {
        grace: Duration::ZERO,
        ..bytes()
    };
    let (found, summary) = audit(&store, &now).await;
    assert!(found.contains(&(Code::UriMissing, young.commit_id)));
    assert_eq!(summary.too_new, 0);
}

#[tokio::test]
async fn an_object_that_cannot_be_read_is_unknown_and_never_missing() {
    let (hub, tree, record) = one_commit().await;
    // A link where the object should be: something is there, and the store refuses to follow it.
    let second = commit(&tree.snapshot_id, &[&record.commit_id], "second");
    let key = layout::key_for(&second.commit_id).unwrap();
    let path = hub.folder.path().join("objects").join(key.as_str());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", path).unwrap();
    let mut row = commit_row(&second);
    row.storage_uri = Some(format!("local://{key}"));
    hub.add_commit(row).await;
    let (found, summary) = audit(&hub.open().await, &bytes()).await;
    assert!(!codes(&found).contains(&Code::ObjectMissing), "{found:?}");
    assert_eq!(summary.unknown, 1);
    assert!(!summary.complete);
    assert!(
        summary.unknown_because[0].contains("symbolic link"),
        "{summary:?}"
    );
}

#[tokio::test]
async fn depth_rows_asks_the_store_nothing_and_says_what_it_did_not_judge() {
    let (hub, ..) = one_commit().await;
    std::fs::write(hub.folder.path().join("objects/stray"), b"x").unwrap();
    let options = Options {
        depth: Depth::Rows,
        grace: Duration::ZERO,
        ..Options::default()
    };
    let (found, summary) = audit(&hub.open().await, &options).await;
    assert_eq!(found, []);
    assert_eq!(summary.checked.listed, 0);
    assert!(summary.not_judged.contains(&Code::UriMissing));
    assert!(summary.not_judged.contains(&Code::ObjectCorrupt));
    assert!(!summary.not_judged.contains(&Code::HeadDangling));
}

#[tokio::test]
async fn where_rows_are_canonical_a_null_uri_is_information() {
    let (mut hub, ..) = one_commit().await;
    hub.hub.policy = Policy::DbCanonical;
    let report = run(&hub.open().await, &bytes(), &Progress::new())
        .await
        .unwrap();
    let found = report.page(&Filter::default(), 0, 10).await.unwrap();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|n| n.finding.grade == Grade::Info));
}

#[tokio::test]
async fn a_blob_without_object_has_nothing_to_be_repaired_from() {
    let hub = TestHub::empty().await;
    let id = luthier_object::identity::blob_id(b"gone");
    let row = BlobRow {
        object_id: id.as_str().into(),
        repo_id: Some(REPO.into()),
        path: "gone.txt".into(),
        size_bytes: 4,
        storage_uri: None,
        disk_path: None,
        created_at: LONG_AGO.into(),
    };
    hub.insert(NewRows {
        blobs: vec![row],
        memberships: vec![(Kind::Blob, member(&id))],
        ..NewRows::default()
    })
    .await;
    let report = run(&hub.open().await, &bytes(), &Progress::new())
        .await
        .unwrap();
    let found = report
        .page(
            &Filter {
                codes: vec![Code::UriMissing],
                ..Filter::default()
            },
            0,
            10,
        )
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].finding.auto, Auto::No);
    assert!(found[0].finding.refused.is_some());
}

#[tokio::test]
async fn findings_and_their_order_do_not_depend_on_concurrency() {
    let hub = TestHub::empty().await;
    let mut parent: Option<ObjectId> = None;
    for n in 0..40 {
        let blob = hub.blob(format!("take {n}").as_bytes(), "take.txt").await;
        let tree = snapshot(&[("take.txt", &blob)]);
        hub.add_snapshot(snapshot_row(&tree)).await;
        let parents: Vec<&ObjectId> = parent.iter().collect();
        let record = commit(&tree.snapshot_id, &parents, &format!("take {n}"));
        let mut row = commit_row(&record);
        if n % 3 == 0 {
            row.storage_uri = Some("local://objects/nowhere".into());
        }
        hub.add_commit(row).await;
        parent = Some(record.commit_id);
    }
    let store = hub.open().await;
    let mut seen = Vec::new();
    for concurrency in [1, 3, 64] {
        let options = Options {
            concurrency,
            ..bytes()
        };
        let report = run(&store, &options, &Progress::new()).await.unwrap();
        let found = report.page(&Filter::default(), 0, 1_000).await.unwrap();
        seen.push(
            found
                .iter()
                .map(|n| n.finding.to_json().to_string())
                .collect::<Vec<_>>(),
        );
    }
    assert!(seen[0].len() > 60);
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

#[tokio::test]
async fn a_cause_says_what_it_blocks() {
    let hub = TestHub::empty().await;
    let blob = hub.blob(b"la", "a").await;
    let tree = snapshot(&[("a", &blob)]);
    hub.add_snapshot(snapshot_row(&tree)).await;
    let first = commit(&tree.snapshot_id, &[], "first");
    let second = commit(&tree.snapshot_id, &[&first.commit_id], "second");
    let third = commit(&tree.snapshot_id, &[&second.commit_id], "third");
    hub.add_commit(commit_row(&first)).await;
    let mut row = commit_row(&second);
    row.storage_uri = Some("local://objects/nowhere".into());
    hub.add_commit(row).await;
    hub.add_commit(commit_row(&third)).await;
    hub.branch("main", &third.commit_id).await;
    hub.branch("old", &first.commit_id).await;
    let report = run(&hub.open().await, &bytes(), &Progress::new())
        .await
        .unwrap();
    let found = report
        .page(
            &Filter {
                codes: vec![Code::ObjectMissing],
                ..Filter::default()
            },
            0,
            10,
        )
        .await
        .unwrap();
    let blocks = found[0].finding.blocks.unwrap();
    assert_eq!(
        (blocks.commits, blocks.branches, blocks.repos),
        (Some(2), Some(1), Some(1))
    );
    let first_shown = report.page(&Filter::default(), 0, 1).await.unwrap();
    assert_eq!(
        first_shown[0].finding.code,
        Code::ObjectMissing,
        "causes lead"
    );
}

#[tokio::test]
async fn a_head_without_a_row_blocks_its_branches() {
    let hub = TestHub::empty().await;
    let gone = ObjectId::new(format!("sha256:{}", "ab".repeat(32)));
    hub.branch("main", &gone).await;
    hub.branch("wip", &gone).await;
    let store = hub.open().await;
    let report = run(&store, &bytes(), &Progress::new()).await.unwrap();
    let all = report.page(&Filter::default(), 0, 10).await.unwrap();
    let missing = all.iter().find(|one| one.finding.code == Code::RowMissing);
    let blocks = missing.unwrap().finding.blocks.unwrap();
    assert_eq!(
        (blocks.commits, blocks.branches, blocks.repos),
        (Some(0), Some(2), Some(1))
    );
}

#[tokio::test]
async fn an_audit_of_one_repository_says_nothing_of_the_others() {
    let (hub, ..) = one_commit().await;
    let options = |path: &str| Options {
        scope: Scope::Repo(path.into()),
        ..bytes()
    };
    let store = hub.open().await;
    let (found, _) = audit(&store, &options("alice/song")).await;
    assert_eq!(found.len(), 2);
    assert!(
        run(&store, &options("bob/none"), &Progress::new())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_cancelled_audit_ends_as_cancelled() {
    let (hub, ..) = one_commit().await;
    let progress = Progress::new();
    progress.cancel();
    let ended = run(&hub.open().await, &bytes(), &progress).await;
    assert!(matches!(ended, Err(crate::AuditError::Cancelled(_))));
}

#[tokio::test]
async fn cycles_are_found_and_end() {
    let hub = TestHub::empty().await;
    let blob = hub.blob(b"la", "a").await;
    let tree = snapshot(&[("a", &blob)]);
    hub.add_snapshot(snapshot_row(&tree)).await;
    let first = commit(&tree.snapshot_id, &[], "first");
    let second = commit(&tree.snapshot_id, &[&first.commit_id], "second");
    let third = commit(&tree.snapshot_id, &[&second.commit_id], "third");
    let mut row = commit_row(&first);
    row.parent_ids = format!("[\"{}\"]", second.commit_id);
    hub.add_commit(row).await;
    hub.add_commit(commit_row(&second)).await;
    hub.add_commit(commit_row(&third)).await;
    hub.branch("main", &third.commit_id).await;
    let (found, _) = audit(&hub.open().await, &bytes()).await;
    let mut on_cycle: Vec<String> = found
        .iter()
        .filter(|(code, _)| *code == Code::Cycle)
        .map(|(_, id)| id.clone())
        .collect();
    on_cycle.sort();
    let mut expected = vec![first.commit_id.to_string(), second.commit_id.to_string()];
    expected.sort();
    assert_eq!(on_cycle, expected, "the third only descends from the cycle");
}

#[tokio::test]
async fn a_cycle_is_caused_by_other_parents_in_a_row_and_by_no_other_difference() {
    let hub = TestHub::empty().await;
    let blob = hub.blob(b"la", "a").await;
    let tree = snapshot(&[("a", &blob)]);
    hub.add_snapshot(snapshot_row(&tree)).await;
    let first = commit(&tree.snapshot_id, &[], "first");
    let second = commit(&tree.snapshot_id, &[&first.commit_id], "second");
    for record in [&first, &second] {
        let key = layout::key_for(&record.commit_id).unwrap();
        hub.plant(&record.commit_id, record.encode()).await;
        let mut row = commit_row(record);
        row.storage_uri = Some(format!("local://{key}"));
        match record.commit_id == first.commit_id {
            true => row.parent_ids = format!("[\"{}\"]", second.commit_id),
            false => row.branch = "elsewhere".into(),
        }
        hub.add_commit(row).await;
    }
    hub.branch("main", &second.commit_id).await;
    let store = hub.open().await;
    let report = run(&store, &bytes(), &Progress::new()).await.unwrap();
    let all = report.page(&Filter::default(), 0, 100).await.unwrap();
    let of = |code: Code| all.iter().filter(move |one| one.finding.code == code);
    assert_eq!(of(Code::ObjectDiverges).count(), 2, "{all:?}");
    let mut causes: Vec<(String, Option<String>)> = of(Code::Cycle)
        .map(|one| (one.finding.id.clone(), one.finding.caused_by.clone()))
        .collect();
    causes.sort();
    let diverges = format!("object-diverges {}", first.commit_id);
    let mut expected = vec![
        (first.commit_id.to_string(), Some(diverges.clone())),
        (second.commit_id.to_string(), Some(diverges)),
    ];
    expected.sort();
    assert_eq!(causes, expected);
    for (row, leads_to) in [(&first, &second), (&second, &first)] {
        let finding = of(Code::Cycle).find(|one| one.finding.id == row.commit_id.as_str());
        let evidence = serde_json::to_value(&finding.unwrap().finding.evidence).unwrap();
        assert_eq!(evidence, json!({"leads_to": [leads_to.commit_id]}));
    }
}
