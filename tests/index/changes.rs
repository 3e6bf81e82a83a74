//! Changing rows: compare-and-set, additions, access, the lock.

use super::*;
use crate::index::EditableColumn;

fn link(id: &str, seen: Option<&str>, new: &str) -> Link {
    Link {
        id: id.into(),
        seen: seen.map(str::to_owned),
        new: new.into(),
    }
}

pub async fn a_link_changes_only_what_was_seen<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    let mut linked = commit("c2", "r1", AT);
    linked.storage_uri = Some("local://old".into());
    hub.insert(&NewRows {
        commits: vec![commit("c1", "r1", AT), linked, commit("c3", "r1", AT)],
        snapshots: vec![snapshot("c1")],
        blobs: vec![blob("c1")],
        ..NewRows::default()
    })
    .await
    .unwrap();
    let links = [
        link("c1", None, "local://1"),
        link("c2", None, "local://2"),
        link("c2", Some("local://older"), "local://2"),
        link("none", None, "local://3"),
        link("c3", Some("local://old"), "local://3"),
    ];
    let changed = hub.set_storage_uri(Kind::Commit, &links).await.unwrap();
    assert_eq!(changed, ["c1"]);
    let rows = hub.commits(None, 9).await.unwrap().rows;
    let uris: Vec<_> = rows.iter().map(|row| row.storage_uri.as_deref()).collect();
    assert_eq!(uris, [Some("local://1"), Some("local://old"), None]);
    let moved = [link("c2", Some("local://old"), "local://new")];
    let changed = hub.set_storage_uri(Kind::Commit, &moved).await.unwrap();
    assert_eq!(changed, ["c2"]);
    for kind in [Kind::Snapshot, Kind::Blob] {
        let one = [link("c1", None, "local://x")];
        assert_eq!(hub.set_storage_uri(kind, &one).await.unwrap(), ["c1"]);
        assert!(hub.set_storage_uri(kind, &one).await.unwrap().is_empty());
    }
}

