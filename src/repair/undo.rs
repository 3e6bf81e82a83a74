//! The undo of a run: a plan like any other, whose steps put rows back by compare-and-set and restore
//! replaced bytes from quarantine. New objects and new rows stay: nothing is ever deleted.

mod again;

pub(super) use again::build;

use super::change::{CellChange, RowChange, StepChange, Swap};
use super::journal::{
    self, CellError, CellStore, Entry, Event, JournalError, Left, RecordedOutcome,
};
use super::plan::Refusal;
use super::rows;
use super::spool::Spool;
use super::step::Step;
use super::steps::Built;
use super::{Plan, RepairError};
use luthier_audit::{Code, Remedy};
use luthier_hub::backend::{Key, layout};
use luthier_hub::index::EditableColumn;
use luthier_hub::progress::Progress;
use luthier_hub::store::{Store, StoreError};
use std::io;
use std::path::Path;

/// Entries read at once; a snapshot's row may weigh megabytes.
const PAGE: u64 = 32;

/// Plans the undo of a run, the last step first: each of its steps is taken back, or skipped in words. Reads;
/// writes nothing.
///
/// # Errors
/// A journal that cannot be read, was tampered with or holds no such run, a database that does not answer, or
/// cancellation.
pub async fn undo(
    store: &Store,
    journal: &Path,
    run: &str,
    progress: &Progress,
) -> Result<Plan, RepairError> {
    let store = &store.for_job(progress);
    let (done, count) = changes_of(journal, run)?;
    progress.phase("planning the undo", Some(count));
    let mut plan = Plan::empty()?;
    plan.undoes(run);
    plan.nothing_because("The run changed nothing, so there is nothing to put back.");
    let cell_store = CellStore::beside(journal);
    let mut left = count;
    while left > 0 {
        progress.checkpoint().await?;
        let from = left.saturating_sub(PAGE);
        let mut page = done.page(from, (left - from) as u32)?;
        page.reverse();
        for entry in page {
            one(store, &cell_store, &mut plan, run, entry).await?;
            progress.update(|f| f.done += 1);
        }
        left = from;
    }
    plan.finish()
}

/// Returns the changes of a run, in its order, and their number.
fn changes_of(journal: &Path, run: &str) -> Result<(Spool<Entry>, u64), RepairError> {
    let failed = |error: io::Error| journal::failed_at(journal, error);
    let verified = journal::verify(journal).map_err(failed)?;
    if !verified.is_sound() {
        return Err(journal::failed_at(journal, JournalError::Tampered));
    }
    let mut done: Spool<Entry> = Spool::new()?;
    let (mut count, mut known) = (0, false);
    for line in journal::lines(journal).map_err(failed)? {
        let line = line.map_err(failed)?;
        if line.run != run {
            continue;
        }
        known = true;
        if let Event::Announced(write) = line.event {
            return Err(RepairError::NotUndone {
                run: line.run,
                write: Box::new(write),
            });
        }
        if let Event::Outcome { entry, outcome, .. } = line.event {
            // What changed nothing leaves nothing to put back.
            let changed = match outcome.counted() {
                Some(outcome) => outcome.changes(),
                None => outcome == RecordedOutcome::FoundDone,
            };
            if changed || !entry.change.is_none() {
                done.push(&entry)?;
                count += 1;
            }
        }
    }
    if !known {
        return Err(RepairError::NoSuchRun(run.to_owned()));
    }
    // What was announced and has no outcome may have been done: the hub tells.
    let left = Left::read(journal).map_err(failed)?;
    for left in left.into_iter().filter(|left| left.run == run) {
        for entry in left.open {
            done.push(&entry)?;
            count += 1;
        }
    }
    done.flush()?;
    Ok((done, count))
}

/// Adds the step that takes one change back, or says why there is none.
async fn one(
    store: &Store,
    cell_store: &CellStore,
    plan: &mut Plan,
    run: &str,
    entry: Entry,
) -> Result<(), RepairError> {
    let step = match step_of(run, &entry) {
        Ok(step) => step,
        Err(why) => return refuse(plan, &entry, why.to_string()),
    };
    let Some(kind) = step.kind.kind() else {
        return refuse(plan, &entry, NotUndone::Stays.to_string());
    };
    let ids = [step.id.clone()];
    let rows = rows::read(store, kind, &ids).await;
    let rows = rows.map_err(StoreError::from)?;
    match build(store, cell_store, &step, kind, rows.get(&step.id)).await {
        Ok(Built::Step(step, _)) => plan.add(*step),
        Ok(Built::Already) => refuse(
            plan,
            &entry,
            "it already is as it was before the run".to_owned(),
        ),
        Ok(Built::Refused(why)) => refuse(plan, &entry, why),
        Err(StoreError::Backend(error)) => {
            refuse(plan, &entry, format!("it could not be read: {error}"))
        }
        Err(error) => Err(error.into()),
    }
}

