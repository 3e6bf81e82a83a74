//! The repositories, the worst first, and the one under the cursor beside them.

mod view;

use super::findings::Findings;
use super::objects::Objects;
use super::plan::PlanScreen;
use super::pull::PullScreen;
use super::{Go, Screen};
use crate::action::{Action, Motion};
use crate::effect::{Exported, PullRequest, Query, RepoOrder, RepoQuery, ReportRef, Scope, Ticket};
use crate::event::Answer;
use crate::lines::known::NOT_TOGETHER;
use crate::lines::{BranchLine, GroupLine, HubId, RepoLine};
use crate::notices::Level;
use crate::pages::{PAGE, Pages, Row};
use crate::sorting::Sorting;
use crate::state::{Ctx, Shared, Slot};
use crate::widgets::list::Cursor;
use luthier_audit::Filter;
use luthier_audit::report::GroupBy;
use luthier_hub::text;
use luthier_repair::Selection;

/// The columns that the list can be sorted by.
const COLUMNS: [(RepoOrder, &str); 5] = [
    (RepoOrder::Failing, "pulls fail"),
    (RepoOrder::Path, "repository"),
    (RepoOrder::Commits, "commits"),
    (RepoOrder::Findings, "findings"),
    (RepoOrder::Pushed, "pushed"),
];

/// Branches shown beside the list.
const BRANCHES: u32 = 50;

/// The details beside the list.
#[derive(Debug)]
struct Beside {
    of: HubId,
    branches: Slot<Vec<BranchLine>>,
    findings: Slot<Vec<GroupLine>>,
}

/// The list.
#[derive(Debug)]
pub struct Repos {
    pub scope: Scope,
    /// The number of repositories, and whether the hub has more.
    placed: Slot<(u64, bool)>,
    pub list: Pages<RepoLine>,
    pub cursor: Cursor,
    /// As typed; plain words.
    pub text: String,
    sorting: Sorting,
    report: ReportRef,
    /// The hub is asked again, not what is held of it.
    fresh: bool,
    /// The repository on which the cursor is to be.
    keep: Option<HubId>,
    /// A person pressed a key here.
    moved: bool,
    pub beside: bool,
    more: Option<Beside>,
    more_scope: Scope,
    detail: Cursor,
}

impl Repos {
    /// Opens the list.
    pub fn open(ctx: &mut Ctx) -> Go {
        Go::Push(Box::new(Screen::Repos(Box::new(Self {
            scope: ctx.shared.scope(),
            placed: Slot::Empty,
            list: Pages::default(),
            cursor: Cursor::default(),
            text: String::new(),
            sorting: Sorting::default(),
            report: ctx.shared.audits.report,
            fresh: true,
            keep: None,
            moved: false,
            beside: false,
            more: None,
            more_scope: ctx.shared.scope(),
            detail: Cursor::default(),
        }))))
    }

