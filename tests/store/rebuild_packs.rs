//! A database from a store with packs: what is whole in them is taken, whatever happened to the rest.

use super::tests::{rebuilt, rows};
use crate::backend::{BackendMut, Key};
use crate::index::NewRows;
use crate::store::ServeError;
use crate::testing::*;
use bytes::Bytes;
use luthier_object::pack::{self, Writer};
use luthier_object::{Kind, ObjectId, identity};

const BLOBS: [&[u8]; 3] = [b"la la", b"do re mi", b"fa sol"];

fn pack() -> (ObjectId, Vec<u8>) {
    let with = |writer: Writer, blob: &&[u8]| writer.with(&identity::blob_id(blob), blob);
    let bytes = BLOBS.iter().fold(Writer::default(), with).finish_mpack();
    (pack::id_of(&bytes), bytes)
}

async fn put(hub: &TestHub, key: &str, bytes: Vec<u8>) {
    let key = Key::new(key).unwrap();
    let put = hub.backend.put_if_absent(&key, Bytes::from(bytes));
    put.await.unwrap();
}

/// Stores a commit whose snapshot names these blobs.
async fn names(hub: &TestHub, blobs: &[ObjectId]) {
    let paths: Vec<String> = (0..blobs.len()).map(|n| format!("{n}.wav")).collect();
    let entries: Vec<_> = paths.iter().map(String::as_str).zip(blobs).collect();
    let tree = snapshot(&entries);
    hub.plant(&tree.snapshot_id, tree.encode()).await;
    let head = commit(&tree.snapshot_id, &[], "take");
    hub.plant(&head.commit_id, head.encode()).await;
    hub.branch("main", &head.commit_id).await;
}

/// The blobs of the pack that the new database gives back.
async fn served(store: &crate::store::Store) -> Vec<bool> {
    let mut out = Vec::new();
    for blob in BLOBS {
        let served: Result<_, ServeError> = store.serve(Kind::Blob, &identity::blob_id(blob)).await;
        out.push(served.is_ok_and(|served| served.bytes == blob));
    }
    out
}

#[tokio::test]
async fn intact_blobs_of_a_corrupt_pack_are_taken_and_the_pack_is_named() {
    let (id, bytes) = pack();
    let at = bytes.windows(5).position(|part| part == b"la la").unwrap();
    let flipped = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    let torn = bytes[..bytes.len() - 67].to_vec();
    // In a blob, in the sum at the end, and cut short.
    let corrupt = [
        (flipped(at), [false, true, true]),
        (flipped(bytes.len() - 1), [true; 3]),
        (torn, [true, true, false]),
    ];
    for folder in ["mpacks/", "objects/"] {
        for (bytes, intact) in &corrupt {
            let hub = TestHub::empty().await;
            put(&hub, &format!("{folder}{id}"), bytes.clone()).await;
            names(&hub, &BLOBS.map(identity::blob_id)).await;
            let (store, report) = rebuilt(&hub).await;
            assert_eq!(served(&store).await, intact);
            let lost = intact.iter().filter(|intact| !**intact).count();
            assert_eq!(report.missing, lost as u64, "{report:?}");
            let [skipped] = report.first_skipped.as_slice() else {
                panic!("{report:?}");
            };
            let why = format!("intact blobs taken from it: {}", 3 - lost);
            assert!(skipped.why.contains(&why), "{skipped:?}");
            assert!(!report.is_whole());
        }
    }
}

#[tokio::test]
async fn a_pack_that_a_snapshot_names_as_a_blob_is_one() {
    let (id, bytes) = pack();
    for is_named in [true, false] {
        let hub = TestHub::empty().await;
        put(&hub, &format!("objects/{id}"), bytes.clone()).await;
        let mut blobs = BLOBS.map(identity::blob_id).to_vec();
        blobs.extend(is_named.then(|| id.clone()));
        names(&hub, &blobs).await;
        let (store, report) = rebuilt(&hub).await;
        assert!(report.is_whole(), "{report:?}");
        assert_eq!(served(&store).await, [true; 3]);
        let NewRows { blobs, .. } = rows(store.index()).await;
        let is_row = blobs.iter().any(|row| row.object_id == id.as_str());
        assert_eq!(is_row, is_named);
        assert_eq!(report.unnamed, 0);
    }
}

#[tokio::test]
async fn a_parent_whose_id_has_no_digits_is_told_as_missing() {
    let hub = TestHub::empty().await;
    let tree = snapshot(&[]);
    hub.plant(&tree.snapshot_id, tree.encode()).await;
    let odd = ObjectId::new("take-one");
    let head = commit(&tree.snapshot_id, &[&odd], "take two");
    hub.plant(&head.commit_id, head.encode()).await;
    let (_, report) = rebuilt(&hub).await;
    let [missing] = report.first_missing.as_slice() else {
        panic!("{report:?}");
    };
    assert_eq!(
        (missing.kind.as_str(), missing.id.as_str()),
        ("commit", "take-one")
    );
    assert_eq!(missing.named_by, head.commit_id.as_str());
}
