//! The hub's write sites, in three pairs of database and store: what they leave is a hub without a fault.

mod announcing;
mod breaking;
mod pushing;
mod refusing;
mod writing;

use bytes::Bytes;
use luthier_audit::{Depth, Options};
use luthier_hub::index::{NewRows, ProposalRow};
use luthier_hub::progress::Progress;
use luthier_hub::store::checkpoint::Saved;
use luthier_hub::store::hub::{Database, Hub, ObjectStore};
use luthier_hub::store::hub_writes::*;
use luthier_hub::store::{Authority, Environment, Making, Policy, Source, Store};
use luthier_object::time::Micros;
use luthier_object::{CommitRecord, Kind, Manifest, ObjectId, Proof, SnapshotRecord, identity};
use luthier_testing::postgres;
use luthier_testing::s3::Server;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// 2026-06-01T12:00:00Z.
pub const NOON: Micros = 1_780_315_200_000_000;
const AT_NOON: &str = "2026-06-01T12:00:00+00:00";

/// A hub of its own, and what has to live as long as it.
pub struct Pair {
    pub store: Store,
    pub folder: TempDir,
    _server: Option<Server>,
}

impl Pair {
    async fn make(database: Option<String>, server: Option<Server>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let objects = match &server {
            None => {
                let path = folder.path().join("objects");
                std::fs::create_dir(&path).unwrap();
                ObjectStore::Folder(path)
            }
            Some(server) => ObjectStore::S3(luthier_hub::backend::s3::BucketLocation {
                bucket: "muse".into(),
                endpoint: Some(server.endpoint()),
                ..Default::default()
            }),
        };
        let hub = Hub {
            name: "sites".into(),
            environment: Environment::Demo,
            policy: Policy::S3Canonical,
            database: match database {
                None => Database::Sqlite(folder.path().join("hub.db")),
                Some(url) => Database::parse(&url).unwrap(),
            },
            objects,
        };
        let store = Store::create(&hub, &Authority::granted()).await.unwrap();
        Self {
            store,
            folder,
            _server: server,
        }
    }

    pub async fn sqlite_and_folder() -> Self {
        Self::make(None, None).await
    }

    pub async fn postgres_and_folder() -> Self {
        Self::make(Some(postgres::database().await), None).await
    }

    pub async fn postgres_and_s3() -> Self {
        Self::make(
            Some(postgres::database().await),
            Some(Server::start(&["muse"])),
        )
        .await
    }

    pub fn making(&self) -> Making {
        self.store.making(&Authority::granted()).unwrap()
    }

    pub fn writer(&self) -> HubWriter {
        let writer = self.store.writer(&Authority::granted()).unwrap();
        writer.hub_writer(Arc::new(NoHubLedger))
    }

    /// A repository `alice/song` with its first commit.
    pub async fn with_repo(self) -> (Self, ObjectId) {
        let done = self
            .writer()
            .init_repo(&song(), &said("init"))
            .await
            .unwrap();
        let head = done.head.unwrap();
        (self, head)
    }

    pub async fn commit(
        &self,
        branch: &str,
        seen: Option<&ObjectId>,
        files: &[(&str, &str)],
    ) -> ObjectId {
        let done = self
            .writer()
            .commit_files(
                "r1",
                (branch, &format!("b-{branch}")),
                seen,
                puts(files),
                &said(branch),
            )
            .await;
        done.unwrap().head.unwrap()
    }

    /// The tree of a commit, as a client receives it.
    pub async fn tree_of(&self, commit: &ObjectId) -> SnapshotRecord {
        let commit = self.store.serve(Kind::Commit, commit).await.unwrap();
        let tree = CommitRecord::decode(&commit.bytes).unwrap().snapshot_id;
        let tree = self.store.serve(Kind::Snapshot, &tree.unwrap()).await;
        SnapshotRecord::decode(&tree.unwrap().bytes).unwrap()
    }

    /// A proposal to merge one branch into another.
    pub async fn propose(&self, id: &str, from: &str, into: &str) {
        let rows = NewRows {
            proposals: vec![ProposalRow {
                proposal_id: id.into(),
                repo_id: "r1".into(),
                title: "take it".into(),
                state: "open".into(),
                from_branch: from.into(),
                to_branch: into.into(),
                merge_commit_id: None,
            }],
            ..NewRows::default()
        };
        self.making().insert(&rows).await.unwrap();
    }

    /// A branch that points where another does.
    pub async fn fork(&self, name: &str, at: &ObjectId) {
        let push = Push {
            branch: name.into(),
            branch_id: format!("b-{name}"),
            head: at.clone(),
            force: false,
            blobs: vec![],
            snapshots: vec![],
            commits: vec![],
        };
        self.writer().receive_push("r1", push).await.unwrap();
    }

    /// An audit to the last byte, whatever its age, finds nothing but what is expected.
    pub async fn is_sound(&self) {
        assert_eq!(self.codes().await, [""; 0]);
    }

