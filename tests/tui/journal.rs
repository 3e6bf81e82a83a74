//! The journal: what was changed, with the values before and after.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::keymap::KeyContext;
use crate::lines::{JournalLine, RunLine};
use luthier_hub::store::Environment;
use luthier_hub::store::hub_writes::{HubWrite, Site};
use luthier_repair::Outcome;
use luthier_repair::journal::{Event, Line, RecordedOutcome, Run};

#[test]
fn a_run_opens_to_its_lines_and_a_line_to_before_and_after() {
    for (width, height) in [(80, 24), (200, 50)] {
        let mut stage = Stage::new(width, height);
        stage.keys("J");
        assert!(stage.text().contains("1 written"), "{}", stage.text());
        stage.keys("enter");
        assert_eq!(stage.state.context(), KeyContext::Run);
        let text = stage.text();
        assert!(text.contains("3. intent"), "newest first: {text}");
        assert!(text.contains("- before  null"), "{text}");
        stage.keys("U");
        assert!(stage.text().contains("the undo of"), "{}", stage.text());
        stage.keys("esc esc esc");
        assert_eq!(stage.state.context(), KeyContext::Hub);
    }
}

#[test]
fn a_long_run_is_read_in_pages_from_its_end() {
    let hub = FakeHub {
        lines: 1_000_000,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 100, 30);
    stage.keys("J enter");
    assert!(
        stage.text().contains("1,000,000. intent"),
        "{}",
        stage.text()
    );
    let asked = stage.effects.iter().filter(|e| e.contains("RunLines"));
    assert_eq!(asked.count(), 1, "one page is asked for");
    stage.keys("G");
    assert!(stage.text().contains(" 1. intent") || stage.text().contains("│1. intent"));
}

#[test]
fn the_chain_is_checked_by_a_key_and_its_answer_stays() {
    let mut stage = Stage::new(100, 30);
    stage.keys("J c");
    assert!(
        stage
            .notice()
            .contains("no line of the journal was changed: 3 lines")
    );
    assert!(
        stage
            .text()
            .contains("no line was changed, removed or reordered")
    );
}

#[test]
fn a_write_of_the_hub_itself_is_listed_by_what_it_wrote() {
    let write = HubWrite {
        site: Site::Push,
        repo_id: "r1".into(),
        repo: "alice/song\u{1b}[2J".into(),
        branch: Some("main".into()),
        from: None,
        to: Some("b".repeat(64)),
        proposal: None,
        objects: 3,
        bytes: 2_000,
    };
    let mut run = Run {
        steps: 1,
        open: 1,
        hub_write: Some(write.clone()),
        ..Run::default()
    };
    let line = RunLine::from(&run);
    assert!(!line.well && line.end.is_some(), "{line:?}");
    (run.open, run.ended) = (0, true);
    run.outcomes.insert(Outcome::Written, 1);
    let line = RunLine::from(&run);
    assert!(line.well, "{line:?}");
    assert!(line.outcomes.starts_with("push to alice/song"), "{line:?}");
    assert!(
        line.outcomes.contains("main from nothing to bbb"),
        "{line:?}"
    );
    assert!(!line.outcomes.contains('\u{1b}'), "{line:?}");
    let made = |outcome, why: Option<&str>| {
        JournalLine::from(&Line {
            seq: 2,
            prev: String::new(),
            time: String::new(),
            run: "run".into(),
            operator: String::new(),
            host: String::new(),
            hub: String::new(),
            event: Event::Made {
                outcome,
                why: why.map(str::to_owned),
                stored: 2,
                write: write.clone(),
            },
        })
    };
    let line = made(RecordedOutcome::Written, None);
    assert_eq!(
        (line.word.as_str(), line.words.as_str(), line.well),
        ("written", "2 objects stored", true)
    );
    let line = made(RecordedOutcome::Refused, Some("it moved"));
    assert_eq!((line.words.as_str(), line.well), ("it moved", false));
}

#[test]
fn a_run_that_was_undone_says_so_and_how_many_steps_stay() {
    let hub = FakeHub {
        undone: 1,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 80, 24);
    stage.keys("J");
    assert!(
        stage.text().contains("– undone: 1 written"),
        "{}",
        stage.text()
    );
    let mut run = Run {
        outcomes: [(Outcome::Written, 4), (Outcome::Linked, 3)].into(),
        undone: 5,
        ended: true,
        ..Run::default()
    };
    let words = |run: &Run| RunLine::from(run).undone;
    assert_eq!(words(&run).as_deref(), Some("undone, 2 stay"));
    run.undone = 0;
    assert_eq!(words(&run), None);
}

#[test]
fn the_question_of_an_undo_names_what_it_cannot_take_back() {
    for (skipped, shown) in [(2, true), (0, false)] {
        let hub = FakeHub {
            skipped,
            ..FakeHub::default()
        };
        let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 80, 24);
        stage.keys("J U enter");
        assert_eq!(stage.state.context(), KeyContext::Name);
        let text = stage.text();
        let words = "! not undone: 2 steps of the run; c on the plan";
        assert_eq!(text.contains(words), shown, "{text}");
    }
}
