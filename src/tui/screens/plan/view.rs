//! Draws a plan.

use super::PlanScreen;
use crate::lines::{RefusalLine, StepLine};
use crate::pages::Row;
use crate::regions::Regions;
use crate::state::{Shared, Slot};
use crate::theme::Theme;
use crate::widgets::list::{self, Cursor, fit, fit_right};
use crate::widgets::pane::{self, Text};
use luthier_audit::{Remedy, Subject};
use luthier_hub::text;
use luthier_repair::Next;
use ratatui::Frame;
use ratatui::text::{Line, Span};

impl PlanScreen {
    /// Draws it.
    pub fn view(&self, frame: &mut Frame, _: &Shared, regions: &Regions, theme: &Theme) {
        let [first, second, _] = regions.panes;
        if first.width > 0 {
            let word = if self.refused {
                "plan: skipped"
            } else {
                "plan"
            };
            let area = pane::pane(frame, first, theme, word, !self.beside);
            self.view_list(frame, area, theme);
        }
        if second.width > 0 {
            let word = if self.refused { "why not" } else { "step" };
            let area = pane::pane(frame, second, theme, word, self.beside);
            self.detail(area.width, theme)
                .draw(frame, area, self.detail, theme);
        }
    }

    fn view_list(&self, frame: &mut Frame, area: ratatui::layout::Rect, theme: &Theme) {
        let head = self.head(area.width, theme);
        let height = u16::try_from(head.lines.len())
            .unwrap_or(u16::MAX)
            .min(area.height);
        head.draw(frame, area, Cursor::default(), theme);
        let body = ratatui::layout::Rect {
            y: area.y.saturating_add(height),
            height: area.height.saturating_sub(height),
            ..area
        };
        list::draw(frame, body, theme, (self.cursor, self.len()), |at| {
            if self.refused {
                shown(self.refusals.row(at), theme, |row| {
                    refusal_line(row, body.width, theme)
                })
            } else {
                shown(self.steps.row(at), theme, |row| {
                    step_line(row, body.width, theme)
                })
            }
        });
    }

    /// Draws the lines above the list: what was chosen, how much it is, and what speaks against it.
    pub(super) fn head(&self, width: u16, theme: &Theme) -> Text {
        let mut head = Text::new(width);
        match &self.totals {
            Slot::Ready(totals) if self.is_here() => {
                let size = match totals.bytes {
                    0 => String::new(),
                    bytes => format!(", {} to write", text::bytes(bytes)),
                };
                head.say(&self.what, theme.title);
                let words = format!("{}{}{size}", totals.words(), self.left_out());
                head.say(&words, theme.text);
                for alarm in &self.planned.alarms {
                    head.say(&format!("! {alarm}"), theme.error);
                }
                if let Some(why) = &self.planned.empty {
                    head.say(why, theme.warning);
                }
                // Where something is planned, its steps have the room.
                if totals.steps == 0 {
                    for next in &self.planned.next {
                        helps(*next)
                            .iter()
                            .for_each(|line| head.say(line, theme.text));
                    }
                    head.say("esc goes back.", theme.text);
                }
                head.lines.push(Line::default());
            }
            Slot::Failed(why) => head.say(&format!("✗ {why}"), theme.error),
            _ => head.say(&format!("planning {} …", self.what), theme.pending),
        }
        head
    }

    /// Counts the chosen findings that no step repairs: what the plan skips, and what it was not made for.
    fn left_out(&self) -> String {
        let refused = self.totals.ready().map_or(0, |totals| totals.refused);
        let by_person = self.left.kept + self.left.skipped;
        let words = match (refused, by_person) {
            (0, 0) => String::new(),
            (plan, 0) => format!(", {} skipped", text::grouped(plan)),
            (plan, person) => format!(
                ", {} skipped ({} by decision)",
                text::grouped(plan + person),
                text::grouped(person)
            ),
        };
        match self.left.undecided {
            0 => words,
            undecided => format!("{words}, {} undecided", text::grouped(undecided)),
        }
    }

    pub(super) fn detail(&self, width: u16, theme: &Theme) -> Text {
        let mut out = Text::new(width);
        if self.len() == 0 {
            return out;
        }
        match (
            self.refused,
            self.steps.row(self.cursor.at),
            self.refusals.row(self.cursor.at),
        ) {
            (false, Row::Ready(step), _) => describe(step, &mut out, theme),
            (true, _, Row::Ready(refusal)) => {
                out.say(refusal.code.name(), theme.title);
                out.say(refusal.code.fault().is, theme.muted);
                out.gap();
                out.say(&refusal.why, theme.warning);
                out.gap();
                out.pair("id", refusal.id.shown(), theme, theme.text);
            }
            _ => {}
        }
        out
    }
}

