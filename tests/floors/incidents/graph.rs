//! Merges on the server, heads and pushes.

use super::*;
use luthier_object::identity::{CommitScheme, commit_trials};

/// Incident 1: a pull aborts after a merge on the server, whose formula was its own. The id is the digest of what the
/// row says, so nothing is damaged, but clients refuse it: a person decides, since a new id rewrites what is below.
/// Everything else in the hub is sound, so the merge alone is told, and stops its branch.
#[tokio::test]
async fn incident_1_a_merge_with_the_servers_formula_has_a_stale_identity() {
    let two = Two::new().await;
    let parents = [&two.second.commit_id, &two.first.commit_id];
    let mut merge = commit(&two.tree.snapshot_id, &parents, "Merge proposal");
    let trials = commit_trials(&merge).into_iter();
    merge.commit_id = (trials.filter(|(scheme, _)| *scheme == CommitScheme::Pipe))
        .map(|(_, id)| id)
        .next()
        .unwrap();
    two.hub.add_commit(commit_row(&merge)).await;
    two.hub.branch("main", &merge.commit_id).await;
    let found = audited(&two.hub).await;
    let stale = told(
        Code::IdentityStale,
        &merge.commit_id,
        Remedy::Backfill,
        Auto::Ask,
    );
    assert_eq!(worse(&found), [stale]);
    assert_eq!(stops(&found, Code::IdentityStale), (Some(1), Some(1)));
}

/// Incident 2: the same merge with today's formula, whose object was never stored. The row reproduces the id, so the
/// object can be written from it, in bulk.
#[tokio::test]
async fn incident_2_a_merge_that_was_never_stored_is_missing_its_uri() {
    let two = Two::new().await;
    let parents = [&two.second.commit_id, &two.first.commit_id];
    let merge = commit(&two.tree.snapshot_id, &parents, "Merge proposal");
    two.hub.add_commit(commit_row(&merge)).await;
    two.hub.branch("main", &merge.commit_id).await;
    let found = audited(&two.hub).await;
    let missing = told(
        Code::UriMissing,
        &merge.commit_id,
        Remedy::Backfill,
        Auto::Yes,
    );
    assert_eq!(worse(&found), [missing]);
}

/// Incident 13: a push sends too much or too little after every id was made anew: the branch names a new head, the
/// rows are those of before. The head itself is told as a row that is missing, which is the cause: that is where a
/// copy would help. The old commits are whole and merely unreachable, with the tree that they alone name.
#[tokio::test]
async fn incident_13_new_heads_over_old_commits_dangle_and_the_row_of_the_head_is_missing() {
    let two = Two::new().await;
    let signed_again = commit(&two.tree.snapshot_id, &[], "verse, signed again");
    two.hub.branch("main", &signed_again.commit_id).await;
    let found = audited(&two.hub).await;
    let mut all: Vec<Told> = found.iter().map(short).collect();
    all.sort();
    let mut expected = vec![
        told(
            Code::RowMissing,
            &signed_again.commit_id,
            Remedy::Reindex,
            Auto::No,
        ),
        told(
            Code::HeadDangling,
            "alice/song:main",
            Remedy::Reindex,
            Auto::No,
        ),
        told(
            Code::CommitUnreachable,
            &two.first.commit_id,
            Remedy::None,
            Auto::No,
        ),
        told(
            Code::CommitUnreachable,
            &two.second.commit_id,
            Remedy::None,
            Auto::No,
        ),
    ];
    expected.sort();
    assert_eq!(all, expected);
}

/// Incident 16: a push died after two minutes: blobs and their rows are there, the commit is not, the head is the old
/// one. Nothing that anybody can pull is touched, so it is information only.
#[tokio::test]
async fn incident_16_a_push_that_died_leaves_blobs_that_nothing_refers_to() {
    let two = Two::new().await;
    two.hub.branch("main", &two.second.commit_id).await;
    let left = [
        two.hub.blob(b"take one", "one.txt").await,
        two.hub.blob(b"take two", "two.txt").await,
    ];
    let found = audited(&two.hub).await;
    let mut ids: Vec<&str> = left.iter().map(ObjectId::as_str).collect();
    ids.sort_unstable();
    let unreferenced: Vec<(Code, &str)> = found.iter().map(|f| (f.code, f.id.as_str())).collect();
    let expected: Vec<_> = ids.iter().map(|id| (Code::BlobUnreferenced, *id)).collect();
    assert_eq!(unreferenced, expected);
    assert_eq!(worse(&found), []);
}
