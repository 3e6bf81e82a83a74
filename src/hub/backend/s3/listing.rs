//! A listing in the order of whole keys, whatever order the server has.
//!
//! A server that orders by bytes is listed flat. One that does not is walked folder by folder. Either
//! way every key has to come behind the one before it: a listing that does not is an error, never an
//! end.

use super::bucket::{Bucket, ListRequest, Order};
use super::levels::Levels;
use super::page::{ListingError, Page, shown};
use crate::backend::{BackendError, Entry};
use futures_util::stream::{self, Stream, StreamExt};
use std::sync::Arc;

/// Pages without a key that are taken in a row; some servers send one now and then.
const EMPTY_PAGES: u32 = 1_000;

/// A listing under way.
pub(super) struct Listing {
    bucket: Arc<Bucket>,
    /// As the server knows it.
    prefix: String,
    /// The key, as the server knows it, that everything comes behind.
    after: Option<String>,
    way: Way,
}

enum Way {
    Start,
    Flat(Flat),
    Levels(Levels),
    End,
}

/// A flat listing's place.
struct Flat {
    token: Option<String>,
    /// The key after which the first page starts.
    start_after: Option<String>,
    /// Set if the order is known to be that of bytes.
    sure: bool,
    empty: u32,
    last: Option<String>,
}

impl Flat {
    fn ask<'a>(&'a self, prefix: &'a str) -> ListRequest<'a> {
        let token = self.token.as_deref();
        ListRequest {
            prefix,
            after: self.start_after.as_deref().filter(|_| token.is_none()),
            token,
            ..ListRequest::default()
        }
    }

    /// Makes sure that a page goes on where the last one ended, and remembers where the next one does.
    fn take(&mut self, page: &Page) -> Result<(), ListingError> {
        for entry in &page.entries {
            if let Some(last) = self.last.as_ref().filter(|last| **last >= entry.key) {
                let (key, last) = (shown(&entry.key), shown(last));
                return Err(ListingError::Order { key, last });
            }
            self.last = Some(entry.key.clone());
        }
        self.empty = match page.entries.is_empty() {
            true if self.empty == EMPTY_PAGES => {
                return Err(ListingError::EmptyPages);
            }
            true => self.empty + 1,
            false => 0,
        };
        self.token = page.next.clone();
        Ok(())
    }
}

impl Listing {
    /// Starts a listing; `prefix` and `after` are without the prefix of the store.
    pub(super) fn new(bucket: Arc<Bucket>, prefix: &str, after: Option<&str>) -> Self {
        let wire = |text: &str| format!("{}{text}", bucket.prefix());
        Self {
            prefix: wire(prefix),
            after: after.map(wire),
            way: Way::Start,
            bucket,
        }
    }

    /// Returns the entries, with keys without the prefix of the store. An error ends them.
    pub(super) fn entries(self) -> impl Stream<Item = Result<Entry, BackendError>> + Send {
        stream::unfold(self, |mut listing| async move {
            let batch = match listing.batch().await {
                Ok(None) => return None,
                Ok(Some(entries)) => entries.into_iter().map(Ok).collect(),
                Err(error) => {
                    listing.way = Way::End;
                    vec![Err(error)]
                }
            };
            Some((stream::iter(batch), listing))
        })
        .flatten()
    }

    /// Returns the next entries, maybe none; `None` at the end.
    async fn batch(&mut self) -> Result<Option<Vec<Entry>>, BackendError> {
        let entries = match &mut self.way {
            Way::Start => {
                self.way = self.start().await?;
                Vec::new()
            }
            Way::Flat(_) => self.flat().await?,
            Way::Levels(levels) => match levels.batch(&self.bucket).await? {
                Some(entries) => entries,
                None => return Ok(None),
            },
            Way::End => return Ok(None),
        };
        Ok(Some(self.wanted(entries)))
    }

    async fn start(&self) -> Result<Way, BackendError> {
        // Only a start behind a key needs the order before the first page is there.
        let order = match &self.after {
            Some(_) => self.bucket.known_order().await?,
            None => self.bucket.order.get().copied(),
        };
        Ok(match order {
            Some(Order::Folders) => self.levels(),
            order => Way::Flat(Flat {
                token: None,
                start_after: self.after.clone().filter(|_| order.is_some()),
                sure: order.is_some(),
                empty: 0,
                last: None,
            }),
        })
    }

    fn levels(&self) -> Way {
        Way::Levels(Levels::new(&self.prefix, self.after.as_deref()))
    }

    /// Returns a page of a flat listing. Until a key with a slash comes, all orders are the same.
    async fn flat(&mut self) -> Result<Vec<Entry>, BackendError> {
        let Way::Flat(flat) = &mut self.way else {
            return Ok(Vec::new());
        };
        let page = self.bucket.page(flat.ask(&self.prefix)).await?;
        let telling = page.entries.iter().find(|entry| entry.key.contains('/'));
        if let Some(entry) = telling.filter(|_| !flat.sure) {
            if self.bucket.order_by(&entry.key).await? == Order::Folders {
                // The page is left unused; what came before it had no slash and was in order.
                self.after = self.after.take().max(flat.last.take());
                self.way = self.levels();
                return Ok(Vec::new());
            }
            flat.sure = true;
        }
        let taken = flat.take(&page);
        taken.map_err(|why| self.bucket.listing_error(why))?;
        if flat.token.is_none() {
            self.way = Way::End;
        }
        Ok(page.entries)
    }

    /// Filters what came down to what was asked for, with keys as the caller knows them.
    fn wanted(&self, entries: Vec<Entry>) -> Vec<Entry> {
        let own = self.bucket.prefix();
        entries
            .into_iter()
            .filter(|entry| self.after.as_ref().is_none_or(|after| entry.key > *after))
            .filter_map(|mut entry| {
                let key = entry.key.strip_prefix(own)?;
                // The marker of the store's own folder is nothing in it.
                (!key.is_empty()).then(|| key.to_owned()).map(|key| {
                    entry.key = key;
                    entry
                })
            })
            .collect()
    }
}
