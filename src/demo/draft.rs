//! A commit under way: what it will say, then the rows and objects that say it.

use super::era::{self, Era, Keys};
use super::item::{Item, Placement, Pointer};
use super::legacy;
use luthier_hub::index::{BlobRow, CommitRow, SnapshotRow};
use luthier_object::identity::{CommitScheme, SnapshotScheme};
use luthier_object::time::{Micros, isoformat};
use luthier_object::{CommitRecord, Manifest, ObjectId, SnapshotRecord, commit, json};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Files, and the folders that are tracked although they are empty.
#[derive(Clone, Default)]
pub(super) struct Tree {
    pub manifest: Manifest,
    pub empty: BTreeSet<String>,
}

impl Tree {
    /// Returns every folder.
    pub(super) fn directories(&self) -> BTreeSet<String> {
        let mut out = self.manifest.derived_directories();
        out.extend(self.empty.iter().cloned());
        out
    }
}

/// The head of a branch.
#[derive(Clone)]
pub(super) struct Tip {
    pub commit: ObjectId,
    pub snapshot: ObjectId,
    pub tree: Tree,
}

/// A commit that has no id yet.
pub(super) struct Draft {
    /// `owner/slug`.
    pub repo: String,
    pub repo_id: String,
    pub era: Era,
    pub keys: Keys,
    pub branch: String,
    pub message: String,
    pub author: String,
    pub at: Micros,
    /// Minutes east of UTC of the text that is hashed.
    pub offset: i32,
    pub parents: Vec<ObjectId>,
    pub tree: Tree,
    /// The commit names no snapshot.
    pub treeless: bool,
    /// `metadata` and the keys after it that are not as usual.
    pub rest: Map<String, Value>,
    pub scheme: CommitScheme,
    pub tree_scheme: SnapshotScheme,
    pub blobs: Vec<Item<BlobRow>>,
    /// The parent's snapshot and files, where rows keep deltas.
    pub base: Option<(ObjectId, Manifest)>,
}

/// How the pack of a push is kept: a fault is a field that says something else.
#[derive(Clone, Copy)]
pub(super) struct Packing {
    pub stored: bool,
    /// The pack's last byte is another one.
    pub spoiled: bool,
    pub indexed: bool,
    /// Bytes by which the offsets in the index are wrong.
    pub shift: i64,
}

impl Default for Packing {
    fn default() -> Self {
        Self {
            stored: true,
            spoiled: false,
            indexed: true,
            shift: 0,
        }
    }
}

/// A commit with its snapshot and its new blobs, not yet written.
pub(super) struct Grown {
    pub repo: String,
    pub branch: String,
    pub tree: Tree,
    pub commit: Item<CommitRow>,
    pub snapshot: Item<SnapshotRow>,
    pub blobs: Vec<Item<BlobRow>>,
    /// How the blobs are packed, where they are.
    pub packing: Packing,
}

impl Draft {
    /// Puts a new blob at `path`.
    pub(super) fn put(&mut self, path: &str, bytes: Vec<u8>) {
        let id = self.era.blob_id(&bytes);
        self.tree.manifest.insert(path, id.clone());
        // What this draft itself put there before is named by nothing any more.
        self.blobs.retain(|blob| blob.row.path != path);
        let row = BlobRow {
            object_id: id.as_str().to_owned(),
            repo_id: Some(self.repo_id.clone()),
            path: path.to_owned(),
            size_bytes: bytes.len() as i64,
            storage_uri: None,
            disk_path: None,
            created_at: text(self.at, 0),
        };
        let mut blob = Item::sound(id, row, bytes, &self.repo_id);
        if let Some(key) = self.keys.of(&self.repo_id, &blob.id) {
            blob.place = Placement::At(key.clone());
            if self.keys == Keys::March {
                blob.row.disk_path = Some(format!("/data/musehub/objects/{key}"));
            }
            blob.pointer = Pointer::At(key);
        }
        self.blobs.push(blob);
    }

