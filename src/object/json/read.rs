//! The strict reader: what cannot be kept exactly is refused by name.

use super::{JsonError, MAX_DEPTH, MAX_VALUES};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;

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
    let value = value(&mut reader, |e| explain(&e))?;
    reader.end().map_err(|e| explain(&e))?;
    Ok(value)
}

/// Parses an object whose values are all texts, each of which `make` takes, without a [`Value`] for each: such a tree
/// takes twice the memory of the map. `None` for everything else; [`parse`] says what it is.
pub(crate) fn texts<T>(bytes: &[u8], make: fn(String) -> T) -> Option<BTreeMap<String, T>> {
    let text = scan(std::str::from_utf8(bytes).ok()?).ok()?;
    let mut reader = serde_json::Deserializer::from_str(&text);
    let map = reader.deserialize_map(Texts(make)).ok()?;
    reader.end().ok()?;
    Some(map)
}

/// Builds a map of texts; a key that occurs twice is an error.
struct Texts<T>(fn(String) -> T);

impl<'de, T> Visitor<'de> for Texts<T> {
    type Value = BTreeMap<String, T>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut out = BTreeMap::new();
        while let Some((key, text)) = entries.next_entry::<String, String>()? {
            if out.insert(key, (self.0)(text)).is_some() {
                return Err(A::Error::custom("a key occurs twice"));
            }
        }
        Ok(out)
    }
}

/// Reads one value from any format, as strictly as JSON is read; `explain` names the format's own
/// refusals. The caller bounds the depth and looks for what follows the value.
pub(crate) fn value<'de, D, E>(reader: D, explain: impl FnOnce(D::Error) -> E) -> Result<Value, E>
where
    D: Deserializer<'de>,
    E: From<JsonError>,
{
    let guard = Guard::default();
    Strict(&guard)
        .deserialize(reader)
        .map_err(|e| match guard.refusal.take() {
            Some(refusal) => refusal.into(),
            None => explain(e),
        })
}

/// Walks the tokens once for what serde_json would let through or not name: depth, the number of
/// values, integers beyond 64 bits (it makes them floats), `NaN` and `Infinity` as Python writes
/// them, and `-0` (an integer in Python, a float to it).
pub(crate) fn scan(text: &str) -> Result<Cow<'_, str>, JsonError> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut values) = (0, 0usize, 1usize);
    let mut minus_zeros = Vec::new();
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
                match &text[at..end] {
                    "-0" => minus_zeros.push(at),
                    token if is_too_large(token) => return Err(JsonError::IntegerTooLarge { at }),
                    _ => {}
                }
                at = end - 1;
            }
            b'N' | b'I' => refuse_not_finite(text, at)?,
            _ => {}
        }
        at += 1;
    }
    if values > MAX_VALUES {
        return Err(JsonError::TooManyValues);
    }
    Ok(without_signs(text, &minus_zeros))
}

/// Blanks the signs at `places`, so that positions stay as they were.
fn without_signs<'t>(text: &'t str, places: &[usize]) -> Cow<'t, str> {
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for &at in places {
        out.push_str(&text[from..at]);
        out.push(' ');
        from = at + 1;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Returns whether `token` is a well-formed integer that neither `i64` nor `u64` holds.
fn is_too_large(token: &str) -> bool {
    let digits = token.strip_prefix('-').unwrap_or(token);
    digits.len() > 18
        && digits.bytes().all(|b| b.is_ascii_digit())
        && token.parse::<i64>().is_err()
        && token.parse::<u64>().is_err()
}

fn refuse_not_finite(text: &str, at: usize) -> Result<(), JsonError> {
    for word in ["NaN", "Infinity"] {
        // Bytes: `at + word.len()` need not be a boundary of characters.
        if text.as_bytes()[at..].starts_with(word.as_bytes()) {
            return Err(JsonError::NotFinite(format!("`{word}` at byte {at}")));
        }
    }
    Ok(())
}

/// Returns the index of the closing quote of the string that opens at `at`; the last index of all where the string does
/// not end.
fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len() - 1)
}

/// Returns the index behind the number that starts at `at`.
fn end_of_number(bytes: &[u8], at: usize) -> usize {
    bytes[at..]
        .iter()
        .position(|b| !matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
        .map_or(bytes.len(), |n| at + n)
}

/// Gives serde_json's refusals the names of this format. It tells them apart in words only; a test
/// holds it to each of these.
fn explain(error: &serde_json::Error) -> JsonError {
    let said = error.to_string();
    // The second is what it says where the second half of a pair is missing.
    if said.contains("surrogate in hex escape") || said.contains("unexpected end of hex escape") {
        JsonError::LoneSurrogate(said)
    } else if said.contains("number out of range") {
        JsonError::NotFinite(said)
    } else {
        JsonError::Syntax(said)
    }
}

/// The state that one reading shares: the number of values, and why it stopped. A refusal travels here and not in the
/// format's error, whose text a hostile key could imitate.
#[derive(Default)]
pub(crate) struct Guard {
    values: Cell<usize>,
    refusal: RefCell<Option<JsonError>>,
}

impl Guard {
    fn refuse<E: Error>(&self, why: JsonError) -> E {
        let error = E::custom(&why);
        *self.refusal.borrow_mut() = Some(why);
        error
    }

    fn count<E: Error>(&self) -> Result<(), E> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MAX_VALUES {
            return Err(self.refuse(JsonError::TooManyValues));
        }
        Ok(())
    }
}

/// Builds a [`Value`] under a [`Guard`].
#[derive(Clone, Copy)]
pub(crate) struct Strict<'g>(pub &'g Guard);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        self.0.count()?;
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
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
    fn visit_f64<E: Error>(self, v: f64) -> Result<Value, E> {
        Number::from_f64(v)
            .map(Value::Number)
            .ok_or_else(|| self.0.refuse(JsonError::NotFinite(v.to_string())))
    }
    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::String(v.to_owned()))
    }
    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::String(v))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        while let Some(value) = items.next_element_seed(self)? {
            out.push(value);
        }
        Ok(Value::Array(out))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if out.contains_key(&key) {
                return Err(self.0.refuse(JsonError::DuplicateKey { key }));
            }
            let value = entries.next_value_seed(self)?;
            out.insert(key, value);
        }
        Ok(Value::Object(out))
    }
}
