//! Added rows: many to a statement, in the columns that the hub has.

use super::Postgres;
use super::cell::Statement;
use super::columns::{Column, Shape, quoted};
use super::sessions::{SILENCE, within};
use crate::index::added::{BINDS, TableRows, Value, tables_of};
use crate::index::{IndexError, NewRows};
use sqlx::postgres::PgConnection;

impl Postgres {
    /// Adds rows, all or none; a row whose key exists already is left as it is.
    pub(super) async fn insert(&self, rows: &NewRows) -> Result<(), IndexError> {
        let failed = |e| self.failed("adding rows", e);
        let mut tx = self.begin().await?;
        self.add_rows(&mut tx, rows).await.map_err(failed)?;
        tx.commit().await.map_err(failed)
    }

    /// Adds rows within a transaction.
    pub(super) async fn add_rows(
        &self,
        tx: &mut PgConnection,
        rows: &NewRows,
    ) -> Result<(), sqlx::Error> {
        for rows in tables_of(rows, &self.columns.capabilities) {
            self.add_to(tx, rows).await?;
        }
        Ok(())
    }

    /// Adds rows to one table, in the columns that it has.
    async fn add_to(&self, tx: &mut PgConnection, of: TableRows) -> Result<(), sqlx::Error> {
        let table = of.table;
        // What the server computes is never written.
        let here = of.columns.iter().map(|name| self.columns.get(table, name));
        let here: Vec<Option<&Column>> = here
            .map(|column| column.filter(|column| !column.generated))
            .collect();
        let listed: Vec<String> = here.iter().flatten().map(|c| quoted(&c.name)).collect();
        let overriding = match here.iter().flatten().any(|column| column.identity) {
            true => " OVERRIDING SYSTEM VALUE",
            false => "",
        };
        let mut rows = of.rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut ask = Statement::new(format!(
                "INSERT INTO {} ({}){overriding} VALUES ",
                self.columns.sql(table),
                listed.join(", ")
            ));
            for (at, row) in rows.by_ref().take(BINDS / here.len()).enumerate() {
                let mut cells = Vec::with_capacity(listed.len());
                for (value, column) in row.into_iter().zip(&here) {
                    if let Some(column) = column {
                        cells.push(bind(&mut ask, column, value)?);
                    }
                }
                let comma = if at == 0 { "" } else { ", " };
                ask.push(&format!("{comma}({})", cells.join(", ")));
            }
            ask.push(" ON CONFLICT DO NOTHING");
            within(SILENCE, ask.query().execute(&mut *tx)).await?;
        }
        Ok(())
    }
}

/// Binds a cell as its column takes it. What is null where null is refused, and a time or JSON without
/// text, becomes the column's default or the empty value.
pub(super) fn bind(
    ask: &mut Statement,
    column: &Column,
    value: Value,
) -> Result<String, sqlx::Error> {
    let shape = column.shape();
    let text = match value {
        Value::Int(Some(int)) if shape == Shape::Int => return ask.bind(int),
        Value::Int(int) => int.map(|int| int.to_string()),
        Value::Bytes(Some(bytes)) if shape == Shape::Bytes => return ask.bind(bytes),
        // Hubs of March 2026 keep the manifest as JSON.
        Value::Bytes(bytes) => bytes.map(|b| String::from_utf8_lossy(&b).into_owned()),
        Value::Key(text) | Value::Text(text) => text,
    };
    let empty = text.as_deref().is_none_or(str::is_empty);
    match text {
        Some(text) if shape == Shape::Text => ask.bind(text),
        Some(text) if !empty => Ok(column.take(&ask.bind(text)?)),
        _ if !column.not_null => Ok("NULL".to_owned()),
        _ if column.has_default => Ok("DEFAULT".to_owned()),
        _ => Ok(match shape {
            Shape::Int => "0",
            Shape::Json => "'{}'",
            Shape::Time => "CURRENT_TIMESTAMP",
            Shape::Other if column.is_list() => "'{}'",
            Shape::Other if column.of == "numeric" => "0",
            Shape::Text | Shape::Bytes | Shape::Other => "''",
        }
        .to_owned()),
    }
}
