//! Hubs of the field in Postgres: whatever names, types and keys their tables have, the same rows come back.

use super::postgres::Postgres;
use super::postgres_tests::Own;
use super::suite::{self, Fixture, blob, branch, commit, member, repo, snapshot};
use super::{Edge, Index, IndexMut, Link, NewRows, Recache, WriteBatch};
use crate::access::Access;
use crate::index::hidden::Why;
use crate::index::{BatchOutcome, HeadMove};
use luthier_object::Kind;

/// A hub of a few rows of everything.
async fn filled() -> Own {
    let fixture = Own::empty().await;
    suite::browsable(&fixture).await;
    let mut rows = NewRows {
        repos: vec![repo("r1", "ada", "song"), repo("r2", "ada", "other")],
        branches: vec![
            branch("b1", "r1", "main"),
            branch("b2", "r1", "dev"),
            branch("b3", "r1", "dev"),
            branch("b4", "r2", "main"),
        ],
        ..NewRows::default()
    };
    for n in 0..5 {
        let (tree, file) = (format!("s{n}"), format!("f{n}"));
        for (kind, id) in [(Kind::Snapshot, &tree), (Kind::Blob, &file)] {
            rows.memberships.push((kind, member(id, "r1")));
        }
        rows.snapshots.push(snapshot(&tree));
        rows.blobs.push(blob(&file));
    }
    fixture.hub().insert(&rows).await.unwrap();
    fixture
}

macro_rules! paged {
    ($out:ident, $hub:ident, $($pages:ident $id:ident)*) => {$({
        let mut after: Option<String> = None;
        for _ in 0..100 {
            let page = $hub.$pages(after.as_deref(), 2).await.unwrap();
            after = page.rows.last().map(|row| row.$id.clone()).or(after);
            $out.extend(page.rows.iter().map(|row| format!("{row:?}")));
            if page.end {
                break;
            }
        }
    })*};
}

/// Everything that a hub shows, list by list, each in pages of two.
async fn picture(hub: &Postgres) -> Vec<String> {
    let mut out = vec![format!("{:?}", hub.counts().await.unwrap())];
    paged! { out, hub, repos repo_id branches branch_id commits commit_id snapshots snapshot_id blobs object_id }
    for kind in Kind::ALL {
        let mut after = None;
        loop {
            let page = hub.memberships(kind, after.as_ref(), 2).await.unwrap();
            out.extend(page.rows.iter().map(|row| format!("{kind} {row:?}")));
            after = page.rows.last().cloned().or(after);
            if page.end {
                break;
            }
        }
        let ids = ["c00", "s1", "f2", "none"].map(str::to_owned);
        out.push(format!(
            "{:?}",
            hub.held_by(kind, "r1", &ids).await.unwrap()
        ));
    }
    for (repo, branch) in [(None, None), (Some("r1"), None), (Some("r1"), Some("dev"))] {
        let forwards = suite::forwards(hub, repo, branch).await;
        let mut backwards = suite::backwards(hub, repo, branch).await;
        backwards.sort_by_key(|row| forwards.iter().position(|other| other == row));
        assert_eq!(forwards, backwards);
        let ask = suite::ask(repo, branch, Edge::Start, 9);
        assert_eq!(hub.browse_count(&ask).await.unwrap(), forwards.len() as u64);
        out.extend(forwards.iter().map(|row| format!("{row:?}")));
    }
    for kind in [Kind::Snapshot, Kind::Blob] {
        let of = super::sqlite_tests::newest(kind, Some("r1".to_owned()));
        let page = hub.browse(&of).await.unwrap();
        out.extend(page.rows.iter().map(|row| format!("{row:?}")));
    }
    let mut after = None;
    loop {
        let page = hub.branches_of("r1", after.as_deref(), 1).await.unwrap();
        out.extend(page.rows.iter().map(|row| format!("of r1 {row:?}")));
        after = page.rows.last().map(|row| row.name.clone()).or(after);
        if page.end {
            break;
        }
    }
    let repos = ["r2", "r1", "none"].map(str::to_owned);
    out.push(format!("{:?}", hub.repo_counts(&repos).await.unwrap()));
    out.push(format!("{:?}", hub.repo_by_path("ada", "song").await));
    out.push(format!("{:?}", hub.repo_by_id("r2").await));
    out.push(format!("{:?}", hub.ids_with_prefix("c0", 99).await));
    let ids = ["c00".to_owned(), "c21".to_owned(), "C00".to_owned()];
    out.push(format!("{:?}", hub.commits_by_id(&ids).await));
    out
}

