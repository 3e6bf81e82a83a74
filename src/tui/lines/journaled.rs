//! The journal's lines, safe to show.

use super::{ChangeLine, HubId, clean};
use luthier_audit::{Code, Remedy, Subject};
use luthier_hub::text;
use luthier_repair::journal::{Entry, Event, Line, Run, Verified};

/// A run in the list of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLine {
    pub run: HubId,
    /// UTC, RFC 3339.
    pub time: String,
    /// `operator@host`.
    pub who: String,
    /// The name of the hub at that time.
    pub hub: String,
    /// Steps of its plan.
    pub steps: u64,
    /// Lines of it in the journal.
    pub lines: u64,
    /// `3 written, 1 refused`.
    pub outcomes: String,
    /// Steps that were announced, with nothing said of what became of them.
    pub open: u64,
    /// The end of the run, if it did not simply finish.
    pub end: Option<String>,
    /// Set if every counted step succeeded and the run finished.
    pub well: bool,
}

impl From<&Run> for RunLine {
    fn from(run: &Run) -> Self {
        let outcomes: Vec<String> = run
            .outcomes
            .iter()
            .map(|(outcome, count)| format!("{} {}", text::grouped(*count), outcome.word()))
            .collect();
        let end = match (&run.breaker, run.ended, run.stopped) {
            (Some(breaker), ..) => Some(format!("stopped writing: {}", clean(breaker))),
            (None, false, _) => Some("did not finish".to_owned()),
            (None, true, true) => Some("stopped by a person".to_owned()),
            (None, true, false) => None,
        };
        Self {
            run: HubId::new(&run.run),
            time: clean(&run.time),
            who: clean(&format!("{}@{}", run.operator, run.host)),
            hub: clean(&run.hub),
            steps: run.steps,
            lines: run.lines,
            outcomes: match outcomes.is_empty() {
                true => "nothing".to_owned(),
                false => outcomes.join(", "),
            },
            open: run.open,
            well: end.is_none() && run.outcomes.keys().all(|outcome| outcome.is_well()),
            end,
        }
    }
}

/// A step as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryLine {
    pub step: u64,
    pub codes: Vec<Code>,
    pub remedy: Remedy,
    pub kind: Subject,
    pub id: HubId,
    pub repo: String,
    pub key: Option<String>,
    pub bytes: u64,
    pub sha256: Option<String>,
    pub changes: Vec<ChangeLine>,
}

impl From<&Entry> for EntryLine {
    fn from(entry: &Entry) -> Self {
        Self {
            step: entry.step,
            codes: std::iter::once(entry.code)
                .chain(entry.also.iter().copied())
                .collect(),
            remedy: entry.remedy,
            kind: entry.kind,
            id: HubId::new(&entry.id),
            repo: clean(&entry.repo),
            key: entry.key.as_deref().map(clean),
            bytes: entry.bytes,
            sha256: entry.sha256.as_deref().map(clean),
            changes: entry.columns().iter().map(ChangeLine::from).collect(),
        }
    }
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalLine {
    pub seq: u64,
    pub time: String,
    /// `intent`, an outcome, `run`, `end` or `note`.
    pub word: String,
    /// In a sentence, or why it did not end well.
    pub words: String,
    pub well: bool,
    pub entry: Option<EntryLine>,
}

impl From<&Line> for JournalLine {
    fn from(line: &Line) -> Self {
        let (word, words, well, entry) = match &line.event {
            Event::Run { steps, bytes, .. } => (
                "run",
                format!("{}, {}", text::plural(*steps, "step"), text::bytes(*bytes)),
                true,
                None,
            ),
            Event::Intent(entry) => ("intent", String::new(), true, Some(entry)),
            Event::Outcome {
                outcome,
                why,
                entry,
                ..
            } => {
                let well = outcome.counted().is_none_or(|outcome| outcome.is_well());
                let word = outcome.counted().map_or("not begun", |o| o.word());
                (word, why.clone().unwrap_or_default(), well, Some(entry))
            }
            Event::End {
                stopped, breaker, ..
            } => {
                let words = breaker.clone().unwrap_or_default();
                let word = if *stopped { "stopped" } else { "end" };
                (word, words, breaker.is_none(), None)
            }
            Event::Interrupted { done, not_done } => (
                "interrupted",
                format!("killed; of the announced steps {done} were done, {not_done} were not"),
                false,
                None,
            ),
            Event::Note { why, bytes, .. } => (
                "note",
                format!("{why} ({})", text::plural(*bytes, "byte")),
                false,
                None,
            ),
        };
        Self {
            seq: line.seq,
            time: clean(&line.time),
            word: word.to_owned(),
            words: clean(&words),
            well,
            entry: entry.map(EntryLine::from),
        }
    }
}

/// The result of checking the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLine {
    pub path: String,
    pub lines: u64,
    pub runs: u64,
    /// Places where it is not as it was written.
    pub tampered: u64,
    /// The first hundred of them, each in a sentence.
    pub places: Vec<String>,
    /// Bytes of a half-written last line.
    pub torn: u64,
}

impl From<&Verified> for ChainLine {
    fn from(verified: &Verified) -> Self {
        let places = verified.tampering.iter();
        Self {
            path: clean(&verified.path.display().to_string()),
            lines: verified.lines,
            runs: verified.runs,
            tampered: verified.tampered,
            places: places
                .map(|place| clean(&format!("line {}: {}", place.line, place.what)))
                .collect(),
            torn: verified.torn,
        }
    }
}