    /// Returns the number of listed repositories.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.placed.ready().map_or(0, |(count, _)| *count)
    }

    /// Returns the row under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&RepoLine> {
        match self.list.row(self.cursor.at) {
            Row::Ready(row) if self.cursor.at < self.len() => Some(row),
            _ => None,
        }
    }

    /// Returns whether something is on its way.
    #[must_use]
    pub fn pending(&self) -> bool {
        matches!(self.placed, Slot::Pending(_)) || self.list.pending()
    }

    fn ask(&self) -> RepoQuery {
        RepoQuery {
            order: COLUMNS[self.sorting.column].0,
            flipped: self.sorting.flipped,
            words: self.text.split_whitespace().map(str::to_owned).collect(),
        }
    }

    /// Returns the reason why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, shared: &Shared) -> Option<String> {
        match action {
            Action::Open
            | Action::Findings
            | Action::Plan
            | Action::CopyId
            | Action::Branch
            | Action::Pull
                if self.current().is_none() =>
            {
                Some("there is no repository under the cursor".into())
            }
            Action::Findings | Action::Plan | Action::NextFinding | Action::PreviousFinding
                if shared.audits.last.is_none() =>
            {
                Some("no audit has finished yet".into())
            }
            _ => None,
        }
    }

    /// Keeps the cursor on its repository from now on: somebody pressed a key and may mean it.
    pub fn stay(&mut self) {
        self.moved = true;
    }

    /// Lists anew; the cursor stays on its repository, and at the top where nobody chose one.
    fn relist(&mut self, ctx: &mut Ctx) {
        let here = self.current().map(|row| row.id.clone());
        self.keep = here.or(self.keep.take()).filter(|_| self.moved);
        self.scope = ctx.renew(self.scope);
        self.list = Pages::default();
        self.placed = Slot::Empty;
    }

    /// Takes another filter.
    pub fn narrow(&mut self, text: &str, ctx: &mut Ctx) {
        text.clone_into(&mut self.text);
        self.relist(ctx);
    }

    /// Does what was asked.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        match action {
            Action::Move(motion) if self.beside => {
                let width = crate::regions::inner(ctx.regions.panes[1]).width;
                let lines = self.lines_beside(width, ctx.shared);
                self.detail.scroll(motion, lines, ctx.height(1));
            }
            Action::Move(motion) => self.step(motion, ctx),
            Action::NextFinding | Action::PreviousFinding => {
                self.seek(action == Action::NextFinding, ctx);
            }
            Action::SortBefore | Action::SortAfter => {
                self.sorting
                    .step(action == Action::SortAfter, COLUMNS.len());
                self.relist(ctx);
            }
            Action::SortBy(column) => {
                self.sorting.choose(column);
                self.relist(ctx);
            }
            Action::Flip => {
                self.sorting.flip();
                self.relist(ctx);
            }
            Action::Refresh => {
                self.fresh = true;
                self.more = None;
                self.relist(ctx);
            }
            Action::Export => ctx.export(Exported::Repos(self.ask())),
            Action::Pane => self.beside = !self.beside,
            Action::Back if self.beside => self.beside = false,
            Action::Back if !self.text.trim().is_empty() => self.narrow("", ctx),
            Action::Back => return Go::Back,
            action => {
                if let Some(row) = self.current().cloned() {
                    return on_row(action, &row, ctx);
                }
            }
        }
        Go::Stay
    }

    fn step(&mut self, motion: Motion, ctx: &Ctx) {
        self.keep = None;
        self.detail = Cursor::default();
        let height = ctx.height(0).saturating_sub(1);
        self.cursor.step(motion, self.len(), height);
    }

    /// Goes to the next repository with findings, of those that were read.
    fn seek(&mut self, forwards: bool, ctx: &mut Ctx) {
        let mut at = self.cursor.at;
        loop {
            let next = if forwards {
                at.checked_add(1)
            } else {
                at.checked_sub(1)
            };
            let Some(Row::Ready(row)) = next.map(|at| self.list.row(at)) else {
                let text = "no other repository with findings in that direction";
                return ctx.shared.tell(Level::Info, text);
            };
            at = next.unwrap_or(at);
            if ctx.shared.audits.repos.contains_key(row.path.exact()) {
                (self.cursor.at, self.keep) = (at, None);
                return;
            }
        }
    }

    /// Takes an answer if it waits for it.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer) -> Option<Answer> {
        if self.list.awaits(ticket) {
            match answer {
                Answer::Repos { rows, .. } => self.list.take(ticket, Ok(rows)),
                Answer::Failed(why) => self.list.take(ticket, Err(why)),
                other => return Some(other),
            }
            return None;
        }
        if self.placed.awaits(ticket) {
            self.placed = match answer {
                Answer::Placed { count, at, cut } => {
                    if let Some(at) = at {
                        self.cursor.at = at;
                    }
                    Slot::Ready((count, cut))
                }
                Answer::Failed(why) => Slot::Failed(why),
                other => return Some(other),
            };
            return None;
        }
        let Some(more) = &mut self.more else {
            return Some(answer);
        };
        match answer {
            Answer::Branches { rows, .. } if more.branches.awaits(ticket) => {
                more.branches = Slot::Ready(rows);
            }
            Answer::Groups(groups) if more.findings.awaits(ticket) => {
                more.findings = Slot::Ready(groups);
            }
            Answer::Failed(why) if more.branches.awaits(ticket) => {
                more.branches = Slot::Failed(why);
            }
            Answer::Failed(why) if more.findings.awaits(ticket) => {
                more.findings = Slot::Failed(why);
            }
            other => return Some(other),
        }
        None
    }

    /// Asks for the rows around the cursor, and for more of the one under it.
    pub fn request_missing(&mut self, ctx: &mut Ctx) {
        if ctx.shared.open.ready().is_none() {
            return;
        }
        if self.report != ctx.shared.audits.report {
            self.report = ctx.shared.audits.report;
            self.more = None;
            // What is worst has changed; nothing else of the list has.
            if matches!(self.ask().order, RepoOrder::Failing | RepoOrder::Findings) {
                self.relist(ctx);
            }
        }
        if self.placed == Slot::Empty {
            let ask = Query::PlaceRepos {
                ask: self.ask(),
                keep: self.keep.as_ref().map(|id| id.exact().to_owned()),
                fresh: std::mem::take(&mut self.fresh),
            };
            self.placed = Slot::Pending(ctx.read(self.scope, ask));
        }
        if self.placed.ready().is_none() {
            return;
        }
        let height = ctx.height(0).saturating_sub(1).max(1);
        self.cursor.keep(self.len(), height);
        for page in self.list.missing(self.cursor.window(self.len(), height)) {
            let (ask, skip, limit) = (self.ask(), page * PAGE, PAGE as u32);
            let ticket = ctx.read(self.scope, Query::Repos { ask, skip, limit });
            self.list.asked(page, ticket);
        }
        self.look_ahead(ctx);
    }

    fn look_ahead(&mut self, ctx: &mut Ctx) {
        if ctx.regions.panes[1].width == 0 {
            return;
        }
        let Some(row) = self.current().cloned() else {
            return;
        };
        if self.more.as_ref().is_some_and(|more| more.of == row.id) {
            return;
        }
        self.more_scope = ctx.renew(self.more_scope);
        let branches = Query::Branches {
            repo_id: row.id.exact().to_owned(),
            containing: String::new(),
            after: None,
            limit: BRANCHES,
        };
        let branches = Slot::Pending(ctx.read(self.more_scope, branches));
        let findings = match ctx.shared.audits.last {
            None => Slot::Empty,
            Some(_) => {
                let ask = Query::Groups(filter(&row), GroupBy::Code);
                Slot::Pending(ctx.read(self.more_scope, ask))
            }
        };
        self.more = Some(Beside {
            of: row.id,
            branches,
            findings,
        });
    }

    /// Returns the filter, for the status line.
    #[must_use]
    pub fn status(&self, shared: &Shared) -> String {
        let none = shared.audits.without_repo();
        let apart = self.current().filter(|row| {
            let known = shared.audits.branches_of(row.path.exact());
            known.is_some_and(|known| known.apart > 0)
        });
        match (self.text.trim(), apart) {
            ("", Some(row)) => format!("branches of {}: {NOT_TOGETHER}", row.path.shown()),
            ("", None) if none > 0 => format!(
                "a shared commit counts in each repository; {} in none (f on the hub)",
                text::plural(none, "finding")
            ),
            ("", None) => "a shared commit counts in each repository".into(),
            (text, _) => format!("/{}; esc shows all", crate::lines::clean(text)),
        }
    }

    /// Lets go of what only it needed.
    pub fn close(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
        self.more_scope = ctx.renew(self.more_scope);
    }
}

