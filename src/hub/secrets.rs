//! Keeps secrets out of errors, notices and the log.
//!
//! Two rules take them out of a line: every value that this process has read as a secret ([`learn`]), and every
//! shape that a secret is written in (a password in a URL, `token=…`, an AWS key). [`shown`] also makes the line
//! safe for a terminal; errors, notices and every line of the log pass through it.

use crate::text;
use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

/// The text that replaces a secret in a line.
const MASK: &str = "***";

/// Shorter values are masked by their shape alone: they occur in words by chance.
const SHORTEST: usize = 4;

/// Values that are remembered; credentials that are renewed replace the oldest.
const REMEMBERED: usize = 64;

/// Every secret that this process has read, as it is and as URLs write it.
static KNOWN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Environment variables whose values are secrets.
const VARIABLES: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
];

/// The ends of names whose values are secrets, in lower case: `sslpassword`, `X-Amz-Security-Token`.
const NAMES: [&str; 12] = [
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "signature",
    "credential",
    "access_key",
    "access-key",
    "access_key_id",
    "accesskeyid",
    "api_key",
];

/// The beginnings of tokens.
const TOKENS: [&str; 7] = [
    "eyJ",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "xoxb-",
    "FwoGZXIvYXdz",
];

/// The beginnings of AWS key ids; 16 letters and digits follow.
const KEY_IDS: [&str; 2] = ["AKIA", "ASIA"];

/// Remembers a secret: from now on no line that passes through [`hide`] holds it.
pub fn learn(secret: &str) {
    let secret = secret.trim();
    if secret.len() < SHORTEST {
        return;
    }
    let encoded = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC);
    let decoded = percent_encoding::percent_decode_str(secret).decode_utf8_lossy();
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    for form in [secret, &encoded.to_string(), &decoded] {
        if form.len() >= SHORTEST && !known.iter().any(|held| held == form) {
            if known.len() == REMEMBERED {
                known.remove(0);
            }
            known.push(form.to_owned());
        }
    }
}

/// Remembers the secrets in the environment of this process.
pub fn learn_environment() {
    for name in VARIABLES {
        if let Ok(value) = std::env::var(name) {
            learn(&value);
        }
    }
}

/// A line as errors, notices and the log show it: without secrets, and safe for a terminal.
#[must_use]
pub fn shown(line: &str) -> String {
    text::safe(&hide(line)).into_owned()
}

/// Replaces every secret in `line` by `***`.
#[must_use]
pub fn hide(line: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(line);
    {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        for secret in known.iter() {
            if out.contains(secret.as_str()) {
                out = Cow::Owned(out.replace(secret.as_str(), MASK));
            }
        }
    }
    for rule in [users, values, words] {
        if let Some(masked) = rule(&out) {
            out = Cow::Owned(masked);
        }
    }
    out
}

/// Masks what precedes the last at-sign of a URL: user and password, however they are spelled.
fn users(line: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, url) = rest.split_at(at + 3);
        let end = url.find(ends_word).unwrap_or(url.len());
        let (url, behind) = url.split_at(end);
        out.push_str(before);
        match url.rsplit_once('@') {
            Some((_, host)) => out.extend([MASK, "@", host]),
            None => out.push_str(url),
        }
        rest = behind;
    }
    out.push_str(rest);
    (out != line).then_some(out)
}

/// Masks the value behind a name that says that it is secret: `token=…`, `"password": "…"`, `Bearer …`.
fn values(line: &str) -> Option<String> {
    let lower = line.to_ascii_lowercase();
    let mut found: Vec<(usize, usize)> = Vec::new();
    for name in NAMES {
        for (at, _) in lower.match_indices(name) {
            found.extend(value_behind(line, at + name.len(), ends_value));
        }
    }
    // Its value has several words.
    for (at, name) in lower.match_indices("authorization") {
        found.extend(value_behind(line, at + name.len(), |c| {
            matches!(c, '"' | '\'')
        }));
    }
    for (at, name) in lower.match_indices("bearer ") {
        let start = at + name.len();
        let end = line[start..]
            .find(ends_value)
            .map_or(line.len(), |n| start + n);
        found.push((start, end));
    }
    mask(line, found)
}

