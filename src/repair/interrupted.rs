//! Looks up the open steps of a killed run: each step that was announced and has no outcome gets one, so that the
//! journal is complete.

use super::change::{RangeChange, StepChange};
use super::journal::{Entry, Event, Journal, RecordedOutcome};
use super::rows;
use super::steps::hash;
use super::{RepairError, cells};
use luthier_hub::backend::Key;
use luthier_hub::store::{Store, StoreError, Writer};
use luthier_object::Kind;

/// Says of what a killed run announced what became of it, where there is nothing to apply: the run may have
/// been killed between its last change and the line that says so.
///
/// # Errors
/// Another applier, a journal that cannot be read or written, or a side that does not answer.
pub async fn resolve_interrupted(
    writer: &Writer,
    journal: &mut Journal,
) -> Result<(), RepairError> {
    let _lock = writer.lock().await?;
    resolve_open_steps(writer.store(), journal).await
}

/// Adds an outcome for every open step of a run that did not come to its end.
///
/// # Errors
/// A journal that cannot be read or written, or a side that does not answer: then no new run may begin.
pub(super) async fn resolve_open_steps(
    store: &Store,
    journal: &mut Journal,
) -> Result<(), RepairError> {
    let Some(left) = journal.left_open()? else {
        return Ok(());
    };
    let (mut done, mut not_done) = (0, 0);
    let mut events = Vec::with_capacity(left.open.len() + 1);
    for mut entry in left.open {
        let of = entry.change.count();
        let found = look(store, &mut entry).await?;
        let outcome = match found {
            0 => RecordedOutcome::FoundNotDone,
            _ => RecordedOutcome::FoundDone,
        };
        done += u64::from(found > 0);
        not_done += u64::from(found == 0);
        let why = match found {
            0 => "the run was killed before this step".to_owned(),
            _ if found == of => "the run was killed after this step".to_owned(),
            _ => format!("the run was killed during this step: {found} of {of} changes were made"),
        };
        events.push(Event::Outcome {
            outcome,
            announced: true,
            why: Some(why),
            stored: None,
            entry,
        });
    }
    events.push(Event::Interrupted { done, not_done });
    journal.append(&left.run, &events)?;
    journal.sync().await
}

/// Keeps of an entry what is so now; how many of its changes that are.
async fn look(store: &Store, entry: &mut Entry) -> Result<usize, StoreError> {
    let Some(kind) = entry.kind.kind() else {
        let there = match &entry.change {
            StepChange::SaveRefs { .. } => {
                let object = object_now(store, entry).await?;
                object.is_some() && object == entry.sha256
            }
            _ => false,
        };
        return Ok(keep(entry, there));
    };
    let is_so = match &entry.change {
        StepChange::Hold { repo_id, .. } => is_held(store, kind, &entry.id, repo_id).await?,
        StepChange::Add { row, .. } => {
            // A row that was added is there with its pointer, or is not there.
            let rows = rows::read(store, kind, std::slice::from_ref(&entry.id)).await?;
            let now = rows.get(&entry.id);
            now.is_some_and(|now| now.uri() == row.storage_uri())
        }
        StepChange::Index(range) => is_indexed(store, range).await?,
        StepChange::Row { .. } => return look_at_row(store, kind, entry).await,
        // Whatever it is, nobody can say that it was done.
        StepChange::SaveRefs { .. } | StepChange::Unknown(_) => false,
    };
    Ok(keep(entry, is_so))
}

/// Keeps all of an entry's change or nothing of it; how many columns that are.
fn keep(entry: &mut Entry, is_so: bool) -> usize {
    if !is_so {
        entry.change = StepChange::none();
    }
    entry.change.count()
}

/// Keeps the cells that are as they should be now, and the object where it is; how many that are.
async fn look_at_row(store: &Store, kind: Kind, entry: &mut Entry) -> Result<usize, StoreError> {
    let there = match &entry.change {
        StepChange::Row {
            object: Some(_), ..
        } => object_now(store, entry).await?,
        _ => None,
    };
    let rows = rows::read(store, kind, std::slice::from_ref(&entry.id)).await?;
    let row = rows.get(&entry.id);
    if let StepChange::Row { object, cells } = &mut entry.change {
        object.take_if(|swap| there.as_ref() != Some(&swap.to));
        cells.retain(|cell| {
            let now = row.and_then(|row| cells::of(row, cell.column));
            now.is_some_and(|now| cells::is(cell.column, now.as_deref(), cell.to.as_deref()))
        });
    }
    Ok(entry.change.count())
}

/// Returns the sha256 of the bytes under the entry's key.
async fn object_now(store: &Store, entry: &Entry) -> Result<Option<String>, StoreError> {
    let key = entry.key.as_deref().and_then(|key| Key::new(key).ok());
    let Some(key) = key else {
        return Ok(None);
    };
    Ok(store.read_object(&key).await?.map(|bytes| hash(&bytes)))
}

async fn is_indexed(store: &Store, range: &RangeChange) -> Result<bool, StoreError> {
    let ids = [range.object_id.clone()];
    let rows = store.index().packed_by_id(&ids).await?;
    let text = |number: Option<i64>| number.map(|number| number.to_string());
    Ok(rows.iter().any(|row| {
        row.pack_id == range.pack_id && (text(row.offset), text(row.length)) == range.to
    }))
}

async fn is_held(store: &Store, kind: Kind, id: &str, repo_id: &str) -> Result<bool, StoreError> {
    let ids = [id.to_owned()];
    let held = store.index().held_by(kind, repo_id, &ids).await?;
    Ok(!held.is_empty())
}
