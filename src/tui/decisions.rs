//! Decisions of a person between row and object. It outlives the screens and the audits of a session: it is kept by
//! code and subject, not by a place in a report.

use luthier_audit::{Code, Fix, Remedy};
use luthier_hub::text;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Findings of a code to decide by hand before one answer may be used for all of them.
pub const BY_HAND: usize = 3;

/// The side that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Row,
    Object,
    /// Neither: it is left as it is.
    Skip,
}

impl Side {
    /// Returns the answer in words.
    #[must_use]
    pub const fn answer(self) -> &'static str {
        match self {
            Side::Row => "trust the row",
            Side::Object => "trust the object",
            Side::Skip => "skip",
        }
    }
}

/// Returns the side that a remedy makes true; choosing the other one leaves the finding alone.
#[must_use]
pub const fn winner(remedy: Remedy) -> Option<Side> {
    match remedy {
        Remedy::Reindex | Remedy::Link | Remedy::Index => Some(Side::Object),
        Remedy::Restore
        | Remedy::Replace
        | Remedy::Backfill
        | Remedy::Recache
        | Remedy::Reref
        | Remedy::Hold => Some(Side::Row),
        Remedy::None | Remedy::Checkpoint | Remedy::Undo => None,
    }
}

/// Stands for an id: 16 bytes of its sha256, so that a million fit.
pub type SubjectHash = [u8; 16];

/// Returns the hash that is kept for `id`.
#[must_use]
pub fn subject(id: &str) -> SubjectHash {
    let hash: [u8; 32] = Sha256::digest(id).into();
    let mut out = [0; 16];
    out.copy_from_slice(&hash[..16]);
    out
}

/// A finding that waits for a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Its place in the report.
    pub ordinal: u64,
    pub code: Code,
    pub remedy: Remedy,
    pub subject: SubjectHash,
    /// What the plan of everything found that it needs, once that is known.
    pub fix: Option<Fix>,
}

/// A selection taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classified {
    /// The findings that need a decision, in the order of the report.
    pub open: Vec<Open>,
    /// Places of the rest: what needs none, and what cannot be planned whatever is chosen.
    pub rest: Vec<u64>,
    /// Of the rest, findings that a copy of the object would repair.
    pub copy: u64,
    /// Of the rest, findings for which Luthier has no repair.
    pub person: u64,
}

impl Classified {
    /// Adds the place of a finding that is no decision.
    pub fn add_rest(&mut self, place: u64, fix: Option<Fix>) {
        self.rest.push(place);
        match fix {
            Some(Fix::Copy) => self.copy += 1,
            Some(Fix::None) => self.person += 1,
            Some(Fix::Auto | Fix::Decide) | None => {}
        }
    }

    /// Says of the rest how many need no decision, and what the others need, behind the figures of the decisions.
    #[must_use]
    pub fn rest_words(&self) -> String {
        let none = (self.rest.len() as u64).saturating_sub(self.copy + self.person);
        let need = |count: u64| if count == 1 { "needs" } else { "need" };
        let mut words = Vec::new();
        if none > 0 {
            words.push(format!("{} more {} none", text::grouped(none), need(none)));
        }
        if self.copy > 0 {
            let count = text::grouped(self.copy);
            words.push(format!("{count} {} a copy", need(self.copy)));
        }
        if self.person > 0 {
            let verb = match self.copy {
                0 => format!("{} ", need(self.person)),
                _ => String::new(),
            };
            words.push(format!("{} {verb}a person", text::grouped(self.person)));
        }
        match words.is_empty() {
            true => String::new(),
            false => format!("; {}", words.join(", ")),
        }
    }
}

/// The number of findings by decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Become part of the plan.
    pub planned: u64,
    /// The other side won: they stay as they are.
    pub kept: u64,
    pub skipped: u64,
    pub undecided: u64,
}

impl Tally {
    /// Counts the findings that are decided, whichever way.
    #[must_use]
    pub const fn decided(&self) -> u64 {
        self.planned + self.kept + self.skipped
    }
}

/// Every decision of the session.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    by_hand: BTreeMap<(Code, SubjectHash), Side>,
    rules: BTreeMap<Code, Side>,
    /// Decided since the last plan was applied.
    unapplied: BTreeSet<(Code, SubjectHash)>,
    /// The last decision by hand for each code.
    last: BTreeMap<Code, Side>,
}

impl Decisions {
    /// Counts the decisions that would be lost with the session.
    #[must_use]
    pub fn unapplied(&self) -> u64 {
        self.unapplied.len() as u64
    }

    /// Notes that the decisions are being carried out, which ends them: what is found later, after an undo for
    /// instance, was decided by nobody. What was skipped stays skipped.
    pub fn carried_out(&mut self) {
        self.unapplied.clear();
        self.by_hand.retain(|_, side| *side == Side::Skip);
        self.rules.clear();
        self.last.clear();
    }

    /// Decides one finding.
    pub fn choose(&mut self, code: Code, subject: SubjectHash, side: Side) {
        self.by_hand.insert((code, subject), side);
        self.unapplied.insert((code, subject));
        self.last.insert(code, side);
    }

    /// Returns the answer that may be used for all findings of the code under the cursor, and of no other: the decision
    /// on this finding, else the last one on its code.
    #[must_use]
    pub fn offered(&self, code: Code, subject: SubjectHash) -> Option<Side> {
        let own = self.of(code, subject);
        let side = own.or_else(|| self.last.get(&code).copied())?;
        (self.count(code) >= BY_HAND).then_some(side)
    }

    /// Uses one answer for all findings of a code that were not decided by hand.
    pub fn same_for_all(&mut self, code: Code, side: Side) {
        self.rules.insert(code, side);
    }

    /// Returns the decision on a finding; one by hand goes before a rule.
    #[must_use]
    pub fn of(&self, code: Code, subject: SubjectHash) -> Option<Side> {
        let by_hand = self.by_hand.get(&(code, subject));
        by_hand.or_else(|| self.rules.get(&code)).copied()
    }

    /// Counts the findings with a code that were decided by hand.
    #[must_use]
    pub fn count(&self, code: Code) -> usize {
        let of_code = |(at, _): &&(Code, SubjectHash)| *at == code;
        self.by_hand.keys().filter(of_code).count()
    }

    /// Returns the answer that is used for all findings of a code.
    #[must_use]
    pub fn rule(&self, code: Code) -> Option<Side> {
        self.rules.get(&code).copied()
    }

    /// Counts which way the findings of a selection go.
    #[must_use]
    pub fn tally(&self, open: &[Open]) -> Tally {
        let mut tally = Tally::default();
        for one in open {
            *match self.of(one.code, one.subject) {
                None => &mut tally.undecided,
                Some(Side::Skip) => &mut tally.skipped,
                Some(side) if winner(one.remedy) == Some(side) => &mut tally.planned,
                Some(_) => &mut tally.kept,
            } += 1;
        }
        tally
    }

    /// Returns the places that become part of a plan: the rest, and what was decided for the remedy's side.
    #[must_use]
    pub fn places(&self, classified: &Classified) -> Vec<u64> {
        let wins = |one: &&Open| {
            let side = self.of(one.code, one.subject);
            side.is_some() && side == winner(one.remedy)
        };
        let chosen = classified.open.iter().filter(wins).map(|one| one.ordinal);
        let mut places: Vec<u64> = classified.rest.iter().copied().chain(chosen).collect();
        places.sort_unstable();
        places
    }
}
