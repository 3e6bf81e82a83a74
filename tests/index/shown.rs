//! What a Postgres hub does not show to a user, and what is said of it.

use super::postgres::{PgUrl, Postgres};
use super::postgres_tests::Own;
use super::suite::{Fixture, full_rows};
use super::{Index, IndexError, IndexMut};
use crate::access::Access;
use crate::index::hidden::{Hidden, Why};
use luthier_object::Kind;

/// A role that may read every table of the hub, but for what `more` takes away again; its URL.
async fn reader(fixture: &Own, more: &str) -> String {
    let name = format!("reader_{:016x}", fastrand::u64(..));
    let sql = format!(
        "CREATE ROLE {name} LOGIN PASSWORD 'pw'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}; {more}"
    );
    fixture.sql(&sql.replace("READER", &name)).await;
    let mut url = url::Url::parse(fixture.url()).unwrap();
    url.set_username(&name).unwrap();
    url.set_password(Some("pw")).unwrap();
    url.to_string()
}

async fn open(url: &str) -> Result<Postgres, IndexError> {
    Postgres::open(&PgUrl::parse(url).unwrap(), Access::Read).await
}

async fn filled() -> Own {
    let fixture = Own::empty().await;
    fixture.hub().insert(&full_rows()).await.unwrap();
    fixture
}

fn told(hidden: &[Hidden]) -> Vec<(&str, Why)> {
    let pairs = hidden
        .iter()
        .map(|hidden| (hidden.table.as_str(), hidden.why));
    pairs.collect()
}

#[tokio::test]
async fn row_level_security_is_told_to_those_whom_it_filters() {
    let fixture = filled().await;
    let url = reader(
        &fixture,
        "ALTER TABLE musehub_commits ENABLE ROW LEVEL SECURITY; \
         ALTER TABLE musehub_object_refs ENABLE ROW LEVEL SECURITY; \
         CREATE POLICY p ON musehub_object_refs TO READER USING (true)",
    )
    .await;
    let hub = open(&url).await.unwrap();
    let filtered = [
        ("musehub_commits", Why::RowSecurity),
        ("musehub_object_refs", Why::RowSecurity),
    ];
    assert_eq!(told(hub.hidden()), filtered);
    // The owner is shown all, unless he is made to obey.
    let owner = fixture.open(Access::Read).await;
    assert_eq!(told(owner.hidden()), []);
    let url = reader(&fixture, "ALTER ROLE READER BYPASSRLS").await;
    assert_eq!(told(open(&url).await.unwrap().hidden()), []);
}

#[tokio::test]
async fn a_policy_that_comes_later_is_seen_when_asked_again() {
    let fixture = filled().await;
    let url = reader(&fixture, "").await;
    let hub = open(&url).await.unwrap();
    assert_eq!(told(&hub.visibility(true).await.unwrap().hidden), []);
    fixture
        .sql("ALTER TABLE musehub_repos ENABLE ROW LEVEL SECURITY")
        .await;
    let seen = hub.visibility(false).await.unwrap().hidden;
    assert_eq!(told(&seen), [("musehub_repos", Why::RowSecurity)]);
}

#[tokio::test]
async fn an_owner_who_is_made_to_obey_is_told() {
    let fixture = filled().await;
    let name = format!("owner_{:016x}", fastrand::u64(..));
    let url = reader(
        &fixture,
        &format!(
            "CREATE ROLE {name}; ALTER TABLE musehub_branches OWNER TO READER; \
             ALTER TABLE musehub_branches ENABLE ROW LEVEL SECURITY"
        ),
    )
    .await;
    assert_eq!(told(open(&url).await.unwrap().hidden()), []);
    fixture
        .sql("ALTER TABLE musehub_branches FORCE ROW LEVEL SECURITY")
        .await;
    let forced = [("musehub_branches", Why::RowSecurity)];
    assert_eq!(told(open(&url).await.unwrap().hidden()), forced);
}

