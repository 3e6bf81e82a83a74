//! The journal's lines, safe to show.

use super::{ChangeLine, HubId, clean};
use luthier_audit::{Code, Remedy, Subject};
use luthier_hub::text;
use luthier_repair::journal::{Entry, Event, Line, RecordedOutcome, Run, Verified};

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
    /// `3 written, 1 refused`; what a write site of the hub wrote.
    pub outcomes: String,
    /// Steps that were announced, with nothing said of what became of them.
    pub open: u64,
    /// The end of the run, if it did not simply finish.
    pub end: Option<String>,
    /// Set if every counted step succeeded and the run finished.
    pub well: bool,
    /// The run that this one took back.
    pub undoes: Option<String>,
    /// Says that a later run took it back, and how many steps stay.
    pub undone: Option<String>,
}

impl RunLine {
    /// Names the run to undo, so that nobody takes another one back.
    #[must_use]
    pub fn undo_words(&self) -> String {
        format!(
            "the undo of the run of {} by {}: {}",
            text::moment(&self.time),
            self.who,
            self.outcomes
        )
    }
}

impl From<&Run> for RunLine {
    fn from(run: &Run) -> Self {
        let outcomes: Vec<String> = run
            .outcomes
            .iter()
            .map(|(outcome, count)| format!("{} {}", text::grouped(*count), outcome.word()))
            .collect();
        let end = match (&run.breaker, run.ended && !run.interrupted, run.stopped) {
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
            outcomes: match &run.hub_write {
                Some(write) => clean(&write.to_string()),
                None if outcomes.is_empty() => "nothing".to_owned(),
                None => outcomes.join(", "),
            },
            open: run.open,
            undoes: run.undoes.as_deref().map(clean),
            undone: run.undone_words(),
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
    /// `intent`, `announced`, an outcome, `run`, `end` or `note`.
    pub word: String,
    /// In a sentence, or why it did not end well.
    pub words: String,
    pub well: bool,
    pub entry: Option<EntryLine>,
}

/// Returns the word for an outcome, and whether it is a good one.
fn ended(outcome: RecordedOutcome) -> (&'static str, bool) {
    match (outcome, outcome.counted()) {
        (_, Some(outcome)) => (outcome.word(), outcome.is_well()),
        (RecordedOutcome::FoundDone, None) => ("found done", true),
        (RecordedOutcome::FoundNotDone, None) => ("found not done", true),
        (_, None) => ("not begun", true),
    }
}

/// Returns the word and the words of a line, and whether it is a good one. A step has its entry beside them.
fn told(event: &Event) -> (&'static str, String, bool) {
    match event {
        Event::Run { steps, bytes, .. } => {
            let steps = text::plural(*steps, "step");
            ("run", format!("{steps}, {}", text::bytes(*bytes)), true)
        }
        Event::Intent(_) => ("intent", String::new(), true),
        Event::Outcome { outcome, why, .. } => {
            let (word, well) = ended(*outcome);
            (word, why.clone().unwrap_or_default(), well)
        }
        Event::Announced(write) => ("announced", write.to_string(), true),
        Event::Made {
            outcome,
            why,
            stored,
            ..
        } => {
            let (word, well) = ended(*outcome);
            let stored = || format!("{} stored", text::plural(*stored, "object"));
            (word, why.clone().unwrap_or_else(stored), well)
        }
        Event::End {
            stopped, breaker, ..
        } => {
            let word = if *stopped { "stopped" } else { "end" };
            (word, breaker.clone().unwrap_or_default(), breaker.is_none())
        }
        Event::Interrupted { done, not_done } => {
            let words =
                format!("killed; of the announced steps {done} were done, {not_done} were not");
            ("interrupted", words, false)
        }
        Event::Note { why, bytes, .. } => {
            let words = format!("{why} ({})", text::plural(*bytes, "byte"));
            ("note", words, false)
        }
    }
}

impl From<&Line> for JournalLine {
    fn from(line: &Line) -> Self {
        let (word, words, well) = told(&line.event);
        let entry = match &line.event {
            Event::Intent(entry) | Event::Outcome { entry, .. } => Some(entry),
            _ => None,
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
