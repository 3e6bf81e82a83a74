//! Marks: one by one, by range, by group, or everything that a filter shows. Marks survive filters, sizes, and the next
//! audit.

use super::Findings;
use crate::action::Motion;
use crate::effect::{Query, Ticket};
use crate::event::Answer;
use crate::lines::FindingLine;
use crate::notices::Level;
use crate::state::{Ctx, Slot};
use luthier_audit::Filter;
use luthier_audit::report::GroupBy;
use std::collections::BTreeSet;

/// So many findings are marked one by one at most; eight bytes and a little more each.
const MOST: u64 = 200_000;

/// The findings chosen for a plan.
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

/// The use of requested ordinals.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Meant {
    Mark,
    Unmark,
    /// They take the place of as many marks of the last report.
    Carried(usize),
}

/// The marks, and those that are being set.
#[derive(Clone, Debug, Default)]
pub struct Marked {
    pub marks: Marks,
    /// The row of the list at which a range began.
    pub anchor: Option<u64>,
    /// Groups that were marked as a whole.
    groups: BTreeSet<(u8, String)>,
    asked: Slot<()>,
    meant: Option<Meant>,
    /// They are planned as soon as they are set.
    pub then_plan: bool,
    /// Of [`Marks::All`]: the filter as it was typed.
    text: String,
}

impl Marked {
    /// Returns whether marks are on their way.
    #[must_use]
    pub fn pending(&self) -> bool {
        matches!(self.asked, Slot::Pending(_))
    }

    /// Returns whether nothing is marked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.marks, Marks::Some(marks) if marks.is_empty())
    }

    /// Returns whether a group was marked as a whole.
    #[must_use]
    pub fn has_group(&self, by: GroupBy, name: &str) -> bool {
        self.groups.contains(&(by as u8, name.to_owned()))
    }

    /// Marks all that a filter lets through; `text` is the filter as it was typed.
    pub fn all(&mut self, filter: Filter, text: &str) {
        *self = Self {
            marks: Marks::All(filter),
            text: text.trim().to_owned(),
            ..Self::default()
        };
    }

    /// Says what is marked where a filter is, in words for a list that has `filter`.
    #[must_use]
    pub fn all_words(&self, filter: &Filter) -> Option<String> {
        let Marks::All(marked) = &self.marks else {
            return None;
        };
        Some(match (marked == filter, self.text.as_str()) {
            (true, _) => "all shown are marked".to_owned(),
            (false, "") => "all are marked".to_owned(),
            (false, text) => format!("all of /{} are marked", crate::lines::clean(text)),
        })
    }

    /// Returns the words of the status line of a list with `filter`; a range reaches to the row under the cursor.
    #[must_use]
    pub fn words(&self, cursor: u64, filter: &Filter) -> String {
        if let Some(anchor) = self.anchor {
            let rows = luthier_hub::text::plural(anchor.abs_diff(cursor) + 1, "row");
            let marked = match &self.marks {
                Marks::Some(marks) if !marks.is_empty() => {
                    format!(
                        "{} marked, and ",
                        luthier_hub::text::grouped(marks.len() as u64)
                    )
                }
                _ => String::new(),
            };
            return format!("{marked}a range of {rows}: x plans, v marks it, esc cancels it");
        }
        match &self.marks {
            Marks::All(_) => self.all_words(filter).unwrap_or_default(),
            Marks::Some(marks) if marks.is_empty() => String::new(),
            Marks::Some(marks) => {
                format!("{} marked", luthier_hub::text::grouped(marks.len() as u64))
            }
        }
    }
}

impl Findings {
    /// Returns whether the row at `at` is marked, or in the range that is being marked.
    #[must_use]
    pub fn is_marked(&self, at: u64, row: &FindingLine) -> bool {
        if let Some(anchor) = self.marked.anchor
            && (anchor.min(self.cursor.at)..=anchor.max(self.cursor.at)).contains(&at)
        {
            return true;
        }
        match &self.marked.marks {
            Marks::Some(marks) => marks.contains(&row.ordinal),
            Marks::All(filter) => *filter == self.filter,
        }
    }

    /// Marks or unmarks what is under the cursor.
    pub(super) fn mark(&mut self, ctx: &mut Ctx) {
        if let Some(by) = self.group {
            return self.mark_group(by, ctx);
        }
        if self.marked.anchor.is_some() {
            return self.range(ctx);
        }
        let Some(row) = self.current().cloned() else {
            return;
        };
        if let Marks::Some(marks) = &mut self.marked.marks
            && !marks.remove(&row.ordinal)
        {
            marks.insert(row.ordinal);
        } else {
            // Groups that it belongs to are no longer marked as a whole.
            let names = [row.code.name(), row.repo.exact(), row.subject.word()];
            let is_its = |(_, name): &(u8, String)| names.contains(&name.as_str());
            self.marked.groups.retain(|group| !is_its(group));
        }
        // The next one is most often marked next.
        self.step(Motion::Down, ctx);
    }

