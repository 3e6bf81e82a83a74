//! The SELECT list of a table, from whatever columns the hub has.

use super::Sqlite;
use crate::index::MAX_CELL;
use crate::index::rows::{Stored, column_here, table_here};

/// The parts of a statement over one table.
pub(super) struct Selected {
    pub table: &'static str,
    /// The key as it is compared.
    pub key: String,
    pub list: String,
    /// No two rows share a key, and none has none.
    pub unique: bool,
}

impl Selected {
    /// Returns the statement up to its first condition, which keeps rows without a key out.
    pub(super) fn select(&self, first_of: &str) -> String {
        let (table, list, key) = (self.table, &self.list, &self.key);
        match self.unique {
            true => format!("SELECT {list} FROM \"{table}\" AS t WHERE 1"),
            false => {
                format!("SELECT {list}{first_of} FROM \"{table}\" AS t WHERE {key} IS NOT NULL")
            }
        }
    }

    /// Returns the end of the statement: of rows that share a key, one is read, because the others would be lost after
    /// a page that ended between them.
    pub(super) fn grouped(&self) -> String {
        match self.unique {
            true => String::new(),
            false => format!(" GROUP BY {}", self.key),
        }
    }
}

impl Sqlite {
    /// Returns the SELECT list of `T`, ending with whether a cell is too large; `None` where the hub has no such table.
    /// Columns are those of the alias `t`.
    pub(super) fn select_list<T: Stored>(&self) -> Option<Selected> {
        let capabilities = &self.columns.capabilities;
        let table = table_here(capabilities, T::TABLE);
        let mut key = None;
        let mut list = String::new();
        let mut over = Vec::new();
        for (at, name) in T::COLUMNS.iter().enumerate() {
            let column = column_here(capabilities, table, name);
            let here = capabilities.has(table, column);
            if at == 0 {
                let text = self.columns.text("t", table, column);
                list.push_str(&text);
                key = here.then_some((column, text));
            } else if here {
                // octet_length looks at the cell's header only: a giant is never loaded.
                list.push_str(&format!(
                    ", iif(octet_length(t.\"{column}\") > {MAX_CELL}, NULL, {})",
                    self.columns.plain(table, column)
                ));
                over.push(format!("coalesce(octet_length(t.\"{column}\"), 0)"));
            } else {
                list.push_str(", NULL");
            }
        }
        over.push("0".to_owned());
        list.push_str(&format!(", max({}, 0) > {MAX_CELL}", over.join(", ")));
        let (column, key) = key?;
        Some(Selected {
            unique: self.columns.is_unique(table, &[column]),
            table,
            key,
            list,
        })
    }
}
