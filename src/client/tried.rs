//! A pull that is only tried: the same walk, and nothing is kept of it.

use super::error::PullError;
use super::layout::Layout;
use super::received::{Foreign, Received};
use super::walk::{self, Asked, Walk};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::store::fetch::{FetchError, Fetched, Origin, Refusal, Step};
use luthier_object::{Kind, ObjectId};

/// Objects that are remembered one by one; the rest is counted.
pub const STEPS: usize = 500;

/// An object that a client would take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub kind: Kind,
    pub id: ObjectId,
    /// Made from its row, because no object is stored.
    pub reconstructed: bool,
}

/// The result of a traced pull.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TriedPull {
    /// Branches with their heads.
    pub heads: Vec<(String, Option<ObjectId>)>,
    pub received: Received,
    /// The last of them.
    pub last: Vec<Taken>,
    /// The first thing that a client would refuse; the walk ended there.
    pub refusal: Option<Refusal>,
    pub stopped: bool,
}

/// Walks as a pull does, up to the first thing that a client would refuse.
///
/// # Errors
/// No such repository or branch, names that no client can hold, or a side that did not answer.
pub async fn try_pull(
    store: &Store,
    (owner, slug): (&str, &str),
    branch: Option<&str>,
    progress: &Progress,
) -> Result<TriedPull, PullError> {
    let store = &store.for_job(progress);
    let Asked { repo, branches } = walk::ask(store, (owner, slug), branch).await?;
    let walk = Walk::start(store, &branches, (&[], None), Layout::Unified, progress);
    let mut walk = walk.await?;
    let mut pull = TriedPull {
        heads: branches.heads.into_iter().collect(),
        ..TriedPull::default()
    };
    let mut foreign = Foreign::new(store, &repo.repo_id);
    loop {
        match walk.next().await {
            Ok(Some(Step::Object(fetched))) => {
                foreign.take(&fetched);
                pull.take(&fetched);
            }
            Ok(Some(Step::Held(_))) => {}
            Ok(Some(Step::Refused(refusal))) => {
                pull.refusal = Some(*refusal);
                break;
            }
            Ok(None) => break,
            Err(PullError::Fetch(FetchError::Cancelled(_))) => {
                pull.stopped = true;
                break;
            }
            Err(error) => return Err(error),
        }
    }
    drop(walk);
    pull.received.foreign_commits = foreign.end().await;
    Ok(pull)
}

impl TriedPull {
    /// Counts an object, and remembers it as the last.
    fn take(&mut self, fetched: &Fetched) {
        self.received.count(fetched);
        if self.last.len() == STEPS {
            self.last.remove(0);
        }
        self.last.push(Taken {
            kind: fetched.object.kind(),
            id: fetched.object.id().clone(),
            reconstructed: fetched.origin == Origin::Reconstructed,
        });
    }
}
