//! Actions while something covers the screen, and what follows from a question's answer.

use super::super::action::{Action, Motion};
use super::super::effect::{Effect, Job, PullRequest};
use super::super::lines::HubId;
use super::super::notices::Level;
use super::super::overlay::Overlay;
use super::super::pages::Row;
use super::super::screens::findings::Marked;
use super::super::screens::pull::PullScreen;
use super::super::screens::{Go, Screen, objects};
use super::super::state::State;
use super::super::widgets::branches::Branches;
use super::super::widgets::confirm::{Agreed, Confirm};
use super::super::widgets::list::Cursor;
use super::super::widgets::{log, pane};
use super::{audits, copy, jumps, on_top, run, typed};
use luthier_audit::table::Format;

/// Handles an action while an overlay is open.
pub fn act(state: &mut State, action: Action, out: &mut Vec<Effect>) {
    match (state.overlay.take(), action) {
        (Some(Overlay::Confirm(confirm)), Action::Yes | Action::Submit) => {
            answer(state, confirm, action == Action::Yes, out);
        }
        (Some(Overlay::Prompt { purpose, typed, .. }), Action::Submit) => {
            typed::submit(state, purpose, typed.value(), out);
        }
        (
            Some(Overlay::Prompt {
                purpose, before, ..
            }),
            Action::Back,
        ) => typed::give_up(state, purpose, &before, out),
        (Some(prompt @ Overlay::Prompt { .. }), Action::Complete) => {
            state.overlay = Some(prompt);
            typed::complete(state, out);
        }
        (Some(Overlay::Palette(palette)), Action::Submit) => {
            if let Some(entry) = palette.chosen() {
                jumps::choose(state, entry.clone(), out);
            }
        }
        (Some(Overlay::Palette(mut palette)), Action::Move(motion)) => {
            palette.step(motion);
            state.overlay = Some(Overlay::Palette(palette));
        }
        (Some(Overlay::Help(help)), Action::Submit) => {
            if let Some(action) = help.chosen(&state.keymap) {
                run(state, action, out);
            }
        }
        (Some(Overlay::Help(mut help)), Action::Move(motion)) => {
            help.step(motion, &state.keymap);
            state.overlay = Some(Overlay::Help(help));
        }
        (Some(Overlay::Log(mut cursor)), Action::Move(motion)) => {
            let height = log::height(&state.shared);
            cursor.step(motion, state.shared.notices.all().len() as u64, height);
            state.overlay = Some(Overlay::Log(cursor));
        }
        (Some(Overlay::Log(cursor)), Action::CopyId) => {
            copy_notice(state, cursor, out);
        }
        (Some(Overlay::Export), Action::Form(format)) => export(state, format, out),
        (Some(Overlay::Audit(choice)), action) => audits::act(state, choice, action, out),
        (Some(Overlay::Branches(branches)), action) => choose(state, branches, action, out),
        _ => {}
    }
}

fn copy_notice(state: &mut State, cursor: Cursor, out: &mut Vec<Effect>) {
    let at = usize::try_from(cursor.at).unwrap_or(0);
    let notice = state.shared.notices.all().get(at);
    if let Some(text) = notice.map(|notice| notice.text.clone()) {
        copy(state, text, out);
    }
}

/// Writes the list in this form, and the next ones too.
fn export(state: &mut State, format: Format, out: &mut Vec<Effect>) {
    state.shared.format = Some(format);
    out.push(Effect::RememberFormat(format));
    run(state, Action::Export, out);
}

/// Takes the answer to a dialog: `y`, or the text that was typed.
fn answer(state: &mut State, confirm: Box<Confirm>, yes: bool, out: &mut Vec<Effect>) {
    match if yes { confirm.yes() } else { confirm.submit() } {
        Some(agreed) => carry_out(state, agreed, out),
        None => {
            let shared = &mut state.shared;
            shared.tell(Level::Warning, "this is not the hub's name");
            state.overlay = Some(Overlay::Confirm(confirm));
        }
    }
}

/// Handles an action in the list of branches.
pub fn choose(state: &mut State, mut branches: Branches, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::Move(motion) => {
            if motion == Motion::End {
                branches.list.seek_end();
            }
            // The typed line, and what is known of all of them, stand above the list.
            let above = 1 + u16::from(!branches.note.is_empty());
            let height = pane::dialog_height(state.shared.size.height).saturating_sub(above);
            let len = branches.list.len();
            branches.cursor.step(motion, len, u64::from(height));
            state.overlay = Some(Overlay::Branches(branches));
            return;
        }
        Action::Submit => {
            let Row::Ready(row) = branches.list.row(branches.cursor.at) else {
                branches.chosen = !branches.list.ended() && branches.list.failed().is_none();
                state.overlay = Some(Overlay::Branches(branches));
                return;
            };
            let name = row.name.clone();
            on_top(state, out, |screen, ctx| {
                if let Some(path) = &branches.pull {
                    let ask = PullRequest {
                        repo: path.exact().to_owned(),
                        branch: Some(name.exact().to_owned()),
                    };
                    let repo_id = HubId::new(&branches.repo_id);
                    let opened = PullScreen::open(repo_id, ask, ctx);
                    // Another branch takes the place of this one: the way back leads to the list.
                    return match (&*screen, opened) {
                        (Screen::Pull(pull), Go::Push(next)) if pull.ask.branch.is_some() => {
                            Go::Replace(next)
                        }
                        (_, opened) => opened,
                    };
                }
                if let Some(objects) = objects::of(screen) {
                    objects.choose(Some(name), ctx);
                }
                Go::Stay
            });
        }
        _ => {}
    }
    out.push(Effect::Close(branches.scope));
}

/// Does what a person has agreed to.
fn carry_out(state: &mut State, agreed: Agreed, out: &mut Vec<Effect>) {
    match agreed {
        Agreed::Leave => {
            state.shared.leaving = true;
            match state.shared.job() {
                // The end of the repair is the end of the session.
                Some((Job::Apply, _)) => out.push(Effect::Cancel(Job::Apply)),
                _ => out.push(Effect::Quit),
            }
        }
        Agreed::Apply(plan, consent) => {
            let (ticket, scope) = (state.shared.ticket(), state.shared.scope());
            let Some(Screen::Plan(screen)) = state.stack.last_mut() else {
                return;
            };
            let apply = screen.applied(ticket, scope);
            state.shared.work = apply.work();
            state.shared.decisions.carried_out();
            let meter = super::super::meter::Meter::new(state.shared.clock);
            state.shared.applying = Some(meter);
            state.stack.pop();
            // What was decided is being carried out: there is nothing to go back to in between.
            if let Some(decided) = state
                .stack
                .pop_if(|below| matches!(below, Screen::Decide(_)))
            {
                super::guides::close(state, vec![decided], out);
            }
            // So are the marks: what is found later was marked by nobody.
            if let Some(Screen::Findings(findings)) = state.stack.last_mut() {
                findings.marked = Marked::default();
            }
            state.stack.push(Screen::Apply(Box::new(apply)));
            out.push(Effect::Apply {
                ticket,
                plan,
                consent,
            });
        }
    }
}
