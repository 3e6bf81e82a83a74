//! Questions about ancestry, over rows and over commits that are only arriving.

use super::HubWriteError;
use crate::index::IndexError;
use crate::store::{Store, reconstruct};
use luthier_object::time::{self, Micros};
use luthier_object::{CommitRecord, ObjectId};
use std::collections::{HashMap, HashSet};

/// Commits asked for at once.
const PAGE: usize = 500;

/// The fields of a commit that a walk needs.
#[derive(Clone)]
struct Node {
    parents: Vec<String>,
    at: Micros,
}

/// A commit graph to walk: ids are held for what was met, some 100 bytes a commit.
pub(super) struct History<'a> {
    store: &'a Store,
    arriving: HashMap<String, Node>,
}

impl<'a> History<'a> {
    pub(super) fn new<'r>(
        store: &'a Store,
        arriving: impl IntoIterator<Item = &'r CommitRecord>,
    ) -> Self {
        let node = |record: &CommitRecord| Node {
            parents: record.parents().map(|id| id.as_str().to_owned()).collect(),
            at: time::parse(&record.committed_at).unwrap_or_default(),
        };
        Self {
            store,
            arriving: arriving
                .into_iter()
                .map(|record| (record.commit_id.as_str().to_owned(), node(record)))
                .collect(),
        }
    }

    async fn nodes(&self, ids: &[String]) -> Result<HashMap<String, Node>, IndexError> {
        let mut out = HashMap::new();
        let mut ask = Vec::new();
        for id in ids {
            match self.arriving.get(id) {
                Some(node) => drop(out.insert(id.clone(), node.clone())),
                None => ask.push(id.clone()),
            }
        }
        for row in self.store.index().commits_by_id(&ask).await? {
            let parents = reconstruct::parent_ids(&row.parent_ids).unwrap_or_default();
            let parents = parents.iter().map(|id| id.as_str().to_owned());
            let node = Node {
                parents: parents.collect(),
                at: time::parse(&row.timestamp).unwrap_or_default(),
            };
            out.insert(row.commit_id, node);
        }
        Ok(out)
    }

    /// Walks from `from` towards the roots, level by level, until `stop` says so. `stop` also says
    /// whether a commit's own parents are of interest.
    async fn walk(
        &self,
        from: &str,
        mut meet: impl FnMut(&str, Micros) -> Step,
    ) -> Result<(), IndexError> {
        let mut seen = HashSet::from([from.to_owned()]);
        let mut level = vec![from.to_owned()];
        while !level.is_empty() {
            let mut next = Vec::new();
            for chunk in level.chunks(PAGE) {
                let nodes = self.nodes(chunk).await?;
                for id in chunk {
                    let Some(node) = nodes.get(id) else { continue };
                    match meet(id, node.at) {
                        Step::On => {}
                        Step::NotBehind => continue,
                        Step::Enough => return Ok(()),
                    }
                    let unseen = node.parents.iter().filter(|id| seen.insert((*id).clone()));
                    next.extend(unseen.cloned());
                }
            }
            level = next;
        }
        Ok(())
    }

    /// Returns whether `old` is an ancestor of `new`, or `new` itself.
    pub(super) async fn reaches(&self, new: &ObjectId, old: &str) -> Result<bool, HubWriteError> {
        let mut found = false;
        let walk = self.walk(new.as_str(), |id, _| {
            found = id == old;
            match found {
                true => Step::Enough,
                false => Step::On,
            }
        });
        walk.await?;
        Ok(found)
    }

    /// Returns the commit that two histories parted from: of several, one that is no ancestor of another, the newest of
    /// them. `None` where they have nothing in common.
    pub(super) async fn merge_base(
        &self,
        ours: &str,
        theirs: &str,
    ) -> Result<Option<String>, HubWriteError> {
        let mut behind_ours = HashSet::new();
        self.walk(ours, |id, _| {
            behind_ours.insert(id.to_owned());
            Step::On
        })
        .await?;
        let mut candidates: Vec<(Micros, String)> = Vec::new();
        self.walk(theirs, |id, at| match behind_ours.contains(id) {
            true => {
                candidates.push((at, id.to_owned()));
                Step::NotBehind
            }
            false => Step::On,
        })
        .await?;
        candidates.sort_by(|a, b| b.cmp(a));
        let mut best = Vec::new();
        for (_, id) in &candidates {
            let mut covered = false;
            for (_, other) in candidates.iter().filter(|(_, other)| other != id) {
                covered |= self.reaches(&ObjectId::new(other), id).await?;
            }
            if !covered {
                best.push(id.clone());
            }
        }
        Ok(best.into_iter().next())
    }
}

/// The continuation of a walk after a commit.
enum Step {
    On,
    NotBehind,
    Enough,
}
