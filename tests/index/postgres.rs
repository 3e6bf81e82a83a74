//! What a Postgres hub has to do beyond what every database does.

use super::postgres::{PgUrl, Postgres};
use super::suite::{self, AT, Fixture, blob, commit, full_rows};
use super::{Index, IndexError, IndexMut, Link, NewRows};
use crate::access::Access;
use crate::testing::march::POSTGRES;
use luthier_object::Kind;
use luthier_testing::postgres::{database, run, server};
use sqlx::{Connection, PgConnection};

/// Rows of a page that comes by `COPY`.
const WIDE: u32 = 1_000;

/// What the suite asks of a hub of March 2026.
const MARCH: &str = r#"
INSERT INTO musehub_repos (repo_id, name, owner, slug, owner_user_id) VALUES ('r1', 'Song', 'ada', 'song', 'u1');
INSERT INTO musehub_branches VALUES ('br1', 'r1', 'main', 'c2');
INSERT INTO musehub_commits VALUES
    ('c1', 'r1', 'main', '[]', 'first', 'ada', '2026-03-19 10:00:00.5+00', 's1', '2026-03-19 10:00:01+00', '{}'),
    ('c2', 'r1', 'main', '["c1"]', 'second', 'ada', '2026-03-19 11:00:00+00', 's1', '2026-03-19 11:00:01+00', '{}');
INSERT INTO musehub_snapshots VALUES ('s1', 'r1', '{"a.mid": "b1"}', '2026-03-19 10:00:00.5+00');
INSERT INTO musehub_objects VALUES ('b1', 'r1', 'a.mid', 7, 'r1/b1', '2026-03-19 10:00:00.5+00', NULL);
INSERT INTO musehub_pull_requests VALUES ('p1', 'r1', 'title', '', 'open', 'dev', 'main');
"#;

pub struct Own {
    url: String,
    hub: Postgres,
}

impl Own {
    /// Where its database is.
    pub fn url(&self) -> &str {
        &self.url
    }
}

fn place(url: &str) -> PgUrl {
    PgUrl::parse(url).unwrap()
}

impl Fixture for Own {
    type Hub = Postgres;

    async fn empty() -> Self {
        let url = database().await;
        let hub = Postgres::create(&place(&url)).await.unwrap();
        Self { url, hub }
    }

    async fn march() -> Self {
        let url = database().await;
        run(&url, POSTGRES).await;
        run(&url, MARCH).await;
        let hub = Postgres::open(&place(&url), Access::Write).await.unwrap();
        Self { url, hub }
    }

    fn hub(&self) -> &Postgres {
        &self.hub
    }

    async fn sql(&self, sql: &str) {
        run(&self.url, sql).await;
    }

    async fn open(&self, access: Access) -> Postgres {
        Postgres::open(&place(&self.url), access).await.unwrap()
    }
}

suite::index_suite!(server, crate::index::postgres_tests::Own);

async fn refused(url: &str) -> String {
    let error = Postgres::open(&place(url), Access::Read)
        .await
        .err()
        .unwrap();
    let told = error.to_string();
    assert!(!told.contains('\n') && !told.contains("s3cret"), "{told}");
    told
}

#[tokio::test]
async fn what_keeps_a_database_from_being_opened_is_told_with_what_to_do() {
    let mut wrong = url::Url::parse(&server()).unwrap();
    wrong.set_password(Some("s3cret")).unwrap();
    assert!(
        refused(wrong.as_str())
            .await
            .contains("check user and password")
    );
    let nowhere = refused("postgres://u:s3cret@127.0.0.1:1/hub").await;
    assert!(nowhere.contains("check that the server runs"), "{nowhere}");
    let unknown = refused("postgres://u:s3cret@no-such-host.invalid/hub").await;
    assert!(unknown.contains("host and port"), "{unknown}");
    let gone = refused(&format!("{}_not", server())).await;
    assert!(gone.contains("check the name at the end"), "{gone}");
    let plain = refused(&format!("{}?sslmode=require", server())).await;
    assert!(
        plain.contains("sslmode") || plain.contains("TLS"),
        "{plain}"
    );
}

