//! Traces a client's pull of a branch up to the first object that it would refuse.

mod view;

use super::{Go, Screen, decide};
use crate::action::{Action, Motion};
use crate::effect::{Effect, PullRequest, Ticket};
use crate::event::Answer;
use crate::lines::{FailedLine, HubId, PulledLine, RefusedLine};
use crate::meter::Meter;
use crate::notices::Level;
use crate::state::{Ctx, Shared, Slot};
use crate::theme::Theme;
use crate::widgets::list::Cursor;
use crate::widgets::pane::Text;
use luthier_audit::{Filter, Subject};
use luthier_repair::Selection;

/// A tried pull.
#[derive(Debug)]
pub struct PullScreen {
    pub ask: PullRequest,
    /// The repository's id, which lists its branches.
    pub repo_id: HubId,
    pub end: Slot<PulledLine>,
    pub cursor: Cursor,
    /// Repairs that had ended when it was tried.
    repairs: u64,
}

impl PullScreen {
    /// Tries a pull and opens the screen that will show its end.
    pub fn open(repo_id: HubId, ask: PullRequest, ctx: &mut Ctx) -> Go {
        let mut screen = Self {
            ask,
            repo_id,
            end: Slot::Empty,
            cursor: Cursor::default(),
            repairs: 0,
        };
        screen.again(ctx);
        Go::Push(Box::new(Screen::Pull(Box::new(screen))))
    }

    fn again(&mut self, ctx: &mut Ctx) {
        let ticket = ctx.shared.ticket();
        self.end = Slot::Pending(ticket);
        self.cursor = Cursor::default();
        self.repairs = ctx.shared.repairs;
        ctx.shared.pulling = Some(Meter::new(ctx.shared.clock));
        ctx.out.push(Effect::Pull {
            ticket,
            ask: self.ask.clone(),
        });
    }

    /// Tries it again for a person who comes back to it, where the hub was changed since.
    pub fn come_back(&mut self, ctx: &mut Ctx) {
        if self.is_stale(ctx.shared) && ctx.shared.pulling.is_none() {
            self.again(ctx);
        }
    }

    /// Tries the pull of one branch again once the hub was changed: that is what a person comes back for. All branches
    /// are many pulls, which nobody starts unasked.
    pub fn request_missing(&mut self, ctx: &mut Ctx) {
        if self.ask.branch.is_some() && self.end.ready().is_some() {
            self.come_back(ctx);
        }
    }

    /// Returns whether something was repaired since it was tried.
    #[must_use]
    pub fn is_stale(&self, shared: &Shared) -> bool {
        self.repairs != shared.repairs
    }

    /// Returns whether it is worth coming back to: a pull that a client takes is over.
    #[must_use]
    pub fn leads_on(&self, shared: &Shared) -> bool {
        match &self.end {
            Slot::Ready(end) => !end.is_whole() || self.is_stale(shared),
            _ => true,
        }
    }

    /// Returns the branch under the cursor, of those that fail.
    fn failed(&self) -> Option<&FailedLine> {
        let branches = self.end.ready()?.branches.as_ref()?;
        branches.named.get(usize::try_from(self.cursor.at).ok()?)
    }

    /// Returns the refused objects of the branch under the cursor, if several are traced.
    fn refused(&self) -> Option<&RefusedLine> {
        let of_branch = self.failed().and_then(|failed| failed.refused.as_ref());
        of_branch.or(self.end.ready()?.refused.as_ref())
    }

    /// Returns the id of what a client would refuse.
    #[must_use]
    pub fn id(&self) -> Option<&HubId> {
        self.refused().map(|refused| &refused.id)
    }

    /// Returns the findings that stop the pull of the branch under the cursor, and their name: those of the refused
    /// object, or of the repository's branches where no object is refused, such as a branch with two rows.
    fn chosen(&self) -> Option<(Filter, String)> {
        let branch = match self.failed() {
            Some(failed) => failed.branch.shown().to_owned(),
            None => self.ask.shown(),
        };
        if let Some(id) = self.id() {
            let filter = Filter {
                id: Some(id.exact().to_owned()),
                ..Filter::default()
            };
            return Some((filter, format!("what stops {branch}: {}", id.shown())));
        }
        let fails = self.end.ready().is_some_and(|end| !end.is_whole());
        fails.then(|| {
            let filter = Filter {
                repo: Some(self.ask.repo.clone()),
                kinds: vec![Subject::Branch],
                ..Filter::default()
            };
            (filter, format!("what is wrong with {branch} itself"))
        })
    }

