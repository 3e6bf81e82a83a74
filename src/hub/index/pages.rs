//! Every row of a list as a stream of keyset pages.

use super::{
    BlobRow, BranchRow, CommitRow, Index, IndexError, MembershipRow, Page, ProposalRow, RepoRow,
    SnapshotRow,
};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use luthier_object::Kind;

/// The pages of a list, in order. It ends behind the last page, or with an error.
pub type Pages<'i, T> = BoxStream<'i, Result<Vec<T>, IndexError>>;

/// Asks for one page after the other, each behind the key of the last row so far.
fn pages<'i, T, K, A>(key: fn(&T) -> K, ask: A) -> Pages<'i, T>
where
    T: Send + 'i,
    K: Clone + Send + 'i,
    A: Fn(Option<K>) -> BoxFuture<'i, Result<Page<T>, IndexError>> + Send + 'i,
{
    stream::try_unfold(Some(None::<K>), move |open| {
        let asked = open.map(|after| (ask(after.clone()), after));
        async move {
            let Some((asked, after)) = asked else {
                return Ok(None);
            };
            let page = asked.await?;
            // A page may be empty although others follow: its rows went while they were read.
            let last = page.rows.last().map(key).or(after);
            Ok(Some((page.rows, (!page.end).then_some(last))))
        }
    })
    .boxed()
}

/// The lists that one question gives, each row of them behind its key.
macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident($($of:ident: $type:ty),*) -> $row:ty, $ask:ident, $key:expr;)+) => {
        impl<'i> dyn Index + 'i {
            $($(#[$doc])*
            pub fn $name(&'i self, $($of: $type,)* limit: u32) -> Pages<'i, $row> {
                pages($key, move |after: Option<_>| {
                    Box::pin(async move { self.$ask($($of,)* after.as_deref(), limit).await })
                })
            })+
        }
    };
}

lists! {
    /// Returns all repositories.
    repo_pages() -> RepoRow, repos, |row: &RepoRow| row.repo_id.clone();
    /// Returns all branches.
    branch_pages() -> BranchRow, branches, |row: &BranchRow| row.branch_id.clone();
    /// Returns the branches of a repository by name; those that share one are on one page.
    branch_pages_of(repo_id: &'i str) -> BranchRow, branches_of, |row: &BranchRow| row.name.clone();
    /// Returns all commits.
    commit_pages() -> CommitRow, commits, |row: &CommitRow| row.commit_id.clone();
    /// Returns all snapshots.
    snapshot_pages() -> SnapshotRow, snapshots, |row: &SnapshotRow| row.snapshot_id.clone();
    /// Returns all blobs.
    blob_pages() -> BlobRow, blobs, |row: &BlobRow| row.object_id.clone();
    /// Returns all proposals.
    proposal_pages() -> ProposalRow, proposals, |row: &ProposalRow| row.proposal_id.clone();
    /// Returns the proposals of a repository.
    proposal_pages_of(repo_id: &'i str) -> ProposalRow, proposals_of, |row: &ProposalRow| row.proposal_id.clone();
    /// Returns the ids that a repository holds.
    held_pages(kind: Kind, repo_id: &'i str) -> String, ids_held, String::clone;
}

impl<'i> dyn Index + 'i {
    /// Returns all memberships of one kind.
    pub fn membership_pages(&'i self, kind: Kind, limit: u32) -> Pages<'i, MembershipRow> {
        pages(MembershipRow::clone, move |after: Option<MembershipRow>| {
            Box::pin(async move { self.memberships(kind, after.as_ref(), limit).await })
        })
    }
}

#[cfg(test)]
#[path = "../../../tests/index/streams.rs"]
mod tests;
