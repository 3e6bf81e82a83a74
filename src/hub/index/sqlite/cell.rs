//! Cells of a file in which any column may hold anything: SQLite types values, not columns.
//!
//! A bad cell never fails a page. Ordinary text is read lossily; keys are read reversibly, since a key
//! is also where the next page starts: bytes that are no UTF-8 become characters of a private range
//! (U+10FF80 to U+10FFFF, one a byte) and a key that is a BLOB starts with U+10FF00. Bound as a
//! parameter, such a key is turned back into what the file holds.

use crate::index::rows::{Cells, KeyCell, whole};
use rusqlite::types::{Value, ValueRef as FileValue};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Row, Sqlite as Driver, TypeInfo, ValueRef};
use std::borrow::Cow;

/// Starts a key that the file holds as BLOB.
const BLOB_MARK: char = '\u{10ff00}';
/// Byte 0 of the range that means single bytes; only 0x80 and above are used.
const BYTE_BASE: u32 = 0x10_ff00;

/// A key as the file stores it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum KeyBytes {
    Text(String),
    BadText(Vec<u8>),
    Blob(Vec<u8>),
}

fn is_private(c: char) -> bool {
    c >= BLOB_MARK
}

/// Returns the reversible text of a key.
pub(super) fn escape(bytes: &[u8], blob: bool) -> String {
    if !blob
        && let Ok(text) = std::str::from_utf8(bytes)
        && (text.is_ascii() || !text.chars().any(is_private))
    {
        return text.to_owned();
    }
    let mut out = String::with_capacity(bytes.len() + 8);
    if blob {
        out.push(BLOB_MARK);
    }
    let byte = |out: &mut String, b: u8| {
        out.push(char::from_u32(BYTE_BASE + u32::from(b)).unwrap_or(char::REPLACEMENT_CHARACTER));
    };
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_private(c) {
                let mut four = [0; 4];
                c.encode_utf8(&mut four)
                    .bytes()
                    .for_each(|b| byte(&mut out, b));
            } else {
                out.push(c);
            }
        }
        chunk.invalid().iter().for_each(|b| byte(&mut out, *b));
    }
    out
}

/// Decodes what the file contains for a key's text.
pub(super) fn unescape(key: &str) -> KeyBytes {
    if !key.chars().any(is_private) {
        return KeyBytes::Text(key.to_owned());
    }
    let (blob, rest) = match key.strip_prefix(BLOB_MARK) {
        Some(rest) => (true, rest),
        None => (false, key),
    };
    let mut out = Vec::with_capacity(rest.len());
    for c in rest.chars() {
        match (c as u32).checked_sub(BYTE_BASE) {
            Some(b @ 0x80..=0xff) => out.push(b as u8),
            _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    if blob {
        KeyBytes::Blob(out)
    } else {
        KeyBytes::BadText(out)
    }
}

/// A statement for SQLite.
pub(super) type Statement = crate::index::statement::Statement<Values>;

/// The parameters of a statement, whichever connection it goes to.
#[derive(Default)]
pub(super) struct Values(pub Vec<Value>);

impl Values {
    /// Returns them as a connection of the pools takes them.
    fn arguments(self) -> Result<SqliteArguments, sqlx::Error> {
        let mut out = SqliteArguments::default();
        for value in self.0 {
            match value {
                Value::Null => out.add(None::<String>),
                Value::Integer(number) => out.add(number),
                Value::Real(number) => out.add(number),
                Value::Text(text) => out.add(text),
                Value::Blob(bytes) => out.add(bytes),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok(out)
    }
}

impl Statement {
    /// Binds a value and gives its placeholder.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.args.0.push(value.into());
        format!("?{}", self.count())
    }

    /// Binds a key as the file holds it and gives its placeholder.
    pub(super) fn bind_key(&mut self, key: &str) -> String {
        match unescape(key) {
            KeyBytes::Text(text) => self.bind(text),
            KeyBytes::Blob(bytes) => self.bind(bytes),
            KeyBytes::BadText(bytes) => format!("CAST({} AS TEXT)", self.bind(bytes)),
        }
    }

    /// Binds keys and gives their placeholders as a list.
    pub(super) fn bind_keys(&mut self, keys: &[String]) -> String {
        let bound: Vec<String> = keys.iter().map(|key| self.bind_key(key)).collect();
        bound.join(", ")
    }

    /// Returns the statement as it is sent: not kept for another time.
    pub(super) fn query(self) -> Result<Query<'static, Driver, SqliteArguments>, sqlx::Error> {
        let arguments = self.args.arguments()?;
        Ok(sqlx::query_with(AssertSqlSafe(self.sql), arguments).persistent(false))
    }
}

/// A cell's bytes, and whether it is a BLOB.
type CellBytes<'r> = (Cow<'r, [u8]>, bool);

/// Reads a row's cells from left to right, where one row is read before it is changed.
pub(super) struct SqliteCells<'r> {
    row: &'r SqliteRow,
    at: usize,
    marked: usize,
}

impl<'r> SqliteCells<'r> {
    pub(super) fn new(row: &'r SqliteRow) -> Self {
        Self {
            row,
            at: 0,
            marked: 0,
        }
    }

