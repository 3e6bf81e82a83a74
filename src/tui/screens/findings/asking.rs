//! The requests of the list of findings, and their answers.

use super::Findings;
use crate::effect::{Query, Ticket};
use crate::event::Answer;
use crate::pages::PAGE;
use crate::screens::Go;
use crate::state::{Ctx, Slot};

impl Findings {
    /// Takes an answer if it waits for it.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer, ctx: &mut Ctx) -> Option<Answer> {
        if self.list.awaits(ticket) {
            let findings = answer.findings();
            return findings.map(|rows| self.list.take(ticket, rows)).err();
        }
        let answer = self.preview.answer(ticket, answer)?;
        let answer = self.take_marks(ticket, answer, ctx)?;
        match answer {
            Answer::Count(count) if self.count.awaits(ticket) => self.count = Slot::Ready(count),
            Answer::Place(at) if self.placing.awaits(ticket) => {
                self.placing = Slot::Empty;
                self.cursor.at = at.unwrap_or(0);
            }
            Answer::Failed(_) if self.placing.awaits(ticket) => self.placing = Slot::Empty,
            Answer::Failed(why) if self.count.awaits(ticket) => self.count = Slot::Failed(why),
            Answer::Groups(groups) if self.groups.awaits(ticket) => {
                self.groups = Slot::Ready(groups);
            }
            Answer::Failed(why) if self.groups.awaits(ticket) => self.groups = Slot::Failed(why),
            other => return Some(other),
        }
        None
    }

    /// Asks for what is shown; a range that was to be planned gives way to its plan once it is marked.
    pub fn request_missing(&mut self, ctx: &mut Ctx) -> Go {
        if self.marked.then_plan && !self.marked.pending() {
            self.marked.then_plan = false;
            return self.plan(ctx);
        }
        self.ask(ctx);
        Go::Stay
    }

    fn ask(&mut self, ctx: &mut Ctx) {
        if self.report != ctx.shared.audits.report {
            self.carry(ctx);
            self.reread(ctx);
        }
        let fixed = ctx.shared.audits.fixes.ready().is_some();
        if std::mem::replace(&mut self.fixed, fixed) != fixed && fixed {
            self.reread(ctx);
        }
        if ctx.shared.audits.last.is_none() {
            return;
        }
        if self.count == Slot::Empty {
            let ask = Query::FindingsCount(self.filter.clone());
            self.count = Slot::Pending(ctx.read(self.scope, ask));
        }
        let height = self.height(ctx);
        if let Some(by) = self.group {
            if self.groups == Slot::Empty {
                let ask = Query::Groups(self.filter.clone(), by);
                self.groups = Slot::Pending(ctx.read(self.scope, ask));
            }
            if self.groups.ready().is_some() {
                self.group_cursor.keep(self.groups_len(), height);
            }
            return;
        }
        if self.count.ready().is_none() {
            return;
        }
        self.begin(ctx);
        self.cursor.keep(self.len(), height);
        for page in self
            .list
            .missing(self.cursor.window(self.len(), height.max(1)))
        {
            let ask = Query::Findings {
                filter: self.filter.clone(),
                stretch: self.stretch(page * PAGE, PAGE as u32),
            };
            let ticket = ctx.read(self.scope, ask);
            self.list.asked(page, ticket);
        }
        self.look_ahead(ctx);
    }

    /// Puts the cursor on the first finding that can be repaired, once that is known, unless somebody pressed a key.
    fn begin(&mut self, ctx: &mut Ctx) {
        if self.moved || !self.fixed {
            return;
        }
        self.moved = true;
        let ask = Query::FirstFixable(self.filter.clone());
        self.placing = Slot::Pending(ctx.read(self.scope, ask));
    }

    /// Requests the object under the cursor if a third pane is shown.
    fn look_ahead(&mut self, ctx: &mut Ctx) {
        if ctx.regions.panes[2].width == 0 {
            return;
        }
        let Some((kind, id)) = self
            .current()
            .and_then(|row| Some((row.subject.kind()?, row.id.clone())))
        else {
            self.preview.forget();
            return;
        };
        self.preview.look(kind, id, ctx);
    }
}
