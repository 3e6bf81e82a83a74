//! The additive SQL for what a hub's tables lack.
//!
//! Nothing here makes a table, rewrites a row or touches Alembic's own table.

mod alembic;

use super::Capabilities;
use super::rows::id_column;
use luthier_object::Kind;
use serde::Serialize;

/// The SQL dialect of a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    Postgres,
    Sqlite,
}

/// An index over rows without `storage_uri`, as the hub has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Sound,
    Missing,
    /// Left behind by a `CREATE INDEX CONCURRENTLY` that failed; it has to be made anew.
    Invalid,
}

/// The additions to one hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    pub dialect: Dialect,
    /// Kinds whose table lacks `storage_uri`.
    pub columns: Vec<Kind>,
    /// Kinds whose null rows have no sound index.
    pub indexes: Vec<(Kind, Standing)>,
    /// Alembic's revisions of the hub; empty if it has no such table.
    pub revisions: Vec<String>,
    /// The SQL names of the table of each kind, in the order of [`Kind::ALL`].
    pub tables: [TableName; 3],
}

/// The SQL names of a table and of its needed columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    pub table: String,
    pub id: String,
    /// As the hub has it already; `storage_uri` where it does not.
    pub storage_uri: String,
    /// Its partitions, parents before children; empty where it has none.
    pub partitions: Vec<Partition>,
    /// It is partitioned, so that an index over it is made partition by partition.
    pub partitioned: bool,
}

/// A partition of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// As SQL names it.
    pub table: String,
    /// The index over it, and the one of its parent that it becomes a part of, as SQL names them.
    pub index: String,
    pub of: String,
    /// Its name without its schema.
    pub name: String,
    /// It has partitions of its own.
    pub partitioned: bool,
    /// The state of its index.
    pub standing: Standing,
}

impl TableName {
    /// Returns a table of a kind under the names that it has today.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        Self {
            table: Capabilities::table(kind).to_owned(),
            id: id_column(kind).to_owned(),
            storage_uri: "storage_uri".to_owned(),
            partitions: Vec::new(),
            partitioned: false,
        }
    }
}

/// Returns the name of the index over a kind's rows without `storage_uri`.
#[must_use]
pub fn index_name(kind: Kind) -> String {
    format!("ix_{}_unlinked", Capabilities::table(kind))
}

impl Migration {
    /// Compares what the hub has with what is wanted.
    #[must_use]
    pub fn of(
        dialect: Dialect,
        capabilities: &Capabilities,
        standing: impl Fn(&str) -> Standing,
        revisions: Vec<String>,
        tables: [TableName; 3],
    ) -> Self {
        let columns = Kind::ALL.into_iter();
        let indexes = Kind::ALL.into_iter();
        Self {
            dialect,
            columns: columns
                .filter(|kind| !capabilities.storage_uri(*kind))
                .collect(),
            indexes: indexes
                .map(|kind| (kind, standing(&index_name(kind))))
                .filter(|(_, standing)| *standing != Standing::Sound)
                .collect(),
            revisions,
            tables,
        }
    }