fn refuse(plan: &mut Plan, entry: &Entry, why: String) -> Result<(), RepairError> {
    plan.refuse(Refusal {
        code: entry.code,
        id: entry.id.clone(),
        repo: entry.repo.clone(),
        why,
        decision: false,
        wanted: None,
    })
}

/// The reason why a change is not taken back.
#[derive(Debug, thiserror::Error)]
enum NotUndone {
    #[error("what was added for it stays: Luthier never deletes")]
    Stays,
    #[error("the index of packs was changed after the run")]
    RangeChangedAfter,
    #[error("its row is gone")]
    RowGone,
    #[error("no repair changes the column {0}")]
    OtherColumn(String),
    #[error("the line does not say what was changed")]
    Unsaid,
    #[error("{0} was changed after the run")]
    ChangedAfter(EditableColumn),
    #[error("the journal line names no key to put the bytes back under")]
    NoKeyInLine,
    #[error("it names no key")]
    NoKey,
    #[error("nothing lies under {0} by now")]
    NothingThere(Key),
    #[error("other bytes lie under {0} by now")]
    OtherBytes(Key),
    #[error("nothing lies under {0}, where it was kept")]
    NothingKept(Key),
    #[error("other bytes lie under {0} than were kept")]
    OtherBytesKept(Key),
    #[error(transparent)]
    Cell(#[from] CellError),
}

impl From<NotUndone> for Built {
    fn from(why: NotUndone) -> Self {
        Built::Refused(why.to_string())
    }
}

/// Returns the step that takes back what a line of the journal says was done.
fn step_of(run: &str, entry: &Entry) -> Result<Step, NotUndone> {
    let (object, cells) = match &entry.change {
        // Of a row that was not touched, an object alone was added.
        change if change.is_none() || entry.kind.kind().is_none() => return Err(NotUndone::Stays),
        StepChange::Row { object, cells } => (object, cells),
        StepChange::Index(range) => {
            let back = range.back().ok_or(NotUndone::Stays)?;
            let words = format!(
                "Puts the index row of the {} back, as before step {} of {run}.",
                entry.kind, entry.step
            );
            return Ok(step(entry, &[], words, StepChange::Index(back)));
        }
        StepChange::Add { .. } | StepChange::Hold { .. } | StepChange::SaveRefs { .. } => {
            return Err(NotUndone::Stays);
        }
        StepChange::Unknown(written) => return Err(unknown(written)),
    };
    let key = entry.key.clone().filter(|_| object.is_some());
    let aside = key.as_ref().and_then(|key| {
        let key = Key::new(key).ok()?;
        layout::quarantine_key(run, &key)
    });
    if object.is_some() && aside.is_none() {
        return Err(NotUndone::NoKeyInLine);
    }
    let words = match &key {
        Some(key) => format!(
            "Puts the quarantined bytes back under {key}, as before step {} of {run}.",
            entry.step
        ),
        None => format!(
            "Puts the row of the {} back, as before step {} of {run}.",
            entry.kind, entry.step
        ),
    };
    let change = StepChange::Row {
        object: object.as_ref().map(Swap::back),
        cells: cells.iter().map(CellChange::back).collect(),
    };
    Ok(Step {
        key,
        from: aside.map(|key| key.as_str().to_owned()),
        ..step(entry, cells, words, change)
    })
}

/// Returns a step that takes an entry back, whose cells these are.
fn step(entry: &Entry, cells: &[CellChange], words: String, change: StepChange) -> Step {
    let (code, also) = found_after(entry, cells);
    Step {
        number: 0,
        code,
        also,
        others: 0,
        more: false,
        remedy: Remedy::Undo,
        kind: entry.kind,
        id: entry.id.clone(),
        repo: entry.repo.clone(),
        path: entry.path.clone(),
        words,
        precondition: "The hub is still as the run left it.".to_owned(),
        key: None,
        from: None,
        bytes: 0,
        sha256: None,
        change,
    }
}

/// Returns the codes that an audit finds once a change is taken back. The objects that a run added stay, so that a row
/// which had none is unlinked, and a row that names another key has its object elsewhere.
fn found_after(entry: &Entry, cells: &[CellChange]) -> (Code, Vec<Code>) {
    let link = cells
        .iter()
        .find(|cell| cell.column == EditableColumn::StorageUri);
    let after = |code: Code| match (code, link.map(|link| link.from.is_some())) {
        (Code::UriMissing | Code::SpellingLost, Some(_)) => Code::UriUnlinked,
        (Code::ObjectMissing, Some(true)) => Code::ObjectMisplaced,
        _ => code,
    };
    let first = after(entry.code);
    let mut also: Vec<Code> = entry.also.iter().map(|code| after(*code)).collect();
    also.retain(|code| *code != first);
    also.dedup();
    (first, also)
}

/// Returns the reason why a change of unknown columns is not taken back.
fn unknown(written: &[RowChange]) -> NotUndone {
    let is_unknown = |change: &&RowChange| EditableColumn::from_name(&change.column).is_none();
    match written.iter().find(is_unknown) {
        Some(change) => NotUndone::OtherColumn(change.column.clone()),
        None => NotUndone::Unsaid,
    }
}
