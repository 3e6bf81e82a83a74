//! Text from a hub, made safe to show: the only forms in which it enters the state.
//!
//! Each type is made from its counterpart in the lower rooms, and its text passes
//! [`luthier_hub::text::safe`] on the way. What the hub must be asked with stays exact, in [`HubId`], which
//! does not show it.

mod checked;
mod fixed;
pub mod inspected;
mod journaled;
pub mod known;
mod marked;
mod planned;
pub mod pulled;
pub mod signed;
mod wanted;

pub use checked::CheckLine;
pub use fixed::FixLine;
pub use inspected::Inspected;
pub use journaled::{ChainLine, EntryLine, JournalLine, RunLine};
pub use known::KnownLine;
pub use marked::BranchMark;
pub use planned::{AppliedLine, ChangeLine, PlannedLine, RefusalLine, StepLine};
pub use pulled::{FailedLine, PulledLine, RefusedLine};
pub use signed::SignedLine;
pub use wanted::WantedLine;

use luthier_audit::{
    Auto, Blocks, Code, Depth, Fix, Grade, Group, Numbered, Remedy, Subject, Summary,
};
use luthier_hub::index::{BranchRow, Listed, RepoRow};
use luthier_hub::text;
use luthier_object::Kind;
use luthier_object::time::{self, Micros};
use serde_json::Value;

/// The bytes that are kept of one piece of evidence.
const EVIDENCE: usize = 4 << 10;

/// Makes text safe, and cuts it where a screen could never show it whole.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut end = text.len().min(64 << 10);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut out = text::safe(&text[..end]).into_owned();
    if end < text.len() {
        out.push('…');
    }
    out
}

/// An id or a key of the hub: shown safely, asked with exactly.
#[derive(Clone, PartialEq, Eq)]
pub struct HubId {
    shown: String,
    exact: String,
}

impl HubId {
    /// Takes the id as stored.
    #[must_use]
    pub fn new(exact: &str) -> Self {
        Self {
            shown: clean(exact),
            exact: exact.to_owned(),
        }
    }

    /// Returns the whole id, for people and clipboards.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Returns twelve digits of a digest, or the first twelve characters of another id.
    #[must_use]
    pub fn short(&self) -> String {
        let bare = self.shown.strip_prefix("sha256:").unwrap_or(&self.shown);
        if bare.len() == 64 && bare.is_ascii() {
            bare[..12].to_owned()
        } else {
            text::cut(bare, 24).into_owned()
        }
    }

    /// Returns the id as stored, to ask the hub with; never to be shown.
    #[must_use]
    pub fn exact(&self) -> &str {
        &self.exact
    }
}

impl std::fmt::Debug for HubId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

/// A repository in its list.
#[derive(Clone, Debug, PartialEq)]
pub struct RepoLine {
    pub id: HubId,
    /// `owner/slug`.
    pub path: HubId,
    pub branches: u64,
    pub commits: u64,
    pub pushed: Option<Micros>,
    pub default_branch: HubId,
    pub visibility: String,
    pub deleted: bool,
}

impl RepoLine {
    /// Returns a repository with the number of its branches and commits.
    #[must_use]
    pub fn new(row: &RepoRow, (branches, commits): (u64, u64)) -> Self {
        Self {
            id: HubId::new(&row.repo_id),
            path: HubId::new(&row.path()),
            branches,
            commits,
            pushed: row.pushed_at.as_deref().and_then(time::parse),
            default_branch: HubId::new(&row.default_branch),
            visibility: clean(&row.visibility),
            deleted: row.deleted_at.is_some(),
        }
    }
}

/// A branch in the picker.
#[derive(Clone, Debug, PartialEq)]
pub struct BranchLine {
    pub name: HubId,
    pub head: Option<HubId>,
    /// The knowledge of a client's pull of it.
    pub mark: BranchMark,
}

