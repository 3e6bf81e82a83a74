//! What a server of this wire has to see to, a test each.

use super::support::{As, Served, TOKEN, served, served_as};
use luthier_hub::index::{BranchRow, NewRows};
use luthier_hub::store::Authority;
use luthier_object::identity::{CommitScheme, SnapshotScheme};
use luthier_object::{CommitRecord, Manifest, ObjectId, SnapshotRecord, commit};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;

fn blob(bytes: &[u8]) -> ObjectId {
    ObjectId::plain(&Sha256::digest(bytes).into())
}

fn tree(files: &[(&str, &ObjectId)]) -> SnapshotRecord {
    let mut manifest = Manifest::new();
    for (path, id) in files {
        manifest.insert((*path).to_owned(), (*id).clone());
    }
    let directories = BTreeSet::new();
    SnapshotRecord {
        snapshot_id: SnapshotScheme::V01.id_of(&manifest, &directories),
        manifest: Arc::new(manifest),
        directories,
        created_at: "2026-03-24T12:00:00+00:00".into(),
        rest: SnapshotRecord::fresh_rest(),
    }
}

fn commit(tree: &SnapshotRecord, parents: &[&ObjectId], message: &str) -> CommitRecord {
    let mut record = CommitRecord {
        commit_id: ObjectId::new(""),
        repo_id: "of-the-client".into(),
        branch: "main".into(),
        snapshot_id: Some(tree.snapshot_id.clone()),
        message: message.into(),
        committed_at: "2026-03-24T12:00:00.5+00:00".into(),
        parent_commit_id: parents.first().map(|id| (*id).clone()),
        parent2_commit_id: parents.get(1).map(|id| (*id).clone()),
        author: String::new(),
        rest: commit::default_rest(),
    };
    record.commit_id = CommitScheme::V01.id_of(&record);
    record
}

/// A repository with one pushed commit.
async fn with_one(slugs: &[&str]) -> (Served, CommitRecord, SnapshotRecord) {
    let served = served(slugs).await;
    let song = blob(b"la la");
    assert_eq!(
        served.blobs(slugs[0], &[(&song, b"la la")]).await.status,
        200
    );
    let tree = tree(&[("song.txt", &song)]);
    let first = commit(&tree, &[], "first");
    let answer = served
        .push(slugs[0], "main", &[&first], &[&tree], false)
        .await;
    assert_eq!(answer.value()["ok"], json!(true), "{:?}", answer.value());
    (served, first, tree)
}

async fn row_count(served: &Served) -> (u64, u64, u64) {
    let counts = served.store.index().counts().await.unwrap();
    (counts.commits, counts.snapshots, counts.blobs)
}

#[tokio::test]
async fn refs_come_in_msgpack_when_asked_for_and_in_json_otherwise() {
    let (served, first, _) = with_one(&["song"]).await;
    let packed = served.get("/alice/song/refs").await;
    assert!(serde_json::from_slice::<serde_json::Value>(&packed.bytes).is_err());
    let plain = served
        .send("GET", "/alice/song/refs", As::Json, Vec::new())
        .await;
    let plain: serde_json::Value = serde_json::from_slice(&plain.bytes).unwrap();
    assert_eq!(plain, packed.value());
    assert_eq!(
        plain["branch_heads"],
        json!({"main": first.commit_id.as_str()})
    );
}

#[tokio::test]
async fn ids_of_another_era_are_refused_on_refs_with_words() {
    let (served, ..) = with_one(&["song"]).await;
    add_branch(&served, "new", Some(&format!("sha256:{}", "a".repeat(64)))).await;
    let answer = served.get("/alice/song/refs").await;
    assert_eq!(answer.status, 406);
    assert!(
        answer.detail().contains("luthier pull"),
        "{}",
        answer.detail()
    );
}

async fn add_branch(served: &Served, name: &str, head: Option<&str>) {
    let row = BranchRow {
        branch_id: format!("b-{name}-{}", head.unwrap_or("none")),
        repo_id: "id-of-song".into(),
        name: name.into(),
        head_commit_id: head.map(str::to_owned),
    };
    let rows = NewRows {
        branches: vec![row],
        ..NewRows::default()
    };
    let making = served.store.making(&Authority::granted()).unwrap();
    making.insert(&rows).await.unwrap();
}

