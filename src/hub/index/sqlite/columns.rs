//! The tables and columns of this file: how a key is read, compared and sorted.

use crate::index::Capabilities;
use crate::index::hidden::{Hidden, Why};
use sqlx::sqlite::SqlitePool;
use std::collections::{BTreeMap, BTreeSet};

/// Columns that hold ids and names: they are compared, so they are read as they are compared.
const KEYS: [&str; 9] = [
    "repo_id",
    "branch",
    "snapshot_id",
    "parent_snapshot_id",
    "head_commit_id",
    "name",
    "from_branch",
    "to_branch",
    "merge_commit_id",
];

/// The conversion that a column applies to values, by the words of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Affinity {
    Text,
    /// Texts that read as numbers become numbers.
    Numeric,
    /// Values stay what they are.
    None,
}

impl Affinity {
    /// Returns the rules of SQLite, but for `ANY`, which makes nothing of a value in a strict table.
    fn of(declared: &str) -> Self {
        let declared = declared.to_ascii_uppercase();
        let has = |word: &str| declared.contains(word);
        if has("INT") {
            Affinity::Numeric
        } else if has("CHAR") || has("CLOB") || has("TEXT") {
            Affinity::Text
        } else if has("BLOB") || declared.is_empty() || declared == "ANY" {
            Affinity::None
        } else {
            Affinity::Numeric
        }
    }
}

/// A column as the file has it.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub affinity: Affinity,
    /// It refuses null, or says so where SQLite still takes one.
    pub refuses_null: bool,
    /// No row has a null in it.
    pub never_null: bool,
    /// Computed by SQLite; never written.
    pub generated: bool,
}

/// A table as the file has it.
#[derive(Clone, Debug)]
struct Table {
    /// Its rows have a number of their own.
    numbered: bool,
    /// Sets of columns that are unique.
    unique: Vec<BTreeSet<String>>,
}

/// The columns of every table, by their names in small letters: SQLite takes names in any case.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    pub capabilities: Capabilities,
    tables: BTreeMap<String, Table>,
    by_name: BTreeMap<(String, String), Column>,
}

impl Columns {
    /// Reads the catalogue, and which of its tables are none.
    pub(super) async fn read(pool: &SqlitePool) -> Result<(Self, Vec<Hidden>), sqlx::Error> {
        let (mut out, mut hidden) = (Self::default(), Vec::new());
        let tables: Vec<(String, String, bool)> = sqlx::query_as(
            "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' \
             AND lower(substr(name, 1, 8)) = 'musehub_' ORDER BY name",
        )
        .fetch_all(pool)
        .await?;
        for (name, kind, without_rowid) in tables {
            let small = name.to_ascii_lowercase();
            if let Some((why, what)) = match kind.as_str() {
                "view" => Some((Why::View, "a view, which may hide rows")),
                "virtual" => Some((
                    Why::Foreign,
                    "a virtual table, whose module may leave rows out",
                )),
                _ => None,
            } {
                let said = format!("{name} is {what}; give the file that has the table itself");
                hidden.push(Hidden::new(&small, why, said));
            }
            let unique = out.read_columns(pool, &name, without_rowid).await?;
            let numbered = kind == "table" && !without_rowid;
            out.tables.insert(small, Table { numbered, unique });
        }
        out.capabilities = Capabilities::new(out.by_name.keys().cloned());
        Ok((out, hidden))
    }