/// The place of the value behind a name that ends at `at`: behind `=` or `:`, with spaces and quotes around these.
fn value_behind(line: &str, at: usize, ends: fn(char) -> bool) -> Option<(usize, usize)> {
    let around = |c: char| matches!(c, ' ' | '"' | '\'' | '\\');
    let rest = line[at..].trim_start_matches(around);
    let rest = rest
        .strip_prefix(['=', ':'])
        .or_else(|| rest.strip_prefix("%3D"))?;
    let value = rest.trim_start_matches(around);
    let start = line.len() - value.len();
    let end = value.find(ends).map_or(line.len(), |n| start + n);
    (end > start).then_some((start, end))
}

/// Masks words that are secrets by what they begin with.
fn words(line: &str) -> Option<String> {
    let is_word =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+' | '=');
    let mut found = Vec::new();
    for start in TOKENS.iter().chain(&KEY_IDS) {
        for (at, _) in line.match_indices(start) {
            if line[..at].ends_with(|c: char| c.is_ascii_alphanumeric()) {
                continue;
            }
            let word = &line[at..];
            let word = &word[..word.find(|c| !is_word(c)).unwrap_or(word.len())];
            let is_secret = match KEY_IDS.contains(start) {
                true => {
                    word.bytes()
                        .take(20)
                        .filter(u8::is_ascii_alphanumeric)
                        .count()
                        == 20
                }
                false => word.len() >= start.len() + 12,
            };
            if is_secret {
                found.push((at, at + word.len()));
            }
        }
    }
    mask(line, found)
}

/// Replaces these stretches; those that overlap become one.
fn mask(line: &str, mut found: Vec<(usize, usize)>) -> Option<String> {
    if found.is_empty() {
        return None;
    }
    found.sort_unstable();
    let mut out = String::with_capacity(line.len());
    let mut done = 0;
    for (start, end) in found {
        if start >= done {
            out.extend([&line[done..start], MASK]);
        }
        done = done.max(end);
    }
    out.push_str(&line[done..]);
    Some(out)
}

/// Ends a URL in a line of text.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>')
}

/// Ends a value in a line of text, in JSON or in the query of a URL.
fn ends_value(c: char) -> bool {
    ends_word(c) || matches!(c, '&' | ',' | ';' | ')' | '}')
}

#[cfg(test)]
mod tests {
    use super::{hide, learn, shown};

    #[test]
    fn secrets_are_masked_by_the_shape_that_they_are_written_in() {
        for (line, hidden) in [
            (
                "postgres://u:s3cret@db/hub refused",
                "postgres://***@db/hub refused",
            ),
            (
                "`postgres://u:12/s3@cret@db/hub`",
                "`postgres://***@db/hub`",
            ),
            (
                "http://h/o?X-Amz-Signature=ab12&x=1",
                "http://h/o?X-Amz-Signature=***&x=1",
            ),
            ("X-Amz-Security-Token: abc", "X-Amz-Security-Token: ***"),
            (
                r#"{"password": "s3cret", "user": "u"}"#,
                r#"{"password": "***", "user": "u"}"#,
            ),
            (
                "aws_secret_access_key = wJalr/K7",
                "aws_secret_access_key = ***",
            ),
            (
                "Authorization: AWS4-HMAC-SHA256 Credential=A/b, Signature=c",
                "Authorization: ***",
            ),
            ("sent Bearer abc.def twice", "sent Bearer *** twice"),
            ("for AKIAIOSFODNN7EXAMPLE only", "for *** only"),
            ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIi", "got ***"),
        ] {
            assert_eq!(hide(line), hidden);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for line in [
            "request{key=objects/sha256/ab side=store}",
            "s3://bucket/prefix at http://127.0.0.1:9000",
            "the token is missing; set the password again",
            "AKIRA and eyJ are short",
            "sha256:5c5f8f0e3a0b5a2c9d1e7f6a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c",
        ] {
            assert_eq!(hide(line), line);
        }
    }

    #[test]
    fn a_value_that_was_read_as_a_secret_is_masked_wherever_it_stands() {
        learn("pa55 w/rd!");
        assert_eq!(hide("x pa55 w/rd! y pa55%20w%2Frd%21 z"), "x *** y *** z");
        assert_eq!(shown("a\u{1b}[2Jpa55 w/rd!"), "a\\u{1b}[2J***");
        learn("abc");
        assert_eq!(hide("abc"), "abc", "too short to be told from a word");
    }
}
