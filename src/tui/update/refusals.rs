//! Says why an action cannot be done; no key is ignored silently.

use super::super::action::Action;
use super::super::guide::Guide;
use super::super::keymap::{KeyContext, modal, rows_for};
use super::super::notices::Level;
use super::super::screens::Screen;
use super::super::state::{Shared, Slot, State};
use crossterm::event::{KeyCode, KeyEvent};
use luthier_audit::Fix;

/// Returns the reason why an action cannot be done now; `None` if it can.
#[must_use]
pub fn refusal(state: &State, action: Action) -> Option<String> {
    let shared = &state.shared;
    match action {
        Action::Audit | Action::Repos | Action::Guide(Guide::Pull | Guide::SignOff)
            if shared.open.ready().is_none() =>
        {
            return Some(match &shared.open {
                Slot::Failed(_) => "the hub could not be opened; R tries again".into(),
                _ => "the hub is being opened".into(),
            });
        }
        Action::Wanted | Action::Copies => return not_wanted(shared, action),
        Action::Refresh if shared.lost.is_some() => {
            return Some("the connection is lost; Luthier reconnects by itself".into());
        }
        Action::Audit if matches!(shared.audits.slot, Slot::Pending(_)) => {
            return Some("an audit is running; ctrl-c stops it".into());
        }
        Action::Audit | Action::Plan | Action::Undo if shared.applying.is_some() => {
            return Some(format!(
                "{} is running",
                shared.work.article().to_lowercase()
            ));
        }
        Action::Pull if shared.pulling.is_some() => {
            return Some("another pull is being traced; ctrl-c stops it".into());
        }
        Action::Plan | Action::Undo if shared.planning.is_some() => {
            return Some("another plan is being made; ctrl-c stops it".into());
        }
        Action::Cancel if shared.job().is_none() => {
            return Some("nothing is running; q leaves".into());
        }
        Action::View if state.stack.last().and_then(Screen::document).is_none() => {
            return Some("there is nothing to inspect here".into());
        }
        Action::Border(_) => return one_pane(state),
        Action::Home if state.stack.len() < 2 => return Some("this is the hub".into()),
        Action::LinkBack if !matches!(state.stack.last(), Some(Screen::Inspect(_))) => {
            return Some("no link was followed".into());
        }
        _ => {}
    }
    if let Some(why) = not_shared(shared, action) {
        return Some(why.to_owned());
    }
    // The question for the form is asked where the list can be written.
    let action = match action {
        Action::ExportAs => Action::Export,
        other => other,
    };
    state.stack.last()?.refusal(action, shared)
}

/// Returns the reason why nothing can be written into a file, or copied as a table, now.
fn not_shared(shared: &Shared, action: Action) -> Option<&'static str> {
    match action {
        Action::CopyTable if shared.copying.is_some() => Some("a table is being copied"),
        Action::Write | Action::Export | Action::ExportAs if shared.exporting.is_some() => {
            Some("a file is being written")
        }
        Action::Export | Action::ExportAs if shared.open.ready().is_none() => {
            Some("the hub is not open yet")
        }
        _ => None,
    }
}

/// Returns the reason why there is no border to move.
fn one_pane(state: &State) -> Option<String> {
    let [first, second, _] = state.regions().panes;
    let is_alone = first.is_empty() || second.is_empty();
    is_alone.then(|| "one pane alone is shown here".to_owned())
}

/// Returns the reason why the wanted list, or a folder of copies, leads nowhere now.
fn not_wanted(shared: &Shared, action: Action) -> Option<String> {
    let fixes = match &shared.audits.fixes {
        _ if shared.audits.last.is_none() => return Some("no audit has finished yet".into()),
        // The list is found out by itself.
        _ if action == Action::Wanted => return None,
        Slot::Ready(fixes) => fixes,
        Slot::Failed(why) => return Some(format!("it is not known what can be repaired: {why}")),
        _ => return Some("it is not known yet what can be repaired".into()),
    };
    let is_planning = shared.planning.is_some();
    let none = fixes.tried && fixes.count(&[Fix::Copy]) == 0;
    match action {
        Action::Copies if is_planning => Some("another plan is being made; ctrl-c stops it".into()),
        Action::Copies if none => Some("no finding needs a copy".into()),
        Action::Copies if matches!(shared.audits.slot, Slot::Pending(_)) => {
            Some("an audit is running; the findings are about to change".into())
        }
        _ => None,
    }
}

/// Names the screens on which an action works, for a person who tried it on another.
pub fn works_on(title: &str, places: &[&str]) -> String {
    let noun = if places.len() == 1 {
        "screen"
    } else {
        "screens"
    };
    format!("{title} works only on the {noun} {}", places.join(", "))
}

/// Tells on which screens a key works that means nothing here; says nothing if it works on none.
pub fn nowhere(state: &mut State, key: KeyEvent) {
    let rows = rows_for(&state.keymap, key);
    // A key may mean something else elsewhere: only one of its meanings is named.
    let meant = rows.first().map(|row| row.binding.action);
    let mut places: Vec<&str> = rows
        .iter()
        .filter(|row| Some(row.binding.action) == meant)
        .filter(|row| !modal(row.context) && row.context != KeyContext::Common)
        .map(|row| row.context.name())
        .collect();
    places.dedup();
    let text = match (rows.first(), key.code) {
        (_, KeyCode::Char('0'..='9')) if state.context() == KeyContext::Decide => {
            let name = |action| state.keymap.key(KeyContext::Decide, action);
            let (repair, skip) = (name(Action::Repair), name(Action::Skip));
            format!("this finding has one repair: {repair} plans it, {skip} skips it")
        }
        (Some(row), _) if !places.is_empty() => {
            let named = format!("{} ({})", row.as_pressed(key), row.binding.title);
            works_on(&named, &places)
        }
        (_, KeyCode::Char(_)) => format!(
            "this key does nothing here; {} lists the keys that work",
            state.keymap.key(KeyContext::Common, Action::Help)
        ),
        _ => return,
    };
    state.shared.tell(Level::Info, text);
}
