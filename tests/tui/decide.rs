//! Two truths: a choice each, and what follows from it.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::decisions::{Decisions, Side, subject};
use crate::keymap::KeyContext;
use luthier_audit::Code;
use luthier_hub::store::Environment;

fn stage(two_truths: u64) -> Stage {
    let hub = FakeHub {
        two_truths,
        ..FakeHub::default()
    };
    Stage::with(hub, hub_info(Environment::Demo, true), 100, 40)
}

fn planned(stage: &Stage) -> String {
    let mut plans = stage.effects.iter().filter(|e| e.starts_with("Plan"));
    plans.next_back().cloned().unwrap_or_default()
}

#[test]
fn what_needs_no_choice_goes_straight_to_its_plan() {
    let mut stage = stage(0);
    stage.keys("f x");
    assert_eq!(stage.state.context(), KeyContext::Plan);
    stage.keys("esc");
    assert_eq!(stage.state.context(), KeyContext::Findings);
}

#[test]
fn both_sides_stand_there_with_what_changed_within_a_line() {
    for (width, height) in [(80, 24), (160, 48)] {
        let mut stage = stage(5);
        stage.resize(width, height);
        stage.keys("f a x");
        assert_eq!(stage.state.context(), KeyContext::Decide);
        let text = stage.text();
        assert!(text.contains("decide  1 of 5"), "{text}");
        assert!(text.contains("- the guest book of today"), "{text}");
        assert!(text.contains("+ the guest book of yesterday"), "{text}");
        assert!(stage.screen().contains(" removed"), "the side is marked");
        stage.keys("d");
        assert_ne!(stage.text(), text, "the other layout");
    }
}

#[test]
fn only_the_side_that_the_remedy_makes_true_is_planned() {
    let mut stage = stage(4);
    stage.keys("f a x 1 s");
    assert!(stage.notice().contains("skipped"), "{}", stage.notice());
    stage.keys("s x");
    assert_eq!(stage.state.context(), KeyContext::Plan);
    assert!(
        planned(&stage).contains("Ordinals([0])"),
        "{}",
        planned(&stage)
    );
    assert!(
        stage
            .text()
            .contains("300 findings marked, 3 of 4 left out"),
        "{}",
        stage.text()
    );
    // 4 were chosen: one is planned, two were decided against, one is open.
    let text = stage.text();
    assert!(
        text.contains(" skipped (2 by decision), 1 undecided"),
        "{text}"
    );
    assert!(!text.contains(" 1 decided"), "one set of figures: {text}");
}

#[test]
fn one_is_always_the_repair_and_another_digit_is_refused_with_a_reason() {
    for (rowless, objectless) in [(false, false), (true, false), (false, true)] {
        let hub = FakeHub {
            two_truths: 2,
            rowless,
            objectless,
            ..FakeHub::default()
        };
        let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 100, 40);
        stage.keys("f a x 2");
        assert_eq!(
            stage.notice(),
            "this finding has one repair: 1 plans it, s skips it"
        );
        let none = "0 planned, 0 skipped, 2 undecided";
        assert!(stage.text().contains(none), "{}", stage.text());
        stage.keys("1 s x");
        assert!(
            planned(&stage).contains("Ordinals([0])"),
            "{}",
            planned(&stage)
        );
    }
}

#[test]
fn nothing_is_planned_before_something_is_decided() {
    let mut stage = stage(4);
    stage.keys("f a x x");
    assert_eq!(stage.notice(), "x (plan): no decision yet");
    stage.keys("enter esc");
    assert_eq!(stage.state.context(), KeyContext::Decide);
}

#[test]
fn a_decision_that_was_carried_out_is_none_for_what_is_found_later() {
    let mut stage = stage(4);
    stage.keys("f a x 1 s x enter y");
    assert_eq!(stage.writes, 1, "{}", stage.text());
    stage.keys("H f a x");
    let text = stage.text();
    let figures = "0 planned, 1 skipped, 3 undecided";
    assert!(text.contains(figures), "{text}");
}

