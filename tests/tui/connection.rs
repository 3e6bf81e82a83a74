//! A hub that goes away and comes back.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::event::Event;
use luthier_hub::store::Environment;

const WHY: &str = "the database db.internal:5432/hub cannot be reached: connection refused";

#[test]
fn a_lost_connection_stands_in_the_first_line_at_every_width() {
    for width in [60, 80, 200] {
        let mut stage = Stage::new(width, 24);
        stage.send(Event::Lost(Some(WHY.into())));
        stage.draw();
        let first = stage.line(0);
        assert!(first.contains("CONNECTION LOST"), "{width}: {first}");
        assert!(first.contains("DEMO") && first.contains("WRITE"), "{first}");
        assert!(stage.notice().contains("connection refused"));
        stage.send(Event::Lost(None));
        stage.draw();
        assert!(!stage.line(0).contains("LOST"));
        assert_eq!(stage.notice(), "connected again");
    }
}

#[test]
fn what_is_shown_stays_and_what_could_not_be_read_is_read_again() {
    let mut stage = Stage::new(100, 30);
    stage.keys("b enter");
    let before: Vec<String> = (2..20).map(|y| stage.line(y)).collect();
    stage.hub.fails = Some(WHY.into());
    stage.send(Event::Lost(Some(WHY.into())));
    stage.draw();
    let kept: Vec<String> = (2..20).map(|y| stage.line(y)).collect();
    assert_eq!(kept, before);
    stage.keys("R");
    assert!(stage.notice().contains("reconnects by itself"));
    let kept: Vec<String> = (2..20).map(|y| stage.line(y)).collect();
    assert_eq!(kept, before);
    stage.keys("2");
    assert!(stage.text().contains("refused"), "{}", stage.text());
    stage.hub.fails = None;
    stage.send(Event::Lost(None));
    stage.answer_all();
    stage.draw();
    assert!(!stage.text().contains("refused"), "{}", stage.text());
    stage.keys("1");
    let back: Vec<String> = (2..20).map(|y| stage.line(y)).collect();
    assert_eq!(back, before);
}

#[test]
fn an_audit_that_was_cut_off_starts_again_by_itself() {
    let hub = FakeHub {
        fails: None,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Staging, false), 100, 30);
    stage.hub.fails = Some(WHY.into());
    stage.keys("A enter");
    stage.send(Event::Lost(Some(WHY.into())));
    let audits = |stage: &Stage| stage.effects.iter().filter(|e| e.contains("Audit")).count();
    let before = audits(&stage);
    stage.hub.fails = None;
    stage.send(Event::Lost(None));
    stage.answer_all();
    assert_eq!(audits(&stage), before + 1);
}
