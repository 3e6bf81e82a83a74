//! A database from the object store alone.
//!
//! The store is listed once and every object is read and proved; what the key's digest says decides
//! what an object is. Facts go to a temporary scratch file on disk and are joined there. Rows are added in an
//! order in which each names only what is there: repositories, commits, snapshots, blobs, memberships,
//! and branches last. Each batch is read back and compared.
//!
//! A run that was cut short is run again: it surveys the store anew, makes the same rows, and leaves
//! those that are there. A database that holds anything else is refused before anything is written.

mod check;
mod fill;
mod gather;
mod open;
mod packed;
mod plan;

use super::{StoreError, Writer};
use crate::index::IndexError;
use crate::index::rebuild_scratch::RebuildScratch;
use crate::progress::{Cancelled, Progress};
use serde::Serialize;
use std::collections::HashSet;

/// Lines of each list that are kept; the rest is counted.
const SHOWN: usize = 100;

/// The repository of what no checkpoint, record or key gives to one.
pub const UNKNOWN: &str = "luthier-unknown";

/// The reason why a rebuild did not finish.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(
        "{database} is neither empty nor an unfinished rebuild of this store: {why}; name a new database"
    )]
    NotEmpty { database: String, why: String },
    #[error(
        "the store lists no key, so there is nothing to make a database from; check bucket, prefix and folder of --store"
    )]
    NothingListed,
    #[error("{what} was read back differently: its {column} differs; name a new database")]
    Differs { what: String, column: &'static str },
}

impl From<IndexError> for RebuildError {
    fn from(error: IndexError) -> Self {
        RebuildError::Store(error.into())
    }
}

/// An object or checkpoint that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    pub key: String,
    pub why: String,
}

/// Something that is named and could not be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    pub kind: String,
    pub id: String,
    pub named_by: String,
}

/// The end of a rebuild, in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rebuilt {
    /// Keys in the listing.
    pub listed: u64,
    /// Rows that are there now because of the store.
    pub repos: u64,
    pub branches: u64,
    pub commits: u64,
    pub snapshots: u64,
    pub blobs: u64,
    pub memberships: u64,
    /// Rows that an unfinished run had added before.
    pub rows_before: u64,
    /// Repositories that no sound checkpoint speaks for: owner, slug and names are made up.
    pub placeholders: Vec<String>,
    /// Branches that are where childless commits say, since no checkpoint does.
    pub derived_branches: u64,
    /// Commits that no branch reaches, among them whatever came after the last checkpoint.
    pub unreached_commits: u64,
    /// Snapshots that no commit names, and blobs that no snapshot names.
    pub unnamed: u64,
    /// Keys of no known layout, objects that prove nothing, checkpoints that are not trusted.
    pub skipped: u64,
    pub first_skipped: Vec<Skipped>,
    /// Keys that could not be read: their contents are not known.
    pub unknown: u64,
    /// Keys that could not be read kept the rest from being written: what hangs on them would be other rows than
    /// a run that reads everything makes.
    pub held_back: bool,
    pub first_unknown: Vec<Skipped>,
    /// Ids that something names, without a proved object.
    pub missing: u64,
    pub first_missing: Vec<Missing>,
}

impl Rebuilt {
    /// Returns whether everything that the store holds and names became a row.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.skipped == 0 && self.unknown == 0 && self.missing == 0
    }

    fn skip(&mut self, key: String, why: String) {
        self.skipped += 1;
        if self.first_skipped.len() < SHOWN {
            self.first_skipped.push(Skipped { key, why });
        }
    }

    fn unknown(&mut self, key: String, why: String) {
        self.unknown += 1;
        if self.first_unknown.len() < SHOWN {
            self.first_unknown.push(Skipped { key, why });
        }
    }
}

/// The options of a rebuild.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Write what is known although some keys could not be read. Blobs and histories that hang on these come
    /// under made-up names, and no later run mends them.
    pub partial: bool,
}

/// A rebuild under way.
struct Rebuild<'a> {
    /// The new database, beside the store that it is made from.
    target: &'a Writer,
    progress: &'a Progress,
    options: Options,
    scratch: RebuildScratch,
    /// Keys that were listed and not taken.
    refused: HashSet<String>,
    report: Rebuilt,
}

impl Rebuild<'_> {
    /// Returns whether something that could not be read keeps the next rows from being written; notes it.
    fn is_held_back(&mut self) -> bool {
        self.report.held_back = self.report.unknown > 0 && !self.options.partial;
        self.report.held_back
    }
}

/// Fills the writer's database from the writer's store.
///
/// # Errors
/// A side that cannot be used at all, a database that holds something else, or cancellation.
/// Objects that cannot be read are no error: they are counted as unknown, and unless `options` say otherwise no row
/// is written that could depend on them. Run again, it goes on.
#[tracing::instrument(name = "rebuild", skip_all)]
pub async fn rebuild_with(
    target: &Writer,
    options: Options,
    progress: &Progress,
) -> Result<Rebuilt, RebuildError> {
    let target = &target.for_job(progress);
    let _lock = target.lock().await?;
    let mut rebuild = Rebuild {
        target,
        progress,
        options,
        scratch: RebuildScratch::new().await?,
        refused: HashSet::new(),
        report: Rebuilt::default(),
    };
    rebuild.gather().await?;
    if rebuild.report.listed == 0 && rebuild.report.unknown == 0 {
        return Err(RebuildError::NothingListed);
    }
    rebuild.plan().await?;
    rebuild.find_unlisted().await?;
    if rebuild.is_held_back() {
        return Ok(rebuild.report);
    }
    rebuild.check_target().await?;
    rebuild.fill().await?;
    target.store().index().in_place()?;
    Ok(rebuild.report)
}

/// Rebuilds as [`rebuild_with`] does, with the default options.
///
/// # Errors
/// As there.
pub async fn rebuild(target: &Writer, progress: &Progress) -> Result<Rebuilt, RebuildError> {
    rebuild_with(target, Options::default(), progress).await
}

#[cfg(test)]
#[path = "../../../../tests/store/rebuild_packs.rs"]
mod packs_tests;
#[cfg(test)]
#[path = "../../../../tests/store/rebuild_runs.rs"]
mod runs_tests;
#[cfg(test)]
#[path = "../../../../tests/store/rebuild.rs"]
mod tests;
