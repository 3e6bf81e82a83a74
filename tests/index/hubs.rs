//! Hubs of other ages and makes.

use super::*;

pub async fn a_hub_of_march_is_read_in_full<F: Fixture>() {
    let fixture = F::march().await;
    let hub = fixture.hub();
    let counts = hub.counts().await.unwrap();
    assert_eq!((counts.commits, counts.proposals), (2, 1));
    assert_eq!(counts.null_uris, [None, None, Some(1)]);
    let commits = hub.commits(None, 1_000).await.unwrap().rows;
    assert_eq!(commits[0].repo_id.as_deref(), Some("r1"));
    assert_eq!(commits[0].storage_uri, None);
    let at = luthier_object::time::parse(&commits[0].timestamp);
    assert_eq!(at, Some(1_773_914_400_500_000));
    let snapshot = &hub.snapshots(None, 1_000).await.unwrap().rows[0];
    let manifest = snapshot.manifest.as_deref().unwrap();
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(manifest).unwrap(),
        serde_json::json!({"a.mid": "b1"})
    );
    assert_eq!((snapshot.entry_count, &snapshot.directories), (None, &None));
    assert_eq!(
        (&snapshot.delta, &snapshot.parent_snapshot_id),
        (&None, &None)
    );
    let blob = &hub.blobs(None, 1_000).await.unwrap().rows[0];
    assert_eq!(blob.disk_path.as_deref(), Some("r1/b1"));
    let proposal = &hub.proposals(None, 9).await.unwrap().rows[0];
    assert_eq!(proposal.proposal_id, "p1");
    let list = hub
        .browse(&ask(Some("r1"), None, Edge::Start, 9))
        .await
        .unwrap();
    let ids: Vec<&str> = list.rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["c2", "c1"]);
    assert_eq!(list.rows[0].storage_uri, None);
    assert_eq!(hub.repo_counts(&["r1".into()]).await.unwrap(), [(1, 2)]);
    assert!(hub.memberships(Kind::Commit, None, 9).await.unwrap().end);
    assert!(!hub.capabilities().notes().is_empty());
}

pub async fn a_hub_of_march_can_be_added_to<F: Fixture>() {
    let fixture = F::march().await;
    let hub = fixture.hub();
    let manifest = SnapshotRow {
        manifest: Some(br#"{"b.mid":"b2"}"#.to_vec()),
        ..snapshot("s2")
    };
    let rows = NewRows {
        commits: vec![commit("c3", "r1", AT)],
        snapshots: vec![manifest],
        blobs: vec![blob("b2")],
        ..NewRows::default()
    };
    hub.insert(&rows).await.unwrap();
    assert_eq!(hub.commits_by_id(&["c3".into()]).await.unwrap().len(), 1);
    let found = hub.snapshots_by_id(&["s2".into()]).await.unwrap();
    let manifest = found[0].manifest.as_deref().unwrap();
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(manifest).unwrap(),
        serde_json::json!({"b.mid": "b2"})
    );
    assert_eq!(hub.blobs(None, 1_000).await.unwrap().rows.len(), 2);
}

async fn drop_memberships<F: Fixture>(fixture: &F) {
    for kind in Kind::ALL {
        let table = crate::index::Capabilities::refs_table(kind);
        fixture.sql(&format!("DROP TABLE {table}")).await;
    }
}

pub async fn a_hub_without_memberships_goes_by_repo_id<F: Fixture>() {
    let fixture = F::empty().await;
    browsable(&fixture).await;
    drop_memberships(&fixture).await;
    let hub = fixture.open(Access::Write).await;
    assert_eq!(forwards(&hub, Some("r1"), None).await.len(), 17);
    assert_eq!(forwards(&hub, Some("r2"), None).await.len(), 6);
    let rows = backwards(&hub, Some("r1"), None).await;
    assert_eq!(rows, forwards(&hub, Some("r1"), None).await);
    assert_eq!(hub.repo_counts(&["r1".into()]).await.unwrap(), [(0, 17)]);
    let page = hub.memberships(Kind::Blob, None, 9).await.unwrap();
    assert_eq!(
        page,
        Page {
            rows: vec![],
            end: true
        }
    );
    hub.insert(&full_rows()).await.unwrap();
}

pub async fn a_hub_without_repo_id_goes_by_memberships<F: Fixture>() {
    let fixture = F::empty().await;
    browsable(&fixture).await;
    fixture
        .sql("DROP INDEX ix_musehub_commits_repo_newest")
        .await;
    fixture
        .sql("ALTER TABLE musehub_commits DROP COLUMN repo_id")
        .await;
    let hub = fixture.open(Access::Write).await;
    let row = &hub.commits(None, 1).await.unwrap().rows[0];
    assert_eq!(row.repo_id, None);
    assert_eq!(forwards(&hub, Some("r1"), None).await.len(), 18);
    hub.insert(&full_rows()).await.unwrap();
    drop_memberships(&fixture).await;
    let hub = fixture.open(Access::Read).await;
    assert!(forwards(&hub, Some("r1"), None).await.is_empty());
    assert_eq!(hub.repo_counts(&["r1".into()]).await.unwrap(), [(1, 0)]);
}

pub async fn a_hub_without_proposals_has_none<F: Fixture>() {
    let fixture = F::empty().await;
    fixture.sql("DROP TABLE musehub_proposals").await;
    let hub = fixture.open(Access::Write).await;
    let page = hub.proposals(None, 9).await.unwrap();
    assert_eq!(
        page,
        Page {
            rows: vec![],
            end: true
        }
    );
    assert_eq!(hub.counts().await.unwrap().proposals, 0);
    hub.insert(&full_rows()).await.unwrap();
}

pub async fn unknown_tables_and_columns_disturb_nobody<F: Fixture>() {
    let fixture = F::empty().await;
    fixture.sql("CREATE TABLE musehub_sparkles (x TEXT)").await;
    fixture
        .sql("ALTER TABLE musehub_commits ADD COLUMN \"odd name\" TEXT")
        .await;
    let hub = fixture.open(Access::Write).await;
    hub.insert(&full_rows()).await.unwrap();
    let rows = hub.commits(None, 1_000).await.unwrap().rows;
    assert_eq!(rows, full_rows().commits);
}
