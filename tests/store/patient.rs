//! Reads of objects within the budget of a job.

use super::{Health, Patient};
use crate::access::Access;
use crate::backend::s3::{BucketLocation, S3};
use crate::backend::{Backend, BackendError, Key};
use crate::progress::Progress;
use crate::waiting::WaitBudget;
use futures_util::StreamExt;
use luthier_testing::s3::{Fault, Op, Server};
use std::sync::Arc;
use std::time::Duration;

const BUCKET: &str = "muse";

async fn both(seconds: u64) -> (Server, Patient) {
    let server = Server::start(&[BUCKET]);
    server.plant(BUCKET, "k", &vec![7; 600_000]);
    server.plant(BUCKET, "l", b"l");
    let place = BucketLocation {
        bucket: BUCKET.into(),
        endpoint: Some(server.endpoint()),
        ..BucketLocation::default()
    };
    let store = S3::open(&place, Access::Read).await.unwrap();
    let progress = Progress::new().with_budget(WaitBudget::new(Duration::from_secs(seconds)));
    let patient = Patient::new(Arc::new(store), &progress, Arc::<Health>::default());
    (server, patient)
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

#[tokio::test]
async fn a_body_that_breaks_off_goes_on_where_it_broke() {
    let (server, patient) = both(60).await;
    server.fail(Op::Get, "k", Fault::Truncate, 2);
    let body = patient.open(&key("k")).await.unwrap().unwrap();
    assert_eq!(body.read_all(1 << 20).await.unwrap(), vec![7; 600_000]);
}

#[tokio::test]
async fn a_part_that_breaks_off_goes_on_where_it_broke() {
    let (server, patient) = both(60).await;
    let bytes: Vec<u8> = (0..=255).cycle().take(600_000).collect();
    server.plant(BUCKET, "m", &bytes);
    server.fail(Op::Get, "m", Fault::Truncate, 2);
    let body = patient.open_range(&key("m"), 1_000, 500_000).await;
    let read = body.unwrap().unwrap().read_all(1 << 20).await.unwrap();
    assert_eq!(read, bytes[1_000..501_000]);
}

#[tokio::test]
async fn a_body_that_always_breaks_off_is_an_error_in_the_end() {
    let (server, patient) = both(60).await;
    server.fail(Op::Get, "k", Fault::Truncate, usize::MAX);
    let body = patient.open(&key("k")).await.unwrap().unwrap();
    assert!(body.read_all(1 << 20).await.is_err());
}

#[tokio::test]
async fn an_object_whose_body_always_breaks_off_is_not_requested_again() {
    let (server, patient) = both(60).await;
    server.fail(Op::Get, "k", Fault::Truncate, usize::MAX);
    let body = patient.open(&key("k")).await.unwrap().unwrap();
    assert!(body.read_all(1 << 20).await.is_err());
    let asked = server.count(Op::Get);
    assert!(matches!(
        patient.open(&key("k")).await,
        Err(BackendError::Failing { .. })
    ));
    assert_eq!(server.count(Op::Get), asked);
    assert!(patient.open(&key("l")).await.unwrap().is_some());
}

#[tokio::test]
async fn an_object_that_fails_while_others_are_answered_is_given_up_for_the_run() {
    let (server, patient) = both(3_600).await;
    server.fail(Op::Get, "k", Fault::Code("InternalError"), usize::MAX);
    let (at, other) = (key("k"), key("l"));
    let others = async {
        for _ in 0..50 {
            assert!(patient.open(&other).await.unwrap().is_some());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let (failed, ()) = futures_util::join!(patient.open(&at), others);
    assert!(matches!(failed, Err(BackendError::Failing { .. })));
    let asked = server.count(Op::Get);
    assert!(patient.open(&at).await.is_err());
    assert_eq!(server.count(Op::Get), asked, "it is not requested again");
}

#[tokio::test]
async fn every_try_is_one_request_and_nothing_below_waits_by_itself() {
    let (server, patient) = both(60).await;
    server.fail(Op::Head, "k", Fault::Code("InternalError"), 3);
    assert!(patient.head(&key("k")).await.unwrap().is_some());
    assert_eq!(server.count(Op::Head), 4);
    assert_eq!(patient.progress.figures().waiting, None);
}

#[tokio::test]
async fn where_trying_again_does_not_help_objects_are_given_up_earlier() {
    let (server, patient) = both(3_600).await;
    server.fail(Op::Get, "bad", Fault::Code("InternalError"), usize::MAX);
    let mut asked = Vec::new();
    for name in ["bad/1", "bad/2"] {
        let before = server.count(Op::Get);
        let (at, other) = (key(name), key("l"));
        let others = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert!(patient.head(&other).await.unwrap().is_some());
        };
        let (failed, ()) = futures_util::join!(patient.open(&at), others);
        assert!(matches!(failed, Err(BackendError::Failing { .. })));
        asked.push(server.count(Op::Get) - before);
    }
    assert_eq!(asked, [6, 4]);
}

#[tokio::test]
async fn a_listing_that_fails_goes_on_behind_its_last_key() {
    let (server, patient) = both(60).await;
    server.set_page(1);
    let mut list = patient.list("", None);
    assert_eq!(list.next().await.unwrap().unwrap().key, "k");
    server.fail(Op::List, "", Fault::Code("InternalError"), 4);
    assert_eq!(list.next().await.unwrap().unwrap().key, "l");
    assert!(list.next().await.is_none());
}

#[tokio::test]
async fn a_store_that_answers_nobody_is_not_waited_for_twice() {
    let (server, patient) = both(1).await;
    server.fail(Op::Get, "", Fault::Code("InternalError"), usize::MAX);
    let told = patient.open(&key("k")).await.err().unwrap().to_string();
    assert!(told.contains("--retry-for"), "{told}");
    let second = patient.open(&key("l")).await.err().unwrap().to_string();
    assert!(!second.contains("--retry-for"), "{second}");
}
