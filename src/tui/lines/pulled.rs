//! The end of a tried pull, safe to show.

use super::{HubId, clean};
use crate::client::tried::TriedPull;
use crate::object::Kind;

/// What a client would refuse.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedLine {
    pub id: HubId,
    /// From a head to it.
    pub way: Vec<String>,
    /// The rest of a sentence that starts with the object.
    pub why: String,
}

/// An object that a client would take.
#[derive(Clone, Debug, PartialEq)]
pub struct TakenLine {
    pub kind: Kind,
    pub id: HubId,
    pub reconstructed: bool,
}

/// The end of a tried pull.
#[derive(Clone, Debug, PartialEq)]
pub struct PulledLine {
    pub heads: Vec<(String, Option<HubId>)>,
    /// Served from the store, and made from rows.
    pub counts: Vec<(Kind, u64, u64)>,
    pub bytes: u64,
    pub taken: Vec<TakenLine>,
    pub refused: Option<RefusedLine>,
    pub stopped: bool,
}

impl From<&TriedPull> for PulledLine {
    fn from(pull: &TriedPull) -> Self {
        let heads = pull.heads.iter();
        Self {
            heads: heads
                .map(|(name, id)| (clean(name), id.as_ref().map(|id| HubId::new(id.as_str()))))
                .collect(),
            counts: Kind::ALL
                .into_iter()
                .zip(pull.served.into_iter().zip(pull.reconstructed))
                .map(|(kind, (served, made))| (kind, served, made))
                .collect(),
            bytes: pull.bytes,
            taken: pull
                .last
                .iter()
                .map(|taken| TakenLine {
                    kind: taken.kind,
                    id: HubId::new(taken.id.as_str()),
                    reconstructed: taken.reconstructed,
                })
                .collect(),
            refused: pull.refusal.as_ref().map(|refusal| RefusedLine {
                id: HubId::new(refusal.id.as_str()),
                way: (refusal.way.iter())
                    .map(|step| clean(&step.replace(refusal.id.as_str(), refusal.id.short())))
                    .collect(),
                why: clean(&refusal.why.to_string()),
            }),
            stopped: pull.stopped,
        }
    }
}
