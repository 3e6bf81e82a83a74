//! The areas of the screen, computed by pure functions that view, paging and tests share.

use ratatui::layout::{Constraint, Layout, Rect, Size};

/// The smallest screen that the console draws on.
pub const SMALLEST: Size = Size::new(60, 15);

/// From this width on a list has a preview beside it.
pub const TWO_PANES: u16 = 72;

/// From this width on a third pane shows the object.
pub const THREE_PANES: u16 = 140;

/// The panes that a screen would like beside its list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Panes that the screen can fill, from 1 to 3.
    pub panes: u8,
    /// The other panes only where three would fit.
    pub wide: bool,
    /// The pane to be shown where only one fits.
    pub front: u8,
    /// Where a person moved the borders between panes.
    pub borders: Borders,
    /// A line for progress.
    pub progress: bool,
    /// A line for a guide.
    pub guide: bool,
}

/// How far a person moved the first and the second border between panes, in percent of the screen's width.
pub type Borders = [i16; 2];

/// The parts of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regions {
    pub banner: Rect,
    pub guide: Rect,
    /// From left to right; a pane that is not shown has no area.
    pub panes: [Rect; 3],
    pub progress: Rect,
    pub status: Rect,
    pub footer: Rect,
}

/// Returns whether the screen is too small for anything but saying so.
#[must_use]
pub const fn too_small(size: Size) -> bool {
    size.width < SMALLEST.width || size.height < SMALLEST.height
}

/// Lays the screen out.
#[must_use]
pub fn regions(size: Size, wish: Wish) -> Regions {
    let [banner, guide, body, progress, status, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(u16::from(wish.guide)),
        Constraint::Fill(1),
        Constraint::Length(u16::from(wish.progress)),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(Rect::new(0, 0, size.width, size.height));
    Regions {
        banner,
        guide,
        panes: panes(body, wish),
        progress,
        status,
        footer,
    }
}

fn panes(body: Rect, wish: Wish) -> [Rect; 3] {
    let mut out = [Rect::ZERO; 3];
    let fit = match body.width {
        0..TWO_PANES => 1,
        TWO_PANES..THREE_PANES => 2,
        THREE_PANES.. => 3,
    };
    let fit = if wish.wide && fit == 2 { 1 } else { fit };
    let drawn = fit.min(wish.panes);
    if drawn < 2 {
        out[usize::from(wish.front.min(2))] = body;
        return out;
    }
    let [first, second] = shares(usize::from(drawn), wish.borders);
    let first = Constraint::Percentage(first.unsigned_abs());
    let second = Constraint::Percentage(second.unsigned_abs());
    let areas = match drawn {
        2 => Layout::horizontal([first, Constraint::Fill(1)]).split(body),
        _ => Layout::horizontal([first, second, Constraint::Fill(1)]).split(body),
    };
    for (pane, area) in out.iter_mut().zip(areas.iter()) {
        *pane = *area;
    }
    out
}

/// Returns the first panes' shares of the width, in percent, where nobody moved a border.
const fn unmoved(panes: usize) -> Borders {
    if panes == 2 { [54, 0] } else { [40, 26] }
}

/// Returns the shares that the first panes have; none becomes too narrow to be read.
fn shares(panes: usize, borders: Borders) -> Borders {
    let [first, second] = unmoved(panes);
    if panes == 2 {
        return [(first + borders[0]).clamp(25, 75), 0];
    }
    let first = (first + borders[0]).clamp(20, 60);
    [first, (second + borders[1]).clamp(15, 85 - first)]
}

/// Returns the borders once the first one is moved by `points`, with so many panes on the screen.
#[must_use]
pub fn nudged(panes: usize, borders: Borders, points: i16) -> Borders {
    let first = shares(panes, borders)[0];
    dragged(panes, borders, 0, first + points)
}

/// Returns the borders once one of them is dragged to `percent` of the width.
#[must_use]
pub fn dragged(panes: usize, borders: Borders, border: usize, percent: i16) -> Borders {
    let mut out = borders;
    let before = if border == 0 {
        0
    } else {
        shares(panes, borders)[0]
    };
    out[border] = percent - before - unmoved(panes)[border];
    let reached = shares(panes, out)[border];
    out[border] = reached - unmoved(panes)[border];
    out
}

/// Returns the border between two panes that is drawn at a column, counted from 0.
#[must_use]
pub fn border_at(panes: &[Rect; 3], column: u16) -> Option<usize> {
    let is_border = |pair: &[Rect]| {
        let (left, right) = (pair[0], pair[1]);
        let touches = column + 1 == left.right() || column == right.x;
        !left.is_empty() && !right.is_empty() && touches
    };
    panes.windows(2).position(is_border)
}

/// Returns a pane without its border.
#[must_use]
pub fn inner(pane: Rect) -> Rect {
    Rect {
        x: pane.x.saturating_add(1),
        y: pane.y.saturating_add(1),
        width: pane.width.saturating_sub(2),
        height: pane.height.saturating_sub(2),
    }
}
