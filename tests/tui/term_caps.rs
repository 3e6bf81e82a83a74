//! Sizes, colours, glyphs, and text that means harm.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::degrade::{Colors, TermCaps};
use luthier_hub::store::Environment;
use ratatui::style::{Color, Modifier};

const SCREENS: &[&str] = &[
    "",
    "b",
    "b enter",
    "f",
    "f c",
    "f enter",
    "f enter 4",
    "f x",
    "f x enter",
    "b p",
    "f ?",
    "L",
];

#[test]
fn without_colours_the_row_under_the_cursor_is_still_to_be_seen() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f down");
    let buffer = stage.degraded(TermCaps {
        colors: Colors::None,
        unicode: true,
    });
    assert!(
        buffer
            .content
            .iter()
            .all(|cell| (cell.fg, cell.bg) == (Color::Reset, Color::Reset))
    );
    let reversed = |y: u16| buffer[(5, y)].modifier.contains(Modifier::REVERSED);
    assert_eq!(
        (3..9).map(reversed).collect::<Vec<_>>(),
        [false, false, true, false, false, false]
    );
    assert!(
        buffer[(1, 0)].modifier.contains(Modifier::REVERSED),
        "the badge is"
    );
}

#[test]
fn without_unicode_every_cell_is_ascii_and_none_of_ours_is_lost() {
    for keys in SCREENS {
        let mut stage = Stage::new(120, 40);
        stage.keys(keys);
        let buffer = stage.degraded(TermCaps {
            colors: Colors::True,
            unicode: false,
        });
        for cell in &buffer.content {
            assert!(cell.symbol().is_ascii(), "{keys}: {:?}", cell.symbol());
        }
        let text: String = buffer.content.iter().map(|cell| cell.symbol()).collect();
        assert_eq!(
            text.matches('?').count(),
            stage.text().matches('?').count(),
            "{keys}"
        );
    }
}

#[test]
fn footer_and_banner_hold_whole_items_and_nothing_leaves_its_line() {
    for width in 60..=220 {
        for keys in ["", "b enter", "f", "f enter", "f x"] {
            let mut stage = Stage::new(width, 20);
            stage.keys(keys);
            let banner = stage.line(0);
            assert!(banner.starts_with(" DEMO  WRITE  musehub-test"), "{banner}");
            for item in ["sqlite", "folder"] {
                let whole = format!(
                    "{item} /srv/{}",
                    if item == "sqlite" {
                        "hub.db"
                    } else {
                        "objects"
                    }
                );
                assert!(
                    !banner.contains(item) || banner.contains(&whole),
                    "{banner}"
                );
            }
            let line = stage.line(19);
            let mut left = line.trim_end().to_owned() + " ";
            for row in stage.state.keymap.footer(stage.state.context()) {
                left = left.replacen(&format!(" {} {} ", row.keys[0], row.binding.title), "", 1);
            }
            assert_eq!(left.trim(), "", "{width} {keys}: {line}");
            assert!(
                line.contains("? help") && line.contains("q leave"),
                "{line}"
            );
        }
    }
}

#[test]
fn a_screen_that_is_too_small_says_what_it_needs() {
    let mut stage = Stage::new(80, 24);
    stage.resize(41, 9);
    assert!(stage.text().starts_with("needs 60x15, has 41x9"));
    stage.keys("f");
    assert_eq!(stage.state.stack.len(), 1, "nothing is done unseen");
    stage.keys("q");
    assert_eq!(stage.effects.last().unwrap(), "Quit");
}

#[test]
fn hostile_text_stays_text() {
    let text = "a\u{1b}[2J\u{7}\u{202e}b\r\nc\u{200b}\u{9b}31m\u{0}".repeat(20);
    let hub = FakeHub {
        text,
        ..FakeHub::default()
    };
    for keys in [
        "f",
        "f enter",
        "f enter 2",
        "f enter 3",
        "f x",
        "b enter",
        "f enter 4",
    ] {
        let mut stage = Stage::with(hub.clone(), hub_info(Environment::Demo, true), 200, 50);
        stage.keys(keys);
        for cell in &stage.buffer().content {
            let bad = |c: char| c.is_control() || "\u{202e}\u{200b}".contains(c);
            assert!(!cell.symbol().contains(bad), "{keys}: {:?}", cell.symbol());
        }
        stage.keys("Y y");
        assert!(stage.copied.iter().all(|text| !text.contains('\u{1b}')));
    }
}

#[test]
fn an_idle_console_stands_still() {
    let mut stage = Stage::new(80, 24);
    stage.state.shared.notices.dismiss();
    assert!(!stage.state.moving());
}

#[test]
fn the_title_names_hub_and_mode() {
    assert_eq!(
        Stage::new(80, 24).state.title(),
        "luthier · DEMO WRITE · musehub-test"
    );
}
