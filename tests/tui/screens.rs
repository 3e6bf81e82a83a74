//! What stands on the screens, in text and roles.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::effect::Job;
use crate::event::Event;
use luthier_hub::progress::Figures;
use luthier_hub::store::Environment;
use std::time::Duration;

pub fn snap(name: &str, stage: &Stage) {
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tui/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, stage.screen());
    });
}

/// Each place is reached by its keys.
fn at_both_sizes(name: &str, keys: &str) {
    for (width, height) in [(80, 24), (200, 50)] {
        let mut stage = Stage::new(width, height);
        stage.keys(keys);
        stage.send(Event::Beat(Duration::from_secs(1)));
        stage.draw();
        snap(&format!("{name}_{width}"), &stage);
    }
}

macro_rules! screens {
    ($($name:ident $keys:literal;)*) => {
        $(#[test] fn $name() { at_both_sizes(stringify!($name), $keys); })*
    };
}

screens! {
    hub "";
    repos "b";
    objects "b enter down down";
    findings "f down space";
    findings_grouped "f c";
    inspect_diff "f enter";
    inspect_row "f enter 2";
    inspect_object "f enter 3";
    inspect_bytes "f enter 4";
    inspect_identity "f enter 5";
    inspect_links "f enter 6";
    plan "f x";
    plan_refused "f x c";
    confirm "f x enter";
    applied "f x enter y";
    help "f ?";
}

#[test]
fn confirm_by_name() {
    let mut stage = Stage::with(
        FakeHub::default(),
        hub_info(Environment::Production, true),
        80,
        24,
    );
    stage.keys("f x enter").types("musehub");
    snap("confirm_by_name_80", &stage);
}

#[test]
fn applying() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f x enter");
    stage.press("y");
    for (at, done) in [(1, 0), (8, 120)] {
        stage.send(Event::Beat(Duration::from_secs(at)));
        let mut figures = Figures {
            phase: "writing".into(),
            done,
            total: Some(400),
            subject: "sha256:\u{1b}[2J".into(),
            ..Figures::default()
        };
        figures.outcomes.insert("written".into(), done);
        stage.send(Event::Progress {
            job: Job::Apply,
            figures,
            paused: false,
            speed: None,
        });
    }
    stage.draw();
    snap("applying_80", &stage);
}

#[test]
fn auditing() {
    let mut stage = Stage::new(80, 24);
    stage.state.shared.audits.last = None;
    stage.press("A");
    stage.press("enter");
    let mut figures = Figures {
        phase: "rows".into(),
        done: 12,
        ..Figures::default()
    };
    figures.outcomes.insert("uri-missing".into(), 7);
    stage.send(Event::Progress {
        job: Job::Audit,
        figures,
        paused: false,
        speed: None,
    });
    stage.draw();
    snap("auditing_80", &stage);
}
