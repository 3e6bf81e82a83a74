//! Looks at everything, changes nothing.
//!
//! ```no_run
//! use luthier_audit::{Depth, Filter, Options, run};
//! use luthier_hub::progress::Progress;
//! use luthier_hub::store::hub::{Database, Hub, ObjectStore};
//! use luthier_hub::store::{Environment, Policy, Store};
//!
//! # async fn audit() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = Hub {
//!     name: "staging".into(),
//!     environment: Environment::Staging,
//!     policy: Policy::S3Canonical,
//!     database: Database::parse("postgres://reader@db/hub")?,
//!     objects: ObjectStore::parse("s3://muse-objects")?,
//! };
//! // Without an `Authority` nothing can be written.
//! let store = Store::open(&hub, None).await?;
//! let options = Options {
//!     depth: Depth::Bytes,
//!     ..Options::default()
//! };
//! let report = run(&store, &options, &Progress::new()).await?;
//! for found in report.page(&Filter::default(), 0, 100).await? {
//!     println!("{} {}", found.finding.code.name(), found.finding.id);
//! }
//! # Ok(())
//! # }
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        clippy::too_many_lines,
        reason = "tests clear up after themselves, and one may tell a long story"
    )
)]

pub mod evidence;
pub mod fault;
pub mod finding;
pub mod finding_set;

pub use evidence::Evidence;
pub use fault::{Auto, Code, Cost, Fix, Grade, Remedy};
pub use finding::{Blocks, Finding, Subject};

mod again;
mod branch;
mod by_id;
pub mod compare;
mod cycles;
pub mod decision;
mod diagnose;
mod edges;
mod graph;
pub mod hidden;
pub mod hubs;
pub mod inspect;
mod jobs;
pub mod judge;
pub mod ledger;
pub mod mass;
mod on_commits;
mod one;
mod packs;
pub mod past_audits;
pub mod probe;
mod references;
mod refs;
pub mod report;
mod scan;
mod spool;
mod standing;
pub mod suggest;
pub mod table;
pub mod unlinked;
mod unnamed_packs;
mod unreferenced;

pub use compare::FieldDiff;
pub use inspect::{Inspection, LinkTo, NamedBy, ObjectView, Trial};
pub use ledger::{PullEnd, PullFact};
pub use report::{Filter, Group, Numbered, Report, Summary};
pub use suggest::Candidate;

pub use fault::{WHOLE_HUB, is_judged_alone};
use luthier_hub::backend::BackendError;
use luthier_hub::index::IndexError;
use luthier_hub::progress::{Cancelled, Progress};
use luthier_hub::store::Store;
use luthier_object::ObjectId;
use luthier_object::time::Micros;
use past_audits::{PastAudit, PastAudits};
use scan::Scan;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// The depth of an audit; each level includes the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Depth {
    /// Rows and the graph that they span.
    Rows,
    /// The listing too; of the objects, only what differs is read.
    #[default]
    Presence,
    /// Every object is read and proved.
    Bytes,
}

impl Depth {
    /// Returns the word as people and JSON write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Depth::Rows => "rows",
            Depth::Presence => "presence",
            Depth::Bytes => "bytes",
        }
    }

    /// Returns the depth of a stored number: 0 for rows, 1 for presence, 2 for bytes.
    #[must_use]
    pub const fn numbered(number: u8) -> Self {
        match number {
            0 => Depth::Rows,
            1 => Depth::Presence,
            _ => Depth::Bytes,
        }
    }
}

/// The subject of an audit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    #[default]
    Hub,
    /// `owner/slug`.
    Repo(String),
    /// A branch of `owner/slug`, by its name: what its head reaches.
    Branch(String, String),
    /// One commit, snapshot or blob.
    Id(ObjectId),
    /// Several; those that have no row any more are passed over.
    Ids(Vec<ObjectId>),
}

