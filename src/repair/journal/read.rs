//! Reads journals: the runs of one, and the lines of a run.

use super::{Entry, Event, Line, RecordedOutcome, folder};
use crate::outcome::Outcome;
use luthier_hub::store::hub_writes::HubWrite;
use luthier_hub::text;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// One repair in figures, or one write of the hub's write sites.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Run {
    pub run: String,
    /// The time at which it began.
    pub time: String,
    pub operator: String,
    pub host: String,
    pub hub: String,
    /// Steps of its plan.
    pub steps: u64,
    /// Lines of it, with that of its beginning.
    pub lines: u64,
    /// Counted from its lines, so that a killed run is counted too.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Announced, with nothing said of what became of it: the run was killed there.
    pub open: u64,
    /// It came to its own end, even if it was stopped.
    pub ended: bool,
    pub stopped: bool,
    /// It was killed, and what it had announced was looked up by a later run.
    pub interrupted: bool,
    /// The reason why all writing stopped.
    pub breaker: Option<String>,
    /// The run that this one takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// Steps of it that later runs took back.
    pub undone: u64,
    /// What a write site of the hub wrote; none of a repair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub_write: Option<HubWrite>,
}

/// Returns every journal in the state folder, in the order of their names.
///
/// # Errors
/// The folder is there and cannot be read.
pub fn files() -> io::Result<Vec<PathBuf>> {
    let Some(folder) = folder() else {
        return Ok(Vec::new());
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut out = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}

/// Returns the runs of a journal, newest first. Lines that cannot be read are left to `verify`.
///
/// # Errors
/// The file cannot be read.
pub fn runs(path: &Path) -> io::Result<Vec<Run>> {
    let mut out: Vec<Run> = Vec::new();
    for line in lines(path)? {
        let line = line?;
        let begun = match line.event {
            Event::Run { steps, undoes, .. } => Run {
                steps,
                undoes,
                ..Run::default()
            },
            Event::Announced(write) => Run {
                steps: 1,
                open: 1,
                hub_write: Some(write),
                ..Run::default()
            },
            event => {
                // Others may have begun meanwhile: a hub write has the journal for each of its lines alone.
                let mut newest_first = out.iter_mut().rev();
                if let Some(run) = newest_first.find(|run| run.run == line.run) {
                    run.lines += 1;
                    run.take(event);
                }
                continue;
            }
        };
        out.push(Run {
            run: line.run,
            time: line.time,
            operator: line.operator,
            host: line.host,
            hub: line.hub,
            lines: 1,
            ..begun
        });
    }
    count_undone(&mut out);
    out.reverse();
    Ok(out)
}

/// Counts for each run the steps that later ones took back; what an undo took back and was put back again is not among
/// them. The oldest is first.
fn count_undone(runs: &mut [Run]) {
    let places: HashMap<String, usize> = runs
        .iter()
        .enumerate()
        .map(|(at, run)| (run.run.clone(), at))
        .collect();
    let place = |run: &Run, before: usize| {
        let at = places.get(run.undoes.as_ref()?)?;
        Some(*at).filter(|at| *at < before)
    };
    for at in 0..runs.len() {
        let count = runs[at].outcomes.get(&Outcome::Undone).copied();
        let (count, mut takes_back) = (count.unwrap_or(0), true);
        let mut next = place(&runs[at], at);
        while let Some(at) = next {
            let undone = &mut runs[at].undone;
            *undone = match takes_back {
                true => *undone + count,
                false => undone.saturating_sub(count),
            };
            takes_back = !takes_back;
            next = place(&runs[at], at);
        }
    }
}

impl Run {
    /// Says whether it was undone, and how many of its steps stay.
    #[must_use]
    pub fn undone_words(&self) -> Option<String> {
        let changed = self.outcomes.iter();
        let changed = changed.filter(|(outcome, _)| outcome.changes());
        let changed: u64 = changed.map(|(_, count)| count).sum();
        match (self.undone, changed.saturating_sub(self.undone)) {
            (0, _) => None,
            (_, 0) => Some("undone".to_owned()),
            (_, 1) => Some("undone, 1 stays".to_owned()),
            (_, left) => Some(format!("undone, {} stay", text::grouped(left))),
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Intent(_) => self.open += 1,
            Event::Outcome {
                outcome,
                announced,
                entry,
                ..
            } => {
                if announced {
                    self.open = self.open.saturating_sub(1);
                }
                let counted = match outcome {
                    RecordedOutcome::FoundDone => Some(Outcome::of(entry.remedy)),
                    outcome => outcome.counted(),
                };
                if let Some(outcome) = counted {
                    *self.outcomes.entry(outcome).or_default() += 1;
                }
            }
            Event::End {
                stopped, breaker, ..
            } => {
                (self.ended, self.stopped) = (true, stopped);
                self.breaker = breaker;
            }
            Event::Interrupted { .. } => self.interrupted = true,
            Event::Made { outcome, .. } => {
                (self.open, self.ended) = (0, true);
                let counted = match outcome {
                    RecordedOutcome::FoundDone => Some(Outcome::Written),
                    outcome => outcome.counted(),
                };
                self.interrupted = outcome.is_found();
                if let Some(outcome) = counted {
                    *self.outcomes.entry(outcome).or_default() += 1;
                }
            }
            Event::Run { .. } | Event::Announced(_) | Event::Note { .. } => {}
        }
    }
}

/// Returns the lines of one run from the `skip`th on, in their order.
///
/// # Errors
/// The file cannot be read.
pub fn lines_of(path: &Path, run: &str, skip: u64, limit: u32) -> io::Result<Vec<Line>> {
    lines(path)?
        .filter(|line| line.as_ref().map_or(true, |line| line.run == run))
        .skip(skip as usize)
        .take(limit as usize)
        .collect()
}

/// The announced steps without an outcome of a killed run.
pub(crate) struct Left {
    pub run: String,
    /// In the order of its steps.
    pub open: Vec<Entry>,
}

impl Left {
    /// Reads a journal from end to end; none where its last run came to its end.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        let (mut run, mut open) = (None, BTreeMap::new());
        for line in lines(path)? {
            let line = line?;
            match line.event {
                Event::Run { .. } => {
                    run = Some(line.run);
                    open.clear();
                }
                Event::Intent(entry) => {
                    open.insert(entry.step, entry);
                }
                Event::Outcome { entry, .. } => {
                    open.remove(&entry.step);
                }
                Event::End { .. } | Event::Interrupted { .. } => run = None,
                // All of a hub write comes in one transaction, or nothing.
                Event::Announced(_) | Event::Made { .. } | Event::Note { .. } => {}
            }
        }
        Ok(run.map(|run| Self {
            run,
            open: open.into_values().collect(),
        }))
    }
}

/// Returns every line that can be read.
pub(crate) fn lines(path: &Path) -> io::Result<impl Iterator<Item = io::Result<Line>>> {
    lines_within(path, 0, u64::MAX)
}

/// Returns every line that can be read of a part of the journal, in bytes.
pub(super) fn lines_within(
    path: &Path,
    from: u64,
    to: u64,
) -> io::Result<impl Iterator<Item = io::Result<Line>>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let reader = BufReader::new(file.take(to - from));
    Ok(reader.split(b'\n').filter_map(|text| match text {
        Ok(text) => serde_json::from_slice(&text).ok().map(Ok),
        Err(error) => Some(Err(error)),
    }))
}
