//! Reading rows: pages, ids, counts.

use super::*;
use crate::index::Pages;
use futures_util::TryStreamExt;

/// The rows of all pages, none of which has more than `limit`.
async fn joined<T>(pages: Pages<'_, T>, limit: u32) -> Vec<T> {
    let pages: Vec<Vec<T>> = pages.try_collect().await.unwrap();
    assert!(pages.iter().all(|rows| rows.len() <= limit as usize));
    pages.into_iter().flatten().collect()
}

pub async fn rows_come_back_as_they_were_added<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    let rows = full_rows();
    hub.insert(&rows).await.unwrap();
    assert_eq!(hub.repos(None, 9).await.unwrap().rows, rows.repos);
    assert_eq!(hub.branches(None, 9).await.unwrap().rows, rows.branches);
    assert_eq!(hub.commits(None, 9).await.unwrap().rows, rows.commits);
    assert_eq!(hub.snapshots(None, 9).await.unwrap().rows, rows.snapshots);
    assert_eq!(hub.blobs(None, 9).await.unwrap().rows, rows.blobs);
    assert_eq!(hub.proposals(None, 9).await.unwrap().rows, rows.proposals);
    for (kind, row) in rows.memberships {
        assert_eq!(hub.memberships(kind, None, 9).await.unwrap().rows, [row]);
    }
    assert_eq!(
        hub.repo_by_id("r1").await.unwrap().as_ref(),
        rows.repos.first()
    );
    assert_eq!(hub.repo_by_id("r2").await.unwrap(), None);
}

pub async fn pages_join_to_the_whole_in_the_order_of_bytes<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    let mut rows = NewRows::default();
    for id in IDS.iter().rev() {
        rows.repos.push(repo(id, "ada", id));
        rows.branches.push(branch(id, "r1", "main"));
        rows.commits.push(commit(id, "r1", AT));
        rows.snapshots.push(snapshot(id));
        rows.blobs.push(blob(id));
        rows.proposals.push(ProposalRow {
            proposal_id: (*id).into(),
            ..ProposalRow::default()
        });
    }
    hub.insert(&rows).await.unwrap();
    for limit in [1, 2, 4, IDS.len() as u32, 100] {
        macro_rules! check {
            ($($pages:ident $key:ident),*) => {$(
                let rows = joined((hub as &dyn Index).$pages(limit), limit).await;
                let ids: Vec<&str> = rows.iter().map(|row| row.$key.as_str()).collect();
                assert_eq!(ids, IDS, "{} by {limit}", stringify!($pages));
            )*};
        }
        check!(repo_pages repo_id, branch_pages branch_id, commit_pages commit_id,
               snapshot_pages snapshot_id, blob_pages object_id, proposal_pages proposal_id);
    }
    let full = hub.blobs(None, IDS.len() as u32).await.unwrap();
    assert!(!full.end, "a full page proves nothing about what follows");
}

pub async fn memberships_join_to_the_whole<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    let mut whole: Vec<MembershipRow> = Vec::new();
    for id in IDS {
        whole.extend(["r1", "r2", "\u{1f600}"].map(|repo| member(id, repo)));
    }
    for kind in Kind::ALL {
        let memberships = whole.iter().rev().map(|m| (kind, m.clone())).collect();
        hub.insert(&NewRows {
            memberships,
            ..NewRows::default()
        })
        .await
        .unwrap();
        for limit in [1, 2, 4, 100] {
            let rows = joined((hub as &dyn Index).membership_pages(kind, limit), limit).await;
            assert_eq!(rows, whole, "{kind} by {limit}");
        }
    }
}

pub async fn a_page_cut_by_weight_is_not_the_end<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    let heavy = |id| SnapshotRow {
        manifest: Some(vec![0x80; crate::index::PAGE_BYTES / 2 + 1]),
        ..snapshot(id)
    };
    let snapshots = ["s1", "s2", "s3"].map(heavy).to_vec();
    hub.insert(&NewRows {
        snapshots,
        ..NewRows::default()
    })
    .await
    .unwrap();
    let page = hub.snapshots(None, 10).await.unwrap();
    assert_eq!((page.rows.len(), page.end), (2, false));
    let page = hub.snapshots(Some("s2"), 10).await.unwrap();
    assert_eq!((page.rows.len(), page.end), (1, true));
}

