//! Added rows: many to a statement, in the columns that the hub has.

use super::cell::Statement;
use super::columns::Affinity;
use super::write::run;
use super::{Sqlite, query_error};
use crate::index::added::{BINDS, TableRows, Value, tables_of};
use crate::index::{IndexError, NewRows};
use sqlx::sqlite::SqliteConnection;

impl Sqlite {
    /// Adds rows, all or none; a row whose key exists already is left as it is.
    pub(super) async fn insert(&self, rows: &NewRows) -> Result<(), IndexError> {
        let failed = query_error("adding rows");
        let mut tx = self.begin().await?;
        self.add_rows(&mut tx, rows).await.map_err(&failed)?;
        tx.commit().await.map_err(&failed)
    }

    /// Adds rows within a transaction.
    pub(super) async fn add_rows(
        &self,
        tx: &mut SqliteConnection,
        rows: &NewRows,
    ) -> Result<(), sqlx::Error> {
        for rows in tables_of(rows, &self.columns.capabilities) {
            self.add_to(tx, rows).await?;
        }
        Ok(())
    }

    /// Adds rows to one table, in the columns that it has.
    async fn add_to(&self, tx: &mut SqliteConnection, of: TableRows) -> Result<(), sqlx::Error> {
        let (table, names) = (of.table, of.columns);
        let here: Vec<bool> = names
            .iter()
            // What SQLite computes is never written.
            .map(|name| {
                let column = self.columns.get(table, name);
                column.is_some_and(|column| !column.generated)
            })
            .collect();
        let listed: Vec<String> = (names.iter().zip(&here))
            .filter(|(_, here)| **here)
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        let mut rows = of.rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut ask = Statement::new(format!(
                "INSERT INTO \"{table}\" ({}) VALUES ",
                listed.join(", ")
            ));
            for (at, row) in rows.by_ref().take(BINDS / names.len()).enumerate() {
                let mut cells = Vec::with_capacity(listed.len());
                for ((value, name), _) in row.into_iter().zip(&names).zip(&here).filter(|p| *p.1) {
                    cells.push(self.bind_value(&mut ask, table, name, value));
                }
                let comma = if at == 0 { "" } else { ", " };
                ask.push(&format!("{comma}({})", cells.join(", ")));
            }
            ask.push(" ON CONFLICT DO NOTHING");
            run(tx, ask).await?;
        }
        Ok(())
    }

    /// Returns whether a column is declared for texts: a strict table takes nothing else there.
    pub(super) fn takes_text(&self, table: &str, column: &str) -> bool {
        self.columns
            .get(table, column)
            .is_some_and(|column| column.affinity == Affinity::Text)
    }

    /// Binds a cell. Where an older hub refuses null, the empty value is stored for it.
    pub(super) fn bind_value(
        &self,
        ask: &mut Statement,
        table: &str,
        column: &str,
        value: Value,
    ) -> String {
        if value.is_null() && self.refuses_null(table, column) {
            return match value {
                Value::Int(_) => "0".to_owned(),
                _ => "''".to_owned(),
            };
        }
        match value {
            Value::Key(Some(key)) => ask.bind_key(&key),
            Value::Text(Some(text)) => ask.bind(text),
            // Hubs of March 2026 keep the manifest as JSON text.
            Value::Bytes(Some(bytes)) if column == "manifest" || self.takes_text(table, column) => {
                format!("CAST({} AS TEXT)", ask.bind(bytes))
            }
            Value::Bytes(Some(bytes)) => ask.bind(bytes),
            Value::Int(Some(int)) => ask.bind(int),
            _ => "NULL".to_owned(),
        }
    }
}
