//! Rows without `storage_uri`: what a backfill does with each, and why it never writes some.

use super::judge::{Judge, Verdict};
use super::{AuditError, Auto, Code, Depth, Options, by_id};
use futures_util::{StreamExt, TryStreamExt, stream};
use luthier_hub::store::Store;
use luthier_hub::text;
use luthier_object::{Kind, ObjectId};
use serde::Serialize;
use std::collections::BTreeMap;

/// The result of a backfill for a row that has no `storage_uri`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Its object is stored from the row.
    Written,
    /// Its object is there; the row is pointed at it.
    Linked,
    /// Clients refuse its id: it is stored only where a person chose `identity-stale`.
    Stale,
    /// A blob's row holds no bytes.
    NoBytes,
    /// Nothing reproduces the id.
    Unverifiable,
    /// The id holds no digest.
    Malformed,
    /// Another record has the same id.
    Ambiguous,
    /// Other bytes are stored under the key that it would get.
    OtherBytes,
    /// The store gave no answer.
    Unknown,
    /// Too young to be judged.
    TooNew,
}

/// The number of rows by fate.
pub type Fates = BTreeMap<Fate, u64>;

/// Rows of a kind that a sample looks at.
pub const SAMPLE: u32 = 100;

/// Rows of a sample that are looked at at once.
const CONCURRENCY: usize = 16;

impl Fate {
    /// Of a row without `storage_uri`, by what was found on it; `None` where it was not judged.
    #[must_use]
    pub fn of(kind: Kind, verdict: Option<&Verdict>) -> Self {
        let Some(verdict) = verdict else {
            return Fate::TooNew;
        };
        let has = |code: Code| verdict.findings.iter().any(|found| found.code == code);
        let by_code = [
            (Code::UriUnlinked, Fate::Linked),
            (Code::IdMalformed, Fate::Malformed),
            (Code::IdentityAmbiguous, Fate::Ambiguous),
            (Code::ObjectCorrupt, Fate::OtherBytes),
            (Code::IdentityUnverifiable, Fate::Unverifiable),
            (Code::IdentityStale, Fate::Stale),
        ];
        if let Some((_, fate)) = by_code.iter().find(|(code, _)| has(*code)) {
            return *fate;
        }
        let written = verdict.findings.iter().any(|found| {
            matches!(found.code, Code::UriMissing | Code::SpellingLost) && found.auto != Auto::No
        });
        match kind {
            _ if !verdict.unknown.is_empty() => Fate::Unknown,
            _ if written => Fate::Written,
            Kind::Blob => Fate::NoBytes,
            _ => Fate::Unverifiable,
        }
    }

    /// Returns whether a backfill changes the row.
    #[must_use]
    pub const fn is_changed(self) -> bool {
        matches!(self, Fate::Written | Fate::Linked)
    }

    fn words(self, count: u64) -> String {
        let rows = text::plural(count, "row");
        match self {
            Fate::Written => format!("{rows} whose object it stores"),
            Fate::Linked => format!("{rows} whose object is stored already"),
            Fate::Stale => format!(
                "{rows} whose id clients refuse (`luthier repair --code identity-stale` stores them)"
            ),
            Fate::NoBytes => {
                let blobs = text::plural(count, "blob");
                format!(
                    "{blobs}, whose bytes no row contains (`luthier repair --copies DIR` takes them from a copy)"
                )
            }
            Fate::Unverifiable => {
                format!("{rows} whose id no formula reproduces (identity-unverifiable)")
            }
            Fate::Malformed => format!("{rows} whose id contains no digest (id-malformed)"),
            Fate::Ambiguous => {
                format!("{rows} whose id another record has too (identity-ambiguous)")
            }
            Fate::OtherBytes => format!("{rows} whose key has other bytes (object-corrupt)"),
            Fate::Unknown => format!("{rows} about which the store gave no answer"),
            Fate::TooNew => format!("{rows} younger than the grace period"),
        }
    }
}

/// Returns the fates in one sentence: what a backfill does, and by reason what it never does.
#[must_use]
pub fn tell(fates: &Fates) -> String {
    let sum = |changed: bool| -> u64 {
        let of = fates
            .iter()
            .filter(|(fate, _)| fate.is_changed() == changed);
        of.map(|(_, count)| count).sum()
    };
    let list = |changed: bool| -> String {
        let of = fates
            .iter()
            .filter(|(fate, _)| fate.is_changed() == changed);
        let words: Vec<String> = of.map(|(fate, count)| fate.words(*count)).collect();
        words.join(", ")
    };
    let mut out = format!("a backfill changes {}", text::plural(sum(true), "row"));
    if sum(true) > 0 {
        out += &format!(" ({})", list(true));
    }
    match sum(false) {
        0 => out,
        left => format!("{out} and skips {}: {}", text::grouped(left), list(false)),
    }
}

/// The fates of the first rows of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sampled {
    pub fates: Fates,
    /// There are no others.
    pub whole: bool,
}

/// Looks at the first rows of each kind, at most [`SAMPLE`] of each.
///
/// # Errors
/// The database cannot be read.
pub async fn sample(store: &Store) -> Result<Sampled, AuditError> {
    let options = Options {
        depth: Depth::Presence,
        ..Options::default()
    };
    let judge = Judge::new(store, &options, false);
    let (mut fates, mut whole) = (Fates::new(), true);
    for kind in Kind::ALL {
        let page = store.index().ids_unlinked(kind, None, SAMPLE).await?;
        whole &= page.end;
        let judged: Vec<_> = stream::iter(page.rows)
            .map(|id| {
                let judge = &judge;
                async move { by_id::row(store, judge, kind, &ObjectId::new(&id)).await }
            })
            .buffered(CONCURRENCY)
            .try_collect()
            .await?;
        // A row that has gone since has no fate.
        for (_, verdict) in judged.into_iter().flatten() {
            *fates.entry(Fate::of(kind, Some(&verdict))).or_default() += 1;
        }
    }
    Ok(Sampled { fates, whole })
}
