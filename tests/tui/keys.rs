//! What keys do.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::event::Event;
use crate::keymap::KeyContext;
use crate::screens::Screen;
use crossterm::event::Event as Term;
use luthier_hub::store::Environment;

fn context(stage: &Stage) -> KeyContext {
    stage.state.context()
}

#[test]
fn a_finding_is_planned_asked_about_and_repaired() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f x");
    assert!(stage.text().contains("1 step"));
    stage.keys("enter");
    assert_eq!((context(&stage), stage.writes), (KeyContext::Confirm, 0));
    stage.hub.findings -= 1;
    stage.keys("y");
    assert_eq!((context(&stage), stage.writes), (KeyContext::Apply, 1));
    assert_eq!(stage.notice(), "1 written · run 7f3a");
    stage.keys("esc");
    assert!(stage.text().contains("1 of 299"), "{}", stage.text());
}

#[test]
fn keys_typed_before_the_question_was_seen_do_not_answer_it() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f x");
    stage.burst("enter y");
    stage.answer_all();
    assert_eq!((context(&stage), stage.writes), (KeyContext::Confirm, 0));
}

#[test]
fn neither_enter_nor_a_paste_answers_a_question() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f x enter enter space x");
    stage.send(Event::Term(Term::Paste("y".into())));
    stage.answer_all();
    assert_eq!((context(&stage), stage.writes), (KeyContext::Confirm, 0));
    stage.keys("n");
    assert_eq!((context(&stage), stage.writes), (KeyContext::Plan, 0));
}

#[test]
fn production_asks_for_the_hubs_name() {
    for environment in [Environment::Production, Environment::Unknown] {
        let mut stage = Stage::with(FakeHub::default(), hub_info(environment, true), 80, 24);
        stage.keys("f x enter y enter");
        assert_eq!((context(&stage), stage.writes), (KeyContext::Name, 0));
        stage.send(Event::Term(Term::Paste("musehub-test".into())));
        stage.keys("enter");
        assert_eq!(stage.writes, 0, "a paste types no name");
        stage.keys("ctrl-u").types("musehub-test").keys("enter");
        assert_eq!(stage.writes, 1);
    }
}

#[test]
fn many_steps_and_chosen_remedies_ask_for_the_hubs_name_on_a_demo_too() {
    for (asks, steps) in [(true, 1), (false, 1_001)] {
        let hub = FakeHub {
            asks,
            steps,
            ..FakeHub::default()
        };
        let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 80, 24);
        stage.keys("f x enter");
        assert_eq!(context(&stage), KeyContext::Name);
    }
}

#[test]
fn a_read_only_session_plans_and_says_why_it_does_not_apply() {
    let mut stage = Stage::with(
        FakeHub::default(),
        hub_info(Environment::Demo, false),
        80,
        24,
    );
    stage.keys("f x");
    assert!(
        stage
            .text()
            .contains("plan: read-only: start with --write, or w saves the plan\n")
    );
    stage.keys("enter");
    assert_eq!(
        stage.notice(),
        "enter (apply): read-only: start with --write, or w saves the plan"
    );
    stage.keys("y");
    assert_eq!((context(&stage), stage.writes), (KeyContext::Plan, 0));
}

#[test]
fn an_answer_that_nobody_waits_for_is_dropped() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f");
    stage.press("x");
    let first = stage.waiting.pop().unwrap();
    stage.burst("esc");
    stage.waiting.push(first);
    stage.answer_all();
    assert_eq!(context(&stage), KeyContext::Findings);
    assert!(
        stage.state.shared.planning.is_none(),
        "the plan that was left is over"
    );
}

#[test]
fn leaving_a_screen_cancels_its_reads() {
    let mut stage = Stage::new(80, 24);
    stage.press("b");
    let before = stage.effects.len();
    stage.press("esc");
    assert!(
        stage.effects[before..]
            .iter()
            .any(|effect| effect.starts_with("Close"))
    );
}

#[test]
fn the_last_row_of_a_long_list_is_one_key_away() {
    let mut stage = Stage::with(
        FakeHub {
            commits: 1_000_000,
            findings: 1_000_000,
            ..FakeHub::default()
        },
        hub_info(Environment::Demo, true),
        80,
        24,
    );
    stage.keys("f G");
    assert!(stage.text().contains("1,000,000 of 1,000,000"));
    stage.keys("esc b enter G");
    assert!(
        stage.text().contains("1,000,000 of 1,000,000"),
        "{}",
        stage.text()
    );
    stage.keys("k k g");
    assert!(stage.text().contains("1 of 1,000,000"));
    let Some(Screen::Objects(objects)) = stage.state.stack.last() else {
        panic!("objects");
    };
    assert!(objects.list.len() <= crate::keyset::HELD as u64);
}

