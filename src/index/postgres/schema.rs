//! What the server says of itself, and the additive migration.

use super::Postgres;
use crate::index::schema::{Dialect, Standing};
use crate::index::{About, Capabilities, IndexError, Migration};
use crate::object::Kind;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

impl Postgres {
    /// Version, rights, replication and encryption.
    pub(super) async fn tell(&self) -> Result<About, sqlx::Error> {
        let (version, replica, encrypted): (String, bool, Option<bool>) = sqlx::query_as(
            "SELECT current_setting('server_version'), pg_is_in_recovery(), \
                    (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())",
        )
        .fetch_one(&self.pool)
        .await?;
        let mut unwritable = Vec::new();
        for table in Kind::ALL.map(Capabilities::table) {
            let may: bool = sqlx::query_scalar(
                "SELECT has_table_privilege($1, 'INSERT') AND has_table_privilege($1, 'UPDATE')",
            )
            .bind(table)
            .fetch_one(&self.pool)
            .await?;
            if !may {
                unwritable.push(table.to_owned());
            }
        }
        Ok(About {
            version: format!("PostgreSQL {version}"),
            unwritable,
            replica,
            encrypted,
        })
    }

    /// What the hub lacks.
    pub(super) async fn wanted(&self) -> Result<Migration, sqlx::Error> {
        let indexes: Vec<(String, bool)> = sqlx::query_as(
            "SELECT c.relname::text, i.indisvalid FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid \
             WHERE left(c.relname, 11) = 'ix_musehub_' AND pg_table_is_visible(c.oid)",
        )
        .fetch_all(&self.pool)
        .await?;
        let indexes: BTreeMap<String, bool> = indexes.into_iter().collect();
        let standing = |name: &str| match indexes.get(name) {
            Some(true) => Standing::Sound,
            Some(false) => Standing::Invalid,
            None => Standing::Missing,
        };
        let chain: bool = sqlx::query_scalar("SELECT to_regclass('alembic_version') IS NOT NULL")
            .fetch_one(&self.pool)
            .await?;
        let revisions: Vec<(String,)> = match chain {
            false => Vec::new(),
            true => {
                sqlx::query_as("SELECT version_num::text FROM alembic_version ORDER BY 1")
                    .fetch_all(&self.pool)
                    .await?
            }
        };
        Ok(Migration::of(
            Dialect::Postgres,
            &self.columns.capabilities,
            standing,
            revisions.into_iter().map(|(revision,)| revision).collect(),
        ))
    }

    /// Runs a migration on one connection, which ends with it: its settings are nobody else's.
    pub(super) async fn run_migration(&self, migration: &Migration) -> Result<(), IndexError> {
        let failed = |e| self.failed("changing the schema", e);
        let connection = self.writer()?.acquire().await.map_err(failed)?;
        let mut connection = connection.detach();
        for statement in migration.statements() {
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut connection)
                .await
                .map_err(failed)?;
        }
        Ok(())
    }
}
