//! Statements and cells of Postgres, whatever a hub's column types are.

use crate::index::rows::Cells;
use luthier_object::time::{self, Micros};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Arguments, AssertSqlSafe, Row, TypeInfo, ValueRef};
use std::borrow::Cow;

/// Microseconds from 1970 to 2000, where Postgres counts from.
const EPOCH: i64 = 946_684_800_000_000;

/// A statement for Postgres.
pub(super) type Statement = crate::index::statement::Statement<PgArguments>;

impl Statement {
    /// Binds a value and gives its placeholder.
    pub(super) fn bind<'q, T>(&mut self, value: T) -> Result<String, sqlx::Error>
    where
        T: sqlx::Encode<'q, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + 'q,
    {
        self.args.add(value).map_err(sqlx::Error::Encode)?;
        Ok(format!("${}", self.count()))
    }
}

/// A statement without a name: a named one stays on a server process that a pooler gives to others next.
pub(super) type Unnamed = Query<'static, sqlx::Postgres, PgArguments>;

impl Statement {
    /// Returns the statement as it is sent.
    pub(super) fn query(self) -> Unnamed {
        sqlx::query_with(AssertSqlSafe(self.sql), self.args).persistent(false)
    }
}

/// Reads a row's cells from left to right, weighing them.
pub(super) struct PgCells<'r> {
    row: &'r PgRow,
    at: usize,
    marked: usize,
    /// Bytes read so far; those that were gone back over count twice.
    pub weight: usize,
}

impl<'r> PgCells<'r> {
    pub(super) fn new(row: &'r PgRow) -> Self {
        Self {
            row,
            at: 0,
            marked: 0,
            weight: 0,
        }
    }

    /// Returns the next cell as text or bytes: a number in decimal, a time as Python writes it.
    fn next(&mut self) -> Result<Option<Cow<'r, [u8]>>, sqlx::Error> {
        let raw = self.row.try_get_raw(self.at)?;
        self.at += 1;
        if raw.is_null() {
            return Ok(None);
        }
        let bytes = raw.as_bytes().map_err(sqlx::Error::Decode)?;
        self.weight += bytes.len();
        let form = match raw.type_info().name() {
            "TIMESTAMPTZ" | "TIMESTAMP" => Form::Time,
            "DATE" => Form::Date,
            "INT2" | "INT4" | "INT8" => Form::Int,
            "BOOL" => Form::Flag,
            "JSONB" => Form::Jsonb,
            _ => Form::Plain,
        };
        Ok(Some(form.told(bytes)))
    }
}

/// The binary form of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Its text or bytes as they are.
    Plain,
    Jsonb,
    Int,
    Flag,
    Time,
    Date,
}

impl Form {
    /// Returns a time of the years that nearly all are of; `None` where the cell's text has to say.
    pub(super) fn near(self, bytes: &[u8]) -> Option<Micros> {
        const CENTURIES: std::ops::Range<Micros> = 0..3_155_760_000_000_000;
        let at = (self == Self::Time).then(|| number(bytes).saturating_add(EPOCH))?;
        CENTURIES.contains(&at).then_some(at)
    }

    /// Returns a whole number, where the cell is one.
    pub(super) fn int(self, bytes: &[u8]) -> Option<i64> {
        (self == Self::Int).then(|| number(bytes))
    }

    /// Returns a cell as text or bytes: a number in decimal, a time as Python writes it.
    pub(super) fn told(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match (self, bytes) {
            (Self::Time, _) => text_of_time(number(bytes)).into_bytes().into(),
            (Self::Date, _) => text_of_date(number(bytes)).into_bytes().into(),
            (Self::Int, _) => number(bytes).to_string().into_bytes().into(),
            (Self::Flag, [1]) => Cow::Borrowed(b"1"),
            (Self::Flag, _) => Cow::Borrowed(b"0"),
            // The number of jsonb's binary form comes before its text.
            (Self::Jsonb, [1, text @ ..]) => text.into(),
            _ => bytes.into(),
        }
    }
}

