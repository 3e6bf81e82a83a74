//! Finds the links of an object.

use super::view::Stored;
use super::{LINKS, LinkTo, NamedBy};
use crate::AuditError;
use luthier_hub::index::AnyRow;
use luthier_hub::store::{Store, reconstruct};
use luthier_object::{CommitRecord, Kind, Manifest, ObjectId};
use std::collections::HashSet;

/// Returns parents, snapshot and blobs of an object, as its row and its stored object name them, each with whether it has a
/// row.
pub(super) async fn of(
    store: &Store,
    row: &AnyRow,
    stored: Option<&Stored>,
    manifest: Option<&Manifest>,
) -> Result<Vec<LinkTo>, AuditError> {
    match row {
        AnyRow::Commit(row) => {
            let parents = reconstruct::parent_ids(&row.parent_ids).unwrap_or_default();
            let tree = reconstruct::non_empty(row.snapshot_id.as_deref());
            let mut out = commit(parents.iter().map(ObjectId::as_str), tree, NamedBy::Row);
            if let Some(Stored::Commit(record)) = stored {
                add(&mut out, of_record(record));
            }
            mark_existing(store, &mut out).await?;
            Ok(out)
        }
        AnyRow::Snapshot(row) => {
            let base = reconstruct::non_empty(row.parent_snapshot_id.as_deref());
            let is_stored = match (stored, manifest) {
                (Some(Stored::Snapshot(record)), Some(manifest)) => *record.manifest == *manifest,
                _ => false,
            };
            let side = if is_stored {
                NamedBy::Both
            } else {
                NamedBy::Row
            };
            of_snapshot(store, base, (manifest, side)).await
        }
        AnyRow::Blob(_) => Ok(Vec::new()),
    }
}

/// Returns parents and snapshot of a stored commit that has no row.
pub(super) async fn of_commit(
    store: &Store,
    record: &CommitRecord,
) -> Result<Vec<LinkTo>, AuditError> {
    let mut out = of_record(record);
    mark_existing(store, &mut out).await?;
    Ok(out)
}

fn of_record(record: &CommitRecord) -> Vec<LinkTo> {
    let parents = [&record.parent_commit_id, &record.parent2_commit_id];
    let parents = parents.into_iter().flatten().map(ObjectId::as_str);
    let tree = record.snapshot_id.as_ref().map(ObjectId::as_str);
    commit(parents, tree, NamedBy::Object)
}

/// Adds the links of the other side; one that both sides have stands once.
fn add(links: &mut Vec<LinkTo>, others: Vec<LinkTo>) {
    for other in others {
        let same = |link: &&mut LinkTo| {
            link.named_by == NamedBy::Row && link.role == other.role && link.id == other.id
        };
        match links.iter_mut().find(same) {
            Some(link) => link.named_by = NamedBy::Both,
            None => links.push(other),
        }
    }
}

fn commit<'a>(
    parents: impl Iterator<Item = &'a str>,
    tree: Option<&str>,
    side: NamedBy,
) -> Vec<LinkTo> {
    let parents = parents.map(|id| link("parent", side, Kind::Commit, id));
    let tree = tree.map(|id| link("snapshot", side, Kind::Snapshot, id));
    parents.chain(tree).collect()
}

/// Returns base and blobs of a snapshot.
pub(super) async fn of_snapshot(
    store: &Store,
    base: Option<&str>,
    (manifest, side): (Option<&Manifest>, NamedBy),
) -> Result<Vec<LinkTo>, AuditError> {
    // The base of a delta stands in the row alone.
    let base = base.map(|id| link("base of the delta", NamedBy::Row, Kind::Snapshot, id));
    let blobs = manifest.into_iter().flat_map(Manifest::iter).take(LINKS);
    let blobs = blobs.map(|(path, id)| link(path, side, Kind::Blob, id.as_str()));
    let mut out: Vec<LinkTo> = base.into_iter().chain(blobs).collect();
    mark_existing(store, &mut out).await?;
    Ok(out)
}

fn link(role: &str, named_by: NamedBy, kind: Kind, id: &str) -> LinkTo {
    LinkTo {
        role: role.to_owned(),
        named_by,
        kind,
        id: id.to_owned(),
        exists: false,
    }
}

async fn mark_existing(store: &Store, links: &mut [LinkTo]) -> Result<(), AuditError> {
    let ids = |kind: Kind| -> Vec<String> {
        let of_kind = links.iter().filter(|link| link.kind == kind);
        of_kind.map(|link| link.id.clone()).collect()
    };
    let index = store.index();
    let mut known: HashSet<(Kind, String)> = HashSet::new();
    let commits = index.commits_by_id(&ids(Kind::Commit)).await?;
    known.extend(commits.into_iter().map(|row| (Kind::Commit, row.commit_id)));
    let snapshots = index.snapshots_by_id(&ids(Kind::Snapshot)).await?;
    known.extend(
        snapshots
            .into_iter()
            .map(|row| (Kind::Snapshot, row.snapshot_id)),
    );
    let blobs = index.blobs_by_id(&ids(Kind::Blob)).await?;
    known.extend(blobs.into_iter().map(|row| (Kind::Blob, row.object_id)));
    for link in links {
        link.exists = known.contains(&(link.kind, link.id.clone()));
    }
    Ok(())
}
