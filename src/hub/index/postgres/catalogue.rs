//! Reads the catalogue of the musehub tables on the search path: columns, keys, and who may read them.

use super::columns::{Column, Columns, Order};
use super::relations::{OURS, elsewhere, tables};
use crate::index::hidden::{Hidden, Why, columns_read, is_core};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Row};
use std::collections::{BTreeMap, BTreeSet};

/// The collation `default`, which means the database's own.
const DEFAULT: i64 = 100;

/// The first version that records with which rules a database sorts.
const RECORDS_VERSION: i32 = 150_000;

/// The contents of the catalogue.
pub(super) struct Catalogue {
    pub columns: Columns,
    /// (table, column) pairs in small letters that this user may not read.
    pub unreadable: BTreeSet<(String, String)>,
    pub hidden: Vec<Hidden>,
    /// The unusual orders of texts, each in one sentence.
    pub odd: Vec<String>,
}

/// A collation: how it orders, and what is to be said of it.
struct Sorting {
    order: Order,
    odd: Option<String>,
}

impl Catalogue {
    /// Reads the catalogue.
    pub(super) async fn read(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        refuse_unknown_encoding(connection).await?;
        let (tables, mut hidden) = tables(connection).await?;
        let sortings = sortings(connection).await?;
        let mut unreadable = BTreeSet::new();
        let mut sorted_by: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        let mut columns = Vec::new();
        for found in columns_of(connection).await? {
            let order = sortings.get(&found.collation).map(|sorting| sorting.order);
            if !found.readable {
                unreadable.insert((found.table.to_lowercase(), found.column.name.to_lowercase()));
            }
            let place = format!("{}.{}", found.table, found.column.name);
            sorted_by.entry(found.collation).or_default().push(place);
            let order = order.unwrap_or(Order::Bytes);
            columns.push((
                found.table,
                Column {
                    order,
                    ..found.column
                },
            ));
        }
        let odd = sortings
            .iter()
            .filter_map(|(id, sorting)| {
                let by = sorted_by.get(id)?;
                let odd = sorting.odd.as_ref()?;
                let others = match by.len() {
                    1 => String::new(),
                    2 => " and of one other column".to_owned(),
                    n => format!(" and of {} other columns", n - 1),
                };
                Some(format!("{odd}; it is that of {}{others}", by[0]))
            })
            .collect();
        let mut columns = Columns::new(tables, columns, unique(connection).await?);
        hidden.extend(elsewhere(connection, &columns).await?);
        hidden.extend(leave_out(&mut columns, &unreadable));
        hidden.sort();
        Ok(Self {
            columns,
            unreadable,
            hidden,
            odd,
        })
    }
}

/// Leaves out tables that an audit can do without and that this user may not read.
fn leave_out(columns: &mut Columns, unreadable: &BTreeSet<(String, String)>) -> Vec<Hidden> {
    let mut out = Vec::new();
    for (table, read) in columns_read(&columns.capabilities) {
        if is_core(table) {
            continue;
        }
        let denied = denied(columns, unreadable, table, &read);
        if !denied.is_empty() {
            out.push(Hidden::new(
                table,
                Why::NoRight,
                format!(
                    "this user may not read {}; run GRANT SELECT ON {}",
                    of_table(table, &read, &denied),
                    columns.sql(table)
                ),
            ));
            columns.forget(table);
        }
    }
    out
}

/// Of the columns that are read of a table, those that this user may not read.
pub(super) fn denied<'a>(
    columns: &Columns,
    unreadable: &BTreeSet<(String, String)>,
    table: &str,
    read: &[&'a str],
) -> Vec<&'a str> {
    let is_denied =
        |column: &&&str| unreadable.contains(&(table.to_owned(), (**column).to_owned()));
    let known = |column: &&&str| columns.get(table, column).is_some();
    read.iter()
        .filter(known)
        .filter(is_denied)
        .copied()
        .collect()
}

/// Returns a table, or some columns of it, in words.
pub(super) fn of_table(table: &str, read: &[&str], denied: &[&str]) -> String {
    match denied.len() == read.len() {
        true => table.to_owned(),
        false => format!("{} of {table}", denied.join(", ")),
    }
}

async fn refuse_unknown_encoding(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let encoding: String = sqlx::query_scalar("SHOW server_encoding")
        .persistent(false)
        .fetch_one(connection)
        .await?;
    if encoding == "SQL_ASCII" {
        return Err(sqlx::Error::Protocol(
            "its text has no known encoding (SQL_ASCII); restore it into a UTF8 database"
                .to_owned(),
        ));
    }
    Ok(())
}

/// A column, the table that has it, its collation, and whether it may be read.
struct FoundColumn {
    table: String,
    column: Column,
    collation: i64,
    readable: bool,
}

async fn columns_of(connection: &mut PgConnection) -> Result<Vec<FoundColumn>, sqlx::Error> {
    let rows = sqlx::query(AssertSqlSafe(format!(
        "SELECT c.relname::text, a.attname::text, b.typname::text, format_type(b.oid, -1), a.attnotnull, \
                a.atthasdef OR a.attidentity <> '', a.attgenerated <> '', a.attidentity = 'a', \
                a.attcollation::int8, has_column_privilege(c.oid, a.attnum, 'SELECT') \
         FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid JOIN LATERAL (\
             WITH RECURSIVE below (oid, base) AS (\
                 SELECT t.oid, t.typbasetype FROM pg_type AS t WHERE t.oid = a.atttypid \
                 UNION ALL SELECT t.oid, t.typbasetype FROM below JOIN pg_type AS t ON t.oid = below.base) \
             SELECT oid FROM below WHERE base = 0) AS u ON true JOIN pg_type AS b ON b.oid = u.oid \
         WHERE {OURS} AND a.attnum > 0 AND NOT a.attisdropped AND pg_table_is_visible(c.oid)"
    )))
    .persistent(false)
    .fetch_all(connection)
    .await?;
    let found = |row: PgRow| {
        Ok(FoundColumn {
            table: row.try_get(0)?,
            column: Column {
                name: row.try_get(1)?,
                of: row.try_get(2)?,
                sql_type: row.try_get(3)?,
                not_null: row.try_get(4)?,
                has_default: row.try_get(5)?,
                generated: row.try_get(6)?,
                identity: row.try_get(7)?,
                order: Order::Bytes,
            },
            collation: row.try_get(8)?,
            readable: row.try_get(9)?,
        })
    };
    rows.into_iter().map(found).collect()
}

