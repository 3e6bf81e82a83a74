//! Reads of rows of a job whose database does not answer.

use super::{MOST, Retrying};
use crate::index::plain::{Blobs, Commits, Place, Snapshots};
use crate::index::reads::index_reads;
use crate::index::*;
use crate::progress::Progress;
use crate::testing::TestHub;
use crate::waiting::WaitBudget;
use async_trait::async_trait;
use luthier_object::Kind;
use luthier_object::time::Micros;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// A database that another program holds, as long as somebody says so.
struct Held {
    inner: Arc<dyn Index>,
    held: AtomicBool,
    asked: AtomicU32,
}

impl Held {
    fn ask(&self) -> Result<(), IndexError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match self.held.load(Ordering::SeqCst) {
            true => Err(IndexError::BrokenOff {
                what: "a test",
                reason: "database is locked".into(),
                why: "database is locked".into(),
            }),
            false => Ok(()),
        }
    }
}

macro_rules! held {
    ($($name:ident($($arg:ident: $of:ty),*) -> $found:ty;)*) => {
        #[async_trait]
        impl Index for Held {
            fn describe(&self) -> String {
                self.inner.describe()
            }

            fn capabilities(&self) -> &Capabilities {
                self.inner.capabilities()
            }

            fn hidden(&self) -> &[Hidden] {
                self.inner.hidden()
            }

            async fn close(&self) {}

            $(async fn $name(&self, $($arg: $of),*) -> Result<$found, IndexError> {
                self.ask()?;
                self.inner.$name($($arg),*).await
            })*
        }
    };
}

index_reads!(held);

/// A database that is held, and a job that tries each of its reads for 20 s.
async fn held() -> (TestHub, Arc<Held>, Retrying) {
    let hub = TestHub::empty().await;
    let held = Arc::new(Held {
        inner: hub.index.clone(),
        held: AtomicBool::new(true),
        asked: AtomicU32::new(0),
    });
    let progress = Progress::new().with_budget(WaitBudget::new(Duration::from_secs(20)));
    let rows = Retrying::new(held.clone()).for_job(&progress);
    (hub, held, rows)
}

#[tokio::test]
async fn a_job_does_not_wait_for_each_row_of_a_database_that_answers_nobody() {
    let (_hub, held, rows) = held().await;
    tokio::time::pause();
    let begun = Instant::now();
    for _ in 0..MOST {
        let error = rows.now().await.unwrap_err().to_string();
        assert!(error.contains("--retry-for"), "{error}");
    }
    let (asked, waited) = (held.asked.load(Ordering::SeqCst), begun.elapsed());
    assert!(
        asked > 2 * MOST && waited.as_secs() >= 40,
        "{asked} {waited:?}"
    );
    for _ in 0..100 {
        let error = rows.now().await.unwrap_err();
        assert!(matches!(error, IndexError::Silent(_)), "{error}");
    }
    assert_eq!(held.asked.load(Ordering::SeqCst), asked);
    assert_eq!(begun.elapsed(), waited);
}

#[tokio::test]
async fn an_answer_between_two_failures_lets_a_job_go_on() {
    let (_hub, held, rows) = held().await;
    for _ in 0..4 {
        held.held.store(true, Ordering::SeqCst);
        tokio::time::pause();
        assert!(rows.now().await.is_err());
        tokio::time::resume();
        held.held.store(false, Ordering::SeqCst);
        assert!(rows.now().await.is_ok());
    }
}
