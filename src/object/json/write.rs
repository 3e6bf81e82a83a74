//! The writer: Python's spelling, byte for byte.

use serde_json::{Number, Value};

/// Writes `value` canonically.
///
/// ```
/// use luthier_object::json::canonical;
///
/// let value = serde_json::json!({"b": 1, "a": "é"});
/// assert_eq!(canonical(&value), r#"{"a":"\u00e9","b":1}"#);
/// ```
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, &mut out);
    out
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            // Sorted here: whether `Map` is sorted is a feature that any crate of a build may flip.
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (n, (key, value)) in entries.into_iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write_value(value, out);
            }
            out.push('}');
        }
    }
}

/// Quotes `text`; everything outside printable ASCII is escaped, DEL included.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0; // where the run of characters that need no escape began
    for (at, c) in text.char_indices() {
        if matches!(c, ' ' | '!' | '#'..='[' | ']'..='~') {
            continue;
        }
        out.push_str(&text[plain..at]);
        write_escape(c, out);
        plain = at + c.len_utf8();
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

fn write_escape(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        _ => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
}

fn write_number(number: &Number, out: &mut String) {
    let text = number.to_string();
    if number.is_f64() {
        write_float(&text, out);
    } else {
        out.push_str(&text);
    }
}

/// Lays serde_json's shortest digits out as Python's `repr` does. The digits are not computed
/// here: Rust's own `{:e}` breaks ties upwards, Python and serde_json break them to even.
fn write_float(text: &str, out: &mut String) {
    let (sign, text) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = format!("{whole}{fraction}");
    let leading = digits.len() - digits.trim_start_matches('0').len();
    let digits = digits.trim_matches('0');
    out.push_str(sign);
    if digits.is_empty() {
        out.push_str("0.0");
        return;
    }
    // The value is 0.DIGITS times ten to the `point`.
    let point = whole.len() as i32 + exponent - leading as i32;
    let count = digits.len() as i32;
    if !(-3..=16).contains(&point) {
        write_exponent(digits, point - 1, out);
    } else if point <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', (-point) as usize));
        out.push_str(digits);
    } else if point >= count {
        out.push_str(digits);
        out.extend(std::iter::repeat_n('0', (point - count) as usize));
        out.push_str(".0");
    } else {
        let (whole, fraction) = digits.split_at(point as usize);
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    }
}

/// Writes `d.ddde±NN`, with at least two digits of exponent.
fn write_exponent(digits: &str, power: i32, out: &mut String) {
    let (first, rest) = digits.split_at(1);
    out.push_str(first);
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    let sign = if power < 0 { '-' } else { '+' };
    out.push_str(&format!("e{sign}{:02}", power.abs()));
}
