//! Reads each row struct from its table, by position and from whatever columns the hub has: the same for every
//! database.

use super::{
    BlobRow, BranchRow, Capabilities, CommitRow, FetchPackRow, JobRow, PackedRow, ProposalRow,
    RepoRow, SnapshotRow,
};
use luthier_object::time::Micros;
use luthier_object::{Kind, time};
use std::borrow::Cow;

/// Returns a whole number as a database may write it: `12`, `12.00`, `1.2e1`. `None` for anything else.
pub(super) fn whole(text: &str) -> Option<i64> {
    /// From here on not every whole number has a floating one of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    if let Some((number, rest)) = text.split_once('.')
        && rest.bytes().all(|b| b == b'0')
    {
        return number.parse().ok();
    }
    let number: f64 = text.parse().ok()?;
    (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
}

/// A key where it lies.
pub(super) enum KeyCell<'r> {
    Null,
    Text(Cow<'r, [u8]>),
    /// It is asked for again by another text than its own.
    Escaped,
}

/// Cells of one row, read from left to right.
pub(super) trait Cells<'r> {
    /// Returns the next cell's bytes, a number as its decimal text; `None` for null.
    fn cell(&mut self) -> Result<Option<Cow<'r, [u8]>>, sqlx::Error>;
    /// Returns a key as it can be asked for again.
    fn opt_key(&mut self) -> Result<Option<String>, sqlx::Error>;
    /// Goes back to the first cell, or to the one where `mark` was called.
    fn back(&mut self);
    /// Makes the next cell the one that `back` goes to.
    fn mark(&mut self);

    /// Returns a key as it lies there.
    fn key_cell(&mut self) -> Result<KeyCell<'r>, sqlx::Error> {
        Ok(self.cell()?.map_or(KeyCell::Null, KeyCell::Text))
    }

    /// Leaves cells out.
    fn skip(&mut self, cells: usize) -> Result<(), sqlx::Error> {
        (0..cells).try_for_each(|_| self.cell().map(drop))
    }

    /// Returns a time; `None` for null and for anything that is none.
    fn time(&mut self) -> Result<Option<Micros>, sqlx::Error> {
        let cell = self.cell()?;
        Ok(cell.and_then(|bytes| time::parse(std::str::from_utf8(&bytes).ok()?)))
    }

    /// Returns a key as it can be asked for again; empty for null.
    fn key(&mut self) -> Result<String, sqlx::Error> {
        Ok(self.opt_key()?.unwrap_or_default())
    }

    /// Returns text; empty for null.
    fn text(&mut self) -> Result<String, sqlx::Error> {
        Ok(self.opt_text()?.unwrap_or_default())
    }

    fn opt_text(&mut self) -> Result<Option<String>, sqlx::Error> {
        let cell = self.cell()?;
        Ok(
            cell.map(|bytes| match String::from_utf8(bytes.into_owned()) {
                Ok(text) => text,
                Err(bad) => String::from_utf8_lossy(bad.as_bytes()).into_owned(),
            }),
        )
    }

    fn bytes(&mut self) -> Result<Option<Vec<u8>>, sqlx::Error> {
        Ok(self.cell()?.map(Cow::into_owned))
    }

    /// Returns a whole number; `None` for null and for anything that is none.
    fn int(&mut self) -> Result<Option<i64>, sqlx::Error> {
        let cell = self.cell()?;
        Ok(cell.and_then(|bytes| whole(std::str::from_utf8(&bytes).ok()?)))
    }

    fn flag(&mut self) -> Result<bool, sqlx::Error> {
        Ok(self.int()? == Some(1))
    }
}

/// A row of one table.
pub(super) trait Stored: Sized + Send + 'static {
    /// The name of this read in errors.
    const WHAT: &'static str;
    /// The table's name today.
    const TABLE: &'static str;
    /// The columns' names today, the primary key first.
    const COLUMNS: &'static [&'static str];

    /// Reads the cells in the order of `COLUMNS`; then one cell says whether a cell was over
    /// [`MAX_CELL`](super::MAX_CELL).
    fn read(cells: &mut dyn Cells<'_>) -> Result<Self, sqlx::Error>;
}

