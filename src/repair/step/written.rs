//! A step as plan files hold it.

use super::Step;
use crate::change::{RowChange, StepChange};
use luthier_audit::{Code, Remedy, Subject};
use serde::{Deserialize, Serialize};

/// [`Step`] with its change as a list of columns.
#[derive(Serialize, Deserialize)]
pub(super) struct WrittenStep {
    number: u64,
    code: Code,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also: Vec<Code>,
    #[serde(default, skip_serializing_if = "is_zero")]
    others: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    more: bool,
    remedy: Remedy,
    kind: Subject,
    id: String,
    repo: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    words: String,
    precondition: String,
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    bytes: u64,
    sha256: Option<String>,
    row: Vec<RowChange>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl From<WrittenStep> for Step {
    fn from(written: WrittenStep) -> Self {
        Self {
            number: written.number,
            code: written.code,
            also: written.also,
            others: written.others,
            more: written.more,
            remedy: written.remedy,
            kind: written.kind,
            id: written.id,
            repo: written.repo,
            path: written.path,
            words: written.words,
            precondition: written.precondition,
            key: written.key,
            from: written.from,
            bytes: written.bytes,
            sha256: written.sha256,
            change: StepChange::read(written.remedy, written.kind, written.row),
        }
    }
}

impl From<Step> for WrittenStep {
    fn from(step: Step) -> Self {
        Self {
            row: step.change.written(),
            number: step.number,
            code: step.code,
            also: step.also,
            others: step.others,
            more: step.more,
            remedy: step.remedy,
            kind: step.kind,
            id: step.id,
            repo: step.repo,
            path: step.path,
            words: step.words,
            precondition: step.precondition,
            key: step.key,
            from: step.from,
            bytes: step.bytes,
            sha256: step.sha256,
        }
    }
}
