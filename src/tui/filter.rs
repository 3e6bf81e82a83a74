//! The filter language: plain words, and `code:` `kind:` `repo:` `id:` `is:` to narrow them.

use crate::audit::fault::FAULTS;
use crate::audit::{Code, Filter, Grade, Subject};

const SUBJECTS: [Subject; 6] = [
    Subject::Commit,
    Subject::Snapshot,
    Subject::Blob,
    Subject::Branch,
    Subject::Proposal,
    Subject::Object,
];

const GRADES: [Grade; 4] = [Grade::Critical, Grade::Error, Grade::Warning, Grade::Info];

/// What `text` means. A code, kind or grade may be cut to its beginning; the second value says what
/// could not be understood, and that part narrows nothing.
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
            "code" | "kind" | "repo" | "id" | "is" if value.is_empty() => true,
            "code" => extend(&mut filter.codes, codes(value)),
            "kind" => extend(&mut filter.kinds, starting(value, SUBJECTS, Subject::word)),
            "is" => extend(&mut filter.grades, starting(value, GRADES, Grade::word)),
            "repo" => {
                filter.repo = Some(value.to_owned());
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
