//! Handles what peers send: a push that moves a branch, and a sync that moves none.

use super::HubWriter;
use super::admit::Admitted;
use super::commit_writes::Around;
use super::history::History;
use super::{Arrivals, Arrived, HubWriteError, Objection, Site, Written, refused};
use crate::index::{BranchRow, HeadMove};
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
    /// Whether the head may leave commits behind.
    pub force: bool,
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

/// Snapshots on the way from what was sent to whole ones.
#[derive(Default)]
struct Filling {
    /// What was sent, by id.
    waiting: HashMap<String, PushedSnapshot>,
    whole: HashMap<String, SnapshotRecord>,
    objections: Vec<Objection>,
    trees: TreeCache,
}

impl Filling {
    /// Makes whole snapshots of a chain of deltas, the last first, from the tree that the first is based on.
    fn apply(&mut self, mut chain: Vec<String>, mut manifest: Arc<Manifest>) {
        while let Some(id) = chain.pop() {
            let Some(PushedSnapshot::Delta {
                snapshot_id,
                delta,
                directories,
                created_at,
                ..
            }) = self.waiting.get(&id)
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
            self.whole.insert(id, record);
        }
    }
}

impl HubWriter {
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
        self.check_held(&push.head, repo_id, &admitted).await?;
        if !push.force {
            self.check_forward(&push.branch, &push.head, row.as_ref(), &admitted)
                .await?;
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
            ..Around::nothing(Site::Push)
        };
        self.commit_writes(&repo, admitted, around).await
    }

    /// Checks that the repository has the new head, or gets it.
    async fn check_held(
        &self,
        head: &ObjectId,
        repo_id: &str,
        admitted: &Admitted,
    ) -> Result<(), HubWriteError> {
        if !admitted.commits.iter().any(|object| object.id() == head) {
            let (index, ids) = (self.store().index(), [head.as_str().to_owned()]);
            let held = index
                .held_by(luthier_object::Kind::Commit, repo_id, &ids)
                .await?;
            if held.is_empty() {
                return Err(refused(
                    head.as_str(),
                    "the head was not sent, and the repository does not have it",
                ));
            }
        }
        Ok(())
    }

    /// Checks that the new head contains the branch's own.
    async fn check_forward(
        &self,
        branch: &str,
        head: &ObjectId,
        row: Option<&BranchRow>,
        admitted: &Admitted,
    ) -> Result<(), HubWriteError> {
        let old = row.and_then(|row| row.head_commit_id.as_deref());
        let Some(old) = old.filter(|id| !id.is_empty()) else {
            return Ok(());
        };
        let history = History::new(self.store(), admitted.commit_records());
        if !history.reaches(head, old).await? {
            return Err(HubWriteError::NotFastForward {
                branch: branch.to_owned(),
                head: head.clone(),
                old: old.to_owned(),
            });
        }
        Ok(())
    }

    /// Takes a peer's records without moving a branch.
    ///
    /// # Errors
    /// As [`HubWriter::receive_push`], less what concerns the branch.
    pub async fn sync(&self, repo_id: &str, arrivals: Arrivals) -> Result<Written, HubWriteError> {
        let repo = self.repo(repo_id).await?;
        let admitted = self.admit(&repo, arrivals).await?;
        self.commit_writes(&repo, admitted, Around::nothing(Site::Sync))
            .await
    }

    /// Makes whole snapshots from what was sent: each delta is applied to a tree that matches its id, and what it
    /// gives must prove too. None is ever stored as a delta.
    async fn fill_in(
        &self,
        sent: Vec<PushedSnapshot>,
    ) -> Result<Vec<SnapshotRecord>, HubWriteError> {
        let mut order = Vec::new();
        let mut filling = Filling::default();
        for snapshot in sent {
            let id = snapshot.id().as_str().to_owned();
            if filling.waiting.insert(id.clone(), snapshot).is_none() {
                order.push(id);
            }
        }
        for id in &order {
            if let (chain, Some(base)) = self.chain(id, &mut filling).await? {
                filling.apply(chain, base);
            }
        }
        if !filling.objections.is_empty() {
            return Err(HubWriteError::Refused(filling.objections));
        }
        let whole = &mut filling.whole;
        Ok(order.iter().filter_map(|id| whole.remove(id)).collect())
    }

    /// Walks from a snapshot down to a base that is whole, since chains may be sent in any order. Returns the deltas
    /// above it, the last first, and its tree; `None` where an objection says why there is none.
    async fn chain(
        &self,
        id: &str,
        filling: &mut Filling,
    ) -> Result<(Vec<String>, Option<Arc<Manifest>>), HubWriteError> {
        let mut chain = Vec::new();
        let mut at = id.to_owned();
        loop {
            if let Some(record) = filling.whole.get(&at) {
                return Ok((chain, Some(record.manifest.clone())));
            }
            match filling.waiting.get(&at) {
                Some(PushedSnapshot::Whole(record)) => {
                    let (record, manifest) = (record.clone(), record.manifest.clone());
                    filling.whole.insert(at, record);
                    return Ok((chain, Some(manifest)));
                }
                Some(PushedSnapshot::Delta { parent, .. }) => {
                    let parent = parent.as_str().to_owned();
                    if at == parent || chain.contains(&parent) {
                        let objection = Objection::new(&at, "its delta is based on itself");
                        filling.objections.push(objection);
                        return Ok((chain, None));
                    }
                    chain.push(std::mem::replace(&mut at, parent));
                }
                None => {
                    let (trees, objections) = (&mut filling.trees, &mut filling.objections);
                    let base = self.base(&at, trees, objections).await?;
                    return Ok((chain, base));
                }
            }
        }
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
