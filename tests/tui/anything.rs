//! Whatever is typed, at whatever size, whatever comes back: no panic, and no write without a yes.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::event::Event;
use crate::keymap::{KeyContext, TABLE};
use crate::screens::Screen;
use crossterm::event::{Event as Term, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use luthier_hub::store::Environment;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Act {
    Key(usize),
    Letter(char),
    AnswerAll,
    Resize(u16, u16),
    Fail(bool),
    Findings(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => (0..TABLE.len()).prop_map(Act::Key),
        2 => any::<char>().prop_map(Act::Letter),
        4 => Just(Act::AnswerAll),
        1 => (0u16..=220, 0u16..=60).prop_map(|(w, h)| Act::Resize(w, h)),
        1 => any::<bool>().prop_map(Act::Fail),
        1 => (0u64..700).prop_map(Act::Findings),
    ]
}

/// The cursor of every list is in its list.
fn in_range(stage: &Stage) {
    match stage.state.stack.last() {
        Some(Screen::Findings(screen))
            if screen.count.ready().is_some() && screen.group.is_none() =>
        {
            assert!(
                screen.cursor.at < screen.len().max(1),
                "{:?} of {}",
                screen.cursor,
                screen.len()
            );
        }
        Some(Screen::Objects(screen)) => {
            assert!(screen.list.cursor.at < screen.list.len().max(1));
        }
        Some(Screen::Inspect(screen)) if screen.seen.ready().is_some() => {
            assert!(screen.cursors[screen.facet].at < screen.len().max(1));
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_keys_any_sizes_any_answers(
        acts in proptest::collection::vec(act(), 0..60),
        production in any::<bool>(),
    ) {
        let environment = if production { Environment::Production } else { Environment::Demo };
        let mut stage = Stage::with(FakeHub::default(), hub_info(environment, true), 100, 30);
        for act in acts {
            let (asked, writes) = (stage.state.context(), stage.writes);
            match act {
                Act::Key(n) => stage.press(TABLE[n].keys[0]),
                Act::Letter(c) if !c.is_whitespace() => stage.press(&c.to_string()),
                Act::Letter(_) | Act::AnswerAll => stage.answer_all(),
                Act::Resize(width, height) => stage.resize(width, height),
                Act::Fail(fails) => stage.hub.fails = fails.then(|| "no answer".into()),
                Act::Findings(findings) => stage.hub.findings = findings,
            }
            prop_assert!(
                stage.writes == writes || matches!(asked, KeyContext::Confirm | KeyContext::Name),
                "written from {asked:?}"
            );
            prop_assert!(!(production && stage.writes > 0), "nobody typed the hub's name");
            stage.draw();
            in_range(&stage);
        }
    }
}

/// One event of a long session, drawn by chance; what it was, for whoever looks at a failure.
fn anything(stage: &mut Stage, chance: &mut fastrand::Rng) -> String {
    let mut word = String::new();
    match chance.u32(..100) {
        0..60 => {
            let row = &TABLE[chance.usize(..TABLE.len())];
            word = chance.choice(row.keys).unwrap_or(&"esc").to_string();
            stage.press(&word);
        }
        60..68 => {
            let c = chance.char(..);
            if !c.is_whitespace() {
                stage.press(&c.to_string());
            }
        }
        68..86 => stage.answer_all(),
        86..89 => {
            let (width, height) = (chance.u16(0..=220), chance.u16(0..=60));
            word = format!("{width}x{height}");
            stage.resize(width, height);
        }
        89..91 => stage.hub.fails = chance.bool().then(|| "no answer".into()),
        91..93 => stage.hub.findings = chance.u64(..700),
        93..95 => stage.send(Event::Term(Term::Paste("y\u{1b}[31m demo\n".into()))),
        95..97 => stage.send(Event::Term(Term::Mouse(MouseEvent {
            kind: *chance
                .choice(&[
                    MouseEventKind::Down(MouseButton::Left),
                    MouseEventKind::ScrollDown,
                    MouseEventKind::ScrollUp,
                ])
                .unwrap(),
            column: chance.u16(..230),
            row: chance.u16(..70),
            modifiers: KeyModifiers::NONE,
        }))),
        97 => stage.send(Event::Term(Term::FocusGained)),
        98 => stage.send(Event::Lost(chance.bool().then(|| "no route".into()))),
        _ => {
            let seconds = chance.u64(1..30);
            let clock = stage.state.shared.clock + Duration::from_secs(seconds);
            stage.send(Event::Beat(clock));
        }
    }
    word
}

/// So many events in each of the four sessions below.
const EVENTS: usize = 25_000;

/// A hundred thousand events in all: nothing panics, nothing is drawn outside the screen (which the
/// buffer would not bear), no cursor leaves its list, and nothing is written unless it was asked for.
fn long_session(seed: u64) {
    let mut chance = fastrand::Rng::with_seed(seed);
    let environment = [Environment::Demo, Environment::Production][seed as usize % 2];
    let mut stage = Stage::with(FakeHub::default(), hub_info(environment, true), 100, 30);
    let (mut places, mut all) = (BTreeSet::new(), 0);
    for n in 0..EVENTS {
        let (asked, writes) = (stage.state.context(), stage.writes);
        let word = anything(&mut stage, &mut chance);
        let agreed = matches!(asked, KeyContext::Confirm | KeyContext::Name);
        assert!(
            stage.writes == writes || agreed,
            "event {n} {word:?} wrote from {asked:?}"
        );
        all += stage.writes - writes;
        stage.draw();
        in_range(&stage);
        places.insert(stage.state.context().name());
        if stage.state.shared.leaving {
            stage = Stage::with(stage.hub.clone(), hub_info(environment, true), 100, 30);
        }
        // A person does not go ten thousand screens deep.
        if stage.state.stack.len() > 50 {
            stage.press("H");
        }
    }
    println!("seed {seed}: {EVENTS} events, {all} writes, places {places:?}");
    assert!(places.len() > 12, "{places:?}");
}

#[test]
fn a_hundred_thousand_events_first_quarter() {
    long_session(0);
}

#[test]
fn a_hundred_thousand_events_second_quarter() {
    long_session(1);
}

#[test]
fn a_hundred_thousand_events_third_quarter() {
    long_session(2);
}

#[test]
fn a_hundred_thousand_events_last_quarter() {
    long_session(3);
}

#[test]
fn every_screen_is_drawn_at_every_size() {
    for keys in [
        "",
        "b",
        "b enter",
        "f",
        "f enter",
        "f enter 4",
        "f x",
        "f x enter",
        "f ?",
    ] {
        let mut stage = Stage::new(100, 30);
        stage.keys(keys);
        for width in (0..=220).step_by(5) {
            for height in [0, 1, 2, 9, 15, 16, 24, 50] {
                stage.resize(width, height);
            }
        }
    }
}
