//! Makes an undoing step again from the hub as it is: planning and applying an undo both come here.

use super::{NotUndone, unknown};
use crate::cells;
use crate::change::{CellChange, RangeChange, StepChange, Swap};
use crate::journal::{CellError, CellStore};
use crate::step::Step;
use crate::steps::{Built, hash};
use bytes::Bytes;
use luthier_hub::backend::Key;
use luthier_hub::index::{AnyRow, CellEdit, RowEdit};
use luthier_hub::store::write::Change;
use luthier_hub::store::{Store, StoreError};
use luthier_object::Kind;

/// Makes an undoing step again from the hub as it is now.
///
/// # Errors
/// A side that could not be asked.
pub(crate) async fn build(
    store: &Store,
    cell_store: &CellStore,
    step: &Step,
    kind: Kind,
    row: Option<&AnyRow>,
) -> Result<Built, StoreError> {
    let Some(row) = row else {
        return Ok(NotUndone::RowGone.into());
    };
    let (object, cells) = match &step.change {
        StepChange::Row { object, cells } => (object, cells),
        StepChange::Unknown(written) => return Ok(unknown(written).into()),
        StepChange::Index(range) => return index_back(store, step, range).await,
        StepChange::Add { .. } | StepChange::Hold { .. } | StepChange::SaveRefs { .. } => {
            return Ok(NotUndone::Stays.into());
        }
    };
    let edit = match edit_of(cell_store, cells, kind, row) {
        Ok(edit) => edit,
        Err(why) => return Ok(why.into()),
    };
    let Some(object) = object else {
        return Ok(match edit {
            None => Built::Already,
            Some(edit) => {
                let change = Change::Edit {
                    edit,
                    witness: None,
                };
                Built::Step(Box::new(step.clone()), change)
            }
        });
    };
    Ok(match bytes_of(store, step, object).await? {
        Err(why) => why.into(),
        Ok(None) => Built::Already,
        Ok(Some((key, seen, bytes))) => {
            let change = Change::PutBack {
                key,
                seen,
                bytes,
                edit,
            };
            Built::Step(Box::new(step.clone()), change)
        }
    })
}

/// Puts an index row back where it still is as the run left it.
async fn index_back(store: &Store, step: &Step, range: &RangeChange) -> Result<Built, StoreError> {
    let ids = [range.object_id.clone()];
    let rows = store.index().packed_by_id(&ids).await?;
    let Some(from) = &range.from else {
        return Ok(NotUndone::Stays.into());
    };
    let (seen, new) = (range.row(from), range.row(&range.to));
    Ok(match (rows.contains(&seen), rows.contains(&new)) {
        (true, _) => {
            let change = Change::IndexBack { seen, new };
            Built::Step(Box::new(step.clone()), change)
        }
        (false, true) => Built::Already,
        (false, false) => NotUndone::RangeChangedAfter.into(),
    })
}

/// Returns the cells to be put back; none where they all are back already.
fn edit_of(
    cell_store: &CellStore,
    changes: &[CellChange],
    kind: Kind,
    row: &AnyRow,
) -> Result<Option<RowEdit>, NotUndone> {
    let mut edits = Vec::new();
    let mut back = 0;
    for change in changes {
        let column = change.column;
        let Some(now) = cells::of(row, column) else {
            return Err(NotUndone::OtherColumn(column.name().to_owned()));
        };
        if cells::is(column, now.as_deref(), change.to.as_deref()) {
            back += 1;
        } else if !cells::is(column, now.as_deref(), change.from.as_deref()) {
            return Err(NotUndone::ChangedAfter(column));
        }
        edits.push(CellEdit {
            column,
            seen: now,
            new: old_cell(cell_store, change)?,
        });
    }
    let done = back == edits.len();
    Ok((!done).then(|| RowEdit {
        kind,
        id: row.id().to_owned(),
        cells: edits,
    }))
}

/// Returns a cell as it was, from the step itself or from the cell store.
fn old_cell(cell_store: &CellStore, change: &CellChange) -> Result<Option<Vec<u8>>, CellError> {
    let Some(text) = &change.to else {
        return Ok(None);
    };
    let Some((length, sha256)) = cells::described(text) else {
        return Ok(Some(text.as_bytes().to_vec()));
    };
    let cell = cell_store.take(sha256)?;
    match cell.len() as u64 == length {
        true => Ok(Some(cell)),
        false => Err(CellError::OtherLength {
            sha256: sha256.to_owned(),
            length,
        }),
    }
}

/// Returns the stored bytes and those from quarantine; `None` if both are the same.
async fn bytes_of(
    store: &Store,
    step: &Step,
    object: &Swap,
) -> Result<Result<Option<(Key, Bytes, Bytes)>, NotUndone>, StoreError> {
    let key = |key: &Option<String>| key.as_deref().and_then(|key| Key::new(key).ok());
    let (Some(key), Some(aside)) = (key(&step.key), key(&step.from)) else {
        return Ok(Err(NotUndone::NoKey));
    };
    let Some(seen) = store.read_object(&key).await? else {
        return Ok(Err(NotUndone::NothingThere(key)));
    };
    if hash(&seen) == object.to {
        return Ok(Ok(None));
    }
    if hash(&seen) != object.from {
        return Ok(Err(NotUndone::OtherBytes(key)));
    }
    let Some(old) = store.read_object(&aside).await? else {
        return Ok(Err(NotUndone::NothingKept(aside)));
    };
    Ok(match hash(&old) == object.to {
        true => Ok(Some((key, seen, old))),
        false => Err(NotUndone::OtherBytesKept(aside)),
    })
}
