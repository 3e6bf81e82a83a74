//! Says why a plan does less than was asked for, and what helps.

use super::{Plan, Refusal};
use luthier_audit::{Depth, Summary};
use luthier_hub::text;
use serde::{Deserialize, Serialize};

/// The help for skipped findings. Each face knows its own key or flag for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Next {
    /// A person decides, finding by finding or by code.
    Decide,
    /// A copy of the object from elsewhere.
    Copies,
    /// The same, where a folder of copies was given that does not have it.
    OtherCopies,
    /// An audit that looks further.
    Deeper,
}

/// The summary of everything that a plan skips.
#[derive(Clone, Debug, Default)]
pub(super) struct Skipped {
    pub decisions: u64,
    /// A folder of copies was beside the hub.
    pub copies: bool,
    pub wanted: u64,
    /// The reason why nothing could be planned, if nothing was.
    pub nothing: String,
    /// The earlier run whose steps are skipped, not findings.
    pub undoes: Option<String>,
    /// The audit did not look at everything.
    pub shallow: bool,
    /// Rows that a backfill skips because of findings that the plan does not hold.
    pub rows: u64,
}

impl Skipped {
    pub fn count(&mut self, refusal: &Refusal) {
        self.decisions += u64::from(refusal.decision);
        self.wanted += u64::from(refusal.wanted.is_some());
    }

    /// Notes what the audit says of a plan without steps: no finding was selected, or only some that are skipped.
    pub fn after(&mut self, summary: &Summary) {
        self.shallow = summary.depth != Depth::Bytes;
        let looked = match summary.depth {
            Depth::Rows => "The audit read rows only, not the store",
            Depth::Presence => "The audit did not read the objects' bytes",
            Depth::Bytes => "The audit read rows and objects",
        };
        let incomplete = match summary.complete {
            true => "",
            false => ", and some requests had no answer",
        };
        self.nothing = format!("No finding was selected. {looked}{incomplete}.");
    }
}

impl Plan {
    /// Says why the plan has no step; `None` if it has one.
    #[must_use]
    pub fn why_empty(&self) -> Option<String> {
        let totals = self.totals();
        if totals.steps > 0 {
            return None;
        }
        let noun = self.skips();
        Some(match totals.refused {
            0 => self.skipped.nothing.clone(),
            1 => {
                format!("Nothing is planned: the one {noun} is skipped, with the reason beside it.")
            }
            n => format!(
                "Nothing is planned: all {} are skipped, each with its reason.",
                text::plural(n, noun)
            ),
        })
    }

    /// Names what the plan skips: an undo skips steps of the run, every other plan skips findings.
    #[must_use]
    pub const fn skips(&self) -> &'static str {
        if self.skipped.undoes.is_some() {
            "step"
        } else {
            "finding"
        }
    }

    /// Notes how many rows have no `storage_uri`: each that is in no step and not among what the plan skips is skipped
    /// because of a finding with another code.
    pub fn heed_rows(&mut self, without_uri: u64) {
        let held = self.totals().steps + self.totals().refused;
        self.skipped.rows = without_uri.saturating_sub(held);
    }

    /// Returns the number of rows that are skipped because of findings which the plan does not hold.
    #[must_use]
    pub const fn rows_elsewhere(&self) -> u64 {
        self.skipped.rows
    }

    /// Formats the number of what the plan skips.
    #[must_use]
    pub fn skip_words(&self) -> String {
        let listed = text::plural(self.totals().refused, self.skips());
        match self.skipped.rows {
            0 => format!("{listed} skipped"),
            rows => format!(
                "{listed} skipped, and {} with other findings",
                text::plural(rows, "row")
            ),
        }
    }

    /// Lists what would let the plan do more.
    #[must_use]
    pub fn next(&self) -> Vec<Next> {
        let (skipped, totals) = (&self.skipped, self.totals());
        let empty = totals.steps == 0 && totals.refused == 0;
        [
            (skipped.decisions > 0, Next::Decide),
            (skipped.wanted > 0 && !skipped.copies, Next::Copies),
            (skipped.wanted > 0 && skipped.copies, Next::OtherCopies),
            (empty && skipped.shallow, Next::Deeper),
        ]
        .into_iter()
        .filter_map(|(helps, next)| helps.then_some(next))
        .collect()
    }
}
