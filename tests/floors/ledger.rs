//! What looks teach each other: each covers its part, as deep as it went, and leaves the rest.

use luthier_audit::report::Stands;
use luthier_audit::{Code, Depth, Filter, Options, PullEnd, PullFact, Report, Scope, run};
use luthier_demo::{DemoOptions, build};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_object::ObjectId;
use std::path::{Path, PathBuf};

/// A healthy hub of which one byte is flipped in the tree of a branch's head.
struct Flipped {
    store: Store,
    folder: tempfile::TempDir,
    repo: String,
    branch: String,
    snapshot: String,
}

impl Flipped {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = DemoOptions {
            database: None,
            objects: None,
            dir: folder.path().join("hub"),
            era: None,
            healthy: true,
            commits: None,
            seed: 1,
        };
        let built = build(&options, &Progress::new()).await.unwrap();
        let store = Store::open(&built.hub, None).await.unwrap();
        let repo = store
            .index()
            .repo_by_path("alice", "song")
            .await
            .unwrap()
            .unwrap();
        let branches = store
            .index()
            .branches_of(&repo.repo_id, None, 10)
            .await
            .unwrap();
        let branch = &branches.rows[0];
        let head = branch.head_commit_id.clone().unwrap();
        let commit = store
            .index()
            .commits_by_id(&[head])
            .await
            .unwrap()
            .remove(0);
        let mut flipped = Self {
            repo: repo.path(),
            branch: branch.name.clone(),
            snapshot: commit.snapshot_id.unwrap(),
            store,
            folder,
        };
        flipped.flip();
        flipped
    }

    /// Flips the byte, or flips it back.
    fn flip(&mut self) {
        let hex = ObjectId::new(&self.snapshot).hex().unwrap()[2..].to_owned();
        let path = find(self.folder.path(), &hex).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }

    async fn past(&self, depth: Depth, scope: Scope) -> Report {
        let options = Options {
            depth,
            scope,
            ..Options::default()
        };
        run(&self.store, &options, &Progress::new()).await.unwrap()
    }

    async fn stands(&self, report: &Report) -> Stands {
        let names = [self.branch.clone()];
        report.branches(&self.repo, &names).await.unwrap()[0].stands
    }
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if let Some(found) = find(&path, name) {
                return Some(found);
            }
        } else if path.file_name().unwrap().to_string_lossy() == name {
            return Some(path);
        }
    }
    None
}

async fn codes(report: &Report) -> Vec<Code> {
    let page = report.page(&Filter::default(), 0, 1_000).await.unwrap();
    page.into_iter().map(|found| found.finding.code).collect()
}

#[tokio::test]
async fn an_object_that_was_read_is_a_finding_and_stops_the_branches_that_need_it() {
    let hub = Flipped::new().await;
    let shallow = hub.past(Depth::Presence, Scope::Hub).await;
    assert_eq!(codes(&shallow).await, []);
    assert_eq!(hub.stands(&shallow).await, Stands::Clear);
    let counts = shallow.standings().await.unwrap().hub;
    assert_eq!(
        counts.depth,
        Some(Depth::Presence),
        "its bytes were not read"
    );
    let id = ObjectId::new(&hub.snapshot);
    let known = shallow
        .learn(&hub.past(Depth::Bytes, Scope::Id(id)).await)
        .await
        .unwrap();
    assert_eq!(codes(&known).await, [Code::ObjectCorrupt]);
    assert_eq!(known.summary().findings[&Code::ObjectCorrupt], 1);
    assert_eq!(hub.stands(&known).await, Stands::Fails);
    let found = known.on(&hub.snapshot).await.unwrap().remove(0);
    let blocks = found.blocks.unwrap();
    let whole = hub.past(Depth::Bytes, Scope::Hub).await;
    let as_audited = whole.on(&hub.snapshot).await.unwrap().remove(0);
    assert_eq!(
        found.blocks, as_audited.blocks,
        "as an audit of everything counts it"
    );
    let fail = known.standings().await.unwrap().hub.fail;
    assert_eq!(Some(fail), blocks.branches);
    assert_eq!(whole.standings().await.unwrap().hub.fail, fail);
}

