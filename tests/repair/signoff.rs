//! The verdict: PASS is what is left when every check was seen to hold.

use super::support::*;
use crate::signoff::checks::NAMES;
use crate::signoff::{
    self, Check, Checks, FailedPull, Left, Options, Pulls, Signoff, SignoffError, State, Verdict,
    html_report, since,
};
use base64::Engine;
use luthier_audit::{Code, Grade, Remedy, Subject};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::testing::*;
use luthier_object::ObjectId;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

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

#[test]
fn a_check_of_a_report_from_before_counts_under_its_name_of_today() {
    let former = |name: &'static str| match name {
        "every-object-read" => "something-read",
        name => name,
    };
    let checks = NAMES.iter().map(|name| check(former(name), State::Held));
    assert_eq!(Checks::new(checks.collect()).verdict(), Verdict::Pass);
    let both = NAMES.iter().map(|name| check(name, State::Held));
    let both = both.chain([check("something-read", State::Held)]);
    assert_eq!(Checks::new(both.collect()).verdict(), Verdict::Incomplete);
}

/// A small hub without a fault.
async fn sound() -> (TestHub, Store) {
    let (hub, _) = unstored(12).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let mut journal = journal(hub.folder.path());
    let done = crate::apply(&writer(&store), &plan, &mut journal, &Progress::new()).await;
    assert_eq!(done.unwrap().trouble, Vec::<String>::new());
    (hub, store)
}

pub async fn signed(store: &Store, pulls: Pulls) -> Signoff {
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
    assert_eq!(signoff.fixes, None, "there is nothing to repair");
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
async fn a_sample_is_as_large_as_was_asked_for() {
    let hub = TestHub::empty().await;
    let names: Vec<String> = (0..17).map(|n| format!("take-{n}")).collect();
    let nothing = ObjectId::new("");
    for name in &names {
        hub.branch(name, &nothing).await;
    }
    let store = hub.open().await;
    for count in [0, 1, 5, 9, 16, 17, 40] {
        let pulls = signed(&store, Pulls::Sample(count)).await.pulls;
        assert_eq!(pulls.tried, count.min(17), "{pulls:?}");
    }
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
    let branch = |id: &str, name: &str| luthier_hub::index::BranchRow {
        branch_id: id.into(),
        repo_id: "repo-0".into(),
        name: name.into(),
        head_commit_id: None,
    };
    hub.insert(luthier_hub::index::NewRows {
        repos: vec![luthier_hub::index::RepoRow {
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

/// Letters that end a tag, an attribute, a script or a comment, and those that hide.
const HOSTILE: &str = "</td></script><img src=x onerror=alert(1)>\" ' &lt; --> <script>alert(1)</script>\u{202e}\u{1b}[2J\0";

#[tokio::test]
async fn whatever_a_hub_says_is_text_in_a_browser() {
    let (_hub, store) = sound().await;
    let mut signoff = signed(&store, Pulls::All).await;
    signoff.hub.name = HOSTILE.to_owned();
    signoff.reasons = vec![HOSTILE.to_owned()];
    signoff.notes.push(HOSTILE.to_owned());
    signoff.left.push(Left {
        code: Code::RowMissing,
        grade: Grade::Critical,
        kind: Subject::Commit,
        id: HOSTILE.to_owned(),
        repo: HOSTILE.to_owned(),
        remedy: Remedy::None,
        fix: None,
        blocks: None,
        caused_by: Some(HOSTILE.to_owned()),
    });
    signoff.left_total = 1;
    signoff.pulls.failed.push(FailedPull {
        repo: HOSTILE.to_owned(),
        branch: HOSTILE.to_owned(),
        why: HOSTILE.to_owned(),
    });
    let page = html_report::html(&signoff);
    let (before, rest) = page.split_once("<script>").unwrap();
    let (script, after) = rest.split_once("</script>").unwrap();
    assert_eq!(
        after.trim(),
        "</body>\n</html>",
        "one script, and the last thing"
    );
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script));
    assert!(before.contains(&format!("script-src 'sha256-{hash}'")));
    let ours = [
        "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "h1", "h2", "span", "p",
        "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "input",
    ];
    for tag in before.split('<').skip(1) {
        let name = tag.trim_start_matches('/');
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '!');
        assert!(ours.contains(&&name[..end.unwrap_or(name.len())]), "<{tag}");
    }
    let shown = "&lt;/td&gt;&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot; &#39; &amp;lt;";
    assert!(before.matches(shown).count() >= 9, "{before}");
    assert!(!before.contains(['\u{202e}', '\u{1b}', '\0']));
}

#[tokio::test]
async fn branches_that_a_page_does_not_list_are_counted() {
    let (_hub, store) = sound().await;
    let mut signoff = signed(&store, Pulls::All).await;
    let failed = FailedPull {
        repo: "alice/song".to_owned(),
        branch: "main".to_owned(),
        why: "its head has no row".to_owned(),
    };
    signoff.pulls.failed = vec![failed; 100];
    signoff.pulls.failed_total = 1_334;
    assert!(html_report::html(&signoff).contains("<p>and 1,234 more, "));
    // A branch of which two rows failed is on the list once.
    signoff.pulls.failed.truncate(99);
    assert!(!html_report::html(&signoff).contains(" more, "));
}

#[tokio::test]
async fn a_report_comes_back_as_it_was_and_says_where_it_was_changed() {
    let (hub, store) = sound().await;
    let signoff = signed(&store, Pulls::All).await;
    let [machines, people, browsers] = signoff.save(hub.folder.path()).unwrap();
    let page = std::fs::read_to_string(browsers).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
    assert!(page.contains("<span class=\"pass\">PASS</span>"), "{page}");
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
            "digest of everything that was read",
        ]
    );
    assert!(!since.holds());
}

#[tokio::test]
async fn a_sign_off_of_a_hub_that_is_right_in_its_rows_says_what_it_does_not_cover() {
    let mut june = luthier_hub::testing::june::June::new().await;
    june.hub.hub.policy = luthier_hub::store::Policy::ByModel;
    let store = june.hub.open().await;
    let signed = crate::signoff::run(&store, &Default::default(), &Progress::new())
        .await
        .unwrap();
    assert_eq!(signed.verdict, Verdict::Pass, "{:?}", signed.reasons);
    let [rows, single] = signed.not_covered.as_slice() else {
        panic!("{:?}", signed.not_covered);
    };
    assert!(rows.starts_with("2 rows of commits and snapshots are in the database alone"));
    assert!(single.starts_with("1 snapshot rests on a single row"));
    let page = crate::signoff::markdown_report::markdown(&signed);
    assert!(
        page.contains(rows) && page.contains(&signed.hub.model),
        "{page}"
    );
}
