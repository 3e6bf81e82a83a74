//! Init, committed files, merges.

use super::*;
use luthier_client::pull::{PullOptions, pull};
use luthier_client::verify::verify;
use luthier_client::{Folder, Layout};

sites! {
    the_first_commit_of_a_new_repository_is_an_object,
    committed_files_are_objects_and_the_branch_points_at_them,
    a_merge_is_an_object_with_both_parents,
    what_both_sides_changed_is_given_back_and_nothing_is_written,
    a_pull_after_many_merges_passes_the_clients_verify,
    ids_follow_the_repository,
}

async fn the_first_commit_of_a_new_repository_is_an_object(pair: Pair) {
    let (pair, first) = pair.with_repo().await;
    pair.serves_canonical_bytes().await;
    pair.is_sound().await;
    assert_eq!(head(&pair, "main").await.as_deref(), Some(first.as_str()));
    let other = NewRepo {
        repo_id: "r2".into(),
        branch_id: "b2".into(),
        ..song()
    };
    let taken = pair.writer().init_repo(&other, &said("again")).await;
    assert!(
        taken
            .unwrap_err()
            .to_string()
            .contains("this repository exists already")
    );
    let second = NewRepo {
        slug: "other".into(),
        ..other
    };
    // The tree of nothing is one snapshot for both, held by both.
    pair.writer()
        .init_repo(&second, &said("init"))
        .await
        .unwrap();
    pair.is_sound().await;
}

async fn committed_files_are_objects_and_the_branch_points_at_them(pair: Pair) {
    let (pair, first) = pair.with_repo().await;
    let second = pair
        .commit(
            "main",
            Some(&first),
            &[("a.mid", "la"), ("src/b.txt", "lu"), ("empty", "")],
        )
        .await;
    let removal = vec![FileChange::Remove {
        path: "src/b.txt".into(),
    }];
    let third = pair
        .writer()
        .commit_files("r1", ("main", "b"), Some(&second), removal, &said("less"))
        .await
        .unwrap();
    assert!(
        matches!(third.checkpoint, Ok(Some(Saved::Written(_)))),
        "{third:?}"
    );
    let third = third.head.unwrap();
    pair.serves_canonical_bytes().await;
    pair.is_sound().await;
    let tree = pair.tree_of(&third).await;
    let paths: Vec<&String> = tree.manifest.iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["a.mid", "empty"]);
    assert!(
        tree.directories.contains("src"),
        "a directory is tracked until it is removed"
    );
    let late = pair
        .writer()
        .commit_files(
            "r1",
            ("main", "b"),
            Some(&second),
            puts(&[("x", "y")]),
            &said("late"),
        )
        .await;
    assert!(late.unwrap_err().to_string().contains("moved meanwhile"));
    let same = pair
        .writer()
        .commit_files(
            "r1",
            ("main", "b"),
            Some(&third),
            puts(&[("a.mid", "la")]),
            &said("same"),
        )
        .await;
    assert!(same.unwrap_err().to_string().contains("nothing changes"));
}

/// `main` and `dev` part from a commit with three files; each changes one of its own.
async fn parted(pair: Pair) -> (Pair, ObjectId, ObjectId, ObjectId) {
    let (pair, first) = pair.with_repo().await;
    let base = pair
        .commit(
            "main",
            Some(&first),
            &[("a", "1"), ("b", "1"), ("d/c", "1")],
        )
        .await;
    pair.fork("dev", &base).await;
    let dev = pair
        .commit("dev", Some(&base), &[("b", "2"), ("n", "new")])
        .await;
    let main = pair.commit("main", Some(&base), &[("a", "3")]).await;
    (pair, base, main, dev)
}

