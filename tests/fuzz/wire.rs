//! What a client may send to `luthier serve`, and what holds whatever it sends.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use luthier_hub::index::{NewRows, RepoRow};
use luthier_hub::store::hub::{Database, ObjectStore};
use luthier_hub::store::hub_writes::NoHubLedger;
use luthier_hub::store::{Authority, Environment, Hub, Policy, Store};
use luthier_hub::testing::LONG_AGO;
use luthier_object::identity::{CommitScheme, SnapshotScheme};
use luthier_object::{CommitRecord, Manifest, ObjectId, SnapshotRecord, commit};
use luthier_serve::{Options, Writing};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

/// The calls; the first byte of an input says which is made, and whether its body is JSON.
const CALLS: [&str; 7] = [
    "/alice/song/fetch",
    "/alice/song/negotiate",
    "/alice/song/filter-objects",
    "/alice/song/presign",
    "/alice/song/push/objects",
    "/alice/song/push",
    // What follows is the path.
    "",
];

/// No answer is longer, in bytes.
const LONGEST: usize = 1 << 20;

/// A request of each call, in both encodings.
pub fn requests() -> Vec<Vec<u8>> {
    let id = ObjectId::plain(&Sha256::digest(b"la la").into());
    let tree = snapshot(&id);
    let first = record(&tree);
    let ids = json!({"object_ids": [id.as_str()]});
    let commit = Value::Object(first.to_map());
    let push = json!({
        "branch": "main",
        "force": true,
        "bundle": {"commits": [commit], "snapshots": [tree.to_map()], "objects": []},
    });
    let ask = json!({"want": [first.commit_id.as_str()], "have": []});
    let bodies = [&ask, &ask, &ids, &ids, &json!({"objects": []}), &push];
    let numbered = (0u8..).zip(bodies);
    let mut out: Vec<Vec<u8>> = numbered
        .flat_map(|(call, body)| {
            let packed = rmp_serde::to_vec_named(body).expect("msgpack");
            let plain = body.to_string().into_bytes();
            [
                [vec![call], packed].concat(),
                [vec![call | 128], plain].concat(),
            ]
        })
        .collect();
    // The push needs it.
    out.insert(0, [&[4], blobs(&id, b"la la").as_slice()].concat());
    for path in [
        &format!("/o/{id}?repo_id=id-of-song"),
        "/alice/song/refs",
        "/healthz",
        "/metrics",
    ] {
        out.push([&[6], path.as_bytes()].concat());
    }
    out
}

/// The body of `push/objects` with one blob.
fn blobs(id: &ObjectId, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut put = |part: &[u8]| out.extend_from_slice(part);
    put(b"\x81\xa7objects\x91\x82\xa9object_id\xd9\x40");
    put(id.as_str().as_bytes());
    put(b"\xa7content\xc4");
    put(&[bytes.len() as u8]);
    put(bytes);
    out
}

fn snapshot(song: &ObjectId) -> SnapshotRecord {
    let manifest: Manifest = [("song.txt".to_owned(), song.clone())]
        .into_iter()
        .collect();
    let directories = BTreeSet::new();
    SnapshotRecord {
        snapshot_id: SnapshotScheme::V01.id_of(&manifest, &directories),
        manifest: Arc::new(manifest),
        directories,
        created_at: LONG_AGO.into(),
        rest: SnapshotRecord::fresh_rest(),
    }
}

fn record(tree: &SnapshotRecord) -> CommitRecord {
    let mut record = CommitRecord {
        commit_id: ObjectId::new(""),
        repo_id: "of-the-client".into(),
        branch: "main".into(),
        snapshot_id: Some(tree.snapshot_id.clone()),
        message: "take 1".into(),
        committed_at: LONG_AGO.into(),
        parent_commit_id: None,
        parent2_commit_id: None,
        author: String::new(),
        rest: commit::default_rest(),
    };
    record.commit_id = CommitScheme::V01.id_of(&record);
    record
}

/// A server of a hub in memory, where the machine has such a folder.
struct Served {
    runtime: Runtime,
    router: Router,
}

static SERVED: LazyLock<Served> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let router = runtime.block_on(served());
    Served { runtime, router }
});

async fn served() -> Router {
    let folder = super::targets::folder().join(format!("luthier-fuzz-hub-{}", std::process::id()));
    let _none = std::fs::remove_dir_all(&folder);
    let objects = folder.join("objects");
    std::fs::create_dir_all(&objects).expect("a folder");
    let hub = Hub {
        name: "wire".into(),
        environment: Environment::Demo,
        policy: Policy::S3Canonical,
        database: Database::Sqlite(folder.join("hub.db")),
        objects: ObjectStore::Folder(objects),
    };
    let authority = Authority::granted();
    let store = Store::create(&hub, &authority).await.expect("a hub");
    let repo = RepoRow {
        repo_id: "id-of-song".into(),
        owner: "alice".into(),
        slug: "song".into(),
        name: "song".into(),
        visibility: "public".into(),
        owner_user_id: "u1".into(),
        default_branch: "main".into(),
        created_at: LONG_AGO.into(),
        ..RepoRow::default()
    };
    let rows = NewRows {
        repos: vec![repo],
        ..NewRows::default()
    };
    let making = store.making(&authority).expect("a demo hub");
    making.insert(&rows).await.expect("a repository");
    let ledger = Arc::new(NoHubLedger);
    let writing = Some(Writing { authority, ledger });
    let options = Options {
        writing,
        tokens: None,
        fetches: 2,
    };
    luthier_serve::router(store, options)
}

/// Every request has an answer that a client understands, and what was pushed can be fetched.
pub fn request(data: &[u8]) {
    let _status = status(data);
}

/// Returns the status of the answer; none where no such request can be sent.
pub fn status(data: &[u8]) -> Option<u16> {
    let (first, rest) = data.split_first()?;
    let call = CALLS[usize::from(first & 127) % CALLS.len()];
    let kind = if first & 128 == 0 {
        "x-msgpack"
    } else {
        "json"
    };
    SERVED.runtime.block_on(async {
        let (status, answer) = match call {
            "" => ask("GET", std::str::from_utf8(rest).ok()?, kind, b"").await?,
            _ => ask("POST", call, kind, rest).await?,
        };
        assert!(status < 500, "{status}: {answer}");
        if status >= 400 && !call.is_empty() {
            let said = answer["detail"].as_str().expect("a sentence");
            assert!(!said.chars().any(char::is_control) && said.chars().count() <= 380);
        }
        let heads = answer["branch_heads"].as_object();
        if let Some(heads) = heads.filter(|heads| !heads.is_empty()) {
            let want: Vec<&Value> = heads.values().collect();
            let want = json!({"want": want}).to_string();
            let (status, answer) = ask("POST", CALLS[0], "json", want.as_bytes()).await?;
            assert_eq!(status, 200, "{want}: {answer}");
        }
        Some(status)
    })
}

/// Returns status and answer; none where no such request can be sent.
async fn ask(method: &str, path: &str, kind: &str, body: &[u8]) -> Option<(u16, Value)> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, format!("application/{kind}"))
        .header(header::CONTENT_LENGTH, body.len())
        .header(header::ACCEPT, "application/json")
        .body(Body::from(body.to_vec()))
        .ok()?;
    let answer = SERVED
        .router
        .clone()
        .oneshot(request)
        .await
        .expect("an answer");
    let status = answer.status().as_u16();
    let bytes = to_bytes(answer.into_body(), LONGEST)
        .await
        .expect("a whole answer");
    Some((status, serde_json::from_slice(&bytes).unwrap_or_default()))
}