impl From<&BranchRow> for BranchLine {
    fn from(row: &BranchRow) -> Self {
        Self {
            name: HubId::new(&row.name),
            head: row.head_commit_id.as_deref().map(HubId::new),
            mark: BranchMark::Unknown,
        }
    }
}

/// The place of a row's object, as the row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pointer {
    /// The hub has no such column.
    NoColumn,
    Null,
    Uri(String),
}

/// A commit, snapshot or blob in its list.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectLine {
    pub kind: Kind,
    pub id: HubId,
    /// The position from which the keyset continues; as stored.
    pub at_exact: String,
    pub at: Option<Micros>,
    pub who: String,
    pub what: String,
    pub branch: String,
    /// A line each; the column as it is where it holds no list.
    pub parents: Vec<String>,
    /// As stored, to be compared and never to be shown.
    pub parent_ids: Vec<String>,
    pub snapshot: Option<HubId>,
    pub size: Option<i64>,
    pub pointer: Pointer,
    pub cache_byte: Option<u8>,
    pub judged: Judged,
}

/// The last audit's result for a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Judged {
    /// It was not asked yet, or there is none.
    #[default]
    Unknown,
    /// No look held it.
    Unlooked,
    /// Nothing was found, by a look this deep.
    Clean(Depth),
    /// The worst that it found.
    Found(Code),
}

impl From<&Listed> for ObjectLine {
    fn from(row: &Listed) -> Self {
        Self {
            kind: row.kind,
            id: HubId::new(&row.id),
            at_exact: row.at.clone(),
            at: time::parse(&row.at),
            who: clean(&row.who),
            what: clean(&row.what),
            branch: clean(&row.branch),
            parents: parents(&row.parent_ids),
            parent_ids: serde_json::from_str(&row.parent_ids).unwrap_or_default(),
            snapshot: row.snapshot_id.as_deref().map(HubId::new),
            size: row.size,
            pointer: match &row.storage_uri {
                None => Pointer::NoColumn,
                Some(None) => Pointer::Null,
                Some(Some(uri)) => Pointer::Uri(clean(uri)),
            },
            cache_byte: row.cache_byte,
            judged: Judged::Unknown,
        }
    }
}

/// A finding, in lists and in full.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingLine {
    /// Its place in the report.
    pub ordinal: u64,
    pub code: Code,
    pub grade: Grade,
    pub subject: Subject,
    pub id: HubId,
    pub repo: HubId,
    pub evidence: Vec<(String, String)>,
    pub remedy: Remedy,
    pub auto: Auto,
    /// Why Luthier cannot repair it, and what a person can do.
    pub by_hand: Option<String>,
    /// `None` while it is not known what a plan would do.
    pub fix: Option<Fix>,
    pub blocks: Option<Blocks>,
    pub caused_by: Option<String>,
}

impl From<&Numbered> for FindingLine {
    fn from(numbered: &Numbered) -> Self {
        let finding = &numbered.finding;
        Self {
            ordinal: numbered.ordinal,
            code: finding.code,
            grade: finding.grade,
            subject: finding.kind,
            id: HubId::new(&finding.id),
            repo: HubId::new(&finding.repo),
            evidence: finding
                .evidence
                .fields()
                .iter()
                .flat_map(evidence)
                .collect(),
            by_hand: finding.by_hand(),
            remedy: finding.remedy,
            auto: finding.auto,
            fix: numbered.fix,
            blocks: finding.blocks,
            caused_by: finding.caused_by.as_deref().map(clean),
        }
    }
}

fn parents(column: &str) -> Vec<String> {
    match serde_json::from_str::<Vec<String>>(column) {
        Ok(ids) => ids.iter().map(|id| clean(id)).collect(),
        Err(_) if column.is_empty() => Vec::new(),
        Err(_) => vec![clean(column)],
    }
}

