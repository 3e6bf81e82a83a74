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
    /// A line for progress.
    pub progress: bool,
    /// A line for a guide.
    pub guide: bool,
}

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
    let shares: &[Constraint] = match fit.min(wish.panes) {
        0 | 1 => {
            out[usize::from(wish.front.min(2))] = body;
            return out;
        }
        2 => &[Constraint::Percentage(54), Constraint::Fill(1)],
        _ => &[
            Constraint::Percentage(40),
            Constraint::Percentage(26),
            Constraint::Fill(1),
        ],
    };
    let areas = Layout::horizontal(shares).split(body);
    for (pane, area) in out.iter_mut().zip(areas.iter()) {
        *pane = *area;
    }
    out
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
