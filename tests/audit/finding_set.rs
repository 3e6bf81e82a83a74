//! The set of findings from one audit to the next: what is told as new or gone, and when nothing may be told.

use super::*;
use crate::{Depth, Options, run};
use luthier_hub::index::NewRows;
use luthier_hub::progress::Progress;
use luthier_hub::testing::between::sql;
use luthier_hub::testing::*;
use luthier_object::Kind;
use std::path::PathBuf;

const DANGLING: &str = "head-dangling";

/// A hub with a branch that is in order, and the place of its set.
struct Watched {
    hub: TestHub,
    head: String,
    path: PathBuf,
}

impl Watched {
    async fn new() -> Self {
        let hub = TestHub::empty().await;
        let tree = snapshot(&[]);
        hub.add_snapshot(snapshot_row(&tree)).await;
        let record = commit(&tree.snapshot_id, &[], "first");
        let mut rows = NewRows::default();
        rows.commits.push(commit_row(&record));
        rows.memberships
            .push((Kind::Commit, member(&record.commit_id)));
        hub.insert(rows).await;
        hub.branch("main", &record.commit_id).await;
        Self {
            path: hub.folder.path().join("findings.jsonl"),
            head: record.commit_id.as_str().to_owned(),
            hub,
        }
    }

    async fn point_main_to(&self, id: &str) {
        let database = self.hub.folder.path().join("hub.db");
        sql(
            &database,
            &format!("UPDATE musehub_branches SET head_commit_id = '{id}'"),
        )
        .await;
    }

    async fn look(&self, depth: &str, grace: u64) -> Compared {
        let store = self.hub.open().await;
        let options = Options {
            depth: Depth::Rows,
            ..Options::default()
        };
        let report = run(&store, &options, &Progress::new()).await.unwrap();
        let source = Source {
            hub: "this one".into(),
            depth: depth.into(),
            grace: Duration::from_secs(grace),
            at: 1,
            complete: report.summary().complete,
        };
        compare(&report, source, &self.path).await.unwrap()
    }

    /// Looks and tells: the set is replaced.
    async fn round(&self) -> Change {
        let compared = self.look("rows", 60).await;
        let change = compared.change.clone();
        compared.keep().unwrap();
        change
    }
}

fn codes(moved: &Moved) -> Vec<&str> {
    moved
        .first
        .iter()
        .map(|member| member.key.code.as_str())
        .collect()
}

#[tokio::test]
async fn what_comes_is_new_once_and_what_goes_is_gone_once() {
    let watched = Watched::new().await;
    let first = watched.round().await;
    assert!(first.since.is_none() && first.is_any());
    assert!(!codes(&first.new).contains(&DANGLING));
    let quiet = watched.round().await;
    assert!(!quiet.is_any(), "{quiet:?}");
    assert_eq!(quiet.findings, first.findings);

    watched
        .point_main_to(&format!("sha256:{}", "ab".repeat(32)))
        .await;
    let broken = watched.round().await;
    assert!(codes(&broken.new).contains(&DANGLING), "{broken:?}");
    assert_eq!(
        broken.total(),
        first.total() + broken.new.count - broken.gone.count
    );
    assert!(!watched.round().await.is_any());

    watched.point_main_to(&watched.head).await;
    let mended = watched.round().await;
    assert!(codes(&mended.gone).contains(&DANGLING), "{mended:?}");
    assert_eq!(mended.findings, first.findings);
    assert!(!watched.round().await.is_any());
}

#[tokio::test]
async fn what_was_not_told_is_told_by_the_next_round() {
    let watched = Watched::new().await;
    watched.round().await;
    watched
        .point_main_to(&format!("sha256:{}", "ab".repeat(32)))
        .await;
    for _ in 0..2 {
        // Nobody could be told, so the set stays.
        let change = watched.look("rows", 60).await.change;
        assert!(codes(&change.new).contains(&DANGLING), "{change:?}");
    }
}

#[tokio::test]
async fn a_finding_of_rows_that_are_too_young_for_this_audit_stays() {
    let watched = Watched::new().await;
    watched
        .point_main_to(&format!("sha256:{}", "ab".repeat(32)))
        .await;
    let first = watched.round().await;
    watched.point_main_to(&watched.head).await;
    let change = watched.look("rows", 3_600).await.change;
    assert_eq!(
        (change.gone.count, change.not_judged.count),
        (0, 0),
        "{change:?}"
    );
    assert!(change.kept > 0);
    assert!(change.total() >= first.total());
}

#[tokio::test]
async fn a_set_that_is_cut_or_of_another_depth_is_said_to_be_lost_and_never_taken_for_empty() {
    let watched = Watched::new().await;
    watched
        .point_main_to(&format!("sha256:{}", "ab".repeat(32)))
        .await;
    let first = watched.round().await;
    let whole = std::fs::read(&watched.path).unwrap();
    let other = watched.look("bytes", 60).await.change;
    assert!(
        other
            .lost
            .is_some_and(|why| why.contains("another hub or depth"))
    );
    for cut in [whole.len() - 3, whole.len() / 2, 3] {
        std::fs::write(&watched.path, &whole[..cut]).unwrap();
        let change = watched.look("rows", 60).await.change;
        assert!(change.lost.is_some(), "cut to {cut}");
        assert_eq!(change.new.count, first.new.count);
        assert_eq!(change.gone.count, 0);
    }
    // The same lines in another order are not the set that was written.
    let text = String::from_utf8(whole).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.len() - 1;
    lines[1..last].reverse();
    assert!(lines.len() > 3, "{text}");
    std::fs::write(&watched.path, lines.join("\n") + "\n").unwrap();
    let change = watched.look("rows", 60).await.change;
    assert!(change.lost.is_some_and(|why| why.contains("out of order")));
}
