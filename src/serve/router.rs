//! The calls and what surrounds them: limits, request ids, the log, the end.

use crate::access::Tokens;
use crate::answer::Failure;
use crate::flights::Flights;
use crate::metrics::Metrics;
use crate::{fetch, negotiate, objects, push, refs};
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use luthier_hub::progress::{Progress, WaitBudget};
use luthier_hub::store::hub_writes::{HubLedger, HubWriteError, HubWriter};
use luthier_hub::store::{Authority, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tower_http::request_id::{
    MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer,
};
use tower_http::timeout::TimeoutLayer;
use tracing::{Instrument, info, info_span};

/// The largest body of a request, in bytes.
pub const LARGEST_BODY: usize = 64 << 20;

/// The bodies of all requests together are at most 128 MiB, counted in KiB.
const ROOM: usize = (128 << 20) / ROOM_UNIT;
pub const ROOM_UNIT: usize = 1 << 10;

/// How long a small request waits for a side of the hub.
const WAIT: Duration = Duration::from_secs(15);

/// The time of a request until its status line; clients wait for 60 s.
const LONGEST: Duration = Duration::from_secs(58);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How a hub is served.
#[derive(Clone)]
pub struct Options {
    /// The right to write, and the ledger of what is written; without it, pushes are refused.
    pub writing: Option<Writing>,
    /// Whoever is asked for a token; without, private repositories are hidden and every push is taken.
    pub tokens: Option<Tokens>,
    /// Fetches made at the same time, each from 1 to 30 MiB of memory.
    pub fetches: usize,
}

/// The right to write, and the ledger of what is written.
#[derive(Clone)]
pub struct Writing {
    pub authority: Authority,
    pub ledger: Arc<dyn HubLedger>,
}

/// A hub that is served.
pub struct Serving {
    pub(crate) store: Store,
    pub(crate) writing: Option<Writing>,
    pub(crate) tokens: Option<Tokens>,
    pub(crate) flights: Arc<Flights>,
    pub(crate) metrics: Metrics,
    /// The memory for bodies, in [`ROOM_UNIT`]s.
    pub(crate) bodies: Arc<Semaphore>,
}

impl Serving {
    /// Returns the hub for one request, which waits a little for a side that does not answer.
    pub(crate) fn store(&self) -> Store {
        let progress = Progress::new().with_budget(WaitBudget::new(WAIT));
        self.store.for_job(&progress)
    }

    /// Makes a hub write, to its end even if the client goes away: what was announced is said to have ended.
    pub(crate) async fn write<T, F>(
        &self,
        work: impl FnOnce(HubWriter) -> F,
    ) -> Result<Result<T, HubWriteError>, Failure>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, HubWriteError>> + Send + 'static,
    {
        let writing = self.writing.as_ref().ok_or(StoreError::ReadOnly)?;
        let writer = self.store().writer(&writing.authority)?;
        let work = work(writer.hub_writer(writing.ledger.clone()));
        let done = tokio::spawn(work.in_current_span()).await;
        done.map_err(|error| Failure::unavailable(&format!("a write was broken off: {error}")))
    }
}

/// Returns the calls of the wire over `store`.
pub fn router(store: Store, options: Options) -> Router {
    let serving = Arc::new(Serving {
        store,
        writing: options.writing,
        tokens: options.tokens,
        flights: Arc::new(Flights::new(options.fetches)),
        metrics: Metrics::new(),
        bodies: Arc::new(Semaphore::new(ROOM)),
    });
    Router::new()
        .route("/{owner}/{slug}/refs", get(refs::refs))
        .route("/{owner}/{slug}/fetch", post(fetch::fetch))
        .route("/{owner}/{slug}/negotiate", post(negotiate::negotiate))
        .route("/{owner}/{slug}/filter-objects", post(objects::filter))
        .route("/{owner}/{slug}/presign", post(objects::presign))
        .route("/{owner}/{slug}/push/objects", post(objects::push_objects))
        .route("/{owner}/{slug}/push", post(push::push))
        .route("/o/{object_id}", get(objects::blob))
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            LONGEST,
        ))
        .layer(middleware::from_fn_with_state(serving.clone(), logged))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, Numbers::default()))
        .with_state(serving)
}

/// Numbers requests from the start of the server on.
#[derive(Clone, Default)]
struct Numbers(Arc<AtomicU64>);

impl MakeRequestId for Numbers {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        HeaderValue::from_str(&number.to_string())
            .ok()
            .map(RequestId::new)
    }
}

/// Writes one line for each request into the log, and counts it.
async fn logged(State(serving): State<Arc<Serving>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let call = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str)
        .to_owned();
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .unwrap_or("")
        .to_owned();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = info_span!("request", id);
    async move {
        let response = next.run(request).await;
        let status = response.status().as_u16();
        serving
            .metrics
            .request(call.rsplit('/').next().unwrap_or(""), status);
        info!(%method, path, status, elapsed = ?begun.elapsed(), "answered");
        response
    }
    .instrument(span)
    .await
}

async fn health(State(serving): State<Arc<Serving>>) -> Result<&'static str, Failure> {
    let store = serving.store();
    store.index().now().await?;
    store.backend().now().await.map_err(StoreError::from)?;
    Ok("ok\n")
}

async fn metrics(State(serving): State<Arc<Serving>>) -> Response {
    crate::watched::metrics(serving.metrics.text())
}

async fn unknown() -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        "there is no such call here: this server speaks the wire of March 2026 (refs, fetch, negotiate, filter-objects, presign, push/objects, push)",
    )
}

async fn not_allowed() -> Failure {
    Failure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this call takes another method",
    )
}
