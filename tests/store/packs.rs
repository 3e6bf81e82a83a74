//! Blobs in packs: found, proved, and what was wrong on the way.

use super::{FoundIn, Look, PackSearch, PackState, Packs, RangeFault};
use crate::backend::{Backend, BackendError, Body, Entry, Key, Meta, UriRefusal, layout};
use crate::index::{NewRows, PackedRow};
use crate::store::retry::Retrying;
use crate::store::{ServeError, Source};
use crate::testing::between::sql;
use crate::testing::{LONG_AGO, REPO, TestHub, member};
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use luthier_object::pack::{self, Event, Reader, Writer};
use luthier_object::time::Micros;
use luthier_object::{Kind, ObjectId, frame, identity};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A hub with one pack.
struct Packed {
    hub: TestHub,
    bytes: Vec<u8>,
    pack: ObjectId,
}

/// The blobs of the pack: raw, with a header, empty, and too large to be held while it is proved.
fn blobs() -> [Vec<u8>; 4] {
    [
        b"la la".to_vec(),
        b"do re mi".to_vec(),
        Vec::new(),
        vec![7; 3 << 20],
    ]
}

fn packed(as_mpack: bool) -> Vec<u8> {
    let [raw, framed, empty, large] = blobs();
    let writer = Writer::default()
        .with(&identity::blob_id(&raw), &raw)
        .with(
            &identity::blob_id(&framed),
            &frame::encode(Kind::Blob, &framed),
        )
        .with(&identity::blob_id(&empty), &empty)
        .with(
            &identity::blob_id(&large),
            &frame::encode(Kind::Blob, &large),
        );
    match as_mpack {
        true => writer.finish_mpack(),
        false => writer.finish(),
    }
}

impl Packed {
    async fn new() -> Self {
        let bytes = packed(true);
        let pack = pack::id_of(&bytes);
        let key = format!("objects/{pack}");
        Self::at(&key, bytes, pack).await
    }

    async fn at(key: &str, bytes: Vec<u8>, pack: ObjectId) -> Self {
        let hub = TestHub::empty().await;
        let path = hub.folder.path().join("objects").join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &bytes).unwrap();
        let rows = blobs().into_iter().map(|blob| {
            let id = identity::blob_id(&blob);
            crate::index::BlobRow {
                object_id: id.as_str().into(),
                repo_id: Some(REPO.into()),
                path: "a".into(),
                size_bytes: blob.len() as i64,
                storage_uri: Some(format!("mpack://{pack}")),
                disk_path: None,
                created_at: LONG_AGO.into(),
            }
        });
        let rows: Vec<_> = rows.collect();
        let held = rows
            .iter()
            .map(|row| member(&ObjectId::new(&row.object_id)));
        hub.insert(NewRows {
            memberships: held.map(|row| (Kind::Blob, row)).collect(),
            blobs: rows,
            ..NewRows::default()
        })
        .await;
        Self { hub, bytes, pack }
    }

    /// The index rows that belong to the pack.
    fn rows(&self) -> Vec<PackedRow> {
        let mut out = Vec::new();
        let mut reader = Reader::new(self.bytes.len() as u64).unwrap();
        let read = reader.feed(&self.bytes, |event| {
            if let Event::Record(record) = event {
                out.push(PackedRow {
                    object_id: record.id.as_str().into(),
                    pack_id: self.pack.as_str().into(),
                    offset: Some(record.offset as i64),
                    length: Some(record.length as i64),
                });
            }
        });
        read.unwrap();
        out
    }

    async fn index(&self, rows: Vec<PackedRow>) {
        self.hub
            .insert(NewRows {
                packed: rows,
                ..NewRows::default()
            })
            .await;
    }

    /// Every blob as a client gets it.
    async fn served(&self) -> Vec<Result<Vec<u8>, ServeError>> {
        let store = self.hub.open().await;
        let mut out = Vec::new();
        for blob in blobs() {
            let served = store.serve(Kind::Blob, &identity::blob_id(&blob)).await;
            out.push(served.map(|served| {
                assert!(
                    matches!(&served.source, Source::Canonical(key) if key.in_pack().is_some())
                );
                served.bytes.to_vec()
            }));
        }
        out
    }

    async fn search(&self, blob: &[u8], read: bool) -> PackSearch {
        let key = self.key(blob);
        let store = self.hub.open().await;
        store.search_packs(&key, read).await.unwrap().unwrap()
    }

    fn key(&self, blob: &[u8]) -> Key {
        let id = identity::blob_id(blob);
        Key::in_pack_at(&format!("mpack://{}", self.pack), &id).unwrap()
    }
}

