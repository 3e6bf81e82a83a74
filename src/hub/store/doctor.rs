//! Checks whether a hub can be used: each side is asked separately, so that one that is down does not hide problems of
//! the other.

mod clocks;
mod database;
mod machine;
mod model;
mod objects;
pub mod sample;
mod server;
mod visibility;

use super::open::{open_backend, open_index};
use super::retry::unwatched;
use super::{Authority, Hub};
use crate::access::Access;
use serde::Serialize;

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    Pass,
    /// Not carried out, so nothing is known.
    Untried,
    Warn,
    Fail,
}

/// One line of the doctor's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub health: Health,
    /// The result.
    pub found: String,
    /// The advice; empty if nothing is to be done.
    pub advice: String,
    /// A side could not be used at all.
    #[serde(skip)]
    pub unusable: bool,
}

impl Check {
    /// Makes a check that passed.
    pub fn pass(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            health: Health::Pass,
            found: found.into(),
            advice: String::new(),
            unusable: false,
        }
    }

    /// Makes a check that was not carried out, and that nobody counts as passed.
    fn untried(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            health: Health::Untried,
            ..Self::pass(name, found)
        }
    }

    /// Makes a check that passed with a warning.
    pub fn warn(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            health: Health::Warn,
            advice: advice.into(),
            ..Self::pass(name, found)
        }
    }

    /// Makes a check that failed: work is not possible, or not safe.
    pub fn fail(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            health: Health::Fail,
            advice: advice.into(),
            ..Self::pass(name, found)
        }
    }

    /// Returns a side gave no answer; its error says what to do.
    fn unusable(name: &'static str, error: impl ToString) -> Self {
        Self {
            unusable: true,
            ..Self::fail(name, error.to_string(), "")
        }
    }
}

/// A way longer than this makes every screen wait. Milliseconds.
const SLOW: f64 = 150.0;

/// Looks at both sides of a hub. Writing is tried only with an [`Authority`], on a key of Luthier's own.
pub async fn examine(hub: &Hub, authority: Option<&Authority>) -> Vec<Check> {
    let access = match authority {
        Some(_) => Access::Write,
        None => Access::Read,
    };
    let mut checks = Vec::new();
    let mut clocks = Vec::new();
    let mut sides = (None, None);
    let machine = match open_index(hub, access, &unwatched()).await {
        Err(error) => {
            checks.push(Check::unusable("database", error));
            machine::examine(None).await
        }
        Ok(index) => {
            sides.0 = Some(index.clone());
            checks.extend(database::examine(index.clone(), access, hub, &mut clocks).await);
            machine::examine(Some(index.as_ref())).await
        }
    };
    match open_backend(hub, access).await {
        Err(error) => checks.push(Check::unusable("object store", error)),
        Ok(backend) => {
            sides.1 = Some(backend.clone());
            checks.extend(objects::examine(backend, access, &mut clocks).await);
        }
    }
    if let (Some(index), Some(backend)) = &sides {
        let pair = sample::look(index.as_ref(), backend.as_ref(), hub, true).await;
        checks.push(sample::check(pair));
    }
    if let Some(Err(error)) = sides.0.as_ref().map(|index| index.in_place()) {
        checks.push(Check::unusable("database", error));
    }
    checks.push(clocks::compare(&clocks));
    checks.push(machine);
    checks
}

fn reached(name: &'static str, what: String, millis: f64) -> Check {
    let found = format!("{what}, answers in {millis:.1} ms");
    match millis > SLOW {
        true => Check::warn(
            name,
            found,
            "slow; run Luthier closer to the hub if you can",
        ),
        false => Check::pass(name, found),
    }
}
