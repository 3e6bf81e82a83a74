//! Failures of requests, told apart as far as the next action differs.
//!
//! Of a server's answer only the status and the code are kept: the rest may repeat what was sent.

use super::credentials::NoCredentials;
use super::profiles;
use super::words::{chain, line};
use crate::backend::BackendError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use std::error::Error;
use std::io;

/// The reason why a request has no good answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server's own answer that the key does not exist.
    NoKey,
    /// 404 without a word of what is missing: of a HEAD, which has no body, and of strangers.
    NotFound,
    NoBucket,
    Denied,
    /// The key id or the secret is wrong.
    WrongCredentials,
    /// No credentials, with the reason and what to do.
    NoCredentials(String),
    Expired,
    /// This machine's clock and the server's are far apart.
    Skewed,
    /// The bucket is in another region, named if the server says which.
    Elsewhere(Option<String>),
    /// The endpoint does not take the bucket in the path.
    WrongStyle,
    /// In cold storage: there, and not to be read now.
    Archived,
    /// 412: the key exists.
    Taken,
    /// 409: another write of the key is under way.
    Conflict,
    Busy,
    TimedOut,
    NoHost,
    Refused,
    /// The certificate is not trusted, with the reason.
    Certificate(String),
    /// The other end does not speak TLS.
    NoTls,
    /// The connection failed otherwise.
    Broken(String),
    /// An answer that cannot be read.
    Unreadable,
    /// Another refusal.
    Status {
        status: u16,
        code: String,
    },
}

impl Fault {
    /// Tells apart what the SDK reports.
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        if let Some(why) = NoCredentials::within(error) {
            return Fault::NoCredentials(why.to_owned());
        }
        match error {
            SdkError::TimeoutError(_) => Fault::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Fault::TimedOut,
            SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
                Some(error) => of_connection(&chain(error)),
                None => of_connection(&chain(error)),
            },
            SdkError::ServiceError(answer) => {
                let (raw, code) = (answer.raw(), answer.err().code());
                let region = raw.headers().get("x-amz-bucket-region");
                of_answer(raw.status().as_u16(), code, region)
            }
            SdkError::ResponseError(_) => Fault::Unreadable,
            _ => of_connection(&chain(error)),
        }
    }

    /// Returns whether the same request may well succeed a little later.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Fault::Busy
            | Fault::TimedOut
            | Fault::Refused
            | Fault::Broken(_)
            | Fault::Unreadable => true,
            Fault::Status { status, .. } => *status >= 500 && *status != 501,
            _ => false,
        }
    }

    /// Returns whether the request may have been carried out all the same.
    pub(super) fn is_open(&self) -> bool {
        self.is_transient() && !matches!(self, Fault::Refused)
    }

    /// Returns one line for a person: what is wrong with `bucket` at `at`, and what to do.
    pub(super) fn advice(&self, bucket: &str, at: &str) -> String {
        match self {
            Fault::NoKey => "there is no such object".to_owned(),
            Fault::NoBucket | Fault::NotFound => format!(
                "the bucket {bucket} does not exist at {at}; check AWS_S3_ASSET_BUCKET or --store, and the endpoint"
            ),
            Fault::Denied => format!(
                "access denied at {at}; give this user the right to list and read the bucket {bucket}"
            ),
            Fault::WrongCredentials => format!(
                "the credentials are not accepted at {at}; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the AWS profile"
            ),
            Fault::NoCredentials(why) => why.clone(),
            Fault::Expired => profiles::renewal(),
            Fault::Skewed => {
                "this machine's clock and the server's are far apart; set the clock".to_owned()
            }
            Fault::Elsewhere(Some(region)) => {
                format!("the bucket {bucket} is in the region {region}; set AWS_REGION={region}")
            }
            Fault::Elsewhere(None) => {
                format!("the bucket {bucket} is in another region; set AWS_REGION")
            }
            Fault::WrongStyle => {
                format!("{at} takes neither the bucket in the path nor in the host's name")
            }
            Fault::Archived => "the object is in cold storage; restore it and try again".to_owned(),
            Fault::Taken => "the key has another object".to_owned(),
            Fault::Conflict => "another write of the key is under way; try again".to_owned(),
            Fault::Busy => format!("{at} asks to slow down; try again later"),
            Fault::TimedOut => {
                format!("{at} does not answer in time; check the endpoint and the network")
            }
            Fault::NoHost => format!(
                "there is no host {at}; check the endpoint (AWS_ENDPOINT_URL) and the network"
            ),
            Fault::Refused => format!(
                "nothing listens at {at} (connection refused); check the endpoint (AWS_ENDPOINT_URL), or start the server"
            ),
            Fault::Certificate(why) => format!(
                "the certificate of {at} is not trusted ({why}); add its CA to the system's store, or set ca_file in the profile or AWS_CA_BUNDLE"
            ),
            Fault::NoTls => format!("{at} does not speak TLS; write http:// if it is meant so"),
            Fault::Broken(why) => format!("the connection to {at} failed: {why}"),
            Fault::Unreadable => format!(
                "the answer of {at} cannot be read; check that the endpoint is an S3 server"
            ),
            Fault::Status { status, code } => format!("{at} answered {status} {code}"),
        }
    }

    /// Returns the error of one operation on `what`.
    pub(super) fn into_error(self, what: String, bucket: &str, at: &str) -> BackendError {
        match self {
            Fault::Denied => BackendError::Denied { what },
            Fault::Busy => BackendError::Busy { what },
            Fault::TimedOut => BackendError::TimedOut { what },
            Fault::Broken(why) => BackendError::Io {
                what,
                source: io::Error::other(why),
            },
            Fault::Refused => BackendError::Io {
                what,
                source: io::ErrorKind::ConnectionRefused.into(),
            },
            fault if fault.is_transient() => BackendError::Failing {
                what,
                why: fault.advice(bucket, at).into(),
            },
            other => BackendError::Remote {
                what,
                why: other.advice(bucket, at).into(),
            },
        }
    }
}

