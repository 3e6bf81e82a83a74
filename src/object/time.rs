//! Instants as rows keep them, and the text that ids were made from.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::temporal::DateTimePrinter;

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
    let zone = jiff::tz::Offset::from_seconds(offset.checked_mul(60)?).ok()?;
    let at = Timestamp::from_microsecond(at).ok()?;
    let local = zone.to_datetime(at);
    if !(1..=9999).contains(&local.year()) {
        return None;
    }
    let printer = match local.subsec_nanosecond() / 1_000 {
        0 => &SECONDS,
        _ => &MICROSECONDS,
    };
    Some(printer.timestamp_with_offset_to_string(&at, zone))
}
