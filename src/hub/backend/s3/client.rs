//! The client: credentials, region, endpoint, trust and time limits, put together in one place.

use super::bucket_location::{BucketLocation, check_endpoint};
use super::settings_error::{CertificateError, SettingsError};
use super::{credentials, profiles, value};
use crate::backend::BackendError;
use crate::cause::Cause;
use crate::text;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::identity::IdentityCache;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    AppName, Builder, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedCredentialsProvider, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_types::service_config::ServiceConfigKey;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The time limits of requests, and the page size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// To a connection.
    pub connect: Duration,
    /// To the next bytes of an answer.
    pub read: Duration,
    /// One attempt without a body; a body adds a second a MiB.
    pub attempt: Duration,
    /// All attempts of one operation; a body adds three seconds a MiB.
    pub operation: Duration,
    /// The first wait before another attempt; it doubles.
    pub backoff: Duration,
    /// Keys on a page of a listing.
    pub page: i32,
    /// Names on a page of a folder, where the server allows so many.
    pub folder_page: i32,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            read: Duration::from_secs(10),
            attempt: Duration::from_secs(15),
            operation: Duration::from_secs(60),
            backoff: Duration::from_millis(500),
            page: 1_000,
            folder_page: 5_000,
        }
    }
}

impl Timeouts {
    /// Returns the limits of a request that carries `size` bytes.
    pub(super) fn limits(&self, size: usize) -> TimeoutConfig {
        let body = Duration::from_secs((size >> 20) as u64);
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .read_timeout(self.read + body)
            .operation_attempt_timeout(self.attempt + body)
            .operation_timeout(self.operation + body * 3)
            .build()
    }
}

/// A client and what it was made for.
pub(super) struct Connection {
    pub client: Client,
    pub bucket: String,
    pub prefix: String,
    /// The server that requests go to, for people; `None` is AWS itself.
    pub endpoint: Option<String>,
    pub timeouts: Timeouts,
    config: aws_sdk_s3::Config,
}

impl Connection {
    /// Returns the same with the bucket in the host's name, for endpoints that refuse it in the path.
    pub(super) fn other_style(&self) -> Option<Connection> {
        self.endpoint.as_ref()?;
        let config = self.config.to_builder().force_path_style(false).build();
        Some(Connection {
            client: Client::from_conf(config.clone()),
            bucket: self.bucket.clone(),
            prefix: self.prefix.clone(),
            endpoint: self.endpoint.clone(),
            timeouts: self.timeouts,
            config,
        })
    }
}

/// Makes a client; nothing is sent yet but what the credentials take.
///
/// # Errors
/// A place that cannot be meant, or a CA file that cannot be used.
pub(super) async fn connect(
    location: &BucketLocation,
    timeouts: Timeouts,
    credentials: Option<SharedCredentialsProvider>,
) -> Result<Connection, BackendError> {
    location.check().map_err(|why| unusable(location, why))?;
    let trust = trust(location).map_err(|why| unusable(location, why))?;
    value::check_environment().map_err(|why| unusable(location, why))?;
    let named = location.aws_profile.as_deref();
    // Whoever brings credentials is not asked for a profile.
    if credentials.is_none() {
        profiles::check(named)
            .await
            .map_err(|why| unusable(location, why))?;
    }
    let region = region(location)
        .await
        .map_err(|why| unusable(location, why))?;
    let shared = shared(location, region, &timeouts, &trust).await;
    let endpoint = location
        .endpoint
        .clone()
        .or_else(|| configured_endpoint(&shared));
    if let Some(endpoint) = &endpoint {
        check_endpoint(endpoint).map_err(|why| unusable(location, why))?;
    }
    let mut builder = builder(&shared, &timeouts).force_path_style(endpoint.is_some());
    if let Some(endpoint) = &endpoint {
        builder = builder.endpoint_url(endpoint);
        if endpoint.starts_with("http://") {
            builder = builder.http_client(aws_smithy_http_client::Builder::new().build_http());
        }
    }
    if let Some(credentials) = credentials {
        builder = builder.credentials_provider(credentials);
    }
    let config = builder.build();
    Ok(Connection {
        client: Client::from_conf(config.clone()),
        bucket: location.bucket.clone(),
        prefix: location.prefix.clone(),
        endpoint,
        timeouts,
        config,
    })
}

