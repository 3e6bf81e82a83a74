//! What an SQLite file has to do beyond what every database does.

use super::sqlite::Sqlite;
use super::suite::{self, Fixture, blob};
use super::{Browse, Edge, Index, IndexError, IndexMut, Link, NewRows};
use crate::access::Access;
use crate::backend::unprivileged::unprivileged;
use crate::testing::march::SQLITE;
use luthier_object::Kind;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What the suite asks of a hub of March 2026.
const MARCH: &str = r#"
INSERT INTO musehub_repos VALUES ('r1', 'Song', 'ada', 'song', 'public', 'u1', '', '[]', '2026-03-19 09:00:00.000000',
    NULL, NULL, NULL, '{}', 'main', NULL);
INSERT INTO musehub_branches VALUES ('br1', 'r1', 'main', 'c2');
INSERT INTO musehub_commits VALUES
    ('c1', 'r1', 'main', '[]', 'first', 'ada', '2026-03-19 10:00:00.500000', 's1', '2026-03-19 10:00:01.000000', '{}'),
    ('c2', 'r1', 'main', '["c1"]', 'second', 'ada', '2026-03-19 11:00:00.000000', 's1', '2026-03-19 11:00:01.000000', '{}');
INSERT INTO musehub_snapshots VALUES ('s1', 'r1', '{"a.mid": "b1"}', '2026-03-19 10:00:00.500000');
INSERT INTO musehub_objects VALUES ('b1', 'r1', 'a.mid', 7, 'r1/b1', '2026-03-19 10:00:00.500000', NULL);
INSERT INTO musehub_pull_requests VALUES ('p1', 'r1', 'title', '', 'open', 'dev', 'main', NULL, 'ada',
    '2026-03-19 10:00:00.500000', NULL);
"#;

pub struct File {
    dir: TempDir,
    hub: Sqlite,
}

impl File {
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("hub.db")
    }
}

impl Fixture for File {
    type Hub = Sqlite;

    async fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let hub = Sqlite::create(&dir.path().join("hub.db")).await.unwrap();
        Self { dir, hub }
    }

    async fn march() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hub.db");
        run(&path, SQLITE).await;
        run(&path, MARCH).await;
        let hub = Sqlite::open(&path, Access::Write).await.unwrap();
        Self { dir, hub }
    }

    fn hub(&self) -> &Sqlite {
        &self.hub
    }

    async fn sql(&self, sql: &str) {
        run(&self.path(), sql).await;
    }

    async fn open(&self, access: Access) -> Sqlite {
        Sqlite::open(&self.path(), access).await.unwrap()
    }
}

suite::index_suite!(file, crate::index::sqlite_tests::File);

async fn raw(path: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .disable_statement_logging();
    let one = SqlitePoolOptions::new().max_connections(1);
    one.connect_with(options).await.unwrap()
}

async fn run(path: &Path, sql: &str) {
    let pool = raw(path).await;
    let sql = AssertSqlSafe(sql.to_owned());
    sqlx::raw_sql(sql).execute(&pool).await.unwrap();
    pool.close().await;
}

async fn refused(path: &Path, access: Access) -> String {
    let error = Sqlite::open(path, access).await.err().unwrap().to_string();
    assert!(error.contains(path.to_str().unwrap()), "{error}");
    error
}

/// Every file of a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(Result::unwrap);
    files
        .map(|f| {
            (
                f.file_name().into_string().unwrap(),
                fs::read(f.path()).unwrap(),
            )
        })
        .collect()
}

pub async fn read_everything(hub: &Sqlite) {
    hub.counts().await.unwrap();
    hub.now().await.unwrap();
    hub.repos(None, 9).await.unwrap();
    hub.branches(None, 9).await.unwrap();
    hub.commits(None, 9).await.unwrap();
    hub.snapshots(None, 9).await.unwrap();
    hub.blobs(None, 9).await.unwrap();
    hub.proposals(None, 9).await.unwrap();
    hub.branches_of("r1", None, 9).await.unwrap();
    hub.ids_with_prefix("c", 9).await.unwrap();
    for kind in Kind::ALL {
        hub.memberships(kind, None, 9).await.unwrap();
        for repo_id in [None, Some("r1".to_owned())] {
            hub.browse(&newest(kind, repo_id)).await.unwrap();
        }
    }
}

pub fn newest(kind: Kind, repo_id: Option<String>) -> Browse {
    Browse {
        kind,
        repo_id,
        branch: None,
        oldest_first: false,
        from: Edge::Start,
        limit: 9,
    }
}

