//! A job in one line: what, how much, how fast, how long still.

use crate::meter::{Meter, span};
use crate::theme::Theme;
use luthier_hub::text;
use ratatui::text::{Line, Span};
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Returns the spinner's glyph at a moment.
#[must_use]
pub fn spinner(now: Duration) -> &'static str {
    let turn = usize::try_from(now.as_millis() / 125).unwrap_or(0) % SPINNER.len();
    SPINNER[turn]
}

/// Draws `audit  commits  43%  571/1,325  118/s  about 6s ━━━━━────`, with as many whole items as fit.
#[must_use]
pub fn line(job: &str, meter: &Meter, now: Duration, width: u16, theme: &Theme) -> Line<'static> {
    let width = usize::from(width);
    let mut text = String::new();
    for item in items(job, meter, now) {
        if text.width() + item.width() + 2 > width {
            break;
        }
        text.push_str(&item);
        text.push_str("  ");
    }
    let room = width.saturating_sub(text.width());
    let mut spans = vec![Span::styled(text, theme.text)];
    if let (Some(share), 8..) = (meter.share(), room) {
        let full = (room as f64 * share) as usize;
        spans.push(Span::styled("━".repeat(full), theme.gauge));
        spans.push(Span::styled("─".repeat(room - full), theme.track));
    }
    Line::from(spans)
}

fn items(job: &str, meter: &Meter, now: Duration) -> Vec<String> {
    let figures = &meter.figures;
    let mut items = vec![job.to_owned()];
    if !figures.phase.is_empty() {
        items.push(figures.phase.clone());
    }
    if let Some(share) = meter.share() {
        items.push(format!("{:>2.0}%", (share * 100.0).floor()));
    }
    items.push(match figures.total {
        Some(total) => format!("{}/{}", text::grouped(figures.done), text::grouped(total)),
        None => text::grouped(figures.done),
    });
    if meter.paused {
        items.push("paused".into());
    } else if let Some(why) = &figures.waiting {
        items.push(why.clone());
    } else if let Some(seconds) = meter.stalled(now) {
        items.push(format!("no progress for {}", span(seconds)));
    } else if let Some(rate) = meter.rate() {
        items.push(format!("{}/s", text::grouped(rate)));
    }
    if let Some(seconds) = meter.remaining() {
        items.push(format!("about {}", span(seconds)));
    }
    items
}
