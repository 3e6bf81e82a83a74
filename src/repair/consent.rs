//! How a person confirms a plan: with a letter or with the hub's name. The console and the commands ask the same.

use super::Plan;
use luthier_audit::{Auto, Remedy};
use luthier_hub::store::Environment;

/// From this many steps on the hub's name is asked for.
const MANY: u64 = 1_000;

/// A reason in a plan itself to ask for the hub's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Rows were hidden from the audit.
    Partial,
    /// So much is wrong that this may be the wrong store.
    Alarms,
    /// It takes back an earlier run.
    Undo,
    /// Steps repair findings that needed a decision, or take the place of what is stored.
    Decisions,
    /// It has more than 1,000 steps.
    Many,
}

/// Returns the reason why the hub's name has to be typed before a plan is carried out; `None` where `y` is enough.
#[must_use]
pub const fn why_name(doubt: Option<Doubt>, environment: Environment) -> Option<&'static str> {
    let risky = matches!(environment, Environment::Production | Environment::Unknown);
    match (doubt, risky) {
        (Some(Doubt::Partial), _) => {
            Some("The plan was made from a part of the hub's rows: others are hidden.")
        }
        (Some(Doubt::Alarms), _) => {
            Some("So much is wrong together that this may be the wrong store.")
        }
        (_, true) => Some("Nothing says that this is a demo or a staging hub."),
        (Some(Doubt::Undo), false) => Some("The plan takes back an earlier run."),
        (Some(Doubt::Decisions), false) => {
            Some("Some steps repair findings that needed a decision.")
        }
        (Some(Doubt::Many), false) => Some("The plan has more than 1,000 steps."),
        (None, false) => None,
    }
}

/// The steps of a plan that a person has to know about.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weight {
    /// Only what needs no decision was selected.
    pub auto: bool,
    /// A step repairs a finding whose code needs a decision.
    asks: bool,
    /// A step takes the place of what is stored, or of a row.
    replaces: bool,
}

impl Weight {
    pub(super) fn count(&mut self, step: &super::Step) {
        let mut codes = std::iter::once(&step.code).chain(&step.also);
        // Bytes of a copy that match the id leave nothing to decide.
        self.asks |= !step.takes_copy() && codes.any(|code| code.fault().auto == Auto::Ask);
        self.replaces |= matches!(
            step.remedy,
            Remedy::Replace | Remedy::Reindex | Remedy::Reref
        );
    }
}

impl Plan {
    /// Returns the reason in the plan itself to ask for the hub's name.
    #[must_use]
    pub fn doubt(&self) -> Option<Doubt> {
        let totals = self.totals();
        let weight = self.weight();
        let doubts = [
            (self.is_partial(), Doubt::Partial),
            (!self.alarms().is_empty(), Doubt::Alarms),
            (totals.by_remedy.contains_key(&Remedy::Undo), Doubt::Undo),
            (
                weight.replaces || (weight.asks && !weight.auto),
                Doubt::Decisions,
            ),
            (totals.steps > MANY, Doubt::Many),
        ];
        let first = doubts.into_iter().find(|(is_so, _)| *is_so);
        first.map(|(_, doubt)| doubt)
    }
}
