//! The one way to write, and what it refuses.

use crate::backend::{
    Backend, BackendError, BackendMut, Body, Conditions, Entry, Key, Meta, Put, Replaced,
    Replacement, UriRefusal,
};
use crate::index::Index;
use crate::store::write::{Change, Done, Ledger, NoLedger, WriteError};
use crate::store::{Authority, Store, StoreError, WriteSide, Writer};
use crate::testing::*;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use luthier_object::time::Micros;
use luthier_object::{Kind, ObjectId, ProofError, Proven};
use std::sync::Arc;

/// A hub with one commit whose row names no object yet.
async fn unstored() -> (TestHub, luthier_object::CommitRecord) {
    let hub = TestHub::empty().await;
    let blob = hub.blob(b"la la", "song.txt").await;
    let tree = snapshot(&[("song.txt", &blob)]);
    hub.add_snapshot(snapshot_row(&tree)).await;
    let record = commit(&tree.snapshot_id, &[], "first");
    hub.add_commit(commit_row(&record)).await;
    hub.branch("main", &record.commit_id).await;
    (hub, record)
}

fn store_commit(record: &luthier_object::CommitRecord) -> Change {
    let object = Proven::read(Kind::Commit, &record.commit_id, record.encode().into());
    Change::Store {
        object: object.unwrap().sealed(),
        seen_uri: None,
    }
}

async fn uri_of(hub: &TestHub, id: &ObjectId) -> Option<String> {
    let rows = hub
        .index
        .commits_by_id(&[id.as_str().to_owned()])
        .await
        .unwrap();
    rows[0].storage_uri.clone()
}

async fn writer(hub: &TestHub) -> Writer {
    hub.open().await.writer(&Authority::granted()).unwrap()
}

#[tokio::test]
async fn the_object_is_stored_and_only_then_the_row_points_at_it() {
    let (hub, record) = unstored().await;
    let writer = writer(&hub).await;
    let done = writer
        .make(&store_commit(&record), &mut NoLedger)
        .await
        .unwrap();
    let Done::Changed {
        key: Some(key),
        stored: true,
    } = done
    else {
        panic!("{done:?}");
    };
    assert_eq!(
        uri_of(&hub, &record.commit_id).await,
        Some(format!("local://{key}"))
    );
    let served = writer
        .store()
        .serve(Kind::Commit, &record.commit_id)
        .await
        .unwrap();
    assert_eq!(served.bytes, record.encode());
}

#[tokio::test]
async fn a_second_time_nothing_changes_and_nothing_is_overwritten() {
    let (hub, record) = unstored().await;
    let writer = writer(&hub).await;
    writer
        .make(&store_commit(&record), &mut NoLedger)
        .await
        .unwrap();
    let again = writer
        .make(&store_commit(&record), &mut NoLedger)
        .await
        .unwrap();
    assert_eq!(again, Done::Superseded);
}

#[tokio::test]
async fn bytes_that_do_not_prove_the_id_make_no_change() {
    let (_hub, mut record) = unstored().await;
    let id = record.commit_id.clone();
    record.message = "changed".into();
    // A change takes a proved object, and there is no other way to make one.
    let refused = Proven::read(Kind::Commit, &id, record.encode().into());
    assert_eq!(refused, Err(ProofError::NotReproduced));
}

#[tokio::test]
async fn other_bytes_under_the_key_are_left_alone_and_the_row_is_not_moved() {
    let (hub, record) = unstored().await;
    hub.plant(&record.commit_id, b"something else".to_vec())
        .await;
    let done = writer(&hub)
        .await
        .make(&store_commit(&record), &mut NoLedger)
        .await
        .unwrap();
    assert!(matches!(done, Done::Refused(_)), "{done:?}");
    assert_eq!(uri_of(&hub, &record.commit_id).await, None);
    let key = crate::backend::layout::key_for(&record.commit_id).unwrap();
    let left = hub
        .backend
        .open(&key)
        .await
        .unwrap()
        .unwrap()
        .read_all(100)
        .await
        .unwrap();
    assert_eq!(&left[..], b"something else");
}

