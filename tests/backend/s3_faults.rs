//! A server that fails is never a server without objects.

use super::S3;
use super::client::Timeouts;
use super::tests::{BUCKET, hasty, open, open_at, place};
use crate::access::Access;
use crate::backend::suite::key;
use crate::backend::{Backend, BackendError, BackendMut};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use luthier_testing::s3::{ACCESS_KEY, Fault, Op, SECRET_KEY, Server};
use std::time::Duration;

async fn both() -> (Server, S3) {
    let server = Server::start(&[BUCKET]);
    server.plant(BUCKET, "k", b"0123456789");
    let store = open(&server).await;
    (server, store)
}

/// What every question about `k` is answered with while requests of all kinds fail.
async fn errors(store: &S3) -> Vec<BackendError> {
    let at = key("k");
    let mut out = vec![
        store.open(&at).await.err().unwrap(),
        store.head(&at).await.unwrap_err(),
        store.now().await.unwrap_err(),
        store
            .put_if_absent(&key("new"), Bytes::from_static(b"x"))
            .await
            .unwrap_err(),
    ];
    let mut list: Vec<_> = store.list("", None).collect().await;
    assert_eq!(list.len(), 1);
    out.extend(list.pop().unwrap().err());
    assert_eq!(out.len(), 5);
    out
}

fn fail_all(server: &Server, fault: Fault) {
    for op in [Op::Get, Op::Head, Op::Put, Op::List, Op::Bucket] {
        server.fail(op, "", fault, 1_000);
    }
}

#[tokio::test]
async fn access_denied_is_not_absence() {
    let (server, store) = both().await;
    fail_all(&server, Fault::Code("AccessDenied"));
    for error in errors(&store).await {
        assert!(matches!(error, BackendError::Denied { .. }), "{error:?}");
    }
    server.heal();
    server.fail(Op::Head, "secret", Fault::Code("AccessDenied"), 1);
    let denied = store.head(&key("secret")).await;
    assert!(matches!(denied, Err(BackendError::Denied { what }) if what == "secret"));
}

#[tokio::test]
async fn a_server_that_asks_to_slow_down_is_asked_again() {
    let (server, store) = both().await;
    let before = server.count(Op::Get);
    server.fail(Op::Get, "k", Fault::Code("SlowDown"), 4);
    let body = store.open(&key("k")).await.unwrap().unwrap();
    assert_eq!(body.read_all(100).await.unwrap(), "0123456789");
    assert_eq!(server.count(Op::Get) - before, 5);
}

