//! Text from the hub made safe for terminals, and sizes, times and ids for people.
//!
//! Every string that a hub supplied passes through [`safe`] before a terminal, a log or a report in
//! Markdown sees it.

use serde_json::Value;
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Makes control characters, bidirectional overrides and invisible characters visible.
///
/// The result never moves a cursor, never reorders its neighbours and never hides a character.
/// A newline becomes `⏎`, a tab four spaces; the rest `\u{…}`.
///
/// ```
/// assert_eq!(luthier_hub::text::safe("la\x1b[2J"), "la\\u{1b}[2J");
/// ```
#[must_use]
pub fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push('⏎'),
            '\t' => out.push_str("    "),
            c if is_unsafe(c) => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Returns a value as one line of JSON in which whatever [`safe`] would show is written as `\u` and four hex digits: no
/// terminal acts on it, no reader of lines takes a part for the end of one, and every parser gives the same value back.
#[must_use]
pub fn json(value: &Value) -> String {
    escaped(&value.to_string()).into_owned()
}

/// JSON as a serializer gives it, indented or not, with the same characters escaped as by [`json`].
#[must_use]
pub fn escaped(json: &str) -> Cow<'_, str> {
    // Outside of its strings JSON is ASCII, and the newlines there are its own.
    let acts = |c: char| c != '\n' && is_unsafe(c);
    if !json.chars().any(acts) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if acts(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// C0, C1, DEL, bidi controls, zero-width and other format characters, tags, private use, and the
/// line and paragraph separators.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}'
            | '\u{f0000}'..='\u{10ffff}')
}

/// Cuts text to `width` terminal cells, with `…` where something was cut.
#[must_use]
pub fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut used = 0;
    for cluster in text.graphemes(true) {
        let cells = cluster.width();
        if used + cells + 1 > width {
            break;
        }
        used += cells;
        out.push_str(cluster);
    }
    if width > 0 {
        out.push('…');
    }
    Cow::Owned(out)
}

/// Returns a value without the white space, byte order mark and pair of quotes that were copied along with it.
#[must_use]
pub fn unquoted(value: &str) -> &str {
    let around = |c: char| c.is_whitespace() || matches!(c, '\0' | '\u{feff}' | '\u{200b}');
    let value = value.trim_matches(around);
    ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
        .trim_matches(around)
}

/// Groups digits: `1,325`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Formats a rate per second without meaningless digits: `94,547/s`, `12/s`, `3.4/s`.
#[must_use]
pub fn rate(a_second: f64) -> String {
    match a_second {
        rate if !rate.is_finite() || rate < 0.05 => "0/s".to_owned(),
        rate if rate < 9.95 => format!("{rate:.1}/s"),
        // Saturates far beyond what any machine does.
        rate => format!("{}/s", grouped(rate.round() as u64)),
    }
}

/// Bytes in at most five characters.
///
/// ```
/// assert_eq!(luthier_hub::text::bytes(12_700), "12.4K");
/// ```
#[must_use]
pub fn bytes(count: u64) -> String {
    let mut size = count as f64;
    for unit in ["B", "K", "M", "G", "T"] {
        if size < 999.5 || unit == "T" {
            return if unit == "B" || size >= 99.95 {
                format!("{size:.0}{unit}")
            } else {
                format!("{size:.1}{unit}")
            };
        }
        size /= 1024.0;
    }
    String::new()
}

/// Returns a moment as people read it, to the second, from RFC 3339; what is no moment stays as it is.
#[must_use]
pub fn moment(time: &str) -> Cow<'_, str> {
    let shown = time.parse::<jiff::Timestamp>();
    shown.map_or(Cow::Borrowed(time), |at| {
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into()
    })
}

