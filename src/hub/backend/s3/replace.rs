//! Objects put in the place of others: only ever of the bytes that were read.

use super::bucket::Bucket;
use super::fault::Fault;
use super::put::{Only, Sent};
use crate::backend::{BackendError, Replaced, Replacement};

impl Bucket {
    /// Reads the stored bytes and their tag in one answer, compares, and puts under that tag.
    pub(super) async fn replace(&self, wanted: Replacement<'_>) -> Result<Replaced, BackendError> {
        let Replacement {
            key,
            seen,
            bytes,
            unguarded,
        } = wanted;
        let guarded = self.conditions().await?.if_match;
        if !guarded && !unguarded {
            return Err(BackendError::Unusable {
                what: self.label().to_owned(),
                why: "this server does not honour If-Match, so that an object cannot be replaced \
                      without a risk to one that somebody else writes at the same time; allow it \
                      with --unguarded while nobody else writes"
                    .into(),
            });
        }
        let Some(body) = self.open(key).await? else {
            return Ok(Replaced::Changed);
        };
        if body.meta.size != seen.len() as u64 {
            return Ok(Replaced::Changed);
        }
        let tag = body.meta.etag.clone();
        if body.read_all(seen.len() as u64).await? != *seen {
            return Ok(Replaced::Changed);
        }
        let only = match (tag, guarded) {
            (Some(tag), true) => Only::Matching(quoted(tag)),
            (None, true) => {
                return Err(BackendError::Remote {
                    what: key.to_string(),
                    why: "the server gave no ETag to hold the replacement to".into(),
                });
            }
            (_, false) => Only::Always,
        };
        match self
            .send_put(&self.wire(key), &Sent::new(bytes, only))
            .await
        {
            Ok(()) => Ok(Replaced::Stored),
            Err(Fault::Taken | Fault::NoKey | Fault::NotFound) => Ok(Replaced::Changed),
            Err(fault) => Err(self.put_error(key, fault)),
        }
    }
}

/// Returns a tag as the header takes it.
fn quoted(tag: String) -> String {
    if tag.starts_with('"') {
        tag
    } else {
        format!("\"{tag}\"")
    }
}
