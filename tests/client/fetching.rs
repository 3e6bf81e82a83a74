//! The walk itself.

use super::support::*;
use luthier_hub::index::NewRows;
use luthier_hub::progress::Progress;
use luthier_hub::store::fetch::{Fetch, FetchError, FetchOptions, Head, Origin, Step};
use luthier_hub::testing::{TestHub, commit, commit_row, snapshot, snapshot_row};
use luthier_object::identity::{self, CommitScheme};
use luthier_object::{Kind, ObjectId};

async fn start(hub: &TestHub, want: &[&ObjectId], have: &[ObjectId], o: FetchOptions) -> Fetch {
    let want = want.iter().map(|id| Head {
        name: "main".into(),
        id: (*id).clone(),
    });
    let store = hub.open().await;
    store
        .fetch(want.collect(), have, None, o, &Progress::new())
        .await
        .unwrap()
}

/// Every step in a line: `kind id origin`, or the refusal's sentence.
async fn steps(mut fetch: Fetch) -> Vec<String> {
    let mut out = Vec::new();
    while let Some(step) = fetch.next().await.unwrap() {
        out.push(match step {
            Step::Object(object) => {
                let (object, from) = (&object.object, &object.origin);
                let from = match from {
                    Origin::Canonical(_) => "store",
                    Origin::Reconstructed => "row",
                    Origin::Empty => "id",
                };
                format!("{} {} {from}", object.kind(), object.id())
            }
            Step::Held(proof) => format!("held {}", proof.id()),
            Step::Refused(refusal) => refusal.to_string(),
        });
    }
    out
}

async fn fetched(hub: &TestHub, want: &[&ObjectId], have: &[ObjectId]) -> Vec<String> {
    steps(start(hub, want, have, FetchOptions::default()).await).await
}

#[tokio::test]
async fn everything_that_a_head_reaches_comes_once() {
    let song = Song::new().await;
    let head = &song.second.commit_id;
    let mut found = fetched(&song.hub, &[head, head], &[]).await;
    let commits = [&song.second.commit_id, &song.first.commit_id];
    let mut all: Vec<String> = commits
        .iter()
        .map(|id| format!("commit {id} store"))
        .collect();
    all.extend(
        song.trees
            .iter()
            .map(|t| format!("snapshot {} store", t.snapshot_id)),
    );
    all.extend(song.blobs.iter().map(|id| format!("blob {id} store")));
    all.sort();
    found.sort();
    assert_eq!(found, all);
}

#[tokio::test]
async fn stored_bytes_come_byte_for_byte_and_rows_stand_in_only_for_what_is_not_stored() {
    let hub = TestHub::empty().await;
    let blob = hub.blob(b"x", "x").await;
    let tree = snapshot(&[("x", &blob)]);
    let first = commit(&tree.snapshot_id, &[], "One");
    hub.add_snapshot(snapshot_row(&tree)).await;
    hub.add_commit(commit_row(&first)).await;
    // Spelt otherwise than anything that a row would give.
    let second = commit(&tree.snapshot_id, &[&first.commit_id], "Two");
    let spaced = String::from_utf8(second.encode())
        .unwrap()
        .split_once('\0')
        .map(|(_, json)| format!("{json} "))
        .unwrap();
    let bytes = luthier_object::frame::encode(Kind::Commit, spaced.as_bytes());
    let mut row = commit_row(&second);
    row.storage_uri = Some(hub.plant(&second.commit_id, bytes.clone()).await);
    hub.add_commit(row).await;
    let mut fetch = start(&hub, &[&second.commit_id], &[], FetchOptions::default()).await;
    let Some(Step::Object(object)) = fetch.next().await.unwrap() else {
        panic!("the head comes first");
    };
    assert_eq!(object.object.bytes(), &bytes);
    let rest = steps(fetch).await;
    assert_eq!(
        rest,
        [
            format!("commit {} row", first.commit_id),
            format!("snapshot {} row", tree.snapshot_id),
            format!("blob {blob} store"),
        ]
    );
}

#[tokio::test]
async fn what_have_reaches_is_left_out() {
    let song = Song::new().await;
    let have = [song.first.commit_id.clone()];
    let mut found = fetched(&song.hub, &[&song.second.commit_id], &have).await;
    found.sort();
    let mut new = [
        format!("commit {} store", song.second.commit_id),
        format!("snapshot {} store", song.trees[1].snapshot_id),
        format!("blob {} store", song.blobs[2]),
    ];
    new.sort();
    assert_eq!(found, new, "the shared melody stays out");
}

#[tokio::test]
async fn an_edge_that_a_row_made_up_keeps_nothing_back() {
    let song = Song::new().await;
    // A commit without parents, whose row claims to follow the song's second one.
    let own = snapshot(&[("melody", &song.blobs[0])]);
    let mine = commit(&own.snapshot_id, &[], "Mine");
    let mut row = commit_row(&mine);
    row.parent_ids = format!("[\"{}\"]", song.second.commit_id);
    song.hub.add_commit(row).await;
    let have = [mine.commit_id];
    let found = fetched(&song.hub, &[&song.second.commit_id], &have).await;
    assert_eq!(found.len(), 7, "{found:?}");
}

#[tokio::test]
async fn ids_that_the_hub_does_not_know_are_told_and_keep_nothing_back() {
    let song = Song::new().await;
    let stranger = identity::blob_id(b"no commit");
    let have = [stranger.clone()];
    let want = [&song.second.commit_id];
    let fetch = start(&song.hub, &want, &have, FetchOptions::default()).await;
    assert_eq!(fetch.unknown(), [stranger]);
    assert_eq!(steps(fetch).await.len(), 7);
}

