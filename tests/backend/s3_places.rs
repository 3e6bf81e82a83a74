//! A place that is wrong is told in one line that says what to do.

use super::client::connect;
use super::tests::{BUCKET, hasty, open, open_at, place};
use super::{BucketLocation, S3};
use crate::access::Access;
use crate::backend::suite::key;
use crate::backend::{Backend, BackendError, UriRefusal};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use luthier_testing::s3::{ACCESS_KEY, Fault, Op, SECRET_KEY, Server};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;

fn at(endpoint: &str) -> BucketLocation {
    BucketLocation {
        bucket: BUCKET.into(),
        prefix: String::new(),
        endpoint: Some(endpoint.into()),
        region: Some("us-east-1".into()),
        aws_profile: None,
        ca_file: None,
    }
}

/// Why a place cannot be opened, made sure to be one line about this bucket.
async fn refusal(place: &BucketLocation) -> String {
    line_of(open_at(place, Access::Read, hasty()).await)
}

fn line_of(opened: Result<S3, BackendError>) -> String {
    let error = opened.map(|_| ()).unwrap_err();
    assert!(matches!(error, BackendError::Unusable { .. }), "{error:?}");
    let line = error.to_string();
    assert!(!line.contains('\n') && line.starts_with("s3 "), "{line}");
    assert!(!format!("{line}{error:?}").contains(SECRET_KEY), "{line}");
    line
}

#[tokio::test]
async fn a_wrong_bucket_is_named_with_its_server() {
    let server = Server::start(&["other"]);
    let line = refusal(&place(&server)).await;
    let says = format!(
        "the bucket muse does not exist at {}; check AWS_S3_ASSET_BUCKET or --store",
        server.endpoint()
    );
    assert!(line.contains(&says), "{line}");
}

#[tokio::test]
async fn each_refusal_says_what_to_do() {
    let server = Server::start(&[BUCKET]);
    for (fault, says) in [
        (
            Fault::Code("ExpiredToken"),
            "the credentials have expired; get new ones",
        ),
        (Fault::Code("AccessDenied"), "access denied"),
        (
            Fault::Code("InvalidAccessKeyId"),
            "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        (Fault::Code("RequestTimeTooSkewed"), "set the clock"),
        (
            Fault::Region("eu-west-1"),
            "is in the region eu-west-1; set AWS_REGION=eu-west-1",
        ),
        (
            Fault::Code("SlowDown"),
            "asks to slow down; try again later",
        ),
        (Fault::Code("InternalError"), "answered 500 InternalError"),
        (Fault::Code("NeverHeardOf"), "access denied"),
    ] {
        server.fail(Op::List, "", fault, 1_000);
        let line = refusal(&place(&server)).await;
        assert!(line.contains(says), "{fault:?}: {line}");
        server.heal();
    }
}

#[tokio::test]
async fn an_endpoint_that_wants_the_bucket_in_the_host_gets_it_there() {
    let server = Server::start(&[BUCKET]);
    server.fail(Op::List, "", Fault::Code("SecondLevelDomainForbidden"), 1);
    open(&server).await;
    assert_eq!(server.count(Op::List), 2);
}

#[tokio::test]
async fn a_wrong_secret_is_told_from_a_missing_one() {
    let server = Server::start(&[BUCKET]);
    let wrong = Credentials::new(ACCESS_KEY, "wrong", None, None, "test");
    let wrong = Some(SharedCredentialsProvider::new(wrong));
    let opened = S3::open_with(&place(&server), Access::Read, hasty(), wrong).await;
    let line = line_of(opened);
    assert!(line.contains("the credentials are not accepted"), "{line}");

    let mut place = place(&server);
    place.aws_profile = Some("no-such-profile-anywhere".into());
    let opened = S3::open_with(&place, Access::Read, hasty(), None).await;
    let line = line_of(opened);
    assert!(
        line.contains("there is no AWS profile no-such-profile-anywhere"),
        "{line}"
    );
}

#[tokio::test]
async fn an_unreachable_server_is_told_apart() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let line = refusal(&at(&endpoint)).await;
    assert!(
        line.contains(&format!(
            "nothing listens at {endpoint} (connection refused)"
        )),
        "{line}"
    );
    let line = refusal(&at("http://no-such-host.invalid:9000")).await;
    assert!(
        line.contains("there is no host http://no-such-host.invalid:9000"),
        "{line}"
    );
}

#[tokio::test]
async fn what_is_no_s3_server_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\nconnection: close\r\n\r\n<html>hello\n",
            );
        }
    });
    let line = refusal(&at(&endpoint)).await;
    assert!(
        line.contains("check that the endpoint is an S3 server"),
        "{line}"
    );
    let line = refusal(&at(&endpoint.replace("http:", "https:"))).await;
    assert!(line.contains("does not speak TLS; write http://"), "{line}");
}

