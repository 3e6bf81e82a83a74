//! A webhook: a POST of JSON. Its URL is a secret, so nothing that is printed or logged has more of it than the host.

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use luthier_hub::cause::Cause;
use luthier_hub::secrets;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The time of one try.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The waits between the tries.
const WAITS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(4)];

/// A URL that is told of changes.
pub(super) struct Webhook {
    url: Url,
}

/// How one try failed.
struct Failure {
    why: String,
    /// Another try may succeed.
    may_pass: bool,
}

impl Webhook {
    /// Reads the URL of a webhook.
    ///
    /// # Errors
    /// It is no URL of HTTP.
    pub fn new(url: &str) -> Result<Self, Cause> {
        const FORM: &str = "write https://HOST/PATH";
        secrets::learn(url);
        let url: Url = (url.trim().parse()).map_err(|error| Cause::told(FORM, error))?;
        secrets::learn(url.path().trim_start_matches('/'));
        url.query().iter().for_each(|query| secrets::learn(query));
        match url.scheme() {
            "http" | "https" if url.has_host() && url.username().is_empty() => Ok(Self { url }),
            _ => Err(FORM.into()),
        }
    }

    /// Posts a JSON text; a server that is busy or does not answer is tried again.
    ///
    /// # Errors
    /// A sentence that names the host alone.
    pub async fn call(&self, body: &str) -> Result<(), Cause> {
        let mut waits = WAITS.iter();
        loop {
            let tried = tokio::time::timeout(TIMEOUT, self.post(body)).await;
            let failure = match tried {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(failure)) => failure,
                Err(_) => Failure {
                    why: format!("no answer within {} s", TIMEOUT.as_secs()),
                    may_pass: true,
                },
            };
            match waits.next().filter(|_| failure.may_pass) {
                Some(wait) => tokio::time::sleep(*wait).await,
                None => {
                    let host = self.url.host_str().unwrap_or_default();
                    return Err(format!("the webhook at {host} failed: {}", failure.why).into());
                }
            }
        }
    }

    async fn post(&self, body: &str) -> Result<(), Failure> {
        let final_one = |why: String| Failure {
            why,
            may_pass: false,
        };
        let client = Client::builder(TokioExecutor::new()).build(
            self.connector()
                .map_err(|error| final_one(error.to_string()))?,
        );
        let request = Request::post(self.url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("luthier/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
            .map_err(|error| final_one(error.to_string()))?;
        let answer = client.request(request).await.map_err(|error| Failure {
            why: innermost(&error),
            may_pass: true,
        })?;
        let status = answer.status();
        match status.is_success() {
            true => Ok(()),
            false => Err(Failure {
                why: format!("it answered {status}"),
                may_pass: status.is_server_error() || status.as_u16() == 429,
            }),
        }
    }

    /// Returns a connector that trusts the system's roots; without TLS it needs none.
    fn connector(&self) -> std::io::Result<HttpsConnector<HttpConnector>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = HttpsConnectorBuilder::new();
        let builder = match self.url.scheme() {
            "https" => builder.with_provider_and_native_roots(provider)?,
            _ => builder.with_tls_config(
                rustls::ClientConfig::builder_with_provider(provider)
                    .with_safe_default_protocol_versions()
                    .map_err(std::io::Error::other)?
                    .with_root_certificates(rustls::RootCertStore::empty())
                    .with_no_client_auth(),
            ),
        };
        Ok(builder.https_or_http().enable_http1().build())
    }
}

/// Returns the words of the first cause.
fn innermost(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => innermost(source),
        None => error.to_string(),
    }
}
