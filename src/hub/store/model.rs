//! The storage model that a hub follows, by a sample of its rows, and the policy that follows from it.

use super::Policy;
use crate::index::{Index, IndexError};
use luthier_object::Kind;

/// Rows that are looked at of each kind, spread over all ids.
const SAMPLE: u64 = 16;

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
        let (blobs, packed) = packed(index).await?;
        let mut out = Self {
            configured,
            commits: 0,
            stored: 0,
            blobs,
            packed,
        };
        let mut last = String::new();
        for n in 0..SAMPLE {
            let after = format!("sha256:{n:x}");
            let page = index.commits(Some(&after), 1).await?;
            let Some(row) = page.rows.into_iter().find(|row| row.commit_id != last) else {
                continue;
            };
            out.commits += 1;
            out.stored += u64::from(row.storage_uri.is_some());
            last = row.commit_id;
        }
        Ok(out)
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

/// Returns how many blobs were sampled, and how many of these are in packs.
async fn packed(index: &dyn Index) -> Result<(u64, u64), IndexError> {
    let (mut packed, mut sampled) = (0, 0);
    let mut last = String::new();
    for n in 0..SAMPLE {
        let after = format!("sha256:{n:x}");
        let Some((id, uri)) = index.next_located(Kind::Blob, &after, WINDOW).await? else {
            continue;
        };
        if id != last {
            sampled += 1;
            packed += u64::from(uri.starts_with("mpack://"));
            last = id;
        }
    }
    Ok((sampled, packed))
}