    /// Marks the range that was begun, and plans once it is: all that is marked by then.
    pub(super) fn plan_range(&mut self, ctx: &mut Ctx) {
        self.range(ctx);
        self.marked.then_plan = self.marked.pending();
    }

    /// Begins a range, or marks all rows of the one that was begun.
    pub(super) fn range(&mut self, ctx: &mut Ctx) {
        let Some(anchor) = self.marked.anchor.take() else {
            self.marked.anchor = Some(self.cursor.at);
            return;
        };
        let first = anchor.min(self.cursor.at);
        let count = anchor.abs_diff(self.cursor.at) + 1;
        self.ask_for(self.filter.clone(), (first, count), Meant::Mark, ctx);
    }

    fn mark_group(&mut self, by: GroupBy, ctx: &mut Ctx) {
        let (Some((filter, _)), Some(group)) = (self.group_filter(by), self.current_group()) else {
            return;
        };
        let (key, count) = ((by as u8, group.name.exact().to_owned()), group.count);
        let meant = match self.marked.groups.contains(&key) {
            true => Meant::Unmark,
            false => Meant::Mark,
        };
        if !self.ask_for(filter, (0, count), meant.clone(), ctx) {
            return;
        }
        match meant {
            Meant::Unmark => self.marked.groups.remove(&key),
            _ => self.marked.groups.insert(key),
        };
        self.step(Motion::Down, ctx);
    }

    /// Asks for the ordinals of `count` rows; says whether it did.
    fn ask_for(
        &mut self,
        filter: Filter,
        (skip, count): (u64, u64),
        meant: Meant,
        ctx: &mut Ctx,
    ) -> bool {
        if count > MOST {
            let most = luthier_hub::text::grouped(MOST);
            let text = format!("at most {most} can be marked one by one; / filters, a marks all");
            ctx.shared.tell(Level::Warning, text);
            return false;
        }
        let limit = u32::try_from(count).unwrap_or(u32::MAX);
        let stretch = self.stretch(skip, limit);
        let ticket = ctx.read(self.scope, Query::Ordinals { filter, stretch });
        (self.marked.asked, self.marked.meant) = (Slot::Pending(ticket), Some(meant));
        true
    }

    /// Finds the marks and the cursor again in the report of a new audit.
    pub(super) fn carry(&mut self, ctx: &mut Ctx) {
        let from = std::mem::replace(&mut self.report, ctx.shared.audits.report);
        (self.marked.anchor, self.marked.then_plan) = (None, false);
        self.marked.groups.clear();
        let marks: Vec<u64> = match &mut self.marked.marks {
            // A filter means the same in every report.
            Marks::All(_) => Vec::new(),
            Marks::Some(marks) => std::mem::take(marks).into_iter().collect(),
        };
        let sorted = self.sorting != crate::sorting::Sorting::default();
        let cursor = self.current().map(|row| row.ordinal).filter(|_| !sorted);
        if marks.is_empty() && cursor.is_none() {
            self.marked.asked = Slot::Empty;
            return;
        }
        let meant = Meant::Carried(marks.len());
        let filter = self.filter.clone();
        let ask = Query::Carry {
            from,
            marks,
            cursor,
            filter,
        };
        // Not of the list's own scope, which is closed when the list is read anew.
        let ticket = ctx.read(self.marks_scope, ask);
        (self.marked.asked, self.marked.meant) = (Slot::Pending(ticket), Some(meant));
    }

    /// Takes marks that were asked for; gives other answers back.
    pub(super) fn take_marks(
        &mut self,
        ticket: Ticket,
        answer: Answer,
        ctx: &mut Ctx,
    ) -> Option<Answer> {
        if !self.marked.asked.awaits(ticket) {
            return Some(answer);
        }
        let meant = self.marked.meant.take();
        match (answer, &meant) {
            (Answer::Ordinals(found), Some(Meant::Unmark)) => {
                if let Marks::Some(marks) = &mut self.marked.marks {
                    found.iter().for_each(|ordinal| {
                        marks.remove(ordinal);
                    });
                }
            }
            (Answer::Ordinals(found), _) => self.add(found),
            (Answer::Carried { marks, cursor }, Some(Meant::Carried(had))) => {
                if marks.len() < *had {
                    let left = luthier_hub::text::plural(marks.len() as u64, "mark");
                    let text = format!("{left} of {had} left: what was repaired has none");
                    ctx.shared.tell(Level::Info, text);
                }
                self.add(marks);
                if let Some(at) = cursor {
                    self.cursor.at = at;
                }
            }
            (Answer::Failed(why), _) => {
                self.marked.then_plan = false;
                let text = format!("all marks were removed: {why}");
                ctx.shared.tell(Level::Warning, text);
            }
            (other, _) => {
                self.marked.meant = meant;
                return Some(other);
            }
        }
        self.marked.asked = Slot::Empty;
        None
    }

    fn add(&mut self, found: Vec<u64>) {
        if let Marks::Some(marks) = &mut self.marked.marks {
            marks.extend(found);
        }
    }
}
