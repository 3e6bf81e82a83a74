//! A row brought to say what its proved object says.

use super::{Built, Target, shorten};
use crate::change::{CellChange, StepChange};
use crate::step::Step;
use bytes::Bytes;
use luthier_audit::compare;
use luthier_hub::backend::Key;
use luthier_hub::index::{AnyRow, BlobRow, CellEdit, EditableColumn, RowEdit};
use luthier_hub::store::write::Change;
use luthier_hub::store::{Store, StoreError, amend};
use luthier_object::{Kind, ObjectId, Proven, Record, time};

/// Changes the cells that disagree with the object; nothing in the store changes.
pub(super) async fn build(
    store: &Store,
    target: &Target,
    row: &AnyRow,
) -> Result<Built, StoreError> {
    let refused = |why: String| Ok(Built::Refused(why));
    let Some(uri) = row.uri() else {
        return refused("the row points to no object any more".to_owned());
    };
    let id = ObjectId::new(&target.id);
    let key = match store.locate(target.kind, &id, uri) {
        Ok(key) => key,
        Err(why) => return refused(format!("{uri}: {why}")),
    };
    // The row is changed by fields that the id does not prove, so one read is not enough.
    let Some(bytes) = store.read_twice(&key).await? else {
        return refused(format!("the store has no object under {key}"));
    };
    let object = match Proven::read(target.kind, &id, bytes) {
        Ok(object) => object,
        Err(why) => return refused(format!("{key}: {why}")),
    };
    let cells = match (row, object.record()) {
        (AnyRow::Commit(row), Record::Commit(record, _)) => compare::commit_edits(row, record),
        (AnyRow::Snapshot(row), Record::Snapshot(record, _)) => amend::snapshot(row, record),
        (AnyRow::Blob(row), Record::Blob(_)) => blob(row, object.bytes()),
        _ => Vec::new(),
    };
    if cells.is_empty() && target.is_planned {
        return Ok(Built::Already);
    }
    if cells.is_empty() {
        return refused("the row already contains everything that the object says".to_owned());
    }
    if let Some(text) = no_time(&cells) {
        return refused(format!(
            "created_at of the object is no time ({text:?}), and the id does not prove it; the row keeps its own"
        ));
    }
    Ok(step(target, row, key, cells))
}

/// Returns what would become a row's `created_at` though it is no time. No id hashes that field, so an object whose
/// bytes changed there still matches its id.
fn no_time(cells: &[CellEdit]) -> Option<String> {
    let cell = cells
        .iter()
        .find(|cell| cell.column == EditableColumn::CreatedAt)?;
    let text = String::from_utf8_lossy(cell.new.as_deref()?);
    time::parse(&text).is_none().then(|| text.into_owned())
}

fn blob(row: &BlobRow, bytes: &Bytes) -> Vec<CellEdit> {
    if row.size_bytes == bytes.len() as i64 {
        return Vec::new();
    }
    vec![CellEdit {
        column: EditableColumn::SizeBytes,
        // No object has this size: the row has no number there.
        seen: (row.size_bytes >= 0).then(|| row.size_bytes.to_string().into_bytes()),
        new: Some(bytes.len().to_string().into_bytes()),
    }]
}

fn step(target: &Target, row: &AnyRow, key: Key, cells: Vec<CellEdit>) -> Built {
    let shown = |cell: &Option<Vec<u8>>| {
        let text = cell.as_ref().map(|bytes| String::from_utf8_lossy(bytes));
        text.map(|text| shorten(&text))
    };
    let changes = cells
        .iter()
        .map(|cell| CellChange {
            column: cell.column,
            from: shown(&cell.seen),
            to: shown(&cell.new),
        })
        .collect();
    let step = Step {
        key: Some(key.as_str().to_owned()),
        ..target.step(
            format!("Changes the row to what the object under {key} says, which matches its id."),
            "The row still has the values that were seen, and the object still matches its id."
                .to_owned(),
            StepChange::cells(changes),
        )
    };
    let kind: Kind = target.kind;
    let change = Change::Edit {
        edit: RowEdit {
            kind,
            id: row.id().to_owned(),
            cells,
        },
        witness: Some(key),
    };
    Built::Step(Box::new(step), change)
}
