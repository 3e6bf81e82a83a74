//! Bytes that the targets take, from which others are made.

use luthier_hub::index::{BranchRow, RepoRow};
use luthier_hub::store::checkpoint::{Checkpoint, Refs};
use luthier_hub::testing::{self, LONG_AGO};
use luthier_object::{
    CommitRecord, Kind, Manifest, ObjectId, SnapshotRecord, frame, identity, pack,
};
use serde_json::json;
use std::collections::BTreeMap;

fn tree() -> Manifest {
    let paths = ["song.txt", "takes/1.mid", "takes/old/0.mid"];
    let named = paths.map(|path| (path.to_owned(), identity::blob_id(path.as_bytes())));
    named.into_iter().collect()
}

fn snapshot() -> SnapshotRecord {
    let tree = tree();
    let files: Vec<(&str, &ObjectId)> = tree.iter().map(|(path, id)| (path.as_str(), id)).collect();
    testing::snapshot(&files)
}

fn commit() -> CommitRecord {
    testing::commit(&snapshot().snapshot_id, &[], "take 1")
}

/// Objects of each kind, and objects in another's wrapping.
pub fn objects() -> Vec<Vec<u8>> {
    let (commit, snapshot) = (commit().encode(), snapshot().encode());
    let record: serde_json::Value = serde_json::Value::Object(self::commit().to_map());
    let old = json!({"hash": "x", "content": record});
    vec![
        frame::encode(Kind::Blob, b"la la"),
        rmp_serde::to_vec(&record).expect("msgpack"),
        rmp_serde::to_vec(&old).expect("msgpack"),
        record.to_string().into_bytes(),
        // The starts of gzip, zlib and zstd.
        [b"\x1f\x8b\x08\0\0\0\0\0\0\x03".as_slice(), &commit].concat(),
        [b"\x78\x9c".as_slice(), &snapshot].concat(),
        [b"\x28\xb5\x2f\xfd".as_slice(), &snapshot].concat(),
        commit,
        snapshot,
    ]
}

/// The payloads of objects, and numbers and texts at the edges.
pub fn payloads() -> Vec<Vec<u8>> {
    let edges = [
        r#"{"a":18446744073709551615,"b":-9223372036854775808,"c":1e308,"d":[[[[]]]],"e":"\ud83c\udfb5\u0000"}"#,
        r#"{"deep":[{"a":[{"a":[1.5,0.1,-0.0,null,true]}]}]}"#,
    ];
    let records = [commit().to_map(), snapshot().to_map()];
    let records = records.map(|map| serde_json::Value::Object(map).to_string().into_bytes());
    records
        .into_iter()
        .chain(edges.map(|edge| edge.into()))
        .collect()
}

/// Manifests as JSON and as msgpack.
pub fn manifests() -> Vec<Vec<u8>> {
    let tree = tree();
    let plain: BTreeMap<&str, &str> = tree
        .iter()
        .map(|(path, id)| (path.as_str(), id.as_str()))
        .collect();
    vec![
        tree.encode(),
        rmp_serde::to_vec(&plain).expect("msgpack"),
        b"{}".to_vec(),
        b"\x80".to_vec(),
    ]
}

/// Deltas as hubs keep them.
pub fn deltas() -> Vec<Vec<u8>> {
    let id = identity::blob_id(b"la la");
    let delta = json!({"add": {"song.txt": id.as_str()}, "remove": ["takes/1.mid"]});
    let other =
        json!({"added": {"a": id.as_str()}, "removed": ["b"], "modified": {"c": id.as_str()}});
    [&delta, &other]
        .into_iter()
        .flat_map(|delta| {
            [
                rmp_serde::to_vec(delta).expect("msgpack"),
                delta.to_string().into_bytes(),
            ]
        })
        .collect()
}

/// Packs of both shapes, behind a byte that says in which chunks they come.
pub fn packs() -> Vec<Vec<u8>> {
    [three().finish(), three().finish_mpack()]
        .into_iter()
        .map(|pack| [vec![7], pack].concat())
        .collect()
}

/// The index of such a pack, behind the size of the parts that it comes in.
pub fn indexes() -> Vec<Vec<u8>> {
    vec![[vec![7], three().finish_index()].concat()]
}

/// A pack of three blobs.
fn three() -> pack::Writer {
    pack::Writer::default()
        .with(&identity::blob_id(b"la la"), b"la la")
        .with(&identity::blob_id(b""), b"")
        .with(
            &identity::blob_id(b"do re mi"),
            &frame::encode(Kind::Blob, b"do re mi"),
        )
}

/// URIs, keys, ids, names, times, and what terminals act on.
pub fn texts() -> Vec<Vec<u8>> {
    let id = identity::blob_id(b"la la");
    let hex = id.as_str().trim_start_matches("sha256:");
    let texts = [
        id.as_str().to_owned(),
        format!("objects/sha256/{}/{}", &hex[..2], &hex[2..]),
        format!("s3://bucket/objects/{hex}"),
        format!("mpack://sha256:{hex}?offset=12&length=7#{hex}"),
        format!("refs/repo-1/{:0>20}.json", 1),
        "local://../../etc/passwd".to_owned(),
        "takes/old/CON .mid".to_owned(),
        LONG_AGO.to_owned(),
        "2026-03-01T12:00:00.000001-05:30".to_owned(),
        "la\x1b[2J\x1b]8;;http://x\x07la\u{202e}\u{200b}é\u{301}".to_owned(),
        "postgres://user:secret@host/db?password=x AKIAIOSFODNN7EXAMPLE".to_owned(),
    ];
    texts.map(String::into_bytes).to_vec()
}

/// A checkpoint of two branches.
pub fn checkpoints() -> Vec<Vec<u8>> {
    let branch = |name: &str| BranchRow {
        branch_id: format!("branch-{name}"),
        repo_id: "repo-1".into(),
        name: name.into(),
        head_commit_id: Some(commit().commit_id.as_str().into()),
    };
    let refs = Refs {
        repo: RepoRow {
            repo_id: "repo-1".into(),
            owner: "alice".into(),
            slug: "song".into(),
            ..RepoRow::default()
        },
        branches: vec![branch("dev"), branch("main")],
    };
    let checkpoint = Checkpoint {
        sequence: 2,
        previous: Some("0".repeat(64)),
        made_at: LONG_AGO.into(),
        refs,
    };
    vec![checkpoint.encode()]
}

/// A journal of an earlier version.
pub fn journals() -> Vec<Vec<u8>> {
    vec![include_bytes!("../vectors/journal_0.1.0.jsonl").to_vec()]
}

/// The head of a report.
pub fn reports() -> Vec<Vec<u8>> {
    vec![br#"{"type":"signoff","version":1,"verdict":"PASS","sha256":""}"#.to_vec()]
}
