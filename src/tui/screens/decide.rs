//! Two truths: findings where row and object disagree and a person must say which one is kept.

mod view;

use super::beside::BesideObject;
use super::inspect::Inspect;
use super::plan::PlanScreen;
use super::{Go, Screen};
use crate::action::{Action, Motion};
use crate::decisions::{BY_HAND, Classified, Open, Side, Tally, subject, winner};
use crate::effect::{Query, ReportRef, Scope, Ticket};
use crate::event::Answer;
use crate::lines::FindingLine;
use crate::notices::Level;
use crate::pages::{PAGE, Pages, Row};
use crate::state::{Ctx, Shared, Slot};
use crate::widgets::list::Cursor;
use luthier_hub::text;
use luthier_repair::Selection;

/// The decisions that a selection needs, one finding at a time.
#[derive(Debug)]
pub struct Decide {
    scope: Scope,
    selection: Selection,
    /// The selection in words.
    what: String,
    report: ReportRef,
    /// Audits that had ended by then.
    audits: u64,
    classified: Slot<Classified>,
    rows: Pages<FindingLine>,
    pub cursor: Cursor,
    /// The object under the cursor, from every side.
    seen: BesideObject,
    detail: Cursor,
    /// Side by side or one below the other, where a person chose.
    beside: Option<bool>,
    unfolded: bool,
}

/// Opens the decisions that a selection needs; where it needs none, they give way to its plan.
pub fn open(selection: Selection, what: &str, ctx: &mut Ctx) -> Go {
    Go::Push(Box::new(Screen::Decide(Box::new(Decide {
        scope: ctx.shared.scope(),
        selection,
        what: what.to_owned(),
        report: ctx.shared.audits.report,
        audits: ctx.shared.audits.ended,
        classified: Slot::Empty,
        rows: Pages::default(),
        cursor: Cursor::default(),
        seen: BesideObject::new(ctx),
        detail: Cursor::default(),
        beside: None,
        unfolded: false,
    }))))
}

impl Decide {
    fn open_findings(&self) -> &[Open] {
        self.classified
            .ready()
            .map_or(&[], |classified| &classified.open)
    }

