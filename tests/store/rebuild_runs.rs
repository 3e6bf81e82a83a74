//! Rebuilds that were cut short, that find a database in use, and that get no answer.

use super::tests::*;
use super::*;
use crate::access::Access;
use crate::backend::local::Local;
use crate::backend::{
    Backend, BackendError, BackendMut, Body, Entry, Key, Meta, Put, UriRefusal, layout,
};
use crate::index::{BranchRow, NewRows};
use crate::store::{Authority, Store, WriteSide};
use crate::testing::*;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use luthier_object::identity;
use luthier_object::time::Micros;
use std::sync::Arc;

#[tokio::test]
async fn a_run_that_was_cut_short_anywhere_is_finished_by_the_next() {
    let hub = TestHub::empty().await;
    let made = stored(&hub, 6).await;
    hub.branch("main", &made[5].commit_id).await;
    let (whole, _) = rebuilt(&hub).await;
    let all = rows(whole.index()).await;
    // What lies there when a run ends behind its first, second, … batch of rows.
    let upto = |n: usize| NewRows {
        repos: all.repos.clone(),
        commits: if n > 0 {
            all.commits[..n.min(6)].to_vec()
        } else {
            vec![]
        },
        snapshots: if n > 6 { all.snapshots.clone() } else { vec![] },
        blobs: if n > 7 { all.blobs.clone() } else { vec![] },
        memberships: if n > 8 {
            all.memberships.clone()
        } else {
            vec![]
        },
        branches: if n > 9 { all.branches.clone() } else { vec![] },
        packed: Vec::new(),
        fetch_packs: Vec::new(),
        proposals: vec![],
    };
    for n in 0..=10 {
        let store = opened(&hub, &format!("cut-{n}.db")).await;
        let writer = store.writer(&Authority::granted()).unwrap();
        writer.insert(&upto(n)).await.unwrap();
        let report = run(&store).await.unwrap();
        assert!(
            report.is_whole() && report.rows_before > 0,
            "{n}: {report:?}"
        );
        assert_eq!(rows(store.index()).await, all, "{n}");
    }
}

#[tokio::test]
async fn a_run_that_is_told_to_stop_leaves_what_the_next_goes_on_with() {
    let hub = TestHub::empty().await;
    let made = stored(&hub, 3).await;
    hub.branch("main", &made[2].commit_id).await;
    let store = opened(&hub, "new.db").await;
    let writer = store.writer(&Authority::granted()).unwrap();
    let progress = Progress::new();
    progress.cancel();
    let stopped = rebuild(&writer, &progress).await;
    assert!(matches!(stopped, Err(RebuildError::Cancelled(_))));
    drop(writer);
    assert_eq!(run(&store).await.unwrap().commits, 3);
}

#[tokio::test]
async fn a_database_that_holds_something_else_is_refused_before_anything_is_written() {
    let hub = TestHub::empty().await;
    let made = stored(&hub, 2).await;
    hub.branch("main", &made[1].commit_id).await;
    let foreign = commit(
        made[0].snapshot_id.as_ref().unwrap(),
        &[],
        "of another store",
    );
    let mut stranger = commit_row(&foreign);
    stranger.storage_uri = Some("local://objects/elsewhere".into());
    let moved = BranchRow {
        branch_id: "branch-main".into(),
        repo_id: REPO.into(),
        name: "main".into(),
        head_commit_id: Some(made[0].commit_id.as_str().into()),
    };
    let others = [
        NewRows {
            commits: vec![stranger],
            ..NewRows::default()
        },
        NewRows {
            branches: vec![moved],
            ..NewRows::default()
        },
        NewRows {
            repos: vec![crate::index::RepoRow {
                repo_id: "other".into(),
                ..Default::default()
            }],
            ..NewRows::default()
        },
        NewRows {
            proposals: vec![crate::index::ProposalRow {
                proposal_id: "p".into(),
                ..Default::default()
            }],
            ..NewRows::default()
        },
    ];
    for (n, other) in others.into_iter().enumerate() {
        let store = opened(&hub, &format!("other-{n}.db")).await;
        let writer = store.writer(&Authority::granted()).unwrap();
        writer.insert(&other).await.unwrap();
        let before = rows(store.index()).await;
        let error = rebuild(&writer, &Progress::new()).await.unwrap_err();
        assert!(
            matches!(error, RebuildError::NotEmpty { .. }),
            "{n}: {error}"
        );
        assert_eq!(rows(store.index()).await, before, "{n}");
    }
}

