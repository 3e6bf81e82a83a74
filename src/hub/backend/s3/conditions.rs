//! Finds out which conditions of a put a server honours, before anything rests on them.

use super::bucket::Bucket;
use super::fault::Fault;
use super::put::{Only, Sent};
use crate::backend::{BackendError, Conditions, Key};
use crate::cause::Cause;
use bytes::Bytes;

/// The keys of the probes. What is put there never changes, so it does not matter who put it.
const PROBE: &str = "_luthier/probe";
const CHECKSUM: &str = "_luthier/checksum";
const TEXT: &[u8] = b"Luthier asks here what this server honours. It may be deleted.\n";

impl Bucket {
    /// Returns which conditions the store honours; probed once and kept.
    pub(super) async fn conditions(&self) -> Result<Conditions, BackendError> {
        let probed = self.conditions.get_or_try_init(|| self.probe()).await;
        probed.copied()
    }

    async fn probe(&self) -> Result<Conditions, BackendError> {
        let if_none_match = self.honours_if_none_match().await;
        let if_none_match = if_none_match.map_err(|fault| self.error(PROBE, fault))?;
        let checksum = self.refuses_a_wrong_checksum(if_none_match).await?;
        let if_match = self.honours_if_match().await;
        Ok(Conditions {
            if_none_match,
            checksum,
            if_match: if_match.map_err(|fault| self.error(PROBE, fault))?,
        })
    }

    /// Probes with two puts: the second has to be refused; the first is refused too if an earlier probe left its object.
    async fn honours_if_none_match(&self) -> Result<bool, Fault> {
        let key = format!("{}{PROBE}", self.prefix());
        for _ in 0..2 {
            let sent = Sent::new(Bytes::from_static(TEXT), Only::Absent);
            match self.send_put(&key, &sent).await {
                Ok(()) => {}
                Err(Fault::Taken) => return Ok(true),
                // The header is known and not served.
                Err(Fault::Status { status: 501, .. }) => return Ok(false),
                Err(fault) => return Err(fault),
            }
        }
        Ok(false)
    }

    /// Returns a put over the probe, which is stored by now, under a tag that it never had. A server that takes it has
    /// put the same text.
    async fn honours_if_match(&self) -> Result<bool, Fault> {
        let key = format!("{}{PROBE}", self.prefix());
        let never = "\"00000000000000000000000000000000\"".to_owned();
        let sent = Sent::new(Bytes::from_static(TEXT), Only::Matching(never));
        match self.send_put(&key, &sent).await {
            Ok(()) => Ok(false),
            Err(Fault::Taken) => Ok(true),
            // The header is known and not served.
            Err(Fault::Status { status: 501, .. }) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Returns whether the server refuses a wrong checksum. If it accepts one, the object stays there and answers the
    /// question next time.
    async fn refuses_a_wrong_checksum(&self, conditional: bool) -> Result<bool, BackendError> {
        let key = Key::new(CHECKSUM).map_err(|why| BackendError::Remote {
            what: CHECKSUM.to_owned(),
            why: Cause::of(why),
        })?;
        if self.head(&key).await?.is_some() {
            return Ok(false);
        }
        let only = if conditional {
            Only::Absent
        } else {
            Only::Always
        };
        let sent = Sent::new(Bytes::from_static(TEXT), only).with_wrong_checksum();
        match self.send_put(&self.wire(&key), &sent).await {
            Ok(()) | Err(Fault::Taken) => Ok(false),
            Err(Fault::Status { status: 400, .. }) => Ok(true),
            Err(fault) => Err(self.error(CHECKSUM, fault)),
        }
    }
}
