//! One object from every side, laid out for its facets: differences are found here, on a worker.

use super::{FindingLine, HubId, clean};
use luthier_audit::{
    Evidence, FieldDiff, Finding, Inspection, LinkTo, NamedBy, Numbered, ObjectView, Trial,
};
use luthier_object::Kind;
use similar::{ChangeTag, TextDiff};
use std::collections::BTreeMap;
use std::time::Duration;

/// Longer texts are not compared word by word.
const COMPARED: usize = 64 << 10;

/// The longest time for comparing two texts word by word.
const DEADLINE: Duration = Duration::from_millis(200);

/// The most changed entries of a manifest that are kept.
const ENTRIES: usize = 100_000;

/// A stretch of text that the other side has too, or has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub text: String,
    pub changed: bool,
}

/// A field on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub name: String,
    /// `None` where that side has no such field.
    pub row: Option<Vec<Part>>,
    pub object: Option<Vec<Part>>,
    /// The id hashes it.
    pub identity: bool,
    pub same: bool,
    pub note: String,
    /// The differences, if both sides are manifests.
    pub manifest: Option<ManifestDiff>,
}

/// Two manifests joined by path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ManifestDiff {
    pub added: u64,
    pub removed: u64,
    pub changed: u64,
    pub same: u64,
    /// Entries that differ, by path; the first hundred thousand.
    pub entries: Vec<Entry>,
}

/// A path whose blob differs: in the row, in the object.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub path: String,
    pub row: Option<HubId>,
    pub object: Option<HubId>,
}

/// The object's side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectSide {
    /// The stored object, in one line.
    pub headline: String,
    /// Further lines: keys, what to make of them.
    pub notes: Vec<String>,
    pub good: bool,
    /// Its bytes are wrapped, and what is inside matches the id.
    pub wrapped: bool,
    pub pretty: Option<Vec<String>>,
    /// The first bytes of the object; not text.
    pub bytes: Vec<u8>,
    pub header_len: usize,
    /// The first byte that is not as it should be, where that is known, and the reader's words.
    pub problem: Option<(Option<usize>, String)>,
}

/// One identity scheme tried.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialLine {
    pub source: String,
    pub scheme: String,
    pub yields: HubId,
    pub matches: bool,
}

impl TrialLine {
    /// Returns whether the row alone was hashed.
    #[must_use]
    pub fn is_of_row(&self) -> bool {
        self.source.starts_with("row")
    }
}

/// A link to another object.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkLine {
    /// Behind it the side that names it, where only one does.
    pub role: String,
    pub is_one_sided: bool,
    pub kind: Kind,
    pub id: HubId,
    pub exists: bool,
}

/// Everything the Inspect screen shows of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspected {
    pub kind: Kind,
    pub id: HubId,
    pub repo: HubId,
    pub verdict: String,
    pub findings: Vec<FindingLine>,
    /// Columns; empty where there is no row.
    pub row: Vec<(String, Option<String>)>,
    pub object: ObjectSide,
    /// Differing fields first.
    pub fields: Vec<Field>,
    pub identity: Vec<TrialLine>,
    pub links: Vec<LinkLine>,
}

impl From<&Inspection> for Inspected {
    fn from(seen: &Inspection) -> Self {
        let mut fields: Vec<Field> = seen.fields.iter().map(field).collect();
        fields.sort_by_key(|field| field.same);
        Self {
            kind: seen.kind,
            id: HubId::new(&seen.id),
            repo: HubId::new(&seen.repo),
            verdict: clean(&seen.verdict),
            findings: seen
                .findings
                .iter()
                .map(|finding| {
                    FindingLine::from(&Numbered {
                        ordinal: 0,
                        fix: None,
                        finding: finding.clone(),
                    })
                })
                .collect(),
            row: seen
                .row
                .iter()
                .map(|(name, value)| (clean(name), value.as_deref().map(clean)))
                .collect(),
            object: object_side(&seen.object, wrapping(&seen.findings)),
            fields,
            identity: seen.identity.iter().map(trial).collect(),
            links: seen.links.iter().map(link).collect(),
        }
    }
}