/// Returns the columns of each unique index that covers every row, by table.
async fn unique(connection: &mut PgConnection) -> Result<Vec<(String, Vec<String>)>, sqlx::Error> {
    sqlx::query_as(AssertSqlSafe(format!(
        "SELECT c.relname::text, array_agg(a.attname::text) FROM pg_index AS i \
         JOIN pg_class AS c ON c.oid = i.indrelid \
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY((i.indkey::int2[])[0:i.indnkeyatts - 1]) \
         WHERE {OURS} AND pg_table_is_visible(c.oid) AND i.indisunique AND i.indisvalid \
           AND i.indpred IS NULL AND i.indexprs IS NULL GROUP BY c.relname, i.indexrelid"
    )))
    .persistent(false)
    .fetch_all(connection)
    .await
}

/// Name, provider, whether it is deterministic, the version it was made with and that of the system.
type CollationRow = (i64, String, String, bool, Option<String>, Option<String>);

/// Reads how each collation in use orders texts.
async fn sortings(connection: &mut PgConnection) -> Result<BTreeMap<i64, Sorting>, sqlx::Error> {
    let rows: Vec<CollationRow> = sqlx::query_as(AssertSqlSafe(format!(
        "SELECT l.oid::int8, l.collname::text, l.collprovider::text, l.collisdeterministic, l.collversion::text, \
                pg_collation_actual_version(l.oid) FROM pg_collation AS l \
         WHERE l.oid <> {DEFAULT} AND l.oid IN (SELECT a.attcollation FROM pg_attribute AS a \
             JOIN pg_class AS c ON c.oid = a.attrelid WHERE {OURS} AND pg_table_is_visible(c.oid))"
    )))
    .persistent(false)
    .fetch_all(&mut *connection)
    .await?;
    let mut out: BTreeMap<i64, Sorting> = rows.into_iter().map(sorting).collect();
    out.insert(DEFAULT, of_database(connection).await?);
    Ok(out)
}

fn sorting((id, name, provider, deterministic, made, now): CollationRow) -> (i64, Sorting) {
    let by_bytes = matches!(name.as_str(), "C" | "POSIX" | "ucs_basic") || provider == "b";
    let moved = moved(made.as_deref(), now.as_deref());
    let (order, odd) = match (by_bytes, deterministic, moved) {
        (true, ..) => (Order::Bytes, None),
        (_, false, _) => (
            Order::Unsound,
            Some(format!(
                "the collation {name} is nondeterministic, so that the hub takes different texts for one"
            )),
        ),
        (_, _, Some(moved)) => (
            Order::Unsound,
            Some(format!(
                "the collation {name} {moved}; REINDEX what is sorted by it, then ALTER COLLATION {name} REFRESH VERSION"
            )),
        ),
        _ if provider == "i" => (Order::Icu, None),
        _ => (Order::Language, None),
    };
    (id, Sorting { order, odd })
}

/// Says that the rules of a language have changed since an index was made.
fn moved(made: Option<&str>, now: Option<&str>) -> Option<String> {
    match (made, now) {
        (Some(made), Some(now)) if made != now => Some(format!(
            "was made with version {made} of its rules and the system has {now}, so that indexes may be out of order"
        )),
        _ => None,
    }
}

/// Reads how the database itself orders texts.
async fn of_database(connection: &mut PgConnection) -> Result<Sorting, sqlx::Error> {
    let (name, collate, provider, made, server): (
        String,
        String,
        Option<String>,
        Option<String>,
        i32,
    ) = sqlx::query_as(
        "SELECT d.datname::text, d.datcollate::text, to_jsonb(d) ->> 'datlocprovider', \
                    to_jsonb(d) ->> 'datcollversion', current_setting('server_version_num')::int4 \
             FROM pg_database AS d WHERE d.datname = current_database()",
    )
    .persistent(false)
    .fetch_one(&mut *connection)
    .await?;
    let now: Option<String> = match server >= RECORDS_VERSION {
        false => None,
        true => {
            sqlx::query_scalar(
                "SELECT pg_database_collation_actual_version(d.oid) FROM pg_database AS d \
                 WHERE d.datname = current_database()",
            )
            .persistent(false)
            .fetch_one(connection)
            .await?
        }
    };
    let provider = provider.unwrap_or_default();
    Ok(match moved(made.as_deref(), now.as_deref()) {
        Some(moved) => Sorting {
            order: Order::Unsound,
            odd: Some(format!(
                "the database's own collation {moved}; REINDEX DATABASE, then ALTER DATABASE {} REFRESH COLLATION VERSION",
                super::columns::quoted(&name)
            )),
        },
        None => Sorting {
            order: match (provider.as_str(), collate.as_str()) {
                ("b", _) => Order::Bytes,
                ("i", _) => Order::Icu,
                (_, "C" | "POSIX") => Order::Bytes,
                _ => Order::Language,
            },
            odd: None,
        },
    })
}
