//! A sign-off says of each repository what its pull says.

use super::signoff::signed;
use super::support::{audited, demo};
use crate::signoff::{self, Options, Pulls, Signoff, Verdict};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::testing::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[tokio::test]
async fn the_demo_has_as_many_failing_branches_for_the_console_as_for_a_sign_off() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 7).await;
    let pulls = signed(&store, Pulls::All).await.pulls;
    let known = audited(&store).await.standings().await.unwrap();
    assert_eq!(
        (known.hub.fail, known.hub.total()),
        (pulls.failed_total, pulls.heads)
    );
    for (repo, known) in &known.repos {
        // Two rows of one name are two branches to both.
        let listed = pulls.failed.iter().filter(|pull| pull.repo == *repo);
        let rows = if repo == "gwen/duet" { 1 } else { 0 };
        assert_eq!(known.fail, listed.count() as u64 + rows, "{repo}");
    }
    let hugo = |pull: &&signoff::FailedPull| pull.branch == "hugo";
    assert!(pulls.failed.iter().find(hugo).is_none(), "alone it comes");
    assert_eq!(pulls.refused[0].repo, "gwen/duet");
}

/// A hub whose only repository has these branches, all at one sound commit.
async fn with_branches(names: &[String]) -> TestHub {
    let hub = TestHub::empty().await;
    let blob = hub.blob(b"la la", "melody").await;
    let tree = snapshot(&[("melody", &blob)]);
    let mut row = snapshot_row(&tree);
    row.storage_uri = Some(hub.plant(&tree.snapshot_id, tree.encode()).await);
    hub.add_snapshot(row).await;
    let head = commit(&tree.snapshot_id, &[], "One");
    let mut row = commit_row(&head);
    row.storage_uri = Some(hub.plant(&head.commit_id, head.encode()).await);
    hub.add_commit(row).await;
    for name in names {
        hub.branch(name, &head.commit_id).await;
    }
    hub
}

/// Whether `luthier pull` of the only repository, or of one branch of it, comes whole.
async fn comes_whole(hub: &TestHub, store: &Store, branch: Option<&str>) -> bool {
    let options = luthier_client::PullOptions {
        owner: "alice".into(),
        slug: "song".into(),
        branch: branch.map(str::to_owned),
        into: tempfile::tempdir_in(hub.folder.path()).unwrap().keep(),
        layout: luthier_client::Layout::Unified,
        have: Vec::new(),
    };
    let pulled = luthier_client::pull::pull(store, &options, &Progress::new(), &mut |_| ()).await;
    pulled.is_ok_and(|pulled| pulled.is_complete())
}

/// Every number of branches that the progress of a sign-off announces.
async fn totals_shown(store: &Store) -> BTreeSet<Option<u64>> {
    let (progress, options) = (Progress::new(), Options::default());
    let job = signoff::run(store, &options, &progress);
    let mut seen = BTreeSet::new();
    tokio::pin!(job);
    while futures_util::poll!(&mut job).is_pending() {
        let figures = progress.figures();
        if figures.phase == "pulls" {
            seen.insert(figures.total);
        }
        tokio::task::yield_now().await;
    }
    seen
}

fn counts_add_up(signoff: &Signoff) {
    let pulls = &signoff.pulls;
    let all = pulls.succeeded + pulls.empty + pulls.failed_total + pulls.unknown_total;
    assert_eq!((pulls.tried, all), (pulls.heads, pulls.heads), "{pulls:?}");
}

