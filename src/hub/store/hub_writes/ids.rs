//! New ids follow the repository: a client verifies a merge by the formula that it knows.

use super::{HubReader, HubWriteError};
use crate::index::RepoRow;
use crate::store::ServeError;
use luthier_object::identity::{self, CommitScheme, SnapshotScheme};
use luthier_object::{CommitRecord, Kind, Manifest, ObjectId, Proof, Record, SnapshotRecord};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The formulas that new ids of a repository are made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ids {
    /// Those of today's clients.
    #[default]
    Typed,
    /// Those of April and May 2026.
    Rc7,
    /// Those of March 2026: without a prefix, and a snapshot's id does not cover its directories.
    V01,
}

impl Ids {
    /// Returns the name that the formulas have in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Ids::Typed => "typed",
            Ids::Rc7 => "rc7",
            Ids::V01 => "v01",
        }
    }

    const fn of(scheme: CommitScheme) -> Self {
        match scheme {
            CommitScheme::Typed => Ids::Typed,
            CommitScheme::Rc7 => Ids::Rc7,
            CommitScheme::V01 | CommitScheme::Pipe => Ids::V01,
        }
    }

    /// Gives a commit its id.
    pub(super) fn name_commit(self, record: &mut CommitRecord) {
        let scheme = match self {
            Ids::Typed => CommitScheme::Typed,
            Ids::Rc7 => CommitScheme::Rc7,
            Ids::V01 => CommitScheme::V01,
        };
        record.commit_id = scheme.id_of(record);
    }

    /// Makes the record of a tree. Clients of March 2026 know no directories.
    pub(super) fn snapshot(
        self,
        manifest: Manifest,
        directories: BTreeSet<String>,
        created_at: String,
    ) -> SnapshotRecord {
        let (scheme, directories) = match self {
            Ids::Typed => (SnapshotScheme::Typed, directories),
            Ids::Rc7 => (SnapshotScheme::Rc7, directories),
            Ids::V01 => (SnapshotScheme::V01, BTreeSet::new()),
        };
        SnapshotRecord {
            snapshot_id: scheme.id_of(&manifest, &directories),
            manifest: Arc::new(manifest),
            directories,
            created_at,
            rest: SnapshotRecord::fresh_rest(),
        }
    }

    /// Returns the id of a blob.
    pub(super) fn blob(self, bytes: &[u8]) -> ObjectId {
        match self {
            Ids::Typed => identity::blob_id(bytes),
            Ids::Rc7 => ObjectId::typed(&Sha256::digest(bytes).into()),
            Ids::V01 => ObjectId::plain(&Sha256::digest(bytes).into()),
        }
    }
}

impl HubReader {
    /// Returns the formulas that made the id of a commit, which those behind it follow. A commit that nothing proves
    /// says only whether ids have a prefix.
    ///
    /// # Errors
    /// A side that did not answer.
    pub async fn ids_of(&self, head: &ObjectId) -> Result<Ids, HubWriteError> {
        let served = match self.store().serve(Kind::Commit, head).await {
            Ok(served) => Some(served),
            Err(ServeError::Store(error)) => return Err(error.into()),
            Err(_) => None,
        };
        let proof = served.map(|served| Proof::read(Kind::Commit, head, &served.bytes));
        Ok(
            match proof
                .as_ref()
                .map(|proof| proof.as_ref().map(Proof::record))
            {
                Some(Ok(Record::Commit(_, scheme))) => Ids::of(*scheme),
                _ if head.hex() == Some(head.as_str()) => Ids::V01,
                _ => Ids::Typed,
            },
        )
    }

    /// Returns the formulas for a commit behind `head`; for the first of a branch, those of the default branch.
    pub(super) async fn ids_behind(
        &self,
        repo: &RepoRow,
        head: Option<&ObjectId>,
    ) -> Result<Ids, HubWriteError> {
        let default = match head {
            Some(_) => None,
            None => self.head(&repo.repo_id, &repo.default_branch).await?,
        };
        match head.or(default.as_ref()) {
            Some(head) => self.ids_of(head).await,
            None => Ok(Ids::default()),
        }
    }
}
