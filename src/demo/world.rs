//! The hub while it is being made: what waits to be written, and the one way in which it is.

use super::DemoError;
use super::draft::{Grown, Tip};
use super::item::{Item, Placement, Pointer, Row};
use super::packs::Pack;
use super::repository::Repository;
use bytes::Bytes;
use futures_util::StreamExt;
use luthier_hub::backend::{Key, Put, layout};
use luthier_hub::index::{MembershipRow, NewRows};
use luthier_hub::progress::Progress;
use luthier_hub::store::Making;
use luthier_object::{Kind, ObjectId, Proven, Sealed};
use std::collections::{BTreeMap, HashSet};

/// The data that waits to be written, and its repositories.
pub(super) struct World {
    pub(super) making: Making,
    pub repos: BTreeMap<String, Repository>,
    pub rows: NewRows,
    waiting: Vec<Waiting>,
    /// Objects of the waiting rows: what two commits share is written once.
    seen: HashSet<(Kind, ObjectId)>,
    /// Keys that no row speaks for: only their age says that no push is under way.
    pub rowless: Vec<Key>,
    /// Commits and snapshots are rows alone, without objects.
    pub rows_alone: bool,
    /// The rows of commits and snapshots that name no object, where they are rows alone.
    pub unlinked: Vec<(Kind, ObjectId)>,
}

enum Waiting {
    Object(Sealed),
    Plant(Key, Bytes),
}

impl World {
    pub(super) fn new(making: Making) -> Self {
        Self {
            making,
            repos: BTreeMap::new(),
            rows: NewRows::default(),
            waiting: Vec::new(),
            seen: HashSet::new(),
            rowless: Vec::new(),
            rows_alone: false,
            unlinked: Vec::new(),
        }
    }

    /// Returns the repository `owner/slug`.
    pub(super) fn repo(&mut self, path: &str) -> Result<&mut Repository, DemoError> {
        let found = self.repos.get_mut(path);
        found.ok_or_else(|| DemoError::Script(format!("no repository {path}")))
    }

    /// Takes a commit in and moves its branch.
    pub(super) fn keep(&mut self, mut grown: Grown) -> Result<(), DemoError> {
        if self.repo(&grown.repo)?.packs {
            self.pack(&mut grown)?;
        }
        if self.rows_alone {
            grown.commit.unstore();
            grown.snapshot.unstore();
        }
        let tip = Tip {
            commit: grown.commit.id.clone(),
            snapshot: grown.snapshot.id.clone(),
            tree: grown.tree,
        };
        for blob in grown.blobs {
            self.add(blob)?;
        }
        self.add(grown.snapshot)?;
        self.add(grown.commit)?;
        self.repo(&grown.repo)?.set_tip(&grown.branch, tip);
        Ok(())
    }

    /// Puts the blobs of a commit into a pack of their own.
    fn pack(&mut self, grown: &mut Grown) -> Result<(), DemoError> {
        let Some(pack) = Pack::of(grown) else {
            return Ok(());
        };
        for blob in &mut grown.blobs {
            blob.place = Placement::Nowhere;
            blob.pointer = Pointer::Text(format!("mpack://{}/{}", pack.id, blob.id));
        }
        if grown.packing.indexed {
            self.rows.packed.extend(pack.rows);
        }
        if grown.packing.stored {
            let key = Key::new(format!("objects/{}", pack.id));
            let key = key.map_err(|why| DemoError::Script(why.to_string()))?;
            self.waiting.push(Waiting::Plant(key, pack.bytes.into()));
        }
        Ok(())
    }

    /// Returns the start of every URI in this store.
    pub(super) fn root(&self) -> Result<String, DemoError> {
        let key = Key::new("x").map_err(|why| DemoError::Script(why.to_string()))?;
        let mut uri = self.making.writer().store().backend().uri_for(&key);
        uri.truncate(uri.len() - key.as_str().len());
        Ok(uri)
    }