pub async fn rows_are_found_by_id<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    let rows = NewRows {
        commits: (0..1_200)
            .map(|n| commit(&format!("c{n}"), "r", AT))
            .collect(),
        snapshots: IDS.map(snapshot).to_vec(),
        blobs: IDS.map(blob).to_vec(),
        ..NewRows::default()
    };
    hub.insert(&rows).await.unwrap();
    let mut ask: Vec<String> = (0..1_200).map(|n| format!("c{n}")).collect();
    ask.extend(["c7".into(), "none".into(), "\"'%".into()]);
    assert_eq!(hub.commits_by_id(&ask).await.unwrap().len(), 1_200);
    assert!(hub.commits_by_id(&[]).await.unwrap().is_empty());
    let ids: Vec<String> = IDS.map(String::from).to_vec();
    let mut found = hub.snapshots_by_id(&ids).await.unwrap();
    found.sort_by(|a, b| a.snapshot_id.cmp(&b.snapshot_id));
    assert_eq!(found, rows.snapshots);
    assert_eq!(hub.blobs_by_id(&ids[2..3]).await.unwrap(), [blob(IDS[2])]);
}

pub async fn many_rows_are_added_at_once<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    let blobs = (0..20_000).map(|n| blob(&format!("{n:06}"))).collect();
    let rows = NewRows {
        blobs,
        ..NewRows::default()
    };
    hub.insert(&rows).await.unwrap();
    let blobs = (hub as &dyn Index).blob_pages(5_000);
    assert_eq!(joined(blobs, 5_000).await, rows.blobs);
}

pub async fn ids_are_found_by_their_beginning<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    let ids = [
        "sha256:ab12",
        "sha256:ab34",
        "ab12",
        "aB12",
        "a%",
        "a_",
        "ac",
    ];
    hub.insert(&NewRows {
        commits: ids.iter().map(|id| commit(id, "r1", AT)).collect(),
        blobs: vec![blob("sha256:ab12")],
        ..NewRows::default()
    })
    .await
    .unwrap();
    let find = async |prefix: &str, limit| hub.ids_with_prefix(prefix, limit).await.unwrap();
    let commits = |ids: &[&str]| -> Vec<(Kind, String)> {
        ids.iter()
            .map(|id| (Kind::Commit, (*id).to_owned()))
            .collect()
    };
    let mut both = commits(&["ab12", "sha256:ab12"]);
    both.push((Kind::Blob, "sha256:ab12".into()));
    assert_eq!(find("ab1", 9).await, both);
    assert_eq!(find("sha256:ab3", 9).await, commits(&["sha256:ab34"]));
    assert_eq!(find("a%", 9).await, commits(&["a%"]));
    assert_eq!(find("a_", 9).await, commits(&["a_"]));
    assert_eq!(find("s", 9).await.len(), 3, "each id once");
    assert_eq!(find("", 2).await.len(), 2);
    assert!(find("b", 9).await.is_empty());
}

pub async fn counts_are_exact<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    assert_eq!(
        hub.counts().await.unwrap(),
        crate::index::Counts {
            null_uris: [Some(0); 3],
            ..crate::index::Counts::default()
        }
    );
    let mut rows = full_rows();
    rows.commits
        .extend(["c2", "c3"].map(|id| commit(id, "r1", AT)));
    rows.blobs.push(blob("b2"));
    hub.insert(&rows).await.unwrap();
    let counts = hub.counts().await.unwrap();
    assert_eq!((counts.repos, counts.branches, counts.proposals), (1, 1, 1));
    assert_eq!((counts.commits, counts.snapshots, counts.blobs), (3, 1, 2));
    assert_eq!(counts.null_uris, [Some(2), Some(0), Some(1)]);
}

pub async fn the_database_tells_the_time<F: Fixture>() {
    let fixture = F::empty().await;
    let day = 86_400_000_000;
    let since = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros() as i64;
    let now = fixture.hub().now().await.unwrap();
    assert!((now - since).abs() < day, "{now} is not today");
    assert!(!fixture.hub().describe().is_empty());
}
