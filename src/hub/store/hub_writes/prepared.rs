//! A hub write that was read for and checked, and that is not written yet: a plan, and what the writer carries out.

use super::admit::Admitted;
use super::commit_writes::Around;
use super::{HubWrite, HubWriteError, HubWriter, Ids, Written};
use crate::index::RepoRow;
use crate::store::Store;
use luthier_object::{Manifest, ObjectId};

/// Reads and checks what the hub's write sites need, and writes nothing.
#[derive(Clone)]
pub struct HubReader {
    store: Store,
}

impl HubReader {
    /// Returns the hub that is read.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
}

impl Store {
    /// Returns the part of the hub's write sites that writes nothing.
    #[must_use]
    pub fn hub_reader(&self) -> HubReader {
        HubReader {
            store: self.clone(),
        }
    }
}

/// The numbers of files that a commit changes, beside the tree before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    pub added: u64,
    pub replaced: u64,
    pub removed: u64,
}

impl Changed {
    /// Counts the differences between two trees.
    pub(super) fn between(before: &Manifest, after: &Manifest) -> Self {
        let mut out = Self::default();
        for (path, id) in after.iter() {
            match before.get(path) {
                None => out.added += 1,
                Some(old) if old != id => out.replaced += 1,
                Some(_) => {}
            }
        }
        let gone = before.iter().filter(|(path, _)| after.get(path).is_none());
        out.removed = gone.count() as u64;
        out
    }
}

/// A hub write, ready to be carried out.
#[derive(Debug)]
pub struct Prepared {
    pub(super) repo: RepoRow,
    pub(super) admitted: Admitted,
    pub(super) around: Around,
    pub(super) ids: Ids,
    /// Of a merge, the commit from which the two histories parted.
    pub base: Option<ObjectId>,
    /// Of a commit or a merge: the files that it changes on its branch.
    pub changed: Option<Changed>,
}

impl Prepared {
    pub(super) const fn new(repo: RepoRow, admitted: Admitted, around: Around, ids: Ids) -> Self {
        Self {
            repo,
            admitted,
            around,
            ids,
            base: None,
            changed: None,
        }
    }

    /// Returns the formulas that its ids are made with.
    #[must_use]
    pub const fn ids(&self) -> Ids {
        self.ids
    }

    /// Returns what it writes, as a journal keeps it.
    #[must_use]
    pub fn told(&self) -> HubWrite {
        self.around.told(&self.repo, &self.admitted)
    }
}

impl HubWriter {
    /// Carries out what was prepared.
    ///
    /// # Errors
    /// Somebody who was quicker, or a side that did not answer.
    pub async fn write(&self, prepared: Prepared) -> Result<Written, HubWriteError> {
        self.commit_writes(&prepared.repo, prepared.admitted, prepared.around)
            .await
    }
}
