//! SQLite files of the field: whatever types, names and keys their tables have, the same rows come back.

use super::sqlite::Sqlite;
use super::sqlite_tests::File;
use super::suite::{self, Fixture, commit};
use super::{Edge, Index, IndexMut, Link, NewRows, Recache};
use crate::access::Access;
use crate::index::hidden::Why;
use luthier_object::Kind;

/// The ids of every commit, in pages of `limit`.
async fn ids(hub: &Sqlite, limit: u32) -> Vec<String> {
    let mut met: Vec<String> = Vec::new();
    for turn in 0.. {
        assert!(turn < 100, "pages of {limit} go on for ever");
        let page = hub.commits(met.last().map(String::as_str), limit).await;
        let page = page.unwrap();
        met.extend(page.rows.into_iter().map(|row| row.commit_id));
        if page.end {
            break;
        }
    }
    met
}

/// The commits of a list by age, in pages of `limit`.
async fn listed(hub: &Sqlite, repo: Option<&str>, limit: u32, oldest_first: bool) -> Vec<String> {
    let mut out = Vec::new();
    let mut from = Edge::Start;
    for turn in 0.. {
        assert!(turn < 100, "pages of {limit} go on for ever");
        let mut ask = suite::ask(repo, None, from.clone(), limit);
        ask.oldest_first = oldest_first;
        let page = hub.browse(&ask).await.unwrap();
        out.extend(page.rows.iter().map(|row| row.id.clone()));
        if let Some(last) = page.rows.last() {
            from = Edge::After {
                at: last.at.clone(),
                id: last.id.clone(),
            };
        }
        if page.end {
            break;
        }
    }
    out
}

/// The commits' table anew, with `id` and `at` as the types of its columns, and what follows its columns.
fn commits_as(id: &str, at: &str, more: &str) -> String {
    format!(
        "DROP TABLE musehub_commits; \
         CREATE TABLE musehub_commits (commit_id {id}, repo_id {id}, branch TEXT, parent_ids JSON, message TEXT, author TEXT, \
             timestamp {at}, snapshot_id {id}, commit_meta JSON, created_at {at}, storage_uri TEXT){more};"
    )
}

#[tokio::test]
async fn whatever_type_the_columns_have_the_same_rows_come_back() {
    let cases = [
        ("text", commits_as("VARCHAR(80) NOT NULL", "DATETIME", "")),
        ("no type", commits_as("", "", "")),
        ("bytes", commits_as("BLOB", "BLOB", "")),
        ("numbers", commits_as("INTEGER", "NUMERIC", "")),
        (
            "regardless of case",
            commits_as("TEXT COLLATE NOCASE", "TEXT", ""),
        ),
    ];
    for (case, sql) in cases {
        let fixture = File::empty().await;
        fixture.sql(&sql).await;
        let hub = fixture.open(Access::Write).await;
        let names = ["a", "A", "B", "b", "12", "9", "1e3", "sha256:ab", "é"];
        let rows = NewRows {
            commits: names.map(|id| commit(id, "7", suite::AT)).to_vec(),
            memberships: names
                .map(|id| (Kind::Commit, suite::member(id, "7")))
                .to_vec(),
            ..NewRows::default()
        };
        hub.insert(&rows).await.unwrap();
        let mut all: Vec<String> = names.map(String::from).to_vec();
        if case == "numbers" {
            // SQLite keeps the number that the text reads as.
            all[6] = "1000".into();
        }
        all.sort();
        for limit in [1, 2, 3, 500] {
            assert_eq!(ids(&hub, limit).await, all, "{case}");
            let mut by_age = listed(&hub, None, limit, false).await;
            by_age.sort();
            assert_eq!(by_age, all, "{case} {limit}");
        }
        let of_repo = listed(&hub, Some("7"), 2, true).await;
        let lost = if case == "numbers" { 1 } else { 0 };
        assert_eq!(of_repo.len(), all.len() - lost, "{case}");
        let found = hub.commits_by_id(&["12".into(), "a".into()]).await.unwrap();
        assert_eq!(found.len(), 2, "{case}");
        assert_eq!(found[0].repo_id.as_deref(), Some("7"), "{case}");
        let link = Link {
            id: "12".into(),
            seen: None,
            new: "local://x".into(),
        };
        let done = hub.set_storage_uri(Kind::Commit, &[link]).await.unwrap();
        assert_eq!(done, ["12"], "{case}");
    }
}

