//! Commits, snapshots and blobs of a repository or one of its branches.

mod listing;
mod view;

use super::beside::BesideObject;
use super::inspect::Inspect;
use super::plan::PlanScreen;
use super::pull::PullScreen;
use super::{Go, Screen};
use crate::action::{Action, Motion};
use crate::effect::{Exported, PullRequest, Query, ReportRef, Scope, Ticket};
use crate::event::Answer;
use crate::keyset::Keyset;
use crate::lines::{HubId, Judged, ObjectLine, RepoLine};
use crate::notices::Level;
use crate::state::{Ctx, Shared, Slot};
use crate::theme::Theme;
use crate::widgets::lanes::Strand;
use crate::widgets::list::Cursor;
use luthier_audit::{Filter, Subject};
use luthier_object::Kind;
use luthier_repair::Selection;

/// The objects of one repository.
#[derive(Debug)]
pub struct Objects {
    pub scope: Scope,
    pub repo_id: HubId,
    pub path: HubId,
    pub tab: usize,
    /// Commits of this branch only.
    pub branch: Option<HubId>,
    /// The oldest first.
    pub flipped: bool,
    /// The filter as typed, what it means, and what of it could not be understood.
    pub text: String,
    filter: Filter,
    trouble: Option<String>,
    /// The row under the cursor when a filter began to be typed.
    kept: Option<ObjectLine>,
    pub list: Keyset,
    count: Slot<u64>,
    pub beside: bool,
    detail: Cursor,
    preview: BesideObject,
    /// The branch graph beside the commits held.
    strands: Vec<Strand>,
    report: ReportRef,
    /// The request for the last audit's results on the kept rows.
    judging: Slot<()>,
}

impl Objects {
    /// Opens the commits of a repository.
    pub fn open(repo: &RepoLine, ctx: &mut Ctx) -> Go {
        Go::Push(Box::new(Screen::Objects(Box::new(Self {
            scope: ctx.shared.scope(),
            repo_id: repo.id.clone(),
            path: repo.path.clone(),
            tab: 0,
            branch: None,
            flipped: false,
            text: String::new(),
            filter: Filter::default(),
            trouble: None,
            kept: None,
            list: Keyset::default(),
            count: Slot::Empty,
            beside: false,
            detail: Cursor::default(),
            preview: BesideObject::new(ctx),
            strands: Vec::new(),
            report: ctx.shared.audits.report,
            judging: Slot::Empty,
        }))))
    }

    fn kind(&self) -> Kind {
        Kind::ALL[self.tab.min(2)]
    }

