//! Joins over the facts: what is named without a row, held elsewhere, listed without a name.

use super::names::{Name, Page, Unresolved, kinds, name_repo, stretch};
use super::tables::{self, Tables};
use super::{AuditScratch, BranchFact, ListedKey, Standing};
use crate::index::IndexError;
use crate::index::key::{self, Form, KEY, Key, Met};
use crate::index::scratch_file::{Row, ask};
use crate::index::scratch_trouble::Trouble;
use luthier_object::{Kind, id};
use rusqlite::Connection;

/// Keys of the listing that are looked at for each one that is wanted.
const LISTED: u32 = 5_000;

impl AuditScratch {
    /// Lays down that ids are named by a repository.
    ///
    /// # Errors
    /// The scratch file cannot be written.
    pub async fn add_named(&self, names: &[Unresolved]) -> Result<(), IndexError> {
        let met = |n: &Unresolved| {
            let (id, by) = (Met::owned(&n.id), Met::owned(&n.by_id));
            (n.kind, id, n.repo_id.clone(), by)
        };
        self.lay_down(
            names.iter().map(met),
            |connection, tables, (kind, id, repo, by)| {
                let key = tables::kept(connection, kind, &id)?;
                let by = tables::label(connection, &by)?;
                let repo = tables.repos.number(&repo);
                Ok(tables.named.push(tables::pair(&key, repo, &by))?)
            },
        )
        .await
    }

