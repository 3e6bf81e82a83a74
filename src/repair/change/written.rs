//! A step's change as plans and journals hold it: a list of columns, each before and after.
//!
//! The remedy says which change it is. Beside columns of rows the list has three words of its own: `object` for
//! bytes that are replaced, `held by` for who holds a row, and `saved head of NAME` for a branch in the store.

use super::{AddedRow, CellChange, HeadChange, RangeChange, StepChange, Swap};
use luthier_audit::{Remedy, Subject};
use luthier_hub::index::EditableColumn;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A column before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowChange {
    pub column: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// Columns on one side, by name: how a journal keeps them.
pub(crate) type Side = BTreeMap<String, Option<String>>;

const OBJECT: &str = "object";
const HELD_BY: &str = "held by";
const SAVED_HEAD: &str = "saved head of ";
const REPO_ID: &str = "repo_id";
const MADE_AT: &str = "made_at";
const OBJECT_ID: &str = "object_id";
const PACK_ID: &str = "mpack_id";
const OFFSET: &str = "offset";
const LENGTH: &str = "length";
const SHA256: &str = "sha256 ";

impl StepChange {
    /// Returns the columns before and after, in the order in which a plan lists them.
    #[must_use]
    pub fn written(&self) -> Vec<RowChange> {
        match self {
            StepChange::Row { object, cells } => {
                let swap = object.iter().map(|swap| RowChange {
                    column: OBJECT.to_owned(),
                    from: Some(format!("{SHA256}{}", swap.from)),
                    to: Some(format!("{SHA256}{}", swap.to)),
                });
                let cells = cells.iter().map(|cell| RowChange {
                    column: cell.column.name().to_owned(),
                    from: cell.from.clone(),
                    to: cell.to.clone(),
                });
                swap.chain(cells).collect()
            }
            StepChange::Add { repo_id, row } => {
                let mut out = vec![set(REPO_ID, Some(repo_id))];
                let cells = row.cells();
                out.extend(cells.into_iter().map(|(name, to)| set(name, to.as_ref())));
                out
            }
            StepChange::Hold {
                repo_id,
                holder,
                holders,
            } => vec![
                set(REPO_ID, Some(repo_id)),
                RowChange {
                    from: holder.clone(),
                    ..set(HELD_BY, Some(holders))
                },
            ],
            StepChange::Index(range) => range.written(),
            StepChange::SaveRefs {
                repo_id,
                heads,
                made_at,
            } => {
                let mut out = vec![set(REPO_ID, Some(repo_id))];
                out.extend(heads.iter().map(|head| RowChange {
                    column: format!("{SAVED_HEAD}{}", head.branch),
                    from: head.from.clone(),
                    to: head.to.clone(),
                }));
                out.push(set(MADE_AT, Some(made_at)));
                out
            }
            StepChange::Unknown(written) => written.clone(),
        }
    }

    /// Returns the columns that a person is shown: those that change.
    #[must_use]
    pub fn shown(&self) -> Vec<RowChange> {
        let mut out = self.written();
        out.retain(|change| change.from != change.to);
        out
    }

    /// Reads the change of a step with this remedy on this kind of subject.
    pub(crate) fn read(remedy: Remedy, kind: Subject, written: Vec<RowChange>) -> Self {
        if written.is_empty() {
            return StepChange::none();
        }
        let read = match remedy {
            Remedy::Checkpoint => saved_refs(&written),
            Remedy::Reref | Remedy::Hold => held(&written),
            Remedy::Index => range(&written),
            // No row has such a column.
            Remedy::Undo if written.iter().any(|change| change.column == PACK_ID) => {
                range(&written)
            }
            // Only an added row has a repository: no repair moves a row from one to another.
            Remedy::Restore | Remedy::Reindex if added_to(&written).is_some() => {
                added(kind, &written)
            }
            _ => row(&written),
        };
        read.unwrap_or(StepChange::Unknown(written))
    }

    /// Returns the columns before and after by name, as a journal keeps them.
    pub(crate) fn sides(&self) -> (Side, Side) {
        let (mut before, mut after) = (Side::new(), Side::new());
        for change in self.written() {
            before.insert(change.column.clone(), change.from);
            after.insert(change.column, change.to);
        }
        (before, after)
    }

    /// Reads what a journal keeps of a change.
    pub(crate) fn read_sides(remedy: Remedy, kind: Subject, mut before: Side, after: Side) -> Self {
        let changes = after.into_iter().map(|(column, to)| RowChange {
            from: before.remove(&column).flatten(),
            column,
            to,
        });
        Self::read(remedy, kind, changes.collect())
    }
}

impl RangeChange {
    fn written(&self) -> Vec<RowChange> {
        let (offset, length) = self.from.clone().unwrap_or_default();
        let is_added = self.from.is_none();
        let same = |name: &str, to: &String| RowChange {
            from: (!is_added).then(|| to.clone()),
            ..set(name, Some(to))
        };
        vec![
            same(OBJECT_ID, &self.object_id),
            same(PACK_ID, &self.pack_id),
            RowChange {
                from: offset,
                ..set(OFFSET, self.to.0.as_ref())
            },
            RowChange {
                from: length,
                ..set(LENGTH, self.to.1.as_ref())
            },
        ]
    }
}

impl AddedRow {
    /// Returns the cells by column, in the order in which a plan lists them.
    fn cells(&self) -> Vec<(&'static str, Option<String>)> {
        let cell = |name, cell: &Option<String>| (name, cell.clone());
        match self {
            AddedRow::Commit {
                branch,
                timestamp,
                parent_ids,
                snapshot_id,
                storage_uri,
            } => vec![
                cell("branch", branch),
                cell("timestamp", timestamp),
                cell("parent_ids", parent_ids),
                cell("snapshot_id", snapshot_id),
                cell("storage_uri", storage_uri),
            ],
            AddedRow::Snapshot {
                entry_count,
                storage_uri,
            } => vec![
                cell("entry_count", entry_count),
                cell("storage_uri", storage_uri),
            ],
            AddedRow::Blob {
                path,
                size_bytes,
                storage_uri,
                created_at,
            } => vec![
                cell("path", path),
                cell("size_bytes", size_bytes),
                cell("storage_uri", storage_uri),
                cell("created_at", created_at),
            ],
        }
    }
}

fn set(column: &str, to: Option<&String>) -> RowChange {
    RowChange {
        column: column.to_owned(),
        from: None,
        to: to.cloned(),
    }
}

fn row(written: &[RowChange]) -> Option<StepChange> {
    let hash = |side: &Option<String>| Some(side.as_ref()?.strip_prefix(SHA256)?.to_owned());
    let (mut object, mut cells) = (None, Vec::with_capacity(written.len()));
    for change in written {
        if change.column == OBJECT {
            let (from, to) = (hash(&change.from)?, hash(&change.to)?);
            object = Some(Swap { from, to });
            continue;
        }
        cells.push(CellChange {
            column: EditableColumn::from_name(&change.column)?,
            from: change.from.clone(),
            to: change.to.clone(),
        });
    }
    Some(StepChange::Row { object, cells })
}

fn added_to(written: &[RowChange]) -> Option<String> {
    let column = written.iter().find(|change| change.column == REPO_ID)?;
    column.to.clone()
}

fn added(kind: Subject, written: &[RowChange]) -> Option<StepChange> {
    // A column that an earlier version did not write is empty.
    let cell = |name: &str| {
        let column = written.iter().find(|change| change.column == name);
        column.and_then(|change| change.to.clone())
    };
    let row = match kind {
        Subject::Commit => AddedRow::Commit {
            branch: cell("branch"),
            timestamp: cell("timestamp"),
            parent_ids: cell("parent_ids"),
            snapshot_id: cell("snapshot_id"),
            storage_uri: cell("storage_uri"),
        },
        Subject::Snapshot => AddedRow::Snapshot {
            entry_count: cell("entry_count"),
            storage_uri: cell("storage_uri"),
        },
        Subject::Blob => AddedRow::Blob {
            path: cell("path"),
            size_bytes: cell("size_bytes"),
            storage_uri: cell("storage_uri"),
            created_at: cell("created_at"),
        },
        Subject::Branch | Subject::Proposal | Subject::Object | Subject::Pack | Subject::Repo => {
            return None;
        }
    };
    let known = row.cells();
    let is_known = |change: &RowChange| {
        change.from.is_none()
            && (change.column == REPO_ID || known.iter().any(|(name, _)| *name == change.column))
    };
    let repo_id = added_to(written).filter(|_| written.iter().all(is_known))?;
    Some(StepChange::Add { repo_id, row })
}

fn range(written: &[RowChange]) -> Option<StepChange> {
    let find = |name: &str| written.iter().find(|change| change.column == name);
    let (object, pack) = (find(OBJECT_ID)?, find(PACK_ID)?);
    let (offset, length) = (find(OFFSET)?, find(LENGTH)?);
    let from = (offset.from.clone(), length.from.clone());
    (written.len() == 4).then_some(())?;
    Some(StepChange::Index(RangeChange {
        object_id: object.to.clone()?,
        pack_id: pack.to.clone()?,
        from: pack.from.is_some().then_some(from),
        to: (offset.to.clone(), length.to.clone()),
    }))
}

fn held(written: &[RowChange]) -> Option<StepChange> {
    let [one, two] = written else { return None };
    // A journal sorts them, a plan does not.
    let (repo, holders) = match one.column == REPO_ID {
        true => (one, two),
        false => (two, one),
    };
    (repo.column == REPO_ID && holders.column == HELD_BY).then_some(())?;
    Some(StepChange::Hold {
        repo_id: repo.to.clone()?,
        holder: holders.from.clone(),
        holders: holders.to.clone()?,
    })
}

fn saved_refs(written: &[RowChange]) -> Option<StepChange> {
    let (mut repo_id, mut made_at, mut heads) = (None, None, Vec::new());
    for change in written {
        match (
            change.column.as_str(),
            change.column.strip_prefix(SAVED_HEAD),
        ) {
            (REPO_ID, _) => repo_id = change.to.clone(),
            (MADE_AT, _) => made_at = change.to.clone(),
            (_, Some(branch)) => heads.push(HeadChange {
                branch: branch.to_owned(),
                from: change.from.clone(),
                to: change.to.clone(),
            }),
            (_, None) => return None,
        }
    }
    Some(StepChange::SaveRefs {
        repo_id: repo_id?,
        heads,
        made_at: made_at?,
    })
}
