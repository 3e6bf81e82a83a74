//! The screens. Each holds what it alone knows; what all share is in [`Shared`].

pub mod apply;
mod beside;
pub mod decide;
pub mod findings;
pub mod hub;
pub mod inspect;
pub mod journal;
pub mod objects;
pub mod plan;
mod pointed;
pub mod pull;
pub mod repos;
pub mod run;
pub mod signoff;
pub mod wanted;

use super::action::Action;
use super::effect::Ticket;
use super::event::Answer;
use super::filter;
use super::keymap::KeyContext;
use super::lines::HubId;
use super::regions::{Regions, Wish};
use super::state::{Ctx, Shared};
use super::theme::Theme;
pub use pointed::Part;
use ratatui::Frame;

/// The width at which a text for another program is wrapped.
const WIDE: u16 = 100;

/// The place to which an action leads.
#[derive(Debug)]
pub enum Go {
    Stay,
    Push(Box<Screen>),
    Back,
    /// In the place of this one.
    Replace(Box<Screen>),
}

/// A screen.
#[derive(Debug)]
pub enum Screen {
    Hub(hub::HubScreen),
    Repos(Box<repos::Repos>),
    Objects(Box<objects::Objects>),
    Inspect(Box<inspect::Inspect>),
    Findings(Box<findings::Findings>),
    Decide(Box<decide::Decide>),
    Plan(Box<plan::PlanScreen>),
    Apply(Box<apply::Apply>),
    Journal(Box<journal::JournalScreen>),
    Run(Box<run::RunScreen>),
    Pull(Box<pull::PullScreen>),
    SignOff(Box<signoff::SignOffScreen>),
    Wanted(Box<wanted::WantedScreen>),
}

macro_rules! each {
    ($self:ident, $screen:ident => $call:expr) => {
        match $self {
            Screen::Hub($screen) => $call,
            Screen::Repos($screen) => $call,
            Screen::Objects($screen) => $call,
            Screen::Inspect($screen) => $call,
            Screen::Findings($screen) => $call,
            Screen::Decide($screen) => $call,
            Screen::Plan($screen) => $call,
            Screen::Journal($screen) => $call,
            Screen::Run($screen) => $call,
            Screen::Apply($screen) => $call,
            Screen::Pull($screen) => $call,
            Screen::SignOff($screen) => $call,
            Screen::Wanted($screen) => $call,
        }
    };
}

impl Screen {
    /// Returns the context of its keys in the table.
    #[must_use]
    pub const fn context(&self) -> KeyContext {
        match self {
            Screen::Hub(_) => KeyContext::Hub,
            Screen::Repos(_) => KeyContext::Repos,
            Screen::Objects(_) => KeyContext::Objects,
            Screen::Inspect(_) => KeyContext::Inspect,
            Screen::Findings(_) => KeyContext::Findings,
            Screen::Decide(_) => KeyContext::Decide,
            Screen::Plan(_) => KeyContext::Plan,
            Screen::Journal(_) => KeyContext::Journal,
            Screen::Run(_) => KeyContext::Run,
            Screen::Apply(_) => KeyContext::Apply,
            Screen::Pull(_) => KeyContext::Pull,
            Screen::SignOff(_) => KeyContext::SignOff,
            Screen::Wanted(_) => KeyContext::Wanted,
        }
    }

    /// Returns what it would like on the screen.
    #[must_use]
    pub fn wish(&self) -> Wish {
        let (panes, wide, beside) = match self {
            Screen::Objects(screen) => (3, false, screen.beside),
            Screen::Findings(screen) => (3, false, screen.beside),
            Screen::Plan(screen) => (2, false, screen.beside),
            Screen::Journal(screen) => (2, false, screen.beside),
            Screen::Run(screen) => (2, false, screen.beside),
            Screen::Wanted(screen) => (2, false, screen.beside),
            Screen::Repos(screen) => (2, true, screen.beside),
            Screen::Hub(screen) => (2, true, screen.beside),
            Screen::Inspect(screen) => (2, true, screen.part == Part::Beside),
            _ => (1, false, false),
        };
        Wish {
            panes,
            wide,
            front: u8::from(beside),
            ..Wish::default()
        }
    }