    /// Returns the reason why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, shared: &Shared) -> Option<String> {
        match action {
            Action::Again | Action::Branch | Action::Open if shared.pulling.is_some() => {
                Some("a pull is being traced; ctrl-c stops it".into())
            }
            Action::Open if self.failed().is_none() => {
                Some("no failing branch is under the cursor; b lists the branches".into())
            }
            Action::Plan if shared.audits.last.is_none() => {
                Some("no audit has finished yet".into())
            }
            Action::Move(_) if self.end.ready().is_none() && shared.pulling.is_some() => {
                Some("the branches are not traced yet".into())
            }
            Action::Plan if self.chosen().is_none() => {
                Some(match self.end.ready().map(PulledLine::is_whole) {
                    Some(true) => "no object is refused here".into(),
                    _ => "nothing is known that stops the pull".into(),
                })
            }
            Action::CopyId if self.id().is_none() => Some("no object is refused here".into()),
            _ => None,
        }
    }

    /// Does what was asked.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        match action {
            Action::Move(motion) => self.go(motion, ctx),
            Action::Again | Action::Refresh => self.again(ctx),
            Action::Open => {
                if let Some(failed) = self.failed() {
                    let ask = PullRequest {
                        repo: self.ask.repo.clone(),
                        branch: Some(failed.branch.exact().to_owned()),
                    };
                    return Self::open(self.repo_id.clone(), ask, ctx);
                }
            }
            Action::Plan => {
                if let Some((filter, what)) = self.chosen() {
                    return decide::open(Selection::Chosen(filter), &what, ctx);
                }
            }
            Action::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    /// Goes to another failing branch, a line at a time, where there are any; every other motion moves the text.
    fn go(&mut self, motion: Motion, ctx: &Ctx) {
        let branches = self.end.ready().and_then(|end| end.branches.as_ref());
        let failed = branches.map_or(0, |branches| branches.named.len() as u64);
        if failed > 0 && matches!(motion, Motion::Up | Motion::Down) {
            self.cursor.step(motion, failed, 1);
            self.cursor.top = 0;
            return;
        }
        let width = crate::regions::inner(ctx.regions.panes[0]).width;
        let text = self.text(width, ctx.shared, &Theme::ansi());
        let (lines, height) = (text.lines.len() as u64, ctx.height(0));
        self.cursor.scroll(motion, lines, height);
    }

    /// Goes to the failing branch that is drawn in this line of the pane, and names it.
    pub fn point_at(&mut self, line: u64, width: u16, shared: &Shared) -> Option<u64> {
        let (lines, first) = self.text(width, shared, &Theme::ansi()).rows;
        let line = usize::try_from(self.cursor.top.checked_add(line)?).ok()?;
        let row = first + lines.contains(&line).then(|| line - lines.start)? as u64;
        self.cursor.at = row;
        Some(row)
    }

    /// Takes the end of the pull.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer, ctx: &mut Ctx) -> Option<Answer> {
        if !self.end.awaits(ticket) {
            return Some(answer);
        }
        match answer {
            Answer::Pulled(end) => {
                let (level, words) = match (end.is_whole(), end.stopped) {
                    (_, true) => (Level::Warning, "the pull was stopped"),
                    (false, _) => (Level::Error, "a client refuses this pull"),
                    (true, _) => (Level::Info, "the pull succeeds"),
                };
                ctx.shared.tell(level, words);
                self.end = Slot::Ready(*end);
            }
            Answer::Failed(why) => self.end = Slot::Failed(why),
            other => return Some(other),
        }
        None
    }

    /// Returns the end of it as a text.
    #[must_use]
    pub fn document(&self) -> Option<String> {
        let mut out = Text::new(super::WIDE);
        view::ended(self.end.ready()?, 0, &mut out, &Theme::ansi());
        Some(out.plain())
    }

    /// Says what the keys would do, for the status line.
    #[must_use]
    pub fn status(&self, shared: &Shared) -> String {
        match (&shared.pulling, self.id()) {
            (Some(_), _) => "ctrl-c stops the pull".into(),
            _ if self.is_stale(shared) => {
                "this is the pull as it was before the hub was changed; r traces it again".into()
            }
            (None, Some(_)) if self.failed().is_some() => {
                "↑↓ another branch, pgdn reads on; enter traces it alone; x plans; r again".into()
            }
            (None, Some(_)) => "x plans the repair of what stops it; r traces again".into(),
            (None, None) if self.chosen().is_some() => {
                "x says what is wrong with the branch; r tries again".into()
            }
            (None, None) => "r tries again".into(),
        }
    }

    /// Lets go of the walk, which nobody else needs.
    pub fn close(&mut self, ctx: &mut Ctx) {
        if matches!(self.end, Slot::Pending(_)) {
            ctx.out.push(Effect::Cancel(crate::effect::Job::Pull));
            ctx.shared.pulling = None;
        }
    }
}
