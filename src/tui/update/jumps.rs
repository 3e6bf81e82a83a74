//! The palette, and the ways to another screen that it knows.

use super::super::effect::{Effect, Query};
use super::super::event::Answer;
use super::super::notices::Level;
use super::super::overlay::Overlay;
use super::super::palette::{Entry, Jump, Target};
use super::super::screens::findings::Findings;
use super::super::screens::inspect::Inspect;
use super::super::screens::journal::JournalScreen;
use super::super::screens::objects::Objects;
use super::super::screens::repos::Repos;
use super::super::state::State;
use super::super::widgets::palette::Palette;
use super::{on_top, refusals, run};

/// Opens the palette.
pub fn open(state: &mut State) {
    let palette = Palette::new(state.context(), &state.keymap, &state.recent);
    state.overlay = Some(Overlay::Palette(palette));
}

/// Does what a row of the palette says.
pub fn choose(state: &mut State, entry: Entry, out: &mut Vec<Effect>) {
    state.recent.used(&entry.title);
    match entry.target {
        Target::Action(action) => run(state, action, out),
        Target::Jump(jump) => go(state, jump, out),
        Target::Elsewhere(places) => {
            let text = refusals::works_on(&entry.title, &places);
            state.shared.tell(Level::Info, text);
        }
    }
}

fn go(state: &mut State, jump: Jump, out: &mut Vec<Effect>) {
    if state.shared.open.ready().is_none() {
        state.shared.tell(Level::Warning, "the hub is not open yet");
        return;
    }
    let ask = match jump {
        Jump::Findings(_) if state.shared.audits.last.is_none() => {
            let text = "findings: no audit has finished yet";
            state.shared.tell(Level::Warning, text);
            return;
        }
        Jump::Findings(text) => return on_top(state, out, |_, ctx| Findings::open(&text, ctx)),
        Jump::Journal => return on_top(state, out, |_, ctx| JournalScreen::open(ctx)),
        Jump::Repos => return on_top(state, out, |_, ctx| Repos::open(ctx)),
        Jump::Repo(path) => Query::RepoNamed(path),
        Jump::Id(start) => Query::Resolve(start),
    };
    let (scope, ticket) = (state.shared.scope(), state.shared.ticket());
    state.shared.seeking = Some(ticket);
    out.push(Effect::Read { scope, ticket, ask });
}

/// Takes what was looked for.
pub fn found(state: &mut State, answer: Answer, out: &mut Vec<Effect>) {
    state.shared.seeking = None;
    match answer {
        Answer::Repos { rows, .. } => {
            if let Some(row) = rows.first() {
                on_top(state, out, |_, ctx| Objects::open(row, ctx));
            }
        }
        Answer::Resolved { kind, id } => {
            on_top(state, out, |_, ctx| Inspect::open(kind, id, ctx));
        }
        Answer::Failed(why) => state.shared.tell(Level::Warning, why),
        _ => {}
    }
}
