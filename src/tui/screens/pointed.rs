//! What the mouse points at: a heading, a row of a list, a pane.

use super::Screen;
use crate::regions::{Regions, inner};
use crate::state::Shared;
use crate::widgets::list::Cursor;
use ratatui::layout::{Position, Rect};

/// The part of a screen that takes the movement keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    #[default]
    List,
    /// Below the list, in its pane.
    Below,
    /// The pane beside the list.
    Beside,
}

impl Screen {
    /// Returns the column whose heading is drawn at `at`, where a list can be sorted by it.
    #[must_use]
    pub fn column_at(&self, regions: &Regions, at: Position) -> Option<usize> {
        let list = inner(regions.panes[0]);
        let x =
            at.x.checked_sub(list.x)
                .filter(|_| list.contains(at) && at.y == list.y)?;
        match self {
            Screen::Repos(screen) => screen.column_at(list.width, x),
            Screen::Findings(screen) if screen.group.is_none() => screen.column_at(list.width, x),
            _ => None,
        }
    }

    /// Puts the cursor on the row of the list that is drawn at `at`, and names the row.
    pub fn point_at(&mut self, shared: &Shared, regions: &Regions, at: Position) -> Option<u64> {
        let area = inner(regions.panes[0]);
        if area.is_empty() {
            return None;
        }
        if let Screen::Pull(screen) = self {
            let line = area.contains(at).then(|| at.y - area.y)?;
            return screen.point_at(u64::from(line), area.width, shared);
        }
        let (rows, cursor, len) = self.rows(shared, area)?;
        let row = cursor
            .top
            .checked_add(u64::from(at.y.checked_sub(rows.y)?))?;
        if !rows.contains(at) || row >= len {
            return None;
        }
        cursor.at = row;
        Some(row)
    }

    /// Returns where the rows of its list are drawn, the list's cursor, and the number of rows.
    fn rows(&mut self, shared: &Shared, area: Rect) -> Option<(Rect, &mut Cursor, u64)> {
        let below = |heading: u16| Rect {
            y: area.y.saturating_add(heading),
            height: area.height.saturating_sub(heading),
            ..area
        };
        Some(match self {
            Screen::Hub(screen) => {
                let (rows, len) = screen.rows(shared, area);
                (rows, &mut screen.cursor, len)
            }
            Screen::Repos(screen) => {
                screen.stay();
                let len = screen.len();
                (below(1), &mut screen.cursor, len)
            }
            Screen::Objects(screen) => {
                let len = screen.list.len();
                (below(1), &mut screen.list.cursor, len)
            }
            Screen::Findings(screen) => {
                let (heading, cursor, len) = screen.pointed();
                (below(heading), cursor, len)
            }
            Screen::Journal(screen) => {
                let len = screen.len();
                (below(1), &mut screen.cursor, len)
            }
            Screen::Run(screen) => {
                let len = screen.len();
                (area, &mut screen.cursor, len)
            }
            Screen::Plan(screen) => {
                let (heading, len) = (screen.heading(area.width), screen.len());
                (below(heading), &mut screen.cursor, len)
            }
            Screen::Wanted(screen) => {
                let len = screen.len();
                (below(1), &mut screen.cursor, len)
            }
            Screen::Inspect(screen) => {
                let (rows, len) = screen.rows(area)?;
                (rows, &mut screen.cursors[screen.facet], len)
            }
            Screen::Decide(_) | Screen::Apply(_) | Screen::Pull(_) | Screen::SignOff(_) => {
                return None;
            }
        })
    }

    /// Returns the part that is drawn at `at`; `None` where one is drawn alone.
    #[must_use]
    pub fn part_at(&self, regions: &Regions, at: Position) -> Option<Part> {
        let [first, second, _] = regions.panes;
        if let Screen::Inspect(screen) = self
            && screen.below(inner(first)).contains(at)
        {
            return Some(Part::Below);
        }
        let is_alone = first.is_empty() || second.is_empty();
        match (first.contains(at), second.contains(at)) {
            (true, _) if matches!(self, Screen::Inspect(_)) => Some(Part::List),
            _ if is_alone => None,
            (true, _) => Some(Part::List),
            (_, true) => Some(Part::Beside),
            _ => None,
        }
    }

    /// Gives the movement keys to a part, and returns the one that had them; `None` where a screen has one part.
    pub fn turn_to(&mut self, part: Part) -> Option<Part> {
        if let Screen::Inspect(screen) = self {
            return Some(std::mem::replace(&mut screen.part, part));
        }
        let beside = self.beside_mut()?;
        let before = std::mem::replace(beside, part == Part::Beside);
        Some(if before { Part::Beside } else { Part::List })
    }

    /// Returns whether the pane beside the list takes the movement keys, to be changed.
    fn beside_mut(&mut self) -> Option<&mut bool> {
        Some(match self {
            Screen::Hub(screen) => &mut screen.beside,
            Screen::Repos(screen) => &mut screen.beside,
            Screen::Objects(screen) => &mut screen.beside,
            Screen::Findings(screen) => &mut screen.beside,
            Screen::Plan(screen) => &mut screen.beside,
            Screen::Journal(screen) => &mut screen.beside,
            Screen::Run(screen) => &mut screen.beside,
            Screen::Wanted(screen) => &mut screen.beside,
            _ => return None,
        })
    }
}
