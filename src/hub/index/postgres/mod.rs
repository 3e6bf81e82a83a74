//! The database in Postgres.
//!
//! Statements are put together from the hub's catalogue, as for SQLite: what the hub lacks is read as
//! null or empty, and a column is read by whatever type it has. Every statement runs in a transaction of its own
//! (see `sessions`), which the server keeps read-only unless it is there to write.

mod browse;
mod catalogue;
mod cell;
mod columns;
mod commit_writes;
mod copy;
mod edit;
mod errors;
mod held;
mod insert;
mod lock;
mod open;
pub mod pg_url;
mod pooler;
mod read;
mod relations;
mod schema;
mod server;
mod sessions;
mod spelling;
mod url_error;
mod visibility;
mod write;

pub use pg_url::PgUrl;
pub use url_error::PgUrlError;

use super::answers::answers;
use super::{Hidden, IndexError};
use crate::access::Access;
use cell::Statement;
use columns::Columns;
use errors::query_error;
use lock::ApplierState;
use luthier_object::time::Micros;
use sessions::Sessions;

/// A hub in Postgres.
pub struct Postgres {
    url: PgUrl,
    sessions: Sessions,
    access: Access,
    /// The state of this applier's lock.
    applier: ApplierState,
    columns: Columns,
    /// The rows that this user cannot see, as the catalogue said at connect.
    hidden: Vec<Hidden>,
}

impl Postgres {
    fn failed(&self, what: &'static str, error: sqlx::Error) -> IndexError {
        query_error(what, &self.url, error)
    }

    /// Hands every answer on: a database of a server that is dropped ends its connections.
    fn trusted<T>(&self, answer: Result<T, IndexError>) -> Result<T, IndexError> {
        answer
    }

    /// Tries a statement on a reading connection.
    #[cfg(test)]
    pub(super) async fn try_sql(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        let mut session = self.sessions.begin(sessions::Purpose::Read).await?;
        Statement::new(sql)
            .query()
            .execute(&mut *session)
            .await
            .map(drop)
    }
}

impl Postgres {
    fn describe(&self) -> String {
        format!("postgres {}", self.url)
    }

    async fn now(&self) -> Result<Micros, sqlx::Error> {
        let ask =
            Statement::new("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
        let found = self.rows(ask, 1, |cells| cells.int()).await?;
        Ok(found.rows.first().copied().flatten().unwrap_or_default())
    }

    async fn close(&self) {
        self.sessions.close().await;
    }
}

answers!(Postgres);
