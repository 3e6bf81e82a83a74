//! Facts as they are met: keys of the listing, rows, edges.

use super::AuditScratch;
use super::tables::{self, Holders, Tables};
use crate::index::key::{KEY, Met};
use crate::index::scratch_file::{Query, ask};
use crate::index::scratch_trouble::Trouble;
use crate::index::{IndexError, MembershipRow, RepoRow};
use luthier_object::Kind;
use luthier_object::time::Micros;
use rusqlite::Connection;
use std::collections::HashMap;

/// A key of a known layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    pub hex: String,
    pub key: String,
    /// Bytes.
    pub size: u64,
    pub modified: Option<Micros>,
}

/// A key that holds, or claims to hold, the bytes of a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCopy {
    pub key: String,
    /// Bytes.
    pub size: u64,
}

/// The state of a row that something may refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Sound = 0,
    /// A pull of it fails.
    Bad = 1,
    /// Not judged: too young, or of another repository than the audit is cut to.
    Unjudged = 2,
    /// A question about it had no answer.
    Unread = 3,
}

impl Standing {
    /// Returns whether what needs the row may fail for all that is known: it is bad, or was not looked at.
    #[must_use]
    pub fn is_doubtful(self) -> bool {
        self != Standing::Sound
    }

    pub(super) const fn numbered(number: u8) -> Self {
        match number {
            0 => Standing::Sound,
            1 => Standing::Bad,
            3 => Standing::Unread,
            _ => Standing::Unjudged,
        }
    }
}

/// A branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchFact {
    pub id: String,
    pub repo_id: String,
    pub name: String,
    pub head: Option<String>,
}

