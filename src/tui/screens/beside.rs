//! The object under the cursor, read to be shown beside a list.

use crate::effect::{Query, Scope, Ticket};
use crate::event::Answer;
use crate::lines::{HubId, Inspected};
use crate::state::{Ctx, Slot};
use luthier_object::Kind;

/// The object that was asked for last.
#[derive(Debug)]
pub struct BesideObject {
    scope: Scope,
    seen: Option<(HubId, Slot<Box<Inspected>>)>,
}

impl BesideObject {
    /// Returns one that nothing was asked for.
    #[must_use]
    pub fn new(ctx: &mut Ctx) -> Self {
        Self {
            scope: ctx.shared.scope(),
            seen: None,
        }
    }

    /// Asks for an object, unless it is the one that was asked for last.
    pub fn look(&mut self, kind: Kind, id: HubId, ctx: &mut Ctx) {
        if matches!(&self.seen, Some((seen, _)) if *seen == id) {
            return;
        }
        self.scope = ctx.renew(self.scope);
        let ask = Query::Inspect {
            kind,
            id: id.exact().to_owned(),
        };
        let ticket = ctx.read(self.scope, ask);
        self.seen = Some((id, Slot::Pending(ticket)));
    }

    /// Forgets what was seen: it is asked for anew.
    pub fn forget(&mut self) {
        self.seen = None;
    }

    /// Returns what is known of the object that was asked for last.
    #[must_use]
    pub fn slot(&self) -> Option<&Slot<Box<Inspected>>> {
        self.seen.as_ref().map(|(_, slot)| slot)
    }

    /// Returns what is known of this object, if it is the one that was asked for.
    #[must_use]
    pub fn of(&self, id: &HubId) -> Option<&Slot<Box<Inspected>>> {
        let (seen, slot) = self.seen.as_ref()?;
        (seen == id).then_some(slot)
    }

    /// Returns whether the object is on its way.
    #[must_use]
    pub fn pending(&self) -> bool {
        matches!(self.seen, Some((_, Slot::Pending(_))))
    }

    /// Takes an answer if it waits for it; gives it back otherwise.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer) -> Option<Answer> {
        match &mut self.seen {
            Some((_, slot)) if slot.awaits(ticket) => {
                answer.inspected().map(|seen| slot.fill(seen)).err()
            }
            _ => Some(answer),
        }
    }

    /// Lets go of what nobody else needs.
    pub fn close(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
    }
}
