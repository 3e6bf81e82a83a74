//! What only a copy restores: the list of it, and a client's folder that copies are taken from.

use super::hub::{FakeHub, id};
use super::stage::{Stage, hub_info};
use crate::effect::{Effect, Query, Ticket};
use crate::keymap::KeyContext;
use crate::state::Slot;
use luthier_hub::store::Environment;

/// Returns what was asked for in an effect of this name, the last time.
fn last(stage: &Stage, name: &str) -> String {
    let found = stage
        .effects
        .iter()
        .rev()
        .find(|effect| effect.starts_with(name));
    found
        .cloned()
        .unwrap_or_else(|| panic!("no {name} in {:?}", stage.effects))
}

#[test]
fn one_key_lists_what_needs_a_copy_and_the_list_is_shared_like_others() {
    for (width, height) in [(60, 15), (80, 24), (200, 50)] {
        let mut stage = Stage::new(width, height);
        stage.keys("3");
        let text = stage.text();
        assert!(text.contains("wanted objects  1 of 5"), "{text}");
        assert!(text.contains(&id(40)[7..19]), "{text}");
        stage.keys("down tab");
        assert!(stage.text().contains("blocks"), "{}", stage.text());
        stage.keys("tab y");
        assert_eq!(stage.copied, [id(41)]);
        stage.keys("Y");
        assert!(
            last(&stage, "Read").contains("Table(Wanted("),
            "{:?}",
            stage.effects
        );
        assert_eq!(stage.copied[1], "| a table |\n");
        stage.keys("E 3");
        let exported = last(&stage, "Export");
        assert!(
            exported.contains("Wanted(") && exported.contains("Csv"),
            "{exported}"
        );
        stage.keys("enter");
        assert_eq!(stage.state.context(), KeyContext::Inspect);
    }
}

#[test]
fn a_folder_of_copies_is_chosen_and_what_it_restores_is_planned_before_anything_is_written() {
    for from in ["", "3", "f", "f x"] {
        let mut stage = Stage::new(80, 24);
        stage.keys(from).keys("C").types("/srv/c").keys("tab");
        assert!(
            stage.text().contains("the folder: /srv/clone/"),
            "{}",
            stage.text()
        );
        stage.keys("tab");
        assert!(
            stage.text().contains("the folder: /srv/clones/"),
            "{}",
            stage.text()
        );
        stage.keys("tab enter");
        assert!(
            last(&stage, "Copies").contains("\"/srv/clone/\""),
            "{:?}",
            stage.effects
        );
        let planned = last(&stage, "Plan");
        // What needs a decision is not decided by the way.
        assert!(
            planned.contains("Chosen") && planned.contains("fixes: [Copy]"),
            "{planned}"
        );
        assert_eq!(stage.state.context(), KeyContext::Plan);
        assert!(
            stage
                .text()
                .contains("what needs a copy, with the copies in"),
            "{}",
            stage.text()
        );
        assert_eq!(stage.writes, 0);
    }
}

#[test]
fn a_plan_from_before_a_repair_is_not_on_the_way_back() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f x");
    assert_eq!(stage.state.context(), KeyContext::Plan);
    stage.keys("C").types("/srv/clone/").keys("enter enter y");
    assert_eq!(stage.writes, 1, "{}", stage.text());
    stage.keys("esc");
    assert_eq!(stage.state.context(), KeyContext::Findings);
}

#[test]
fn a_folder_that_cannot_be_used_leaves_everything_as_it_was() {
    let mut stage = Stage::new(80, 24);
    stage.keys("3 C").types("/none").keys("enter");
    assert!(
        stage.text().contains("there is no such folder"),
        "{}",
        stage.text()
    );
    assert_eq!(stage.state.context(), KeyContext::Wanted);
    stage.keys("x");
    assert!(
        stage.text().contains("C chooses a client's folder"),
        "{}",
        stage.text()
    );
    stage.keys("C enter");
    assert!(
        stage.text().contains("no folder was named"),
        "{}",
        stage.text()
    );
    stage.keys("C").types("/srv/nothing").keys("tab");
    assert!(
        stage.text().contains("the folder: /srv/nothing"),
        "{}",
        stage.text()
    );
    stage.keys("esc");
    assert_eq!(stage.state.context(), KeyContext::Wanted);
}

#[test]
fn the_list_is_read_again_once_copies_are_there_and_one_object_can_be_planned() {
    let mut stage = Stage::new(80, 24);
    stage.keys("3 C").types("/srv/clone").keys("enter");
    stage.hub.wanted = 2;
    stage.keys("esc");
    assert!(
        stage.text().contains("wanted objects  1 of 2"),
        "{}",
        stage.text()
    );
    assert!(
        stage.text().contains("copies from /srv/clone"),
        "{}",
        stage.text()
    );
    stage.keys("x");
    let planned = last(&stage, "Plan");
    assert!(
        planned.contains(&id(40)) && planned.contains("Chosen"),
        "{planned}"
    );
}

#[test]
fn nothing_is_asked_of_a_folder_where_nothing_needs_a_copy() {
    let hub = FakeHub {
        wanted: 0,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 80, 24);
    stage.keys("C");
    assert!(
        stage.text().contains("no finding needs a copy"),
        "{}",
        stage.text()
    );
    stage.keys("W");
    assert!(
        stage.text().contains("no object needs a copy"),
        "{}",
        stage.text()
    );
}

#[test]
fn a_path_that_is_typed_on_is_not_replaced_by_a_completion_that_comes_late() {
    let mut stage = Stage::new(80, 24);
    stage.keys("C").types("/srv/c");
    stage.burst("tab x");
    let asked = |effect: &Effect| {
        matches!(
            effect,
            Effect::Read {
                ask: Query::Folders(_),
                ..
            }
        )
    };
    assert!(stage.waiting.iter().any(asked));
    stage.answer_all();
    assert!(
        stage.text().contains("the folder: /srv/cx"),
        "{}",
        stage.text()
    );
}

#[test]
fn the_list_does_not_wait_for_what_else_can_be_repaired() {
    let mut stage = Stage::new(80, 24);
    stage.state.shared.audits.fixes = Slot::Pending(Ticket(u64::MAX));
    stage.keys("C");
    assert!(stage.text().contains("not known yet"), "{}", stage.text());
    stage.keys("3");
    assert!(
        stage.text().contains("wanted objects  1 of 5"),
        "{}",
        stage.text()
    );
}
