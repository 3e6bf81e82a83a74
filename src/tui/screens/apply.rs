//! A repair under way, and its end.

use super::Go;
use crate::action::Action;
use crate::effect::{Effect, Job, PlanRef, Query, Scope, Ticket};
use crate::event::Answer;
use crate::lines::{AppliedLine, StepLine};
use crate::meter::Meter;
use crate::notices::Level;
use crate::regions::Regions;
use crate::state::{Ctx, Shared, Slot};
use crate::theme::Theme;
use crate::widgets::list::Cursor;
use crate::widgets::pane::{self, Text};
use luthier_hub::text;
use luthier_repair::Work;
use ratatui::Frame;

/// So many steps come before the others, and are looked at on production.
const CANARY: u32 = 10;

/// Says how the first steps are checked.
const CHECK: &str = "They are listed below (↓ scrolls). In a second terminal, `luthier show ID` shows one, and `muse pull` tries its branch.";

/// A repair.
#[derive(Debug)]
pub struct Apply {
    pub end: Slot<AppliedLine>,
    scope: Scope,
    plan: PlanRef,
    steps: u64,
    work: Work,
    /// The plan's first steps, to be looked at before the others are made.
    first: Slot<Vec<StepLine>>,
    cursor: Cursor,
}

impl Apply {
    /// Returns a repair of so many steps that has just begun.
    #[must_use]
    pub fn new((ticket, scope): (Ticket, Scope), plan: PlanRef, steps: u64, work: Work) -> Self {
        Self {
            end: Slot::Pending(ticket),
            scope,
            plan,
            steps,
            work,
            first: Slot::Empty,
            cursor: Cursor::default(),
        }
    }

    /// Returns the reason why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, shared: &Shared) -> Option<String> {
        match action {
            Action::Pause | Action::Faster | Action::Slower if shared.applying.is_none() => {
                Some(format!("the {} has ended", self.work.noun()))
            }
            Action::CopyId => Some("there is no id here".into()),
            _ => None,
        }
    }

    /// Does what was asked.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        match action {
            Action::Move(motion) => {
                let width = crate::regions::inner(ctx.regions.panes[0]).width;
                let lines = self.text(width, ctx.shared, &Theme::ansi()).lines.len() as u64;
                self.cursor.scroll(motion, lines, ctx.height(0));
            }
            Action::Pause => {
                if let Some(meter) = &mut ctx.shared.applying {
                    meter.paused = !meter.paused;
                    ctx.out.push(Effect::Pause(Job::Apply, meter.paused));
                }
            }
            Action::Faster => ctx.out.push(Effect::Throttle(1)),
            Action::Slower => ctx.out.push(Effect::Throttle(-1)),
            Action::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    /// Reads the first steps once they wait to be looked at.
    pub fn request_missing(&mut self, ctx: &mut Ctx) {
        if self.first == Slot::Empty && ctx.shared.applying.as_ref().is_some_and(at_canary) {
            let ask = Query::Steps {
                plan: self.plan,
                skip: 0,
                limit: CANARY,
            };
            self.first = Slot::Pending(ctx.read(self.scope, ask));
        }
    }

    /// Lets go of the plan, once nobody carries it out any more.
    pub fn close(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
        ctx.out.push(Effect::DropPlan(self.plan));
    }

    /// Returns the purpose of the run.
    #[must_use]
    pub fn work(&self) -> Work {
        self.work
    }

    /// Returns the next key of a guide; `then` once the repair has ended.
    #[must_use]
    pub fn lead(&self, then: &'static str, shared: &Shared) -> &'static str {
        match self.end {
            Slot::Ready(_) | Slot::Failed(_) => then,
            _ if shared.applying.as_ref().is_some_and(|meter| meter.paused) => {
                "paused; p continues, ctrl-c stops here"
            }
            _ => "running; p pauses, ctrl-c stops after the current step",
        }
    }

    /// Takes the end of the repair; then the hub is looked at again.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer, ctx: &mut Ctx) -> Option<Answer> {
        if self.first.awaits(ticket) {
            self.first = match answer {
                Answer::Steps(steps) => Slot::Ready(steps),
                Answer::Failed(why) => Slot::Failed(why),
                other => return Some(other),
            };
            return None;
        }
        if !self.end.awaits(ticket) {
            return Some(answer);
        }
        match answer {
            Answer::Applied(applied) => {
                let (level, words) = summary(self.work, &applied);
                ctx.shared.tell(level, words);
                self.end = Slot::Ready(applied);
            }
            Answer::Failed(why) => {
                let words = format!("the {} ended early: {why}", self.work.noun());
                ctx.shared.tell(Level::Error, words);
                self.end = Slot::Failed(why);
            }
            other => return Some(other),
        }
        None
    }

    /// Says what `p` and `ctrl-c` would do, for the status line.
    #[must_use]
    pub fn status(&self, shared: &Shared) -> String {
        match &shared.applying {
            Some(meter) if at_canary(meter) => {
                "check the first steps, listed above; p continues, ctrl-c stops here".into()
            }
            Some(meter) if meter.paused => "paused; p continues".into(),
            Some(_) => "ctrl-c stops after the current step".into(),
            None => "finished; esc goes back".into(),
        }
    }

    /// Draws it.
    pub fn view(&self, frame: &mut Frame, shared: &Shared, regions: &Regions, theme: &Theme) {
        let area = pane::pane(frame, regions.panes[0], theme, self.work.noun(), true);
        self.text(area.width, shared, theme)
            .draw(frame, area, self.cursor, theme);
    }

    /// Returns what is shown, in lines of `width` cells.
    fn text(&self, width: u16, shared: &Shared, theme: &Theme) -> Text {
        let mut out = Text::new(width);
        let steps = text::plural(self.steps, "step");
        match (&self.end, &shared.applying) {
            (Slot::Ready(applied), _) => ended(self.work, applied, &mut out, theme),
            (Slot::Failed(why), _) => {
                out.say(&format!("✗ {why}"), theme.error);
                out.say("Completed steps are in the journal and stay.", theme.text);
            }
            (_, Some(meter)) => self.under_way(meter, &mut out, theme),
            (_, None) => out.say(&format!("{steps}, about to start"), theme.pending),
        }
        out
    }
}

