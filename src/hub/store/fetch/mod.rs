//! Fetches what a client receives for some heads, object by object. Each is checked against its id first.
//!
//! The commit graph is read level by level. Memory holds the ids that were met (about 60 bytes each), those to be read
//! next, and the objects being read, which have a limit in bytes; objects are returned one at a time.

mod have;
mod proving;
mod queue;
mod refusal;
mod rows;
mod stated;

pub use refusal::{Refusal, Why, objection};

use super::chain::TreeCache;
use super::{Store, StoreError};
use crate::backend::Key;
use crate::cause::Cause;
use crate::progress::{Cancelled, Progress};
use async_trait::async_trait;
use have::Seen;
use luthier_object::{Kind, ObjectId, Proof, Proven};
use queue::{FetchQueue, Waiting};
use refusal::Trail;
use std::sync::Arc;

/// A branch to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The branch's name: untrusted text.
    pub name: String,
    pub id: ObjectId,
}

/// The limits of parallel reads.
#[derive(Clone, Copy, Debug)]
pub struct FetchOptions {
    /// Objects being read, of each kind.
    pub concurrency: usize,
    /// Bytes being read, of each kind. A larger object is read by itself.
    pub budget: u64,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            concurrency: 16,
            budget: 32 << 20,
        }
    }
}

/// The source of fetched bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Read from the store.
    Canonical(Key),
    /// Made from the row, because its `storage_uri` is null.
    Reconstructed,
    /// The empty blob, which is known by its id; the hub has no object of it.
    Empty,
}

/// A fetched object.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetched {
    pub object: Proven,
    pub origin: Origin,
}

/// One step of a fetch.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Object(Box<Fetched>),
    /// The client has it already; it was not read from the hub.
    Held(Proof),
    /// A client would refuse it. Objects that only it refers to are not fetched.
    Refused(Box<Refusal>),
}

/// The reason why a fetch failed.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody knows whether an object is there.
    #[error("{chain}: {source}")]
    Unread {
        chain: String,
        #[source]
        source: StoreError,
    },
    /// An object that the client has already could not be read.
    #[error("{0}")]
    Holder(#[source] Cause),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Holds objects that the client has already and that need not be sent.
#[async_trait]
pub trait Holder: Send + Sync {
    /// Returns, for each id, the size of the stored bytes under its keys, unchecked.
    ///
    /// # Errors
    /// It could not be looked up.
    async fn sizes(&self, kind: Kind, ids: &[ObjectId]) -> Result<Vec<Option<u64>>, Cause>;

    /// Reads a stored object and checks it against its id.
    ///
    /// # Errors
    /// It cannot be read, or does not match its id.
    async fn held(&self, kind: Kind, id: &ObjectId) -> Result<Proof, Cause>;
}

/// A running fetch.
pub struct Fetch {
    store: Store,
    holder: Option<Arc<dyn Holder>>,
    options: FetchOptions,
    progress: Progress,
    seen: Seen,
    unknown: Vec<ObjectId>,
    /// In the order of [`Kind::ALL`].
    lanes: [FetchQueue; 3],
    trees: TreeCache,
}

impl Store {
    /// Starts to fetch everything that `want` reaches, without what `have` reaches.
    ///
    /// # Errors
    /// A side that could not be asked, or cancellation.
    pub async fn fetch(
        &self,
        want: Vec<Head>,
        have: &[ObjectId],
        holder: Option<Arc<dyn Holder>>,
        options: FetchOptions,
        progress: &Progress,
    ) -> Result<Fetch, FetchError> {
        let mut trees = TreeCache::default();
        let (seen, unknown) = have::reached(self, have, &mut trees, progress).await?;
        let mut fetch = Fetch {
            store: self.for_job(progress),
            holder,
            options,
            progress: progress.clone(),
            seen,
            unknown,
            lanes: Kind::ALL.map(FetchQueue::new),
            trees,
        };
        for head in want {
            let (id, trail) = (head.id.clone(), Trail::to(Arc::new(head)));
            fetch.meet(Kind::Commit, id, || trail);
        }
        progress.phase("fetch", None);
        Ok(fetch)
    }
}

impl Fetch {
    /// Returns the ids that the client says it has and of which the hub has no commit.
    #[must_use]
    pub fn unknown(&self) -> &[ObjectId] {
        &self.unknown
    }

    /// Returns whether an object of this kind and digest was met so far.
    #[must_use]
    pub fn is_met(&self, kind: Kind, id: &ObjectId) -> bool {
        self.seen.contains(kind, id)
    }

    /// Returns the next step; `None` once everything was returned or refused.
    ///
    /// # Errors
    /// The database or the store did not answer, or cancellation. Objects that were returned before stay valid.
    pub async fn next(&mut self) -> Result<Option<Step>, FetchError> {
        loop {
            self.progress.checkpoint().await?;
            let Some(kind) = self.choose() else {
                return Ok(None);
            };
            if self.lanes[kind as usize].is_idle() {
                self.fill(kind).await?;
                continue;
            }
            let queue = &mut self.lanes[kind as usize];
            queue.start_reads(&self.store, self.options);
            let Some(read) = queue.next_read().await else {
                continue;
            };
            let step = self.prove_and_queue(kind, read).await?;
            self.tell(&step);
            return Ok(Some(step));
        }
    }

    /// Chooses the next kind: blobs before snapshots before commits, so that few ids wait in memory; but a kind is
    /// requested only once a full page of it waits.
    fn choose(&self) -> Option<Kind> {
        let kinds = || Kind::ALL.into_iter().rev();
        let queue = |kind: Kind| &self.lanes[kind as usize];
        let pressing = kinds().find(|kind| !queue(*kind).is_idle() || queue(*kind).is_full());
        pressing.or_else(|| {
            Kind::ALL
                .into_iter()
                .find(|kind| queue(*kind).has_waiting())
        })
    }

    /// Queues an object unless it was met before. `trail` is made only then.
    fn meet(&mut self, kind: Kind, id: ObjectId, trail: impl FnOnce() -> Trail) {
        if self.seen.insert(kind, &id) {
            let trail = trail();
            self.lanes[kind as usize].wait(Waiting { id, trail });
        }
    }

    fn tell(&self, step: &Step) {
        self.progress.update(|f| {
            f.done += 1;
            match step {
                Step::Object(fetched) => {
                    f.bytes += fetched.object.bytes().len() as u64;
                    fetched.object.id().as_str().clone_into(&mut f.subject);
                }
                Step::Held(proof) => proof.id().as_str().clone_into(&mut f.subject),
                Step::Refused(refusal) => {
                    *f.outcomes.entry("refused".to_owned()).or_default() += 1;
                    refusal.id.as_str().clone_into(&mut f.subject);
                }
            }
        });
    }
}
