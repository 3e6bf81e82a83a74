//! A database from the store alone: what is taken, and what is left out and told.

use super::*;
use crate::backend::{BackendMut, Key, layout};
use crate::index::{Index, NewRows};
use crate::store::hub::{Database, Hub};
use crate::store::read::canonical_commit;
use crate::store::{Authority, Store};
use crate::testing::*;
use bytes::Bytes;
use luthier_object::{Kind, ObjectId, identity};

/// The hub with a database that is made from its store.
pub(super) fn beside(hub: &TestHub, name: &str) -> Hub {
    Hub {
        database: Database::Sqlite(hub.folder.path().join(name)),
        ..hub.hub.clone()
    }
}

pub(super) async fn opened(hub: &TestHub, name: &str) -> Store {
    Store::open_to_fill(&beside(hub, name), &Authority::granted(), &Progress::new())
        .await
        .unwrap()
}

pub(super) async fn run(store: &Store) -> Result<Rebuilt, RebuildError> {
    let writer = store.writer(&Authority::granted()).unwrap();
    rebuild(&writer, &Progress::new()).await
}

/// A whole rebuild into a new database.
pub(super) async fn rebuilt(hub: &TestHub) -> (Store, Rebuilt) {
    let store = opened(hub, "new.db").await;
    let report = run(&store).await.unwrap();
    (store, report)
}

/// Every row, in the order in which a rebuild adds them; branches last.
pub(super) async fn rows(index: &dyn Index) -> NewRows {
    let mut memberships = Vec::new();
    for kind in Kind::ALL {
        let page = index.memberships(kind, None, 10_000).await.unwrap();
        memberships.extend(page.rows.into_iter().map(|row| (kind, row)));
    }
    NewRows {
        repos: index.repos(None, 10_000).await.unwrap().rows,
        commits: index.commits(None, 10_000).await.unwrap().rows,
        snapshots: index.snapshots(None, 10_000).await.unwrap().rows,
        blobs: index.blobs(None, 10_000).await.unwrap().rows,
        branches: index.branches(None, 10_000).await.unwrap().rows,
        memberships,
        ..NewRows::default()
    }
}

/// Stores a blob, a tree and `count` commits in a row, without any row.
pub(super) async fn stored(hub: &TestHub, count: usize) -> Vec<luthier_object::CommitRecord> {
    let blob = identity::blob_id(b"la la");
    hub.plant(&blob, b"la la".to_vec()).await;
    let tree = snapshot(&[("song.txt", &blob)]);
    hub.plant(&tree.snapshot_id, tree.encode()).await;
    let mut made: Vec<luthier_object::CommitRecord> = Vec::new();
    for n in 0..count {
        let parents: Vec<ObjectId> = made
            .last()
            .map(|c| c.commit_id.clone())
            .into_iter()
            .collect();
        let mut record = commit(
            &tree.snapshot_id,
            &parents.iter().collect::<Vec<_>>(),
            &format!("take {n}"),
        );
        record.repo_id = String::new();
        record.committed_at = format!("2026-03-02T00:{n:02}:00.000100-03:30");
        record.commit_id = identity::commit_id(&record);
        hub.plant(&record.commit_id, record.encode()).await;
        made.push(record);
    }
    made
}

pub(super) async fn put(hub: &TestHub, key: &str, bytes: Vec<u8>) {
    let key = Key::new(key).unwrap();
    hub.backend.put_if_absent(&key, bytes.into()).await.unwrap();
}