    /// Makes it a merge: every file that only the other side has joins.
    pub(super) fn merge(&mut self, other: Tip) {
        self.parents.push(other.commit);
        for (path, id) in other.tree.manifest.iter() {
            if self.tree.manifest.get(path).is_none() {
                self.tree.manifest.insert(path.clone(), id.clone());
            }
        }
    }

    /// Gives the commit its id, and rows and objects to it and to its snapshot.
    pub(super) fn seal(self) -> Grown {
        let snapshot = self.snapshot();
        let record = self.record(&snapshot.id);
        let row = CommitRow {
            commit_id: record.commit_id.as_str().to_owned(),
            repo_id: Some(self.repo_id.clone()),
            branch: self.branch.clone(),
            parent_ids: parent_ids(&self.parents),
            message: self.message,
            author: self.author,
            timestamp: text(self.at, 0),
            snapshot_id: record.snapshot_id.as_ref().map(|id| id.as_str().to_owned()),
            commit_meta: json::canonical(&Value::Object(record.rest.clone())),
            created_at: text(self.at, 0),
            storage_uri: None,
            oversized: false,
        };
        let bytes = record.encode();
        let mut grown = Grown {
            repo: self.repo,
            branch: self.branch,
            tree: self.tree,
            commit: Item::sound(record.commit_id, row, bytes, &self.repo_id),
            snapshot,
            packing: Packing::default(),
            blobs: self.blobs,
        };
        if self.treeless {
            grown.snapshot.vanish();
        }
        grown
    }

    fn snapshot(&self) -> Item<SnapshotRow> {
        let directories = match self.era.has_directories() {
            true => self.tree.directories(),
            false => BTreeSet::new(),
        };
        let manifest = &self.tree.manifest;
        let id = era::snapshot_id(self.tree_scheme, manifest, &directories);
        let row = SnapshotRow {
            snapshot_id: id.as_str().to_owned(),
            repo_id: Some(self.repo_id.clone()),
            manifest: Some(manifest.encode()),
            delta: self
                .base
                .as_ref()
                .map(|(_, base)| legacy::delta(base, manifest)),
            parent_snapshot_id: self.base.as_ref().map(|(id, _)| id.as_str().to_owned()),
            entry_count: Some(manifest.len() as i64),
            directories: Some(json::canonical(&json!(directories))),
            created_at: text(self.at, 0),
            storage_uri: None,
            oversized: false,
        };
        let record = SnapshotRecord {
            snapshot_id: id.clone(),
            manifest: Arc::new(manifest.clone()),
            directories,
            created_at: text(self.at, 0),
            rest: SnapshotRecord::fresh_rest(),
        };
        Item::sound(id, row, record.encode(), &self.repo_id)
    }

    fn record(&self, snapshot: &ObjectId) -> CommitRecord {
        let mut parents = self.parents.iter().cloned();
        let mut rest: Map<String, Value> = commit::default_rest();
        rest.extend(self.rest.clone());
        let mut record = CommitRecord {
            commit_id: ObjectId::new(""),
            // Later clients drop it.
            repo_id: String::new(),
            branch: self.branch.clone(),
            snapshot_id: (!self.treeless).then(|| snapshot.clone()),
            message: self.message.clone(),
            committed_at: text(self.at, self.offset),
            parent_commit_id: parents.next(),
            parent2_commit_id: parents.next(),
            author: self.author.clone(),
            rest,
        };
        record.commit_id = era::commit_id(self.scheme, &record);
        record
    }
}

/// Returns the JSON of a row's parents.
pub(super) fn parent_ids(parents: &[ObjectId]) -> String {
    json::canonical(&json!(parents))
}

/// Returns an instant as rows and records spell it. The script's instants are all in 2026.
pub(super) fn text(at: Micros, offset: i32) -> String {
    isoformat(at, offset).unwrap_or_default()
}
