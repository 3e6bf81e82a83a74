//! One object from every side: its row, its canonical object, and each difference.

use super::{AuditError, Finding};
use crate::object::{Kind, ObjectId};
use crate::store::Store;
use serde::Serialize;

/// How much of an object the console holds: 256 KiB.
pub const PREVIEW_BYTES: usize = 256 << 10;

/// A field that row and object both have something to say about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldDiff {
    pub name: String,
    /// As JSON or plain text; `None` where that side has no such field.
    pub row: Option<String>,
    pub object: Option<String>,
    /// The id hashes this field.
    pub identity: bool,
    pub same: bool,
    /// Why a difference is none, or what it comes from: `spelling only`, `the offset is lost in rows`.
    pub note: String,
}

/// What the store holds for an id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum ObjectView {
    /// The row names no object; `found` lists keys that hold one all the same.
    Unlinked { found: Vec<String> },
    /// Absent by two witnesses.
    Absent { key: String },
    /// The question has no answer.
    Unknown { key: String, why: String },
    /// The URI is not followed.
    Refused { uri: String, why: String },
    /// Bytes are there.
    Present {
        key: String,
        /// Bytes.
        size: u64,
        /// The first [`PREVIEW_BYTES`]; not in JSON.
        #[serde(skip)]
        bytes: Vec<u8>,
        /// Bytes of the header, the NUL included; 0 where there is none.
        header_len: usize,
        /// The scheme that proves the id.
        proved: Option<String>,
        /// What is wrong with the bytes, with the offset where it shows.
        problem: Option<(usize, String)>,
        /// The payload's JSON, indented, for people; `None` where it is no JSON.
        pretty: Option<String>,
    },
}

/// One identity scheme tried on one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// `row`, `row with empty author`, `object`, …
    pub source: String,
    pub scheme: String,
    pub yields: String,
    pub matches: bool,
}

/// Another object that this one names, or that names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkTo {
    /// `parent`, `snapshot`, `blob src/a.py`, `branch main`, …
    pub role: String,
    pub kind: Kind,
    pub id: String,
    /// Whether a row with this id exists.
    pub exists: bool,
}

/// One commit, snapshot or blob, from every side. Text is as the hub has it: not yet safe to show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inspection {
    pub kind: Kind,
    pub id: String,
    /// `owner/slug`, or the bare repository id.
    pub repo: String,
    /// One sentence: what a client that pulls it gets.
    pub verdict: String,
    /// Columns of the row in their order; empty where there is no row.
    pub row: Vec<(String, Option<String>)>,
    pub object: ObjectView,
    pub fields: Vec<FieldDiff>,
    pub identity: Vec<Trial>,
    /// At most 1,000.
    pub links: Vec<LinkTo>,
    /// What an audit of this id alone finds, at depth bytes.
    pub findings: Vec<Finding>,
}

/// Resolves an id that may be cut to a unique prefix of 4 or more digits.
///
/// # Errors
/// No row starts with it, or more than one does.
pub async fn resolve(_store: &Store, _id: &str) -> Result<(Kind, ObjectId), AuditError> {
    todo!()
}

/// Looks at one object from every side.
///
/// # Errors
/// A side that cannot be read at all.
pub async fn inspect(
    _store: &Store,
    _kind: Kind,
    _id: &ObjectId,
) -> Result<Inspection, AuditError> {
    todo!()
}
