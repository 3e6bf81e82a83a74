//! The errors of settings with which a bucket cannot be reached. No variant contains a secret.

use crate::backend::UriRefusal;
use aws_config::profile::ProfileFileLoadError;
use rustls::pki_types::pem;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// The advice for expired credentials.
pub(super) const RENEW: &str = "get new ones (`aws sso login`, `aws login`, or new values of AWS_ACCESS_KEY_ID, \
     AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN) and start again";

/// A setting of the place, the environment or the AWS profile that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum SettingsError {
    #[error("that is no name of a bucket; --store takes s3://bucket or s3://bucket/prefix")]
    Bucket,
    #[error("its prefix cannot be used: {0}")]
    Prefix(#[source] UriRefusal),
    #[error("its prefix does not end in a slash")]
    PrefixEnd,
    #[error("its endpoint {0}; write http://host:port or https://host")]
    Endpoint(&'static str),
    #[error(
        "`{0}` is no name of a region; set AWS_REGION, or region in the profile, to a name like us-east-1"
    )]
    Region(String),
    #[error("the variable {name} {flaw}; set it again without")]
    Variable { name: String, flaw: &'static str },
    #[error("the AWS configuration cannot be read: {}", super::words::line(&super::words::chain(.0)))]
    Profiles(#[source] Box<ProfileFileLoadError>),
    #[error(
        "there is no AWS profile {name} in the AWS configuration files (AWS_CONFIG_FILE, ~/.aws/config, ~/.aws/credentials); {known}"
    )]
    NoProfile { name: String, known: String },
    #[error("{key} of the AWS profile {profile} {flaw}; write it again")]
    ProfileValue {
        key: &'static str,
        profile: String,
        flaw: Flaw,
    },
    #[error("the CA file {} cannot be used: {source}", path.display())]
    Certificates {
        path: PathBuf,
        source: CertificateError,
    },
}

/// The fault of a CA file.
#[derive(Debug, thiserror::Error)]
pub(super) enum CertificateError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Pem(#[from] pem::Error),
    #[error(transparent)]
    Root(#[from] rustls::Error),
    #[error("it holds no PEM certificate")]
    Empty,
}

/// Credentials that were found and cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnsoundCredentials {
    #[error("the credentials have expired at {0}; {RENEW}")]
    Expired(String),
    #[error(
        "the {what} (of the environment, the AWS profile or a process) {flaw}, and cannot be sent; set it again as it was issued"
    )]
    Value { what: &'static str, flaw: Flaw },
}

/// The reason why a value cannot be sent, without the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Empty,
    LineBreak,
    Space,
    Control,
    NotAscii,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flaw::Empty => "is empty",
            Flaw::LineBreak => "holds a line break",
            Flaw::Space => "holds a space",
            Flaw::Control => "holds a control character",
            Flaw::NotAscii => "holds a character that is not ASCII",
        })
    }
}
