//! Objects that only a copy from elsewhere restores, made safe to show.

use super::{HubId, clean};
use luthier_audit::{Blocks, Code, Subject};
use luthier_repair::Refusal;

/// A line of the wanted list.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedLine {
    pub kind: Subject,
    pub id: HubId,
    pub repo: HubId,
    /// Of a blob, a path that it has in a tree.
    pub path: Option<String>,
    pub code: Code,
    pub why: String,
    pub blocks: Option<Blocks>,
}

impl WantedLine {
    /// Returns the line of a refusal; `None` if no copy helps.
    #[must_use]
    pub fn of(refusal: &Refusal) -> Option<Self> {
        let wanted = refusal.wanted.as_ref()?;
        Some(Self {
            kind: wanted.kind,
            id: HubId::new(&refusal.id),
            repo: HubId::new(&wanted.repo),
            path: wanted.path.as_deref().map(clean),
            code: refusal.code,
            why: clean(&refusal.why),
            blocks: wanted.blocks,
        })
    }
}
