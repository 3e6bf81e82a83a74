//! Every read of [`Index`](super::Index), once: for whoever puts something between.

/// Calls the macro that it is given with the signature of each read. What they name has to be imported.
macro_rules! index_reads {
    ($for_each:ident) => {
        $for_each! {
            about() -> About;
            visibility(counted: bool) -> Visibility;
            migration() -> Migration;
            now() -> Micros;
            counts() -> Counts;
            repos(after: Option<&str>, limit: u32) -> Page<RepoRow>;
            branches(after: Option<&str>, limit: u32) -> Page<BranchRow>;
            commits(after: Option<&str>, limit: u32) -> Page<CommitRow>;
            snapshots(after: Option<&str>, limit: u32) -> Page<SnapshotRow>;
            blobs(after: Option<&str>, limit: u32) -> Page<BlobRow>;
            walk_commits(from: Option<&Place>, limit: u32) -> Commits;
            walk_snapshots(from: Option<&Place>, limit: u32) -> Snapshots;
            walk_blobs(from: Option<&Place>, limit: u32) -> Blobs;
            proposals(after: Option<&str>, limit: u32) -> Page<ProposalRow>;
            memberships(kind: Kind, after: Option<&MembershipRow>, limit: u32) -> Page<MembershipRow>;
            commits_by_id(ids: &[String]) -> Vec<CommitRow>;
            snapshots_by_id(ids: &[String]) -> Vec<SnapshotRow>;
            blobs_by_id(ids: &[String]) -> Vec<BlobRow>;
            packed_by_id(ids: &[String]) -> Vec<PackedRow>;
            pack_ids(after: Option<&str>, limit: u32) -> Page<String>;
            jobs(after: Option<&str>, limit: u32) -> Page<JobRow>;
            fetch_packs(after: Option<&str>, limit: u32) -> Page<FetchPackRow>;
            cached_content(id: &str) -> Option<Vec<u8>>;
            ids_cached(ids: &[String]) -> Vec<String>;
            proposal_by_id(id: &str) -> Option<ProposalRow>;
            held_by(kind: Kind, repo_id: &str, ids: &[String]) -> Vec<String>;
            ids_held(kind: Kind, repo_id: &str, after: Option<&str>, limit: u32) -> Page<String>;
            holders_of(kind: Kind, ids: &[String]) -> Vec<MembershipRow>;
            ids_with_row(kind: Kind, ids: &[String]) -> Vec<String>;
            proposals_of(repo_id: &str, after: Option<&str>, limit: u32) -> Page<ProposalRow>;
            next_located(kind: Kind, after: &str, window: u32) -> Option<(String, String)>;
            ids_unlinked(kind: Kind, after: Option<&str>, limit: u32) -> Page<String>;
            without_repo_index() -> Vec<String>;
            repo_by_id(repo_id: &str) -> Option<RepoRow>;
            repo_by_path(owner: &str, slug: &str) -> Option<RepoRow>;
            branches_of(repo_id: &str, after: Option<&str>, limit: u32) -> Page<BranchRow>;
            ids_with_prefix(prefix: &str, limit: u32) -> Vec<(Kind, String)>;
            browse(ask: &Browse) -> Page<Listed>;
            browse_count(ask: &Browse) -> u64;
            repo_counts(repo_ids: &[String]) -> Vec<(u64, u64)>;
        }
    };
}

pub(crate) use index_reads;
