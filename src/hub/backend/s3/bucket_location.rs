//! The location of a bucket.

use super::settings_error::SettingsError;
use crate::backend::Key;
use std::path::PathBuf;

/// A bucket, and how it is reached. Holds no secret: those come from the SDK's own chain alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketLocation {
    pub bucket: String,
    /// The prefix of every key: empty, or parts that each end in a slash (`a/b/`).
    pub prefix: String,
    /// `http://host:port` or `https://host`; the SDK's own `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` or
    /// profile where `None`, and AWS where these are silent too.
    pub endpoint: Option<String>,
    /// The SDK's own environment or profile where `None`, `us-east-1` where these are silent too.
    pub region: Option<String>,
    /// A profile of the SDK's configuration files.
    pub aws_profile: Option<String>,
    /// PEM certificates that are trusted besides the system's; `AWS_CA_BUNDLE` where `None`.
    pub ca_file: Option<PathBuf>,
}

impl BucketLocation {
    /// Makes sure that a place can be meant; otherwise why not.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if self.bucket.is_empty() || self.bucket.len() > 255 || !self.bucket.chars().all(plain) {
            return Err(SettingsError::Bucket);
        }
        if let Some(parts) = self.prefix.strip_suffix('/') {
            Key::new(parts).map_err(SettingsError::Prefix)?;
        } else if !self.prefix.is_empty() {
            return Err(SettingsError::PrefixEnd);
        }
        self.endpoint.as_deref().map_or(Ok(()), check_endpoint)
    }
}

/// Checks that an endpoint contains no secret, since it is shown to people.
pub(super) fn check_endpoint(endpoint: &str) -> Result<(), SettingsError> {
    let wrong = |why| Err(SettingsError::Endpoint(why));
    match url::Url::parse(endpoint) {
        Err(_) => wrong("is no URL"),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => wrong("is neither http nor https"),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => wrong(
            "holds a user or a password, which belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        Ok(_) if !endpoint.is_ascii() => wrong("holds a character that is not ASCII"),
        Ok(url) if url.host_str().is_none_or(str::is_empty) => wrong("contains no host"),
        Ok(url) if url.query().is_some() || url.fragment().is_some() => wrong("has a query"),
        Ok(_) => Ok(()),
    }
}
