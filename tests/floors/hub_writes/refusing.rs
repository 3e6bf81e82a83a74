//! What is refused is refused whole: with a reason for each, and neither row nor object left behind.

use super::pushing::row_of;
use super::*;

sites! {
    what_may_not_come_in_leaves_nothing,
    every_objection_is_told,
}

/// A push that is spoilt in one way.
fn spoilt(first: &ObjectId, spoil: impl FnOnce(&mut Push)) -> Push {
    let mut push = row_of(2, first);
    spoil(&mut push);
    push
}

/// The same push with another tree in its last commit.
fn with_tree(first: &ObjectId, tree: SnapshotRecord, blobs: Vec<Arrived>) -> Push {
    let commit = made(&tree, &[first], "odd tree");
    Push {
        branch: "main".into(),
        branch_id: String::new(),
        head: commit.commit_id.clone(),
        force: false,
        blobs,
        snapshots: vec![PushedSnapshot::Whole(tree)],
        commits: vec![commit],
    }
}

async fn what_may_not_come_in_leaves_nothing(pair: Pair) {
    let (pair, first) = pair.with_repo().await;
    let second = pair.commit("main", Some(&first), &[("a", "1")]).await;
    let before = pair.state().await;
    let escaping = arrived("../../etc/passwd", "x");
    let unsent = tree(&[&arrived("lost.txt", "never sent")]);
    let cases: Vec<(&str, Push)> = vec![
        ("fast-forward", row_of(2, &first)),
        (
            "parent",
            spoilt(&second, |push| {
                push.commits.remove(0);
            }),
        ),
        (
            "snapshot",
            spoilt(&second, |push| {
                push.snapshots.remove(0);
            }),
        ),
        ("blob", with_tree(&second, unsent, vec![])),
        (
            "match",
            spoilt(&second, |push| push.blobs[0].bytes = "other".into()),
        ),
        (
            "match",
            spoilt(&second, |push| push.commits[1].message.push('!')),
        ),
        (
            "check out",
            with_tree(&second, tree(&[&escaping]), vec![escaping.clone()]),
        ),
        (
            "NUL",
            spoilt(&second, |push| {
                let last = push.commits.last_mut().unwrap();
                last.message = "a\0b".into();
                last.commit_id = identity::commit_id(last);
                push.head = last.commit_id.clone();
            }),
        ),
        (
            "empty tree",
            spoilt(&second, |push| {
                let last = push.commits.last_mut().unwrap();
                last.snapshot_id = None;
                last.commit_id = identity::commit_id(last);
                push.head = last.commit_id.clone();
            }),
        ),
        (
            "formula",
            spoilt(&second, |push| {
                let last = push.commits.last_mut().unwrap();
                let trials = identity::commit_trials(last).into_iter();
                let stale = trials.filter(|(scheme, _)| !scheme.accepted_by_clients());
                last.commit_id = stale.map(|(_, id)| id).next().unwrap();
                push.head = last.commit_id.clone();
            }),
        ),
        (
            "head was not sent",
            spoilt(&second, |push| push.head = identity::blob_id(b"?")),
        ),
        (
            "branch's name",
            spoilt(&second, |push| push.branch = "a\nb".into()),
        ),
    ];
    for (says, push) in cases {
        let error = pair.writer().receive_push("r1", push).await.unwrap_err();
        assert!(
            matches!(
                error,
                HubWriteError::Refused(_) | HubWriteError::NotFastForward { .. }
            ),
            "{says}: {error}"
        );
        assert!(error.to_string().contains(says), "{says}: {error}");
        assert_eq!(pair.state().await, before, "{says}");
        assert_eq!(
            head(&pair, "main").await.as_deref(),
            Some(second.as_str()),
            "{says}"
        );
    }
    let nowhere = pair
        .writer()
        .receive_push("r9", row_of(1, &first))
        .await
        .unwrap_err();
    assert!(nowhere.to_string().contains("no such repository"));
    let escape = puts(&[("../x", "1")]);
    let refused = pair
        .writer()
        .commit_files("r1", ("main", "b"), Some(&second), escape, &said("x"))
        .await;
    assert!(refused.unwrap_err().to_string().contains("check out"));
    assert_eq!(pair.state().await, before);
    pair.is_sound().await;
}

async fn every_objection_is_told(pair: Pair) {
    let (pair, first) = pair.with_repo().await;
    let mut push = row_of(40, &first);
    for blob in &mut push.blobs {
        blob.bytes = "other".into();
    }
    let error = pair.writer().receive_push("r1", push).await.unwrap_err();
    let HubWriteError::Refused(objections) = &error else {
        panic!("{error}");
    };
    let subjects: BTreeSet<&str> = objections.iter().map(|o| o.subject.as_str()).collect();
    assert_eq!(subjects.len(), 40);
    assert!(error.to_string().ends_with("and 37 more"), "{error}");
}

#[tokio::test]
async fn only_a_demo_hub_is_made_with_unproved_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let objects = folder.path().join("objects");
    std::fs::create_dir(&objects).unwrap();
    let hub = |environment| Hub {
        name: "live".into(),
        environment,
        policy: Policy::S3Canonical,
        database: Database::Sqlite(folder.path().join(format!("{environment:?}.db"))),
        objects: ObjectStore::Folder(objects.clone()),
    };
    let authority = Authority::granted();
    for environment in [
        Environment::Unknown,
        Environment::Staging,
        Environment::Production,
    ] {
        let store = Store::create(&hub(environment), &authority).await.unwrap();
        let refused = store.making(&authority).err().map(|e| e.to_string());
        assert!(refused.unwrap().contains("hub live is not a demo hub"));
    }
    let store = Store::create(&hub(Environment::Demo), &authority)
        .await
        .unwrap();
    assert!(store.making(&authority).is_ok());
}