#[tokio::test]
async fn a_database_without_a_hubs_tables_is_no_hub() {
    let url = database().await;
    assert!(refused(&url).await.contains("no musehub tables"));
    run(&url, "CREATE TABLE musehub_repos (repo_id TEXT)").await;
    assert!(refused(&url).await.contains("no table musehub_branches"));
    let url = database().await;
    run(
        &url,
        &format!("CREATE SCHEMA hub; SET search_path = hub; {POSTGRES} {MARCH}"),
    )
    .await;
    let told = refused(&url).await;
    assert!(told.contains("schema hub"), "{told}");
    let there = place(&format!("{url}?options[search_path]=hub"));
    let found = Postgres::open(&there, Access::Read).await.unwrap();
    assert_eq!(found.counts().await.unwrap().commits, 2);
}

#[tokio::test]
async fn a_user_without_rights_is_told_which() {
    let fixture = Own::empty().await;
    let name = format!("reader_{:016x}", fastrand::u64(..));
    fixture
        .sql(&format!(
            "CREATE ROLE {name} LOGIN PASSWORD 's3cret'; GRANT SELECT ON musehub_repos, musehub_branches TO {name}"
        ))
        .await;
    let mut url = url::Url::parse(&fixture.url).unwrap();
    url.set_username(&name).unwrap();
    url.set_password(Some("s3cret")).unwrap();
    let told = refused(url.as_str()).await;
    assert!(told.contains("may not read musehub_commits"), "{told}");
    fixture
        .sql(&format!(
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}"
        ))
        .await;
    let hub = Postgres::open(&place(url.as_str()), Access::Write)
        .await
        .unwrap();
    let error = hub.insert(&full_rows()).await.unwrap_err().to_string();
    assert!(
        error.contains("permission denied") && error.contains("role"),
        "{error}"
    );
}

