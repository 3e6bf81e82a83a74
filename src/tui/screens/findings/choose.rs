//! Chooses what enter opens and what x plans.

use super::{Findings, Marks};
use crate::effect::Tabled;
use crate::filter::parse;
use crate::screens::inspect::Inspect;
use crate::screens::{Go, decide};
use crate::state::Ctx;
use luthier_audit::Filter;
use luthier_audit::report::GroupBy;
use luthier_repair::Selection;

impl Findings {
    pub(super) fn enter(&mut self, ctx: &mut Ctx) -> Go {
        if let Some(by) = self.group {
            let Some(name) = self.current_group().map(|group| group.name.clone()) else {
                return Go::Stay;
            };
            let field = match by {
                GroupBy::Code => "code",
                GroupBy::Repo => "repo",
                GroupBy::Kind => "kind",
                GroupBy::Fix => "fix",
            };
            let text = format!("{} {field}:{}", self.text.trim(), name.exact());
            self.group = None;
            self.narrow(text.trim(), ctx);
            return Go::Stay;
        }
        match self
            .current()
            .and_then(|row| Some((row.subject.kind()?, row.id.clone())))
        {
            Some((kind, id)) => Inspect::open(kind, id, ctx),
            None => Go::Stay,
        }
    }

    /// Returns what is copied as a table: the finding beside the list, what is marked, or the list as it is shown.
    pub(super) fn tabled(&self) -> Tabled {
        let list = || match self.group.and_then(|by| self.group_filter(by)) {
            Some((filter, _)) => Tabled::List(filter, self.stretch(0, 0)),
            None => Tabled::List(self.filter.clone(), self.stretch(0, 0)),
        };
        match (self.current().filter(|_| self.beside), &self.marked.marks) {
            (Some(row), _) => Tabled::Whole(row.ordinal),
            (None, Marks::Some(marks)) if !marks.is_empty() => {
                Tabled::Places(marks.iter().copied().collect())
            }
            (None, Marks::All(filter)) => Tabled::List(filter.clone(), self.stretch(0, 0)),
            _ => list(),
        }
    }

    /// Returns the next key of a guide: what x would plan now.
    #[must_use]
    pub fn lead(&self) -> &'static str {
        match (self.marked.is_empty(), self.group) {
            (false, _) => "x plans what is marked; u unmarks it",
            (true, Some(_)) => "x plans this group; space marks it, enter lists it",
            (true, None) => "x plans the one under the cursor; space marks more, a all",
        }
    }

    pub(super) fn plan(&mut self, ctx: &mut Ctx) -> Go {
        let (selection, what) = match (&self.marked.marks, self.group) {
            (Marks::All(filter), _) => (
                Selection::Chosen(filter.clone()),
                match self.count.ready() {
                    Some(count) if *filter == self.filter => marked_words(*count),
                    _ => "all marked findings".to_owned(),
                },
            ),
            (Marks::Some(marks), _) if !marks.is_empty() => (
                Selection::Ordinals(marks.iter().copied().collect()),
                marked_words(marks.len() as u64),
            ),
            (_, Some(by)) => match self.group_filter(by) {
                Some((filter, name)) => (Selection::Chosen(filter), name),
                None => return Go::Stay,
            },
            (_, None) => match self.current() {
                Some(row) => (
                    Selection::Ordinals(vec![row.ordinal]),
                    format!("{} {} {}", row.code, row.subject, row.id.short()),
                ),
                None => return Go::Stay,
            },
        };
        decide::open(selection, &what, ctx)
    }

    /// Returns the filter, narrowed to the group under the cursor.
    pub(super) fn group_filter(&self, by: GroupBy) -> Option<(Filter, String)> {
        let name = &self.current_group()?.name;
        let mut filter = self.filter.clone();
        match by {
            GroupBy::Code => filter.codes = vec![luthier_audit::Code::from_name(name.exact())?],
            GroupBy::Repo => filter.repo = Some(name.exact().to_owned()),
            GroupBy::Fix => filter.fixes = parse(&format!("fix:{}", name.exact())).0.fixes,
            GroupBy::Kind => filter.kinds = parse(&format!("kind:{}", name.exact())).0.kinds,
        }
        Some((filter, format!("all of {}", name.shown())))
    }
}

fn marked_words(count: u64) -> String {
    format!("{} marked", luthier_hub::text::plural(count, "finding"))
}
