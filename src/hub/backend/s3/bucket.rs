//! A bucket and how it is asked: retries, their budget, and what it is called.

use super::client::{Connection, Timeouts};
use super::fault::Fault;
use crate::backend::{BackendError, Conditions, Key};
use crate::waiting::is_single_try;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use luthier_object::time::Micros;
use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use tokio::sync::OnceCell;

/// The request for a page of a listing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ListRequest<'a> {
    /// As the server knows it.
    pub prefix: &'a str,
    /// As the server knows it.
    pub after: Option<&'a str>,
    pub token: Option<&'a str>,
    /// Names up to the next slash instead of everything below.
    pub folders: bool,
    /// Keys on the page; the usual number where `None`.
    pub limit: Option<i32>,
}

/// The order of a server's listings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// By the bytes of whole keys, as AWS does; `start-after` means the same.
    Keys,
    /// Otherwise: folder by folder, as if the slash came before every other character, or with a
    /// `start-after` that skips.
    Folders,
}

/// Rounds of the SDK's own attempts that one operation may take.
const ROUNDS: u32 = 3;

/// Rounds beyond the first that may be spent before answers earn them back: a server that fails every
/// request is not asked three times as often.
const BUDGET: u32 = 50;

/// A bucket that is asked.
pub(super) struct Bucket {
    connection: Connection,
    label: String,
    /// The server that requests go to, for people.
    at: String,
    budget: AtomicU32,
    pub(super) order: OnceLock<Order>,
    /// Set once the server has refused a wide page, or may have cut one.
    pub(super) is_narrow: AtomicBool,
    pub(super) conditions: OnceCell<Conditions>,
    /// One put at a time in each, where the server cannot keep puts apart.
    pub(super) lanes: Vec<tokio::sync::Mutex<()>>,
}

impl Bucket {
    pub(super) fn new(connection: Connection) -> Self {
        let at = connection.endpoint.clone().unwrap_or("AWS".to_owned());
        let prefix = connection.prefix.trim_end_matches('/');
        let slash = if prefix.is_empty() { "" } else { "/" };
        let mut label = format!("s3 {}{slash}{prefix}", connection.bucket);
        if connection.endpoint.is_some() {
            label = format!("{label} at {at}");
        }
        Self {
            label,
            at,
            connection,
            budget: AtomicU32::new(BUDGET),
            order: OnceLock::new(),
            is_narrow: AtomicBool::new(false),
            conditions: OnceCell::new(),
            lanes: (0..64).map(|_| tokio::sync::Mutex::new(())).collect(),
        }
    }

    pub(super) fn label(&self) -> &str {
        &self.label
    }

    pub(super) fn name(&self) -> &str {
        &self.connection.bucket
    }

    pub(super) fn prefix(&self) -> &str {
        &self.connection.prefix
    }

    pub(super) fn timeouts(&self) -> &Timeouts {
        &self.connection.timeouts
    }

    pub(super) fn client(&self) -> &Client {
        &self.connection.client
    }

    /// Returns a key as the server knows it.
    pub(super) fn wire(&self, key: &Key) -> String {
        format!("{}{key}", self.prefix())
    }

    /// Returns the time limits of a request that carries `size` bytes.
    pub(super) fn limits(&self, size: usize) -> Builder {
        let limits = Builder::default().timeout_config(self.timeouts().limits(size));
        match is_single_try() {
            true => limits.retry_config(RetryConfig::disabled()),
            false => limits,
        }
    }

    pub(super) fn error(&self, what: impl Into<String>, fault: Fault) -> BackendError {
        fault.into_error(what.into(), self.name(), &self.at)
    }

    pub(super) fn unusable(&self, fault: &Fault) -> BackendError {
        BackendError::Unusable {
            what: self.label.clone(),
            why: self.advice(fault).into(),
        }
    }

    /// Returns one line for a person: what is wrong and what to do.
    pub(super) fn advice(&self, fault: &Fault) -> String {
        fault.advice(self.name(), &self.at)
    }

    /// Sends a request until it has an answer, as often as rounds and budget allow; once where the caller repeats it.
    pub(super) async fn ask<T, E, F>(&self, request: impl Fn() -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let rounds = if is_single_try() { 1 } else { ROUNDS };
        let mut round = 1;
        loop {
            let fault = match request().await {
                Ok(answer) => {
                    self.earn();
                    return Ok(answer);
                }
                Err(error) => Fault::of(&error),
            };
            // Waiting again for one that does not answer takes as long again.
            let is_slow = fault == Fault::TimedOut;
            if round >= rounds || is_slow || !fault.is_transient() || !self.spend() {
                return Err(fault);
            }
            self.wait(round).await;
            round += 1;
        }
    }

    /// Waits before round `round + 1`: twice as long each time, and never in step with others.
    pub(super) async fn wait(&self, round: u32) {
        let whole = self.timeouts().backoff * (1 << round.min(6));
        tokio::time::sleep(whole.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
    }

    fn spend(&self) -> bool {
        let less = |left: u32| left.checked_sub(1);
        self.budget
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }

    fn earn(&self) {
        let more = |left: u32| (left < BUDGET).then_some(left + 1);
        // Full is as good as earned.
        let _ = self
            .budget
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// Lists one key, which shows that bucket and credentials are right.
    pub(super) async fn try_out(&self) -> Result<(), Fault> {
        let ask = ListRequest {
            prefix: self.prefix(),
            limit: Some(1),
            ..ListRequest::default()
        };
        self.send_list(&ask).await.map(|_| ())
    }

    /// Makes sure that a 404 speaks of a key and not of the whole bucket.
    pub(super) async fn confirm(&self) -> Result<(), Fault> {
        self.head_bucket().await.map(|_| ())
    }

    /// Asks for the bucket itself; the answer's date.
    async fn head_bucket(&self) -> Result<Option<DateTime>, Fault> {
        let date = DateHeader::default();
        let answer = self
            .ask(|| {
                self.client()
                    .head_bucket()
                    .bucket(self.name())
                    .customize()
                    .config_override(self.limits(0))
                    .interceptor(date.clone())
                    .send()
            })
            .await;
        match answer {
            Ok(_) => Ok(date.read()),
            Err(Fault::NotFound | Fault::NoKey) => Err(Fault::NoBucket),
            Err(fault) => Err(fault),
        }
    }

    /// Returns the server's clock, to the second.
    pub(super) async fn now(&self) -> Result<Micros, BackendError> {
        let what = || format!("the clock of {}", self.label);
        match self.head_bucket().await {
            Ok(Some(at)) => Ok(micros(&at)),
            Ok(None) => Err(BackendError::Remote {
                what: what(),
                why: "the answer holds no date".into(),
            }),
            Err(fault) => Err(self.error(what(), fault)),
        }
    }
}

/// Microseconds since 1970.
pub(super) fn micros(at: &DateTime) -> Micros {
    at.secs()
        .saturating_mul(1_000_000)
        .saturating_add(i64::from(at.subsec_nanos() / 1_000))
}

/// Keeps the date of an answer.
#[derive(Clone, Debug, Default)]
struct DateHeader(Arc<Mutex<Option<DateTime>>>);

impl DateHeader {
    fn read(&self) -> Option<DateTime> {
        self.0.lock().ok().and_then(|date| *date)
    }
}

impl Intercept for DateHeader {
    fn name(&self) -> &'static str {
        "DateHeader"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|text| DateTime::from_str(text, DateTimeFormat::HttpDate).ok());
        if let Ok(mut kept) = self.0.lock() {
            *kept = date;
        }
        Ok(())
    }
}
