//! Incidents that were reported in public, one test each: the smallest hub that shows it, and what an audit says.
//!
//! Incident 10 is in `tests/audit/unheld.rs`, with the counts. Where a test's name says `and`, the audit says more than
//! the report expected, and the comment says why.

mod bytes;
mod graph;
mod packs;
mod rows;
mod trust;

use luthier_audit::{Auto, Code, Depth, Filter, Finding, Grade, Options, Remedy, run};
use luthier_hub::index::CommitRow;
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::testing::{TestHub, commit, commit_row, snapshot, snapshot_row};
use luthier_object::{CommitRecord, ObjectId, SnapshotRecord};

/// What an audit to the last byte finds.
async fn audited(hub: &TestHub) -> Vec<Finding> {
    audited_at(&hub.open().await, Depth::Bytes).await
}

async fn audited_at(store: &Store, depth: Depth) -> Vec<Finding> {
    let options = Options {
        depth,
        ..Options::default()
    };
    let report = run(store, &options, &Progress::new()).await.unwrap();
    assert!(report.summary().complete, "{:?}", report.summary());
    let page = report.page(&Filter::default(), 0, 1_000).await.unwrap();
    page.into_iter().map(|numbered| numbered.finding).collect()
}

/// A finding in short: its code, its id, and its remedy with whether it needs a decision.
type Told = (Code, String, Remedy, Auto);

fn told(code: Code, id: impl ToString, remedy: Remedy, auto: Auto) -> Told {
    (code, id.to_string(), remedy, auto)
}

/// What is worse than information, causes first.
fn worse(found: &[Finding]) -> Vec<Told> {
    let worse = found.iter().filter(|finding| finding.grade > Grade::Info);
    worse.map(short).collect()
}

fn short(finding: &Finding) -> Told {
    told(finding.code, &finding.id, finding.remedy, finding.auto)
}

/// How many commits and branches the finding with this code stops.
fn stops(found: &[Finding], code: Code) -> (Option<u64>, Option<u64>) {
    let finding = found.iter().find(|finding| finding.code == code).unwrap();
    let blocks = finding.blocks.unwrap();
    (blocks.commits, blocks.branches)
}

/// A tree with row and object.
async fn stored_tree(hub: &TestHub, files: &[(&str, &ObjectId)]) -> SnapshotRecord {
    let tree = snapshot(files);
    let mut row = snapshot_row(&tree);
    row.storage_uri = Some(hub.plant(&tree.snapshot_id, tree.encode()).await);
    hub.add_snapshot(row).await;
    tree
}

/// A commit with row and object.
async fn stored_commit(
    hub: &TestHub,
    tree: &SnapshotRecord,
    parents: &[&ObjectId],
    message: &str,
) -> CommitRecord {
    let record = commit(&tree.snapshot_id, parents, message);
    let uri = hub.plant(&record.commit_id, record.encode()).await;
    let row = CommitRow {
        storage_uri: Some(uri),
        ..commit_row(&record)
    };
    hub.add_commit(row).await;
    record
}

/// A hub with one file, one tree and two commits, all of it stored; no branch yet.
struct Two {
    hub: TestHub,
    tree: SnapshotRecord,
    first: CommitRecord,
    second: CommitRecord,
}

impl Two {
    async fn new() -> Self {
        let hub = TestHub::empty().await;
        let blob = hub.blob(b"la la", "song.txt").await;
        let tree = stored_tree(&hub, &[("song.txt", &blob)]).await;
        let first = stored_commit(&hub, &tree, &[], "verse").await;
        let second = stored_commit(&hub, &tree, &[&first.commit_id], "chorus").await;
        Self {
            hub,
            tree,
            first,
            second,
        }
    }
}