#[tokio::test]
async fn blobs_are_served_by_the_index_and_without_it() {
    let hub = Packed::new().await;
    let all: Vec<_> = hub.served().await.into_iter().map(Result::unwrap).collect();
    assert_eq!(all, blobs());
    let found = hub.search(b"la la", true).await;
    assert_eq!(
        (found.found, found.is_indexed),
        (Some(FoundIn::Pack), false)
    );

    hub.index(hub.rows()).await;
    let all: Vec<_> = hub.served().await.into_iter().map(Result::unwrap).collect();
    assert_eq!(all, blobs());
    let found = hub.search(b"la la", true).await;
    assert_eq!(
        (found.found, found.is_indexed),
        (Some(FoundIn::Index), true)
    );
    assert_eq!(found.wrong, []);
}

#[tokio::test]
async fn a_pack_is_found_under_whatever_key_ends_in_its_digits() {
    let bytes = packed(false);
    let pack = pack::id_of(&bytes);
    let hex = pack.hex().unwrap();
    for key in [
        format!("objects/sha256/{}/{}", &hex[..2], &hex[2..]),
        format!("packs/{hex}.mpack"),
        format!("of-some-day/{}/{}", &hex[..2], &hex[2..]),
        format!("of/another/day/sha256:{hex}"),
    ] {
        let hub = Packed::at(&key, bytes.clone(), pack.clone()).await;
        let all: Vec<_> = hub.served().await.into_iter().map(Result::unwrap).collect();
        assert_eq!(all, blobs(), "{key}");
    }
}

#[tokio::test]
async fn a_range_that_holds_other_bytes_is_told_and_the_pack_serves_the_blob() {
    let hub = Packed::new().await;
    let mut rows = hub.rows();
    rows[0].offset = rows[0].offset.map(|offset| offset + 1);
    rows[1].length = Some(hub.bytes.len() as i64);
    rows[3].offset = Some(-1);
    hub.index(rows).await;
    let all: Vec<_> = hub.served().await.into_iter().map(Result::unwrap).collect();
    assert_eq!(all, blobs());
    for (blob, why) in [
        (0, RangeFault::OtherBytes),
        (1, RangeFault::LeavesPack),
        (3, RangeFault::NoRange),
    ] {
        let found = hub.search(&blobs()[blob], true).await;
        assert_eq!(found.found, Some(FoundIn::Pack));
        assert_eq!(found.wrong[0].why, why);
    }
    let unread = hub.search(&blobs()[1], false).await;
    assert_eq!(unread.wrong[0].why, RangeFault::LeavesPack);
    assert_eq!(unread.found, None);
}

#[tokio::test]
async fn a_pack_that_is_gone_is_missing_and_an_index_into_another_helps() {
    let hub = Packed::new().await;
    let store = hub.hub.folder.path().join("objects/objects");
    std::fs::rename(store.join(hub.pack.as_str()), store.join("hidden")).unwrap();
    hub.index(hub.rows()).await;
    for served in hub.served().await {
        assert!(matches!(served, Err(ServeError::Missing { .. })));
    }
    let found = hub.search(b"la la", true).await;
    assert_eq!(found.pack, PackState::Absent);

    let blob = &blobs()[0];
    let other = Writer::default()
        .with(&identity::blob_id(blob), blob)
        .finish();
    std::fs::write(store.join(pack::id_of(&other).as_str()), &other).unwrap();
    hub.index(vec![PackedRow {
        object_id: identity::blob_id(blob).as_str().into(),
        pack_id: pack::id_of(&other).as_str().into(),
        offset: Some(13 + 79),
        length: Some(blob.len() as i64),
    }])
    .await;
    assert_eq!(hub.served().await.remove(0).unwrap(), *blob);
}

#[tokio::test]
async fn the_cache_in_the_row_serves_first_where_it_proves() {
    let hub = Packed::new().await;
    let database = hub.hub.folder.path().join("hub.db");
    let id = identity::blob_id(b"la la");
    let set = |text: &str| {
        format!(
            "UPDATE musehub_objects SET content_cache = CAST('{text}' AS BLOB) WHERE object_id = '{id}'"
        )
    };
    sql(&database, &set("la la")).await;
    let found = hub.search(b"la la", true).await;
    assert_eq!(found.found, Some(FoundIn::Row));
    sql(&database, &set("la lo")).await;
    let found = hub.search(b"la la", true).await;
    assert_eq!(found.found, Some(FoundIn::Pack));
    assert_eq!(found.wrong[0].from, FoundIn::Row);
    assert_eq!(hub.served().await.remove(0).unwrap(), b"la la");
}

#[tokio::test]
async fn the_range_in_a_uri_is_believed_where_it_proves() {
    let hub = Packed::new().await;
    let row = &hub.rows()[0];
    let (offset, length) = (row.offset.unwrap(), row.length.unwrap());
    let id = identity::blob_id(b"la la");
    let store = hub.hub.open().await;
    for (offset, from) in [(offset, FoundIn::Uri), (offset + 1, FoundIn::Pack)] {
        let uri = format!("mpack://{}/{id}?offset={offset}&length={length}", hub.pack);
        let key = store.locate(Kind::Blob, &id, &uri).unwrap();
        let found = store.search_packs(&key, true).await.unwrap().unwrap();
        assert_eq!(found.found, Some(from));
    }
}

