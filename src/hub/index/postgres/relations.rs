//! The musehub relations of a database: those on the search path, and why rows of them may be hidden.

use super::columns::{Columns, Table};
use crate::index::hidden::{Hidden, Why, is_read};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use std::collections::BTreeMap;

/// Relations that are looked at: tables, partitioned ones, views, and what is stored elsewhere.
pub(super) const OURS: &str =
    "c.relkind IN ('r', 'p', 'v', 'm', 'f') AND left(lower(c.relname), 8) = 'musehub_'";

/// A relation's schema, name, kind, whether rows of it are filtered, whether others inherit from it, and
/// whether this user may read all of it.
type Relation = (String, String, String, bool, bool, bool, Vec<String>);

/// Returns the tables on the search path, and those whose rows may be filtered.
pub(super) async fn tables(
    connection: &mut PgConnection,
) -> Result<(Vec<Table>, Vec<Hidden>), sqlx::Error> {
    let found: Vec<Relation> = sqlx::query_as(AssertSqlSafe(format!(
        "SELECT n.nspname::text, c.relname::text, c.relkind::text, \
                c.relkind IN ('r', 'p') AND row_security_active(c.oid), \
                c.relkind <> 'p' AND c.relhassubclass, has_table_privilege(c.oid, 'SELECT'), \
                ARRAY(SELECT m.nspname::text FROM pg_class AS o JOIN pg_namespace AS m ON m.oid = o.relnamespace \
                      WHERE o.relname = c.relname AND o.oid <> c.oid AND o.relkind IN ('r', 'p', 'v', 'm', 'f') \
                        AND m.nspname = ANY(current_schemas(false)) ORDER BY 1) \
         FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
         WHERE {OURS} AND pg_table_is_visible(c.oid)"
    )))
    .persistent(false)
    .fetch_all(connection)
    .await?;
    let mut tables = Vec::new();
    let mut hidden = Vec::new();
    for (schema, name, kind, filtered, inherited, whole, behind) in found {
        let kind = kind.chars().next().unwrap_or('r');
        let small = name.to_lowercase();
        let said = doubts(&schema, &name, kind, filtered, &behind);
        hidden.extend(said.map(|(why, said)| Hidden::new(&small, why, said)));
        tables.push(Table {
            schema,
            name,
            kind,
            inherited,
            whole,
        });
    }
    hidden.retain(|hidden| is_read(&hidden.table));
    Ok((tables, hidden))
}

/// Returns the reasons why rows of a relation may be hidden.
fn doubts(
    schema: &str,
    name: &str,
    kind: char,
    filtered: bool,
    behind: &[String],
) -> impl Iterator<Item = (Why, String)> {
    let filtered = filtered.then(|| {
        let said = format!(
            "row level security filters what this user sees of {name}; use a role with BYPASSRLS, or the owner"
        );
        (Why::RowSecurity, said)
    });
    let of_kind = match kind {
        'v' => Some((Why::View, "a view, which may hide rows")),
        'm' => Some((
            Why::View,
            "a materialised view, which may hide rows or be out of date",
        )),
        'f' => Some((Why::Foreign, "a foreign table, whose server may hide rows")),
        _ => None,
    };
    let of_kind = of_kind.map(|(why, what)| {
        let said = format!("{name} is {what}; give the database that has the table itself");
        (why, said)
    });
    let shadowed = (!behind.is_empty()).then(|| {
        let said = format!(
            "{name} is read from the schema {schema}, and {} has a table of this name too; name one schema with ?options[search_path]",
            behind.join(", ")
        );
        (Why::Shadowed, said)
    });
    [filtered, of_kind, shadowed].into_iter().flatten()
}

/// Tables of a hub that are in a schema off the search path, in which there is no hub of its own.
pub(super) async fn elsewhere(
    connection: &mut PgConnection,
    columns: &Columns,
) -> Result<Vec<Hidden>, sqlx::Error> {
    let found: Vec<(String, String)> = sqlx::query_as(AssertSqlSafe(format!(
        "SELECT n.nspname::text, c.relname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
         WHERE {OURS} AND NOT pg_table_is_visible(c.oid) AND NOT EXISTS (\
             SELECT FROM pg_class AS o WHERE o.relnamespace = c.relnamespace AND lower(o.relname) = 'musehub_commits') \
         ORDER BY 1, 2"
    )))
    .persistent(false)
    .fetch_all(connection)
    .await?;
    let mut out: BTreeMap<String, Hidden> = BTreeMap::new();
    for (schema, name) in found {
        let small = name.to_lowercase();
        if is_read(&small) && !columns.capabilities.has_table(&small) {
            let said = format!(
                "{name} lies in the schema {schema}, which is not on this user's search path; add the schema to it, and USAGE if it lacks that"
            );
            out.insert(small.clone(), Hidden::new(&small, Why::OffPath, said));
        }
    }
    Ok(out.into_values().collect())
}
