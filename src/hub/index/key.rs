//! Ids as the facts keep them: a kind, a form and 32 bytes. An id without a digest keeps its text in the scratch
//! file, and its number there stands for it.
//!
//! Keys of digests sort as the texts of their ids do.

use luthier_object::{Kind, id};
use std::borrow::Cow;
use std::fmt::Write;

/// Bytes of a key.
pub(in crate::index) const KEY: usize = 33;

/// A kind and a form in one byte, then a digest, or the number of a text.
pub(in crate::index) type Key = [u8; KEY];

/// What begins the ids that are written today.
const PREFIX: &str = "sha256:";

/// The spelling of an id. The order is that of their texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::index) enum Form {
    /// 64 digits.
    Bare = 0,
    /// 64 digits behind `sha256:`.
    Typed = 1,
    /// Anything else.
    Odd = 2,
}

impl Form {
    /// The forms that hold a digest, in the order of their texts.
    pub const DIGESTS: [Form; 2] = [Form::Bare, Form::Typed];
}

/// An id at the door: as the facts keep it, or the text of one that holds no digest.
#[derive(Debug)]
pub(in crate::index) enum Met<'t> {
    Digest(Form, [u8; 32]),
    Odd(Cow<'t, str>),
}

impl<'t> Met<'t> {
    pub fn new(text: &'t str) -> Self {
        let (form, digits) = match text.strip_prefix(PREFIX) {
            Some(digits) => (Form::Typed, digits),
            None => (Form::Bare, text),
        };
        id::digest(digits).map_or(Met::Odd(text.into()), |digest| Met::Digest(form, digest))
    }

    /// Returns an id that can be handed to another thread.
    pub fn owned(text: &str) -> Met<'static> {
        match Met::new(text) {
            Met::Digest(form, digest) => Met::Digest(form, digest),
            Met::Odd(text) => Met::Odd(text.into_owned().into()),
        }
    }
}

const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Returns the byte that begins the keys of a kind and a form.
pub(super) const fn head(kind: Kind, form: Form) -> u8 {
    (kind as u8) << 2 | form as u8
}

/// Returns the key of a digest.
pub(in crate::index) fn key(kind: Kind, form: Form, digest: &[u8; 32]) -> Key {
    let mut key = [0; KEY];
    key[0] = head(kind, form);
    key[1..].copy_from_slice(digest);
    key
}

/// Returns the key of a text's number.
pub(super) fn odd_key(kind: Kind, number: i64) -> Key {
    let mut key = [0; KEY];
    key[0] = head(kind, Form::Odd);
    key[1..9].copy_from_slice(&number.to_be_bytes());
    key
}

/// A key taken apart: the text of its id, or the number that stands for one.
pub(in crate::index) enum Meant {
    Text(String),
    Odd(i64),
}

/// Returns what a key stands for.
pub(in crate::index) fn meant(key: &[u8]) -> Meant {
    let is = |form: Form| key[0] & 3 == form as u8;
    if is(Form::Odd) {
        let mut number = [0; 8];
        number.copy_from_slice(&key[1..9]);
        return Meant::Odd(i64::from_be_bytes(number));
    }
    let mut text = String::with_capacity(PREFIX.len() + 64);
    if is(Form::Typed) {
        text.push_str(PREFIX);
    }
    for byte in &key[1..KEY] {
        // A String takes whatever is written.
        let _ = write!(text, "{byte:02x}");
    }
    Meant::Text(text)
}

/// Returns the kind of a key.
pub(super) const fn kind(key: &[u8]) -> Kind {
    match key[0] >> 2 {
        0 => Kind::Commit,
        1 => Kind::Snapshot,
        _ => Kind::Blob,
    }
}

/// Returns the least key of this kind, or of the next, whose id is a digest and sorts behind `text`.
pub(super) fn behind(kind: Kind, text: &str) -> Key {
    if let Met::Digest(form, digest) = Met::new(text) {
        let mut next = key(kind, form, &digest);
        add_one(&mut next);
        return next;
    }
    if let Some(key) = behind_digits(kind, Form::Bare, text.as_bytes()) {
        return key;
    }
    match text.strip_prefix(PREFIX) {
        Some(digits) => behind_digits(kind, Form::Typed, digits.as_bytes()),
        None if text < PREFIX => Some(key(kind, Form::Typed, &[0; 32])),
        None => None,
    }
    // Behind all digests of the kind come its odd ids.
    .unwrap_or_else(|| key(kind, Form::Odd, &[0; 32]))
}

