//! What the tests of repairs share.

use crate::{Journal, Plan, Refusal, Selection, Step};
use luthier_audit::{Depth, Finding, Options, Report};
use luthier_demo::{DemoOptions, build};
use luthier_hub::progress::Progress;
use luthier_hub::store::{Authority, Store, Writer};
use luthier_hub::testing::*;
use luthier_object::CommitRecord;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// An audit to the last byte.
pub async fn audited(store: &Store) -> Report {
    let options = Options {
        depth: Depth::Bytes,
        ..Options::default()
    };
    luthier_audit::run(store, &options, &Progress::new())
        .await
        .unwrap()
}

pub async fn findings(store: &Store) -> Vec<Finding> {
    let report = audited(store).await;
    let page = report.page(&Default::default(), 0, 10_000).await.unwrap();
    page.into_iter().map(|numbered| numbered.finding).collect()
}

/// The demo hub in `hub/` of a folder, open for writing.
pub async fn demo(folder: &Path, seed: u64) -> Store {
    let options = DemoOptions {
        database: None,
        objects: None,
        dir: folder.join("hub"),
        era: None,
        healthy: false,
        commits: None,
        seed,
    };
    let built = build(&options, &Progress::new()).await.unwrap();
    Store::open(&built.hub, Some(&Authority::granted()))
        .await
        .unwrap()
}

pub async fn planned(store: &Store, selection: &Selection) -> Plan {
    let report = audited(store).await;
    crate::plan(store, &report, selection, &Progress::new())
        .await
        .unwrap()
}

pub async fn all_steps(plan: &Plan) -> Vec<Step> {
    plan.steps(0, 100_000).await.unwrap()
}

pub async fn all_refused(plan: &Plan) -> Vec<Refusal> {
    plan.refused(0, 100_000).await.unwrap()
}

pub fn auto() -> Selection {
    Selection::Auto(Default::default())
}

pub fn writer(store: &Store) -> Writer {
    store.writer(&Authority::granted()).unwrap()
}

pub fn journal_path(folder: &Path) -> PathBuf {
    folder.join("state/journal.jsonl")
}

pub fn journal(folder: &Path) -> Journal {
    Journal::open_at(&journal_path(folder), "test").unwrap()
}

/// Counts the files below a folder that is being written to: what comes or goes meanwhile may be missed.
pub fn count_files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => count_files(&entry.path()),
            _ => 1,
        })
        .sum()
}

/// Every file below a folder with its bytes.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        if at.is_dir() {
            let entries = std::fs::read_dir(&at).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()));
        } else {
            let bytes = std::fs::read(&at).unwrap();
            out.insert(at, bytes);
        }
    }
    out
}

/// A hub with so many commits in a row, none of which is stored; their snapshot is.
pub async fn unstored(commits: usize) -> (TestHub, Vec<CommitRecord>) {
    let hub = TestHub::empty().await;
    let blob = hub.blob(b"la la", "song.txt").await;
    let tree = snapshot(&[("song.txt", &blob)]);
    let uri = hub.plant(&tree.snapshot_id, tree.encode()).await;
    let mut row = snapshot_row(&tree);
    row.storage_uri = Some(uri);
    hub.add_snapshot(row).await;
    let mut made: Vec<CommitRecord> = Vec::new();
    for n in 0..commits {
        let parent = made.last().map(|parent| parent.commit_id.clone());
        let parents: Vec<_> = parent.iter().collect();
        let mut record = commit(&tree.snapshot_id, &parents, &format!("take {n}"));
        let minutes = n % 60;
        let hours = 1 + n / 60;
        record.committed_at = format!("2026-03-02T{hours:02}:{minutes:02}:00+00:00");
        record.commit_id = luthier_object::identity::commit_id(&record);
        hub.add_commit(commit_row(&record)).await;
        made.push(record);
    }
    hub.branch("main", &made[commits - 1].commit_id).await;
    (hub, made)
}

/// Which of these commits' rows name an object.
pub async fn linked(hub: &TestHub, commits: &[CommitRecord]) -> usize {
    use luthier_hub::index::Index;
    let ids: Vec<String> = commits.iter().map(|c| c.commit_id.to_string()).collect();
    let rows = hub.index.commits_by_id(&ids).await.unwrap();
    rows.iter().filter(|row| row.storage_uri.is_some()).count()
}

/// Changes a row behind Luthier's back, as a hub that is running does.
pub async fn meddle(hub: &TestHub, sql: &'static str) {
    let path = hub.folder.path().join("hub.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::raw_sql(sql).execute(&pool).await.unwrap();
    pool.close().await;
}
