//! A hub of March 2026, from what it is to all that can be made of it, in both databases.

use super::support::*;
use crate::apply;
use luthier_audit::{Auto, Code};
use luthier_hub::progress::Progress;
use luthier_hub::store::hub::{Database, Hub, ObjectStore};
use luthier_hub::store::{Authority, Environment, Policy, Store};
use luthier_hub::testing::march::{INIT, MERGE, March, POSTGRES, PROPOSAL, SQLITE};
use luthier_object::Kind;
use luthier_testing::postgres;
use std::collections::BTreeSet;
use std::path::Path;

/// Builds the hub and gives its rows' place.
async fn in_sqlite(folder: &Path, march: &March) -> Database {
    let path = folder.join("hub.db");
    // SQLAlchemy drops the offset there.
    let sql = march.sql.replace("+00:00'", "'").replace("+00'", "'");
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true);
    let pool = sqlx::sqlite::SqlitePool::connect_with(options)
        .await
        .unwrap();
    for part in [SQLITE, &sql] {
        let part = sqlx::AssertSqlSafe(part.to_owned());
        sqlx::raw_sql(part).execute(&pool).await.unwrap();
    }
    pool.close().await;
    Database::Sqlite(path)
}

async fn in_postgres(_folder: &Path, march: &March) -> Database {
    let url = postgres::database().await;
    postgres::run(&url, POSTGRES).await;
    postgres::run(&url, &march.sql).await;
    Database::parse(&url).unwrap()
}

async fn open(database: &Database, folder: &Path) -> Store {
    let hub = Hub {
        name: "march".into(),
        environment: Environment::Staging,
        policy: Policy::S3Canonical,
        database: database.clone(),
        objects: ObjectStore::Folder(folder.join("objects")),
    };
    Store::open(&hub, Some(&Authority::granted()))
        .await
        .unwrap()
}

fn of_march(stray: &str, empty: bool) -> BTreeSet<(Code, String)> {
    let mut out = BTreeSet::from([
        (Code::CommitTreeless, MERGE.to_owned()),
        (Code::CommitTreeless, INIT.to_owned()),
        (Code::IdMalformed, MERGE.to_owned()),
        (Code::IdMalformed, INIT.to_owned()),
        (Code::ProposalDangling, PROPOSAL.to_owned()),
        (Code::BlobUnreferenced, stray.to_owned()),
    ]);
    if empty {
        // Nor does the store know yet where its branches point.
        for branch in ["alice/site:main", "alice/site:feature", "alice/wizard:main"] {
            out.insert((Code::RefsUnsaved, branch.to_owned()));
        }
        let id = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        out.insert((Code::BlobEmptyMissing, id.to_owned()));
    }
    out
}

async fn found(store: &Store) -> BTreeSet<(Code, String)> {
    let all = findings(store).await.into_iter();
    all.map(|finding| (finding.code, finding.id)).collect()
}

async fn everything_that_proves_is_stored(folder: &Path, database: Database, march: &March) {
    let store = open(&database, folder).await;
    assert_eq!(found(&store).await, of_march(&march.stray, true));
    let notes = store.index().capabilities().notes();
    assert!(
        notes[0].contains("musehub_commits, musehub_snapshots"),
        "{notes:?}"
    );

    let migration = store
        .writer(&Authority::granted())
        .unwrap()
        .migrate()
        .await
        .unwrap();
    assert_eq!(migration.columns, [Kind::Commit, Kind::Snapshot]);
    let store = open(&database, folder).await;
    assert!(store.index().migration().await.unwrap().is_empty());
    let again = store
        .writer(&Authority::granted())
        .unwrap()
        .migrate()
        .await
        .unwrap();
    assert!(again.is_empty(), "a second migration has nothing to do");

    let missing: BTreeSet<String> = findings(&store)
        .await
        .into_iter()
        .filter(|finding| finding.code == Code::UriMissing && finding.auto == Auto::Yes)
        .map(|finding| finding.id)
        .collect();
    assert_eq!(missing, march.sound);
    let plan = planned(&store, &auto()).await;
    let mut journal = journal(folder);
    let applied = apply(&writer(&store), &plan, &mut journal, &Progress::new())
        .await
        .unwrap();
    assert_eq!(applied.trouble, Vec::<String>::new());
    let left = findings(&store).await;
    assert_eq!(
        left[0].code,
        Code::CommitTreeless,
        "what blocks most comes first"
    );
    let left: BTreeSet<_> = left.into_iter().map(|f| (f.code, f.id)).collect();
    assert_eq!(left, of_march(&march.stray, false));
    let counts = store.index().counts().await.unwrap();
    assert_eq!(counts.null_uris, [Some(2), Some(0), Some(0)]);
}

#[tokio::test]
async fn all_that_proves_in_a_hub_of_march_is_stored_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let march = March::build(&folder.path().join("objects"));
    let database = in_sqlite(folder.path(), &march).await;
    everything_that_proves_is_stored(folder.path(), database, &march).await;
}

#[tokio::test]
async fn all_that_proves_in_a_hub_of_march_is_stored_in_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let march = March::build(&folder.path().join("objects"));
    let database = in_postgres(folder.path(), &march).await;
    everything_that_proves_is_stored(folder.path(), database, &march).await;
}
