//! The tables of the facts, and the texts and repositories that stand in them as numbers.

use super::numbered::Numbered;
use super::packed::{self, PACKED};
use super::recent::Recent;
use super::sorted::Sorted;
use crate::index::key::{self, Form, KEY, Key, Meant, Met};
use crate::index::scratch_trouble::Trouble;
use luthier_object::Kind;
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

/// Bytes of a key and a number of four bytes.
pub(super) const NUMBERED: usize = KEY + 4;

/// A row of `named`: what is named, by which repository, by which row.
pub(super) const NAMED: usize = NUMBERED + KEY;

/// A row of `edges`: parent, child, and the parent's place among the child's.
pub(super) const EDGE: usize = NUMBERED + 4;

/// A commit: its key, its repository's number, its snapshot's key.
pub(super) const COMMIT: usize = NAMED;

/// The first byte of a key that stands for none, and of one that is a label's number.
const NONE: u8 = 0xff;
const LABEL: u8 = 0xfe;

/// Everything that joins over a hub's ids need, in records of one size.
pub(super) struct Tables {
    pub repos: Repos,
    /// Rows: key, standing.
    pub known: Sorted<{ KEY + 1 }>,
    /// What is named, by which repository, and the first that does.
    pub named: Sorted<NAMED>,
    /// What was named last: key and number of the repository.
    pub recent: Recent<NUMBERED>,
    /// Key and number of the repository that holds the row.
    pub members: Sorted<NUMBERED>,
    /// Members that were looked up last.
    pub held: Vec<[u8; NUMBERED]>,
    pub commits: Numbered<COMMIT>,
    /// Key and number of each commit.
    pub commit_ids: Sorted<NUMBERED>,
    /// A snapshot's key and the number of a commit that has it.
    pub trees: Sorted<NUMBERED>,
    pub edges: Sorted<EDGE>,
    /// Keys.
    pub snapshots: Numbered<KEY>,
    /// Key, number and entries of each snapshot.
    pub snapshot_ids: Sorted<{ NUMBERED + 9 }>,
    /// The key of a delta's parent and the number of its snapshot.
    pub deltas: Sorted<NUMBERED>,
    /// Blobs in packs: digests of blob and pack, place and proof.
    pub packed: Sorted<PACKED>,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            repos: Repos::default(),
            known: Sorted::new(KEY),
            named: Sorted::of_least(NUMBERED),
            recent: Recent::new(),
            members: Sorted::new(NUMBERED),
            held: Vec::new(),
            commits: Numbered::new(),
            commit_ids: Sorted::new(KEY),
            trees: Sorted::new(NUMBERED),
            edges: Sorted::new(EDGE),
            snapshots: Numbered::new(),
            snapshot_ids: Sorted::new(KEY),
            deltas: Sorted::new(NUMBERED),
            packed: Sorted::new(packed::DIGESTS),
        }
    }
}

impl Tables {
    /// Makes one run of each table.
    ///
    /// # Errors
    /// The folder for temporary files cannot be read or written.
    pub fn merge(&mut self) -> io::Result<()> {
        self.known.merge()?;
        self.named.merge()?;
        self.members.merge()?;
        self.commit_ids.merge()?;
        self.trees.merge()?;
        self.edges.merge()?;
        self.snapshot_ids.merge()?;
        self.deltas.merge()?;
        self.packed.merge()
    }

    /// Returns the number of a commit that has a fact.
    ///
    /// # Errors
    /// A run cannot be read.
    pub fn commit_number(&mut self, key: &Key) -> io::Result<Option<u32>> {
        Ok(self.commit_ids.first(key)?.map(|fact| number_behind(&fact)))
    }

    /// Returns the numbers of the commits that have a snapshot.
    ///
    /// # Errors
    /// A run cannot be read.
    pub fn commits_of(&mut self, snapshot: &Key) -> io::Result<Vec<u32>> {
        let facts = self.trees.all(snapshot)?;
        Ok(facts.iter().map(|fact| number_behind(fact)).collect())
    }
}

/// Returns the number of four bytes that follows a key.
pub(super) fn number_behind(record: &[u8]) -> u32 {
    number_at(record, KEY)
}

/// Returns the number of four bytes at a place.
pub(super) fn number_at(record: &[u8], at: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&record[at..at + 4]);
    u32::from_be_bytes(bytes)
}

/// Returns a key and a number as a record.
pub(super) fn numbered(key: &Key, number: u32) -> [u8; NUMBERED] {
    let mut out = [0; NUMBERED];
    out[..KEY].copy_from_slice(key);
    out[KEY..].copy_from_slice(&number.to_be_bytes());
    out
}

/// Returns a record of a key, a number and another key.
pub(super) fn pair(key: &Key, number: u32, other: &Key) -> [u8; NAMED] {
    let mut out = [0; NAMED];
    out[..KEY].copy_from_slice(key);
    out[KEY..NUMBERED].copy_from_slice(&number.to_be_bytes());
    out[NUMBERED..].copy_from_slice(other);
    out
}

/// Returns the key that begins a record.
pub(super) fn key_of(record: &[u8]) -> Key {
    let mut key = [0; KEY];
    key.copy_from_slice(&record[..KEY]);
    key
}

/// The key that stands for none.
pub(super) const fn no_key() -> Key {
    [NONE; KEY]
}

/// The repositories that hold a row, in the order of `repo_id`. Rows that the same ones hold share it.
pub type Holders = Arc<[String]>;

