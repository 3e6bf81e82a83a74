//! Bytes as hexadecimal digits and text: offset, 16 or 8 columns by width, the header tinted and the
//! offending byte marked.

use crate::theme::Theme;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Returns how many bytes a row shows in a pane of `width` cells.
#[must_use]
pub const fn columns(width: u16) -> usize {
    if width >= 76 { 16 } else { 8 }
}

/// Returns the row of bytes that starts at `start`.
#[must_use]
pub fn row(
    bytes: &[u8],
    start: usize,
    columns: usize,
    header: usize,
    offending: Option<usize>,
    theme: &Theme,
) -> Line<'static> {
    let end = (start + columns).min(bytes.len());
    let here = bytes.get(start..end).unwrap_or_default();
    let style = |at: usize| -> Style {
        if offending == Some(at) {
            theme.offending
        } else if at < header {
            theme.header
        } else {
            theme.text
        }
    };
    // Colour carries no meaning alone.
    let here_is_wrong = offending.is_some_and(|at| (start..start + columns).contains(&at));
    let mark = if here_is_wrong { "▸" } else { " " };
    let mut spans = vec![
        Span::styled(format!("{start:08x}"), theme.muted),
        Span::styled(format!("{mark} "), theme.critical),
    ];
    for (n, byte) in here.iter().enumerate() {
        spans.push(Span::styled(format!("{byte:02x}"), style(start + n)));
        spans.push(Span::raw(if n % 8 == 7 { "  " } else { " " }));
    }
    let missing = columns - here.len();
    spans.push(Span::raw(" ".repeat(missing * 3 + missing.div_ceil(8))));
    for (n, byte) in here.iter().enumerate() {
        let shown = match byte {
            0x20..=0x7e => char::from(*byte),
            _ => '.',
        };
        spans.push(Span::styled(shown.to_string(), style(start + n)));
    }
    Line::from(spans)
}