pub async fn a_cache_changes_only_what_was_seen<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    let cached = SnapshotRow {
        manifest: Some(vec![0x80]),
        entry_count: Some(3),
        ..snapshot("s1")
    };
    hub.insert(&NewRows {
        snapshots: vec![cached.clone(), snapshot("s2")],
        ..NewRows::default()
    })
    .await
    .unwrap();
    let right = Recache {
        id: "s1".into(),
        seen_manifest: Some(vec![0x80]),
        seen_entry_count: Some(3),
        seen_directories: Some("[]".into()),
        manifest: b"{}".to_vec(),
        entry_count: 0,
        directories: r#"["d"]"#.into(),
    };
    let mut wrong = vec![right.clone(); 6];
    wrong[0].seen_manifest = None;
    wrong[1].seen_manifest = Some(vec![]);
    wrong[2].seen_entry_count = None;
    wrong[3].seen_entry_count = Some(4);
    wrong[4].seen_directories = Some(r#"["x"]"#.into());
    wrong[5].id = "none".into();
    for recache in wrong {
        assert!(!hub.set_cache(&recache).await.unwrap(), "{recache:?}");
        let rows = hub.snapshots(None, 9).await.unwrap().rows;
        assert_eq!(rows, [cached.clone(), snapshot("s2")]);
    }
    assert!(hub.set_cache(&right).await.unwrap());
    assert!(!hub.set_cache(&right).await.unwrap());
    let bare = Recache {
        id: "s2".into(),
        seen_manifest: None,
        seen_entry_count: Some(0),
        ..right
    };
    assert!(hub.set_cache(&bare).await.unwrap());
    for row in hub.snapshots(None, 9).await.unwrap().rows {
        assert_eq!(row.manifest.as_deref(), Some(&b"{}"[..]));
        assert_eq!(row.entry_count, Some(0));
        assert_eq!(row.directories.as_deref(), Some(r#"["d"]"#));
    }
}

fn cell(column: EditableColumn, seen: &str, new: &str) -> CellEdit {
    CellEdit {
        column,
        seen: Some(seen.as_bytes().to_vec()),
        new: Some(new.as_bytes().to_vec()),
    }
}

pub async fn cells_change_together_and_only_from_what_was_seen<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    hub.insert(&full_rows()).await.unwrap();
    let row = || async { hub.commits_by_id(&["c1".into()]).await.unwrap().remove(0) };
    let before = row().await;
    let edit = |cells: Vec<CellEdit>| RowEdit {
        kind: Kind::Commit,
        id: "c1".into(),
        cells,
    };
    let message = cell(EditableColumn::Message, &before.message, "another");
    let at = cell(
        EditableColumn::Timestamp,
        &before.timestamp,
        "2026-05-06T07:08:09.000010+00:00",
    );
    let stale = cell(EditableColumn::Branch, "not this one", "x");
    assert!(
        !hub.set_cells(&edit(vec![message.clone(), stale]))
            .await
            .unwrap()
    );
    assert_eq!(row().await, before, "all or nothing");
    let meta = cell(
        EditableColumn::CommitMeta,
        &before.commit_meta,
        r#"{"b":2}"#,
    );
    let right = edit(vec![message, at, meta]);
    assert!(hub.set_cells(&right).await.unwrap());
    assert!(
        !hub.set_cells(&right).await.unwrap(),
        "it is no longer what was seen"
    );
    let after = row().await;
    assert_eq!(after.message, "another");
    assert_eq!(after.timestamp, "2026-05-06T07:08:09.000010+00:00");
    assert_eq!(after.commit_meta.replace(' ', ""), r#"{"b":2}"#);
    assert_eq!(
        (&after.branch, &after.storage_uri),
        (&before.branch, &before.storage_uri)
    );

    let gone = RowEdit {
        id: "c2".into(),
        ..right
    };
    assert!(!hub.set_cells(&gone).await.unwrap());
    let unknown = edit(vec![cell(EditableColumn::SizeBytes, "", "x")]);
    let error = hub.set_cells(&unknown).await.unwrap_err().to_string();
    assert!(error.contains("no column size_bytes"), "{error}");
    let number = RowEdit {
        kind: Kind::Blob,
        id: "b1".into(),
        cells: vec![cell(
            EditableColumn::SizeBytes,
            &i64::MAX.to_string(),
            "many",
        )],
    };
    assert!(hub.set_cells(&number).await.is_err());
}

pub async fn a_cell_that_is_read_can_be_put_back<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    hub.insert(&full_rows()).await.unwrap();
    let row = || async { hub.snapshots_by_id(&["s1".into()]).await.unwrap().remove(0) };
    let before = row().await;
    let bytes = |text: &Option<String>| text.as_deref().map(|text| text.as_bytes().to_vec());
    let cells = [
        (
            EditableColumn::ManifestBlob,
            before.manifest.clone(),
            Some(b"{}".to_vec()),
        ),
        (EditableColumn::StorageUri, bytes(&before.storage_uri), None),
        (
            EditableColumn::EntryCount,
            before
                .entry_count
                .map(|count| count.to_string().into_bytes()),
            Some(b"3".to_vec()),
        ),
    ];
    let edit = |back: bool| RowEdit {
        kind: Kind::Snapshot,
        id: "s1".into(),
        cells: cells
            .iter()
            .cloned()
            .map(|(column, was, is)| {
                let (seen, new) = if back { (is, was) } else { (was, is) };
                CellEdit { column, seen, new }
            })
            .collect(),
    };
    assert!(hub.set_cells(&edit(false)).await.unwrap());
    let changed = row().await;
    assert_eq!(changed.manifest.as_deref(), Some(&b"{}"[..]));
    assert_eq!((changed.entry_count, changed.storage_uri), (Some(3), None));
    assert!(hub.set_cells(&edit(true)).await.unwrap());
    assert_eq!(row().await, before);
}

pub async fn adding_leaves_rows_that_are_there<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    let mut rows = full_rows();
    hub.insert(&rows).await.unwrap();
    let before = hub.commits(None, 9).await.unwrap();
    rows.commits[0].message = "changed".into();
    rows.repos[0].name = "changed".into();
    rows.blobs.push(blob("b2"));
    hub.insert(&rows).await.unwrap();
    assert_eq!(hub.commits(None, 9).await.unwrap(), before);
    assert_eq!(hub.repos(None, 9).await.unwrap().rows[0].name, "Song");
    assert_eq!(hub.blobs(None, 9).await.unwrap().rows.len(), 2);
}

