//! Events in, effects out. Pure: no clock, no I/O, no terminal.

mod ahead;
mod answers;
mod audits;
mod branch_box;
mod guides;
mod jumps;
mod leaving;
mod mouse;
mod overlays;
mod refusals;
mod reloading;
mod typed;

pub use ahead::Ahead;
pub use refusals::refusal;

use super::action::Action;
use super::effect::{Effect, Job};
use super::event::Event;
use super::keymap::{KeyContext, modal, takes_text};
use super::meter::Speed;
use super::notices::Level;
use super::overlay::Overlay;
use super::regions::too_small;
use super::screens::journal::JournalScreen;
use super::screens::wanted::WantedScreen;
use super::screens::{Go, Screen};
use super::state::{Ctx, Slot, State, start_audit};
use super::widgets::help::Help;
use super::widgets::list::Cursor;
use crossterm::event::{Event as Term, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use luthier_hub::progress::Figures;
use ratatui::layout::Size;

/// Takes one event and says what is to be done.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    let mut out = Vec::new();
    match event {
        Event::Term(event) => terminal(state, event, &mut out),
        Event::Answer(ticket, answer) => answers::take(state, ticket, *answer, &mut out),
        Event::Progress {
            job,
            figures,
            paused,
            speed,
        } => progress(state, job, (figures, paused, speed)),
        Event::Beat(clock) => {
            state.shared.clock = clock;
            state.shared.notices.expire(clock);
        }
        Event::Known(known) => answers::known(state, *known, &mut out),
        Event::Lost(lost) => connection(state, lost, &mut out),
        Event::Reload => reloading::ask(state, &mut out),
        Event::Reloaded(reloaded) => reloading::take(state, *reloaded, &mut out),
        Event::Stop => {
            state.shared.leaving = true;
            if state.shared.applying.is_some() {
                out.push(Effect::Cancel(Job::Apply));
            } else {
                out.push(Effect::Quit);
            }
        }
    }
    state.keep_zoom();
    request_missing(state, &mut out);
    if state.ahead.waits() {
        ahead::catch_up(state, &mut out);
        request_missing(state, &mut out);
    }
    out
}

/// Takes a job's figures, whether it is held, and how fast it may go.
fn progress(state: &mut State, job: Job, (figures, paused, speed): (Figures, bool, Option<Speed>)) {
    let shared = &mut state.shared;
    let clock = shared.clock;
    let meter = match job {
        Job::Audit => Some(&mut shared.audits.meter),
        Job::Plan => shared.planning.as_mut(),
        Job::Pull => shared.pulling.as_mut(),
        Job::SignOff => shared.signing.as_mut(),
        Job::Apply => shared.applying.as_mut(),
    };
    if let Some(meter) = meter {
        meter.take(figures, paused, clock);
        meter.speed = speed;
    }
}

/// Shows a lost or restored connection. The screen stays while a side is away; when it is back, failed requests are
/// repeated.
fn connection(state: &mut State, lost: Option<String>, out: &mut Vec<Effect>) {
    let shared = &mut state.shared;
    let was = std::mem::replace(&mut shared.lost, lost.clone());
    match (was, lost) {
        (None, Some(why)) => shared.tell(Level::Error, format!("connection lost: {why}")),
        (Some(_), None) => {
            shared.tell(Level::Info, "connected again");
            if matches!(shared.audits.slot, Slot::Failed(_)) {
                let ask = shared.audits.asked.clone();
                start_audit(shared, out, ask, false);
            }
            shared.counts = Slot::Empty;
            on_top(state, out, |screen, ctx| screen.act(Action::Refresh, ctx));
        }
        _ => {}
    }
}

