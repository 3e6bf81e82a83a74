//! The storage model that a hub follows, by a sample of its rows, and the policy that follows from it.

use super::Policy;
use crate::index::{Index, IndexError};
use futures_util::{StreamExt, TryStreamExt, stream};
use luthier_object::Kind;
use std::collections::BTreeMap;

/// Rows that are looked at of each kind and of each spelling of ids, spread over all ids.
const SAMPLE: u64 = 16;

/// Questions at the same time.
const TOGETHER: usize = 8;

/// Rows that are passed over in search of one that says where its object is.
const WINDOW: u32 = 500;

/// What a sample of a hub's rows shows, and the policy that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// As configured.
    configured: Policy,
    /// Sampled commits, and those that say where their object is.
    commits: u64,
    stored: u64,
    /// Sampled blobs, and those in packs.
    blobs: u64,
    packed: u64,
}

impl Model {
    /// Looks at a few commits and blobs.
    pub(in crate::store) async fn look(
        index: &dyn Index,
        configured: Policy,
    ) -> Result<Self, IndexError> {
        let commits = sampled(|after| async move {
            let page = index.commits(Some(&after), 1).await?;
            let row = page.rows.into_iter().next();
            Ok(row.map(|row| (row.commit_id, row.storage_uri.is_some())))
        });
        let blobs = sampled(|after| async move {
            let found = index.next_located(Kind::Blob, &after, WINDOW).await?;
            Ok(found.map(|(id, uri)| (id, uri.starts_with("mpack://"))))
        });
        let ((commits, stored), (blobs, packed)) = futures_util::try_join!(commits, blobs)?;
        Ok(Self {
            configured,
            commits,
            stored,
            blobs,
            packed,
        })
    }

    /// Returns the policy: the configured one, else `db-canonical` where most blobs are in packs and most commits are
    /// in rows alone. A hub whose objects were not stored yet has no packs, and is not excused.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        let in_rows = self.commits > 0 && self.stored * 2 < self.commits;
        match self.configured {
            Policy::ByModel if in_rows && self.packed * 2 > self.blobs => Policy::DbCanonical,
            Policy::ByModel => Policy::S3Canonical,
            configured => configured,
        }
    }

    /// Returns how many blobs were sampled, and how many of these are in packs.
    #[must_use]
    pub const fn blobs(&self) -> (u64, u64) {
        (self.blobs, self.packed)
    }

    /// Returns the policy with its reason and the figures of the model, in one sentence without its full stop.
    #[must_use]
    pub fn words(&self) -> String {
        let because = match self.configured {
            Policy::ByModel => "as the hub's rows show",
            Policy::S3Canonical | Policy::DbCanonical => "as configured",
        };
        format!(
            "policy {}, {because}: {} of {} sampled commits have an object, {} of {} sampled blobs are in packs",
            self.policy().word(),
            self.stored,
            self.commits,
            self.packed,
            self.blobs
        )
    }
}

/// Returns how many rows were sampled, and for how many of them what is asked is so.
async fn sampled<F>(ask: impl Fn(String) -> F) -> Result<(u64, u64), IndexError>
where
    F: Future<Output = Result<Option<(String, bool)>, IndexError>>,
{
    // Bare ids are those of March 2026.
    let starts = (0..SAMPLE).flat_map(|n| [format!("{n:x}"), format!("sha256:{n:x}")]);
    let answers = stream::iter(starts).map(ask).buffered(TOGETHER);
    let found: BTreeMap<String, bool> = answers
        .try_filter_map(|found| async move { Ok(found) })
        .try_collect()
        .await?;
    let so = found.values().filter(|is_so| **is_so).count();
    Ok((found.len() as u64, so as u64))
}
