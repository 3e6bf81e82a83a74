//! A repair under way: its speed, what holds it, failed and skipped steps.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::effect::{Effect, Job};
use crate::event::Event;
use crate::meter::Speed;
use luthier_hub::progress::Figures;
use luthier_hub::store::Environment;

/// A repair that has just begun on production.
fn applying() -> Stage {
    let hub = FakeHub {
        steps: 40,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Production, true), 80, 24);
    stage.keys("f x enter");
    stage.types("musehub-test");
    stage.press("enter");
    stage
        .waiting
        .retain(|effect| !matches!(effect, Effect::Apply { .. }));
    stage.draw();
    stage
}

fn figures(stage: &mut Stage, done: u64, waiting: Option<&str>, paused: bool) {
    let mut figures = Figures {
        phase: "applying".into(),
        done,
        total: Some(40),
        subject: "sha256:ab".into(),
        waiting: waiting.map(str::to_owned),
        trouble: vec!["failed sha256:ab: no answer\u{1b}[2J".into()],
        ..Figures::default()
    };
    figures.outcomes.insert("written".into(), done);
    stage.send(Event::Progress {
        job: Job::Apply,
        figures,
        paused,
        speed: Some(Speed {
            limit: 8,
            allowed: 2,
        }),
    });
    stage.answer_all();
}

#[test]
fn the_first_steps_are_shown_and_p_goes_on() {
    let mut stage = applying();
    figures(&mut stage, 10, Some("the first 10 steps are done"), true);
    let text = stage.text();
    for words in [
        "! the first 10 steps are done; check them, then p continues",
        "They are listed below (↓ scrolls).",
        "`luthier show ID`",
        "the first steps",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("│now "), "nothing is under way: {text}");
    assert!(text.contains("p continues, ctrl-c stops here"), "{text}");
    stage.keys("p");
    assert!(stage.effects.iter().any(|e| e == "Pause(Apply, false)"));
}

#[test]
fn a_repair_that_has_ended_offers_nothing_to_pause() {
    let mut stage = Stage::with(
        FakeHub::default(),
        hub_info(Environment::Demo, true),
        200,
        50,
    );
    stage.keys("f x enter y");
    let footer = stage.line(49);
    for title in ["pause", "faster", "slower"] {
        assert!(!footer.contains(title), "{title}: {footer}");
    }
    let stage = applying();
    assert!(stage.line(23).contains("pause"), "{}", stage.line(23));
}

#[test]
fn the_reason_for_waiting_the_speed_and_the_failures_are_told_as_they_come() {
    let mut stage = applying();
    figures(&mut stage, 12, Some("waiting 4 s: SlowDown"), false);
    let text = stage.text();
    assert!(text.contains("waiting 4 s: SlowDown"), "{text}");
    let speed = "in parallel   8; the store allows 2 now";
    assert!(text.contains(speed), "{text}");
    assert!(text.contains("│now           sha256:ab"), "{text}");
    assert!(text.contains("✗ failed sha256:ab: no answer"), "{text}");
    stage.keys("+ - -");
    let paces = stage.effects.iter().filter(|e| e.starts_with("Throttle"));
    assert_eq!(paces.count(), 3);
}
