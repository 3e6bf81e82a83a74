//! The effects that `update` requests: plain data, carried out by the runner.

use super::regions::Borders;
use super::widgets::confirm::Confirmed;
use luthier_audit::report::{GroupBy, Stretch};
use luthier_audit::table::Format;
use luthier_audit::{Depth, Filter};
use luthier_hub::index::Browse;
use luthier_object::Kind;
use luthier_repair::Selection;

/// Names one request; an answer with a ticket that nobody waits for is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// The owner of a screen's reads: closing it cancels them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(pub u64);

/// A plan that the runner holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlanRef(pub u64);

/// The report in which a selection was made: ordinals mean nothing in another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReportRef(pub u64);

/// Work that belongs to the session, not to a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    Audit,
    Plan,
    Apply,
    Pull,
    SignOff,
}

/// The subject of a traced pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// `owner/slug`, as stored.
    pub repo: String,
    /// All branches without.
    pub branch: Option<String>,
}

impl PullRequest {
    /// Returns `owner/slug@branch`, safe to show.
    #[must_use]
    pub fn shown(&self) -> String {
        let branch = self
            .branch
            .as_deref()
            .map_or(String::new(), |name| format!("@{name}"));
        super::lines::clean(&format!("{}{branch}", self.repo))
    }
}

/// The consent that a confirmation gives beside the plan itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// The plan's alarms were on the screen, and the hub's name was typed.
    pub mass_fault: bool,
    /// The first ten steps are to be looked at before the others.
    pub look_after_canary: bool,
}

/// A list that is written into a file, whole and in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exported {
    /// In the order of this stretch.
    Findings(Filter, Stretch),
    Repos(RepoQuery),
    Objects(ObjectQuery),
    Runs,
    /// The wanted list of this report.
    Wanted(ReportRef),
}

impl Exported {
    /// Returns the word that the file is named after.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Exported::Findings(..) => "findings",
            Exported::Repos(_) => "repositories",
            Exported::Objects(ask) => match ask.browse.kind {
                Kind::Commit => "commits",
                Kind::Snapshot => "snapshots",
                Kind::Blob => "blobs",
            },
            Exported::Runs => "runs",
            Exported::Wanted(_) => "wanted",
        }
    }
}

/// The commits, snapshots or blobs of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectQuery {
    pub browse: Browse,
    /// Those whose worst finding, id or words pass; all of them where it says nothing.
    pub filter: Filter,
}

/// The subject of an audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRequest {
    pub depth: Depth,
    pub scope: luthier_audit::Scope,
}

/// The order of the repositories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RepoOrder {
    /// The most branches whose pull fails first, then as by findings; deleted ones last.
    #[default]
    Failing,
    Path,
    Commits,
    /// The worst finding first, then the most findings; deleted ones last.
    Findings,
    /// The last push first.
    Pushed,
}

/// The listed repositories, and their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepoQuery {
    pub order: RepoOrder,
    pub flipped: bool,
    /// Each must occur in `owner/slug`; case does not matter.
    pub words: Vec<String>,
}

/// The findings of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tabled {
    List(Filter, Stretch),
    Places(Vec<u64>),
    /// One in full.
    Whole(u64),
    /// The wanted list of this report.
    Wanted(ReportRef),
}

