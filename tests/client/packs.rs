//! Pulls of repositories whose blobs are in packs.

use super::support::{options, run, sound};
use luthier_hub::testing::june::June;

async fn pulls(june: &June, into: &str) {
    let dir = june.hub.folder.path().join(into);
    let store = june.hub.open().await;
    let pulled = run(&store, &options("alice", "song", &dir)).await.pulled();
    assert_eq!(pulled.received.fetched, [1, 1, 3]);
    assert_eq!(sound(&dir).await.proved, [1, 1, 3]);
}

#[tokio::test]
async fn a_repository_whose_blobs_are_in_packs_is_pulled() {
    let june = June::new().await;
    pulls(&june, "with-index").await;
    june.sql("DELETE FROM musehub_mpack_index").await;
    pulls(&june, "without-index").await;
}

#[tokio::test]
async fn a_pack_that_is_gone_stops_the_pull_by_its_name() {
    let june = June::new().await;
    june.lose_pack();
    let dir = june.hub.folder.path().join("pulled");
    let ended = run(&june.hub.open().await, &options("alice", "song", &dir)).await;
    assert_eq!(ended.result.unwrap().refused, 3);
    for sentence in ended.sentences {
        let named = sentence.contains(": its pack sha256:");
        assert!(
            named && sentence.contains(" is not in the store"),
            "{sentence}"
        );
    }
}

#[tokio::test]
async fn a_blob_that_only_its_row_keeps_is_pulled() {
    let june = June::new().await;
    june.sql(&format!(
        "UPDATE musehub_objects SET storage_uri = NULL, content_cache = x'{}' WHERE object_id = '{}'",
        hex::encode("boom"),
        june.blobs[1]
    ))
    .await;
    pulls(&june, "pulled").await;
}
