//! Instants, and the text that Python wrote for them.

use super::time::{isoformat, offsets, parse};

const SECOND: i64 = 1_000_000;

#[test]
fn the_text_is_what_python_isoformat_writes() {
    for (at, offset, expected) in [
        (0, 0, "1970-01-01T00:00:00+00:00"),
        (1, 0, "1970-01-01T00:00:00.000001+00:00"),
        (-1, 0, "1969-12-31T23:59:59.999999+00:00"),
        (123_000, 0, "1970-01-01T00:00:00.123000+00:00"),
        (0, 120, "1970-01-01T02:00:00+02:00"),
        (0, -450, "1969-12-31T16:30:00-07:30"),
        (0, 345, "1970-01-01T05:45:00+05:45"),
        (0, -15, "1969-12-31T23:45:00-00:15"),
        (951_782_400 * SECOND, 0, "2000-02-29T00:00:00+00:00"),
        (-62_135_596_800 * SECOND, 0, "0001-01-01T00:00:00+00:00"),
    ] {
        assert_eq!(isoformat(at, offset).as_deref(), Some(expected));
        assert_eq!(parse(expected), Some(at));
    }
}

#[test]
fn the_plain_form_is_read_and_written_as_the_library_does() {
    const FIRST: i64 = -62_135_596_800 * SECOND;
    const SPAN: i64 = 315_537_600_000 * SECOND;
    for n in 0..20_000_i64 {
        let at = FIRST + n.wrapping_mul(7_919_777_216_123_457).rem_euclid(SPAN);
        let at = at - [0, at.rem_euclid(SECOND), at.rem_euclid(1_000)][n as usize % 3];
        let whole = jiff::Timestamp::from_microsecond(at).unwrap();
        let text = isoformat(at, 0).unwrap();
        assert_eq!(text.parse::<jiff::Timestamp>().unwrap(), whole, "{text}");
        for spelt in [text.replace('T', " "), text.replace("+00:00", ""), text] {
            assert_eq!(parse(&spelt), Some(at), "{spelt}");
        }
    }
    for no_time in [
        "2026-02-29 00:00:00",
        "2026-04-31T00:00:00+00:00",
        "2026-01-01 24:00:00",
    ] {
        assert_eq!(parse(no_time), None, "{no_time}");
    }
    assert_eq!(parse("2016-12-31T23:59:60"), parse("2016-12-31T23:59:59"));
}

#[test]
fn every_spelling_of_an_instant_is_read() {
    let at = 1_772_323_200 * SECOND;
    for text in [
        "2026-03-01T00:00:00+00:00",
        "2026-03-01T00:00:00Z",
        "2026-03-01T00:00:00.000000+00:00",
        "2026-03-01 00:00:00+00:00",
        "2026-03-01 00:00:00+00",
        "2026-03-01 00:00:00",
        "2026-03-01T00:00:00",
        "2026-03-01 00:00:00.000",
        "2026-03-01T00:00",
        "2026-03-01T05:45:00+05:45",
        "2026-02-28T16:30:00-07:30",
        "  2026-03-01T00:00:00Z\n",
    ] {
        assert_eq!(parse(text), Some(at), "{text}");
    }
}

#[test]
fn a_time_without_offset_is_utc() {
    assert_eq!(
        parse("2026-03-01 12:34:56.789012"),
        parse("2026-03-01T12:34:56.789012Z")
    );
}

#[test]
fn what_is_finer_than_a_microsecond_is_cut_off() {
    assert_eq!(parse("1970-01-01T00:00:00.0000019Z"), Some(1));
}

#[test]
fn what_is_no_instant_is_refused() {
    for text in [
        "",
        "yesterday",
        "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-03-01T25:00:00Z",
        "2026-03-01T00:00:00+99:99",
        "2026-03-01T00:00:00[Europe/Paris]",
        "10000-01-01T00:00:00Z",
        "1772323200",
        "\0",
        "é",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn an_offset_is_never_dropped_where_the_instant_is_out_of_range() {
    assert_eq!(parse("9999-12-31T23:59:59-14:00"), None);
    assert_eq!(parse("9999-12-31 23:59:59 +01:00"), None);
}

#[test]
fn years_out_of_range_have_no_text_and_panic_nowhere() {
    for at in [i64::MIN, i64::MIN + 1, i64::MAX, 253_402_300_800 * SECOND] {
        for offset in [i32::MIN, -10_000, -840, 0, 840, 10_000, i32::MAX] {
            assert_eq!(isoformat(at, offset), None, "{at} {offset}");
        }
    }
    assert_eq!(isoformat(-62_135_596_800 * SECOND, -15), None, "the year 0");
    assert_eq!(isoformat(0, i32::MAX), None);
    for text in [
        "-009999-01-02T01:59:59Z",
        "-009999-01-01T00:00:00Z",
        "-000001-01-01T00:00:00",
    ] {
        if let Some(at) = parse(text) {
            assert_eq!(isoformat(at, 0), None, "{text}");
        }
    }
}

#[test]
fn there_are_113_offsets_in_steps_of_a_quarter_of_an_hour() {
    let all: Vec<_> = offsets().collect();
    assert_eq!((all.len(), all[0], all[112]), (113, -840, 840));
    assert!(all.contains(&0) && all.contains(&345) && all.contains(&-210));
}
