//! Whatever is typed, at whatever size, whatever comes back: no panic, and no write without a yes.

use super::hub::FakeHub;
use super::stage::{Stage, face};
use crate::store::Environment;
use crate::tui::keymap::{Place, TABLE};
use crate::tui::screens::Screen;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Act {
    Key(usize),
    Letter(char),
    Settle,
    Resize(u16, u16),
    Fail(bool),
    Findings(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => (0..TABLE.len()).prop_map(Act::Key),
        2 => any::<char>().prop_map(Act::Letter),
        4 => Just(Act::Settle),
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
        let mut stage = Stage::with(FakeHub::default(), face(environment, true), 100, 30);
        for act in acts {
            let (asked, writes) = (stage.state.place(), stage.writes);
            match act {
                Act::Key(n) => stage.press(TABLE[n].keys[0]),
                Act::Letter(c) if !c.is_whitespace() => stage.press(&c.to_string()),
                Act::Letter(_) | Act::Settle => stage.settle(),
                Act::Resize(width, height) => stage.resize(width, height),
                Act::Fail(fails) => stage.hub.fails = fails.then(|| "no answer".into()),
                Act::Findings(findings) => stage.hub.findings = findings,
            }
            prop_assert!(
                stage.writes == writes || matches!(asked, Place::Confirm | Place::Name),
                "written from {asked:?}"
            );
            prop_assert!(!(production && stage.writes > 0), "nobody typed the hub's name");
            stage.draw();
            in_range(&stage);
        }
    }
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
