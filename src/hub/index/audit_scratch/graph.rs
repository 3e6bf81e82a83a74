//! The graph over the facts: edges and heads by number, and what hangs from an id.

use super::AuditScratch;
use super::tables::{self, NUMBERED, Tables};
use crate::index::IndexError;
use crate::index::key::{self, KEY, Key, Met};
use crate::index::scratch_trouble::Trouble;
use luthier_object::Kind;
use rusqlite::Connection;

impl AuditScratch {
    /// Edges of the commit graph, child and parent by number; edges to commits without row are left out.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn commit_edges(&self) -> Result<Vec<(u32, u32)>, IndexError> {
        self.file
            .with(|_, tables| {
                let mut out: Vec<(u32, u32, u32)> = Vec::new();
                let mut commits = tables.commit_ids.walk(&[])?;
                let mut edges = tables.edges.walk(&[])?;
                while let Some(edge) = edges.next()? {
                    if commits.seek(&edge[..KEY])?
                        && let Some(commit) = commits.head()
                    {
                        let child = tables::number_behind(&edge);
                        let at = tables::number_at(&edge, NUMBERED);
                        out.push((child, at, tables::number_behind(commit)));
                    }
                }
                out.sort_unstable();
                Ok(out.into_iter().map(|(child, _, n)| (child, n)).collect())
            })
            .await
    }

    /// Parents of commits that have no fact, at most `limit`.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn parents_without_fact(&self, limit: u32) -> Result<Vec<String>, IndexError> {
        self.file
            .with(move |connection, tables| {
                let mut out = Vec::new();
                let mut edges = tables.edges.walk(&[])?;
                let mut last: Option<Key> = None;
                while let Some(edge) = edges.next()?.filter(|_| out.len() < limit as usize) {
                    let parent = tables::key_of(&edge);
                    if last.replace(parent) != Some(parent)
                        && tables.known.first(&parent)?.is_none()
                    {
                        out.push(tables::text(connection, &parent)?);
                    }
                }
                Ok(out)
            })
            .await
    }

    /// Counts the recorded commits.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn commit_count(&self) -> Result<usize, IndexError> {
        self.file.with(|_, tables| Ok(tables.commits.len())).await
    }

    /// Edges from snapshots to the parents of their deltas, by number.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn snapshot_edges(&self) -> Result<Vec<(u32, u32)>, IndexError> {
        self.file
            .with(|_, tables| {
                let mut out = Vec::new();
                let mut parents = tables.snapshot_ids.walk(&[])?;
                let mut deltas = tables.deltas.walk(&[])?;
                while let Some(delta) = deltas.next()? {
                    if parents.seek(&delta[..KEY])?
                        && let Some(parent) = parents.head()
                    {
                        let (child, n) = (&delta[..], &parent[..]);
                        out.push((tables::number_behind(child), tables::number_behind(n)));
                    }
                }
                out.sort_unstable();
                Ok(out)
            })
            .await
    }

    /// Returns the number of each branch's head commit, with a number for its repository.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn heads(&self) -> Result<Vec<(u32, u32)>, IndexError> {
        self.file
            .with(|connection, tables| {
                let mut statement = connection.prepare_cached(
                    "SELECT head, dense_rank() OVER (ORDER BY repo_id) FROM branch WHERE head IS NOT NULL",
                )?;
                let mut rows = statement.query([])?;
                let mut out = Vec::new();
                while let Some(row) = rows.next()? {
                    let head: String = row.get(0)?;
                    if let Some(n) = number_of(connection, tables, &head)? {
                        out.push((n, row.get(1)?));
                    }
                }
                out.sort_unstable();
                Ok(out)
            })
            .await
    }

    /// Entries of each commit's tree, by the commit's number; commits without a known tree are left out.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn tree_sizes(&self) -> Result<Vec<(u32, u32)>, IndexError> {
        self.file
            .with(|_, tables| {
                let mut out = Vec::new();
                let mut snapshots = tables.snapshot_ids.walk(&[])?;
                let mut trees = tables.trees.walk(&[])?;
                while let Some(tree) = trees.next()? {
                    if snapshots.seek(&tree[..KEY])?
                        && let Some(snapshot) = snapshots.head()
                        && snapshot[NUMBERED] == 1
                    {
                        let mut entries = [0; 8];
                        entries.copy_from_slice(&snapshot[NUMBERED + 1..]);
                        let entries = u64::from_be_bytes(entries).min(u64::from(u32::MAX));
                        out.push((tables::number_behind(&tree), entries as u32));
                    }
                }
                out.sort_unstable();
                Ok(out)
            })
            .await
    }

    /// Returns the commits that cannot be pulled because `id` cannot: the commit itself or its children where it has no
    /// row, a snapshot's commits, the commits of every snapshot that names a blob.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn blocked_commits(&self, kind: Kind, id: &str) -> Result<Vec<u32>, IndexError> {
        let id = id.to_owned();
        self.file
            .with(move |connection, tables| {
                let mut out = match kind {
                    Kind::Blob => commits_with_blob(connection, tables, &id)?,
                    _ => match tables::found(connection, kind, &Met::new(&id))? {
                        None => Vec::new(),
                        Some(key) if kind == Kind::Snapshot => tables.commits_of(&key)?,
                        Some(key) => {
                            let own = tables.commit_number(&key)?;
                            let children = children_of(tables, &key)?;
                            own.into_iter().chain(children).collect()
                        }
                    },
                };
                out.sort_unstable();
                if kind == Kind::Commit {
                    out.dedup();
                }
                Ok(out)
            })
            .await
    }

    /// Returns the commits that cannot be pulled because blobs of a pack, by its digits, cannot be had.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn blocked_by_pack(&self, pack: &str) -> Result<Vec<u32>, IndexError> {
        let pack = pack.to_owned();
        self.file
            .with(move |connection, tables| {
                let mut blobs =
                    connection.prepare_cached("SELECT blob FROM lost WHERE pack = ?1")?;
                let blobs = blobs.query_map([&pack], |row| row.get::<_, String>(0))?;
                let mut out = Vec::new();
                for blob in blobs {
                    out.extend(commits_with_blob(connection, tables, &blob?)?);
                }
                out.sort_unstable();
                out.dedup();
                Ok(out)
            })
            .await
    }

    /// Returns the commits whose own record, tree or files were not judged or gave no answer, by number.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn doubtful_commits(&self) -> Result<Vec<u32>, IndexError> {
        self.file
            .with(|connection, tables| {
                let mut doubtful: Vec<Key> = Vec::new();
                let mut known = tables.known.walk(&[])?;
                while let Some(fact) = known.next()? {
                    if fact[KEY] >= 2 {
                        doubtful.push(tables::key_of(&fact));
                    }
                }
                let mut out = Vec::new();
                for key in doubtful {
                    match key::kind(&key) {
                        Kind::Commit => out.extend(tables.commit_number(&key)?),
                        Kind::Snapshot => out.extend(tables.commits_of(&key)?),
                        Kind::Blob => {
                            let blob = tables::text(connection, &key)?;
                            out.extend(commits_with_blob(connection, tables, &blob)?);
                        }
                    }
                }
                out.sort_unstable();
                out.dedup();
                Ok(out)
            })
            .await
    }

    /// Returns the ids and repositories of commits by number, in the order of the numbers.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn commits_numbered(
        &self,
        numbers: &[u32],
    ) -> Result<Vec<(u32, String, String)>, IndexError> {
        let numbers = once_each(numbers);
        self.file
            .with(move |connection, tables| {
                let mut out = Vec::with_capacity(numbers.len());
                for n in numbers {
                    if let Some(commit) = tables.commits.get(n as usize)? {
                        let repo = tables.repos.id(tables::number_behind(&commit));
                        out.push((n, tables::text(connection, &commit)?, repo.to_owned()));
                    }
                }
                Ok(out)
            })
            .await
    }

    /// Returns the ids of snapshots by number, in the order of the numbers.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn snapshots_numbered(&self, numbers: &[u32]) -> Result<Vec<String>, IndexError> {
        let numbers = once_each(numbers);
        self.file
            .with(move |connection, tables| {
                let mut out = Vec::with_capacity(numbers.len());
                for n in numbers {
                    if let Some(key) = tables.snapshots.get(n as usize)? {
                        out.push(tables::text(connection, &key)?);
                    }
                }
                Ok(out)
            })
            .await
    }

    /// Returns ids of rows that refer to an id, as texts behind `after`, at most `limit`: the children of a commit, the
    /// commits of a snapshot, the snapshots of a blob that cannot be pulled.
    pub(super) async fn referring(
        &self,
        kind: Kind,
        id: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, IndexError> {
        let (id, after) = (id.to_owned(), after.to_owned());
        self.file
            .with(move |connection, tables| {
                let mut out = match kind {
                    Kind::Blob => snapshots_with(connection, &id)?,
                    _ => {
                        let key = tables::found(connection, kind, &Met::new(&id))?;
                        let numbers = match key {
                            None => Vec::new(),
                            Some(key) if kind == Kind::Snapshot => tables.commits_of(&key)?,
                            Some(key) => children_of(tables, &key)?,
                        };
                        let mut ids = Vec::with_capacity(numbers.len());
                        for n in numbers {
                            if let Some(commit) = tables.commits.get(n as usize)? {
                                ids.push(tables::text(connection, &commit)?);
                            }
                        }
                        ids
                    }
                };
                out.retain(|id| *id > after);
                out.sort_unstable();
                out.dedup();
                out.truncate(limit as usize);
                Ok(out)
            })
            .await
    }
}

