//! A pull, tried from the console.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::effect::Effect;
use luthier_hub::store::Environment;

#[test]
fn the_first_thing_that_a_client_would_refuse_is_one_sentence() {
    for (width, height) in [(80, 24), (200, 50)] {
        let mut stage = Stage::new(width, height);
        stage.keys("b p");
        let text = stage.text();
        let sentence = "✗ a client refuses it: the database has no row for it";
        assert!(text.contains(sentence), "{text}");
        assert!(text.contains("✓ ╰ commit abc"), "{text}");
        assert!(text.contains("✗   ╰ snapshot def"), "{text}");
        assert!(text.contains("1 of them made from rows"), "{text}");
    }
}

#[test]
fn what_blocks_it_is_planned_and_the_pull_tried_again() {
    let mut stage = Stage::new(100, 30);
    stage.keys("b p x");
    assert!(stage.text().contains("what stops "), "{}", stage.text());
    stage.keys("esc");
    stage.hub.findings = 0;
    stage.keys("r");
    assert!(
        stage.text().contains("✓ the pull succeeds"),
        "{}",
        stage.text()
    );
    stage.keys("x");
    assert!(stage.notice().contains("no object is refused here"));
    stage.keys("esc");
    assert!(stage.text().contains("repositories"), "{}", stage.text());
    assert_eq!(stage.writes, 0, "trying writes nothing");
}

#[test]
fn the_way_back_from_a_branch_leads_to_a_trace_of_the_hub_as_it_is() {
    let mut stage = Stage::new(100, 30);
    let pulls = |stage: &Stage| {
        let effects = stage.effects.iter();
        effects.filter(|effect| effect.starts_with("Pull")).count()
    };
    // All branches, one of them, its repair: the trace of the branch is from before it, and coming back makes it anew.
    stage.keys("b p enter x enter y esc");
    assert_eq!((stage.writes, pulls(&stage)), (1, 3));
    stage.keys("esc");
    assert_eq!(pulls(&stage), 4, "all branches are traced again");
    assert!(stage.text().contains("all branches"), "{}", stage.text());
    assert!(
        !stage.text().contains("before the hub was changed"),
        "{}",
        stage.text()
    );
    // Another branch takes the place of the one before.
    stage.keys("enter b down enter esc");
    assert!(stage.text().contains("all branches"), "{}", stage.text());
}

#[test]
fn failures_of_before_a_repair_say_so_until_they_are_traced_again() {
    let mut stage = Stage::new(100, 30);
    let words = "traced before the hub was changed";
    stage.keys("b p");
    assert!(!stage.text().contains(words), "{}", stage.text());
    stage.keys("x enter y esc");
    assert!(stage.text().contains(words), "{}", stage.text());
    stage.keys("r");
    assert!(!stage.text().contains(words), "{}", stage.text());
}

#[test]
fn a_pull_is_of_the_branch_that_is_listed() {
    let mut stage = Stage::new(100, 30);
    stage.keys("b enter p");
    let mut asked = stage
        .effects
        .iter()
        .filter(|effect| effect.contains("Pull"));
    assert!(
        asked.next_back().unwrap().contains("branch: None"),
        "all branches"
    );
    stage.keys("esc b enter p");
    let mut asked = stage
        .effects
        .iter()
        .filter(|effect| effect.contains("Pull"));
    assert!(
        asked.next_back().unwrap().contains("branch: Some"),
        "the one that was chosen"
    );
}

#[test]
fn a_pull_that_is_left_is_stopped() {
    let mut stage = Stage::with(
        FakeHub::default(),
        hub_info(Environment::Demo, false),
        100,
        30,
    );
    stage.keys("b");
    stage.burst("p");
    assert!(stage.state.shared.pulling.is_some() || stage.waiting.is_empty());
    stage.burst("esc");
    let stopped = stage.effects.iter().any(|effect| effect.contains("Cancel"));
    let ended = stage.state.shared.pulling.is_none();
    assert!(stopped || ended);
    assert!(
        !stage
            .waiting
            .iter()
            .any(|effect| matches!(effect, Effect::Apply { .. }))
    );
}

#[test]
fn a_long_trace_is_read_by_pages_to_its_end() {
    for keys in ["b p", "b p enter"] {
        let mut stage = Stage::new(80, 24);
        stage.hub.text = "word ".repeat(2_000);
        stage.keys(keys).keys("pgdn");
        assert!(stage.text().contains(" ▴ 19 ▾ "), "{}", stage.text());
        stage.keys("G");
        let text = stage.text();
        assert!(text.contains("the last objects of the pull"), "{text}");
        assert!(!text.contains('▾'), "{text}");
        stage.keys("pgup");
        assert!(stage.text().contains(" ▾ 19 more"), "{}", stage.text());
    }
}

#[test]
fn a_branch_that_fails_by_itself_leads_to_what_is_wrong_with_it() {
    let mut stage = Stage::new(100, 30);
    stage.hub.unfit = true;
    stage.keys("b p");
    let text = stage.text();
    assert!(
        text.contains("✗ main                      snapshot: "),
        "the object is not the branch: {text}"
    );
    stage.keys("down");
    assert!(
        stage
            .text()
            .contains("x says what is wrong with the branch")
    );
    stage.keys("y");
    assert_eq!(stage.notice(), "y (copy id): no object is refused here");
    stage.keys("x");
    assert!(
        stage
            .effects
            .iter()
            .any(|effect| effect.contains("Chosen(Filter") && effect.contains("kinds: [Branch]")),
        "{:?}",
        stage.effects
    );
    assert!(
        stage.text().contains("what is wrong with mix/tape itself"),
        "{}",
        stage.text()
    );
}

#[test]
fn another_branch_is_shown_from_the_beginning_of_its_trace() {
    let mut stage = Stage::new(80, 24);
    stage.hub.text = "word ".repeat(2_000);
    stage.keys("b p G down");
    assert!(stage.text().contains("▸ ✗ mix/tape"), "{}", stage.text());
}
