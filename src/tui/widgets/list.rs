//! A list that is asked for the rows it shows, and the cursor in it.

use crate::action::Motion;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// The row under the cursor and the first row shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    pub at: u64,
    pub top: u64,
}

impl Cursor {
    /// Moves within `len` rows, of which `height` are shown.
    pub fn step(&mut self, motion: Motion, len: u64, height: u64) {
        self.at = moved(self.at, motion, height);
        self.keep(len, height);
    }

    /// Moves a text of `len` lines, of which `height` are shown; the row under the cursor stays.
    pub fn scroll(&mut self, motion: Motion, len: u64, height: u64) {
        let last = len.saturating_sub(height.max(1));
        self.top = moved(self.top.min(last), motion, height).min(last);
    }

    /// Brings the cursor into the list and the list to the cursor.
    pub fn keep(&mut self, len: u64, height: u64) {
        let height = height.max(1);
        self.at = self.at.min(len.saturating_sub(1));
        self.top = self.top.min(len.saturating_sub(height));
        self.top = self
            .top
            .clamp((self.at + 1).saturating_sub(height), self.at);
    }

    /// Returns the rows shown.
    #[must_use]
    pub fn window(&self, len: u64, height: u64) -> std::ops::Range<u64> {
        self.top.min(len)..self.top.saturating_add(height).min(len)
    }
}

/// Returns where a motion leads from `at`, with `height` rows to a page.
fn moved(at: u64, motion: Motion, height: u64) -> u64 {
    let page = height.max(1);
    let half = page.div_ceil(2);
    match motion {
        Motion::Up => at.saturating_sub(1),
        Motion::Down => at.saturating_add(1),
        Motion::PageUp => at.saturating_sub(page),
        Motion::PageDown => at.saturating_add(page),
        Motion::HalfUp => at.saturating_sub(half),
        Motion::HalfDown => at.saturating_add(half),
        Motion::Home => 0,
        Motion::End => u64::MAX,
    }
}

/// Draws the window around `cursor`; `row` is asked for each row that is shown, and for no other.
pub fn draw<'a>(
    frame: &mut Frame,
    area: Rect,
    theme: &Theme,
    (cursor, len): (Cursor, u64),
    row: impl Fn(u64) -> Line<'a>,
) {
    for (line, at) in cursor.window(len, u64::from(area.height)).enumerate() {
        let Ok(line) = u16::try_from(line) else {
            return;
        };
        let place = Rect {
            y: area.y.saturating_add(line),
            height: 1,
            ..area
        };
        let row = row(at);
        let cut = row.width() > usize::from(place.width);
        frame.render_widget(row, place);
        if cut && place.width > 0 {
            let last = (place.right() - 1, place.y);
            frame.buffer_mut()[last].set_symbol("…");
        }
        if at == cursor.at {
            frame.buffer_mut().set_style(place, theme.row());
        }
    }
    more(frame, area, theme, (cursor.top, len));
}

/// Says in the border below `area` how many of `len` rows are above and below those that are shown; where another part of
/// the screen follows, at the end of the last row.
pub fn more(frame: &mut Frame, area: Rect, theme: &Theme, (top, len): (u64, u64)) {
    let above = top.min(len);
    let below = len.saturating_sub(top.saturating_add(u64::from(area.height)));
    let words = match (above, below) {
        (0, 0) => return,
        (above, 0) => format!(" ▴ {above} more "),
        (0, below) => format!(" ▾ {below} more "),
        (above, below) => format!(" ▴ {above} ▾ {below} more "),
    };
    let width = u16::try_from(words.chars().count()).unwrap_or(u16::MAX);
    let Some(x) = area.right().checked_sub(width.saturating_add(1)) else {
        return;
    };
    let buffer = frame.buffer_mut();
    let is_border = |at: u16| {
        buffer
            .cell((at, area.bottom()))
            .is_some_and(|cell| cell.symbol() == "─")
    };
    let is_below = (x..x + width).all(is_border);
    let y = match is_below {
        true => area.bottom(),
        false => area.bottom().saturating_sub(1),
    };
    if x >= area.x && !area.is_empty() {
        buffer.set_string(x, y, words, theme.muted);
    }
}

/// Fits text into exactly `width` cells.
#[must_use]
pub fn fit(text: &str, width: usize) -> String {
    use unicode_width::UnicodeWidthStr;
    let cut = luthier_hub::text::cut(text, width);
    let used = cut.width();
    let mut out = cut.into_owned();
    out.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
    out
}

/// Fits text to the right end of exactly `width` cells.
#[must_use]
pub fn fit_right(text: &str, width: usize) -> String {
    use unicode_width::UnicodeWidthStr;
    let cut = luthier_hub::text::cut(text, width);
    let mut out = " ".repeat(width.saturating_sub(cut.width()));
    out.push_str(&cut);
    out
}

/// Breaks text into lines of at most `width` cells, between words where that is possible: what holds no space, such as a
/// flag or a word with its comma, stays whole where a line has room for it.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    use unicode_segmentation::UnicodeSegmentation;
    use unicode_width::UnicodeWidthStr;
    let width = width.max(1);
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for word in text.split_inclusive(' ') {
        let bare = word.trim_end_matches(' ');
        let cells = bare.width();
        if !line.trim().is_empty() && used + cells > width && cells <= width {
            let full: String = std::mem::take(&mut line);
            lines.push(full.trim_end().to_owned());
            used = 0;
        }
        for cluster in bare.graphemes(true) {
            let cells = cluster.width();
            if used + cells > width && used > 0 {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push_str(cluster);
            used += cells;
        }
        // A space that has no room ends the line as well.
        let spaced = word.len() > bare.len();
        let indents = lines.is_empty() && line.trim().is_empty();
        if spaced && (used > 0 || indents) && used < width {
            line.push(' ');
            used += 1;
        } else if spaced && used > 0 {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
    }
    if !line.trim_end().is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}
