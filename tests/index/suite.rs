//! What every database has to do, whatever it is.

use super::{
    BlobRow, BranchRow, Browse, CellEdit, CommitRow, Edge, Index, IndexError, IndexMut, Link,
    Listed, MembershipRow, NewRows, PackedRow, Page, ProposalRow, Recache, RepoRow, RowEdit,
    SnapshotRow,
};
use crate::access::Access;
use luthier_object::Kind;

pub mod browsing;
pub mod changes;
pub mod hubs;
pub mod packs;
pub mod pages;

/// A hub of its own for each test.
pub trait Fixture: Sized + Send + Sync {
    type Hub: IndexMut + 'static;
    /// An empty hub with today's schema.
    fn empty() -> impl Future<Output = Self> + Send;
    /// A hub of March 2026: one repository `r1` (ada/song) with branch `main`, commits `c1` (2026-03-19
    /// 10:00:00.5) and `c2` on it, snapshot `s1` with the manifest `{"a.mid": "b1"}`, object `b1` with
    /// `disk_path` `r1/b1`, and pull request `p1`.
    fn march() -> impl Future<Output = Self> + Send;
    /// The hub, opened for writing.
    fn hub(&self) -> &Self::Hub;
    /// Runs SQL behind the hub's back.
    fn sql(&self, sql: &str) -> impl Future<Output = ()> + Send;
    /// Opens the same hub once more.
    fn open(&self, access: Access) -> impl Future<Output = Self::Hub> + Send;
}

/// Expands to one test a case for one kind of database.
macro_rules! index_suite {
    ($name:ident, $fixture:ty) => {
        mod $name {
            $crate::index::suite::index_cases! { $fixture;
                pages::rows_come_back_as_they_were_added,
                pages::pages_join_to_the_whole_in_the_order_of_bytes,
                pages::memberships_join_to_the_whole,
                pages::a_page_cut_by_weight_is_not_the_end,
                pages::rows_are_found_by_id,
                pages::many_rows_are_added_at_once,
                pages::ids_are_found_by_their_beginning,
                pages::counts_are_exact,
                pages::the_database_tells_the_time,
                changes::a_link_changes_only_what_was_seen,
                changes::a_cache_changes_only_what_was_seen,
                changes::cells_change_together_and_only_from_what_was_seen,
                changes::a_cell_that_is_read_can_be_put_back,
                changes::adding_leaves_rows_that_are_there,
                changes::adding_is_all_or_nothing,
                changes::what_a_hub_lacks_is_said_and_never_written,
                changes::reading_access_refuses_every_change,
                changes::a_second_applier_is_kept_out,
                browsing::browsing_backwards_is_browsing_forwards_reversed,
                browsing::browsing_by_age_goes_either_way_and_on_from_any_row,
                browsing::browsing_keeps_to_repository_and_branch,
                browsing::a_list_shows_light_columns,
                browsing::branches_that_share_a_name_are_never_parted,
                browsing::a_living_repository_comes_before_a_deleted_one,
                hubs::a_hub_of_march_is_read_in_full,
                hubs::a_hub_of_march_can_be_added_to,
                hubs::a_hub_without_memberships_goes_by_repo_id,
                hubs::a_hub_without_repo_id_goes_by_memberships,
                hubs::a_hub_without_proposals_has_none,
                packs::every_row_of_the_index_of_packs_is_read,
                packs::the_columns_of_the_index_may_have_other_names,
                packs::a_hub_without_packs_has_none,
                packs::a_row_may_keep_the_bytes_of_its_blob,
                hubs::unknown_tables_and_columns_disturb_nobody,
            }
        }
    };
}
macro_rules! index_cases {
    ($fixture:ty; $($part:ident::$case:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::index::suite::$part::$case::<$fixture>().await;
            }
        )*
    };
}
pub(crate) use {index_cases, index_suite};

/// Keys whose order differs between bytes, locales and UTF-16.
pub const IDS: [&str; 9] = [
    "A",
    "Z",
    "a",
    "a b",
    "sha256:0",
    "z",
    "é",
    "\u{fb33}",
    "\u{1f600}",
];

pub fn commit(id: &str, repo: &str, at: &str) -> CommitRow {
    CommitRow {
        commit_id: id.into(),
        repo_id: Some(repo.into()),
        branch: "main".into(),
        parent_ids: "[]".into(),
        message: format!("message of {id}"),
        author: "ada".into(),
        timestamp: at.into(),
        commit_meta: "{}".into(),
        created_at: at.into(),
        ..CommitRow::default()
    }
}

pub fn snapshot(id: &str) -> SnapshotRow {
    SnapshotRow {
        snapshot_id: id.into(),
        repo_id: Some("r1".into()),
        entry_count: Some(0),
        directories: Some("[]".into()),
        created_at: AT.into(),
        ..SnapshotRow::default()
    }
}

pub fn blob(id: &str) -> BlobRow {
    BlobRow {
        object_id: id.into(),
        repo_id: Some("r1".into()),
        path: format!("{id}.mid"),
        size_bytes: 7,
        created_at: AT.into(),
        ..BlobRow::default()
    }
}

