//! What the log says of requests.

use super::{of_database, of_store, told, told_parts};
use crate::backend::BackendError;
use crate::diagnostics::tests::record;
use futures_util::StreamExt;
use std::time::Duration;
use tracing::level_filters::LevelFilter;

fn refused() -> BackendError {
    BackendError::Denied {
        what: "a/b".to_owned(),
    }
}

async fn after<T>(seconds: u64, answer: T) -> Result<T, BackendError> {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    Ok(answer)
}

#[tokio::test(start_paused = true)]
async fn a_slow_request_and_one_that_fails_are_told_with_what_was_asked() {
    let (_guard, log) = record(LevelFilter::INFO);
    told(of_store("head", "a/b"), after(0, ())).await.unwrap();
    assert_eq!(log.text(), "", "a quick answer is no news");
    told(of_store("head", "a/b"), after(2, ())).await.unwrap();
    let failing = async { Err::<(), _>(refused()) };
    told(of_database("repos"), failing).await.unwrap_err();
    let text = log.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    for said in [
        "WARN",
        r#"operation="head" key="a/b""#,
        "slow request",
        "took=2s",
    ] {
        assert!(lines[0].contains(said), "{said}: {text}");
    }
    for said in [
        "INFO",
        r#"side="database" operation="repos""#,
        "request failed",
    ] {
        assert!(lines[1].contains(said), "{said}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_request_is_told_where_that_is_asked_for() {
    let (_guard, log) = record(LevelFilter::DEBUG);
    told(of_store("open", "a/b"), after(0, ())).await.unwrap();
    assert!(
        log.text().contains(r#"operation="open" key="a/b"}"#),
        "{}",
        log.text()
    );
    assert!(log.text().contains("answered"), "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_slowly_or_breaks_off_is_told() {
    let (_guard, log) = record(LevelFilter::INFO);
    let parts = futures_util::stream::iter([0, 3, 0]).then(|seconds| after(seconds, seconds));
    let broken = futures_util::stream::iter([Err(refused())]);
    let parts = told_parts(of_store("open", "a/b"), parts.chain(broken).boxed());
    assert_eq!(
        parts
            .filter(|part| std::future::ready(part.is_ok()))
            .count()
            .await,
        3
    );
    let text = log.text();
    assert_eq!(text.matches("slow answer").count(), 1, "{text}");
    assert_eq!(text.matches("the answer broke off").count(), 1, "{text}");
}
