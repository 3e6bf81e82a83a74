//! Facts of rows that give their own ids: they come as keys, and nothing of them is made into text.

use super::AuditScratch;
use super::commits::KeyedCommit;
use super::facts::Standing;
use super::runs::order;
use super::tables::{self, Tables};
use super::trees::{self, KeyedTree};
use crate::index::IndexError;
use crate::index::key::KEY;
use crate::index::plain::{PlainBlob, PlainCommit, PlainRow, PlainSnapshot};
use std::io;

impl AuditScratch {
    /// Lays down blobs.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_plain_blobs(&self, blobs: Vec<PlainBlob>) -> Result<(), IndexError> {
        self.file
            .tell(move |_, tables| {
                let mut blobs = blobs.iter();
                Ok(blobs.try_for_each(|blob| tables.know(&blob.row))?)
            })
            .await
    }

    /// Lays down commits, the edges to their parents, and what they name.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_plain_commits(&self, commits: Vec<PlainCommit>) -> Result<(), IndexError> {
        self.file
            .tell(move |_, tables| {
                let held = Held::of(commits.iter().map(|commit| &commit.row), tables)?;
                for (at, commit) in commits.iter().enumerate() {
                    tables.know(&commit.row)?;
                    let (parents, count) = &commit.parents;
                    let repo = tables.repos.number(&commit.repo_id);
                    tables.add_commit(&KeyedCommit {
                        key: commit.row.key,
                        repo,
                        snapshot: Some(commit.snapshot),
                        parents: &parents[..*count],
                        by: tables::label_of(&commit.row.key),
                        named_by: held.naming(at),
                    })?;
                }
                Ok(())
            })
            .await
    }

    /// Lays down snapshots, and what their trees name: every blob's row is known by then.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_plain_snapshots(
        &self,
        snapshots: Vec<PlainSnapshot>,
    ) -> Result<(), IndexError> {
        self.file
            .tell(move |connection, tables| {
                let held = Held::of(snapshots.iter().map(|snapshot| &snapshot.row), tables)?;
                for snapshot in &snapshots {
                    tables.know(&snapshot.row)?;
                    let entries = snapshot
                        .row
                        .is_judged
                        .then_some(snapshot.blobs.len() as u64);
                    tables.add_snapshot(&snapshot.row.key, entries, snapshot.parent.as_ref())?;
                }
                let judged = snapshots.iter().enumerate();
                let judged = judged.filter(|(_, snapshot)| snapshot.row.is_judged);
                let trees = judged.map(|(at, snapshot)| KeyedTree {
                    by: tables::label_of(&snapshot.row.key),
                    repos: held.naming(at),
                    blobs: &snapshot.blobs,
                });
                trees::lay_down(&trees.collect::<Vec<_>>(), connection, tables)
            })
            .await
    }
}

impl Tables {
    /// Lays down a row and what is known of it.
    fn know(&mut self, row: &PlainRow) -> io::Result<()> {
        let standing = match row.is_judged {
            true => Standing::Sound,
            false => Standing::Unjudged,
        };
        let mut fact = [standing as u8; KEY + 1];
        fact[..KEY].copy_from_slice(&row.key);
        self.known.push(fact)
    }
}

/// The repositories that hold some rows.
struct Held {
    repos: Vec<u32>,
    /// Of each row, where in `repos` its own are; none of a row that is not judged.
    places: Vec<std::ops::Range<usize>>,
}

impl Held {
    /// Looks rows up in the order of their keys, since neighbours lie in one block.
    fn of<'r>(rows: impl Iterator<Item = &'r PlainRow>, tables: &mut Tables) -> io::Result<Self> {
        let rows: Vec<&PlainRow> = rows.collect();
        let mut sorted: Vec<usize> = (0..rows.len()).collect();
        sorted.sort_by(|a, b| order(&rows[*a].key, &rows[*b].key));
        let mut out = Self {
            repos: Vec::with_capacity(rows.len()),
            places: vec![0..0; rows.len()],
        };
        let nobody = tables.repos.number("");
        for at in sorted {
            let row = rows[at];
            if !row.is_judged {
                continue;
            }
            tables.held.clear();
            tables.members.add_all(&row.key, &mut tables.held)?;
            let from = out.repos.len();
            let numbers = tables.held.iter().map(|fact| tables::number_behind(fact));
            out.repos.extend(numbers);
            if out.repos.len() == from {
                out.repos.push(nobody);
            }
            out.places[at] = from..out.repos.len();
        }
        Ok(out)
    }

    /// Returns the repositories that name what a row names; one without a name where none is known.
    fn naming(&self, at: usize) -> &[u32] {
        &self.repos[self.places[at].clone()]
    }
}
