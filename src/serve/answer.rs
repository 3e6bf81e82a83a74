//! Answers that are no success: a status, and one sentence that says why and what to do.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use luthier_hub::store::StoreError;
use luthier_hub::text;
use serde_json::json;
use tracing::{error, warn};

/// The most characters of a sentence: clients show 400 of the body.
const LONGEST: usize = 380;

/// The reason why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub status: StatusCode,
    pub detail: String,
}

impl Failure {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
        }
    }

    /// There is none, or it is not for whoever asks: both in the same words.
    pub fn no_repository() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "there is no such repository, or it is private and the token does not allow to read it",
        )
    }

    pub fn unauthorized(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// The request can be read, and what it asks for cannot be done.
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    }

    /// A side of the hub did not answer. The reason goes into the log; it may name hosts.
    pub fn unavailable(reason: &dyn std::fmt::Display) -> Self {
        error!("a request failed: {reason}");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the database or the object store of the hub does not answer; try again in a minute",
        )
    }
}

impl Failure {
    /// Nothing is written that cannot be announced. The reason goes into the log; it names files.
    pub fn no_journal(reason: &dyn std::fmt::Display) -> Self {
        error!("a write was not begun: {reason}");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the server's journal cannot be written, or a repair has it, so nothing was written; try again in a minute",
        )
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::unavailable(&error)
    }
}

impl From<luthier_hub::index::IndexError> for Failure {
    fn from(error: luthier_hub::index::IndexError) -> Self {
        Failure::unavailable(&error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let detail = text::safe(&self.detail);
        let detail: String = match detail.chars().count() > LONGEST {
            true => detail.chars().take(LONGEST - 1).chain(['…']).collect(),
            false => detail.into(),
        };
        warn!(status = self.status.as_u16(), "refused: {detail}");
        let mut response = (self.status, Json(json!({ "detail": detail }))).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
