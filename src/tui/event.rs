//! The events of the console. Time comes in events too, so that `update` reads no clock.

use super::decisions::Classified;
use super::effect::{Job, Ticket};
use super::keymap::Keymap;
use super::lines::{
    AppliedLine, BranchLine, ChainLine, CheckLine, FindingLine, FixLine, GroupLine, HubId,
    Inspected, JournalLine, Judged, KnownLine, ObjectLine, PlannedLine, PulledLine, RefusalLine,
    RepoLine, RunLine, SignedLine, StepLine, WantedLine,
};
use super::meter::Speed;
use luthier_hub::index::Counts;
use luthier_hub::progress::Figures;
use std::collections::BTreeMap;
use std::time::Duration;

/// The part of a configuration that the state takes; `None` leaves a setting as it is.
#[derive(Debug, Default)]
pub struct Reloaded {
    pub keymap: Option<Keymap>,
    pub mouse: Option<bool>,
}

/// One thing that happened.
#[derive(Debug)]
pub enum Event {
    /// From the terminal.
    Term(crossterm::event::Event),
    /// The answer under this ticket. Boxed: most events are keys.
    Answer(Ticket, Box<Answer>),
    /// The figures of a job.
    Progress {
        job: Job,
        figures: Figures,
        paused: bool,
        /// Of a repair.
        speed: Option<Speed>,
    },
    /// Something was found out beside an audit.
    Known(Box<KnownLine>),
    /// Time goes on: since the start of the session.
    Beat(Duration),
    /// A side of the hub stopped answering: which, and why; nothing once both answer again.
    Lost(Option<String>),
    /// Somebody asked the process to read its configuration again.
    Reload,
    /// The configuration was read again. Boxed: most events are keys.
    Reloaded(Box<Reloaded>),
    /// Somebody asked the process to stop.
    Stop,
}

/// The answers of the runner. Every text in it has passed [`luthier_hub::text::safe`]: the line types have no other way to be
/// made.
#[derive(Debug)]
pub enum Answer {
    /// The hub can be read; what database and store call themselves, and what the hub lacks.
    Opened {
        database: String,
        store: String,
        notes: Vec<String>,
    },
    Counts(Counts),
    /// `end`: none follow.
    Repos {
        rows: Vec<RepoLine>,
        end: bool,
    },
    /// The number of listed repositories, the position of the requested one, and whether the hub has more than are
    /// listed.
    Placed {
        count: u64,
        at: Option<u64>,
        cut: bool,
    },
    Branches {
        rows: Vec<BranchLine>,
        end: bool,
    },
    /// In the order of the list, whichever the direction.
    Objects {
        rows: Vec<ObjectLine>,
        end: bool,
    },
    Count(u64),
    Findings(Vec<FindingLine>),
    Ordinals(Vec<u64>),
    /// Findings of an older report in the last one: the marked ones, and how many that pass the filter
    /// precede the one under the cursor.
    Carried {
        marks: Vec<u64>,
        cursor: Option<u64>,
    },
    /// The position of the requested finding in its list.
    Place(Option<u64>),
    /// The last audit's result for each id, as stored.
    Judged(BTreeMap<String, Judged>),
    Groups(Vec<GroupLine>),
    Fixes(FixLine),
    Wanted(Vec<WantedLine>),
    /// Paths of folders, as they are typed.
    Folders(Vec<String>),
    /// Copies are taken from this folder from now on; its path is safe to show.
    Copies(String),
    /// Findings as a table in Markdown.
    Table(String),
    Inspected(Box<Inspected>),
    /// The one object whose id starts as was asked.
    Resolved {
        kind: luthier_object::Kind,
        id: HubId,
    },
    Audited(Box<KnownLine>),
    Planned(Box<PlannedLine>),
    Steps(Vec<StepLine>),
    Refusals(Vec<RefusalLine>),
    Classified(Classified),
    Applied(AppliedLine),
    /// Newest first.
    Runs(Vec<RunLine>),
    /// Newest first.
    RunLines(Vec<JournalLine>),
    Chain(ChainLine),
    Checked(Vec<CheckLine>),
    /// Files were written, named in a few words.
    Wrote(String),
    Pulled(Box<PulledLine>),
    Signed(Box<SignedLine>),
    Exported {
        path: String,
        /// The plural noun for the rows.
        word: &'static str,
        rows: u64,
    },
    /// One line: what failed, on what, what to do.
    Failed(String),
}

impl Answer {
    /// Returns findings, or why they could not be read.
    ///
    /// # Errors
    /// Any other answer is given back.
    pub fn findings(self) -> Result<Result<Vec<FindingLine>, String>, Self> {
        match self {
            Answer::Findings(rows) => Ok(Ok(rows)),
            Answer::Failed(why) => Ok(Err(why)),
            other => Err(other),
        }
    }

    /// Returns what an inspection saw, or why it failed.
    ///
    /// # Errors
    /// Any other answer is given back.
    pub fn inspected(self) -> Result<Result<Box<Inspected>, String>, Self> {
        match self {
            Answer::Inspected(seen) => Ok(Ok(seen)),
            Answer::Failed(why) => Ok(Err(why)),
            other => Err(other),
        }
    }
}
