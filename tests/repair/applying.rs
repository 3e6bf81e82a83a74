//! Applying: what stops it, and what it leaves alone.

use super::support::*;
use crate::journal::{Event, lines_of, runs};
use crate::{Journal, Outcome, RepairError, apply};
use luthier_audit::Code;
use luthier_hub::index::IndexError;
use luthier_hub::progress::Progress;
use luthier_hub::store::StoreError;
use luthier_hub::store::write::{Change, NoLedger};
use luthier_object::{Kind, ObjectId, Proven};
use std::path::Path;
use std::time::Duration;

#[tokio::test]
async fn a_row_that_changed_after_the_plan_is_left_as_it_is() {
    for (sql, why) in [
        (
            "UPDATE musehub_commits SET message = 'another' WHERE message = 'take 1'",
            "no formula reproduces",
        ),
        (
            "UPDATE musehub_commits SET storage_uri = 'local://objects/other' WHERE message = 'take 1'",
            "points to local://objects/other now",
        ),
        (
            "UPDATE musehub_commits SET commit_meta = '{\"agent_id\": \"x\"}' WHERE message = 'take 1'",
            "bytes to write differ",
        ),
        (
            "DELETE FROM musehub_commits WHERE message = 'take 1'",
            "its row is gone",
        ),
    ] {
        let (hub, commits) = unstored(3).await;
        let store = hub.open().await;
        let plan = planned(&store, &auto()).await;
        meddle(&hub, sql).await;
        let applied = apply(
            &writer(&store),
            &plan,
            &mut journal(hub.folder.path()),
            &Progress::new(),
        )
        .await
        .unwrap();
        assert_eq!(applied.outcomes[&Outcome::Superseded], 1, "{sql}");
        assert_eq!(applied.outcomes[&Outcome::Written], 2, "{sql}");
        assert!(applied.trouble[0].contains(why), "{:?}", applied.trouble);
        let key = luthier_hub::backend::layout::key_for(&commits[1].commit_id).unwrap();
        let object = hub.folder.path().join("objects").join(key.as_str());
        assert!(!object.exists(), "{sql}: nothing was written for it");
    }
}

#[tokio::test]
async fn what_somebody_else_did_meanwhile_is_already() {
    let (hub, commits) = unstored(2).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let (id, bytes) = (&commits[0].commit_id, commits[0].encode().into());
    let change = Change::Store {
        object: Proven::read(Kind::Commit, id, bytes).unwrap().sealed(),
        seen_uri: None,
    };
    writer(&store).make(&change, &mut NoLedger).await.unwrap();
    let applied = apply(
        &writer(&store),
        &plan,
        &mut journal(hub.folder.path()),
        &Progress::new(),
    )
    .await
    .unwrap();
    assert_eq!(applied.outcomes[&Outcome::Already], 1);
    assert_eq!(applied.outcomes[&Outcome::Written], 1);
}

#[tokio::test]
async fn a_snapshot_with_two_remedies_gets_both_in_one_run() {
    // The pointer gives the cache a better source than the plan saw; that is no change of the plan.
    let (hub, _) = unstored(1).await;
    meddle(
        &hub,
        "UPDATE musehub_snapshots SET storage_uri = NULL, entry_count = 9",
    )
    .await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let steps = all_steps(&plan).await;
    let codes: Vec<Code> = steps.iter().map(|step| step.code).collect();
    assert!(codes.contains(&Code::UriUnlinked) && codes.contains(&Code::CountWrong));
    let applied = apply(
        &writer(&store),
        &plan,
        &mut journal(hub.folder.path()),
        &Progress::new(),
    )
    .await
    .unwrap();
    assert_eq!(applied.trouble, Vec::<String>::new());
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_keeps_everything_from_being_written() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let (hub, commits) = unstored(3).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let mut journal = Journal::open_at(full, "test").unwrap();
    let before = files(&hub.folder.path().join("objects"));
    let ended = apply(&writer(&store), &plan, &mut journal, &Progress::new()).await;
    assert!(
        matches!(ended, Err(RepairError::Journal { .. })),
        "{ended:?}"
    );
    assert_eq!(linked(&hub, &commits).await, 0);
    assert_eq!(files(&hub.folder.path().join("objects")), before);
}

#[tokio::test]
async fn a_run_that_was_told_to_stop_begins_no_step() {
    let (hub, commits) = unstored(50).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let progress = Progress::new();
    progress.cancel();
    let mut journal = journal(hub.folder.path());
    let applied = apply(&writer(&store), &plan, &mut journal, &progress)
        .await
        .unwrap();
    assert!(applied.stopped);
    assert_eq!(linked(&hub, &commits).await, 0);
    let run = &runs(journal.path()).unwrap()[0];
    assert!(run.stopped && run.ended);
}

