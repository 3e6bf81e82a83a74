//! A line that is typed, with the terminal's own cursor in it.

use super::list::fit;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

/// Draws `prefix` and what is typed in the first line of `area`, scrolled so that the cursor is seen. Gives
/// back how many cells are used.
pub fn draw(frame: &mut Frame, area: Rect, theme: &Theme, prefix: &str, typed: &Input) -> usize {
    let area = Rect {
        height: area.height.min(1),
        ..area
    };
    if area.is_empty() {
        return 0;
    }
    let width = usize::from(area.width).saturating_sub(prefix.width());
    let scroll = typed.visual_scroll(width.saturating_sub(2));
    let shown: String = crate::lines::clean(typed.value())
        .chars()
        .skip(scroll)
        .collect();
    let line = format!("{prefix}{}", fit(&shown, width));
    frame.render_widget(Line::styled(line, theme.input), area);
    let before = prefix.width() + typed.visual_cursor().saturating_sub(scroll);
    let at = u16::try_from(before).unwrap_or(u16::MAX);
    frame.set_cursor_position(Position {
        x: area.x.saturating_add(at.min(area.width - 1)),
        y: area.y,
    });
    prefix.width() + shown.width() + 1
}
