//! The audits of a session, with depth and time: the basis of a verdict.

use super::{Depth, Scope};
use luthier_object::time::Micros;

/// Looks that are remembered; beyond it the oldest is forgotten, and what it alone covered counts as not looked at.
const MOST: usize = 500;

/// One look at a hub or at a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastAudit {
    pub scope: Scope,
    pub depth: Depth,
    /// The time at which it finished, by the clock of this machine.
    pub at: Micros,
    /// Every question had an answer.
    pub complete: bool,
}

/// The looks of a session that say something still: one that another has looked over since, as deep, is none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastAudits(Vec<PastAudit>);

impl PastAudits {
    /// Takes a look in.
    pub fn add(&mut self, past: PastAudit) {
        if past.complete {
            let over = |old: &PastAudit| past.depth >= old.depth && past.scope.holds(&old.scope);
            self.0.retain(|old| !over(old));
        }
        self.0.push(past);
        if self.0.len() > MOST {
            self.0.remove(0);
        }
    }

    /// Returns the deepest look at the whole hub; of two, the newer.
    #[must_use]
    pub fn hub(&self) -> Option<&PastAudit> {
        self.deepest(&Scope::Hub)
    }

    /// Returns the deepest look that held this repository.
    #[must_use]
    pub fn repo(&self, path: &str) -> Option<&PastAudit> {
        self.deepest(&Scope::Repo(path.to_owned()))
    }

    /// Returns the deepest look that held this branch.
    #[must_use]
    pub fn branch(&self, repo: &str, branch: &str) -> Option<&PastAudit> {
        self.deepest(&Scope::Branch(repo.to_owned(), branch.to_owned()))
    }

    /// Returns the looks, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &PastAudit> {
        self.0.iter()
    }

    fn deepest(&self, scope: &Scope) -> Option<&PastAudit> {
        let held = self.0.iter().filter(|past| past.scope.holds(scope));
        held.max_by_key(|past| (past.complete, past.depth, past.at))
    }
}

impl Scope {
    /// Returns whether a look at this is one at `other` too.
    #[must_use]
    pub fn holds(&self, other: &Scope) -> bool {
        match (self, other) {
            (Scope::Hub, _) => true,
            (Scope::Repo(path), Scope::Repo(other) | Scope::Branch(other, _)) => path == other,
            (same, other) => same == other,
        }
    }
}