#[tokio::test]
async fn a_place_that_cannot_be_meant_is_refused_before_anything_is_sent() {
    let good = at("http://127.0.0.1:1");
    let with = |change: fn(&mut BucketLocation)| {
        let mut place = good.clone();
        change(&mut place);
        place
    };
    for (place, says) in [
        (with(|p| p.bucket.clear()), "that is no name of a bucket"),
        (
            with(|p| p.bucket = "a/b".into()),
            "that is no name of a bucket",
        ),
        (
            with(|p| p.bucket = "a\u{1b}[2J".into()),
            "that is no name of a bucket",
        ),
        (with(|p| p.prefix = "a".into()), "does not end in a slash"),
        (
            with(|p| p.prefix = "a/../".into()),
            "its prefix cannot be used",
        ),
        (with(|p| p.prefix = "/".into()), "its prefix cannot be used"),
        (
            with(|p| p.endpoint = Some("127.0.0.1:9000".into())),
            "its endpoint is",
        ),
        (
            with(|p| p.endpoint = Some("ftp://x".into())),
            "neither http nor https",
        ),
        (
            with(|p| p.endpoint = Some("http://u:hunter2@x".into())),
            "holds a user or a password",
        ),
        (
            with(|p| p.endpoint = Some("http://x/?X-Amz-Signature=hunter2".into())),
            "has a query",
        ),
        (
            with(|p| p.ca_file = Some("/no/such/ca.pem".into())),
            "the CA file /no/such/ca.pem cannot be used",
        ),
    ] {
        let line = refusal(&place).await;
        assert!(line.contains(says), "{line}");
        assert!(
            !line.contains("hunter2") && !line.contains('\u{1b}'),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_ca_file_without_a_sound_certificate_is_refused() {
    for (text, says) in [
        ("", "no PEM certificate"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "cannot be used",
        ),
        (
            "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
            "cannot be used",
        ),
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut place = at("https://127.0.0.1:1");
        place.ca_file = Some(file.path().to_owned());
        let line = refusal(&place).await;
        assert!(line.contains(says), "{text}: {line}");
    }
}

#[tokio::test]
async fn a_certificate_is_trusted_only_with_its_authority() {
    let variable = |name: &str| {
        std::env::var(name).unwrap_or_else(|_| {
            panic!("{name} is not set: run tests/run, or start the servers with: eval \"$(tests/servers/up)\"")
        })
    };
    let mut place = at(&variable("LUTHIER_TEST_TLS"));
    let opened = S3::open_with(&place, Access::Read, hasty(), None).await;
    let line = line_of(opened);
    assert!(
        line.contains(
            "is not trusted (UnknownIssuer); add its CA to the system's store, or set ca_file"
        ),
        "{line}"
    );

    place.ca_file = Some(PathBuf::from(variable("LUTHIER_TEST_CA")));
    let connection = connect(&place, hasty(), None).await.unwrap();
    // Another run may have made it.
    let _ = connection
        .client
        .create_bucket()
        .bucket(BUCKET)
        .send()
        .await;
    let store = S3::open_with(&place, Access::Read, hasty(), None)
        .await
        .unwrap();
    assert!(store.head(&key("none")).await.unwrap().is_none());
}

#[tokio::test]
async fn other_stores_uris_are_refused_by_name() {
    let server = Server::start(&[BUCKET]);
    let mut place = place(&server);
    place.prefix = "a/b/".into();
    let store = open_at(&place, Access::Read, hasty()).await.unwrap();
    assert_eq!(
        store.describe(),
        format!("s3 muse/a/b at {}", server.endpoint())
    );
    assert_eq!(store.uri_for(&key("k")), "s3://muse/a/b/k");
    assert_eq!(store.locate("s3://muse/a/b/k"), Ok(key("k")));
    let outside = UriRefusal::OutsidePrefix("a/b/".into());
    for (uri, refused) in [
        ("local://a/b/k", UriRefusal::ForeignScheme("local".into())),
        ("S3://muse/a/b/k", UriRefusal::ForeignScheme("S3".into())),
        ("s3://other/a/b/k", foreign("other")),
        ("s3://", foreign("")),
        ("s3://user@muse/a/b/k", foreign("user@muse")),
        ("s3://muse", outside.clone()),
        ("s3://muse/a/bk", outside.clone()),
        ("s3://muse//a/b/k", outside.clone()),
        ("s3://muse/a/../a/b/k", outside),
        ("s3://muse/a/b/../k", UriRefusal::Escapes),
        ("s3://muse/a/b/", UriRefusal::Empty),
        ("s3://muse/a/b//k", UriRefusal::Absolute),
        ("s3://muse/a/b/k\0", UriRefusal::BadCharacter),
    ] {
        assert_eq!(store.locate(uri), Err(refused), "{uri}");
    }
}

fn foreign(found: &str) -> UriRefusal {
    UriRefusal::ForeignBucket {
        found: found.into(),
        expected: BUCKET.into(),
    }
}
