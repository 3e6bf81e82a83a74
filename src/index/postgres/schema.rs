//! What the server says of itself, and the additive migration.

use super::sessions::{CONNECT, Purpose, within};
use super::{Postgres, pooler, server};
use crate::index::schema::{Dialect, Standing};
use crate::index::{About, Capabilities, IndexError, Migration, ServerState};
use crate::object::Kind;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use std::collections::BTreeMap;

impl Postgres {
    /// Version, rights, replication, encryption, and what stops a run.
    pub(super) async fn tell(&self) -> Result<About, sqlx::Error> {
        let pooler = self.finds_pooler().await;
        let mut session = self.sessions.begin(Purpose::Read).await?;
        let (version, replica, encrypted): (String, bool, Option<bool>) = sqlx::query_as(
            "SELECT current_setting('server_version'), pg_is_in_recovery(), \
                    (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())",
        )
        .persistent(false)
        .fetch_one(&mut *session)
        .await?;
        let mut unwritable = Vec::new();
        for table in Kind::ALL.map(Capabilities::table) {
            let may: bool = sqlx::query_scalar(
                "SELECT has_table_privilege($1, 'INSERT') AND has_table_privilege($1, 'UPDATE')",
            )
            .persistent(false)
            .bind(table)
            .fetch_one(&mut *session)
            .await?;
            if !may {
                unwritable.push(table.to_owned());
            }
        }
        let server = ServerState {
            pooler,
            ..server::state(&mut session).await?
        };
        session.end();
        Ok(About {
            version: format!("PostgreSQL {version}"),
            unwritable,
            replica,
            encrypted,
            server,
        })
    }

    /// Whether a pooler stands between; `None` where no more connections can be made to find out.
    async fn finds_pooler(&self) -> Option<bool> {
        let options = self.place.options().ok()?;
        pooler::stands_between(&options).await.ok()
    }

    /// What the hub lacks.
    pub(super) async fn wanted(&self) -> Result<Migration, sqlx::Error> {
        let mut session = self.sessions.begin(Purpose::Read).await?;
        let indexes: Vec<(String, bool)> = sqlx::query_as(
            "SELECT c.relname::text, i.indisvalid FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid \
             WHERE left(c.relname, 11) = 'ix_musehub_' AND pg_table_is_visible(c.oid)",
        )
        .persistent(false)
        .fetch_all(&mut *session)
        .await?;
        let indexes: BTreeMap<String, bool> = indexes.into_iter().collect();
        let standing = |name: &str| match indexes.get(name) {
            Some(true) => Standing::Sound,
            Some(false) => Standing::Invalid,
            None => Standing::Missing,
        };
        let chain: bool = sqlx::query_scalar("SELECT to_regclass('alembic_version') IS NOT NULL")
            .persistent(false)
            .fetch_one(&mut *session)
            .await?;
        let revisions: Vec<(String,)> = match chain {
            false => Vec::new(),
            true => {
                sqlx::query_as("SELECT version_num::text FROM alembic_version ORDER BY 1")
                    .persistent(false)
                    .fetch_all(&mut *session)
                    .await?
            }
        };
        session.end();
        Ok(Migration::of(
            Dialect::Postgres,
            &self.columns.capabilities,
            standing,
            revisions.into_iter().map(|(revision,)| revision).collect(),
        ))
    }

    /// Runs a migration on a connection of its own.
    pub(super) async fn run_migration(&self, migration: &Migration) -> Result<(), IndexError> {
        self.may_write()?;
        let failed = |e| self.failed("changing the schema", e);
        let options = self.place.options().map_err(failed)?;
        // An index over a large table takes longer than a role may allow its statements. Where a pooler stands
        // between, the role's limit holds: nothing may be set on what others get next.
        let options = match self.finds_pooler().await {
            Some(false) => options.options([("statement_timeout", "0"), ("lock_timeout", "0")]),
            _ => options,
        };
        let connecting = PgConnection::connect_with(&options);
        let mut connection = within(CONNECT, connecting).await.map_err(failed)?;
        for statement in migration.statements() {
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut connection)
                .await
                .map_err(failed)?;
        }
        connection.close().await.map_err(failed)
    }
}
