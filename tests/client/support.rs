//! Small hubs to pull from, and what a pull left on the disk.

use crate::PullError;
use crate::folder::Folder;
use crate::pull::{PullOptions, Pulled, Told, pull};
use crate::verify::{Verified, Wrong, verify};
use crate::{Layout, layout};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::testing::{TestHub, commit, commit_row, snapshot, snapshot_row};
use luthier_object::identity::{self, CommitScheme, SnapshotScheme};
use luthier_object::{CommitRecord, Kind, ObjectId, SnapshotRecord};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Stores a snapshot and a commit with rows and objects.
pub async fn keep(hub: &TestHub, tree: &SnapshotRecord, record: &CommitRecord) {
    let mut row = snapshot_row(tree);
    row.storage_uri = Some(hub.plant(&tree.snapshot_id, tree.encode()).await);
    hub.add_snapshot(row).await;
    keep_commit(hub, record).await;
}

pub async fn keep_commit(hub: &TestHub, record: &CommitRecord) {
    let mut row = commit_row(record);
    row.storage_uri = Some(hub.plant(&record.commit_id, record.encode()).await);
    hub.add_commit(row).await;
}

/// Two commits on `main`, three blobs, one of them in both trees.
pub struct Song {
    pub hub: TestHub,
    pub first: CommitRecord,
    pub second: CommitRecord,
    pub trees: [SnapshotRecord; 2],
    pub blobs: [ObjectId; 3],
}

impl Song {
    pub async fn new() -> Self {
        let song = Self::without_branch().await;
        song.hub.branch("main", &song.second.commit_id).await;
        song
    }

    pub async fn without_branch() -> Self {
        let hub = TestHub::empty().await;
        let melody = hub.blob(b"la la", "melody").await;
        let bass = hub.blob(b"boom", "bass").await;
        let drums = hub.blob(b"tss", "parts/drums").await;
        let trees = [
            snapshot(&[("melody", &melody), ("bass", &bass)]),
            snapshot(&[("melody", &melody), ("parts/drums", &drums)]),
        ];
        let first = commit(&trees[0].snapshot_id, &[], "One");
        let second = commit(&trees[1].snapshot_id, &[&first.commit_id], "Two");
        keep(&hub, &trees[0], &first).await;
        keep(&hub, &trees[1], &second).await;
        Self {
            hub,
            first,
            second,
            trees,
            blobs: [melody, bass, drums],
        }
    }

    /// Where the hub keeps an object.
    pub fn object(&self, id: &ObjectId) -> PathBuf {
        let hex = id.hex().unwrap();
        let objects = self.hub.folder.path().join("objects/objects/sha256");
        objects.join(&hex[..2]).join(&hex[2..])
    }

    pub fn dir(&self) -> PathBuf {
        self.hub.folder.path().join("pulled")
    }

    pub fn options(&self) -> PullOptions {
        options("alice", "song", &self.dir())
    }

    pub async fn pull(&self) -> Ended {
        run(&self.hub.open().await, &self.options()).await
    }
}

pub fn options(owner: &str, slug: &str, into: &Path) -> PullOptions {
    PullOptions {
        owner: owner.into(),
        slug: slug.into(),
        branch: None,
        into: into.to_owned(),
        layout: Layout::Unified,
        have: Vec::new(),
    }
}

/// How a pull ended, and what it told.
#[derive(Debug)]
pub struct Ended {
    pub result: Result<Pulled, PullError>,
    /// `kind id`, in the order in which they came.
    pub objects: Vec<String>,
    pub sentences: Vec<String>,
}

impl Ended {
    pub fn pulled(self) -> Pulled {
        assert_eq!(self.sentences, [""; 0]);
        let pulled = self.result.unwrap();
        assert!(pulled.is_complete(), "{pulled:?}");
        pulled
    }

    /// The one sentence with which it was refused, as a whole or for an object.
    pub fn refusal(self) -> String {
        match self.result {
            Err(error) => error.to_string(),
            Ok(pulled) => {
                assert_eq!(pulled.refused, 1, "{:?}", self.sentences);
                assert_eq!(pulled.branches, [], "a refused pull writes no ref");
                self.sentences.into_iter().next().unwrap()
            }
        }
    }
}

pub async fn run(store: &Store, options: &PullOptions) -> Ended {
    run_until(store, options, usize::MAX).await
}

/// Pulls, and tells it to stop once `count` objects have come.
pub async fn run_until(store: &Store, options: &PullOptions, count: usize) -> Ended {
    let progress = Progress::new();
    let (mut objects, mut sentences) = (Vec::new(), Vec::new());
    let mut tell = |told: Told<'_>| match told {
        Told::Object(object) => {
            objects.push(format!("{} {}", object.object.kind(), object.object.id()));
            if objects.len() == count {
                progress.cancel();
            }
        }
        Told::Refused(refusal) => sentences.push(refusal.to_string()),
    };
    let result = pull(store, options, &progress, &mut tell).await;
    Ended {
        result,
        objects,
        sentences,
    }
}

/// Verifies a folder: what it looked at, and `tier id: why` of what is wrong.
pub async fn check(dir: &Path) -> (Verified, Vec<String>) {
    let mut out = Vec::new();
    let mut tell = |wrong: &Wrong| {
        out.push(format!("{} {}: {}", wrong.tier.word(), wrong.id, wrong.why));
    };
    let folder = Folder::open(dir).unwrap();
    let verified = verify(folder, &Progress::new(), &mut tell).await.unwrap();
    assert_eq!(verified.wrong, out.len() as u64);
    (verified, out)
}

/// The folder is sound.
pub async fn sound(dir: &Path) -> Verified {
    let (verified, wrong) = check(dir).await;
    assert_eq!(wrong, [""; 0]);
    verified
}

/// Every file below `.muse/` by its path.
pub fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut open = vec![dir.join(".muse")];
    while let Some(at) = open.pop() {
        if at.is_dir() {
            open.extend(std::fs::read_dir(&at).unwrap().map(|e| e.unwrap().path()));
        } else if at.exists() {
            let name = at.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
            out.insert(name, std::fs::read(&at).unwrap());
        }
    }
    out
}

/// The path of an object's file in a pulled folder.
pub fn file(dir: &Path, kind: Kind, id: &ObjectId) -> PathBuf {
    dir.join(Layout::Unified.path(kind, id).unwrap())
}

pub fn ref_of(dir: &Path, branch: &str) -> String {
    std::fs::read_to_string(dir.join(layout::HEADS).join(branch)).unwrap()
}

/// The same commit as client 0.1 would have made it, and its tree.
pub fn of_march(tree: SnapshotRecord, record: CommitRecord) -> (SnapshotRecord, CommitRecord) {
    let mut tree = tree;
    tree.directories.clear();
    let trials = identity::snapshot_trials(&tree.manifest, &tree.directories);
    tree.snapshot_id = by(trials, SnapshotScheme::V01);
    let mut record = record;
    record.snapshot_id = Some(tree.snapshot_id.clone());
    record.commit_id = by(identity::commit_trials(&record), CommitScheme::V01);
    (tree, record)
}

pub fn by<S: PartialEq>(trials: Vec<(S, ObjectId)>, scheme: S) -> ObjectId {
    trials.into_iter().find(|(s, _)| *s == scheme).unwrap().1
}
