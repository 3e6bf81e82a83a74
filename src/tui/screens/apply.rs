//! A repair under way, and its end.

use super::Go;
use crate::text;
use crate::tui::action::Action;
use crate::tui::effect::{Effect, Job, Ticket};
use crate::tui::event::Answer;
use crate::tui::lines::AppliedLine;
use crate::tui::notices::Level;
use crate::tui::regions::Regions;
use crate::tui::state::{Ctx, Shared, Slot};
use crate::tui::theme::Theme;
use crate::tui::widgets::list::Cursor;
use crate::tui::widgets::pane::{self, Text};
use ratatui::Frame;

/// A repair.
#[derive(Debug)]
pub struct Apply {
    pub end: Slot<AppliedLine>,
    steps: u64,
    cursor: Cursor,
}

impl Apply {
    /// A repair of so many steps that has just begun.
    #[must_use]
    pub fn new(ticket: Ticket, steps: u64) -> Self {
        Self {
            end: Slot::Pending(ticket),
            steps,
            cursor: Cursor::default(),
        }
    }

    /// Why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, shared: &Shared) -> Option<String> {
        match action {
            Action::Pause if shared.applying.is_none() => Some("the repair has ended".into()),
            Action::CopyId => Some("there is no id here".into()),
            _ => None,
        }
    }

    /// Does what was asked.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        match action {
            Action::Move(motion) => {
                self.cursor.step(motion, 200, 1);
                self.cursor.top = self.cursor.at;
            }
            Action::Pause => {
                if let Some(meter) = &mut ctx.shared.applying {
                    meter.paused = !meter.paused;
                    ctx.out.push(Effect::Pause(Job::Apply, meter.paused));
                }
            }
            Action::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    /// Takes the end of the repair; then the hub is looked at again.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer, ctx: &mut Ctx) -> Option<Answer> {
        if !self.end.awaits(ticket) {
            return Some(answer);
        }
        match answer {
            Answer::Applied(applied) => {
                let (level, words) = summary(&applied);
                ctx.shared.tell(level, words);
                self.end = Slot::Ready(applied);
            }
            Answer::Failed(why) => {
                ctx.shared
                    .tell(Level::Error, format!("the repair ended early: {why}"));
                self.end = Slot::Failed(why);
            }
            other => return Some(other),
        }
        None
    }

    /// What p and ctrl-c would do, for the status line.
    #[must_use]
    pub fn status(&self, shared: &Shared) -> String {
        match &shared.applying {
            Some(meter) if meter.paused => "paused between two steps; p goes on".into(),
            Some(_) => "ctrl-c stops after the step under way".into(),
            None => "ended; esc goes back".into(),
        }
    }

    /// Draws it.
    pub fn view(&self, frame: &mut Frame, shared: &Shared, regions: &Regions, theme: &Theme) {
        let area = pane::pane(frame, regions.panes[0], theme, "repair", true);
        let mut out = Text::new(area.width);
        let steps = text::plural(self.steps, "step");
        match (&self.end, &shared.applying) {
            (Slot::Ready(applied), _) => ended(applied, &mut out, theme),
            (Slot::Failed(why), _) => {
                out.say(&format!("✗ {why}"), theme.error);
                out.say(
                    "What was done before is in the journal and stays done.",
                    theme.text,
                );
            }
            (_, Some(meter)) => {
                let word = if meter.paused { "paused" } else { "under way" };
                out.say(&format!("{steps}, {word}"), theme.running);
                if !meter.figures.subject.is_empty() {
                    out.pair("now", &meter.figures.subject, theme, theme.text);
                }
                out.gap();
                for (name, count) in &meter.figures.outcomes {
                    let name = crate::tui::lines::clean(name);
                    out.pair(&name, &text::grouped(*count), theme, theme.text);
                }
            }
            (_, None) => out.say(&format!("{steps}, about to begin"), theme.pending),
        }
        out.draw(frame, area, self.cursor);
    }
}

/// How many steps ended well, and how many did not.
fn tally(applied: &AppliedLine) -> (u64, u64) {
    let sum = |good: bool| -> u64 {
        applied
            .outcomes
            .iter()
            .filter(|(outcome, _)| outcome.is_well() == good)
            .map(|(_, count)| count)
            .sum()
    };
    (sum(true), sum(false))
}

/// `3 repaired · run 7f3a`, and what did not end well.
fn summary(applied: &AppliedLine) -> (Level, String) {
    let (good, bad) = tally(applied);
    let mut words = format!("{} repaired", text::grouped(good));
    if bad > 0 {
        words += &format!(", {} not", text::grouped(bad));
    }
    if applied.stopped {
        words += ", stopped between two steps";
    }
    let run: String = applied.run.chars().take(24).collect();
    words += &format!(" · run {run}");
    let level = if bad > 0 || applied.stopped {
        Level::Warning
    } else {
        Level::Info
    };
    (level, words)
}

fn ended(applied: &AppliedLine, out: &mut Text, theme: &Theme) {
    let (_, bad) = tally(applied);
    let style = if bad > 0 { theme.warning } else { theme.good };
    out.say(&summary(applied).1, style);
    out.gap();
    for (outcome, count) in &applied.outcomes {
        out.pair(outcome.word(), &text::grouped(*count), theme, theme.text);
    }
    out.pair("run", &applied.run, theme, theme.text);
    if !applied.trouble.is_empty() {
        out.gap();
        out.say("what did not end well", theme.title);
        for line in &applied.trouble {
            out.say(&format!("✗ {line}"), theme.error);
        }
    }
}
