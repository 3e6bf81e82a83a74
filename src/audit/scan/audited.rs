//! Rows of any kind, as the passes read them.

use crate::judge::{Judge, Verdict};
use luthier_hub::index::audit_scratch::{AuditScratch, StoredCopy};
use luthier_hub::index::plain::{Place, PlainBlob, PlainCommit, PlainRow, PlainSnapshot, Stretch};
use luthier_hub::index::{BlobRow, CommitRow, Index, IndexError, Page, SnapshotRow};
use luthier_object::Kind;

/// The fields of a row of any kind that the passes need.
pub(super) trait Audited: Sized + PartialEq {
    const KIND: Kind;
    fn id(&self) -> &str;
    fn repo_id(&self) -> Option<&str>;
    fn created_at(&self) -> &str;
    fn storage_uri(&self) -> Option<&str>;
    /// Rows read by their ids at once; the row of a snapshot may have megabytes.
    const TOGETHER: u32;
    /// A row that gives its own id, and of which no rule has anything to say.
    type Plain: AsMut<PlainRow> + AsRef<PlainRow> + Send + 'static;
    fn page(
        index: &dyn Index,
        after: Option<&str>,
        rows: u32,
    ) -> impl Future<Output = Result<Page<Self>, IndexError>> + Send;
    fn walk(
        index: &dyn Index,
        from: Option<&Place>,
        rows: u32,
    ) -> impl Future<Output = Result<Stretch<Self::Plain, Self>, IndexError>> + Send;
    /// Returns the name of the formula that gives the row's id.
    fn scheme(plain: &Self::Plain) -> Option<&'static str>;
    async fn lay_down(scratch: &AuditScratch, plain: Vec<Self::Plain>) -> Result<(), IndexError>;
    async fn by_id(index: &dyn Index, ids: &[String]) -> Result<Vec<Self>, IndexError>;
    async fn judge(&self, judge: &Judge, copies: &[StoredCopy]) -> Verdict;
}

macro_rules! audited {
    ($($row:ident $kind:ident $id:ident $pages:ident $by_id:ident $together:literal $judge:ident
       $plain:ident $walk:ident $add:ident $scheme:expr;)*) => {$(
        impl Audited for $row {
            const KIND: Kind = Kind::$kind;
            fn id(&self) -> &str { &self.$id }
            fn repo_id(&self) -> Option<&str> { self.repo_id.as_deref() }
            fn created_at(&self) -> &str { &self.created_at }
            fn storage_uri(&self) -> Option<&str> { self.storage_uri.as_deref() }
            async fn page(index: &dyn Index, after: Option<&str>, rows: u32) -> Result<Page<Self>, IndexError> {
                index.$pages(after, rows).await
            }
            const TOGETHER: u32 = $together;
            type Plain = $plain;
            async fn walk(index: &dyn Index, from: Option<&Place>, rows: u32) -> Result<Stretch<$plain, Self>, IndexError> {
                index.$walk(from, rows).await
            }
            fn scheme(plain: &$plain) -> Option<&'static str> {
                let scheme: fn(&$plain) -> Option<&'static str> = $scheme;
                scheme(plain)
            }
            async fn lay_down(scratch: &AuditScratch, plain: Vec<$plain>) -> Result<(), IndexError> {
                scratch.$add(plain).await
            }
            async fn by_id(index: &dyn Index, ids: &[String]) -> Result<Vec<Self>, IndexError> {
                index.$by_id(ids).await
            }
            async fn judge(&self, judge: &Judge, copies: &[StoredCopy]) -> Verdict {
                judge.$judge(self, copies).await
            }
        }
    )*};
}

audited! {
    BlobRow Blob object_id blobs blobs_by_id 500 blob
        PlainBlob walk_blobs add_plain_blobs |_| None;
    SnapshotRow Snapshot snapshot_id snapshots snapshots_by_id 32 snapshot
        PlainSnapshot walk_snapshots add_plain_snapshots |snapshot| Some(snapshot.scheme.name());
    CommitRow Commit commit_id commits commits_by_id 500 commit
        PlainCommit walk_commits add_plain_commits |commit| Some(commit.scheme.name());
}
