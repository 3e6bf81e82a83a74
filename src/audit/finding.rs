//! A fault is data: what was found, where, and what speaks for it.

use super::fault::{Auto, Code, Grade, Remedy};
use crate::object::Kind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The subject of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    Commit,
    Snapshot,
    Blob,
    Branch,
    Proposal,
    /// A key of the store that no row names.
    Object,
}

impl Subject {
    /// Returns the word as people and JSON write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Subject::Commit => "commit",
            Subject::Snapshot => "snapshot",
            Subject::Blob => "blob",
            Subject::Branch => "branch",
            Subject::Proposal => "proposal",
            Subject::Object => "object",
        }
    }

    /// Returns the kind of object, where the subject is one with a row.
    #[must_use]
    pub const fn kind(self) -> Option<Kind> {
        match self {
            Subject::Commit => Some(Kind::Commit),
            Subject::Snapshot => Some(Kind::Snapshot),
            Subject::Blob => Some(Kind::Blob),
            _ => None,
        }
    }
}

impl From<Kind> for Subject {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Commit => Subject::Commit,
            Kind::Snapshot => Subject::Snapshot,
            Kind::Blob => Subject::Blob,
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

/// The pulls that a finding stops. `None` where there were too many causes to count each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocks {
    pub commits: Option<u64>,
    pub branches: Option<u64>,
    pub repos: Option<u64>,
}

/// One fault on one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub code: Code,
    pub grade: Grade,
    pub kind: Subject,
    /// The stored id; of a branch `owner/slug:name`, of an object without row its key.
    pub id: String,
    /// `owner/slug`, or the bare repository id where there is no such row; empty where none is known.
    pub repo: String,
    /// The values that were read and expected, and their sources; keys are sorted.
    pub evidence: Map<String, Value>,
    pub remedy: Remedy,
    /// The code's own answer, or `no` where the audit saw that the remedy has nothing to work from.
    pub auto: Auto,
    /// Set on what stops a pull.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Blocks>,
    /// `code id` of the finding that this one only follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<String>,
}

impl Finding {
    /// Returns a finding with its code's grade, remedy and answer.
    #[must_use]
    pub fn new(code: Code, kind: Subject, id: impl Into<String>) -> Self {
        let fault = code.fault();
        Self {
            code,
            grade: fault.grade,
            kind,
            id: id.into(),
            repo: String::new(),
            evidence: Map::new(),
            remedy: fault.remedy,
            auto: fault.auto,
            blocks: None,
            caused_by: None,
        }
    }

    /// Adds one piece of evidence.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.evidence.insert(key.to_owned(), value.into());
        self
    }

    /// Takes the remedy away, saying why there is nothing that it could work from.
    #[must_use]
    pub fn without_remedy(self, why: &str) -> Self {
        Self {
            auto: Auto::No,
            ..self.with("refused", why)
        }
    }

    /// Returns the JSON line of `--json`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut line = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(map) = &mut line {
            map.insert("type".into(), "finding".into());
        }
        line
    }
}