    /// Returns whether the hub has all that is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.indexes.is_empty()
    }

    /// Returns the SQL, in order, for one connection. Each statement is run by itself: an index cannot be made
    /// concurrently within a transaction.
    #[must_use]
    pub fn statements(&self) -> Vec<String> {
        let mut out = Vec::new();
        for kind in &self.columns {
            let add = self.add_column(*kind);
            match self.dialect {
                Dialect::Sqlite => out.push(add),
                // A column without default is added without a rewrite, but waits for everyone who reads. The limit
                // ends with the transaction: behind a pooler others get the connection next.
                Dialect::Postgres => {
                    out.extend(["BEGIN", "SET LOCAL lock_timeout = '5s'"].map(str::to_owned));
                    out.extend([add, "COMMIT".to_owned()]);
                }
            }
        }
        // Made beside the work of the hub; an index waits for old transactions and disturbs none.
        for (kind, standing) in &self.indexes {
            out.extend(self.add_index(*kind, *standing));
        }
        out
    }

    fn name(&self, kind: Kind) -> &TableName {
        &self.tables[kind as usize]
    }

    fn add_column(&self, kind: Kind) -> String {
        let TableName {
            table, storage_uri, ..
        } = self.name(kind);
        match self.dialect {
            Dialect::Postgres => {
                format!("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {storage_uri} VARCHAR(2048)")
            }
            Dialect::Sqlite => {
                format!("ALTER TABLE {table} ADD COLUMN {storage_uri} VARCHAR(2048)")
            }
        }
    }

    fn add_index(&self, kind: Kind, standing: Standing) -> Vec<String> {
        let name = index_name(kind);
        let TableName {
            table,
            id,
            storage_uri,
            partitions,
            partitioned,
        } = self.name(kind);
        let on = format!("({id}) WHERE {storage_uri} IS NULL");
        if *partitioned {
            // Over all partitions at once the hub could not write while it is made.
            let mut out = vec![format!(
                "CREATE INDEX IF NOT EXISTS {name} ON ONLY {table} {on}"
            )];
            for part in partitions {
                out.push(match (part.partitioned, part.standing) {
                    (true, _) => format!(
                        "CREATE INDEX IF NOT EXISTS {} ON ONLY {} {on}",
                        part.name, part.table
                    ),
                    (_, Standing::Invalid) => format!("REINDEX INDEX CONCURRENTLY {}", part.index),
                    _ => format!(
                        "CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON {} {on}",
                        part.name, part.table
                    ),
                });
            }
            // From the leaves up: a parent's index holds once it has every part.
            let attach = partitions.iter().rev();
            out.extend(
                attach
                    .map(|part| format!("ALTER INDEX {} ATTACH PARTITION {}", part.of, part.index)),
            );
            return out;
        }
        let concurrently = match (self.dialect, standing) {
            (Dialect::Postgres, Standing::Invalid) => {
                return vec![format!("REINDEX INDEX CONCURRENTLY {name}")];
            }
            (Dialect::Postgres, _) => "CONCURRENTLY ",
            (Dialect::Sqlite, _) => "",
        };
        vec![format!(
            "CREATE INDEX {concurrently}IF NOT EXISTS {name} ON {table} {on}"
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::{Dialect, Migration, Partition, Standing, TableName};
    use crate::index::Capabilities;
    use luthier_object::Kind;

    fn march(dialect: Dialect, revisions: &[&str]) -> Migration {
        let has = [("musehub_objects", "storage_uri")];
        let has = has.map(|(table, column)| (table.to_owned(), column.to_owned()));
        let revisions = revisions.iter().map(|r| (*r).to_owned()).collect();
        let standing = |name: &str| match name.contains("objects") {
            true => Standing::Invalid,
            false => Standing::Missing,
        };
        let tables = Kind::ALL.map(TableName::of);
        Migration::of(
            dialect,
            &Capabilities::new(has),
            standing,
            revisions,
            tables,
        )
    }

    #[test]
    fn a_hub_of_march_gets_two_columns_and_three_indexes() {
        insta::assert_snapshot!(march(Dialect::Postgres, &[]).statements().join(";\n"), @r"
        BEGIN;
        SET LOCAL lock_timeout = '5s';
        ALTER TABLE musehub_commits ADD COLUMN IF NOT EXISTS storage_uri VARCHAR(2048);
        COMMIT;
        BEGIN;
        SET LOCAL lock_timeout = '5s';
        ALTER TABLE musehub_snapshots ADD COLUMN IF NOT EXISTS storage_uri VARCHAR(2048);
        COMMIT;
        CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_musehub_commits_unlinked ON musehub_commits (commit_id) WHERE storage_uri IS NULL;
        CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_musehub_snapshots_unlinked ON musehub_snapshots (snapshot_id) WHERE storage_uri IS NULL;
        REINDEX INDEX CONCURRENTLY ix_musehub_objects_unlinked
        ");
    }

    #[test]
    fn a_revision_stands_behind_the_one_that_the_hub_is_at() {
        insta::assert_snapshot!(march(Dialect::Postgres, &["0005"]).alembic(), @r#"
        """storage_uri on commits and snapshots

        Additive: nullable columns without default, and indexes over the rows that are null.
        Going back forgets where objects are; the objects stay.

        Revision ID: luthier_storage_uri
        Revises: 0005
        """
        from alembic import op

        revision = "luthier_storage_uri"
        down_revision = "0005"
        branch_labels = None
        depends_on = None


        def upgrade() -> None:
            op.execute("SET LOCAL lock_timeout = '5s'")
            op.execute("ALTER TABLE musehub_commits ADD COLUMN IF NOT EXISTS storage_uri VARCHAR(2048)")
            op.execute("ALTER TABLE musehub_snapshots ADD COLUMN IF NOT EXISTS storage_uri VARCHAR(2048)")
            with op.get_context().autocommit_block():
                op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_musehub_commits_unlinked ON musehub_commits (commit_id) WHERE storage_uri IS NULL")
                op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_musehub_snapshots_unlinked ON musehub_snapshots (snapshot_id) WHERE storage_uri IS NULL")
                op.execute("REINDEX INDEX CONCURRENTLY ix_musehub_objects_unlinked")


        def downgrade() -> None:
            with op.get_context().autocommit_block():
                op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_musehub_commits_unlinked")
                op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_musehub_snapshots_unlinked")
                op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_musehub_objects_unlinked")
            op.drop_column("musehub_snapshots", "storage_uri")
            op.drop_column("musehub_commits", "storage_uri")
        "#);
    }

    #[test]
    fn several_heads_are_joined_and_no_revision_can_break_out() {
        let text = march(Dialect::Sqlite, &["a", "b\"\nimport os"]).alembic();
        assert!(
            text.contains(r#"down_revision = ("a", "b\"\x0aimport os")"#),
            "{text}"
        );
        assert!(text.contains("Revises: a, b  import os"), "{text}");
        assert!(!text.contains("CONCURRENTLY") && !text.contains("IF NOT EXISTS storage_uri"));
    }

    #[test]
    fn a_partitioned_table_gets_its_index_part_by_part() {
        let part = |name: &str, of: &str, partitioned, standing| Partition {
            table: format!("public.{name}"),
            index: format!("public.ix_{name}_unlinked"),
            of: of.to_owned(),
            name: format!("ix_{name}_unlinked"),
            partitioned,
            standing,
        };
        let mut migration = march(Dialect::Postgres, &[]);
        migration.columns.clear();
        migration.indexes.retain(|(kind, _)| *kind == Kind::Blob);
        let of = "ix_musehub_objects_unlinked";
        let blobs = &mut migration.tables[Kind::Blob as usize];
        blobs.partitioned = true;
        blobs.partitions = vec![
            part("a", of, false, Standing::Invalid),
            part("b", of, true, Standing::Missing),
            part("c", "public.ix_b_unlinked", false, Standing::Missing),
        ];
        insta::assert_snapshot!(migration.statements().join(";\n"), @r"
        CREATE INDEX IF NOT EXISTS ix_musehub_objects_unlinked ON ONLY musehub_objects (object_id) WHERE storage_uri IS NULL;
        REINDEX INDEX CONCURRENTLY public.ix_a_unlinked;
        CREATE INDEX IF NOT EXISTS ix_b_unlinked ON ONLY public.b (object_id) WHERE storage_uri IS NULL;
        CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_c_unlinked ON public.c (object_id) WHERE storage_uri IS NULL;
        ALTER INDEX public.ix_b_unlinked ATTACH PARTITION public.ix_c_unlinked;
        ALTER INDEX ix_musehub_objects_unlinked ATTACH PARTITION public.ix_b_unlinked;
        ALTER INDEX ix_musehub_objects_unlinked ATTACH PARTITION public.ix_a_unlinked
        ");
    }

    #[test]
    fn a_hub_that_has_everything_gets_nothing() {
        let table = |kind| {
            (
                Capabilities::table(kind).to_owned(),
                "storage_uri".to_owned(),
            )
        };
        let whole = Capabilities::new(Kind::ALL.map(table));
        let none = Migration::of(
            Dialect::Postgres,
            &whole,
            |_| Standing::Sound,
            Vec::new(),
            Kind::ALL.map(TableName::of),
        );
        assert!(none.is_empty() && none.statements().is_empty());
        assert!(none.alembic().contains("    pass\n"));
    }
}
