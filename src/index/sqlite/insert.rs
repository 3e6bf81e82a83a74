//! Added rows: many to a statement, in the columns that the hub has.

use super::cell::Ask;
use super::rows::{Stored, column_here, table_here};
use super::write::run;
use super::{Sqlite, query_error};
use crate::index::{
    BlobRow, BranchRow, Capabilities, CommitRow, IndexError, MembershipRow, NewRows, ProposalRow,
    RepoRow, SnapshotRow,
};
use crate::object::Kind;
use sqlx::sqlite::SqliteConnection;

/// Bound parameters of one statement; SQLite allows 32,766.
const BINDS: usize = 5_000;

/// A cell to be written.
enum Value {
    Key(Option<String>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Int(Option<i64>),
}

impl Value {
    fn key(text: &str) -> Self {
        Self::Key(Some(text.to_owned()))
    }

    fn text(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }

    fn is_null(&self) -> bool {
        matches!(
            self,
            Self::Key(None) | Self::Text(None) | Self::Bytes(None) | Self::Int(None)
        )
    }
}

/// A row that can be added.
trait Added: Stored {
    /// Cells in the order of [`Stored::COLUMNS`].
    fn values(&self) -> Vec<Value>;
}

impl Sqlite {
    /// Adds rows, all or none; a row whose key exists already is left as it is.
    pub(super) async fn add(&self, rows: &NewRows) -> Result<(), IndexError> {
        let failed = query_error("adding rows");
        let mut tx = self.begin().await?;
        for (table, columns, values) in tables_of(rows) {
            let table = table_here(&self.capabilities, table);
            self.add_to(&mut tx, table, columns, values)
                .await
                .map_err(&failed)?;
        }
        tx.commit().await.map_err(&failed)
    }

    /// Adds rows to one table, in the columns that it has.
    async fn add_to(
        &self,
        tx: &mut SqliteConnection,
        table: &str,
        columns: &[&'static str],
        rows: Vec<Vec<Value>>,
    ) -> Result<(), sqlx::Error> {
        if rows.is_empty() || !self.capabilities.has_table(table) {
            return Ok(());
        }
        let names: Vec<&str> = columns
            .iter()
            .map(|column| column_here(&self.capabilities, table, column))
            .collect();
        let here: Vec<bool> = names
            .iter()
            .map(|name| self.capabilities.has(table, name))
            .collect();
        let listed: Vec<String> = (names.iter().zip(&here))
            .filter(|(_, here)| **here)
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut ask = Ask::new(format!(
                "INSERT INTO \"{table}\" ({}) VALUES ",
                listed.join(", ")
            ));
            for (at, row) in rows.by_ref().take(BINDS / columns.len()).enumerate() {
                let mut cells = Vec::with_capacity(listed.len());
                for ((value, name), _) in row.into_iter().zip(&names).zip(&here).filter(|p| *p.1) {
                    cells.push(self.bind_value(&mut ask, table, name, value)?);
                }
                let comma = if at == 0 { "" } else { ", " };
                ask.push(&format!("{comma}({})", cells.join(", ")));
            }
            ask.push(" ON CONFLICT DO NOTHING");
            run(tx, ask).await?;
        }
        Ok(())
    }

