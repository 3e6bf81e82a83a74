//! The findings of the last audit: a list or groups, and the one under the cursor in full.

mod choose;
mod view;

use super::{Go, Screen};
use crate::audit::Filter;
use crate::audit::report::GroupBy;
use crate::tui::action::Action;
use crate::tui::effect::{Ask, Effect, ReportRef, Scope, Ticket};
use crate::tui::event::Answer;
use crate::tui::filter::parse;
use crate::tui::lines::{FindingLine, GroupLine, HubId, Inspected};
use crate::tui::pages::{PAGE, Pages, Row};
use crate::tui::state::{Ctx, Shared, Slot};
use crate::tui::widgets::list::Cursor;
use std::collections::BTreeSet;

/// What is chosen for a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Marks {
    /// These places in the report.
    Some(BTreeSet<u64>),
    /// All that this filter lets through.
    All(Filter),
}

impl Default for Marks {
    fn default() -> Self {
        Marks::Some(BTreeSet::new())
    }
}

/// The list of findings.
#[derive(Debug)]
pub struct Findings {
    pub scope: Scope,
    /// As typed.
    pub text: String,
    pub filter: Filter,
    /// What could not be understood in the filter.
    pub trouble: Option<String>,
    pub group: Option<GroupBy>,
    pub groups: Slot<Vec<GroupLine>>,
    pub count: Slot<u64>,
    pub list: Pages<FindingLine>,
    pub cursor: Cursor,
    pub group_cursor: Cursor,
    pub marks: Marks,
    /// The pane beside the list takes the movement keys.
    pub beside: bool,
    pub detail: Cursor,
    report: ReportRef,
    /// The object under the cursor, for the third pane.
    pub preview: Option<(HubId, Slot<Box<Inspected>>)>,
    preview_scope: Scope,
    /// Repairs that had ended when it was opened.
    repairs: u64,
}

impl Findings {
    /// Opens the list with a filter.
    pub fn open(text: &str, ctx: &mut Ctx) -> Go {
        let (filter, trouble) = parse(text);
        Go::Push(Box::new(Screen::Findings(Box::new(Self {
            scope: ctx.shared.scope(),
            text: text.to_owned(),
            filter,
            trouble,
            group: None,
            groups: Slot::Empty,
            count: Slot::Empty,
            list: Pages::default(),
            cursor: Cursor::default(),
            group_cursor: Cursor::default(),
            marks: Marks::default(),
            beside: false,
            detail: Cursor::default(),
            report: ctx.shared.audits.report,
            preview: None,
            preview_scope: ctx.shared.scope(),
            repairs: ctx.shared.repairs,
        }))))
    }

    /// Whether something was repaired since it was opened.
    #[must_use]
    pub fn is_stale(&self, shared: &Shared) -> bool {
        self.repairs != shared.repairs
    }