async fn a_merge_is_an_object_with_both_parents(pair: Pair) {
    let (pair, base, main, dev) = parted(pair).await;
    pair.propose("p1", "dev", "main").await;
    let merge = pair
        .writer()
        .merge_proposal("p1", &said("Merge dev"))
        .await
        .unwrap();
    assert_eq!(merge.base, Some(base));
    assert_eq!(
        head(&pair, "main").await.as_deref(),
        Some(merge.commit.as_str())
    );
    let served = pair.store.serve(Kind::Commit, &merge.commit).await.unwrap();
    let record = CommitRecord::decode(&served.bytes).unwrap();
    let parents: Vec<&ObjectId> = record.parents().collect();
    assert_eq!(parents, [&main, &dev]);
    assert!(merge.commit.as_str().starts_with("sha256:"));
    let tree = pair.tree_of(&merge.commit).await;
    let of = |path: &str| tree.manifest.get(path).cloned();
    assert_eq!(of("a"), Some(identity::blob_id(b"3")));
    assert_eq!(of("b"), Some(identity::blob_id(b"2")));
    assert_eq!((of("n").is_some(), of("d/c").is_some()), (true, true));
    let proposal = pair
        .store
        .index()
        .proposal_by_id("p1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(proposal.state, "merged");
    assert_eq!(
        proposal.merge_commit_id.as_deref(),
        Some(merge.commit.as_str())
    );
    pair.serves_canonical_bytes().await;
    pair.is_sound().await;
    let again = pair
        .writer()
        .merge_proposal("p1", &said("again"))
        .await
        .unwrap_err();
    assert!(again.to_string().contains("merged, not open"), "{again}");
    pair.propose("p2", "dev", "main").await;
    let nothing = pair
        .writer()
        .merge_proposal("p2", &said("again"))
        .await
        .unwrap_err();
    assert!(nothing.to_string().contains("merged already"), "{nothing}");
}

async fn what_both_sides_changed_is_given_back_and_nothing_is_written(pair: Pair) {
    let (pair, _, main, dev) = parted(pair).await;
    let dev = pair.commit("dev", Some(&dev), &[("a", "4")]).await;
    let before = pair.state().await;
    pair.propose("p1", "dev", "main").await;
    let error = pair
        .writer()
        .merge_proposal("p1", &said("Merge dev"))
        .await
        .unwrap_err();
    let HubWriteError::Conflicts(conflicts) = error else {
        panic!("{error}");
    };
    assert_eq!((conflicts.len(), conflicts[0].path.as_str()), (1, "a"));
    let (keys, counts) = pair.state().await;
    assert_eq!(keys, before.0);
    assert_eq!(counts.commits, before.1.commits);
    assert_eq!(head(&pair, "main").await.as_deref(), Some(main.as_str()));
    assert_eq!(head(&pair, "dev").await.as_deref(), Some(dev.as_str()));
    let proposal = pair
        .store
        .index()
        .proposal_by_id("p1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(proposal.state, "open");
}

async fn a_pull_after_many_merges_passes_the_clients_verify(pair: Pair) {
    let (pair, _, _, mut dev) = parted(pair).await;
    for merges in 1..=50_u64 {
        let id = format!("p{merges}");
        pair.propose(&id, "dev", "main").await;
        let main = pair
            .writer()
            .merge_proposal(&id, &said(&id))
            .await
            .unwrap()
            .commit;
        if [1, 2, 50].contains(&merges) {
            pulls_and_verifies(&pair, merges).await;
        }
        let text = merges.to_string();
        dev = pair.commit("dev", Some(&dev), &[("n", &text)]).await;
        pair.commit("main", Some(&main), &[("a", &text)]).await;
    }
    pair.is_sound().await;
}

async fn pulls_and_verifies(pair: &Pair, n: u64) {
    let into = pair.folder.path().join(format!("pull-{n}"));
    let options = PullOptions {
        owner: "alice".into(),
        slug: "song".into(),
        branch: Some("main".into()),
        into: into.clone(),
        layout: Layout::Unified,
        have: vec![],
    };
    let pulled = pull(&pair.store, &options, &Progress::new(), &mut |_| {})
        .await
        .unwrap();
    assert!(pulled.is_complete(), "{pulled:?}");
    assert_eq!(
        pulled.received.reconstructed, [0; 3],
        "every byte is canonical"
    );
    let folder = Folder::open(&into).unwrap();
    let verified = verify(folder, &Progress::new(), &mut |wrong| panic!("{wrong:?}"))
        .await
        .unwrap();
    assert_eq!(verified.wrong, 0);
}

/// The formulas of a commit and of its snapshot, by what is served.
async fn schemes(pair: &Pair, commit: &ObjectId) -> [&'static str; 2] {
    let served = pair.store.serve(Kind::Commit, commit).await.unwrap();
    let proof = Proof::read(Kind::Commit, commit, &served.bytes).unwrap();
    let record = CommitRecord::decode(&served.bytes).unwrap();
    let tree = record.snapshot_id.unwrap();
    let served = pair.store.serve(Kind::Snapshot, &tree).await.unwrap();
    let tree = Proof::read(Kind::Snapshot, &tree, &served.bytes).unwrap();
    [proof.scheme(), tree.scheme()]
}

/// The empty trees of March and of April and the empty file have one digest: each gets a key of its own.
async fn ids_follow_the_repository(pair: Pair) {
    for ids in [Ids::V01, Ids::Rc7, Ids::Typed] {
        let slug = ids.name();
        let repo = NewRepo {
            repo_id: format!("r-{slug}"),
            branch_id: format!("b-{slug}"),
            slug: slug.into(),
            ids,
            ..song()
        };
        let writer = pair.writer();
        let first = writer.init_repo(&repo, &said("init")).await.unwrap();
        let first = first.head.unwrap();
        let put = |path: &str| {
            let bytes = Bytes::from(format!("{path} of {slug}"));
            let empty = FileChange::Put {
                path: format!("{path}.empty"),
                bytes: Bytes::new(),
            };
            let path = path.to_owned();
            vec![FileChange::Put { path, bytes }, empty]
        };
        let commit = async |branch: &str, seen: Option<&ObjectId>, path: &str| {
            let id = format!("b-{slug}-{branch}");
            let (branch, by) = ((branch, id.as_str()), said(path));
            let done = writer.commit_files(&repo.repo_id, branch, seen, put(path), &by);
            done.await.unwrap().head.unwrap()
        };
        let main = commit("main", Some(&first), "a.mid").await;
        // A branch of its own goes by the default branch.
        let verse = commit("verse", None, "b.mid").await;
        let (branches, by) = (("verse", "main"), said("merge"));
        let merge = writer.merge_branches(&repo.repo_id, branches, &by);
        let merge = merge.await.unwrap();
        assert_eq!(merge.ids, ids);
        for commit in [&first, &main, &verse, &merge.commit] {
            assert_eq!(schemes(&pair, commit).await, [ids.name(); 2], "{slug}");
            assert_eq!(commit.as_str().starts_with("sha256:"), ids != Ids::V01);
        }
    }
    pair.is_sound().await;
}
