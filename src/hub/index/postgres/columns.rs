//! The tables and columns of this hub: how each is named, read, compared and written.

use super::cell::Form;
use crate::index::rows::{Stored, column_here, table_here};
use crate::index::{Capabilities, MAX_CELL};
use std::collections::{BTreeMap, BTreeSet};

/// The order of a column's texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// By their bytes.
    Bytes,
    /// By a language of the C library.
    Language,
    /// By a language of ICU, whose rules may put numbers or letters anywhere.
    Icu,
    /// By rules that take different texts for one, or that changed since the indexes were made.
    Unsound,
}

/// A column as the catalogue has it.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Its name in the catalogue, which may have capitals.
    pub name: String,
    /// The name of its type, or of the type below its domain: `varchar`, `timestamptz`, `_text`.
    pub of: String,
    /// The type as SQL names it, without a length.
    pub sql_type: String,
    pub not_null: bool,
    pub has_default: bool,
    /// Computed by the server; never written.
    pub generated: bool,
    /// Numbered by the server, which refuses a number that it did not give, unless the statement overrides that.
    pub identity: bool,
    pub order: Order,
}

/// The meaning of a column's type.
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
            "timestamptz" | "timestamp" | "date" => Shape::Time,
            _ => Shape::Other,
        }
    }

    /// Returns the binary form of a cell, as [`Columns::plain`] reads it.
    fn form(&self) -> Form {
        match (self.shape(), self.of.as_str()) {
            (Shape::Json, "jsonb") => Form::Jsonb,
            (Shape::Int, _) => Form::Int,
            (Shape::Time, "date") => Form::Date,
            (Shape::Time, _) => Form::Time,
            _ => Form::Plain,
        }
    }

    /// Returns a list of a type of its own, which is read and written as the JSON that others keep.
    pub(super) fn is_list(&self) -> bool {
        self.of.starts_with('_')
    }

    /// Returns the type to cast a text to; never one with a length, which would cut the text in silence.
    pub(super) fn cast(&self) -> &str {
        match self.shape() {
            Shape::Text => "text",
            _ => &self.sql_type,
        }
    }

    /// Returns a placeholder for a text as the column takes it.
    pub(super) fn take(&self, placeholder: &str) -> String {
        match self.is_list() {
            true => format!(
                "CAST(ARRAY(SELECT json_array_elements_text(CAST({placeholder} AS json))) AS {})",
                self.sql_type
            ),
            false => format!("CAST({placeholder} AS {})", self.cast()),
        }
    }

    /// Its text, as it is read, compared and sorted.
    fn text(&self, alias: &str) -> String {
        let bare = format!("{alias}.{}", quoted(&self.name));
        match self.shape() {
            Shape::Text if self.order == Order::Unsound => format!("{bare} COLLATE \"C\""),
            Shape::Text => bare,
            // ASCII stays as it is.
            Shape::Bytes => format!("encode({bare}, 'escape') COLLATE \"C\""),
            _ => format!("{bare}::text COLLATE \"C\""),
        }
    }

    /// Returns whether its texts, as they are compared, are ordered by their bytes.
    pub(super) fn by_bytes(&self) -> bool {
        self.shape() != Shape::Text || matches!(self.order, Order::Bytes | Order::Unsound)
    }
}

/// A table as the catalogue has it.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub schema: String,
    /// Its name in the catalogue, which may have capitals.
    pub name: String,
    /// `pg_class.relkind`.
    pub kind: char,
    /// Others inherit from it, so that no index of its own keeps ids apart.
    pub inherited: bool,
    /// This user may read all of it, the place of the row included.
    pub whole: bool,
}

impl Table {
    /// Returns the table as SQL names it, whatever the search path says.
    pub(super) fn sql(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }
}

/// The columns of every table of the hub, by their names in small letters.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    pub capabilities: Capabilities,
    tables: BTreeMap<String, Table>,
    by_name: BTreeMap<(String, String), Column>,
    /// Columns that together are unique, by table.
    unique: Vec<(String, BTreeSet<String>)>,
}

impl Columns {
    /// Takes what the catalogue lists. Of names that differ by case only, the one in small letters counts.
    pub(super) fn new(
        found: Vec<Table>,
        columns: Vec<(String, Column)>,
        unique: Vec<(String, Vec<String>)>,
    ) -> Self {
        let lower = |name: &String| name.to_lowercase();
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        for table in found {
            let small = lower(&table.name);
            if table.name == small || !tables.contains_key(&small) {
                tables.insert(small, table);
            }
        }
        let chosen = |name: &String| tables.get(&lower(name)).is_some_and(|t| t.name == *name);
        let mut by_name: BTreeMap<(String, String), Column> = BTreeMap::new();
        for (table, column) in columns.into_iter().filter(|(table, _)| chosen(table)) {
            let place = (lower(&table), lower(&column.name));
            if column.name == place.1 || !by_name.contains_key(&place) {
                by_name.insert(place, column);
            }
        }
        let unique = unique.into_iter().filter(|(table, _)| chosen(table));
        let unique = unique.map(|(table, of)| (lower(&table), of.iter().map(lower).collect()));
        Self {
            capabilities: Capabilities::new(by_name.keys().cloned()),
            unique: unique.collect(),
            tables,
            by_name,
        }
    }

