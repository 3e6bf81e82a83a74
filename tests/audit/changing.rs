//! A hub that goes on while it is audited: what went or came between two pages is no fault.

use crate::{Code, Depth, Filter, Options, Summary, run};
use luthier_hub::backend::layout;
use luthier_hub::index::{Index, NewRows};
use luthier_hub::progress::Progress;
use luthier_hub::testing::between::{between, sql};
use luthier_hub::testing::*;
use luthier_object::{Kind, ObjectId};

/// Audits, and runs the SQL before the `nth` read of this name.
async fn audit(
    hub: &TestHub,
    depth: Depth,
    when: (&'static str, u32),
    sql: &str,
) -> (Vec<(Code, String)>, Summary) {
    let store = between(hub, when, sql).await;
    let options = Options {
        depth,
        ..Options::default()
    };
    let report = run(&store, &options, &Progress::new()).await.unwrap();
    let found = report.page(&Filter::default(), 0, 10_000).await.unwrap();
    let found = found
        .into_iter()
        .map(|n| (n.finding.code, n.finding.id))
        .collect();
    (found, report.summary().clone())
}

/// A chain of commits over one tree, with a branch at its end; all that is young enough to be named is there.
async fn chain(length: usize) -> (TestHub, Vec<ObjectId>) {
    let hub = TestHub::empty().await;
    let blob = hub.blob(b"la la", "song.txt").await;
    let tree = snapshot(&[("song.txt", &blob)]);
    hub.add_snapshot(snapshot_row(&tree)).await;
    let mut rows = NewRows::default();
    let mut ids: Vec<ObjectId> = Vec::new();
    for n in 0..length {
        let parents: Vec<&ObjectId> = ids.last().into_iter().collect();
        let record = commit(&tree.snapshot_id, &parents, &format!("commit {n}"));
        rows.commits.push(commit_row(&record));
        rows.memberships
            .push((Kind::Commit, member(&record.commit_id)));
        ids.push(record.commit_id);
    }
    hub.insert(rows).await;
    let head = ids.last().unwrap().clone();
    hub.branch("main", &head).await;
    (hub, ids)
}

const DELETED: &str = "DELETE FROM musehub_branches; DELETE FROM musehub_commits; DELETE FROM musehub_snapshots; \
    DELETE FROM musehub_objects; DELETE FROM musehub_commit_refs; DELETE FROM musehub_snapshot_refs; \
    DELETE FROM musehub_object_refs; DELETE FROM musehub_repos";

#[tokio::test]
async fn a_repository_that_is_deleted_between_two_pages_leaves_no_finding() {
    for at in [
        ("walk_blobs", 1),
        ("walk_snapshots", 1),
        ("walk_commits", 2),
        ("walk_commits", 3),
        ("branches", 1),
        ("proposals", 1),
    ] {
        let (hub, _) = chain(4_100).await;
        let (found, summary) = audit(&hub, Depth::Rows, at, DELETED).await;
        assert_eq!(found, [], "{at:?}");
        assert!(summary.complete);
        let in_the_middle = at.0 == "walk_commits";
        assert!(!in_the_middle || summary.changed > 0, "{at:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_packed_anew_between_two_pages_is_read_to_its_end() {
    // Rows in the file get new numbers where some before them went.
    let few = "DELETE FROM musehub_commits WHERE rowid < 1000; \
        CREATE TABLE packed AS SELECT * FROM musehub_commits; DELETE FROM musehub_commits; \
        INSERT INTO musehub_commits SELECT * FROM packed; DROP TABLE packed";
    let gone = "DELETE FROM musehub_commits WHERE rowid = 2000; VACUUM";
    for (change, left) in [("VACUUM", Some(4_100)), (few, Some(4_100)), (gone, None)] {
        let (hub, _) = chain(4_100).await;
        let store = between(&hub, ("walk_commits", 2), change).await;
        let options = Options {
            depth: Depth::Rows,
            ..Options::default()
        };
        match (run(&store, &options, &Progress::new()).await, left) {
            (Ok(report), Some(left)) => assert_eq!(report.summary().checked.commits, left),
            (Err(error), None) => assert!(error.to_string().contains("try again"), "{error}"),
            (Ok(_), None) => panic!("where the next rows begin was not known: {change}"),
            (Err(error), Some(_)) => panic!("{change}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_branch_that_is_pushed_behind_the_page_of_its_commit_does_not_dangle() {
    let (hub, ids) = chain(2).await;
    let pushed = format!(
        "INSERT INTO musehub_commits SELECT * FROM musehub_commits WHERE 0; \
         UPDATE musehub_commits SET commit_id = 'sha256:{0}' WHERE commit_id = '{1}'; \
         UPDATE musehub_commit_refs SET commit_id = 'sha256:{0}' WHERE commit_id = '{1}'; \
         UPDATE musehub_branches SET head_commit_id = 'sha256:{0}'",
        "ab".repeat(32),
        ids[1]
    );
    let (found, summary) = audit(&hub, Depth::Rows, ("branches", 1), &pushed).await;
    assert!(
        !found
            .iter()
            .any(|(code, _)| matches!(code, Code::HeadDangling | Code::RowMissing)),
        "{found:?}"
    );
    assert!(summary.changed > 0);
}

#[tokio::test]
async fn a_name_that_another_row_still_gives_is_missing_all_the_same() {
    let (hub, ids) = chain(1).await;
    let tree = hub
        .index
        .commits_by_id(&[ids[0].to_string()])
        .await
        .unwrap();
    let tree = ObjectId::new(tree[0].snapshot_id.as_deref().unwrap());
    let gone = ObjectId::new(format!("sha256:{}", "cd".repeat(32)));
    let mut children = Vec::new();
    for message in ["one", "other"] {
        let record = commit(&tree, &[&gone], message);
        hub.add_commit(commit_row(&record)).await;
        children.push(record.commit_id.to_string());
    }
    for child in &children {
        let (hub, deleted) = (
            &hub,
            format!("DELETE FROM musehub_commits WHERE commit_id = '{child}'"),
        );
        let kept =
            format!("CREATE TABLE IF NOT EXISTS kept AS SELECT * FROM musehub_commits; {deleted}");
        let (found, _) = audit(hub, Depth::Rows, ("branches", 1), &kept).await;
        assert!(
            found.contains(&(Code::RowMissing, gone.to_string())),
            "{found:?}"
        );
        let database = hub.folder.path().join("hub.db");
        sql(
            &database,
            "DELETE FROM musehub_commits; INSERT INTO musehub_commits SELECT * FROM kept",
        )
        .await;
    }
    let both = "DELETE FROM musehub_commits WHERE parent_ids LIKE '%cdcd%'";
    let (found, summary) = audit(&hub, Depth::Rows, ("branches", 1), both).await;
    assert!(
        !found.contains(&(Code::RowMissing, gone.to_string())),
        "{found:?}"
    );
    assert!(summary.changed > 0);
}

#[tokio::test]
async fn a_row_that_went_before_it_is_asked_again_is_not_called_missing_in_the_store() {
    let (hub, _) = chain(1).await;
    let lost = hub.blob(b"do re", "lost.txt").await;
    let key = layout::key_for(&lost).unwrap();
    std::fs::remove_file(hub.folder.path().join("objects").join(key.as_str())).unwrap();
    let stays = audit(&hub, Depth::Presence, ("close", 1), "").await.0;
    assert!(
        stays.contains(&(Code::ObjectMissing, lost.to_string())),
        "{stays:?}"
    );
    let gone = format!("DELETE FROM musehub_objects WHERE object_id = '{lost}'");
    let (found, summary) = audit(&hub, Depth::Presence, ("blobs_by_id", 1), &gone).await;
    assert!(
        !found.iter().any(|(_, id)| *id == lost.to_string()),
        "{found:?}"
    );
    assert_eq!(summary.changed, 1);
}