#[tokio::test]
async fn nothing_is_written_when_the_journal_cannot_be() {
    struct Full;
    impl Ledger for Full {
        fn intend(&mut self, _: &Change) -> Result<(), crate::cause::Cause> {
            Err("disk full".into())
        }
        fn run(&self) -> &str {
            "full"
        }
    }
    let (hub, record) = unstored().await;
    let error = writer(&hub)
        .await
        .make(&store_commit(&record), &mut Full)
        .await
        .unwrap_err();
    assert!(matches!(error, WriteError::Ledger(_)), "{error}");
    let key = crate::backend::layout::key_for(&record.commit_id).unwrap();
    assert_eq!(hub.backend.head(&key).await.unwrap(), None);
    assert_eq!(uri_of(&hub, &record.commit_id).await, None);
}

/// A store that says it stored, and keeps something else.
struct Liar(Arc<dyn BackendMut>);

#[async_trait]
impl Backend for Liar {
    fn describe(&self) -> String {
        self.0.describe()
    }
    fn uri_for(&self, key: &Key) -> String {
        self.0.uri_for(key)
    }
    fn locate(&self, uri: &str) -> Result<Key, UriRefusal> {
        self.0.locate(uri)
    }
    async fn open(&self, key: &Key) -> Result<Option<Body>, BackendError> {
        self.0.open(key).await
    }
    async fn open_range(
        &self,
        key: &Key,
        offset: u64,
        length: u64,
    ) -> Result<Option<Body>, BackendError> {
        self.0.open_range(key, offset, length).await
    }
    async fn head(&self, key: &Key) -> Result<Option<Meta>, BackendError> {
        self.0.head(key).await
    }
    fn list<'a>(
        &'a self,
        prefix: &str,
        start_after: Option<&str>,
    ) -> BoxStream<'a, Result<Entry, BackendError>> {
        self.0.list(prefix, start_after).boxed()
    }
    async fn now(&self) -> Result<Micros, BackendError> {
        self.0.now().await
    }
}

#[async_trait]
impl BackendMut for Liar {
    async fn put_if_absent(&self, key: &Key, bytes: Bytes) -> Result<Put, BackendError> {
        let mut bytes = bytes.to_vec();
        bytes[20] ^= 1;
        self.0.put_if_absent(key, bytes.into()).await
    }
    async fn conditions(&self) -> Result<Conditions, BackendError> {
        self.0.conditions().await
    }

    async fn replace(&self, wanted: Replacement<'_>) -> Result<Replaced, BackendError> {
        self.0.replace(wanted).await
    }
}

#[tokio::test]
async fn a_row_is_never_pointed_at_bytes_that_were_not_read_back() {
    let (hub, record) = unstored().await;
    let liar = Arc::new(Liar(hub.backend.clone()));
    let rows = crate::store::retry::Retrying::new(hub.index.clone());
    let store = Store {
        hub: hub.hub.clone(),
        objects: crate::store::packs::Packs::new(liar.clone(), rows.clone()),
        index: rows,
        backend: liar.clone(),
        write_side: Some(WriteSide {
            index: hub.index.clone(),
            backend: liar,
        }),
        patient: None,
        copies: None,
        model: None,
    };
    let writer = store.writer(&Authority::granted()).unwrap();
    let error = writer
        .make(&store_commit(&record), &mut NoLedger)
        .await
        .unwrap_err();
    assert!(
        matches!(error, WriteError::ReadBackDiffers { .. }),
        "{error}"
    );
    assert_eq!(uri_of(&hub, &record.commit_id).await, None);
}

#[tokio::test]
async fn a_session_opened_for_reading_has_no_writer_even_with_an_authority() {
    let (hub, _) = unstored().await;
    let store = Store::open(&hub.hub, None).await.unwrap();
    assert!(!store.is_writable());
    let refused = store.writer(&Authority::granted()).err().unwrap();
    assert!(matches!(refused, StoreError::ReadOnly), "{refused}");
}

#[tokio::test]
async fn a_row_that_moved_since_it_was_seen_is_left_where_it_is() {
    let (hub, record) = unstored().await;
    let writer = writer(&hub).await;
    writer
        .make(&store_commit(&record), &mut NoLedger)
        .await
        .unwrap();
    let before = uri_of(&hub, &record.commit_id).await;
    let key = crate::backend::layout::key_for(&record.commit_id).unwrap();
    let link = Change::Link {
        kind: Kind::Commit,
        id: record.commit_id.clone(),
        seen_uri: Some("local://elsewhere".into()),
        key,
    };
    assert_eq!(
        writer.make(&link, &mut NoLedger).await.unwrap(),
        Done::Superseded
    );
    assert_eq!(uri_of(&hub, &record.commit_id).await, before);
}
