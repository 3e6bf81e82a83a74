//! A plan: each step in words, what it needs, and what the plan skips.

mod view;

pub use view::{mended, subject};

use super::apply::Apply;
use super::{Go, Screen};
use crate::action::Action;
use crate::decisions::Tally;
use crate::effect::{Effect, PlanRef, Query, ReportRef, Scope, Ticket};
use crate::event::Answer;
use crate::lines::{HubId, PlannedLine, RefusalLine, RunLine, StepLine};
use crate::pages::{PAGE, Pages, Row};
use crate::state::{Ctx, Shared, Slot};
use crate::theme::Theme;
use crate::widgets::confirm::{Confirm, Question};
use crate::widgets::list::Cursor;
use luthier_hub::text;
use luthier_repair::{Selection, Totals, Work, why_name};

/// So many steps are looked at before the others, on production.
const CANARY: u64 = 10;

/// A plan on the screen.
#[derive(Debug)]
pub struct PlanScreen {
    pub scope: Scope,
    pub plan: PlanRef,
    /// The chosen findings, in words.
    what: String,
    /// Of the chosen findings, those that were decided against or not at all: no plan was asked for these.
    left: Tally,
    pub totals: Slot<Totals>,
    /// The plan's other figures.
    planned: PlannedLine,
    /// The audit that it was planned on.
    report: ReportRef,
    /// Repairs that had ended when it was planned.
    repairs: u64,
    steps: Pages<StepLine>,
    refusals: Pages<RefusalLine>,
    /// The list of what is skipped is shown.
    refused: bool,
    pub cursor: Cursor,
    pub beside: bool,
    detail: Cursor,
    /// The plan was applied or is about to be: it is not applied twice.
    pub spent: bool,
    /// It takes an earlier run back.
    undo: bool,
}

impl PlanScreen {
    /// Starts planning and opens the screen that will show the plan.
    pub fn open(selection: Selection, what: &str, ctx: &mut Ctx) -> Go {
        Self::open_from(ctx.shared.audits.report, selection, what, ctx)
    }

    /// Starts planning what was chosen in a report that may not be the last any more.
    pub fn open_from(report: ReportRef, selection: Selection, what: &str, ctx: &mut Ctx) -> Go {
        let planning = ctx.plan(report, selection);
        Self::show(planning, what.to_owned(), Tally::default(), ctx)
    }

    /// Starts planning what was decided; the tally has the findings that were not.
    pub fn open_decided(
        (report, places): (ReportRef, Vec<u64>),
        what: &str,
        tally: Tally,
        ctx: &mut Ctx,
    ) -> Go {
        let chosen = places.len() as u64;
        let all = chosen + tally.kept + tally.skipped + tally.undecided;
        let what = match all - chosen {
            0 => what.to_owned(),
            _ => format!(
                "{what}, {} of {} left out",
                text::grouped(all - chosen),
                text::grouped(all)
            ),
        };
        let planning = ctx.plan(report, Selection::Ordinals(places));
        Self::show(planning, what, tally, ctx)
    }

    /// Starts to plan the undo of a run.
    pub fn undo(run: &RunLine, ctx: &mut Ctx) -> Go {
        let planning = ctx.undo(run.run.exact().to_owned());
        let screen = Self::planning(planning, run.undo_words(), Tally::default(), ctx);
        Self::push(Self {
            undo: true,
            ..screen
        })
    }

    /// Returns whether something was repaired since it was made.
    #[must_use]
    pub const fn is_stale(&self, shared: &Shared) -> bool {
        self.repairs != shared.repairs
    }

    fn show(planning: (PlanRef, Ticket), what: String, left: Tally, ctx: &mut Ctx) -> Go {
        Self::push(Self::planning(planning, what, left, ctx))
    }

    fn push(screen: Self) -> Go {
        Go::Push(Box::new(Screen::Plan(Box::new(screen))))
    }

    fn planning(
        (plan, ticket): (PlanRef, Ticket),
        what: String,
        left: Tally,
        ctx: &mut Ctx,
    ) -> Self {
        Self {
            scope: ctx.shared.scope(),
            plan,
            what,
            left,
            totals: Slot::Pending(ticket),
            planned: PlannedLine::default(),
            report: ctx.shared.audits.report,
            repairs: ctx.shared.repairs,
            steps: Pages::default(),
            refusals: Pages::default(),
            refused: false,
            cursor: Cursor::default(),
            beside: false,
            detail: Cursor::default(),
            spent: false,
            undo: false,
        }
    }

