//! Asks in which form a list is written.

use super::list::{Cursor, fit};
use super::pane::{self, Text};
use crate::theme::Theme;
use luthier_audit::table::Format;
use ratatui::Frame;
use ratatui::text::{Line, Span};

const fn words(format: Format) -> &'static str {
    match format {
        Format::Jsonl => "for programs: every field, one JSON object per line",
        Format::Markdown => "for chats and pages: a short table",
        Format::Csv => "for spreadsheets: whole ids, a column per field",
    }
}

/// Draws the question over the screen; the form that was used last is marked.
pub fn view(frame: &mut Frame, last: Option<Format>, theme: &Theme) {
    let width = 74.min(frame.area().width.saturating_sub(4));
    let area = pane::dialog(frame, theme, "write the list as", width, 8);
    let mut out = Text::new(area.width);
    for (format, key) in Format::ALL.into_iter().zip(["1", "2", "3"]) {
        let mark = if last == Some(format) { "▸" } else { " " };
        out.lines.push(Line::from(vec![
            Span::styled(format!(" {key} "), theme.key),
            Span::styled(
                format!("{mark} {} {}", fit(format.name(), 11), words(format)),
                theme.text,
            ),
        ]));
    }
    out.gap();
    out.say(
        " E uses this form from now on; ctrl-e asks again.",
        theme.muted,
    );
    out.draw(frame, area, Cursor::default(), theme);
}