/// The options of an audit.
#[derive(Clone, Debug)]
pub struct Options {
    pub depth: Depth,
    pub scope: Scope,
    /// Rows, and objects without row, younger than this are counted and not judged.
    pub grace: Duration,
    /// Reads under way at once.
    pub concurrency: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            depth: Depth::default(),
            scope: Scope::Hub,
            grace: Duration::from_secs(3600),
            concurrency: 32,
        }
    }
}

/// The reason why an audit did not finish.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Backend(#[from] BackendError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error("there is no repository `{path}`{hint}")]
    NoSuchRepo {
        path: String,
        /// A suggestion, with its punctuation; empty if nothing is like it.
        hint: String,
    },
    #[error("the database has no row with the id `{id}`{hint}")]
    NoSuchId { id: String, hint: String },
    #[error("{repo} has no branch `{branch}`")]
    NoSuchBranch { repo: String, branch: String },
    #[error(
        "no row has the id `{id}`. It may be the other id of a blob, but none of the first {} blobs has it; `luthier show {id} --search` hashes all of them",
        luthier_hub::text::grouped(*.hashed)
    )]
    SearchCut { id: String, hashed: u64 },
    /// A SHA-1, which Git prints of a file by default.
    #[error(
        "the database has no row with the id `{0}`: 40 digits are a SHA-1, but a hub's ids are SHA-256; use what `sha256sum FILE` prints"
    )]
    Sha1(String),
    #[error("`{id}` is the start of {count} ids; give more digits")]
    Ambiguous {
        id: String,
        /// The number, in words if they were not counted to the end.
        count: String,
        /// The first of them.
        candidates: Vec<Candidate>,
    },
}

/// Audits a hub. Findings are spooled on disk, so memory does not grow with their number.
///
/// # Errors
/// A side that cannot be read at all, or cancellation. Objects that cannot be read are no error:
/// they are counted as unknown in the [`Summary`].
#[tracing::instrument(name = "audit", skip_all, fields(depth = options.depth.word()))]
pub async fn run(
    store: &Store,
    options: &Options,
    progress: &Progress,
) -> Result<Report, AuditError> {
    let store = &store.for_job(progress).by_model().await?;
    let mut scan = Scan::new(store, options, progress).await?;
    if let Scope::Branch(..) | Scope::Id(_) | Scope::Ids(_) = &options.scope {
        scan.summary.begin_rows();
    }
    match &options.scope {
        Scope::Id(id) => one::judge(&mut scan, id).await?,
        Scope::Ids(ids) => one::judge_all(&mut scan, ids).await?,
        Scope::Branch(repo, branch) => branch::judge(&mut scan, repo, branch).await?,
        // The pass is large, and would be on the stack of whoever audits.
        Scope::Hub | Scope::Repo(_) => Box::pin(scan.run()).await?,
    }
    store.index().in_place()?;
    let Scan {
        mut summary,
        scratch,
        ..
    } = scan;
    summary.complete = summary.unknown == 0 && summary.hidden.is_empty();
    summary.recount(&scratch).await?;
    let mut past_audits = PastAudits::default();
    past_audits.add(PastAudit {
        scope: options.scope.clone(),
        depth: options.depth,
        at: now(),
        complete: summary.complete,
    });
    Ok(Report::new(summary, Arc::new(scratch), past_audits))
}

/// Returns the clock of this machine.
fn now() -> Micros {
    jiff::Timestamp::now().as_microsecond()
}

#[cfg(test)]
#[path = "../../tests/audit/by_bytes.rs"]
mod by_bytes_test;
#[cfg(test)]
#[path = "../../tests/audit/changing.rs"]
mod changing_test;
#[cfg(test)]
#[path = "../../tests/audit/inspecting.rs"]
mod inspecting_test;
#[cfg(test)]
#[path = "../../tests/audit/judge.rs"]
mod judge_test;
#[cfg(test)]
#[path = "../../tests/audit/packs.rs"]
mod packs_test;
#[cfg(test)]
#[path = "../../tests/audit/plain.rs"]
mod plain_test;
#[cfg(test)]
#[path = "../../tests/audit/unheld.rs"]
mod unheld_test;
