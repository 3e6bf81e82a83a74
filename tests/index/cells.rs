//! Cells that hold what no hub should: SQLite types values, not columns.

use super::sqlite_tests::{File, newest, read_everything};
use super::suite::{Fixture, commit, snapshot};
use super::{Edge, Index, IndexMut, Link, MAX_CELL, NewRows, Recache};
use crate::access::Access;
use luthier_object::Kind;

#[tokio::test]
async fn text_with_nul_and_controls_survives() {
    let fixture = File::empty().await;
    let hub = fixture.hub();
    let mut row = commit("c\0\u{202e}1", "r1", "2026");
    row.message = "a\0b\u{1b}[31m\r\n\u{feff}\0".into();
    row.author = "\0".into();
    let rows = NewRows {
        commits: vec![commit("c", "r1", "2026"), row.clone()],
        ..NewRows::default()
    };
    hub.insert(&rows).await.unwrap();
    assert_eq!(hub.commits(None, 9).await.unwrap().rows, rows.commits);
    let behind = hub.commits(Some("c"), 9).await.unwrap().rows;
    assert_eq!(behind, [row.clone()]);
    let found = hub
        .commits_by_id(&[row.commit_id.clone(), "c".into()])
        .await
        .unwrap();
    assert_eq!(found.len(), 2);
    let links = [Link {
        id: row.commit_id,
        seen: None,
        new: "local://x".into(),
    }];
    assert_eq!(
        hub.set_storage_uri(Kind::Commit, &links)
            .await
            .unwrap()
            .len(),
        1
    );
    let page = hub.browse(&newest(Kind::Commit, None)).await.unwrap();
    assert_eq!(page.rows[1].what, "message of c");
    assert_eq!(page.rows[0].what, "a\0b\u{1b}[31m");
}

#[tokio::test]
async fn cells_of_any_type_never_fail_a_page() {
    let fixture = File::march().await;
    fixture
        .sql(
            "DROP TABLE musehub_commits; DROP TABLE musehub_snapshots; DROP TABLE musehub_objects;
             CREATE TABLE musehub_commits (commit_id PRIMARY KEY, repo_id, branch, parent_ids, message, author,
                 timestamp, snapshot_id, commit_meta, created_at, storage_uri);
             INSERT INTO musehub_commits VALUES
                 ('a', 1, x'ff', NULL, 2.5, x'00', 17, 3, x'7b7d', NULL, 4),
                 ('b', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                 ('c', 'r1', 'main', '[]', 'ok', 'ada', '2026', 's', '{}', '2026', 'local://c');
             CREATE TABLE musehub_snapshots (snapshot_id PRIMARY KEY, repo_id, manifest_blob, delta_blob,
                 parent_snapshot_id, entry_count, directories, created_at, storage_uri);
             INSERT INTO musehub_snapshots VALUES ('s', 'r1', '{}', 5, 6, 'many', x'c3', 7, x'');
             CREATE TABLE musehub_objects (object_id PRIMARY KEY, size_bytes);
             INSERT INTO musehub_objects VALUES ('o', 'large'), ('p', NULL), ('q', 1.5), ('r', 9);",
        )
        .await;
    let hub = fixture.open(Access::Write).await;
    read_everything(&hub).await;
    let commits = hub.commits(None, 9).await.unwrap().rows;
    assert_eq!(commits.len(), 3);
    assert_eq!(commits[0].message, "2.5");
    assert_eq!(commits[0].commit_meta, "{}");
    assert_eq!(commits[0].repo_id.as_deref(), Some("1"));
    assert_eq!(commits[2].message, "ok");
    let snapshot = hub.snapshots(None, 9).await.unwrap().rows.remove(0);
    assert_eq!(snapshot.manifest.as_deref(), Some(&b"{}"[..]));
    assert_eq!(snapshot.entry_count, None);
    assert_eq!(snapshot.directories.as_deref(), Some("\u{fffd}"));
    let blobs = hub.blobs(None, 9).await.unwrap().rows;
    let sizes: Vec<i64> = blobs.iter().map(|row| row.size_bytes).collect();
    assert_eq!(sizes, [-1, -1, -1, 9]);
    let mut recache = Recache {
        id: "s".into(),
        seen_manifest: snapshot.manifest,
        seen_entry_count: snapshot.entry_count,
        seen_directories: snapshot.directories,
        manifest: b"{}".to_vec(),
        entry_count: 0,
        directories: "[]".into(),
    };
    assert!(
        !hub.set_cache(&recache).await.unwrap(),
        "it cannot prove what it saw"
    );
    fixture
        .sql("UPDATE musehub_snapshots SET directories = '[]'")
        .await;
    recache.seen_directories = Some("[]".into());
    assert!(hub.set_cache(&recache).await.unwrap());
}

#[tokio::test]
async fn keys_that_are_no_text_stall_no_page() {
    let fixture = File::empty().await;
    fixture
        .sql(
            "INSERT INTO musehub_objects (object_id, repo_id, size_bytes, created_at) VALUES
                 ('a', 'r', 1, ''), (CAST(x'61ff' AS TEXT), 'r', 1, CAST(x'ff' AS TEXT)),
                 (CAST(x'61fe' AS TEXT), 'r', 1, x'ff'), (x'61', 'r', 1, x''), (x'ff00', 'r', 1, ''),
                 (CAST(x'f48fbf85' AS TEXT), 'r', 1, '');",
        )
        .await;
    let hub = fixture.hub();
    let mut ids: Vec<String> = Vec::new();
    loop {
        let page = hub.blobs(ids.last().map(String::as_str), 1).await.unwrap();
        ids.extend(page.rows.into_iter().map(|row| row.object_id));
        assert!(ids.len() <= 6, "a page came twice: {ids:?}");
        if page.end {
            break;
        }
    }
    assert_eq!(ids.len(), 6);
    assert_eq!(hub.blobs_by_id(&ids).await.unwrap().len(), 6);
    let mut seen = Vec::new();
    let mut ask = newest(Kind::Blob, None);
    ask.limit = 1;
    while let Some(row) = hub.browse(&ask).await.unwrap().rows.pop() {
        ask.from = Edge::After {
            at: row.at,
            id: row.id.clone(),
        };
        seen.push(row.id);
        assert!(seen.len() <= 6, "a list came twice: {seen:?}");
    }
    seen.sort();
    ids.sort();
    assert_eq!(seen, ids);
    let links: Vec<Link> = ids
        .iter()
        .map(|id| Link {
            id: id.clone(),
            seen: None,
            new: "local://x".into(),
        })
        .collect();
    assert_eq!(hub.set_storage_uri(Kind::Blob, &links).await.unwrap(), ids);
}

#[tokio::test]
async fn a_cell_over_the_limit_is_left_out_and_said() {
    let fixture = File::empty().await;
    let rows = NewRows {
        snapshots: vec![snapshot("s1"), snapshot("s2")],
        ..NewRows::default()
    };
    fixture.hub().insert(&rows).await.unwrap();
    let giant = MAX_CELL + 1;
    fixture
        .sql(&format!(
            "PRAGMA synchronous = OFF; UPDATE musehub_snapshots SET manifest_blob = zeroblob({giant}) WHERE snapshot_id = 's1'"
        ))
        .await;
    let page = fixture.hub().snapshots(None, 9).await.unwrap();
    let over: Vec<bool> = page.rows.iter().map(|row| row.oversized).collect();
    assert_eq!(over, [true, false]);
    assert!(page.end);
    assert_eq!(page.rows[0].manifest, None);
}
