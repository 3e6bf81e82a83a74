//! Cells of one row changed, where they still are what was seen.

use super::Postgres;
use super::cell::{PgCells, Statement};
use super::columns::quoted;
use super::insert::bind;
use super::sessions::{SILENCE, within};
use crate::index::added::{EDITING as WHAT, all_still, edited, value_of};
use crate::index::rows::{Stored, column_here, id_column};
use crate::index::{Capabilities, IndexError, PackedEdit, PackedRow, RowEdit};
use sqlx::postgres::PgConnection;

impl Postgres {
    /// Reads the cells as rows are read, compares, and writes, in one transaction that holds the row.
    pub(super) async fn set_cells(&self, edit: &RowEdit) -> Result<bool, IndexError> {
        let names = edited(&self.columns.capabilities, edit)?;
        if names.is_empty() {
            return Ok(true);
        }
        let failed = |e| self.failed(WHAT, e);
        let mut tx = self.begin().await?;
        if !self.still(&mut tx, edit, &names).await.map_err(failed)? {
            tx.end();
            return Ok(false);
        }
        let table = Capabilities::table(edit.kind);
        let mut ask = Statement::new(format!("UPDATE {} AS t SET ", self.columns.sql(table)));
        for (at, (cell, name)) in edit.cells.iter().zip(&names).enumerate() {
            let value = value_of(cell.column, cell.new.as_deref());
            let (Some(value), Some(column)) = (value, self.columns.get(table, name)) else {
                return Err(refused(format!("{name} does not take this value")));
            };
            if column.generated {
                return Err(refused(format!(
                    "{name} of {table} is computed by the server"
                )));
            }
            let bound = bind(&mut ask, column, value).map_err(failed)?;
            let comma = if at == 0 { "" } else { ", " };
            ask.push(&format!("{comma}{} = {bound}", quoted(&column.name)));
        }
        let id = ask.bind(edit.id.clone()).map_err(failed)?;
        let key = self.columns.key(table, id_column(edit.kind));
        ask.push(&format!(" WHERE {key} = {id}"));
        let done = within(SILENCE, ask.query().execute(&mut *tx))
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(done.rows_affected() > 0)
    }

    /// Changes the range of a blob in a pack, if the row still has the range that was seen.
    pub(super) async fn set_packed(&self, edit: &PackedEdit) -> Result<bool, IndexError> {
        let failed = |e| self.failed(PackedRow::WHAT, e);
        let mut tx = self.begin().await?;
        let ask = self.packed_update(edit).map_err(failed)?;
        let done = within(SILENCE, ask.query().execute(&mut *tx))
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(done.rows_affected() > 0)
    }

    fn packed_update(&self, edit: &PackedEdit) -> Result<Statement, sqlx::Error> {
        let table = PackedRow::TABLE;
        let here = |column| column_here(&self.columns.capabilities, table, column);
        let name = |column| self.columns.name(table, here(column));
        let key = |column| self.columns.key(table, here(column));
        let mut ask = Statement::new(format!("UPDATE {} AS t SET ", self.columns.sql(table)));
        let (offset, length) = (ask.bind(edit.new.offset)?, ask.bind(edit.new.length)?);
        ask.push(&format!(
            "{} = {offset}, {} = {length}",
            name("offset"),
            name("length")
        ));
        let (id, pack) = (
            ask.bind(edit.seen.object_id.clone())?,
            ask.bind(edit.seen.pack_id.clone())?,
        );
        ask.push(&format!(
            " WHERE {} = {id} AND {} = {pack}",
            key("object_id"),
            key("mpack_id")
        ));
        for (column, seen) in [("offset", edit.seen.offset), ("length", edit.seen.length)] {
            let seen = ask.bind(seen)?;
            ask.push(&format!(
                " AND t.{} IS NOT DISTINCT FROM {seen}",
                name(column)
            ));
        }
        Ok(ask)
    }

    async fn still(
        &self,
        tx: &mut PgConnection,
        edit: &RowEdit,
        names: &[&'static str],
    ) -> Result<bool, sqlx::Error> {
        let table = Capabilities::table(edit.kind);
        let list: Vec<String> = names
            .iter()
            .map(|name| self.columns.plain(table, name))
            .collect();
        let mut ask = Statement::new(format!(
            "SELECT {} FROM {} AS t",
            list.join(", "),
            self.columns.sql(table)
        ));
        let id = ask.bind(edit.id.clone())?;
        let key = self.columns.key(table, id_column(edit.kind));
        ask.push(&format!(" WHERE {key} = {id} FOR UPDATE"));
        let found = within(SILENCE, ask.query().fetch_optional(tx)).await?;
        let Some(row) = found else {
            return Ok(false);
        };
        all_still(edit, &mut PgCells::new(&row))
    }
}

fn refused(why: String) -> IndexError {
    IndexError::Query {
        what: WHAT,
        why: why.into(),
    }
}