#[tokio::test]
async fn ids_that_lie_there_as_bytes_or_numbers_are_read_as_text() {
    for of in ["", "BLOB", "ANY"] {
        let fixture = File::empty().await;
        fixture.sql(&commits_as(of, "TEXT", "")).await;
        fixture
            .sql(
                "INSERT INTO musehub_commits (commit_id, repo_id, timestamp) VALUES \
                 (1, 7, ''), (2, 7, ''), (10, 7, ''), (x'6162', x'37', ''), ('z', '7', ''), (2.5, 7, '')",
            )
            .await;
        let hub = fixture.open(Access::Read).await;
        for limit in [1, 2, 500] {
            assert_eq!(ids(&hub, limit).await, ["1", "10", "2", "2.5", "ab", "z"]);
        }
        let row = hub.commits_by_id(&["ab".into()]).await.unwrap().remove(0);
        assert_eq!(row.repo_id.as_deref(), Some("7"));
    }
}

#[tokio::test]
async fn rows_that_share_an_id_or_have_none_are_read_once_and_said() {
    for (case, of, more) in [
        ("no key", "TEXT", ""),
        (
            "a key that takes null",
            "TEXT",
            ", PRIMARY KEY (commit_id, message)",
        ),
        ("bytes", "BLOB", ""),
    ] {
        let fixture = File::empty().await;
        let sql = commits_as(of, "TEXT", "").replace(");", &format!("{more});"));
        fixture.sql(&sql).await;
        fixture
            .sql(
                "INSERT INTO musehub_commits (commit_id, message, timestamp) \
                 WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30) \
                 SELECT CASE WHEN i % 5 = 0 THEN NULL ELSE 'c' || (i % 3) END, i, '2026' FROM n",
            )
            .await;
        let hub = fixture.open(Access::Read).await;
        for limit in [1, 2, 500] {
            assert_eq!(ids(&hub, limit).await, ["c0", "c1", "c2"], "{case}");
        }
        let rows = hub.commits_by_id(&["c1".into()]).await.unwrap();
        assert_eq!((rows.len(), rows[0].message.as_str()), (1, "1"), "{case}");
        let seen = hub.visibility(true).await.unwrap().hidden;
        assert_eq!(seen.len(), 1, "{case}: {seen:?}");
        assert_eq!(seen[0].why, Why::Ids);
        assert!(seen[0].said.contains("30 rows and 3"), "{}", seen[0].said);
    }
}

#[tokio::test]
async fn lists_go_on_from_dates_in_any_spelling() {
    for of in [
        "DATETIME",
        "TEXT",
        "",
        "INTEGER",
        "REAL NOT NULL",
        "DATETIME NOT NULL",
    ] {
        let fixture = File::empty().await;
        fixture.sql(&commits_as("TEXT", of, "")).await;
        let null = if of.contains("NOT NULL") {
            "''"
        } else {
            "NULL"
        };
        fixture
            .sql(&format!(
                "INSERT INTO musehub_commits (commit_id, created_at, timestamp) VALUES ('a', '', '2026-04-01T10:00:00+00:00'), \
                 ('b', '', '2026-04-01 10:00:00.000000'), ('c', '', 1775037600), ('d', '', 1775037600.123456789), \
                 ('e', '', '1 April 2026'), ('f', '', {null}), ('g', '', 1e300), ('h', '', -1), ('i', '', x'00ff'), \
                 ('j', '', 1775037600.1234567), ('k', '', '1775037600.12345678')"
            ))
            .await;
        let hub = fixture.open(Access::Read).await;
        for limit in [1, 2, 3] {
            for oldest_first in [false, true] {
                let met = listed(&hub, None, limit, oldest_first).await;
                let mut once = met.clone();
                once.sort();
                once.dedup();
                assert_eq!((met.len(), once.len()), (11, 11), "{of} {limit}: {met:?}");
            }
        }
    }
}