#[tokio::test]
async fn what_stands_where_a_table_is_expected_is_told() {
    let fixture = filled().await;
    fixture
        .sql(
            "ALTER TABLE musehub_objects RENAME TO o; CREATE VIEW musehub_objects AS SELECT * FROM o WHERE false; \
             ALTER TABLE musehub_commit_refs RENAME TO r; CREATE MATERIALIZED VIEW musehub_commit_refs AS SELECT * FROM r; \
             CREATE EXTENSION file_fdw; CREATE SERVER f FOREIGN DATA WRAPPER file_fdw; \
             DROP TABLE musehub_proposals; CREATE FOREIGN TABLE musehub_proposals (proposal_id text, repo_id text) \
                 SERVER f OPTIONS (filename '/dev/null')",
        )
        .await;
    let hub = fixture.open(Access::Read).await;
    let all = [
        ("musehub_commit_refs", Why::View),
        ("musehub_objects", Why::View),
        ("musehub_proposals", Why::Foreign),
    ];
    assert_eq!(told(hub.hidden()), all);
    assert_eq!(hub.blobs(None, 9).await.unwrap().rows.len(), 0);
    hub.memberships(Kind::Commit, None, 9).await.unwrap();
    hub.proposals(None, 9).await.unwrap();
    hub.visibility(true).await.unwrap();
}

#[tokio::test]
async fn rights_are_asked_for_every_column_that_is_read() {
    let fixture = filled().await;
    let url = reader(
        &fixture,
        "REVOKE SELECT ON musehub_commit_refs, musehub_proposals FROM READER; \
         GRANT SELECT (proposal_id, repo_id, title) ON musehub_proposals TO READER; \
         REVOKE SELECT ON musehub_branches FROM READER; \
         GRANT SELECT (branch_id, repo_id, name, head_commit_id) ON musehub_branches TO READER",
    )
    .await;
    let hub = open(&url).await.unwrap();
    let denied = [
        ("musehub_commit_refs", Why::NoRight),
        ("musehub_proposals", Why::NoRight),
    ];
    assert_eq!(told(hub.hidden()), denied);
    assert!(hub.hidden()[1].said.contains("state"), "{:?}", hub.hidden());
    // The rest is read as if the hub had none of these tables.
    assert!(!hub.capabilities().refs(Kind::Commit));
    assert_eq!(hub.branches(None, 9).await.unwrap().rows.len(), 1);
    assert_eq!(hub.proposals(None, 9).await.unwrap().rows.len(), 0);
    hub.visibility(true).await.unwrap();
    let url = reader(
        &fixture,
        "REVOKE SELECT ON musehub_commits FROM READER; \
         GRANT SELECT (commit_id, repo_id, message) ON musehub_commits TO READER",
    )
    .await;
    let Err(error) = open(&url).await else {
        panic!("a hub without the columns of its commits was opened");
    };
    let error = error.to_string();
    assert!(error.contains("may not read branch, parent_ids"), "{error}");
}

#[tokio::test]
async fn another_table_of_the_name_is_told() {
    let fixture = filled().await;
    let url = reader(
        &fixture,
        "CREATE SCHEMA READER; CREATE TABLE READER.musehub_objects AS SELECT * FROM musehub_objects; \
         GRANT USAGE ON SCHEMA READER TO READER; GRANT SELECT ON READER.musehub_objects TO READER; \
         CREATE SCHEMA side; ALTER TABLE musehub_snapshot_refs SET SCHEMA side",
    )
    .await;
    let hub = open(&url).await.unwrap();
    let all = [
        ("musehub_objects", Why::Shadowed),
        ("musehub_snapshot_refs", Why::OffPath),
    ];
    assert_eq!(told(hub.hidden()), all);
}