/// Returns the least key of this form whose 64 digits sort behind a text that is none; `None` where none does.
fn behind_digits(kind: Kind, form: Form, text: &[u8]) -> Option<Key> {
    let same = text.iter().take(64).take_while(|c| value(**c).is_some());
    let same = same.count();
    let mut out = key(kind, form, &[0; 32]);
    let mut put = |at: usize, digit: u8| {
        out[1 + at / 2] |= digit << if at.is_multiple_of(2) { 4 } else { 0 };
    };
    for (at, digit) in text[..same].iter().enumerate() {
        put(at, value(*digit)?);
    }
    // The first character that differs decides: digits that come behind it, or the next of the ones before.
    match text.get(same) {
        None => return Some(out),
        Some(c) if same < 64 && *c < b'0' => return Some(out),
        Some(c) if same < 64 && *c < b'a' => {
            put(same, 10);
            return Some(out);
        }
        Some(_) => {}
    }
    let unit = same.checked_sub(1)?;
    let mut carry = u16::from(if unit.is_multiple_of(2) { 16u8 } else { 1 });
    for byte in out[1..=1 + unit / 2].iter_mut().rev() {
        let sum = u16::from(*byte) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    (carry == 0).then_some(out)
}

/// Makes a key the next one.
fn add_one(key: &mut Key) {
    for byte in key.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, Key, Meant, Met, behind, key, kind, meant, odd_key};
    use luthier_object::Kind;

    fn of(text: &str) -> Option<Key> {
        match Met::new(text) {
            Met::Digest(form, digest) => Some(key(Kind::Snapshot, form, &digest)),
            Met::Odd(_) => None,
        }
    }

    #[test]
    fn an_id_comes_back_as_it_was_spelt() {
        let digits = "0123456789abcdef".repeat(4);
        for text in [digits.clone(), format!("sha256:{digits}")] {
            let key = of(&text).unwrap();
            assert_eq!(kind(&key), Kind::Snapshot);
            assert!(matches!(meant(&key), Meant::Text(back) if back == text));
        }
        let upper = digits.to_uppercase();
        for odd in ["", "sha256:", "abc", &digits[1..], &upper, "sha1:ab"] {
            assert!(of(odd).is_none(), "{odd}");
        }
        assert!(matches!(meant(&odd_key(Kind::Blob, 7)), Meant::Odd(7)));
        assert_eq!(kind(&odd_key(Kind::Blob, 7)), Kind::Blob);
    }

    #[test]
    fn what_sorts_behind_a_text_is_found_as_texts_sort() {
        let mut random = fastrand::Rng::with_seed(4);
        let mut fixed: Vec<String> = Vec::new();
        let parts = ["0", "9", "a", "f", "1"];
        for _ in 0..200 {
            let start: String = (0..3).map(|_| parts[random.usize(0..5)]).collect();
            let rest = ["0", "f", "7"][random.usize(0..3)].repeat(61);
            let prefix = ["", "sha256:"][random.usize(0..2)];
            fixed.push(format!("{prefix}{start}{rest}"));
        }
        let mut texts = fixed.clone();
        for text in &fixed {
            for cut in [0, 1, 2, 5, 7, 8, 10, text.len() - 1, text.len()] {
                for end in ["", "/", ":", "A", "`", "g", "0", "f", "~", "é"] {
                    texts.push(format!("{}{end}", &text[..cut]));
                }
            }
        }
        for text in &texts {
            let least = behind(Kind::Snapshot, text);
            for id in &fixed {
                let key = of(id).unwrap();
                assert_eq!(key >= least, id > text, "{id} behind {text:?}");
            }
            assert!(least <= key(Kind::Snapshot, Form::Odd, &[0; 32]));
        }
    }
}