#[tokio::test]
async fn a_blob_is_served_whichever_repository_brought_it_first() {
    let (served, first, tree) = with_one(&["song", "other"]).await;
    // To the second repository nothing is sent that the hub has.
    let missing = json!({"object_ids": [tree.manifest.iter().next().unwrap().1.as_str()]});
    let answer = served
        .post("/alice/other/filter-objects", As::Token(TOKEN), &missing)
        .await;
    assert_eq!(answer.value()["missing"], json!([]));
    let answer = served
        .push("other", "main", &[&first], &[&tree], false)
        .await;
    assert_eq!(answer.value()["ok"], json!(true), "{:?}", answer.value());
    let fetched = served
        .fetch("other", &[&first.commit_id], &[])
        .await
        .value();
    assert_eq!(fetched["commits"].as_array().unwrap().len(), 1);
    assert_eq!(
        fetched["objects"][0]["content"],
        json!(hex::encode("la la"))
    );
    let song = tree.manifest.iter().next().unwrap().1;
    for repo in ["id-of-song", "id-of-other"] {
        let answer = served.get(&format!("/o/{song}?repo_id={repo}")).await;
        assert_eq!((answer.status, &answer.bytes[..]), (200, &b"la la"[..]));
    }
}

#[tokio::test]
async fn what_does_not_prove_is_an_error_before_anything_is_sent() {
    let (served, first, tree) = with_one(&["song"]).await;
    let song = tree
        .manifest
        .iter()
        .next()
        .unwrap()
        .1
        .hex()
        .unwrap()
        .to_owned();
    let path = served.folder.path().join(format!(
        "objects/objects/sha256/{}/{}",
        &song[..2],
        &song[2..]
    ));
    std::fs::write(&path, b"la lb").unwrap();
    let answer = served.fetch("song", &[&first.commit_id], &[]).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.detail().contains("cannot be served whole"),
        "{}",
        answer.detail()
    );
    std::fs::remove_file(&path).unwrap();
    let answer = served.fetch("song", &[&first.commit_id], &[]).await;
    assert_eq!(answer.status, 422, "{:?}", answer.bytes);
    let answer = served.get(&format!("/o/{song}?repo_id=id-of-song")).await;
    assert_eq!(answer.status, 422);
}

#[tokio::test]
async fn a_blob_that_is_larger_than_an_answer_is_refused_before_it_is_read() {
    let (served, _, tree) = with_one(&["song"]).await;
    let song = tree.manifest.iter().next().unwrap().1.hex().unwrap();
    let path = format!("objects/objects/sha256/{}/{}", &song[..2], &song[2..]);
    let large = std::fs::File::create(served.folder.path().join(path)).unwrap();
    // A hole: it has this length, and takes no room.
    large.set_len((64 << 20) + 1).unwrap();
    let answer = served.get(&format!("/o/{song}?repo_id=id-of-song")).await;
    assert_eq!(answer.status, 413, "{:?}", answer.bytes);
}

#[tokio::test]
async fn a_server_knows_which_repositories_it_can_serve() {
    let (served, _, _) = with_one(&["song", "other", "secret"]).await;
    let row = BranchRow {
        branch_id: "b-typed".to_owned(),
        repo_id: "id-of-other".to_owned(),
        name: "main".to_owned(),
        head_commit_id: Some(format!("sha256:{}", "a".repeat(64))),
    };
    let rows = NewRows {
        branches: vec![row],
        ..NewRows::default()
    };
    let making = served.store.making(&Authority::granted()).unwrap();
    making.insert(&rows).await.unwrap();
    let survey = crate::survey(&served.store, false).await.unwrap();
    assert_eq!((survey.repositories, survey.servable()), (3, 1));
    assert!(survey.is_whole);
    for (status, path) in [(404, "alice/secret"), (406, "alice/other")] {
        let (found, why) = &survey.refused[&status].named[0];
        assert_eq!((survey.refused[&status].count, found.as_str()), (1, path));
        let refs = served.get(&format!("/{path}/refs")).await;
        assert_eq!((refs.status, refs.detail()), (status, why.clone()));
    }
    let survey = crate::survey(&served.store, true).await.unwrap();
    assert_eq!(
        survey.servable(),
        2,
        "whoever has a token reads the private one"
    );
}

#[tokio::test]
async fn branches_that_no_client_can_keep_are_left_out() {
    let (served, first, _) = with_one(&["song"]).await;
    let head = first.commit_id.as_str();
    for name in ["../../up", "main/take", "x.lock"] {
        add_branch(&served, name, Some(head)).await;
    }
    add_branch(&served, "nothing", None).await;
    add_branch(&served, "empty", Some("")).await;
    add_branch(&served, "twice", Some(head)).await;
    add_branch(&served, "twice", Some(&"a".repeat(64))).await;
    add_branch(&served, "same", Some(head)).await;
    let refs = served.get("/alice/song/refs").await.value();
    let names: Vec<&String> = refs["branch_heads"].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["main", "same"],
        "of two names that clash, the default branch stays"
    );
}

