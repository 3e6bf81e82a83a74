//! The guides: which step it is, which key leads on, left and entered again.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::keymap::KeyContext;
use luthier_hub::store::Environment;

#[test]
fn a_pull_is_traced_repaired_and_traced_again() {
    for (width, height) in [(80, 24), (160, 48)] {
        let mut stage = Stage::new(width, height);
        stage.keys("p");
        assert!(
            stage.line(1).contains("a pull fails 1/5"),
            "{}",
            stage.text()
        );
        stage.keys("p");
        assert!(
            stage
                .line(1)
                .contains("2/5  x plans what stops this branch")
        );
        stage.keys("x");
        assert!(stage.line(1).contains("3/5"), "{}", stage.text());
        stage.keys("enter");
        stage.hub.findings = 0;
        stage.keys("y");
        assert!(stage.line(1).contains("4/5"), "{}", stage.text());
        stage.keys("esc");
        assert!(stage.line(1).contains("5/5  repaired; r traces"));
        stage.keys("r");
        assert!(stage.line(1).contains("5/5  the pull succeeds"));
        assert_eq!(stage.writes, 1);
    }
}

#[test]
fn a_repair_by_hand_is_chosen_applied_and_verified() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f");
    assert!(stage.line(1).contains("guided repair 1/4"));
    stage.keys("space x");
    assert!(stage.line(1).contains("2/4"), "{}", stage.text());
    stage.keys("enter y");
    assert!(stage.line(1).contains("3/4"), "{}", stage.text());
    stage.keys("esc");
    assert!(
        stage.line(1).contains("4/4  verified at depth bytes"),
        "{}",
        stage.text()
    );
}

#[test]
fn a_guide_is_left_at_any_step_and_entered_again_there() {
    for keys in ["p", "p p", "p p x", "p enter", "f", "f x", "f enter"] {
        let mut stage = Stage::new(100, 30);
        stage.keys(keys);
        let (place, line) = (stage.state.context(), stage.line(1));
        stage.keys("H");
        assert_eq!(stage.state.context(), KeyContext::Hub, "{keys}");
        assert!(
            !stage.line(1).contains("/5"),
            "no guide on the hub's screen"
        );
        // The other guide in between.
        stage.keys(if keys.starts_with('p') { "f H" } else { "p H" });
        stage.keys(&keys[..1]);
        assert_eq!(
            (stage.state.context(), stage.line(1)),
            (place, line),
            "{keys}"
        );
    }
}

#[test]
fn a_guide_does_not_come_back_to_what_is_over_or_leads_nowhere() {
    let empty = FakeHub {
        steps: 0,
        ..FakeHub::default()
    };
    for (hub, keys, back) in [
        (&empty, "f x", KeyContext::Findings),
        (&empty, "p p x", KeyContext::Pull),
        (&FakeHub::default(), "f x enter y", KeyContext::Findings),
        (&FakeHub::default(), "p p x enter y", KeyContext::Pull),
        // Audited anew: the plan is of what was found before.
        (&FakeHub::default(), "f x H A enter", KeyContext::Findings),
    ] {
        let mut stage = Stage::with(hub.clone(), hub_info(Environment::Demo, true), 100, 30);
        stage.keys(keys).keys("H");
        stage.keys(&keys[..1]);
        assert_eq!(stage.state.context(), back, "{keys}: {}", stage.text());
    }
    // A pull that a client takes is over: the next one is chosen.
    let mut stage = Stage::new(100, 30);
    stage.hub.findings = 0;
    stage.keys("p p H p");
    assert_eq!(stage.state.context(), KeyContext::Repos, "{}", stage.text());
}

#[test]
fn an_empty_plan_says_why_and_what_to_do_next() {
    for (width, height) in [(80, 24), (200, 50)] {
        let hub = FakeHub {
            steps: 0,
            ..FakeHub::default()
        };
        let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), width, height);
        stage.keys("f x");
        let text = stage.text();
        for words in [
            "Nothing is planned",
            "C chooses the folder",
            "esc goes back",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let footer = stage.line(height - 1);
        for title in ["apply", "save"] {
            assert!(!footer.contains(title), "{title}: {footer}");
        }
        stage.keys("enter");
        assert!(
            stage.notice().contains("nothing is planned"),
            "{}",
            stage.notice()
        );
        assert_eq!(stage.writes, 0);
    }
}

#[test]
fn an_undo_is_told_as_one_from_its_plan_to_its_end() {
    let hub = FakeHub {
        steps: 51,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 160, 48);
    stage.keys("J U enter").types("musehub-test").keys("enter");
    assert_eq!(stage.writes, 1, "{}", stage.text());
    assert_eq!(stage.notice(), "51 changes undone · run 7f3a");
    let text = stage.text();
    assert!(
        text.contains("undo") && !text.contains("repaired"),
        "{text}"
    );
}

#[test]
fn an_answer_that_comes_while_a_guide_is_left_is_there_when_it_is_entered_again() {
    let mut stage = Stage::new(100, 30);
    stage.keys("p");
    stage.burst("p H");
    stage.answer_all();
    stage.keys("p");
    assert!(stage.line(1).contains("2/5"), "{}", stage.text());
}

#[test]
fn a_plan_is_written_into_a_file_that_a_person_names() {
    let mut stage = Stage::new(100, 30);
    stage.keys("f x w");
    assert_eq!(stage.state.context(), KeyContext::File);
    stage.keys("esc");
    assert_eq!(stage.state.context(), KeyContext::Plan);
    stage.keys("w").types("x").keys("enter");
    assert!(
        stage
            .notice()
            .contains("wrote a plan of 1 step to luthier-plan-20261123T")
    );
    assert_eq!(stage.writes, 0);
}

