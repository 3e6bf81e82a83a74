//! Handles what peers send: a push that moves a branch, and a sync that moves none.

use super::commit_writes::Around;
use super::history::History;
use super::{Arrivals, Arrived, HubWriteError, Objection, Written, refused};
use crate::index::HeadMove;
use crate::store::Writer;
use crate::store::chain::TreeCache;
use luthier_object::time::isoformat;
use luthier_object::{CommitRecord, Delta, Manifest, ObjectId, SnapshotRecord};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A snapshot as clients send it: whole, or as what changed against another one.
#[derive(Clone, Debug, PartialEq)]
pub enum PushedSnapshot {
    Whole(SnapshotRecord),
    Delta {
        snapshot_id: ObjectId,
        /// Sent in the same push, or in the hub.
        parent: ObjectId,
        delta: Delta,
        /// Directories of the new tree, all of them.
        directories: BTreeSet<String>,
        created_at: String,
    },
}

/// A client's push.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    pub branch: String,
    /// Of a branch that is made.
    pub branch_id: String,
    /// The new head of the branch.
    pub head: ObjectId,
    pub blobs: Vec<Arrived>,
    pub snapshots: Vec<PushedSnapshot>,
    pub commits: Vec<CommitRecord>,
}

impl PushedSnapshot {
    fn id(&self) -> &ObjectId {
        match self {
            PushedSnapshot::Whole(record) => &record.snapshot_id,
            PushedSnapshot::Delta { snapshot_id, .. } => snapshot_id,
        }
    }
}

impl Writer {
    /// Takes a push: everything in it, and the branch moved forward to its head; or nothing.
    ///
    /// # Errors
    /// Every objection: ids that no current formula reproduces, parents, snapshots and blobs that are
    /// neither sent nor there, paths that escape, a head that does not contain the branch's own; a
    /// branch that was moved meanwhile; a side that did not answer.
    pub async fn receive_push(&self, repo_id: &str, push: Push) -> Result<Written, HubWriteError> {
        let repo = self.repo(repo_id).await?;
        if push.branch.is_empty() || push.branch.chars().any(char::is_control) {
            return Err(refused(
                "the branch's name",
                "it is empty or contains a control character",
            ));
        }
        let row = self.branch(&repo, &push.branch).await?;
        if row.is_none() {
            self.admit_branch(&repo, &push.branch).await?;
        }
        let arrivals = Arrivals {
            blobs: push.blobs,
            snapshots: self.fill_in(push.snapshots).await?,
            commits: push.commits,
        };
        let admitted = self.admit(&repo, arrivals).await?;
        let mut sent = admitted.commits.iter();
        if !sent.any(|object| *object.id() == push.head) {
            let ids = [push.head.as_str().to_owned()];
            let held = self
                .store()
                .index()
                .held_by(luthier_object::Kind::Commit, repo_id, &ids)
                .await?;
            if held.is_empty() {
                return Err(refused(
                    push.head.as_str(),
                    "the head was not sent, and the repository does not have it",
                ));
            }
        }
        let old = row
            .as_ref()
            .and_then(|row| row.head_commit_id.as_deref())
            .filter(|id| !id.is_empty());
        if let Some(old) = old {
            let history = History::new(self.store(), admitted.commit_records());
            if !history.reaches(&push.head, old).await? {
                let why = format!(
                    "not a fast-forward: {} does not contain {old}; pull first",
                    push.head
                );
                return Err(refused(&push.branch, why));
            }
        }
        let now = self.store().index().now().await?;
        let around = Around {
            head: Some(HeadMove {
                repo_id: repo.repo_id.clone(),
                name: push.branch,
                seen: row,
                branch_id: push.branch_id,
                new: push.head.as_str().to_owned(),
                at: isoformat(now, 0).unwrap_or_default(),
            }),
            ..Around::default()
        };
        self.commit_writes(&repo, admitted, around).await
    }

