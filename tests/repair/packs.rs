//! Index rows written again from packs that prove.

use super::support::*;
use crate::{Applied, Outcome, Plan, Selection, Step, apply, undo};
use luthier_audit::{Code, Depth, Filter};
use luthier_hub::index::PackedRow;
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::testing::june::{June, index};
use std::path::Path;

async fn rows(june: &June) -> Vec<PackedRow> {
    let ids: Vec<String> = june.blobs.iter().map(ToString::to_string).collect();
    let store = june.hub.open().await;
    let mut rows = store.index().packed_by_id(&ids).await.unwrap();
    rows.sort_by_key(|row| row.offset);
    rows
}

/// Repairs one code; how many steps were carried out.
async fn repaired(june: &June, code: Code) -> u64 {
    let store = june.hub.open().await;
    let selection = Selection::Chosen(Filter {
        codes: vec![code],
        ..Filter::default()
    });
    let plan = planned(&store, &selection).await;
    let mut journal = journal(june.hub.folder.path());
    let done = apply(&writer(&store), &plan, &mut journal, &Progress::new())
        .await
        .unwrap();
    assert_eq!(done.trouble, Vec::<String>::new());
    done.outcomes.get(&Outcome::Reindexed).copied().unwrap_or(0)
}

#[tokio::test]
async fn index_rows_that_were_removed_are_back_and_equal() {
    let june = June::new().await;
    let before = rows(&june).await;
    assert_eq!(
        before,
        index(&std::fs::read(&june.path).unwrap(), &june.pack)
    );
    june.sql("DELETE FROM musehub_mpack_index").await;
    assert_eq!(repaired(&june, Code::PackUnindexed).await, 3);
    assert_eq!(rows(&june).await, before);
    let left = findings(&june.hub.open().await).await;
    assert!(left.iter().all(|f| f.code != Code::PackUnindexed));
}

#[tokio::test]
async fn wrong_ranges_are_corrected_from_the_pack() {
    let june = June::new().await;
    let before = rows(&june).await;
    june.sql("UPDATE musehub_mpack_index SET \"offset\" = \"offset\" + 1, length = 1")
        .await;
    assert_eq!(repaired(&june, Code::IndexWrong).await, 3);
    assert_eq!(rows(&june).await, before);
}

/// Restores what one code is found on; the words of the steps, once they were carried out.
async fn restored(june: &June, code: Code, depth: Depth) -> Vec<String> {
    let store = june.hub.open().await;
    let options = luthier_audit::Options {
        depth,
        ..luthier_audit::Options::default()
    };
    let report = luthier_audit::run(&store, &options, &Progress::new())
        .await
        .unwrap();
    let selection = Selection::Chosen(Filter {
        codes: vec![code],
        ..Filter::default()
    });
    let plan = crate::plan(&store, &report, &selection, &Progress::new())
        .await
        .unwrap();
    let mut journal = journal(june.hub.folder.path());
    let done = apply(&writer(&store), &plan, &mut journal, &Progress::new())
        .await
        .unwrap();
    assert_eq!(done.trouble, Vec::<String>::new());
    all_steps(&plan)
        .await
        .into_iter()
        .map(|s| s.words)
        .collect()
}

async fn cache(june: &June, text: &str) {
    let bass = &june.blobs[1];
    june.sql(&format!(
        "UPDATE musehub_objects SET {text}content_cache = x'{}' WHERE object_id = '{bass}'",
        hex::encode("boom")
    ))
    .await;
}

#[tokio::test]
async fn a_blob_of_a_lost_pack_is_restored_from_the_cache_in_its_row() {
    let june = June::new().await;
    cache(&june, "").await;
    june.lose_pack();
    let words = restored(&june, Code::ObjectMissing, Depth::Presence).await;
    assert_eq!(words.len(), 1, "{words:?}");
    assert!(
        words[0].contains("from content_cache in its row"),
        "{words:?}"
    );
    let store = june.hub.open().await;
    let row = &store
        .index()
        .blobs_by_id(&[june.blobs[1].to_string()])
        .await
        .unwrap()[0];
    let key = store.backend().locate(row.storage_uri.as_deref().unwrap());
    let bytes = store.read_object(&key.unwrap()).await.unwrap();
    assert_eq!(bytes.as_deref(), Some(b"boom".as_slice()));
}

#[tokio::test]
async fn a_row_that_names_no_object_is_stored_from_its_cache() {
    let june = June::new().await;
    cache(&june, "storage_uri = NULL, ").await;
    let words = restored(&june, Code::UriMissing, Depth::Presence).await;
    // Commit and snapshot of the hub are in rows alone.
    let cached = words.iter().filter(|words| words.contains("content_cache"));
    assert_eq!(cached.count(), 1, "{words:?}");
    let left = findings(&june.hub.open().await).await;
    assert!(left.iter().all(|f| f.code != Code::UriMissing), "{left:#?}");
}

/// Points a blob that a pack holds to an object that is not there.
async fn lose_bass(june: &June) {
    let bass = &june.blobs[1];
    june.sql(&format!(
        "UPDATE musehub_objects SET storage_uri = 'local://objects/sha256/aa/{}' WHERE object_id = '{bass}'",
        "bb".repeat(31)
    ))
    .await;
}

