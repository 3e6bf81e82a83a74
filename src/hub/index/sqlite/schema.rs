//! The file's description of itself, and the additive migration.

use super::{Sqlite, query_error};
use crate::index::schema::{Dialect, Standing, TableName};
use crate::index::{About, IndexError, Migration};
use luthier_object::Kind;
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

impl Sqlite {
    /// Version and rights.
    pub(super) async fn about(&self) -> Result<About, sqlx::Error> {
        let version: String = sqlx::query_scalar("SELECT sqlite_version()")
            .fetch_one(&self.pool)
            .await?;
        let locked = std::fs::metadata(&self.path).is_ok_and(|m| m.permissions().readonly());
        let unwritable = match self.immutable || locked {
            true => vec!["the file".to_owned()],
            false => Vec::new(),
        };
        Ok(About {
            version: format!("SQLite {version}"),
            unwritable,
            ..About::default()
        })
    }

    /// What the file lacks.
    pub(super) async fn migration(&self) -> Result<Migration, sqlx::Error> {
        let names: Vec<(String,)> =
            sqlx::query_as("SELECT name FROM sqlite_master WHERE type = 'index'")
                .fetch_all(&self.pool)
                .await?;
        let names: BTreeSet<String> = names.into_iter().map(|(name,)| name).collect();
        let standing = |name: &str| match names.contains(name) {
            true => Standing::Sound,
            false => Standing::Missing,
        };
        let chain: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'",
        )
        .fetch_one(&self.pool)
        .await?;
        let revisions: Vec<(String,)> = match chain {
            0 => Vec::new(),
            _ => {
                sqlx::query_as("SELECT CAST(version_num AS TEXT) FROM alembic_version ORDER BY 1")
                    .fetch_all(&self.pool)
                    .await?
            }
        };
        Ok(Migration::of(
            Dialect::Sqlite,
            &self.columns.capabilities,
            standing,
            revisions.into_iter().map(|(revision,)| revision).collect(),
            Kind::ALL.map(TableName::of),
        ))
    }

    /// Runs a migration: all of it or nothing, since a file's schema changes within a transaction.
    pub(super) async fn migrate(&self, migration: &Migration) -> Result<(), IndexError> {
        let failed = query_error("changing the schema");
        let mut tx = self.begin().await?;
        for statement in migration.statements() {
            sqlx::query(AssertSqlSafe(statement))
                .persistent(false)
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
        }
        tx.commit().await.map_err(&failed)
    }
}