#[test]
fn a_window_goes_on_in_both_directions() {
    let mut stage = Stage::new(80, 24);
    stage.keys("b enter G");
    for _ in 0..80 {
        stage.keys("pgup");
    }
    assert!(stage.text().contains("  1 of 1,325"), "{}", stage.text());
    for _ in 0..80 {
        stage.keys("pgdn");
    }
    assert!(stage.text().contains("1,325 of 1,325"), "{}", stage.text());
}

#[test]
fn a_filter_narrows_as_it_is_typed_and_is_taken_back() {
    let mut stage = Stage::new(200, 24);
    stage.keys("f /").types("code:uri-missing");
    assert!(stage.text().contains("1 of 100"));
    stage.keys("esc");
    assert!(stage.text().contains("1 of 300"));
    stage.keys("/").types("code:nonsense").keys("enter");
    assert!(stage.text().contains("no code starts with `nonsense`"));
    stage.keys("x");
    assert_eq!(
        context(&stage),
        KeyContext::Findings,
        "what is not understood plans nothing"
    );
}

#[test]
fn marks_choose_what_is_planned_and_do_not_outlive_their_report() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f space space x");
    assert!(
        stage.effects.iter().any(|e| e.contains("Ordinals([0, 1])")),
        "{:?}",
        stage.effects.last()
    );
    stage.keys("esc A enter");
    assert!(!stage.text().contains("2 marked"));
}

#[test]
fn all_shown_are_chosen_by_the_filter() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f /").types("is:error").keys("enter a x");
    assert!(
        stage
            .effects
            .iter()
            .any(|e| e.contains("Chosen(Filter") && e.contains("Error"))
    );
}

#[test]
fn a_key_without_meaning_here_names_the_screens_of_one_meaning() {
    let mut stage = Stage::new(120, 40);
    stage.keys("f 1");
    assert_eq!(
        stage.notice(),
        "1 (fixable now) works only on the screen hub"
    );
    stage.keys("esc b W");
    assert_eq!(
        stage.notice(),
        "W (wanted) works only on the screens hub, findings, plan",
        "the key that was pressed, not another of the same action"
    );
}

#[test]
fn marks_of_one_filter_are_named_under_another() {
    let mut stage = Stage::new(120, 40);
    stage.keys("f /").types("is:error").keys("enter a");
    assert!(stage.text().contains("all shown are marked"));
    stage.keys("/").types("code:uri-missing").keys("enter");
    let text = stage.text();
    assert!(text.contains("all of /is:error are marked"), "{text}");
    assert!(!text.contains("all shown are marked"), "{text}");
    stage.keys("space");
    let text = stage.text();
    let said = "all of /is:error are marked; u unmarks them first";
    assert!(text.contains(said), "{text}");
}

#[test]
fn nothing_is_marked_where_nothing_is_left() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f a");
    assert!(stage.text().contains("all shown are marked"));
    stage.keys("x");
    stage.hub.findings = 0;
    stage.keys("enter y esc");
    let text = stage.text();
    assert!(text.contains("findings  none"), "{text}");
    assert!(!text.contains("all shown are marked"), "{text}");
}

#[test]
fn links_are_followed_and_left_again() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f enter 6 enter");
    let Some(Screen::Inspect(inspect)) = stage.state.stack.last() else {
        panic!("inspect");
    };
    assert_eq!(inspect.id.exact(), super::hub::id(4));
    stage.keys("ctrl-o");
    assert_eq!(context(&stage), KeyContext::Inspect);
    // Without a row there may be an object all the same.
    stage.keys("6 down enter");
    let Some(Screen::Inspect(inspect)) = stage.state.stack.last() else {
        panic!("inspect");
    };
    assert_eq!(inspect.id.exact(), super::hub::id(5));
    stage.keys("ctrl-o esc");
    assert_eq!(context(&stage), KeyContext::Findings);
}

#[test]
fn the_neighbour_of_an_object_is_the_next_row_of_its_list() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f enter ]");
    let Some(Screen::Inspect(inspect)) = stage.state.stack.last() else {
        panic!("inspect");
    };
    assert_eq!(inspect.id.exact(), super::hub::id(1));
}