    /// Binds a cell. Where an older hub refuses null, the empty value stands for it.
    fn bind_value(
        &self,
        ask: &mut Ask,
        table: &str,
        column: &str,
        value: Value,
    ) -> Result<String, sqlx::Error> {
        if value.is_null() && self.refuses_null(table, column) {
            return Ok(match value {
                Value::Int(_) => "0".to_owned(),
                _ => "''".to_owned(),
            });
        }
        match value {
            Value::Key(Some(key)) => ask.bind_key(&key),
            Value::Text(Some(text)) => ask.bind(text),
            // Hubs of March 2026 keep the manifest as JSON text.
            Value::Bytes(Some(bytes)) if column == "manifest" => {
                Ok(format!("CAST({} AS TEXT)", ask.bind(bytes)?))
            }
            Value::Bytes(Some(bytes)) => ask.bind(bytes),
            Value::Int(Some(int)) => ask.bind(int),
            _ => Ok("NULL".to_owned()),
        }
    }
}

type TableRows = (&'static str, &'static [&'static str], Vec<Vec<Value>>);

/// The rows to be added, by table: what is referred to before what refers to it.
fn tables_of(rows: &NewRows) -> Vec<TableRows> {
    let mut out = vec![
        table_of(&rows.repos),
        table_of(&rows.blobs),
        table_of(&rows.snapshots),
        table_of(&rows.commits),
        table_of(&rows.branches),
        table_of(&rows.proposals),
    ];
    for kind in Kind::ALL {
        let columns: &'static [&'static str] = match kind {
            Kind::Commit => &["commit_id", "repo_id"],
            Kind::Snapshot => &["snapshot_id", "repo_id"],
            Kind::Blob => &["object_id", "repo_id"],
        };
        let cells = |row: &MembershipRow| vec![Value::key(&row.id), Value::key(&row.repo_id)];
        let of_kind = rows.memberships.iter().filter(|(k, _)| *k == kind);
        out.push((
            Capabilities::refs_table(kind),
            columns,
            of_kind.map(|(_, row)| cells(row)).collect(),
        ));
    }
    out
}

fn table_of<T: Added>(rows: &[T]) -> TableRows {
    (
        T::TABLE,
        T::COLUMNS,
        rows.iter().map(Added::values).collect(),
    )
}

impl Added for RepoRow {
    fn values(&self) -> Vec<Value> {
        vec![
            Value::key(&self.repo_id),
            Value::text(&self.owner),
            Value::text(&self.slug),
            Value::text(&self.name),
            Value::text(&self.visibility),
            Value::text(&self.owner_user_id),
            Value::text(&self.description),
            Value::text(&self.default_branch),
            Value::Text(self.pushed_at.clone()),
            Value::text(&self.created_at),
            Value::Text(self.deleted_at.clone()),
        ]
    }
}

impl Added for BlobRow {
    fn values(&self) -> Vec<Value> {
        vec![
            Value::key(&self.object_id),
            Value::Key(self.repo_id.clone()),
            Value::text(&self.path),
            Value::Int(Some(self.size_bytes)),
            Value::Text(self.storage_uri.clone()),
            Value::Text(self.disk_path.clone()),
            Value::text(&self.created_at),
        ]
    }
}

impl Added for SnapshotRow {
    fn values(&self) -> Vec<Value> {
        vec![
            Value::key(&self.snapshot_id),
            Value::Key(self.repo_id.clone()),
            Value::Bytes(self.manifest.clone()),
            Value::Bytes(self.delta.clone()),
            Value::Key(self.parent_snapshot_id.clone()),
            Value::Int(self.entry_count),
            Value::Text(self.directories.clone()),
            Value::text(&self.created_at),
            Value::Text(self.storage_uri.clone()),
        ]
    }
}

impl Added for CommitRow {
    fn values(&self) -> Vec<Value> {
        vec![
            Value::key(&self.commit_id),
            Value::Key(self.repo_id.clone()),
            Value::key(&self.branch),
            Value::text(&self.parent_ids),
            Value::text(&self.message),
            Value::text(&self.author),
            Value::text(&self.timestamp),
            Value::Key(self.snapshot_id.clone()),
            Value::text(&self.commit_meta),
            Value::text(&self.created_at),
            Value::Text(self.storage_uri.clone()),
        ]
    }
}

impl Added for BranchRow {
    fn values(&self) -> Vec<Value> {
        vec![
            Value::key(&self.branch_id),
            Value::key(&self.repo_id),
            Value::key(&self.name),
            Value::Key(self.head_commit_id.clone()),
        ]
    }
}

impl Added for ProposalRow {
    fn values(&self) -> Vec<Value> {
        vec![
            Value::key(&self.proposal_id),
            Value::key(&self.repo_id),
            Value::text(&self.title),
            Value::text(&self.state),
            Value::key(&self.from_branch),
            Value::key(&self.to_branch),
            Value::Key(self.merge_commit_id.clone()),
        ]
    }
}
