//! Rows that a repository's branches need and that its membership tables do not hold.

use super::AuditScratch;
use super::facts::{Standing, json_list};
use super::graph::number_of;
use super::runs::order;
use super::tables::{self, NUMBERED, Tables};
use super::trees::BlobIds;
use crate::index::IndexError;
use crate::index::key::KEY;
use crate::index::scratch_file::ask;
use crate::index::scratch_trouble::Trouble;
use luthier_object::Kind;
use rusqlite::Connection;
use std::collections::HashMap;

/// Commits whose snapshots are looked up together.
const TOGETHER: usize = 1 << 17;

/// A repository, and what counts in it.
#[derive(Clone, Debug)]
pub struct Holding {
    pub repo_id: String,
    /// The kinds that have a membership table.
    pub kinds: Vec<Kind>,
    /// Rows of other repositories were not read: whether a row is there is asked for later.
    pub is_alone: bool,
}

impl AuditScratch {
    /// Returns the repositories that were not deleted and have a branch, each with the numbers of its heads, in the order
    /// of `repo_id`.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn living_heads(&self) -> Result<Vec<(String, Vec<u32>)>, IndexError> {
        self.file
            .with(|connection, tables| {
                let mut statement = connection.prepare_cached(
                    "SELECT b.repo_id, b.head FROM branch AS b JOIN repo AS r ON r.repo_id = b.repo_id AND r.deleted = 0
                     WHERE b.head IS NOT NULL ORDER BY b.repo_id",
                )?;
                let mut rows = statement.query([])?;
                let mut out: Vec<(String, Vec<u32>)> = Vec::new();
                while let Some(row) = rows.next()? {
                    let (repo_id, head): (String, String) = (row.get(0)?, row.get(1)?);
                    if out.last().is_none_or(|(last, _)| *last != repo_id) {
                        out.push((repo_id, Vec::new()));
                    }
                    if let (Some(n), Some((_, heads))) =
                        (number_of(connection, tables, &head)?, out.last_mut())
                    {
                        heads.push(n);
                    }
                }
                Ok(out)
            })
            .await
    }

    /// Lays down, of these commits by number and of their snapshots, those that the repository does not hold.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_unheld_commits(
        &self,
        holding: &Holding,
        commits: Vec<u32>,
    ) -> Result<(), IndexError> {
        let holding = holding.clone();
        self.file
            .tell(move |connection, tables| {
                for commits in commits.chunks(TOGETHER) {
                    let mut trees = Vec::with_capacity(commits.len());
                    for n in commits {
                        let Some(commit) = tables.commits.get(*n as usize)? else {
                            continue;
                        };
                        holding.lay_down(connection, tables, Kind::Commit, &commit[..KEY])?;
                        trees.push(tables::key_of(&commit[NUMBERED..]));
                    }
                    // In order, since neighbours lie in one block.
                    trees.sort_unstable_by(|a, b| order(a, b));
                    trees.dedup();
                    for tree in trees.iter().filter(|tree| **tree != tables::no_key()) {
                        holding.lay_down(connection, tables, Kind::Snapshot, tree)?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// Lays down those of these blobs that the repository does not hold.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_unheld_blobs(
        &self,
        holding: &Holding,
        blobs: BlobIds,
    ) -> Result<(), IndexError> {
        let holding = holding.clone();
        self.file
            .tell(move |connection, tables| {
                for blob in &blobs.0 {
                    if let Some(key) = tables::found(connection, Kind::Blob, blob)? {
                        holding.lay_down(connection, tables, Kind::Blob, &key)?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// Lays down the blobs that trees of these repositories name and that they do not hold.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_unheld_names(&self, holdings: Vec<Holding>) -> Result<(), IndexError> {
        self.file
            .tell(move |connection, tables| {
                let numbered = holdings.iter().filter_map(|holding| {
                    let number = tables.repos.find(&holding.repo_id)?;
                    Some((number, holding))
                });
                let holdings: HashMap<u32, &Holding> = numbered.collect();
                lay_down_names(connection, tables, &holdings)?;
                Ok(())
            })
            .await
    }

    /// Returns ids of a kind that a repository needs and does not hold, behind `after`.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn unheld(
        &self,
        repo_id: &str,
        kind: Kind,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, IndexError> {
        let rows = ask("SELECT id FROM unheld WHERE repo_id = ?1 AND kind = ?2 AND id > ?3 ORDER BY id LIMIT ?4")
            .bind(repo_id)
            .bind(kind as i64)
            .bind(after)
            .bind(limit)
            .rows(&self.file)
            .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Returns whether a row is one that the repository needs and does not hold.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn is_unheld(&self, repo_id: &str, kind: Kind, id: &str) -> Result<bool, IndexError> {
        let row = ask("SELECT 1 FROM unheld WHERE repo_id = ?1 AND kind = ?2 AND id = ?3")
            .bind(repo_id)
            .bind(kind as i64)
            .bind(id)
            .first(&self.file)
            .await?;
        Ok(row.is_some())
    }

    /// Forgets rows that the repository holds by now, or that are gone.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn forget_unheld(
        &self,
        repo_id: &str,
        kind: Kind,
        ids: &[String],
    ) -> Result<(), IndexError> {
        ask("DELETE FROM unheld WHERE repo_id = ?1 AND kind = ?2 AND id IN (SELECT value FROM json_each(?3)) RETURNING 1")
            .bind(repo_id)
            .bind(kind as i64)
            .bind(json_list(ids))
            .rows(&self.file)
            .await?;
        Ok(())
    }

    /// Counts what a repository needs and does not hold, in the order of [`Kind::ALL`].
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn unheld_counts(&self, repo_id: &str) -> Result<[u64; 3], IndexError> {
        let rows = ask("SELECT kind, count(*) FROM unheld WHERE repo_id = ?1 GROUP BY kind")
            .bind(repo_id)
            .rows(&self.file)
            .await?;
        let mut out = [0; 3];
        for row in rows {
            if let Some(count) = out.get_mut(row.get::<i64>(0) as usize) {
                *count = row.get::<i64>(1) as u64;
            }
        }
        Ok(out)
    }
}

/// Lays down the blobs that are named by a repository which does not hold them: one walk over names, members and rows.
fn lay_down_names(
    connection: &Connection,
    tables: &mut Tables,
    holdings: &HashMap<u32, &Holding>,
) -> Result<(), Trouble> {
    let mut names = tables.named.walk(&tables::start(Kind::Blob, None))?;
    let mut members = tables.members.walk(&[])?;
    let mut known = tables.known.walk(&[])?;
    while let Some(name) = names.next()? {
        let Some(holding) = holdings.get(&tables::number_behind(&name)) else {
            continue;
        };
        let standing = match (known.seek(&name[..KEY])?, known.head()) {
            (true, Some(fact)) => Some(Standing::numbered(fact[KEY])),
            _ => None,
        };
        if holding.counts(Kind::Blob, standing) && !members.seek(&name[..NUMBERED])? {
            holding.insert(connection, Kind::Blob, &name[..KEY])?;
        }
    }
    Ok(())
}

impl Holding {
    /// Returns whether a row counts: of a kind that can be held, there, and old enough to be judged.
    fn counts(&self, kind: Kind, standing: Option<Standing>) -> bool {
        let is_judged = !matches!(standing, None | Some(Standing::Unjudged));
        self.kinds.contains(&kind) && (self.is_alone || is_judged)
    }

    fn insert(&self, connection: &Connection, kind: Kind, key: &[u8]) -> Result<(), Trouble> {
        connection
            .prepare_cached("INSERT OR IGNORE INTO unheld (repo_id, kind, id) VALUES (?1, ?2, ?3)")?
            .execute((&self.repo_id, kind as i64, tables::text(connection, key)?))?;
        Ok(())
    }

    /// Lays a row down, unless the repository holds it or it does not count.
    fn lay_down(
        &self,
        connection: &Connection,
        tables: &mut Tables,
        kind: Kind,
        key: &[u8],
    ) -> Result<(), Trouble> {
        let standing = tables.known.first(key)?;
        let standing = standing.map(|fact| Standing::numbered(fact[KEY]));
        let repo = tables.repos.number(&self.repo_id);
        let held = tables::numbered(&tables::key_of(key), repo);
        if self.counts(kind, standing) && tables.members.first(&held)?.is_none() {
            self.insert(connection, kind, key)?;
        }
        Ok(())
    }
}
