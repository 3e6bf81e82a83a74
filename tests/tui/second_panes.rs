//! The panes beside the hub's codes and beside an inspected object, and the field below the differences: each that has more
//! than it shows is scrolled, by keys and by the wheel.

use super::hub::FakeHub;
use super::screens::snap;
use super::stage::{Stage, hub_info};
use crate::event::Event;
use crate::screens::{Part, Screen};
use crate::state::Slot;
use crossterm::event::{Event as Term, KeyModifiers, MouseEvent, MouseEventKind};
use luthier_hub::store::Environment;
use ratatui::layout::Rect;

fn wheel(stage: &mut Stage, (column, row): (u16, u16)) {
    stage.send(Event::Term(Term::Mouse(MouseEvent {
        kind: MouseEventKind::ScrollDown,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    })));
    stage.answer_all();
}

/// The text of an area.
fn within(stage: &Stage, area: Rect) -> String {
    let line = |y| -> String {
        let cells = (area.left()..area.right()).map(|x| stage.buffer()[(x, y)].symbol());
        cells.collect()
    };
    let lines: Vec<String> = (area.top()..area.bottom()).map(line).collect();
    lines.join("\n")
}

/// The list, and the pane beside it.
fn panes(stage: &Stage) -> [String; 2] {
    let [first, second, _] = stage.state.regions().panes;
    [first, second].map(|pane| within(stage, pane))
}