    /// Returns the reason why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, shared: &Shared) -> Option<String> {
        each!(self, screen => screen.refusal(action, shared))
    }

    /// Does what was asked.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        each!(self, screen => screen.act(action, ctx))
    }

    /// Takes an answer if it waits for it; gives it back otherwise.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer, ctx: &mut Ctx) -> Option<Answer> {
        match self {
            Screen::Hub(_) => Some(answer),
            Screen::Repos(screen) => screen.answer(ticket, answer),
            Screen::Objects(screen) => screen.answer(ticket, answer),
            Screen::Inspect(screen) => screen.answer(ticket, answer),
            Screen::Findings(screen) => screen.answer(ticket, answer, ctx),
            Screen::Decide(screen) => screen.answer(ticket, answer),
            Screen::Plan(screen) => screen.answer(ticket, answer, ctx),
            Screen::Journal(screen) => screen.answer(ticket, answer, ctx),
            Screen::Run(screen) => screen.answer(ticket, answer),
            Screen::Apply(screen) => screen.answer(ticket, answer, ctx),
            Screen::Pull(screen) => screen.answer(ticket, answer, ctx),
            Screen::SignOff(screen) => screen.answer(ticket, answer, ctx),
            Screen::Wanted(screen) => screen.answer(ticket, answer),
        }
    }

    /// Asks for what is needed to show it, and brings cursors back into their lists. A screen that has
    /// nothing to ask a person gives way to the next one.
    pub fn request_missing(&mut self, ctx: &mut Ctx) -> Go {
        match self {
            Screen::Decide(screen) => return screen.request_missing(ctx),
            Screen::Findings(screen) => return screen.request_missing(ctx),
            Screen::Hub(screen) => screen.request_missing(ctx),
            Screen::Repos(screen) => screen.request_missing(ctx),
            Screen::Objects(screen) => screen.request_missing(ctx),
            Screen::Inspect(screen) => screen.request_missing(ctx),
            Screen::Plan(screen) => screen.request_missing(ctx),
            Screen::Apply(screen) => screen.request_missing(ctx),
            Screen::Journal(screen) => screen.request_missing(ctx),
            Screen::Run(screen) => screen.request_missing(ctx),
            Screen::Pull(screen) => screen.request_missing(ctx),
            Screen::Wanted(screen) => screen.request_missing(ctx),
            Screen::SignOff(_) => {}
        }
        Go::Stay
    }

    /// Returns whether a guide that was left comes back to it: what is over, or was made for a hub that has changed
    /// since, leads nowhere.
    #[must_use]
    pub fn leads_on(&self, shared: &Shared) -> bool {
        match self {
            Screen::Plan(screen) => screen.leads_on(shared),
            Screen::Decide(screen) => screen.leads_on(shared),
            Screen::Apply(screen) => matches!(screen.end, super::state::Slot::Pending(_)),
            Screen::Pull(screen) => screen.leads_on(shared),
            _ => true,
        }
    }

    /// Lets go of what only it needed.
    pub fn close(&mut self, ctx: &mut Ctx) {
        match self {
            Screen::Hub(_) => {}
            Screen::Decide(screen) => screen.close(ctx),
            Screen::Apply(screen) => screen.close(ctx),
            Screen::Journal(screen) => screen.close(ctx),
            Screen::Run(screen) => screen.close(ctx),
            Screen::Repos(screen) => screen.close(ctx),
            Screen::Objects(screen) => screen.close(ctx),
            Screen::Inspect(screen) => screen.close(ctx),
            Screen::Findings(screen) => screen.close(ctx),
            Screen::Plan(screen) => screen.close(ctx),
            Screen::Pull(screen) => screen.close(ctx),
            Screen::SignOff(screen) => screen.close(ctx),
            Screen::Wanted(screen) => screen.close(ctx),
        }
    }

    /// Returns whether something that it shows is on its way.
    #[must_use]
    pub fn pending(&self) -> bool {
        match self {
            Screen::Hub(_) | Screen::Apply(_) => false,
            Screen::Decide(screen) => screen.pending(),
            Screen::Journal(screen) => screen.pending(),
            Screen::Run(screen) => screen.pending(),
            Screen::Repos(screen) => screen.pending(),
            Screen::Objects(screen) => screen.pending(),
            Screen::Inspect(screen) => screen.pending(),
            Screen::Findings(screen) => screen.pending(),
            Screen::Plan(screen) => screen.pending(),
            Screen::Pull(screen) => matches!(screen.end, super::state::Slot::Pending(_)),
            Screen::SignOff(screen) => matches!(screen.end, super::state::Slot::Pending(_)),
            Screen::Wanted(screen) => screen.pending(),
        }
    }

    /// Returns the id under the cursor.
    #[must_use]
    pub fn id(&self) -> Option<HubId> {
        match self {
            Screen::Hub(_) | Screen::Apply(_) | Screen::SignOff(_) => None,
            Screen::Decide(screen) => screen.current().map(|row| row.id.clone()),
            Screen::Journal(screen) => screen.id(),
            Screen::Run(screen) => Some(screen.id()),
            Screen::Repos(screen) => screen.current().map(|row| row.path.clone()),
            Screen::Objects(screen) => screen.list.current().map(|row| row.id.clone()),
            Screen::Inspect(screen) => Some(screen.id_under_cursor()),
            Screen::Findings(screen) => screen.current().map(|row| row.id.clone()),
            Screen::Plan(screen) => screen.current_id(),
            Screen::Pull(screen) => screen.id().cloned(),
            Screen::Wanted(screen) => screen.current().map(|row| row.id.clone()),
        }
    }

    /// Returns what is shown as a text, with a file name, for another program.
    #[must_use]
    pub fn document(&self) -> Option<(String, String)> {
        match self {
            Screen::Inspect(screen) => screen.document(),
            Screen::Findings(screen) => {
                let row = screen.current()?;
                let text = findings::describe(row, WIDE, &Theme::ansi()).plain();
                Some((format!("{}.txt", row.code.name()), text))
            }
            Screen::Plan(screen) => screen.document(),
            Screen::Run(screen) => screen.document(),
            Screen::Pull(screen) => Some(("pull.txt".into(), screen.document()?)),
            Screen::SignOff(screen) => Some(("signoff.txt".into(), screen.document()?)),
            Screen::Wanted(screen) => Some(("wanted.txt".into(), screen.document()?)),
            _ => None,
        }
    }

    /// Returns the left part of the status line: marks and filters.
    #[must_use]
    pub fn status(&self, shared: &Shared) -> String {
        match self {
            Screen::Findings(screen) => screen.status(shared),
            Screen::Repos(screen) => screen.status(shared),
            Screen::Objects(screen) => screen.status(),
            Screen::Decide(screen) => screen.status(shared),
            Screen::Journal(screen) => screen.status(),
            Screen::Plan(screen) => screen.status(shared),
            Screen::Apply(screen) => screen.status(shared),
            Screen::Pull(screen) => screen.status(shared),
            Screen::SignOff(screen) => screen.status(shared),
            Screen::Wanted(screen) => screen.status(shared),
            _ => String::new(),
        }
    }

    /// Returns the conditions that a filter may hold here, beside plain words.
    #[must_use]
    pub fn conditions(&self) -> &'static [&'static str] {
        match self {
            Screen::Findings(_) => filter::OF_FINDINGS,
            Screen::Objects(_) => filter::OF_OBJECTS,
            _ => &[],
        }
    }

    /// Draws it.
    pub fn view(&self, frame: &mut Frame, shared: &Shared, regions: &Regions, theme: &Theme) {
        each!(self, screen => screen.view(frame, shared, regions, theme));
    }
}

/// Returns the age of something, by the clock of this machine.
#[must_use]
pub fn ago(at: luthier_object::time::Micros, shared: &Shared) -> String {
    let seconds = shared.now().saturating_sub(at) / 1_000_000;
    match u64::try_from(seconds) {
        Ok(seconds) => {
            let span = super::meter::span(seconds);
            // One unit is enough in a list.
            let first = span.split(' ').next().unwrap_or(&span);
            format!("{first} ago")
        }
        Err(_) => "in future".into(),
    }
}

/// Returns an instant in full, in UTC.
#[must_use]
pub fn exactly(at: Option<luthier_object::time::Micros>) -> String {
    at.and_then(|at| luthier_object::time::isoformat(at, 0))
        .unwrap_or_else(|| "? no instant".into())
}

/// Returns a mark that says a grade without colour.
#[must_use]
pub const fn grade_mark(grade: luthier_audit::Grade) -> &'static str {
    use luthier_audit::Grade;
    match grade {
        Grade::Critical => "■",
        Grade::Error => "✗",
        Grade::Warning => "!",
        Grade::Info => "·",
    }
}