/// Every way to write, on rows of their own.
async fn writes(hub: &Postgres, case: &str) {
    let mut row = commit("x1", "r1", suite::AT);
    row.branch = "dev".into();
    let rows = NewRows {
        commits: vec![row],
        snapshots: vec![snapshot("x2")],
        blobs: vec![blob("x3")],
        memberships: vec![(Kind::Commit, member("x1", "r1"))],
        ..NewRows::default()
    };
    hub.insert(&rows)
        .await
        .unwrap_or_else(|e| panic!("{case}: {e}"));
    for (kind, id) in [
        (Kind::Commit, "x1"),
        (Kind::Snapshot, "x2"),
        (Kind::Blob, "x3"),
    ] {
        let link = Link {
            id: id.into(),
            seen: None,
            new: format!("local://{id}"),
        };
        let done = hub.set_storage_uri(kind, &[link]).await;
        assert_eq!(done.unwrap(), [id], "{case}");
    }
    let seen = hub.snapshots_by_id(&["x2".into()]).await.unwrap().remove(0);
    let recache = Recache {
        id: "x2".into(),
        seen_manifest: seen.manifest,
        seen_entry_count: seen.entry_count,
        seen_directories: seen.directories,
        manifest: b"{}".to_vec(),
        entry_count: 3,
        directories: "[]".into(),
    };
    assert!(hub.set_cache(&recache).await.unwrap(), "{case}");
    let head = HeadMove {
        repo_id: "r1".into(),
        name: "new".into(),
        seen: None,
        branch_id: "b9".into(),
        new: "x1".into(),
        at: suite::AT.into(),
    };
    let batch = WriteBatch {
        head: Some(head.clone()),
        ..WriteBatch::default()
    };
    assert_eq!(
        hub.commit_writes(&batch).await.unwrap(),
        BatchOutcome::Done,
        "{case}"
    );
    let branches = hub.branches_of("r1", Some("main"), 9).await.unwrap().rows;
    let batch = WriteBatch {
        head: Some(HeadMove {
            seen: branches.into_iter().find(|row| row.name == "new"),
            new: "x4".into(),
            ..head
        }),
        ..WriteBatch::default()
    };
    assert_eq!(
        hub.commit_writes(&batch).await.unwrap(),
        BatchOutcome::Done,
        "{case}"
    );
}

/// Every id column of the hub, given a type.
fn ids_as(of: &str) -> String {
    let columns = [
        ("repos", "repo_id"),
        ("branches", "branch_id"),
        ("branches", "repo_id"),
        ("branches", "name"),
        ("branches", "head_commit_id"),
        ("commits", "commit_id"),
        ("commits", "repo_id"),
        ("commits", "branch"),
        ("commits", "snapshot_id"),
        ("snapshots", "snapshot_id"),
        ("snapshots", "repo_id"),
        ("objects", "object_id"),
        ("objects", "repo_id"),
        ("commit_refs", "commit_id"),
        ("commit_refs", "repo_id"),
        ("snapshot_refs", "snapshot_id"),
        ("object_refs", "object_id"),
    ];
    let change = columns.map(|(table, column)| {
        format!("ALTER TABLE musehub_{table} ALTER COLUMN {column} TYPE {of};")
            .replace("{column}", column)
    });
    change.concat()
}

