//! A bordered pane with a title, text in it, and a dialog over everything.

use super::list::{Cursor, wrap};
use crate::regions::inner;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear};
use std::ops::Range;
use unicode_width::UnicodeWidthStr;

/// Draws the border with its title and gives back the room inside.
pub fn pane(frame: &mut Frame, area: Rect, theme: &Theme, title: &str, focused: bool) -> Rect {
    let style = if focused { theme.focus } else { theme.border };
    let title = luthier_hub::text::cut(title, usize::from(area.width.saturating_sub(4)));
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(style)
        .title(Line::styled(format!(" {title} "), theme.title));
    frame.render_widget(block, area);
    inner(area)
}

/// Draws lines from the one at `top` on.
pub fn lines<'a>(
    frame: &mut Frame,
    area: Rect,
    top: u64,
    lines: impl IntoIterator<Item = Line<'a>>,
) {
    let skip = usize::try_from(top).unwrap_or(usize::MAX);
    for (row, line) in (0..area.height).zip(lines.into_iter().skip(skip)) {
        let place = Rect {
            y: area.y.saturating_add(row),
            height: 1,
            ..area
        };
        frame.render_widget(line, place);
    }
}

/// Returns a room in the middle of the screen, cleared, with a border and a title.
pub fn dialog(frame: &mut Frame, theme: &Theme, title: &str, width: u16, height: u16) -> Rect {
    let screen = frame.area();
    let area = screen.centered(
        Constraint::Length(width.saturating_add(2).min(screen.width)),
        Constraint::Length(height.saturating_add(2).min(screen.height)),
    );
    frame.render_widget(Clear, area);
    pane(frame, area, theme, title, true)
}

/// Returns the lines of a list in a dialog over a screen of this height.
#[must_use]
pub const fn dialog_height(screen: u16) -> u16 {
    screen.saturating_sub(6)
}

/// A text that scrolls: lines collected for a pane of a certain width.
#[derive(Clone, Debug, Default)]
pub struct Text {
    pub lines: Vec<Line<'static>>,
    width: usize,
    /// The lines that are rows of a list, and the number of the first row.
    pub rows: (Range<usize>, u64),
}

impl Text {
    /// Returns an empty text for a pane of `width` cells.
    #[must_use]
    pub fn new(width: u16) -> Self {
        Self {
            lines: Vec::new(),
            width: usize::from(width),
            rows: (0..0, 0),
        }
    }

    /// Returns the cells of a line.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Adds wrapped text in one style.
    pub fn say(&mut self, text: &str, style: Style) {
        for line in wrap(text, self.width) {
            self.lines.push(Line::styled(line, style));
        }
    }

    /// Adds one line, cut where the pane ends.
    pub fn cut(&mut self, text: &str, style: Style) {
        let line = luthier_hub::text::cut(text, self.width).into_owned();
        self.lines.push(Line::styled(line, style));
    }

    /// Adds a text behind `lead`, wrapped beside it.
    pub fn hang(&mut self, lead: &str, text: &str, style: Style) {
        let column = lead.width().min(self.width / 2);
        let lines = wrap(text, self.width.saturating_sub(column));
        for (n, line) in lines.into_iter().enumerate() {
            let lead = if n == 0 { lead } else { "" };
            let lead = super::list::fit(lead, column);
            self.lines.push(Line::styled(lead + &line, style));
        }
    }

    /// Adds `name  value`, the value wrapped beside the name.
    pub fn pair(&mut self, name: &str, value: &str, theme: &Theme, style: Style) {
        let column = 13.min(self.width / 3);
        for (n, line) in wrap(value, self.width.saturating_sub(column + 1))
            .into_iter()
            .enumerate()
        {
            let name = if n == 0 { name } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(super::list::fit(name, column), theme.muted),
                Span::raw(" "),
                Span::styled(line, style),
            ]));
        }
    }

    /// Adds an empty line, unless the last line is empty.
    pub fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::default());
        }
    }

    /// Returns the text alone, a line each.
    #[must_use]
    pub fn plain(&self) -> String {
        let lines = self.lines.iter().map(|line| line.to_string());
        lines
            .map(|line| line.trim_end().to_owned() + "\n")
            .collect()
    }

    /// Draws the text from `cursor.top` on.
    pub fn draw(self, frame: &mut Frame, area: Rect, cursor: Cursor, theme: &Theme) {
        let len = self.lines.len() as u64;
        let top = cursor.top.min(len.saturating_sub(u64::from(area.height)));
        lines(frame, area, top, self.lines);
        super::list::more(frame, area, theme, (top, len));
    }
}

/// Returns a line for headings above the rest.
#[must_use]
pub fn headed(area: Rect) -> [Rect; 2] {
    ratatui::layout::Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area)
}
