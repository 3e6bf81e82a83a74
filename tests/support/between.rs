//! A hub that changes between two reads of its rows.

use super::TestHub;
use crate::index::plain::{Blobs, Commits, Place, Snapshots};
use crate::index::reads::index_reads;
use crate::index::{
    About, BlobRow, BranchRow, Browse, Capabilities, CommitRow, Counts, FetchPackRow, Hidden,
    Index, IndexError, JobRow, Listed, MembershipRow, Migration, PackedRow, Page, ProposalRow,
    RepoRow, SnapshotRow, Visibility,
};
use crate::store::Store;
use async_trait::async_trait;
use luthier_object::Kind;
use luthier_object::time::Micros;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// An index before whose `nth` read of one name SQL is run, as by the hub itself.
struct Between {
    inner: Arc<dyn Index>,
    read: &'static str,
    nth: u32,
    met: AtomicU32,
    database: PathBuf,
    sql: String,
}

impl Between {
    async fn meets(&self, read: &str) {
        if read != self.read || self.met.fetch_add(1, Ordering::SeqCst) + 1 != self.nth {
            return;
        }
        sql(&self.database, &self.sql).await;
    }
}

macro_rules! watched {
    ($($name:ident($($arg:ident: $of:ty),*) -> $found:ty;)*) => {
        #[async_trait]
        impl Index for Between {
            fn describe(&self) -> String {
                self.inner.describe()
            }

            fn capabilities(&self) -> &Capabilities {
                self.inner.capabilities()
            }

            fn hidden(&self) -> &[Hidden] {
                self.inner.hidden()
            }

            async fn close(&self) {
                self.inner.close().await;
            }

            $(async fn $name(&self, $($arg: $of),*) -> Result<$found, IndexError> {
                self.meets(stringify!($name)).await;
                self.inner.$name($($arg),*).await
            })*
        }
    };
}

index_reads!(watched);

/// Runs SQL on a database.
pub async fn sql(database: &PathBuf, sql: &str) {
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection: SqliteConnection = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// Opens a hub in which SQL is run before the `nth` read of this name.
pub async fn between(hub: &TestHub, (read, nth): (&'static str, u32), sql: &str) -> Store {
    let database = hub.folder.path().join("hub.db");
    let sql = sql.to_owned();
    hub.open().await.through(|inner| {
        Arc::new(Between {
            inner,
            read,
            nth,
            met: AtomicU32::new(0),
            database,
            sql,
        })
    })
}