pub async fn adding_is_all_or_nothing<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    // The hub was opened with this table, so adding meets its absence halfway.
    fixture.sql("DROP TABLE musehub_branches").await;
    hub.insert(&full_rows()).await.unwrap_err();
    assert!(hub.repos(None, 9).await.unwrap().rows.is_empty());
    assert!(hub.commits(None, 9).await.unwrap().rows.is_empty());
    let only_blobs = NewRows {
        blobs: vec![blob("b1")],
        ..NewRows::default()
    };
    hub.insert(&only_blobs).await.unwrap();
    assert_eq!(hub.blobs(None, 9).await.unwrap().rows.len(), 1);
}

pub async fn what_a_hub_lacks_is_said_and_never_written<F: Fixture>() {
    let fixture = F::march().await;
    let hub = fixture.hub();
    let refused = hub
        .set_storage_uri(Kind::Commit, &[link("c1", None, "local://x")])
        .await;
    let told = refused.unwrap_err().to_string();
    assert!(
        told.contains("musehub_commits has no such column"),
        "{told}"
    );
    let refused = hub
        .set_cache(&Recache {
            id: "s1".into(),
            seen_manifest: None,
            seen_entry_count: None,
            seen_directories: None,
            manifest: b"{}".to_vec(),
            entry_count: 0,
            directories: "[]".into(),
        })
        .await;
    assert!(refused.unwrap_err().to_string().contains("manifest_blob"));
    // Neither refusal keeps the next change out.
    let links = [link("b1", None, "local://b1")];
    assert_eq!(
        hub.set_storage_uri(Kind::Blob, &links).await.unwrap(),
        ["b1"]
    );
}

pub async fn reading_access_refuses_every_change<F: Fixture>() {
    let fixture = F::empty().await;
    fixture.hub().insert(&full_rows()).await.unwrap();
    let hub = fixture.open(Access::Read).await;
    let readonly = |error| matches!(error, IndexError::ReadOnly);
    let links = [link("c1", Some("local://c1"), "local://x")];
    let linked = hub.set_storage_uri(Kind::Commit, &links).await;
    assert!(linked.is_err_and(readonly));
    let more = NewRows {
        blobs: vec![blob("b9")],
        ..NewRows::default()
    };
    assert!(hub.insert(&more).await.is_err_and(readonly));
    assert!(hub.lock_applier().await.is_err_and(readonly));
    assert_eq!(
        hub.commits(None, 9).await.unwrap().rows,
        full_rows().commits
    );
    assert_eq!(hub.blobs(None, 9).await.unwrap().rows, full_rows().blobs);
}

pub async fn a_second_applier_is_kept_out<F: Fixture>() {
    let fixture = F::empty().await;
    let guard = fixture.hub().lock_applier().await.unwrap();
    let other = fixture.open(Access::Write).await;
    let refused = other.lock_applier().await.err().unwrap();
    assert!(matches!(refused, IndexError::Locked(_)), "{refused}");
    // The lock is for appliers; other changes go on.
    other.insert(&full_rows()).await.unwrap();
    drop(guard);
    other.lock_applier().await.unwrap();
}
