//! The index of packs, and bytes kept in rows.

use super::*;

fn packed(object: &str, pack: &str, offset: i64) -> PackedRow {
    PackedRow {
        object_id: object.into(),
        pack_id: pack.into(),
        offset: Some(offset),
        length: Some(5),
    }
}

/// A blob may lie in several packs.
pub async fn every_row_of_the_index_of_packs_is_read<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    let rows = vec![
        packed("a", "p2", 92),
        packed("a", "p1", 1 << 28),
        packed("b", "p1", 0),
    ];
    hub.insert(&NewRows {
        packed: rows.clone(),
        ..NewRows::default()
    })
    .await
    .unwrap();
    let ids = ["b", "a", "c"].map(str::to_owned);
    let mut found = hub.packed_by_id(&ids).await.unwrap();
    found.sort_by(|a, b| (&a.object_id, &b.pack_id).cmp(&(&b.object_id, &a.pack_id)));
    assert_eq!(found, rows);
    assert_eq!(hub.pack_ids(None, 1).await.unwrap().rows, ["p1"]);
    let rest = hub.pack_ids(Some("p1"), 9).await.unwrap();
    assert_eq!((rest.rows, rest.end), (vec!["p2".to_owned()], true));
}

pub async fn the_columns_of_the_index_may_have_other_names<F: Fixture>() {
    let fixture = F::empty().await;
    let drop = "DROP TABLE musehub_mpack_index";
    for (id, pack, offset, length) in [
        ("entity_id", "pack_id", "start", "size"),
        ("object_id", "mpack_key", "byte_offset", "byte_length"),
    ] {
        fixture.sql(drop).await;
        fixture
            .sql(&format!(
                "CREATE TABLE musehub_mpack_index ({id} VARCHAR(128), {pack} VARCHAR(128), {offset} BIGINT, {length} BIGINT)"
            ))
            .await;
        let values = "('a', 'p1', 92, 5), ('a', 'p2', NULL, 5)";
        fixture
            .sql(&format!("INSERT INTO musehub_mpack_index VALUES {values}"))
            .await;
        let hub = fixture.open(Access::Read).await;
        let mut found = hub.packed_by_id(&["a".to_owned()]).await.unwrap();
        found.sort_by(|a, b| a.pack_id.cmp(&b.pack_id));
        let second = PackedRow {
            offset: None,
            ..packed("a", "p2", 0)
        };
        assert_eq!(found, [packed("a", "p1", 92), second]);
        let packs = hub.pack_ids(None, 9).await.unwrap().rows;
        assert_eq!(packs, ["p1", "p2"]);
    }
}

pub async fn a_hub_without_packs_has_none<F: Fixture>() {
    let fixture = F::march().await;
    let hub = fixture.hub();
    let ids = ["b1".to_owned()];
    assert_eq!(hub.packed_by_id(&ids).await.unwrap(), []);
    assert_eq!(hub.pack_ids(None, 9).await.unwrap(), Page::none());
    assert_eq!(hub.cached_content("b1").await.unwrap(), None);
    assert!(!hub.capabilities().packs() && !hub.capabilities().content_cache());
}

pub async fn a_row_may_keep_the_bytes_of_its_blob<F: Fixture>() {
    let fixture = F::empty().await;
    let hub = fixture.hub();
    hub.insert(&full_rows()).await.unwrap();
    let id = full_rows().blobs.remove(0).object_id;
    assert_eq!(hub.cached_content(&id).await.unwrap(), None);
    fixture
        .sql("UPDATE musehub_objects SET content_cache = 'la la'")
        .await;
    let kept = hub.cached_content(&id).await.unwrap();
    assert_eq!(kept.as_deref(), Some(&b"la la"[..]));
    assert_eq!(hub.cached_content("unknown").await.unwrap(), None);
}