/// Returns the number of a commit by the text of its id.
pub(super) fn number_of(
    connection: &Connection,
    tables: &mut Tables,
    id: &str,
) -> Result<Option<u32>, Trouble> {
    Ok(
        match tables::found(connection, Kind::Commit, &Met::new(id))? {
            Some(key) => tables.commit_number(&key)?,
            None => None,
        },
    )
}

/// Returns the numbers of the commits that have this parent.
fn children_of(tables: &mut Tables, parent: &Key) -> Result<Vec<u32>, Trouble> {
    let edges = tables.edges.all(parent)?;
    Ok(edges
        .iter()
        .map(|edge| tables::number_behind(edge))
        .collect())
}

/// Returns the snapshots with a blob that cannot be pulled.
fn snapshots_with(connection: &Connection, blob: &str) -> Result<Vec<String>, Trouble> {
    let mut statement =
        connection.prepare_cached("SELECT snapshot FROM bad_entry WHERE blob = ?1")?;
    let rows = statement.query_map([blob], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Returns the numbers of the commits with a blob that cannot be pulled.
fn commits_with_blob(
    connection: &Connection,
    tables: &mut Tables,
    blob: &str,
) -> Result<Vec<u32>, Trouble> {
    let mut out = Vec::new();
    for snapshot in snapshots_with(connection, blob)? {
        if let Some(key) = tables::found(connection, Kind::Snapshot, &Met::new(&snapshot))? {
            out.extend(tables.commits_of(&key)?);
        }
    }
    Ok(out)
}

fn once_each(numbers: &[u32]) -> Vec<u32> {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