fn filter(row: &RepoLine) -> Filter {
    Filter {
        repo: Some(row.path.exact().to_owned()),
        ..Filter::default()
    }
}

/// Returns whether branches of a repository fail that has no finding of its own: an object that repositories share is a
/// finding
/// of one of them.
fn stopped_from_elsewhere(row: &RepoLine, shared: &Shared) -> bool {
    let path = row.path.exact();
    let known = shared.audits.branches_of(path);
    !shared.audits.repos.contains_key(path) && known.is_some_and(|known| known.fail > 0)
}

/// Handles an action on the repository under the cursor.
fn on_row(action: Action, row: &RepoLine, ctx: &mut Ctx) -> Go {
    match action {
        Action::Open => Objects::open(row, ctx),
        Action::Findings if stopped_from_elsewhere(row, ctx.shared) => {
            Findings::open(&format!("stops:{}", row.path.shown()), ctx)
        }
        Action::Findings => Findings::open(&format!("repo:{}", row.path.shown()), ctx),
        Action::Plan if stopped_from_elsewhere(row, ctx.shared) => {
            let stops = Filter {
                stops: Some(row.path.exact().to_owned()),
                ..Filter::default()
            };
            let what = format!("what stops the branches of {}", row.path.shown());
            super::decide::open(Selection::Chosen(stops), &what, ctx)
        }
        Action::Plan => {
            let what = format!(
                "what can be repaired without a decision in {}",
                row.path.shown()
            );
            PlanScreen::open(Selection::Auto(filter(row)), &what, ctx)
        }
        Action::Pull => {
            let ask = PullRequest {
                repo: row.path.exact().to_owned(),
                branch: None,
            };
            PullScreen::open(row.id.clone(), ask, ctx)
        }
        _ => Go::Stay,
    }
}
