//! The box of branches: opened, filled page by page, and listed anew when an audit ends.

use super::super::effect::{Effect, Query};
use super::super::lines::HubId;
use super::super::lines::known::NOT_TOGETHER;
use super::super::overlay::Overlay;
use super::super::pages::{Chain, PAGE};
use super::super::screens::Screen;
use super::super::state::{Shared, State};
use super::super::widgets::branches::Branches;
use super::super::widgets::list::Cursor;
use tui_input::Input;

/// Opens it for what is under the cursor.
pub fn open(state: &mut State) {
    let scope = state.shared.scope();
    let (repo_id, pull) = match state.stack.last() {
        Some(Screen::Objects(objects)) => (objects.repo_id.exact().to_owned(), None),
        Some(Screen::Repos(repos)) => match repos.current() {
            Some(row) => (row.id.exact().to_owned(), Some(row.path.clone())),
            None => return,
        },
        Some(Screen::Pull(pull)) => {
            let path = HubId::new(&pull.ask.repo);
            (pull.repo_id.exact().to_owned(), Some(path))
        }
        _ => return,
    };
    let note = pull
        .as_ref()
        .map(|path| branch_note(path, &state.shared))
        .unwrap_or_default();
    state.overlay = Some(Overlay::Branches(Branches {
        note,
        known: state.shared.audits.report,
        scope,
        pull,
        repo_id,
        typed: Input::default(),
        chosen: false,
        list: Chain::default(),
        cursor: Cursor::default(),
    }));
}

/// Says how many branches of a repository fail; empty where none is known to.
fn branch_note(path: &HubId, shared: &Shared) -> String {
    let known = shared.audits.branches_of(path.exact());
    let Some(known) = known.filter(|known| known.fail > 0) else {
        return String::new();
    };
    let more = if known.is_final() { "" } else { "+" };
    let fail = luthier_hub::text::grouped(known.fail) + more;
    let all = luthier_hub::text::grouped(known.total());
    let lists = format!("{fail} of {all} fail: esc, p lists them");
    match known.apart {
        0 => lists,
        _ => format!("{lists}; {NOT_TOGETHER}"),
    }
}

/// Asks for the rows that are to be drawn.
pub fn request_missing(state: &mut State, out: &mut Vec<Effect>) {
    let State {
        shared, overlay, ..
    } = state;
    if let Some(Overlay::Branches(branches)) = overlay {
        let known = shared.audits.report;
        if branches.known != known {
            // An audit has ended meanwhile: the marks of the branches are of another report.
            let path = branches.pull.as_ref();
            branches.note = path.map_or_else(String::new, |path| branch_note(path, shared));
            branches.known = known;
            let (typed, at) = (branches.typed.clone(), branches.cursor);
            out.push(Effect::Close(branches.narrow(shared.scope())));
            (branches.typed, branches.cursor) = (typed, at);
        }
        let top = branches.cursor.top;
        for (page, after) in branches.list.missing(top..top + 40) {
            let ticket = shared.ticket();
            out.push(Effect::Read {
                scope: branches.scope,
                ticket,
                ask: Query::Branches {
                    repo_id: branches.repo_id.clone(),
                    containing: branches.typed.value().to_owned(),
                    after,
                    limit: PAGE as u32,
                },
            });
            branches.list.asked(page, ticket);
        }
    }
}
