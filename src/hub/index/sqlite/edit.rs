//! Cells of one row changed, where they still are what was seen.

use super::cell::{SqliteCells, Statement};
use super::write::run;
use super::{Sqlite, query_error};
use crate::index::added::{EDITING as WHAT, all_still, edited, value_of};
use crate::index::rows::{Stored, column_here, id_column};
use crate::index::{Capabilities, IndexError, PackedEdit, PackedRow, RowEdit};
use sqlx::sqlite::SqliteConnection;

impl Sqlite {
    /// Reads the cells as rows are read, compares, and writes, in one transaction that holds the file.
    pub(super) async fn set_cells(&self, edit: &RowEdit) -> Result<bool, IndexError> {
        let names = edited(&self.columns.capabilities, edit)?;
        if names.is_empty() {
            return Ok(true);
        }
        let failed = query_error(WHAT);
        let mut tx = self.begin().await?;
        if !self.still(&mut tx, edit, &names).await.map_err(&failed)? {
            return Ok(false);
        }
        let table = Capabilities::table(edit.kind);
        let mut ask = Statement::new(format!("UPDATE {table} AS t SET "));
        for (at, (cell, name)) in edit.cells.iter().zip(&names).enumerate() {
            let value =
                value_of(cell.column, cell.new.as_deref()).ok_or_else(|| not_a_number(name))?;
            let bound = self.bind_value(&mut ask, table, name, value);
            let comma = if at == 0 { "" } else { ", " };
            ask.push(&format!("{comma}\"{name}\" = {}", bound));
        }
        let id = ask.bind_key(&edit.id);
        let key = self.columns.text("t", table, id_column(edit.kind));
        ask.push(&format!(" WHERE {key} = {id}"));
        let changed = run(&mut tx, ask).await.map_err(&failed)?;
        tx.commit().await.map_err(&failed)?;
        Ok(changed > 0)
    }

    /// Changes the range of a blob in a pack, if the row still has the range that was seen.
    pub(super) async fn set_packed(&self, edit: &PackedEdit) -> Result<bool, IndexError> {
        let failed = query_error(PackedRow::WHAT);
        let mut tx = self.begin().await?;
        let ask = self.packed_update(edit);
        let changed = run(&mut tx, ask).await.map_err(&failed)?;
        tx.commit().await.map_err(&failed)?;
        Ok(changed > 0)
    }

    fn packed_update(&self, edit: &PackedEdit) -> Statement {
        let table = PackedRow::TABLE;
        let here = |column| column_here(&self.columns.capabilities, table, column);
        let key = |column| self.columns.text("t", table, here(column));
        let mut ask = Statement::new(format!("UPDATE {table} AS t SET \"{}\" = ", here("offset")));
        let (offset, length) = (ask.bind(edit.new.offset), ask.bind(edit.new.length));
        ask.push(&format!("{offset}, \"{}\" = {length}", here("length")));
        let (id, pack) = (
            ask.bind_key(&edit.seen.object_id),
            ask.bind_key(&edit.seen.pack_id),
        );
        ask.push(&format!(
            " WHERE {} = {id} AND {} = {pack}",
            key("object_id"),
            key("mpack_id")
        ));
        for (column, seen) in [("offset", edit.seen.offset), ("length", edit.seen.length)] {
            let seen = ask.bind(seen);
            ask.push(&format!(" AND t.\"{}\" IS {seen}", here(column)));
        }
        ask
    }

    async fn still(
        &self,
        tx: &mut SqliteConnection,
        edit: &RowEdit,
        names: &[&'static str],
    ) -> Result<bool, sqlx::Error> {
        let list: Vec<String> = names.iter().map(|name| format!("t.\"{name}\"")).collect();
        let table = Capabilities::table(edit.kind);
        let mut ask = Statement::new(format!("SELECT {} FROM {table} AS t", list.join(", ")));
        let id = ask.bind_key(&edit.id);
        let key = self.columns.text("t", table, id_column(edit.kind));
        ask.push(&format!(" WHERE {key} = {id}"));
        let Some(row) = ask.query()?.fetch_optional(tx).await? else {
            return Ok(false);
        };
        all_still(edit, &mut SqliteCells::new(&row))
    }
}

fn not_a_number(column: &str) -> IndexError {
    IndexError::Query {
        what: WHAT,
        why: format!("{column} takes a number").into(),
    }
}