#[tokio::test]
async fn rows_give_back_the_objects_that_they_were_made_from() {
    let hub = TestHub::empty().await;
    let made = stored(&hub, 4).await;
    hub.branch("main", &made[3].commit_id).await;
    let (store, report) = rebuilt(&hub).await;
    assert!(report.is_whole(), "{report:?}");
    let rows = rows(store.index()).await;
    assert_eq!(
        (rows.commits.len(), rows.snapshots.len(), rows.blobs.len()),
        (4, 1, 1)
    );
    for row in &rows.commits {
        let mut row = row.clone();
        // The record names no repository, and rows must.
        assert_eq!(row.repo_id.take().as_deref(), Some(REPO));
        let record = made
            .iter()
            .find(|c| c.commit_id.as_str() == row.commit_id)
            .unwrap();
        assert_eq!(*canonical_commit(&row).unwrap().bytes(), record.encode());
    }
    let tree = snapshot(&[("song.txt", &identity::blob_id(b"la la"))]);
    let mut cache = Default::default();
    let object = store
        .canonical_snapshot(&rows.snapshots[0], &mut cache)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(*object.bytes(), tree.encode());
    assert_eq!(rows.blobs[0].path, "song.txt");
    assert_eq!(rows.blobs[0].size_bytes, 5);
    assert_eq!(
        rows.branches[0].head_commit_id.as_deref(),
        Some(made[3].commit_id.as_str())
    );
    assert_eq!(rows.memberships.len(), 6);
    for (row, id) in rows
        .commits
        .iter()
        .map(|row| (&row.storage_uri, &row.commit_id))
    {
        let key = layout::key_for(&ObjectId::new(id)).unwrap();
        assert_eq!(row.as_deref(), Some(format!("local://{key}").as_str()));
    }
}

#[tokio::test]
async fn a_commit_that_parses_inside_a_blob_stays_a_blob() {
    let hub = TestHub::empty().await;
    let made = stored(&hub, 1).await;
    let inner = commit(
        made[0].snapshot_id.as_ref().unwrap(),
        &[],
        "not a commit of this hub",
    );
    let bytes = inner.encode();
    let blob = identity::blob_id(&bytes);
    hub.plant(&blob, bytes.clone()).await;
    // And the other way round: under the commit's own key the same bytes are the commit.
    let (store, report) = rebuilt(&hub).await;
    let rows = rows(store.index()).await;
    assert!(
        rows.blobs.iter().any(|row| row.object_id == blob.as_str()),
        "{report:?}"
    );
    assert!(
        rows.commits
            .iter()
            .all(|row| row.commit_id != inner.commit_id.as_str())
    );
}

#[tokio::test]
async fn bytes_that_prove_nothing_are_left_out_and_named() {
    let hub = TestHub::empty().await;
    let made = stored(&hub, 2).await;
    hub.branch("main", &made[1].commit_id).await;
    let whole = commit(made[0].snapshot_id.as_ref().unwrap(), &[], "torn");
    let torn = whole.encode();
    hub.plant(&whole.commit_id, torn[..torn.len() / 2].to_vec())
        .await;
    let foreign = Key::new("notes/todo.txt").unwrap();
    hub.backend
        .put_if_absent(&foreign, Bytes::from_static(b"x"))
        .await
        .unwrap();
    let (_, report) = rebuilt(&hub).await;
    assert_eq!(report.skipped, 2, "{report:?}");
    assert!(!report.is_whole());
    let keys: Vec<&str> = report
        .first_skipped
        .iter()
        .map(|s| s.key.as_str())
        .collect();
    assert!(keys.contains(&"notes/todo.txt"));
    assert!(keys.contains(&layout::key_for(&whole.commit_id).unwrap().as_str()));
    assert_eq!((report.unknown, report.missing), (0, 0));
}

#[tokio::test]
async fn heads_and_blobs_that_are_not_there_are_named_as_missing() {
    let hub = TestHub::empty().await;
    let gone = ObjectId::new(format!("sha256:{}", "ab".repeat(32)));
    let tree = snapshot(&[("lost.wav", &gone)]);
    hub.plant(&tree.snapshot_id, tree.encode()).await;
    let record = commit(&tree.snapshot_id, &[], "one");
    hub.plant(&record.commit_id, record.encode()).await;
    hub.branch("wip", &gone).await;
    let (store, report) = rebuilt(&hub).await;
    let missing: Vec<_> = report
        .first_missing
        .iter()
        .map(|m| (m.kind.as_str(), m.named_by.as_str()))
        .collect();
    assert_eq!(
        missing,
        [("commit", "wip"), ("blob", tree.snapshot_id.as_str())]
    );
    let rows = rows(store.index()).await;
    assert_eq!(
        rows.branches[0].head_commit_id.as_deref(),
        Some(gone.as_str())
    );
    assert!(rows.blobs.is_empty());
}