    /// Leaves a table out that this user may not read.
    pub(super) fn forget(&mut self, table: &str) {
        self.capabilities.forget(table);
        self.tables.remove(table);
        self.by_name.retain(|(of, _), _| of != table);
    }

    pub(super) fn get(&self, table: &str, column: &str) -> Option<&Column> {
        self.by_name.get(&(table.to_owned(), column.to_owned()))
    }

    pub(super) fn table(&self, table: &str) -> Option<&Table> {
        self.tables.get(table)
    }

    /// Returns a table as SQL names it.
    pub(super) fn sql(&self, table: &str) -> String {
        self.table(table).map_or_else(|| quoted(table), Table::sql)
    }

    /// Returns a column's name for the left side of an assignment.
    pub(super) fn name(&self, table: &str, column: &str) -> String {
        quoted(self.get(table, column).map_or(column, |c| &c.name))
    }

    /// Returns a column of an alias.
    pub(super) fn cell(&self, alias: &str, table: &str, column: &str) -> String {
        format!("{alias}.{}", self.name(table, column))
    }

    /// Returns a column as it is read: natively where its binary form is known, else by its text.
    pub(super) fn plain(&self, table: &str, column: &str) -> String {
        match self.get(table, column) {
            None => "NULL".to_owned(),
            Some(known) if known.is_list() => {
                format!("to_json({})::text", self.cell("t", table, column))
            }
            Some(known) if known.shape() == Shape::Other => {
                format!("{}::text", self.cell("t", table, column))
            }
            Some(_) => self.cell("t", table, column),
        }
    }

    /// Returns the bytes of a column's cell; nothing for those that are never large.
    pub(super) fn weight(&self, table: &str, column: &str) -> Option<String> {
        let cell = self.cell("t", table, column);
        match self.get(table, column)?.shape() {
            Shape::Bytes => Some(format!("octet_length({cell})")),
            Shape::Int | Shape::Time => None,
            Shape::Text | Shape::Json | Shape::Other => Some(format!("octet_length({cell}::text)")),
        }
    }

    /// Returns a column's text as it is compared, of an alias; null where the cell is.
    pub(super) fn text(&self, alias: &str, table: &str, column: &str) -> String {
        match self.get(table, column) {
            Some(known) => known.text(alias),
            None => format!("{alias}.{}", quoted(column)),
        }
    }

    /// Returns a key as it is read, compared and sorted; never null, since nothing sorts after a null.
    pub(super) fn key(&self, table: &str, column: &str) -> String {
        let text = self.text("t", table, column);
        match self.get(table, column) {
            Some(known) if !known.not_null => format!("coalesce({text}, '')"),
            _ => text,
        }
    }

    /// Returns whether no two rows of a table have the same values in these columns.
    pub(super) fn is_unique(&self, table: &str, columns: &[&str]) -> bool {
        let sound = columns.iter().all(|column| {
            self.get(table, column)
                .is_some_and(|c| c.not_null && c.order != Order::Unsound)
        });
        let apart = self.table(table).is_some_and(|t| !t.inherited);
        sound
            && apart
            && self
                .unique
                .iter()
                .any(|(of, some)| of == table && some.iter().all(|c| columns.contains(&c.as_str())))
    }

    /// Returns what orders rows of one key, if a table lets them share one.
    pub(super) fn tie(&self, table: &str) -> &'static str {
        match self.table(table) {
            Some(table) if table.whole && "rpm".contains(table.kind) => ", t.tableoid, t.ctid",
            _ => "",
        }
    }

    /// Returns the table, the key and the SELECT list of `T`, ending with whether a cell is too large; `None` where the
    /// hub has no such table. Columns are those of the alias `t`.
    pub(super) fn select_list<T: Stored>(&self) -> Option<Selected> {
        let table = table_here(&self.capabilities, T::TABLE);
        let mut key = None;
        let mut list = Vec::new();
        let mut over = vec!["0".to_owned()];
        let mut forms = Vec::new();
        for (at, name) in T::COLUMNS.iter().enumerate() {
            let column = column_here(&self.capabilities, table, name);
            let plain = self.plain(table, column);
            forms.push(match self.get(table, column) {
                Some(known) if at > 0 => known.form(),
                _ => Form::Plain,
            });
            if at == 0 {
                self.get(table, column)?;
                let of = self.key(table, column);
                list.push(of.clone());
                key = Some((column, of));
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
        forms.push(Form::Flag);
        let (column, key) = key?;
        Some(Selected {
            forms,
            table,
            from: format!("{} AS t", self.sql(table)),
            unique: self.is_unique(table, &[column]),
            key,
            list: list.join(", "),
        })
    }
}

/// The parts of a statement over one table.
pub(super) struct Selected {
    pub table: &'static str,
    /// The table with its alias.
    pub from: String,
    pub key: String,
    pub list: String,
    /// The binary forms of the cells of `list`.
    pub forms: Vec<Form>,
    /// No two rows share a key.
    pub unique: bool,
}

/// Returns a name as SQL takes it, whatever is in it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
