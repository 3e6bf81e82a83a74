//! A blob by the id that its row does not use.

use super::inspect::by_bytes::{Reach, Searched, search};
use super::{AuditError, inspect};
use luthier_hub::progress::Progress;
use luthier_hub::testing::*;
use luthier_object::identity::blob_trials;
use luthier_object::{Kind, ObjectId};

#[tokio::test]
async fn a_search_says_how_far_it_came() {
    let hub = TestHub::empty().await;
    let mut blobs = Vec::new();
    for text in ["one", "two", "three"] {
        let raw = blob_trials(text.as_bytes()).swap_remove(1).1;
        blobs.push((hub.blob(text.as_bytes(), text).await, raw));
    }
    // Rows come in the order of their ids.
    blobs.sort();
    let store = hub.open().await;
    let find = |id: &ObjectId, reach: Reach| {
        let (store, id) = (store.clone(), id.clone());
        async move { search(&store, &id, reach, &Progress::new()).await.unwrap() }
    };
    for (own, raw) in &blobs {
        assert_eq!(find(raw, Reach::ALL).await, Searched::Found(own.clone()));
        let found = inspect::resolve(&store, raw.as_str()).await.unwrap();
        assert_eq!(found, (Kind::Blob, own.clone()));
    }
    let last = &blobs[2].1;
    for short in [
        Reach {
            blobs: 2,
            ..Reach::ALL
        },
        Reach {
            bytes: 4,
            ..Reach::ALL
        },
    ] {
        let cut = find(last, short).await;
        assert!(matches!(cut, Searched::Cut { hashed: 1 | 2 }), "{cut:?}");
    }
    let nobody = ObjectId::plain(&[7; 32]);
    assert_eq!(
        find(&nobody, Reach::ALL).await,
        Searched::Nowhere { unread: 0 }
    );
    let missing = inspect::resolve(&store, nobody.as_str()).await;
    assert!(!matches!(
        missing,
        Ok(_) | Err(AuditError::SearchCut { .. })
    ));

    let hex = blobs[0].0.hex().unwrap();
    let objects = hub.folder.path().join("objects/objects/sha256");
    std::fs::remove_file(objects.join(&hex[..2]).join(&hex[2..])).unwrap();
    assert_eq!(
        find(&blobs[0].1, Reach::ALL).await,
        Searched::Nowhere { unread: 1 }
    );
    let cut = AuditError::SearchCut {
        id: "abc".into(),
        hashed: 2,
    }
    .to_string();
    assert!(cut.contains("`luthier show abc --search`"), "{cut}");
}
