//! A small hub in a temporary folder, for tests that need rows and objects of their own.

use crate::access::Access;
use crate::backend::layout;
use crate::backend::local::Local;
use crate::backend::{Backend, BackendMut};
use crate::index::sqlite::Sqlite;
use crate::index::{
    BlobRow, BranchRow, CommitRow, IndexMut, MembershipRow, NewRows, RepoRow, SnapshotRow,
};
use crate::store::hub::{Database, Hub, ObjectStore};
use crate::store::{Authority, Environment, Policy, Store};
use luthier_object::{CommitRecord, Kind, Manifest, ObjectId, SnapshotRecord, commit, identity};
use serde_json::Map;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;
use tempfile::TempDir;

pub const REPO: &str = "repo-1";
pub const LONG_AGO: &str = "2026-03-01T12:00:00+00:00";

/// A hub, its folder, and both sides of it.
pub struct TestHub {
    pub folder: TempDir,
    pub hub: Hub,
    pub index: Arc<Sqlite>,
    pub backend: Arc<Local>,
}

impl TestHub {
    /// A hub with one repository, `alice/song`, and nothing in it.
    pub async fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("hub.db");
        let objects = folder.path().join("objects");
        std::fs::create_dir(&objects).unwrap();
        let index = Arc::new(Sqlite::create(&database).await.unwrap());
        let backend = Arc::new(Local::open(&objects, Access::Write).unwrap().hasty());
        let hub = Hub {
            name: "test".into(),
            environment: Environment::Demo,
            policy: Policy::S3Canonical,
            database: Database::Sqlite(database),
            objects: ObjectStore::Folder(objects),
        };
        let repo = RepoRow {
            repo_id: REPO.into(),
            owner: "alice".into(),
            slug: "song".into(),
            name: "song".into(),
            default_branch: "main".into(),
            created_at: LONG_AGO.into(),
            ..RepoRow::default()
        };
        let test = Self {
            folder,
            hub,
            index,
            backend,
        };
        test.insert(NewRows {
            repos: vec![repo],
            ..NewRows::default()
        })
        .await;
        test
    }

    pub async fn insert(&self, rows: NewRows) {
        self.index.insert(&rows).await.unwrap();
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.hub, Some(&Authority::granted()))
            .await
            .unwrap()
    }

    /// Stores bytes under the key of an id, proved or not; its URI.
    pub async fn plant(&self, id: &ObjectId, bytes: Vec<u8>) -> String {
        let key = layout::key_for(id).unwrap();
        self.backend
            .put_if_absent(&key, bytes.into())
            .await
            .unwrap();
        self.backend.uri_for(&key)
    }

    /// A blob with row and object.
    pub async fn blob(&self, bytes: &[u8], path: &str) -> ObjectId {
        self.blob_of(identity::blob_id(bytes), bytes, path).await
    }

    /// As [`Self::blob`], by the formula of April 2026.
    pub async fn raw_blob(&self, bytes: &[u8], path: &str) -> ObjectId {
        let id = ObjectId::typed(&Sha256::digest(bytes).into());
        self.blob_of(id, bytes, path).await
    }

    async fn blob_of(&self, id: ObjectId, bytes: &[u8], path: &str) -> ObjectId {
        let uri = self.plant(&id, bytes.to_vec()).await;
        let row = BlobRow {
            object_id: id.as_str().into(),
            repo_id: Some(REPO.into()),
            path: path.into(),
            size_bytes: bytes.len() as i64,
            storage_uri: Some(uri),
            disk_path: None,
            created_at: LONG_AGO.into(),
        };
        self.insert(NewRows {
            blobs: vec![row],
            memberships: vec![(Kind::Blob, member(&id))],
            ..NewRows::default()
        })
        .await;
        id
    }

    /// A branch that points at a commit, and a checkpoint that says so.
    pub async fn branch(&self, name: &str, head: &ObjectId) {
        let row = BranchRow {
            branch_id: format!("branch-{name}"),
            repo_id: REPO.into(),
            name: name.into(),
            head_commit_id: Some(head.as_str().into()),
        };
        self.insert(NewRows {
            branches: vec![row],
            ..NewRows::default()
        })
        .await;
        self.save_refs().await;
    }

    /// Brings into the store what the rows say of branches.
    pub async fn save_refs(&self) {
        let store = self.open().await;
        let refs = store.refs_of(REPO).await.unwrap().unwrap();
        let writer = store.writer(&Authority::granted()).unwrap();
        writer.save_refs(&refs, LONG_AGO).await.unwrap();
        store.close().await;
    }

    pub async fn add_snapshot(&self, row: SnapshotRow) {
        let id = ObjectId::new(&row.snapshot_id);
        self.insert(NewRows {
            snapshots: vec![row],
            memberships: vec![(Kind::Snapshot, member(&id))],
            ..NewRows::default()
        })
        .await;
    }

    pub async fn add_commit(&self, row: CommitRow) {
        let id = ObjectId::new(&row.commit_id);
        self.insert(NewRows {
            commits: vec![row],
            memberships: vec![(Kind::Commit, member(&id))],
            ..NewRows::default()
        })
        .await;
    }
}