impl Inspected {
    /// Returns whether there is an object that can be compared with the row.
    #[must_use]
    pub fn has_sides(&self) -> bool {
        self.fields.iter().any(|field| field.object.is_some())
    }

    /// Returns whether the id proves every difference: it hashes the field, or the bytes are all that there is.
    #[must_use]
    pub fn is_proved_apart(&self) -> bool {
        let mut differing = self.fields.iter().filter(|field| !field.same);
        self.kind == Kind::Blob || self.row.is_empty() || differing.all(|field| field.identity)
    }

    /// Counts the fields that are equal on both sides.
    #[must_use]
    pub fn same(&self) -> usize {
        self.fields.iter().filter(|field| field.same).count()
    }
}

fn trial(trial: &Trial) -> TrialLine {
    TrialLine {
        source: clean(&trial.source),
        scheme: clean(&trial.scheme),
        yields: HubId::new(&trial.yields),
        matches: trial.matches,
    }
}

fn link(link: &LinkTo) -> LinkLine {
    LinkLine {
        role: clean(&link.role) + link.named_by.words(),
        is_one_sided: link.named_by != NamedBy::Both,
        kind: link.kind,
        id: HubId::new(&link.id),
        exists: link.exists,
    }
}

/// Returns the wrapping of an object that is sound inside.
fn wrapping(findings: &[Finding]) -> Option<&str> {
    findings.iter().find_map(|finding| match &finding.evidence {
        Evidence::ObjectEncoded(seen) => Some(seen.wrapping.as_str()),
        _ => None,
    })
}

fn object_side(view: &ObjectView, wrapping: Option<&str>) -> ObjectSide {
    let plain = |headline: String, notes: Vec<String>| ObjectSide {
        headline,
        notes,
        ..ObjectSide::default()
    };
    match view {
        ObjectView::Unlinked { found } if found.is_empty() => plain(
            "✗ missing: the row points to no object, and the store has none".into(),
            vec![],
        ),
        ObjectView::Unlinked { found } => plain(
            "≠ unlinked: the row points to no object, but the store has it".into(),
            found.iter().map(|key| clean(key)).collect(),
        ),
        ObjectView::Absent { key } => plain(
            "✗ missing: the row points to an object that the store does not have".into(),
            vec![clean(key)],
        ),
        ObjectView::Unknown { key, why } => plain(
            format!("? unread: {}", clean(why)),
            vec![clean(key), "R asks again".into()],
        ),
        ObjectView::Refused { uri, why } => plain(
            format!("✗ refused: {}", clean(why)),
            vec![clean(uri), "Luthier never follows such a URI".into()],
        ),
        ObjectView::Present {
            key,
            place,
            size,
            bytes,
            header_len,
            proved,
            problem,
            pretty,
        } => ObjectSide {
            headline: present(*size, proved.as_deref(), problem.as_ref(), wrapping),
            notes: where_read(key, place.as_deref()),
            good: proved.is_some() && problem.is_none(),
            wrapped: wrapping.is_some(),
            pretty: pretty.as_deref().map(clean_lines),
            bytes: bytes.clone(),
            header_len: *header_len,
            problem: problem
                .as_ref()
                .filter(|_| wrapping.is_none())
                .map(|(offset, words)| (*offset, clean(words))),
        },
    }
}

fn clean_lines(text: &str) -> Vec<String> {
    text.lines().map(clean).collect()
}

/// Returns the key of an object, and of a blob in a pack where it was read.
fn where_read(key: &str, place: Option<&str>) -> Vec<String> {
    std::iter::once(key).chain(place).map(clean).collect()
}