/// Returns the id column of a kind, in its own table and in its `*_refs` table.
pub(super) const fn id_column(kind: Kind) -> &'static str {
    match kind {
        Kind::Commit => "commit_id",
        Kind::Snapshot => "snapshot_id",
        Kind::Blob => "object_id",
    }
}

/// Returns the name that this hub gives to one of today's tables.
pub(super) fn table_here(capabilities: &Capabilities, table: &'static str) -> &'static str {
    if table == "musehub_proposals" && !capabilities.has_table(table) {
        "musehub_pull_requests"
    } else {
        table
    }
}

/// Returns the name that this hub gives to one of today's columns.
pub(super) fn column_here(
    capabilities: &Capabilities,
    table: &str,
    column: &'static str,
) -> &'static str {
    let others: &[&str] = match (table, column) {
        ("musehub_mpack_index", "object_id") => &["entity_id"],
        ("musehub_mpack_index", "mpack_id") => &["pack_id", "mpack_key"],
        ("musehub_mpack_index", "offset") => &["byte_offset", "start"],
        ("musehub_mpack_index", "length") => &["byte_length", "size"],
        ("musehub_background_jobs", "job_id") => &["id"],
        ("musehub_background_jobs", "job_type") => &["type", "kind", "name"],
        ("musehub_background_jobs", "state") => &["status"],
        ("musehub_fetch_mpack_cache", "mpack_id") => &["pack_id", "mpack_key"],
        (_, "proposal_id") => &["pr_id"],
        (_, "manifest_blob") => &["manifest"],
        _ => &[],
    };
    let mut names = std::iter::once(&column).chain(others);
    let here = names.find(|name| capabilities.has(table, name));
    here.unwrap_or(&column)
}

impl Stored for RepoRow {
    const WHAT: &'static str = "repositories";
    const TABLE: &'static str = "musehub_repos";
    const COLUMNS: &'static [&'static str] = &[
        "repo_id",
        "owner",
        "slug",
        "name",
        "visibility",
        "owner_user_id",
        "description",
        "default_branch",
        "pushed_at",
        "created_at",
        "deleted_at",
    ];

    fn read(cells: &mut dyn Cells<'_>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            repo_id: cells.key()?,
            owner: cells.text()?,
            slug: cells.text()?,
            name: cells.text()?,
            visibility: cells.text()?,
            owner_user_id: cells.text()?,
            description: cells.text()?,
            default_branch: cells.text()?,
            pushed_at: cells.opt_text()?,
            created_at: cells.text()?,
            deleted_at: cells.opt_text()?,
        })
    }
}

impl Stored for BranchRow {
    const WHAT: &'static str = "branches";
    const TABLE: &'static str = "musehub_branches";
    const COLUMNS: &'static [&'static str] = &["branch_id", "repo_id", "name", "head_commit_id"];

    fn read(cells: &mut dyn Cells<'_>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            branch_id: cells.key()?,
            repo_id: cells.key()?,
            name: cells.key()?,
            head_commit_id: cells.opt_key()?,
        })
    }
}

impl Stored for CommitRow {
    const WHAT: &'static str = "commits";
    const TABLE: &'static str = "musehub_commits";
    const COLUMNS: &'static [&'static str] = &[
        "commit_id",
        "repo_id",
        "branch",
        "parent_ids",
        "message",
        "author",
        "timestamp",
        "snapshot_id",
        "commit_meta",
        "created_at",
        "storage_uri",
    ];

    fn read(cells: &mut dyn Cells<'_>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            commit_id: cells.key()?,
            repo_id: cells.opt_key()?,
            branch: cells.key()?,
            parent_ids: cells.text()?,
            message: cells.text()?,
            author: cells.text()?,
            timestamp: cells.text()?,
            snapshot_id: cells.opt_key()?,
            commit_meta: cells.text()?,
            created_at: cells.text()?,
            storage_uri: cells.opt_text()?,
            oversized: cells.flag()?,
        })
    }
}