    /// Takes one row and its object in.
    pub(super) fn add<R: Row>(&mut self, mut item: Item<R>) -> Result<(), DemoError> {
        let own = || {
            let none = || DemoError::Script(format!("the id {} holds no digest", item.id));
            layout::key_for(&item.id).ok_or_else(none)
        };
        let uri = |key: &Key| self.making.writer().store().backend().uri_for(key);
        let pointer = match &item.pointer {
            Pointer::Own => Some(uri(&own()?)),
            Pointer::At(key) => Some(uri(key)),
            Pointer::Text(text) => Some(text.clone()),
            Pointer::Null => None,
        };
        let is_new = self.seen.insert((R::KIND, item.id.clone()));
        let waiting = match item.place {
            _ if !is_new => None,
            Placement::Proved => Some(Waiting::Object(proved(&item)?)),
            Placement::Spoiled(ref bytes) => Some(Waiting::Plant(own()?, bytes.clone().into())),
            Placement::At(ref key) => Some(Waiting::Plant(key.clone(), item.bytes.clone())),
            Placement::Nowhere => None,
        };
        if !item.recorded && matches!(item.place, Placement::Proved) {
            self.rowless.push(own()?);
        }
        if is_new {
            self.waiting.extend(waiting);
            if item.recorded {
                if self.rows_alone && R::KIND != Kind::Blob {
                    self.unlinked.push((R::KIND, item.id.clone()));
                }
                item.row.point(pointer);
                item.row.join(&mut self.rows);
            }
        }
        for holder in item.holders {
            self.hold(R::KIND, &item.id, holder);
        }
        Ok(())
    }

    /// Says that a repository holds a row.
    pub(super) fn hold(&mut self, kind: Kind, id: &ObjectId, repo_id: String) {
        let id = id.as_str().to_owned();
        let membership = MembershipRow { id, repo_id };
        self.rows.memberships.push((kind, membership));
    }

    /// Puts bytes under a key that no row names.
    pub(super) fn leave(&mut self, key: Key, bytes: Vec<u8>) {
        self.rowless.push(key.clone());
        self.waiting.push(Waiting::Plant(key, bytes.into()));
    }

    /// Writes what waits: every object, then the rows.
    pub(super) async fn flush(&mut self, progress: &Progress) -> Result<(), DemoError> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut writes = futures_util::stream::iter(waiting)
            .map(|object| write(&self.making, object))
            .buffer_unordered(concurrency());
        while let Some(written) = writes.next().await {
            let size = written?;
            progress.checkpoint().await?;
            progress.update(|f| {
                f.done += 1;
                f.bytes += size;
            });
        }
        drop(writes);
        self.seen.clear();
        let rows = std::mem::take(&mut self.rows);
        Ok(self.making.insert(&rows).await?)
    }

    /// Takes the rows of the repositories and their branches in: their stories have ended.
    pub(super) fn close(&mut self) {
        for repository in self.repos.values() {
            self.rows.repos.push(repository.closing_row());
            repository.close(&mut self.rows);
        }
    }

    /// Counts the waiting objects.
    pub(super) fn waiting(&self) -> u64 {
        self.waiting.len() as u64
    }
}

/// Returns the item's object, checked against its id.
fn proved<R: Row>(item: &Item<R>) -> Result<Sealed, DemoError> {
    match Proven::read(R::KIND, &item.id, item.bytes.clone()) {
        Ok(object) => Ok(object.sealed()),
        Err(why) => Err(DemoError::Refused(format!(
            "{} {}: {why}",
            R::KIND,
            item.id
        ))),
    }
}

/// Writes under way at once: no put waits for a disk, so more than there are cores only get in each
/// other's way.
fn concurrency() -> usize {
    std::thread::available_parallelism().map_or(4, |cores| cores.get().min(16))
}

/// Writes one object; how many bytes it has.
async fn write(making: &Making, waiting: Waiting) -> Result<u64, DemoError> {
    match waiting {
        Waiting::Object(object) => match making.writer().put_object(&object).await? {
            Ok(_) => Ok(object.bytes().len() as u64),
            Err(why) => {
                let (kind, id) = (object.kind(), object.id());
                Err(DemoError::Refused(format!("{kind} {id}: {why:?}")))
            }
        },
        Waiting::Plant(key, bytes) => {
            let size = bytes.len() as u64;
            match making.plant(&key, bytes).await? {
                Put::Stored => Ok(size),
                Put::AlreadyThere => Err(DemoError::Refused(format!("{key} is taken"))),
            }
        }
    }
}
