//! No object is decoded or hashed twice where one proof of it can be carried.

use super::support::*;
use crate::apply;
use luthier_client::tried::try_pull;
use luthier_hub::progress::Progress;
use luthier_hub::store::hub_writes::{Authorship, FileChange, NewRepo, NoHubLedger};
use luthier_hub::store::rebuild::rebuild;
use luthier_hub::store::write::{Change, NoLedger};
use luthier_hub::store::{Authority, Hub, Store, hub::Database};
use luthier_hub::testing::*;
use luthier_object::tally::{self, Count};
use luthier_object::{CommitRecord, Kind, Proven, identity};
use std::sync::Arc;

const ONCE: Count = Count {
    decoded: 1,
    hashed: 1,
};

/// A blob has nothing to decode.
const HASHED: Count = Count {
    decoded: 0,
    hashed: 1,
};

/// A hub with three commits in a row of one tree, everything stored.
async fn stored() -> (TestHub, Vec<CommitRecord>) {
    let (hub, commits) = unstored(3).await;
    let store = hub.open().await;
    for record in &commits {
        let bytes = record.encode().into();
        let object = Proven::read(Kind::Commit, &record.commit_id, bytes).unwrap();
        let change = Change::Store {
            object: object.sealed(),
            seen_uri: None,
        };
        writer(&store).make(&change, &mut NoLedger).await.unwrap();
    }
    (hub, commits)
}

/// Asserts how often each object of a kind was met since the last look, and how many there were.
fn assert_counts(wanted: [(Kind, usize, Count); 3]) {
    let counts = tally::take();
    for (kind, objects, count) in wanted {
        let of_kind = counts.iter().filter(|((found, _), _)| *found == kind);
        let of_kind: Vec<_> = of_kind.map(|((_, hex), count)| (hex, *count)).collect();
        assert_eq!(of_kind.len(), objects, "{kind}: {of_kind:?}");
        let other = of_kind.iter().find(|(_, found)| *found != count);
        assert_eq!(other, None, "{kind}");
    }
}

#[tokio::test]
async fn an_audit_at_depth_bytes_proves_each_object_once() {
    let (hub, _) = stored().await;
    let store = hub.open().await;
    let _ = tally::take();
    assert_eq!(findings(&store).await, []);
    assert_counts([
        (Kind::Commit, 3, ONCE),
        (Kind::Snapshot, 1, ONCE),
        (Kind::Blob, 1, HASHED),
    ]);
}

#[tokio::test]
async fn a_rebuild_proves_each_object_once_a_read() {
    let (hub, _) = stored().await;
    let beside = Hub {
        database: Database::Sqlite(hub.folder.path().join("new.db")),
        ..hub.hub.clone()
    };
    let store = Store::open_to_fill(&beside, &Authority::granted(), &Progress::new())
        .await
        .unwrap();
    let _ = tally::take();
    let rebuilt = rebuild(&writer(&store), &Progress::new()).await.unwrap();
    assert!(rebuilt.is_whole(), "{rebuilt:?}");
    // Commits and snapshots are read for the survey and again for their rows: records are not kept between.
    let twice = Count {
        decoded: 2,
        hashed: 2,
    };
    assert_counts([
        (Kind::Commit, 3, twice),
        (Kind::Snapshot, 1, twice),
        // What lies under a key is tried as a blob first, whatever it is.
        (Kind::Blob, 5, HASHED),
    ]);
}

#[tokio::test]
async fn a_pull_proves_each_object_once() {
    let (hub, _) = stored().await;
    let store = hub.open().await;
    let _ = tally::take();
    let pull = try_pull(&store, ("alice", "song"), None, &Progress::new()).await;
    assert_eq!(pull.unwrap().received.fetched, [3, 1, 1]);
    assert_counts([
        (Kind::Commit, 3, ONCE),
        (Kind::Snapshot, 1, ONCE),
        (Kind::Blob, 1, HASHED),
    ]);
}

#[tokio::test]
async fn a_write_site_proves_what_comes_in_once() {
    let hub = TestHub::empty().await;
    let store = hub.open().await;
    let said = Authorship {
        author: "alice".into(),
        message: "take 1".into(),
        at: 1_780_315_200_000_000,
    };
    let repo = NewRepo {
        repo_id: "r1".into(),
        owner: "alice".into(),
        slug: "band".into(),
        default_branch: "main".into(),
        branch_id: "b-main".into(),
        ..NewRepo::default()
    };
    let _ = tally::take();
    let sites = || writer(&store).hub_writer(Arc::new(NoHubLedger));
    let done = sites().init_repo(&repo, &said).await.unwrap();
    assert_counts([
        (Kind::Commit, 1, ONCE),
        (Kind::Snapshot, 1, ONCE),
        (Kind::Blob, 0, HASHED),
    ]);
    let change = FileChange::Put {
        path: "song.txt".into(),
        bytes: "la la".into(),
    };
    let seen = done.head.as_ref();
    sites()
        .commit_files("r1", ("main", "b-main"), seen, vec![change], &said)
        .await
        .unwrap();
    assert_counts([
        // The new one, and the head before it: by its formulas new ids are made.
        (Kind::Commit, 2, ONCE),
        (Kind::Snapshot, 1, ONCE),
        (Kind::Blob, 1, HASHED),
    ]);
}

#[tokio::test]
async fn a_proved_object_is_stored_without_another_proof() {
    let (hub, commits) = unstored(1).await;
    let store = hub.open().await;
    let _ = tally::take();
    let (id, bytes) = (&commits[0].commit_id, commits[0].encode().into());
    let change = Change::Store {
        object: Proven::read(Kind::Commit, id, bytes).unwrap().sealed(),
        seen_uri: None,
    };
    writer(&store).make(&change, &mut NoLedger).await.unwrap();
    assert_counts([
        (Kind::Commit, 1, ONCE),
        (Kind::Snapshot, 0, ONCE),
        (Kind::Blob, 0, HASHED),
    ]);
    let blob = identity::blob_id(b"la");
    let object = Proven::read(Kind::Blob, &blob, "la".into()).unwrap();
    let put = writer(&store).put_object(&object.sealed()).await.unwrap();
    assert!(put.is_ok(), "{put:?}");
    assert_counts([
        (Kind::Commit, 0, ONCE),
        (Kind::Snapshot, 0, ONCE),
        (Kind::Blob, 1, HASHED),
    ]);
}

#[tokio::test]
async fn what_a_row_gives_is_read_back_once_for_the_plan_and_once_for_the_repair() {
    let (hub, _) = unstored(3).await;
    let store = hub.open().await;
    let report = audited(&store).await;
    let _ = tally::take();
    let progress = Progress::new();
    let plan = crate::plan(&store, &report, &auto(), &progress)
        .await
        .unwrap();
    // The hash of the row was the proof.
    let made = Count {
        decoded: 1,
        hashed: 0,
    };
    let once_each = [
        (Kind::Commit, 3, made),
        (Kind::Snapshot, 0, made),
        (Kind::Blob, 0, made),
    ];
    assert_counts(once_each);
    let mut journal = journal(hub.folder.path());
    apply(&writer(&store), &plan, &mut journal, &progress)
        .await
        .unwrap();
    assert_counts(once_each);
}