#[tokio::test]
async fn whatever_type_ids_have_the_same_rows_come_back() {
    let cases = [
        ("a length", ids_as("varchar(80)")),
        ("blank padded", ids_as("char(71)")),
        ("a name", ids_as("name")),
        (
            "regardless of case",
            format!("CREATE EXTENSION citext; {}", ids_as("citext")),
        ),
        (
            "domains over domains",
            format!(
                "CREATE DOMAIN short AS varchar(90) CHECK (length(VALUE) < 80); CREATE DOMAIN id AS short; {}",
                ids_as("id")
            ),
        ),
        ("bytes", ids_as("bytea USING {column}::bytea")),
        (
            "a language that sorts numbers by value",
            format!(
                "CREATE COLLATION kn (provider = icu, locale = 'en-u-kn-true'); {}",
                ids_as("text COLLATE kn")
            ),
        ),
        (
            "a language that knows no case",
            format!(
                "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); {}",
                ids_as("text COLLATE ci")
            ),
        ),
    ];
    let before = picture(filled().await.hub()).await;
    for (case, sql) in cases {
        let fixture = filled().await;
        fixture.sql(&sql).await;
        let hub = fixture.open(Access::Write).await;
        assert_eq!(picture(&hub).await, before, "{case}");
        writes(&hub, case).await;
    }
}

#[tokio::test]
async fn whatever_else_the_tables_are_the_same_rows_come_back() {
    let parted = |table: &str, by: &str, parts: &str| {
        format!(
            "ALTER TABLE musehub_{table} RENAME TO old_{table}; \
             CREATE TABLE musehub_{table} (LIKE old_{table} INCLUDING DEFAULTS) PARTITION BY {by}; {parts}; \
             INSERT INTO musehub_{table} SELECT * FROM old_{table}; DROP TABLE old_{table};"
        )
    };
    let cases = [
        (
            "capitals",
            "ALTER TABLE musehub_commits RENAME TO \"MuseHub_Commits\"; \
             ALTER TABLE \"MuseHub_Commits\" RENAME commit_id TO \"Commit_ID\"; \
             ALTER TABLE \"MuseHub_Commits\" RENAME storage_uri TO \"Storage_URI\"; \
             ALTER TABLE \"MuseHub_Commits\" RENAME timestamp TO \"Timestamp\"; \
             ALTER TABLE musehub_branches RENAME head_commit_id TO \"Head_Commit_Id\"; \
             ALTER TABLE musehub_snapshots RENAME manifest_blob TO \"Manifest_Blob\"; \
             ALTER TABLE musehub_commit_refs RENAME repo_id TO \"REPO_ID\""
                .to_owned(),
        ),
        (
            "partitions",
            parted(
                "commits",
                "HASH (commit_id)",
                "CREATE TABLE c0 PARTITION OF musehub_commits FOR VALUES WITH (MODULUS 2, REMAINDER 0); \
                 CREATE TABLE c1 PARTITION OF musehub_commits FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
            ) + &parted(
                "objects",
                "LIST (repo_id)",
                "CREATE TABLE musehub_objects_rest PARTITION OF musehub_objects DEFAULT",
            ) + &parted(
                "snapshots",
                "RANGE (created_at)",
                "CREATE TABLE s0 PARTITION OF musehub_snapshots FOR VALUES FROM (MINVALUE) TO (MAXVALUE)",
            ),
        ),
        (
            "numbers and JSON of other types",
            "ALTER TABLE musehub_objects ALTER COLUMN size_bytes TYPE numeric(20, 2); \
             ALTER TABLE musehub_snapshots ALTER COLUMN entry_count TYPE smallint; \
             ALTER TABLE musehub_commits ALTER COLUMN parent_ids TYPE text, ALTER COLUMN commit_meta TYPE jsonb; \
             ALTER TABLE musehub_snapshots ALTER COLUMN directories TYPE text"
                .to_owned(),
        ),
        (
            "computed and numbered columns",
            "ALTER TABLE musehub_commits ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY, \
             ADD COLUMN size int GENERATED ALWAYS AS (length(message)) STORED; \
             ALTER TABLE musehub_objects DROP COLUMN path; \
             ALTER TABLE musehub_objects ADD COLUMN path text GENERATED ALWAYS AS (object_id || '.mid') STORED"
                .to_owned(),
        ),
    ];
    let before = picture(filled().await.hub()).await;
    for (case, sql) in cases {
        let fixture = filled().await;
        fixture.sql(&sql).await;
        let hub = fixture.open(Access::Write).await;
        assert_eq!(picture(&hub).await, before, "{case}");
        writes(&hub, case).await;
    }
}

