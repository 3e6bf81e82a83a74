//! The journal: what was changed on this hub from here, newest first.

use super::plan::PlanScreen;
use super::run::RunScreen;
use super::{Go, Screen, ago};
use crate::action::Action;
use crate::effect::{Exported, Query, Scope, Ticket};
use crate::event::Answer;
use crate::lines::{ChainLine, HubId, RunLine};
use crate::notices::Level;
use crate::regions::Regions;
use crate::state::{Ctx, Shared, Slot};
use crate::theme::Theme;
use crate::widgets::list::{self, Cursor, fit, fit_right};
use crate::widgets::pane::{self, Text};
use luthier_hub::text;
use luthier_object::time;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// The runs of the journal.
#[derive(Debug)]
pub struct JournalScreen {
    pub scope: Scope,
    pub runs: Slot<Vec<RunLine>>,
    pub cursor: Cursor,
    pub beside: bool,
    detail: Cursor,
    /// The result of checking the journal, once it was requested.
    pub chain: Slot<ChainLine>,
    /// Repairs that had ended when the runs were read.
    repairs: u64,
}

impl JournalScreen {
    /// Opens the journal.
    pub fn open(ctx: &mut Ctx) -> Go {
        Go::Push(Box::new(Screen::Journal(Box::new(Self {
            scope: ctx.shared.scope(),
            runs: Slot::Empty,
            cursor: Cursor::default(),
            beside: false,
            detail: Cursor::default(),
            chain: Slot::Empty,
            repairs: ctx.shared.repairs,
        }))))
    }

    /// Returns the number of runs.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.runs.ready().map_or(0, |runs| runs.len() as u64)
    }

    /// Returns the run under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&RunLine> {
        self.runs
            .ready()?
            .get(usize::try_from(self.cursor.at).ok()?)
    }

    /// Returns the run's name under the cursor.
    #[must_use]
    pub fn id(&self) -> Option<HubId> {
        self.current().map(|run| run.run.clone())
    }

    /// Returns whether something is on its way.
    #[must_use]
    pub fn pending(&self) -> bool {
        matches!(self.runs, Slot::Pending(_)) || matches!(self.chain, Slot::Pending(_))
    }

    /// Returns the reason why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, _: &Shared) -> Option<String> {
        match action {
            Action::Open | Action::CopyId if self.current().is_none() => {
                Some("there is no run under the cursor".into())
            }
            Action::Undo if self.current().is_none() => {
                Some("there is no run under the cursor".into())
            }
            Action::Check if matches!(self.chain, Slot::Pending(_)) => {
                Some("the chain is being checked".into())
            }
            Action::Check if self.len() == 0 => Some("there is no journal yet".into()),
            _ => None,
        }
    }

    /// Does what was asked.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        match action {
            Action::Move(motion) if self.beside => {
                let width = crate::regions::inner(ctx.regions.panes[1]).width;
                let lines = self.detail(width, &Theme::ansi()).lines.len() as u64;
                self.detail.scroll(motion, lines, ctx.height(1));
            }
            Action::Move(motion) => {
                self.detail = Cursor::default();
                let height = ctx.height(0).saturating_sub(1);
                self.cursor.step(motion, self.len(), height);
            }
            Action::Pane => self.beside = !self.beside,
            Action::Open => {
                if let Some(run) = self.current() {
                    return RunScreen::open(run.clone(), ctx);
                }
            }
            Action::Export => ctx.export(Exported::Runs),
            Action::Undo => {
                if let Some(run) = self.current() {
                    return PlanScreen::undo(run, ctx);
                }
            }
            Action::Check => {
                self.chain = Slot::Pending(ctx.read(self.scope, Query::Chain));
            }
            Action::Refresh => {
                self.scope = ctx.renew(self.scope);
                (self.runs, self.chain) = (Slot::Empty, Slot::Empty);
            }
            Action::Back if self.beside => self.beside = false,
            Action::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    /// Takes an answer if it waits for it.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer, ctx: &mut Ctx) -> Option<Answer> {
        match answer {
            Answer::Runs(runs) if self.runs.awaits(ticket) => self.runs = Slot::Ready(runs),
            Answer::Failed(why) if self.runs.awaits(ticket) => self.runs = Slot::Failed(why),
            Answer::Chain(chain) if self.chain.awaits(ticket) => {
                let (level, words) = match chain.tampered {
                    0 => (
                        Level::Info,
                        format!(
                            "no line of the journal was changed: {}",
                            text::plural(chain.lines, "line")
                        ),
                    ),
                    n => (
                        Level::Error,
                        format!("THE JOURNAL WAS CHANGED: {}", text::plural(n, "place")),
                    ),
                };
                ctx.shared.tell(level, words);
                self.chain = Slot::Ready(chain);
            }
            Answer::Failed(why) if self.chain.awaits(ticket) => {
                ctx.shared.tell(Level::Error, format!("chain: {why}"));
                self.chain = Slot::Failed(why);
            }
            other => return Some(other),
        }
        None
    }

    /// Asks for the runs.
    pub fn request_missing(&mut self, ctx: &mut Ctx) {
        if self.repairs != ctx.shared.repairs {
            // Another run has ended since: it stands at the top, and the check was of a shorter journal.
            self.repairs = ctx.shared.repairs;
            self.scope = ctx.renew(self.scope);
            (self.runs, self.chain) = (Slot::Empty, Slot::Empty);
        }
        if self.runs == Slot::Empty {
            self.runs = Slot::Pending(ctx.read(self.scope, Query::Runs));
        }
        if self.runs.ready().is_some() {
            self.cursor
                .keep(self.len(), ctx.height(0).saturating_sub(1));
        }
    }

    /// Lets go of what only it needed.
    pub fn close(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
    }

    /// Says what the check of the journal found, for the status line.
    #[must_use]
    pub fn status(&self) -> String {
        match &self.chain {
            Slot::Pending(_) => "checking every line against the line before it".into(),
            Slot::Ready(chain) if chain.tampered == 0 => "✓ no line was changed".into(),
            Slot::Ready(_) => "✗ TAMPERED WITH".into(),
            _ => String::new(),
        }
    }

    /// Draws it.
    pub fn view(&self, frame: &mut Frame, shared: &Shared, regions: &Regions, theme: &Theme) {
        let [first, second, _] = regions.panes;
        if first.width > 0 {
            let at = text::grouped(self.cursor.at + u64::from(self.len() > 0));
            let title = format!("journal  {at} of {}", text::grouped(self.len()));
            let area = pane::pane(frame, first, theme, &title, !self.beside);
            self.view_runs(frame, area, shared, theme);
        }
        if second.width > 0 {
            let area = pane::pane(frame, second, theme, "run", self.beside);
            self.detail(area.width, theme)
                .draw(frame, area, self.detail, theme);
        }
    }

    fn view_runs(&self, frame: &mut Frame, area: Rect, shared: &Shared, theme: &Theme) {
        let [head, body] = pane::headed(area);
        match &self.runs {
            Slot::Failed(why) => {
                frame.render_widget(Line::styled(format!(" ✗ {why}"), theme.error), body);
            }
            Slot::Ready(runs) if runs.is_empty() => {
                let text = " Luthier has changed nothing here yet";
                frame.render_widget(Line::styled(text, theme.muted), body);
            }
            Slot::Ready(runs) => {
                let heading = format!(" {} {} outcomes", fit("when", 9), fit_right("steps", 7));
                frame.render_widget(Line::styled(heading, theme.muted), head);
                let len = runs.len() as u64;
                list::draw(frame, body, theme, (self.cursor, len), |at| {
                    let run = usize::try_from(at).ok().and_then(|at| runs.get(at));
                    run.map_or_else(Line::default, |run| line(run, body.width, shared, theme))
                });
            }
            _ => frame.render_widget(Line::styled(" reading the journal …", theme.pending), body),
        }
    }

    fn detail(&self, width: u16, theme: &Theme) -> Text {
        let mut out = Text::new(width);
        if let Some(run) = self.current() {
            describe(run, &mut out, theme);
        }
        match &self.chain {
            Slot::Ready(chain) => {
                out.gap();
                say_chain(chain, &mut out, theme);
            }
            Slot::Failed(why) => out.say(&format!("✗ {why}"), theme.error),
            _ => {}
        }
        out
    }
}

