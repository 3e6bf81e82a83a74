//! Finds the links of an object.

use super::row::Row;
use super::{LINKS, LinkTo};
use crate::AuditError;
use luthier_hub::store::{Store, reconstruct};
use luthier_object::{Kind, Manifest, ObjectId};
use std::collections::HashSet;

/// Parents, snapshot and blobs of an object, each with whether it has a row.
pub(super) async fn of(
    store: &Store,
    row: &Row,
    manifest: Option<&Manifest>,
) -> Result<Vec<LinkTo>, AuditError> {
    match row {
        Row::Commit(row) => {
            let parents = reconstruct::parent_ids(&row.parent_ids).unwrap_or_default();
            let tree = reconstruct::non_empty(row.snapshot_id.as_deref());
            of_commit(store, parents.iter().map(ObjectId::as_str), tree).await
        }
        Row::Snapshot(row) => {
            let base = reconstruct::non_empty(row.parent_snapshot_id.as_deref());
            of_snapshot(store, base, manifest).await
        }
        Row::Blob(_) => Ok(Vec::new()),
    }
}

/// Parents and snapshot of a commit.
pub(super) async fn of_commit<'a>(
    store: &Store,
    parents: impl Iterator<Item = &'a str>,
    tree: Option<&str>,
) -> Result<Vec<LinkTo>, AuditError> {
    let mut out: Vec<LinkTo> = parents.map(|id| link("parent", Kind::Commit, id)).collect();
    out.extend(tree.map(|id| link("snapshot", Kind::Snapshot, id)));
    mark_existing(store, &mut out).await?;
    Ok(out)
}

/// Base and blobs of a snapshot.
pub(super) async fn of_snapshot(
    store: &Store,
    base: Option<&str>,
    manifest: Option<&Manifest>,
) -> Result<Vec<LinkTo>, AuditError> {
    let base = base.map(|id| link("base of the delta", Kind::Snapshot, id));
    let blobs = manifest.into_iter().flat_map(Manifest::iter).take(LINKS);
    let blobs = blobs.map(|(path, id)| link(path, Kind::Blob, id.as_str()));
    let mut out: Vec<LinkTo> = base.into_iter().chain(blobs).collect();
    mark_existing(store, &mut out).await?;
    Ok(out)
}

fn link(role: &str, kind: Kind, id: &str) -> LinkTo {
    LinkTo {
        role: role.to_owned(),
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
