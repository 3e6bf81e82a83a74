//! The findings of a hub from one audit to the next: what is new, and what is gone.
//!
//! The set of the last audit lies in a file, in the order in which an audit's own findings are read, so both are walked
//! side by side and memory does not grow with either. A finding is gone only where an audit that answered every question
//! does not have it any more and judges its code everywhere.

mod file;

pub use file::FindingSetError;

use crate::fault::{Code, Grade};
use crate::finding::Subject;
use crate::report::grade;
use crate::{AuditError, Report};
use file::{Lines, Writer};
use luthier_object::time::Micros;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::time::Duration;

/// Findings fetched from the report at once.
const PAGE: u32 = 1_000;

/// Findings of a change that are named.
const NAMED: usize = 20;

/// One finding as it is told from others, from one audit to the next. Untrusted text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    pub code: String,
    /// The word of its subject's kind.
    pub kind: String,
    pub id: String,
    pub repo: String,
}

/// A finding of the set, with its grade and how often the audit has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    #[serde(flatten)]
    pub key: Key,
    pub grade: Grade,
    #[serde(skip)]
    pub count: u64,
}

/// The audit that a set is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The hub's fingerprint.
    pub hub: String,
    pub depth: String,
    /// Rows younger than this were not judged.
    pub grace: Duration,
    /// When it ended, by the clock of this machine.
    pub at: Micros,
    /// Every question had an answer.
    pub complete: bool,
}

/// Findings that came or went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    pub count: u64,
    /// The worst of them.
    pub first: Vec<Member>,
}

/// What an audit found in comparison with the last one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The audit that is compared with; `None` for the first.
    pub since: Option<Source>,
    pub new: Moved,
    pub gone: Moved,
    /// Not seen any more, of codes that this depth judges only in part: they may be there still.
    pub not_judged: Moved,
    /// Not seen by an audit that had no answer to everything: they stay in the set.
    pub kept: u64,
    /// All that is in the set now.
    pub findings: BTreeMap<(Code, Grade), u64>,
    /// Whether this audit is complete.
    pub complete: bool,
    /// Why the set of the last audit could not be used.
    pub lost: Option<String>,
}

impl Moved {
    fn add(&mut self, member: &Member) {
        self.count += member.count;
        let at = self
            .first
            .partition_point(|other| other.grade >= member.grade);
        if at < NAMED {
            self.first.truncate(NAMED - 1);
            self.first.insert(at, member.clone());
        }
    }
}

impl Change {
    /// Returns whether there is anything to tell: findings that came or went, or an audit that is complete where the
    /// last was not, or the other way round. The first audit tells what it found.
    #[must_use]
    pub fn is_any(&self) -> bool {
        let moved = self.new.count + self.gone.count + self.not_judged.count > 0;
        let before = self.since.as_ref().map(|since| since.complete);
        moved || before.is_none() || before != Some(self.complete)
    }

    /// Returns the number of findings in the set.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.findings.values().sum()
    }

    /// Returns the numbers of findings by grade, the worst first.
    #[must_use]
    pub fn grades(&self) -> Vec<(Grade, u64)> {
        let mut out: BTreeMap<Grade, u64> = BTreeMap::new();
        for ((_, grade), count) in &self.findings {
            *out.entry(*grade).or_default() += count;
        }
        out.into_iter().rev().collect()
    }
}

/// A comparison, and the set that replaces the last one once the change was told.
pub struct Compared {
    pub change: Change,
    set: Writer,
}

impl Compared {
    /// Replaces the set of the last audit: from now on, this change has been told.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(self) -> Result<(), FindingSetError> {
        self.set.keep()
    }
}

/// Compares an audit of the whole hub with the set at `path`, which is left as it is.
///
/// # Errors
/// The report or the file cannot be read, or the new set cannot be written.
pub async fn compare(
    report: &Report,
    source: Source,
    path: &Path,
) -> Result<Compared, FindingSetError> {
    let summary = report.summary();
    let mut change = Change {
        complete: summary.complete,
        ..Change::default()
    };
    let mut before = match file::open(path, &source) {
        Ok(found) => found,
        Err(why) => {
            change.lost = Some(why.to_string());
            None
        }
    };
    change.since = before.as_ref().map(|lines| lines.source.clone());
    let judge = Judge::new(report, &source, change.since.as_ref());
    let mut set = Writer::new(path, &source)?;
    let mut now = Now::new(report).await?;
    let mut old = next(&mut before)?;
    let mut new = now.next().await?;
    loop {
        let order = match (&old, &new) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.key.cmp(&new.key),
        };
        if order == Ordering::Less {
            if let Some(member) = &old {
                lose(member, judge.fate(member), &mut change, &mut set)?;
            }
        } else if let Some(member) = &new {
            if order == Ordering::Greater {
                change.new.add(member);
            }
            hold(member, &mut change, &mut set)?;
        }
        if order != Ordering::Greater {
            old = next(&mut before)?;
        }
        if order != Ordering::Less {
            new = now.next().await?;
        }
    }
    Ok(Compared { change, set })
}