    /// Counts the rows of the list that is shown.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.totals.ready().map_or(0, |totals| {
            if self.refused {
                totals.refused
            } else {
                totals.steps
            }
        })
    }

    /// Returns whether something is on its way.
    #[must_use]
    pub fn pending(&self) -> bool {
        matches!(self.totals, Slot::Pending(_)) || self.steps.pending() || self.refusals.pending()
    }

    /// Returns the id of the step or refusal under the cursor.
    #[must_use]
    pub fn current_id(&self) -> Option<HubId> {
        if self.len() == 0 {
            return None;
        }
        match (
            self.refused,
            self.steps.row(self.cursor.at),
            self.refusals.row(self.cursor.at),
        ) {
            (false, Row::Ready(step), _) => Some(step.id.clone()),
            (true, _, Row::Ready(refusal)) => Some(refusal.id.clone()),
            _ => None,
        }
    }

    /// Returns the reason why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, shared: &Shared) -> Option<String> {
        match action {
            Action::Apply => self.refuse_apply(shared),
            Action::Write | Action::Cycle if self.totals.ready().is_none() => {
                Some("the plan is not ready yet".into())
            }
            Action::Write if self.totals.ready().is_some_and(|totals| totals.steps == 0) => {
                Some("nothing is planned that could be saved".into())
            }
            Action::Cycle if self.totals.ready().is_none_or(|totals| totals.refused == 0) => {
                Some(match self.left.kept + self.left.skipped {
                    0 => "the plan skips nothing".into(),
                    _ => "what is skipped was decided; esc leads back to the decisions".into(),
                })
            }
            Action::CopyId if self.current_id().is_none() => Some("there is no id here".into()),
            _ => None,
        }
    }

    fn refuse_apply(&self, shared: &Shared) -> Option<String> {
        let totals = match &self.totals {
            Slot::Ready(totals) if self.is_here() => totals,
            Slot::Failed(_) => return Some("there is no plan".into()),
            _ => return Some("the plan is not ready yet".into()),
        };
        if totals.steps > 0 && !shared.hub_info.writable {
            Some("read-only: start with --write, or w saves the plan".into())
        } else if totals.steps == 0 {
            Some("nothing is planned; the screen says why".into())
        } else if self.spent {
            Some("this plan was applied; x plans again".into())
        } else if shared.applying.is_some() {
            Some(format!("another {} is running", shared.work.noun()))
        } else {
            None
        }
    }

    /// Returns the question before this plan is applied.
    #[must_use]
    pub fn question(&self, shared: &Shared) -> Option<Confirm> {
        let totals = self.totals.ready()?;
        let question = Question::Apply {
            plan: self.plan,
            undoes: self.undo.then(|| self.what.clone()),
            totals: totals.clone(),
            alarms: self.planned.alarms.clone(),
            undoable: self.planned.undoable,
            canary: shared.is_risky() && totals.steps > CANARY,
        };
        let hub_info = &shared.hub_info;
        let hub = format!("{} {}", hub_info.environment.badge(), hub_info.name);
        let Some(why) = why_name(self.planned.doubt, hub_info.environment) else {
            return Some(Confirm::letter(question, hub));
        };
        Some(Confirm::name(
            question,
            hub,
            hub_info.name.clone(),
            why.to_owned(),
        ))
    }

    /// Returns whether the beginning of the plan can be seen: nothing is agreed to unseen.
    fn is_here(&self) -> bool {
        self.totals
            .ready()
            .is_some_and(|totals| totals.steps == 0 || !matches!(self.steps.row(0), Row::Pending))
    }

    /// Does what was asked. Applying asks first, and that is routed by `update`.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        match action {
            Action::Move(motion) if self.beside => {
                let width = crate::regions::inner(ctx.regions.panes[1]).width;
                let lines = self.detail(width, &Theme::ansi()).lines.len() as u64;
                self.detail.scroll(motion, lines, ctx.height(1));
            }
            Action::Move(motion) => {
                self.detail = Cursor::default();
                let (len, height) = (self.len(), self.height(ctx));
                self.cursor.step(motion, len, height);
            }
            Action::Pane => self.beside = !self.beside,
            Action::Cycle => {
                self.refused = !self.refused;
                self.cursor = Cursor::default();
            }
            Action::Back if self.beside => self.beside = false,
            Action::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    fn height(&self, ctx: &Ctx) -> u64 {
        let area = crate::regions::inner(ctx.regions.panes[0]);
        ctx.height(0)
            .saturating_sub(u64::from(self.heading(area.width)))
    }

    /// Counts the lines above the list.
    pub fn heading(&self, width: u16) -> u16 {
        let lines = self.head(width, &Theme::ansi()).lines.len();
        u16::try_from(lines).unwrap_or(u16::MAX)
    }

    /// Returns the screen on which this plan is carried out.
    #[must_use]
    pub fn applied(&mut self, ticket: Ticket, scope: Scope) -> Apply {
        self.spent = true;
        let (steps, work) = match self.totals.ready() {
            Some(totals) => (totals.steps, Work::of(totals)),
            None => (0, Work::default()),
        };
        Apply::new((ticket, scope), self.plan, steps, work)
    }

    /// Returns the next key of a guide.
    #[must_use]
    pub fn lead(&self, shared: &Shared) -> &'static str {
        match &self.totals {
            // Until it can be read, enter does nothing either.
            Slot::Ready(_) if !self.is_here() => "planning",
            Slot::Ready(totals) if totals.steps == 0 => {
                "nothing is planned; the screen says why; esc goes back"
            }
            Slot::Ready(_) if !shared.hub_info.writable => {
                "read-only: read each step; w saves the plan"
            }
            Slot::Ready(_) if self.undo => "undoes the run named below; enter applies it",
            Slot::Ready(_) => "read each step; enter applies it",
            Slot::Failed(_) => "there is no plan; esc goes back",
            _ => "planning",
        }
    }

    /// Takes an answer if it waits for it.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer, _: &mut Ctx) -> Option<Answer> {
        match answer {
            Answer::Planned(planned) if self.totals.awaits(ticket) => {
                let totals = planned.totals.clone();
                self.refused = totals.steps == 0 && totals.refused > 0;
                self.totals = Slot::Ready(totals);
                self.planned = *planned;
            }
            Answer::Failed(why) if self.totals.awaits(ticket) => self.totals = Slot::Failed(why),
            Answer::Steps(rows) if self.steps.awaits(ticket) => self.steps.take(ticket, Ok(rows)),
            Answer::Refusals(rows) if self.refusals.awaits(ticket) => {
                self.refusals.take(ticket, Ok(rows));
            }
            Answer::Failed(why) if self.steps.awaits(ticket) => self.steps.take(ticket, Err(why)),
            Answer::Failed(why) if self.refusals.awaits(ticket) => {
                self.refusals.take(ticket, Err(why));
            }
            other => return Some(other),
        }
        None
    }

    /// Asks for the steps around the cursor.
    pub fn request_missing(&mut self, ctx: &mut Ctx) {
        if self.totals.ready().is_none() {
            return;
        }
        let (len, height) = (self.len(), self.height(ctx));
        self.cursor.keep(len, height);
        let rows = self.cursor.window(len, height.max(1));
        let (plan, limit) = (self.plan, PAGE as u32);
        if self.refused {
            for page in self.refusals.missing(rows) {
                let skip = page * PAGE;
                let ticket = ctx.read(self.scope, Query::Refusals { plan, skip, limit });
                self.refusals.asked(page, ticket);
            }
        } else {
            for page in self.steps.missing(rows) {
                let skip = page * PAGE;
                let ticket = ctx.read(self.scope, Query::Steps { plan, skip, limit });
                self.steps.asked(page, ticket);
            }
        }
    }

    /// Lets go of what only it needed. A plan that is being applied stays with the runner's task.
    pub fn close(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
        if matches!(self.totals, Slot::Pending(_)) {
            ctx.out.push(Effect::Cancel(crate::effect::Job::Plan));
        }
        ctx.out.push(Effect::DropPlan(self.plan));
    }

    /// Returns whether it is worth coming back to: something is planned, and the hub is still what was planned on.
    #[must_use]
    pub fn leads_on(&self, shared: &Shared) -> bool {
        let has_steps = match &self.totals {
            Slot::Ready(totals) => totals.steps > 0,
            Slot::Pending(_) => true,
            _ => false,
        };
        let is_fresh = self.report == shared.audits.report && self.repairs == shared.repairs;
        has_steps && !self.spent && is_fresh
    }

    /// Returns the step under the cursor as a text.
    #[must_use]
    pub fn document(&self) -> Option<(String, String)> {
        let text = self.detail(super::WIDE, &Theme::ansi()).plain();
        self.current_id().map(|_| ("step.txt".into(), text))
    }

    /// Returns whether it can be applied, for the status line.
    #[must_use]
    pub fn status(&self, shared: &Shared) -> String {
        match self.refuse_apply(shared) {
            Some(why) => format!("plan: {why}"),
            None => "plan: enter applies it after a confirmation".into(),
        }
    }
}
