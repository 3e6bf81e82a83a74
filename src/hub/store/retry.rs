//! Reads of rows that are tried again: a page whose statement was broken off is simply asked for once more.
//!
//! Every read names its page by the key behind which it starts, so that a second try gives the same rows or newer
//! ones. A job that got no answer to [`MOST`] reads in a row asks no more: what is unknown would otherwise take its
//! whole time for each row that is left. Writes pass through as they are: whether one that was broken off has happened, only reading the row tells.

pub(super) mod objects;

use crate::index::plain::{Blobs, Commits, Place, Snapshots};
use crate::index::reads::index_reads;
use crate::index::{
    About, BlobRow, BranchRow, Browse, Capabilities, CommitRow, Counts, FetchPackRow, Hidden,
    Index, IndexError, JobRow, Listed, MembershipRow, Migration, PackedRow, Page, ProposalRow,
    RepoRow, SnapshotRow, Visibility,
};
use crate::progress::Progress;
use crate::waiting::{Retries, WaitBudget};
use async_trait::async_trait;
use luthier_object::Kind;
use luthier_object::time::Micros;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The retry time of a read without a job that shows the wait: a person looks at a still screen.
const UNWATCHED: Duration = Duration::from_secs(10);

/// Returns the job of what nobody watches.
pub(super) fn unwatched() -> Progress {
    Progress::new().with_budget(WaitBudget::new(UNWATCHED))
}

/// Reads in a row without an answer, each tried for as long as it may be, after which a job asks no more.
const MOST: u32 = 2;

/// An index whose reads are tried again within the budget of a job.
#[derive(Clone)]
pub(super) struct Retrying {
    inner: Arc<dyn Index>,
    /// The job that reads; none where nobody watches.
    job: Option<Job>,
}

/// A job, and the reads in a row that got no answer.
#[derive(Clone)]
struct Job {
    progress: Progress,
    unanswered: Arc<AtomicU32>,
}

impl Retrying {
    /// Reads that nobody watches.
    pub(super) fn new(inner: Arc<dyn Index>) -> Self {
        Self { inner, job: None }
    }

    /// Returns the same index for a job, which shows what it waits for and ends the waiting when it is told to stop.
    pub(super) fn for_job(&self, progress: &Progress) -> Self {
        Self {
            inner: self.inner.clone(),
            job: Some(Job {
                progress: progress.clone(),
                unanswered: Arc::default(),
            }),
        }
    }

    /// Returns the same with something else below.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn map(self, put: impl FnOnce(Arc<dyn Index>) -> Arc<dyn Index>) -> Self {
        Self {
            inner: put(self.inner),
            ..self
        }
    }

    fn retries(&self) -> Retries {
        match &self.job {
            Some(job) => job.progress.retries(),
            None => unwatched().retries(),
        }
    }
}

impl Retrying {
    /// Refuses a read of a job whose database does not answer.
    fn may_ask(&self) -> Result<(), IndexError> {
        match &self.job {
            Some(job) if job.unanswered.load(Ordering::SeqCst) >= MOST => {
                Err(IndexError::Silent(self.inner.describe()))
            }
            _ => Ok(()),
        }
    }

    /// Counts a read, and hands on what it gave.
    fn counted<T>(&self, found: Result<T, IndexError>) -> Result<T, IndexError> {
        let unanswered = matches!(&found, Err(error) if error.is_unanswered());
        if let Some(job) = &self.job {
            match unanswered {
                true => job.unanswered.fetch_add(1, Ordering::SeqCst),
                false => job.unanswered.swap(0, Ordering::SeqCst),
            };
        }
        found
    }
}

/// Waits for the next try of a read that failed; gives the failure back where there is none.
pub(super) async fn again(error: IndexError, retries: &mut Retries) -> Result<(), IndexError> {
    match error.transient() {
        None => Err(error),
        Some(reason) if retries.wait(reason).await => Ok(()),
        Some(_) => Err(error.given_up(retries.told())),
    }
}

macro_rules! retried {
    ($($name:ident($($arg:ident: $of:ty),*) -> $found:ty;)*) => {
        #[async_trait]
        impl Index for Retrying {
            fn describe(&self) -> String {
                self.inner.describe()
            }

            fn capabilities(&self) -> &Capabilities {
                self.inner.capabilities()
            }

            fn hidden(&self) -> &[Hidden] {
                self.inner.hidden()
            }

            fn in_place(&self) -> Result<(), IndexError> {
                self.inner.in_place()
            }

            async fn close(&self) {
                self.inner.close().await;
            }

            $(async fn $name(&self, $($arg: $of),*) -> Result<$found, IndexError> {
                self.may_ask()?;
                let mut retries = self.retries();
                loop {
                    let found = match self.inner.$name($($arg),*).await {
                        Err(error) => again(error, &mut retries).await.map(|()| None),
                        found => found.map(Some),
                    };
                    match found {
                        Ok(None) => {}
                        Ok(Some(found)) => return self.counted(Ok(found)),
                        Err(error) => return self.counted(Err(error)),
                    }
                }
            })*
        }
    };
}

index_reads!(retried);

#[cfg(test)]
#[path = "../../../tests/store/silent.rs"]
mod tests;