/// Returns whether the first steps wait to be looked at.
fn at_canary(meter: &Meter) -> bool {
    meter.paused && meter.figures.waiting.is_some() && meter.figures.done <= u64::from(CANARY)
}

impl Apply {
    fn under_way(&self, meter: &Meter, out: &mut Text, theme: &Theme) {
        let figures = &meter.figures;
        let word = if meter.paused { "paused" } else { "under way" };
        let steps = text::plural(self.steps, "step");
        out.say(&format!("{steps}, {word}"), theme.running);
        if at_canary(meter) {
            out.say(
                "! the first 10 steps are done; check them, then p continues",
                theme.warning,
            );
            out.say(CHECK, theme.text);
        } else if let Some(why) = &figures.waiting {
            out.say(&format!("! {why}"), theme.warning);
        }
        if !figures.subject.is_empty() && !meter.paused {
            out.pair("now", &figures.subject, theme, theme.text);
        }
        if let Some(speed) = meter.speed {
            let mut words = text::grouped(speed.limit as u64);
            if speed.allowed < speed.limit {
                words += &format!("; the store allows {} now", speed.allowed);
            }
            out.pair("in parallel", &words, theme, theme.text);
        }
        out.gap();
        for (name, count) in &figures.outcomes {
            let name = crate::lines::clean(name);
            out.pair(&name, &text::grouped(*count), theme, theme.text);
        }
        if !figures.trouble.is_empty() {
            out.gap();
            out.say("failed and skipped steps, newest first", theme.title);
        }
        for line in figures.trouble.iter().rev() {
            out.say(&format!("✗ {line}"), theme.error);
        }
        if let (true, Slot::Ready(first)) = (at_canary(meter), &self.first) {
            out.gap();
            out.say("the first steps", theme.title);
            for step in first {
                let id = step.id.short();
                out.say(
                    &format!("{}. {id}  {}", step.number, step.words),
                    theme.text,
                );
            }
        }
    }
}

/// Counts the steps that succeeded and those that did not.
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

/// Formats `3 repaired · run 7f3a` in the words of the run's kind, and the steps that failed.
fn summary(work: Work, applied: &AppliedLine) -> (Level, String) {
    let (good, bad) = tally(applied);
    let mut words = work.done(good);
    if bad > 0 {
        words += &format!(", {} not", text::grouped(bad));
    }
    if applied.stopped {
        words += ", stopped after a step";
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

fn ended(work: Work, applied: &AppliedLine, out: &mut Text, theme: &Theme) {
    let (_, bad) = tally(applied);
    let style = if bad > 0 { theme.warning } else { theme.good };
    out.say(&summary(work, applied).1, style);
    out.gap();
    for (outcome, count) in &applied.outcomes {
        out.pair(outcome.word(), &text::grouped(*count), theme, theme.text);
    }
    out.pair("run", &applied.run, theme, theme.text);
    if !applied.trouble.is_empty() {
        out.gap();
        out.say("failed and skipped steps", theme.title);
        for line in &applied.trouble {
            out.say(&format!("✗ {line}"), theme.error);
        }
    }
}
