//! What each column is in this hub, and how it is read, compared and written.

use crate::index::rows::{Stored, column_here, table_here};
use crate::index::{Capabilities, MAX_CELL};
use std::collections::BTreeMap;

/// A column as the catalogue has it.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// The type's name in the catalogue: `varchar`, `timestamptz`, `_text`.
    pub of: String,
    pub not_null: bool,
    pub has_default: bool,
    /// Its texts are ordered by their bytes.
    pub by_bytes: bool,
}

/// What a column's type means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Json,
    Bytes,
    Int,
    Time,
    /// Read by its text.
    Other,
}

impl Column {
    pub(super) fn shape(&self) -> Shape {
        match self.of.as_str() {
            "text" | "varchar" => Shape::Text,
            "json" | "jsonb" => Shape::Json,
            "bytea" => Shape::Bytes,
            "int2" | "int4" | "int8" => Shape::Int,
            "timestamptz" | "timestamp" => Shape::Time,
            _ => Shape::Other,
        }
    }

    /// The type to cast a text to; never one with a length, which would cut the text in silence.
    pub(super) fn cast(&self) -> &str {
        match self.shape() {
            Shape::Text => "text",
            _ => &self.of,
        }
    }
}

/// The columns of every table of the hub.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    pub capabilities: Capabilities,
    by_name: BTreeMap<(String, String), Column>,
}

impl Columns {
    pub(super) fn new(columns: Vec<(String, String, Column)>) -> Self {
        let names = columns.iter().map(|(t, c, _)| (t.clone(), c.clone()));
        Self {
            capabilities: Capabilities::new(names),
            by_name: columns.into_iter().map(|(t, c, of)| ((t, c), of)).collect(),
        }
    }

    pub(super) fn get(&self, table: &str, column: &str) -> Option<&Column> {
        self.by_name.get(&(table.to_owned(), column.to_owned()))
    }

    /// A column as it is read: natively where its binary form is known, else by its text.
    pub(super) fn plain(&self, table: &str, column: &str) -> String {
        match self.get(table, column) {
            None => "NULL".to_owned(),
            // A list of its own type is read as the JSON that others keep.
            Some(Column { of, .. }) if of.starts_with('_') => {
                format!("to_json(t.\"{column}\")::text")
            }
            Some(known) if known.shape() == Shape::Other => format!("t.\"{column}\"::text"),
            Some(_) => format!("t.\"{column}\""),
        }
    }

    /// The bytes of a column's cell; nothing for those that are never large.
    pub(super) fn weight(&self, table: &str, column: &str) -> Option<String> {
        match self.get(table, column)?.shape() {
            Shape::Bytes => Some(format!("octet_length(t.\"{column}\")")),
            Shape::Int | Shape::Time => None,
            Shape::Text | Shape::Json | Shape::Other => {
                Some(format!("octet_length(t.\"{column}\"::text)"))
            }
        }
    }

    /// A key as it is compared and sorted.
    pub(super) fn key(&self, table: &str, column: &str) -> String {
        match self.get(table, column).map(Column::shape) {
            Some(Shape::Text) | None => format!("t.\"{column}\""),
            _ => format!("t.\"{column}\"::text"),
        }
    }

    /// The table, the key and the SELECT list of `T`, ending with whether a cell is too large; `None`
    /// where the hub has no such table. Columns are those of the alias `t`.
    pub(super) fn select_list<T: Stored>(&self) -> Option<(&'static str, String, String)> {
        let table = table_here(&self.capabilities, T::TABLE);
        let mut key = None;
        let mut list = Vec::new();
        let mut over = vec!["0".to_owned()];
        for (at, name) in T::COLUMNS.iter().enumerate() {
            let column = column_here(&self.capabilities, table, name);
            let plain = self.plain(table, column);
            if at == 0 {
                key = self.get(table, column).map(|_| self.key(table, column));
                list.push(plain);
                continue;
            }
            match self.weight(table, column) {
                None => list.push(plain),
                Some(weight) => {
                    list.push(format!(
                        "CASE WHEN {weight} > {MAX_CELL} THEN NULL ELSE {plain} END"
                    ));
                    over.push(format!("coalesce({weight}, 0)"));
                }
            }
        }
        list.push(format!("greatest({}) > {MAX_CELL}", over.join(", ")));
        key.map(|key| (table, key, list.join(", ")))
    }
}
