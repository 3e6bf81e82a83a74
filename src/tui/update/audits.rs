//! The question how deep an audit is to look, and at what.

use super::super::action::{Action, Motion};
use super::super::effect::{AuditRequest, Effect};
use super::super::overlay::Overlay;
use super::super::screens::Screen;
use super::super::state::{State, start_audit};
use super::super::widgets::audit::Choice;
use luthier_audit::{Depth, Scope};
use luthier_object::ObjectId;

/// Asks, with what is under the cursor first.
pub fn open(state: &mut State) {
    let mut scopes = state.stack.last().map_or_else(Vec::new, here);
    scopes.push(Scope::Hub);
    let choice = Choice::new(scopes, state.shared.audits.depth);
    state.overlay = Some(Overlay::Audit(choice));
}

/// Lists the scopes of what a screen shows, the smallest first.
fn here(screen: &Screen) -> Vec<Scope> {
    let repo = |path: &str| Scope::Repo(path.to_owned());
    match screen {
        Screen::Repos(screen) => {
            let row = screen.current();
            row.map(|row| repo(row.path.exact())).into_iter().collect()
        }
        Screen::Objects(screen) => {
            let path = screen.path.exact();
            let object = screen.list.current();
            let object = object.map(|row| Scope::Id(ObjectId::new(row.id.exact())));
            let branch = screen.branch.as_ref();
            let branch = branch.map(|name| Scope::Branch(path.to_owned(), name.exact().to_owned()));
            // The repository is what is listed; the object is one step away.
            [branch, Some(repo(path)), object]
                .into_iter()
                .flatten()
                .collect()
        }
        Screen::Inspect(screen) => vec![Scope::Id(ObjectId::new(screen.id.exact()))],
        Screen::Findings(screen) => {
            let Some(row) = screen.current() else {
                return Vec::new();
            };
            let object = row
                .subject
                .kind()
                .map(|_| Scope::Id(ObjectId::new(row.id.exact())));
            let of = Some(row.repo.exact())
                .filter(|path| path.contains('/'))
                .map(repo);
            object.into_iter().chain(of).collect()
        }
        Screen::Pull(screen) => {
            let path = screen.ask.repo.clone();
            let branch = screen.ask.branch.clone();
            let branch = branch.map(|name| Scope::Branch(path.clone(), name));
            branch.into_iter().chain([Scope::Repo(path)]).collect()
        }
        _ => Vec::new(),
    }
}

/// Handles an action while the dialog is open.
pub fn act(state: &mut State, mut choice: Choice, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::Move(Motion::Up) => choice.other_scope(false),
        Action::Move(_) => choice.other_scope(true),
        Action::Left => choice.deeper(false),
        Action::Right => choice.deeper(true),
        Action::Deep(depth) => choice.depth = depth,
        Action::Submit => return start(state, &choice, out),
        _ => return,
    }
    state.overlay = Some(Overlay::Audit(choice));
}

/// Starts it. What the whole hub is looked at with is remembered for the next session.
fn start(state: &mut State, choice: &Choice, out: &mut Vec<Effect>) {
    let scope = choice.scope();
    let depth: Depth = choice.depth;
    if scope == Scope::Hub && state.shared.audits.depth != depth {
        state.shared.audits.depth = depth;
        out.push(Effect::Remember(depth));
    }
    start_audit(&mut state.shared, out, AuditRequest { depth, scope }, true);
}
