//! Rows that give their own ids as they stand: nearly all of a hub. They are read where they lie, and what the facts need
//! of them is of one size; of any other row the cells are read again, as they are.

use super::key::{KEY, Key, Meant, Met, key, meant};
use super::rows::{Cells, KeyCell, Stored};
use super::{BlobRow, CommitRow, SnapshotRow};
use luthier_object::Kind;
use luthier_object::identity::{CommitScheme, SnapshotScheme, Stated};
use luthier_object::manifest::plain::PlainTree;
use luthier_object::time::Micros;
use std::borrow::Cow;

/// What begins the URI of a blob in a pack.
const IN_PACK: &[u8] = b"mpack://";

/// A row of a walk.
pub enum Seen<P, R> {
    /// It gives its own id, and no rule has anything to say of it.
    Plain(P),
    /// Anything else.
    Row(Box<R>),
}

/// Where a walk over a table goes on: behind a row.
#[derive(Clone, Debug)]
pub enum Place {
    /// The row's key.
    Key(String),
    /// The number that the file gives the row for as long as its schema has this version.
    Row {
        number: i64,
        version: i64,
        key: String,
    },
}

impl Place {
    pub(super) fn key(&self) -> &str {
        match self {
            Self::Key(key) | Self::Row { key, .. } => key,
        }
    }

    pub(super) const fn version(&self) -> Option<i64> {
        match self {
            Self::Key(_) => None,
            Self::Row { version, .. } => Some(*version),
        }
    }
}

/// Rows of a walk, in whatever order the database reads fastest, and where the next ones begin.
pub struct Stretch<P, R> {
    pub rows: Vec<Seen<P, R>>,
    /// `None` behind the last row.
    pub next: Option<Place>,
}

/// Rows of a walk over commits.
pub type Commits = Stretch<PlainCommit, CommitRow>;

/// Rows of a walk over snapshots.
pub type Snapshots = Stretch<PlainSnapshot, SnapshotRow>;

/// Rows of a walk over blobs.
pub type Blobs = Stretch<PlainBlob, BlobRow>;

/// What every plain row says of itself.
#[derive(Debug)]
pub struct PlainRow {
    pub(super) key: Key,
    pub created_at: Option<Micros>,
    /// It says where its object is.
    pub has_uri: bool,
    /// It is to be judged; a row that is too young is not.
    pub is_judged: bool,
}

impl PlainRow {
    const fn new(key: Key, created_at: Option<Micros>, has_uri: bool) -> Self {
        Self {
            key,
            created_at,
            has_uri,
            is_judged: true,
        }
    }

    /// Returns the row's id.
    #[must_use]
    pub fn id(&self) -> String {
        match meant(&self.key) {
            Meant::Text(id) => id,
            // Plain ids hold digests.
            Meant::Odd(_) => String::new(),
        }
    }
}

/// A commit.
#[derive(Debug)]
pub struct PlainCommit {
    pub row: PlainRow,
    pub scheme: CommitScheme,
    pub(super) repo_id: Box<str>,
    pub(super) snapshot: Key,
    /// In their order; the first so many of these.
    pub(super) parents: ([Key; 2], usize),
}

/// A snapshot with its tree.
#[derive(Debug)]
pub struct PlainSnapshot {
    pub row: PlainRow,
    pub scheme: SnapshotScheme,
    pub(super) parent: Option<Key>,
    pub(super) blobs: Box<[Key]>,
}

/// A blob that is in no pack.
#[derive(Debug)]
pub struct PlainBlob {
    pub row: PlainRow,
}

/// A row that may be plain.
pub(super) trait MaybePlain: Stored {
    type Plain: AsRef<PlainRow> + Send + 'static;

    /// Reads the cells of a plain row, in the order of [`Stored::COLUMNS`].
    fn plain(cells: &mut dyn Cells<'_>) -> Result<Option<Self::Plain>, sqlx::Error>;

    /// Returns the row's key.
    fn key(&self) -> &str;
}

/// Reads a row of a walk.
pub(super) fn seen<T: MaybePlain>(
    cells: &mut dyn Cells<'_>,
) -> Result<Seen<T::Plain, T>, sqlx::Error> {
    cells.mark();
    if let Some(plain) = T::plain(cells)? {
        return Ok(Seen::Plain(plain));
    }
    cells.back();
    Ok(Seen::Row(Box::new(T::read(cells)?)))
}

/// Returns the key of a row of a walk.
pub(super) fn key_of<T: MaybePlain>(seen: &Seen<T::Plain, T>) -> String {
    match seen {
        Seen::Plain(plain) => plain.as_ref().id(),
        Seen::Row(row) => row.key().to_owned(),
    }
}

macro_rules! rows {
    ($($plain:ident of $row:ident by $id:ident;)+) => {
        $(impl AsRef<PlainRow> for $plain {
            fn as_ref(&self) -> &PlainRow {
                &self.row
            }
        }

        impl AsMut<PlainRow> for $plain {
            fn as_mut(&mut self) -> &mut PlainRow {
                &mut self.row
            }
        }

        impl MaybePlain for $row {
            type Plain = $plain;

            fn plain(cells: &mut dyn Cells<'_>) -> Result<Option<Self::Plain>, sqlx::Error> {
                $plain::read(cells)
            }

            fn key(&self) -> &str {
                &self.$id
            }
        })+
    };
}

rows! {
    PlainCommit of CommitRow by commit_id;
    PlainSnapshot of SnapshotRow by snapshot_id;
    PlainBlob of BlobRow by object_id;
}

/// Cells of a commit.
struct CommitCells<'r> {
    id: KeyCell<'r>,
    repo_id: KeyCell<'r>,
    parents: Option<Cow<'r, [u8]>>,
    message: Option<Cow<'r, [u8]>>,
    author: Option<Cow<'r, [u8]>>,
    timestamp: Option<Micros>,
    snapshot: KeyCell<'r>,
    meta: Option<Cow<'r, [u8]>>,
    created_at: Option<Micros>,
    has_uri: bool,
    oversized: bool,
}

