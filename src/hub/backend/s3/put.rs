//! Objects written: never over another, whatever the server honours.

use super::bucket::{Bucket, ListRequest};
use super::fault::Fault;
use crate::backend::{BackendError, Key, Put};
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// Puts that are tried while another write of the key is under way.
const CONFLICTS: u32 = 8;

/// The request of a put.
pub(super) struct Sent {
    bytes: Bytes,
    /// SHA-256 in base64.
    checksum: String,
    only: Only,
}

/// The condition of a put.
pub(super) enum Only {
    Always,
    /// Put only if the key is free.
    Absent,
    /// Put only if the bytes with this tag are there.
    Matching(String),
}

impl Only {
    fn if_none_match(&self) -> Option<String> {
        matches!(self, Only::Absent).then(|| "*".to_owned())
    }

    fn if_match(&self) -> Option<String> {
        match self {
            Only::Matching(tag) => Some(tag.clone()),
            _ => None,
        }
    }
}

impl Sent {
    pub(super) fn new(bytes: Bytes, only: Only) -> Self {
        Self {
            checksum: STANDARD.encode(Sha256::digest(&bytes)),
            bytes,
            only,
        }
    }

    /// Returns the same with the checksum of other bytes: only to see it refused.
    pub(super) fn with_wrong_checksum(mut self) -> Self {
        self.checksum = STANDARD.encode(Sha256::digest(self.checksum));
        self
    }
}

impl Bucket {
    /// Stores `bytes` unless the key exists.
    pub(super) async fn put_if_absent(&self, key: &Key, bytes: Bytes) -> Result<Put, BackendError> {
        if self.conditions().await?.if_none_match {
            self.put_conditionally(key, bytes).await
        } else {
            self.put_carefully(key, bytes).await
        }
    }

    /// Puts with a condition that the server checks.
    async fn put_conditionally(&self, key: &Key, bytes: Bytes) -> Result<Put, BackendError> {
        let sent = Sent::new(bytes, Only::Absent);
        match self.send_put(&self.wire(key), &sent).await {
            Ok(()) => Ok(Put::Stored),
            Err(Fault::Taken) => self.already_there(key).await,
            Err(fault) => Err(self.put_error(key, fault)),
        }
    }

    /// Makes sure that what takes the key is an object: some servers keep it for the folder of another.
    async fn already_there(&self, key: &Key) -> Result<Put, BackendError> {
        match self.head(key).await? {
            Some(_) => Ok(Put::AlreadyThere),
            None => Err(refused(
                key,
                "the server keeps this key taken and has no object there; objects may lie below it",
            )),
        }
    }

    /// Looks, puts, and reads back, one at a time for a key: as much as can be done where the server
    /// ignores conditions.
    async fn put_carefully(&self, key: &Key, bytes: Bytes) -> Result<Put, BackendError> {
        let lane = Sha256::digest(key.as_str())[0] as usize % self.lanes.len();
        let _alone = self.lanes[lane].lock().await;
        if self.head(key).await?.is_some() {
            return Ok(Put::AlreadyThere);
        }
        let below = format!("{}/", self.wire(key));
        let ask = ListRequest {
            prefix: &below,
            limit: Some(1),
            ..ListRequest::default()
        };
        if !self.page(ask).await?.entries.is_empty() {
            // rclone, for one, no longer finds what is below after such a put.
            return Err(refused(
                key,
                "objects lie below this key, which this server may lose; nothing was put",
            ));
        }
        // Sent all the same: a server that is one of many may honour it.
        let sent = Sent::new(bytes.clone(), Only::Absent);
        match self.send_put(&self.wire(key), &sent).await {
            Ok(()) => {}
            Err(Fault::Taken) => return self.already_there(key).await,
            Err(fault) => return Err(self.put_error(key, fault)),
        }
        if self.holds(key, &bytes).await? {
            return Ok(Put::Stored);
        }
        Err(refused(
            key,
            "the bytes read back differ from the bytes put; audit the object at depth bytes",
        ))
    }

    /// Returns whether exactly these bytes are stored under the key.
    async fn holds(&self, key: &Key, bytes: &Bytes) -> Result<bool, BackendError> {
        match self.open(key).await? {
            Some(body) if body.meta.size == bytes.len() as u64 => {
                Ok(body.read_all(bytes.len() as u64).await? == *bytes)
            }
            _ => Ok(false),
        }
    }

    /// Sends one put, and sends it again while another write of the key is under way.
    pub(super) async fn send_put(&self, wire: &str, sent: &Sent) -> Result<(), Fault> {
        let mut round = 1;
        loop {
            let answer = self
                .ask(|| {
                    self.client()
                        .put_object()
                        .bucket(self.name())
                        .key(wire)
                        .body(ByteStream::from(sent.bytes.clone()))
                        .content_length(sent.bytes.len() as i64)
                        .content_type("application/octet-stream")
                        .checksum_sha256(&sent.checksum)
                        .set_if_none_match(sent.only.if_none_match())
                        .set_if_match(sent.only.if_match())
                        .customize()
                        .config_override(self.limits(sent.bytes.len()))
                        .send()
                })
                .await;
            match answer {
                Ok(_) => return Ok(()),
                Err(Fault::Conflict) if round < CONFLICTS => self.wait(round).await,
                Err(fault) => return Err(fault),
            }
            round += 1;
        }
    }

    pub(super) fn put_error(&self, key: &Key, fault: Fault) -> BackendError {
        if fault.is_open() {
            return BackendError::Unknown {
                what: key.to_string(),
                why: self.advice(&fault).into(),
            };
        }
        self.error(key.as_str(), fault)
    }
}

pub(super) fn refused(key: &Key, why: &str) -> BackendError {
    BackendError::Remote {
        what: key.to_string(),
        why: why.into(),
    }
}