#[test]
fn the_pane_beside_the_hubs_codes_is_scrolled_to_its_end_and_the_code_stays() {
    let mut stage = Stage::new(140, 18);
    // A narrow pane has more lines to show.
    stage.keys(") ) ) ) )");
    let [codes, top] = panes(&stage);
    assert!(
        top.contains("▾") && !top.contains("enter lists them"),
        "{top}"
    );
    stage.keys("tab");
    snap("hub_beside_140", &stage);
    stage.keys("end");
    let [still, end] = panes(&stage);
    assert_eq!(still, codes);
    assert!(
        end.contains("enter lists them") && end.contains("▴"),
        "{end}"
    );
    stage.keys("home");
    assert_eq!(panes(&stage), [codes.clone(), top.clone()]);
    // Another code is explained from its beginning.
    stage.keys("end esc down");
    assert_eq!(stage.state.stack.len(), 1);
    assert!(!panes(&stage)[1].contains("▴"), "{}", stage.text());
    stage.keys("up");
    // The wheel moves it without turning to it.
    let at = stage.state.regions().panes[1].as_position();
    stage.keys("%");
    wheel(&mut stage, (at.x + 3, at.y + 3));
    let [still, end] = panes(&stage);
    assert_eq!(still, codes);
    assert!(end.contains("▴"), "{end}");
    stage.keys("down");
    match stage.state.stack.last() {
        Some(Screen::Hub(screen)) => assert_eq!(screen.cursor.at, 1, "the list has the keys"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn where_one_pane_fits_tab_explains_the_code_and_esc_goes_back() {
    let mut stage = Stage::new(80, 24);
    let hub = stage.text();
    stage.keys("tab");
    assert!(stage.text().contains("╭ code ─"), "{}", stage.text());
    assert!(
        stage.text().contains("enter lists them"),
        "{}",
        stage.text()
    );
    stage.keys("down esc");
    assert_eq!(stage.text(), hub);
    stage.keys("tab enter");
    assert_eq!(stage.state.stack.len(), 2);
}

/// An inspected object with many links, whose first field is long.
fn inspected() -> Stage {
    let mut stage = Stage::new(140, 24);
    stage.keys("f enter");
    if let Some(Screen::Inspect(screen)) = stage.state.stack.last_mut()
        && let Slot::Ready(seen) = &mut screen.seen
    {
        let link = seen.links[0].clone();
        seen.links.extend(std::iter::repeat_n(link, 40));
        let part = seen.fields[0].row.as_mut().unwrap().last_mut().unwrap();
        part.text += &" and one more word".repeat(30);
    }
    stage.answer_all();
    stage
}

fn part(stage: &Stage) -> Part {
    match stage.state.stack.last() {
        Some(Screen::Inspect(screen)) => screen.part,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tab_goes_from_the_differences_to_the_field_below_and_to_the_pane_beside() {
    let mut stage = inspected();
    stage.keys("tab");
    assert_eq!(part(&stage), Part::Below);
    let [facet, ties] = panes(&stage);
    stage.keys("down");
    let [scrolled, still] = panes(&stage);
    assert_ne!(scrolled, facet);
    assert_eq!(still, ties);
    snap("inspect_below_140", &stage);
    stage.keys("tab");
    assert_eq!(part(&stage), Part::Beside);
    assert!(ties.contains("▾"), "{ties}");
    stage.keys("end");
    let [still, end] = panes(&stage);
    assert_eq!(still, scrolled);
    assert!(end.contains("▴"), "{end}");
    snap("inspect_beside_140", &stage);
    // Back goes to the differences first, and so does another facet.
    stage.keys("esc");
    assert_eq!(part(&stage), Part::List);
    stage.keys("tab tab 6");
    assert_eq!(part(&stage), Part::List);
    stage.keys("down");
    assert_ne!(panes(&stage)[0], scrolled);
}

#[test]
fn the_wheel_moves_each_part_of_an_inspected_object_and_leaves_the_keys_where_they_were() {
    let mut stage = inspected();
    stage.keys("%");
    let [first, second, _] = stage.state.regions().panes;
    let before = panes(&stage);
    wheel(&mut stage, (second.x + 3, second.y + 3));
    let beside = panes(&stage);
    assert_eq!(beside[0], before[0]);
    assert_ne!(beside[1], before[1]);
    wheel(&mut stage, (first.x + 3, first.bottom() - 3));
    let below = panes(&stage);
    assert_ne!(below[0], beside[0]);
    assert_eq!(below[1], beside[1]);
    assert_eq!(part(&stage), Part::List);
}

#[test]
fn where_nothing_is_beside_tab_shows_the_next_facet() {
    let mut stage = Stage::new(60, 15);
    stage.keys("f enter tab");
    assert!(stage.text().contains("[2 Row]"), "{}", stage.text());
}

#[test]
fn on_the_smallest_screen_the_hub_shows_what_can_be_done_and_the_code_that_enter_opens() {
    let mut stage = Stage::new(60, 15);
    assert!(stage.text().contains("fixable now [1]"), "{}", stage.text());
    assert!(
        stage.text().contains("of 3 branches fail"),
        "{}",
        stage.text()
    );
    assert!(stage.text().contains("commit-treeless"), "{}", stage.text());
    stage.keys("down");
    assert!(stage.text().contains("uri-missing"), "{}", stage.text());
}

#[test]
fn the_help_says_how_many_keys_more_there_are_over_none_of_them() {
    let mut stage = Stage::new(80, 24);
    stage.keys("?");
    let more = stage.text();
    let more = more.lines().find(|line| line.contains("▾")).unwrap();
    assert!(more.contains("────"), "{more}");
}

#[test]
fn a_zoom_belongs_to_the_screen_where_it_was_asked_for() {
    let mut stage = Stage::new(120, 40);
    let shown = |stage: &Stage| {
        let panes = stage.state.regions().panes;
        panes.iter().filter(|pane| pane.width > 0).count()
    };
    stage.keys("f x z");
    assert_eq!(shown(&stage), 1);
    stage.keys("?").keys("esc");
    assert_eq!(shown(&stage), 1, "it is kept there");
    stage.keys("esc");
    assert_eq!(shown(&stage), 2, "the list was not zoomed");
    stage.keys("x");
    assert_eq!(shown(&stage), 2, "another plan");
    stage.keys("esc z x");
    assert_eq!(shown(&stage), 2);
    stage.keys("esc");
    assert_eq!(shown(&stage), 1, "what was not left is still as it was");
    stage.keys("z");
    assert_eq!(shown(&stage), 2);
}

#[test]
fn a_checkpoint_is_of_a_repository_and_not_of_a_branch() {
    let hub = FakeHub {
        checkpoint: true,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 120, 40);
    stage.keys("f x");
    let step = &panes(&stage)[1];
    assert!(step.contains("1. checkpoint repository"), "{step}");
    assert!(!step.contains("branch  "), "{step}");
}