#[tokio::test]
async fn branches_that_cannot_live_together_in_a_client_are_no_pass() {
    // Names that clash come one by one; of the others one comes alone.
    for (names, failed) in [
        (["feature", "feature/x"], 0),
        (["Main", "main"], 0),
        (["caf\u{e9}", "cafe\u{301}"], 0),
        (["main", "HEAD"], 1),
        (["main", "a..b"], 1),
        (["main", "x.lock"], 1),
        (["main", "x."], 1),
        (["main", "x/"], 1),
        (["main", "MUSE~1"], 1),
        (["main", ""], 1),
        (["main", "a\u{7}b"], 1),
    ] {
        let hub = with_branches(&names.map(str::to_owned)).await;
        let store = hub.open().await;
        let signoff = signed(&store, Pulls::All).await;
        assert_eq!(
            signoff.verdict,
            Verdict::Fail,
            "{names:?} {:?}",
            signoff.checks
        );
        assert!(!comes_whole(&hub, &store, None).await, "{names:?}");
        counts_add_up(&signoff);
        let pulls = &signoff.pulls;
        assert_eq!(pulls.failed_total, failed, "{names:?}");
        assert_eq!(pulls.refused_total, 1, "{names:?}");
        assert_eq!(pulls.refused[0].repo, "alice/song");
        assert_eq!((pulls.repositories, pulls.repositories_whole), (1, 0));
        assert_eq!(
            signoff.findings[&luthier_audit::Code::BranchUnsafe],
            1,
            "{names:?}"
        );
    }
}

#[tokio::test]
async fn every_name_that_keeps_branches_from_a_client_is_said() {
    let names = ["main", "a..b", "feature", "feature/x"].map(str::to_owned);
    let hub = with_branches(&names).await;
    let store = hub.open().await;
    let signoff = signed(&store, Pulls::All).await;
    let why = &signoff.pulls.refused[0].why;
    for name in ["\"a..b\"", "\"feature"] {
        assert!(why.contains(name), "{name} is not in: {why}");
    }
}

#[tokio::test]
async fn what_only_the_whole_cannot_hold_fails_although_each_branch_comes() {
    // The empty tree of rc7 and the empty blob of its time have one digest, and a client has one file for both.
    use luthier_object::identity::{CommitScheme, commit_trials};
    use luthier_object::{Manifest, ObjectId};
    use sha2::{Digest, Sha256};
    let hub = TestHub::empty().await;
    let nothing = ObjectId::typed(&Sha256::digest(b"").into());
    let trees = [
        Manifest::new(),
        [("empty".to_owned(), nothing.clone())]
            .into_iter()
            .collect(),
    ];
    for (name, manifest) in ["bare", "main"].into_iter().zip(trees) {
        let mut tree = snapshot(&[]);
        tree.manifest = manifest.into();
        let trials = luthier_object::identity::snapshot_trials(&tree.manifest, &tree.directories);
        let rc7 = trials
            .into_iter()
            .find(|(scheme, _)| scheme.name() == "rc7");
        tree.snapshot_id = rc7.unwrap().1;
        // From rows alone: in the store they would have one key too.
        hub.add_snapshot(snapshot_row(&tree)).await;
        let mut head = commit(&tree.snapshot_id, &[], name);
        let trials = commit_trials(&head);
        let rc7 = trials
            .into_iter()
            .find(|(scheme, _)| *scheme == CommitScheme::Rc7);
        head.commit_id = rc7.unwrap().1;
        hub.add_commit(commit_row(&head)).await;
        hub.branch(name, &head.commit_id).await;
    }
    let store = hub.open().await;
    let signoff = signed(&store, Pulls::All).await;
    counts_add_up(&signoff);
    let pulls = &signoff.pulls;
    assert_eq!((pulls.succeeded, pulls.failed_total), (2, 0));
    let why = &pulls.refused[0].why;
    assert!(why.contains("has the same digest"), "{why}");
    assert_eq!(signoff.verdict, Verdict::Fail);
    assert!(!comes_whole(&hub, &store, None).await);
}