    /// How many findings pass the filter, as far as that is known.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.count.ready().copied().unwrap_or(0)
    }

    fn groups_len(&self) -> u64 {
        self.groups.ready().map_or(0, |groups| groups.len() as u64)
    }

    /// The finding under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&FindingLine> {
        match (self.group, self.list.row(self.cursor.at)) {
            (None, Row::Ready(row)) if self.cursor.at < self.len() => Some(row),
            _ => None,
        }
    }

    fn current_group(&self) -> Option<&GroupLine> {
        let at = usize::try_from(self.group_cursor.at).ok()?;
        self.groups.ready()?.get(at)
    }

    /// Whether a finding is marked.
    #[must_use]
    pub fn is_marked(&self, ordinal: u64) -> bool {
        match &self.marks {
            Marks::Some(marks) => marks.contains(&ordinal),
            Marks::All(filter) => *filter == self.filter,
        }
    }

    /// Whether something is on its way.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.list.pending()
            || matches!(self.count, Slot::Pending(_))
            || matches!(self.groups, Slot::Pending(_))
    }

    /// Why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, shared: &Shared) -> Option<String> {
        let nothing = match self.group {
            None => self.current().is_none(),
            Some(_) => self.current_group().is_none(),
        };
        if let (Some(trouble), Action::Plan | Action::Mark | Action::MarkAll | Action::Export) =
            (&self.trouble, action)
        {
            // What is not understood narrows nothing: more would be meant than was said.
            return Some(format!("the filter is not understood: {trouble}"));
        }
        match action {
            Action::Plan if matches!(shared.audits.slot, Slot::Pending(_)) => {
                Some("an audit is under way; the findings are about to change".into())
            }
            Action::Plan if self.has_marks() => None,
            Action::Open | Action::Plan | Action::CopyId if nothing => {
                Some("there is no finding under the cursor".into())
            }
            Action::Mark if self.group.is_some() => {
                Some("in groups, x plans the whole group; c goes back to the list".into())
            }
            Action::Mark if nothing => Some("there is no finding under the cursor".into()),
            Action::Mark if matches!(self.marks, Marks::All(_)) => {
                Some("all are marked; u unmarks them first".into())
            }
            Action::Open if self.group.is_none() => match self.current()?.subject.kind() {
                Some(_) => None,
                None => Some(format!(
                    "a {} has no object of its own; its evidence stands beside",
                    self.current()?.subject
                )),
            },
            _ => None,
        }
    }

    fn has_marks(&self) -> bool {
        match &self.marks {
            Marks::Some(marks) => !marks.is_empty(),
            Marks::All(_) => true,
        }
    }

    /// Reads everything anew; the cursor stays.
    fn reread(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
        self.list = Pages::default();
        (self.count, self.groups) = (Slot::Empty, Slot::Empty);
        self.preview = None;
    }

    /// Takes another filter.
    pub fn narrow(&mut self, text: &str, ctx: &mut Ctx) {
        text.clone_into(&mut self.text);
        (self.filter, self.trouble) = parse(text);
        (self.cursor, self.group_cursor) = (Cursor::default(), Cursor::default());
        self.reread(ctx);
    }

    /// Does what was asked.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        match action {
            Action::Move(motion) if self.beside => {
                self.detail.step(motion, 1_000, 1);
                self.detail.top = self.detail.at;
            }
            Action::Move(motion) => {
                self.detail = Cursor::default();
                let height = ctx.height(0);
                match self.group {
                    Some(_) => self.group_cursor.step(motion, self.groups_len(), height),
                    None => self.cursor.step(motion, self.len(), height),
                }
            }
            Action::Pane => self.beside = !self.beside,
            Action::Mark => self.mark(ctx),
            Action::MarkAll => self.marks = Marks::All(self.filter.clone()),
            Action::Unmark => self.marks = Marks::default(),
            Action::Group => self.next_group(),
            Action::Refresh => self.reread(ctx),
            Action::Audit => ctx.audit(ctx.shared.audits.repo.clone(), true),
            Action::Export => {
                let (ticket, filter) = (ctx.shared.ticket(), self.filter.clone());
                ctx.shared.exporting = Some(ticket);
                ctx.out.push(Effect::Export { ticket, filter });
            }
            Action::Open => return self.enter(ctx),
            Action::Plan => return self.plan(ctx),
            Action::Back if self.beside => self.beside = false,
            Action::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    fn mark(&mut self, ctx: &Ctx) {
        let Some(ordinal) = self.current().map(|row| row.ordinal) else {
            return;
        };
        if let Marks::Some(marks) = &mut self.marks
            && !marks.remove(&ordinal)
        {
            marks.insert(ordinal);
        }
        // The next one is most often marked next.
        let down = crate::tui::action::Motion::Down;
        self.cursor.step(down, self.len(), ctx.height(0));
    }

    fn next_group(&mut self) {
        self.group = match self.group {
            None => Some(GroupBy::Code),
            Some(GroupBy::Code) => Some(GroupBy::Repo),
            Some(GroupBy::Repo) => Some(GroupBy::Kind),
            Some(GroupBy::Kind) => None,
        };
        self.groups = Slot::Empty;
        self.group_cursor = Cursor::default();
    }

    /// Takes an answer if it waits for it.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer) -> Option<Answer> {
        if self.list.awaits(ticket) {
            match answer {
                Answer::Findings(rows) => self.list.take(ticket, Ok(rows)),
                Answer::Failed(why) => self.list.take(ticket, Err(why)),
                other => return Some(other),
            }
            return None;
        }
        if let Some((_, slot)) = &mut self.preview
            && slot.awaits(ticket)
        {
            *slot = match answer {
                Answer::Inspected(seen) => Slot::Ready(seen),
                Answer::Failed(why) => Slot::Failed(why),
                other => return Some(other),
            };
            return None;
        }
        match answer {
            Answer::Count(count) if self.count.awaits(ticket) => self.count = Slot::Ready(count),
            Answer::Failed(why) if self.count.awaits(ticket) => self.count = Slot::Failed(why),
            Answer::Groups(groups) if self.groups.awaits(ticket) => {
                self.groups = Slot::Ready(groups);
            }
            Answer::Failed(why) if self.groups.awaits(ticket) => self.groups = Slot::Failed(why),
            other => return Some(other),
        }
        None
    }

    /// Asks for what is shown.
    pub fn settle(&mut self, ctx: &mut Ctx) {
        if self.report != ctx.shared.audits.report {
            // Ordinals of one report mean nothing in another.
            self.report = ctx.shared.audits.report;
            self.marks = Marks::default();
            self.reread(ctx);
        }
        if ctx.shared.audits.last.is_none() {
            return;
        }
        if self.count == Slot::Empty {
            let ask = Ask::FindingsCount(self.filter.clone());
            self.count = Slot::Pending(ctx.read(self.scope, ask));
        }
        let height = ctx.height(0);
        if let Some(by) = self.group {
            if self.groups == Slot::Empty {
                let ask = Ask::Groups(self.filter.clone(), by);
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
        self.cursor.keep(self.len(), height);
        for page in self
            .list
            .missing(self.cursor.window(self.len(), height.max(1)))
        {
            let ask = Ask::Findings {
                filter: self.filter.clone(),
                skip: page * PAGE,
                limit: PAGE as u32,
            };
            let ticket = ctx.read(self.scope, ask);
            self.list.asked(page, ticket);
        }
        self.look_ahead(ctx);
    }

    /// Where a third pane is shown, the object under the cursor is looked at.
    fn look_ahead(&mut self, ctx: &mut Ctx) {
        if ctx.regions.panes[2].width == 0 {
            return;
        }
        let Some((kind, id)) = self
            .current()
            .and_then(|row| Some((row.subject.kind()?, row.id.clone())))
        else {
            self.preview = None;
            return;
        };
        if matches!(&self.preview, Some((seen, _)) if *seen == id) {
            return;
        }
        self.preview_scope = ctx.renew(self.preview_scope);
        let ask = Ask::Inspect {
            kind,
            id: id.exact().to_owned(),
        };
        let ticket = ctx.read(self.preview_scope, ask);
        self.preview = Some((id, Slot::Pending(ticket)));
    }

    /// Moves the cursor by one and gives what is under it then.
    pub fn neighbour(&mut self, forwards: bool) -> Option<(crate::object::Kind, HubId)> {
        let at = if forwards {
            self.cursor
                .at
                .checked_add(1)
                .filter(|at| *at < self.len())?
        } else {
            self.cursor.at.checked_sub(1)?
        };
        let Row::Ready(row) = self.list.row(at) else {
            return None;
        };
        let found = (row.subject.kind()?, row.id.clone());
        self.cursor.at = at;
        Some(found)
    }

    /// Lets go of what only it needed.
    pub fn close(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
        self.preview_scope = ctx.renew(self.preview_scope);
    }

    /// The filter and the marks, for the status line.
    #[must_use]
    pub fn status(&self) -> String {
        let marks = match &self.marks {
            Marks::All(_) => "all shown are marked".into(),
            Marks::Some(marks) if marks.is_empty() => String::new(),
            Marks::Some(marks) => format!("{} marked", crate::text::grouped(marks.len() as u64)),
        };
        let filter = match self.text.trim() {
            "" => String::new(),
            text => format!("/{}", crate::tui::lines::clean(text)),
        };
        let gap = if marks.is_empty() || filter.is_empty() {
            ""
        } else {
            "  "
        };
        format!("{marks}{gap}{filter}")
    }
}
