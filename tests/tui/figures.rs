//! Figures and keys that stand in two places: they agree, and no list ends without saying that it goes on.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::degrade::plain;
use crate::effect::Effect;
use crate::keymap::KeyContext;
use luthier_audit::{Depth, Grade};
use luthier_hub::store::Environment;
use luthier_repair::history::PastFigures;
use std::collections::BTreeMap;

#[test]
fn the_journal_is_read_again_after_a_run_has_ended() {
    let mut stage = Stage::new(120, 30);
    let reads = |stage: &Stage| {
        let reads = stage
            .effects
            .iter()
            .filter(|effect| effect.contains("ask: Runs"));
        reads.count()
    };
    stage.keys("J");
    assert_eq!(reads(&stage), 1);
    stage.keys("U enter").types("musehub-test").keys("enter");
    assert_eq!(stage.writes, 1, "{}", stage.text());
    stage.keys("esc");
    assert_eq!(
        stage.state.context(),
        KeyContext::Journal,
        "{}",
        stage.text()
    );
    assert_eq!(reads(&stage), 2, "the undo is a run of its own");
}

#[test]
fn an_audit_from_before_a_repair_says_so() {
    for (width, height) in [(80, 24), (200, 50)] {
        let mut stage = Stage::new(width, height);
        // The audits of this hub end when the stage's clock starts: a repair is later.
        stage.state.shared.clock += std::time::Duration::from_secs(60);
        stage.keys("b");
        assert!(!stage.text().contains("before the"), "{}", stage.text());
        stage.keys("esc x enter y H");
        let text = stage.text().replace('│', " ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("ago, before the"), "{text}");
        stage.keys("b");
        assert!(stage.text().contains("outdated"), "{}", stage.text());
    }
}

#[test]
fn after_a_repair_the_audit_is_as_deep_as_the_one_that_found_the_fault() {
    let mut stage = Stage::new(100, 30);
    stage.state.shared.audits.depth = Depth::Rows;
    // One repository to the last byte: the hub's own depth stays.
    stage.keys("b A 3 enter esc");
    stage.effects.clear();
    stage.keys("x enter y");
    let audits = stage.effects.iter();
    let audits: Vec<_> = audits.filter(|at| at.starts_with("Audit")).collect();
    assert_eq!(audits.len(), 1, "{audits:?}");
    assert!(audits[0].contains("Bytes"), "{audits:?}");
    assert!(audits[0].contains("Repo("), "{audits:?}");
}

#[test]
fn a_repair_that_ends_beside_an_audit_is_followed_by_another() {
    let mut stage = Stage::new(100, 30);
    let audits = |stage: &Stage| {
        let audits = stage
            .effects
            .iter()
            .filter(|effect| effect.starts_with("Audit"));
        audits.count()
    };
    stage.keys("A");
    stage.press("enter");
    let is_audit = |effect: &Effect| matches!(effect, Effect::Audit { .. });
    let audit = stage.waiting.iter().position(is_audit).unwrap();
    let audit = stage.waiting.remove(audit);
    stage.keys("x enter y");
    assert_eq!(
        (stage.writes, audits(&stage)),
        (1, 2),
        "one audit at a time"
    );
    stage.waiting.push(audit);
    stage.answer_all();
    assert_eq!(
        audits(&stage),
        3,
        "what was read before the repair ended is read again"
    );
}

#[test]
fn from_a_pull_of_all_branches_a_branch_is_reached_by_the_same_keys_as_from_the_list() {
    let mut stage = Stage::new(100, 30);
    let asked = |stage: &Stage| {
        let mut pulls = stage
            .effects
            .iter()
            .filter(|effect| effect.starts_with("Pull"));
        pulls.next_back().unwrap().clone()
    };
    stage.keys("p p");
    assert!(asked(&stage).contains("branch: None"));
    stage.keys("enter");
    assert!(
        asked(&stage).contains("branch: Some"),
        "the failing branch under the cursor"
    );
    stage.keys("esc b");
    assert_eq!(stage.state.context(), KeyContext::Branches);
    stage.keys("enter");
    assert!(asked(&stage).contains("branch: Some"));
    assert_eq!(stage.state.context(), KeyContext::Pull);
    // A single branch has none under the cursor; the notice names the key that was pressed and the one that helps.
    stage.keys("enter");
    assert_eq!(
        stage.notice(),
        "enter (this branch): no failing branch is under the cursor; b lists the branches"
    );
}

#[test]
fn a_list_says_how_many_rows_are_below_and_above() {
    let hub = FakeHub {
        findings: 40,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 80, 24);
    stage.keys("f");
    let number = |text: &str, mark: char| -> Option<u64> {
        let line = text.lines().rev().find(|line| line.contains(" more "))?;
        let (_, rest) = line.split_once(&format!(" {mark} "))?;
        rest.split_whitespace().next()?.parse().ok()
    };
    let below = number(&stage.text(), '▾').unwrap();
    assert!(
        stage.text().contains(&format!(" ▾ {below} more ")),
        "{}",
        stage.text()
    );
    assert_eq!(number(&stage.text(), '▴'), None);
    stage.keys("G");
    assert_eq!(number(&stage.text(), '▴'), Some(below), "{}", stage.text());
    assert_eq!(number(&stage.text(), '▾'), None);
    stage.keys("k pgup");
    assert!(number(&stage.text(), '▴').is_some() && number(&stage.text(), '▾').is_some());
    // What fits says nothing.
    let hub = FakeHub {
        findings: 3,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 200, 50);
    stage.keys("f");
    assert!(!stage.text().contains(" more "), "{}", stage.text());
}

#[test]
fn the_list_of_repositories_says_why_its_sums_are_not_the_hubs() {
    let mut stage = Stage::new(100, 30);
    stage.keys("b");
    let text = stage.text();
    assert!(
        text.contains("a shared commit counts in each repository"),
        "{text}"
    );
}

#[test]
fn the_trend_of_the_last_audits_is_shown_where_there_is_room_and_hides_nothing() {
    let past = |depth: &str, complete, found| PastFigures {
        at: 1_795_406_400_000_000 - 7_200_000_000,
        depth: depth.to_owned(),
        complete,
        grades: BTreeMap::from([(Grade::Error, found)]),
    };
    let screen = |trend: Vec<PastFigures>, width, height| {
        let hub = FakeHub {
            trend,
            ..FakeHub::default()
        };
        Stage::with(hub, hub_info(Environment::Staging, false), width, height).text()
    };
    let trend = vec![
        past("presence", true, 100),
        past("bytes", true, 900),
        past("presence", true, 150),
        // It may have found too few, so it has no height.
        past("presence", false, 1),
        past("presence", true, 300),
    ];
    let wide = screen(trend.clone(), 120, 40);
    let drawn = "▁▃?█  between 100 and 300 findings in 4 audits";
    assert!(wide.contains(drawn), "{wide}");
    assert_eq!(plain(drawn), drawn.replace("▁▃?█", "_:?#"));
    assert_eq!(screen(trend.clone(), 80, 24), screen(vec![], 80, 24));
    let one = screen(trend[..1].to_vec(), 120, 40);
    assert_eq!(one, screen(vec![], 120, 40), "one audit is no trend");
}
