//! The change of a step: its cells and hashes as people and files read them. The bytes themselves are
//! in [`luthier_hub::store::write::Change`], which is made from the hub whenever a step is planned or applied.

mod written;

pub use written::RowChange;
pub(super) use written::Side;

use luthier_hub::index::{EditableColumn, PackedRow};

/// The change of a step in the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepChange {
    /// A row that is there, or the object under its key. Without cells and without a replaced object, the step
    /// only stores an object, or nothing of it was done.
    Row {
        /// The bytes under the step's key, where other bytes take their place.
        object: Option<Swap>,
        cells: Vec<CellChange>,
    },
    /// A row is added, and a repository holds it.
    Add { repo_id: String, row: AddedRow },
    /// A repository holds a row that is there.
    Hold {
        repo_id: String,
        /// The repository that the row is taken over from, where one is named.
        holder: Option<String>,
        /// Who holds it afterwards, in words.
        holders: String,
    },
    /// A row of the index of packs is added or changed.
    Index(RangeChange),
    /// The heads of a repository's branches are written into the store.
    SaveRefs {
        repo_id: String,
        /// The first heads that the store does not know yet.
        heads: Vec<HeadChange>,
        /// The time that the checkpoint bears.
        made_at: String,
    },
    /// Columns that this version does not know: another version or somebody else wrote them. Such a change is
    /// shown, and neither made nor taken back.
    Unknown(Vec<RowChange>),
}

/// A blob's range in a pack, before and after: offset and length in bytes, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeChange {
    pub object_id: String,
    pub pack_id: String,
    /// `None` where the row is added.
    pub from: Option<Range>,
    pub to: Range,
}

impl RangeChange {
    /// Returns the change that takes this one back; `None` where the row was added, and stays.
    pub(crate) fn back(&self) -> Option<Self> {
        Some(Self {
            from: Some(self.to.clone()),
            to: self.from.clone()?,
            ..self.clone()
        })
    }

    /// Returns the row before or after, from its range.
    pub(crate) fn row(&self, (offset, length): &Range) -> PackedRow {
        let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
        PackedRow {
            object_id: self.object_id.clone(),
            pack_id: self.pack_id.clone(),
            offset: number(offset),
            length: number(length),
        }
    }
}

/// Offset and length; `None` where the row has no number.
pub type Range = (Option<String>, Option<String>);

/// sha256 of bytes that take the place of others, hex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    pub from: String,
    pub to: String,
}

/// A cell before and after; a long one as its length and sha256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellChange {
    pub column: EditableColumn,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// A branch's head, as the store knows it and as the row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadChange {
    pub branch: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// The cells of an added row that a step shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddedRow {
    Commit {
        branch: Option<String>,
        timestamp: Option<String>,
        parent_ids: Option<String>,
        snapshot_id: Option<String>,
        storage_uri: Option<String>,
    },
    Snapshot {
        entry_count: Option<String>,
        storage_uri: Option<String>,
    },
    Blob {
        path: Option<String>,
        size_bytes: Option<String>,
        storage_uri: Option<String>,
        created_at: Option<String>,
    },
}

impl StepChange {
    /// Returns the change that leaves the row as it is.
    #[must_use]
    pub const fn none() -> Self {
        Self::cells(Vec::new())
    }

    /// Returns whether something new is written, so that no value of before stands beside its own.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        match self {
            StepChange::Add { .. } | StepChange::Hold { .. } | StepChange::SaveRefs { .. } => true,
            StepChange::Index(range) => range.from.is_none(),
            StepChange::Row { .. } | StepChange::Unknown(_) => false,
        }
    }

    /// Returns a change of cells.
    #[must_use]
    pub const fn cells(cells: Vec<CellChange>) -> Self {
        StepChange::Row {
            object: None,
            cells,
        }
    }

    /// Returns whether neither a cell nor a replaced object is named.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.count() == 0
    }

    /// Returns how many columns are named, a replaced object among them.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            StepChange::Row { object, cells } => usize::from(object.is_some()) + cells.len(),
            other => other.written().len(),
        }
    }
}

impl AddedRow {
    /// Returns where the row says that its object is.
    #[must_use]
    pub fn storage_uri(&self) -> Option<&str> {
        let (AddedRow::Commit { storage_uri, .. }
        | AddedRow::Snapshot { storage_uri, .. }
        | AddedRow::Blob { storage_uri, .. }) = self;
        storage_uri.as_deref()
    }
}

impl Swap {
    /// Returns the swap that takes this one back.
    #[must_use]
    pub fn back(&self) -> Self {
        Self {
            from: self.to.clone(),
            to: self.from.clone(),
        }
    }
}

impl CellChange {
    /// Returns the change that takes this one back.
    #[must_use]
    pub fn back(&self) -> Self {
        Self {
            column: self.column,
            from: self.to.clone(),
            to: self.from.clone(),
        }
    }
}