/// Reads the SDK's own environment and profiles.
async fn shared(
    location: &BucketLocation,
    region: Region,
    timeouts: &Timeouts,
    trust: &TrustStore,
) -> SdkConfig {
    let named = location.aws_profile.as_deref();
    let (http, limits) = (https(trust.clone()), timeouts.limits(0));
    let found = credentials::chain(named, region.clone(), http.clone(), limits.clone()).await;
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .region(region)
        // Its own reading of AWS_MAX_ATTEMPTS and AWS_RETRY_MODE panics on what it does not know.
        .retry_config(retries(timeouts))
        .timeout_config(limits)
        .identity_cache(
            IdentityCache::lazy()
                .load_timeout(profiles::LONGEST + timeouts.connect)
                .build(),
        )
        .credentials_provider(found);
    if let Some(profile) = named {
        loader = loader.profile_name(profile);
    }
    loader.load().await
}

fn retries(timeouts: &Timeouts) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(timeouts.backoff)
}

/// Returns the HTTP settings that all requests share.
fn builder(shared: &SdkConfig, timeouts: &Timeouts) -> Builder {
    // The SDK's own budget is one for all clients of the process; here each store has its own.
    let budget = RetryPartition::custom("luthier").token_bucket(TokenBucket::default());
    let mut builder = Builder::from(shared)
        .retry_config(retries(timeouts))
        .retry_partition(budget.build())
        // Bodies have time limits of their own.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    builder.set_app_name(AppName::new("luthier").ok());
    builder
}

/// Returns the region of the location, the environment or the profile; machines are not asked for theirs, since a
/// bucket is seldom meant by where a console runs.
async fn region(location: &BucketLocation) -> Result<Region, SettingsError> {
    let profile = ProfileFileRegionProvider::builder();
    let profile = match &location.aws_profile {
        Some(name) => profile.profile_name(name),
        None => profile,
    };
    let found = RegionProviderChain::first_try(location.region.clone().map(Region::new))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(profile.build())
        .region()
        .await;
    let found = found.as_ref().map_or("us-east-1", AsRef::as_ref);
    value::region(found).map(Region::new)
}

/// Returns the endpoint that the SDK would take by itself, from the environment, the profile or its section of
/// services.
fn configured_endpoint(shared: &SdkConfig) -> Option<String> {
    let ignored = std::env::var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    if ignored.is_ok_and(|word| word.eq_ignore_ascii_case("true")) {
        return None;
    }
    let key = ServiceConfigKey::builder()
        .service_id("s3")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    let found = shared.service_config().zip(key.ok());
    found
        .and_then(|(config, key)| config.load_config(key))
        .or_else(|| shared.endpoint_url().map(str::to_owned))
        .map(|url| text::unquoted(&url).to_owned())
        .filter(|url| !url.is_empty())
}

/// Returns the one client for TLS: rustls with ring. It speaks plain HTTP too.
fn https(trust: TrustStore) -> SharedHttpClient {
    let builder = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring));
    match TlsContext::builder().with_trust_store(trust).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        // Only server names are ever refused here, and none was given.
        Err(_) => builder.build_https(),
    }
}

/// Returns the system's roots and those of a CA file, each of which is read here first: the client takes it for
/// granted that they are sound.
fn trust(location: &BucketLocation) -> Result<TrustStore, SettingsError> {
    let store = TrustStore::default();
    let bundle = || std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty());
    let Some(path) = location
        .ca_file
        .clone()
        .or_else(|| bundle().map(PathBuf::from))
    else {
        return Ok(store);
    };
    let pem = match sound_certificates(&path) {
        Ok(pem) => pem,
        Err(source) => return Err(SettingsError::Certificates { path, source }),
    };
    Ok(store.with_pem_certificate(pem))
}

fn sound_certificates(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let pem = std::fs::read(path)?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate?)?;
    }
    if roots.is_empty() {
        return Err(CertificateError::Empty);
    }
    Ok(pem)
}

fn unusable(location: &BucketLocation, why: SettingsError) -> BackendError {
    BackendError::Unusable {
        what: format!("s3 {}", location.bucket.escape_debug()),
        why: Cause::of(why),
    }
}
