//! Instants as rows keep them, and the text that ids were made from.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::Offset;

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

/// Returns the offsets that exist on earth, in minutes, in the steps in which they occur.
pub fn offsets() -> impl Iterator<Item = i32> {
    (-14 * 60..=14 * 60).step_by(15)
}

/// Reads ISO-8601 with `T` or a space; without an offset it is UTC, as hubs keep it in SQLite.
/// Digits below a microsecond are cut off.
#[must_use]
pub fn parse(text: &str) -> Option<Micros> {
    if let Some(at) = plain(text) {
        return Some(at);
    }
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_microsecond());
    }
    // A civil time may carry an offset too and loses it: then the instant is out of range above.
    let (_, time) = text.split_once(['T', 't', ' '])?;
    if time.contains(['+', '-', '[']) {
        return None;
    }
    let civil: DateTime = text.parse().ok()?;
    let utc = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(utc.timestamp().as_microsecond())
}

/// Reads the form that nearly every row has: `2026-06-01 12:00:00`, or with `T`, with up to six digits behind a point,
/// with `+00:00` behind all. `None` for anything else, which may be a time all the same.
fn plain(text: &str) -> Option<Micros> {
    let (date_time, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let number = |digits: &[u8]| {
        let digit = |n: i32, b: &u8| b.is_ascii_digit().then(|| n * 10 + i32::from(b - b'0'));
        digits.iter().try_fold(0, digit)
    };
    let [
        ..,
        b'-',
        _,
        _,
        b'-',
        _,
        _,
        b'T' | b' ',
        _,
        _,
        b':',
        _,
        _,
        b':',
        _,
        _,
    ] = date_time
    else {
        return None;
    };
    let part = |from: usize| Some(number(&date_time[from..from + 2])? as i8);
    let nanos = match rest.strip_suffix(b"+00:00").unwrap_or(rest) {
        [] => 0,
        [b'.', digits @ ..] if (1..=6).contains(&digits.len()) => {
            number(digits)? * 10_i32.pow(9 - digits.len() as u32)
        }
        _ => return None,
    };
    let year = number(&date_time[..4])? as i16;
    let (month, day, hour) = (part(5)?, part(8)?, part(11)?);
    let civil = DateTime::new(year, month, day, hour, part(14)?, part(17)?, nanos).ok()?;
    Some(Offset::UTC.to_timestamp(civil).ok()?.as_microsecond())
}

/// Writes a time of UTC as [`isoformat`] does.
fn write_utc(at: DateTime) -> String {
    let mut out = String::with_capacity(32);
    let mut put = |before: &str, number: i32, digits: u32| {
        out.push_str(before);
        let digit = |place| char::from(b'0' + (number / 10_i32.pow(place) % 10) as u8);
        out.extend((0..digits).rev().map(digit));
    };
    put("", at.year().into(), 4);
    put("-", at.month().into(), 2);
    put("-", at.day().into(), 2);
    put("T", at.hour().into(), 2);
    put(":", at.minute().into(), 2);
    put(":", at.second().into(), 2);
    match at.subsec_nanosecond() / 1_000 {
        0 => {}
        micros => put(".", micros, 6),
    }
    out.push_str("+00:00");
    out
}

static SECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(0));
static MICROSECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// Formats a time as Python's `isoformat` does: microseconds only when they are not zero, `+00:00` for UTC.
///
/// `offset` is in minutes east of UTC. An instant outside the years 1 to 9999 has no such text, nor
/// has an offset beyond what exists.
///
/// ```
/// use luthier_object::time::{isoformat, parse};
///
/// let at = parse("2026-06-01 12:00:00.5").unwrap();
/// assert_eq!(isoformat(at, 120).unwrap(), "2026-06-01T14:00:00.500000+02:00");
/// ```
#[must_use]
pub fn isoformat(at: Micros, offset: i32) -> Option<String> {
    let zone = Offset::from_seconds(offset.checked_mul(60)?).ok()?;
    let at = Timestamp::from_microsecond(at).ok()?;
    let local = zone.to_datetime(at);
    if !(1..=9999).contains(&local.year()) {
        return None;
    }
    if offset == 0 {
        return Some(write_utc(local));
    }
    let printer = match local.subsec_nanosecond() / 1_000 {
        0 => &SECONDS,
        _ => &MICROSECONDS,
    };
    Some(printer.timestamp_with_offset_to_string(&at, zone))
}