    /// Takes a peer's records without moving a branch.
    ///
    /// # Errors
    /// As [`Writer::receive_push`], less what concerns the branch.
    pub async fn sync(&self, repo_id: &str, arrivals: Arrivals) -> Result<Written, HubWriteError> {
        let repo = self.repo(repo_id).await?;
        let admitted = self.admit(&repo, arrivals).await?;
        self.commit_writes(&repo, admitted, Around::default()).await
    }

    /// Makes whole snapshots from what was sent: each delta is applied to a tree that matches its id, and what it
    /// gives must prove too. None is ever stored as a delta.
    async fn fill_in(
        &self,
        sent: Vec<PushedSnapshot>,
    ) -> Result<Vec<SnapshotRecord>, HubWriteError> {
        let mut waiting: HashMap<String, PushedSnapshot> = HashMap::new();
        let mut order = Vec::new();
        for snapshot in sent {
            let id = snapshot.id().as_str().to_owned();
            if waiting.insert(id.clone(), snapshot).is_none() {
                order.push(id);
            }
        }
        let mut whole: HashMap<String, SnapshotRecord> = HashMap::new();
        let (mut objections, mut trees) = (Vec::new(), TreeCache::default());
        for id in &order {
            // Down to a base that is whole, then up again: chains may be sent in any order.
            let mut chain = vec![id.clone()];
            let base = loop {
                let Some(last) = chain.last().cloned() else {
                    break None;
                };
                if whole.contains_key(&last) {
                    chain.pop();
                    break whole.get(&last).map(|record| record.manifest.clone());
                }
                match waiting.get(&last) {
                    Some(PushedSnapshot::Whole(record)) => {
                        let manifest = record.manifest.clone();
                        whole.insert(last, record.clone());
                        chain.pop();
                        break Some(manifest);
                    }
                    Some(PushedSnapshot::Delta { parent, .. }) => {
                        if chain.iter().any(|id| id == parent.as_str()) {
                            objections.push(Objection::new(&last, "its delta is based on itself"));
                            break None;
                        }
                        chain.push(parent.as_str().to_owned());
                    }
                    None => {
                        chain.pop();
                        break self.base(&last, &mut trees, &mut objections).await?;
                    }
                }
            };
            let Some(mut manifest) = base else { continue };
            while let Some(id) = chain.pop() {
                let Some(PushedSnapshot::Delta {
                    snapshot_id,
                    delta,
                    directories,
                    created_at,
                    ..
                }) = waiting.get(&id)
                else {
                    continue;
                };
                Arc::make_mut(&mut manifest).apply(delta);
                let record = SnapshotRecord {
                    snapshot_id: snapshot_id.clone(),
                    manifest: manifest.clone(),
                    directories: directories.clone(),
                    created_at: created_at.clone(),
                    rest: SnapshotRecord::fresh_rest(),
                };
                whole.insert(id, record);
            }
        }
        if !objections.is_empty() {
            return Err(HubWriteError::Refused(objections));
        }
        Ok(order.iter().filter_map(|id| whole.remove(id)).collect())
    }

    /// Returns the tree of a snapshot that the hub has.
    async fn base(
        &self,
        id: &str,
        trees: &mut TreeCache,
        objections: &mut Vec<Objection>,
    ) -> Result<Option<Arc<Manifest>>, HubWriteError> {
        let rows = self
            .store()
            .index()
            .snapshots_by_id(&[id.to_owned()])
            .await?;
        let Some(row) = rows.into_iter().next() else {
            objections.push(Objection::new(
                id,
                "a delta is based on this snapshot; it was not sent, and the hub does not have it",
            ));
            return Ok(None);
        };
        match self.store().tree(&row, trees).await? {
            Ok(tree) => Ok(Some(tree.manifest().clone())),
            Err(why) => {
                objections.push(Objection::new(id, format!("a delta is based on this snapshot, but the hub's own copy does not match its id: {why}")));
                Ok(None)
            }
        }
    }
}
