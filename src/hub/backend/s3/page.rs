//! One page of a listing, checked before anything is believed of it.

use super::bucket::{Bucket, ListRequest, micros};
use super::fault::Fault;
use super::words::line;
use crate::backend::{BackendError, Entry};
use crate::cause::Cause;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::EncodingType;
use percent_encoding::percent_decode_str;
use std::sync::atomic::Ordering;

/// A page. Its keys start with the prefix that was asked for, in the server's order.
#[derive(Debug)]
pub(super) struct Page {
    /// With keys as the server knows them.
    pub entries: Vec<Entry>,
    /// Prefixes that end in a slash.
    pub folders: Vec<String>,
    /// The token of the next page; `None` at the end.
    pub next: Option<String>,
}

impl Bucket {
    pub(super) async fn send_list(
        &self,
        ask: &ListRequest<'_>,
    ) -> Result<ListObjectsV2Output, Fault> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        self.ask(|| {
            self.client()
                .list_objects_v2()
                .bucket(self.name())
                .set_prefix(some(ask.prefix))
                .set_start_after(ask.after.map(str::to_owned))
                .set_continuation_token(ask.token.map(str::to_owned))
                .set_delimiter(ask.folders.then(|| "/".to_owned()))
                .max_keys(ask.limit.unwrap_or(self.timeouts().page))
                .encoding_type(EncodingType::Url)
                .customize()
                .config_override(self.limits(0))
                .send()
        })
        .await
    }

    /// Asks for a page and checks it.
    ///
    /// # Errors
    /// Any failure that leaves the contents of the bucket unknown.
    pub(super) async fn page(&self, ask: ListRequest<'_>) -> Result<Page, BackendError> {
        let answer = self.send_list(&ask).await;
        self.believed(answer, &ask)
    }

    /// Asks for a page of the names in a folder: a wide one, until the server refuses one.
    ///
    /// # Errors
    /// As [`Bucket::page`].
    pub(super) async fn folder_page(
        &self,
        prefix: &str,
        token: Option<&str>,
    ) -> Result<Page, BackendError> {
        let usual = ListRequest {
            prefix,
            token,
            folders: true,
            ..ListRequest::default()
        };
        let (most, wide) = (self.timeouts().page, self.timeouts().folder_page);
        if wide <= most || self.is_narrow.load(Ordering::Relaxed) {
            return self.page(usual).await;
        }
        let ask = ListRequest {
            limit: Some(wide),
            ..usual
        };
        let answer = self.send_list(&ask).await;
        let is_refused = matches!(&answer, Err(Fault::Status { status, .. }) if *status < 500);
        if !is_refused {
            let page = self.believed(answer, &ask)?;
            let names = page.entries.len() + page.folders.len();
            if page.next.is_some() || names != most as usize {
                return Ok(page);
            }
        }
        // A server that never sends more than the usual number may take that for the end.
        let page = self.page(usual).await?;
        if is_refused || page.next.is_some() {
            self.is_narrow.store(true, Ordering::Relaxed);
        }
        Ok(page)
    }

    fn believed(
        &self,
        answer: Result<ListObjectsV2Output, Fault>,
        ask: &ListRequest<'_>,
    ) -> Result<Page, BackendError> {
        let answer = answer.map_err(|fault| self.error(self.listing(), fault))?;
        checked(answer, ask).map_err(|why| self.listing_error(why))
    }

    pub(super) fn listing_error(&self, why: ListingError) -> BackendError {
        BackendError::Remote {
            what: self.listing(),
            why: Cause::told(format!("{why}; nothing is concluded from it"), why),
        }
    }

    fn listing(&self) -> String {
        format!("listing {}", self.label())
    }
}

/// The reason why a listing is not trusted.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListingError {
    #[error("the server lists an object without a key")]
    NoKey,
    #[error("the server lists {0} outside of what was asked for")]
    Outside(String),
    #[error("the server lists {0} without a size")]
    NoSize(String),
    #[error("the server lists {0} as a folder")]
    NoFolder(String),
    #[error("the server lists {key} after {last}")]
    Order { key: String, last: String },
    #[error("the server does not say whether the listing ends here")]
    OpenEnd,
    #[error("the listing breaks off, and the server does not say how it goes on")]
    BrokenOff,
    #[error("the server sends empty pages without end")]
    EmptyPages,
    #[error("the server lists folders in folders without end")]
    Endless,
}

fn checked(answer: ListObjectsV2Output, ask: &ListRequest<'_>) -> Result<Page, ListingError> {
    let encoded = answer.encoding_type == Some(EncodingType::Url);
    let decode = |text: Option<String>| {
        let text = text.ok_or(ListingError::NoKey)?;
        let text = if encoded { decoded(&text) } else { text };
        match text.starts_with(ask.prefix) {
            true => Ok(text),
            false => Err(ListingError::Outside(shown(&text))),
        }
    };
    let next = next_token(&answer, ask.token)?;
    let mut entries = Vec::new();
    for object in answer.contents.unwrap_or_default() {
        let key = decode(object.key)?;
        let size = object.size.and_then(|size| u64::try_from(size).ok());
        entries.push(Entry {
            size: size.ok_or_else(|| ListingError::NoSize(shown(&key)))?,
            modified: object.last_modified.as_ref().map(micros),
            key,
        });
    }
    let mut folders = Vec::new();
    for folder in answer.common_prefixes.unwrap_or_default() {
        let folder = decode(folder.prefix)?;
        if !ask.folders || !folder.ends_with('/') || folder.len() <= ask.prefix.len() {
            return Err(ListingError::NoFolder(shown(&folder)));
        }
        folders.push(folder);
    }
    Ok(Page {
        entries,
        folders,
        next,
    })
}

fn next_token(
    answer: &ListObjectsV2Output,
    sent: Option<&str>,
) -> Result<Option<String>, ListingError> {
    match (answer.is_truncated, &answer.next_continuation_token) {
        (Some(false), _) => Ok(None),
        (None, _) => Err(ListingError::OpenEnd),
        (Some(true), Some(next)) if !next.is_empty() && Some(next.as_str()) != sent => {
            Ok(Some(next.clone()))
        }
        (Some(true), _) => Err(ListingError::BrokenOff),
    }
}

/// Servers write a space as `+` or `%20`, and a plus always as `%2B`. Bytes that are no UTF-8 become
/// U+FFFD: no key leads back to them.
fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// Returns a listed key for a message.
pub(super) fn shown(key: &str) -> String {
    format!("`{}`", line(key))
}
