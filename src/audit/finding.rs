//! A fault is data: what was found, where, and what speaks for it.

use super::evidence::Evidence;
use super::fault::{Auto, Code, Grade, Remedy};
use luthier_object::Kind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashSet;

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
    Pack,
    Repo,
}

impl Subject {
    /// Every subject, in the order of their numbers in files of an audit.
    pub const ALL: [Self; 8] = [
        Self::Commit,
        Self::Snapshot,
        Self::Blob,
        Self::Branch,
        Self::Proposal,
        Self::Object,
        Self::Pack,
        Self::Repo,
    ];

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
            Subject::Pack => "pack",
            Subject::Repo => "repo",
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

impl Blocks {
    /// What a finding on a branch stops: its own pull.
    pub const ONE_BRANCH: Self = Self {
        commits: Some(0),
        branches: Some(1),
        repos: Some(1),
    };

    /// Adds branches that no walk comes to, by the repository of each. Where a walk came to others, nothing says whether
    /// they are of the same repositories.
    pub(crate) fn with_heads(self, repos: Option<&Vec<String>>) -> Self {
        let Some(repos) = repos else { return self };
        let distinct: HashSet<&String> = repos.iter().collect();
        Self {
            branches: self.branches.map(|count| count + repos.len() as u64),
            repos: Some(distinct.len() as u64).filter(|_| self.branches == Some(0)),
            ..self
        }
    }
}

/// One fault on one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct Finding {
    /// The code of the evidence.
    pub code: Code,
    pub grade: Grade,
    pub kind: Subject,
    /// The stored id; of a branch `owner/slug:name`, of an object without row its key.
    pub id: String,
    /// `owner/slug`, or the bare repository id where there is no such row; empty where none is known.
    pub repo: String,
    /// What was read, from where, and what was expected.
    pub evidence: Evidence,
    /// Why the remedy has nothing to work from.
    pub refused: Option<String>,
    pub remedy: Remedy,
    /// The code's own answer, or `no` where the audit saw that the remedy has nothing to work from.
    pub auto: Auto,
    /// Set on what stops a pull.
    pub blocks: Option<Blocks>,
    /// `code id` of the finding that this one only follows from.
    pub caused_by: Option<String>,
}

impl Finding {
    /// Returns a finding with its code's grade, remedy and answer.
    #[must_use]
    pub fn new(evidence: Evidence, kind: Subject, id: impl Into<String>) -> Self {
        let fault = evidence.code().fault();
        Self {
            code: fault.code,
            grade: fault.grade,
            kind,
            id: id.into(),
            repo: String::new(),
            evidence,
            refused: None,
            remedy: fault.remedy,
            auto: fault.auto,
            blocks: None,
            caused_by: None,
        }
    }

    /// Takes the remedy away, saying why there is nothing that it could work from.
    #[must_use]
    pub fn without_remedy(self, why: &str) -> Self {
        Self {
            auto: Auto::No,
            refused: Some(why.to_owned()),
            ..self
        }
    }

    /// Returns why Luthier cannot repair this, and what a person can do; `None` where it can.
    #[must_use]
    pub fn by_hand(&self) -> Option<String> {
        if self.auto != Auto::No && self.remedy != Remedy::None {
            return None;
        }
        if self.code == Code::Cycle && self.caused_by.is_some() {
            return Some("The repair of that ends the cycle".to_owned());
        }
        let how = self.code.by_hand();
        if let (None, Grade::Info, Some(how)) = (&self.refused, self.grade, &how) {
            return Some(how.clone());
        }
        let why = self.refused.as_ref().map(|why| format!(": {why}"));
        let how = how.map(|how| format!(". {how}"));
        Some(format!(
            "Luthier cannot repair this{}{}",
            why.unwrap_or_default(),
            how.unwrap_or_default()
        ))
    }

    /// Returns the evidence by name, sorted, with why there is no remedy among it: as files and people get it.
    #[must_use]
    pub fn told(&self) -> Map<String, Value> {
        let mut fields = self.evidence.fields();
        if let Some(why) = &self.refused {
            fields.insert(REFUSED.to_owned(), why.as_str().into());
        }
        fields
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

/// The name, among the evidence, of why there is no remedy.
const REFUSED: &str = "refused";

/// A finding as files hold it.
#[derive(Serialize, Deserialize)]
struct Written {
    code: Code,
    grade: Grade,
    kind: Subject,
    id: String,
    repo: String,
    evidence: Map<String, Value>,
    remedy: Remedy,
    auto: Auto,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blocks: Option<Blocks>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caused_by: Option<String>,
}

impl From<Finding> for Written {
    fn from(finding: Finding) -> Self {
        Self {
            evidence: finding.told(),
            code: finding.code,
            grade: finding.grade,
            kind: finding.kind,
            id: finding.id,
            repo: finding.repo,
            remedy: finding.remedy,
            auto: finding.auto,
            blocks: finding.blocks,
            caused_by: finding.caused_by,
        }
    }
}

impl TryFrom<Written> for Finding {
    type Error = serde_json::Error;

    fn try_from(mut written: Written) -> Result<Self, Self::Error> {
        // Of a finding with a field of this name on two sides, it is an object.
        let refused = match written.evidence.get(REFUSED) {
            Some(Value::String(why)) => Some(why.clone()),
            _ => None,
        };
        if refused.is_some() {
            written.evidence.remove(REFUSED);
        }
        Ok(Self {
            evidence: Evidence::read(written.code, written.evidence)?,
            code: written.code,
            grade: written.grade,
            kind: written.kind,
            id: written.id,
            repo: written.repo,
            refused,
            remedy: written.remedy,
            auto: written.auto,
            blocks: written.blocks,
            caused_by: written.caused_by,
        })
    }
}

#[cfg(test)]
#[path = "../../tests/audit/evidence.rs"]
mod tests;