#[tokio::test]
async fn what_is_no_hub_is_refused_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("empty.db"), "").unwrap();
    fs::write(at("text.db"), "not a database\n".repeat(400)).unwrap();
    fs::write(at("short.db"), "SQLite format 3\0").unwrap();
    run(&at("other.db"), "CREATE TABLE t (x)").await;
    run(&at("half.db"), "CREATE TABLE musehub_repos (repo_id)").await;
    run(
        &at("wide.db"),
        &format!("PRAGMA encoding = 'UTF-16'; {SQLITE}"),
    )
    .await;
    run(&at("cut.db"), SQLITE).await;
    let whole = fs::read(at("cut.db")).unwrap();
    fs::write(at("cut.db"), &whole[..whole.len() / 2]).unwrap();
    for access in [Access::Read, Access::Write] {
        for (name, says) in [
            ("none.db", "there is no such file"),
            ("none/hub.db", "there is no such file"),
            ("", "it is a folder"),
            ("empty.db", "the file is empty"),
            ("text.db", "not a database"),
            ("short.db", "not a database"),
            ("cut.db", "truncated"),
            ("other.db", "it has no musehub tables"),
            ("half.db", "it has no table musehub_branches"),
            ("wide.db", "UTF-16"),
        ] {
            let before = contents(dir.path());
            let told = refused(&at(name), access).await;
            assert!(told.contains(says), "{name}: {told}");
            assert_eq!(contents(dir.path()), before, "{name}");
        }
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_never_migrated() {
    let march = File::march().await;
    let read = march.open(Access::Read).await;
    let migration = read.migration().await.unwrap();
    let before = fs::read(march.path()).unwrap();
    assert!(read.migrate(&migration).await.is_err());
    assert_eq!(fs::read(march.path()).unwrap(), before);
}

#[tokio::test]
async fn reading_changes_no_byte_of_the_file() {
    for wal in [false, true] {
        let fixture = if wal {
            File::empty().await
        } else {
            File::march().await
        };
        fixture
            .hub()
            .insert(&NewRows {
                blobs: vec![blob("b7")],
                ..NewRows::default()
            })
            .await
            .unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hub.db");
        fixture.sql("PRAGMA wal_checkpoint(TRUNCATE)").await;
        fs::copy(fixture.path(), &path).unwrap();
        let before = fs::read(&path).unwrap();
        let hub = Sqlite::open(&path, Access::Read).await.unwrap();
        read_everything(&hub).await;
        drop(hub);
        assert_eq!(fs::read(&path).unwrap(), before, "wal: {wal}");
        for (name, bytes) in contents(dir.path()) {
            match name.as_str() {
                "hub.db" | "hub.db-shm" if wal || name == "hub.db" => {}
                "hub.db-wal" if wal => assert!(bytes.is_empty()),
                other => panic!("{other} was left behind"),
            }
        }
    }
}

#[tokio::test]
async fn the_reading_connection_itself_refuses_writes() {
    let fixture = File::empty().await;
    let hub = fixture.open(Access::Read).await;
    for sql in [
        "DELETE FROM musehub_repos",
        "CREATE TABLE t (x)",
        "PRAGMA user_version = 7",
    ] {
        let refused = hub.try_sql(sql).await.unwrap_err().to_string();
        assert!(refused.contains("readonly"), "{refused}");
    }
}

#[tokio::test]
async fn rows_that_only_the_write_ahead_log_has_are_read() {
    let fixture = File::empty().await;
    let before = fs::read(fixture.path()).unwrap();
    let rows = NewRows {
        blobs: vec![blob("b1")],
        ..NewRows::default()
    };
    fixture.hub().insert(&rows).await.unwrap();
    assert_eq!(
        fs::read(fixture.path()).unwrap(),
        before,
        "it was written back"
    );
    let hub = fixture.open(Access::Read).await;
    assert_eq!(hub.blobs(None, 9).await.unwrap().rows, rows.blobs);
}

#[tokio::test]
async fn a_new_hub_takes_only_an_empty_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hub.db");
    fs::write(&path, "").unwrap();
    let hub = Sqlite::create(&path).await.unwrap();
    drop(hub);
    let hub = Sqlite::create(&path).await.unwrap();
    hub.insert(&NewRows {
        blobs: vec![blob("b1")],
        ..NewRows::default()
    })
    .await
    .unwrap();
    let other = dir.path().join("other.db");
    run(&other, "CREATE TABLE t (x)").await;
    let text = dir.path().join("notes.txt");
    fs::write(&text, "notes").unwrap();
    for path in [&path, &other, &text, &dir.path().to_owned()] {
        let told = Sqlite::create(path).await.err().unwrap().to_string();
        assert!(told.contains("choose an empty place"), "{told}");
    }
    assert_eq!(fs::read(&text).unwrap(), b"notes");
    assert_eq!(hub.counts().await.unwrap().blobs, 1);
    let nowhere = dir.path().join("none/hub.db");
    assert!(Sqlite::create(&nowhere).await.is_err());
}

#[tokio::test]
async fn odd_paths_are_paths_and_no_uris() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a?mode=memory", "a#b%20c", "é ü.db", "file:x"] {
        let path = dir.path().join(name);
        drop(Sqlite::create(&path).await.unwrap());
        assert!(fs::metadata(&path).unwrap().len() > 0, "{name}");
        let hub = Sqlite::open(&path, Access::Read).await.unwrap();
        assert!(hub.describe().contains(name));
    }
}

