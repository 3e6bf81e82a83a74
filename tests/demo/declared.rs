//! What the demo says that it broke.

use super::support::{demo, rows};
use crate::Declared;
use luthier_audit::{Code, Subject, fault::FAULTS};
use std::collections::BTreeSet;

#[tokio::test]
async fn every_code_is_declared_at_least_once() {
    let demo = demo(false, 1).await;
    let declared: BTreeSet<Code> = demo.built.faults.iter().map(|fault| fault.code).collect();
    let missing: Vec<_> = FAULTS
        .iter()
        .map(|fault| fault.code)
        .filter(|code| !declared.contains(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn the_file_says_what_the_program_says() {
    let demo = demo(false, 1).await;
    let path = demo.folder.path().join("hub/faults.json");
    let text = std::fs::read_to_string(path).unwrap();
    let listed: Vec<Declared> = serde_json::from_str(&text).unwrap();
    assert_eq!(listed, demo.built.faults);
    let first: serde_json::Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<_> = first[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["code", "id", "kind"]);
}

#[tokio::test]
async fn a_healthy_hub_declares_nothing() {
    let demo = demo(true, 1).await;
    assert!(demo.built.faults.is_empty());
    let path = demo.folder.path().join("hub/faults.json");
    assert_eq!(std::fs::read_to_string(path).unwrap(), "[]\n");
}

/// A fault of a row names a row, unless it is about there being none.
#[tokio::test]
async fn what_is_declared_of_a_row_names_a_row() {
    let demo = demo(false, 5).await;
    let rows = rows(&demo.store).await;
    let mut ids: BTreeSet<&str> = rows.commits.iter().map(|r| r.commit_id.as_str()).collect();
    ids.extend(rows.snapshots.iter().map(|r| r.snapshot_id.as_str()));
    ids.extend(rows.blobs.iter().map(|r| r.object_id.as_str()));
    for fault in &demo.built.faults {
        let rowless = matches!(fault.code, Code::RowMissing | Code::BlobEmptyMissing);
        if matches!(
            fault.kind,
            Subject::Commit | Subject::Snapshot | Subject::Blob
        ) {
            assert_eq!(ids.contains(fault.id.as_str()), !rowless, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn the_faults_leave_the_healthy_part_as_it_is() {
    let (healthy, broken) = (demo(true, 9).await, demo(false, 9).await);
    let (healthy, broken) = (rows(&healthy.store).await, rows(&broken.store).await);
    for row in &healthy.commits {
        assert!(broken.commits.contains(row), "{}", row.commit_id);
    }
    for row in &healthy.snapshots {
        assert!(broken.snapshots.contains(row), "{}", row.snapshot_id);
    }
}