#[tokio::test]
async fn what_was_found_deeper_outlives_a_look_that_is_less_deep_and_no_look_that_is_as_deep() {
    let mut hub = Flipped::new().await;
    let whole = hub.past(Depth::Bytes, Scope::Hub).await;
    for scope in [Scope::Hub, Scope::Repo(hub.repo.clone())] {
        let shallow = hub.past(Depth::Presence, scope).await;
        let known = whole.learn(&shallow).await.unwrap();
        assert_eq!(codes(&known).await, [Code::ObjectCorrupt]);
        assert_eq!(hub.stands(&known).await, Stands::Fails);
        assert_eq!(
            known.past_audits().repo(&hub.repo).unwrap().depth,
            Depth::Bytes
        );
    }
    hub.flip();
    let healed = [
        Scope::Hub,
        Scope::Repo(hub.repo.clone()),
        Scope::Branch(hub.repo.clone(), hub.branch.clone()),
        Scope::Id(ObjectId::new(&hub.snapshot)),
    ];
    for scope in healed {
        let known = whole
            .learn(&hub.past(Depth::Bytes, scope.clone()).await)
            .await
            .unwrap();
        assert_eq!(codes(&known).await, [], "{scope:?}");
        assert_ne!(hub.stands(&known).await, Stands::Fails, "{scope:?}");
    }
}

#[tokio::test]
async fn a_look_at_one_part_leaves_the_verdict_of_the_others() {
    let hub = Flipped::new().await;
    let whole = hub.past(Depth::Bytes, Scope::Hub).await;
    let other = hub
        .past(Depth::Bytes, Scope::Repo("gwen/duet".into()))
        .await;
    let known = whole.learn(&other).await.unwrap();
    assert_eq!(codes(&known).await, [Code::ObjectCorrupt]);
    assert_eq!(
        known.standings().await.unwrap(),
        whole.standings().await.unwrap()
    );
    // Nothing is known of what no look has held.
    let nothing = Report::empty(Default::default()).await.unwrap();
    let known = nothing.learn(&other).await.unwrap();
    assert!(known.past_audits().repo("gwen/duet").is_some());
    assert!(known.past_audits().repo(&hub.repo).is_none());
    assert!(known.past_audits().hub().is_none());
}

#[tokio::test]
async fn a_branch_is_audited_by_itself() {
    let hub = Flipped::new().await;
    let scope = Scope::Branch(hub.repo.clone(), hub.branch.clone());
    let report = hub.past(Depth::Bytes, scope.clone()).await;
    assert_eq!(codes(&report).await, [Code::ObjectCorrupt]);
    assert_eq!(hub.stands(&report).await, Stands::Fails);
    assert!(
        report.summary().checked.commits < 30,
        "not the whole repository"
    );
    let shallow = hub.past(Depth::Presence, scope).await;
    assert_eq!(codes(&shallow).await, []);
    assert_eq!(hub.stands(&shallow).await, Stands::Clear);
}

#[tokio::test]
async fn a_pull_says_how_its_branch_stands_and_a_finding_says_why() {
    let hub = Flipped::new().await;
    let report = hub.past(Depth::Presence, Scope::Hub).await;
    let fact = |outcome| PullFact {
        repo: hub.repo.clone(),
        branch: hub.branch.clone(),
        head: None,
        outcome,
    };
    let refused = fact(PullEnd::Refused {
        why: "a word".into(),
        id: Some(hub.snapshot.clone()),
    });
    report
        .learn_pulls(std::slice::from_ref(&refused))
        .await
        .unwrap();
    assert_eq!(hub.stands(&report).await, Stands::Fails);
    report
        .learn_pulls(&[fact(PullEnd::Unread("away".into()))])
        .await
        .unwrap();
    assert_eq!(hub.stands(&report).await, Stands::Open);
    let id = ObjectId::new(&hub.snapshot);
    let known = report
        .learn(&hub.past(Depth::Bytes, Scope::Id(id)).await)
        .await
        .unwrap();
    known.learn_pulls(&[refused]).await.unwrap();
    let names = [hub.branch.clone()];
    let standing = known.branches(&hub.repo, &names).await.unwrap().remove(0);
    assert_eq!(standing.code, Some(Code::ObjectCorrupt as u16));
    assert_eq!(standing.cause, Some(hub.snapshot.clone()));
}