    /// Ids that are named and have no row, behind (`kind`, `id`), one line for each id.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn without_row(
        &self,
        after: Option<(Kind, &str)>,
        limit: u32,
    ) -> Result<Vec<Unresolved>, IndexError> {
        let after = after.map(|(kind, id)| (kind, id.to_owned()));
        self.file
            .with(move |connection, tables| {
                let after = after.as_ref().map(|(kind, id)| (*kind, id.as_str()));
                let mut out = Page::new(limit);
                for (kind, after) in kinds(after) {
                    let lacking = |tables: &mut Tables, key: &Key, names: &[Name]| {
                        let known = tables.known.first(key)?.is_some();
                        let by_text = |name: &&Name| tables.repos.id(name_repo(name));
                        let first = names.iter().min_by_key(by_text).filter(|_| !known);
                        Ok(first.copied().into_iter().collect())
                    };
                    out.fill(connection, tables, (kind, after, false), lacking)?;
                }
                out.told(connection, tables)
            })
            .await
    }

    /// Ids that a repository names and others hold, behind (`kind`, `id`, `repo_id`).
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn held_elsewhere(
        &self,
        after: Option<&Unresolved>,
        limit: u32,
    ) -> Result<Vec<Unresolved>, IndexError> {
        let after = after.cloned();
        self.file
            .with(move |connection, tables| {
                let at = after.as_ref().map(|name| (name.kind, name.id.as_str()));
                let seen = match &after {
                    Some(name) => tables::found(connection, name.kind, &Met::new(&name.id))?
                        .map(|key| (key, name.repo_id.as_str())),
                    None => None,
                };
                let mut out = Page::new(limit);
                for (kind, after) in kinds(at) {
                    let elsewhere = |tables: &mut Tables, key: &Key, names: &[Name]| {
                        tables.held.clear();
                        tables.members.add_all(key, &mut tables.held)?;
                        let held = &tables.held;
                        let is_held = |name: &Name| {
                            let repo = name_repo(name);
                            held.iter().any(|h| tables::number_behind(h) == repo)
                        };
                        if held.is_empty() || names.iter().all(is_held) {
                            return Ok(Vec::new());
                        }
                        if tables.known.first(key)?.is_none() {
                            return Ok(Vec::new());
                        }
                        let id = |name: &Name| tables.repos.id(name_repo(name));
                        // Behind the last page, of the same id other repositories may follow.
                        let is_behind = |name: &Name| {
                            seen.is_none_or(|(seen, repo)| seen != *key || id(name) > repo)
                        };
                        let mut names: Vec<Name> = names.to_vec();
                        names.retain(|name| !is_held(name) && is_behind(name));
                        names.sort_by(|a, b| id(a).cmp(id(b)));
                        Ok(names)
                    };
                    out.fill(connection, tables, (kind, after, true), elsewhere)?;
                }
                out.told(connection, tables)
            })
            .await
    }

    /// Blob rows that nothing names, behind `id`.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn unnamed_blobs(&self, after: &str, limit: u32) -> Result<Vec<String>, IndexError> {
        let after = after.to_owned();
        self.file
            .with(move |connection, tables| unnamed(connection, tables, &after, limit as usize))
            .await
    }

    /// Keys of known layouts whose digest no row has, behind (`hex`, `key`), with whether it is named.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn keys_without_row(
        &self,
        after: Option<&ListedKey>,
        limit: u32,
    ) -> Result<Vec<(ListedKey, bool)>, IndexError> {
        let (mut hex, mut key) = after.map_or((String::new(), String::new()), |l| {
            (l.hex.clone(), l.key.clone())
        });
        self.file
            .with(move |connection, tables| {
                let mut out = Vec::new();
                loop {
                    let page = listed_behind(connection, (&hex, &key))?;
                    let Some(last) = page.last() else {
                        return Ok(out);
                    };
                    (hex, key) = (last.hex.clone(), last.key.clone());
                    lacking_row(tables, page, &mut out)?;
                    if out.len() >= limit as usize {
                        out.truncate(limit as usize);
                        return Ok(out);
                    }
                }
            })
            .await
    }

    /// Names that two or more branch rows of one repository share: (`repo_id`, name, heads).
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn duplicate_branches(&self) -> Result<Vec<(String, String, String)>, IndexError> {
        let rows = ask(
            "SELECT repo_id, name, group_concat(coalesce(head, ''), ' ') FROM (SELECT * FROM branch ORDER BY repo_id, name, id)
             GROUP BY repo_id, name HAVING count(*) > 1 ORDER BY repo_id, name",
        )
        .rows(&self.file)
        .await?;
        Ok(rows
            .iter()
            .map(|r| (r.get(0), r.get(1), r.get(2)))
            .collect())
    }

    /// Returns a page of the branch names of repositories that were not deleted: (`repo_id`, name), in this order.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn living_branches(
        &self,
        after: &(String, String),
        limit: u32,
    ) -> Result<Vec<(String, String)>, IndexError> {
        let rows = ask(
            "SELECT DISTINCT b.repo_id, b.name FROM branch AS b JOIN repo AS r ON r.repo_id = b.repo_id AND r.deleted = 0
             WHERE (b.repo_id, b.name) > (?1, ?2) ORDER BY b.repo_id, b.name LIMIT ?3",
        )
        .bind(&after.0)
        .bind(&after.1)
        .bind(limit)
        .rows(&self.file)
        .await?;
        Ok(rows.iter().map(|r| (r.get(0), r.get(1))).collect())
    }

    /// Branches whose head has no commit row.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn dangling_heads(&self) -> Result<Vec<BranchFact>, IndexError> {
        self.file
            .with(|connection, tables| {
                let mut statement = connection.prepare_cached(
                    "SELECT id, repo_id, name, head FROM branch WHERE head IS NOT NULL ORDER BY repo_id, name, id",
                )?;
                let mut rows = statement.query([])?;
                let mut out = Vec::new();
                while let Some(row) = rows.next()? {
                    let head: String = row.get(3)?;
                    let key = tables::found(connection, Kind::Commit, &Met::new(&head))?;
                    let is_known = match key {
                        Some(key) => tables.known.first(&key)?.is_some(),
                        None => false,
                    };
                    if !is_known {
                        out.push(BranchFact {
                            id: row.get(0)?,
                            repo_id: row.get(1)?,
                            name: row.get(2)?,
                            head: Some(head),
                        });
                    }
                }
                Ok(out)
            })
            .await
    }

    /// `owner/slug` of a repository that has a row.
    ///
    /// # Errors
    /// The scratch file cannot be read.
    pub async fn repo_path(&self, repo_id: &str) -> Result<Option<String>, IndexError> {
        let row = ask("SELECT path FROM repo WHERE repo_id = ?1")
            .bind(repo_id)
            .first(&self.file)
            .await?;
        Ok(row.map(|r| r.get(0)))
    }
}