fn of_answer(status: u16, code: Option<&str>, region: Option<&str>) -> Fault {
    let code = code.unwrap_or_default();
    match code {
        "NoSuchKey" => return Fault::NoKey,
        "NoSuchBucket" | "InvalidBucketName" => return Fault::NoBucket,
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => return Fault::Expired,
        "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "InvalidSecurity" => {
            return Fault::WrongCredentials;
        }
        "RequestTimeTooSkewed" => return Fault::Skewed,
        "PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed" => {
            return Fault::Elsewhere(region.map(word));
        }
        "SecondLevelDomainForbidden" | "VirtualHostDomainRequired" => return Fault::WrongStyle,
        "InvalidObjectState" => return Fault::Archived,
        "SlowDown"
        | "Throttling"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "TooManyRequests"
        | "ServiceUnavailable" => return Fault::Busy,
        _ => {}
    }
    match status {
        200..=299 => Fault::Unreadable,
        301 | 307 => Fault::Elsewhere(region.map(word)),
        401 | 403 => Fault::Denied,
        404 if code.is_empty() || code == "NotFound" => Fault::NotFound,
        409 => Fault::Conflict,
        412 => Fault::Taken,
        429 | 503 => Fault::Busy,
        _ => Fault::Status {
            status,
            code: word(code),
        },
    }
}

/// Returns a connection's failure by the text of its causes, which is all that the SDK keeps of them.
fn of_connection(text: &str) -> Fault {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if let Some((_, why)) = text.split_once("invalid peer certificate: ") {
        return Fault::Certificate(word(why.split([':', '(', ' ']).next().unwrap_or_default()));
    }
    if has(&["InvalidContentType", "CorruptMessage"]) {
        return Fault::NoTls;
    }
    if has(&["credential", "profile file"]) {
        return Fault::NoCredentials("no usable credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE".to_owned());
    }
    if has(&["dns error", "failed to lookup address"]) {
        return Fault::NoHost;
    }
    if has(&["Connection refused"]) {
        return Fault::Refused;
    }
    Fault::Broken(line(text))
}

/// Returns a code of the other side: letters, digits, `-`, `.` and `_`, and not many.
fn word(text: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    text.chars().filter(plain).take(64).collect()
}