/// A number with its noun.
///
/// ```
/// use luthier_hub::text::plural;
///
/// assert_eq!(plural(1, "row"), "1 row");
/// assert_eq!(plural(1_325, "branch"), "1,325 branches");
/// ```
#[must_use]
pub fn plural(count: u64, noun: &str) -> String {
    let noun = if count == 1 { noun.into() } else { many(noun) };
    format!("{} {noun}", grouped(count))
}

/// Returns a noun of which there are more than one.
#[must_use]
pub fn many(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if noun.ends_with("ch") => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, cut, escaped, grouped, json, moment, plural, rate, safe, unquoted};

    #[test]
    fn a_rate_has_no_figures_that_mean_nothing() {
        for (a_second, told) in [
            (94_546.589_2, "94,547/s"),
            (12.3, "12/s"),
            (9.96, "10/s"),
            (3.44, "3.4/s"),
            (0.01, "0/s"),
            (f64::NAN, "0/s"),
            (f64::INFINITY, "0/s"),
        ] {
            assert_eq!(rate(a_second), told);
        }
    }

    #[test]
    fn what_was_copied_along_with_a_value_is_taken_off() {
        for value in [
            "a b",
            " a b\n",
            "\"a b\"\r\n",
            "'a b'",
            "\u{feff}a b",
            " ' a b ' ",
        ] {
            assert_eq!(unquoted(value), "a b", "{value:?}");
        }
        assert_eq!(unquoted("'a\""), "'a\"");
        assert_eq!(unquoted("\""), "\"");
        assert_eq!(unquoted("\"\""), "");
    }

    #[test]
    fn what_a_terminal_would_act_on_is_shown_instead() {
        for hostile in [
            "\u{1b}]0;title\u{7}",
            "a\rb",
            "\u{202e}evil",
            "zero\u{200b}width",
        ] {
            let shown = safe(hostile);
            assert_ne!(shown, hostile);
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
            assert!(!shown.contains(['\u{202e}', '\u{200b}']), "{shown:?}");
        }
        assert_eq!(safe("naïve 日本語"), "naïve 日本語");
    }

    #[test]
    fn json_holds_nothing_that_a_terminal_or_a_reader_of_lines_acts_on() {
        let hostile: String = (0..0x11_0000u32).filter_map(char::from_u32).collect();
        let value = serde_json::json!({ &hostile: [&hostile] });
        let line = json(&value);
        assert!(!line.chars().any(super::is_unsafe));
        assert!(!line.contains('\n'));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&line).unwrap(),
            value
        );
        assert!(line.contains(r"\u007f") && line.contains(r"\u0085") && line.contains(r"\u2028"));
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let shown = escaped(&pretty);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&shown).unwrap(),
            value
        );
        assert_eq!(shown.lines().count(), 5, "its own newlines stay");
    }

    #[test]
    fn what_is_too_wide_ends_in_dots_within_its_cells() {
        assert_eq!(cut("branch", 6), "branch");
        assert_eq!(cut("branches", 6), "branc…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…", "half of a wide letter is none");
    }

    #[test]
    fn figures_and_nouns_are_as_people_write_them() {
        assert_eq!(
            ["1", "999", "1,000", "10,000,000"],
            [1, 999, 1_000, 10_000_000].map(grouped)
        );
        assert_eq!(
            ["0B", "999B", "1.0K", "12.4K", "1.0M"],
            [0, 999, 1_024, 12_700, 1 << 20].map(bytes)
        );
        assert_eq!(plural(1, "row"), "1 row");
        assert_eq!(plural(2_000, "branch"), "2,000 branches");
        assert_eq!(plural(0, "entry"), "0 entries");
        assert_eq!(plural(2, "key"), "2 keys");
    }

    #[test]
    fn moments_are_shown_to_the_second() {
        assert_eq!(
            moment("2026-11-23T17:47:25.81083197Z"),
            "2026-11-23T17:47:25Z"
        );
        assert_eq!(moment("2026-11-23T18:47:25+01:00"), "2026-11-23T17:47:25Z");
        assert_eq!(moment("yesterday"), "yesterday");
    }
}
