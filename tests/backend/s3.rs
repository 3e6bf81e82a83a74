//! The suite on three servers: our own, SeaweedFS, and rclone.

use super::client::Timeouts;
use super::{BucketLocation, S3};
use crate::access::Access;
use crate::backend::{BackendError, suite};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use luthier_testing::s3::{ACCESS_KEY, SECRET_KEY, Server};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub const BUCKET: &str = "muse";

/// A pace at which failures come soon.
pub fn hasty() -> Timeouts {
    Timeouts {
        connect: Duration::from_secs(2),
        read: Duration::from_secs(5),
        backoff: Duration::from_millis(1),
        page: 4,
        folder_page: 4,
        ..Timeouts::default()
    }
}

/// A bucket on a server of ours.
pub fn place(server: &Server) -> BucketLocation {
    BucketLocation {
        bucket: BUCKET.into(),
        prefix: String::new(),
        endpoint: Some(server.endpoint()),
        region: Some("us-east-1".into()),
        aws_profile: None,
        ca_file: None,
    }
}

pub async fn open_at(
    place: &BucketLocation,
    access: Access,
    timeouts: Timeouts,
) -> Result<S3, BackendError> {
    let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test");
    let credentials = SharedCredentialsProvider::new(credentials);
    S3::open_with(place, access, timeouts, Some(credentials)).await
}

pub async fn open(server: &Server) -> S3 {
    open_at(&place(server), Access::Write, hasty())
        .await
        .unwrap()
}

/// A server of ours and a store below a prefix.
pub struct Own {
    _server: Server,
    store: Arc<S3>,
}

impl suite::Fixture for Own {
    type Store = S3;

    async fn empty() -> Self {
        let server = Server::start(&[BUCKET]);
        let place = BucketLocation {
            prefix: "deep/down/".into(),
            ..place(&server)
        };
        // What lies outside of the prefix is nobody's business.
        for key in ["a", "deep/down", "deep/down.x", "deep/down0", "z"] {
            server.plant(BUCKET, key, b"outside");
        }
        let store = Arc::new(open_at(&place, Access::Write, hasty()).await.unwrap());
        Self {
            _server: server,
            store,
        }
    }

    fn store(&self) -> Arc<S3> {
        self.store.clone()
    }
}

suite::backend_suite!(own, crate::backend::s3::tests::Own);

/// A bucket of its own on a real server; the credentials are those of the environment.
async fn real(variable: &str) -> Arc<S3> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let endpoint = std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run tests/run, or start the servers with: eval \"$(tests/servers/up)\"")
    });
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let place = BucketLocation {
        bucket: format!("t{}-{count}-{:x}", std::process::id(), fastrand::u32(..)),
        prefix: String::new(),
        endpoint: Some(endpoint),
        region: None,
        aws_profile: None,
        ca_file: None,
    };
    let connection = super::client::connect(&place, hasty(), None).await.unwrap();
    let made = connection.client.create_bucket().bucket(&place.bucket);
    made.send().await.unwrap();
    Arc::new(
        S3::open_with(&place, Access::Write, hasty(), None)
            .await
            .unwrap(),
    )
}

/// SeaweedFS: conditions and checksums are honoured, listings come folder by folder.
pub struct SeaweedFs(Arc<S3>);

impl suite::Fixture for SeaweedFs {
    type Store = S3;

    async fn empty() -> Self {
        Self(real("LUTHIER_TEST_SEAWEEDFS").await)
    }

    fn store(&self) -> Arc<S3> {
        self.0.clone()
    }
}

suite::backend_suite!(seaweedfs, crate::backend::s3::tests::SeaweedFs);

/// rclone before a folder: conditions and checksums are ignored.
pub struct Rclone(Arc<S3>);

impl suite::Fixture for Rclone {
    type Store = S3;

    async fn empty() -> Self {
        Self(real("LUTHIER_TEST_RCLONE").await)
    }

    fn store(&self) -> Arc<S3> {
        self.0.clone()
    }
}

suite::backend_suite!(rclone, crate::backend::s3::tests::Rclone);