#[tokio::test]
async fn one_hub_has_one_lock_whatever_link_leads_to_it() {
    let fixture = File::empty().await;
    let link = fixture.dir.path().join("link.db");
    std::os::unix::fs::symlink(fixture.path(), &link).unwrap();
    let other = Sqlite::open(&link, Access::Write).await.unwrap();
    let guard = fixture.hub().lock_applier().await.unwrap();
    let told = other.lock_applier().await.err().unwrap().to_string();
    let pid = std::process::id().to_string();
    assert!(
        told.contains(&pid) && told.contains("hub.db.lock"),
        "{told}"
    );
    drop(guard);
    other.lock_applier().await.unwrap();
}

#[tokio::test]
async fn a_write_protected_hub_is_told_when_it_is_opened_for_writing() {
    if !unprivileged(concat!(
        module_path!(),
        "::a_write_protected_hub_is_told_when_it_is_opened_for_writing"
    )) {
        return;
    }
    let fixture = File::march().await;
    let mode = |mode| fs::set_permissions(fixture.path(), fs::Permissions::from_mode(mode));
    mode(0o400).unwrap();
    let told = refused(&fixture.path(), Access::Write).await;
    assert!(told.contains("the right to write"), "{told}");
    read_everything(&fixture.open(Access::Read).await).await;
    mode(0).unwrap();
    let told = refused(&fixture.path(), Access::Read).await;
    assert!(told.contains("the right to read"), "{told}");
}

#[tokio::test]
async fn a_folder_without_write_permission_is_read_as_immutable() {
    if !unprivileged(concat!(
        module_path!(),
        "::a_folder_without_write_permission_is_read_as_immutable"
    )) {
        return;
    }
    let fixture = File::empty().await;
    let rows = NewRows {
        blobs: vec![blob("b1")],
        ..NewRows::default()
    };
    fixture.hub().insert(&rows).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hub.db");
    let mode = |mode| fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode));
    // The log holds the row: without it the hub would look empty.
    fs::copy(fixture.path(), &path).unwrap();
    fs::copy(
        fixture.dir.path().join("hub.db-wal"),
        dir.path().join("hub.db-wal"),
    )
    .unwrap();
    mode(0o500).unwrap();
    let opened = Sqlite::open(&path, Access::Read).await;
    match opened {
        Ok(hub) => assert_eq!(hub.blobs(None, 9).await.unwrap().rows, rows.blobs),
        Err(IndexError::Open { why, .. }) => assert!(why.as_str().contains("-wal"), "{why}"),
        Err(other) => panic!("{other}"),
    }
    mode(0o700).unwrap();
    fs::remove_file(dir.path().join("hub.db-wal")).unwrap();
    fixture.sql("PRAGMA wal_checkpoint(TRUNCATE)").await;
    fs::copy(fixture.path(), &path).unwrap();
    mode(0o500).unwrap();
    let hub = Sqlite::open(&path, Access::Read).await.unwrap();
    assert!(hub.describe().contains("immutable"));
    assert_eq!(hub.blobs(None, 9).await.unwrap().rows, rows.blobs);
    assert_eq!(contents(dir.path()).len(), 1);
    mode(0o700).unwrap();
}

#[tokio::test]
async fn a_file_that_another_program_writes_to_is_worth_another_try() {
    let fixture = File::empty().await;
    let path = fixture.path();
    fixture.hub().close().await;
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Delete);
    let mut other = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options)
        .await
        .unwrap();
    let hub = Sqlite::open(&path, Access::Read).await.unwrap();
    sqlx::raw_sql("BEGIN EXCLUSIVE")
        .execute(&mut other)
        .await
        .unwrap();
    let error = hub.counts().await.unwrap_err();
    assert_eq!(error.transient(), Some("database is locked"), "{error}");
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    hub.counts().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_removed_or_replaced_answers_nothing_and_takes_nothing() {
    type Deed = fn(&Path);
    let remove: Deed = |path| fs::remove_file(path).unwrap();
    let replace: Deed = |path| {
        fs::copy(path, path.with_extension("other")).unwrap();
        fs::rename(path.with_extension("other"), path).unwrap();
    };
    for (deed, told) in [(remove, "its file was removed"), (replace, "in its place")] {
        let file = File::empty().await;
        let hub = file.open(Access::Write).await;
        hub.repos(None, 9).await.unwrap();
        assert!(hub.in_place().is_ok());
        deed(&file.path());
        let link = Link {
            id: "c1".into(),
            seen: None,
            new: "file://x".into(),
        };
        let answers = [
            hub.in_place(),
            hub.now().await.map(drop),
            hub.counts().await.map(drop),
            hub.repos(None, 9).await.map(drop),
            hub.walk_commits(None, 9).await.map(drop),
            hub.commits_by_id(&["c1".into()]).await.map(drop),
            hub.ids_held(Kind::Commit, "r1", None, 9).await.map(drop),
            hub.set_storage_uri(Kind::Commit, &[link]).await.map(drop),
        ];
        for (number, answer) in answers.into_iter().enumerate() {
            let error = answer.err().map(|error| error.to_string());
            assert!(error.is_some_and(|error| error.contains(told)), "{number}");
        }
    }
}
