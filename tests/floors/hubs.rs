//! Hubs that were rebuilt, compared with those that they come from.

use luthier_audit::hubs::{Change, Difference, Totals, compare};
use luthier_audit::{AuditError, Depth, Filter, Options, run};
use luthier_demo::{Built, DemoOptions, build};
use luthier_hub::index::{CommitRow, NewRows};
use luthier_hub::progress::Progress;
use luthier_hub::store::hub::{Database, Hub};
use luthier_hub::store::rebuild::{Rebuilt, rebuild};
use luthier_hub::store::{Authority, Store};
use luthier_hub::testing::*;
use std::collections::BTreeSet;
use tempfile::TempDir;

async fn demo(healthy: bool, seed: u64) -> (TempDir, Built) {
    let folder = tempfile::tempdir().unwrap();
    let options = DemoOptions {
        database: None,
        objects: None,
        dir: folder.path().join("hub"),
        era: None,
        healthy,
        commits: None,
        seed,
    };
    let built = build(&options, &Progress::new()).await.unwrap();
    (folder, built)
}

async fn rebuilt(folder: &TempDir, built: &Built) -> (Store, Rebuilt) {
    let hub = Hub {
        database: Database::Sqlite(folder.path().join("new.db")),
        ..built.hub.clone()
    };
    let authority = Authority::granted();
    let store = Store::open_to_fill(&hub, &authority, &Progress::new())
        .await
        .unwrap();
    let writer = store.writer(&authority).unwrap();
    let report = rebuild(&writer, &Progress::new()).await.unwrap();
    (store, report)
}

async fn compared(left: &Store, right: &Store, all: bool) -> (Vec<Difference>, Totals) {
    let mut found = Vec::new();
    let tell = |difference| {
        found.push(difference);
        Ok::<_, AuditError>(())
    };
    let totals = compare(left.index(), right.index(), all, &Progress::new(), tell)
        .await
        .unwrap();
    assert_eq!(totals.count(), found.len() as u64);
    (found, totals)
}

#[tokio::test]
async fn a_rebuilt_healthy_hub_differs_in_nothing_that_objects_carry() {
    for seed in [1, 4] {
        let (folder, built) = demo(true, seed).await;
        let (new, report) = rebuilt(&folder, &built).await;
        assert!(report.is_whole(), "{report:#?}");
        assert_eq!((report.unreached_commits, report.unnamed), (0, 0));
        let old = Store::open(&built.hub, None).await.unwrap();
        let (found, totals) = compared(&old, &new, false).await;
        assert_eq!(found, []);
        assert!(totals.compared["commit"] > 100 && totals.compared["blob membership"] > 100);
        assert_eq!(totals.not_compared, Vec::<String>::new());
        // Deltas are no object's: with --all they are told.
        assert!(totals.not_carried["snapshot.delta_blob"] > 0);
        let (found, _) = compared(&old, &new, true).await;
        assert!(!found.is_empty());
        let options = Options {
            depth: Depth::Bytes,
            ..Options::default()
        };
        let report = run(&new, &options, &Progress::new()).await.unwrap();
        assert_eq!(report.count(&Filter::default()).await.unwrap(), 0);
    }
}

/// Every row of a faulty hub that a rebuild changes is one that an audit finds something about, or whose
/// loss the rebuild told.
#[tokio::test]
async fn a_rebuilt_faulty_hub_differs_only_where_something_was_found() {
    let (folder, built) = demo(false, 3).await;
    let (new, report) = rebuilt(&folder, &built).await;
    assert!(!report.is_whole());
    let old = Store::open(&built.hub, None).await.unwrap();
    let (found, _) = compared(&old, &new, false).await;
    let mut told: BTreeSet<String> = built.faults.iter().map(|fault| fault.id.clone()).collect();
    told.extend(
        report
            .first_missing
            .iter()
            .map(|missing| missing.id.clone()),
    );
    let unexplained: Vec<_> = found
        .iter()
        .filter(|difference| matches!(difference.kind, "commit" | "snapshot" | "blob"))
        .filter(|difference| difference.change != Change::OnlyRight)
        .filter(|difference| !told.contains(&difference.id))
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}

#[tokio::test]
async fn a_row_on_one_side_and_a_changed_column_are_told_with_both_values() {
    let (one, two) = (TestHub::empty().await, TestHub::empty().await);
    let tree = snapshot(&[]);
    let record = commit(&tree.snapshot_id, &[], "here");
    let alone = commit(&tree.snapshot_id, &[], "here alone");
    one.add_commit(commit_row(&record)).await;
    one.add_commit(commit_row(&alone)).await;
    let changed = CommitRow {
        message: "there".into(),
        // Spelt otherwise, and the same.
        parent_ids: " [ ] ".into(),
        timestamp: "2026-03-01 12:00:00".into(),
        commit_meta: "{}".into(),
        created_at: "2020-01-01T00:00:00+00:00".into(),
        ..commit_row(&record)
    };
    two.insert(NewRows {
        commits: vec![changed],
        memberships: vec![(luthier_object::Kind::Commit, member(&record.commit_id))],
        ..NewRows::default()
    })
    .await;
    let (left, right) = (one.open().await, two.open().await);
    let (found, totals) = compared(&left, &right, false).await;
    assert_eq!(found.len(), 3, "{found:#?}");
    let of = |id: &str| found.iter().find(|d| d.id == id).map(|d| &d.change);
    assert_eq!(of(alone.commit_id.as_str()), Some(&Change::OnlyLeft));
    let Some(Change::Columns(columns)) = of(record.commit_id.as_str()) else {
        panic!("{found:#?}");
    };
    assert_eq!(columns.len(), 1, "{columns:?}");
    assert_eq!(columns[0].column, "message");
    assert_eq!(columns[0].right.as_deref(), Some("there"));
    assert_eq!(totals.not_carried["commit.created_at"], 1);
    let (back, _) = compared(&right, &left, false).await;
    let back = back.iter().find(|d| d.id == alone.commit_id.as_str());
    assert_eq!(back.map(|d| &d.change), Some(&Change::OnlyRight));
}

#[tokio::test]
async fn pages_of_unequal_length_stay_in_step() {
    let (one, two) = (TestHub::empty().await, TestHub::empty().await);
    let tree = snapshot(&[]);
    let records: Vec<_> = (0..1_300)
        .map(|n| commit_row(&commit(&tree.snapshot_id, &[], &format!("take {n}"))))
        .collect();
    for (hub, every) in [(&one, 1), (&two, 3)] {
        let commits = records.iter().step_by(every).cloned().collect();
        hub.insert(NewRows {
            commits,
            ..NewRows::default()
        })
        .await;
    }
    let (found, totals) = compared(&one.open().await, &two.open().await, false).await;
    assert_eq!(found.len(), 1_300 - 434);
    assert!(found.iter().all(|d| d.change == Change::OnlyLeft));
    assert_eq!(totals.compared["commit"], 1_300);
}
