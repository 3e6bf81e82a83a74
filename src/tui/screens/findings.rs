//! The findings of the last audit: a list or groups, and the one under the cursor in full.

mod asking;
mod choose;
mod marks;
mod view;

pub use marks::{Marked, Marks};
pub use view::describe;

use super::beside::BesideObject;
use super::{Go, Screen};
use crate::action::{Action, Motion};
use crate::effect::{Exported, Query, ReportRef, Scope};
use crate::filter::parse;
use crate::lines::{FindingLine, GroupLine, HubId};
use crate::pages::{Pages, Row};
use crate::sorting::Sorting;
use crate::state::{Ctx, Shared, Slot};
use crate::theme::Theme;
use crate::widgets::list::Cursor;
use luthier_audit::Filter;
use luthier_audit::report::{FindingOrder, GroupBy, Stretch};

/// What the list rests on while a sign-off reads everything anew.
const BEFORE: &str = "as of the last audit: the sign-off still runs";

/// The columns that the list can be sorted by.
const COLUMNS: [(FindingOrder, &str); 7] = [
    (FindingOrder::Place, "cause"),
    (FindingOrder::Grade, "grade"),
    (FindingOrder::Code, "code"),
    (FindingOrder::Fix, "fix"),
    (FindingOrder::Kind, "kind"),
    (FindingOrder::Id, "id"),
    (FindingOrder::Repo, "repository"),
];