#[tokio::test]
async fn statistics_far_from_what_is_shown_are_told() {
    let fixture = filled().await;
    fixture
        .sql(
            "UPDATE pg_class SET reltuples = 5000 WHERE relname = 'musehub_commits'; \
             ALTER TABLE musehub_objects RENAME TO o; CREATE TABLE musehub_objects (LIKE o) PARTITION BY HASH (object_id); \
             CREATE TABLE p0 PARTITION OF musehub_objects FOR VALUES WITH (MODULUS 2, REMAINDER 0); \
             CREATE TABLE p1 PARTITION OF musehub_objects FOR VALUES WITH (MODULUS 2, REMAINDER 1); \
             UPDATE pg_class SET reltuples = 700 WHERE relname IN ('p0', 'p1')",
        )
        .await;
    let hub = fixture.open(Access::Read).await;
    let seen = hub.visibility(true).await.unwrap().hidden;
    let all = [
        ("musehub_commits", Why::Statistics),
        ("musehub_objects", Why::Statistics),
    ];
    assert_eq!(told(&seen), all);
    assert!(
        seen[0].said.contains("the statistics say about 5,000"),
        "{seen:?}"
    );
    assert!(seen[1].said.contains("about 1,400"), "{seen:?}");
    assert_eq!(told(&hub.visibility(false).await.unwrap().hidden), []);
}

#[tokio::test]
async fn rules_of_order_that_are_odd_are_told() {
    let fixture = filled().await;
    fixture
        .sql(
            "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); \
             CREATE COLLATION old (provider = icu, locale = 'en', version = '1.0'); \
             ALTER TABLE musehub_repos ALTER COLUMN owner TYPE text COLLATE ci; \
             ALTER TABLE musehub_commits ALTER COLUMN commit_id TYPE text COLLATE old",
        )
        .await;
    let hub = fixture.open(Access::Read).await;
    let odd = hub.visibility(false).await.unwrap().odd.join("\n");
    assert!(
        odd.contains("ci is nondeterministic") && odd.contains("musehub_repos.owner"),
        "{odd}"
    );
    assert!(odd.contains("old was made with version 1.0"), "{odd}");
    let here = fixture.open(Access::Read).await;
    assert_eq!(here.repo_by_path("ADA", "song").await.unwrap(), None);
    assert!(here.repo_by_path("ada", "song").await.unwrap().is_some());
}

#[tokio::test]
async fn a_schema_with_capitals_is_found_by_the_hint() {
    for schema in ["MuseHub", "muse hub", "q\"uo\\te", "1st", "plain"] {
        let fixture = filled().await;
        let quoted = schema.replace('"', "\"\"");
        fixture
            .sql(&format!("ALTER SCHEMA public RENAME TO \"{quoted}\""))
            .await;
        let Err(error) = open(fixture.url()).await else {
            panic!("{schema} is on no search path");
        };
        let error = error.to_string();
        let (_, hint) = error.split_once("add ").unwrap();
        let hint = hint.trim_end_matches(" to the URL");
        let hub = open(&format!("{}{hint}", fixture.url())).await;
        let hub = hub.unwrap_or_else(|e| panic!("{hint}: {e}"));
        assert_eq!(hub.counts().await.unwrap().commits, 1);
    }
}

#[tokio::test]
async fn a_schema_that_may_not_be_used_is_told() {
    let fixture = filled().await;
    let url = reader(&fixture, "REVOKE USAGE ON SCHEMA public FROM PUBLIC").await;
    let Err(error) = open(&url).await else {
        panic!("the schema may not be used");
    };
    let error = error.to_string();
    assert!(
        error.contains("GRANT USAGE ON SCHEMA \"public\""),
        "{error}"
    );
}

#[tokio::test]
async fn nothing_is_made_where_rows_may_be_hidden() {
    let fixture = Own::empty().await;
    fixture
        .sql("ALTER TABLE musehub_commits RENAME TO c; CREATE VIEW musehub_commits AS SELECT * FROM c")
        .await;
    let place = PgUrl::parse(fixture.url()).unwrap();
    let Err(error) = Postgres::create(&place).await else {
        panic!("a hub with a view was taken over");
    };
    assert!(
        error.to_string().contains("it may already contain rows"),
        "{error}"
    );
}
