//! JSON as databases and Python write it, read where it lies: whatever is spelt otherwise is left to the strict reader.

/// What is left of a JSON text.
pub(crate) struct Cursor<'r>(pub &'r str);

impl<'r> Cursor<'r> {
    /// Takes one character, and the blank behind it that Python writes.
    pub fn take(&mut self, expected: char) -> Option<()> {
        let rest = self.0.strip_prefix(expected)?;
        self.0 = rest.strip_prefix(' ').unwrap_or(rest);
        Some(())
    }

    /// Takes a string without escapes.
    pub fn string(&mut self) -> Option<&'r str> {
        let text = self.0.strip_prefix('"')?;
        let ends = |b: u8| b == b'"' || b == b'\\' || b < 0x20;
        let end = text.bytes().position(ends)?;
        let (string, rest) = text.split_at(end);
        self.0 = rest.strip_prefix('"')?;
        Some(string)
    }

    /// Takes items between two characters.
    pub fn items(
        &mut self,
        (open, close): (char, char),
        mut item: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.take(open)?;
        if let Some(rest) = self.0.strip_prefix(close) {
            self.0 = rest;
            return Some(());
        }
        loop {
            item(self)?;
            if let Some(rest) = self.0.strip_prefix(close) {
                self.0 = rest;
                return Some(());
            }
            self.take(',')?;
        }
    }

    /// Takes items between two characters, and nothing behind them.
    pub fn each(
        mut self,
        around: (char, char),
        item: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.items(around, item)?;
        self.0.is_empty().then_some(())
    }
}

/// Returns a list of at most two strings, and how many there are. `None` says nothing: it may be one all the same.
#[must_use]
pub fn two_texts(text: &str) -> Option<([&str; 2], usize)> {
    let (mut out, mut count) = ([""; 2], 0);
    if text.is_empty() {
        return Some((out, count));
    }
    Cursor(text).each(('[', ']'), |list| {
        *out.get_mut(count)? = list.string()?;
        count += 1;
        Some(())
    })?;
    Some((out, count))
}

#[cfg(test)]
mod tests {
    use super::two_texts;

    #[test]
    fn a_list_of_two_strings_is_read_where_it_lies() {
        for text in ["", "[]"] {
            assert_eq!(two_texts(text), Some((["", ""], 0)), "{text}");
        }
        assert_eq!(two_texts(r#"["a"]"#), Some((["a", ""], 1)));
        assert_eq!(two_texts(r#"["a", "é"]"#), Some((["a", "é"], 2)));
        for other in [
            "[",
            "null",
            "{}",
            "[null]",
            "[1]",
            "[\"a\"",
            "[\"a\"] ",
            "[\"a\",]",
            "[,\"a\"]",
            "[\"\\u0061\"]",
            "[\"a\"\"b\"]",
            "[\"a\",\"b\",\"c\"]",
        ] {
            assert_eq!(two_texts(other), None, "{other}");
        }
    }
}
