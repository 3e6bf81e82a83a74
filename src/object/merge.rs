//! Three-way merge of trees, path by path. Pure: what two changes cannot agree on is given back.

use super::Manifest;
use super::path::{self, Unsafe};
use std::collections::BTreeSet;

/// A path that both sides changed, each to something else, or that no file system can hold beside another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    pub path: String,
    pub why: &'static str,
}

/// Merges `ours` and `theirs` against `base`: a path that only one side changed takes that side's change.
///
/// # Errors
/// Every conflict, in the order of paths; then there is no tree.
pub fn manifests(
    base: &Manifest,
    ours: &Manifest,
    theirs: &Manifest,
) -> Result<Manifest, Vec<Conflict>> {
    let paths: BTreeSet<&String> = [base, ours, theirs]
        .into_iter()
        .flat_map(|tree| tree.iter().map(|(path, _)| path))
        .collect();
    let mut merged = Manifest::new();
    let mut conflicts = Vec::new();
    for path in paths {
        let (was, mine, other) = (base.get(path), ours.get(path), theirs.get(path));
        let kept = if mine == other || other == was {
            mine
        } else if mine == was {
            other
        } else {
            let why = match (mine, other) {
                (None, _) | (_, None) => "removed on one side, changed on the other",
                _ if was.is_none() => "added on both sides",
                _ => "changed on both sides",
            };
            conflicts.push(Conflict {
                path: path.clone(),
                why,
            });
            None
        };
        if let Some(id) = kept {
            merged.insert(path.clone(), id.clone());
        }
    }
    for (path, why) in path::check_all(&merged) {
        let why = match why {
            Unsafe::Collides(_) => "differs from another path by case or spelling only",
            Unsafe::FileAndFolder(_) | Unsafe::FileAndDirectory => {
                "a file on one side, a folder on the other"
            }
            // Both sides had it: it is no conflict of theirs, and admission names it.
            _ => continue,
        };
        conflicts.push(Conflict { path, why });
    }
    if conflicts.is_empty() {
        Ok(merged)
    } else {
        conflicts.sort_by(|a, b| a.path.cmp(&b.path));
        Err(conflicts)
    }
}

/// Returns the directories of a merged tree: tracked by both sides, or newly by one, or needed by a path.
#[must_use]
pub fn directories(
    base: &BTreeSet<String>,
    ours: &BTreeSet<String>,
    theirs: &BTreeSet<String>,
    merged: &Manifest,
) -> BTreeSet<String> {
    let stays = |name: &&String| {
        let (mine, other) = (ours.contains(*name), theirs.contains(*name));
        (mine && other) || ((mine || other) && !base.contains(*name))
    };
    let mut out: BTreeSet<String> = ours.union(theirs).filter(stays).cloned().collect();
    out.extend(merged.derived_directories());
    out
}

#[cfg(test)]
mod tests {
    use super::{directories, manifests};
    use crate::{Manifest, ObjectId};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn tree(files: &[(&str, &str)]) -> Manifest {
        let files = files.iter();
        files
            .map(|(path, id)| ((*path).to_owned(), ObjectId::new(*id)))
            .collect()
    }

    #[test]
    fn each_path_takes_the_change_of_the_side_that_made_one() {
        let base = tree(&[("a", "1"), ("b", "1"), ("c", "1"), ("d", "1")]);
        let ours = tree(&[("a", "2"), ("b", "1"), ("d", "1"), ("e", "9")]);
        let theirs = tree(&[("a", "1"), ("b", "3"), ("c", "1"), ("e", "9"), ("f", "4")]);
        let merged = manifests(&base, &ours, &theirs).unwrap();
        assert_eq!(
            merged,
            tree(&[("a", "2"), ("b", "3"), ("e", "9"), ("f", "4")])
        );
    }

    #[test]
    fn what_both_changed_is_given_back_with_why() {
        let base = tree(&[("a", "1"), ("b", "1")]);
        let ours = tree(&[("a", "2"), ("n", "1"), ("x", "1")]);
        let theirs = tree(&[("a", "3"), ("b", "2"), ("n", "2"), ("x/y", "1")]);
        let conflicts = manifests(&base, &ours, &theirs).unwrap_err();
        let told: Vec<(&str, &str)> = conflicts.iter().map(|c| (c.path.as_str(), c.why)).collect();
        assert_eq!(told[0], ("a", "changed on both sides"));
        assert_eq!(told[1], ("b", "removed on one side, changed on the other"));
        assert_eq!(told[2], ("n", "added on both sides"));
        assert!(
            told[3..].iter().any(|(_, why)| why.contains("folder")),
            "{told:?}"
        );
    }

    #[test]
    fn an_empty_directory_lives_and_dies_as_a_file_does() {
        let set = |names: &[&str]| {
            names
                .iter()
                .map(|n| (*n).to_owned())
                .collect::<BTreeSet<_>>()
        };
        let merged = tree(&[("src/a", "1")]);
        let out = directories(
            &set(&["old", "both"]),
            &set(&["both", "new"]),
            &set(&["old", "both"]),
            &merged,
        );
        assert_eq!(out, set(&["both", "new", "src"]));
    }

    fn any_tree() -> impl Strategy<Value = Manifest> {
        prop::collection::btree_map("[a-d]", "[0-2]", 0..4).prop_map(|files| {
            let files = files.into_iter();
            files.map(|(path, id)| (path, ObjectId::new(id))).collect()
        })
    }

    proptest! {
        #[test]
        fn merging_what_did_not_change_gives_the_other_side(base in any_tree(), other in any_tree()) {
            prop_assert_eq!(manifests(&base, &base, &other), Ok(other.clone()));
            prop_assert_eq!(manifests(&base, &other, &base), Ok(other.clone()));
            prop_assert_eq!(manifests(&base, &other, &other), Ok(other));
        }

        #[test]
        fn the_sides_are_equal(base in any_tree(), ours in any_tree(), theirs in any_tree()) {
            let conflicts = |r: Result<Manifest, Vec<super::Conflict>>| r.map_err(|c| c.len());
            prop_assert_eq!(
                conflicts(manifests(&base, &ours, &theirs)),
                conflicts(manifests(&base, &theirs, &ours))
            );
        }
    }
}
