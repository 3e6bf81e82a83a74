//! Nothing is overwritten, whatever the server honours.

use super::client::Timeouts;
use super::tests::{BUCKET, hasty, open, open_at, place};
use super::{Conditions, S3};
use crate::access::Access;
use crate::backend::suite::key;
use crate::backend::{Backend, BackendError, BackendMut, Put, Replaced, Replacement, layout};
use bytes::Bytes;
use futures_util::StreamExt;
use luthier_testing::s3::{Fault, Lacks, Op, Server};
use std::time::Duration;

async fn with(lacks: Lacks) -> (Server, S3) {
    let server = Server::start(&[BUCKET]);
    server.set_lacks(lacks);
    let store = open(&server).await;
    (server, store)
}

const IGNORES: Lacks = Lacks {
    conditions: true,
    checksums: true,
    wide_pages: false,
};

async fn put(store: &S3, name: &str, bytes: &'static [u8]) -> Result<Put, BackendError> {
    store
        .put_if_absent(&key(name), Bytes::from_static(bytes))
        .await
}

#[tokio::test]
async fn what_a_server_honours_is_found_out_once() {
    for lacks in [Lacks::default(), IGNORES] {
        let (server, store) = with(lacks).await;
        let found = Conditions {
            if_none_match: !lacks.conditions,
            checksum: !lacks.checksums,
            if_match: !lacks.conditions,
        };
        assert_eq!(store.conditions().await.unwrap(), Some(found));
        let puts = server.count(Op::Put);
        assert_eq!(store.conditions().await.unwrap(), Some(found));
        assert_eq!(server.count(Op::Put), puts);
        // Another session finds the probes and comes to the same.
        let again = open(&server).await;
        assert_eq!(again.conditions().await.unwrap(), Some(found));
    }
}

#[tokio::test]
async fn what_probes_leave_behind_is_luthiers_own() {
    let (_server, store) = with(IGNORES).await;
    store.conditions().await.unwrap();
    let left: Vec<_> = store.list("", None).collect().await;
    assert_eq!(left.len(), 2);
    for entry in left {
        let key = entry.unwrap().key;
        assert!(layout::is_own(&key), "{key}");
    }
}

#[tokio::test]
async fn a_session_for_reading_puts_nothing() {
    let server = Server::start(&[BUCKET]);
    let store = open_at(&place(&server), Access::Read, hasty())
        .await
        .unwrap();
    assert_eq!(store.conditions().await.unwrap(), None);
    let refused = put(&store, "x", b"x").await.unwrap_err().to_string();
    assert!(refused.contains("--write"), "{refused}");
    assert_eq!(server.count(Op::Put), 0);
}

#[tokio::test]
async fn a_server_that_ignores_conditions_is_looked_at_before() {
    let (server, store) = with(IGNORES).await;
    store.conditions().await.unwrap();
    server.plant(BUCKET, "taken", b"old");
    let puts = server.count(Op::Put);
    assert_eq!(
        put(&store, "taken", b"new").await.unwrap(),
        Put::AlreadyThere
    );
    assert_eq!(server.count(Op::Put), puts, "not even tried");
    assert_eq!(server.object(BUCKET, "taken").unwrap(), b"old");
    assert_eq!(put(&store, "free", b"new").await.unwrap(), Put::Stored);
    assert_eq!(server.object(BUCKET, "free").unwrap(), b"new");
}

#[tokio::test]
async fn a_look_that_fails_keeps_the_put_from_being_sent() {
    let (server, store) = with(IGNORES).await;
    store.conditions().await.unwrap();
    server.plant(BUCKET, "taken", b"old");
    for code in ["AccessDenied", "SlowDown", "InternalError"] {
        server.fail(Op::Head, "taken", Fault::Code(code), 1_000);
        assert!(put(&store, "taken", b"new").await.is_err(), "{code}");
        server.heal();
    }
    assert_eq!(server.object(BUCKET, "taken").unwrap(), b"old");
}

#[tokio::test]
async fn a_put_that_reads_back_otherwise_is_an_error() {
    let (server, store) = with(IGNORES).await;
    store.conditions().await.unwrap();
    server.fail(Op::Get, "x", Fault::Flip, 1);
    let error = put(&store, "x", b"bytes").await.unwrap_err().to_string();
    assert!(
        error.contains("x: the bytes read back differ from the bytes put"),
        "{error}"
    );
}

#[tokio::test]
async fn a_key_above_others_is_not_put_where_it_may_hide_them() {
    let (server, store) = with(IGNORES).await;
    server.plant(BUCKET, "a/b", b"x");
    let error = put(&store, "a", b"y").await.unwrap_err().to_string();
    assert!(error.contains("objects lie below this key"), "{error}");
    assert!(server.object(BUCKET, "a").is_none());
}

