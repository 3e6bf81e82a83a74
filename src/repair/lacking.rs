//! What a finding lacks where only a copy of the object would mend it.

use luthier_audit::{Blocks, Code, Finding, Subject};
use serde::{Deserialize, Serialize};

/// Faults that a copy of the object would mend.
pub const WANTED: [Code; 7] = [
    Code::ObjectMissing,
    Code::RowMissing,
    Code::ObjectCorrupt,
    Code::ObjectKind,
    Code::UriMissing,
    Code::UriRefused,
    Code::IdentityUnverifiable,
];

/// An object that is wanted, beside its id and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub kind: Subject,
    /// `owner/slug` of the repository that names it.
    pub repo: String,
    /// Of a blob, a path that it has in a tree; untrusted text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The pulls that fail without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Blocks>,
}

impl Wanted {
    /// Returns what a finding needs; `None` if no copy would help.
    #[must_use]
    pub fn of(finding: &Finding) -> Option<Self> {
        let wanted = WANTED.contains(&finding.code) && finding.kind.kind().is_some();
        wanted.then(|| Self {
            kind: finding.kind,
            repo: finding.repo.clone(),
            path: finding.evidence.path().map(str::to_owned),
            blocks: finding.blocks,
        })
    }

    /// Returns the same, with a path where none was known.
    pub(super) fn under(self, path: Option<String>) -> Self {
        let path = self.path.or(path).filter(|path| !path.is_empty());
        Self { path, ..self }
    }
}
