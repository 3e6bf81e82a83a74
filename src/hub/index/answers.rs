//! [`Index`](super::Index) and `IndexMut` for a database: what of them is the same, whatever its SQL.

/// Implements both traits for a database. Each answer comes from the database's own method of the same name, whose
/// failure says what was asked for; the rows of a repository come from `held`, rows by key from its `page` and
/// `by_id`. `trusted` refuses an answer of a database that is no longer where it was opened.
macro_rules! answers {
    ($database:ident) => {
        $crate::index::answers::answers! { @for $database;
            reads {
                visibility(counted: bool) -> Visibility, "which rows are shown";
                about() -> About, "the version";
                migration() -> Migration, "the schema";
                now() -> Micros, "the time";
                memberships(kind: Kind, after: Option<&MembershipRow>, limit: u32) -> Page<MembershipRow>, "memberships";
                held_by(kind: Kind, repo_id: &str, ids: &[String]) -> Vec<String>, "who holds rows";
                pack_ids(after: Option<&str>, limit: u32) -> Page<String>, "packs";
                next_located(kind: Kind, after: &str, window: u32) -> Option<(String, String)>, "a sample of rows";
                ids_unlinked(kind: Kind, after: Option<&str>, limit: u32) -> Page<String>, "rows without storage_uri";
                repo_by_path(owner: &str, slug: &str) -> Option<RepoRow>, "a repository by its path";
                branches_of(repo_id: &str, after: Option<&str>, limit: u32) -> Page<BranchRow>, "a repository's branches";
                ids_with_prefix(prefix: &str, limit: u32) -> Vec<(Kind, String)>, "ids by their beginning";
                browse(ask: &Browse) -> Page<Listed>, "a list of rows";
                browse_count(ask: &Browse) -> u64, "the length of a list of rows";
                repo_counts(repo_ids: &[String]) -> Vec<(u64, u64)>, "counts by repository";
            }
            held {
                ids_held(kind: Kind, repo_id: &str, after: Option<&str>, limit: u32) -> Page<String>, "a repository's rows";
                holders_of(kind: Kind, ids: &[String]) -> Vec<MembershipRow>, "who holds rows";
                ids_with_row(kind: Kind, ids: &[String]) -> Vec<String>, "which rows there are";
                ids_cached(ids: &[String]) -> Vec<String>, "which rows keep bytes";
                without_repo_index() -> Vec<String>, "the indexes";
            }
            pages {
                repos of RepoRow; branches of BranchRow; commits of CommitRow;
                snapshots of SnapshotRow; blobs of BlobRow; proposals of ProposalRow;
                jobs of JobRow; fetch_packs of FetchPackRow;
            }
            walks {
                walk_commits -> Commits; walk_snapshots -> Snapshots; walk_blobs -> Blobs;
            }
            by_id {
                commits_by_id of CommitRow; snapshots_by_id of SnapshotRow; blobs_by_id of BlobRow;
            }
            one_by_id {
                proposal_by_id of ProposalRow; repo_by_id of RepoRow;
            }
            changes {
                set_storage_uri(kind: Kind, links: &[Link]) -> Vec<String>;
                set_cache(recache: &Recache) -> bool;
                set_cells(edit: &RowEdit) -> bool;
                set_packed(edit: &PackedEdit) -> bool;
                insert(rows: &NewRows) -> ();
                migrate(migration: &Migration) -> ();
                commit_writes(batch: &WriteBatch) -> BatchOutcome;
                mark_deleted(repo_id: &str, at: &str) -> bool;
                lock_applier() -> Box<dyn Send + Sync>;
            }
        }
    };
    (@for $database:ident;
        reads { $($read:ident($($ask:ident: $of:ty),*) -> $found:ty, $what:literal;)+ }
        held { $($held:ident($($wish:ident: $wished:ty),*) -> $had:ty, $holding:literal;)+ }
        pages { $($list:ident of $row:ident;)+ }
        walks { $($walk:ident -> $stretch:ident;)+ }
        by_id { $($rows:ident of $wanted:ident;)+ }
        one_by_id { $($one:ident of $single:ident;)+ }
        changes { $($change:ident($($given:ident: $as:ty),*) -> $done:ty;)+ }
    ) => {
        const _: () = {
        use $crate::index::{
            About, BatchOutcome, BlobRow, BranchRow, Browse, Capabilities, CommitRow, Counts,
            FetchPackRow, Hidden, Index, IndexError, IndexMut, JobRow, Link, Listed, MembershipRow, Migration, NewRows, PackedEdit, PackedRow,
            Page, ProposalRow, Recache, RepoRow, RowEdit, SnapshotRow, Visibility, WriteBatch, held,
        };
        use $crate::index::plain::{Blobs, Commits, Place, Snapshots};
        use $crate::index::rows::CachedContent;
        use async_trait::async_trait;
        use luthier_object::{Kind, time::Micros};

        #[async_trait]
        impl Index for $database {
            fn describe(&self) -> String {
                Self::describe(self)
            }

            fn capabilities(&self) -> &Capabilities {
                &self.columns.capabilities
            }

            fn hidden(&self) -> &[Hidden] {
                &self.hidden
            }

            async fn close(&self) {
                Self::close(self).await;
            }

            fn in_place(&self) -> Result<(), IndexError> {
                self.trusted(Ok(()))
            }

            async fn counts(&self) -> Result<Counts, IndexError> {
                self.trusted(Self::counts(self).await)
            }

            $(async fn $read(&self, $($ask: $of),*) -> Result<$found, IndexError> {
                let found = Self::$read(self, $($ask),*).await;
                self.trusted(found.map_err(|error: sqlx::Error| self.failed($what, error)))
            })+

            $(async fn $held(&self, $($wish: $wished),*) -> Result<$had, IndexError> {
                let found = held::$held(self, $($wish),*).await;
                self.trusted(found.map_err(|error: sqlx::Error| self.failed($holding, error)))
            })+

            $(async fn $list(&self, after: Option<&str>, limit: u32) -> Result<Page<$row>, IndexError> {
                self.trusted(self.page(after, limit).await)
            })+

            $(async fn $walk(&self, from: Option<&Place>, limit: u32) -> Result<$stretch, IndexError> {
                self.trusted(self.walk(from, limit).await)
            })+

            $(async fn $rows(&self, ids: &[String]) -> Result<Vec<$wanted>, IndexError> {
                self.trusted(self.by_id(ids).await)
            })+

            $(async fn $one(&self, id: &str) -> Result<Option<$single>, IndexError> {
                let found = self.by_id::<$single>(&[id.to_owned()]).await;
                Ok(self.trusted(found)?.pop())
            })+

            async fn packed_by_id(&self, ids: &[String]) -> Result<Vec<PackedRow>, IndexError> {
                self.trusted(self.each_by_id(ids).await)
            }

            async fn cached_content(&self, id: &str) -> Result<Option<Vec<u8>>, IndexError> {
                if !self.columns.capabilities.content_cache() {
                    return Ok(None);
                }
                let found = self.by_id::<CachedContent>(&[id.to_owned()]).await;
                Ok(self.trusted(found)?.pop().and_then(|row| row.bytes))
            }

            async fn proposals_of(
                &self,
                repo_id: &str,
                after: Option<&str>,
                limit: u32,
            ) -> Result<Page<ProposalRow>, IndexError> {
                let page = held::proposal_page(self, repo_id, after, limit).await;
                let page = page.map_err(|error| self.failed("a repository's proposals", error))?;
                let rows = self.by_id::<ProposalRow>(&page.rows).await;
                let mut rows = self.trusted(rows)?;
                rows.sort_by(|a, b| a.proposal_id.cmp(&b.proposal_id));
                Ok(Page {
                    rows,
                    end: page.end,
                })
            }
        }

        #[async_trait]
        impl IndexMut for $database {
            $(async fn $change(&self, $($given: $as),*) -> Result<$done, IndexError> {
                self.trusted(Self::$change(self, $($given),*).await)
            })+
        }
        };
    };
}

pub(crate) use answers;
