//! Windows over long lists: only the pages around the cursor are held.
//!
//! [`Pages`] for lists that can be read at any place; [`Chain`] for keyset lists that are read
//! forwards, where the start of every page that was reached is remembered.

use super::effect::Ticket;
use std::collections::BTreeMap;

/// Rows of a page.
pub const PAGE: u64 = 100;

/// Pages held at once.
pub const HELD: usize = 9;

/// A row of a list that may not be here yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Row<'a, T> {
    Ready(&'a T),
    Pending,
    Failed(&'a str),
}

#[derive(Clone, Debug)]
enum Page<T> {
    Asked(Ticket),
    Ready(Vec<T>),
    Failed(String),
}

/// A list that can be read at any place.
#[derive(Clone, Debug)]
pub struct Pages<T> {
    pages: BTreeMap<u64, Page<T>>,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self {
            pages: BTreeMap::new(),
        }
    }
}

impl<T> Pages<T> {
    /// Returns the pages that must be asked for so that `rows` can be shown; far ones are dropped.
    pub fn missing(&mut self, rows: std::ops::Range<u64>) -> Vec<u64> {
        if rows.is_empty() {
            return Vec::new();
        }
        let wanted = rows.start / PAGE..=(rows.end - 1) / PAGE;
        let middle = rows.start.midpoint(rows.end) / PAGE;
        let reach = (HELD / 2) as u64;
        self.pages.retain(|page, _| page.abs_diff(middle) <= reach);
        wanted
            .filter(|page| page.abs_diff(middle) <= reach && !self.pages.contains_key(page))
            .collect()
    }

    /// Notes that `page` was asked for.
    pub fn asked(&mut self, page: u64, ticket: Ticket) {
        self.pages.insert(page, Page::Asked(ticket));
    }

    fn waiting(&mut self, ticket: Ticket) -> Option<&mut Page<T>> {
        self.pages
            .values_mut()
            .find(|page| matches!(page, Page::Asked(asked) if *asked == ticket))
    }

    /// Returns whether a page waits for this ticket.
    #[must_use]
    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.pages
            .values()
            .any(|page| matches!(page, Page::Asked(asked) if *asked == ticket))
    }

    /// Takes an answer; one that nobody waits for is dropped.
    pub fn take(&mut self, ticket: Ticket, answer: Result<Vec<T>, String>) {
        if let Some(page) = self.waiting(ticket) {
            *page = match answer {
                Ok(rows) => Page::Ready(rows),
                Err(why) => Page::Failed(why),
            };
        }
    }

    /// Returns the row at `at`.
    #[must_use]
    pub fn row(&self, at: u64) -> Row<'_, T> {
        match self.pages.get(&(at / PAGE)) {
            Some(Page::Ready(rows)) => usize::try_from(at % PAGE)
                .ok()
                .and_then(|at| rows.get(at))
                .map_or(Row::Pending, Row::Ready),
            Some(Page::Failed(why)) => Row::Failed(why),
            Some(Page::Asked(_)) | None => Row::Pending,
        }
    }

    /// Returns whether something was asked for and is not here yet.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.pages
            .values()
            .any(|page| matches!(page, Page::Asked(_)))
    }
}

/// A keyset list that is read forwards.
#[derive(Clone, Debug)]
pub struct Chain<T> {
    pages: Pages<T>,
    /// The key behind which page n + 1 starts.
    keys: Vec<String>,
    /// The number of rows, once the last page was seen.
    len: Option<u64>,
    /// The last page is wanted, so pages are asked for until it is there.
    to_end: bool,
}

impl<T> Default for Chain<T> {
    fn default() -> Self {
        Self {
            pages: Pages::default(),
            keys: Vec::new(),
            len: None,
            to_end: false,
        }
    }
}

impl<T> Chain<T> {
    /// Returns the number of rows that are known to exist.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len.unwrap_or(self.keys.len() as u64 * PAGE)
    }

    /// Returns whether no row is known yet, or none exists.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether the end was seen, so that [`Chain::len`] is the whole.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.len.is_some()
    }

    /// Returns the row at `at`.
    #[must_use]
    pub fn row(&self, at: u64) -> Row<'_, T> {
        self.pages.row(at)
    }

    /// Asks for pages until the end is known.
    pub fn seek_end(&mut self) {
        self.to_end = self.len.is_none();
    }

    /// Pages to be asked for, each with the key that it starts behind.
    pub fn missing(&mut self, rows: std::ops::Range<u64>) -> Vec<(u64, Option<String>)> {
        let front = self.keys.len() as u64;
        let end = match self.len {
            Some(len) => rows.end.min(len),
            None => rows.end,
        };
        let mut out = self.pages.missing(rows.start.min(end)..end);
        if self.to_end && !self.pages.pending() && !out.contains(&front) {
            out.push(front);
        }
        out.into_iter()
            .filter(|page| *page <= front)
            .map(|page| {
                let before = usize::try_from(page).ok().and_then(|n| n.checked_sub(1));
                let key = before.and_then(|n| self.keys.get(n));
                (page, key.cloned())
            })
            .collect()
    }

    /// Notes that `page` was asked for.
    pub fn asked(&mut self, page: u64, ticket: Ticket) {
        self.pages.asked(page, ticket);
    }

    /// Returns whether it waits for this ticket.
    #[must_use]
    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.pages.awaits(ticket)
    }

    /// Takes an answer: rows, whether they are the last, and the key of the last row.
    pub fn take(&mut self, ticket: Ticket, answer: Result<(Vec<T>, bool, Option<String>), String>) {
        let Some(number) = self.number(ticket) else {
            return;
        };
        match answer {
            Ok((rows, end, key)) => {
                if end || (rows.len() as u64) < PAGE {
                    self.len = Some(number * PAGE + rows.len() as u64);
                    self.to_end = false;
                } else if number == self.keys.len() as u64 {
                    self.keys.extend(key);
                }
                self.pages.take(ticket, Ok(rows));
            }
            Err(why) => {
                self.to_end = false;
                self.pages.take(ticket, Err(why));
            }
        }
    }

    fn number(&self, ticket: Ticket) -> Option<u64> {
        self.pages
            .pages
            .iter()
            .find(|(_, page)| matches!(page, Page::Asked(asked) if *asked == ticket))
            .map(|(number, _)| *number)
    }

    /// Returns the reason why the list cannot be shown at all.
    #[must_use]
    pub fn failed(&self) -> Option<&str> {
        match self.pages.row(0) {
            Row::Failed(why) if self.keys.is_empty() => Some(why),
            _ => None,
        }
    }
}
