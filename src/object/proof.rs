//! Proved objects: whoever holds one neither decodes its bytes nor hashes its id again.
//!
//! Only this file makes the types below, and only where a formula has reproduced the id. A [`Proven`] holds bytes
//! and record; a [`Proof`] holds the record alone (a blob is hashed as it streams by, and not held); a [`Sealed`]
//! holds the bytes alone (an object that waits to be stored).

use super::identity::{self, BlobHasher, BlobScheme, CommitScheme, SnapshotScheme};
use super::{CommitRecord, FrameError, Kind, ObjectId, SnapshotRecord, Tree, commit};
use bytes::Bytes;

/// The record of an object, and the formula that gives its id.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    Commit(Box<CommitRecord>, CommitScheme),
    Snapshot(Box<SnapshotRecord>, SnapshotScheme),
    /// A blob says nothing beside its bytes.
    Blob(BlobScheme),
}

impl Record {
    /// Returns the kind of the object.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Record::Commit(..) => Kind::Commit,
            Record::Snapshot(..) => Kind::Snapshot,
            Record::Blob(_) => Kind::Blob,
        }
    }

    /// Returns the name that the formula has in reports.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        match self {
            Record::Commit(_, scheme) => scheme.name(),
            Record::Snapshot(_, scheme) => scheme.name(),
            Record::Blob(scheme) => scheme.name(),
        }
    }

    /// Returns whether the record has fields that neither its id nor a row speaks for: in one read, such a field may
    /// be another one whose name came wrong.
    #[must_use]
    pub fn says_more(&self) -> bool {
        match self {
            Record::Commit(record, _) => record.rest.len() > commit::defaults().len(),
            Record::Snapshot(record, _) => record.rest != SnapshotRecord::fresh_rest(),
            Record::Blob(_) => false,
        }
    }
}

/// The reason why bytes or a record are not the object of an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The bytes are no canonical object of the kind.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Another commit has the same id: the field holds a NUL.
    #[error("a NUL in its {0} gives other records the same id")]
    AmbiguousCommit(&'static str),
    /// Another tree has the same id.
    #[error("a NUL in a path gives other trees the same id")]
    AmbiguousSnapshot,
    /// The record states another id than the one that was asked for.
    #[error("the object says that it is {0}")]
    OtherId(ObjectId),
    /// No formula gives the id.
    #[error("the bytes do not match the id")]
    NotReproduced,
    /// No formula gives the id, whichever of the spellings that rows lose is tried.
    #[error("no formula reproduces its id")]
    NotRecovered,
}

/// A record that reproduces its id. The object's bytes are not held.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    id: ObjectId,
    record: Record,
}

impl Proof {
    /// Proves that `bytes` (of a blob, its raw bytes) are the object `id`.
    ///
    /// # Errors
    /// The reason why they are not.
    pub fn read(kind: Kind, id: &ObjectId, bytes: &[u8]) -> Result<Self, ProofError> {
        match kind {
            Kind::Commit => Self::of_commit(id, CommitRecord::decode(bytes)?),
            Kind::Snapshot => Self::of_snapshot(id, SnapshotRecord::decode(bytes)?),
            Kind::Blob => match identity::verify_blob(id, bytes) {
                Some(scheme) => Ok(Self::new(id, Record::Blob(scheme))),
                None => Err(ProofError::NotReproduced),
            },
        }
    }

    /// Returns whether `bytes` are an object of another kind with the digest of `id`. Ids of March to May 2026 do not
    /// cover the kind: the empty tree and the empty file share theirs.
    #[must_use]
    pub fn of_another_kind(kind: Kind, id: &ObjectId, bytes: &[u8]) -> bool {
        let mut others = Kind::ALL.into_iter().filter(|other| *other != kind);
        others.any(|other| Self::read(other, id, bytes).is_ok())
    }

    /// Proves that a record is the commit `id`.
    ///
    /// # Errors
    /// The reason why it is not.
    pub fn of_commit(id: &ObjectId, record: CommitRecord) -> Result<Self, ProofError> {
        if let Some(field) = identity::ambiguous_commit(&record) {
            return Err(ProofError::AmbiguousCommit(field));
        }
        if !record.commit_id.same(id) {
            return Err(ProofError::OtherId(record.commit_id));
        }
        let scheme = identity::verify_commit(&record).ok_or(ProofError::NotReproduced)?;
        Ok(Self::new(id, Record::Commit(Box::new(record), scheme)))
    }

    /// Proves that a record is the snapshot `id`.
    ///
    /// # Errors
    /// The reason why it is not.
    pub fn of_snapshot(id: &ObjectId, record: SnapshotRecord) -> Result<Self, ProofError> {
        if !record.snapshot_id.same(id) {
            return Err(ProofError::OtherId(record.snapshot_id));
        }
        if identity::ambiguous_snapshot(&record.manifest, &record.directories).is_some() {
            return Err(ProofError::AmbiguousSnapshot);
        }
        let scheme = identity::verify_snapshot(id, &record.manifest, &record.directories)
            .ok_or(ProofError::NotReproduced)?;
        Ok(Self::new(id, Record::Snapshot(Box::new(record), scheme)))
    }