/// Returns blob rows behind `after` that nothing names, at most `limit`.
fn unnamed(
    connection: &Connection,
    tables: &mut Tables,
    after: &str,
    limit: usize,
) -> Result<Vec<String>, Trouble> {
    let unnamed = |tables: &mut Tables, fact: &[u8]| {
        let is_judged = fact[KEY] != Standing::Unjudged as u8;
        Ok::<_, Trouble>(is_judged && tables.named.all(&fact[..KEY])?.is_empty())
    };
    let mut out = Vec::new();
    let mut next = Some(tables::start(Kind::Blob, Some(after)));
    while let Some(from) = next.filter(|_| out.len() < limit) {
        let (facts, behind) = stretch(&mut tables.known, Kind::Blob, &from)?;
        next = behind;
        for fact in facts {
            if unnamed(tables, &fact)? {
                out.push(tables::text(connection, &fact)?);
            }
        }
    }
    let mut odd = Vec::new();
    tables::each_odd(connection, Kind::Blob, (after, false), |text, key| {
        if let Some(fact) = tables.known.first(&key)?
            && unnamed(tables, &fact)?
        {
            odd.push(text);
        }
        Ok(odd.len() < limit)
    })?;
    out.extend(odd);
    out.sort_unstable();
    out.truncate(limit);
    Ok(out)
}

/// Returns keys of the listing behind (`hex`, `key`).
fn listed_behind(
    connection: &Connection,
    (hex, key): (&str, &str),
) -> Result<Vec<ListedKey>, Trouble> {
    let mut statement = connection.prepare_cached(
        "SELECT hex, key, size, modified FROM listed WHERE (hex, key) > (?1, ?2) ORDER BY hex, key LIMIT ?3",
    )?;
    let listed = |row: &rusqlite::Row<'_>| {
        Ok(ListedKey {
            hex: row.get(0)?,
            key: row.get(1)?,
            size: row.get::<_, i64>(2)? as u64,
            modified: row.get(3)?,
        })
    };
    let rows = statement.query_map((hex, key, LISTED), listed)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Adds those of a page of the listing whose digest no row has, each with whether something names it.
fn lacking_row(
    tables: &mut Tables,
    page: Vec<ListedKey>,
    out: &mut Vec<(ListedKey, bool)>,
) -> Result<(), Trouble> {
    let digests: Vec<_> = page.iter().map(|listed| id::digest(&listed.hex)).collect();
    let (mut known, mut named) = (vec![false; page.len()], vec![false; page.len()]);
    // The page is in the order of digests: kind by kind, neighbours are looked up after each other.
    for kind in Kind::ALL {
        for form in Form::DIGESTS {
            for (at, digest) in digests.iter().enumerate() {
                let Some(digest) = digest else { continue };
                let key = key::key(kind, form, digest);
                known[at] |= tables.known.first(&key)?.is_some();
            }
        }
    }
    for (at, digest) in digests.iter().enumerate().filter(|(at, _)| !known[*at]) {
        for (kind, form) in Kind::ALL
            .into_iter()
            .flat_map(|k| Form::DIGESTS.map(|f| (k, f)))
        {
            let Some(digest) = digest else { continue };
            named[at] |= !tables.named.all(&key::key(kind, form, digest))?.is_empty();
        }
    }
    let facts = page.into_iter().zip(known).zip(named);
    out.extend(facts.filter_map(|((listed, known), named)| (!known).then_some((listed, named))));
    Ok(())
}

pub(super) fn branch_fact(row: &Row) -> BranchFact {
    BranchFact {
        id: row.get(0),
        repo_id: row.get(1),
        name: row.get(2),
        head: row.get(3),
    }
}
