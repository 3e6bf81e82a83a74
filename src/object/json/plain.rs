//! What rows mostly hold, read without a value for each part. Nothing is judged here: where a text is not plain, the
//! strict reader says what it is.

use super::read::scan;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Returns a list that holds nothing but texts; `None` for anything else.
#[must_use]
pub fn text_list(text: &str) -> Option<Vec<String>> {
    let text = scan(text).ok()?;
    let mut reader = serde_json::Deserializer::from_str(&text);
    let list = Texts.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(list.into_iter().map(Cow::into_owned).collect())
}

/// Reads a text where it lies.
pub(crate) struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// Reads a list of texts where they lie.
pub(crate) struct Texts;

impl<'de> DeserializeSeed<'de> for Texts {
    type Value = Vec<Cow<'de, str>>;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Texts {
    type Value = Vec<Cow<'de, str>>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut out = Vec::new();
        while let Some(text) = items.next_element_seed(Text)? {
            out.push(text);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::text_list;

    #[test]
    fn a_list_of_texts_is_read_and_nothing_else() {
        let texts = |list: &[&str]| Some(list.iter().map(|t| (*t).to_owned()).collect());
        assert_eq!(text_list("[]"), texts(&[]));
        assert_eq!(text_list(r#" ["a", "\u00e9"] "#), texts(&["a", "é"]));
        for other in [
            "",
            "null",
            "{}",
            "[null]",
            "[1]",
            "[\"a\"",
            "[\"a\"] x",
            "\"a\"",
        ] {
            assert_eq!(text_list(other), None, "{other}");
        }
    }
}