/// A question that reads and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    Counts,
    Repos {
        ask: RepoQuery,
        skip: u64,
        limit: u32,
    },
    /// Counts the listed repositories, and finds the position of one.
    PlaceRepos {
        ask: RepoQuery,
        /// The id of the one whose place is wanted.
        keep: Option<String>,
        /// They are read again.
        fresh: bool,
    },
    Branches {
        repo_id: String,
        /// Part of their names, whatever its case; empty for all.
        containing: String,
        after: Option<String>,
        limit: u32,
    },
    Objects(ObjectQuery),
    ObjectsCount(Browse),
    Findings {
        filter: Filter,
        stretch: Stretch,
    },
    FindingsCount(Filter),
    /// The ordinals of a stretch of the findings.
    Ordinals {
        filter: Filter,
        stretch: Stretch,
    },
    /// Finds, in the last report, the findings that an older report has at these places.
    Carry {
        from: ReportRef,
        marks: Vec<u64>,
        /// The finding under the cursor.
        cursor: Option<u64>,
        filter: Filter,
    },
    /// Counts the matching findings before this one, if it matches too.
    PlaceOf {
        filter: Filter,
        ordinal: u64,
    },
    /// The worst finding on each of these ids, or how deep was looked, in a repository.
    WorstOn {
        /// `owner/slug`.
        path: String,
        ids: Vec<String>,
    },
    /// These findings as a table in Markdown.
    Table(Tabled),
    /// Counts the matching findings before the first that can be repaired.
    FirstFixable(Filter),
    Groups(Filter, GroupBy),
    /// Plans what a copy might restore, and counts what nothing was found for.
    Wanted(ReportRef),
    /// Lines of that list.
    WantedLines {
        report: ReportRef,
        skip: u64,
        limit: u32,
    },
    /// The folders of this machine whose path begins so.
    Folders(String),
    /// Finds out what can be done about each finding of a report.
    Fixes(ReportRef),
    Inspect {
        kind: Kind,
        id: String,
    },
    /// The repository with this path.
    RepoNamed(String),
    /// The object whose id starts so.
    Resolve(String),
    Steps {
        plan: PlanRef,
        skip: u64,
        limit: u32,
    },
    Refusals {
        plan: PlanRef,
        skip: u64,
        limit: u32,
    },
    /// Collects the findings of a selection that need a decision.
    Classify {
        report: ReportRef,
        selection: Selection,
    },
    /// The findings at these places of a report.
    FindingsAt {
        report: ReportRef,
        places: Vec<u64>,
    },
    /// The runs of the journal.
    Runs,
    /// Lines of a run, counted from its first.
    RunLines {
        run: String,
        skip: u64,
        limit: u32,
    },
    /// Checks the journal.
    Chain,
    /// Checks whether the hub can be used.
    Doctor,
}

/// One thing to be done outside the state.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Opens the hub, again where it failed.
    Open(Ticket),
    Read {
        scope: Scope,
        ticket: Ticket,
        ask: Query,
    },
    /// Cancels the reads of a scope.
    Close(Scope),
    Audit {
        ticket: Ticket,
        ask: AuditRequest,
    },
    Plan {
        ticket: Ticket,
        plan: PlanRef,
        report: ReportRef,
        selection: Selection,
    },
    /// Plans the undo of a run.
    Undo {
        ticket: Ticket,
        plan: PlanRef,
        run: String,
    },
    /// Audits to the last byte and pulls every branch.
    SignOff {
        ticket: Ticket,
    },
    /// Writes the reports of the last sign-off into a folder.
    SaveSignOff {
        ticket: Ticket,
        folder: String,
    },
    /// Tries what a client's pull would receive; keeps nothing.
    Pull {
        ticket: Ticket,
        ask: PullRequest,
    },
    /// Takes copies from a client's folder from now on.
    Copies {
        ticket: Ticket,
        folder: String,
    },
    /// Forgets a plan.
    DropPlan(PlanRef),
    /// The only effect that writes to the hub; only the confirmation can make its argument.
    Apply {
        ticket: Ticket,
        plan: Confirmed<PlanRef>,
        consent: Consent,
    },
    /// So many steps of the repair more at once, or fewer.
    Throttle(i8),
    /// Writes a plan into a new file.
    SavePlan {
        ticket: Ticket,
        plan: PlanRef,
        path: String,
    },
    Pause(Job, bool),
    /// Stops a job at its next safe point.
    Cancel(Job),
    /// Writes a list into a new file in the current folder.
    Export {
        ticket: Ticket,
        list: Exported,
        format: Format,
    },
    /// The depth that this hub's first audit has from now on.
    Remember(Depth),
    /// The form of lists from now on.
    RememberFormat(Format),
    /// Where the borders between panes are from now on.
    RememberBorders(Borders),
    /// To the terminal's clipboard.
    Copy(String),
    /// Shown by another program.
    View {
        /// Of the file that it is shown as.
        name: String,
        text: String,
    },
    /// The mouse is listened to, or left to the terminal.
    Mouse(bool),
    Redraw,
    /// The configuration is read again.
    Reload,
    Suspend,
    Quit,
}
