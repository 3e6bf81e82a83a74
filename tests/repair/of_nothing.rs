//! By the formulas of April the empty tree and the empty file have one id. Each keeps its object.

use super::support::*;
use crate::{Outcome, apply};
use luthier_audit::{Auto, Code};
use luthier_hub::backend::{Backend, Key};
use luthier_hub::index::Index;
use luthier_hub::progress::Progress;
use luthier_hub::testing::*;
use luthier_object::ObjectId;
use luthier_object::identity::{CommitScheme, SnapshotScheme};
use std::collections::BTreeMap;

const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A hub whose empty file is stored, and whose first commit has an empty tree that lies only in its row.
async fn of_april() -> TestHub {
    let hub = TestHub::empty().await;
    let blob = hub.raw_blob(b"", "src/__init__.py").await;
    assert_eq!(blob.as_str(), EMPTY);
    let rc7 = |files: &[(&str, &ObjectId)]| {
        let mut tree = snapshot(files);
        tree.snapshot_id = SnapshotScheme::Rc7.id_of(&tree.manifest, &tree.directories);
        tree
    };
    let (nothing, full) = (rc7(&[]), rc7(&[("src/__init__.py", &blob)]));
    assert_eq!(nothing.snapshot_id.as_str(), EMPTY);
    let mut parents: Vec<ObjectId> = Vec::new();
    for tree in [&nothing, &full] {
        hub.add_snapshot(snapshot_row(tree)).await;
        let mut record = commit(
            &tree.snapshot_id,
            &parents.iter().collect::<Vec<_>>(),
            "take",
        );
        record.commit_id = CommitScheme::Rc7.id_of(&record);
        hub.add_commit(commit_row(&record)).await;
        parents = vec![record.commit_id.clone()];
    }
    hub.branch("main", &parents[0]).await;
    hub
}

async fn uri_of_tree(hub: &TestHub) -> Option<String> {
    let ids = [EMPTY.to_owned()];
    let row = hub.index.snapshots_by_id(&ids).await.unwrap().pop();
    row.unwrap().storage_uri
}

#[tokio::test]
async fn the_empty_tree_is_stored_beside_the_empty_file_which_stays() {
    let hub = of_april().await;
    let store = hub.open().await;
    let found = findings(&store).await;
    let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::UriMissing; 4], "{found:?}");
    assert!(found.iter().all(|finding| finding.auto == Auto::Yes));

    let before = files(&hub.folder.path().join("objects"));
    let plan = planned(&store, &auto()).await;
    let steps = all_steps(&plan).await;
    let mut journal = journal(hub.folder.path());
    let progress = Progress::new();
    let writer = writer(&store);
    let done = apply(&writer, &plan, &mut journal, &progress);
    let done = done.await.unwrap();
    assert_eq!(done.outcomes, BTreeMap::from([(Outcome::Written, 4)]));

    // The plan said where it goes, and nothing that was stored has changed.
    let uri = uri_of_tree(&hub).await.unwrap();
    let step = steps.iter().find(|step| step.id == EMPTY).unwrap();
    let key = Key::new(step.key.clone().unwrap()).unwrap();
    assert_eq!(uri, hub.backend.uri_for(&key));
    let after = files(&hub.folder.path().join("objects"));
    assert!(
        before
            .iter()
            .all(|(path, bytes)| after.get(path) == Some(bytes))
    );
    assert_eq!(findings(&store).await, []);
    assert!(all_steps(&planned(&store, &auto()).await).await.is_empty());
}