    /// Returns whether something is on its way.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.list.pending() || self.preview.pending()
    }

    /// Returns the reason why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, shared: &Shared) -> Option<String> {
        if let (Some(trouble), Action::Export) = (&self.trouble, action) {
            return Some(format!("the filter is not understood: {trouble}"));
        }
        match action {
            Action::Open | Action::Plan | Action::CopyId if self.list.current().is_none() => {
                Some("there is no object under the cursor".into())
            }
            Action::Plan | Action::NextFinding | Action::PreviousFinding
                if shared.audits.last.is_none() =>
            {
                Some("no audit has finished yet".into())
            }
            Action::Branch if self.tab != 0 => {
                Some("only commits belong to a branch; 1 lists them".into())
            }
            _ => None,
        }
    }

    /// Does what was asked.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        match action {
            Action::Move(motion) if self.beside => self.scroll_beside(motion, ctx),
            Action::Move(motion) => {
                self.detail = Cursor::default();
                self.step(motion, ctx);
            }
            Action::NextFinding | Action::PreviousFinding => {
                self.seek(action == Action::NextFinding, ctx);
            }
            Action::Tab(tab) if tab != self.tab => {
                (self.tab, self.branch, self.kept) = (tab, None, None);
                self.relist(Keyset::default(), ctx);
            }
            Action::Flip => self.flip(ctx),
            Action::Export => ctx.export(Exported::Objects(self.ask())),
            Action::Refresh => self.reread(ctx),
            Action::Pane => self.beside = !self.beside,
            Action::Open => {
                if let Some(row) = self.list.current() {
                    return Inspect::open(row.kind, row.id.clone(), ctx);
                }
            }
            Action::Plan => {
                if let Some(row) = self.list.current() {
                    let filter = Filter {
                        kinds: vec![Subject::from(row.kind)],
                        id: Some(row.id.exact().to_owned()),
                        ..Filter::default()
                    };
                    let what = format!("the findings of {} {}", row.kind, row.id.short());
                    return PlanScreen::open(Selection::Chosen(filter), &what, ctx);
                }
            }
            Action::Pull => {
                let ask = PullRequest {
                    repo: self.path.exact().to_owned(),
                    branch: self.branch.as_ref().map(|name| name.exact().to_owned()),
                };
                return PullScreen::open(self.repo_id.clone(), ask, ctx);
            }
            Action::Back if self.beside => self.beside = false,
            Action::Back if self.branch.is_some() => self.choose(None, ctx),
            Action::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    fn scroll_beside(&mut self, motion: Motion, ctx: &Ctx) {
        let width = crate::regions::inner(ctx.regions.panes[1]).width;
        let row = self.list.current();
        let text = row.map(|row| view::describe(row, width, &Theme::ansi()));
        let lines = text.map_or(0, |text| text.lines.len() as u64);
        self.detail.scroll(motion, lines, ctx.height(1));
    }

    /// Takes an answer if it waits for it.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer) -> Option<Answer> {
        if self.list.awaits(ticket) {
            match answer {
                Answer::Objects { rows, end } => {
                    self.list.take(ticket, Ok((rows, end)));
                    self.draw_strands();
                }
                Answer::Failed(why) => self.list.take(ticket, Err(why)),
                other => return Some(other),
            }
            return None;
        }
        match self.preview.answer(ticket, answer)? {
            Answer::Judged(found) if self.judging.awaits(ticket) => {
                self.judging = Slot::Empty;
                for row in self.list.rows_mut() {
                    let known = found.get(row.id.exact()).copied();
                    if row.judged == Judged::Unknown {
                        row.judged = known.unwrap_or(Judged::Unlooked);
                    }
                }
            }
            // A mark less is no reason to show no list.
            Answer::Failed(_) if self.judging.awaits(ticket) => {
                self.judging = Slot::Failed(String::new());
            }
            Answer::Count(count) if self.count.awaits(ticket) => {
                self.count = Slot::Ready(count);
                self.list.counted(count);
            }
            Answer::Failed(why) if self.count.awaits(ticket) => self.count = Slot::Failed(why),
            other => return Some(other),
        }
        None
    }

    /// Asks what the last audit says of rows that it was not asked about.
    fn judge(&mut self, ctx: &mut Ctx) {
        if self.report != ctx.shared.audits.report {
            self.report = ctx.shared.audits.report;
            self.judging = Slot::Empty;
            for row in self.list.rows_mut() {
                row.judged = Judged::Unknown;
            }
        }
        if self.judging != Slot::Empty || ctx.shared.audits.last.is_none() {
            return;
        }
        let unknown = self.list.rows().filter(|row| row.judged == Judged::Unknown);
        let ids: Vec<String> = unknown.map(|row| row.id.exact().to_owned()).collect();
        if !ids.is_empty() {
            let path = self.path.exact().to_owned();
            self.judging = Slot::Pending(ctx.read(self.scope, Query::WorstOn { path, ids }));
        }
    }

    /// Goes to the next row with a finding.
    fn seek(&mut self, forwards: bool, ctx: &mut Ctx) {
        let found = self.next_found(forwards);
        // Without one, to the far end of what is held: more is read, and the key goes on from there.
        let last = self.list.len().saturating_sub(1);
        self.list.cursor.at = found.unwrap_or(if forwards { last } else { 0 });
        if found.is_none() {
            let text = match (forwards, self.list.is_whole()) {
                (true, false) => "no finding on the rows read so far; again goes on from here",
                (true, true) => "no finding on a row below; N looks above",
                (false, _) => "no finding on a row above; n looks below",
            };
            ctx.shared.tell(Level::Info, text);
        }
    }

    fn look_ahead(&mut self, ctx: &mut Ctx) {
        if ctx.regions.panes[2].width == 0 {
            return;
        }
        let Some((kind, id)) = self.list.current().map(|row| (row.kind, row.id.clone())) else {
            return;
        };
        self.preview.look(kind, id, ctx);
    }

    /// Moves the cursor to the next row, or to the next that has a finding, and gives what is under it.
    pub fn neighbour(&mut self, forwards: bool, with_finding: bool) -> Option<(Kind, HubId)> {
        let at = self.list.cursor.at;
        let at = match (with_finding, forwards) {
            (true, _) => self.next_found(forwards)?,
            (false, true) => at.checked_add(1)?,
            (false, false) => at.checked_sub(1)?,
        };
        let found = self.list.row(at).map(|row| (row.kind, row.id.clone()))?;
        self.list.cursor.at = at;
        Some(found)
    }

    /// Returns the next row that has a finding, of those that are held.
    fn next_found(&self, forwards: bool) -> Option<u64> {
        let at = self.list.cursor.at;
        let has = |at: &u64| {
            let row = self.list.row(*at);
            row.is_some_and(|row| matches!(row.judged, Judged::Found(_)))
        };
        match forwards {
            true => (at + 1..self.list.len()).find(has),
            false => (0..at).rev().find(has),
        }
    }

    /// Lets go of what only it needed.
    pub fn close(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
        self.preview.close(ctx);
    }
}

/// Returns the screen on which a branch is chosen.
#[must_use]
pub fn of(screen: &mut Screen) -> Option<&mut Objects> {
    match screen {
        Screen::Objects(objects) => Some(objects),
        _ => None,
    }
}
