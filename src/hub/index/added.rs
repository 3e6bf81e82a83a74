//! Rows to be added, cell by cell: the same for every database.

use super::rows::{Cells, Stored, column_here, table_here};
use super::{
    BlobRow, BranchRow, Capabilities, CommitRow, EditableColumn, FetchPackRow, IndexError,
    MembershipRow, NewRows, PackedRow, ProposalRow, RepoRow, RowEdit, SnapshotRow,
};
use luthier_object::Kind;

/// Bound parameters of one statement; SQLite allows 32,766.
pub(super) const BINDS: usize = 5_000;

/// The name of this action in errors.
pub(super) const EDITING: &str = "changing a row";

/// The name of rewriting a cache in errors.
pub(super) const CACHING: &str = "rewriting a snapshot's cache";

/// Checks that the hub caches manifests.
///
/// # Errors
/// It has no column for them.
pub(super) fn cache_here(capabilities: &Capabilities) -> Result<(), IndexError> {
    match capabilities.manifest_cache() {
        true => Ok(()),
        false => Err(IndexError::Query {
            what: CACHING,
            why: "musehub_snapshots has no column manifest_blob".into(),
        }),
    }
}

/// A cell to be written.
pub(super) enum Value {
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

    pub(super) fn is_null(&self) -> bool {
        matches!(
            self,
            Self::Key(None) | Self::Text(None) | Self::Bytes(None) | Self::Int(None)
        )
    }
}

/// Returns the columns of a kind's rows as they are called today.
const fn columns_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Commit => CommitRow::COLUMNS,
        Kind::Snapshot => SnapshotRow::COLUMNS,
        Kind::Blob => BlobRow::COLUMNS,
    }
}

/// A cell to be written from what rows are read as; `None` for a number that is none.
pub(super) fn value_of(column: EditableColumn, bytes: Option<&[u8]>) -> Option<Value> {
    use EditableColumn as Column;
    let text = || bytes.map(|b| String::from_utf8_lossy(b).into_owned());
    Some(match column {
        Column::ManifestBlob => Value::Bytes(bytes.map(<[u8]>::to_vec)),
        Column::EntryCount | Column::SizeBytes => match text() {
            None => Value::Int(None),
            Some(number) => Value::Int(Some(number.parse().ok()?)),
        },
        Column::Branch | Column::SnapshotId => Value::Key(text()),
        Column::Author
        | Column::CommitMeta
        | Column::CreatedAt
        | Column::Directories
        | Column::Message
        | Column::ParentIds
        | Column::StorageUri
        | Column::Timestamp => Value::Text(text()),
    })
}

/// Returns the names that the edited columns have in this hub.
///
/// # Errors
/// A column that the hub does not have, or that no row struct is read from.
pub(super) fn edited(
    capabilities: &Capabilities,
    edit: &RowEdit,
) -> Result<Vec<&'static str>, IndexError> {
    let table = Capabilities::table(edit.kind);
    let here = |column| {
        let name = column_here(capabilities, table, column);
        let known = columns_of(edit.kind).contains(&column);
        (known && capabilities.has(table, name)).then_some(name)
    };
    edit.cells
        .iter()
        .map(|cell| {
            here(cell.column.name()).ok_or_else(|| IndexError::Query {
                what: EDITING,
                why: format!("{table} has no column {}", cell.column).into(),
            })
        })
        .collect()
}

/// Returns whether the cells, read in the order of the edit, all still are what was seen.
pub(super) fn all_still(edit: &RowEdit, cells: &mut dyn Cells<'_>) -> Result<bool, sqlx::Error> {
    for cell in &edit.cells {
        let now = cells.bytes()?;
        if !is_still(cell.column, cell.seen.as_deref(), now.as_deref()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a cell still is what was seen. Most row structs read null as an empty text, so there the two
/// are one.
fn is_still(column: EditableColumn, seen: Option<&[u8]>, now: Option<&[u8]>) -> bool {
    match column {
        EditableColumn::ManifestBlob | EditableColumn::StorageUri => seen == now,
        _ => seen.unwrap_or_default() == now.unwrap_or_default(),
    }
}

/// A row that can be added.
pub(super) trait Added: Stored {
    /// Cells in the order of [`Stored::COLUMNS`].
    fn values(&self) -> Vec<Value>;
}

/// Rows to be added to one table.
pub(super) struct TableRows {
    /// The table's name here.
    pub table: &'static str,
    /// The names here of the columns that the cells are for, whether the hub has them or not.
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<Value>>,
}

/// A table and its columns as they are called today, and the cells of each row.
type NamedRows = (&'static str, &'static [&'static str], Vec<Vec<Value>>);

/// Returns the rows to be added to each table that the hub has: what is referred to before what refers to it.
pub(super) fn tables_of(rows: &NewRows, capabilities: &Capabilities) -> Vec<TableRows> {
    let named = named_rows(rows)
        .into_iter()
        .filter_map(|(table, columns, rows)| {
            let table = table_here(capabilities, table);
            let here = |column: &&'static str| column_here(capabilities, table, column);
            (!rows.is_empty() && capabilities.has_table(table)).then(|| TableRows {
                table,
                columns: columns.iter().map(here).collect(),
                rows,
            })
        });
    named.collect()
}

fn named_rows(rows: &NewRows) -> Vec<NamedRows> {
    let mut out = vec![
        table_of(&rows.repos),
        table_of(&rows.blobs),
        table_of(&rows.snapshots),
        table_of(&rows.commits),
        table_of(&rows.branches),
        table_of(&rows.proposals),
        table_of(&rows.packed),
        table_of(&rows.fetch_packs),
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

/// Returns the rows of one kind that say where their object is: ids and URIs.
pub(super) fn pointers(rows: &NewRows, kind: Kind) -> (Vec<String>, Vec<String>) {
    let pairs: Vec<(&String, &Option<String>)> = match kind {
        Kind::Commit => (rows.commits.iter())
            .map(|row| (&row.commit_id, &row.storage_uri))
            .collect(),
        Kind::Snapshot => (rows.snapshots.iter())
            .map(|row| (&row.snapshot_id, &row.storage_uri))
            .collect(),
        Kind::Blob => (rows.blobs.iter())
            .map(|row| (&row.object_id, &row.storage_uri))
            .collect(),
    };
    pairs
        .into_iter()
        .filter_map(|(id, uri)| Some((id.clone(), uri.clone()?)))
        .unzip()
}

fn table_of<T: Added>(rows: &[T]) -> NamedRows {
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

impl Added for PackedRow {
    fn values(&self) -> Vec<Value> {
        vec![
            Value::key(&self.object_id),
            Value::key(&self.pack_id),
            Value::Int(self.offset),
            Value::Int(self.length),
        ]
    }
}

impl Added for FetchPackRow {
    fn values(&self) -> Vec<Value> {
        vec![
            Value::key(&self.cache_id),
            Value::key(&self.repo_id),
            Value::text(&self.tip_commit_id),
            Value::text(&self.pack_id),
            Value::text(&self.expires_at),
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
