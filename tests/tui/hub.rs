//! A hub that answers every question from thin air, the same each time.

mod rows;

pub use rows::{STARTED, id};

use crate::effect::{Effect, Query};
use crate::event::Answer;
use crate::lines::{
    AppliedLine, ChainLine, CheckLine, FixLine, HubId, Inspected, Judged, PulledLine, RefusalLine,
};
use luthier_audit::report::BranchCounts;
use luthier_audit::{Code, Depth, Fix};
use luthier_hub::index::Counts;
use luthier_hub::store::doctor::Check;
use luthier_object::Kind;
use luthier_repair::Refusal;
use luthier_repair::history::PastFigures;
use luthier_repair::journal::Verified;
use luthier_repair::{Applied, Outcome};
use std::collections::BTreeMap;

/// A hub on the stage.
#[derive(Clone, Debug)]
pub struct FakeHub {
    /// Findings in its report; every repair takes one away.
    pub findings: u64,
    pub commits: u64,
    /// Put into every text that a hub supplies.
    pub text: String,
    /// Plans mend what needs a choice.
    pub asks: bool,
    pub steps: u64,
    pub fails: Option<String>,
    /// Why plans may rest on a mistake.
    pub alarms: Vec<String>,
    /// Findings that need a choice, of any selection.
    pub two_truths: u64,
    /// These are of ids without row, which cannot be inspected.
    pub rowless: bool,
    /// These are of rows whose object is missing, and every row reproduces its id.
    pub objectless: bool,
    /// The code of these, where it is another.
    pub undecided: Option<Code>,
    /// Steps of its journal's only run that were undone; it has one.
    pub undone: u64,
    /// Its plans save where branches point.
    pub checkpoint: bool,
    /// Findings that its plans skip.
    pub skipped: u64,
    /// Lines of its journal's only run.
    pub lines: u64,
    /// How its branches stand.
    pub branches: BranchCounts,
    /// How deep the whole hub was looked at, where that is another depth than that of an audit.
    pub depth: Option<Depth>,
    /// The place of the first finding that can be repaired.
    pub first_fixable: u64,
    /// No object has a finding.
    pub clean: bool,
    /// A branch fails by itself: no object of it is refused.
    pub unfit: bool,
    /// What is said of every object that is inspected.
    pub verdict: String,
    /// Objects that need a copy.
    pub wanted: u64,
    /// Its last audits.
    pub trend: Vec<PastFigures>,
}

impl Default for FakeHub {
    fn default() -> Self {
        Self {
            findings: 300,
            commits: 1_325,
            text: "guest book".into(),
            asks: false,
            steps: 1,
            fails: None,
            alarms: vec![],
            two_truths: 0,
            rowless: false,
            objectless: false,
            undecided: None,
            undone: 0,
            skipped: 1,
            checkpoint: false,
            lines: 3,
            branches: BranchCounts {
                fail: 1,
                clear: 2,
                depth: Some(Depth::Bytes),
                ..BranchCounts::default()
            },
            depth: None,
            first_fixable: 0,
            clean: false,
            unfit: false,
            trend: Vec::new(),
            wanted: 5,
            verdict: "A clone of main comes out empty: this commit has no snapshot.".into(),
        }
    }
}

impl FakeHub {
    /// What the runner would answer; `None` for what has no answer.
    pub fn answer(&self, effect: &Effect) -> Option<Answer> {
        if let Some(why) = &self.fails {
            return Some(Answer::Failed(why.clone()));
        }
        Some(match effect {
            Effect::Open(_) => Answer::Opened {
                database: "sqlite /srv/hub.db".into(),
                store: "folder /srv/objects".into(),
                notes: vec![],
            },
            Effect::Audit { ticket, ask } => Answer::Audited(Box::new(self.known(*ticket, ask))),
            Effect::Plan { .. } => Answer::Planned(Box::new(self.planned())),
            Effect::Apply { .. } => Answer::Applied(AppliedLine::from(&Applied {
                run: "7f3a".into(),
                outcomes: BTreeMap::from([(Outcome::Written, self.steps)]),
                trouble: vec![],
                stopped: false,
            })),
            Effect::Pull { ask, .. } => Answer::Pulled(Box::new(match &ask.branch {
                Some(_) => PulledLine::from(&self.tried_pull()),
                None => PulledLine::from(&self.tried_repo()),
            })),
            Effect::Undo { .. } => Answer::Planned(Box::new(self.undo())),
            Effect::SignOff { .. } => Answer::Signed(Box::new(self.signed())),
            Effect::SaveSignOff { folder, .. } => {
                Answer::Wrote(format!("both reports to {folder}"))
            }
            Effect::Copies { folder, .. } if folder.contains("none") => {
                Answer::Failed(format!("no copies: {folder}: there is no such folder"))
            }
            Effect::Copies { folder, .. } => Answer::Copies(folder.clone()),
            Effect::SavePlan { path, .. } => Answer::Wrote(format!("a plan of 1 step to {path}")),
            Effect::Export { list, .. } => Answer::Exported {
                path: "/tmp/list.jsonl".into(),
                word: list.word(),
                rows: self.findings,
            },
            Effect::Read { ask, .. } => self.read(ask),
            _ => return None,
        })
    }