#[tokio::test]
async fn ids_of_type_uuid_are_ids() {
    let fixture = Own::empty().await;
    for (table, column) in [
        ("repos", "repo_id"),
        ("branches", "repo_id"),
        ("commits", "repo_id"),
        ("snapshots", "repo_id"),
        ("objects", "repo_id"),
        ("commit_refs", "repo_id"),
    ] {
        let sql = format!(
            "ALTER TABLE musehub_{table} ALTER COLUMN {column} TYPE uuid USING {column}::uuid"
        );
        fixture.sql(&sql).await;
    }
    fixture
        .sql("ALTER TABLE musehub_branches ALTER COLUMN branch_id TYPE bigint USING 1, ALTER COLUMN branch_id ADD GENERATED ALWAYS AS IDENTITY")
        .await;
    let hub = fixture.open(Access::Write).await;
    let id = "0b0a9a3c-8a3e-4a57-9e1f-2f3d1c9f7d11";
    let mut rows = NewRows {
        repos: vec![repo(id, "ada", "song")],
        branches: vec![branch("7", id, "main"), branch("12", id, "dev")],
        ..NewRows::default()
    };
    for n in 0..5 {
        rows.commits.push(commit(&format!("c{n}"), id, suite::AT));
        let held = member(&format!("c{n}"), id);
        rows.memberships.push((Kind::Commit, held));
    }
    hub.insert(&rows).await.unwrap();
    assert_eq!(suite::forwards(&hub, Some(id), None).await.len(), 5);
    assert_eq!(hub.branches(Some("12"), 9).await.unwrap().rows.len(), 1);
    let asked = [id.to_owned(), "no uuid".to_owned()];
    assert_eq!(hub.repo_counts(&asked).await.unwrap(), [(2, 5), (0, 0)]);
    assert_eq!(hub.branches_of(id, None, 9).await.unwrap().rows.len(), 2);
    assert!(hub.repo_by_id("no uuid").await.unwrap().is_none());
    let asked = ["c1".to_owned()];
    let held = hub.held_by(Kind::Commit, id, &asked).await.unwrap();
    assert_eq!(held, asked);
}

#[tokio::test]
async fn rows_that_share_an_id_or_have_none_are_read_once_and_said() {
    let fixture = filled().await;
    fixture
        .sql(
            "ALTER TABLE musehub_commits DROP CONSTRAINT musehub_commits_pkey, ALTER COLUMN commit_id DROP NOT NULL; \
             INSERT INTO musehub_commits SELECT c.* FROM musehub_commits AS c, generate_series(1, 3) WHERE commit_id < 'c05'; \
             INSERT INTO musehub_commits (commit_id, repo_id, branch, timestamp) SELECT NULL, 'r1', 'main', now() FROM generate_series(1, 4)",
        )
        .await;
    let hub = fixture.open(Access::Read).await;
    for limit in [1, 2, 3, 1_000] {
        let mut met: Vec<String> = Vec::new();
        for turn in 0.. {
            assert!(turn < 50, "pages of {limit} go on for ever");
            let page = hub.commits(met.last().map(String::as_str), limit).await;
            let page = page.unwrap();
            met.extend(page.rows.into_iter().map(|row| row.commit_id));
            if page.end {
                break;
            }
        }
        // 23 ids, and one row of those that have none.
        assert_eq!(met.len(), 24, "{limit}: {met:?}");
        assert!(met.is_sorted_by(|a, b| a < b), "{met:?}");
    }
    assert_eq!(hub.commits_by_id(&["c01".into()]).await.unwrap().len(), 1);
    let seen = hub.visibility(true).await.unwrap().hidden;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(
        (seen[0].why, seen[0].table.as_str()),
        (Why::Ids, "musehub_commits")
    );
    assert!(seen[0].said.contains("42 rows and 24"), "{}", seen[0].said);
}

