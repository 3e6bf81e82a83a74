//! The journal: what was changed, with the values before and after.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::keymap::KeyContext;
use luthier_hub::store::Environment;

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
