//! Looks up the rows of ids, a page at a time.

use super::queue::{Known, PAGE, Planned, Task, Waiting};
use super::refusal::Why;
use super::stated::Stated;
use super::{Fetch, FetchError};
use crate::index::{BlobRow, CommitRow, SnapshotRow};
use crate::store::reconstruct::non_empty;
use crate::store::{Store, StoreError};
use luthier_object::{Kind, ObjectId, identity};
use std::collections::HashMap;

/// The bytes that the rows of one request should have.
const ROWS_WEIGH: u64 = 8 << 20;

/// A task and the bytes that it may take.
type Found = (Task, u64);

impl Fetch {
    /// Looks up the next page of a kind: first among the objects that the client has, then in the rows.
    pub(super) async fn fill(&mut self, kind: Kind) -> Result<(), FetchError> {
        let waiting = self.lanes[kind as usize].take();
        let ids: Vec<ObjectId> = waiting.iter().map(|w| w.id.clone()).collect();
        let sizes = match &self.holder {
            Some(holder) => holder.sizes(kind, &ids).await.map_err(FetchError::Holder)?,
            None => vec![None; ids.len()],
        };
        let asked = ids.iter().zip(&sizes).filter(|(_, size)| size.is_none());
        let asked: Vec<String> = asked.map(|(id, _)| id.as_str().to_owned()).collect();
        let mut found = self.ask(kind, &asked).await?;
        let planned = waiting.into_iter().zip(sizes).map(|(waiting, size)| {
            let (task, weight) = match (size, &self.holder) {
                // Nothing is remembered of a blob that the client has.
                (Some(_), Some(holder)) if kind == Kind::Blob => (Task::Held(holder.clone()), 0),
                (Some(size), Some(holder)) => (Task::Held(holder.clone()), size),
                _ => found
                    .remove(waiting.id.as_str())
                    .unwrap_or_else(|| rowless(kind, &waiting)),
            };
            Planned {
                waiting,
                task,
                weight,
            }
        });
        self.lanes[kind as usize].plan(planned.collect());
        Ok(())
    }

    /// Reads the rows with these ids.
    async fn ask(
        &mut self,
        kind: Kind,
        ids: &[String],
    ) -> Result<HashMap<String, Found>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let (store, index) = (&self.store, self.store.index());
        let (mut found, mut heavy) = (HashMap::with_capacity(ids.len()), 0);
        match kind {
            Kind::Commit => {
                for row in index.commits_by_id(ids).await? {
                    heavy += commit_weight(&row);
                    found.insert(row.commit_id.clone(), commit(store, row));
                }
            }
            Kind::Snapshot => {
                for row in index.snapshots_by_id(ids).await? {
                    heavy += snapshot_weight(&row);
                    found.insert(row.snapshot_id.clone(), snapshot(store, row));
                }
            }
            Kind::Blob => {
                let rows = index.blobs_by_id(ids).await?;
                let packed = rows.iter().filter(|row| is_packed(row));
                let packed: Vec<String> = packed.map(|row| row.object_id.clone()).collect();
                store.expect_packed(&packed).await?;
                for row in rows {
                    found.insert(row.object_id.clone(), blob(store, &row));
                }
            }
        }
        self.lanes[kind as usize].rows = fitting(ids.len(), heavy);
        Ok(found)
    }
}

/// Returns how many rows to request next, after this many had this size in bytes: at most twice as many.
fn fitting(asked: usize, weighed: u64) -> usize {
    let each = (weighed / asked.max(1) as u64).max(1);
    let fits = usize::try_from(ROWS_WEIGH / each).unwrap_or(PAGE);
    fits.min(asked * 2).clamp(1, PAGE)
}

/// Returns the answer for an id without a row: the empty blob is known by its id.
fn rowless(kind: Kind, waiting: &Waiting) -> Found {
    match kind {
        Kind::Blob if identity::is_empty_blob(&waiting.id) => (Task::Known(Known::Empty), 0),
        _ => (refused(Why::NoRow), 0),
    }
}

fn commit_weight(row: &CommitRow) -> u64 {
    (row.message.len() + row.commit_meta.len() + row.parent_ids.len() + row.author.len()) as u64
}

fn snapshot_weight(row: &SnapshotRow) -> u64 {
    let cell = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
    let directories = row.directories.as_ref().map_or(0, String::len);
    (cell(&row.manifest) + cell(&row.delta) + directories) as u64
}

fn commit(store: &Store, row: CommitRow) -> Found {
    let treeless = non_empty(row.snapshot_id.as_deref()).is_none();
    let weight = 2 * commit_weight(&row);
    if ObjectId::new(&row.commit_id).digest().is_none() {
        // The missing tree is the first thing that a person needs to know.
        let why = if treeless {
            Why::Treeless
        } else {
            Why::Malformed
        };
        return (refused(why), 0);
    }
    let task = match row.storage_uri.clone() {
        Some(uri) => {
            let id = ObjectId::new(&row.commit_id);
            stored(store, (Kind::Commit, &id), &uri, || Stated::by_commit(row))
        }
        None => Task::Known(Known::Commit(Box::new(row))),
    };
    (task, weight)
}

fn snapshot(store: &Store, row: SnapshotRow) -> Found {
    let id = ObjectId::new(&row.snapshot_id);
    if id.digest().is_none() {
        return (refused(Why::Malformed), 0);
    }
    // An entry has a path and an id of 71 characters.
    let entries = row.entry_count.unwrap_or(0).clamp(0, 1 << 20) as u64;
    let weight = snapshot_weight(&row).max(entries * 160);
    match row.storage_uri.as_deref() {
        Some(uri) => {
            let of = (Kind::Snapshot, &id);
            (stored(store, of, uri, || Stated::by_snapshot(&row)), weight)
        }
        None => (Task::Known(Known::Snapshot(Box::new(row))), weight),
    }
}

fn blob(store: &Store, row: &BlobRow) -> Found {
    let id = ObjectId::new(&row.object_id);
    if id.digest().is_none() {
        return (refused(Why::Malformed), 0);
    }
    let weight = u64::try_from(row.size_bytes).unwrap_or(0);
    match (row.storage_uri.as_deref(), row.disk_path.as_deref()) {
        (Some(uri), _) => (
            stored(store, (Kind::Blob, &id), uri, || Stated::Blob),
            weight,
        ),
        (None, Some(path)) => {
            let uri = format!("local://{path}");
            (
                stored(store, (Kind::Blob, &id), &uri, || Stated::Blob),
                weight,
            )
        }
        (None, None) if identity::is_empty_blob(&id) => (Task::Known(Known::Empty), 0),
        (None, None) => (Task::Known(Known::InRow), weight),
    }
}

fn stored(
    store: &Store,
    (kind, id): (Kind, &ObjectId),
    uri: &str,
    stated: impl FnOnce() -> Stated,
) -> Task {
    match store.locate(kind, id, uri) {
        Ok(key) => Task::Stored(key, stated()),
        Err(why) => refused(Why::NotFollowed {
            uri: uri.to_owned(),
            why,
        }),
    }
}

/// Returns whether a blob lies in a pack, by its row.
fn is_packed(row: &BlobRow) -> bool {
    let uri = row.storage_uri.as_deref();
    uri.is_some_and(|uri| uri.starts_with("mpack://"))
}

fn refused(why: Why) -> Task {
    Task::Known(Known::Refused(why))
}