    fn read(&self, ask: &Query) -> Answer {
        match ask {
            Query::Counts => Answer::Counts(Counts {
                repos: 2,
                branches: 3,
                commits: self.commits,
                snapshots: 400,
                blobs: 9_000,
                proposals: 1,
                null_uris: [Some(17), Some(10), None],
            }),
            Query::Repos { ask, .. } => Answer::Repos {
                rows: self.repos(ask),
                end: true,
            },
            Query::PlaceRepos { ask, keep, .. } => {
                let rows = self.repos(ask);
                let at = rows
                    .iter()
                    .position(|row| Some(row.id.exact()) == keep.as_deref());
                Answer::Placed {
                    count: rows.len() as u64,
                    at: at.map(|at| at as u64),
                    cut: false,
                }
            }
            Query::Branches { containing, .. } => {
                let names = ["main", "dev"].into_iter();
                let names = names.filter(|name| name.contains(containing.as_str()));
                Answer::Branches {
                    rows: names.map(|name| self.branch(name)).collect(),
                    end: true,
                }
            }
            Query::Objects(ask) => self.browse(ask),
            Query::ObjectsCount(_) => Answer::Count(self.commits),
            Query::RepoNamed(path) if path == "alice/song" => Answer::Repos {
                rows: vec![self.repo(0)],
                end: true,
            },
            Query::RepoNamed(path) => Answer::Failed(format!("there is no repository {path}")),
            Query::Resolve(_) => Answer::Resolved {
                kind: Kind::Snapshot,
                id: HubId::new(&id(7)),
            },
            Query::Findings { filter, stretch } => {
                let places = self.places(filter, stretch);
                Answer::Findings(places.map(|n| self.finding(n, filter)).collect())
            }
            Query::Ordinals { filter, stretch } => {
                Answer::Ordinals(self.places(filter, stretch).collect())
            }
            // The first finding of the report before was repaired.
            Query::Carry { marks, cursor, .. } => Answer::Carried {
                marks: marks.iter().filter_map(|n| n.checked_sub(1)).collect(),
                cursor: cursor.and_then(|n| n.checked_sub(1)),
            },
            // A filter lets a third through: the first one of three.
            Query::PlaceOf { filter, ordinal } if filter.codes.is_empty() => {
                Answer::Place((*ordinal < self.matching(filter)).then_some(*ordinal))
            }
            Query::PlaceOf { ordinal, .. } => {
                Answer::Place(ordinal.is_multiple_of(3).then_some(ordinal / 3))
            }
            Query::Table(_) => Answer::Table("| a table |\n".into()),
            Query::FirstFixable(_) => Answer::Place(Some(self.first_fixable)),
            Query::Fixes(_) => Answer::Fixes(FixLine {
                counts: [
                    (Fix::Auto, self.findings / 2),
                    (Fix::Decide, self.findings / 3),
                    (Fix::Copy, self.wanted),
                    (Fix::None, 2),
                ]
                .into(),
                tried: true,
            }),
            Query::Wanted(_) => Answer::Count(self.wanted),
            Query::WantedLines { skip, limit, .. } => {
                let end = self.wanted.min(skip + u64::from(*limit));
                let lines = (*skip..end).map(|n| self.wanted_line(n));
                Answer::Wanted(lines.collect())
            }
            Query::Folders(typed) => {
                let all = ["/srv/clone/", "/srv/clones/", "/home/"].into_iter();
                let fits = all.filter(|path| path.starts_with(typed.as_str()));
                Answer::Folders(fits.map(str::to_owned).collect())
            }
            Query::WorstOn { ids, .. } => Answer::Judged(
                ids.iter()
                    .map(|id| match id.ends_with("500000000000000") && !self.clean {
                        true => (id.clone(), Judged::Found(Code::UriMissing)),
                        false => (
                            id.clone(),
                            Judged::Clean(self.depth.unwrap_or(Depth::Bytes)),
                        ),
                    })
                    .collect(),
            ),
            Query::FindingsAt { places, .. } => {
                Answer::Findings(places.iter().map(|n| self.truth(*n)).collect())
            }
            Query::Classify { selection, .. } => Answer::Classified(self.classified(selection)),
            Query::Runs => Answer::Runs(vec![self.run()]),
            Query::RunLines { skip, limit, .. } => {
                let end = self.lines.min(skip + u64::from(*limit));
                Answer::RunLines((*skip..end).rev().map(|n| self.line(n)).collect())
            }
            Query::Chain => Answer::Chain(ChainLine::from(&Verified {
                path: "/state/journal.jsonl".into(),
                lines: self.lines,
                runs: 1,
                ..Verified::default()
            })),
            Query::Doctor => {
                Answer::Checked(vec![CheckLine::from(&Check::pass("database", "sqlite"))])
            }
            Query::FindingsCount(filter) => Answer::Count(self.matching(filter)),
            Query::Groups(_, by) => Answer::Groups(self.groups(*by)),
            Query::Inspect { kind, .. } => {
                Answer::Inspected(Box::new(Inspected::from(&self.inspection(*kind))))
            }
            Query::Steps { skip, limit, .. } => {
                let end = self.steps.min(skip + u64::from(*limit));
                Answer::Steps((*skip..end).map(|n| self.step(n)).collect())
            }
            Query::Refusals { .. } => Answer::Refusals(vec![RefusalLine::from(&Refusal {
                code: Code::CommitTreeless,
                id: id(9),
                repo: "alice/song".into(),
                why: format!("no remedy: a person must decide; {}", self.text),
                decision: false,
                wanted: None,
            })]),
        }
    }
}