pub fn branch(id: &str, repo: &str, name: &str) -> BranchRow {
    BranchRow {
        branch_id: id.into(),
        repo_id: repo.into(),
        name: name.into(),
        head_commit_id: None,
    }
}

pub fn repo(id: &str, owner: &str, slug: &str) -> RepoRow {
    RepoRow {
        repo_id: id.into(),
        owner: owner.into(),
        slug: slug.into(),
        created_at: AT.into(),
        ..RepoRow::default()
    }
}

pub fn member(id: &str, repo: &str) -> MembershipRow {
    MembershipRow {
        id: id.into(),
        repo_id: repo.into(),
    }
}

pub const AT: &str = "2026-06-01T12:00:00+00:00";

pub fn full_rows() -> NewRows {
    NewRows {
        repos: vec![RepoRow {
            name: "Song".into(),
            visibility: "public".into(),
            owner_user_id: "u1".into(),
            description: "a\nb".into(),
            default_branch: "dev".into(),
            pushed_at: Some(AT.into()),
            deleted_at: Some(AT.into()),
            ..repo("r1", "ada", "song")
        }],
        branches: vec![BranchRow {
            head_commit_id: Some("c1".into()),
            ..branch("br1", "r1", "main")
        }],
        commits: vec![CommitRow {
            parent_ids: r#"["c0"]"#.into(),
            message: "été\n\u{1f600} \u{202e}".into(),
            snapshot_id: Some("s1".into()),
            commit_meta: r#"{"a":1}"#.into(),
            storage_uri: Some("local://c1".into()),
            ..commit("c1", "r1", AT)
        }],
        snapshots: vec![SnapshotRow {
            manifest: Some(vec![0x81, 0, 0xff]),
            delta: Some(vec![]),
            parent_snapshot_id: Some("s0".into()),
            entry_count: Some(i64::from(i32::MAX)),
            directories: Some(r#"["a"]"#.into()),
            storage_uri: Some("local://s1".into()),
            ..snapshot("s1")
        }],
        blobs: vec![BlobRow {
            size_bytes: i64::MAX,
            storage_uri: Some("local://b1".into()),
            ..blob("b1")
        }],
        proposals: vec![ProposalRow {
            proposal_id: "p1".into(),
            repo_id: "r1".into(),
            title: "t".into(),
            state: "merged".into(),
            from_branch: "dev".into(),
            to_branch: "main".into(),
            merge_commit_id: Some("c1".into()),
        }],
        memberships: vec![
            (Kind::Commit, member("c1", "r1")),
            (Kind::Snapshot, member("s1", "r1")),
            (Kind::Blob, member("b1", "r1")),
        ],
        packed: vec![PackedRow {
            object_id: "b1".into(),
            pack_id: "sha256:p1".into(),
            offset: Some(92),
            length: Some(5),
        }],
        fetch_packs: Vec::new(),
    }
}

pub async fn browsable<F: Fixture>(fixture: &F) {
    let mut rows = NewRows::default();
    for n in 0..23 {
        let repo = if n % 4 == 0 { "r2" } else { "r1" };
        let at = format!("2026-06-01T12:00:{:02}+00:00", n / 3);
        let mut row = commit(&format!("c{:02}", (n * 7) % 23), repo, &at);
        row.branch = if n % 5 == 0 { "dev" } else { "main" }.into();
        let shared = n == 4;
        rows.memberships
            .push((Kind::Commit, member(&row.commit_id, repo)));
        if shared {
            rows.memberships
                .push((Kind::Commit, member(&row.commit_id, "r1")));
        }
        rows.commits.push(row);
    }
    fixture.hub().insert(&rows).await.unwrap();
}

pub fn ask(repo: Option<&str>, branch: Option<&str>, from: Edge, limit: u32) -> Browse {
    Browse {
        kind: Kind::Commit,
        repo_id: repo.map(str::to_owned),
        branch: branch.map(str::to_owned),
        oldest_first: false,
        from,
        limit,
    }
}

pub async fn forwards(hub: &impl Index, repo: Option<&str>, branch: Option<&str>) -> Vec<Listed> {
    let mut rows: Vec<Listed> = Vec::new();
    let mut from = Edge::Start;
    loop {
        let page = hub.browse(&ask(repo, branch, from, 5)).await.unwrap();
        rows.extend(page.rows);
        if page.end {
            return rows;
        }
        let last = rows.last().unwrap();
        from = Edge::After {
            at: last.at.clone(),
            id: last.id.clone(),
        };
    }
}

pub async fn backwards(hub: &impl Index, repo: Option<&str>, branch: Option<&str>) -> Vec<Listed> {
    let mut rows: Vec<Listed> = Vec::new();
    let mut from = Edge::End;
    loop {
        let page = hub.browse(&ask(repo, branch, from, 5)).await.unwrap();
        rows.splice(0..0, page.rows);
        if page.end {
            return rows;
        }
        from = Edge::Before {
            at: rows[0].at.clone(),
            id: rows[0].id.clone(),
        };
    }
}
