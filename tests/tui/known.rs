//! What is known, and what it rests on: depth, age, and what was not checked.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::effect::{AuditRequest, Effect, Ticket};
use crate::event::Event;
use luthier_audit::report::BranchCounts;
use luthier_audit::{Depth, Scope};
use luthier_hub::store::Environment;

fn opened(hub: FakeHub, width: u16, height: u16) -> Stage {
    Stage::with(hub, hub_info(Environment::Staging, false), width, height)
}

fn clean(depth: Depth) -> FakeHub {
    FakeHub {
        findings: 0,
        clean: true,
        branches: BranchCounts {
            clear: 3,
            depth: Some(depth),
            ..BranchCounts::default()
        },
        depth: Some(depth),
        ..FakeHub::default()
    }
}

#[test]
fn every_count_says_how_deep_was_looked() {
    for (width, height) in [(80, 24), (200, 50)] {
        let mut stage = opened(clean(Depth::Presence), width, height);
        let text = stage.text();
        assert!(
            text.contains("0 findings in the whole hub, depth presence"),
            "{text}"
        );
        assert!(text.contains("bytes not"), "{text}");
        assert!(text.contains("have no finding at depth"), "{text}");
        stage.keys("f");
        let text = stage.text();
        assert!(text.contains("no findings: depth presence"), "{text}");
        assert!(!text.contains('✓'), "{text}");
        stage.keys("H b");
        let text = stage.text();
        assert!(text.contains("· none  presence"), "{text}");
        assert!(text.contains("? 0+ of 3"), "{text}");
        assert!(
            !text.contains('✓'),
            "no tick for bytes that were not read: {text}"
        );
        stage.keys("enter");
        let text = stage.text();
        assert!(!text.contains("✓"), "{text}");
    }
}

#[test]
fn a_tick_stands_where_every_byte_was_read() {
    let mut stage = opened(clean(Depth::Bytes), 100, 30);
    stage.keys("b");
    let text = stage.text();
    assert!(text.contains("✓ none  bytes"), "{text}");
    assert!(text.contains("✓ 0 of 3"), "{text}");
}

#[test]
fn failing_branches_are_at_least_so_many_until_every_byte_was_read() {
    let some_fail = |depth| FakeHub {
        branches: BranchCounts {
            fail: 1,
            clear: 2,
            depth: Some(depth),
            ..BranchCounts::default()
        },
        depth: Some(depth),
        ..FakeHub::default()
    };
    let figures = |depth| {
        let mut stage = opened(some_fail(depth), 120, 30);
        let hub = stage.text();
        stage.keys("b");
        (hub, stage.text())
    };
    let (hub, list) = figures(Depth::Presence);
    assert!(hub.contains("at least 1 of 3 branches fail"), "{hub}");
    assert!(list.contains("✗ 1+ of 3"), "{list}");
    let (hub, list) = figures(Depth::Bytes);
    assert!(hub.contains("  1 of 3 branches fail"), "{hub}");
    assert!(list.contains("✗ 1 of 3"), "{list}");
}

#[test]
fn branches_that_were_all_pulled_since_the_audit_were_looked_at_by_that() {
    let pulled = |tried| {
        let mut hub = clean(Depth::Presence);
        hub.branches.depth = Some(Depth::Bytes);
        (hub.branches.tried, hub.branches.tried_at) = (tried, Some(super::hub::STARTED + 1));
        let mut stage = opened(hub, 80, 24);
        stage.keys("b");
        stage.text()
    };
    let text = pulled(3);
    assert!(text.contains("✓ 0 of 3"), "{text}");
    assert!(text.contains("  pulled "), "{text}");
    let text = pulled(2);
    assert!(text.contains("  presence "), "{text}");
}

#[test]
fn how_deep_and_what_is_asked_before_an_audit() {
    let mut stage = opened(FakeHub::default(), 100, 30);
    stage.keys("A");
    let text = stage.text();
    assert!(text.contains("▸ presence"), "{text}");
    assert!(text.contains("the whole hub"), "{text}");
    stage.keys("3 enter");
    let hub = AuditRequest {
        depth: Depth::Bytes,
        scope: Scope::Hub,
    };
    assert_eq!(stage.state.shared.audits.asked, hub);
    let remembered = format!("{:?}", Effect::Remember(Depth::Bytes));
    assert!(
        stage.effects.contains(&remembered),
        "the next session begins with it"
    );
    // Where the cursor stands comes first; its depth is not the hub's.
    stage.keys("b A 1 enter");
    assert_eq!(
        stage.state.shared.audits.asked.scope,
        Scope::Repo("alice/song".into())
    );
    assert_eq!(stage.state.shared.audits.depth, Depth::Bytes);
    stage.keys("enter A");
    assert!(stage.text().contains("▸ alice/song"), "{}", stage.text());
    stage.keys("down 3 enter");
    assert!(matches!(
        stage.state.shared.audits.asked.scope,
        Scope::Id(_)
    ));
    stage.keys("b enter A enter");
    let branch = Scope::Branch("alice/song".into(), "main".into());
    assert_eq!(stage.state.shared.audits.asked.scope, branch);
    stage.keys("enter A enter");
    assert!(matches!(
        stage.state.shared.audits.asked.scope,
        Scope::Id(_)
    ));
}

