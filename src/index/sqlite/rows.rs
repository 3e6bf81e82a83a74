//! The SELECT list of a table, from whatever columns the hub has.

use super::Sqlite;
use crate::index::MAX_CELL;
use crate::index::rows::{Stored, column_here, table_here};

impl Sqlite {
    /// The SELECT list of `T`, ending with whether a cell is too large; `None` where the hub has no such
    /// table. Columns are those of the alias `t`.
    pub(super) fn select_list<T: Stored>(&self) -> Option<(&'static str, &'static str, String)> {
        let table = table_here(&self.capabilities, T::TABLE);
        let mut key = None;
        let mut list = String::new();
        let mut over = Vec::new();
        for (at, name) in T::COLUMNS.iter().enumerate() {
            let column = column_here(&self.capabilities, table, name);
            let here = self.capabilities.has(table, column);
            if at == 0 {
                key = here.then_some(column);
                list.push_str(&format!("t.\"{column}\""));
            } else if here {
                // octet_length looks at the cell's header only: a giant is never loaded.
                list.push_str(&format!(
                    ", iif(octet_length(t.\"{column}\") > {MAX_CELL}, NULL, t.\"{column}\")"
                ));
                over.push(format!("coalesce(octet_length(t.\"{column}\"), 0)"));
            } else {
                list.push_str(", NULL");
            }
        }
        over.push("0".to_owned());
        list.push_str(&format!(", max({}, 0) > {MAX_CELL}", over.join(", ")));
        key.map(|key| (table, key, list))
    }
}
