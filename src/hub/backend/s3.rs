//! A bucket as object store: AWS S3 and the servers that speak its protocol.
//!
//! Such servers promise different things, so Luthier relies on no promise that it has not tried: conditional
//! puts are probed before the first write, and listings are checked key by key.

mod bucket;
mod bucket_location;
mod client;
mod conditions;
mod credentials;
mod decode;
mod fault;
mod levels;
mod listing;
mod order;
mod page;
mod profiles;
mod put;
mod range;
mod read;
mod replace;
mod settings_error;
mod value;
mod words;

pub use bucket_location::BucketLocation;

use self::bucket::Bucket;
use self::client::Timeouts;
use self::fault::Fault;
use self::listing::Listing;
use super::uri::{self, Key, UriRefusal};
use super::{
    Backend, BackendError, BackendMut, Body, Conditions, Entry, Meta, Put, Replaced, Replacement,
};
use crate::access::Access;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use luthier_object::time::Micros;
use std::fmt;
use std::sync::Arc;

/// A bucket that holds objects.
#[derive(Clone)]
pub struct S3 {
    bucket: Arc<Bucket>,
    access: Access,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3({})", self.bucket.label())
    }
}

impl S3 {
    /// Opens a bucket. Listing one key is tried, so that a wrong URL or wrong credentials are reported at
    /// once.
    ///
    /// # Errors
    /// [`BackendError::Unusable`] with one line that says what to do.
    pub async fn open(location: &BucketLocation, access: Access) -> Result<Self, BackendError> {
        Self::open_with(location, access, Timeouts::default(), None).await
    }

    /// Opens the store as [`S3::open`] does, with other timeouts, and with given credentials instead of the SDK's chain.
    async fn open_with(
        location: &BucketLocation,
        access: Access,
        timeouts: Timeouts,
        credentials: Option<aws_sdk_s3::config::SharedCredentialsProvider>,
    ) -> Result<Self, BackendError> {
        let connection = client::connect(location, timeouts, credentials).await?;
        let other_style = connection.other_style();
        let bucket = Bucket::new(connection);
        let bucket = match (bucket.try_out().await, other_style) {
            (Ok(()), _) => bucket,
            // The endpoint wants the bucket in the host's name.
            (Err(Fault::WrongStyle), Some(other)) => {
                let bucket = Bucket::new(other);
                let tried = bucket.try_out().await;
                tried.map_err(|fault| bucket.unusable(&fault))?;
                bucket
            }
            (Err(fault), _) => return Err(bucket.unusable(&fault)),
        };
        Ok(Self {
            bucket: Arc::new(bucket),
            access,
        })
    }

    fn check_writable(&self) -> Result<(), BackendError> {
        match self.access {
            Access::Write => Ok(()),
            Access::Read => Err(BackendError::Unusable {
                what: self.describe(),
                why: "it was opened for reading; start with --write".into(),
            }),
        }
    }

    /// Returns the conditions that this server honours; `None` if it was opened for reading, because finding out takes
    /// a put. Probed once and kept; the probes stay below `_luthier/`.
    ///
    /// # Errors
    /// Whatever leaves the question open.
    pub async fn conditions(&self) -> Result<Option<Conditions>, BackendError> {
        match self.access {
            Access::Read => Ok(None),
            Access::Write => self.bucket.conditions().await.map(Some),
        }
    }
}

#[async_trait]
impl Backend for S3 {
    fn describe(&self) -> String {
        self.bucket.label().to_owned()
    }

    fn uri_for(&self, key: &Key) -> String {
        format!("s3://{}/{}{key}", self.bucket.name(), self.bucket.prefix())
    }

    fn locate(&self, uri: &str) -> Result<Key, UriRefusal> {
        let ("s3", rest) = uri::split(uri)? else {
            let scheme = uri.split("://").next().unwrap_or_default();
            return Err(UriRefusal::ForeignScheme(scheme.to_owned()));
        };
        let (found, key) = rest.split_once('/').unwrap_or((rest, ""));
        if found != self.bucket.name() {
            return Err(UriRefusal::ForeignBucket {
                found: found.to_owned(),
                expected: self.bucket.name().to_owned(),
            });
        }
        match key.strip_prefix(self.bucket.prefix()) {
            Some(key) => Key::new(key),
            None => Err(UriRefusal::OutsidePrefix(self.bucket.prefix().to_owned())),
        }
    }

    async fn open(&self, key: &Key) -> Result<Option<Body>, BackendError> {
        self.bucket.open(key).await
    }

    async fn open_range(
        &self,
        key: &Key,
        offset: u64,
        length: u64,
    ) -> Result<Option<Body>, BackendError> {
        self.bucket.open_range(key, offset, length).await
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, BackendError> {
        self.bucket.head(key).await
    }

    fn list<'a>(
        &'a self,
        prefix: &str,
        start_after: Option<&str>,
    ) -> BoxStream<'a, Result<Entry, BackendError>> {
        Listing::new(self.bucket.clone(), prefix, start_after)
            .entries()
            .boxed()
    }

    async fn now(&self) -> Result<Micros, BackendError> {
        self.bucket.now().await
    }
}

#[async_trait]
impl BackendMut for S3 {
    async fn put_if_absent(&self, key: &Key, bytes: Bytes) -> Result<Put, BackendError> {
        self.check_writable()?;
        self.bucket.put_if_absent(key, bytes).await
    }

    async fn replace(&self, wanted: Replacement<'_>) -> Result<Replaced, BackendError> {
        self.check_writable()?;
        self.bucket.replace(wanted).await
    }

    async fn conditions(&self) -> Result<Conditions, BackendError> {
        self.bucket.conditions().await
    }
}

#[cfg(test)]
#[path = "../../../tests/backend/s3_faults.rs"]
mod fault_tests;
#[cfg(test)]
#[path = "../../../tests/backend/s3_listings.rs"]
mod listing_tests;
#[cfg(test)]
#[path = "../../../tests/backend/s3_places.rs"]
mod place_tests;
#[cfg(test)]
#[path = "../../../tests/backend/s3_puts.rs"]
mod put_tests;
#[cfg(test)]
#[path = "../../../tests/backend/s3.rs"]
mod tests;