/// Says in one line what the bytes of a stored object are.
fn present(
    size: u64,
    proved: Option<&str>,
    problem: Option<&(Option<usize>, String)>,
    wrapping: Option<&str>,
) -> String {
    let size = luthier_hub::text::plural(size, "byte");
    match (proved, problem, wrapping) {
        (Some(scheme), None, _) => format!("✓ stored, {size}, matches its id ({})", clean(scheme)),
        (_, _, Some(wrapping)) => {
            let wrapping = clean(wrapping);
            format!("✗ wrapped in {wrapping}, {size}: only what is inside matches the id")
        }
        (_, Some((Some(offset), words)), None) => {
            format!("✗ corrupt at byte {offset:#x}: {}", clean(words))
        }
        (_, Some((None, words)), None) => format!("✗ wrong: {}", clean(words)),
        (None, None, None) => format!("✗ corrupt, {size}: the bytes do not match the id"),
    }
}

fn field(diff: &FieldDiff) -> Field {
    let manifest = (diff.name == "manifest" && !diff.same)
        .then(|| {
            Some(join_manifests(
                &entries(diff.row.as_deref()?)?,
                &entries(diff.object.as_deref()?)?,
            ))
        })
        .flatten();
    let (row, object) = match (&diff.row, &diff.object) {
        (Some(row), Some(object)) if manifest.is_none() => {
            let (row, object) = compare(&clean(row), &clean(object));
            (Some(row), Some(object))
        }
        (row, object) => (row.as_deref().map(plain), object.as_deref().map(plain)),
    };
    Field {
        name: clean(&diff.name),
        row,
        object,
        identity: diff.identity,
        same: diff.same,
        note: clean(&diff.note),
        manifest,
    }
}

fn plain(text: &str) -> Vec<Part> {
    vec![Part {
        text: clean(text),
        changed: false,
    }]
}

/// Returns both texts in parts; words that only one side has are marked.
#[must_use]
pub fn compare(row: &str, object: &str) -> (Vec<Part>, Vec<Part>) {
    if row == object || row.len() > COMPARED || object.len() > COMPARED {
        let changed = row != object;
        let whole = |text: &str| {
            vec![Part {
                text: text.to_owned(),
                changed,
            }]
        };
        return (whole(row), whole(object));
    }
    let diff = TextDiff::configure()
        .timeout(DEADLINE)
        .diff_unicode_words(row, object);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => {
                push(&mut left, change.value(), false);
                push(&mut right, change.value(), false);
            }
            ChangeTag::Delete => push(&mut left, change.value(), true),
            ChangeTag::Insert => push(&mut right, change.value(), true),
        }
    }
    (left, right)
}

fn push(parts: &mut Vec<Part>, text: &str, changed: bool) {
    match parts.last_mut() {
        Some(last) if last.changed == changed => last.text.push_str(text),
        _ => parts.push(Part {
            text: text.to_owned(),
            changed,
        }),
    }
}

fn entries(json: &str) -> Option<BTreeMap<String, String>> {
    serde_json::from_str(json).ok()
}

/// Returns both sides by path, in one pass.
fn join_manifests(
    row: &BTreeMap<String, String>,
    object: &BTreeMap<String, String>,
) -> ManifestDiff {
    let mut out = ManifestDiff::default();
    let (mut rows, mut objects) = (row.iter().peekable(), object.iter().peekable());
    loop {
        let order = match (rows.peek(), objects.peek()) {
            (None, None) => return out,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((left, _)), Some((right, _))) => left.cmp(right),
        };
        let left = order.is_le().then(|| rows.next()).flatten();
        let right = order.is_ge().then(|| objects.next()).flatten();
        match (left, right) {
            (Some((_, a)), Some((_, b))) if a == b => {
                out.same += 1;
                continue;
            }
            (Some(_), Some(_)) => out.changed += 1,
            (Some(_), None) => out.removed += 1,
            (None, _) => out.added += 1,
        }
        if let (Some((path, _)), true) = (left.or(right), out.entries.len() < ENTRIES) {
            out.entries.push(Entry {
                path: clean(path),
                row: left.map(|(_, id)| HubId::new(id)),
                object: right.map(|(_, id)| HubId::new(id)),
            });
        }
    }
}
