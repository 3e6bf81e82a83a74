//! Grades of trust: what is no damage, and is not called so.

use super::*;
use luthier_audit::inspect::inspect;
use luthier_hub::testing::between::sql;
use luthier_object::{Kind, Signature, identity};
use std::collections::BTreeMap;

/// A hub whose head is signed with these fields, and the head.
async fn signed(fields: &[(&str, &str)]) -> (TestHub, CommitRecord) {
    let two = Two::new().await;
    let mut record = commit(&two.tree.snapshot_id, &[&two.second.commit_id], "signed");
    for (name, value) in fields {
        record.rest.insert((*name).into(), (*value).into());
    }
    record.commit_id = identity::commit_id(&record);
    let uri = two.hub.plant(&record.commit_id, record.encode()).await;
    let row = CommitRow {
        storage_uri: Some(uri),
        ..commit_row(&record)
    };
    two.hub.add_commit(row).await;
    two.hub.branch("main", &record.commit_id).await;
    (two.hub, record)
}

/// What an audit counts, which it names, and what a look at the commit says; neither finds anything.
async fn said(hub: &TestHub, record: &CommitRecord) -> (BTreeMap<Signature, u64>, Vec<String>) {
    let store = hub.open().await;
    let options = Options {
        depth: Depth::Bytes,
        ..Options::default()
    };
    let report = run(&store, &options, &Progress::new()).await.unwrap();
    assert_eq!(report.count(&Filter::default()).await.unwrap(), 0);
    let seen = inspect(&store, Kind::Commit, &record.commit_id).await;
    let seen = seen.unwrap();
    let summary = report.summary();
    let counted = summary.signatures.keys().next().copied();
    assert_eq!((seen.signature, seen.findings), (counted, Vec::new()));
    (
        summary.signatures.clone(),
        summary.invalid_signatures.clone(),
    )
}

/// Incident 14: a client called signatures INVALID whose key had been rotated. The hashes are sound and the key is one
/// that nobody here knows: the commit is signed, and more cannot be said. Nothing is found.
#[tokio::test]
async fn incident_14_a_signature_whose_key_is_not_known_is_not_checked_and_no_fault() {
    let fields = [("signature", "c2lnbmVk"), ("signer_key_id", "alice-2025")];
    let (hub, record) = signed(&fields).await;
    let unknown = BTreeMap::from([(Signature::KeyUnknown, 1)]);
    assert_eq!(said(&hub, &record).await, (unknown, Vec::new()));
}

/// A signature that is not that of the key in the commit says that somebody else signed. It is named, since a person
/// wants to know, and it is no finding: the bytes are those of the id, and a pull of them succeeds.
#[tokio::test]
async fn an_invalid_signature_is_named_and_no_fault() {
    let (key, signature) = ("A".repeat(43), "B".repeat(85) + "A");
    let fields = [
        ("signature", signature.as_str()),
        ("signer_public_key", key.as_str()),
    ];
    let (hub, record) = signed(&fields).await;
    let invalid = BTreeMap::from([(Signature::Invalid, 1)]);
    let named = vec![record.commit_id.to_string()];
    assert_eq!(said(&hub, &record).await, (invalid, named));
}

/// Two branches on one head are no fault: what one of them says is true of both.
#[tokio::test]
async fn two_branches_on_one_head_are_no_fault() {
    let two = Two::new().await;
    for name in ["main", "release"] {
        two.hub.branch(name, &two.second.commit_id).await;
    }
    assert_eq!(audited(&two.hub).await, []);
}

/// A hub that is asked for an id and a clone that stopped at a depth are different things: in a hub every parent is
/// named by a row, so one that is not there is missing.
#[tokio::test]
async fn the_parent_that_a_hub_lacks_is_a_missing_row() {
    let two = Two::new().await;
    two.hub.branch("main", &two.second.commit_id).await;
    let database = two.hub.folder.path().join("hub.db");
    let id = &two.first.commit_id;
    sql(
        &database,
        &format!("DELETE FROM musehub_commits WHERE commit_id = '{id}'"),
    )
    .await;
    let found = audited(&two.hub).await;
    let row = told(Code::RowMissing, id, Remedy::Reindex, Auto::Ask);
    assert_eq!(worse(&found), [row]);
}