    /// Returns the next cell's bytes, and whether it is a BLOB. A number comes as its decimal text, with as many digits
    /// as it takes to find it again.
    fn next(&mut self) -> Result<Option<CellBytes<'r>>, sqlx::Error> {
        let at = self.at;
        self.at += 1;
        let raw = self.row.try_get_raw(at)?;
        if raw.is_null() {
            return Ok(None);
        }
        let (blob, real) = match raw.type_info().name() {
            "BLOB" => (true, false),
            "REAL" => (false, true),
            _ => (false, false),
        };
        let bytes = match real {
            true => {
                let number: f64 = self.row.try_get_unchecked(at)?;
                Cow::Owned(format!("{number:?}").into_bytes())
            }
            false => Cow::Borrowed(self.row.try_get_unchecked::<&[u8], _>(at)?),
        };
        Ok(Some((bytes, blob)))
    }
}

impl<'r> Cells<'r> for SqliteCells<'r> {
    fn cell(&mut self) -> Result<Option<Cow<'r, [u8]>>, sqlx::Error> {
        Ok(self.next()?.map(|(bytes, _)| bytes))
    }

    fn back(&mut self) {
        self.at = self.marked;
    }

    fn mark(&mut self) {
        self.marked = self.at;
    }

    fn opt_key(&mut self) -> Result<Option<String>, sqlx::Error> {
        Ok(self.next()?.map(|(bytes, blob)| escape(&bytes, blob)))
    }
}

/// Reads a row's cells from left to right, weighing them, where a page comes whole.
pub(super) struct FileCells<'r> {
    row: &'r rusqlite::Row<'r>,
    at: usize,
    marked: usize,
    /// Bytes read so far; those that were gone back over count twice.
    pub weight: usize,
}

impl<'r> FileCells<'r> {
    pub(super) const fn new(row: &'r rusqlite::Row<'r>) -> Self {
        Self {
            row,
            at: 0,
            marked: 0,
            weight: 0,
        }
    }

    /// Returns the next cell's bytes as [`SqliteCells`] gives them, and whether it is a BLOB.
    fn next(&mut self) -> Result<Option<CellBytes<'r>>, sqlx::Error> {
        let at = self.at;
        self.at += 1;
        let cell = self
            .row
            .get_ref(at)
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let (bytes, blob) = match cell {
            FileValue::Null => return Ok(None),
            FileValue::Integer(number) => (Cow::Owned(number.to_string().into_bytes()), false),
            FileValue::Real(number) => (Cow::Owned(format!("{number:?}").into_bytes()), false),
            FileValue::Text(bytes) => (Cow::Borrowed(bytes), false),
            FileValue::Blob(bytes) => (Cow::Borrowed(bytes), true),
        };
        self.weight += bytes.len();
        Ok(Some((bytes, blob)))
    }
}

impl<'r> Cells<'r> for FileCells<'r> {
    fn cell(&mut self) -> Result<Option<Cow<'r, [u8]>>, sqlx::Error> {
        Ok(self.next()?.map(|(bytes, _)| bytes))
    }

    fn back(&mut self) {
        self.at = self.marked;
    }

    fn mark(&mut self) {
        self.marked = self.at;
    }

    fn skip(&mut self, cells: usize) -> Result<(), sqlx::Error> {
        self.at += cells;
        Ok(())
    }

    fn key_cell(&mut self) -> Result<KeyCell<'r>, sqlx::Error> {
        Ok(match self.next()? {
            None => KeyCell::Null,
            // Of what is no ASCII a part may be escaped.
            Some((bytes, false)) if bytes.is_ascii() => KeyCell::Text(bytes),
            Some(_) => KeyCell::Escaped,
        })
    }

    fn int(&mut self) -> Result<Option<i64>, sqlx::Error> {
        if let Ok(FileValue::Integer(number)) = self.row.get_ref(self.at) {
            self.at += 1;
            return Ok(Some(number));
        }
        let cell = self.cell()?;
        Ok(cell.and_then(|bytes| whole(std::str::from_utf8(&bytes).ok()?)))
    }

    fn opt_key(&mut self) -> Result<Option<String>, sqlx::Error> {
        Ok(self.next()?.map(|(bytes, blob)| escape(&bytes, blob)))
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyBytes, escape, unescape};

    #[test]
    fn a_key_of_any_bytes_comes_back_as_it_was() {
        let odd: [&[u8]; 6] = [
            b"plain",
            b"",
            b"nul\0inside",
            b"\xff\x80a\xc3",
            "a\u{10ff85}\u{10ffff}\u{10ff00}".as_bytes(),
            "é\u{1f600}".as_bytes(),
        ];
        for bytes in odd {
            match unescape(&escape(bytes, false)) {
                KeyBytes::Text(text) => assert_eq!(text.as_bytes(), bytes),
                KeyBytes::BadText(back) => assert_eq!(back, bytes),
                KeyBytes::Blob(_) => panic!("text {bytes:?} came back as a BLOB"),
            }
            assert_eq!(
                unescape(&escape(bytes, true)),
                KeyBytes::Blob(bytes.to_vec())
            );
        }
    }

    #[test]
    fn ordinary_keys_are_left_alone() {
        assert_eq!(escape("sha256:äb".as_bytes(), false), "sha256:äb");
    }
}
