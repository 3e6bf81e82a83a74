//! Why the bytes of a row were not read, in words of the findings on it.

use crate::fault::Code;
use crate::judge::Verdict;
use std::collections::BTreeMap;

/// Why the bytes of one row were not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unread {
    /// Of what was found on the row, the gravest.
    Found(Code),
    /// Nothing is wrong with it, and it points to no object.
    NoObject,
    /// The store gave no answer.
    NoAnswer,
    /// Too young to be judged.
    TooNew,
}

/// The number of rows by why they were not read.
pub type UnreadRows = BTreeMap<Unread, u64>;

impl Unread {
    /// Of a row whose bytes an audit wanted; `None` where it read them.
    pub(crate) fn of(verdict: Option<&Verdict>) -> Option<Self> {
        let Some(verdict) = verdict else {
            return Some(Unread::TooNew);
        };
        let codes = verdict.findings.iter().map(|found| found.code);
        match (
            verdict.read,
            codes.min_by_key(|code| std::cmp::Reverse(code.fault().grade)),
        ) {
            (Some(_), _) => None,
            _ if !verdict.unknown.is_empty() => Some(Unread::NoAnswer),
            (None, Some(code)) => Some(Unread::Found(code)),
            (None, None) => Some(Unread::NoObject),
        }
    }

    /// Returns the words that follow a number of rows.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Unread::Found(code) => format!("with {code}"),
            Unread::NoObject => "without an object".to_owned(),
            Unread::NoAnswer => "without an answer of the store".to_owned(),
            Unread::TooNew => "younger than the grace period".to_owned(),
        }
    }
}
