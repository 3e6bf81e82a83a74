//! Looks up the open steps of a killed run: each step that was announced and has no outcome gets one, so that the
//! journal is complete.

use super::journal::{Entry, Event, Journal, RecordedOutcome};
use super::rows::{self, Row};
use super::steps::{HELD_BY, OBJECT, hash};
use super::{RepairError, cells};
use crate::backend::Key;
use crate::object::Kind;
use crate::store::{Store, StoreError, Writer};

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
        let of = entry.after.len();
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
    let object = object_now(store, entry).await?;
    let Some(kind) = entry.kind.kind() else {
        let there = object.is_some() && object == entry.sha256;
        if !there {
            clear(entry);
        }
        return Ok(entry.after.len());
    };
    let rows = rows::read(store, kind, std::slice::from_ref(&entry.id)).await?;
    let row = rows.get(&entry.id);
    if entry.after.contains_key(HELD_BY) {
        if !is_held(store, kind, entry).await? {
            clear(entry);
        }
        return Ok(entry.after.len());
    }
    if entry.after.contains_key("repo_id") {
        // A row that was added is there with its pointer, or is not there.
        let uri = entry.after.get("storage_uri").cloned().flatten();
        if row.and_then(Row::uri) != uri.as_deref() || row.is_none() {
            clear(entry);
        }
        return Ok(entry.after.len());
    }
    let is_so = |column: &String, after: &Option<String>| {
        if column == OBJECT {
            return object.as_ref().map(|hash| format!("sha256 {hash}")) == *after;
        }
        let now = row.and_then(|row| cells::of(row, column));
        now.is_some_and(|(column, now)| cells::is(column, now.as_deref(), after.as_deref()))
    };
    entry.after.retain(|column, after| is_so(column, after));
    let after = &entry.after;
    entry.before.retain(|column, _| after.contains_key(column));
    Ok(entry.after.len())
}

fn clear(entry: &mut Entry) {
    entry.before.clear();
    entry.after.clear();
}

/// sha256 of what lies under the entry's key, where that says something of the change.
async fn object_now(store: &Store, entry: &Entry) -> Result<Option<String>, StoreError> {
    let asked = entry.kind.kind().is_none() || entry.after.contains_key(OBJECT);
    let key = entry.key.as_deref().and_then(|key| Key::new(key).ok());
    let Some(key) = key.filter(|_| asked) else {
        return Ok(None);
    };
    Ok(store.read_object(&key).await?.map(|bytes| hash(&bytes)))
}

async fn is_held(store: &Store, kind: Kind, entry: &Entry) -> Result<bool, StoreError> {
    let Some(Some(repo)) = entry.after.get("repo_id") else {
        return Ok(false);
    };
    let ids = [entry.id.clone()];
    let held = store.index().held_by(kind, repo, &ids).await?;
    Ok(!held.is_empty())
}
