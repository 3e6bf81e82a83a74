//! The verdict: PASS is what is left when every check was seen to hold.

use super::support::*;
use crate::progress::Progress;
use crate::repair::signoff::checks::NAMES;
use crate::repair::signoff::{
    self, Check, Checks, Options, Pulls, Signoff, SignoffError, State, Verdict, since,
};
use crate::store::Store;
use crate::testing::*;
use proptest::prelude::*;

fn check(name: &str, state: State) -> Check {
    Check {
        name: name.to_owned(),
        state,
        said: format!("{name}."),
    }
}

fn all_held() -> Vec<Check> {
    NAMES.iter().map(|name| check(name, State::Held)).collect()
}

#[test]
fn every_check_held_once_is_a_pass() {
    let checks = Checks::new(all_held());
    assert_eq!(checks.verdict(), Verdict::Pass);
    assert_eq!(checks.reasons(), Vec::<String>::new());
}

#[test]
fn a_check_that_is_missing_twice_there_or_unknown_and_open_is_no_pass() {
    assert_eq!(Checks::default().verdict(), Verdict::Incomplete);
    for at in 0..NAMES.len() {
        let mut missing = all_held();
        let taken = missing.remove(at);
        assert_eq!(Checks::new(missing).verdict(), Verdict::Incomplete);
        let mut twice = all_held();
        twice.push(taken);
        assert_eq!(Checks::new(twice).verdict(), Verdict::Incomplete);
    }
    let mut more = all_held();
    more.push(check("something else", State::Open));
    assert_eq!(Checks::new(more).verdict(), Verdict::Incomplete);
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![Just(State::Held), Just(State::Broken), Just(State::Open)]
}

proptest! {
    #[test]
    fn one_check_that_is_not_held_is_never_a_pass(
        states in proptest::collection::vec(state(), NAMES.len()),
    ) {
        let checks = NAMES.iter().zip(&states).map(|(name, state)| check(name, *state));
        let checks = Checks::new(checks.collect());
        let expected = if states.contains(&State::Broken) {
            Verdict::Fail
        } else if states.contains(&State::Open) {
            Verdict::Incomplete
        } else {
            Verdict::Pass
        };
        prop_assert_eq!(checks.verdict(), expected);
        prop_assert_eq!(checks.reasons().is_empty(), expected == Verdict::Pass);
    }
}

/// A small hub without a fault.
async fn sound() -> (TestHub, Store) {
    let (hub, _) = unstored(12).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let mut journal = journal(hub.folder.path());
    let done = crate::repair::apply(&writer(&store), &plan, &mut journal, &Progress::new()).await;
    assert_eq!(done.unwrap().trouble, Vec::<String>::new());
    (hub, store)
}

