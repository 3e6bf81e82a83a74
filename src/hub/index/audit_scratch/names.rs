//! What repositories name, in the order of (`kind`, `id`).

use super::sorted::Sorted;
use super::tables::{self, NAMED, NUMBERED, Tables};
use crate::index::key::{self, Form, KEY, Key, Met};
use crate::index::scratch_trouble::Trouble;
use luthier_object::Kind;
use rusqlite::Connection;

/// Records that are looked into at once.
const STRETCH: usize = 1_000;

/// An id that something names, and what is wrong with that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    pub kind: Kind,
    pub id: String,
    /// The repository that names it.
    pub repo_id: String,
    /// The first that names it there.
    pub by_id: String,
}

/// A record of `named`.
pub(super) type Name = [u8; NAMED];

/// Returns the number of the repository that names.
pub(super) fn name_repo(name: &Name) -> u32 {
    tables::number_behind(name)
}

/// Returns the kinds from that of `after` on, each with the id behind which it is looked at.
pub(super) fn kinds(after: Option<(Kind, &str)>) -> impl Iterator<Item = (Kind, Option<&str>)> {
    let left = Kind::ALL.into_iter();
    let left = left.filter(move |kind| after.is_none_or(|(first, _)| *kind >= first));
    left.map(move |kind| {
        let own = after.filter(|(first, _)| *first == kind);
        (kind, own.map(|(_, id)| id))
    })
}

/// Names that are told, in the order of (`kind`, `id`).
pub(super) struct Page {
    limit: usize,
    names: Vec<Name>,
}

impl Page {
    pub const fn new(limit: u32) -> Self {
        Self {
            limit: limit as usize,
            names: Vec::new(),
        }
    }

    /// Adds what `choose` takes of the names of each id of a kind behind `after`, or with it.
    pub fn fill(
        &mut self,
        connection: &Connection,
        tables: &mut Tables,
        (kind, after, with): (Kind, Option<&str>, bool),
        choose: impl Fn(&mut Tables, &Key, &[Name]) -> Result<Vec<Name>, Trouble>,
    ) -> Result<(), Trouble> {
        let left = self.limit - self.names.len();
        if left == 0 {
            return Ok(());
        }
        let mut start = tables::start(kind, after);
        if let (true, Some(Met::Digest(form, digest))) = (with, after.map(Met::new)) {
            start = key::key(kind, form, &digest);
        }
        let mut found: Vec<(String, Name)> = Vec::new();
        let mut odd: Vec<(String, Name)> = Vec::new();
        let mut next = Some(start);
        while let Some(from) = next.filter(|_| found.len() < left) {
            let (names, behind) = stretch(&mut tables.named, kind, &from)?;
            next = behind;
            for names in names.chunk_by(|a, b| a[..KEY] == b[..KEY]) {
                for name in choose(tables, &tables::key_of(&names[0]), names)? {
                    found.push((tables::text(connection, &name)?, name));
                }
            }
        }
        let from = (after.unwrap_or(""), with || after.is_none());
        tables::each_odd(connection, kind, from, |text, key| {
            let names = tables.named.all(&key)?;
            if !names.is_empty() {
                let chosen = choose(tables, &key, &names)?;
                odd.extend(chosen.into_iter().map(|name| (text.clone(), name)));
            }
            Ok(odd.len() < left)
        })?;
        found.extend(odd);
        // Stable: the names of an id keep their order.
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        let names = found.into_iter().take(left).map(|(_, name)| name);
        self.names.extend(names);
        Ok(())
    }

    /// Returns the names as they are told.
    pub fn told(
        self,
        connection: &Connection,
        tables: &Tables,
    ) -> Result<Vec<Unresolved>, Trouble> {
        let told = |name: &Name| {
            Ok(Unresolved {
                kind: key::kind(name),
                id: tables::text(connection, name)?,
                repo_id: tables.repos.id(name_repo(name)).to_owned(),
                by_id: tables::text(connection, &name[NUMBERED..])?,
            })
        };
        self.names.iter().map(told).collect()
    }
}

/// Returns the next records of a kind whose ids are digests, from `start` on, and where the following begin. Records of
/// one id are never parted.
pub(super) fn stretch<const N: usize>(
    table: &mut Sorted<N>,
    kind: Kind,
    start: &Key,
) -> Result<(Vec<[u8; N]>, Option<Key>), Trouble> {
    let end = key::head(kind, Form::Odd);
    let mut walk = table.walk(start)?;
    let mut out: Vec<[u8; N]> = Vec::with_capacity(STRETCH);
    while let Some(record) = walk.head().copied().filter(|record| record[0] < end) {
        let is_new = out.last().is_none_or(|last| last[..KEY] != record[..KEY]);
        if is_new && out.len() >= STRETCH {
            return Ok((out, Some(tables::key_of(&record))));
        }
        out.push(record);
        walk.next()?;
    }
    Ok((out, None))
}
