//! Follows `assets/tour.md` key by key, so that it stays true.

use crate::screen::Terminal;

const TOUR: &str = include_str!("../../assets/tour.md");

/// What stands between backticks.
fn ticked(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// What a terminal sends for a key; a text that is no key's name is typed.
fn sent(key: &str) -> &str {
    match key {
        "enter" => "\r",
        "esc" => "\u{1b}",
        "tab" => "\t",
        "down" => "\u{1b}[B",
        other => other,
    }
}

#[test]
fn the_tour_counts_its_keys() {
    let (mut keys, mut told) = (0, 0);
    for line in TOUR.lines() {
        let cells: Vec<&str> = line.split('|').collect();
        match (line.starts_with("## "), cells.get(1)) {
            (true, _) => keys = 0,
            (_, Some(pressed)) => keys += ticked(pressed).count(),
            _ => {}
        }
        let (Some(what), true) = (cells.get(3), line.contains(" keys in all")) else {
            continue;
        };
        let count = what.split(" keys in all").next().unwrap().trim();
        assert_eq!(count.parse(), Ok(keys), "{line}");
        told += 1;
    }
    assert_eq!(told, 1, "the tour says how many keys one section takes");
}

#[test]
fn the_tour_is_as_true_as_the_program() {
    let mut terminal = Terminal::start(&["demo"], 100, 30);
    let steps: Vec<Vec<&str>> = TOUR
        .lines()
        .filter(|line| {
            line.starts_with('|') && !line.starts_with("|-") && !line.starts_with("| press")
        })
        .map(|line| line.split('|').collect())
        .collect();
    assert!(steps.len() > 20, "the tour has no steps");
    let (leave, steps) = steps.split_last().unwrap();
    for step in steps {
        // An escape and a key in one piece would be one key with alt: each key has its frame first.
        for key in ticked(step[1]) {
            let before = terminal.raw().len();
            terminal.send(sent(key));
            terminal.wait_raw("a frame", |raw| {
                raw.len() > before && raw.ends_with(b"\x1b[?2026l")
            });
        }
        for text in ticked(step[2]) {
            terminal.see(text);
        }
    }
    for key in ticked(leave[1]) {
        terminal.send(sent(key));
    }
    assert_eq!(terminal.end().0, 0, "the last key leaves");
}