/// Draws what to press next for skipped findings, one line each.
const fn helps(next: Next) -> &'static [&'static str] {
    match next {
        Next::Decide => {
            &["Findings that need a decision: f on the hub lists them, x there asks for each."]
        }
        Next::Copies => &[
            "A copy from a client's folder repairs it: C chooses the folder.",
            "W lists what to look for.",
        ],
        Next::OtherCopies => &[
            "The folder of copies does not have it: C chooses another.",
            "W lists what to look for.",
        ],
        Next::Deeper => &["A audits again; depth bytes reads every object."],
    }
}

fn shown<T>(row: Row<'_, T>, theme: &Theme, line: impl Fn(&T) -> Line<'static>) -> Line<'static> {
    match row {
        Row::Ready(row) => line(row),
        Row::Pending => Line::styled(" …", theme.pending),
        Row::Failed(why) => Line::styled(format!(" ✗ {why}"), theme.error),
    }
}

fn step_line(step: &StepLine, width: u16, theme: &Theme) -> Line<'static> {
    let words = usize::from(width).saturating_sub(32);
    Line::from(vec![
        Span::styled(fit_right(&text::grouped(step.number), 6), theme.muted),
        Span::styled(format!(" {}", fit(step.remedy.word(), 9)), theme.title),
        Span::styled(format!(" {} ", fit(&step.id.short(), 13)), theme.text),
        Span::styled(fit(&step.words, words), theme.muted),
    ])
}

fn refusal_line(row: &RefusalLine, width: u16, theme: &Theme) -> Line<'static> {
    let why = usize::from(width).saturating_sub(38);
    Line::from(vec![
        Span::styled(format!(" {}", fit(row.code.name(), 22)), theme.text),
        Span::styled(format!(" {} ", fit(&row.id.short(), 13)), theme.text),
        Span::styled(fit(&row.why, why), theme.muted),
    ])
}

/// Names what a step is about: a checkpoint saves all branches of a repository, though each is a finding.
pub const fn subject(remedy: Remedy, kind: Subject) -> &'static str {
    match remedy {
        Remedy::Checkpoint => "repository",
        _ => kind.word(),
    }
}

/// Says how the codes of a step are to be read: an undo may bring findings back, and that of an undo repairs them again.
pub const fn mended(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Undo => "concerns",
        _ => "repairs",
    }
}

fn describe(step: &StepLine, out: &mut Text, theme: &Theme) {
    let of_repo = step.remedy == Remedy::Checkpoint;
    out.say(
        &format!(
            "{}. {} {}",
            step.number,
            step.remedy,
            subject(step.remedy, step.kind)
        ),
        theme.title,
    );
    out.say(&step.words, theme.text);
    out.gap();
    out.pair("only if", &step.precondition, theme, theme.text);
    if !of_repo {
        out.pair(step.kind.word(), step.id.shown(), theme, theme.text);
    }
    out.pair("repository", &step.repo, theme, theme.text);
    let first = match step.others {
        0 => step.code.name().to_owned(),
        others => format!(
            "{} of {}",
            step.code.name(),
            text::plural(others + 1, "branch")
        ),
    };
    let also = step.also.iter().map(|code| code.name().to_owned());
    let mends: Vec<String> = std::iter::once(first).chain(also).collect();
    out.pair(mended(step.remedy), &mends.join(", "), theme, theme.text);
    out.pair("undo", step.undoing.words(), theme, theme.muted);
    if let Some(key) = &step.key {
        out.pair("key", key, theme, theme.text);
    }
    if step.bytes > 0 {
        out.pair(
            "writes",
            &text::plural(step.bytes, "byte"),
            theme,
            theme.text,
        );
    }
    if let Some(sha256) = &step.sha256 {
        out.pair("checksum", sha256, theme, theme.muted);
    }
    changes(step, out, theme);
}

/// Draws the columns that a step changes, before and after.
fn changes(step: &StepLine, out: &mut Text, theme: &Theme) {
    if !step.row.is_empty() {
        out.gap();
        let of_object = step.row.iter().all(|change| change.column == "object");
        out.say(
            if of_object { "the object" } else { "the row" },
            theme.title,
        );
    }
    for change in &step.row {
        let null = "null";
        out.say(&format!("  {}", change.column), theme.text);
        out.say(
            &format!("- {}", change.from.as_deref().unwrap_or(null)),
            theme.removed,
        );
        out.say(
            &format!("+ {}", change.to.as_deref().unwrap_or(null)),
            theme.added,
        );
    }
}