#[tokio::test]
async fn blobs_that_are_sent_bring_no_row_and_lies_bring_nothing() {
    let served = served(&["song"]).await;
    let (song, lie) = (blob(b"la la"), blob(b"something else"));
    let empty = blob(b"");
    let answer = served
        .blobs("song", &[(&song, b"la la"), (&empty, b"")])
        .await;
    assert_eq!(answer.value(), json!({"stored": 1, "skipped": 1}));
    assert_eq!(row_count(&served).await, (0, 0, 0));
    let answer = served
        .blobs("song", &[(&blob(b"good"), b"good"), (&lie, b"a lie")])
        .await;
    assert_eq!(answer.status, 422);
    let again = served
        .blobs("song", &[(&song, b"la la"), (&blob(b"good"), b"good")])
        .await;
    assert_eq!(
        again.value(),
        json!({"stored": 1, "skipped": 1}),
        "nothing of the request with the lie was stored"
    );
    let tree = tree(&[("song.txt", &song), ("__init__.py", &empty)]);
    let first = commit(&tree, &[], "first");
    let answer = served
        .push("song", "main", &[&first], &[&tree], false)
        .await;
    assert_eq!(answer.value()["ok"], json!(true), "{:?}", answer.value());
    assert_eq!(
        row_count(&served).await,
        (1, 1, 2),
        "the empty blob is supplied by its id"
    );
    let fetched = served.fetch("song", &[&first.commit_id], &[]).await.value();
    assert_eq!(fetched["objects"].as_array().unwrap().len(), 2);
    assert_eq!(fetched["commits"][0]["author"], json!(""), "as it was sent");
    assert_eq!(
        fetched["commits"][0]["committed_at"],
        json!("2026-03-24T12:00:00.5+00:00")
    );
}

#[tokio::test]
async fn two_requests_may_send_one_blob_at_once() {
    let served = served(&["song"]).await;
    let song = blob(b"la la");
    let one = async || served.blobs("song", &[(&song, b"la la")]).await;
    let (a, b, c) = futures_util::join!(one(), one(), one());
    let stored: u64 = [a, b, c]
        .iter()
        .map(|answer| answer.value()["stored"].as_u64().unwrap())
        .sum();
    assert_eq!(stored, 1);
}

#[tokio::test]
async fn a_push_moves_a_branch_forward_or_by_force_and_twice_is_a_success() {
    let (served, first, tree) = with_one(&["song"]).await;
    let second = commit(&tree, &[&first.commit_id], "second");
    let aside = commit(&tree, &[&first.commit_id], "aside");
    let answer = served
        .push("song", "main", &[&second], &[&tree], false)
        .await;
    assert_eq!(
        answer.value()["remote_head"],
        json!(second.commit_id.as_str())
    );
    let again = served
        .push("song", "main", &[&second], &[&tree], false)
        .await;
    assert_eq!(again.value()["ok"], json!(true));
    let diverged = served
        .push("song", "main", &[&aside], &[&tree], false)
        .await;
    assert_eq!(diverged.status, 409);
    assert!(
        diverged.detail().contains("pull first"),
        "{}",
        diverged.detail()
    );
    let forced = served.push("song", "main", &[&aside], &[&tree], true).await;
    assert_eq!(
        forced.value()["remote_head"],
        json!(aside.commit_id.as_str())
    );
    let known = served
        .push("song", "verse", &[&first], &[&tree], false)
        .await;
    assert_eq!(
        known.value()["branch_heads"]["verse"],
        json!(first.commit_id.as_str())
    );
}

#[tokio::test]
async fn a_push_without_something_that_it_needs_is_refused_in_words() {
    let (served, first, tree) = with_one(&["song"]).await;
    let before = row_count(&served).await;
    let other = super::rules::tree(&[("x", &blob(b"never sent"))]);
    let cases = [
        (
            commit(&tree, &[&blob(b"no such parent")], "x"),
            &tree,
            "parent",
        ),
        (commit(&other, &[&first.commit_id], "x"), &other, "blob"),
        (commit(&other, &[&first.commit_id], "x"), &tree, "snapshot"),
    ];
    for (commit, tree, what) in cases {
        let answer = served
            .push("song", "main", &[&commit], &[tree], false)
            .await;
        let value = answer.value();
        assert_eq!(value["ok"], json!(false), "{what}");
        assert!(value["message"].as_str().unwrap().contains(what), "{value}");
        assert_eq!(value["remote_head"], json!(first.commit_id.as_str()));
    }
    let mut wrong = commit(&tree, &[&first.commit_id], "second");
    wrong.message = "another".into();
    let answer = served
        .push("song", "main", &[&wrong], &[&tree], false)
        .await;
    assert_eq!(
        answer.value()["ok"],
        json!(false),
        "an id that nothing reproduces"
    );
    let two = [&commit(&tree, &[], "a"), &commit(&tree, &[], "b")];
    assert_eq!(
        served
            .push("song", "main", &two, &[&tree], false)
            .await
            .status,
        422,
        "two heads"
    );
    assert_eq!(
        served.push("song", "main", &[], &[], false).await.status,
        422,
        "none"
    );
    assert_eq!(row_count(&served).await, before);
}