/// Repositories by number, in the order in which they were met.
#[derive(Default)]
pub(super) struct Repos {
    numbers: HashMap<Arc<str>, u32>,
    ids: Vec<Arc<str>>,
    /// Those that held the row before, by number and by id.
    holders: (Vec<u32>, Holders),
}

impl Repos {
    /// Returns the number of a repository, which it gets if it has none.
    pub fn number(&mut self, repo_id: &str) -> u32 {
        if let Some(number) = self.numbers.get(repo_id) {
            return *number;
        }
        let number = self.ids.len() as u32;
        let repo_id: Arc<str> = repo_id.into();
        self.ids.push(repo_id.clone());
        self.numbers.insert(repo_id, number);
        number
    }

    /// Returns the number of a repository that was met.
    pub fn find(&self, repo_id: &str) -> Option<u32> {
        self.numbers.get(repo_id).copied()
    }

    /// Returns the repositories with these numbers, in the order of `repo_id`: nearly always those of the row before.
    pub fn holders(&mut self, numbers: impl Iterator<Item = u32> + Clone) -> Holders {
        if !numbers.clone().eq(self.holders.0.iter().copied()) {
            let mut ids: Vec<String> = numbers.clone().map(|n| self.id(n).to_owned()).collect();
            ids.sort_unstable();
            self.holders = (numbers.collect(), ids.into());
        }
        self.holders.1.clone()
    }

    /// Returns the `repo_id` with this number.
    pub fn id(&self, number: u32) -> &str {
        self.ids.get(number as usize).map_or("", |id| id)
    }
}

/// Returns the key of an id, whose text is kept where it holds no digest.
///
/// # Errors
/// The scratch file cannot be written.
pub(super) fn kept(connection: &Connection, kind: Kind, id: &Met<'_>) -> rusqlite::Result<Key> {
    if let Some(key) = found(connection, kind, id)? {
        return Ok(key);
    }
    if let Met::Odd(text) = id {
        connection
            .prepare_cached("INSERT INTO odd (text) VALUES (?1)")?
            .execute([text])?;
    }
    Ok(key::odd_key(kind, connection.last_insert_rowid()))
}

/// Returns the key of an id; `None` where no fact can be about it.
///
/// # Errors
/// The scratch file cannot be read.
pub(super) fn found(
    connection: &Connection,
    kind: Kind,
    id: &Met<'_>,
) -> rusqlite::Result<Option<Key>> {
    Ok(match id {
        Met::Digest(form, digest) => Some(key::key(kind, *form, digest)),
        Met::Odd(text) => odd_number(connection, text)?.map(|number| key::odd_key(kind, number)),
    })
}

fn odd_number(connection: &Connection, text: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT n FROM odd WHERE text = ?1")?
        .query_row([text], |row| row.get(0))
        .optional()
}

/// Returns what stands for a row with this key, whose id holds a digest, where it names something.
pub(super) fn label_of(key: &Key) -> Key {
    let mut label = *key;
    // One kind stands for all of them, so that labels sort as the texts of their ids do.
    label[0] = key[0] & 3 | key::head(Kind::Commit, Form::Bare);
    label
}

/// Returns the key that stands for whatever names something: the id of a row, or the name of a branch.
///
/// # Errors
/// The scratch file cannot be written.
pub(super) fn label(connection: &Connection, id: &Met<'_>) -> rusqlite::Result<Key> {
    match id {
        Met::Digest(form, digest) => Ok(key::key(Kind::Commit, *form, digest)),
        Met::Odd(text) => {
            connection
                .prepare_cached("INSERT INTO label (text) VALUES (?1)")?
                .execute([text])?;
            let mut key = key::odd_key(Kind::Commit, connection.last_insert_rowid());
            key[0] = LABEL;
            Ok(key)
        }
    }
}

/// Returns the text that a key stands for.
///
/// # Errors
/// The scratch file cannot be read.
pub(super) fn text(connection: &Connection, key: &[u8]) -> rusqlite::Result<String> {
    let statement = match key[0] {
        LABEL => "SELECT text FROM label WHERE n = ?1",
        _ => "SELECT text FROM odd WHERE n = ?1",
    };
    match key::meant(key) {
        Meant::Text(text) => Ok(text),
        Meant::Odd(number) => connection
            .prepare_cached(statement)?
            .query_row([number], |row| row.get(0)),
    }
}

/// Returns every odd id that sorts behind `after`, or is equal where `with` is set: text and key, for as long as `take`
/// wants more.
///
/// # Errors
/// The scratch file cannot be read, or `take` fails.
pub(super) fn each_odd(
    connection: &Connection,
    kind: Kind,
    (after, with): (&str, bool),
    mut take: impl FnMut(String, Key) -> Result<bool, Trouble>,
) -> Result<(), Trouble> {
    let mut statement =
        connection.prepare_cached("SELECT n, text FROM odd WHERE text >= ?1 ORDER BY text")?;
    let mut rows = statement.query([after])?;
    while let Some(row) = rows.next()? {
        let text: String = row.get(1)?;
        if !with && text == after {
            continue;
        }
        if !take(text, key::odd_key(kind, row.get(0)?))? {
            break;
        }
    }
    Ok(())
}

/// Returns where the digests of a kind begin that sort behind `after`, or all of them.
pub(super) fn start(kind: Kind, after: Option<&str>) -> Key {
    match after {
        Some(after) => key::behind(kind, after),
        None => key::key(kind, Form::Bare, &[0; 32]),
    }
}
