//! A window over a keyset list that is read in both directions: the millionth row is as quick as the
//! first, and `G` goes to the end without walking there.

use super::action::Motion;
use super::effect::Ticket;
use super::lines::ObjectLine;
use super::widgets::list::Cursor;
use luthier_hub::index::Edge;
use std::collections::VecDeque;

/// Rows asked for at once.
pub const LIMIT: u32 = 200;

/// Rows held at once.
pub const HELD: usize = 1_000;

/// Rows around the cursor.
#[derive(Clone, Debug, Default)]
pub struct Keyset {
    rows: VecDeque<ObjectLine>,
    /// No row precedes the first one held.
    start: bool,
    /// No row follows the last one held.
    end: bool,
    /// The position of the first kept row in the whole list, if that is known.
    base: Option<u64>,
    /// The number of rows, if that is known.
    count: Option<u64>,
    /// The cursor, counted from the first row held.
    pub cursor: Cursor,
    /// The row at which reading begins; the start of the list without.
    first: Option<Edge>,
    asked: Option<(Ticket, Edge)>,
    failed: Option<String>,
}

impl Keyset {
    /// Returns a window that opens on this row, or on what follows where the row is gone; `base` is its place, if
    /// that is known.
    #[must_use]
    pub fn on(row: &ObjectLine, base: Option<u64>) -> Self {
        Self {
            first: Some(Edge::From {
                at: row.at_exact.clone(),
                id: row.id.exact().to_owned(),
            }),
            base,
            ..Self::default()
        }
    }

    /// Counts the rows in memory.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Returns whether no row is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns whether all rows of the list are in memory.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.start && self.end
    }

    /// Returns whether there is no row at all.
    #[must_use]
    pub fn none_exist(&self) -> bool {
        self.rows.is_empty() && self.start && self.end
    }

    /// Returns the `at`th row held.
    #[must_use]
    pub fn row(&self, at: u64) -> Option<&ObjectLine> {
        self.rows.get(usize::try_from(at).ok()?)
    }

    /// Returns the rows held.
    pub fn rows(&self) -> impl Iterator<Item = &ObjectLine> {
        self.rows.iter()
    }

    /// Returns the rows held, to be judged.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut ObjectLine> {
        self.rows.iter_mut()
    }

    /// Returns the row under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&ObjectLine> {
        self.row(self.cursor.at)
    }

    /// Returns the cursor's position in the whole list, from 0.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        Some(self.base? + self.cursor.at)
    }

    /// Returns the reason why the last request failed.
    #[must_use]
    pub fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Returns whether rows are on their way.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.asked.is_some()
    }

    /// Returns whether it waits for this ticket.
    #[must_use]
    pub fn awaits(&self, ticket: Ticket) -> bool {
        matches!(&self.asked, Some((asked, _)) if *asked == ticket)
    }

    /// Takes the number of rows.
    pub fn counted(&mut self, count: u64) {
        self.count = Some(count);
        if self.end && self.base.is_none() {
            self.base = count.checked_sub(self.len());
        }
    }

    /// Returns the number of rows, when it is known.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        let known = || self.end.then_some(self.base? + self.len());
        self.count.or_else(known)
    }

    /// Moves the cursor; to a far end the window is thrown away and read there anew.
    pub fn step(&mut self, motion: Motion, height: u64) {
        match motion {
            Motion::Home if !self.start => self.jump(Edge::Start),
            Motion::End if !self.end => self.jump(Edge::End),
            _ => self.cursor.step(motion, self.len(), height),
        }
    }

    fn jump(&mut self, edge: Edge) {
        let count = self.count;
        *self = Self {
            count,
            ..Self::default()
        };
        if edge == Edge::End {
            self.end = true;
        }
    }

    /// Returns the request that is needed now, if any.
    #[must_use]
    pub fn wanted(&self, height: u64) -> Option<Edge> {
        if self.asked.is_some() || self.failed.is_some() {
            return None;
        }
        let (first, last) = match (self.rows.front(), self.rows.back()) {
            (Some(first), Some(last)) => (first, last),
            _ if self.start && self.end => return None,
            // An empty window that knows its end was made to be read from there.
            _ if self.end => return Some(Edge::End),
            _ => return Some(self.first.clone().unwrap_or(Edge::Start)),
        };
        let reach = height.max(1) * 2;
        if !self.end && self.cursor.at + reach >= self.len() {
            return Some(Edge::After {
                at: last.at_exact.clone(),
                id: last.id.exact().to_owned(),
            });
        }
        (!self.start && self.cursor.at < reach).then(|| Edge::Before {
            at: first.at_exact.clone(),
            id: first.id.exact().to_owned(),
        })
    }

    /// Notes that rows behind `edge` were asked for.
    pub fn asked(&mut self, ticket: Ticket, edge: Edge) {
        self.asked = Some((ticket, edge));
    }

    /// Takes an answer; one that nobody waits for is dropped.
    pub fn take(&mut self, ticket: Ticket, answer: Result<(Vec<ObjectLine>, bool), String>) {
        if !self.awaits(ticket) {
            return;
        }
        let Some((_, edge)) = self.asked.take() else {
            return;
        };
        let (rows, end) = match answer {
            Ok(answer) => answer,
            Err(why) => {
                self.failed = Some(why);
                return;
            }
        };
        let came = rows.len() as u64;
        // Nothing came: whatever was said, nothing follows.
        let end = end || came == 0;
        match edge {
            Edge::Start => {
                (self.rows, self.start, self.end) = (rows.into(), true, end);
                self.base = Some(0);
            }
            Edge::From { .. } => (self.rows, self.end) = (rows.into(), end),
            Edge::End => {
                (self.rows, self.start, self.end) = (rows.into(), end, true);
                self.base = if end {
                    Some(0)
                } else {
                    self.count.and_then(|n| n.checked_sub(came))
                };
                self.cursor.at = self.len().saturating_sub(1);
            }
            Edge::After { .. } => {
                self.rows.extend(rows);
                self.end = end;
                self.drop_front();
            }
            Edge::Before { .. } => self.prepend(rows, end),
        }
    }

    fn prepend(&mut self, rows: Vec<ObjectLine>, end: bool) {
        let came = rows.len() as u64;
        for row in rows.into_iter().rev() {
            self.rows.push_front(row);
        }
        self.start = end;
        self.base = match self.base {
            _ if end => Some(0),
            base => base.and_then(|base| base.checked_sub(came)),
        };
        self.cursor.at += came;
        self.cursor.top += came;
        if self.rows.len() > HELD {
            self.rows.truncate(HELD);
            self.end = false;
        }
    }

    fn drop_front(&mut self) {
        let over = self.rows.len().saturating_sub(HELD);
        if over == 0 {
            return;
        }
        self.rows.drain(..over);
        self.start = false;
        let over = over as u64;
        self.base = self.base.map(|base| base + over);
        self.cursor.at = self.cursor.at.saturating_sub(over);
        self.cursor.top = self.cursor.top.saturating_sub(over);
    }
}
