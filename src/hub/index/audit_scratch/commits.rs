//! Commits and snapshots, by their places in the graph.

use super::AuditScratch;
use super::key::Met;
use super::tables::{self, EDGE, Holders, NUMBERED, Tables};
use crate::index::IndexError;
use crate::index::scratch_trouble::Trouble;
use luthier_object::Kind;
use rusqlite::Connection;

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
                let number = tables.snapshots.len() as u32;
                let key = tables::kept(connection, Kind::Snapshot, &id)?;
                tables.snapshots.push(key)?;
                let mut fact = [0; NUMBERED + 9];
                fact[..NUMBERED].copy_from_slice(&tables::numbered(&key, number));
                fact[NUMBERED] = u8::from(entries.is_some());
                fact[NUMBERED + 1..].copy_from_slice(&entries.unwrap_or(0).to_be_bytes());
                tables.snapshot_ids.push(fact)?;
                if let Some(parent) = parent {
                    let parent = tables::kept(connection, Kind::Snapshot, &parent)?;
                    tables.deltas.push(tables::numbered(&parent, number))?;
                }
                Ok(())
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
        let number = tables.commits.len() as u32;
        let key = tables::kept(connection, Kind::Commit, &self.id)?;
        tables.commit_ids.push(tables::numbered(&key, number))?;
        let mut tree = tables::no_key();
        if let Some(snapshot) = &self.snapshot {
            tree = tables::kept(connection, Kind::Snapshot, snapshot)?;
            tables.trees.push(tables::numbered(&tree, number))?;
        }
        let repo = tables.repos.number(&self.repo_id);
        tables.commits.push(tables::pair(&key, repo, &tree))?;
        for (at, parent) in self.parents.iter().enumerate() {
            let parent = tables::kept(connection, Kind::Commit, parent)?;
            let mut edge = [0; EDGE];
            edge[..NUMBERED].copy_from_slice(&tables::numbered(&parent, number));
            edge[NUMBERED..].copy_from_slice(&(at as u32).to_be_bytes());
            tables.edges.push(edge)?;
        }
        self.name(connection, tables)
    }

    /// Lays down that it names its parents and its snapshot, in every repository that holds it.
    fn name(self, connection: &Connection, tables: &mut Tables) -> Result<(), Trouble> {
        if self.named_by.is_empty() {
            return Ok(());
        }
        let by = tables::label(connection, &self.id)?;
        for repo in self.named_by.iter() {
            let repo = tables.repos.number(repo);
            let parents = self.parents.iter().map(|id| (Kind::Commit, id));
            let snapshot = self.snapshot.iter().map(|id| (Kind::Snapshot, id));
            for (kind, id) in parents.chain(snapshot) {
                let key = tables::kept(connection, kind, id)?;
                tables.named.push(tables::pair(&key, repo, &by))?;
            }
        }
        Ok(())
    }
}
