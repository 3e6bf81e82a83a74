//! Every screen at the sizes that people have, in every look: frames are closed, words are whole where
//! there is room, and nothing of another size is left.

use super::stage::Stage;
use crate::background::theme;
use crate::degrade::{Colors, TermCaps};
use crate::theme::{Choice, Theme};
use ratatui::buffer::Buffer;

const SIZES: [(u16, u16); 4] = [(60, 15), (80, 24), (120, 40), (200, 60)];

const SCREENS: &[&str] = &[
    "",
    "b",
    "b enter",
    "b enter 2",
    "b enter 3",
    "b b",
    "b p",
    "f",
    "f c",
    "f enter",
    "f enter d",
    "f enter 2",
    "f enter 3",
    "f enter 4",
    "f enter 5",
    "f enter 6",
    "f x",
    "f x c",
    "f x enter",
    "f x enter y",
    "f ?",
    "f :",
    "f /",
    "s",
    "J",
    "L",
];

/// Blank cells behind a cut word that would have held more of it.
const ROOM: &str = "    ";

fn term_caps() -> [(&'static str, Theme, TermCaps); 4] {
    let caps = |colors, unicode| TermCaps { colors, unicode };
    let none = |_: &str| None;
    let full = caps(Colors::True, true);
    [
        ("dark", theme(Choice::Dark, full, &none).unwrap(), full),
        ("light", theme(Choice::Light, full, &none).unwrap(), full),
        ("no colours", Theme::ansi(), caps(Colors::None, true)),
        ("ASCII", Theme::ansi(), caps(Colors::Sixteen, false)),
    ]
}

fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width);
    let rows = buffer.content.chunks(width);
    rows.map(|cells| cells.iter().map(|cell| cell.symbol()).collect())
        .collect()
}

/// The first pane stands below the first line, or below the line of a guide.
fn panes(lines: &[String]) -> &[String] {
    let top = lines.iter().position(|line| line.starts_with(['╭', '+']));
    let end = lines.iter().rposition(|line| line.starts_with(['╰', '+']));
    &lines[top.unwrap()..=end.unwrap()]
}

#[test]
fn words_are_whole_where_there_is_room() {
    for (width, height) in SIZES {
        for keys in SCREENS {
            let mut stage = Stage::new(width, height);
            stage.keys(keys);
            for line in stage.text().lines() {
                for (at, _) in line.match_indices('…') {
                    let cut = line[..at].ends_with(char::is_alphanumeric);
                    let room = line[at + '…'.len_utf8()..].starts_with(ROOM);
                    assert!(!(cut && room), "{width}x{height} {keys}: {line}");
                }
            }
        }
    }
}

#[test]
fn every_look_has_the_same_cells_in_closed_frames() {
    for (width, height) in SIZES {
        for keys in SCREENS {
            let mut stage = Stage::new(width, height);
            stage.keys(keys);
            let plain = lines(stage.buffer());
            for (name, theme, caps) in term_caps() {
                let where_ = format!("{width}x{height} {keys}, {name}");
                let seen = lines(&stage.painted(&theme, caps));
                for line in panes(&seen) {
                    assert!(
                        line.ends_with(['│', '╮', '╯', '|', '+']),
                        "{where_}: {line}"
                    );
                }
                if caps.unicode {
                    assert_eq!(seen, plain, "{where_}");
                    continue;
                }
                for (line, plain) in seen.iter().zip(&plain) {
                    let same = line.chars().zip(plain.chars());
                    let same = same.filter(|(_, plain)| plain.is_ascii());
                    for (letter, plain) in same {
                        assert_eq!(letter, plain, "{where_}: {line}");
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_of_another_size_is_left() {
    for keys in SCREENS {
        for (width, height) in SIZES {
            let mut fresh = Stage::new(width, height);
            fresh.keys(keys);
            let mut resized = Stage::new(width, height);
            resized.keys(keys);
            for (width, height) in SIZES {
                resized.resize(width, height);
            }
            resized.resize(width, height);
            resized.answer_all();
            resized.draw();
            assert_eq!(resized.text(), fresh.text(), "{width}x{height} {keys}");
        }
    }
}

#[test]
fn the_name_of_a_repository_is_whole_on_the_smallest_screen() {
    let mut stage = Stage::new(60, 15);
    stage.keys("b");
    assert!(stage.text().contains("alice/song "), "{}", stage.text());
    assert!(!stage.line(2).contains("look"), "{}", stage.text());
    stage.resize(80, 24);
    assert!(stage.line(2).contains("looked at"), "{}", stage.text());
}