impl AuditScratch {
    /// Lays down keys of the listing.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_listed(&self, keys: &[ListedKey]) -> Result<(), IndexError> {
        self.add(
            "INSERT OR IGNORE INTO listed (hex, key, size, modified) ",
            keys,
            |row, k| {
                row.cell(k.hex.clone())
                    .cell(k.key.clone())
                    .cell(k.size as i64)
                    .cell(k.modified);
            },
        )
        .await
    }

    /// Lays down repositories.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_repos(&self, repos: &[RepoRow]) -> Result<(), IndexError> {
        self.add(
            "INSERT OR IGNORE INTO repo (repo_id, path, deleted) ",
            repos,
            |row, r| {
                row.cell(r.repo_id.clone())
                    .cell(r.path())
                    .cell(i64::from(r.deleted_at.is_some()));
            },
        )
        .await
    }

    /// Lays down which repository holds which row.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_members(
        &self,
        kind: Kind,
        members: &[MembershipRow],
    ) -> Result<(), IndexError> {
        let met = |m: &MembershipRow| (Met::owned(&m.id), m.repo_id.clone());
        let members = members.iter().map(met);
        self.lay_down(members, move |connection, tables, (id, repo)| {
            let key = tables::kept(connection, kind, &id)?;
            let repo = tables.repos.number(&repo);
            Ok(tables.members.push(tables::numbered(&key, repo))?)
        })
        .await
    }

    /// Lays down ids that have a row, with their standing.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_known<'i>(
        &self,
        kind: Kind,
        rows: impl IntoIterator<Item = (&'i str, Standing)>,
    ) -> Result<(), IndexError> {
        let rows = rows.into_iter();
        let rows = rows.map(|(id, standing)| (Met::owned(id), standing as u8));
        self.lay_down(rows, move |connection, tables, (id, standing)| {
            let mut fact = [standing; KEY + 1];
            fact[..KEY].copy_from_slice(&tables::kept(connection, kind, &id)?);
            Ok(tables.known.push(fact)?)
        })
        .await
    }

    /// Lays down entries of manifests whose blob cannot be pulled or was not looked at: (snapshot, blob).
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_bad_entries(&self, entries: &[(String, String)]) -> Result<(), IndexError> {
        self.add(
            "INSERT OR IGNORE INTO bad_entry (snapshot, blob) ",
            entries,
            |row, (s, b)| {
                row.cell(s.clone()).cell(b.clone());
            },
        )
        .await
    }

    /// Lays down blobs that cannot be had, each with the pack that its row names: (pack, blob).
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_lost(&self, blobs: &[(String, String)]) -> Result<(), IndexError> {
        if blobs.is_empty() {
            return Ok(());
        }
        self.add(
            "INSERT OR IGNORE INTO lost (pack, blob) ",
            blobs,
            |row, (pack, blob)| {
                row.cell(pack.clone()).cell(blob.clone());
            },
        )
        .await
    }

    /// Lays down branches.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_branches(&self, branches: &[BranchFact]) -> Result<(), IndexError> {
        self.add(
            "INSERT INTO branch (id, repo_id, name, head) ",
            branches,
            |row, b| {
                row.cell(b.id.clone())
                    .cell(b.repo_id.clone())
                    .cell(b.name.clone())
                    .cell(b.head.clone());
            },
        )
        .await
    }

    /// Returns the listed keys of each digest that has any.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn copies(
        &self,
        hexes: &[String],
    ) -> Result<HashMap<String, Vec<StoredCopy>>, IndexError> {
        let mut out: HashMap<String, Vec<StoredCopy>> = HashMap::new();
        let rows = ask(
            "SELECT hex, key, size FROM listed WHERE hex IN (SELECT value FROM json_each(?1)) ORDER BY hex, key",
        )
        .bind(json_list(hexes))
        .rows(&self.file)
        .await?;
        for row in rows {
            let copy = StoredCopy {
                key: row.get(1),
                size: row.get::<i64>(2) as u64,
            };
            out.entry(row.get(0)).or_default().push(copy);
        }
        Ok(out)
    }

    /// Returns the repositories that hold each id.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn holders(
        &self,
        kind: Kind,
        ids: &[String],
    ) -> Result<HashMap<String, Vec<String>>, IndexError> {
        let found = self.holders_of_each(kind, ids.iter().map(String::as_str));
        let found = ids.iter().cloned().zip(found.await?);
        let found = found.map(|(id, repos)| (id, repos.to_vec()));
        Ok(found.filter(|(_, repos)| !repos.is_empty()).collect())
    }

    /// Returns the repositories that hold each id, in the order of the ids.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn holders_of_each<'i>(
        &self,
        kind: Kind,
        ids: impl Iterator<Item = &'i str>,
    ) -> Result<Vec<Holders>, IndexError> {
        let found = self.each_key(kind, ids, |tables, key| {
            tables.held.clear();
            tables.members.add_all(key, &mut tables.held)?;
            let numbers = tables.held.iter().map(|fact| tables::number_behind(fact));
            Ok(Some(tables.repos.holders(numbers)))
        });
        let nobody = Holders::default();
        let found = found.await?.into_iter();
        Ok(found.map(|f| f.unwrap_or_else(|| nobody.clone())).collect())
    }

    /// Of `ids`, those that have a row, each with what is known of it.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn known(
        &self,
        kind: Kind,
        ids: &[String],
    ) -> Result<HashMap<String, Standing>, IndexError> {
        let texts = ids.iter().map(String::as_str);
        let found = self.each_key(kind, texts, |tables, key| {
            let fact = tables.known.first(key)?;
            Ok(fact.map(|fact| Standing::numbered(fact[KEY])))
        });
        let found = ids.iter().zip(found.await?);
        let known = found.filter_map(|(id, standing)| Some((id.clone(), standing?)));
        Ok(known.collect())
    }

    /// Asks about each id, in the order given.
    async fn each_key<'i, T: Send + 'static>(
        &self,
        kind: Kind,
        ids: impl Iterator<Item = &'i str>,
        ask: impl Fn(&mut Tables, &[u8]) -> Result<Option<T>, Trouble> + Send + 'static,
    ) -> Result<Vec<Option<T>>, IndexError> {
        let ids: Vec<Met<'static>> = ids.map(Met::owned).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.file
            .with(move |connection, tables| {
                let mut out = Vec::with_capacity(ids.len());
                for id in &ids {
                    out.push(match tables::found(connection, kind, id)? {
                        Some(key) => ask(tables, &key)?,
                        None => None,
                    });
                }
                Ok(out)
            })
            .await
    }

    /// Lays down each of these, as it is at the door, behind what was laid down.
    pub(super) async fn lay_down<M: Send + 'static>(
        &self,
        rows: impl Iterator<Item = M>,
        lay_down: impl Fn(&Connection, &mut Tables, M) -> Result<(), Trouble> + Send + 'static,
    ) -> Result<(), IndexError> {
        let rows: Vec<M> = rows.collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.file
            .tell(move |connection, tables| {
                rows.into_iter()
                    .try_for_each(|row| lay_down(connection, tables, row))
            })
            .await
    }

    /// Inserts `rows`, one transaction for all.
    pub(super) async fn add<T>(
        &self,
        head: &'static str,
        rows: &[T],
        bind: impl Fn(&mut Query, &T),
    ) -> Result<(), IndexError> {
        self.file.add((head, ""), rows, bind).await
    }
}

/// Returns a list of texts as one bind.
pub(super) fn json_list(texts: &[String]) -> String {
    serde_json::Value::from(texts.to_vec()).to_string()
}
