//! The jobs that a person comes for, each a few screens in a row. A guide says in one line which
//! step this is and which key leads on. It can be left at any step and entered again there.

use super::lines::RepoLine;
use super::screens::Screen;
use super::state::{Shared, Slot};
use luthier_audit::Depth;
use luthier_repair::Work;

/// A job with a way through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guide {
    Pull,
    SignOff,
    ByHand,
    /// The guided repair of what was chosen on the hub's screen; nobody comes back to it.
    Chosen,
}

impl Guide {
    /// Those with a key of their own, in the order in which the hub's screen names them.
    pub const KEYED: [(Guide, &str); 3] = [
        (Guide::Pull, "p"),
        (Guide::SignOff, "s"),
        (Guide::ByHand, "f"),
    ];

    /// Returns its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Guide::Pull => "a pull fails",
            Guide::SignOff => "sign off",
            Guide::ByHand | Guide::Chosen => "guided repair",
        }
    }

    /// Returns the number of steps.
    #[must_use]
    pub const fn steps(self) -> u8 {
        match self {
            Guide::Pull => 5,
            Guide::SignOff | Guide::ByHand | Guide::Chosen => 4,
        }
    }

    /// Returns the number of the step that the screens are at, and the key that leads on. The journal and what is
    /// opened from there are no part of a guide.
    #[must_use]
    pub fn step(self, screens: &[Screen], shared: &Shared) -> (u8, &'static str) {
        let aside = screens
            .iter()
            .position(|screen| matches!(screen, Screen::Journal(_)));
        let (own, aside) = screens.split_at(aside.unwrap_or(screens.len()));
        let Some(screen) = own.last() else {
            return (1, LOOK);
        };
        let (step, lead) = self.at(screen, shared);
        let lead = match screen {
            Screen::Apply(apply) if self == Self::Pull && !own.iter().any(is_pull) => {
                apply.lead("esc to the repositories; p pulls again", shared)
            }
            _ => lead,
        };
        (step, if aside.is_empty() { lead } else { LOOK })
    }

    fn at(self, screen: &Screen, shared: &Shared) -> (u8, &'static str) {
        match self {
            Guide::Pull => pull(screen, shared),
            Guide::SignOff => sign_off(screen, shared),
            Guide::ByHand | Guide::Chosen => by_hand(screen, shared),
        }
    }
}

const fn is_pull(screen: &Screen) -> bool {
    matches!(screen, Screen::Pull(_))
}

const DECIDE: &str = "1 or s decides each one; x plans";
const LOOK: &str = "esc goes back to the guide";

fn pull(screen: &Screen, shared: &Shared) -> (u8, &'static str) {
    match screen {
        Screen::Repos(repos) => (1, choose(repos.current(), shared)),
        Screen::Objects(_) => (1, "b chooses a branch, p tries its pull"),
        Screen::Pull(pull) => match &pull.end {
            Slot::Ready(_) if pull.is_stale(shared) => (5, again(shared.work)),
            Slot::Ready(end) if end.stopped => (2, "stopped; r traces again"),
            Slot::Ready(end) if !end.is_whole() && pull.id().is_some() => {
                (2, "x plans what stops this branch, or says what it takes")
            }
            Slot::Ready(end) if !end.is_whole() => {
                (2, "x says what is wrong with the branch itself")
            }
            Slot::Ready(_) => (5, "the pull succeeds; b tries another branch, H to the hub"),
            Slot::Failed(_) => (2, "r traces again"),
            _ => (2, "tracing what a client would receive"),
        },
        Screen::Decide(_) => (3, DECIDE),
        Screen::Plan(plan) => (3, plan.lead(shared)),
        Screen::Apply(apply) => (4, apply.lead("esc to the pull", shared)),
        _ => (2, LOOK),
    }
}

/// Says how to try a branch, and what the list does not know yet of the repository: objects of which no byte was read.
fn choose(repo: Option<&RepoLine>, shared: &Shared) -> &'static str {
    let past = repo.and_then(|repo| shared.audits.last_repo_audit(repo.path.exact()));
    match past.map(|past| past.depth) {
        Some(Depth::Bytes) | None => "b tries a branch, p all of the repository",
        Some(_) => "b tries a branch, p all; A 3 enter reads every byte first",
    }
}

/// Says what to press when the hub has changed since the pull was tried.
const fn again(work: Work) -> &'static str {
    match work {
        Work::Undo => "undone; r traces the pull again",
        Work::Repair | Work::Backfill | Work::Checkpoint => "repaired; r traces the pull again",
    }
}

fn sign_off(screen: &Screen, shared: &Shared) -> (u8, &'static str) {
    match screen {
        Screen::SignOff(signoff) => signoff.lead(shared),
        Screen::Findings(_) if shared.signing.is_some() => (
            2,
            "findings of the last audit; esc to the sign-off, which runs",
        ),
        Screen::Findings(_) => (3, "remaining findings: x plans, esc to the verdict"),
        Screen::Decide(_) => (3, DECIDE),
        Screen::Plan(plan) => (3, plan.lead(shared)),
        Screen::Apply(apply) => (
            3,
            apply.lead("esc to the verdict, then r signs off again", shared),
        ),
        _ => (3, LOOK),
    }
}

/// Says how deep the audit after a repair looked, and what to press.
const fn verified(depth: Depth) -> &'static str {
    match depth {
        Depth::Rows => "verified at depth rows; a, x plan the rest, H: hub",
        Depth::Presence => "verified at depth presence; a, x plan the rest, H: hub",
        Depth::Bytes => "verified at depth bytes; a, x plan the rest, H: hub",
    }
}

fn by_hand(screen: &Screen, shared: &Shared) -> (u8, &'static str) {
    match screen {
        Screen::Findings(findings) if findings.is_stale(shared) => match shared.audits.slot {
            Slot::Pending(_) => (4, "verifying: the audit runs again"),
            _ if findings.len() == 0 => (4, "verified; nothing is left in this list, H: hub"),
            _ => (4, verified(shared.audits.asked.depth)),
        },
        Screen::Findings(findings) => (1, findings.lead()),
        Screen::Inspect(_) => (1, "x plans its repair, esc goes back"),
        Screen::Decide(_) => (2, DECIDE),
        Screen::Plan(plan) => (2, plan.lead(shared)),
        Screen::Apply(apply) => (3, apply.lead("esc goes back; the audit runs again", shared)),
        _ => (1, LOOK),
    }
}
