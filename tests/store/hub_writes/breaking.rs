//! A store that dies between any two steps of a write site leaves no row that points at nothing.

use super::pushing::row_of;
use super::*;
use crate::backend::{
    Backend, BackendError, BackendMut, Body, Conditions, Entry, Key, Meta, Put, Replaced,
    UriRefusal,
};
use crate::store::WriteSide;
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A store that answers so many writes and reads of objects, and then no more.
struct Dying {
    inner: Arc<dyn BackendMut>,
    left: AtomicI64,
}

impl Dying {
    fn step(&self) -> Result<(), BackendError> {
        match self.left.fetch_sub(1, Ordering::SeqCst) > 0 {
            true => Ok(()),
            false => Err(BackendError::Unusable {
                what: "the store".into(),
                why: "it has died".into(),
            }),
        }
    }
}

#[async_trait]
impl Backend for Dying {
    fn describe(&self) -> String {
        self.inner.describe()
    }
    fn uri_for(&self, key: &Key) -> String {
        self.inner.uri_for(key)
    }
    fn locate(&self, uri: &str) -> Result<Key, UriRefusal> {
        self.inner.locate(uri)
    }
    async fn open(&self, key: &Key) -> Result<Option<Body>, BackendError> {
        self.step()?;
        self.inner.open(key).await
    }
    async fn head(&self, key: &Key) -> Result<Option<Meta>, BackendError> {
        self.inner.head(key).await
    }
    fn list<'a>(
        &'a self,
        prefix: &str,
        after: Option<&str>,
    ) -> BoxStream<'a, Result<Entry, BackendError>> {
        self.inner.list(prefix, after)
    }
    async fn now(&self) -> Result<Micros, BackendError> {
        self.inner.now().await
    }
}

#[async_trait]
impl BackendMut for Dying {
    async fn put_if_absent(&self, key: &Key, bytes: Bytes) -> Result<Put, BackendError> {
        self.step()?;
        self.inner.put_if_absent(key, bytes).await
    }
    async fn conditions(&self) -> Result<Conditions, BackendError> {
        self.inner.conditions().await
    }

    async fn replace(
        &self,
        key: &Key,
        seen: &Bytes,
        bytes: Bytes,
        unguarded: bool,
    ) -> Result<Replaced, BackendError> {
        self.step()?;
        self.inner.replace(key, seen, bytes, unguarded).await
    }
}

/// The same hub through a store that dies after so many steps.
fn dying(pair: &Pair, steps: i64) -> Writer {
    let side = pair.store.write_side.clone().unwrap();
    let backend = Arc::new(Dying {
        inner: side.backend.clone(),
        left: AtomicI64::new(steps),
    });
    let store = Store {
        hub: pair.hub.clone(),
        index: crate::store::retry::Retrying::new(side.index.clone()),
        backend: backend.clone(),
        write_side: Some(WriteSide {
            index: side.index,
            backend,
        }),
        patient: None,
        copies: None,
    };
    store.writer(&Authority::granted()).unwrap()
}

sites! {
    a_store_that_dies_at_any_step_leaves_no_row_that_points_at_nothing,
}

async fn a_store_that_dies_at_any_step_leaves_no_row_that_points_at_nothing(pair: Pair) {
    let (pair, first) = pair.with_repo().await;
    pair.fork("dev", &first).await;
    let mut dev = first.clone();
    let mut main = first;
    let mut died = 0;
    for steps in 0..40 {
        let writer = dying(&pair, steps);
        let text = steps.to_string();
        // Each site in turn; where it dies, what was there before must still be all there is.
        let files = writer
            .commit_files(
                "r1",
                ("dev", "b-dev"),
                Some(&dev),
                puts(&[("n", &text)]),
                &said(&text),
            )
            .await;
        match files {
            Ok(done) => dev = done.head.unwrap(),
            Err(_) => died += 1,
        }
        let push = row_of(2, &main);
        match dying(&pair, steps).receive_push("r1", push).await {
            Ok(done) => main = done.head.unwrap(),
            Err(_) => died += 1,
        }
        let id = format!("p{steps}");
        pair.propose(&id, "dev", "main").await;
        match dying(&pair, steps).merge_proposal(&id, &said(&id)).await {
            Ok(merge) => main = merge.commit,
            Err(_) => died += 1,
        }
        let repo = NewRepo {
            repo_id: format!("r-{steps}"),
            slug: format!("s-{steps}"),
            branch_id: format!("b-{steps}"),
            ..song()
        };
        died += usize::from(
            dying(&pair, steps)
                .init_repo(&repo, &said("init"))
                .await
                .is_err(),
        );
        assert_eq!(head(&pair, "main").await.as_deref(), Some(main.as_str()));
        assert_eq!(head(&pair, "dev").await.as_deref(), Some(dev.as_str()));
        if steps % 8 == 7 {
            let codes: BTreeSet<&str> = pair.codes().await.into_iter().collect();
            let harmless = BTreeSet::from(["object-orphan", "refs-unsaved"]);
            assert!(codes.is_subset(&harmless), "{steps}: {codes:?}");
        }
    }
    assert!(died > 20, "{died} deaths");
    pair.serves_canonical_bytes().await;
}