/// Restores the blob from its pack, and sees that nothing is missing then.
async fn restored_from_the_pack(june: &June, depth: Depth) {
    let words = restored(june, Code::ObjectMissing, depth).await;
    assert_eq!(words.len(), 1, "{words:?}");
    assert!(
        words[0].contains(&format!("mpack://{}", june.pack)),
        "{words:?}"
    );
    let left = findings(&june.hub.open().await).await;
    assert!(
        left.iter().all(|f| f.code != Code::ObjectMissing),
        "{left:#?}"
    );
}

#[tokio::test]
async fn a_lost_object_is_restored_from_a_pack_that_no_row_names_for_it() {
    let june = June::new().await;
    lose_bass(&june).await;
    june.sql("DELETE FROM musehub_mpack_index").await;
    let unread = restored(&june, Code::ObjectMissing, Depth::Presence).await;
    assert_eq!(unread, Vec::<String>::new(), "no pack was read");
    restored_from_the_pack(&june, Depth::Bytes).await;
}

#[tokio::test]
async fn a_lost_object_is_restored_from_a_pack_that_the_index_names() {
    let june = June::new().await;
    lose_bass(&june).await;
    restored_from_the_pack(&june, Depth::Presence).await;
}

async fn applied(store: &Store, plan: &Plan, folder: &Path) -> Applied {
    let (writer, progress) = (writer(store), Progress::new());
    let mut journal = journal(folder);
    apply(&writer, plan, &mut journal, &progress).await.unwrap()
}

#[tokio::test]
async fn an_index_row_that_was_corrected_is_put_back_by_an_undo_and_one_that_was_added_stays() {
    let june = June::new().await;
    let bass = &june.blobs[1];
    let drums = &june.blobs[2];
    june.sql(&format!(
        "UPDATE musehub_mpack_index SET length = 1 WHERE object_id = '{bass}';
         DELETE FROM musehub_mpack_index WHERE object_id = '{drums}'"
    ))
    .await;
    let store = june.hub.open().await;
    let ids = june
        .blobs
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    let before = store.index().packed_by_id(&ids).await.unwrap();
    let selection = Selection::Chosen(Filter {
        codes: vec![Code::PackUnindexed, Code::IndexWrong],
        ..Filter::default()
    });
    let plan = planned(&store, &selection).await;
    let columns = |step: &Step| -> Vec<String> {
        let shown = step.change.shown();
        shown.into_iter().map(|change| change.column).collect()
    };
    let shown: Vec<_> = all_steps(&plan).await.iter().map(columns).collect();
    let added = ["object_id", "mpack_id", "offset", "length"].map(str::to_owned);
    assert!(shown.contains(&vec!["length".to_owned()]), "{shown:?}");
    assert!(shown.contains(&added.to_vec()), "{shown:?}");
    let folder = june.hub.folder.path();
    let done = applied(&store, &plan, folder).await;
    assert_eq!(done.outcomes[&Outcome::Reindexed], 2);
    let path = journal_path(folder);
    let back = undo(&store, &path, &done.run, &Progress::new())
        .await
        .unwrap();
    assert_eq!((back.totals().steps, back.totals().refused), (1, 1));
    let undone = applied(&store, &back, folder).await;
    assert_eq!(undone.outcomes[&Outcome::Undone], 1);
    let after = store.index().packed_by_id(&ids).await.unwrap();
    assert!(before.iter().all(|row| after.contains(row)), "{after:?}");
    assert_eq!(after.len(), 3, "an added row stays");
    // What was changed since is left alone.
    let again = undo(&store, &path, &done.run, &Progress::new())
        .await
        .unwrap();
    assert_eq!(again.totals().steps, 0);
}

#[tokio::test]
async fn nothing_is_indexed_from_a_pack_that_does_not_prove() {
    let june = June::new().await;
    let mut bytes = std::fs::read(&june.path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&june.path, bytes).unwrap();
    june.sql("DELETE FROM musehub_mpack_index").await;
    let store = june.hub.open().await;
    let selection = Selection::Chosen(Filter {
        codes: vec![Code::PackUnindexed],
        ..Filter::default()
    });
    let plan = planned(&store, &selection).await;
    assert_eq!(plan.totals().steps, 0);
    let refused = all_refused(&plan).await;
    assert!(
        refused[0].why.contains("the pack is damaged"),
        "{refused:#?}"
    );
}

#[tokio::test]
async fn lost_blobs_are_restored_from_a_pack_that_nothing_names() {
    let june = June::new().await;
    let gone = "ab".repeat(32);
    june.sql(&format!(
        "DELETE FROM musehub_mpack_index;
         UPDATE musehub_objects SET storage_uri = 'mpack://sha256:{gone}/' || object_id"
    ))
    .await;
    let words = restored(&june, Code::ObjectMissing, Depth::Bytes).await;
    assert_eq!(words.len(), 3, "{words:?}");
    let from = format!("from the copy under mpack://{}", june.pack);
    assert!(words.iter().all(|words| words.contains(&from)), "{words:?}");
    let left = findings(&june.hub.open().await).await;
    assert!(
        left.iter().all(|f| f.code != Code::ObjectMissing),
        "{left:#?}"
    );
}
