//! Draws both sides of a decision.

use super::Decide;
use crate::decisions::{Side, subject, winner};
use crate::lines::FindingLine;
use crate::pages::Row;
use crate::regions::Regions;
use crate::state::{Shared, Slot};
use crate::theme::Theme;
use crate::widgets::list::Cursor;
use crate::widgets::pane::{self, Text};
use crate::widgets::sides;
use luthier_audit::{Code, Remedy};
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
                (format!("  ✓ {}", side.word()), theme.good)
            }
            Some(_) => ("  – skipped".to_owned(), theme.muted),
        };
        line.push(Span::styled(word, style));
        head.lines.push(Line::from(line));
        head.say(row.code.fault().is, theme.muted);
        choices(row, head, theme);
        if let Some(words) = self.advice(row) {
            head.say(words, theme.good);
        }
        let offered = shared.decisions.offered(row.code, subject(row.id.exact()));
        match (shared.decisions.rule(row.code), offered) {
            (Some(side), _) => {
                let words = format!("all other {}: {}", row.code, side.word());
                head.say(&words, theme.text);
            }
            (None, Some((code, side))) => {
                let words = format!("=       {} for all other {code}", side.word());
                head.say(&words, theme.text);
            }
            (None, None) => {}
        }
        head.lines.push(Line::default());
    }

    /// Returns what speaks for a choice, where the formulas that were tried say it.
    fn advice(&self, row: &FindingLine) -> Option<&'static str> {
        let Some((id, Slot::Ready(seen))) = &self.seen else {
            return None;
        };
        let makes_object = matches!(row.remedy, Remedy::Restore | Remedy::Replace);
        let matches = seen
            .identity
            .iter()
            .any(|trial| trial.matches && trial.is_of_row());
        (*id == row.id && makes_object && matches).then_some(
            "Recommended: 1. The row reproduces the id, so what is stored is byte for byte what the id stands for.",
        )
    }

    fn sides(&self, row: &FindingLine, width: u16, theme: &Theme) -> Text {
        let mut out = Text::new(width);
        match &self.seen {
            _ if row.code == Code::RowMissing => {
                out.say("there is no row to compare with the object", theme.muted);
            }
            Some((id, Slot::Ready(seen))) if *id == row.id => {
                let layout = sides::Layout {
                    beside: self.is_beside(width),
                    unfolded: self.unfolded,
                };
                out = sides::text(seen, layout, width, theme);
            }
            Some((id, Slot::Failed(why))) if *id == row.id => {
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

/// Says which key carries the remedy out, and which ones leave everything as it is.
fn choices(row: &FindingLine, head: &mut Text, theme: &Theme) {
    for side in [Side::Row, Side::Object] {
        let key = if side == Side::Row { "1" } else { "2" };
        let keeps = keeps(row.code, side);
        let (keys, words) = match (row.code, winner(row.remedy) == Some(side)) {
            (Code::RowMissing | Code::HeadDangling, true) => {
                (key.to_owned(), "a row is made from the object")
            }
            (_, true) => (key.to_owned(), outcome(row.remedy)),
            (_, false) => (
                format!("{key} or s"),
                "nothing is changed, the finding stays",
            ),
        };
        let lead = crate::widgets::list::fit(&keys, 8);
        head.hang(&lead, &format!("{keeps}: {words}"), theme.text);
    }
}

/// Names the choice of a side; a side that is missing cannot be kept.
const fn keeps(code: Code, side: Side) -> &'static str {
    match (code, side) {
        (Code::RowMissing, Side::Row) => "leave it without a row",
        (Code::HeadDangling, Side::Row) => "leave the branch without its commit",
        (Code::ObjectMissing, Side::Object) => "leave it without an object",
        (_, Side::Row) => "keep the row",
        (_, Side::Object) => "keep the object",
        (_, Side::Skip) => "skip",
    }
}

/// Describes what keeping a side changes.
const fn outcome(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Backfill => "the object that the row describes is stored",
        Remedy::Restore => {
            "the object is stored again, from the row or from a copy that matches its id"
        }
        Remedy::Replace => {
            "the bytes go into quarantine, and good ones from the row or a copy replace them"
        }
        Remedy::Reref => "this repository uses the other repository's row too",
        Remedy::Hold => "the repository's membership tables get the rows that its branches need",
        Remedy::Recache => "the cache is written again from data that matches the id",
        Remedy::Reindex => "the row is changed to what the object says",
        Remedy::Index => "the index says where in the pack the blob is",
        Remedy::Link => "the row is linked to the object that matches its id",
        Remedy::Checkpoint | Remedy::Undo | Remedy::None => "nothing is changed",
    }
}
