//! Lists for people.

use super::*;

pub async fn browsing_backwards_is_browsing_forwards_reversed<F: Fixture>() {
    let fixture = F::empty().await;
    browsable(&fixture).await;
    let hub = fixture.hub();
    let all = forwards(hub, None, None).await;
    assert_eq!(all.len(), 23);
    assert!(all.is_sorted_by(|a, b| (&a.at, &a.id) > (&b.at, &b.id)));
    for (repo, branch) in [
        (None, None),
        (Some("r1"), None),
        (None, Some("dev")),
        (Some("r2"), Some("main")),
        (Some("none"), None),
    ] {
        let rows = forwards(hub, repo, branch).await;
        assert_eq!(
            backwards(hub, repo, branch).await,
            rows,
            "{repo:?} {branch:?}"
        );
        let count = hub.browse_count(&ask(repo, branch, Edge::Start, 1)).await;
        assert_eq!(count.unwrap(), rows.len() as u64);
        let within = all
            .iter()
            .filter(|row| branch.is_none_or(|b| row.branch == b));
        let within: Vec<&Listed> = within.filter(|row| rows.contains(row)).collect();
        assert!(within.into_iter().eq(&rows), "{repo:?} {branch:?}");
    }
}

pub async fn browsing_by_age_goes_either_way_and_on_from_any_row<F: Fixture>() {
    let fixture = F::empty().await;
    browsable(&fixture).await;
    let hub = fixture.hub();
    let newest = forwards(hub, Some("r1"), None).await;
    let page = async |oldest_first, from, limit| {
        let ask = Browse {
            oldest_first,
            ..ask(Some("r1"), None, from, limit)
        };
        hub.browse(&ask).await.unwrap()
    };
    let oldest = page(true, Edge::Start, 50).await;
    assert!(oldest.end && oldest.rows.iter().eq(newest.iter().rev()));
    let oldest = oldest.rows;
    assert_eq!(page(true, Edge::End, 5).await.rows, oldest[13..]);
    for (oldest_first, all) in [(false, &newest), (true, &oldest)] {
        for (n, row) in all.iter().enumerate() {
            let (at, id) = (row.at.clone(), row.id.clone());
            let from = Edge::From {
                at: at.clone(),
                id: id.clone(),
            };
            assert_eq!(page(oldest_first, from, 50).await.rows, all[n..]);
            let after = Edge::After {
                at: at.clone(),
                id: id.clone(),
            };
            assert_eq!(page(oldest_first, after, 50).await.rows, all[n + 1..]);
            let before = page(oldest_first, Edge::Before { at, id }, 3).await;
            assert_eq!(before.rows, all[n.saturating_sub(3)..n]);
        }
        let gone = Edge::From {
            at: all[3].at.clone(),
            id: format!("{}~", all[3].id),
        };
        let next = if oldest_first { 4 } else { 3 };
        assert_eq!(page(oldest_first, gone, 50).await.rows, all[next..]);
    }
}

pub async fn browsing_keeps_to_repository_and_branch<F: Fixture>() {
    let fixture = F::empty().await;
    browsable(&fixture).await;
    let hub = fixture.hub();
    // Of 23 rows six belong to r2; one of them to r1 as well.
    assert_eq!(forwards(hub, Some("r2"), None).await.len(), 6);
    assert_eq!(forwards(hub, Some("r1"), None).await.len(), 18);
    let dev = forwards(hub, Some("r1"), Some("dev")).await;
    assert_eq!(dev.len(), 3);
    assert!(dev.iter().all(|row| row.branch == "dev"));
    let ids = ["r2", "none", "r1"].map(String::from);
    let counts = hub.repo_counts(&ids).await.unwrap();
    assert_eq!(counts, [(0, 6), (0, 0), (0, 18)]);
}

pub async fn a_list_shows_light_columns<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    let mut rows = full_rows();
    rows.commits[0].message = format!("{}\nsecond line", "é".repeat(300));
    rows.snapshots.push(snapshot("s0"));
    hub.insert(&rows).await.unwrap();
    let list = async |kind| {
        let ask = Browse {
            kind,
            ..ask(None, None, Edge::Start, 9)
        };
        hub.browse(&ask).await.unwrap()
    };
    let commits = list(Kind::Commit).await;
    assert!(commits.end);
    let row = &commits.rows[0];
    assert_eq!((row.id.as_str(), row.at.as_str()), ("c1", AT));
    assert_eq!(row.what, "é".repeat(200));
    assert_eq!((row.who.as_str(), row.branch.as_str()), ("ada", "main"));
    assert_eq!(row.parent_ids, r#"["c0"]"#);
    assert_eq!(row.snapshot_id.as_deref(), Some("s1"));
    assert_eq!(row.storage_uri, Some(Some("local://c1".into())));
    let snapshots = list(Kind::Snapshot).await.rows;
    assert_eq!(snapshots[0].size, Some(i64::from(i32::MAX)));
    assert_eq!(snapshots[0].cache_byte, Some(0x81));
    assert_eq!(snapshots[0].snapshot_id, None);
    assert_eq!(snapshots[1].cache_byte, None);
    assert_eq!(snapshots[1].storage_uri, Some(None));
    let blobs = list(Kind::Blob).await.rows;
    assert_eq!(blobs[0].what, "b1.mid");
    assert_eq!(blobs[0].size, Some(i64::MAX));
}

pub async fn branches_that_share_a_name_are_never_parted<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    let mut branches: Vec<BranchRow> = ["a", "main", "main", "main", "z"]
        .iter()
        .enumerate()
        .map(|(n, name)| branch(&format!("b{n}"), "r1", name))
        .collect();
    hub.insert(&NewRows {
        branches: branches.iter().rev().cloned().collect(),
        ..NewRows::default()
    })
    .await
    .unwrap();
    let page = hub.branches_of("r1", None, 2).await.unwrap();
    assert_eq!((&page.rows[..], page.end), (&branches[..4], false));
    let page = hub.branches_of("r1", Some("main"), 2).await.unwrap();
    assert_eq!(page.rows, branches.split_off(4));
    assert!(page.end);
    assert!(
        hub.branches_of("r2", None, 2)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
}

pub async fn a_living_repository_comes_before_a_deleted_one<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    let mut dead = repo("r1", "ada", "song");
    dead.deleted_at = Some(AT.into());
    hub.insert(&NewRows {
        repos: vec![dead, repo("r2", "ada", "song"), repo("r3", "ada", "Song")],
        ..NewRows::default()
    })
    .await
    .unwrap();
    let found = hub.repo_by_path("ada", "song").await.unwrap().unwrap();
    assert_eq!(found.repo_id, "r2");
    assert!(hub.repo_by_path("ada", "son_").await.unwrap().is_none());
}
