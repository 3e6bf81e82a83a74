//! Packs: an index that nobody wrote, and packs that nobody prepared.

use super::*;
use luthier_hub::testing::june::June;

/// An audit that compares rows with the listing, but reads no object.
async fn listed(june: &June) -> Vec<Finding> {
    audited_at(&june.hub.open().await, Depth::Presence).await
}

fn stuck() -> Told {
    told(Code::JobStuck, "alice/song", Remedy::None, Auto::No)
}

/// Incident 11: "not indexed" and 503 for ever: the pack is there, its index rows are not, and no job will write them.
/// A pack that proves says itself where its blobs are, so the rows are written in bulk; jobs are the hub's own.
#[tokio::test]
async fn incident_11_a_pack_without_rows_is_unindexed_and_its_job_is_stuck() {
    let june = June::new().await;
    june.sql("DELETE FROM musehub_mpack_index").await;
    let unindexed = |id: &ObjectId| told(Code::PackUnindexed, id, Remedy::Index, Auto::Yes);
    let mut expected: Vec<Told> = june.blobs.iter().map(unindexed).collect();
    expected.push(stuck());
    expected.sort();
    for found in [listed(&june).await, audited(&june.hub).await] {
        let mut found = worse(&found);
        found.sort();
        assert_eq!(found, expected);
    }
    // Without a look at the store nobody knows that the pack is there: nothing is said.
    let rows = audited_at(&june.hub.open().await, Depth::Rows).await;
    assert_eq!(worse(&rows), []);
}

/// Incident 11, the other half: a job is stuck that is absent, failed, or over an hour old while something waits for
/// it. One that runs is left to run.
#[tokio::test]
async fn incident_11_a_job_is_stuck_only_while_something_waits_for_it() {
    let june = June::new().await;
    let is_stuck = async || worse(&listed(&june).await).contains(&stuck());
    assert!(!is_stuck().await, "nothing waits for it");
    june.sql("DELETE FROM musehub_mpack_index").await;
    assert!(is_stuck().await, "it is absent");
    let job = |id: &str, state: &str, at: &str| {
        format!(
            "INSERT INTO musehub_background_jobs VALUES ('{id}', 'repo-1', 'mpack.index', '{state}', '{{}}', {at})"
        )
    };
    june.sql(&job("a", "pending", "'2026-03-01T00:00:00+00:00'"))
        .await;
    assert!(is_stuck().await, "it is old");
    let now = "strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')";
    june.sql(&job("b", "failed", now)).await;
    assert!(is_stuck().await, "it failed");
    june.sql("DELETE FROM musehub_background_jobs").await;
    june.sql(&job("c", "running", now)).await;
    assert!(!is_stuck().await, "it runs");
}

/// Incident 12: "server busy" without end: the pack that was prepared for a head expired, or is that of another head.
/// A fetch then builds one, which is slow and no damage: information. A hub that has no such row at all prepares no
/// packs, so there each branch is not told; the report would have it told.
#[tokio::test]
async fn incident_12_a_fetch_pack_is_stale_only_on_a_hub_that_prepares_any() {
    let june = June::new().await;
    let stale = async || -> Vec<(Grade, String)> {
        let found = listed(&june).await.into_iter();
        let of = found.filter(|f| f.code == Code::FetchPackStale);
        of.map(|f| (f.grade, f.id)).collect()
    };
    let main = [(Grade::Info, "alice/song:main".to_owned())];
    assert_eq!(stale().await, [], "it prepares none");
    june.sql(
        "INSERT INTO musehub_fetch_mpack_cache SELECT 'c', repo_id, head_commit_id, 'p', '', '2026-03-01T00:00:00+00:00' FROM musehub_branches",
    )
    .await;
    assert_eq!(stale().await, main, "it expired");
    june.sql("UPDATE musehub_fetch_mpack_cache SET tip_commit_id = 'other', expires_at = '2999-01-01T00:00:00+00:00'").await;
    assert_eq!(stale().await, main, "it is of another head");
    june.sql("UPDATE musehub_fetch_mpack_cache SET tip_commit_id = (SELECT head_commit_id FROM musehub_branches)")
        .await;
    assert_eq!(stale().await, []);
}