/// Returns the words for a field of evidence; columns of the database keep their names.
fn label(name: &str) -> String {
    match name {
        "found" => "stored at".into(),
        "held_by" => "row is in".into(),
        "named_by" => "used by".into(),
        "proves" => "bytes match".into(),
        "proves_with" => "matches with".into(),
        "unread" => "no answer".into(),
        _ => clean(name),
    }
}

/// Formats evidence for a person: the parts of an object or a list, one line each below one name.
fn evidence((name, value): (&String, &Value)) -> Vec<(String, String)> {
    let plain = |value: &Value| match value {
        Value::String(text) => clean(text),
        other => clean(&other.to_string()),
    };
    // Columns hold JSON as text.
    let held = match value {
        Value::String(text) if text.starts_with(['[', '{']) => serde_json::from_str(text).ok(),
        _ => None,
    };
    let parts: Vec<String> = match held.as_ref().unwrap_or(value) {
        Value::Array(parts) if parts.is_empty() && name == "found" => vec!["nowhere".into()],
        Value::Object(parts) if !parts.is_empty() => {
            let parts = parts.iter();
            let named = parts.map(|(name, part)| match (name.as_str(), part) {
                ("identity", Value::Bool(true)) => "part of the id".to_owned(),
                ("identity", Value::Bool(false)) => "not part of the id".to_owned(),
                _ => format!("{} {}", clean(name), plain(part)),
            });
            named.collect()
        }
        Value::Array(parts) if !parts.is_empty() => parts.iter().map(plain).collect(),
        other => vec![plain(other)],
    };
    let (mut out, mut room) = (Vec::new(), EVIDENCE);
    for (n, part) in parts.into_iter().enumerate() {
        let name = if n == 0 { label(name) } else { String::new() };
        let part = text::cut(&part, room).into_owned();
        room = room.saturating_sub(part.len());
        out.push((name, part));
        if room == 0 {
            break;
        }
    }
    out
}

/// Findings counted together.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupLine {
    pub name: HubId,
    pub count: u64,
    pub worst: Grade,
    /// Findings of the worst grade.
    pub of_worst: u64,
}

impl GroupLine {
    /// Formats the number of findings, and how many of them are of the worst grade, in at most `width` cells: the
    /// longest form that fits. A number is never cut.
    #[must_use]
    pub fn words(&self, width: usize) -> String {
        let [count, worst] = [self.count, self.of_worst].map(luthier_hub::text::grouped);
        let grade = self.worst.word();
        if self.of_worst == self.count {
            return format!("{worst} {grade}");
        }
        let short = match self.worst {
            Grade::Critical => "crit.",
            Grade::Error => "err.",
            Grade::Warning => "warn.",
            Grade::Info => "info",
        };
        let forms = [
            format!("{count}, {worst} {grade}"),
            format!("{count}, {worst} {short}"),
            format!("{count} findings"),
        ];
        let fits = |form: &String| form.len() <= width;
        forms.into_iter().find(fits).unwrap_or(count)
    }
}

impl From<&Group> for GroupLine {
    fn from(group: &Group) -> Self {
        Self {
            name: HubId::new(&group.name),
            count: group.count,
            worst: group.worst,
            of_worst: group.of_worst,
        }
    }
}

/// The end of an audit: figures, and the few sentences in it made safe.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SummaryLine {
    summary: Summary,
}

impl From<&Summary> for SummaryLine {
    fn from(summary: &Summary) -> Self {
        let mut summary = summary.clone();
        let hidden = summary
            .hidden
            .iter_mut()
            .flat_map(|hidden| [&mut hidden.said, &mut hidden.table]);
        let told = summary.unknown_because.iter_mut().chain(&mut summary.notes);
        for text in told.chain(hidden) {
            *text = clean(text);
        }
        Self { summary }
    }
}

impl std::ops::Deref for SummaryLine {
    type Target = Summary;
    fn deref(&self) -> &Summary {
        &self.summary
    }
}
