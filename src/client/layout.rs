//! The files of objects, by the client's age, and their contents.

use bytes::Bytes;
use luthier_object::identity::{BlobHasher, BlobScheme, CommitScheme, SnapshotScheme};
use luthier_object::json::JsonError;
use luthier_object::{
    CommitRecord, Kind, MAX_PAYLOAD, ObjectId, Proof, ProofError, Proven, Record, RecordError,
    SnapshotRecord, frame, json,
};
use serde_json::Value;
use std::fs::File;
use std::io::{self, Read};

/// The folder of the branches.
pub const HEADS: &str = ".muse/refs/heads";
/// The file with the current branch.
pub const HEAD: &str = ".muse/HEAD";
/// The file with the repository's name.
pub const REPO: &str = ".muse/repo.json";

/// The largest commit or snapshot file that is read: a payload and its header, in bytes.
pub const LARGEST: u64 = MAX_PAYLOAD as u64 + 64;

/// The reason why the contents of a file are not the object that its name says.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("it is not a JSON object")]
    NoObject,
    #[error("it has no header")]
    NoHeader,
    #[error("its header is not that of a blob of {payload} bytes")]
    OtherHeader { payload: u64 },
    #[error("its bytes do not hash to its id")]
    OtherHash,
    #[error("it has {size} bytes; at most {LARGEST} are read")]
    TooLarge { size: u64 },
    #[error(
        "client 0.1 cannot check it: its id is of a later era ({0}); pull with --layout unified"
    )]
    LaterEra(&'static str),
}

/// A client's way to keep objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `.muse/objects/sha256/ab/<62 hex>`: canonical objects, blobs with their header too. Ids of older
    /// eras are placed by their hex; then a file's bytes do not hash to its name, its payload does.
    Unified,
    /// Client 0.1: `.muse/commits/<id>.json`, `.muse/snapshots/<id>.json` and raw blobs in
    /// `.muse/objects/ab/<62 hex>`. It takes ids of its own era only.
    V01,
}

impl Layout {
    /// Returns the name in `repo.json` and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Layout::Unified => "unified",
            Layout::V01 => "v01",
        }
    }

    /// Returns the layout of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Layout::Unified, Layout::V01]
            .into_iter()
            .find(|layout| layout.name() == name)
    }

    /// Returns the file of an object; `None` for an id without digest, which no client can hold.
    #[must_use]
    pub fn path(self, kind: Kind, id: &ObjectId) -> Option<String> {
        let hex = id.hex()?;
        let (two, rest) = hex.split_at(2);
        Some(match (self, kind) {
            (Layout::Unified, _) => format!(".muse/objects/sha256/{two}/{rest}"),
            (Layout::V01, Kind::Commit) => format!(".muse/commits/{hex}.json"),
            (Layout::V01, Kind::Snapshot) => format!(".muse/snapshots/{hex}.json"),
            (Layout::V01, Kind::Blob) => format!(".muse/objects/{two}/{rest}"),
        })
    }

    /// Returns the contents of an object's file, in parts.
    #[must_use]
    pub fn contents(self, object: &Proven) -> [Bytes; 2] {
        let bytes = object.bytes();
        let text = |value| Bytes::from(json::canonical(&Value::Object(value)) + "\n");
        match (self, object.record()) {
            (Layout::Unified, Record::Blob(_)) => {
                let header = frame::header(Kind::Blob, bytes.len() as u64);
                [header.into(), bytes.clone()]
            }
            (Layout::Unified, _) | (Layout::V01, Record::Blob(_)) => [bytes.clone(), Bytes::new()],
            (Layout::V01, Record::Commit(record, _)) => [text(record.to_map()), Bytes::new()],
            (Layout::V01, Record::Snapshot(record, _)) => [text(record.to_map()), Bytes::new()],
        }
    }

    /// Returns whether this layout's client computes the id that the object has.
    ///
    /// # Errors
    /// The reason why not.
    pub fn takes(self, proof: &Proof) -> Result<(), ContentError> {
        let id = proof.id();
        let own = match proof.record() {
            Record::Commit(_, scheme) => *scheme == CommitScheme::V01,
            Record::Snapshot(_, scheme) => *scheme == SnapshotScheme::V01,
            Record::Blob(scheme) => *scheme == BlobScheme::Raw,
        };
        match self {
            Layout::V01 if !own || id.hex() != Some(id.as_str()) => {
                Err(ContentError::LaterEra(proof.scheme()))
            }
            _ => Ok(()),
        }
    }

    /// Proves the contents of a file against the id that its name says.
    ///
    /// # Errors
    /// The reason why it is not that object.
    pub fn prove(
        self,
        kind: Kind,
        id: &ObjectId,
        file: File,
        size: u64,
    ) -> Result<Proof, ContentError> {
        let proof = match kind {
            Kind::Blob => self.prove_blob(id, file, size)?,
            Kind::Commit | Kind::Snapshot => {
                let bytes = read_whole(file, size)?;
                match self {
                    Layout::Unified => Proof::read(kind, id, &bytes)?,
                    Layout::V01 => prove_json(kind, id, &bytes)?,
                }
            }
        };
        self.takes(&proof)?;
        Ok(proof)
    }

    /// Hashes a blob as it streams by.
    fn prove_blob(self, id: &ObjectId, mut file: File, size: u64) -> Result<Proof, ContentError> {
        let mut start = Vec::new();
        let mut payload = size;
        if self == Layout::Unified {
            file.by_ref().take(32).read_to_end(&mut start)?;
            let nul = start.iter().position(|byte| *byte == 0);
            let header = nul.ok_or(ContentError::NoHeader)? + 1;
            payload = size.saturating_sub(header as u64);
            if start[..header] != frame::header(Kind::Blob, payload) {
                return Err(ContentError::OtherHeader { payload });
            }
            start.drain(..header);
        }
        let mut hasher = BlobHasher::new(payload);
        hasher.update(&start);
        let mut chunk = vec![0; 256 << 10];
        loop {
            match file.read(&mut chunk)? {
                0 => break,
                count => hasher.update(&chunk[..count]),
            }
        }
        let (proof, _) = Proof::of_blob(id, hasher);
        proof.map_err(|_| ContentError::OtherHash)
    }
}

fn read_whole(file: File, size: u64) -> Result<Vec<u8>, ContentError> {
    if size > LARGEST {
        return Err(ContentError::TooLarge { size });
    }
    let mut out = Vec::with_capacity(size as usize);
    file.take(LARGEST + 1).read_to_end(&mut out)?;
    let size = out.len() as u64;
    if size > LARGEST {
        return Err(ContentError::TooLarge { size });
    }
    Ok(out)
}

/// Checks a record of client 0.1, which is JSON without a header.
fn prove_json(kind: Kind, id: &ObjectId, bytes: &[u8]) -> Result<Proof, ContentError> {
    let Value::Object(map) = json::parse(bytes)? else {
        return Err(ContentError::NoObject);
    };
    match kind {
        Kind::Snapshot => {
            let record = SnapshotRecord::from_map(map)?;
            Ok(Proof::of_snapshot(id, record)?)
        }
        _ => {
            let record = CommitRecord::from_map(map)?;
            Ok(Proof::of_commit(id, record)?)
        }
    }
}
