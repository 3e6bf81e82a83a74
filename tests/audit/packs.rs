//! Hubs whose blobs are in packs: what is found, and what is no fault.

use crate::evidence::Evidence;
use crate::inspect::inspect;
use crate::{
    Blocks, Code, Depth, Filter, Finding, Grade, ObjectView, Options, Scope, Subject, run,
};
use luthier_hub::backend::layout;
use luthier_hub::progress::Progress;
use luthier_hub::store::Policy;
use luthier_hub::testing::june::June;
use luthier_hub::testing::{commit, commit_row, snapshot, snapshot_row};
use luthier_object::Kind;

async fn audited(june: &June, depth: Depth, scope: Scope) -> Vec<Finding> {
    let options = Options {
        depth,
        scope,
        ..Options::default()
    };
    let store = june.hub.open().await;
    let report = run(&store, &options, &Progress::new()).await.unwrap();
    assert_eq!(report.summary().unknown_because, [""; 0]);
    let page = report.page(&Filter::default(), 0, 100).await.unwrap();
    page.into_iter().map(|numbered| numbered.finding).collect()
}

/// What is worse than information, with its subject.
async fn worse(june: &June, depth: Depth) -> Vec<(Code, String)> {
    let found = audited(june, depth, Scope::Hub).await.into_iter();
    let mut out: Vec<(Code, String)> = found
        .filter(|finding| finding.grade > Grade::Info)
        .map(|finding| (finding.code, finding.id))
        .collect();
    out.sort();
    out
}

fn on_blobs(june: &June, code: Code) -> Vec<(Code, String)> {
    let mut out: Vec<_> = june.blobs.iter().map(|id| (code, id.to_string())).collect();
    out.sort();
    out
}

#[tokio::test]
async fn a_hub_of_june_is_no_noise() {
    let june = June::new().await;
    for depth in [Depth::Rows, Depth::Presence, Depth::Bytes] {
        for scope in [Scope::Hub, Scope::Repo("alice/song".into())] {
            let found = audited(&june, depth, scope).await;
            let loud: Vec<_> = found.iter().filter(|f| f.grade > Grade::Info).collect();
            assert!(loud.is_empty(), "{depth:?} {loud:#?}");
            // Its pack is no key of no known layout.
            assert!(found.iter().all(|f| f.code != Code::ObjectForeign));
        }
    }
}

#[tokio::test]
async fn a_hub_without_an_index_is_not_told_of_each_blob() {
    let june = June::new().await;
    june.sql("DROP TABLE musehub_mpack_index").await;
    assert_eq!(worse(&june, Depth::Bytes).await, []);
}

#[tokio::test]
async fn a_range_that_leaves_its_pack_is_found_without_reading_and_other_bytes_by_reading() {
    let june = June::new().await;
    june.sql("UPDATE musehub_mpack_index SET length = 100000")
        .await;
    let expected = on_blobs(&june, Code::IndexWrong);
    assert_eq!(worse(&june, Depth::Presence).await, expected);
    assert_eq!(worse(&june, Depth::Bytes).await, expected);

    let june = June::new().await;
    june.sql("UPDATE musehub_mpack_index SET \"offset\" = \"offset\" - 1")
        .await;
    assert_eq!(worse(&june, Depth::Presence).await, []);
    assert_eq!(worse(&june, Depth::Bytes).await, expected);
}

#[tokio::test]
async fn a_pack_that_is_gone_is_one_cause_and_blocks_what_needs_it() {
    let june = June::new().await;
    june.lose_pack();
    for depth in [Depth::Presence, Depth::Bytes] {
        let found = audited(&june, depth, Scope::Hub).await;
        let pack = format!("{} {}", Code::PackMissing, june.pack);
        let causes: Vec<_> = found
            .iter()
            .filter(|f| f.code == Code::PackMissing)
            .collect();
        assert_eq!(causes.len(), 1);
        assert_eq!(causes[0].id, june.pack.as_str());
        assert_eq!(causes[0].repo, "alice/song");
        let one = Blocks {
            commits: Some(1),
            branches: Some(1),
            repos: Some(1),
        };
        assert_eq!(causes[0].blocks, Some(one));
        let lost = found.iter().filter(|f| f.code == Code::ObjectMissing);
        let caused: Vec<_> = lost.map(|f| f.caused_by.as_deref()).collect();
        assert_eq!(caused, [Some(pack.as_str()); 3]);
    }
}

/// An index row that names a pack which is gone is that pack's fault, once.
#[tokio::test]
async fn a_pack_that_only_the_index_names_is_missing_too() {
    let june = June::new().await;
    let gone = format!("sha256:{}", "ab".repeat(32));
    june.sql(&format!(
        "INSERT INTO musehub_mpack_index SELECT object_id, '{gone}', 0, 5 FROM musehub_objects"
    ))
    .await;
    let expected = [(Code::PackMissing, gone)];
    assert_eq!(worse(&june, Depth::Presence).await, expected);
    assert_eq!(worse(&june, Depth::Bytes).await, expected);
}

