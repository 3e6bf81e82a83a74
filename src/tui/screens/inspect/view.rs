//! Draws one object, facet by facet.

use super::super::Part;
use super::{FACETS, Inspect};
use crate::lines::Inspected;
use crate::lines::inspected::{LinkLine, TrialLine};
use crate::regions::Regions;
use crate::state::{Shared, Slot};
use crate::theme::Theme;
use crate::widgets::list::{self, Cursor, fit};
use crate::widgets::pane::{self, Text};
use crate::widgets::{diff, hex, sides};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Splits the screen: verdict and findings, tabs, facet, and below the differences the field in full.
fn parts(screen: &Inspect, area: Rect) -> [Rect; 4] {
    let top = screen.seen.ready().map_or(2, |seen| {
        let lines = verdict(seen, area.width, &Theme::ansi()).lines.len();
        u16::try_from(lines).unwrap_or(u16::MAX)
    });
    let detail = if screen.facet == 0 && !screen.is_inline() && area.height >= 16 {
        area.height / 3
    } else {
        0
    };
    Layout::vertical([
        Constraint::Length(top.min(area.height / 3)),
        Constraint::Length(2),
        Constraint::Fill(1),
        Constraint::Length(detail),
    ])
    .areas(area)
}

/// Draws the lines of the facet.
#[must_use]
pub fn body(screen: &Inspect, area: Rect) -> Rect {
    parts(screen, area)[2]
}

impl Inspect {
    /// Returns where the field under the cursor is drawn in full; empty where it is not. Above it is a line.
    #[must_use]
    pub fn below(&self, area: Rect) -> Rect {
        let below = match self.seen.ready() {
            Some(_) if !area.is_empty() => parts(self, area)[3],
            _ => Rect::ZERO,
        };
        Rect {
            y: below.y.saturating_add(1),
            height: below.height.saturating_sub(1),
            ..below
        }
    }

    /// Draws it.
    pub fn view(&self, frame: &mut Frame, _: &Shared, regions: &Regions, theme: &Theme) {
        let [first, second, _] = regions.panes;
        if !first.is_empty() {
            let title = self.title(first.width);
            let is_focused = self.part != Part::Beside;
            let area = pane::pane(frame, first, theme, &title, is_focused);
            match &self.seen {
                Slot::Ready(seen) => self.view_facet(seen, frame, area, theme),
                _ => self.waiting(frame, area, theme),
            }
        }
        if !second.is_empty() && self.seen.ready().is_some() {
            let is_focused = self.part == Part::Beside;
            let area = pane::pane(frame, second, theme, "identity and links", is_focused);
            self.ties_text(area.width, theme)
                .draw(frame, area, self.ties, theme);
        }
    }

    fn view_facet(&self, seen: &Inspected, frame: &mut Frame, area: Rect, theme: &Theme) {
        let [top, tabs, body, below] = parts(self, area);
        verdict(seen, top.width, theme).draw(frame, top, Cursor::default(), theme);
        frame.render_widget(self.tabs(theme), Rect { height: 1, ..tabs });
        let head = Rect {
            y: tabs.y.saturating_add(1),
            height: tabs.height.saturating_sub(1),
            ..tabs
        };
        frame.render_widget(self.heading(seen, head.width, theme), head);
        if below.height > 0 {
            let rule = "─".repeat(usize::from(below.width));
            let style = match self.part {
                Part::Below => theme.focus,
                _ => theme.border,
            };
            frame.render_widget(Line::styled(rule, style), below);
            self.field_text(below.width, theme)
                .draw(frame, self.below(area), self.field, theme);
        }
        let at = (self.cursors[self.facet], self.len());
        if self.facet == 0 && self.is_inline() {
            let cursor = self.cursors[0];
            self.inline_text(body.width, theme).draw(
                frame,
                body,
                Cursor {
                    top: cursor.at,
                    ..cursor
                },
                theme,
            );
        } else {
            list::draw(frame, body, theme, at, |at| {
                self.line(seen, at, body.width, theme)
            });
        }
    }

    /// Returns the field under the cursor in full.
    pub(super) fn field_text(&self, width: u16, theme: &Theme) -> Text {
        let Some(seen) = self.seen.ready() else {
            return Text::new(width);
        };
        let at = diff::at(seen, self.cursors[0].at).filter(|_| self.len() > 0);
        diff::detail(seen, at, width, theme)
    }

    /// Returns what reproduces the id, and the links of the object.
    pub(super) fn ties_text(&self, width: u16, theme: &Theme) -> Text {
        let seen = self.seen.ready();
        seen.map_or_else(|| Text::new(width), |seen| ties(seen, width, theme))
    }

    /// Draws a line while there is nothing to show.
    fn waiting(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let Slot::Failed(why) = &self.seen else {
            frame.render_widget(Line::styled(" reading …", theme.pending), area);
            return;
        };
        let mut text = Text::new(area.width);
        text.say(&format!("✗ {why}"), theme.error);
        text.say("R reads again   esc goes back", theme.text);
        text.draw(frame, area, Cursor::default(), theme);
    }

