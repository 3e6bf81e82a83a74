//! Builds demo hubs and reads them back.

use crate::{Built, DemoOptions, build};
use futures_util::StreamExt;
use luthier_hub::backend::Key;
use luthier_hub::index::{
    BlobRow, BranchRow, CommitRow, Index, IndexError, MembershipRow, Page, ProposalRow, RepoRow,
    SnapshotRow,
};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_object::Kind;
use std::future::Future;
use tempfile::TempDir;

/// A hub that was built, and the folder that it goes away with.
pub struct Demo {
    pub built: Built,
    pub store: Store,
    pub folder: TempDir,
}

/// Every row of a hub, in the order of the keys.
#[derive(Debug, PartialEq)]
pub struct Rows {
    pub repos: Vec<RepoRow>,
    pub branches: Vec<BranchRow>,
    pub commits: Vec<CommitRow>,
    pub snapshots: Vec<SnapshotRow>,
    pub blobs: Vec<BlobRow>,
    pub proposals: Vec<ProposalRow>,
    pub held: Vec<(Kind, MembershipRow)>,
}

pub fn options(folder: &TempDir, healthy: bool, seed: u64) -> DemoOptions {
    DemoOptions {
        database: None,
        objects: None,
        dir: folder.path().join("hub"),
        era: None,
        healthy,
        commits: None,
        seed,
    }
}

pub async fn demo(healthy: bool, seed: u64) -> Demo {
    scaled(healthy, seed, None).await
}

pub async fn scaled(healthy: bool, seed: u64, commits: Option<u64>) -> Demo {
    let folder = tempfile::tempdir().unwrap();
    let options = DemoOptions {
        commits,
        ..options(&folder, healthy, seed)
    };
    let built = build(&options, &Progress::new()).await.unwrap();
    let store = Store::open(&built.hub, None).await.unwrap();
    Demo {
        built,
        store,
        folder,
    }
}

/// Reads page after page.
async fn all<T, F>(read: impl Fn(Option<T>) -> F) -> Vec<T>
where
    T: Clone,
    F: Future<Output = Result<Page<T>, IndexError>>,
{
    let mut out: Vec<T> = Vec::new();
    loop {
        let page = read(out.last().cloned()).await.unwrap();
        out.extend(page.rows);
        if page.end {
            return out;
        }
    }
}

pub async fn rows(store: &Store) -> Rows {
    let index: &dyn Index = store.index();
    let mut held = Vec::new();
    for kind in Kind::ALL {
        let of = all(|last: Option<MembershipRow>| async move {
            index.memberships(kind, last.as_ref(), 500).await
        });
        held.extend(of.await.into_iter().map(|row| (kind, row)));
    }
    macro_rules! table {
        ($read:ident, $key:ident, $row:ty) => {
            all(|last: Option<$row>| async move {
                let after = last.map(|row| row.$key);
                index.$read(after.as_deref(), 500).await
            })
            .await
        };
    }
    Rows {
        repos: table!(repos, repo_id, RepoRow),
        branches: table!(branches, branch_id, BranchRow),
        commits: table!(commits, commit_id, CommitRow),
        snapshots: table!(snapshots, snapshot_id, SnapshotRow),
        blobs: table!(blobs, object_id, BlobRow),
        proposals: table!(proposals, proposal_id, ProposalRow),
        held,
    }
}

/// Every key with its bytes.
pub async fn objects(store: &Store) -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    let mut listing = store.backend().list("", None);
    while let Some(entry) = listing.next().await {
        let key = Key::new(entry.unwrap().key).unwrap();
        let bytes = store.read_object(&key).await.unwrap().unwrap();
        out.push((key.to_string(), bytes.to_vec()));
    }
    out
}