#[tokio::test]
async fn names_in_any_case_and_strict_tables_are_read_and_written() {
    let fixture = File::empty().await;
    fixture
        .sql(
            "DROP TABLE musehub_snapshots; DROP TABLE musehub_commits; DROP TABLE musehub_objects; \
             CREATE TABLE MUSEHUB_Snapshots (Snapshot_ID TEXT PRIMARY KEY NOT NULL, REPO_ID TEXT, Manifest_Blob TEXT, \
                 Entry_Count TEXT, directories TEXT, created_at TEXT, storage_uri TEXT, \
                 size INT GENERATED ALWAYS AS (length(Manifest_Blob))) STRICT; \
             CREATE TABLE \"MuseHub_Commits\" (\"Commit_Id\" TEXT NOT NULL, repo_id TEXT, message TEXT, timestamp TEXT, \
                 PRIMARY KEY (Commit_Id)) WITHOUT ROWID; \
             CREATE TABLE musehub_objects (object_id TEXT NOT NULL PRIMARY KEY, repo_id TEXT, size_bytes TEXT, \
                 path TEXT GENERATED ALWAYS AS (object_id || '.mid') STORED)",
        )
        .await;
    let hub = fixture.open(Access::Write).await;
    assert!(hub.capabilities().storage_uri(Kind::Snapshot) && hub.hidden().is_empty());
    let rows = NewRows {
        snapshots: vec![suite::snapshot("s1")],
        commits: vec![commit("c1", "r1", suite::AT)],
        blobs: vec![suite::blob("b1")],
        ..NewRows::default()
    };
    hub.insert(&rows).await.unwrap();
    fixture
        .sql("UPDATE musehub_snapshots SET manifest_blob = '{}', entry_count = '12.0'; UPDATE musehub_objects SET size_bytes = '7.00'")
        .await;
    let row = hub.snapshots(None, 9).await.unwrap().rows.remove(0);
    assert_eq!(
        (row.entry_count, row.manifest.as_deref()),
        (Some(12), Some(&b"{}"[..]))
    );
    let blob = hub.blobs(None, 9).await.unwrap().rows.remove(0);
    assert_eq!((blob.path.as_str(), blob.size_bytes), ("b1.mid", 7));
    let recache = Recache {
        id: "s1".into(),
        seen_manifest: row.manifest,
        seen_entry_count: row.entry_count,
        seen_directories: row.directories,
        manifest: b"{\"a\":1}".to_vec(),
        entry_count: 1,
        directories: "[]".into(),
    };
    assert!(hub.set_cache(&recache).await.unwrap());
    assert!(!hub.set_cache(&recache).await.unwrap());
    let row = hub.snapshots(None, 9).await.unwrap().rows.remove(0);
    assert_eq!(row.entry_count, Some(1));
    assert_eq!(ids(&hub, 1).await, ["c1"]);
    assert!(hub.visibility(true).await.unwrap().hidden.is_empty());
}

#[tokio::test]
async fn what_stands_where_a_table_is_expected_is_told() {
    let fixture = File::empty().await;
    suite::browsable(&fixture).await;
    fixture
        .sql(
            "ALTER TABLE musehub_commits RENAME TO c; CREATE VIEW musehub_commits AS SELECT * FROM c WHERE commit_id < 'c03'; \
             ALTER TABLE musehub_commit_refs RENAME TO r; CREATE VIEW musehub_commit_refs AS SELECT * FROM r; \
             DROP TABLE musehub_proposals; CREATE VIRTUAL TABLE musehub_proposals USING fts5(proposal_id, repo_id)",
        )
        .await;
    let hub = fixture.open(Access::Read).await;
    let told: Vec<_> = (hub.hidden().iter())
        .map(|hidden| (hidden.table.as_str(), hidden.why))
        .collect();
    let all = [
        ("musehub_commit_refs", Why::View),
        ("musehub_commits", Why::View),
        ("musehub_proposals", Why::Foreign),
    ];
    assert_eq!(told, all);
    assert_eq!(ids(&hub, 2).await, ["c00", "c01", "c02"]);
    assert_eq!(
        hub.memberships(Kind::Commit, None, 99)
            .await
            .unwrap()
            .rows
            .len(),
        24
    );
    hub.proposals(None, 9).await.unwrap();
    hub.visibility(true).await.unwrap();
    assert!(Sqlite::create(&fixture.path()).await.is_err());
}

#[tokio::test]
async fn pages_by_key_walk_the_index() {
    let fixture = File::empty().await;
    let hub = fixture.open(Access::Read).await;
    for sql in [
        "SELECT commit_id FROM musehub_commits AS t WHERE 1 AND t.\"commit_id\" COLLATE BINARY > 'a' ORDER BY t.\"commit_id\" COLLATE BINARY LIMIT 5",
        "SELECT commit_id FROM musehub_commits AS t WHERE t.\"commit_id\" COLLATE BINARY IN (SELECT value FROM json_each('[]'))",
    ] {
        let plan = hub.explain(sql).await;
        assert!(
            plan.contains("SEARCH t USING") && !plan.contains("TEMP B-TREE"),
            "{plan}"
        );
    }
}