#[tokio::test]
async fn a_run_that_is_stopped_in_its_middle_is_finished_by_the_next() {
    let (hub, commits) = unstored(200).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let progress = Progress::new();
    let mut journal = journal(hub.folder.path());
    let objects = hub.folder.path().join("objects");
    let before = count_files(&objects);
    // Objects, not steps that are done: rows are changed many at once, and all the rest may be done together.
    let stop = async {
        while count_files(&objects) < before + 60 {
            tokio::task::yield_now().await;
        }
        progress.cancel();
    };
    let writer = writer(&store);
    let (applied, ()) = tokio::join!(apply(&writer, &plan, &mut journal, &progress), stop);
    let applied = applied.unwrap();
    assert!(applied.stopped);
    let done = applied.outcomes[&Outcome::Written];
    assert!((11..200).contains(&done), "{done}");
    assert_eq!(linked(&hub, &commits).await as u64, done);
    let lines = lines_of(journal.path(), &applied.run, 0, 100_000).unwrap();
    let of = |wanted: fn(&Event) -> bool| lines.iter().filter(|line| wanted(&line.event)).count();
    let announced = of(|event| matches!(event, Event::Intent(_)));
    let ended = of(|event| matches!(event, Event::Outcome { announced, .. } if *announced));
    assert_eq!(announced, ended, "each intent has its outcome");

    let again = apply(&writer, &plan, &mut journal, &Progress::new())
        .await
        .unwrap();
    assert_eq!(again.outcomes[&Outcome::Already], done);
    assert_eq!(again.outcomes[&Outcome::Written], 200 - done);
    assert_eq!(linked(&hub, &commits).await, 200);
}

#[tokio::test]
async fn a_paused_run_waits_between_two_steps() {
    let (hub, commits) = unstored(20).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let progress = Progress::new();
    progress.pause();
    let mut journal = journal(hub.folder.path());
    let writer = writer(&store);
    let watch = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let held = linked(&hub, &commits).await;
        progress.resume();
        held
    };
    let (applied, held) = tokio::join!(apply(&writer, &plan, &mut journal, &progress), watch);
    assert_eq!(held, 0);
    assert_eq!(applied.unwrap().outcomes[&Outcome::Written], 20);
}

#[tokio::test]
async fn one_applier_at_a_time() {
    let (hub, commits) = unstored(2).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let writer = writer(&store);
    let held = writer.lock().await.unwrap();
    let mut journal = journal(hub.folder.path());
    let ended = apply(&writer, &plan, &mut journal, &Progress::new()).await;
    assert!(
        matches!(
            ended,
            Err(RepairError::Store(StoreError::Index(IndexError::Locked(_))))
        ),
        "{ended:?}"
    );
    assert_eq!(linked(&hub, &commits).await, 0);
    drop(held);
    apply(&writer, &plan, &mut journal, &Progress::new())
        .await
        .unwrap();
    assert_eq!(linked(&hub, &commits).await, 2);
}

#[tokio::test]
async fn a_canary_that_fails_stops_all_writing() {
    let (hub, commits) = unstored(60).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    // A file stands where the first commit's folder should be.
    let first = all_steps(&plan).await.remove(0);
    let key = first.key.unwrap();
    let folder = hub.folder.path().join("objects").join(&key);
    let folder = folder.parent().unwrap();
    if folder.exists() {
        std::fs::remove_dir_all(folder).unwrap();
    }
    std::fs::write(folder, b"in the way").unwrap();
    let mut journal = journal(hub.folder.path());
    let ended = apply(&writer(&store), &plan, &mut journal, &Progress::new()).await;
    let Err(RepairError::Breaker(why)) = ended else {
        panic!("{ended:?}");
    };
    assert!(why.contains(&first.id), "{why}");
    assert!(linked(&hub, &commits).await < 10);
    let run = &runs(journal.path()).unwrap()[0];
    assert!(run.breaker.as_ref().unwrap().contains(&first.id));
    let sealed = crate::journal::verify(journal.path()).unwrap();
    assert!(sealed.is_sound());
}

#[tokio::test]
async fn other_bytes_under_the_key_are_never_replaced() {
    let (hub, commits) = unstored(1).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let id: &ObjectId = &commits[0].commit_id;
    hub.plant(id, b"something else".to_vec()).await;
    let before = files(&hub.folder.path().join("objects"));
    let ended = apply(
        &writer(&store),
        &plan,
        &mut journal(hub.folder.path()),
        &Progress::new(),
    )
    .await;
    assert!(matches!(ended, Err(RepairError::Breaker(_))), "{ended:?}");
    assert_eq!(files(&hub.folder.path().join("objects")), before);
    assert_eq!(linked(&hub, &commits).await, 0);
}
