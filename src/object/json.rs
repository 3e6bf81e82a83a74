//! JSON, read strictly and written canonically.
//!
//! Canonical is byte-identical to Python's
//! `json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)`.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::fmt;

/// How deep objects and lists may nest.
pub const MAX_DEPTH: usize = 128;

/// How many values one document may hold; a parsed value takes some 32 bytes.
pub const MAX_VALUES: usize = 16 << 20;

/// Why JSON is refused. Nothing is ever rounded or mended.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum JsonError {
    #[error("not UTF-8: the bytes stop making sense at byte {at}")]
    NotUtf8 { at: usize },
    #[error("nesting is deeper than {MAX_DEPTH} at byte {at}")]
    TooDeep { at: usize },
    #[error("more than {MAX_VALUES} values")]
    TooManyValues,
    #[error("the integer at byte {at} does not fit 64 bits, so it cannot be kept exactly")]
    IntegerTooLarge { at: usize },
    #[error("the key {key:?} stands twice in one object")]
    DuplicateKey { key: String },
    #[error("a lone surrogate, which is no character: {0}")]
    LoneSurrogate(String),
    #[error("a number that is not finite: {0}")]
    NotFinite(String),
    #[error("no JSON: {0}")]
    Syntax(String),
}

/// Parses one document: no trailing text, no duplicate keys, no number that would change.
///
/// # Errors
/// Each refusal has its own variant of [`JsonError`].
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|e| JsonError::NotUtf8 {
        at: e.valid_up_to(),
    })?;
    let text = scan(text)?;
    let mut reader = serde_json::Deserializer::from_str(&text);
    reader.disable_recursion_limit(); // `scan` has bounded the depth
    let value = Strict
        .deserialize(&mut reader)
        .map_err(|e| explain(&e, &text))?;
    reader.end().map_err(|e| explain(&e, &text))?;
    Ok(value)
}

/// Walks the tokens once for what serde_json would let through: depth, the number of values,
/// integers beyond 64 bits (it makes them floats) and `-0` (an integer in Python, a float to it).
fn scan(text: &str) -> Result<Cow<'_, str>, JsonError> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut values) = (0, 0usize, 1usize);
    let mut minus_zero = Vec::new();
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = end_of_string(bytes, at),
            b'{' | b'[' => {
                depth += 1;
                values += 1;
                if depth > MAX_DEPTH {
                    return Err(JsonError::TooDeep { at });
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            b'-' | b'0'..=b'9' => {
                let end = end_of_number(bytes, at);
                let token = &text[at..end];
                if token == "-0" {
                    minus_zero.push(at);
                } else if token.bytes().all(|b| b == b'-' || b.is_ascii_digit())
                    && token.len() > 1
                    && token.parse::<i64>().is_err()
                    && token.parse::<u64>().is_err()
                    && token.trim_start_matches('-').len() > 18
                {
                    return Err(JsonError::IntegerTooLarge { at });
                }
                at = end - 1;
            }
            _ => {}
        }
        at += 1;
    }
    if values > MAX_VALUES {
        return Err(JsonError::TooManyValues);
    }
    if minus_zero.is_empty() {
        return Ok(Cow::Borrowed(text));
    }
    let mut mended = text.as_bytes().to_vec();
    for at in minus_zero {
        mended[at] = b' ';
    }
    Ok(String::from_utf8(mended).map_or(Cow::Borrowed(text), Cow::Owned))
}

/// The index of the closing quote of the string that opens at `at`, or the last index.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len().saturating_sub(1))
}

/// The index behind the number that starts at `at`.
fn end_of_number(bytes: &[u8], at: usize) -> usize {
    bytes[at..]
        .iter()
        .position(|b| !matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
        .map_or(bytes.len(), |n| at + n)
}

/// Gives serde_json's refusals the names of this format.
fn explain(error: &serde_json::Error, _text: &str) -> JsonError {
    let said = error.to_string();
    if let Some(key) = said.strip_prefix(DUPLICATE) {
        let key = key
            .rsplit_once(" at line ")
            .map_or(key, |(key, _)| key)
            .to_owned();
        JsonError::DuplicateKey { key }
    } else if said.contains("surrogate") || said.contains("unexpected end of hex escape") {
        JsonError::LoneSurrogate(said)
    } else if said.contains("number out of range") {
        JsonError::NotFinite(said)
    } else {
        JsonError::Syntax(said)
    }
}

const DUPLICATE: &str = "duplicate key ";

/// Builds a [`Value`], refusing an object that names a key twice.
#[derive(Clone, Copy)]
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Number(v.into()))
    }
    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(Value::Number(v.into()))
    }
    fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<Value, E> {
        Number::from_f64(v)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }
    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::String(v.to_owned()))
    }
    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::String(v))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        while let Some(value) = seq.next_element_seed(Strict)? {
            out.push(value);
        }
        Ok(Value::Array(out))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Strict)?;
            if out.insert(key.clone(), value).is_some() {
                return Err(serde::de::Error::custom(format_args!("{DUPLICATE}{key}")));
            }
        }
        Ok(Value::Object(out))
    }
}

/// Writes `value` canonically.
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
    use std::fmt::Write;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
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
    if point > 16 || point < -3 {
        let (first, rest) = digits.split_at(1);
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        let power = point - 1;
        let sign = if power < 0 { '-' } else { '+' };
        out.push_str(&format!("e{sign}{:02}", power.abs()));
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