/// Takes a finding over that this audit does not have.
fn lose(
    member: &Member,
    fate: Fate,
    change: &mut Change,
    set: &mut Writer,
) -> Result<(), FindingSetError> {
    match fate {
        Fate::Gone => change.gone.add(member),
        Fate::NotJudged => change.not_judged.add(member),
        Fate::Kept => {
            change.kept += member.count;
            hold(member, change, set)?;
        }
    }
    Ok(())
}

fn next(lines: &mut Option<Lines>) -> Result<Option<Member>, FindingSetError> {
    match lines {
        Some(lines) => lines.next(),
        None => Ok(None),
    }
}

/// Takes a finding into the new set.
fn hold(member: &Member, change: &mut Change, set: &mut Writer) -> Result<(), FindingSetError> {
    // A code of a newer version is kept in the file alone.
    if let Some(code) = Code::from_name(&member.key.code) {
        *change.findings.entry((code, member.grade)).or_default() += member.count;
    }
    set.add(member)
}

/// What became of a finding that this audit does not have.
enum Fate {
    Gone,
    NotJudged,
    Kept,
}

struct Judge<'a> {
    report: &'a Report,
    /// The audit had an answer to everything, and judged every row that the last one judged.
    is_sure: bool,
}

impl<'a> Judge<'a> {
    fn new(report: &'a Report, source: &Source, since: Option<&Source>) -> Self {
        let summary = report.summary();
        let as_young = since.is_none_or(|since| source.grace <= since.grace);
        Self {
            report,
            is_sure: summary.complete && summary.changed == 0 && as_young,
        }
    }

    fn fate(&self, member: &Member) -> Fate {
        let summary = self.report.summary();
        let in_part = |code: &Code| {
            summary.not_judged.contains(code) || summary.judged_in_part.contains(code)
        };
        match Code::from_name(&member.key.code) {
            _ if !self.is_sure => Fate::Kept,
            Some(code) if !in_part(&code) => Fate::Gone,
            _ => Fate::NotJudged,
        }
    }
}

/// An audit's findings in the order of their keys.
struct Now<'a> {
    report: &'a Report,
    /// What is still to be read, the next one last.
    open: Vec<(Code, Subject)>,
    page: VecDeque<Member>,
    after: Option<(String, String)>,
}

impl<'a> Now<'a> {
    async fn new(report: &'a Report) -> Result<Self, AuditError> {
        report.scratch.order_finding_keys().await?;
        let codes = report.summary().findings.keys();
        let mut open: Vec<(Code, Subject)> = codes
            .flat_map(|code| Subject::ALL.map(|kind| (*code, kind)))
            .collect();
        open.sort_by_key(|(code, kind)| std::cmp::Reverse((code.name(), kind.word())));
        Ok(Self {
            report,
            open,
            page: VecDeque::new(),
            after: None,
        })
    }

    async fn next(&mut self) -> Result<Option<Member>, AuditError> {
        while self.page.is_empty() {
            let Some((code, kind)) = self.open.last().copied() else {
                return Ok(None);
            };
            let after = self.after.as_ref();
            let after = after.map(|(id, repo)| (id.as_str(), repo.as_str()));
            let scratch = &self.report.scratch;
            let place = (code as u16, kind as u8);
            let keys = scratch.finding_keys(place, after, PAGE).await?;
            self.after = match keys.last() {
                Some(last) if keys.len() == PAGE as usize => {
                    Some((last.id.clone(), last.repo.clone()))
                }
                _ => {
                    self.open.pop();
                    None
                }
            };
            self.page.extend(keys.into_iter().map(|found| Member {
                key: Key {
                    code: code.name().to_owned(),
                    kind: kind.word().to_owned(),
                    id: found.id,
                    repo: found.repo,
                },
                grade: grade(found.grade),
                count: found.count,
            }));
        }
        Ok(self.page.pop_front())
    }
}

#[cfg(test)]
#[path = "../../tests/audit/finding_set.rs"]
mod tests;
