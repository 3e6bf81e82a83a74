//! A listing made of one folder at a time, for servers that order by folders.
//!
//! Such a server lists `a/b` before `a-b`, because it compares `a` with `a-b`; by bytes `-` comes before
//! the slash. So each folder waits until its name with a slash is due. What waits at once are names of
//! which each begins with the one before, so there are few.

use super::bucket::Bucket;
use super::page::{ListingError, Page, shown};
use crate::backend::{BackendError, Entry};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// The longest prefix that is walked: keys have 1,024 bytes at most, and some servers are generous.
const LONGEST: usize = 4 << 10;

/// A walk through the folders.
pub(super) struct Levels {
    after: Option<String>,
    /// From the outermost folder to the one that is read.
    open: Vec<Level>,
}

/// A folder that is read.
struct Level {
    prefix: String,
    token: Option<String>,
    /// Set once the last page was read.
    ended: bool,
    /// The last name and whether it was a folder's.
    last: Option<(String, bool)>,
    /// Folders whose turn has not come.
    waiting: BinaryHeap<Reverse<String>>,
    /// In the order of whole keys.
    due: VecDeque<Named>,
}

/// The contents of a folder.
enum Named {
    Object(Entry),
    /// With the slash.
    Folder(String),
}

impl Named {
    /// Returns the name that the server orders by: without a slash, an object before a folder.
    fn name(&self) -> (&str, bool) {
        match self {
            Named::Object(entry) => (&entry.key, false),
            Named::Folder(prefix) => (prefix.strip_suffix('/').unwrap_or(prefix), true),
        }
    }
}

impl Levels {
    /// Returns both as the server knows them.
    pub(super) fn new(prefix: &str, after: Option<&str>) -> Self {
        Self {
            after: after.map(str::to_owned),
            open: vec![Level::new(prefix)],
        }
    }

    /// Returns the next objects, maybe none; `None` at the end.
    pub(super) async fn batch(
        &mut self,
        bucket: &Bucket,
    ) -> Result<Option<Vec<Entry>>, BackendError> {
        let mut out = Vec::new();
        while let Some(level) = self.open.last_mut() {
            match level.due.pop_front() {
                Some(Named::Object(entry)) => out.push(entry),
                Some(Named::Folder(prefix)) => {
                    if prefix.len() > LONGEST {
                        return Err(bucket.listing_error(ListingError::Endless));
                    }
                    if self.may_hold(&prefix) {
                        self.open.push(Level::new(&prefix));
                    }
                }
                None if level.ended => {
                    self.open.pop();
                }
                // Requests and memory are bounded by handing on what there is.
                None if !out.is_empty() => return Ok(Some(out)),
                None => level.read(bucket).await?,
            }
        }
        Ok((!out.is_empty()).then_some(out))
    }

    /// Returns whether something below a folder may follow the key after which the listing starts.
    fn may_hold(&self, folder: &str) -> bool {
        let after = self.after.as_deref();
        after.is_none_or(|after| folder > after || after.starts_with(folder))
    }
}

impl Level {
    fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            token: None,
            ended: false,
            last: None,
            waiting: BinaryHeap::new(),
            due: VecDeque::new(),
        }
    }

    /// Reads a page. Never with `start-after`: such servers skip with it.
    async fn read(&mut self, bucket: &Bucket) -> Result<(), BackendError> {
        let page = bucket
            .folder_page(&self.prefix, self.token.as_deref())
            .await?;
        let next = page.next.clone();
        self.take(page).map_err(|why| bucket.listing_error(why))?;
        self.ended = next.is_none();
        self.token = next;
        if self.ended {
            self.release(None);
        }
        Ok(())
    }

    /// Lays what a page holds in the order of whole keys.
    fn take(&mut self, page: Page) -> Result<(), ListingError> {
        let objects = page.entries.into_iter().map(Named::Object);
        let mut all: Vec<Named> = objects
            .chain(page.folders.into_iter().map(Named::Folder))
            .collect();
        // Objects and folders come in lists of their own.
        all.sort_unstable_by(|a, b| a.name().cmp(&b.name()));
        for named in all {
            let (name, is_folder) = named.name();
            let this = (name.to_owned(), is_folder);
            if let Some(last) = self.last.as_ref().filter(|last| **last >= this) {
                return Err(ListingError::Order {
                    key: shown(&this.0),
                    last: shown(&last.0),
                });
            }
            self.last = Some(this);
            match named {
                Named::Object(entry) => {
                    self.release(Some(&entry.key));
                    self.due.push_back(Named::Object(entry));
                }
                Named::Folder(prefix) => {
                    self.release(Some(&prefix));
                    self.waiting.push(Reverse(prefix));
                }
            }
        }
        Ok(())
    }

    /// Lets the folders go that are due before `key`, all of them at the end.
    fn release(&mut self, key: Option<&str>) {
        while let Some(Reverse(folder)) = self.waiting.peek() {
            if key.is_some_and(|key| folder.as_str() > key) {
                return;
            }
            if let Some(Reverse(folder)) = self.waiting.pop() {
                self.due.push_back(Named::Folder(folder));
            }
        }
    }
}
