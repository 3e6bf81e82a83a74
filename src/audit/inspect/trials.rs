//! Each identity scheme, what it yields for row and object, and which one matches.

use super::Trial;
use super::by_bytes::BlobIds;
use super::view::Stored;
use luthier_hub::index::AnyRow;
use luthier_hub::store::reconstruct;
use luthier_object::identity;
use luthier_object::{CommitRecord, Manifest, ObjectId};

/// Returns every scheme on every side that has something to try it on.
pub(super) fn of(
    row: &AnyRow,
    stored: Option<&Stored>,
    manifest: Option<&Manifest>,
    ids: Option<&BlobIds>,
) -> Vec<Trial> {
    let mut out = Vec::new();
    match row {
        AnyRow::Commit(row) => {
            let id = ObjectId::new(&row.commit_id);
            if let Ok(record) = reconstruct::commit_record(row) {
                out.extend(commit("row", &id, &record));
                if let Some(found) = identity::recover_commit(&record)
                    && (found.offset.is_some() || found.author_emptied)
                {
                    out.extend(commit("row, as it was spelt", &id, &found.record));
                }
            }
            out.extend(of_object(&id, stored));
        }
        AnyRow::Snapshot(row) => {
            let id = ObjectId::new(&row.snapshot_id);
            if let Some(manifest) = manifest {
                let stated = reconstruct::directories(row).unwrap_or_default();
                let derived = manifest.derived_directories();
                out.extend(snapshot("row", &id, manifest, &stated));
                if derived != stated {
                    out.extend(snapshot(
                        "row, directories of the paths",
                        &id,
                        manifest,
                        &derived,
                    ));
                }
            }
            out.extend(of_object(&id, stored));
        }
        AnyRow::Blob(row) => {
            let id = ObjectId::new(&row.object_id);
            if let Some(ids) = ids {
                let (typed, raw) = (ObjectId::new(&ids.typed), ObjectId::new(&ids.sha256));
                // Whoever holds the file compares what these print.
                out.push(trial("object (git hash-object)", "typed", &typed, &id));
                out.push(trial("object (sha256sum)", "raw", &raw, &id));
            }
        }
    }
    out
}

/// Returns every scheme on the object alone.
pub(super) fn of_object(id: &ObjectId, stored: Option<&Stored>) -> Vec<Trial> {
    match stored {
        Some(Stored::Commit(record)) => commit("object", id, record).collect(),
        Some(Stored::Snapshot(record)) => {
            snapshot("object", id, &record.manifest, &record.directories).collect()
        }
        Some(Stored::Bytes(_)) | None => Vec::new(),
    }
}

fn commit<'a>(
    source: &'a str,
    id: &'a ObjectId,
    record: &CommitRecord,
) -> impl Iterator<Item = Trial> + 'a {
    identity::commit_trials(record)
        .into_iter()
        .map(move |(scheme, yields)| trial(source, scheme.name(), &yields, id))
}

fn snapshot<'a>(
    source: &'a str,
    id: &'a ObjectId,
    manifest: &Manifest,
    directories: &std::collections::BTreeSet<String>,
) -> impl Iterator<Item = Trial> + 'a {
    identity::snapshot_trials(manifest, directories)
        .into_iter()
        .map(move |(scheme, yields)| trial(source, scheme.name(), &yields, id))
}

fn trial(source: &str, scheme: &str, yields: &ObjectId, id: &ObjectId) -> Trial {
    Trial {
        source: source.to_owned(),
        scheme: scheme.to_owned(),
        yields: yields.as_str().to_owned(),
        matches: yields.same(id),
    }
}