async fn signed(store: &Store, pulls: Pulls) -> Signoff {
    let options = Options {
        pulls,
        ..Options::default()
    };
    signoff::run(store, &options, &Progress::new())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_hub_without_a_fault_passes_and_a_sample_of_its_branches_does_not() {
    let (_hub, store) = sound().await;
    let signoff = signed(&store, Pulls::All).await;
    assert_eq!(signoff.verdict, Verdict::Pass, "{:?}", signoff.reasons);
    assert_eq!((signoff.pulls.heads, signoff.pulls.succeeded), (1, 1));
    assert_eq!(
        signoff.counts.read, 14,
        "twelve commits, a snapshot and a blob"
    );
    let sampled = signed(&store, Pulls::Sample(0)).await;
    assert_eq!(sampled.verdict, Verdict::Incomplete);
    assert!(
        sampled.reasons[0].contains("Only 0 of 1 branches"),
        "{:?}",
        sampled.reasons
    );
}

#[tokio::test]
async fn what_is_too_new_to_be_judged_keeps_a_hub_from_passing() {
    let (_hub, store) = sound().await;
    let options = Options {
        // Longer than the rows are old.
        grace: std::time::Duration::from_secs(400 * 86_400),
        ..Options::default()
    };
    let signoff = signoff::run(&store, &options, &Progress::new())
        .await
        .unwrap();
    assert_eq!(signoff.verdict, Verdict::Incomplete);
    assert!(signoff.too_new > 0);
}

#[tokio::test]
async fn a_hub_without_anything_in_it_is_not_signed() {
    let hub = TestHub::empty().await;
    let signoff = signed(&hub.open().await, Pulls::All).await;
    assert_eq!(signoff.verdict, Verdict::Incomplete, "{:?}", signoff.checks);
}

#[tokio::test]
async fn a_repository_that_its_path_does_not_lead_to_is_no_pull_that_succeeded() {
    let (hub, store) = sound().await;
    let branch = |id: &str, name: &str| crate::index::BranchRow {
        branch_id: id.into(),
        repo_id: "repo-0".into(),
        name: name.into(),
        head_commit_id: None,
    };
    hub.insert(crate::index::NewRows {
        repos: vec![crate::index::RepoRow {
            repo_id: "repo-0".into(),
            owner: "alice".into(),
            slug: "song".into(),
            created_at: LONG_AGO.into(),
            ..Default::default()
        }],
        branches: vec![branch("b1", "main"), branch("b2", "../../up")],
        ..Default::default()
    })
    .await;
    let signoff = signed(&store, Pulls::All).await;
    assert_eq!(signoff.verdict, Verdict::Fail, "{:?}", signoff.checks);
    assert!(signoff.pulls.failed_total > 0);
}

#[tokio::test]
async fn a_report_comes_back_as_it_was_and_says_where_it_was_changed() {
    let (hub, store) = sound().await;
    let signoff = signed(&store, Pulls::All).await;
    let [machines, people] = signoff.save(hub.folder.path()).unwrap();
    assert_eq!(Signoff::load(&machines).unwrap(), signoff);
    let paper = std::fs::read_to_string(people).unwrap();
    assert!(paper.starts_with("# PASS: sign-off of `test`"), "{paper}");
    assert!(
        signoff.save(hub.folder.path()).is_err(),
        "nothing is overwritten"
    );

    let text = std::fs::read_to_string(&machines).unwrap();
    for (was, is) in [
        ("\"verdict\": \"PASS\"", "\"verdict\": \"FAIL\""),
        ("\"commits\": 12", "\"commits\": 13"),
        ("\"said\": \"", "\"said\": \"x"),
        ("\"seconds\": 0", "\"seconds\": 1"),
        // Said twice: the last of them is what the sum is made of.
        ("{", "{ \"verdict\": \"FAIL\", \"left_total\": 99,"),
    ] {
        let changed = text.replacen(was, is, 1);
        assert_ne!(changed, text, "{was}");
        std::fs::write(&machines, changed).unwrap();
        let error = Signoff::load(&machines).unwrap_err();
        assert!(
            matches!(error, SignoffError::Altered { .. }),
            "{was}: {error}"
        );
    }
    for hostile in [
        "",
        "[]",
        "{}",
        "{\"type\":\"signoff\",\"version\":1}",
        "\u{0}\u{1b}]0;",
    ] {
        std::fs::write(&machines, hostile).unwrap();
        let error = Signoff::load(&machines).unwrap_err();
        assert!(
            matches!(error, SignoffError::File { .. }),
            "{hostile}: {error}"
        );
    }
}

#[tokio::test]
async fn what_changed_since_a_report_is_named_and_nothing_else() {
    let (hub, store) = sound().await;
    let report = signed(&store, Pulls::All).await;
    let check =
        || async { since::check(&store, &report, &Options::default(), &Progress::new()).await };
    let same = check().await.unwrap();
    assert_eq!(same.changes, []);
    assert!(same.holds());

    hub.blob(b"another", "more.txt").await;
    let since = check().await.unwrap();
    let what: Vec<&str> = since
        .changes
        .iter()
        .map(|change| change.what.as_str())
        .collect();
    assert_eq!(
        what,
        [
            "blobs",
            "objects read",
            "bytes read",
            "findings blob-unreferenced",
            "digest of all that was read",
        ]
    );
    assert!(!since.holds());
}

/// A hub of two repositories whose branches stand at sound commits, and a folder to pull into.
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

/// Whether `luthier pull` of the only repository comes whole.
async fn comes_whole(hub: &TestHub, store: &Store) -> bool {
    let options = crate::client::PullOptions {
        owner: "alice".into(),
        slug: "song".into(),
        branch: None,
        into: hub.folder.path().join("pulled"),
        layout: crate::client::Layout::Unified,
        have: Vec::new(),
    };
    let pulled = crate::client::pull::pull(store, &options, &Progress::new(), &mut |_| ()).await;
    pulled.is_ok_and(|pulled| pulled.is_complete())
}

fn counts_add_up(signoff: &Signoff) {
    let pulls = &signoff.pulls;
    let all = pulls.succeeded + pulls.empty + pulls.failed_total + pulls.unknown_total;
    assert_eq!((pulls.tried, all), (pulls.heads, pulls.heads), "{pulls:?}");
}

#[tokio::test]
async fn branches_that_cannot_live_together_in_a_client_are_no_pass() {
    for names in [
        ["feature", "feature/x"],
        ["Main", "main"],
        ["caf\u{e9}", "cafe\u{301}"],
        ["main", "HEAD"],
        ["main", "a..b"],
        ["main", "x.lock"],
        ["main", "x."],
        ["main", "x/"],
        ["main", "MUSE~1"],
        ["main", ""],
        ["main", "a\u{7}b"],
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
        assert!(!comes_whole(&hub, &store).await, "{names:?}");
        counts_add_up(&signoff);
        let pulls = &signoff.pulls;
        assert_eq!((pulls.succeeded, pulls.failed_total), (1, 1), "{names:?}");
        assert_eq!((pulls.repositories, pulls.repositories_whole), (1, 0));
        assert_eq!(
            signoff.findings[&crate::audit::Code::BranchUnsafe],
            1,
            "{names:?}"
        );
    }
}

#[tokio::test]
async fn what_only_the_whole_cannot_hold_fails_although_each_branch_comes() {
    // The empty tree of rc7 and the empty blob of its time have one digest, and a client has one file for both.
    use crate::object::identity::{CommitScheme, commit_trials};
    use crate::object::{Manifest, ObjectId};
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
        tree.manifest = manifest;
        let trials = crate::object::identity::snapshot_trials(&tree.manifest, &tree.directories);
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
    assert_eq!(
        (signoff.pulls.succeeded, signoff.pulls.failed_total),
        (1, 1)
    );
    let why = &signoff.pulls.failed[0].why;
    assert!(
        why.starts_with("together with the other branches: "),
        "{why}"
    );
    assert!(!comes_whole(&hub, &store).await);
}

#[tokio::test]
async fn a_repository_without_branches_is_pulled_too_and_deleted_ones_are_told_apart() {
    let hub = with_branches(&["main".to_owned()]).await;
    let repo = |id: &str, slug: &str, branch: &str, deleted: bool| crate::index::RepoRow {
        repo_id: id.into(),
        owner: "bob".into(),
        slug: slug.into(),
        default_branch: branch.into(),
        created_at: LONG_AGO.into(),
        deleted_at: deleted.then(|| LONG_AGO.into()),
        ..Default::default()
    };
    let gone = crate::index::BranchRow {
        branch_id: "b".into(),
        repo_id: "r-gone".into(),
        name: "main".into(),
        head_commit_id: None,
    };
    hub.insert(crate::index::NewRows {
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
    assert_eq!((pulls.repositories, pulls.repositories_whole), (2, 2));
    assert_eq!(pulls.failed, []);

    for (id, slug, branch) in [("r-bad", "bad", "../up"), ("r-odd", "a@b", "main")] {
        let repos = vec![repo(id, slug, branch, false)];
        hub.insert(crate::index::NewRows {
            repos,
            ..Default::default()
        })
        .await;
    }
    let signoff = signed(&store, Pulls::All).await;
    assert_eq!(signoff.verdict, Verdict::Fail);
    let failed: Vec<&str> = signoff
        .pulls
        .failed
        .iter()
        .map(|f| f.repo.as_str())
        .collect();
    assert_eq!(failed, ["bob/bad", "bob/a@b"], "{:?}", signoff.pulls.failed);
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
    /// and the count of what came whole says the same of every hub.
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
            let whole = comes_whole(&hub, &store).await;
            assert!(signoff.verdict != Verdict::Pass || whole, "{names:?} {lost:?}");
            assert_eq!(signoff.pulls.repositories_whole == 1, whole, "{names:?} {lost:?}");
            counts_add_up(&signoff);
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