    /// Reads a table's columns; gives back the sets of them that are unique.
    async fn read_columns(
        &mut self,
        pool: &SqlitePool,
        table: &str,
        without_rowid: bool,
    ) -> Result<Vec<BTreeSet<String>>, sqlx::Error> {
        let rows: Vec<(String, String, bool, i64, i64)> = sqlx::query_as(
            "SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo(?1)",
        )
        .bind(table)
        .fetch_all(pool)
        .await?;
        let mut primary = BTreeSet::new();
        for (name, declared, not_null, pk, how) in rows {
            // 1: of a virtual table, and not in its rows; 2 and 3: generated.
            if how == 1 {
                continue;
            }
            let small = name.to_ascii_lowercase();
            if pk > 0 {
                primary.insert(small.clone());
            }
            let numbered = declared.eq_ignore_ascii_case("INTEGER");
            let column = Column {
                affinity: Affinity::of(&declared),
                refuses_null: not_null || pk > 0,
                never_null: not_null || (pk > 0 && (without_rowid || numbered)),
                generated: how > 1,
            };
            self.by_name
                .insert((table.to_ascii_lowercase(), small), column);
        }
        let indexed: Vec<(String, Option<String>)> = sqlx::query_as(
            "SELECT i.name, c.name FROM pragma_index_list(?1) AS i JOIN pragma_index_info(i.name) AS c \
             WHERE i.\"unique\" AND NOT i.partial",
        )
        .bind(table)
        .fetch_all(pool)
        .await?;
        let mut unique: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (index, column) in indexed {
            // An expression has no name, and makes no columns unique.
            let column = column.map_or_else(|| "\0".to_owned(), |c| c.to_ascii_lowercase());
            unique.entry(index).or_default().insert(column);
        }
        let mut unique: Vec<_> = unique.into_values().collect();
        unique.extend((!primary.is_empty()).then_some(primary));
        Ok(unique)
    }

    pub(super) fn get(&self, table: &str, column: &str) -> Option<&Column> {
        self.by_name.get(&(table.to_owned(), column.to_owned()))
    }

    /// Returns a column as it is compared and sorted: by its bytes, and as text whatever its type makes of it.
    pub(super) fn text(&self, alias: &str, table: &str, column: &str) -> String {
        match self.get(table, column).map(|column| column.affinity) {
            Some(Affinity::Text) => format!("{alias}.\"{column}\" COLLATE BINARY"),
            _ => format!("CAST({alias}.\"{column}\" AS TEXT) COLLATE BINARY"),
        }
    }

    /// Returns a column of the alias `t` as it is read.
    pub(super) fn plain(&self, table: &str, column: &str) -> String {
        match self.get(table, column) {
            None => "NULL".to_owned(),
            Some(known) if known.affinity != Affinity::Text && KEYS.contains(&column) => {
                format!("CAST(t.\"{column}\" AS TEXT)")
            }
            Some(_) => format!("t.\"{column}\""),
        }
    }

    /// Returns whether no two rows of a table have the same values in these columns, or none at all.
    pub(super) fn is_unique(&self, table: &str, columns: &[&str]) -> bool {
        let never_null = |column: &&str| self.get(table, column).is_some_and(|c| c.never_null);
        // What is compared as text may be two values that read alike.
        let as_text = |column: &&str| {
            self.get(table, column)
                .is_some_and(|c| c.affinity == Affinity::Text)
        };
        columns.iter().all(never_null)
            && columns.iter().all(as_text)
            && self.tables.get(table).is_some_and(|known| {
                known
                    .unique
                    .iter()
                    .any(|some| some.iter().all(|c| columns.contains(&c.as_str())))
            })
    }

    /// Returns whether the rows of a table have numbers that can be asked for by the name that SQLite gives them.
    pub(super) fn is_numbered(&self, table: &str) -> bool {
        self.tables.get(table).is_some_and(|known| known.numbered)
            && self.get(table, "rowid").is_none()
    }

    /// Returns a term of a SELECT list that makes the first of several rows the one that is read.
    pub(super) fn first_of(&self, table: &str) -> &'static str {
        match self.tables.get(table) {
            Some(Table { numbered: true, .. }) => ", min(t.rowid)",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Affinity;

    #[test]
    fn types_mean_what_they_mean_to_sqlite() {
        for (declared, affinity) in [
            ("VARCHAR(128)", Affinity::Text),
            ("text", Affinity::Text),
            ("CHARINT", Affinity::Numeric),
            ("BIGINT", Affinity::Numeric),
            ("DATETIME", Affinity::Numeric),
            ("JSON", Affinity::Numeric),
            ("", Affinity::None),
            ("blob", Affinity::None),
            ("ANY", Affinity::None),
        ] {
            assert_eq!(Affinity::of(declared), affinity, "{declared}");
        }
    }
}