    /// Proves the blob whose bytes have all gone through `hasher`; with it comes their sha256.
    pub fn of_blob(id: &ObjectId, hasher: BlobHasher) -> (Result<Self, ProofError>, [u8; 32]) {
        let (scheme, sha256) = hasher.finish_with_sha256(id);
        let proof = scheme.map(|scheme| Self::new(id, Record::Blob(scheme)));
        (proof.ok_or(ProofError::NotReproduced), sha256)
    }

    fn new(id: &ObjectId, record: Record) -> Self {
        Self {
            id: id.clone(),
            record,
        }
    }

    /// Returns the id, as it was asked for.
    #[must_use]
    pub const fn id(&self) -> &ObjectId {
        &self.id
    }

    /// Returns the kind of the object.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.record.kind()
    }

    /// Returns what the object says.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// Returns the name that the formula has in reports.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        self.record.scheme()
    }

    /// Returns what the object says, and leaves the rest.
    #[must_use]
    pub fn into_record(self) -> Record {
        self.record
    }

    /// Returns the tree of a snapshot; `None` for another kind.
    #[must_use]
    pub fn tree(&self) -> Option<Tree> {
        match &self.record {
            Record::Snapshot(record, scheme) => Some(Tree::of_snapshot(&self.id, record, *scheme)),
            Record::Commit(..) | Record::Blob(_) => None,
        }
    }
}

/// An object whose bytes prove its id, with everything that the proof brought to light.
#[derive(Clone, Debug, PartialEq)]
pub struct Proven {
    proof: Proof,
    bytes: Bytes,
}

impl Proven {
    /// Proves that `bytes` are the object `id`: a canonical object, or the raw bytes of a blob.
    ///
    /// # Errors
    /// The reason why they are not.
    pub fn read(kind: Kind, id: &ObjectId, bytes: Bytes) -> Result<Self, ProofError> {
        let proof = Proof::read(kind, id, &bytes)?;
        Ok(Self { proof, bytes })
    }

    /// Makes the commit that a row states, in the spelling that its id was made from.
    ///
    /// # Errors
    /// No spelling reproduces the id, or the object would be one that is not read.
    pub fn recover_commit(stated: &CommitRecord) -> Result<Self, ProofError> {
        if let Some(field) = identity::ambiguous_commit(stated) {
            return Err(ProofError::AmbiguousCommit(field));
        }
        let found = identity::recover_commit(stated).ok_or(ProofError::NotRecovered)?;
        let bytes = Bytes::from(found.record.encode());
        let record = CommitRecord::decode(&bytes)?;
        // What is read back has the id only as long as it is what was hashed.
        if record != found.record {
            return Err(ProofError::NotRecovered);
        }
        let record = Record::Commit(Box::new(record), found.scheme);
        Ok(Self {
            proof: Proof::new(&stated.commit_id, record),
            bytes,
        })
    }

    /// Makes the snapshot of a proved tree; `created_at` is ISO-8601.
    ///
    /// # Errors
    /// Another tree has the same id, or the object would be one that is not read.
    pub fn of_tree(tree: Tree, created_at: String) -> Result<Self, ProofError> {
        let scheme = tree.scheme();
        let record = tree.into_record(created_at);
        if identity::ambiguous_snapshot(&record.manifest, &record.directories).is_some() {
            return Err(ProofError::AmbiguousSnapshot);
        }
        let bytes = Bytes::from(record.encode());
        let read = SnapshotRecord::decode(&bytes)?;
        if read != record {
            return Err(ProofError::NotReproduced);
        }
        let id = record.snapshot_id.clone();
        let record = Record::Snapshot(Box::new(record), scheme);
        Ok(Self {
            proof: Proof::new(&id, record),
            bytes,
        })
    }

    /// Returns the proof without the bytes.
    #[must_use]
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }

    /// Returns the id, as it was asked for.
    #[must_use]
    pub const fn id(&self) -> &ObjectId {
        self.proof.id()
    }

    /// Returns the kind of the object.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.proof.kind()
    }

    /// Returns what the object says.
    #[must_use]
    pub const fn record(&self) -> &Record {
        self.proof.record()
    }

    /// Returns the name that the formula has in reports.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        self.proof.scheme()
    }

    /// Returns the canonical object, or the raw bytes of a blob.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Leaves the bytes.
    #[must_use]
    pub fn into_proof(self) -> Proof {
        self.proof
    }

    /// Returns the object without its record: a decoded tree takes several times the memory of its bytes.
    #[must_use]
    pub fn sealed(&self) -> Sealed {
        Sealed {
            kind: self.kind(),
            id: self.id().clone(),
            bytes: self.bytes.clone(),
        }
    }
}

/// An object whose bytes prove its id, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    kind: Kind,
    id: ObjectId,
    bytes: Bytes,
}

impl Sealed {
    /// Returns the kind of the object.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the id that the bytes prove.
    #[must_use]
    pub const fn id(&self) -> &ObjectId {
        &self.id
    }

    /// Returns the canonical object, or the raw bytes of a blob.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}