fn line(run: &RunLine, width: u16, shared: &Shared, theme: &Theme) -> Line<'static> {
    let when = time::parse(&run.time).map_or_else(|| "?".into(), |at| ago(at, shared));
    let room = usize::from(width).saturating_sub(22);
    let (mark, style) = match (&run.undone, run.well) {
        (Some(_), _) => ("–", theme.muted),
        (None, true) => ("✓", theme.good),
        (None, false) => ("!", theme.warning),
    };
    let outcomes = match &run.undone {
        Some(words) => format!("{words}: {}", run.outcomes),
        None => run.outcomes.clone(),
    };
    Line::from(vec![
        Span::styled(
            format!(
                " {} {} ",
                fit(&when, 9),
                fit_right(&text::grouped(run.steps), 7)
            ),
            theme.text,
        ),
        Span::styled(mark, style),
        Span::styled(format!(" {}", fit(&outcomes, room)), theme.muted),
    ])
}

/// Draws a run in full.
pub fn describe(run: &RunLine, out: &mut Text, theme: &Theme) {
    out.pair("run", run.run.shown(), theme, theme.title);
    out.pair("began", &text::moment(&run.time), theme, theme.text);
    out.pair("by", &run.who, theme, theme.text);
    out.pair("hub", &run.hub, theme, theme.text);
    out.pair("steps", &text::grouped(run.steps), theme, theme.text);
    out.pair("outcomes", &run.outcomes, theme, theme.text);
    if let Some(run) = &run.undoes {
        out.pair("undoes", run, theme, theme.text);
    }
    if let Some(words) = &run.undone {
        out.pair("later", words, theme, theme.warning);
    }
    if let Some(end) = &run.end {
        out.pair("end", &format!("! {end}"), theme, theme.warning);
    }
    if run.open > 0 {
        let steps = text::plural(run.open, "step");
        out.say(
            &format!("! outcome of {steps} unknown; run an audit"),
            theme.warning,
        );
    }
}

fn say_chain(chain: &ChainLine, out: &mut Text, theme: &Theme) {
    match chain.tampered {
        0 => out.say("✓ no line was changed, removed or reordered", theme.good),
        n => out.say(
            &format!("✗ CHANGED in {}", text::plural(n, "place")),
            theme.error,
        ),
    }
    for place in &chain.places {
        out.say(&format!("  {place}"), theme.error);
    }
    if chain.torn > 0 {
        out.say(
            "the last line is incomplete because of a crash; the next run removes it",
            theme.muted,
        );
    }
    out.pair("lines", &text::grouped(chain.lines), theme, theme.text);
    out.pair("runs", &text::grouped(chain.runs), theme, theme.text);
    out.pair("file", &chain.path, theme, theme.muted);
}
