//! Names of branches that a client cannot keep as files below `.muse/refs/heads/`, alone or beside each other.

use super::path::{self, Unsafe};
use super::{Manifest, ObjectId};
use std::collections::BTreeMap;
use std::fmt;

/// The longest name, in bytes: it follows the path of a client's folder.
pub const LONGEST: usize = 1_024;

/// The reason why a name is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// By the rules for paths.
    Path(Unsafe),
    TooLong,
    /// A blank at either end: no ref can be read back with it.
    Blank,
    /// `HEAD` is the branch that is checked out.
    Head,
    /// Two dots in a row: what asks for a range of commits.
    Range,
    /// A part that ends in a dot, which Windows drops.
    Dot,
    /// A part that ends in `.lock`: the file that guards the ref of the same name.
    Lock,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Path(why) => why.fmt(f),
            Unfit::TooLong => f.write_str("too long"),
            Unfit::Blank => f.write_str("starts or ends with a blank"),
            Unfit::Head => f.write_str("reserved for the branch that is checked out"),
            Unfit::Range => f.write_str("holds `..`, which is a range of commits"),
            Unfit::Dot => f.write_str("a part ends with a dot"),
            Unfit::Lock => f.write_str("a part ends with `.lock`"),
        }
    }
}

/// Returns what is wrong with one name by itself.
///
/// ```
/// use luthier_object::branch::check;
///
/// assert!(check("takes/first").is_none());
/// assert!(check("../first").is_some());
/// ```
#[must_use]
pub fn check(name: &str) -> Option<Unfit> {
    let ends = |end: &str| name.split('/').any(|part| part.ends_with(end));
    match path::check(name) {
        Some(Unsafe::TooLong) => return Some(Unfit::TooLong),
        Some(why) => return Some(Unfit::Path(why)),
        None => {}
    }
    let rules = [
        (name.len() > LONGEST, Unfit::TooLong),
        (name.trim() != name, Unfit::Blank),
        (name == "HEAD", Unfit::Head),
        (name.contains(".."), Unfit::Range),
        (ends("."), Unfit::Dot),
        (ends(".lock"), Unfit::Lock),
    ];
    rules
        .into_iter()
        .find_map(|(broken, why)| broken.then_some(why))
}

/// Returns the names of one repository that no client can hold together, each with the first reason.
#[must_use]
pub fn check_all<'n>(names: impl IntoIterator<Item = &'n str>) -> BTreeMap<String, Unfit> {
    let nothing = ObjectId::new("");
    let files: Manifest = names
        .into_iter()
        .map(|name| (name.to_owned(), nothing.clone()))
        .collect();
    let mut out = BTreeMap::new();
    for (name, _) in files.iter() {
        if let Some(why) = check(name) {
            out.insert(name.clone(), why);
        }
    }
    for (name, why) in path::check_all(&files) {
        // A folder that clashes is no branch: the first branch below it is named.
        let below = |other: &&String| **other == name || other.starts_with(&format!("{name}/"));
        let named = files.iter().map(|(other, _)| other).find(below);
        let branch = named.cloned().unwrap_or(name);
        out.entry(branch).or_insert(Unfit::Path(why));
    }
    out
}
