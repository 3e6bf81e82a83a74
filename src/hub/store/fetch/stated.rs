//! The parts of a record that its id does not cover, as its row has them.
//!
//! A flipped byte in such a part changes no id. A record that differs from its row there is therefore read again, which
//! costs one more GET; a record that agrees with its row is read once.

use crate::index::{CommitRow, SnapshotRow};
use crate::store::reconstruct;
use crate::store::rows::instant;
use luthier_object::identity::{CommitScheme, SnapshotScheme};
use luthier_object::{CommitRecord, Record, SnapshotRecord};
use std::collections::BTreeSet;

/// The row's values for what the id of its object does not cover.
pub(super) enum Stated {
    /// The id of a blob covers all of its bytes.
    Blob,
    /// Without the message, which every id covers.
    Commit(Box<CommitRecord>),
    Snapshot {
        created_at: String,
        directories: BTreeSet<String>,
    },
    /// No record can be made from the row, so there is nothing to compare with.
    Unreadable,
}

impl Stated {
    pub(super) fn by_commit(row: CommitRow) -> Self {
        let row = CommitRow {
            message: String::new(),
            ..row
        };
        match reconstruct::commit_record(&row) {
            Ok(record) => Stated::Commit(Box::new(record)),
            Err(_) => Stated::Unreadable,
        }
    }

    pub(super) fn by_snapshot(row: &SnapshotRow) -> Self {
        Stated::Snapshot {
            created_at: instant(&row.created_at),
            directories: reconstruct::directories(row).unwrap_or_default(),
        }
    }

    /// Returns whether a checked record agrees with its row in what the id does not cover.
    pub(super) fn agrees(&self, record: &Record) -> bool {
        match (self, record) {
            (_, Record::Blob(_)) => true,
            (Stated::Commit(row), Record::Commit(object, scheme)) => {
                commits_agree(row, object, *scheme)
            }
            (
                Stated::Snapshot {
                    created_at,
                    directories,
                },
                Record::Snapshot(object, scheme),
            ) => {
                let covered = *scheme != SnapshotScheme::V01;
                object.created_at == *created_at
                    && (covered || object.directories == *directories)
                    && object.rest == SnapshotRecord::fresh_rest()
            }
            _ => false,
        }
    }
}

fn commits_agree(row: &CommitRecord, object: &CommitRecord, scheme: CommitScheme) -> bool {
    // Most objects do not name a repository, nor do rows of old servers.
    let is_silent = object.repo_id.is_empty() || row.repo_id.is_empty();
    let same_repo = is_silent || row.repo_id == object.repo_id;
    let covers_author = matches!(scheme, CommitScheme::Typed | CommitScheme::Rc7);
    same_repo
        && object.branch == row.branch
        && (covers_author || object.author == row.author)
        && object.rest == row.rest
}
