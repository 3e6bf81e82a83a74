//! The queue of one kind in a fetch: ids that wait, rows that were looked up, and objects being read.

use super::{FetchError, FetchOptions, Holder};
use crate::backend::{BackendError, Key};
use crate::index::{CommitRow, SnapshotRow};
use crate::store::Store;
use crate::store::fetch::refusal::{Trail, Why};
use crate::store::fetch::stated::Stated;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use luthier_object::{Kind, ObjectId, Proof};
use std::collections::VecDeque;
use std::sync::Arc;

/// Ids from which on the database is asked, and the most in one request.
pub(super) const PAGE: usize = 500;

/// The smallest limit in bytes of a read: rows hardly say how large an object is.
const LEAST: u64 = 16 << 10;

/// An object that was met and not yet looked up.
pub(super) struct Waiting {
    pub id: ObjectId,
    pub trail: Trail,
}

/// The source of an object, by its row or because the client has it already.
pub(super) enum Task {
    Held(Arc<dyn Holder>),
    Stored(Key, Stated),
    Known(Known),
}

/// An answer without a read.
pub(super) enum Known {
    Commit(Box<CommitRow>),
    Snapshot(Box<SnapshotRow>),
    Empty,
    /// A blob whose row names no object: the row itself may keep its bytes.
    InRow,
    Refused(Why),
}

/// A read with the bytes that it may take according to its row.
pub(super) struct Planned {
    pub waiting: Waiting,
    pub task: Task,
    pub weight: u64,
}

/// The result of a read.
pub(super) enum Got {
    Held(Proof),
    Bytes(Key, Stated, Bytes),
    Absent(Key),
    /// It is larger than its row says, and has to be read by itself.
    Large(Key, Stated),
    Known(Known),
}

/// A read that has ended.
pub(super) struct Read {
    pub waiting: Waiting,
    weight: u64,
    pub got: Result<Got, FetchError>,
}

/// See the module.
pub(super) struct FetchQueue {
    pub kind: Kind,
    waiting: VecDeque<Waiting>,
    page: VecDeque<Planned>,
    reads: FuturesOrdered<BoxFuture<'static, Read>>,
    /// Bytes that the running reads may take.
    reserved: u64,
    /// The number of rows in one request: fewer if rows are large.
    pub rows: usize,
}

impl FetchQueue {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            waiting: VecDeque::new(),
            page: VecDeque::new(),
            reads: FuturesOrdered::new(),
            reserved: 0,
            rows: match kind {
                Kind::Blob => PAGE,
                Kind::Commit => 100,
                Kind::Snapshot => 8,
            },
        }
    }

    pub(super) fn wait(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// Returns whether nothing is being looked up or read.
    pub(super) fn is_idle(&self) -> bool {
        self.page.is_empty() && self.reads.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= PAGE
    }

    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Returns the next ids to look up.
    pub(super) fn take(&mut self) -> Vec<Waiting> {
        let count = self.waiting.len().min(self.rows);
        self.waiting.drain(..count).collect()
    }

    pub(super) fn plan(&mut self, page: Vec<Planned>) {
        self.page.extend(page);
    }

    /// Starts reads up to the limit in bytes, and at least one.
    pub(super) fn start_reads(&mut self, store: &Store, options: FetchOptions) {
        while self.reads.len() < options.concurrency.max(1) {
            let Some(next) = self.page.front() else {
                break;
            };
            let weight = next.weight.max(LEAST);
            if !self.reads.is_empty() && self.reserved + weight > options.budget {
                break;
            }
            if let Some(planned) = self.page.pop_front() {
                self.reserved += weight;
                let limit = weight.min(options.budget);
                let read = read(store.clone(), self.kind, planned, limit);
                self.reads.push_back(Box::pin(read));
            }
        }
    }

    /// Returns the oldest read, once it has ended.
    pub(super) async fn next_read(&mut self) -> Option<Read> {
        let read = self.reads.next().await?;
        self.reserved -= read.weight;
        Some(read)
    }
}

/// Reads one object, unless it turns out larger than `limit` bytes.
async fn read(store: Store, kind: Kind, planned: Planned, limit: u64) -> Read {
    let Planned {
        waiting,
        task,
        weight,
    } = planned;
    let got = match task {
        Task::Held(holder) => {
            let held = holder.held(kind, &waiting.id).await;
            held.map(Got::Held).map_err(FetchError::Holder)
        }
        Task::Stored(key, stated) => {
            let read = stored(&store, key, stated, limit).await;
            read.map_err(|source| FetchError::Unread {
                chain: waiting.trail.words(kind, &waiting.id),
                source: source.into(),
            })
        }
        Task::Known(known) => Ok(Got::Known(known)),
    };
    Read {
        waiting,
        weight: weight.max(LEAST),
        got,
    }
}

async fn stored(store: &Store, key: Key, stated: Stated, limit: u64) -> Result<Got, BackendError> {
    Ok(match store.backend().open(&key).await? {
        None => Got::Absent(key),
        Some(body) if body.meta.size > limit => Got::Large(key, stated),
        Some(body) => Got::Bytes(key, stated, body.read_all(limit).await?),
    })
}
