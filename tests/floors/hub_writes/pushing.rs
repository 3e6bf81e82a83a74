//! Pushes and syncs.

use super::*;
use luthier_object::Delta;

sites! {
    everything_that_was_pushed_is_in_the_store,
    deltas_are_filled_in_and_none_is_kept,
    a_sync_brings_commits_and_moves_no_branch,
    a_row_that_had_no_object_is_pointed_at_it,
    of_two_pushes_at_once_one_wins_and_nothing_is_lost,
    a_new_branch_that_no_client_can_keep_is_refused,
}

/// A push of `count` commits in a row on top of `first`.
pub fn row_of(count: usize, first: &ObjectId) -> Push {
    let (mut blobs, mut snapshots, mut commits) = (vec![], vec![], Vec::<CommitRecord>::new());
    for n in 0..count {
        let song = arrived("song.txt", &format!("verse {n}"));
        let tree = tree(&[&song]);
        let parent = commits
            .last()
            .map_or(first.clone(), |last| last.commit_id.clone());
        commits.push(made(&tree, &[&parent], &format!("take {n}")));
        snapshots.push(PushedSnapshot::Whole(tree));
        blobs.push(song);
    }
    Push {
        branch: "main".into(),
        branch_id: "b-main".into(),
        head: commits.last().unwrap().commit_id.clone(),
        force: false,
        blobs,
        snapshots,
        commits,
    }
}

async fn everything_that_was_pushed_is_in_the_store(pair: Pair) {
    let (pair, first) = pair.with_repo().await;
    let push = row_of(300, &first);
    let done = pair
        .writer()
        .receive_push("r1", push.clone())
        .await
        .unwrap();
    assert_eq!(done.stored, 900);
    assert_eq!(
        head(&pair, "main").await.as_deref(),
        Some(push.head.as_str())
    );
    pair.serves_canonical_bytes().await;
    pair.is_sound().await;
    let again = pair.writer().receive_push("r1", push).await.unwrap();
    assert_eq!(again.stored, 0, "what is there is not stored again");
    assert!(matches!(again.checkpoint, Ok(Some(Saved::Covered(_)))) || again.checkpoint.is_ok());
    pair.is_sound().await;
}

async fn deltas_are_filled_in_and_none_is_kept(pair: Pair) {
    let (pair, first) = pair.with_repo().await;
    let push = row_of(2, &first);
    let (base, head_before) = match &push.snapshots[1] {
        PushedSnapshot::Whole(record) => (record.clone(), push.head.clone()),
        PushedSnapshot::Delta { .. } => unreachable!(),
    };
    pair.writer().receive_push("r1", push).await.unwrap();
    let (one, two) = (arrived("a/one", "1"), arrived("a/two", "2"));
    let song = arrived("song.txt", "verse 1");
    let middle = tree(&[&song, &one]);
    let last = tree(&[&one, &two]);
    let delta = |record: &SnapshotRecord,
                 parent: &SnapshotRecord,
                 add: &Arrived,
                 remove: BTreeSet<String>| {
        PushedSnapshot::Delta {
            snapshot_id: record.snapshot_id.clone(),
            parent: parent.snapshot_id.clone(),
            delta: Delta {
                add: [(add.path.clone(), add.id.clone())].into_iter().collect(),
                remove,
            },
            directories: record.directories.clone(),
            created_at: record.created_at.clone(),
        }
    };
    let first = made(&middle, &[&head_before], "one");
    let second = made(&last, &[&first.commit_id], "two");
    let push = Push {
        branch: "main".into(),
        branch_id: String::new(),
        head: second.commit_id.clone(),
        force: false,
        blobs: vec![one.clone(), two.clone()],
        // The later one comes first: chains are sent in any order.
        snapshots: vec![
            delta(&last, &middle, &two, BTreeSet::from(["song.txt".into()])),
            delta(&middle, &base, &one, BTreeSet::new()),
        ],
        commits: vec![second, first],
    };
    pair.writer().receive_push("r1", push).await.unwrap();
    pair.serves_canonical_bytes().await;
    pair.is_sound().await;
}

