//! Walks over whole tables: where it can be in the order in which rows lie in the file, since those of neighbouring keys
//! lie anywhere.

use super::cell::Statement;
use super::rows::Selected;
use super::{Sqlite, query_error};
use crate::index::plain::{MaybePlain, Place, Stretch, key_of, seen};
use crate::index::rows::Cells;
use crate::index::{IndexError, Page};

/// The reason why a walk cannot go on where it was.
const RENUMBERED: &str =
    "rows got other numbers while they were read, and the last one went; try again";

impl Sqlite {
    /// Returns the next rows of a walk over a table.
    pub(super) async fn walk<T: MaybePlain>(
        &self,
        from: Option<&Place>,
        limit: u32,
    ) -> Result<Stretch<T::Plain, T>, IndexError> {
        let Some(of) = self.select_list::<T>() else {
            return Ok(Stretch {
                rows: Vec::new(),
                next: None,
            });
        };
        let limit = limit.max(1);
        let found = match of.unique && self.columns.is_numbered(of.table) {
            true => self.walk_file::<T>(&of, from, limit).await,
            false => self.walk_keys::<T>(&of, from, limit).await,
        };
        found.map_err(query_error(T::WHAT))
    }

    async fn walk_keys<T: MaybePlain>(
        &self,
        of: &Selected,
        from: Option<&Place>,
        limit: u32,
    ) -> Result<Stretch<T::Plain, T>, sqlx::Error> {
        let ask = self.page_behind(of, from.map(Place::key), limit);
        let page = self.rows(ask, limit, seen::<T>).await?;
        let last = page.rows.last().map(|row| Place::Key(key_of(row)));
        // A page may be empty although others follow: its rows went while they were read.
        let next = last.or_else(|| from.cloned());
        Ok(Stretch {
            rows: page.rows,
            next: next.filter(|_| !page.end),
        })
    }

    async fn walk_file<T: MaybePlain>(
        &self,
        of: &Selected,
        from: Option<&Place>,
        limit: u32,
    ) -> Result<Stretch<T::Plain, T>, sqlx::Error> {
        let mut behind = match from {
            Some(Place::Row { number, .. }) => Some(*number),
            _ => None,
        };
        let (mut page, mut version) = self.numbered::<T>(of, behind, limit).await?;
        let mut seen_at = from.and_then(Place::version);
        while seen_at.is_some_and(|seen_at| seen_at != version) {
            // A file that is packed anew keeps the order of its rows, but may number them anew.
            seen_at = Some(version);
            let key = from.map_or("", Place::key);
            behind = Some(self.number_of(of, key).await?);
            (page, version) = self.numbered::<T>(of, behind, limit).await?;
        }
        let next = page.rows.last().map(|(number, row)| Place::Row {
            number: *number,
            version,
            key: key_of(row),
        });
        let rows = page.rows.into_iter().map(|(_, row)| row);
        Ok(Stretch {
            rows: rows.collect(),
            next: next.filter(|_| !page.end),
        })
    }

    /// Returns rows behind a number, each with its own, and the version of the schema under which they had them.
    async fn numbered<T: MaybePlain>(
        &self,
        of: &Selected,
        behind: Option<i64>,
        limit: u32,
    ) -> Result<(Page<(i64, Row<T>)>, i64), sqlx::Error> {
        let (list, table) = (&of.list, of.table);
        let mut ask = Statement::new(format!("SELECT t.rowid, {list} FROM \"{table}\" AS t"));
        if let Some(behind) = behind {
            let behind = ask.bind(behind);
            ask.push(&format!(" WHERE t.rowid > {behind}"));
        }
        ask.push(&format!(" ORDER BY t.rowid LIMIT {limit}"));
        let read = |cells: &mut dyn Cells<'_>| {
            let number = cells.int()?.unwrap_or_default();
            Ok((number, seen::<T>(cells)?))
        };
        self.readers.page_of_version(ask, limit, read).await
    }

    /// Returns the number that the row with a key has now.
    async fn number_of(&self, of: &Selected, key: &str) -> Result<i64, sqlx::Error> {
        let (table, column) = (of.table, &of.key);
        let mut ask = Statement::new(format!(
            "SELECT t.rowid FROM \"{table}\" AS t WHERE {column} = "
        ));
        let key = ask.bind_key(key);
        ask.push(&key);
        let found = self.rows(ask, 1, |cells| cells.int()).await?;
        let number = found.rows.into_iter().next().flatten();
        number.ok_or_else(|| sqlx::Error::Protocol(RENUMBERED.to_owned()))
    }
}

/// A row of a walk.
type Row<T> = crate::index::plain::Seen<<T as MaybePlain>::Plain, T>;
