//! A plan: what would be written, step by step, before anything is.

mod checkpoints;
mod choose;
mod draft;
mod fixes;
mod group;
mod holds;
mod next;
mod saved;

pub use checkpoints::checkpoints;
pub use fixes::find_fixes;
pub use next::Next;
pub use saved::{Header, PlanFileError};

use super::RepairError;
use super::consent::Weight;
use super::kind::Undoable;
use super::lacking::Wanted;
use super::spool::Spool;
use super::step::{Step, Totals};
use choose::Choice;
use draft::Draft;
use luthier_audit::{Code, Filter, Report, Subject, Summary, mass};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_object::Kind;
use next::Skipped;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Skipped findings read at once.
const PAGE: u32 = 5_000;

/// The findings to repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All whose `auto` is yes, within the filter.
    Auto(Filter),
    /// Everything that passes the filter: choosing by code or id is how an `ask` is answered.
    Chosen(Filter),
    /// These places in the report.
    Ordinals(Vec<u64>),
}

/// A finding that the plan skips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: Code,
    pub id: String,
    /// `owner/slug`, or the id where there is no such row; empty where none is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub repo: String,
    pub why: String,
    /// A person's decision would let it be planned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decision: bool,
    /// Set where a copy of the object from elsewhere would help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Wanted>,
}

impl Refusal {
    /// Returns a path that the blob has in a tree, if a copy would repair it.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.wanted.as_ref()?.path.as_deref()
    }
}

/// A refusal as the plan keeps it.
#[derive(Serialize, Deserialize)]
struct Skip {
    /// The finding's place in the report; none where no finding is skipped.
    place: Option<u64>,
    refusal: Refusal,
}

/// Steps and refusals, spooled on disk.
pub struct Plan {
    totals: Totals,
    steps: Spool<Step>,
    refused: Spool<Skip>,
    alarms: Vec<String>,
    /// A step takes its bytes from a client's folder.
    copies: bool,
    /// A step mends what an audit counts towards a mass fault.
    mass: bool,
    /// Rows were hidden from the audit that it was made from.
    partial: bool,
    undoable: Undoable,
    skipped: Skipped,
    weight: Weight,
}

impl Plan {
    /// Returns the figures.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Returns steps in the order of application, from the `skip`th on.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn steps(&self, skip: u64, limit: u32) -> Result<Vec<Step>, RepairError> {
        self.steps.page(skip, limit)
    }

    /// Returns what the plan skips, and why, from the `skip`th on.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub async fn refused(&self, skip: u64, limit: u32) -> Result<Vec<Refusal>, RepairError> {
        self.refused_page(skip, limit)
    }

    pub(super) fn refused_page(&self, skip: u64, limit: u32) -> Result<Vec<Refusal>, RepairError> {
        let skips = self.refused.page(skip, limit)?;
        Ok(skips.into_iter().map(|skip| skip.refusal).collect())
    }

    /// Returns the reasons why this plan may rest on a mistake, one line each: such a plan is applied only after a
    /// person has confirmed it by the hub's name.
    #[must_use]
    pub fn alarms(&self) -> &[String] {
        &self.alarms
    }

    /// Returns whether a step takes its bytes from a client's folder; applying the plan then needs the folder too.
    #[must_use]
    pub fn takes_copies(&self) -> bool {
        self.copies
    }

    /// Returns whether the only reason against it is that rows were hidden from the audit.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// Counts the steps by how much an undo would take back.
    #[must_use]
    pub fn undoable(&self) -> Undoable {
        self.undoable
    }

    pub(super) const fn weight(&self) -> Weight {
        self.weight
    }

    /// Says why nothing is planned, should it be so.
    pub(super) fn nothing_because(&mut self, why: &str) {
        why.clone_into(&mut self.skipped.nothing);
    }

    /// Says that its steps take back those of an earlier run.
    pub(super) fn undoes(&mut self, run: &str) {
        self.skipped.undoes = Some(run.to_owned());
    }

    /// Returns the run that the plan takes back, if it is an undo.
    #[must_use]
    pub fn undone_run(&self) -> Option<&str> {
        self.skipped.undoes.as_deref()
    }

    /// Says whether a folder of copies was beside the hub.
    pub(super) fn had_copies(&mut self, had: bool) {
        self.skipped.copies = had;
    }

    pub(super) fn empty() -> Result<Self, RepairError> {
        Ok(Self {
            totals: Totals::default(),
            steps: Spool::new()?,
            refused: Spool::new()?,
            alarms: Vec::new(),
            copies: false,
            mass: false,
            partial: false,
            undoable: Undoable::default(),
            skipped: Skipped::default(),
            weight: Weight::default(),
        })
    }

    pub(super) fn add(&mut self, step: Step) -> Result<(), RepairError> {
        self.totals.steps += 1;
        self.copies |= step.takes_copy();
        self.totals.mends += step.findings();
        self.mass |= mass::counts(step.code) || step.also.iter().copied().any(mass::counts);
        self.undoable.count(&step);
        self.weight.count(&step);
        self.totals.bytes += step.bytes;
        self.totals.requests += step.requests();
        *self.totals.by_remedy.entry(step.remedy).or_default() += 1;
        self.steps.push(&Step {
            number: self.totals.steps,
            ..step
        })
    }

    /// Skips something that is no finding of a report.
    pub(super) fn refuse(&mut self, refusal: Refusal) -> Result<(), RepairError> {
        self.push(None, refusal)
    }

    /// Skips the finding at a place of the report.
    fn skip(&mut self, place: u64, refusal: Refusal) -> Result<(), RepairError> {
        self.push(Some(place), refusal)
    }

    fn push(&mut self, place: Option<u64>, refusal: Refusal) -> Result<(), RepairError> {
        self.totals.refused += 1;
        self.skipped.count(&refusal);
        self.refused.push(&Skip { place, refusal })
    }

    /// Returns the places of the report that are skipped, each with its reason.
    fn skipped_places(&self) -> Result<BTreeMap<u64, Refusal>, RepairError> {
        let mut places = BTreeMap::new();
        for skip in (0..self.totals.refused).step_by(PAGE as usize) {
            let skips = self.refused.page(skip, PAGE)?;
            places.extend(
                skips
                    .into_iter()
                    .filter_map(|skip| Some((skip.place?, skip.refusal))),
            );
        }
        Ok(places)
    }

    /// Takes the audit's alarms over where a step rests on what they are about. Where rows were hidden from
    /// the audit, every plan rests on a part of the hub.
    fn heed(&mut self, summary: &Summary) {
        self.skipped.after(summary);
        self.alarms.extend(summary.wrong_pair.clone());
        if self.mass {
            self.alarms.extend(summary.mass_faults.iter().cloned());
        }
        let hidden = summary.hidden.iter().filter(|hidden| hidden.why.hides());
        let doubts = self.alarms.len();
        self.alarms.extend(hidden.map(|hidden| hidden.said.clone()));
        self.partial = doubts == 0 && !self.alarms.is_empty();
    }

    /// Ends the adding: only then can it be read.
    pub(super) fn finish(mut self) -> Result<Self, RepairError> {
        self.steps.flush()?;
        self.refused.flush()?;
        Ok(self)
    }
}