#[test]
fn one_answer_stands_for_all_only_after_three_by_hand() {
    let mut stage = stage(10);
    stage.keys("f a x 1 1 =");
    assert!(
        stage.notice().contains("decide 1 more"),
        "{}",
        stage.notice()
    );
    // The cursor has moved on to a finding without a decision: the last answer is the one that is used.
    stage.keys("1");
    assert!(
        stage.text().contains("=  trust the object for all other"),
        "{}",
        stage.text()
    );
    stage.keys("= x");
    assert!(
        planned(&stage).contains("Ordinals([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])"),
        "{}",
        planned(&stage)
    );
}

#[test]
fn an_answer_for_all_is_of_the_code_on_the_screen_and_of_no_other() {
    let mut decisions = Decisions::default();
    for id in ["a", "b", "c"] {
        decisions.choose(Code::RowMissing, subject(id), Side::Object);
    }
    let other = subject("d");
    assert_eq!(
        decisions.offered(Code::RowMissing, other),
        Some(Side::Object)
    );
    assert_eq!(decisions.offered(Code::UriRefused, other), None);
}

#[test]
fn what_no_decision_repairs_is_counted_beside_the_decisions() {
    let mut stage = stage(4);
    stage.resize(80, 24);
    stage.keys("f space space space x");
    let text = stage.text();
    let figures = "0 planned, 0 skipped, 4 undecided; 2 need a copy, 1 a person";
    assert!(text.contains(figures), "{text}");
    let keys = stage.line(23);
    assert!(keys.contains(" ] next "), "{keys}");
}

#[test]
fn the_reason_for_a_refused_key_is_read_to_its_end_on_a_narrow_screen() {
    let mut stage = stage(10);
    stage.resize(60, 15);
    stage.keys("f a x 1 1 =");
    let reason = stage.notice().to_owned();
    let lines = [stage.line(12), stage.line(13)].join(" ");
    let shown = lines.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.ends_with(&reason), "{reason}\n{}", stage.text());
    // The next key takes it off what it covers.
    stage.keys("]");
    assert!(stage.line(12).contains('─'), "{}", stage.text());
}

#[test]
fn decisions_survive_leaving_and_entering_again() {
    let mut stage = stage(3);
    stage.keys("f a x 1 1 esc esc");
    assert_eq!(stage.state.context(), KeyContext::Hub);
    stage.keys("f x");
    assert!(
        stage.text().contains("2 planned, 0 skipped, 1 undecided"),
        "{}",
        stage.text()
    );
}

#[test]
fn a_side_that_was_not_on_the_screen_is_not_chosen() {
    let mut stage = stage(3);
    stage.keys("f a");
    stage.burst("x 1 1 1");
    stage.answer_all();
    assert!(
        stage.text().contains("0 planned, 0 skipped, 3 undecided"),
        "{}",
        stage.text()
    );
}

#[test]
fn an_id_without_row_is_decided_beside_its_object() {
    let hub = FakeHub {
        two_truths: 1,
        rowless: true,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 100, 40);
    stage.keys("f a x");
    for words in [
        "1  make a row from the object",
        "s  skip it: nothing is changed, the finding stays",
        "Recommended: 1. The object matches its id.",
        "✗ there is no row",
        "used by",
    ] {
        assert!(stage.text().contains(words), "{words}: {}", stage.text());
    }
    stage.keys("1");
    assert!(
        stage.text().contains("1 planned, 0 skipped, 0 undecided"),
        "{}",
        stage.text()
    );
}

#[test]
fn a_choice_is_told_before_the_next_finding_is_on_the_screen() {
    let mut stage = stage(4);
    stage.keys("f a x 1");
    let notice = stage.notice().to_owned();
    assert!(notice.ends_with(": planned, next 2 of 4"), "{notice}");
    assert!(stage.text().contains(&notice), "{}", stage.text());
    stage.keys("s 1 1");
    let notice = stage.notice();
    assert!(notice.ends_with(": planned, x plans"), "{notice}");
}