#[tokio::test]
async fn a_repository_without_branches_is_pulled_too_and_deleted_ones_are_told_apart() {
    let hub = with_branches(&["main".to_owned()]).await;
    let repo = |id: &str, slug: &str, branch: &str, deleted: bool| luthier_hub::index::RepoRow {
        repo_id: id.into(),
        owner: "bob".into(),
        slug: slug.into(),
        default_branch: branch.into(),
        created_at: LONG_AGO.into(),
        deleted_at: deleted.then(|| LONG_AGO.into()),
        ..Default::default()
    };
    let gone = luthier_hub::index::BranchRow {
        branch_id: "b".into(),
        repo_id: "r-gone".into(),
        name: "main".into(),
        head_commit_id: None,
    };
    hub.insert(luthier_hub::index::NewRows {
        repos: vec![
            repo("r-gone", "gone", "main", true),
            repo("r-new", "new", "main", false),
        ],
        branches: vec![gone],
        ..Default::default()
    })
    .await;
    let store = hub.open().await;
    let signoff = signed(&store, Pulls::All).await;
    let pulls = &signoff.pulls;
    assert_eq!((pulls.heads, pulls.tried, pulls.of_deleted), (1, 1, 1));
    assert_eq!(totals_shown(&store).await, BTreeSet::from([Some(1)]));
    assert_eq!((pulls.repositories, pulls.repositories_whole), (2, 2));
    assert_eq!(pulls.failed, []);

    for (id, slug, branch) in [("r-bad", "bad", "../up"), ("r-odd", "a@b", "main")] {
        let repos = vec![repo(id, slug, branch, false)];
        hub.insert(luthier_hub::index::NewRows {
            repos,
            ..Default::default()
        })
        .await;
    }
    let signoff = signed(&store, Pulls::All).await;
    assert_eq!(signoff.verdict, Verdict::Fail);
    let refused = &signoff.pulls.refused;
    let refused: Vec<&str> = refused.iter().map(|one| one.repo.as_str()).collect();
    assert_eq!(refused, ["bob/bad", "bob/a@b"], "{:?}", signoff.pulls);
}

fn branch_name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[abA]{1,2}(/[abA]{1,2}){0,2}",
        1 => proptest::sample::select(vec![
            "HEAD", "a.lock", "a.", "a..b", "", "a/", "/a", "caf\u{e9}", "cafe\u{301}", ".muse", "a\\b", "a\u{7}",
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever branches a hub has and whatever became of one of its objects: a PASS means that the pull comes whole,
    /// and the count of what came whole says the same of every hub. The console counts branches by an audit: it and
    /// the sign-off say of each branch what `luthier pull` of it says.
    #[test]
    fn a_pass_is_a_pull_that_comes_whole(
        names in proptest::collection::btree_set(branch_name(), 0..4),
        lost in proptest::option::weighted(0.25, 0..3_usize),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let names: Vec<String> = names.into_iter().collect();
            let hub = with_branches(&names).await;
            if let Some(at) = lost {
                let mut files = files_below(&hub.folder.path().join("objects/objects/sha256"));
                files.sort();
                std::fs::write(&files[at % files.len()], b"other bytes").unwrap();
            }
            let store = hub.open().await;
            let signoff = signed(&store, Pulls::All).await;
            let whole = comes_whole(&hub, &store, None).await;
            assert!(signoff.verdict != Verdict::Pass || whole, "{names:?} {lost:?}");
            assert_eq!(signoff.pulls.repositories_whole == 1, whole, "{names:?} {lost:?}");
            counts_add_up(&signoff);
            let mut alone = 0;
            for name in &names {
                alone += u64::from(comes_whole(&hub, &store, Some(name)).await);
            }
            let pulls = &signoff.pulls;
            assert_eq!(pulls.succeeded, alone, "{names:?} {lost:?}");
            let known = audited(&store).await.standings().await.unwrap().hub;
            let known = (known.clear, known.fail, known.empty, known.open);
            let tried = (pulls.succeeded, pulls.failed_total, pulls.empty, pulls.unknown_total);
            assert_eq!(known, tried, "{names:?} {lost:?}");
        });
    }
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => out.extend(files_below(&path)),
            false => out.push(path),
        }
    }
    out
}