/// Runs `act` on the screen on top.
fn on_top(state: &mut State, out: &mut Vec<Effect>, act: impl FnOnce(&mut Screen, &mut Ctx) -> Go) {
    let regions = state.regions();
    let State { shared, stack, .. } = state;
    let mut ctx = Ctx {
        shared,
        out,
        regions: &regions,
    };
    let Some(screen) = stack.last_mut() else {
        return;
    };
    match act(screen, &mut ctx) {
        Go::Stay => {}
        Go::Push(screen) => stack.push(*screen),
        Go::Replace(screen) => {
            if let Some(mut closed) = stack.pop() {
                closed.close(&mut ctx);
            }
            stack.push(*screen);
        }
        // The first screen of a guide waits for being entered again.
        Go::Back if stack.len() == 2 && state.guide.is_some() => guides::home(state, out),
        Go::Back if stack.len() > 1 => {
            if let Some(mut closed) = stack.pop() {
                closed.close(&mut ctx);
                // Below a trace lies an older one: what was repaired in between is traced again.
                if let (Screen::Pull(_), Some(Screen::Pull(pull))) = (&closed, stack.last_mut()) {
                    pull.come_back(&mut ctx);
                }
                // A plan from before the repair says what is no longer so.
                while let (Screen::Apply(_), Some(Screen::Plan(plan))) = (&closed, stack.last_mut())
                    && plan.is_stale(ctx.shared)
                {
                    plan.close(&mut ctx);
                    stack.pop();
                }
            }
            if stack.len() == 1 {
                state.guide = None;
            }
        }
        Go::Back => ctx
            .shared
            .tell(Level::Info, "this is the first screen; q quits"),
    }
}

/// Asks for what is shown now, and brings every cursor into its list.
fn request_missing(state: &mut State, out: &mut Vec<Effect>) {
    let before = state.stack.len();
    on_top(state, out, |screen, ctx| screen.request_missing(ctx));
    if state.stack.len() != before {
        // It gave way to another one, which has questions of its own.
        on_top(state, out, |screen, ctx| screen.request_missing(ctx));
    }
    branch_box::request_missing(state, out);
}

fn terminal(state: &mut State, event: Term, out: &mut Vec<Effect>) {
    match event {
        Term::Resize(width, height) => state.shared.size = Size::new(width, height),
        Term::Key(key) if key.kind != KeyEventKind::Release => {
            // Escape and a key that follow each other fast arrive as one key with alt.
            if key.modifiers.contains(KeyModifiers::ALT) {
                press(state, KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), out);
                let modifiers = key.modifiers.difference(KeyModifiers::ALT);
                press(state, KeyEvent::new(key.code, modifiers), out);
            } else {
                press(state, key, out);
            }
        }
        Term::Paste(text) => typed::paste(state, &text, out),
        Term::Mouse(event) => mouse::take(state, event, out),
        // The click that brings the window to the front is meant for the window.
        Term::FocusGained => state.focused_by_click = true,
        Term::FocusLost => state.focused_by_click = false,
        _ => {}
    }
}

fn press(state: &mut State, key: KeyEvent, out: &mut Vec<Effect>) {
    state.shared.notices.dismiss();
    let place = state.context();
    if too_small(state.shared.size) {
        // Nothing can be seen, so nothing is done but leaving.
        let leaves = state.keymap.find(KeyContext::Small, key).is_some();
        if leaves && place != KeyContext::Confirm && place != KeyContext::Name {
            state.overlay = None;
            leaving::leave(state, out);
        }
        return;
    }
    if let Some(Overlay::Confirm(confirm)) = &state.overlay
        && !confirm.was_drawn()
    {
        return;
    }
    if state.overlay.is_none() && ahead::queue(state, place, key) {
        return;
    }
    match state.keymap.find(place, key).map(|row| row.binding.action) {
        // A key that is held down moves; it never does anything else twice.
        Some(action) if key.kind == KeyEventKind::Press || matches!(action, Action::Move(_)) => {
            state.pressed = Some(key);
            run(state, action, out);
            state.pressed = None;
        }
        Some(_) => {}
        None if takes_text(place) => typed::key(state, key, out),
        None if modal(place) => {}
        None => refusals::nowhere(state, key),
    }
}

/// Does what a key or a dialog asks for, or says why it cannot be done here and now.
fn run(state: &mut State, action: Action, out: &mut Vec<Effect>) {
    if state.overlay.is_some() {
        return overlays::act(state, action, out);
    }
    let Some(why) = refusal(state, action) else {
        return carry_out(state, action, out);
    };
    let key = state.pressed;
    if ahead::keep(state, action, key) {
        return;
    }
    let row = state
        .keymap
        .at(state.context())
        .find(|row| row.binding.action == action);
    let name = row.map_or_else(
        || "this".to_owned(),
        |row| format!("{} ({})", row.key(), row.binding.title),
    );
    state.shared.tell(Level::Warning, format!("{name}: {why}"));
}