#[test]
fn an_audit_of_a_part_leaves_what_the_hub_rests_on() {
    let hub = FakeHub {
        depth: Some(Depth::Presence),
        ..FakeHub::default()
    };
    let mut stage = opened(hub, 120, 30);
    stage.keys("b A 3 enter H");
    let text = stage.text();
    assert!(
        text.contains("findings in the whole hub, depth presence"),
        "{text}"
    );
    assert!(text.contains("alice/song: depth bytes"), "{text}");
    stage.keys("b");
    let text = stage.text();
    let line = |path: &str| {
        text.lines()
            .find(|line| line.contains(path))
            .unwrap()
            .to_owned()
    };
    assert!(line("alice/song").contains("bytes"), "{text}");
    assert!(line("bela/song").contains("presence"), "{text}");
}

#[test]
fn what_a_guide_finds_out_is_known_on_every_screen() {
    let mut stage = opened(clean(Depth::Presence), 100, 30);
    let hub = FakeHub {
        depth: Some(Depth::Presence),
        ..FakeHub::default()
    };
    let ask = AuditRequest {
        depth: Depth::Bytes,
        scope: Scope::Ids(vec![]),
    };
    let known = hub.known(Ticket(1_000), &ask);
    stage.hub = hub;
    stage.send(Event::Known(Box::new(known)));
    stage.answer_all();
    assert!(
        stage.text().contains("252 findings in the whole hub"),
        "{}",
        stage.text()
    );
    stage.keys("f");
    assert!(
        stage.text().contains("findings  1 of 300"),
        "{}",
        stage.text()
    );
    // What is older than what is known is no news.
    let older = clean(Depth::Bytes).known(Ticket(999), &ask);
    stage.send(Event::Known(Box::new(older)));
    stage.answer_all();
    stage.keys("H");
    assert!(stage.text().contains("252 findings"), "{}", stage.text());
}

#[test]
fn a_branch_says_whether_its_pull_comes_whole_as_far_as_is_known() {
    let mut stage = Stage::new(100, 30);
    stage.keys("b b");
    let text = stage.text();
    assert!(text.contains("✗ object-corrupt"), "{text}");
    assert!(text.contains("? only presence checked"), "{text}");
}

#[test]
fn the_box_of_branches_is_listed_anew_when_an_audit_ends() {
    let mut stage = Stage::new(60, 30);
    stage.keys("b b down");
    let asked = |stage: &Stage| {
        let of_box = |effect: &&String| effect.contains("Branches {");
        stage.effects.iter().filter(of_box).count()
    };
    let before = asked(&stage);
    let ask = AuditRequest {
        depth: Depth::Bytes,
        scope: Scope::Ids(vec![]),
    };
    let known = stage.hub.known(Ticket(1_000), &ask);
    stage.send(Event::Known(Box::new(known)));
    stage.answer_all();
    assert_eq!(asked(&stage), before + 1);
    assert!(stage.text().contains("branches of"), "{}", stage.text());
    stage.keys("enter");
    assert!(
        stage.text().contains("pull  "),
        "the cursor is where it was"
    );
}

#[test]
fn a_pull_of_a_repository_names_each_branch_that_fails() {
    for (width, height) in [(80, 24), (200, 50)] {
        let mut stage = Stage::new(width, height);
        stage.keys("b p");
        let text = stage.text();
        assert!(
            text.contains("2 of 13 branches fail, 10 succeed, 1 have no commit"),
            "{text}"
        );
        assert!(text.contains("▸ ✗ main"), "{text}");
        assert!(text.contains("✗ mix/tape"), "{text}");
        let first = stage.state.stack.last().unwrap().id();
        stage.keys("down");
        assert!(stage.text().contains("▸ ✗ mix/tape"), "{}", stage.text());
        assert_ne!(
            stage.state.stack.last().unwrap().id(),
            first,
            "x is for what is shown"
        );
        stage.hub.findings = 0;
        stage.keys("r");
        assert!(
            stage.text().contains("0 of 13 branches fail, 12 succeed"),
            "{}",
            stage.text()
        );
        assert!(
            stage.text().contains("✓ the pull succeeds"),
            "{}",
            stage.text()
        );
    }
}

#[test]
fn what_stands_in_the_way_of_a_sign_off_is_opened_and_planned_from_it() {
    let mut stage = Stage::new(100, 30);
    stage.keys("s");
    assert!(
        stage.text().contains("300 findings prevent PASS"),
        "{}",
        stage.text()
    );
    stage.keys("f");
    assert!(stage.text().contains("is:left"), "{}", stage.text());
    stage.keys("esc x");
    assert!(
        stage.text().contains("what prevents PASS"),
        "{}",
        stage.text()
    );
    stage.hub.findings = 0;
    stage.keys("esc r x");
    assert!(
        stage.notice().contains("no finding prevents PASS"),
        "{}",
        stage.notice()
    );
}
