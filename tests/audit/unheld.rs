//! Repositories whose membership tables lack rows that their branches need.

use crate::evidence::{Evidence, Unheld};
use crate::{Code, Depth, Filter, Finding, Options, Report, Scope, run};
use luthier_hub::index::{BranchRow, NewRows, RepoRow};
use luthier_hub::progress::Progress;
use luthier_hub::testing::LONG_AGO;
use luthier_hub::testing::june::June;

const SECOND: &str = "alice/second";

/// A hub of June with a second repository whose main is at the head of the first one's, and holds nothing.
async fn pushed_twice() -> June {
    let june = June::new().await;
    let second = RepoRow {
        repo_id: "repo-2".into(),
        owner: "alice".into(),
        slug: "second".into(),
        name: "second".into(),
        default_branch: "main".into(),
        created_at: LONG_AGO.into(),
        ..RepoRow::default()
    };
    let store = june.hub.open().await;
    let head = store.index().commits(None, 1).await.unwrap().rows[0]
        .commit_id
        .clone();
    let branch = BranchRow {
        branch_id: "branch-2".into(),
        repo_id: "repo-2".into(),
        name: "main".into(),
        head_commit_id: Some(head),
    };
    june.hub
        .insert(NewRows {
            repos: vec![second],
            branches: vec![branch],
            ..NewRows::default()
        })
        .await;
    june
}

async fn audited(june: &June, depth: Depth, scope: Scope) -> Report {
    let options = Options {
        depth,
        scope,
        ..Options::default()
    };
    let store = june.hub.open().await;
    run(&store, &options, &Progress::new()).await.unwrap()
}

async fn found(report: &Report, code: Code) -> Vec<Finding> {
    let filter = Filter {
        codes: vec![code],
        ..Filter::default()
    };
    let page = report.page(&filter, 0, 100).await.unwrap();
    page.into_iter().map(|numbered| numbered.finding).collect()
}

/// The counts of the second repository: commits, snapshots, blobs.
async fn counted(june: &June, depth: Depth, scope: Scope) -> Vec<(u64, u64, u64)> {
    let report = audited(june, depth, scope).await;
    assert_eq!(report.summary().unknown_because, [""; 0]);
    let counts = |finding: &Finding| match &finding.evidence {
        Evidence::RepoUnreferenced(seen) => {
            assert_eq!((finding.id.as_str(), seen.trees_unread), (SECOND, 0));
            (seen.commits, seen.snapshots, seen.blobs)
        }
        other => panic!("{other:?}"),
    };
    let found = found(&report, Code::RepoUnreferenced).await;
    found.iter().map(counts).collect()
}

/// Incident 10: of two repositories with the same rows, memberships are written for the first only.
#[tokio::test]
async fn a_second_repository_without_memberships_is_one_finding_with_the_counts() {
    let june = pushed_twice().await;
    for depth in [Depth::Rows, Depth::Presence, Depth::Bytes] {
        for scope in [Scope::Hub, Scope::Repo(SECOND.into())] {
            assert_eq!(counted(&june, depth, scope).await, [(1, 1, 3)]);
        }
        let first = Scope::Repo("alice/song".into());
        assert_eq!(counted(&june, depth, first).await, []);
    }
    // What is told of single rows follows from it.
    let report = audited(&june, Depth::Rows, Scope::Hub).await;
    let single = found(&report, Code::RowElsewhere).await;
    let causes = single.iter().map(|finding| finding.caused_by.as_deref());
    let cause = format!("{} {SECOND}", Code::RepoUnreferenced);
    assert_eq!(causes.collect::<Vec<_>>(), [Some(cause.as_str())]);
}

/// Incident 10 as it was reported: commits and snapshots are held, blobs are not.
#[tokio::test]
async fn blobs_that_alone_are_not_held_are_counted() {
    let june = pushed_twice().await;
    for table in ["commit", "snapshot"] {
        let hold = format!(
            "INSERT INTO musehub_{table}_refs SELECT {table}_id, 'repo-2' FROM musehub_{table}s"
        );
        june.sql(&hold).await;
    }
    for scope in [Scope::Hub, Scope::Repo(SECOND.into())] {
        assert_eq!(counted(&june, Depth::Rows, scope).await, [(0, 0, 3)]);
    }
    june.sql("INSERT INTO musehub_object_refs SELECT object_id, 'repo-2' FROM musehub_objects")
        .await;
    assert_eq!(counted(&june, Depth::Rows, Scope::Hub).await, []);
}

#[tokio::test]
async fn what_no_repository_holds_is_counted_too() {
    let june = pushed_twice().await;
    june.sql("DELETE FROM musehub_branches WHERE repo_id = 'repo-1'")
        .await;
    for table in ["commit", "snapshot", "object"] {
        june.sql(&format!("DELETE FROM musehub_{table}_refs")).await;
    }
    for scope in [Scope::Hub, Scope::Repo(SECOND.into())] {
        assert_eq!(counted(&june, Depth::Rows, scope).await, [(1, 1, 3)]);
    }
}

#[tokio::test]
async fn deleted_repositories_and_hubs_without_memberships_are_not_told() {
    let june = pushed_twice().await;
    june.sql("UPDATE musehub_repos SET deleted_at = created_at WHERE repo_id = 'repo-2'")
        .await;
    assert_eq!(counted(&june, Depth::Rows, Scope::Hub).await, []);
    let june = pushed_twice().await;
    for table in ["commit", "snapshot", "object"] {
        june.sql(&format!("DROP TABLE musehub_{table}_refs")).await;
    }
    assert_eq!(counted(&june, Depth::Rows, Scope::Hub).await, []);
}

/// Snapshots that give no tree are told, so that the counts are not taken for all.
#[tokio::test]
async fn trees_that_cannot_be_read_are_counted() {
    let june = pushed_twice().await;
    june.sql("UPDATE musehub_snapshots SET manifest_blob = NULL")
        .await;
    let report = audited(&june, Depth::Rows, Scope::Hub).await;
    let found = found(&report, Code::RepoUnreferenced).await;
    let Evidence::RepoUnreferenced(seen) = &found[0].evidence else {
        panic!("{found:?}");
    };
    let expected = Unheld {
        blobs: 0,
        commits: 1,
        repo_id: "repo-2".into(),
        snapshots: 1,
        trees_unread: 1,
    };
    assert_eq!(*seen, expected);
}

/// A newer look takes the place of an older one, also of the rows that a plan is made from.
#[tokio::test]
async fn a_later_audit_of_the_repository_takes_the_place_of_the_finding() {
    let june = pushed_twice().await;
    let before = audited(&june, Depth::Rows, Scope::Hub).await;
    for table in ["commit", "snapshot"] {
        let hold = format!(
            "INSERT INTO musehub_{table}_refs SELECT {table}_id, 'repo-2' FROM musehub_{table}s"
        );
        june.sql(&hold).await;
    }
    let after = audited(&june, Depth::Rows, Scope::Repo(SECOND.into())).await;
    let both = before.learn(&after).await.unwrap();
    let commits = both.unheld("repo-2", luthier_object::Kind::Commit, "", 10);
    assert_eq!(commits.await.unwrap(), Vec::<String>::new());
    let blobs = both.unheld("repo-2", luthier_object::Kind::Blob, "", 10);
    assert_eq!(blobs.await.unwrap().len(), 3);
    assert_eq!(found(&both, Code::RepoUnreferenced).await.len(), 1);
}
