//! The field of a commit row's `commit_meta` that ids are made from, read without a value for each of the others.

use crate::commit::defaults;
use crate::json::{Cursor, Guard, Strict, Text, Texts, scan};
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

/// Returns the `signer_public_key` of a `commit_meta`, empty where it has none; `None` where the cell holds more or other
/// things than the table of a commit's fields.
#[must_use]
pub fn signer_public_key(commit_meta: &str) -> Option<Cow<'_, str>> {
    if commit_meta.is_empty() {
        return Some(Cow::Borrowed(""));
    }
    if let Some(key) = plainly(commit_meta) {
        return Some(Cow::Borrowed(key));
    }
    // A text that it has to change is not plain.
    let Cow::Borrowed(text) = scan(commit_meta).ok()? else {
        return None;
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit(); // `scan` has bounded the depth
    let key = reader.deserialize_map(Meta).ok()?;
    reader.end().ok()?;
    Some(key)
}

/// The table of a commit's fields in the order of their names.
static SORTED: LazyLock<Vec<(&str, &Value)>> = LazyLock::new(|| {
    let mut fields: Vec<_> = defaults()
        .iter()
        .map(|(key, value)| (*key, value))
        .collect();
    fields.sort_unstable_by_key(|(key, _)| *key);
    fields
});

/// Returns the key that signs, where every value is a string without escapes, a list of them, a short number, or an
/// empty object: so nearly every commit has it. `None` says nothing.
fn plainly(commit_meta: &str) -> Option<&str> {
    let mut signer = "";
    let (mut seen, mut next) = (0u32, 0);
    Cursor(commit_meta).each(('{', '}'), |text| {
        let key = text.string()?;
        // Mostly they come in the order of their names.
        let at = match SORTED.get(next) {
            Some((known, _)) if *known == key => next,
            _ => SORTED.iter().position(|(known, _)| *known == key)?,
        };
        if seen & 1 << at != 0 {
            return None;
        }
        (seen, next) = (seen | 1 << at, at + 1);
        text.take(':')?;
        match SORTED[at].1 {
            Value::String(_) => {
                let value = text.string()?;
                if key == "signer_public_key" {
                    signer = value;
                }
            }
            Value::Array(_) => text.items(('[', ']'), |list| list.string().map(|_| ()))?,
            Value::Object(_) => text.items(('{', '}'), |_| None)?,
            Value::Number(_) => {
                let digits = text.0.bytes().take_while(u8::is_ascii_digit).count();
                let (number, rest) = text.0.split_at(digits);
                let is_plain = number == "0" || !number.starts_with('0');
                text.0 = (is_plain && (1..=18).contains(&digits)).then_some(rest)?;
            }
            _ => text.0 = text.0.strip_prefix("null")?,
        }
        Some(())
    })?;
    Some(signer)
}

/// Reads a `commit_meta` whose keys are all of the table, each once and of its type; gives the key that signs.
struct Meta;

impl<'de> Visitor<'de> for Meta {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fields of a commit")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let unlike = || A::Error::custom("not plain");
        let mut signer = Cow::Borrowed("");
        let mut seen = 0u32;
        while let Some(key) = entries.next_key_seed(Text)? {
            let at = defaults().iter().position(|(known, _)| *known == key);
            let at = at.filter(|at| seen & 1 << at == 0).ok_or_else(unlike)?;
            seen |= 1 << at;
            let fits = match &defaults()[at].1 {
                Value::String(_) => {
                    let text = entries.next_value_seed(Text)?;
                    if key == "signer_public_key" {
                        signer = text;
                    }
                    true
                }
                Value::Array(_) => entries.next_value_seed(Texts).map(|_| true)?,
                expected => {
                    let value = entries.next_value_seed(Strict(&Guard::default()))?;
                    match expected {
                        Value::Number(_) => value.is_i64() || value.is_u64(),
                        Value::Object(_) => value.is_object(),
                        other => other.is_null(),
                    }
                }
            };
            if !fits {
                return Err(unlike());
            }
        }
        Ok(signer)
    }
}

#[cfg(test)]
mod tests {
    use super::signer_public_key;
    use crate::commit::{OWN, with_defaults};
    use crate::json::parse;
    use serde_json::Value;

    /// What the strict reader says.
    fn strictly(text: &str) -> Option<String> {
        let Value::Object(map) = parse(text.as_bytes()).ok()? else {
            return None;
        };
        let map = with_defaults(map).ok()?;
        let signer = map.get("signer_public_key").and_then(Value::as_str);
        Some(signer.unwrap_or_default().to_owned())
    }

    #[test]
    fn a_plain_commit_meta_is_read_as_the_strict_reader_reads_it() {
        for text in [
            "{}",
            r#" { "signer_public_key" : "k\u0065y" , "test_runs":3 } "#,
            r#"{"metadata":{"a":{"b":[1,2.5]}},"structured_delta":{"x":null},"reviewed_by":["é"]}"#,
            r#"{"agent_id":"","breaking_changes":[],"format_version":1,"metadata":{},"signer_public_key":"k"}"#,
            r#"{"reviewed_by": ["a", "b"], "structured_delta": null, "signature": "é", "test_runs": 10}"#,
        ] {
            let plain = signer_public_key(text).map(std::borrow::Cow::into_owned);
            assert!(plain.is_some(), "{text}");
            assert_eq!(plain, strictly(text), "{text}");
        }
        assert_eq!(signer_public_key("").as_deref(), Some(""));
    }

    #[test]
    fn whatever_else_a_commit_meta_holds_is_left_to_the_strict_reader() {
        let own = format!(r#"{{"{}":"x"}}"#, OWN[0]);
        for text in [
            "null",
            "[]",
            "{",
            "{} {}",
            r#"{"signer_public_key":"a","signer_public_key":"b"}"#,
            r#"{"signer_public_key":3}"#,
            r#"{"signer_public_key":null}"#,
            r#"{"test_runs":1.0}"#,
            r#"{"test_runs":01}"#,
            r#"{"test_runs":}"#,
            r#"{"test_runs":1e3}"#,
            r#"{"structured_delta":nullx}"#,
            r#"{"metadata":{},}"#,
            r#"{"agent_id":"a""model_id":"b"}"#,
            r#"{"test_runs":-0}"#,
            r#"{"test_runs":99999999999999999999}"#,
            r#"{"metadata":[]}"#,
            r#"{"metadata":{"a":1,"a":2}}"#,
            r#"{"reviewed_by":[1]}"#,
            r#"{"agent_id":"\ud800"}"#,
            r#"{"mood":"sad"}"#,
            &own,
        ] {
            assert_eq!(signer_public_key(text), None, "{text}");
        }
    }
}