impl PlainCommit {
    fn read(cells: &mut dyn Cells<'_>) -> Result<Option<Self>, sqlx::Error> {
        let (id, repo_id) = (cells.key_cell()?, cells.key_cell()?);
        // Its branch.
        cells.skip(1)?;
        let cells = CommitCells {
            id,
            repo_id,
            parents: cells.cell()?,
            message: cells.cell()?,
            author: cells.cell()?,
            timestamp: cells.time()?,
            snapshot: cells.key_cell()?,
            meta: cells.cell()?,
            created_at: cells.time()?,
            has_uri: cells.cell()?.is_some(),
            oversized: cells.flag()?,
        };
        Ok(Self::proved(&cells))
    }

    fn proved(cells: &CommitCells<'_>) -> Option<Self> {
        if cells.oversized {
            return None;
        }
        let key = digest(Kind::Commit, id_text(&cells.id)??)?;
        let snapshot_id = id_text(&cells.snapshot)??;
        let stated = Stated {
            parent_ids: text(&cells.parents)?,
            snapshot_id,
            message: text(&cells.message)?,
            at: cells.timestamp?,
            author: text(&cells.author)?,
            commit_meta: text(&cells.meta)?,
        };
        let (scheme, parents, count) = stated.verify(key[1..].first_chunk()?)?;
        let mut keys = [[0; KEY]; 2];
        for (key, parent) in keys.iter_mut().zip(&parents[..count]) {
            *key = digest(Kind::Commit, parent)?;
        }
        Some(Self {
            row: PlainRow::new(key, cells.created_at, cells.has_uri),
            scheme,
            repo_id: id_text(&cells.repo_id)?.unwrap_or_default().into(),
            snapshot: digest(Kind::Snapshot, snapshot_id)?,
            parents: (keys, count),
        })
    }
}

impl PlainSnapshot {
    fn read(cells: &mut dyn Cells<'_>) -> Result<Option<Self>, sqlx::Error> {
        let id = cells.key_cell()?;
        // Its repository.
        cells.skip(1)?;
        let manifest = cells.cell()?;
        // Its delta.
        cells.skip(1)?;
        let (parent, entries) = (cells.key_cell()?, cells.int()?);
        let (directories, created_at) = (cells.cell()?, cells.time()?);
        let (has_uri, oversized) = (cells.cell()?.is_some(), cells.flag()?);
        let proved = || {
            let id = id_text(&id)??;
            let key = digest(Kind::Snapshot, id)?;
            let manifest = manifest.as_deref().filter(|bytes| !bytes.is_empty())?;
            let tree = PlainTree::read(manifest, text(&directories)?)?;
            let scheme = tree.prove(id)?;
            let count = tree.blobs().len() as i64;
            if entries.is_some_and(|entries| entries != count) || !tree.is_plainly_safe() {
                return None;
            }
            let blobs = tree.blobs().iter().map(|id| digest(Kind::Blob, id));
            let parent = match id_text(&parent)? {
                None | Some("") => None,
                Some(id) => Some(digest(Kind::Snapshot, id)?),
            };
            Some(Self {
                row: PlainRow::new(key, created_at, has_uri),
                scheme,
                parent,
                blobs: blobs.collect::<Option<_>>()?,
            })
        };
        Ok(proved().filter(|_| !oversized))
    }

    /// Returns how many files its tree has.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.blobs.len()
    }
}

impl PlainBlob {
    fn read(cells: &mut dyn Cells<'_>) -> Result<Option<Self>, sqlx::Error> {
        let id = cells.key_cell()?;
        // Its repository, path and size.
        cells.skip(3)?;
        let uri = cells.cell()?;
        // Its path below the objects folder.
        cells.skip(1)?;
        let created_at = cells.time()?;
        if uri.as_ref().is_some_and(|uri| uri.starts_with(IN_PACK)) {
            return Ok(None);
        }
        let key = id_text(&id).flatten().and_then(|id| digest(Kind::Blob, id));
        Ok(key.map(|key| Self {
            row: PlainRow::new(key, created_at, uri.is_some()),
        }))
    }
}

/// Returns a key's text, none for null; nothing where it is no text that can be read as it lies.
fn id_text<'c>(cell: &'c KeyCell<'_>) -> Option<Option<&'c str>> {
    match cell {
        KeyCell::Null => Some(None),
        KeyCell::Text(bytes) => std::str::from_utf8(bytes).ok().map(Some),
        KeyCell::Escaped => None,
    }
}

/// Returns a cell's text, empty for null; nothing where it is none.
fn text<'c>(cell: &'c Option<Cow<'_, [u8]>>) -> Option<&'c str> {
    match cell {
        None => Some(""),
        Some(bytes) => std::str::from_utf8(bytes).ok(),
    }
}

/// Returns the key of an id that holds a digest.
fn digest(kind: Kind, id: &str) -> Option<Key> {
    match Met::new(id) {
        Met::Digest(form, digest) => Some(key(kind, form, &digest)),
        Met::Odd(_) => None,
    }
}