/// Plans the repair of what was chosen: each finding becomes part of a step, or is skipped in words.
/// Reads; writes nothing.
///
/// # Errors
/// A database that cannot be read, or cancellation. An object that cannot be read is skipped.
#[tracing::instrument(skip_all)]
pub async fn plan(
    store: &Store,
    report: &Report,
    selection: &Selection,
    progress: &Progress,
) -> Result<Plan, RepairError> {
    let mut draft = drafted(store, report, selection, progress).await?;
    draft.plan.heed(report.summary());
    draft.plan.weight.auto = matches!(selection, Selection::Auto(_));
    draft.plan.finish()
}

/// Returns, of these places in the report, those whose findings become part of a step once they are chosen, in order.
///
/// # Errors
/// As [`plan`].
pub async fn plannable(
    store: &Store,
    report: &Report,
    places: &[u64],
    progress: &Progress,
) -> Result<Vec<u64>, RepairError> {
    let selection = Selection::Ordinals(places.to_vec());
    let draft = drafted(store, report, &selection, progress).await?;
    let skipped = draft.plan.finish()?.skipped_places()?;
    let stays = |place: &u64| !skipped.contains_key(place);
    Ok(places.iter().copied().filter(stays).collect())
}

async fn drafted<'a>(
    store: &'a Store,
    report: &'a Report,
    selection: &Selection,
    progress: &'a Progress,
) -> Result<Draft<'a>, RepairError> {
    let mut draft = Draft::new(store, report, progress)?;
    let chosen = choose::choose(&mut draft, selection).await?;
    make(&mut draft, &chosen).await?;
    Ok(draft)
}

async fn make(draft: &mut Draft<'_>, chosen: &Choice) -> Result<(), RepairError> {
    draft.progress.phase("planning", Some(chosen.len()));
    // Blobs first, then what names them.
    for kind in [Kind::Blob, Kind::Snapshot, Kind::Commit] {
        let groups = chosen.groups(kind.into());
        let groups = match kind {
            Kind::Commit => draft.oldest_first(groups).await?,
            _ => groups,
        };
        draft.make(kind, &groups).await?;
    }
    draft.make_holds(&chosen.groups(Subject::Repo)).await?;
    // Last, so that what a checkpoint names is there before it.
    draft
        .make_checkpoints(&chosen.groups(Subject::Branch))
        .await
}
