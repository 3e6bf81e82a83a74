//! What stops all writing, what only slows it down, and what a person confirms.

use super::support::*;
use crate::apply::RetryPolicy;
use crate::{Options, Outcome, Plan, RepairError, Selection, Throttle, apply_with};
use luthier_audit::{Code, Filter};
use luthier_hub::backend::{layout, s3};
use luthier_hub::progress::Progress;
use luthier_hub::store::hub::ObjectStore;
use luthier_hub::store::{Authority, Environment, Hub, Store};
use luthier_testing::s3::{Fault, Op, Server};
use std::time::Duration;

fn of(code: Code) -> Selection {
    Selection::Chosen(Filter {
        codes: vec![code],
        ..Filter::default()
    })
}

fn breaker<T: std::fmt::Debug>(ended: Result<T, RepairError>) -> String {
    match ended {
        Err(RepairError::Breaker(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_mass_fault_is_repaired_only_once_it_is_confirmed_by_name() {
    let (hub, commits) = unstored(25).await;
    meddle(
        &hub,
        "UPDATE musehub_commits SET storage_uri = \
         'local://objects/sha256/' || substr(commit_id, 8, 2) || '/' || substr(commit_id, 10)",
    )
    .await;
    let store = hub.open().await;
    let plan = planned(&store, &of(Code::ObjectMissing)).await;
    assert_eq!(plan.totals().steps, 25);
    let path = hub.folder.path().join("plan.json");
    plan.save(&path, &hub.hub).await.unwrap();
    let saved = Plan::load(&path, &hub.hub).unwrap();
    assert_eq!(saved.alarms(), plan.alarms());
    let before = files(&hub.folder.path().join("objects"));
    let writer = writer(&store);
    let mut journal = journal(hub.folder.path());
    let progress = Progress::new();
    let mut options = Options::default();
    for plan in [&plan, &saved] {
        let ended = apply_with(&writer, plan, &mut journal, &progress, &options).await;
        let why = breaker(ended);
        assert!(why.contains("mass fault: of 25 commit rows"), "{why}");
        assert!(why.contains("--mass-fault test"), "{why}");
    }
    assert_eq!(files(&hub.folder.path().join("objects")), before);
    options.mass_fault = true;
    let ended = apply_with(&writer, &saved, &mut journal, &progress, &options).await;
    assert_eq!(ended.unwrap().outcomes[&Outcome::Written], 25);
    assert_eq!(linked(&hub, &commits).await, 25);
}

#[tokio::test]
async fn what_rests_on_rows_alone_is_repaired_beside_a_mass_fault() {
    let (hub, _) = unstored(25).await;
    meddle(
        &hub,
        "UPDATE musehub_commits SET storage_uri = \
         'local://objects/sha256/' || substr(commit_id, 8, 2) || '/' || substr(commit_id, 10)",
    )
    .await;
    meddle(&hub, "UPDATE musehub_snapshots SET entry_count = 9").await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    assert_eq!(plan.totals().steps, 1);
    assert_eq!(plan.alarms(), Vec::<String>::new());
}

#[tokio::test]
async fn another_store_than_the_last_time_has_to_be_meant() {
    let (one, _) = unstored(2).await;
    let (other, commits) = unstored(2).await;
    // What a demo was called, another hub may be called.
    let (demo, _) = unstored(1).await;
    let mut journal = journal(one.folder.path());
    use Environment::{Demo, Staging};
    for (hub, environment, new_pair, well) in [
        (&demo, Demo, false, true),
        (&one, Staging, false, true),
        (&other, Staging, false, false),
        (&other, Staging, true, true),
        (&one, Staging, false, false),
    ] {
        let named = Hub {
            environment,
            ..hub.hub.clone()
        };
        let authority = Authority::granted();
        let store = Store::open(&named, Some(&authority)).await.unwrap();
        let plan = planned(&store, &auto()).await;
        let options = Options {
            new_pair,
            ..Options::default()
        };
        let writer = writer(&store);
        let ended = apply_with(&writer, &plan, &mut journal, &Progress::new(), &options).await;
        if well {
            ended.unwrap();
        } else {
            let why = breaker(ended);
            assert!(
                why.contains("hub binding") && why.contains("--new-pair"),
                "{why}"
            );
        }
    }
    assert_eq!(linked(&other, &commits).await, 2);
}

#[tokio::test]
async fn the_first_ten_steps_are_looked_at_where_that_is_asked_for() {
    let (hub, commits) = unstored(20).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let options = Options {
        look_after_canary: true,
        ..Options::default()
    };
    let progress = Progress::new();
    let mut journal = journal(hub.folder.path());
    let writer = writer(&store);
    let look = async {
        while !progress.is_paused() {
            tokio::task::yield_now().await;
        }
        let done = linked(&hub, &commits).await;
        let why = progress.figures().waiting;
        progress.resume();
        (done, why)
    };
    let applying = apply_with(&writer, &plan, &mut journal, &progress, &options);
    let (applied, (done, why)) = tokio::join!(applying, look);
    assert_eq!(done, 10);
    assert!(why.unwrap().contains("check them"));
    assert_eq!(applied.unwrap().outcomes[&Outcome::Written], 20);
    assert_eq!(progress.figures().waiting, None);
}

#[tokio::test]
async fn the_pace_can_be_changed_while_a_run_goes_on() {
    let (hub, _) = unstored(100).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    // At this pace it would take hours.
    let throttle = Throttle::new(1, Some(1));
    let options = Options {
        throttle: throttle.clone(),
        ..Options::default()
    };
    let progress = Progress::new();
    let mut journal = journal(hub.folder.path());
    let writer = writer(&store);
    let hurry = async {
        while progress.figures().waiting.is_none() {
            tokio::task::yield_now().await;
        }
        throttle.set_max_rps(None);
        throttle.set_concurrency(16);
    };
    let applying = apply_with(&writer, &plan, &mut journal, &progress, &options);
    let (applied, ()) = tokio::join!(applying, hurry);
    assert_eq!(applied.unwrap().outcomes[&Outcome::Written], 100);
}

#[tokio::test]
async fn a_store_that_asks_to_slow_down_is_waited_for_and_named() {
    let (hub, commits) = unstored(30).await;
    let server = Server::start(&["muse"]);
    let place = s3::BucketLocation {
        bucket: "muse".to_owned(),
        prefix: String::new(),
        endpoint: Some(server.endpoint()),
        region: Some("us-east-1".to_owned()),
        aws_profile: None,
        ca_file: None,
    };
    let there = Hub {
        objects: ObjectStore::S3(place),
        ..hub.hub.clone()
    };
    let authority = Authority::granted();
    let store = Store::open(&there, Some(&authority)).await.unwrap();
    let plan = planned(&store, &of(Code::UriMissing)).await;
    assert_eq!(plan.totals().steps, 30);
    // The store itself asks nine times before it gives up.
    let key = layout::key_for(&commits[3].commit_id).unwrap();
    server.fail(Op::Put, key.as_str(), Fault::Code("SlowDown"), 9);
    let throttle = Throttle::new(8, None);
    let options = Options {
        throttle: throttle.clone(),
        retry_policy: RetryPolicy {
            first: Duration::from_millis(200),
            ..RetryPolicy::default()
        },
        ..Options::default()
    };
    let progress = Progress::new();
    let mut journal = journal(hub.folder.path());
    let writer = writer(&store);
    let watch = async {
        loop {
            if let Some(why) = progress.figures().waiting {
                return (why, throttle.allowed());
            }
            tokio::task::yield_now().await;
        }
    };
    let applying = apply_with(&writer, &plan, &mut journal, &progress, &options);
    let (applied, (why, allowed)) = tokio::join!(applying, watch);
    assert!(
        why.starts_with("waiting 1 s: ") && why.ends_with("asks to slow down"),
        "{why}"
    );
    assert_eq!(allowed, 4, "half of what was tried");
    assert_eq!(applied.unwrap().outcomes[&Outcome::Written], 30);
    assert!(throttle.allowed() > 4, "it grows again");
}

#[tokio::test]
async fn a_step_that_is_refused_the_store_again_and_again_fails_in_the_end() {
    let (hub, commits) = unstored(12).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    // A folder stands where the object should be: no wait helps, so none is made.
    let key = layout::key_for(&commits[11].commit_id).unwrap();
    let at = hub.folder.path().join("objects").join(key.as_str());
    std::fs::create_dir_all(at).unwrap();
    let options = Options {
        max_failures: 1,
        ..Options::default()
    };
    let mut journal = journal(hub.folder.path());
    let (writer, progress) = (writer(&store), Progress::new());
    let ended = apply_with(&writer, &plan, &mut journal, &progress, &options).await;
    let why = breaker(ended);
    assert!(
        why.contains("1 step failed") && why.contains("--max-failures"),
        "{why}"
    );
    assert_eq!(linked(&hub, &commits).await, 11);
}
