//! Finds the links of an object.

use super::row::Row;
use super::{LINKS, LinkTo};
use crate::AuditError;
use luthier_hub::store::{Store, reconstruct};
use luthier_object::{Kind, Manifest};
use std::collections::HashSet;

/// Parents, snapshot and blobs of an object, each with whether it has a row.
pub(super) async fn of(
    store: &Store,
    row: &Row,
    manifest: Option<&Manifest>,
) -> Result<Vec<LinkTo>, AuditError> {
    let mut out = Vec::new();
    let mut link = |role: String, kind: Kind, id: &str| {
        out.push(LinkTo {
            role,
            kind,
            id: id.to_owned(),
            exists: false,
        });
    };
    match row {
        Row::Commit(row) => {
            for id in reconstruct::parent_ids(&row.parent_ids).unwrap_or_default() {
                link("parent".to_owned(), Kind::Commit, id.as_str());
            }
            if let Some(id) = reconstruct::non_empty(row.snapshot_id.as_deref()) {
                link("snapshot".to_owned(), Kind::Snapshot, id);
            }
        }
        Row::Snapshot(row) => {
            if let Some(id) = reconstruct::non_empty(row.parent_snapshot_id.as_deref()) {
                link("base of the delta".to_owned(), Kind::Snapshot, id);
            }
            for (path, id) in manifest.into_iter().flat_map(Manifest::iter).take(LINKS) {
                link(path.clone(), Kind::Blob, id.as_str());
            }
        }
        Row::Blob(_) => {}
    }
    mark_existing(store, &mut out).await?;
    Ok(out)
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