#[tokio::test]
async fn a_server_that_is_always_busy_is_an_error_in_the_end() {
    let (server, store) = both().await;
    fail_all(&server, Fault::Code("SlowDown"));
    let before = server.count(Op::Get);
    let busy = store.open(&key("k")).await.err().unwrap();
    assert!(matches!(&busy, BackendError::Busy { what } if what == "k"));
    assert_eq!(server.count(Op::Get) - before, 9, "three rounds of three");
    for error in errors(&store).await {
        let text = error.to_string();
        assert!(text.contains("slow down"), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_fails_every_request_is_not_asked_more_and_more() {
    let (server, store) = both().await;
    fail_all(&server, Fault::Code("InternalError"));
    for _ in 0..100 {
        assert!(store.open(&key("k")).await.is_err());
    }
    let before = server.count(Op::Get);
    assert!(store.open(&key("k")).await.is_err());
    let asked = server.count(Op::Get) - before;
    assert!(
        asked <= 3,
        "still asked {asked} times once the budget is spent"
    );
    server.heal();
    assert!(store.open(&key("k")).await.unwrap().is_some());
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error() {
    let (server, store) = both().await;
    server.plant(BUCKET, "big", &vec![7; 300_000]);
    server.fail(Op::Get, "big", Fault::Truncate, 1);
    let body = store.open(&key("big")).await.unwrap().unwrap();
    assert_eq!(body.meta.size, 300_000);
    let error = body.read_all(1 << 20).await.map(drop).unwrap_err();
    assert!(
        matches!(&error, BackendError::Io { what, .. } if what == "big"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_flipped_bit_is_read_as_it_is() {
    let (server, store) = both().await;
    server.fail(Op::Get, "k", Fault::Flip, 1);
    let body = store.open(&key("k")).await.unwrap().unwrap();
    assert_eq!(body.read_all(100).await.unwrap(), "1123456789");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_an_error_in_time() {
    let (server, _) = both().await;
    let timeouts = Timeouts {
        attempt: Duration::from_millis(300),
        operation: Duration::from_millis(600),
        ..hasty()
    };
    let store = open_at(&place(&server), Access::Write, timeouts)
        .await
        .unwrap();
    server.fail(Op::Get, "k", Fault::Stall, 1_000);
    let error = store.open(&key("k")).await.err().unwrap();
    assert!(
        matches!(&error, BackendError::TimedOut { what } if what == "k"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_body_that_trickles_is_an_error_in_time() {
    let (server, _) = both().await;
    let timeouts = Timeouts {
        attempt: Duration::from_millis(300),
        ..hasty()
    };
    let store = open_at(&place(&server), Access::Write, timeouts)
        .await
        .unwrap();
    server.fail(Op::Get, "k", Fault::Trickle, 1);
    let body = store.open(&key("k")).await.unwrap().unwrap();
    let error = body.read_all(100).await.unwrap_err();
    assert!(
        matches!(&error, BackendError::TimedOut { what } if what == "k"),
        "{error:?}"
    );
    // The time that its reader takes is not the store's.
    let mut body = store.open(&key("k")).await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(body.stream.next().await.unwrap().unwrap(), "0123456789");
}

#[tokio::test]
async fn a_bucket_that_vanishes_is_no_empty_bucket() {
    let (server, store) = both().await;
    assert!(store.head(&key("none")).await.unwrap().is_none());
    assert!(store.open(&key("none")).await.unwrap().is_none());
    server.lose_bucket(BUCKET);
    for error in errors(&store).await {
        let text = error.to_string();
        assert!(text.contains("the bucket muse does not exist"), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_goes_away_is_an_error() {
    let (server, store) = both().await;
    drop(server);
    for error in errors(&store).await {
        assert!(matches!(error, BackendError::Io { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn an_object_in_cold_storage_is_there() {
    let (server, store) = both().await;
    server.fail(Op::Get, "k", Fault::Code("InvalidObjectState"), 1);
    let text = store.open(&key("k")).await.err().unwrap().to_string();
    assert!(
        text.contains("k: the object is in cold storage; restore it"),
        "{text}"
    );
}

#[tokio::test]
async fn no_error_tells_a_secret() {
    let (server, store) = both().await;
    let mut told = format!("{store:?} {:?} {}", place(&server), store.describe());
    for code in [
        "AccessDenied",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "ExpiredToken",
        "InternalError",
        "SlowDown",
        "RequestTimeTooSkewed",
        "NotImplemented",
        "NeverHeardOf",
    ] {
        fail_all(&server, Fault::Code(code));
        for error in errors(&store).await {
            told.push_str(&format!("\n{error} {error:?}"));
        }
        server.heal();
    }
    assert!(
        told.contains("answered 501 NotImplemented"),
        "the code is worth telling"
    );
    assert!(
        !told.contains(SECRET_KEY) && !told.contains(ACCESS_KEY),
        "{told}"
    );
}

#[tokio::test]
async fn questions_do_not_wait_for_each_other() {
    let (server, store) = both().await;
    server.plant(BUCKET, "stuck", b"x");
    server.fail(Op::Get, "stuck", Fault::Stall, 1);
    let at = key("stuck");
    let mut stuck = Box::pin(store.open(&at));
    assert!((&mut stuck).now_or_never().is_none());
    assert!(store.open(&key("k")).await.unwrap().is_some());
}