/// Returns a big-endian integer of two, four or eight bytes.
fn number(bytes: &[u8]) -> i64 {
    let sign = bytes.first().is_some_and(|b| *b >= 0x80);
    let start = if sign { -1_i64 } else { 0 };
    bytes.iter().fold(start, |n, b| (n << 8) | i64::from(*b))
}

/// Returns a time in the text that ids were made from; Postgres' own word for what no calendar holds.
fn text_of_time(since_2000: i64) -> String {
    match since_2000 {
        i64::MAX => "infinity".to_owned(),
        i64::MIN => "-infinity".to_owned(),
        at => at
            .checked_add(EPOCH)
            .and_then(|at| time::isoformat(at, 0))
            .unwrap_or_else(|| far_off(at)),
    }
}

/// Returns a date as its midnight.
fn text_of_date(days_since_2000: i64) -> String {
    const DAY: i64 = 86_400_000_000;
    match days_since_2000 {
        days if days == i64::from(i32::MAX) => text_of_time(i64::MAX),
        days if days == i64::from(i32::MIN) => text_of_time(i64::MIN),
        days => text_of_time(days.saturating_mul(DAY)),
    }
}

/// Returns a time outside the years 1 to 9999, as Postgres writes and reads it: a page of a list starts at it.
fn far_off(since_2000: i64) -> String {
    const DAY: i128 = 86_400_000_000;
    let at = i128::from(since_2000) + i128::from(EPOCH);
    let (days, micros) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    // The calendar repeats every 146,097 days; a year is counted from March, so that a leap day ends it.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i128::from(month <= 2);
    let (shown, era) = match year {
        1.. => (year, ""),
        _ => (1 - year, " BC"),
    };
    let seconds = micros / 1_000_000;
    format!(
        "{shown:04}-{month:02}-{:02} {:02}:{:02}:{:02}.{:06}+00{era}",
        day - (153 * from_march + 2) / 5 + 1,
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60,
        micros % 1_000_000
    )
}

impl<'r> Cells<'r> for PgCells<'r> {
    fn cell(&mut self) -> Result<Option<Cow<'r, [u8]>>, sqlx::Error> {
        self.next()
    }

    fn back(&mut self) {
        self.at = self.marked;
    }

    fn mark(&mut self) {
        self.marked = self.at;
    }

    fn opt_key(&mut self) -> Result<Option<String>, sqlx::Error> {
        self.opt_text()
    }
}

#[cfg(test)]
mod tests {
    use super::{number, text_of_date, text_of_time};

    #[test]
    fn integers_of_every_width_keep_their_sign() {
        assert_eq!(number(&[0xff, 0xfe]), -2);
        assert_eq!(number(&[0, 0, 1, 0]), 256);
        assert_eq!(number(&i64::MIN.to_be_bytes()), i64::MIN);
        assert_eq!(number(&i64::MAX.to_be_bytes()), i64::MAX);
    }

    #[test]
    fn times_are_told_as_python_tells_them() {
        assert_eq!(text_of_time(0), "2000-01-01T00:00:00+00:00");
        assert_eq!(text_of_time(500), "2000-01-01T00:00:00.000500+00:00");
        assert_eq!(text_of_time(i64::MIN), "-infinity");
        assert_eq!(
            text_of_time(i64::MAX - 1),
            "294277-01-09 04:00:54.775806+00"
        );
        // The day before the first that Python knows, and one before the common era.
        const YEAR_1: i64 = -63_082_281_600_000_000;
        assert_eq!(text_of_time(YEAR_1), "0001-01-01T00:00:00+00:00");
        assert_eq!(text_of_time(YEAR_1 - 1), "0001-12-31 23:59:59.999999+00 BC");
        assert_eq!(text_of_date(0), "2000-01-01T00:00:00+00:00");
        assert_eq!(text_of_date(i64::from(i32::MAX)), "infinity");
    }
}
