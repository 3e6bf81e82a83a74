//! A row that was never there, added for an object that proves.

use super::source;
use super::{Built, NO_DIGEST, Origin, StepContext, Target, anew, hash, shorten};
use crate::change::{AddedRow, StepChange};
use crate::step::Step;
use bytes::Bytes;
use luthier_audit::Remedy;
use luthier_hub::backend::Key;
use luthier_hub::index::{BlobRow, Capabilities, CommitRow, MembershipRow, NewRows, SnapshotRow};
use luthier_hub::store::StoreError;
use luthier_hub::store::rows;
use luthier_hub::store::write::{Change, RowObject};
use luthier_object::{Proven, Record};

/// Adds the row from the object in the store; where the remedy is to restore, stores the object first.
pub(super) async fn build(ctx: StepContext<'_>, target: &Target) -> Result<Built, StoreError> {
    let Some(origin) = &target.origin else {
        let why = "its repository and path are unknown";
        return Ok(Built::Refused(why.to_owned()));
    };
    if let Some(why) = hidden(ctx, target) {
        return Ok(Built::Refused(why));
    }
    let Some((id, home)) = target.home(ctx.store).await? else {
        return Ok(Built::refused(NO_DIGEST));
    };
    let found = match target.remedy {
        Remedy::Restore => anew::source_of(ctx, target, None).await?,
        _ => source::find(ctx, target, None, None).await?,
    };
    let found = match found {
        Ok(found) => found,
        Err(why) => return Ok(Built::refused(why)),
    };
    let kind = target.kind;
    // An object that is stored as it is needs only a row; any other is stored under a new key.
    let (key, object) = match &found.key {
        Some(key) if is_as_stored(ctx, key, found.object.bytes()).await? => {
            (key.clone(), RowObject::Stored { kind, id })
        }
        _ => (home, RowObject::New(found.object.sealed())),
    };
    let uri = ctx.store.backend().uri_for(&key);
    let (rows, shown) = new_rows(target, origin, &found.object, uri);
    let (stored_first, to_store) = match &object {
        RowObject::New(object) => (true, object.bytes().len() as u64),
        RowObject::Stored { .. } => (false, 0),
    };
    let step = Step {
        key: Some(key.as_str().to_owned()),
        from: found.key.map(|key| key.as_str().to_owned()),
        bytes: to_store,
        sha256: Some(hash(found.object.bytes())),
        ..target.step(
            words(ctx, target, origin, stored_first),
            "There is still no row of this id.".to_owned(),
            shown,
        )
    };
    let change = Change::Add {
        object,
        key,
        rows: Box::new(rows),
    };
    Ok(Built::Step(Box::new(step), change))
}

/// Says why the row may be there unseen: rows of its table, or of its memberships, are hidden.
fn hidden(ctx: StepContext<'_>, target: &Target) -> Option<String> {
    let tables = [
        Capabilities::table(target.kind),
        Capabilities::refs_table(target.kind),
    ];
    let hidden = ctx.store.index().hidden().iter();
    let mut hidden = hidden.filter(|hidden| tables.contains(&hidden.table.as_str()));
    let hidden = hidden.find(|hidden| hidden.why.hides())?;
    Some(format!("the row may be there: {}", hidden.said))
}

fn words(ctx: StepContext<'_>, target: &Target, origin: &Origin, stored_first: bool) -> String {
    let member = match ctx.store.index().capabilities().refs(target.kind) {
        true => ", and that its repository holds it",
        false => "",
    };
    let place = match origin.path.as_str() {
        "" => &target.repo,
        path => path,
    };
    let held = if stored_first {
        "is stored first"
    } else {
        "is there"
    };
    format!(
        "Adds the row of the {} for {place}{member}; its object {held} and matches the id.",
        target.kind
    )
}

/// Returns whether exactly these bytes are stored under the key: a wrapped object proves, and is none.
async fn is_as_stored(ctx: StepContext<'_>, key: &Key, bytes: &Bytes) -> Result<bool, StoreError> {
    Ok(ctx.store.read_object(key).await?.as_ref() == Some(bytes))
}

/// Returns the rows to be added, and the same as the step shows it, which has what is needed to make this step again.
fn new_rows(
    target: &Target,
    origin: &Origin,
    object: &Proven,
    uri: String,
) -> (NewRows, StepChange) {
    let mut out = NewRows::default();
    let row = match object.record() {
        Record::Commit(record, _) => {
            let row = CommitRow {
                commit_id: target.id.clone(),
                ..rows::commit(record, &origin.repo_id, uri)
            };
            let shown = shown_commit(&row);
            out.commits.push(row);
            shown
        }
        Record::Snapshot(record, _) => {
            let row = SnapshotRow {
                snapshot_id: target.id.clone(),
                ..rows::snapshot(record, &origin.repo_id, uri)
            };
            let shown = AddedRow::Snapshot {
                entry_count: row.entry_count.map(|count| count.to_string()),
                storage_uri: row.storage_uri.clone(),
            };
            out.snapshots.push(row);
            shown
        }
        Record::Blob(_) => {
            let row = BlobRow {
                object_id: target.id.clone(),
                repo_id: Some(origin.repo_id.clone()),
                path: origin.path.clone(),
                size_bytes: object.bytes().len() as i64,
                storage_uri: Some(uri),
                disk_path: None,
                created_at: origin.created_at.clone(),
            };
            let shown = AddedRow::Blob {
                path: Some(row.path.clone()),
                size_bytes: Some(row.size_bytes.to_string()),
                storage_uri: row.storage_uri.clone(),
                created_at: Some(row.created_at.clone()),
            };
            out.blobs.push(row);
            shown
        }
    };
    let membership = MembershipRow {
        id: target.id.clone(),
        repo_id: origin.repo_id.clone(),
    };
    out.memberships.push((target.kind, membership));
    let repo_id = origin.repo_id.clone();
    (out, StepChange::Add { repo_id, row })
}

fn shown_commit(row: &CommitRow) -> AddedRow {
    let text = |text: &str| Some(shorten(text));
    AddedRow::Commit {
        branch: text(&row.branch),
        timestamp: text(&row.timestamp),
        parent_ids: text(&row.parent_ids),
        snapshot_id: row.snapshot_id.as_deref().map(shorten),
        storage_uri: row.storage_uri.clone(),
    }
}
