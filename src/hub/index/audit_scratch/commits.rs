//! Commits and snapshots, by their places in the graph.

use super::AuditScratch;
use super::tables::{self, EDGE, Holders, NUMBERED, Tables};
use crate::index::IndexError;
use crate::index::key::{Key, Met};
use crate::index::scratch_trouble::Trouble;
use luthier_object::Kind;
use rusqlite::Connection;
use std::io;

/// A commit's place in the graph. Its number is its place among all that are laid down, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitFact {
    pub id: String,
    pub repo_id: String,
    pub snapshot_id: Option<String>,
    pub parents: Vec<String>,
    /// The repositories that name its parents and its snapshot; none where it was not judged.
    pub named_by: Holders,
}

/// The fields of a snapshot that the walks need. Its number is its place among all that are laid down, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFact {
    pub id: String,
    /// Entries of the best known manifest.
    pub entries: Option<u64>,
    pub parent: Option<String>,
}

impl AuditScratch {
    /// Lays down commits, each behind the last, the edges to their parents, and what they name.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_commits(&self, commits: &[CommitFact]) -> Result<(), IndexError> {
        let met = |c: &CommitFact| MetCommit {
            id: Met::owned(&c.id),
            repo_id: c.repo_id.clone(),
            snapshot: c.snapshot_id.as_deref().map(Met::owned),
            parents: c.parents.iter().map(|id| Met::owned(id)).collect(),
            named_by: c.named_by.clone(),
        };
        self.lay_down(commits.iter().map(met), |connection, tables, commit| {
            commit.lay_down(connection, tables)
        })
        .await
    }

    /// Lays down snapshots, each behind the last.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_snapshots(&self, snapshots: &[SnapshotFact]) -> Result<(), IndexError> {
        let met = |s: &SnapshotFact| {
            let parent = s.parent.as_deref().map(Met::owned);
            (Met::owned(&s.id), s.entries, parent)
        };
        self.lay_down(
            snapshots.iter().map(met),
            |connection, tables, (id, entries, parent)| {
                let key = tables::kept(connection, Kind::Snapshot, &id)?;
                let parent = match parent {
                    Some(parent) => Some(tables::kept(connection, Kind::Snapshot, &parent)?),
                    None => None,
                };
                Ok(tables.add_snapshot(&key, entries, parent.as_ref())?)
            },
        )
        .await
    }
}

/// A commit at the door.
struct MetCommit {
    id: Met<'static>,
    repo_id: String,
    snapshot: Option<Met<'static>>,
    parents: Vec<Met<'static>>,
    named_by: Holders,
}

impl MetCommit {
    fn lay_down(self, connection: &Connection, tables: &mut Tables) -> Result<(), Trouble> {
        let kept = |kind, id: &Met<'_>| tables::kept(connection, kind, id);
        let key = kept(Kind::Commit, &self.id)?;
        let snapshot = match &self.snapshot {
            Some(snapshot) => Some(kept(Kind::Snapshot, snapshot)?),
            None => None,
        };
        let parents = self.parents.iter().map(|id| kept(Kind::Commit, id));
        let parents: Vec<Key> = parents.collect::<rusqlite::Result<_>>()?;
        let by = match self.named_by.is_empty() {
            true => tables::no_key(),
            false => tables::label(connection, &self.id)?,
        };
        let repo = tables.repos.number(&self.repo_id);
        let named_by = self.named_by.iter().map(|repo| tables.repos.number(repo));
        let named_by: Vec<u32> = named_by.collect();
        Ok(tables.add_commit(&KeyedCommit {
            key,
            repo,
            snapshot,
            parents: &parents,
            by,
            named_by: &named_by,
        })?)
    }
}

/// A commit whose ids are keys.
pub(super) struct KeyedCommit<'c> {
    pub key: Key,
    pub repo: u32,
    pub snapshot: Option<Key>,
    pub parents: &'c [Key],
    /// Stands for its id where it names something.
    pub by: Key,
    /// The repositories that name its parents and its snapshot.
    pub named_by: &'c [u32],
}

impl Tables {
    /// Lays down a commit behind the last, the edges to its parents, and what it names.
    ///
    /// # Errors
    /// The folder for temporary files cannot be written.
    pub fn add_commit(&mut self, commit: &KeyedCommit<'_>) -> io::Result<()> {
        let number = self.commits.len() as u32;
        self.commit_ids
            .push(tables::numbered(&commit.key, number))?;
        if let Some(snapshot) = &commit.snapshot {
            self.trees.push(tables::numbered(snapshot, number))?;
        }
        let tree = commit.snapshot.unwrap_or(tables::no_key());
        let fact = tables::pair(&commit.key, commit.repo, &tree);
        self.commits.push(fact)?;
        for (at, parent) in commit.parents.iter().enumerate() {
            let mut edge = [0; EDGE];
            edge[..NUMBERED].copy_from_slice(&tables::numbered(parent, number));
            edge[NUMBERED..].copy_from_slice(&(at as u32).to_be_bytes());
            self.edges.push(edge)?;
        }
        for repo in commit.named_by {
            for key in commit.parents.iter().chain(&commit.snapshot) {
                self.named.push(tables::pair(key, *repo, &commit.by))?;
            }
        }
        Ok(())
    }

    /// Lays down a snapshot behind the last.
    ///
    /// # Errors
    /// The folder for temporary files cannot be written.
    pub fn add_snapshot(
        &mut self,
        key: &Key,
        entries: Option<u64>,
        parent: Option<&Key>,
    ) -> io::Result<()> {
        let number = self.snapshots.len() as u32;
        self.snapshots.push(*key)?;
        let mut fact = [0; NUMBERED + 9];
        fact[..NUMBERED].copy_from_slice(&tables::numbered(key, number));
        fact[NUMBERED] = u8::from(entries.is_some());
        fact[NUMBERED + 1..].copy_from_slice(&entries.unwrap_or(0).to_be_bytes());
        self.snapshot_ids.push(fact)?;
        match parent {
            Some(parent) => self.deltas.push(tables::numbered(parent, number)),
            None => Ok(()),
        }
    }
}