    /// Counts the findings that need a decision.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.open_findings().len() as u64
    }

    /// Returns the finding under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&FindingLine> {
        match self.rows.row(self.cursor.at) {
            Row::Ready(row) if self.cursor.at < self.len() => Some(row),
            _ => None,
        }
    }

    /// Returns whether something is on its way.
    #[must_use]
    pub fn pending(&self) -> bool {
        matches!(self.classified, Slot::Pending(_)) || self.rows.pending() || self.seen.pending()
    }

    /// Counts the findings by their decision.
    #[must_use]
    pub fn tally(&self, shared: &Shared) -> Tally {
        shared.decisions.tally(self.open_findings())
    }

    /// Returns whether both sides of the finding under the cursor were on the screen.
    fn is_seen(&self) -> bool {
        self.current().is_some_and(|row| {
            !has_sides(row) || matches!(self.seen.of(&row.id), Some(Slot::Ready(_)))
        })
    }

    /// Returns the reason why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, shared: &Shared) -> Option<String> {
        let nothing = || "there is no decision under the cursor".to_owned();
        match action {
            Action::Repair | Action::Skip | Action::Open | Action::CopyId
                if self.current().is_none() =>
            {
                Some(nothing())
            }
            Action::Repair if !self.is_seen() => {
                Some("wait until both sides are on the screen".into())
            }
            Action::SameForAll => self.refuse_rule(shared),
            Action::Plan => self.refuse_plan(shared),
            Action::Open => self.current()?.subject.kind().is_none().then(nothing),
            _ => None,
        }
    }

    fn refuse_rule(&self, shared: &Shared) -> Option<String> {
        let Some(row) = self.current() else {
            return Some("there is no decision under the cursor".into());
        };
        let offered = shared.decisions.offered(row.code, subject(row.id.exact()));
        offered.is_none().then(|| {
            let left = BY_HAND.saturating_sub(shared.decisions.count(row.code));
            format!("decide {left} more {} by hand first", row.code)
        })
    }

    fn refuse_plan(&self, shared: &Shared) -> Option<String> {
        let Some(classified) = self.classified.ready() else {
            return Some("findings that need a decision are still being collected".into());
        };
        let tally = self.tally(shared);
        let none = tally.planned == 0 && classified.rest.is_empty();
        none.then(|| match tally.undecided {
            0 => "with these decisions nothing is changed".into(),
            _ => "no decision yet".into(),
        })
    }

    /// Does what was asked.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        match action {
            Action::Move(motion) => {
                let area = crate::regions::inner(ctx.regions.panes[0]);
                let (lines, height) = self.lines_below(area, ctx.shared);
                self.detail.scroll(motion, lines, height);
            }
            Action::Next | Action::NextFinding => self.go(Motion::Down),
            Action::Previous | Action::PreviousFinding => self.go(Motion::Up),
            Action::Repair => self.choose(true, ctx),
            Action::Skip => self.choose(false, ctx),
            Action::SameForAll => self.same_for_all(ctx),
            Action::Layout => {
                let now = self.is_beside(ctx.regions.panes[0].width);
                self.beside = Some(!now);
            }
            Action::Left => self.unfolded = false,
            Action::Right => self.unfolded = true,
            Action::Open => {
                let row = self.current();
                if let Some((kind, id)) = row.and_then(|r| Some((r.subject.kind()?, r.id.clone())))
                {
                    return Inspect::open(kind, id, ctx);
                }
            }
            Action::Plan => return self.plan(ctx),
            Action::Refresh => self.reread(ctx),
            Action::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    fn go(&mut self, motion: Motion) {
        self.cursor.step(motion, self.len(), 1);
        self.detail = Cursor::default();
    }

    /// Decides the finding under the cursor: for the side that its repair makes true, or for neither.
    fn choose(&mut self, repair: bool, ctx: &mut Ctx) {
        let Some(row) = self.current() else { return };
        let side = winner(row.remedy).filter(|_| repair);
        let (code, at) = (row.code, subject(row.id.exact()));
        let short = row.id.short();
        let chosen = match side {
            Some(_) => "planned",
            None => "skipped",
        };
        let side = side.unwrap_or(Side::Skip);
        ctx.shared.decisions.choose(code, at, side);
        self.go_to_undecided(ctx);
        let next = match self.tally(ctx.shared).undecided {
            0 => "x plans".to_owned(),
            _ => format!(
                "next {} of {}",
                text::grouped(self.cursor.at + 1),
                text::grouped(self.len())
            ),
        };
        let words = format!("{short}: {chosen}, {next}");
        ctx.shared.tell(Level::Info, words);
    }

    /// Goes to the next finding without a decision, from the cursor on and around.
    fn go_to_undecided(&mut self, ctx: &Ctx) {
        let open = self.open_findings();
        let after = usize::try_from(self.cursor.at)
            .map_or(0, |at| at + 1)
            .min(open.len());
        let undecided = |one: &&Open| ctx.shared.decisions.of(one.code, one.subject).is_none();
        let (before, behind) = open.split_at(after);
        let found = match behind.iter().position(|one| undecided(&one)) {
            Some(at) => Some(after + at),
            None => before.iter().position(|one| undecided(&one)),
        };
        if let Some(at) = found {
            self.cursor.at = at as u64;
            self.detail = Cursor::default();
        }
    }

    fn same_for_all(&mut self, ctx: &mut Ctx) {
        let Some(row) = self.current() else { return };
        let at = subject(row.id.exact());
        let code = row.code;
        let Some(side) = ctx.shared.decisions.offered(code, at) else {
            return;
        };
        ctx.shared.decisions.same_for_all(code, side);
        let words = format!(
            "{} for every {code} without a decision by hand",
            side.answer()
        );
        ctx.shared.tell(Level::Info, words);
        self.go_to_undecided(ctx);
    }

    fn plan(&mut self, ctx: &mut Ctx) -> Go {
        let Some(classified) = self.classified.ready() else {
            return Go::Stay;
        };
        let tally = self.tally(ctx.shared);
        let places = ctx.shared.decisions.places(classified);
        let planned = (self.report, places);
        PlanScreen::open_decided(planned, &self.what, tally, ctx)
    }

    fn reread(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
        self.classified = Slot::Empty;
        self.rows = Pages::default();
        self.seen.forget();
        self.report = ctx.shared.audits.report;
        self.audits = ctx.shared.audits.ended;
    }

    /// Returns whether a pane of this width shows the sides beside each other.
    fn is_beside(&self, width: u16) -> bool {
        self.beside
            .unwrap_or(width >= crate::widgets::sides::BESIDE)
    }

    /// Takes an answer if it waits for it.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer) -> Option<Answer> {
        if self.rows.awaits(ticket) {
            let findings = answer.findings();
            return findings.map(|rows| self.rows.take(ticket, rows)).err();
        }
        match self.seen.answer(ticket, answer)? {
            Answer::Classified(classified) if self.classified.awaits(ticket) => {
                self.classified = Slot::Ready(classified);
            }
            Answer::Failed(why) if self.classified.awaits(ticket) => {
                self.classified = Slot::Failed(why)
            }
            other => return Some(other),
        }
        None
    }

    /// Asks for what is shown; a selection that needs no choice becomes its plan.
    pub fn request_missing(&mut self, ctx: &mut Ctx) -> Go {
        let filtered = !matches!(self.selection, Selection::Ordinals(_));
        if filtered && self.audits != ctx.shared.audits.ended {
            self.reread(ctx);
        }
        if self.classified == Slot::Empty {
            let (report, selection) = (self.report, self.selection.clone());
            self.classified =
                Slot::Pending(ctx.read(self.scope, Query::Classify { report, selection }));
        }
        let Some(classified) = self.classified.ready() else {
            return Go::Stay;
        };
        if classified.open.is_empty() {
            let selection = self.selection.clone();
            return match PlanScreen::open_from(self.report, selection, &self.what, ctx) {
                Go::Push(screen) => Go::Replace(screen),
                other => other,
            };
        }
        self.cursor.keep(self.len(), 1);
        for page in self.rows.missing(self.cursor.window(self.len(), 1)) {
            let start = usize::try_from(page * PAGE).unwrap_or(usize::MAX);
            let places = self.open_findings().iter().skip(start).take(PAGE as usize);
            let places = places.map(|one| one.ordinal).collect();
            let ask = Query::FindingsAt {
                report: self.report,
                places,
            };
            let ticket = ctx.read(self.scope, ask);
            self.rows.asked(page, ticket);
        }
        self.look(ctx);
        Go::Stay
    }

    /// Reads both sides of the finding under the cursor.
    fn look(&mut self, ctx: &mut Ctx) {
        let row = self.current();
        let row = row.filter(|row| has_sides(row));
        let Some((kind, id)) = row.and_then(|r| Some((r.subject.kind()?, r.id.clone()))) else {
            return;
        };
        self.seen.look(kind, id, ctx);
    }

    /// Returns whether it is worth coming back to: it asks about the findings that there are.
    #[must_use]
    pub fn leads_on(&self, shared: &Shared) -> bool {
        self.report == shared.audits.report && !matches!(self.classified, Slot::Failed(_))
    }

    /// Lets go of what only it needed; the decisions stay with the session.
    pub fn close(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
        self.seen.close(ctx);
    }

    /// Counts the decisions by their answer, for the status line.
    #[must_use]
    pub fn status(&self, shared: &Shared) -> String {
        let tally = self.tally(shared);
        let rest = self
            .classified
            .ready()
            .map_or_else(String::new, Classified::rest_words);
        format!(
            "decisions: {} planned, {} skipped, {} undecided{rest}",
            text::grouped(tally.planned),
            text::grouped(tally.kept + tally.skipped),
            text::grouped(tally.undecided)
        )
    }
}

/// Returns whether a finding is about an object, whose sides can be read; others have only evidence.
fn has_sides(row: &FindingLine) -> bool {
    row.subject.kind().is_some()
}