    pub async fn codes(&self) -> Vec<&'static str> {
        let options = Options {
            depth: Depth::Bytes,
            grace: Duration::ZERO,
            ..Options::default()
        };
        let report = luthier_audit::run(&self.store, &options, &Progress::new())
            .await
            .unwrap();
        assert!(report.summary().complete, "{:?}", report.summary());
        let page = report.page(&Default::default(), 0, 100).await.unwrap();
        page.iter()
            .map(|numbered| numbered.finding.code.name())
            .collect()
    }

    /// Every commit and snapshot is served as the canonical object that lies in the store.
    pub async fn serves_canonical_bytes(&self) {
        let index = self.store.index();
        let commits = index.commits(None, 10_000).await.unwrap().rows;
        let snapshots = index.snapshots(None, 10_000).await.unwrap().rows;
        assert!(!commits.is_empty() && !snapshots.is_empty());
        let commits = commits.iter().map(|row| (Kind::Commit, &row.commit_id));
        let snapshots_too = snapshots
            .iter()
            .map(|row| (Kind::Snapshot, &row.snapshot_id));
        for (kind, id) in commits.chain(snapshots_too) {
            let served = self.store.serve(kind, &ObjectId::new(id)).await.unwrap();
            assert!(matches!(served.source, Source::Canonical(_)), "{id}");
            assert!(
                served.bytes.starts_with(format!("{kind} ").as_bytes()),
                "{id}"
            );
            Proof::read(kind, &ObjectId::new(id), &served.bytes).unwrap();
        }
        for row in snapshots {
            assert!(row.manifest.unwrap().starts_with(b"{"), "a cache is JSON");
            assert_eq!(row.delta, None, "and no delta is kept");
        }
    }

    /// Everything that lies in the store, and how many rows there are.
    pub async fn state(&self) -> (Vec<String>, luthier_hub::index::Counts) {
        use futures_util::TryStreamExt;
        let keys = self.store.backend().list("", None);
        let keys: Vec<String> = keys.map_ok(|entry| entry.key).try_collect().await.unwrap();
        (keys, self.store.index().counts().await.unwrap())
    }
}

pub fn song() -> NewRepo {
    NewRepo {
        repo_id: "r1".into(),
        owner: "alice".into(),
        slug: "song".into(),
        name: "Song".into(),
        visibility: "private".into(),
        owner_user_id: "u1".into(),
        description: String::new(),
        default_branch: "main".into(),
        branch_id: "b-main".into(),
        ids: Ids::Typed,
    }
}

pub fn said(message: &str) -> Authorship {
    Authorship {
        author: "alice".into(),
        message: message.into(),
        at: NOON,
    }
}

pub fn puts(files: &[(&str, &str)]) -> Vec<FileChange> {
    let put = |(path, text): &(&str, &str)| FileChange::Put {
        path: (*path).into(),
        bytes: Bytes::copy_from_slice(text.as_bytes()),
    };
    files.iter().map(put).collect()
}

pub fn arrived(path: &str, text: &str) -> Arrived {
    Arrived {
        id: identity::blob_id(text.as_bytes()),
        path: path.into(),
        bytes: Bytes::copy_from_slice(text.as_bytes()),
    }
}

/// A snapshot of these files.
pub fn tree(files: &[&Arrived]) -> SnapshotRecord {
    let files = files
        .iter()
        .map(|blob| (blob.path.clone(), blob.id.clone()));
    let manifest: Manifest = files.collect();
    let directories = manifest.derived_directories();
    SnapshotRecord {
        snapshot_id: identity::snapshot_id(&manifest, &directories),
        manifest: Arc::new(manifest),
        directories,
        created_at: AT_NOON.into(),
        rest: SnapshotRecord::fresh_rest(),
    }
}

/// A commit as a client makes it.
pub fn made(tree: &SnapshotRecord, parents: &[&ObjectId], message: &str) -> CommitRecord {
    let mut record = CommitRecord {
        repo_id: "r1".into(),
        committed_at: AT_NOON.into(),
        ..luthier_hub::testing::commit(&tree.snapshot_id, parents, message)
    };
    record.commit_id = identity::commit_id(&record);
    record
}

/// The head of a branch, by its row.
pub async fn head(pair: &Pair, name: &str) -> Option<String> {
    let rows = pair
        .store
        .index()
        .branches_of("r1", None, 100)
        .await
        .unwrap()
        .rows;
    let row = rows.into_iter().find(|row| row.name == name)?;
    row.head_commit_id
}

/// Expands to each case in each pair.
macro_rules! sites {
    ($($case:ident),* $(,)?) => {
        $crate::hub_writes::sites!(@ sqlite_and_folder; $($case),*);
        $crate::hub_writes::sites!(@ postgres_and_folder; $($case),*);
        $crate::hub_writes::sites!(@ postgres_and_s3; $($case),*);
    };
    (@ $pair:ident; $($case:ident),*) => {
        mod $pair {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case($crate::hub_writes::Pair::$pair().await).await;
                }
            )*
        }
    };
}
pub(crate) use sites;
