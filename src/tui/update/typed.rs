//! Lines of text: the filter, the name of a file, the hub's name.

use super::super::effect::{Effect, Query};
use super::super::notices::Level;
use super::super::overlay::{Overlay, Purpose};
use super::super::screens::{Go, Screen};
use super::super::state::State;
use super::super::widgets::branches::Branches;
use super::super::widgets::help::Help;
use super::super::widgets::palette::Palette;
use super::on_top;
use crossterm::event::{Event as Term, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

/// Takes a paste as text where text is typed, and drops it elsewhere; it never answers a dialog.
pub fn paste(state: &mut State, text: &str, out: &mut Vec<Effect>) {
    let line: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(1_000)
        .collect();
    match &mut state.overlay {
        Some(
            Overlay::Prompt { typed, .. }
            | Overlay::Help(Help { typed, .. })
            | Overlay::Palette(Palette { typed, .. })
            | Overlay::Branches(Branches { typed, .. }),
        ) => {
            for c in line.chars() {
                typed.handle(tui_input::InputRequest::InsertChar(c));
            }
            changed(state, out);
        }
        Some(Overlay::Confirm(_)) => {
            state.shared.tell(
                Level::Warning,
                "a dialog ignores pasted text; type the answer",
            );
        }
        _ => state
            .shared
            .tell(Level::Info, "pasted text is ignored here"),
    }
}

/// Opens the line of the filter.
pub fn filter(state: &mut State) {
    let before = match state.stack.last() {
        Some(Screen::Findings(findings)) => Some(findings.text.clone()),
        Some(Screen::Repos(repos)) => Some(repos.text.clone()),
        Some(Screen::Objects(objects)) => Some(objects.text.clone()),
        _ => None,
    };
    if let Some(before) = before {
        // Another condition is what is most often added.
        let mut text = before.trim_end().to_owned();
        if !text.is_empty() {
            text.push(' ');
        }
        state.overlay = Some(Overlay::Prompt {
            purpose: Purpose::Filter,
            typed: Input::new(text),
            before,
            completed: None,
        });
    }
}

/// Opens the line that asks where to write, with a name that is most likely free.
pub fn place(state: &mut State) {
    let stamp: String = luthier_object::time::isoformat(state.shared.now(), 0)
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(15)
        .collect();
    let (purpose, text) = match state.stack.last() {
        Some(Screen::Plan(_)) => (Purpose::SavePlan, format!("luthier-plan-{stamp}.jsonl")),
        Some(Screen::SignOff(_)) => (Purpose::SaveSignOff, ".".to_owned()),
        _ => return,
    };
    state.overlay = Some(Overlay::Prompt {
        purpose,
        typed: Input::new(text),
        before: String::new(),
        completed: None,
    });
}

/// Opens the line that asks for a client's folder, with the last one in it.
pub fn copies(state: &mut State) {
    let last = state.shared.copies.clone().unwrap_or_default();
    state.overlay = Some(Overlay::Prompt {
        purpose: Purpose::Copies,
        typed: Input::new(last),
        before: String::new(),
        completed: None,
    });
}

/// Adds a key that is text to the line that is being typed.
pub fn key(state: &mut State, key: KeyEvent, out: &mut Vec<Effect>) {
    let event = Term::Key(key);
    match &mut state.overlay {
        Some(Overlay::Prompt {
            typed, completed, ..
        }) => {
            *completed = None;
            typed.handle_event(&event);
            changed(state, out);
        }
        Some(
            Overlay::Help(Help { typed, .. })
            | Overlay::Palette(Palette { typed, .. })
            | Overlay::Branches(Branches { typed, .. }),
        ) => {
            typed.handle_event(&event);
            changed(state, out);
        }
        Some(Overlay::Confirm(confirm)) => {
            if let Some(typed) = confirm.input() {
                typed.handle_event(&event);
            }
        }
        _ => {}
    }
}

/// Applies typed text to the filter at once.
fn changed(state: &mut State, out: &mut Vec<Effect>) {
    match &mut state.overlay {
        Some(Overlay::Prompt {
            purpose: Purpose::Filter,
            typed,
            ..
        }) => {
            let text = typed.value().to_owned();
            narrow(state, &text, out);
        }
        Some(Overlay::Help(help)) => help.changed(),
        Some(Overlay::Palette(palette)) => palette.changed(&state.keymap, &state.recent),
        Some(Overlay::Branches(branches)) => {
            let before = branches.narrow(state.shared.scope());
            out.push(Effect::Close(before));
        }
        _ => {}
    }
}

/// Goes on with the line: the first way, and with each further time the next one.
pub fn complete(state: &mut State, out: &mut Vec<Effect>) {
    if let Some(Overlay::Prompt {
        purpose: Purpose::Copies,
        typed,
        completed,
        ..
    }) = &mut state.overlay
    {
        let (from, _) = completed.get_or_insert_with(|| (typed.value().to_owned(), 0));
        let ask = Query::Folders(from.clone());
        let (scope, ticket) = (state.shared.scope(), state.shared.ticket());
        state.shared.completing = Some(ticket);
        out.push(Effect::Read { scope, ticket, ask });
        return;
    }
    let Some(Overlay::Prompt {
        purpose: Purpose::Filter,
        typed,
        completed,
        ..
    }) = &mut state.overlay
    else {
        return;
    };
    let (from, times) = completed
        .take()
        .unwrap_or_else(|| (typed.value().to_owned(), 0));
    let fields = state.stack.last().map_or(&[][..], Screen::conditions);
    let ways = crate::filter::completions(&from, fields, &state.shared.audits.repos);
    if !ways.is_empty() {
        *typed = Input::new(ways[times % ways.len()].clone());
    }
    *completed = Some((from, times + 1));
    changed(state, out);
}

/// Takes the folders whose path begins as was typed, unless something else was typed since.
pub fn complete_path(state: &mut State, ways: &[String]) {
    let Some(Overlay::Prompt {
        purpose: Purpose::Copies,
        typed,
        completed: Some((_, times)),
        ..
    }) = &mut state.overlay
    else {
        return;
    };
    match ways.get(*times % ways.len().max(1)) {
        Some(way) => *typed = Input::new(way.clone()),
        None => state.shared.tell(Level::Info, "no folder begins so"),
    }
    *times += 1;
}

/// Takes the line that was ended with enter.
pub fn submit(state: &mut State, purpose: Purpose, text: &str, out: &mut Vec<Effect>) {
    let text = text.trim();
    match purpose {
        Purpose::Filter => narrow(state, text, out),
        Purpose::SavePlan | Purpose::SaveSignOff if text.is_empty() => {
            state.shared.tell(Level::Warning, "a file needs a name");
        }
        Purpose::Copies if text.is_empty() => {
            let words = "no folder was named; nothing has changed";
            state.shared.tell(Level::Warning, words);
        }
        Purpose::Copies => {
            let (ticket, folder) = (state.shared.ticket(), text.to_owned());
            state.shared.opening_copies = Some(ticket);
            out.push(Effect::Copies { ticket, folder });
        }
        Purpose::SaveSignOff => {
            let ticket = state.shared.ticket();
            state.shared.exporting = Some(ticket);
            if let Some(Screen::SignOff(signoff)) = state.stack.last_mut() {
                signoff.saving(ticket);
            }
            let folder = text.to_owned();
            out.push(Effect::SaveSignOff { ticket, folder });
        }
        Purpose::SavePlan => {
            if let Some(Screen::Plan(plan)) = state.stack.last() {
                let (ticket, plan) = (state.shared.ticket(), plan.plan);
                state.shared.exporting = Some(ticket);
                let path = text.to_owned();
                out.push(Effect::SavePlan { ticket, plan, path });
            }
        }
    }
}

/// Takes back the line that was left with esc.
pub fn give_up(state: &mut State, purpose: Purpose, before: &str, out: &mut Vec<Effect>) {
    if purpose == Purpose::Filter {
        narrow(state, before, out);
    }
}

fn narrow(state: &mut State, text: &str, out: &mut Vec<Effect>) {
    on_top(state, out, |screen, ctx| {
        match screen {
            Screen::Findings(findings) => findings.narrow(text, ctx),
            Screen::Repos(repos) => repos.narrow(text, ctx),
            Screen::Objects(objects) => objects.narrow(text, ctx),
            _ => {}
        }
        Go::Stay
    });
}