#[test]
fn a_missing_object_is_decided_by_what_the_row_yields_and_compared_with_nothing() {
    let hub = FakeHub {
        two_truths: 1,
        objectless: true,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 80, 24);
    stage.keys("f a x");
    let text = stage.text();
    for words in [
        "1  store the object again, from the row",
        "s  skip it: nothing is changed",
        "Recommended: 1. The row reproduces the id",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains('≠'), "{text}");
    assert!(!text.contains("not there"), "{text}");
    stage.resize(80, 20);
    stage.keys("G");
    let text = stage.text();
    assert!(text.contains("nowhere"), "{text}");
    assert!(!text.contains('▾'), "the end: {text}");
    stage.keys("pgup g");
    assert!(stage.text().contains(" more "), "{}", stage.text());
}

#[test]
fn leaving_asks_before_decisions_are_lost_and_not_after_they_are_applied() {
    let mut stage = stage(43);
    stage.keys("f a x 1 1 1 1 q");
    assert_eq!(stage.state.context(), KeyContext::Confirm);
    assert!(
        stage.text().contains("4 of 43 decisions are made"),
        "{}",
        stage.text()
    );
    stage.keys("n");
    assert_eq!(stage.state.context(), KeyContext::Decide);
    // From the hub too, and in any other place.
    stage.keys("H q");
    assert!(stage.text().contains("4 of 43"), "{}", stage.text());
    stage.keys("n f x enter y");
    assert_eq!(stage.writes, 1, "{}", stage.text());
    stage.keys("q");
    assert!(stage.state.shared.leaving, "{}", stage.text());
}

#[test]
fn an_answer_for_all_ends_with_the_plan_that_it_was_given_for() {
    let mut stage = stage(10);
    stage.keys("f a x 1 1 1 =");
    let answer = "all other object-diverges: trust the object";
    assert!(stage.text().contains(answer), "{}", stage.text());
    stage.keys("x enter y");
    assert_eq!(stage.writes, 1, "{}", stage.text());
    stage.keys("H f a x");
    assert_eq!(stage.state.context(), KeyContext::Decide);
    assert!(!stage.text().contains(answer), "{}", stage.text());
}

#[test]
fn the_figures_of_leaving_are_those_of_the_decisions() {
    let mut stage = stage(43);
    let question = |stage: &mut Stage, keys: &str| {
        let text = stage.keys(keys).text();
        let words = text.split(|c: char| c.is_whitespace() || c == '│');
        let words = words.filter(|word| !word.is_empty()).collect::<Vec<_>>();
        words.join(" ")
    };
    let one = question(&mut stage, "f a x 1 q");
    assert!(one.contains("1 of 43 decisions is made"), "{one}");
    // One answer for all decides the others too.
    let all = question(&mut stage, "n 1 1 = q");
    assert!(all.contains("43 planned, 0 skipped, 0 undecided"), "{all}");
    assert!(all.contains("43 of 43 decisions are made"), "{all}");
}

#[test]
fn what_decides_is_said_where_nothing_is_recommended_and_what_one_answer_settles() {
    for (code, words) in [
        (
            Code::IdentityStale,
            "Clients refuse this id either way, until somebody commits the same again from a client",
        ),
        (
            Code::HeadDangling,
            "The row also settles row-missing of this commit: one answer is enough.",
        ),
    ] {
        let hub = FakeHub {
            two_truths: 1,
            undecided: Some(code),
            ..FakeHub::default()
        };
        let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 120, 40);
        stage.keys("f a x");
        let text = stage.text();
        assert!(text.contains(words), "{text}");
        assert!(!text.contains("Recommended"), "{text}");
    }
    let hub = FakeHub {
        two_truths: 1,
        rowless: true,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 120, 40);
    stage.keys("f a x");
    let words = "The row also settles head-dangling of main: one answer is enough.";
    assert!(stage.text().contains(words), "{}", stage.text());
}

#[test]
fn a_plan_offers_the_list_of_what_it_skips_only_where_there_is_one() {
    for (skipped, offered) in [(1, true), (0, false)] {
        let hub = FakeHub {
            skipped,
            two_truths: 2,
            ..FakeHub::default()
        };
        let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 80, 24);
        stage.keys("f a x 1 s x");
        assert_eq!(stage.state.context(), KeyContext::Plan);
        assert_eq!(stage.line(23).contains(" c skipped "), offered);
    }
}
