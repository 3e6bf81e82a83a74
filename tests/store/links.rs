//! Rows that are pointed at their objects together, and each as it would be alone.

use super::Links;
use crate::index::suite::{AT, commit};
use crate::index::{Index, IndexMut, Link, NewRows, Sqlite};
use futures_util::future::join_all;
use luthier_object::Kind;

#[tokio::test]
async fn each_row_of_a_group_hears_of_its_own_change() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Sqlite::create(&folder.path().join("hub.db")).await.unwrap();
    let ids: Vec<String> = (0..40).map(|n| format!("c{n:02}")).collect();
    let mut commits: Vec<_> = ids.iter().map(|id| commit(id, "r1", AT)).collect();
    // Of every third, somebody changed the row meanwhile.
    for row in commits.iter_mut().step_by(3) {
        row.storage_uri = Some("local://other".into());
    }
    let rows = NewRows {
        commits,
        ..NewRows::default()
    };
    hub.insert(&rows).await.unwrap();
    let links = Links::default();
    let set = ids.iter().map(|id| {
        let link = Link {
            id: id.clone(),
            seen: None,
            new: format!("local://{id}"),
        };
        links.set(&hub as &dyn IndexMut, Kind::Commit, link)
    });
    let changed: Vec<bool> = join_all(set)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let expected: Vec<bool> = (0..ids.len()).map(|n| n % 3 != 0).collect();
    assert_eq!(changed, expected);
    for (row, own) in hub
        .commits(None, 99)
        .await
        .unwrap()
        .rows
        .iter()
        .zip(expected)
    {
        let uri = match own {
            true => format!("local://{}", row.commit_id),
            false => "local://other".to_owned(),
        };
        assert_eq!(row.storage_uri.as_deref(), Some(uri.as_str()));
    }
}

#[tokio::test]
async fn who_goes_away_takes_nobody_along() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Sqlite::create(&folder.path().join("hub.db")).await.unwrap();
    let rows = NewRows {
        commits: ["c1", "c2", "c3"].map(|id| commit(id, "r1", AT)).into(),
        ..NewRows::default()
    };
    hub.insert(&rows).await.unwrap();
    let links = Links::default();
    let set = |id: &str| {
        let link = Link {
            id: id.into(),
            seen: None,
            new: "local://1".into(),
        };
        links.set(&hub as &dyn IndexMut, Kind::Commit, link)
    };
    let mut first = Box::pin(set("c1"));
    let (mut second, mut third) = (Box::pin(set("c2")), Box::pin(set("c3")));
    assert!(futures_util::poll!(&mut first).is_pending());
    assert!(futures_util::poll!(&mut second).is_pending());
    assert!(futures_util::poll!(&mut third).is_pending());
    drop(second);
    assert!(first.await.unwrap());
    assert!(third.await.unwrap());
    let rows = hub.commits(None, 9).await.unwrap().rows;
    let uris: Vec<bool> = rows.iter().map(|row| row.storage_uri.is_some()).collect();
    assert_eq!(uris, [true, false, true]);
}