pub fn member(id: &ObjectId) -> MembershipRow {
    MembershipRow {
        id: id.as_str().into(),
        repo_id: REPO.into(),
    }
}

/// A snapshot of these files, with typed ids.
pub fn snapshot(files: &[(&str, &ObjectId)]) -> SnapshotRecord {
    let manifest: Manifest = files
        .iter()
        .map(|(path, id)| ((*path).to_owned(), (*id).clone()))
        .collect();
    let directories = manifest.derived_directories();
    SnapshotRecord {
        snapshot_id: identity::snapshot_id(&manifest, &directories),
        manifest: Arc::new(manifest),
        directories,
        created_at: LONG_AGO.into(),
        rest: SnapshotRecord::fresh_rest(),
    }
}

/// The row of a snapshot, not yet stored.
pub fn snapshot_row(record: &SnapshotRecord) -> SnapshotRow {
    let directories: BTreeSet<&String> = record.directories.iter().collect();
    SnapshotRow {
        snapshot_id: record.snapshot_id.as_str().into(),
        repo_id: Some(REPO.into()),
        manifest: Some(record.manifest.encode()),
        entry_count: Some(record.manifest.len() as i64),
        directories: Some(serde_json::to_string(&directories).unwrap()),
        created_at: LONG_AGO.into(),
        ..SnapshotRow::default()
    }
}

/// A commit on `main` with a typed id.
pub fn commit(snapshot: &ObjectId, parents: &[&ObjectId], message: &str) -> CommitRecord {
    let mut record = CommitRecord {
        commit_id: ObjectId::new(""),
        repo_id: REPO.into(),
        branch: "main".into(),
        snapshot_id: Some(snapshot.clone()),
        message: message.into(),
        committed_at: LONG_AGO.into(),
        parent_commit_id: parents.first().map(|id| (*id).clone()),
        parent2_commit_id: parents.get(1).map(|id| (*id).clone()),
        author: "alice".into(),
        rest: commit::default_rest(),
    };
    record.commit_id = identity::commit_id(&record);
    record
}

/// The row of a commit, not yet stored.
pub fn commit_row(record: &CommitRecord) -> CommitRow {
    let parents: Vec<&str> = record.parents().map(ObjectId::as_str).collect();
    let meta: Map<_, _> = record.rest.clone();
    CommitRow {
        commit_id: record.commit_id.as_str().into(),
        repo_id: Some(record.repo_id.clone()),
        branch: record.branch.clone(),
        parent_ids: serde_json::to_string(&parents).unwrap(),
        message: record.message.clone(),
        author: record.author.clone(),
        timestamp: record.committed_at.clone(),
        snapshot_id: record.snapshot_id.as_ref().map(|id| id.as_str().to_owned()),
        commit_meta: serde_json::to_string(&meta).unwrap(),
        created_at: LONG_AGO.into(),
        storage_uri: None,
        oversized: false,
    }
}