async fn a_sync_brings_commits_and_moves_no_branch(pair: Pair) {
    let (pair, first) = pair.with_repo().await;
    let push = row_of(3, &first);
    let arrivals = Arrivals {
        blobs: push.blobs,
        snapshots: push
            .snapshots
            .into_iter()
            .map(|s| match s {
                PushedSnapshot::Whole(record) => record,
                PushedSnapshot::Delta { .. } => unreachable!(),
            })
            .collect(),
        commits: push.commits,
    };
    let done = pair.writer().sync("r1", arrivals).await.unwrap();
    assert_eq!((done.head, done.stored), (None, 9));
    assert_eq!(head(&pair, "main").await.as_deref(), Some(first.as_str()));
    pair.serves_canonical_bytes().await;
    assert_eq!(pair.codes().await, ["commit-unreachable"; 3]);
}

async fn a_row_that_had_no_object_is_pointed_at_it(pair: Pair) {
    let (pair, first) = pair.with_repo().await;
    let push = row_of(1, &first);
    let row = luthier_hub::testing::commit_row(&push.commits[0]);
    let rows = NewRows {
        memberships: vec![(
            Kind::Commit,
            luthier_hub::index::MembershipRow {
                id: row.commit_id.clone(),
                repo_id: "r1".into(),
            },
        )],
        commits: vec![row],
        ..NewRows::default()
    };
    pair.making().insert(&rows).await.unwrap();
    pair.writer().receive_push("r1", push).await.unwrap();
    pair.serves_canonical_bytes().await;
    pair.is_sound().await;
}

async fn of_two_pushes_at_once_one_wins_and_nothing_is_lost(pair: Pair) {
    let rounds: usize = std::env::var("ROUNDS").map_or(10, |n| n.parse().unwrap());
    let (pair, mut at) = pair.with_repo().await;
    for round in 0..rounds {
        let pushes = ["one", "other"].map(|name| {
            let song = arrived("song.txt", &format!("{name} {round}"));
            let tree = tree(&[&song]);
            let commit = made(&tree, &[&at], name);
            Push {
                branch: "main".into(),
                branch_id: "b-main".into(),
                head: commit.commit_id.clone(),
                force: false,
                blobs: vec![song],
                snapshots: vec![PushedSnapshot::Whole(tree)],
                commits: vec![commit],
            }
        });
        let heads = pushes.clone().map(|push| push.head);
        let ran = pushes.map(|push| {
            let writer = pair.writer();
            tokio::spawn(async move { writer.receive_push("r1", push).await })
        });
        let mut won = Vec::new();
        for (task, head) in ran.into_iter().zip(heads) {
            match task.await.unwrap() {
                Ok(done) => won.push((done.head.unwrap(), head)),
                Err(HubWriteError::HeadMoved(branch)) => assert_eq!(branch, "main"),
                Err(HubWriteError::NotFastForward { branch, .. }) => assert_eq!(branch, "main"),
                Err(other) => panic!("{other}"),
            }
        }
        let [(moved, sent)] = &won[..] else {
            panic!("round {round}: {} winners", won.len());
        };
        assert_eq!(moved, sent);
        assert_eq!(head(&pair, "main").await.as_deref(), Some(sent.as_str()));
        at = sent.clone();
    }
    let codes = pair.codes().await;
    assert!(
        codes.iter().all(|code| *code == "object-orphan"),
        "{codes:?}"
    );
}

async fn a_new_branch_that_no_client_can_keep_is_refused(pair: Pair) {
    let (pair, first) = pair.with_repo().await;
    for (name, why) in [
        ("main/x", "no client can store the branch main beside it"),
        ("MAIN", "by case or spelling only"),
        ("HEAD", "reserved"),
        ("a..b", "a range"),
        ("x.lock", ".lock"),
    ] {
        let push = Push {
            branch: name.into(),
            branch_id: "b-new".into(),
            ..row_of(1, &first)
        };
        let refused = pair.writer().receive_push("r1", push).await;
        let said = refused.unwrap_err().to_string();
        assert!(said.contains(why), "{name}: {said}");
        assert_eq!(head(&pair, name).await, None);
    }
    let push = Push {
        branch: "mainly".into(),
        branch_id: "b-new".into(),
        ..row_of(1, &first)
    };
    pair.writer().receive_push("r1", push).await.unwrap();
}