#[tokio::test]
async fn a_damaged_pack_is_corrupt_and_its_intact_blobs_are_not() {
    let june = June::new().await;
    let mut bytes = std::fs::read(&june.path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&june.path, bytes).unwrap();
    assert_eq!(worse(&june, Depth::Presence).await, []);
    let expected = [(Code::PackCorrupt, june.pack.to_string())];
    assert_eq!(worse(&june, Depth::Bytes).await, expected);
}

#[tokio::test]
async fn a_record_with_other_bytes_is_corrupt() {
    let june = June::new().await;
    let mut bytes = std::fs::read(&june.path).unwrap();
    let at = bytes.windows(4).position(|some| some == b"boom").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&june.path, bytes).unwrap();
    let expected = [
        (Code::ObjectCorrupt, june.blobs[1].to_string()),
        (Code::PackCorrupt, june.pack.to_string()),
    ];
    assert_eq!(worse(&june, Depth::Bytes).await, expected);
}

#[tokio::test]
async fn other_bytes_in_the_cache_of_a_row_are_corrupt() {
    let june = June::new().await;
    let bass = &june.blobs[1];
    june.sql(&format!(
        "UPDATE musehub_objects SET content_cache = 'bomb' WHERE object_id = '{bass}'"
    ))
    .await;
    let expected = [(Code::ObjectCorrupt, bass.to_string())];
    assert_eq!(worse(&june, Depth::Bytes).await, expected);
}

#[tokio::test]
async fn a_blob_under_a_key_of_its_own_is_found_where_its_pack_is_gone() {
    let june = June::new().await;
    june.lose_pack();
    june.hub.plant(&june.blobs[1], b"boom".to_vec()).await;
    let found = worse(&june, Depth::Presence).await;
    assert!(found.contains(&(Code::ObjectMisplaced, june.blobs[1].to_string())));
}

/// A row without `storage_uri` whose bytes are only in `content_cache`: the hub serves it, so nothing stops a pull, but
/// the store does not have it.
#[tokio::test]
async fn a_blob_that_only_its_row_keeps_is_not_stored_and_stops_no_pull() {
    let june = June::new().await;
    let bass = &june.blobs[1];
    june.sql(&format!(
        "UPDATE musehub_objects SET storage_uri = NULL, content_cache = x'{}' WHERE object_id = '{bass}'",
        hex::encode("boom")
    ))
    .await;
    let not_stored = |found: Vec<Finding>| {
        let found = found.into_iter();
        let mut found = found.filter(|f| f.code == Code::UriMissing && f.kind == Subject::Blob);
        (found.next().unwrap(), found.count())
    };
    for depth in [Depth::Presence, Depth::Bytes] {
        let (finding, others) = not_stored(audited(&june, depth, Scope::Hub).await);
        assert_eq!((finding.id.as_str(), others), (bass.as_str(), 0));
        assert!(finding.evidence.is_cached() && finding.blocks.is_none());
        assert_eq!(finding.refused, None);
    }
    june.sql("UPDATE musehub_objects SET content_cache = x'00' WHERE storage_uri IS NULL")
        .await;
    let (finding, _) = not_stored(audited(&june, Depth::Presence, Scope::Hub).await);
    assert!(!finding.evidence.is_cached() && finding.blocks.is_some());
    assert!(finding.refused.is_some());
}

/// A hub of 31 May has commits with objects and commits in rows alone. Each is judged by its own row: what names an
/// object needs it, whatever the policy excuses of the others.
#[tokio::test]
async fn a_mixed_hub_is_judged_row_by_row() {
    let mut june = June::new().await;
    june.hub.hub.policy = Policy::ByModel;
    let tree = snapshot(&[]);
    june.hub.add_snapshot(snapshot_row(&tree)).await;
    let mut lost = String::new();
    for message in ["stored", "lost", "alone", "alone too"] {
        let record = commit(&tree.snapshot_id, &[], message);
        let mut row = commit_row(&record);
        if !message.starts_with("alone") {
            let uri = june.hub.plant(&record.commit_id, record.encode()).await;
            row.storage_uri = Some(uri);
        }
        june.hub.add_commit(row).await;
        if message == "lost" {
            let key = layout::key_for(&record.commit_id).unwrap();
            let path = june.hub.folder.path().join("objects").join(key.as_str());
            std::fs::remove_file(path).unwrap();
            lost = record.commit_id.to_string();
        }
    }
    assert_eq!(
        worse(&june, Depth::Presence).await,
        [(Code::ObjectMissing, lost)]
    );
}

