//! The doctor's checks, safe to show.

use super::clean;
use luthier_hub::store::doctor::{Check, Health};

/// A check of the doctor's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckLine {
    pub name: &'static str,
    pub health: Health,
    pub found: String,
    pub advice: String,
}

impl From<&Check> for CheckLine {
    fn from(check: &Check) -> Self {
        Self {
            name: check.name,
            health: check.health,
            found: clean(&check.found),
            advice: clean(&check.advice),
        }
    }
}