    /// Draws what the object is, and which objects led here.
    fn title(&self, width: u16) -> String {
        let mut title = String::new();
        for (kind, id, ..) in self.trail.iter().rev().take(3).rev() {
            title += &format!("{kind} {} › ", id.short());
        }
        let whole = format!("{title}{} {}", self.kind, self.id.shown());
        match whole.width() + 4 <= usize::from(width) {
            true => whole,
            false => format!("{title}{} {}", self.kind, self.id.short()),
        }
    }

    /// Returns the differences one below the other.
    pub(super) fn inline_text(&self, width: u16, theme: &Theme) -> Text {
        let layout = sides::Layout {
            beside: false,
            unfolded: self.unfolded,
        };
        match self.seen.ready() {
            Some(seen) => sides::text(seen, layout, width, theme),
            None => Text::new(width),
        }
    }

    /// Returns the shown facet as a text, with a file name.
    #[must_use]
    pub fn document(&self) -> Option<(String, String)> {
        let seen = self.seen.ready()?;
        let theme = Theme::ansi();
        let text = match (self.facet, &seen.object.pretty) {
            (0, _) => {
                let layout = sides::Layout {
                    beside: false,
                    unfolded: true,
                };
                sides::text(seen, layout, super::super::WIDE, &theme).plain()
            }
            (2, Some(lines)) => lines.join("\n") + "\n",
            _ => {
                let lines =
                    (0..self.len()).map(|at| self.line(seen, at, super::super::WIDE, &theme));
                lines
                    .map(|line| line.to_string().trim_end().to_owned() + "\n")
                    .collect()
            }
        };
        let facet = FACETS[self.facet].to_lowercase();
        let ending = if self.facet == 2 { "json" } else { "txt" };
        Some((format!("{}-{facet}.{ending}", self.kind), text))
    }

    fn tabs(&self, theme: &Theme) -> Line<'static> {
        let mut spans = Vec::new();
        for (n, name) in FACETS.into_iter().enumerate() {
            let (open, close, style) = if n == self.facet {
                ("[", "]", theme.title)
            } else {
                (" ", " ", theme.muted)
            };
            spans.push(Span::styled(
                format!("{open}{} {name}{close}", n + 1),
                style,
            ));
        }
        Line::from(spans)
    }

    fn heading(&self, seen: &Inspected, width: u16, theme: &Theme) -> Line<'static> {
        let side = &seen.object;
        let style = if side.good { theme.good } else { theme.error };
        match self.facet {
            0 if self.inline && !seen.fields.is_empty() => {
                let text = " one below the other; d shows them side by side, enter unfolds";
                Line::styled(text, theme.muted)
            }
            0 if seen.fields.is_empty() => cut(&side.headline, width, style),
            0 => diff::heading(width, theme),
            1 if seen.row.is_empty() => Line::styled(" ✗ there is no row", theme.error),
            1 => Line::styled(format!(" {} value", fit("column", 20)), theme.muted),
            4 => {
                let (from, scheme) = trial_columns(seen);
                let text = format!(" {} {} yields", fit("from", from), fit("scheme", scheme));
                Line::styled(text, theme.muted)
            }
            5 => {
                let one_sided = seen.links.iter().any(|link| link.is_one_sided);
                let sides = match one_sided {
                    true => "   (row), (object): named there alone",
                    false => "",
                };
                let text = format!(" {} {} id{sides}", fit("kind", 9), fit("role", 24));
                Line::styled(text, theme.muted)
            }
            _ => cut(&side.headline, width, style),
        }
    }

    fn line(&self, seen: &Inspected, at: u64, width: u16, theme: &Theme) -> Line<'static> {
        let Ok(n) = usize::try_from(at) else {
            return Line::default();
        };
        let line = match self.facet {
            0 if self.is_inline() => return Line::default(),
            0 => diff::at(seen, at).map(|at| diff::line(seen, at, self.unfolded, width, theme)),
            1 => seen.row.get(n).map(|(name, value)| {
                let value = shifted(value.as_deref().unwrap_or("null"), self.side);
                Line::styled(format!(" {} {value}", fit(name, 20)), theme.text)
            }),
            2 => seen
                .object
                .pretty
                .as_ref()
                .and_then(|lines| lines.get(n))
                .map(|line| Line::styled(format!(" {}", shifted(line, self.side)), theme.text)),
            3 => {
                let columns = hex::columns(width);
                let offending = seen.object.problem.as_ref().and_then(|(offset, _)| *offset);
                let header = seen.object.header_len;
                let bytes = &seen.object.bytes;
                Some(hex::row(
                    bytes,
                    n * columns,
                    columns,
                    header,
                    offending,
                    theme,
                ))
            }
            4 => seen
                .identity
                .get(n)
                .map(|trial| trial_line(trial, trial_columns(seen), width, theme)),
            _ => seen.links.get(n).map(|link| link_line(link, width, theme)),
        };
        line.unwrap_or_default()
    }
}