#[tokio::test]
async fn a_row_that_differs_from_what_the_store_says_ends_the_run() {
    let hub = TestHub::empty().await;
    let made = stored(&hub, 1).await;
    let (whole, _) = rebuilt(&hub).await;
    let mut changed = rows(whole.index()).await;
    changed.commits[0].message = "changed".into();
    let store = opened(&hub, "changed.db").await;
    let writer = store.writer(&Authority::granted()).unwrap();
    let commits = NewRows {
        commits: changed.commits,
        ..NewRows::default()
    };
    writer.insert(&commits).await.unwrap();
    let error = rebuild(&writer, &Progress::new()).await.unwrap_err();
    assert!(
        matches!(
            &error,
            RebuildError::Differs {
                column: "message",
                ..
            }
        ),
        "{error}"
    );
    let _ = made;
}

/// A store that does not answer for one key.
struct Deaf {
    store: Local,
    key: Key,
}

#[async_trait]
impl Backend for Deaf {
    fn describe(&self) -> String {
        self.store.describe()
    }
    fn uri_for(&self, key: &Key) -> String {
        self.store.uri_for(key)
    }
    fn locate(&self, uri: &str) -> Result<Key, UriRefusal> {
        self.store.locate(uri)
    }
    async fn open(&self, key: &Key) -> Result<Option<Body>, BackendError> {
        if *key == self.key {
            return Err(BackendError::Denied {
                what: key.to_string(),
            });
        }
        self.store.open(key).await
    }
    async fn open_range(
        &self,
        key: &Key,
        offset: u64,
        length: u64,
    ) -> Result<Option<Body>, BackendError> {
        self.store.open_range(key, offset, length).await
    }
    async fn head(&self, key: &Key) -> Result<Option<Meta>, BackendError> {
        self.store.head(key).await
    }
    fn list<'a>(
        &'a self,
        prefix: &str,
        after: Option<&str>,
    ) -> BoxStream<'a, Result<Entry, BackendError>> {
        self.store.list(prefix, after)
    }
    async fn now(&self) -> Result<Micros, BackendError> {
        self.store.now().await
    }
}

#[async_trait]
impl BackendMut for Deaf {
    async fn put_if_absent(&self, key: &Key, bytes: Bytes) -> Result<Put, BackendError> {
        self.store.put_if_absent(key, bytes).await
    }

    async fn conditions(&self) -> Result<crate::backend::Conditions, BackendError> {
        self.store.conditions().await
    }

    async fn replace(
        &self,
        wanted: crate::backend::Replacement<'_>,
    ) -> Result<crate::backend::Replaced, BackendError> {
        self.store.replace(wanted).await
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_unknown_and_nothing_else() {
    let hub = TestHub::empty().await;
    let made = stored(&hub, 2).await;
    hub.branch("main", &made[1].commit_id).await;
    let key = layout::key_for(&identity::blob_id(b"la la")).unwrap();
    let opened = opened(&hub, "new.db").await;
    let folder = hub.folder.path().join("objects");
    let backend = Arc::new(Deaf {
        store: Local::open(&folder, Access::Read).unwrap(),
        key: key.clone(),
    });
    let index = opened.write_side.as_ref().unwrap().index.clone();
    let store = Store {
        backend: backend.clone(),
        write_side: Some(WriteSide { index, backend }),
        ..opened
    };
    let report = run(&store).await.unwrap();
    assert_eq!((report.unknown, report.skipped), (1, 0), "{report:?}");
    assert_eq!(report.first_unknown[0].key, key.as_str());
    assert!(!report.is_whole() && report.held_back);
    assert_eq!((report.commits, report.blobs), (0, 0));
    let writer = store.writer(&Authority::granted()).unwrap();
    let options = Options { partial: true };
    let report = rebuild_with(&writer, options, &Progress::new())
        .await
        .unwrap();
    assert_eq!((report.unknown, report.held_back), (1, false));
    assert_eq!((report.commits, report.blobs), (2, 0));
}