#[tokio::test]
async fn the_server_too_refuses_to_write_for_a_reader() {
    let fixture = Own::empty().await;
    fixture.hub().insert(&full_rows()).await.unwrap();
    for access in [Access::Read, Access::Write] {
        let hub = fixture.open(access).await;
        for sql in [
            "DELETE FROM musehub_commits",
            "UPDATE musehub_commits SET message = ''",
            "CREATE TABLE more (x INT)",
        ] {
            let error = hub.try_sql(sql).await.unwrap_err().to_string();
            assert!(error.contains("read-only transaction"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_hub_sorted_by_a_language_is_paged_without_loss() {
    let url = database().await;
    run(
        &url,
        &POSTGRES.replace(
            "VARCHAR(64) NOT NULL PRIMARY KEY",
            "VARCHAR(64) COLLATE \"en-x-icu\" NOT NULL PRIMARY KEY",
        ),
    )
    .await;
    run(&url, MARCH).await;
    let hub = Postgres::open(&place(&url), Access::Write).await.unwrap();
    let ids = [
        "B",
        "a",
        "b",
        "é",
        "init-12",
        "sha256:ab",
        "sha256:aB",
        "ab12",
        "sha256:ac",
    ];
    let commits = ids.map(|id| suite::commit(id, "r1", suite::AT)).to_vec();
    hub.insert(&NewRows {
        commits,
        ..NewRows::default()
    })
    .await
    .unwrap();
    let mut met: Vec<String> = Vec::new();
    loop {
        let after = met.last().map(String::as_str);
        let page = hub.commits(after, 2).await.unwrap();
        let wide = hub.commits(after, WIDE).await.unwrap();
        assert!(wide.rows.starts_with(&page.rows), "behind {after:?}");
        met.extend(page.rows.into_iter().map(|row| row.commit_id));
        if page.end {
            break;
        }
    }
    met.sort();
    let mut all: Vec<String> = ids.map(String::from).to_vec();
    all.extend(["c1".into(), "c2".into()]);
    all.sort();
    assert_eq!(met, all);
    let found = hub.ids_with_prefix("ab", 9).await.unwrap();
    let found: Vec<&str> = found.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(found, ["ab12", "sha256:ab"]);
}

#[tokio::test]
async fn a_hub_with_types_of_its_own_is_read_by_their_text() {
    let fixture = Own::empty().await;
    fixture.hub().insert(&full_rows()).await.unwrap();
    fixture
        .sql(
            "ALTER TABLE musehub_commits ALTER COLUMN parent_ids DROP DEFAULT, \
             ALTER COLUMN parent_ids TYPE text[] USING ARRAY['c0'], \
             ALTER COLUMN commit_meta TYPE jsonb, ALTER COLUMN branch TYPE char(9), \
             ALTER COLUMN timestamp TYPE timestamp; \
             ALTER TABLE musehub_objects ALTER COLUMN size_bytes TYPE numeric",
        )
        .await;
    let hub = fixture.open(Access::Read).await;
    for limit in [9, WIDE] {
        let row = &hub.commits(None, limit).await.unwrap().rows[0];
        assert_eq!(row.parent_ids, r#"["c0"]"#);
        assert_eq!(row.commit_meta, r#"{"a": 1}"#);
        let (branch, at) = (row.branch.trim_end(), row.timestamp.as_str());
        assert_eq!((branch, at), ("main", suite::AT));
        let blobs = hub.blobs(None, limit).await.unwrap().rows;
        assert_eq!(blobs[0].size_bytes, i64::MAX);
    }
    assert_eq!(suite::forwards(&hub, Some("r1"), None).await.len(), 1);
}

#[tokio::test]
async fn a_connection_that_is_lost_is_said_and_made_again() {
    let fixture = Own::empty().await;
    let hub = fixture.open(Access::Read).await;
    hub.counts().await.unwrap();
    fixture
        .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        .await;
    hub.counts().await.unwrap();
    let name = fixture.url.rsplit_once('/').unwrap().1;
    run(
        &server(),
        &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"),
    )
    .await;
    fixture_ends(name).await;
    let error = hub.counts().await.unwrap_err();
    assert!(!error.to_string().contains("postgres:postgres"), "{error}");
    run(
        &server(),
        &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"),
    )
    .await;
    hub.counts().await.unwrap();
}

async fn fixture_ends(name: &str) {
    run(
        &server(),
        &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
    )
    .await;
}

#[tokio::test]
async fn a_locked_row_holds_up_no_other_of_its_group_and_is_waited_for_alone() {
    let own = Own::empty().await;
    let rows = NewRows {
        commits: vec![commit("c1", "r1", AT), commit("c2", "r1", AT)],
        ..NewRows::default()
    };
    own.hub.insert(&rows).await.unwrap();
    let link = |id: &str| Link {
        id: id.into(),
        seen: None,
        new: "local://1".into(),
    };
    let mut other = PgConnection::connect(&own.url).await.unwrap();
    let lock = "BEGIN; SELECT 1 FROM musehub_commits WHERE commit_id = 'c1' FOR UPDATE";
    sqlx::raw_sql(lock).execute(&mut other).await.unwrap();
    let links = [link("c1"), link("c2")];
    let changed = own.hub.set_storage_uri(Kind::Commit, &links).await.unwrap();
    assert_eq!(changed, ["c2"]);
    let one = [link("c1")];
    let mut alone = std::pin::pin!(own.hub.set_storage_uri(Kind::Commit, &one));
    let asked = futures_util::poll!(&mut alone);
    assert!(asked.is_pending(), "{asked:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(alone.await.unwrap(), ["c1"]);
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused_and_never_cut() {
    let fixture = Own::march().await;
    let long = "x".repeat(200);
    let rows = NewRows {
        blobs: vec![blob(&long)],
        ..NewRows::default()
    };
    let error = fixture.hub().insert(&rows).await.unwrap_err();
    assert!(matches!(error, IndexError::Query { .. }), "{error}");
    assert_eq!(fixture.hub().blobs(None, 9).await.unwrap().rows.len(), 1);
}

#[tokio::test]
async fn nothing_but_an_empty_place_becomes_a_hub() {
    let fixture = Own::empty().await;
    Postgres::create(&place(&fixture.url)).await.unwrap();
    fixture.hub().insert(&full_rows()).await.unwrap();
    let error = Postgres::create(&place(&fixture.url)).await.err().unwrap();
    assert!(
        error.to_string().contains("choose an empty database"),
        "{error}"
    );
}

#[test]
fn no_statement_has_a_name_and_nothing_is_set_beyond_a_transaction() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/index/postgres");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let named = [
            "sqlx::query(",
            "sqlx::query_as(",
            "sqlx::query_scalar(",
            "sqlx::query_with(",
        ];
        let statements: usize = named.iter().map(|start| text.matches(start).count()).sum();
        let nameless = text.matches(".persistent(false)").count();
        assert_eq!(statements, nameless, "{}", path.display());
        for start in ["\"SET ", "; SET ", "pg_advisory_lock(", "after_connect"] {
            let mut found = text.match_indices(start);
            let beyond = found.any(|(at, _)| !text[at + start.len()..].starts_with("LOCAL"));
            assert!(!beyond, "{start} in {}", path.display());
        }
    }
}
