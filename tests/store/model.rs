//! Which model a hub follows.

use super::examine;
use crate::index::Index;
use crate::store::doctor::Health;
use crate::store::{Hub, Policy};
use crate::testing::june::June;
use crate::testing::{TestHub, commit, commit_row};
use luthier_object::identity;

async fn told(hub: &TestHub, policy: Policy) -> (Health, String) {
    let counts = hub.index.counts().await.unwrap();
    let hub_of = Hub {
        policy,
        ..hub.hub.clone()
    };
    let check = examine(hub.index.as_ref(), &counts, &hub_of).await;
    (check.health, check.found)
}

#[tokio::test]
async fn a_hub_of_june_is_db_canonical_with_blobs_in_packs() {
    let june = June::new().await;
    let says =
        "db-canonical: 0 of 2 commits and snapshots have an object; blobs are in packs; policy ";
    for (policy, health, follows) in [
        (Policy::DbCanonical, Health::Pass, "db-canonical"),
        (Policy::ByModel, Health::Pass, "db-canonical"),
        (Policy::S3Canonical, Health::Warn, "s3-canonical"),
    ] {
        let expected = (health, format!("{says}{follows}"));
        assert_eq!(told(&june.hub, policy).await, expected);
    }
}

#[tokio::test]
async fn rows_with_and_without_objects_make_a_mixed_hub() {
    let hub = TestHub::empty().await;
    let blob = hub.blob(b"la la", "a").await;
    let (health, found) = told(&hub, Policy::S3Canonical).await;
    assert_eq!(health, Health::Pass);
    assert!(found.starts_with("there are no commits"), "{found}");

    let first = commit(&blob, &[], "One");
    let mut row = commit_row(&first);
    row.storage_uri = Some(hub.plant(&first.commit_id, first.encode()).await);
    hub.add_commit(row).await;
    let says = "s3-canonical: 1 of 1 commits and snapshots have an object; blobs are objects of their own; policy s3-canonical";
    assert_eq!(
        told(&hub, Policy::S3Canonical).await,
        (Health::Pass, says.to_owned())
    );

    let second = commit(&identity::blob_id(b""), &[&first.commit_id], "Two");
    hub.add_commit(commit_row(&second)).await;
    let (health, found) = told(&hub, Policy::S3Canonical).await;
    assert_eq!(health, Health::Pass);
    assert!(
        found.starts_with("mixed: 1 of 2 commits and snapshots have an object"),
        "{found}"
    );
}

/// Before its first backfill a hub has commits in rows alone too. It is not excused: its blobs are objects.
#[tokio::test]
async fn a_hub_whose_commits_were_not_stored_yet_is_not_excused() {
    let hub = TestHub::empty().await;
    let blob = hub.blob(b"la la", "a").await;
    hub.add_commit(commit_row(&commit(&blob, &[], "One"))).await;
    let (health, found) = told(&hub, Policy::ByModel).await;
    assert_eq!(health, Health::Warn);
    assert!(found.ends_with("policy s3-canonical"), "{found}");
}
