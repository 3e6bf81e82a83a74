//! Draws both sides of a decision.

use super::Decide;
use crate::decisions::{Side, subject, winner};
use crate::lines::FindingLine;
use crate::lines::inspected::TrialLine;
use crate::pages::Row;
use crate::regions::Regions;
use crate::state::{Shared, Slot};
use crate::theme::Theme;
use crate::widgets::list::Cursor;
use crate::widgets::pane::{self, Text};
use crate::widgets::sides;
use luthier_audit::{Code, Remedy, decision};
use luthier_hub::text;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

impl Decide {
    /// Draws it.
    pub fn view(&self, frame: &mut Frame, shared: &Shared, regions: &Regions, theme: &Theme) {
        let title = match self.len() {
            0 => "decide".to_owned(),
            len => format!(
                "decide  {} of {}",
                text::grouped(self.cursor.at + 1),
                text::grouped(len)
            ),
        };
        let area = pane::pane(frame, regions.panes[0], theme, &title, true);
        let head = self.head(area.width, shared, theme);
        let [top, body] = parts(&head, area);
        head.draw(frame, top, Cursor::default(), theme);
        if let Some(row) = self.current() {
            self.sides(row, body.width, theme)
                .draw(frame, body, self.detail, theme);
        }
    }

    /// Counts the lines below the heading, and those of them that `area` shows.
    pub(super) fn lines_below(&self, area: Rect, shared: &Shared) -> (u64, u64) {
        let theme = Theme::ansi();
        let [_, body] = parts(&self.head(area.width, shared, &theme), area);
        let row = self.current();
        let lines = row.map_or(0, |row| self.sides(row, area.width, &theme).lines.len());
        (lines as u64, u64::from(body.height))
    }

    fn head(&self, width: u16, shared: &Shared, theme: &Theme) -> Text {
        let mut head = Text::new(width);
        match (&self.classified, self.rows.row(self.cursor.at)) {
            (Slot::Failed(why), _) => head.say(&format!("✗ {why}"), theme.error),
            (Slot::Ready(_), Row::Ready(row)) => self.heading(row, shared, &mut head, theme),
            (Slot::Ready(_), Row::Failed(why)) => head.say(&format!("✗ {why}"), theme.error),
            (Slot::Ready(_), Row::Pending) => head.say("…", theme.pending),
            _ => head.say("looking for findings that need a decision …", theme.pending),
        }
        head
    }

    /// Draws what the finding is, and what each key would do.
    fn heading(&self, row: &FindingLine, shared: &Shared, head: &mut Text, theme: &Theme) {
        let decided = shared.decisions.of(row.code, subject(row.id.exact()));
        let mut line = vec![
            Span::styled(format!("{} ", row.code), theme.grade(row.grade)),
            Span::styled(format!("{} {}  ", row.subject, row.id.short()), theme.title),
            Span::styled(row.repo.shown().to_owned(), theme.muted),
        ];
        let (word, style) = match decided {
            None => ("  ? undecided".to_owned(), theme.warning),
            Some(side) if winner(row.remedy) == Some(side) => {
                ("  ✓ planned".to_owned(), theme.good)
            }
            Some(_) => ("  – skipped".to_owned(), theme.muted),
        };
        line.push(Span::styled(word, style));
        head.lines.push(Line::from(line));
        head.say(row.code.fault().is, theme.muted);
        choices(row, head, theme);
        match (self.advice(row), decision::criterion(row.code)) {
            (Some(words), _) => head.say(words, theme.good),
            (None, Some(words)) => head.say(words, theme.text),
            (None, None) => {}
        }
        if let Some(words) = also_settles(row) {
            head.say(&words, theme.text);
        }
        let offered = shared.decisions.offered(row.code, subject(row.id.exact()));
        match (shared.decisions.rule(row.code), offered) {
            (Some(side), _) => {
                let words = format!("all other {}: {}", row.code, side.answer());
                head.say(&words, theme.text);
            }
            (None, Some(side)) => {
                let words = format!("=  {} for all other {}", side.answer(), row.code);
                head.say(&words, theme.text);
            }
            (None, None) => {}
        }
        head.lines.push(Line::default());
    }

    /// Returns what speaks for a choice, where the sides that were read say it.
    fn advice(&self, row: &FindingLine) -> Option<&'static str> {
        let Some(Slot::Ready(seen)) = self.seen.of(&row.id) else {
            return None;
        };
        let of_row = |trial: &TrialLine| trial.matches && trial.is_of_row();
        let stores = matches!(row.remedy, Remedy::Restore | Remedy::Replace);
        match winner(row.remedy) {
            Some(Side::Row) if stores && seen.identity.iter().any(of_row) => Some(
                "Recommended: 1. The row reproduces the id: the bytes made from it are exactly those that the id stands for.",
            ),
            Some(Side::Row) if stores && seen.object.wrapped => {
                Some("Recommended: 1. Without its wrapping the object matches its id.")
            }
            Some(Side::Object) if seen.object.good && seen.is_proved_apart() => {
                Some("Recommended: 1. The object matches its id.")
            }
            Some(Side::Object) if seen.object.good => Some(
                "The object matches its id, which does not hash every field that differs: there either side may be right.",
            ),
            _ => None,
        }
    }

    fn sides(&self, row: &FindingLine, width: u16, theme: &Theme) -> Text {
        let mut out = Text::new(width);
        match self.seen.of(&row.id) {
            Some(Slot::Ready(seen)) => {
                let layout = sides::Layout {
                    beside: self.is_beside(width),
                    unfolded: self.unfolded,
                };
                out = sides::text(seen, layout, width, theme);
            }
            Some(Slot::Failed(why)) => {
                out.say(&format!("✗ {why}; R asks again"), theme.error);
            }
            _ if row.subject.kind().is_some() => out.say("reading both sides …", theme.pending),
            _ => {}
        }
        if !row.evidence.is_empty() {
            out.gap();
            out.say("evidence", theme.title);
        }
        for (name, value) in &row.evidence {
            out.pair(name, value, theme, theme.text);
        }
        out
    }
}

/// Splits the pane: the heading, whole where a third is left for the sides, and these.
fn parts(head: &Text, area: Rect) -> [Rect; 2] {
    let height = u16::try_from(head.lines.len()).unwrap_or(u16::MAX);
    let height = height.min(area.height - area.height / 3);
    Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(area)
}

/// Says which key carries the remedy out, and which one leaves everything as it is.
fn choices(row: &FindingLine, head: &mut Text, theme: &Theme) {
    let skip = format!("skip it: {}", decision::SKIP);
    let answers = [("1", decision::outcome(row.code, row.remedy)), ("s", &skip)];
    for (key, words) in answers {
        let lead = crate::widgets::list::fit(key, 3);
        head.hang(&lead, words, theme.text);
    }
}

/// Names the other finding that the same row settles.
fn also_settles(row: &FindingLine) -> Option<String> {
    let other = match row.code {
        Code::HeadDangling => format!("{} of this commit", Code::RowMissing),
        Code::RowMissing => {
            let user = row.evidence.iter().find(|(name, _)| name == "used by");
            let branch = user.filter(|(_, user)| !user.starts_with("sha256:"));
            format!("{} of {}", Code::HeadDangling, branch?.1)
        }
        _ => return None,
    };
    Some(format!(
        "The row also settles {other}: one answer is enough."
    ))
}