#[tokio::test]
async fn of_two_pushes_at_once_one_wins() {
    let (served, first, tree) = with_one(&["song"]).await;
    let sides = ["a", "b", "c", "d"].map(|name| commit(&tree, &[&first.commit_id], name));
    let pushes = sides.iter().map(|side| async {
        served
            .push("song", "main", &[side], &[&tree], false)
            .await
            .status
    });
    let mut statuses = futures_util::future::join_all(pushes).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
}

#[tokio::test]
async fn a_read_only_server_refuses_pushes_with_a_sentence_and_serves_on() {
    let served = served_as(&["song"], None, false).await;
    for path in ["/alice/song/push/objects", "/alice/song/push"] {
        let answer = served.post(path, As::Nobody, &json!({})).await;
        assert_eq!(answer.status, 403);
        assert!(answer.detail().contains("read-only"), "{}", answer.detail());
    }
    assert_eq!(served.get("/alice/song/refs").await.status, 200);
    let asked = served
        .post(
            "/alice/song/fetch",
            As::Nobody,
            &json!({"want": [], "have": []}),
        )
        .await;
    assert_eq!(asked.value()["commits"], json!([]));
}

#[tokio::test]
async fn a_private_repository_is_hidden_from_whoever_may_not_read_it() {
    let served = served(&["secret"]).await;
    for (by, status) in [
        (As::Nobody, 404),
        (As::Token("of-bob"), 404),
        (As::Token("nobody-has-this"), 401),
        (As::Token(TOKEN), 200),
    ] {
        let answer = served
            .send("GET", "/alice/secret/refs", by, Vec::new())
            .await;
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn a_commit_of_another_repository_is_not_fetched() {
    let (served, first, _) = with_one(&["secret", "song"]).await;
    let answer = served.fetch("song", &[&first.commit_id], &[]).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.detail().contains("has no commit"),
        "{}",
        answer.detail()
    );
}

#[tokio::test]
async fn what_is_not_spoken_here_is_404_and_a_broken_body_400() {
    let (served, ..) = with_one(&["song"]).await;
    let later = served
        .post("/alice/song/fetch/mpack", As::Nobody, &json!({}))
        .await;
    assert_eq!(later.status, 404);
    assert!(later.detail().contains("March 2026"), "{}", later.detail());
    assert_eq!(served.get("/alice/song/push").await.status, 405);
    for body in [
        &b"\xc1"[..],
        b"\x81\xa4want\xdd\xff\xff\xff\xff",
        b"\x80\x80",
        b"[]",
    ] {
        let answer = served
            .send("POST", "/alice/song/fetch", As::Nobody, body.to_vec())
            .await;
        assert_eq!(answer.status, 400, "{body:?}");
        assert!(
            answer.detail().contains("cannot be read"),
            "{}",
            answer.detail()
        );
    }
}

/// Clients keep the id as the name of a file.
#[tokio::test]
async fn a_repository_whose_id_no_client_can_keep_is_refused_on_refs() {
    let (served, ..) = with_one(&["song"]).await;
    let making = served.store.making(&Authority::granted()).unwrap();
    for (slug, id) in [("one", "a/b"), ("two", "a\\b"), ("three", "..")] {
        let mut repo = served
            .store
            .index()
            .repo_by_id("id-of-song")
            .await
            .unwrap()
            .unwrap();
        (repo.slug, repo.repo_id) = (slug.to_owned(), id.to_owned());
        let rows = NewRows {
            repos: vec![repo],
            ..NewRows::default()
        };
        making.insert(&rows).await.unwrap();
        let refs = served.get(&format!("/alice/{slug}/refs")).await;
        assert_eq!(refs.status, 422, "{id}");
        assert!(refs.detail().contains("cannot be the name of a file"));
    }
    let refs = served.get("/alice/song/refs").await.value();
    assert_eq!(refs["repo_id"], "id-of-song");
    assert!(
        refs["domain"]
            .as_str()
            .is_some_and(|domain| !domain.is_empty())
    );
}

#[tokio::test]
async fn equal_fetches_at_once_get_equal_answers() {
    let (served, first, _) = with_one(&["song"]).await;
    let fetches = (0..16).map(|_| async { served.fetch("song", &[&first.commit_id], &[]).await });
    let answers = futures_util::future::join_all(fetches).await;
    for answer in &answers {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.bytes, answers[0].bytes);
    }
    let metrics = served.get("/metrics").await;
    let text = String::from_utf8(metrics.bytes.to_vec()).unwrap();
    assert!(
        text.contains("luthier_objects_served_total{from=\"object\"} 3\n"),
        "read once: {text}"
    );
    assert_eq!(served.get("/healthz").await.status, 200);
}