#[tokio::test]
async fn a_condition_that_breaks_on_nothing_is_an_error() {
    let (server, store) = with(Lacks::default()).await;
    store.conditions().await.unwrap();
    server.fail(Op::Put, "x", Fault::Code("PreconditionFailed"), 1);
    let error = put(&store, "x", b"x").await.unwrap_err().to_string();
    assert!(error.contains("has no object there"), "{error}");
}

#[tokio::test]
async fn a_conflict_is_tried_again() {
    let (server, store) = with(Lacks::default()).await;
    store.conditions().await.unwrap();
    server.fail(Op::Put, "x", Fault::Code("ConditionalRequestConflict"), 3);
    assert_eq!(put(&store, "x", b"x").await.unwrap(), Put::Stored);
    server.fail(
        Op::Put,
        "y",
        Fault::Code("ConditionalRequestConflict"),
        1_000,
    );
    let error = put(&store, "y", b"y").await.unwrap_err().to_string();
    assert!(
        error.contains("another write of the key is under way"),
        "{error}"
    );
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_found_to_lie_there() {
    for lacks in [Lacks::default(), IGNORES] {
        let (server, store) = with(lacks).await;
        store.conditions().await.unwrap();
        server.fail(Op::Put, "x", Fault::StoreThenFail, 1);
        put(&store, "x", b"bytes").await.unwrap();
        assert_eq!(server.object(BUCKET, "x").unwrap(), b"bytes");
    }
}

#[tokio::test]
async fn a_put_without_an_answer_says_that_nobody_knows() {
    let server = Server::start(&[BUCKET]);
    let timeouts = Timeouts {
        attempt: Duration::from_millis(300),
        operation: Duration::from_millis(600),
        ..hasty()
    };
    let store = open_at(&place(&server), Access::Write, timeouts)
        .await
        .unwrap();
    store.conditions().await.unwrap();
    server.fail(Op::Put, "x", Fault::Stall, 1_000);
    let error = put(&store, "x", b"x").await.unwrap_err();
    assert!(matches!(error, BackendError::Unknown { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("whether it was stored is not known"),
        "{error}"
    );
}

#[tokio::test]
async fn a_put_that_is_denied_stores_nothing() {
    let (server, store) = with(Lacks::default()).await;
    store.conditions().await.unwrap();
    server.fail(Op::Put, "x", Fault::Code("AccessDenied"), 1);
    let denied = put(&store, "x", b"x").await;
    assert!(matches!(denied, Err(BackendError::Denied { what }) if what == "x"));
    assert!(server.object(BUCKET, "x").is_none());
}

#[tokio::test]
async fn nothing_is_put_before_the_server_was_probed() {
    let server = Server::start(&[BUCKET]);
    let store = open(&server).await;
    server.fail(Op::Put, "_luthier/", Fault::Code("AccessDenied"), 1_000);
    assert!(put(&store, "x", b"x").await.is_err());
    assert!(server.object(BUCKET, "x").is_none());
    server.heal();
    assert_eq!(
        put(&store, "x", b"x").await.unwrap(),
        Put::Stored,
        "asked anew"
    );
}

#[tokio::test]
async fn a_server_that_ignores_if_match_replaces_nothing_unless_it_is_allowed() {
    let (server, store) = with(IGNORES).await;
    server.plant(BUCKET, "bad", b"old");
    let (seen, new) = (Bytes::from_static(b"old"), Bytes::from_static(b"new"));
    let refused = replace(&store, &seen, new.clone(), false).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("--unguarded"), "{refused}");
    assert_eq!(server.object(BUCKET, "bad").unwrap(), b"old");
    let done = replace(&store, &seen, new, true).await.unwrap();
    assert_eq!(done, Replaced::Stored);
    assert_eq!(server.object(BUCKET, "bad").unwrap(), b"new");
}

#[tokio::test]
async fn a_write_between_the_look_and_the_replacement_is_not_lost() {
    let (server, store) = with(Lacks::default()).await;
    store.conditions().await.unwrap();
    server.plant(BUCKET, "bad", b"old");
    // What another writer leaves behind is that the tag no longer fits.
    server.fail(Op::Put, "bad", Fault::Code("PreconditionFailed"), 1);
    let (seen, new) = (Bytes::from_static(b"old"), Bytes::from_static(b"new"));
    let done = replace(&store, &seen, new, false).await.unwrap();
    assert_eq!(done, Replaced::Changed);
    assert_eq!(server.object(BUCKET, "bad").unwrap(), b"old");
}

/// Replaces what lies under `bad`.
async fn replace(
    store: &S3,
    seen: &Bytes,
    bytes: Bytes,
    unguarded: bool,
) -> Result<Replaced, BackendError> {
    let wanted = Replacement {
        key: &key("bad"),
        seen,
        bytes,
        unguarded,
    };
    store.replace(wanted).await
}
