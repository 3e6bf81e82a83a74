//! Rows that are read as facts are those of which no rule has anything to say.

use crate::{Code, Depth, Filter, Options, run};
use luthier_hub::index::plain::Seen;
use luthier_hub::index::{Index, NewRows};
use luthier_hub::progress::Progress;
use luthier_hub::testing::between::sql;
use luthier_hub::testing::*;
use luthier_object::Kind;

/// A hub with three commits over a tree of two files, none of them stored.
async fn hub() -> TestHub {
    let hub = TestHub::empty().await;
    let (one, other) = (hub.blob(b"la", "a").await, hub.blob(b"lo", "b/c").await);
    let tree = snapshot(&[("a.txt", &one), ("b/c.txt", &other)]);
    hub.add_snapshot(snapshot_row(&tree)).await;
    let first = commit(&tree.snapshot_id, &[], "first");
    let second = commit(&tree.snapshot_id, &[], "second");
    let parents = [&first.commit_id, &second.commit_id];
    let merged = commit(&tree.snapshot_id, &parents, "merged");
    let mut rows = NewRows::default();
    for record in [&first, &second, &merged] {
        rows.commits.push(commit_row(record));
        rows.memberships
            .push((Kind::Commit, member(&record.commit_id)));
    }
    hub.insert(rows).await;
    hub.branch("main", &merged.commit_id).await;
    hub
}

async fn change(hub: &TestHub, statement: &str) {
    sql(&hub.folder.path().join("hub.db"), statement).await;
}

async fn found(hub: &TestHub) -> Vec<Code> {
    let options = Options {
        depth: Depth::Rows,
        ..Options::default()
    };
    let store = hub.open().await;
    let report = run(&store, &options, &Progress::new()).await.unwrap();
    let checked = &report.summary().checked;
    assert_eq!(
        (checked.commits, checked.snapshots, checked.blobs),
        (3, 1, 2)
    );
    let found = report.page(&Filter::default(), 0, 100).await.unwrap();
    found.into_iter().map(|one| one.finding.code).collect()
}

/// How many commits, snapshots and blobs are read as facts.
async fn plain(hub: &TestHub) -> [usize; 3] {
    fn count<P, R>(rows: &[Seen<P, R>]) -> usize {
        let plain = rows.iter().filter(|row| matches!(row, Seen::Plain(_)));
        plain.count()
    }
    let index: &dyn Index = &*hub.index;
    [
        count(&index.walk_commits(None, 100).await.unwrap().rows),
        count(&index.walk_snapshots(None, 100).await.unwrap().rows),
        count(&index.walk_blobs(None, 100).await.unwrap().rows),
    ]
}

#[tokio::test]
async fn sound_rows_are_read_as_facts_however_they_are_spelt() {
    let sound = hub().await;
    assert_eq!(plain(&sound).await, [3, 1, 2]);
    assert_eq!(found(&sound).await, []);
    for spelt in [
        "UPDATE musehub_commits SET parent_ids = replace(parent_ids, ',', ' ,')",
        "UPDATE musehub_commits SET commit_meta = '{\"mood\":\"sad\",' || substr(commit_meta, 2)",
        "UPDATE musehub_snapshots SET directories = '[  ' || substr(directories, 2)",
    ] {
        let hub = hub().await;
        change(&hub, spelt).await;
        assert_ne!(plain(&hub).await, [3, 1, 2], "{spelt}");
        assert_eq!(found(&hub).await, [], "{spelt}");
    }
}

#[tokio::test]
async fn a_row_in_which_a_cell_was_changed_is_never_read_as_a_fact() {
    let merge = "WHERE message = 'merged'";
    for (set, code) in [
        ("message = 'other'", Code::IdentityUnverifiable),
        ("author = author || 'x'", Code::IdentityUnverifiable),
        (
            "timestamp = '2020-01-01 00:00:01'",
            Code::IdentityUnverifiable,
        ),
        ("parent_ids = '[]'", Code::IdentityUnverifiable),
        (
            "commit_meta = '{\"signer_public_key\":\"k\"}'",
            Code::IdentityUnverifiable,
        ),
        (
            "commit_meta = '{\"mood\":\"sad\"'",
            Code::IdentityUnverifiable,
        ),
        (
            "message = 'mer' || char(0) || 'ged'",
            Code::IdentityAmbiguous,
        ),
        ("snapshot_id = NULL", Code::CommitTreeless),
        ("commit_id = upper(commit_id)", Code::IdMalformed),
    ] {
        let hub = hub().await;
        change(&hub, &format!("UPDATE musehub_commits SET {set} {merge}")).await;
        assert_eq!(plain(&hub).await, [2, 1, 2], "{set}");
        assert!(found(&hub).await.contains(&code), "{set}");
    }
    for set in [
        "entry_count = 3",
        "directories = '[\"b\",\"d\"]'",
        "manifest_blob = NULL",
        "manifest_blob = CAST(replace(CAST(manifest_blob AS TEXT), 'a.txt', '../a') AS BLOB)",
    ] {
        let hub = hub().await;
        change(&hub, &format!("UPDATE musehub_snapshots SET {set}")).await;
        assert_eq!(plain(&hub).await, [3, 0, 2], "{set}");
        assert_ne!(found(&hub).await, [], "{set}");
    }
    let hub = hub().await;
    let packed = "UPDATE musehub_objects SET storage_uri = 'mpack://x' WHERE path = 'a'";
    change(&hub, packed).await;
    assert_eq!(plain(&hub).await, [3, 1, 1]);
}