/// What lies before the damage still proves by itself.
#[tokio::test]
async fn a_damaged_pack_serves_what_still_proves() {
    let mut bytes = packed(false);
    let pack = pack::id_of(&bytes);
    bytes.truncate(200);
    let key = format!("objects/{pack}");
    let hub = Packed::at(&key, bytes, pack).await;
    let served = hub.served().await;
    assert_eq!(served[0].as_deref().ok(), Some(&blobs()[0][..]));
    assert!(matches!(served[3], Err(ServeError::Missing { .. })));

    let mut bytes = packed(false);
    let pack = pack::id_of(&bytes);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let hub = Packed::at(&format!("objects/{pack}"), bytes, pack).await;
    let all: Vec<_> = hub.served().await.into_iter().map(Result::unwrap).collect();
    assert_eq!(all, blobs());
}

#[tokio::test]
async fn only_blobs_lie_in_packs_and_a_uri_names_one() {
    let hub = Packed::new().await;
    let store = hub.hub.open().await;
    let (id, uri) = (identity::blob_id(b"la la"), format!("mpack://{}", hub.pack));
    for kind in [Kind::Commit, Kind::Snapshot] {
        assert_eq!(store.locate(kind, &id, &uri), Err(UriRefusal::Pack));
    }
    for uri in ["mpack://", "mpack://sha256:abc", &format!("{uri}0")] {
        assert_eq!(store.locate(Kind::Blob, &id, uri), Err(UriRefusal::NoPack));
    }
    let key = store.locate(Kind::Blob, &id, &uri).unwrap();
    assert_eq!(key.to_string(), format!("{uri}/{id}"));
}

#[test]
fn keys_of_packs_end_in_their_digits() {
    let hex = "ab".repeat(32);
    let digest = Some([0xab; 32]);
    let fanned = format!("x/{}/{}", &hex[..2], &hex[2..]);
    for key in [
        &hex,
        &format!("{hex}.mpack"),
        &format!("a/b/{hex}"),
        &format!("a/sha256:{hex}.mpack"),
        &fanned,
    ] {
        assert_eq!(layout::recognise_pack(key), digest, "{key}");
    }
    for key in [
        "",
        "a",
        &hex[1..],
        &format!("x{hex}"),
        &format!("{hex}/a"),
        &format!("ä{}", &hex[1..]),
    ] {
        assert_eq!(layout::recognise_pack(key), None, "{key}");
    }
}

/// A store that counts the reads of bytes.
struct Counted {
    inner: Arc<dyn Backend>,
    reads: AtomicU64,
}

#[async_trait]
impl Backend for Counted {
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
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.inner.open(key).await
    }
    async fn open_range(
        &self,
        key: &Key,
        offset: u64,
        length: u64,
    ) -> Result<Option<Body>, BackendError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.inner.open_range(key, offset, length).await
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

#[tokio::test]
async fn presence_reads_no_byte_and_a_walk_is_made_once() {
    let hub = Packed::new().await;
    let counted = Arc::new(Counted {
        inner: hub.hub.backend.clone(),
        reads: AtomicU64::new(0),
    });
    let packs = Packs::new(counted.clone(), Retrying::new(hub.hub.index.clone()));
    let small = [b"la la".to_vec(), b"do re mi".to_vec()];
    for blob in &small {
        let key = hub.key(blob);
        let found = packs
            .search(key.in_pack().unwrap(), Look::Places)
            .await
            .unwrap();
        assert!(matches!(found.pack, PackState::There(_)));
    }
    assert_eq!(counted.reads.load(Ordering::SeqCst), 0);
    for blob in &small {
        let key = hub.key(blob);
        let found = packs
            .search(key.in_pack().unwrap(), Look::Bytes)
            .await
            .unwrap();
        assert_eq!(found.found, Some(FoundIn::Pack));
    }
    // The walk, and a range for each.
    assert_eq!(counted.reads.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn index_rows_are_read_for_many_blobs_at_once() {
    let hub = Packed::new().await;
    hub.index(hub.rows()).await;
    let packs = Packs::new(
        hub.hub.backend.clone(),
        Retrying::new(hub.hub.index.clone()),
    );
    let ids: Vec<String> = blobs()
        .iter()
        .map(|b| identity::blob_id(b).to_string())
        .collect();
    packs.expect(&ids).await.unwrap();
    let database = hub.hub.folder.path().join("hub.db");
    sql(&database, "DELETE FROM musehub_mpack_index").await;
    let key = hub.key(b"la la");
    let found = packs
        .search(key.in_pack().unwrap(), Look::Bytes)
        .await
        .unwrap();
    assert_eq!(found.found, Some(FoundIn::Index));
}
