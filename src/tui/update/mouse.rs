//! The mouse: the wheel moves what is under it, a click goes to a row or a pane, a second one opens the row, one on a
//! heading sorts, one on a key presses it.
//! It never answers a question.

use super::super::action::{Action, Motion};
use super::super::effect::Effect;
use super::super::notices::Level;
use super::super::overlay::Overlay;
use super::super::regions::{Regions, border_at, dragged, nudged, too_small};
use super::super::screens::Part;
use super::super::state::State;
use super::super::view::footer_items;
use super::run;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;
use std::time::Duration;

/// Rows that the wheel moves by.
const WHEEL: usize = 3;

/// Two clicks within this time are a double click.
const DOUBLE: Duration = Duration::from_millis(500);

/// Listens to the mouse, or leaves it to the terminal.
pub fn toggle(state: &mut State, out: &mut Vec<Effect>) {
    state.mouse = !state.mouse;
    out.push(Effect::Mouse(state.mouse));
    let text = match state.mouse {
        true => "mouse on: shift or option and dragging selects text",
        false => "mouse off: the terminal uses it to select text",
    };
    state.shared.tell(Level::Info, text);
}

/// Takes what the mouse did.
pub fn take(state: &mut State, event: MouseEvent, out: &mut Vec<Effect>) {
    let asked = matches!(
        state.overlay,
        Some(Overlay::Confirm(_) | Overlay::Prompt { .. })
    );
    if !state.mouse || asked || too_small(state.shared.size) {
        return;
    }
    let at = Position::new(event.column, event.row);
    match event.kind {
        MouseEventKind::ScrollDown => wheel(state, at, Motion::Down, out),
        MouseEventKind::ScrollUp => wheel(state, at, Motion::Up, out),
        MouseEventKind::Drag(MouseButton::Left) => drag(state, at),
        MouseEventKind::Up(_) if state.dragging.take().is_some() => {
            out.push(Effect::RememberBorders(state.shared.borders));
        }
        // A click that only brings the window to the front does nothing else.
        MouseEventKind::Down(MouseButton::Left) if !std::mem::take(&mut state.focused_by_click) => {
            click(state, at, out);
        }
        _ => {}
    }
}

/// Moves the border between the first two panes by percent of the width.
pub fn nudge(state: &mut State, points: i16, out: &mut Vec<Effect>) {
    let panes = drawn(&state.regions());
    state.shared.borders = nudged(panes, state.shared.borders, points);
    out.push(Effect::RememberBorders(state.shared.borders));
}

/// Moves the border that the mouse holds to where it is.
fn drag(state: &mut State, at: Position) {
    let Some(border) = state.dragging else { return };
    let panes = drawn(&state.regions());
    if border + 1 < panes {
        let percent = (u32::from(at.x) + 1) * 100 / u32::from(state.shared.size.width.max(1));
        let percent = i16::try_from(percent.min(100)).unwrap_or(100);
        state.shared.borders = dragged(panes, state.shared.borders, border, percent);
    }
}

/// Counts the panes that are drawn.
fn drawn(regions: &Regions) -> usize {
    regions.panes.iter().filter(|pane| !pane.is_empty()).count()
}

/// Moves what is under the mouse, whichever pane takes the movement keys.
fn wheel(state: &mut State, at: Position, motion: Motion, out: &mut Vec<Effect>) {
    let before = turn_to(state, at);
    for _ in 0..WHEEL {
        run(state, Action::Move(motion), out);
    }
    if let (Some(before), Some(screen)) = (before, state.stack.last_mut()) {
        screen.turn_to(before);
    }
}

/// Lets what is drawn at `at` take the movement keys; gives back what took them before. Where one pane alone is drawn, it
/// stays so.
fn turn_to(state: &mut State, at: Position) -> Option<Part> {
    let regions = state.regions();
    let screen = state.stack.last_mut().filter(|_| state.overlay.is_none())?;
    let part = screen.part_at(&regions, at)?;
    screen.turn_to(part)
}

fn click(state: &mut State, at: Position, out: &mut Vec<Effect>) {
    if state.overlay.is_some() {
        return;
    }
    let regions = state.regions();
    if regions.footer.contains(at) {
        let items = footer_items(state, regions.footer.width);
        let hit = items.into_iter().find(|(cells, _)| cells.contains(&at.x));
        if let Some(action) = hit.map(|(_, row)| row.binding.action) {
            run(state, action, out);
        }
        return;
    }
    let [first, ..] = regions.panes;
    let is_beside = (first.top()..first.bottom()).contains(&at.y);
    state.dragging = border_at(&regions.panes, at.x).filter(|_| is_beside);
    if state.dragging.is_some() {
        state.clicked = None;
        return;
    }
    let column = state
        .stack
        .last()
        .and_then(|screen| screen.column_at(&regions, at));
    if let Some(column) = column {
        state.clicked = None;
        return run(state, Action::SortBy(column), out);
    }
    turn_to(state, at);
    let clock = state.shared.clock;
    let State { shared, stack, .. } = state;
    let Some(row) = stack
        .last_mut()
        .and_then(|screen| screen.point_at(shared, &regions, at))
    else {
        state.clicked = None;
        return;
    };
    let twice = state
        .clicked
        .is_some_and(|(clicked, when)| clicked == row && clock.saturating_sub(when) <= DOUBLE);
    state.clicked = (!twice).then_some((row, clock));
    if twice {
        run(state, Action::Open, out);
    }
}
