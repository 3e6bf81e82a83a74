//! The mouse, other programs, and the log: what reaches out of the screen.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::event::Event;
use crate::keymap::KeyContext;
use crate::notices::Level;
use crate::pager;
use crate::screens::Screen;
use crossterm::event::{Event as Term, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use luthier_hub::store::Environment;
use std::time::Duration;

const LEFT: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

fn mouse(stage: &mut Stage, kind: MouseEventKind, column: u16, row: u16) {
    stage.send(Event::Term(Term::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    })));
    stage.answer_all();
}

fn at(stage: &Stage) -> u64 {
    match stage.state.stack.last() {
        Some(Screen::Findings(screen)) => screen.cursor.at,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_click_on_a_heading_sorts_and_a_second_one_turns_the_order_round() {
    let mut stage = Stage::new(100, 30);
    stage.keys("% f z");
    let heading = |stage: &Stage, name: &str| {
        let y = (0..30)
            .find(|y| stage.line(*y).contains("repository"))
            .unwrap();
        let line = stage.line(y);
        let cells = line[..line.find(name).unwrap()].chars().count();
        (u16::try_from(cells).unwrap() + 1, y)
    };
    for (name, sorted) in [
        ("fix", "fix ▾"),
        ("fix", "fix ▴"),
        ("kind", "kind ▾"),
        ("code", "code ▾"),
    ] {
        let (x, y) = heading(&stage, name);
        mouse(&mut stage, LEFT, x, y);
        assert!(stage.line(y).contains(sorted), "{}", stage.text());
    }
    stage.keys("H b");
    let (x, y) = heading(&stage, "commits");
    mouse(&mut stage, LEFT, x, y);
    assert!(stage.line(y).contains("commits ▾"), "{}", stage.text());
    // What cannot be sorted by stays as it is.
    let (x, y) = heading(&stage, "looked at");
    mouse(&mut stage, LEFT, x, y);
    assert!(stage.line(y).contains("commits ▾"), "{}", stage.text());
}

#[test]
fn the_mouse_is_the_terminals_where_it_is_left_to_it() {
    let mut stage = Stage::new(100, 30);
    stage.keys("f");
    mouse(&mut stage, LEFT, 5, 8);
    assert_eq!(at(&stage), 0);
    stage.keys("%");
    assert!(stage.effects.iter().any(|effect| effect == "Mouse(true)"));
    mouse(&mut stage, LEFT, 5, 8);
    assert_eq!(at(&stage), 4, "{}", stage.text());
    stage.keys("%");
    mouse(&mut stage, LEFT, 5, 5);
    assert_eq!(at(&stage), 4);
}

#[test]
fn the_wheel_moves_a_second_click_opens_and_a_key_is_pressed_by_a_click() {
    let mut stage = Stage::new(100, 30);
    stage.keys("f %");
    mouse(&mut stage, MouseEventKind::ScrollDown, 5, 8);
    assert_eq!(at(&stage), 3);
    mouse(&mut stage, LEFT, 5, 6);
    mouse(&mut stage, LEFT, 5, 6);
    assert_eq!(
        stage.state.context(),
        KeyContext::Inspect,
        "{}",
        stage.text()
    );
    stage.keys("esc");
    // Two clicks far apart are two clicks.
    mouse(&mut stage, LEFT, 5, 6);
    stage.send(Event::Beat(Duration::from_secs(5)));
    mouse(&mut stage, LEFT, 5, 6);
    assert_eq!(stage.state.context(), KeyContext::Findings);
    let help = stage.line(29).find("? help").unwrap();
    mouse(&mut stage, LEFT, u16::try_from(help).unwrap() + 2, 29);
    assert_eq!(stage.state.context(), KeyContext::Help);
}

/// Returns the line on which a text is drawn.
fn line_of(stage: &Stage, text: &str) -> u16 {
    let lines = (0..stage.buffer().area.height).find(|y| stage.line(*y).contains(text));
    lines.unwrap_or_else(|| panic!("no {text}: {}", stage.text()))
}

/// Returns the row under the cursor: the only one that is drawn so.
fn chosen(stage: &Stage) -> u64 {
    match stage.state.stack.last() {
        Some(Screen::Hub(screen)) => screen.cursor.at,
        Some(Screen::Plan(screen)) => screen.cursor.at,
        Some(Screen::Run(screen)) => screen.cursor.at,
        Some(Screen::Wanted(screen)) => screen.cursor.at,
        Some(Screen::Pull(screen)) => screen.cursor.at,
        Some(Screen::Inspect(screen)) => screen.cursors[screen.facet].at,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_click_selects_the_row_that_is_drawn_there_on_every_screen_with_a_list() {
    let hub = FakeHub {
        steps: 60,
        lines: 60,
        ..FakeHub::default()
    };
    for (width, height) in [(80, 24), (200, 50)] {
        for (keys, row, at) in [
            ("", "cache-msgpack", 2),
            ("3", "000000000029", 0),
            ("3", "00000000002b", 2),
            ("f x", "    3 backfill", 2),
            ("J enter", " 57 ", 3),
            ("f enter 2", "storage_uri", 0),
            ("b p", "mix/tape", 1),
        ] {
            let info = hub_info(Environment::Demo, true);
            let mut stage = Stage::with(hub.clone(), info, width, height);
            stage.keys("%").keys(keys);
            let y = line_of(&stage, row);
            // Somewhere else first, and scrolled.
            stage.keys("down down down pgup");
            mouse(&mut stage, LEFT, 4, y);
            if row != "storage_uri" {
                assert_eq!(chosen(&stage), at, "{keys} {row}: {}", stage.text());
            }
            assert!(stage.line(y).contains(row), "{keys}: {}", stage.text());
        }
    }
}

#[test]
fn the_wheel_moves_what_is_under_the_mouse_and_a_click_turns_to_a_pane() {
    let mut stage = Stage::new(80, 24);
    stage.keys("% f");
    mouse(&mut stage, MouseEventKind::ScrollDown, 70, 8);
    assert_eq!(at(&stage), 0, "{}", stage.text());
    let is_beside = |stage: &Stage| match stage.state.stack.last() {
        Some(Screen::Findings(screen)) => screen.beside,
        other => panic!("{other:?}"),
    };
    assert!(!is_beside(&stage));
    mouse(&mut stage, LEFT, 70, 8);
    assert!(is_beside(&stage));
    mouse(&mut stage, MouseEventKind::ScrollDown, 5, 8);
    assert!(is_beside(&stage));
    assert_eq!(at(&stage), 3);
    mouse(&mut stage, LEFT, 5, 8);
    assert!(!is_beside(&stage));
}

#[test]
fn the_wheel_moves_on_every_screen_that_is_longer_than_its_pane() {
    let hub = FakeHub {
        steps: 60,
        lines: 60,
        wanted: 60,
        ..FakeHub::default()
    };
    for keys in ["f", "f x", "J enter", "3"] {
        let mut stage = Stage::with(hub.clone(), hub_info(Environment::Demo, true), 80, 15);
        stage.keys("%").keys(keys);
        let before = stage.text();
        mouse(&mut stage, MouseEventKind::ScrollDown, 5, 6);
        let rows = stage.buffer().clone();
        mouse(&mut stage, MouseEventKind::ScrollDown, 5, 6);
        assert!(
            stage.text() != before || *stage.buffer() != rows,
            "{keys}: {before}"
        );
    }
}

#[test]
fn a_border_between_panes_is_moved_by_keys_or_dragged_and_remembered() {
    let mut stage = Stage::new(80, 24);
    let first = |stage: &Stage| stage.state.regions().panes.map(|pane| pane.width);
    stage.keys("f");
    let [before, beside, _] = first(&stage);
    stage.keys(") )");
    let [wider, narrower, _] = first(&stage);
    assert!(wider > before && narrower < beside, "{wider} {narrower}");
    assert_eq!(wider + narrower, 80);
    stage.keys("( (");
    assert_eq!(first(&stage), [before, beside, 0]);
    // Neither pane becomes too narrow to be read, and the way back is as short as it looks.
    stage.keys(") ) ) ) ) ) ) ) ) ) ) )");
    let [widest, least, _] = first(&stage);
    assert!(least >= 18, "{widest} {least}");
    stage.keys("(");
    assert!(first(&stage)[0] < widest);

    let mut stage = Stage::new(200, 50);
    stage.keys("% f");
    for (border, to) in [(0, 100), (1, 150), (0, 60)] {
        let panes = stage.state.regions().panes;
        let x = panes[border].right() - 1;
        mouse(&mut stage, LEFT, x, 10);
        mouse(&mut stage, MouseEventKind::Drag(MouseButton::Left), to, 10);
        mouse(&mut stage, MouseEventKind::Up(MouseButton::Left), to, 10);
        let panes = stage.state.regions().panes;
        assert!(
            panes[border].right().abs_diff(to + 1) <= 2,
            "{border} {to}: {panes:?}"
        );
        assert_eq!(panes.iter().map(|pane| pane.width).sum::<u16>(), 200);
        assert!(panes.iter().all(|pane| pane.width >= 28), "{panes:?}");
    }
    let remembered = stage
        .effects
        .iter()
        .filter(|effect| effect.starts_with("RememberBorders"));
    assert_eq!(remembered.count(), 3);
    // A drag that begins elsewhere moves nothing.
    let panes = stage.state.regions().panes;
    mouse(&mut stage, LEFT, 5, 8);
    mouse(&mut stage, MouseEventKind::Drag(MouseButton::Left), 120, 8);
    assert_eq!(stage.state.regions().panes, panes);
    stage.keys("z )");
    assert!(
        stage.text().contains("one pane alone is shown here"),
        "{}",
        stage.text()
    );
}

#[test]
fn two_clicks_on_a_step_apply_nothing() {
    let mut stage = Stage::new(80, 24);
    stage.keys("% f x");
    let y = line_of(&stage, "1 backfill");
    mouse(&mut stage, LEFT, 5, y);
    mouse(&mut stage, LEFT, 5, y);
    assert_eq!(stage.state.context(), KeyContext::Plan);
    assert_eq!(stage.writes, 0);
}

#[test]
fn a_click_that_brings_the_window_to_the_front_does_nothing_else() {
    let mut stage = Stage::new(100, 30);
    stage.keys("f %");
    stage.send(Event::Term(Term::FocusGained));
    mouse(&mut stage, LEFT, 5, 8);
    assert_eq!(at(&stage), 0);
    mouse(&mut stage, LEFT, 5, 8);
    assert_eq!(at(&stage), 4);
}

#[test]
fn the_mouse_answers_no_question() {
    let mut stage = Stage::new(100, 30);
    stage.keys("% f x enter");
    assert_eq!(stage.state.context(), KeyContext::Confirm);
    for y in 0..30 {
        for x in (0..100).step_by(3) {
            mouse(&mut stage, LEFT, x, y);
        }
    }
    assert_eq!(
        (stage.state.context(), stage.writes),
        (KeyContext::Confirm, 0)
    );
}

#[test]
fn what_is_here_is_looked_at_in_another_program() {
    for (keys, name, part) in [
        ("f e", "uri-missing.txt", "The row has no storage_uri"),
        ("f enter 3 e", "commit-object.json", "{"),
        ("f enter 4 e", "commit-bytes.txt", "00000000"),
        ("f x e", "step.txt", "only if"),
        ("b p e", "pull.txt", "a client refuses it"),
        ("s e", "signoff.txt", "FAIL"),
    ] {
        let mut stage = Stage::new(100, 30);
        stage.keys(keys);
        let seen = stage
            .viewed
            .last()
            .unwrap_or_else(|| panic!("{keys}: {}", stage.notice()));
        assert_eq!(seen.0, name, "{keys}");
        assert!(seen.1.contains(part), "{keys}: {}", seen.1);
    }
    let mut stage = Stage::new(100, 30);
    stage.keys("e");
    assert_eq!(stage.notice(), "e (view): there is nothing to inspect here");
}

#[test]
fn a_program_is_found_as_the_variables_say_and_gets_the_whole_text() {
    let set = |name: &'static str| move |asked: &str| (asked == name).then(|| "x -R".to_owned());
    assert_eq!(pager::program(&set("PAGER")), "x -R");
    assert_eq!(pager::program(&set("EDITOR")), "x -R");
    assert_eq!(pager::program(&|_: &str| None), "less");

    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    let mode = folder.path().join("mode");
    let program = format!(
        "f() {{ cp \"$1\" {}; stat -c %a \"$1\" > {}; }}; f",
        copy.display(),
        mode.display()
    );
    pager::show(&program, "row.txt", "first\nlast\n").unwrap();
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), "first\nlast\n");
    assert_eq!(std::fs::read_to_string(&mode).unwrap().trim(), "600");

    let error = pager::show("no-such-program-anywhere", "row.txt", "").unwrap_err();
    assert!(
        error.to_string().contains("no-such-program-anywhere"),
        "{error}"
    );
}

#[test]
fn every_notice_is_logged_once() {
    let mut stage = Stage::new(100, 30);
    let known = stage.state.shared.notices.count();
    stage.keys("esc e");
    let fresh: Vec<&str> = stage
        .state
        .shared
        .notices
        .since(known)
        .map(|n| n.text.as_str())
        .collect();
    assert_eq!(
        fresh,
        [
            "this is the first screen; q quits",
            "e (view): there is nothing to inspect here"
        ]
    );
    assert_eq!(stage.state.shared.notices.since(known + 2).count(), 0);
}

#[test]
fn the_log_is_read_by_pages_to_its_end() {
    let mut stage = Stage::new(100, 30);
    stage.state.shared.log = "/state/log/a-run.log".to_owned();
    for n in 0..60 {
        let line = format!("slow request {n}.");
        let notices = &mut stage.state.shared.notices;
        notices.log(Level::Warning, line, Duration::ZERO);
    }
    stage.keys("L");
    // 24 lines, one of them the place.
    assert!(stage.text().contains(" ▾ 37 more "), "{}", stage.text());
    stage.keys("pgdn");
    assert!(
        stage.text().contains("slow request 36."),
        "{}",
        stage.text()
    );
    stage.keys("G");
    let text = stage.text();
    assert!(text.contains("slow request 0."), "{text}");
    assert!(text.contains(" ▴ 37 more "), "{text}");
    stage.keys("g");
    assert!(stage.text().contains(" ▾ 37 more "), "{}", stage.text());
}

#[test]
fn lines_of_the_log_are_listed_with_its_place_and_never_stand_in_the_status_line() {
    let mut stage = Stage::new(100, 30);
    stage.state.shared.log = "/state/log/a-run.log".to_owned();
    stage.keys("esc");
    let told = stage.notice().to_owned();
    let known = stage.state.shared.notices.count();
    let notices = &mut stage.state.shared.notices;
    notices.log(
        Level::Warning,
        "slow request took=2s".into(),
        Duration::ZERO,
    );
    assert_eq!(notices.since(known).count(), 0, "it is in the log already");
    assert_eq!(stage.notice(), told);
    stage.keys("L");
    let text = stage.text();
    for shown in [
        "log of this run, newest first",
        "slow request took=2s",
        told.as_str(),
        "/state/log/a-run.log",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    stage.keys("esc");
    stage.state.shared.notices.tell(
        Level::Error,
        "postgres://u:s3cret@db/hub refused",
        Duration::ZERO,
    );
    assert_eq!(stage.notice(), "postgres://***@db/hub refused");
}