/// Returns the widths of the columns for sources and formulas.
fn trial_columns(seen: &Inspected) -> (usize, usize) {
    let widest = |of: fn(&TrialLine) -> &str, least: usize| {
        let widths = seen.identity.iter().map(|trial| of(trial).width());
        widths.max().unwrap_or(0).clamp(least, 24)
    };
    (
        widest(|trial| &trial.source, 4),
        widest(|trial| &trial.scheme, 6),
    )
}

/// Draws one identity formula that was tried.
fn trial_line(
    trial: &TrialLine,
    (from, scheme): (usize, usize),
    width: u16,
    theme: &Theme,
) -> Line<'static> {
    let (mark, style) = match trial.matches {
        true => ("✓ matches", theme.good),
        false => ("≠ another id", theme.muted),
    };
    let tried = format!(
        " {} {} ",
        fit(&trial.source, from),
        fit(&trial.scheme, scheme)
    );
    // The whole id, where there is room for it.
    let room = usize::from(width).saturating_sub(tried.width() + 14);
    let yields = match trial.yields.shown() {
        whole if whole.width() <= room => whole.to_owned(),
        _ => trial.yields.short(),
    };
    Line::from(vec![
        Span::styled(tried, theme.text),
        Span::styled(
            format!("{} {mark}", fit(&yields, 12.max(yields.width()))),
            style,
        ),
    ])
}

/// Draws one link.
fn link_line(link: &LinkLine, width: u16, theme: &Theme) -> Line<'static> {
    let (mark, style) = match link.exists {
        true => ("", theme.text),
        false => (" ✗ no such row", theme.error),
    };
    let (kind, role) = (fit(link.kind.as_str(), 9), fit(&link.role, 24));
    let lead = format!(" {kind} {role} ");
    // The whole id, where there is room for it.
    let room = usize::from(width).saturating_sub(lead.width() + mark.width());
    let id = match link.id.shown() {
        whole if whole.width() <= room => whole.to_owned(),
        _ => link.id.short(),
    };
    Line::styled(format!("{lead}{id}{mark}"), style)
}

/// Returns a text behind a space, cut where the width ends.
fn cut(text: &str, width: u16, style: Style) -> Line<'static> {
    let text = luthier_hub::text::cut(text, usize::from(width).saturating_sub(1));
    Line::styled(format!(" {text}"), style)
}

/// Returns a line from the cell on that it was shifted to.
fn shifted(text: &str, side: usize) -> String {
    match side {
        0 => text.to_owned(),
        _ => format!("…{}", text.chars().skip(side).collect::<String>()),
    }
}

/// Draws, beside the facet, what reproduces the id, and the links of the object.
fn ties(seen: &Inspected, width: u16, theme: &Theme) -> Text {
    let mut out = Text::new(width);
    out.say("identity", theme.title);
    let (from, scheme) = trial_columns(seen);
    for trial in &seen.identity {
        let (mark, style) = match trial.matches {
            true => ("✓ matches", theme.good),
            false => ("≠ another id", theme.muted),
        };
        let source = fit(&trial.source, from);
        let scheme = fit(&trial.scheme, scheme);
        out.say(&format!("{source} {scheme} {mark}"), style);
    }
    if seen.identity.is_empty() {
        out.say("no formula to try", theme.muted);
    }
    out.gap();
    out.say("links", theme.title);
    for link in seen.links.iter().take(usize::from(u8::MAX)) {
        out.lines.push(link_line(link, width, theme));
    }
    out
}

/// Returns the verdict, and a line for each finding.
fn verdict(seen: &Inspected, width: u16, theme: &Theme) -> Text {
    let mut out = Text::new(width);
    let style = if seen.findings.is_empty() {
        theme.good
    } else {
        theme.warning
    };
    out.say(&seen.verdict, style);
    for row in &seen.findings {
        // The verdict may have said it already.
        let words = match row.code.fault().is {
            is if seen.verdict.contains(is) => row.code.to_string(),
            is => format!("{}: {is}", row.code),
        };
        out.say(&words, theme.grade(row.grade));
    }
    out
}

/// Draws an object beside a list: verdict, findings, and differences.
pub fn preview(seen: &Inspected, frame: &mut Frame, area: Rect, theme: &Theme) {
    let mut head = verdict(seen, area.width, theme);
    head.gap();
    let style = if seen.object.good {
        theme.good
    } else {
        theme.error
    };
    head.say(&seen.object.headline, style);
    head.gap();
    let height = u16::try_from(head.lines.len())
        .unwrap_or(u16::MAX)
        .min(area.height);
    let [top, title, body] = Layout::vertical([
        Constraint::Length(height),
        Constraint::Length(1),
        Constraint::Fill(1),
    ])
    .areas(area);
    head.draw(frame, top, Cursor::default(), theme);
    if seen.fields.is_empty() {
        return;
    }
    frame.render_widget(diff::heading(title.width, theme), title);
    let lines = diff::len(seen, false).min(u64::from(body.height));
    let lines = (0..lines)
        .filter_map(|at| diff::at(seen, at))
        .map(|at| diff::line(seen, at, false, body.width, theme));
    pane::lines(frame, body, 0, lines);
}