#[tokio::test]
async fn lists_go_on_from_dates_that_no_calendar_of_ours_holds() {
    for of in ["timestamptz", "timestamp", "date", "text"] {
        let fixture = Own::empty().await;
        fixture
            .sql(&format!(
                "ALTER TABLE musehub_commits ALTER COLUMN timestamp DROP NOT NULL, ALTER COLUMN timestamp TYPE {of}; \
                 INSERT INTO musehub_commits (commit_id, repo_id, branch, timestamp) \
                 SELECT 'c' || n, 'r1', 'main', at::{of} FROM unnest(ARRAY['infinity', '-infinity', '10000-01-01', \
                     '0044-03-15 BC', '4713-01-01 BC', '5874-06-03', '0001-01-01', '2026-02-28', NULL, '294276-12-31']) \
                     WITH ORDINALITY AS a (at, n)"
            ))
            .await;
        let hub = fixture.open(Access::Read).await;
        for limit in [1, 2, 3] {
            for oldest_first in [false, true] {
                let mut ids: Vec<String> = Vec::new();
                let mut from = Edge::Start;
                for turn in 0.. {
                    assert!(turn < 20, "{of}: pages of {limit} go on for ever");
                    let mut ask = suite::ask(None, None, from.clone(), limit);
                    ask.oldest_first = oldest_first;
                    let page = hub.browse(&ask).await.unwrap();
                    ids.extend(page.rows.iter().map(|row| row.id.clone()));
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
                let mut once = ids.clone();
                once.sort();
                once.dedup();
                assert_eq!((ids.len(), once.len()), (10, 10), "{of} {limit}: {ids:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_index_over_partitions_is_made_part_by_part() {
    let fixture = Own::empty().await;
    fixture
        .sql(
            "ALTER TABLE musehub_objects RENAME TO old; DROP INDEX ix_musehub_objects_unlinked; \
             CREATE TABLE musehub_objects (LIKE old) PARTITION BY LIST (repo_id); DROP TABLE old; \
             ALTER TABLE musehub_objects DROP COLUMN storage_uri; \
             CREATE TABLE \"Part One\" PARTITION OF musehub_objects FOR VALUES IN ('r1'); \
             CREATE TABLE deeper PARTITION OF musehub_objects DEFAULT PARTITION BY HASH (object_id); \
             CREATE TABLE deeper_0 PARTITION OF deeper FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        )
        .await;
    let hub = fixture.open(Access::Write).await;
    let wanted = hub.migration().await.unwrap();
    assert_eq!(wanted.columns, [Kind::Blob]);
    hub.migrate(&wanted).await.unwrap();
    let hub = fixture.open(Access::Write).await;
    assert!(hub.migration().await.unwrap().is_empty());
    // An index that is whole again needs nothing; one that lost a part gets it back.
    fixture
        .sql("CREATE TABLE more PARTITION OF musehub_objects FOR VALUES IN ('r2')")
        .await;
    assert!(hub.migration().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_index_over_a_table_with_capitals_is_made() {
    let fixture = Own::empty().await;
    fixture
        .sql(
            "DROP INDEX ix_musehub_commits_unlinked; ALTER TABLE musehub_commits RENAME TO \"MuseHub_Commits\"; \
             ALTER TABLE \"MuseHub_Commits\" RENAME commit_id TO \"Commit ID\"; \
             ALTER TABLE \"MuseHub_Commits\" RENAME \"Commit ID\" TO \"Commit_ID\"; \
             ALTER TABLE \"MuseHub_Commits\" DROP COLUMN storage_uri",
        )
        .await;
    let hub = fixture.open(Access::Write).await;
    hub.migrate(&hub.migration().await.unwrap()).await.unwrap();
    let hub = fixture.open(Access::Write).await;
    assert!(hub.migration().await.unwrap().is_empty());
}