impl Stored for SnapshotRow {
    const WHAT: &'static str = "snapshots";
    const TABLE: &'static str = "musehub_snapshots";
    const COLUMNS: &'static [&'static str] = &[
        "snapshot_id",
        "repo_id",
        "manifest_blob",
        "delta_blob",
        "parent_snapshot_id",
        "entry_count",
        "directories",
        "created_at",
        "storage_uri",
    ];

    fn read(cells: &mut dyn Cells<'_>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            snapshot_id: cells.key()?,
            repo_id: cells.opt_key()?,
            manifest: cells.bytes()?,
            delta: cells.bytes()?,
            parent_snapshot_id: cells.opt_key()?,
            entry_count: cells.int()?,
            directories: cells.opt_text()?,
            created_at: cells.text()?,
            storage_uri: cells.opt_text()?,
            oversized: cells.flag()?,
        })
    }
}

impl Stored for BlobRow {
    const WHAT: &'static str = "objects";
    const TABLE: &'static str = "musehub_objects";
    const COLUMNS: &'static [&'static str] = &[
        "object_id",
        "repo_id",
        "path",
        "size_bytes",
        "storage_uri",
        "disk_path",
        "created_at",
    ];

    fn read(cells: &mut dyn Cells<'_>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            object_id: cells.key()?,
            repo_id: cells.opt_key()?,
            path: cells.text()?,
            // No object has this size, so a cell without a number can never pass for a sound one.
            size_bytes: cells.int()?.unwrap_or(-1),
            storage_uri: cells.opt_text()?,
            disk_path: cells.opt_text()?,
            created_at: cells.text()?,
        })
    }
}

impl Stored for PackedRow {
    const WHAT: &'static str = "the index of packs";
    const TABLE: &'static str = "musehub_mpack_index";
    const COLUMNS: &'static [&'static str] = &["object_id", "mpack_id", "offset", "length"];

    fn read(cells: &mut dyn Cells<'_>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            object_id: cells.key()?,
            pack_id: cells.text()?,
            offset: cells.int()?,
            length: cells.int()?,
        })
    }
}

impl Stored for JobRow {
    const WHAT: &'static str = "background jobs";
    const TABLE: &'static str = "musehub_background_jobs";
    const COLUMNS: &'static [&'static str] =
        &["job_id", "repo_id", "job_type", "state", "created_at"];

    fn read(cells: &mut dyn Cells<'_>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            job_id: cells.key()?,
            repo_id: cells.key()?,
            job_type: cells.text()?,
            state: cells.text()?,
            created_at: cells.text()?,
        })
    }
}

impl Stored for FetchPackRow {
    const WHAT: &'static str = "packs for fetches";
    const TABLE: &'static str = "musehub_fetch_mpack_cache";
    const COLUMNS: &'static [&'static str] = &[
        "cache_id",
        "repo_id",
        "tip_commit_id",
        "mpack_id",
        "expires_at",
    ];

    fn read(cells: &mut dyn Cells<'_>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            cache_id: cells.key()?,
            repo_id: cells.key()?,
            tip_commit_id: cells.text()?,
            pack_id: cells.text()?,
            expires_at: cells.text()?,
        })
    }
}

/// The bytes that a blob's row keeps.
pub(super) struct CachedContent {
    pub bytes: Option<Vec<u8>>,
}

impl Stored for CachedContent {
    const WHAT: &'static str = "cached blobs";
    const TABLE: &'static str = "musehub_objects";
    const COLUMNS: &'static [&'static str] = &["object_id", "content_cache"];

    fn read(cells: &mut dyn Cells<'_>) -> Result<Self, sqlx::Error> {
        cells.key()?;
        Ok(Self {
            bytes: cells.bytes()?,
        })
    }
}

impl Stored for ProposalRow {
    const WHAT: &'static str = "proposals";
    const TABLE: &'static str = "musehub_proposals";
    const COLUMNS: &'static [&'static str] = &[
        "proposal_id",
        "repo_id",
        "title",
        "state",
        "from_branch",
        "to_branch",
        "merge_commit_id",
    ];

    fn read(cells: &mut dyn Cells<'_>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            proposal_id: cells.key()?,
            repo_id: cells.key()?,
            title: cells.text()?,
            state: cells.text()?,
            from_branch: cells.key()?,
            to_branch: cells.key()?,
            merge_commit_id: cells.opt_key()?,
        })
    }
}
