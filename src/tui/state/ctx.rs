//! The context in which a screen acts.

use super::{Shared, Slot};
use crate::effect::{
    AuditRequest, Effect, Exported, PlanRef, Query, ReportRef, Scope, Tabled, Ticket,
};
use crate::meter::Meter;
use crate::regions::Regions;
use luthier_repair::Selection;

/// The context in which a screen acts.
pub struct Ctx<'a> {
    pub shared: &'a mut Shared,
    pub out: &'a mut Vec<Effect>,
    pub regions: &'a Regions,
}

impl Ctx<'_> {
    /// Asks something that reads.
    pub fn read(&mut self, scope: Scope, ask: Query) -> Ticket {
        let ticket = self.shared.ticket();
        self.out.push(Effect::Read { scope, ticket, ask });
        ticket
    }

    /// Closes a scope and gives a fresh one: what the old one asked for is no longer wanted.
    pub fn renew(&mut self, scope: Scope) -> Scope {
        self.out.push(Effect::Close(scope));
        self.shared.scope()
    }

    /// Writes a list into a file of the current folder.
    pub fn export(&mut self, list: Exported) {
        let ticket = self.shared.ticket();
        self.shared.exporting = Some(ticket);
        let format = self.shared.format.unwrap_or_default();
        self.out.push(Effect::Export {
            ticket,
            list,
            format,
        });
    }

    /// Copies findings as a table, once they are read.
    pub fn copy_table(&mut self, what: Tabled) {
        let scope = self.shared.scope();
        let ticket = self.read(scope, Query::Table(what));
        self.shared.copying = Some(ticket);
    }

    /// Starts to plan the undo of a run; its name, and the ticket of its answer.
    pub fn undo(&mut self, run: String) -> (PlanRef, Ticket) {
        let (plan, ticket) = (self.shared.plan_ref(), self.shared.ticket());
        self.out.push(Effect::Undo { ticket, plan, run });
        self.shared.planning = Some(Meter::new(self.shared.clock));
        (plan, ticket)
    }

    /// Starts planning what was chosen in a report; gives the plan's name and the ticket of the answer.
    pub fn plan(&mut self, report: ReportRef, selection: Selection) -> (PlanRef, Ticket) {
        let (plan, ticket) = (self.shared.plan_ref(), self.shared.ticket());
        self.out.push(Effect::Plan {
            ticket,
            plan,
            report,
            selection,
        });
        self.shared.planning = Some(Meter::new(self.shared.clock));
        (plan, ticket)
    }

    /// Returns how many rows the pane can show.
    #[must_use]
    pub fn height(&self, pane: usize) -> u64 {
        let pane = self.regions.panes.get(pane).copied().unwrap_or_default();
        u64::from(crate::regions::inner(pane).height)
    }
}

/// Starts an audit, unless one is under way.
pub fn start_audit(shared: &mut Shared, out: &mut Vec<Effect>, ask: AuditRequest, by_hand: bool) {
    if matches!(shared.audits.slot, Slot::Pending(_)) {
        return;
    }
    let ticket = shared.ticket();
    shared.audits.asked = ask.clone();
    shared.audits.by_hand = by_hand;
    shared.audits.meter = Meter::new(shared.clock);
    shared.audits.slot = Slot::Pending(ticket);
    out.push(Effect::Audit { ticket, ask });
}

/// Returns the audit that follows from what happened: of what was audited last, as deep as then, since what only bytes
/// show is not known to be repaired before they are read again.
#[must_use]
pub fn next_audit(shared: &Shared) -> AuditRequest {
    AuditRequest {
        depth: shared.audits.depth.max(shared.audits.scope_depth),
        scope: shared.audits.scope.clone(),
    }
}
