//! The filter language: plain words, and `code:` `fix:` `kind:` `repo:` `stops:` `id:` `is:` to narrow them.

use luthier_audit::fault::FAULTS;
use luthier_audit::{Code, Filter, Fix, Grade, Subject};
use std::collections::BTreeMap;

const SUBJECTS: [Subject; 8] = [
    Subject::Commit,
    Subject::Snapshot,
    Subject::Blob,
    Subject::Branch,
    Subject::Proposal,
    Subject::Object,
    Subject::Pack,
    Subject::Repo,
];

/// The terms that narrow a list of findings, in the order in which they are offered.
pub const OF_FINDINGS: &[&str] = &["code", "fix", "kind", "repo", "stops", "id", "is"];

/// The term for everything that prevents PASS.
pub const LEFT: &str = "left";

/// The conditions for a list of objects, which has one kind and one repository.
pub const OF_OBJECTS: &[&str] = &["code", "id", "is"];

/// The most completions that are offered.
const OFFERED: usize = 40;

const GRADES: [Grade; 4] = [Grade::Critical, Grade::Error, Grade::Warning, Grade::Info];

/// Reads `text` as a filter. A code, kind or grade may be cut to its beginning; the second value says
/// what could not be understood, and that part narrows nothing.
#[must_use]
pub fn parse(text: &str) -> (Filter, Option<String>) {
    let mut filter = Filter::default();
    let mut trouble = None;
    for part in text.split_whitespace() {
        let Some((field, value)) = part.split_once(':') else {
            filter.words.push(part.to_owned());
            continue;
        };
        let understood = match field {
            // Half a condition, still being typed.
            "code" | "fix" | "kind" | "repo" | "stops" | "id" | "is" if value.is_empty() => true,
            "code" => extend(&mut filter.codes, codes(value)),
            "fix" => extend(&mut filter.fixes, starting(value, Fix::ALL, Fix::word)),
            "kind" => extend(&mut filter.kinds, starting(value, SUBJECTS, Subject::word)),
            "is" if value == LEFT => {
                filter.left = true;
                true
            }
            "is" => extend(&mut filter.grades, starting(value, GRADES, Grade::word)),
            "repo" => {
                filter.repo = Some(value.to_owned());
                true
            }
            "stops" => {
                filter.stops = Some(value.to_owned());
                true
            }
            "id" => {
                filter.id = Some(value.to_owned());
                true
            }
            _ => {
                filter.words.push(part.to_owned());
                true
            }
        };
        if !understood {
            trouble = Some(format!("no {} starts with `{value}`", noun(field)));
        }
    }
    (filter, trouble)
}

fn noun(field: &str) -> &str {
    if field == "is" { "grade" } else { field }
}

fn extend<T>(into: &mut Vec<T>, found: Vec<T>) -> bool {
    let any = !found.is_empty();
    into.extend(found);
    any
}

fn codes(value: &str) -> Vec<Code> {
    // A name that is whole means itself, even where others start with it.
    if let Some(code) = Code::from_name(value) {
        return vec![code];
    }
    FAULTS
        .iter()
        .filter(|fault| fault.name.starts_with(value))
        .map(|fault| fault.code)
        .collect()
}

fn starting<T: Copy, const N: usize>(
    value: &str,
    all: [T; N],
    word: impl Fn(T) -> &'static str,
) -> Vec<T> {
    all.into_iter()
        .filter(|one| word(*one).starts_with(value))
        .collect()
}

/// Returns whether `text` holds a condition such as `code:`.
#[must_use]
pub fn has_condition(text: &str) -> bool {
    text.split_whitespace().any(|part| {
        part.split_once(':')
            .is_some_and(|(field, _)| OF_FINDINGS.contains(&field))
    })
}

/// Returns where the last word of `text` begins, in bytes.
#[must_use]
pub fn last_word(text: &str) -> usize {
    text.rsplit(char::is_whitespace)
        .next()
        .map_or(0, |word| text.len() - word.len())
}

/// Returns the whole lines that complete the last word of `text`: one of `fields`, a code, a kind, a grade, one of
/// `repos`. Whole lines.
#[must_use]
pub fn completions<T>(text: &str, fields: &[&str], repos: &BTreeMap<String, T>) -> Vec<String> {
    let (before, word) = text.split_at(last_word(text));
    let words: Vec<String> = match word.split_once(':') {
        None => fields
            .iter()
            .filter(|field| field.starts_with(word))
            .map(|field| format!("{field}:"))
            .collect(),
        Some((field, _)) if !fields.contains(&field) => Vec::new(),
        Some((field, value)) => values(field, value, repos)
            .into_iter()
            .map(|value| format!("{field}:{value}"))
            .collect(),
    };
    words.iter().map(|word| format!("{before}{word}")).collect()
}

fn values<T>(field: &str, start: &str, repos: &BTreeMap<String, T>) -> Vec<String> {
    let named = |names: &mut dyn Iterator<Item = &'static str>| -> Vec<String> {
        names
            .filter(|name| name.starts_with(start))
            .map(ToOwned::to_owned)
            .collect()
    };
    match field {
        "code" => named(&mut FAULTS.iter().map(|fault| fault.name)),
        "fix" => named(&mut Fix::ALL.into_iter().map(Fix::word)),
        "kind" => named(&mut SUBJECTS.into_iter().map(Subject::word)),
        "is" => named(&mut GRADES.into_iter().map(Grade::word).chain([LEFT])),
        "repo" | "stops" => repos
            .range(start.to_owned()..)
            .map(|(path, _)| path)
            .take_while(|path| path.starts_with(start))
            // What cannot be typed as one word is not offered.
            .filter(|path| !path.contains(|c: char| c.is_whitespace() || c.is_control()))
            .take(OFFERED)
            .cloned()
            .collect(),
        _ => Vec::new(),
    }
}