/// Without a configured policy the hub's model decides. A snapshot that only its row gives is counted.
#[tokio::test]
async fn a_hub_of_june_is_judged_by_its_model() {
    let mut june = June::new().await;
    june.hub.hub.policy = Policy::ByModel;
    let store = june.hub.open().await;
    let report = run(&store, &Options::default(), &Progress::new()).await;
    let report = report.unwrap();
    let summary = report.summary();
    assert_eq!(
        (summary.policy, summary.single_rows),
        (Policy::DbCanonical, 1)
    );
    let says = "policy db-canonical, as the hub's rows show: 0 of 1 sampled commits have an object";
    assert!(summary.model.starts_with(says), "{}", summary.model);
    assert_eq!(worse(&june, Depth::Presence).await, []);
    let single = async |june: &June| {
        let found = audited(june, Depth::Presence, Scope::Hub).await;
        let of_tree = found.into_iter().find(|f| f.kind == Subject::Snapshot);
        let Evidence::UriMissing(seen) = of_tree.unwrap().evidence else {
            panic!("another finding");
        };
        seen.single_row
    };
    assert!(single(&june).await, "it is named too");
    // What is configured counts.
    june.hub.hub.policy = Policy::S3Canonical;
    let worse = worse(&june, Depth::Presence).await;
    let missing = worse.iter().filter(|(code, _)| *code == Code::UriMissing);
    assert_eq!(missing.count(), 2);
}

/// A row that names another pack than the one that the store has, and no index: nothing leads to the bytes. Only a whole
/// audit at depth bytes reads what nothing names, and only where something is missing.
#[tokio::test]
async fn a_pack_that_nothing_names_is_searched_for_a_blob_that_is_missing() {
    let folders = ["packs/", "takes/old/", "objects/", "objects/sha256/"];
    for folder in folders {
        let june = June::new().await;
        let hex = june.pack.bare();
        let name = match folder {
            "objects/sha256/" => format!("{}/{}", &hex[..2], &hex[2..]),
            _ => hex.to_owned(),
        };
        let path = june
            .hub
            .folder
            .path()
            .join(format!("objects/{folder}{name}"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::rename(&june.path, path).unwrap();
        forget_the_pack(&june).await;
        let found = async |depth, scope| {
            let found = audited(&june, depth, scope).await;
            let missing = found.into_iter().filter(|f| f.code == Code::ObjectMissing);
            let keys = |f: Finding| f.evidence.keys().map(str::to_owned).collect::<Vec<_>>();
            missing.map(keys).collect::<Vec<_>>()
        };
        let nothing = vec![Vec::<String>::new(); 3];
        assert_eq!(found(Depth::Presence, Scope::Hub).await, nothing);
        let one = Scope::Repo("alice/song".into());
        assert_eq!(found(Depth::Bytes, one).await, nothing);
        for keys in found(Depth::Bytes, Scope::Hub).await {
            assert_eq!(keys.len(), 1, "{folder}");
            assert!(
                keys[0].starts_with(&format!("mpack://{}", june.pack)),
                "{keys:?}"
            );
        }
    }
}

/// Points every blob to a pack that is not there.
async fn forget_the_pack(june: &June) {
    let gone = "ab".repeat(32);
    june.sql(&format!(
        "DELETE FROM musehub_mpack_index;
         UPDATE musehub_objects SET storage_uri = 'mpack://sha256:{gone}/' || object_id"
    ))
    .await;
}

/// Each record is proved by itself, so a damaged pack still gives what is whole in it, and nothing else.
#[tokio::test]
async fn of_a_damaged_pack_that_nothing_names_what_proves_is_found() {
    let june = June::new().await;
    let mut bytes = std::fs::read(&june.path).unwrap();
    let at = bytes.windows(4).position(|some| some == b"boom").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&june.path, bytes).unwrap();
    forget_the_pack(&june).await;
    let found = audited(&june, Depth::Bytes, Scope::Hub).await;
    let missing = found.iter().filter(|f| f.code == Code::ObjectMissing);
    let unfound = missing.filter(|f| f.evidence.keys().next().is_none());
    let unfound: Vec<&str> = unfound.map(|f| f.id.as_str()).collect();
    assert_eq!(unfound, [june.blobs[1].as_str()]);
}

/// Where the bytes of a blob were read is said of it: in its row, where the URI or the index leads, or by a search.
#[tokio::test]
async fn a_look_at_a_blob_says_where_it_was_read() {
    let june = June::new().await;
    let bass = &june.blobs[1];
    let place = async || {
        let seen = inspect(&june.hub.open().await, Kind::Blob, bass).await;
        match seen.unwrap().object {
            ObjectView::Present { place, .. } => place.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    let pack = format!("in packs/{}.mpack", june.pack.bare());
    assert_eq!(place().await, format!("{pack}, where the index says"));
    june.sql(&format!(
        "CREATE TABLE kept AS SELECT * FROM musehub_mpack_index WHERE object_id = '{bass}';
         DELETE FROM musehub_mpack_index"
    ))
    .await;
    assert_eq!(place().await, format!("{pack}, which was read to find it"));
    june.sql(&format!(
        "UPDATE musehub_objects SET storage_uri = storage_uri || '?offset=' || (SELECT \"offset\" FROM kept) || '&length='
           || (SELECT length FROM kept) WHERE object_id = '{bass}'"
    ))
    .await;
    assert_eq!(place().await, format!("{pack}, where its URI says"));
    june.sql(&format!(
        "UPDATE musehub_objects SET content_cache = x'{}' WHERE object_id = '{bass}'",
        hex::encode("boom")
    ))
    .await;
    assert_eq!(place().await, "in content_cache of its row");
}
