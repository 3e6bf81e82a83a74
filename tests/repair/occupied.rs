//! A row points at nothing, and what lies under the key that its object gets proves nothing either.

use super::support::*;
use crate::{Applied, Outcome, Plan, Selection, apply, undo};
use luthier_audit::{Code, Filter};
use luthier_hub::backend::layout;
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use std::path::Path;

async fn applied(store: &Store, plan: &Plan, folder: &Path) -> Applied {
    let mut journal = journal(folder);
    apply(&writer(store), plan, &mut journal, &Progress::new())
        .await
        .unwrap()
}

#[tokio::test]
async fn an_object_is_restored_over_bad_bytes_that_no_row_points_to() {
    let (hub, commits) = unstored(1).await;
    let key = layout::key_for(&commits[0].commit_id).unwrap();
    hub.plant(&commits[0].commit_id, b"la la".to_vec()).await;
    meddle(
        &hub,
        "UPDATE musehub_commits SET storage_uri = 'local://objects/nowhere'",
    )
    .await;
    let store = hub.open().await;
    let selection = Selection::Chosen(Filter {
        codes: vec![Code::ObjectMissing],
        ..Filter::default()
    });
    let plan = planned(&store, &selection).await;
    let steps = all_steps(&plan).await;
    assert!(steps[0].words.contains("quarantine"), "{steps:?}");
    let ended = applied(&store, &plan, hub.folder.path()).await;
    assert_eq!(ended.outcomes[&Outcome::Written], 1, "{ended:?}");

    let stored = store.read_object(&key).await.unwrap().unwrap();
    assert_eq!(stored, commits[0].encode());
    let kept = files(&hub.folder.path().join("objects/_quarantine"));
    let kept: Vec<&Vec<u8>> = kept.values().collect();
    assert_eq!(kept, [b"la la"]);
    assert_eq!(findings(&store).await, []);

    let path = journal_path(hub.folder.path());
    let progress = Progress::new();
    let back = undo(&store, &path, &ended.run, &progress).await.unwrap();
    let ended = applied(&store, &back, hub.folder.path()).await;
    assert_eq!(ended.outcomes[&Outcome::Undone], 1, "{ended:?}");
    let stored = store.read_object(&key).await.unwrap().unwrap();
    assert_eq!(stored, b"la la".as_slice());
}

#[tokio::test]
async fn a_row_that_points_at_the_object_of_another_gets_its_own_and_the_other_stays() {
    // What lies under the row's own key: its object, nothing, or bytes that prove nothing.
    for own in [Some(true), None, Some(false)] {
        let (hub, commits) = unstored(2).await;
        let store = hub.open().await;
        let key_of = |at: usize| layout::key_for(&commits[at].commit_id).unwrap();
        let uri = store.backend().uri_for(&key_of(0));
        hub.plant(&commits[0].commit_id, commits[0].encode()).await;
        let bytes = own.map(|own| {
            if own {
                commits[1].encode()
            } else {
                b"la la".to_vec()
            }
        });
        if let Some(bytes) = bytes {
            hub.plant(&commits[1].commit_id, bytes).await;
        }
        let sql: &'static str = format!("UPDATE musehub_commits SET storage_uri = '{uri}'").leak();
        meddle(&hub, sql).await;
        let selection = Selection::Chosen(Filter {
            codes: vec![Code::ObjectCorrupt],
            ..Filter::default()
        });
        let plan = planned(&store, &selection).await;
        let ended = applied(&store, &plan, hub.folder.path()).await;
        assert_eq!(ended.outcomes.values().sum::<u64>(), 1, "{ended:?}");
        for (at, commit) in commits.iter().enumerate() {
            let stored = store.read_object(&key_of(at)).await.unwrap().unwrap();
            assert_eq!(stored, commit.encode(), "{own:?}");
        }
        assert_eq!(findings(&store).await, [], "{own:?}");
    }
}
