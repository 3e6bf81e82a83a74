//! Index rows written again from packs that prove.

use super::support::*;
use crate::{Outcome, Selection, apply};
use luthier_audit::{Code, Filter};
use luthier_hub::index::PackedRow;
use luthier_hub::progress::Progress;
use luthier_hub::testing::june::{June, index};

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