/// The list of findings.
#[derive(Debug)]
pub struct Findings {
    pub scope: Scope,
    /// As typed.
    pub text: String,
    pub filter: Filter,
    /// The part of the filter that could not be understood.
    pub trouble: Option<String>,
    pub group: Option<GroupBy>,
    pub groups: Slot<Vec<GroupLine>>,
    pub count: Slot<u64>,
    pub list: Pages<FindingLine>,
    pub cursor: Cursor,
    pub group_cursor: Cursor,
    pub marked: Marked,
    sorting: Sorting,
    /// The pane beside the list takes the movement keys.
    pub beside: bool,
    pub detail: Cursor,
    report: ReportRef,
    /// It was known of the listed rows what can be done about them.
    fixed: bool,
    /// A person pressed a key, or the cursor found its first place.
    moved: bool,
    /// The object under the cursor, for the third pane.
    pub preview: BesideObject,
    marks_scope: Scope,
    /// The finding under the cursor before the list was narrowed; the cursor goes back to it.
    kept: Option<u64>,
    placing: Slot<()>,
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
            marked: Marked::default(),
            sorting: Sorting::default(),
            beside: false,
            detail: Cursor::default(),
            report: ctx.shared.audits.report,
            fixed: false,
            moved: false,
            preview: BesideObject::new(ctx),
            marks_scope: ctx.shared.scope(),
            kept: None,
            placing: Slot::Empty,
            repairs: ctx.shared.repairs,
        }))))
    }

    /// Returns whether something was repaired since it was opened.
    #[must_use]
    pub fn is_stale(&self, shared: &Shared) -> bool {
        self.repairs != shared.repairs
    }

    /// Counts the findings that match the filter, as far as that is known.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.count.ready().copied().unwrap_or(0)
    }

    /// Returns the rows of its heading, the cursor of the list that is shown, and how long that is.
    pub fn pointed(&mut self) -> (u16, &mut Cursor, u64) {
        match self.group {
            Some(_) => {
                let len = self.groups_len();
                (0, &mut self.group_cursor, len)
            }
            None => {
                let len = self.len();
                (1, &mut self.cursor, len)
            }
        }
    }

    fn groups_len(&self) -> u64 {
        self.groups.ready().map_or(0, |groups| groups.len() as u64)
    }

    /// Returns the finding under the cursor.
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

    /// Returns whether something is on its way.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.list.pending()
            || matches!(self.count, Slot::Pending(_))
            || matches!(self.groups, Slot::Pending(_))
            || self.marked.pending()
    }

    /// Returns the reason why an action cannot be done here and now.
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
            Action::Export if shared.audits.last.is_none() => {
                Some("no audit has finished yet".into())
            }
            Action::Plan if matches!(shared.audits.slot, Slot::Pending(_)) => {
                Some("an audit is running; the findings are about to change".into())
            }
            Action::Plan | Action::Mark | Action::Range if self.marked.pending() => {
                Some("marks are being set; wait a moment".into())
            }
            Action::Plan if !self.marked.is_empty() => None,
            Action::Open | Action::Plan | Action::CopyId | Action::CopyTable if nothing => {
                Some("there is no finding under the cursor".into())
            }
            Action::Range if self.group.is_some() => {
                Some("in groups, space marks the whole group".into())
            }
            Action::Mark | Action::Range if nothing => {
                Some("there is no finding under the cursor".into())
            }
            Action::Mark | Action::Range if matches!(self.marked.marks, Marks::All(_)) => {
                let all = self.marked.all_words(&self.filter)?;
                Some(format!("{all}; u unmarks them first"))
            }
            Action::Open if self.group.is_none() => match self.current()?.subject.kind() {
                Some(_) => None,
                None => Some(format!(
                    "a {} has no object of its own; its evidence is shown beside the list",
                    self.current()?.subject
                )),
            },
            _ => None,
        }
    }

    /// Reads everything anew; the cursor stays.
    fn reread(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
        self.list = Pages::default();
        (self.count, self.groups) = (Slot::Empty, Slot::Empty);
        self.preview.forget();
    }

    /// Takes another filter.
    pub fn narrow(&mut self, text: &str, ctx: &mut Ctx) {
        text.clone_into(&mut self.text);
        self.moved = true;
        (self.filter, self.trouble) = parse(text);
        let here = self.current().map(|row| row.ordinal);
        self.kept = self.kept.or(here);
        (self.cursor, self.group_cursor) = (Cursor::default(), Cursor::default());
        self.marked.anchor = None;
        self.reread(ctx);
        self.placing = Slot::Empty;
        if let (Some(ordinal), true) = (self.kept, self.sorting == Sorting::default()) {
            let filter = self.filter.clone();
            let ask = Query::PlaceOf { filter, ordinal };
            self.placing = Slot::Pending(ctx.read(self.scope, ask));
        }
    }

    /// Leaves the cursor where it is: somebody pressed a key and may mean the finding under it.
    pub fn stay(&mut self) {
        self.moved = true;
        self.placing = Slot::Empty;
    }

    /// Lists by another column.
    fn sort(&mut self, ctx: &mut Ctx) {
        (self.cursor, self.marked.anchor) = (Cursor::default(), None);
        self.moved = true;
        self.reread(ctx);
    }

    /// Returns a stretch of the list as it is sorted.
    fn stretch(&self, skip: u64, limit: u32) -> Stretch {
        Stretch {
            order: COLUMNS[self.sorting.column].0,
            flipped: self.sorting.flipped,
            skip,
            limit,
        }
    }

    /// Returns the number of visible rows of the list: its heading takes one.
    fn height(&self, ctx: &Ctx) -> u64 {
        let heading = u64::from(self.group.is_none());
        ctx.height(0).saturating_sub(heading)
    }

    /// Does what was asked.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        match action {
            Action::Move(motion) if self.beside => {
                let width = crate::regions::inner(ctx.regions.panes[1]).width;
                let text = self.detail(width, &Theme::ansi());
                let lines = text.map_or(0, |text| text.lines.len() as u64);
                self.detail.scroll(motion, lines, ctx.height(1));
            }
            Action::Move(motion) => self.step(motion, ctx),
            Action::NextFinding => self.step(Motion::Down, ctx),
            Action::PreviousFinding => self.step(Motion::Up, ctx),
            Action::SortBefore | Action::SortAfter => {
                self.group = None;
                self.sorting
                    .step(action == Action::SortAfter, COLUMNS.len());
                self.sort(ctx);
            }
            Action::SortBy(column) => {
                self.sorting.choose(column);
                self.sort(ctx);
            }
            Action::Flip => {
                self.sorting.flip();
                self.sort(ctx);
            }
            Action::Pane => self.beside = !self.beside,
            Action::Mark => self.mark(ctx),
            Action::Range => self.range(ctx),
            Action::MarkAll => self.marked.all(self.filter.clone(), &self.text),
            Action::Unmark => self.marked = Marked::default(),
            Action::Group => self.next_group(),
            Action::Refresh => self.reread(ctx),
            Action::CopyTable => ctx.copy_table(self.tabled()),
            Action::Export => {
                ctx.export(Exported::Findings(self.filter.clone(), self.stretch(0, 0)));
            }
            Action::Open => return self.enter(ctx),
            Action::Plan if self.marked.anchor.is_some() => self.plan_range(ctx),
            Action::Plan => return self.plan(ctx),
            Action::Back if self.marked.anchor.is_some() => self.marked.anchor = None,
            Action::Back if self.beside => self.beside = false,
            Action::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    fn step(&mut self, motion: Motion, ctx: &Ctx) {
        self.detail = Cursor::default();
        self.kept = None;
        self.moved = true;
        let height = self.height(ctx);
        match self.group {
            Some(_) => self.group_cursor.step(motion, self.groups_len(), height),
            None => self.cursor.step(motion, self.len(), height),
        }
    }

    fn next_group(&mut self) {
        self.group = match self.group {
            None => Some(GroupBy::Code),
            Some(GroupBy::Code) => Some(GroupBy::Repo),
            Some(GroupBy::Repo) => Some(GroupBy::Kind),
            Some(GroupBy::Kind) => Some(GroupBy::Fix),
            Some(GroupBy::Fix) => None,
        };
        self.groups = Slot::Empty;
        self.group_cursor = Cursor::default();
    }

    /// Moves the cursor by one and gives what is under it then.
    pub fn neighbour(&mut self, forwards: bool) -> Option<(luthier_object::Kind, HubId)> {
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
        self.preview.close(ctx);
        self.marks_scope = ctx.renew(self.marks_scope);
    }

    /// Returns the filter and the marks, for the status line.
    #[must_use]
    pub fn status(&self, shared: &Shared) -> String {
        let own = self.own_status();
        match (&shared.signing, own.is_empty()) {
            (None, _) => own,
            (Some(_), true) => BEFORE.to_owned(),
            (Some(_), false) => format!("{own}  {BEFORE}"),
        }
    }

    fn own_status(&self) -> String {
        // Of an empty list nothing is marked.
        let marks = match self.count.ready() {
            Some(0) if self.marked.marks == Marks::All(self.filter.clone()) => String::new(),
            _ => self.marked.words(self.cursor.at, &self.filter),
        };
        let filter = match self.text.trim() {
            "" => String::new(),
            text => format!("/{}", crate::lines::clean(text)),
        };
        let gap = if marks.is_empty() || filter.is_empty() {
            ""
        } else {
            "  "
        };
        format!("{marks}{gap}{filter}")
    }
}