fn carry_out(state: &mut State, action: Action, out: &mut Vec<Effect>) {
    match state.stack.last_mut() {
        Some(Screen::Findings(findings)) => findings.stay(),
        Some(Screen::Repos(repos)) => repos.stay(),
        _ => {}
    }
    match action {
        Action::Help => state.overlay = Some(Overlay::Help(Help::new(state.context()))),
        Action::Palette => jumps::open(state),
        Action::Log => state.overlay = Some(Overlay::Log(Cursor::default())),
        Action::Redraw => out.push(Effect::Redraw),
        Action::Reload => reloading::ask(state, out),
        Action::Suspend => out.push(Effect::Suspend),
        Action::Zoom => state.zoom(),
        Action::Border(points) => mouse::nudge(state, i16::from(points), out),
        Action::View => view(state, out),
        Action::Mouse => mouse::toggle(state, out),
        Action::Cancel => leaving::cancel(state, out),
        Action::Leave => leaving::leave(state, out),
        Action::CopyId => copy_id(state, out),
        Action::ExportAs => state.overlay = Some(Overlay::Export),
        Action::Export if state.shared.format.is_none() => {
            state.overlay = Some(Overlay::Export);
        }
        Action::Filter => typed::filter(state),
        Action::Write => typed::place(state),
        Action::Copies => typed::copies(state),
        Action::Wanted => on_top(state, out, |_, ctx| WantedScreen::open(ctx)),
        Action::Guide(guide) => guides::enter(state, guide, out),
        Action::Home => guides::home(state, out),
        Action::Branch => branch_box::open(state),
        Action::Audit => audits::open(state),
        Action::Journal => on_top(state, out, |_, ctx| JournalScreen::open(ctx)),
        Action::Apply => ask(state),
        Action::Previous | Action::Next | Action::PreviousFinding | Action::NextFinding
            if matches!(state.stack.last(), Some(Screen::Inspect(_))) =>
        {
            neighbour(state, action, out);
        }
        Action::Refresh if matches!(state.shared.open, Slot::Failed(_)) => {
            out.extend(state.start());
        }
        Action::Refresh => {
            state.shared.counts = Slot::Empty;
            on_top(state, out, |screen, ctx| screen.act(action, ctx));
        }
        action => {
            on_top(state, out, |screen, ctx| screen.act(action, ctx));
            guides::chosen(state);
        }
    }
}

/// Shows what is here in another program.
fn view(state: &mut State, out: &mut Vec<Effect>) {
    let document = state.stack.last().and_then(Screen::document);
    if let Some((name, text)) = document {
        out.push(Effect::View { name, text });
    }
}

fn copy_id(state: &mut State, out: &mut Vec<Effect>) {
    let Some(id) = state.stack.last().and_then(Screen::id) else {
        state
            .shared
            .tell(Level::Warning, "copy id: there is no id here");
        return;
    };
    copy(state, id.shown().to_owned(), out);
}

fn copy(state: &mut State, text: String, out: &mut Vec<Effect>) {
    let size = luthier_hub::text::plural(text.len() as u64, "byte");
    state.shared.tell(
        Level::Info,
        format!("sent {size} to the terminal's clipboard"),
    );
    out.push(Effect::Copy(text));
}

/// Asks whether the plan on the screen is to be applied.
fn ask(state: &mut State) {
    if let Some(Screen::Plan(plan)) = state.stack.last()
        && let Some(confirm) = plan.question(&state.shared)
    {
        state.overlay = Some(Overlay::Confirm(Box::new(confirm)));
    }
}

/// Goes to the object before or behind this one in the list below, or to the next one with a finding.
fn neighbour(state: &mut State, action: Action, out: &mut Vec<Effect>) {
    let forwards = matches!(action, Action::Next | Action::NextFinding);
    let with_finding = matches!(action, Action::PreviousFinding | Action::NextFinding);
    let below = state.stack.len().checked_sub(2);
    let found = below.and_then(|below| match state.stack.get_mut(below)? {
        Screen::Findings(list) => list.neighbour(forwards),
        Screen::Objects(list) => list.neighbour(forwards, with_finding),
        _ => None,
    });
    let Some((kind, id)) = found else {
        state.shared.tell(
            Level::Info,
            "no other object in that direction, or it was not read yet",
        );
        return;
    };
    on_top(state, out, |screen, ctx| {
        if let Screen::Inspect(inspect) = screen {
            inspect.show(kind, id, ctx);
        }
        Go::Stay
    });
}
