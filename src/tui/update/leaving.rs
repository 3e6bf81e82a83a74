//! Stopping a job, and leaving the console.

use crate::effect::{Effect, Job};
use crate::notices::Level;
use crate::overlay::Overlay;
use crate::screens::Screen;
use crate::state::State;
use crate::widgets::confirm::{Confirm, Question};
use luthier_hub::text;

/// Stops the job that runs.
pub(super) fn cancel(state: &mut State, out: &mut Vec<Effect>) {
    let Some((job, _)) = state.shared.job() else {
        return;
    };
    out.push(Effect::Cancel(job));
    let words = match job {
        Job::Apply => "stopping after the current step",
        Job::Pull => "stopping the pull",
        Job::SignOff => "stopping the sign-off",
        Job::Plan => "stopping to plan",
        Job::Audit => "stopping the audit",
    };
    state.shared.tell(Level::Info, words);
}

/// Leaves the console; asks first where something would be lost.
pub(super) fn leave(state: &mut State, out: &mut Vec<Effect>) {
    let what = match state.shared.job() {
        Some((Job::Apply, _)) => format!(
            "{} is running. It stops after the current step; completed steps stay.",
            state.shared.work.article()
        ),
        Some((Job::Audit, _)) if state.shared.audits.by_hand => {
            "An audit is running; its findings will be lost.".to_owned()
        }
        Some((Job::SignOff, _)) => "A sign-off is running; its results will be lost.".to_owned(),
        _ if state.shared.decisions.unapplied() > 0 => undecided(state),
        _ => {
            state.shared.leaving = true;
            out.push(Effect::Quit);
            return;
        }
    };
    let question = Question::Leave { what };
    let confirm = Confirm::letter(question, String::new());
    state.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}

/// Says which decisions of a person would be lost by leaving.
fn undecided(state: &State) -> String {
    let every = state.stack.iter().chain(state.parked.values().flatten());
    // The figures of the screen on which they are made, if it is there.
    let asked = every.filter_map(|screen| match screen {
        Screen::Decide(decide) => Some((decide.len(), decide.tally(&state.shared).decided())),
        _ => None,
    });
    let (made, of) = match asked.max().filter(|(_, made)| *made > 0) {
        Some((asked, made)) => (made, format!(" of {}", text::plural(asked, "decision"))),
        None => match state.shared.decisions.unapplied() {
            1 => (1, " decision".to_owned()),
            made => (made, " decisions".to_owned()),
        },
    };
    let (verb, lost) = match made {
        1 => ("is", "It will be lost; x plans it."),
        _ => ("are", "They will be lost; x plans them."),
    };
    let made = text::grouped(made);
    format!("{made}{of} {verb} made but not applied. {lost}")
}