#[test]
fn the_bytes_open_at_what_is_wrong() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f enter 4");
    assert!(stage.text().contains("00000010▸"), "{}", stage.text());
}

#[test]
fn a_hub_that_cannot_be_opened_says_so_and_is_tried_again() {
    let hub = FakeHub {
        fails: Some("cannot open the database".into()),
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 80, 24);
    assert!(stage.text().contains("✗ cannot open the database"));
    assert!(stage.text().contains("R tries again"));
    stage.hub.fails = None;
    stage.keys("R");
    assert!(stage.text().contains("findings in the whole hub"));
}

#[test]
fn copying_sends_the_whole_id() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f y");
    assert_eq!(stage.copied, [super::hub::id(0)]);
}

#[test]
fn leaving_asks_only_while_something_runs_that_was_asked_for() {
    let mut stage = Stage::new(80, 24);
    stage.keys("A");
    stage.press("enter");
    stage.draw();
    stage.press("q");
    assert_eq!(context(&stage), KeyContext::Confirm);
    stage.draw();
    stage.press("n");
    stage.answer_all();
    stage.press("q");
    assert_eq!(stage.effects.last().unwrap(), "Quit");
}

#[test]
fn escape_and_a_key_that_arrive_as_one_are_two() {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    let mut stage = Stage::new(80, 24);
    stage.keys("?");
    let both = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT);
    stage.send(Event::Term(Term::Key(both)));
    assert_eq!(stage.effects.last().unwrap(), "Quit");
}

#[test]
fn the_help_filters_and_runs_a_row() {
    let mut stage = Stage::new(80, 24);
    stage.keys("?").types("repositories").keys("enter");
    assert_eq!(context(&stage), KeyContext::Repos);
}

#[test]
fn a_branch_is_chosen_from_a_list_and_left_with_escape() {
    let mut stage = Stage::new(80, 24);
    stage.keys("b enter b down enter");
    assert!(stage.line(1).contains("› dev"), "{}", stage.line(1));
    stage.keys("esc");
    assert!(!stage.line(1).contains("› dev"));
    assert_eq!(context(&stage), KeyContext::Objects);
}

#[test]
fn letters_narrow_the_branches_to_choose_from() {
    let mut stage = Stage::new(100, 30);
    stage.keys("b b");
    assert!(stage.text().contains(" main "), "{}", stage.text());
    stage.types("ev");
    assert!(!stage.text().contains(" main "), "{}", stage.text());
    stage.types("x");
    assert!(stage.text().contains("no branch has this in its name"));
    stage.keys("enter");
    assert_eq!(context(&stage), KeyContext::Branches, "nothing was chosen");
    stage.keys("ctrl-u").burst("e v enter").answer_all();
    assert!(stage.text().contains("alice/song@dev"), "{}", stage.text());
}

#[test]
fn what_is_typed_before_its_row_has_come_waits_for_it() {
    let mut stage = Stage::new(100, 30);
    // Nothing is answered before all of it was typed.
    stage.burst("b b").answer_all();
    assert_eq!(context(&stage), KeyContext::Branches, "{}", stage.text());
    stage.keys("esc H");
    stage.burst("f enter 3").answer_all();
    assert_eq!(context(&stage), KeyContext::Inspect, "{}", stage.text());
    assert!(stage.text().contains("[3 Object]"), "{}", stage.text());
}

#[test]
fn going_back_forgets_what_was_typed_before() {
    let mut stage = Stage::new(100, 30);
    stage.burst("b b b esc").answer_all();
    assert_eq!(context(&stage), KeyContext::Hub, "{}", stage.text());
}

#[test]
fn what_was_typed_ahead_never_reaches_a_question() {
    let mut stage = Stage::new(100, 30);
    stage.burst("f x enter y y y").answer_all();
    assert_eq!(
        (context(&stage), stage.writes),
        (KeyContext::Plan, 0),
        "{}",
        stage.text()
    );
    stage.keys("enter");
    assert_eq!((context(&stage), stage.writes), (KeyContext::Confirm, 0));
}

#[test]
fn what_does_not_come_is_not_waited_for_for_ever() {
    let mut stage = Stage::new(100, 30);
    stage.burst("b b");
    stage.send(Event::Beat(std::time::Duration::from_secs(10)));
    assert!(
        stage.notice().contains("typed ahead were dropped"),
        "{}",
        stage.notice()
    );
    stage.answer_all();
    assert_eq!(context(&stage), KeyContext::Repos);
}
