//! The server's description of itself, and the additive migration.

use super::columns::quoted;
use super::sessions::{Purpose, Session};
use super::{Postgres, pooler, server};
use crate::index::rows::id_column;
use crate::index::schema::{Dialect, Partition, Standing, TableName, index_name};
use crate::index::{About, Capabilities, IndexError, Migration, ServerState};
use luthier_object::Kind;
use sqlx::{AssertSqlSafe, Connection};
use std::collections::BTreeMap;

impl Postgres {
    /// Version, rights, replication, encryption, and what stops a run.
    pub(super) async fn about(&self) -> Result<About, sqlx::Error> {
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
            .bind(self.columns.sql(table))
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

    /// Returns whether a pooler is in between; `None` where no more connections can be made to find out.
    async fn finds_pooler(&self) -> Option<bool> {
        let options = self.url.options().ok()?;
        pooler::stands_between(&options).await.ok()
    }

    /// What the hub lacks.
    pub(super) async fn migration(&self) -> Result<Migration, sqlx::Error> {
        let mut session = self.sessions.begin(Purpose::Read).await?;
        // A partitioned table's index is invalid until each of its parts has one.
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
        let tables = self.table_names(&mut session).await?;
        session.end();
        Ok(Migration::of(
            Dialect::Postgres,
            &self.columns.capabilities,
            standing,
            revisions.into_iter().map(|(revision,)| revision).collect(),
            tables,
        ))
    }

    /// Returns the SQL names of the table of each kind, and of its partitions.
    async fn table_names(&self, session: &mut Session) -> Result<[TableName; 3], sqlx::Error> {
        let mut out = Kind::ALL.map(TableName::of);
        for (kind, name) in Kind::ALL.into_iter().zip(&mut out) {
            let today = Capabilities::table(kind);
            let Some(table) = self.columns.table(today) else {
                continue;
            };
            name.table = as_needed(&table.name);
            name.partitioned = table.kind == 'p';
            let column = |column: &str| self.columns.get(today, column);
            for (own, here) in [
                (&mut name.id, id_column(kind)),
                (&mut name.storage_uri, "storage_uri"),
            ] {
                *own = column(here).map_or_else(|| here.to_owned(), |c| as_needed(&c.name));
            }
            if name.partitioned {
                name.partitions = self.partitions(session, today, &index_name(kind)).await?;
            }
        }
        Ok(out)
    }

    /// Returns the partitions of a table, parents before children, with the index that each is to have.
    async fn partitions(
        &self,
        session: &mut Session,
        table: &str,
        top: &str,
    ) -> Result<Vec<Partition>, sqlx::Error> {
        // A partition's index has its name where that is not too long for one.
        let rows: Vec<PartitionRow> = sqlx::query_as(
            "WITH parts AS (SELECT p.relid, p.parentrelid, p.level, p.isleaf, c.relname, n.nspname, c.oid::bigint AS number, \
                    CASE WHEN length(c.relname) < 50 THEN 'ix_' || c.relname || '_unlinked' \
                         ELSE 'ix_' || c.oid || '_unlinked' END AS index \
                 FROM pg_partition_tree(to_regclass($1)) AS p JOIN pg_class AS c ON c.oid = p.relid \
                 JOIN pg_namespace AS n ON n.oid = c.relnamespace) \
             SELECT format('%I.%I', p.nspname, p.relname), format('%I.%I', p.nspname, p.index), format('%I', p.index), \
                    CASE WHEN p.level > 1 THEN format('%I.%I', up.nspname, up.index) END, NOT p.isleaf, \
                    (SELECT i.indisvalid FROM pg_index AS i WHERE i.indexrelid = to_regclass(format('%I.%I', p.nspname, p.index))) \
             FROM parts AS p LEFT JOIN parts AS up ON up.relid = p.parentrelid \
             WHERE p.level > 0 ORDER BY p.level, p.number",
        )
        .persistent(false)
        .bind(self.columns.sql(table))
        .fetch_all(&mut **session)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(table, index, name, of, partitioned, valid)| Partition {
                table,
                index,
                name,
                of: of.unwrap_or_else(|| top.to_owned()),
                partitioned,
                standing: match valid {
                    Some(true) => Standing::Sound,
                    Some(false) => Standing::Invalid,
                    None => Standing::Missing,
                },
            })
            .collect())
    }

    /// Runs a migration on a connection of its own.
    pub(super) async fn migrate(&self, migration: &Migration) -> Result<(), IndexError> {
        self.may_write()?;
        let failed = |e| self.failed("changing the schema", e);
        let options = self.url.options().map_err(failed)?;
        // An index over a large table takes longer than a role may allow its statements. Where a pooler is
        // between, the role's limit holds: nothing may be set on what others get next.
        let options = match self.finds_pooler().await {
            Some(false) => options.options([("statement_timeout", "0"), ("lock_timeout", "0")]),
            _ => options,
        };
        let connecting = self.sessions.connect_apart(&options);
        let mut connection = connecting.await.map_err(failed)?;
        for statement in migration.statements() {
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut connection)
                .await
                .map_err(failed)?;
        }
        connection.close().await.map_err(failed)
    }
}

/// Table, its index, that index' name alone, the index of its parent, whether it has parts, whether its index
/// is there and valid.
type PartitionRow = (String, String, String, Option<String>, bool, Option<bool>);

/// Returns a name as SQL takes it, in quotes where it needs them.
fn as_needed(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
    match name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        true => name.to_owned(),
        false => quoted(name),
    }
}