#[tokio::test]
async fn without_a_checkpoint_branches_are_where_childless_commits_say() {
    let hub = TestHub::empty().await;
    let made = stored(&hub, 3).await;
    let tree = made[0].snapshot_id.clone().unwrap();
    let mut fork = commit(&tree, &[&made[0].commit_id], "another way");
    fork.repo_id = String::new();
    fork.branch = "side".into();
    fork.commit_id = identity::commit_id(&fork);
    let mut older = fork.clone();
    older.committed_at = "2026-02-01T00:00:00+00:00".into();
    older.commit_id = identity::commit_id(&older);
    for record in [&fork, &older] {
        hub.plant(&record.commit_id, record.encode()).await;
    }
    let (store, report) = rebuilt(&hub).await;
    assert_eq!(report.placeholders, [UNKNOWN]);
    assert_eq!(report.derived_branches, 3);
    let rows = rows(store.index()).await;
    let head = |name: &str| {
        let row = rows.branches.iter().find(|row| row.name == name);
        row.and_then(|row| row.head_commit_id.clone()).unwrap()
    };
    assert_eq!(head("main"), made[2].commit_id.as_str());
    assert_eq!(head("side"), fork.commit_id.as_str());
    let digits = &older.commit_id.hex().unwrap()[..12];
    assert_eq!(head(&format!("side@{digits}")), older.commit_id.as_str());
}

#[tokio::test]
async fn a_placeholder_keeps_the_repository_that_a_record_or_a_key_names() {
    let hub = TestHub::empty().await;
    let blob = identity::blob_id(b"x");
    let tree = snapshot(&[("x", &blob)]);
    let record = commit(&tree.snapshot_id, &[], "named by the record");
    let mut other = commit(&tree.snapshot_id, &[], "named by the key");
    other.repo_id = String::new();
    other.commit_id = identity::commit_id(&other);
    hub.plant(&record.commit_id, record.encode()).await;
    let key = format!("repo-9/{}", other.commit_id.hex().unwrap());
    put(&hub, &key, other.encode()).await;
    let (store, report) = rebuilt(&hub).await;
    assert_eq!(report.placeholders, [REPO, "repo-9"]);
    let rows = rows(store.index()).await;
    for (id, repo) in [(&record.commit_id, REPO), (&other.commit_id, "repo-9")] {
        let row = rows
            .commits
            .iter()
            .find(|row| row.commit_id == id.as_str())
            .unwrap();
        assert_eq!(row.repo_id.as_deref(), Some(repo));
    }
}

#[tokio::test]
async fn what_was_pushed_after_the_checkpoint_stays_with_its_repository() {
    let hub = TestHub::empty().await;
    let made = stored(&hub, 3).await;
    hub.branch("main", &made[0].commit_id).await;
    let (store, report) = rebuilt(&hub).await;
    assert_eq!((report.unreached_commits, report.derived_branches), (2, 0));
    assert_eq!(report.placeholders, Vec::<String>::new());
    let rows = rows(store.index()).await;
    assert!(
        rows.commits
            .iter()
            .all(|row| row.repo_id.as_deref() == Some(REPO))
    );
}

#[tokio::test]
async fn of_two_keys_of_one_object_todays_is_taken() {
    let hub = TestHub::empty().await;
    let made = stored(&hub, 1).await;
    hub.branch("main", &made[0].commit_id).await;
    let hex = made[0].commit_id.hex().unwrap();
    for key in [format!("objects/{hex}"), format!("aaa/{hex}")] {
        put(&hub, &key, made[0].encode()).await;
    }
    let (store, report) = rebuilt(&hub).await;
    let own = layout::key_for(&made[0].commit_id).unwrap();
    let row = rows(store.index()).await.commits.remove(0);
    assert_eq!(row.storage_uri, Some(format!("local://{own}")));
    assert_eq!((report.commits, report.repos), (1, 1));
}
