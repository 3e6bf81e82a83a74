//! What a killed process left of the hub's own writes is ended by the next process that writes.

use super::support::*;

use crate::journal::{Event, Run, Writing, runs, verify};
use luthier_hub::store::hub_writes::{
    Authorship, FileChange, HubWrite, Ids, NewRepo, NoHubLedger, Site,
};
use luthier_hub::testing::TestHub;
use luthier_object::ObjectId;
use std::path::PathBuf;
use std::sync::Arc;

/// A hub with one repository, whose store does not know where its branch points.
struct Killed {
    hub: TestHub,
    head: ObjectId,
    path: PathBuf,
}

impl Killed {
    async fn new() -> Self {
        let hub = TestHub::empty().await;
        let path = journal_path(hub.folder.path());
        drop(journal(hub.folder.path()));
        let head = make_repo(&hub).await;
        let saved = hub.folder.path().join("objects/refs");
        std::fs::remove_dir_all(saved).unwrap();
        Self { hub, head, path }
    }

    /// Announces a write that moves the branch to a commit, and dies.
    fn announce(&self, run: &str, site: Site, to: &ObjectId) {
        let write = HubWrite {
            site,
            repo_id: "repo-z".into(),
            repo: "zoe/song".into(),
            branch: (site == Site::Push).then(|| "main".into()),
            from: None,
            to: (site == Site::Push).then(|| to.to_string()),
            proposal: None,
            objects: 1,
            bytes: 1,
        };
        let mut journal = journal(self.hub.folder.path());
        journal.append(run, &[Event::Announced(write)]).unwrap();
    }

    async fn enter(&self) -> Writing {
        let store = self.hub.open().await;
        Writing::enter(&writer(&store), &self.path, "test")
            .await
            .unwrap()
    }

    async fn saved_head(&self) -> Option<String> {
        let store = self.hub.open().await;
        let newest = store.newest_checkpoint("repo-z").await.unwrap();
        let (_, found) = newest.sound?;
        found.refs.branches[0].head_commit_id.clone()
    }

    fn run(&self, name: &str) -> Run {
        let runs = runs(&self.path).unwrap();
        runs.into_iter().find(|run| run.run == name).unwrap()
    }
}

async fn make_repo(hub: &TestHub) -> ObjectId {
    let store = hub.open().await;
    let sites = writer(&store).hub_writer(Arc::new(NoHubLedger));
    let new = NewRepo {
        repo_id: "repo-z".into(),
        owner: "zoe".into(),
        slug: "song".into(),
        name: "song".into(),
        visibility: "public".into(),
        owner_user_id: "zoe".into(),
        description: String::new(),
        default_branch: "main".into(),
        branch_id: "branch-z".into(),
        ids: Ids::Typed,
    };
    let said = Authorship {
        author: "zoe".into(),
        message: "first".into(),
        at: store.index().now().await.unwrap(),
    };
    let first = sites.init_repo(&new, &said).await.unwrap().head;
    let file = FileChange::Put {
        path: "a.txt".into(),
        bytes: "a".into(),
    };
    let branch = ("main", "branch-z");
    let written = sites
        .commit_files("repo-z", branch, first.as_ref(), vec![file], &said)
        .await
        .unwrap();
    written.head.unwrap()
}

#[tokio::test]
async fn a_write_that_was_made_is_ended_and_its_branch_is_saved() {
    let killed = Killed::new().await;
    killed.announce("killed", Site::Push, &killed.head);
    assert_eq!(killed.saved_head().await, None);
    drop(killed.enter().await);
    assert_eq!(killed.saved_head().await, Some(killed.head.to_string()));
    let run = killed.run("killed");
    assert!(run.ended && run.interrupted && run.open == 0, "{run:?}");
    assert_eq!(run.outcomes.values().sum::<u64>(), 1);
    // Once, and never again.
    let lines = verify(&killed.path).unwrap().lines;
    drop(killed.enter().await);
    let verified = verify(&killed.path).unwrap();
    assert!(
        verified.is_sound() && verified.lines == lines,
        "{verified:?}"
    );
}

#[tokio::test]
async fn a_write_that_was_not_made_is_ended_without_an_outcome() {
    let killed = Killed::new().await;
    killed.announce("push", Site::Push, &ObjectId::new("sha256:of-no-branch"));
    killed.announce("blobs", Site::Blobs, &killed.head);
    drop(killed.enter().await);
    for name in ["push", "blobs"] {
        let run = killed.run(name);
        assert!(run.ended && run.interrupted, "{run:?}");
        assert!(run.outcomes.is_empty(), "{run:?}");
    }
}

#[tokio::test]
async fn a_write_of_a_process_that_lives_is_left_alone() {
    let killed = Killed::new().await;
    let (one, two) = (killed.enter().await, killed.enter().await);
    killed.announce("alive", Site::Push, &killed.head);
    drop(one);
    let three = killed.enter().await;
    assert!(!killed.run("alive").ended);
    drop((two, three));
    drop(killed.enter().await);
    assert!(killed.run("alive").ended);
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_left_to_the_next_process() {
    let killed = Killed::new().await;
    killed.announce("killed", Site::Push, &killed.head);
    let refs = killed.hub.folder.path().join("objects/refs");
    std::fs::write(&refs, "in the way").unwrap();
    drop(killed.enter().await);
    assert!(!killed.run("killed").ended);
    std::fs::remove_file(&refs).unwrap();
    drop(killed.enter().await);
    assert!(killed.run("killed").ended);
    assert_eq!(killed.saved_head().await, Some(killed.head.to_string()));
}
