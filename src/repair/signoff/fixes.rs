//! What can be done about the findings that prevent PASS, in figures.

use super::{Signoff, SignoffError};
use luthier_audit::{Filter, Fix, Report};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tracing::warn;

/// The findings that prevent PASS, counted by what can be done about them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixes {
    pub counts: BTreeMap<Fix, u64>,
    /// A step was tried for each; otherwise fewer may be repairable.
    pub tried: bool,
}

impl Fixes {
    /// Tries a step for each finding and counts those of the filter. `None` where that could not be done: a verdict
    /// never depends on it.
    ///
    /// # Errors
    /// Cancellation.
    pub(super) async fn find(
        store: &Store,
        report: &Report,
        filter: &Filter,
        progress: &Progress,
    ) -> Result<Option<Self>, SignoffError> {
        let tried = match crate::find_fixes(store, report, progress).await {
            Ok(tried) => tried,
            Err(error) => {
                progress.checkpoint().await?;
                warn!("what can be repaired is not known: {error}");
                return Ok(None);
            }
        };
        let counts = report.fixes(filter).await?;
        Ok(Some(Self { counts, tried }))
    }
}

impl Signoff {
    /// Says what can be done about the findings that prevent PASS; `None` where nothing prevents it or nobody knows.
    #[must_use]
    pub fn fix_words(&self) -> Option<String> {
        let fixes = self.fixes.as_ref()?;
        let most = if fixes.tried { "" } else { "up to " };
        let parts = Fix::ALL.iter().filter_map(|fix| {
            let count = fixes.counts.get(fix).copied().filter(|count| *count > 0)?;
            let verb = if count == 1 { "needs" } else { "need" };
            let count = text::grouped(count);
            Some(match fix {
                Fix::Auto => format!("{most}{count} can be repaired now"),
                Fix::Decide => format!("{count} {verb} a decision"),
                Fix::Copy => format!("{count} {verb} a copy from a client"),
                Fix::None => format!("{count} Luthier cannot repair"),
            })
        });
        let parts: Vec<String> = parts.collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}