#[test]
fn an_alarm_stands_on_the_plan_and_asks_for_the_hubs_name_on_a_demo_too() {
    let hub = FakeHub {
        alarms: vec!["mass fault: 900 of 1,000 commits are absent".into()],
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 100, 30);
    stage.keys("f x");
    assert!(stage.text().contains("! mass fault: 900 of 1,000"));
    stage.keys("enter");
    assert_eq!(stage.state.context(), KeyContext::Name);
    stage.types("musehub-test").keys("enter");
    assert!(stage.effects.iter().any(|e| e.contains("mass_fault: true")));
}

#[test]
fn production_stops_after_the_first_ten_steps_for_a_look() {
    let hub = FakeHub {
        steps: 11,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Production, true), 100, 30);
    stage.keys("f x enter");
    assert!(stage.text().contains("It pauses after the first 10 steps"));
    stage.types("musehub-test").keys("enter");
    assert!(
        stage
            .effects
            .iter()
            .any(|e| e.contains("look_after_canary: true"))
    );
}

#[test]
fn a_hub_is_signed_off_by_its_guide_and_what_is_left_leads_to_the_findings() {
    for (width, height) in [(80, 24), (160, 48)] {
        let mut stage = Stage::new(width, height);
        stage.keys("s");
        assert!(stage.line(1).contains("sign off 3/4"), "{}", stage.text());
        assert!(stage.text().contains("✗ FAIL"), "{}", stage.text());
        stage.keys("w enter");
        let line = stage.line(1);
        assert!(line.contains("4/4  the reports are written"), "{line}");
        stage.keys("r");
        assert!(
            stage.line(1).contains("3/4"),
            "a new verdict is not written yet"
        );
        stage.keys("f");
        assert_eq!(stage.state.context(), KeyContext::Findings);
        assert!(stage.line(1).contains("3/4  remaining findings"));
        stage.keys("esc");
        stage.hub.findings = 0;
        stage.keys("r");
        assert!(stage.line(1).contains("4/4"), "{}", stage.text());
        assert!(stage.text().contains("✓ PASS"), "{}", stage.text());
        stage.keys("w enter");
        assert!(
            stage.notice().contains("both reports to ."),
            "{}",
            stage.notice()
        );
        assert_eq!(stage.writes, 0, "a sign-off writes nothing to the hub");
    }
}

#[test]
fn a_long_verdict_is_read_by_pages_to_its_end() {
    let mut stage = Stage::new(80, 24);
    stage.hub.text = "word ".repeat(2_000);
    stage.keys("s pgdn");
    assert!(stage.text().contains(" ▴ 18 ▾ "), "{}", stage.text());
    stage.keys("G");
    let (text, last) = (stage.text(), super::hub::id(4));
    assert!(text.contains(&last) && !text.contains('▾'), "{text}");
    stage.keys("ctrl-u");
    assert!(stage.text().contains(" ▾ 9 more"), "{}", stage.text());
    stage.keys("g");
    assert!(stage.text().contains("✗ FAIL"), "{}", stage.text());
}

#[test]
fn an_undo_is_planned_shown_and_asked_for_by_name() {
    let mut stage = Stage::new(120, 30);
    stage.keys("J U");
    assert_eq!(stage.state.context(), KeyContext::Plan);
    assert!(
        stage
            .effects
            .iter()
            .any(|effect| effect.starts_with("Undo"))
    );
    assert!(
        stage.text().contains("the undo of the run of"),
        "{}",
        stage.text()
    );
    assert_eq!(stage.writes, 0);
    // Which run it is stands where it is agreed to as well.
    stage.keys("enter");
    let dialog = stage.text();
    assert!(dialog.contains("apply this plan?"), "{dialog}");
    let written = "│1 row to change, nothing to write to the store";
    assert!(dialog.contains(written), "{dialog}");
    assert!(
        dialog.matches("the undo of the run of").count() > 1,
        "{dialog}"
    );
}

#[test]
fn a_guide_does_not_take_the_undo_of_another_run_for_its_own() {
    let mut stage = Stage::new(80, 24);
    stage.keys("p J U");
    let line = stage.line(1);
    assert!(line.contains("esc goes back to the guide"), "{line}");
    assert!(
        stage.text().contains("the undo of the run of"),
        "{}",
        stage.text()
    );
}

#[test]
fn what_is_chosen_on_the_hub_is_a_repair_by_hand_that_the_guide_does_not_come_back_to() {
    let mut stage = Stage::new(80, 24);
    stage.keys("x");
    assert!(
        stage.line(1).contains("guided repair 2/4"),
        "{}",
        stage.text()
    );
    stage.keys("esc enter");
    let chosen = stage.line(1);
    assert!(chosen.contains("guided repair 1/4"), "{}", stage.text());
    assert!(stage.text().contains("/code:"), "{}", stage.text());
    stage.keys("H f");
    assert!(
        stage.line(1).contains("guided repair 1/4"),
        "{}",
        stage.text()
    );
    assert!(!stage.text().contains("/code:"), "{}", stage.text());
}

#[test]
fn findings_from_before_another_repair_are_not_called_verified() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f H x enter y H f");
    let line = stage.line(1);
    assert!(line.contains("guided repair 1/4"), "{line}");
}
