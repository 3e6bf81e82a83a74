//! Memberships that are added where owners agree.

use super::support::*;
use crate::plan::Refusal;
use crate::{Outcome, Selection, apply, undo};
use luthier_audit::{Code, Filter};
use luthier_hub::index::{BranchRow, NewRows, RepoRow};
use luthier_hub::progress::Progress;
use luthier_hub::testing::LONG_AGO;
use luthier_hub::testing::june::June;

/// A hub of June whose head is also that of a second repository, which holds nothing.
async fn pushed_twice(owner: &str) -> June {
    let june = June::new().await;
    let second = RepoRow {
        repo_id: "repo-2".into(),
        owner: owner.into(),
        slug: "second".into(),
        name: "second".into(),
        default_branch: "main".into(),
        created_at: LONG_AGO.into(),
        ..RepoRow::default()
    };
    let store = june.hub.open().await;
    let commits = store.index().commits(None, 1).await.unwrap();
    let branch = BranchRow {
        branch_id: "branch-2".into(),
        repo_id: "repo-2".into(),
        name: "main".into(),
        head_commit_id: Some(commits.rows[0].commit_id.clone()),
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

fn chosen() -> Selection {
    Selection::Chosen(Filter {
        codes: vec![Code::RepoUnreferenced],
        ..Filter::default()
    })
}

/// Repairs; how many memberships were added, and what was skipped.
async fn held(june: &June) -> (u64, Vec<Refusal>) {
    let store = june.hub.open().await;
    let plan = planned(&store, &chosen()).await;
    let mut journal = journal(june.hub.folder.path());
    let done = apply(&writer(&store), &plan, &mut journal, &Progress::new())
        .await
        .unwrap();
    assert_eq!(done.trouble, Vec::<String>::new());
    let held = done.outcomes.get(&Outcome::Held).copied().unwrap_or(0);
    (held, all_refused(&plan).await)
}

#[tokio::test]
async fn a_repository_holds_what_its_branches_need_and_a_second_repair_writes_nothing() {
    let june = pushed_twice("alice").await;
    assert_eq!(held(&june).await, (5, vec![]));
    let left = findings(&june.hub.open().await).await;
    let told = [Code::RepoUnreferenced, Code::RowElsewhere];
    assert!(left.iter().all(|f| !told.contains(&f.code)), "{left:#?}");
    assert_eq!(held(&june).await, (0, vec![]));
}

#[tokio::test]
async fn what_nobody_holds_is_nobody_elses() {
    let june = pushed_twice("mallory").await;
    for table in ["commit", "snapshot", "object"] {
        june.sql(&format!("DELETE FROM musehub_{table}_refs")).await;
        let no_owner = match table {
            "object" => "UPDATE musehub_objects SET repo_id = 'gone'".to_owned(),
            table => format!("UPDATE musehub_{table}s SET repo_id = 'gone'"),
        };
        june.sql(&no_owner).await;
    }
    june.sql("DELETE FROM musehub_branches WHERE repo_id = 'repo-1'")
        .await;
    assert_eq!(held(&june).await.0, 5);
}

#[tokio::test]
async fn what_another_owner_alone_holds_is_not_shown_to_this_one() {
    let june = pushed_twice("mallory").await;
    let (held, skipped) = held(&june).await;
    assert_eq!((held, skipped.len()), (0, 1));
    assert!(skipped[0].why.starts_with("5 rows skipped"), "{skipped:#?}");
    assert!(
        skipped[0].why.contains("owners have to agree"),
        "{skipped:#?}"
    );
}

#[tokio::test]
async fn an_owner_that_changed_after_the_plan_gets_no_memberships() {
    let june = pushed_twice("alice").await;
    let store = june.hub.open().await;
    let plan = planned(&store, &chosen()).await;
    june.sql("UPDATE musehub_repos SET owner = 'mallory' WHERE repo_id = 'repo-2'")
        .await;
    let mut journal = journal(june.hub.folder.path());
    let done = apply(&writer(&store), &plan, &mut journal, &Progress::new())
        .await
        .unwrap();
    assert_eq!(done.outcomes[&Outcome::Superseded], 5);
}

#[tokio::test]
async fn an_undo_says_that_memberships_stay() {
    let june = pushed_twice("alice").await;
    assert_eq!(held(&june).await.0, 5);
    let store = june.hub.open().await;
    let path = journal_path(june.hub.folder.path());
    let run = crate::journal::runs(&path).unwrap()[0].run.clone();
    let plan = undo(&store, &path, &run, &Progress::new()).await.unwrap();
    assert_eq!(plan.totals().steps, 0);
    let refused = all_refused(&plan).await;
    assert_eq!(refused.len(), 5);
    assert!(refused[0].why.contains("stay"), "{refused:#?}");
}
