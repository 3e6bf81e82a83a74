//! A pull that is only tried: the same walk, and nothing is kept of it.

use super::error::PullError;
use super::layout::Layout;
use super::walk::{self, Asked, Walk};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::store::fetch::{FetchError, Origin, Refusal, Step};
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
    /// Served from the store, in the order of [`Kind::ALL`].
    pub served: [u64; 3],
    /// Made from rows.
    pub reconstructed: [u64; 3],
    /// Raw bytes of all of it.
    pub bytes: u64,
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
    let Asked { branches, .. } = walk::ask(store, (owner, slug), branch).await?;
    let walk = Walk::start(store, &branches, (&[], None), Layout::Unified, progress);
    let mut walk = walk.await?;
    let mut pull = TriedPull {
        heads: branches.heads.into_iter().collect(),
        ..TriedPull::default()
    };
    loop {
        match walk.next().await {
            Ok(Some(Step::Object(fetched))) => {
                let object = &fetched.object;
                let reconstructed = fetched.origin == Origin::Reconstructed;
                let counts = match reconstructed {
                    true => &mut pull.reconstructed,
                    false => &mut pull.served,
                };
                counts[object.kind() as usize] += 1;
                pull.bytes += object.bytes().len() as u64;
                if pull.last.len() == STEPS {
                    pull.last.remove(0);
                }
                pull.last.push(Taken {
                    kind: object.kind(),
                    id: object.id().clone(),
                    reconstructed,
                });
            }
            Ok(Some(Step::Held(_))) => {}
            Ok(Some(Step::Refused(refusal))) => {
                pull.refusal = Some(*refusal);
                return Ok(pull);
            }
            Ok(None) => return Ok(pull),
            Err(PullError::Fetch(FetchError::Cancelled(_))) => {
                pull.stopped = true;
                return Ok(pull);
            }
            Err(error) => return Err(error),
        }
    }
}