#[tokio::test]
async fn the_order_is_the_same_whatever_runs_at_once() {
    let song = Song::new().await;
    let mut orders = Vec::new();
    for (concurrency, budget) in [(1, 1), (2, 1 << 20), (16, 32 << 20)] {
        let o = FetchOptions {
            concurrency,
            budget,
        };
        orders.push(steps(start(&song.hub, &[&song.second.commit_id], &[], o).await).await);
    }
    assert_eq!(orders[0].len(), 7);
    assert!(orders.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn an_object_larger_than_its_row_says_still_comes_whole() {
    let hub = TestHub::empty().await;
    let large = vec![7; 300_000];
    let id = identity::blob_id(&large);
    let uri = hub.plant(&id, large).await;
    let row = luthier_hub::index::BlobRow {
        object_id: id.as_str().into(),
        size_bytes: 1,
        storage_uri: Some(uri),
        ..Default::default()
    };
    hub.insert(NewRows {
        blobs: vec![row],
        ..NewRows::default()
    })
    .await;
    let tree = snapshot(&[("large", &id)]);
    let head = commit(&tree.snapshot_id, &[], "Large");
    keep(&hub, &tree, &head).await;
    let found = fetched(&hub, &[&head.commit_id], &[]).await;
    assert_eq!(found[2], format!("blob {id} store"));
}

#[tokio::test]
async fn a_history_longer_than_a_page_comes_whole() {
    let hub = TestHub::empty().await;
    let mut rows = NewRows::default();
    let mut parent: Option<ObjectId> = None;
    for n in 0..1_200 {
        let blob = identity::blob_id(format!("{n}").as_bytes());
        let tree = snapshot(&[("n", &blob)]);
        let record = commit(&tree.snapshot_id, &Vec::from_iter(&parent), "Next");
        rows.snapshots.push(snapshot_row(&tree));
        rows.commits.push(commit_row(&record));
        parent = Some(record.commit_id);
    }
    hub.insert(rows).await;
    let found = fetched(&hub, &[&parent.unwrap()], &[]).await;
    let count = |word: &str| found.iter().filter(|line| line.starts_with(word)).count();
    assert_eq!((count("commit "), count("snapshot ")), (1_200, 1_200));
    // No blob has a row: each is refused, and the last one says how far away it is.
    assert_eq!(count("head main → commit "), 1_200);
    let first = format!("{}", identity::blob_id(b"0"));
    let line = found.iter().find(|line| line.contains(&first)).unwrap();
    assert!(line.contains(" → 1198 commits → commit "), "{line}");
}

#[tokio::test]
async fn a_row_that_lost_its_spelling_gives_the_bytes_of_the_id() {
    let hub = TestHub::empty().await;
    let tree = snapshot(&[]);
    let mut record = commit(&tree.snapshot_id, &[], "Elsewhere");
    record.committed_at = "2026-03-01T14:00:00+02:00".into();
    record.commit_id = identity::commit_id(&record);
    hub.add_snapshot(snapshot_row(&tree)).await;
    let mut row = commit_row(&record);
    row.timestamp = "2026-03-01T12:00:00+00:00".into();
    hub.add_commit(row).await;
    let mut fetch = start(&hub, &[&record.commit_id], &[], FetchOptions::default()).await;
    let Some(Step::Object(object)) = fetch.next().await.unwrap() else {
        panic!("the head comes first");
    };
    assert_eq!(*object.object.bytes(), record.encode());
}

#[tokio::test]
async fn a_refused_commit_leads_nowhere_and_the_rest_still_comes() {
    let song = Song::new().await;
    let mut stale = commit(
        &song.trees[0].snapshot_id,
        &[&song.first.commit_id],
        "Edited",
    );
    stale.commit_id = by(identity::commit_trials(&stale), CommitScheme::Pipe);
    song.hub.add_commit(commit_row(&stale)).await;
    let alone = fetched(&song.hub, &[&stale.commit_id], &[]).await;
    assert_eq!(
        alone,
        [format!(
            "head main → commit {}: only the server's old formula reproduces its id; clients refuse such ids",
            stale.commit_id
        )]
    );
    let both = fetched(&song.hub, &[&stale.commit_id, &song.second.commit_id], &[]).await;
    assert_eq!(both.len(), 8);
}

#[tokio::test]
async fn a_fetch_that_is_told_to_stop_stops() {
    let song = Song::new().await;
    let progress = Progress::new();
    let want = vec![Head {
        name: "main".into(),
        id: song.second.commit_id.clone(),
    }];
    let store = song.hub.open().await;
    let o = FetchOptions::default();
    let mut fetch = store.fetch(want, &[], None, o, &progress).await.unwrap();
    assert!(matches!(fetch.next().await, Ok(Some(Step::Object(_)))));
    progress.cancel();
    assert!(matches!(fetch.next().await, Err(FetchError::Cancelled(_))));
    assert_eq!(progress.figures().done, 1);
}

#[cfg(unix)]
#[tokio::test]
async fn what_cannot_be_read_is_an_error_and_no_refusal() {
    let song = Song::new().await;
    let path = song.object(&song.blobs[2]);
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", &path).unwrap();
    let want = [&song.second.commit_id];
    let mut fetch = start(&song.hub, &want, &[], FetchOptions::default()).await;
    let error = loop {
        match fetch.next().await {
            Ok(Some(Step::Object(_))) => {}
            Err(error) => break error.to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert!(error.starts_with("head main → commit "), "{error}");
    assert!(error.contains("(parts/drums): "), "{error}");
}
