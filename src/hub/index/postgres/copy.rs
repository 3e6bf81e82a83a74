//! Pages of rows by `COPY`: the server sends cells as they are, without a description of each row, and nothing is made
//! of a row but what is read from it.

use super::Postgres;
use super::cell::Form;
use super::sessions::{Purpose, SILENCE, within};
use crate::index::rows::{Cells, whole};
use crate::index::{PAGE_BYTES, Page};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use luthier_object::time::{self, Micros};
use std::borrow::Cow;
use std::fmt::Write;

/// Messages that are taken at once where they have arrived.
const TOGETHER: usize = 256;

/// What begins the answer to a binary `COPY`.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// Bytes of the signature, the flags, and the length of what may follow them.
const HEADER: usize = SIGNATURE.len() + 8;

impl Postgres {
    /// Runs a `SELECT` without parameters that gives at most `limit` rows of cells in these forms, stopping when the page
    /// weighs enough.
    pub(super) async fn copied<T>(
        &self,
        select: &str,
        forms: &[Form],
        limit: u32,
        read: impl Fn(&mut dyn Cells<'_>) -> Result<T, sqlx::Error>,
    ) -> Result<Page<T>, sqlx::Error> {
        let mut session = self.sessions.begin(Purpose::Read).await?;
        let copy = format!("COPY ({select}) TO STDOUT (FORMAT BINARY)");
        let answer = within(SILENCE, session.copy_out_raw(&copy)).await?;
        let mut messages = answer.ready_chunks(TOGETHER);
        let mut answer = Answer::default();
        let mut rows = Vec::new();
        let mut weight = 0;
        let mut next = async || within(SILENCE, async { Ok(messages.next().await) }).await;
        while let Some(some) = next().await? {
            for message in some {
                answer.take(message?);
                while let Some(row) = answer.row()? {
                    let mut cells = CopyCells::new(&row, forms);
                    rows.push(read(&mut cells)?);
                    weight += row.len();
                }
            }
            if weight >= PAGE_BYTES && !answer.is_ended {
                // What is left of the answer may weigh far more: it ends with the connection.
                return Ok(Page { rows, end: false });
            }
        }
        drop(messages);
        if !answer.is_ended {
            return Err(broken("ended without its last row"));
        }
        session.end();
        let end = rows.len() < limit as usize;
        Ok(Page { rows, end })
    }
}

/// Returns a text as SQL takes it, whatever is in it and whatever the server's settings are.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str("E'");
    for c in text.chars() {
        match c {
            '0'..='9' | 'a'..='z' | 'A'..='Z' => out.push(c),
            c if c.is_ascii() => {
                // A String takes whatever is written.
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

fn broken(why: &str) -> sqlx::Error {
    sqlx::Error::Protocol(format!("the answer to COPY {why}"))
}

/// The answer to a binary `COPY`: whole rows are taken from it, however it was cut into messages.
#[derive(Default)]
struct Answer {
    waiting: Bytes,
    has_begun: bool,
    is_ended: bool,
}

impl Answer {
    fn take(&mut self, message: Bytes) {
        if self.waiting.is_empty() {
            self.waiting = message;
            return;
        }
        let mut joined = BytesMut::from(std::mem::take(&mut self.waiting));
        joined.extend_from_slice(&message);
        self.waiting = joined.freeze();
    }

    /// Returns the next row, if all of it has arrived.
    fn row(&mut self) -> Result<Option<Bytes>, sqlx::Error> {
        if !self.has_begun {
            if self.waiting.len() < HEADER {
                return Ok(None);
            }
            let more = number(&self.waiting[HEADER - 4..]).unwrap_or_default();
            if !self.waiting.starts_with(SIGNATURE) || more != 0 {
                return Err(broken("has an unknown header"));
            }
            let _ = self.waiting.split_to(HEADER);
            self.has_begun = true;
        }
        let Some(count) = self.waiting.first_chunk() else {
            return Ok(None);
        };
        let count = i16::from_be_bytes(*count);
        if count < 0 {
            self.is_ended = true;
            self.waiting = Bytes::new();
            return Ok(None);
        }
        let mut end = 2;
        for _ in 0..count {
            let Some(length) = self.waiting.get(end..).and_then(number) else {
                return Ok(None);
            };
            end += 4 + usize::try_from(length).unwrap_or(0);
        }
        let is_whole = self.waiting.len() >= end;
        Ok(is_whole.then(|| self.waiting.split_to(end)))
    }
}

/// Returns the number of four bytes that begins these.
fn number(bytes: &[u8]) -> Option<i32> {
    Some(i32::from_be_bytes(*bytes.first_chunk()?))
}

/// Reads the cells of a row from left to right.
struct CopyCells<'r> {
    rest: &'r [u8],
    forms: &'r [Form],
    /// Where `back` goes to.
    marked: (&'r [u8], &'r [Form]),
}

impl<'r> CopyCells<'r> {
    /// Reads a row whose cells have these forms.
    fn new(row: &'r [u8], forms: &'r [Form]) -> Self {
        // The number of its cells comes first.
        let rest = &row[2..];
        Self {
            rest,
            forms,
            marked: (rest, forms),
        }
    }

    /// Returns the next cell as it came, with its form.
    fn next(&mut self) -> Result<Option<(Form, &'r [u8])>, sqlx::Error> {
        let (Some((form, forms)), Some(length)) = (self.forms.split_first(), number(self.rest))
        else {
            return Err(broken("has a row of fewer cells than were asked for"));
        };
        self.forms = forms;
        let rest = &self.rest[4..];
        let Ok(length) = usize::try_from(length) else {
            self.rest = rest;
            return Ok(None);
        };
        let (cell, rest) = rest.split_at(length);
        self.rest = rest;
        Ok(Some((*form, cell)))
    }
}

impl<'r> Cells<'r> for CopyCells<'r> {
    fn cell(&mut self) -> Result<Option<Cow<'r, [u8]>>, sqlx::Error> {
        Ok(self.next()?.map(|(form, cell)| form.told(cell)))
    }

    fn opt_key(&mut self) -> Result<Option<String>, sqlx::Error> {
        self.opt_text()
    }

    fn back(&mut self) {
        (self.rest, self.forms) = self.marked;
    }

    fn mark(&mut self) {
        self.marked = (self.rest, self.forms);
    }

    fn skip(&mut self, cells: usize) -> Result<(), sqlx::Error> {
        (0..cells).try_for_each(|_| self.next().map(drop))
    }

    fn time(&mut self) -> Result<Option<Micros>, sqlx::Error> {
        let cell = self.next()?;
        Ok(cell.and_then(|(form, cell)| {
            let told = || time::parse(std::str::from_utf8(&form.told(cell)).ok()?);
            form.near(cell).or_else(told)
        }))
    }

    fn int(&mut self) -> Result<Option<i64>, sqlx::Error> {
        let cell = self.next()?;
        Ok(cell.and_then(|(form, cell)| {
            let told = || whole(std::str::from_utf8(&form.told(cell)).ok()?);
            form.int(cell).or_else(told)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, CopyCells, HEADER, SIGNATURE, literal};
    use crate::index::postgres::cell::Form;
    use crate::index::rows::Cells;
    use bytes::Bytes;

    #[test]
    fn rows_are_whole_however_an_answer_is_cut() {
        let mut all = SIGNATURE.to_vec();
        all.resize(HEADER, 0);
        all.extend([0, 3, 0, 0, 0, 2, b'a', b'b', 0xff, 0xff, 0xff, 0xff]);
        all.extend([0, 0, 0, 4, 0, 0, 1, 0]);
        all.extend([0, 1, 0, 0, 0, 0, 0xff, 0xff]);
        for size in 1..all.len() {
            let mut answer = Answer::default();
            let mut rows = Vec::new();
            for message in all.chunks(size) {
                answer.take(Bytes::copy_from_slice(message));
                while let Some(row) = answer.row().unwrap() {
                    rows.push(row);
                }
            }
            assert!(answer.is_ended, "{size}");
            assert_eq!(rows.len(), 2, "{size}");
            let forms = [Form::Plain, Form::Plain, Form::Int];
            let mut cells = CopyCells::new(&rows[0], &forms);
            assert_eq!(cells.key().unwrap(), "ab");
            assert_eq!(cells.opt_text().unwrap(), None);
            assert_eq!(cells.int().unwrap(), Some(256));
            assert!(cells.cell().is_err());
        }
        let mut answer = Answer::default();
        answer.take(Bytes::from_static(b"anything else than a header"));
        assert!(answer.row().is_err());
    }

    #[test]
    fn a_literal_holds_nothing_that_ends_it() {
        assert_eq!(literal("sha256:0a"), r"E'sha256\x3a0a'");
        assert_eq!(literal("a'b\\"), r"E'a\x27b\x5c'");
        assert_eq!(literal("é"), "E'é'");
    }
}
