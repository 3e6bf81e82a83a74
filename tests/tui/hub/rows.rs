//! What its rows say.

use super::FakeHub;
use crate::decisions::{Classified, Open, subject};
use crate::effect::{AuditRequest, ObjectQuery, RepoQuery, ReportRef, Ticket};
use crate::event::Answer;
use crate::lines::signed::HeldLine;
use crate::lines::{
    BranchLine, BranchMark, FindingLine, GroupLine, HubId, JournalLine, KnownLine, ObjectLine,
    PlannedLine, RepoLine, RunLine, SignedLine, StepLine, SummaryLine, WantedLine,
};
use luthier_audit::Remedy;
use luthier_audit::evidence::{Sides, Treeless};
use luthier_audit::past_audits::{PastAudit, PastAudits};
use luthier_audit::report::{GroupBy, Stretch, Summary};
use luthier_audit::{
    Blocks, Code, Depth, Evidence, FieldDiff, Filter, Finding, Fix, Grade, Group, Inspection,
    LinkTo, NamedBy, Numbered, ObjectView, Scope, Subject, Trial,
};
use luthier_client::Received;
use luthier_client::tried::{Taken, TriedPull};
use luthier_client::tried_repo::{BranchEnd, TriedBranch, TriedRepo};
use luthier_hub::index::{BranchRow, Edge, EditableColumn, Listed, RepoRow};
use luthier_hub::store::fetch::{Refusal as Refused, Why};
use luthier_object::{Kind, ObjectId};
use luthier_repair::Outcome;
use luthier_repair::change::{CellChange, StepChange};
use luthier_repair::journal::{Entry, Event, Line, Run};
use luthier_repair::signoff::{State, Verdict};
use luthier_repair::wanted::Wanted;
use luthier_repair::{Doubt, Next, Refusal, Selection, Step, Totals, Undoable};
use std::collections::BTreeMap;

/// 2026-11-23T04:00:00Z, when the stage's clock starts.
pub const STARTED: i64 = 1_795_406_400_000_000;

/// An id with a digest that tells its number.
pub fn id(n: u64) -> String {
    format!("sha256:{:012x}{:052x}", n + 1, 0)
}

impl FakeHub {
    /// A line of the wanted list.
    pub(super) fn wanted_line(&self, n: u64) -> WantedLine {
        let refusal = Refusal {
            code: Code::ObjectMissing,
            id: id(n + 40),
            repo: "alice/song".into(),
            why: format!("the hub has no valid copy of it; {}", self.text),
            decision: false,
            wanted: Some(Wanted {
                kind: Subject::Blob,
                repo: "alice/song".into(),
                path: Some(format!("tracks/{n} {}.mid", self.text)),
                blocks: Some(Blocks {
                    commits: Some(3),
                    branches: Some(1),
                    repos: Some(1),
                }),
            }),
        };
        WantedLine::of(&refusal).expect("it is wanted")
    }

    /// A sign-off: FAIL while there are findings.
    pub(super) fn signed(&self) -> SignedLine {
        let (verdict, state) = match self.findings {
            0 => (Verdict::Pass, State::Held),
            _ => (Verdict::Fail, State::Broken),
        };
        SignedLine {
            judged_by: String::new(),
            not_covered: Vec::new(),
            verdict,
            checks: vec![HeldLine {
                name: "no-critical".into(),
                state,
                said: luthier_hub::text::safe(&self.text).into_owned(),
            }],
            left: (0..self.findings.min(5)).map(id).collect(),
            left_total: self.findings,
            left_words: format!(
                "{} prevent PASS",
                luthier_hub::text::plural(self.findings, "finding")
            ),
            fix_words: String::new(),
            beside: 0,
            pulls: vec![],
            seconds: 3,
        }
    }

    /// A tried pull: refused while there are findings.
    pub(super) fn tried_pull(&self) -> TriedPull {
        let refusal = Refused {
            kind: Kind::Snapshot,
            id: ObjectId::new(id(7)),
            way: vec![
                format!("head {}", self.text),
                "commit abc".into(),
                "snapshot def".into(),
            ],
            why: Why::NoRow,
        };
        TriedPull {
            heads: vec![(self.text.clone(), Some(ObjectId::new(id(1))))],
            received: Received {
                fetched: [4, 2, 5],
                reconstructed: [1, 0, 0],
                foreign_commits: Some(1),
                bytes: 12_345,
                ..Received::default()
            },
            last: vec![Taken {
                kind: Kind::Commit,
                id: ObjectId::new(id(1)),
                reconstructed: true,
            }],
            refusal: (self.findings > 0).then_some(refusal),
            stopped: false,
        }
    }

    /// All branches tried: `main` is refused while there are findings.
    pub(super) fn tried_repo(&self) -> TriedRepo {
        let pull = self.tried_pull();
        let refused = |name: &str, refusal: &Refused| TriedBranch {
            name: name.into(),
            head: Some(ObjectId::new(id(1))),
            rows: 1,
            end: BranchEnd::Refused(Box::new(refusal.clone())),
        };
        let other = pull.refusal.as_ref().map(|refusal| Refused {
            id: ObjectId::new(id(8)),
            ..refusal.clone()
        });
        let named: Vec<TriedBranch> = pull
            .refusal
            .iter()
            .map(|refusal| refused("main", refusal))
            .chain(other.iter().map(|refusal| match self.unfit {
                true => TriedBranch {
                    end: BranchEnd::Unfit("two rows have its name".into()),
                    ..refused("mix/tape", refusal)
                },
                false => refused("mix/tape", refusal),
            }))
            .collect();
        TriedRepo {
            whole: 12 - named.len() as u64,
            empty: 1,
            failed: named.len() as u64,
            named,
            received: TriedPull {
                heads: vec![],
                refusal: None,
                ..pull
            },
            ..TriedRepo::default()
        }
    }

    /// Every filter by code leaves a third.
    pub(super) fn matching(&self, filter: &Filter) -> u64 {
        if filter.codes.is_empty() {
            self.findings
        } else {
            self.findings / 3
        }
    }

    /// What is known after an audit: of the whole hub, or of its part beside what a look at the hub has left.
    pub fn known(&self, ticket: Ticket, ask: &AuditRequest) -> KnownLine {
        let past = |scope: Scope, depth| PastAudit {
            scope,
            depth,
            at: STARTED,
            complete: true,
        };
        let mut past_audits = PastAudits::default();
        past_audits.add(past(Scope::Hub, self.depth.unwrap_or(ask.depth)));
        past_audits.add(past(ask.scope.clone(), ask.depth));
        KnownLine {
            report: ReportRef(ticket.0),
            left: self.findings,
            summary: self.summary(ask.depth),
            past_audits,
            branches: self.branches,
            repos: BTreeMap::from([("alice/song".to_owned(), self.branches)]),
            trend: self.trend.clone(),
        }
    }

    fn summary(&self, depth: Depth) -> SummaryLine {
        SummaryLine::from(&Summary {
            complete: true,
            depth,
            findings: match self.clean {
                true => BTreeMap::new(),
                false => BTreeMap::from([
                    (Code::UriMissing, self.findings / 3),
                    (Code::CommitTreeless, 2),
                    (Code::CacheMsgpack, self.findings / 2),
                ]),
            },
            ..Summary::default()
        })
    }

    pub(super) fn totals(&self) -> Totals {
        Totals {
            steps: self.steps,
            mends: self.steps,
            refused: self.skipped,
            bytes: 691 * self.steps,
            requests: 2 * self.steps,
            by_remedy: BTreeMap::from([(Remedy::Backfill, self.steps)]),
        }
    }

    /// What was planned.
    pub(super) fn planned(&self) -> PlannedLine {
        let why = "Nothing is planned: the one finding is skipped, with the reason beside it.";
        PlannedLine {
            totals: self.totals(),
            alarms: self.alarms.clone(),
            doubt: self.doubt(),
            undoable: Undoable {
                row: self.steps,
                rows: self.steps,
                ..Undoable::default()
            },
            empty: (self.steps == 0).then(|| why.to_owned()),
            next: match self.steps {
                0 => vec![Next::Copies],
                _ => vec![],
            },
        }
    }

    /// What the undo of a run was planned to be.
    pub(super) fn undo(&self) -> PlannedLine {
        let mut planned = self.planned();
        planned.totals.by_remedy = BTreeMap::from([(Remedy::Undo, self.steps)]);
        (planned.totals.bytes, planned.totals.requests) = (0, 0);
        planned.undoable = Undoable {
            whole: self.steps,
            rows: self.steps,
            ..Undoable::default()
        };
        planned.doubt = Some(Doubt::Undo);
        planned
    }

    fn doubt(&self) -> Option<Doubt> {
        match (self.alarms.is_empty(), self.asks, self.steps) {
            (false, ..) => Some(Doubt::Alarms),
            (_, true, _) => Some(Doubt::Decisions),
            (_, _, 1_001..) => Some(Doubt::Many),
            _ => None,
        }
    }

    /// Every word is taken for a part of the owner's name.
    pub(super) fn repos(&self, ask: &RepoQuery) -> Vec<RepoLine> {
        let mut rows = vec![self.repo(0), self.repo(1)];
        rows.retain(|row| ask.words.iter().all(|word| row.path.shown().contains(word)));
        if ask.flipped {
            rows.reverse();
        }
        rows
    }

    /// The ordinals of a stretch; turned round, they count down.
    pub(super) fn places(
        &self,
        filter: &Filter,
        stretch: &Stretch,
    ) -> Box<dyn Iterator<Item = u64>> {
        let all = self.matching(filter);
        let end = all.min(stretch.skip + u64::from(stretch.limit));
        let rows = stretch.skip..end;
        if stretch.flipped {
            return Box::new(rows.map(move |n| all - 1 - n));
        }
        Box::new(rows)
    }

    pub(super) fn repo(&self, n: u64) -> RepoLine {
        let row = RepoRow {
            repo_id: format!("repo-{n}"),
            owner: ["alice", "bela"][n as usize].into(),
            slug: "song".into(),
            default_branch: "main".into(),
            pushed_at: Some("2026-11-20T10:00:00+00:00".into()),
            deleted_at: (n == 1).then(|| "2026-11-21T10:00:00+00:00".into()),
            ..RepoRow::default()
        };
        RepoLine::new(&row, (3, self.commits))
    }

    pub(super) fn branch(&self, name: &str) -> BranchLine {
        let row = BranchRow {
            name: name.into(),
            head_commit_id: Some(id(3)),
            ..BranchRow::default()
        };
        let mark = match name {
            "main" => BranchMark::Fails {
                code: Some(Code::ObjectCorrupt),
                why: String::new(),
                at: STARTED,
            },
            _ => BranchMark::Clear {
                depth: Depth::Presence,
                at: STARTED,
            },
        };
        BranchLine {
            mark,
            ..BranchLine::from(&row)
        }
    }

    /// Rows are numbered; the instant of a row is its number, the lowest being the newest.
    pub(super) fn browse(&self, ask: &ObjectQuery) -> Answer {
        let browse = &ask.browse;
        let passes = |n: &u64| {
            let text = format!("{} {n}", self.text);
            ask.filter
                .words
                .iter()
                .all(|word| text.contains(word.as_str()))
        };
        let all = self.commits;
        let number = |place: u64| {
            if browse.oldest_first {
                all - 1 - place
            } else {
                place
            }
        };
        let place = |at: &str| number(at.parse::<u64>().unwrap());
        let (from, to) = match &browse.from {
            Edge::Start => (0, all),
            Edge::From { at, .. } => (place(at), all),
            Edge::After { at, .. } => (place(at) + 1, all),
            Edge::Before { at, .. } => (0, place(at)),
            Edge::End => (0, all),
        };
        let limit = browse.limit as usize;
        let listed = (from..to).map(number);
        let forward = browse.from.is_forward();
        let mut numbers: Vec<u64> = match forward {
            true => listed.filter(passes).take(limit + 1).collect(),
            false => listed.rev().filter(passes).take(limit + 1).collect(),
        };
        let end = numbers.len() <= limit;
        numbers.truncate(limit);
        if !forward {
            numbers.reverse();
        }
        let rows = numbers.into_iter().map(|n| self.listed(browse.kind, n));
        Answer::Objects {
            rows: rows.collect(),
            end,
        }
    }

    pub(super) fn listed(&self, kind: Kind, n: u64) -> ObjectLine {
        ObjectLine::from(&Listed {
            kind,
            id: id(n),
            at: n.to_string(),
            who: "alice".into(),
            what: format!("{} {n}", self.text),
            branch: "main".into(),
            parent_ids: "[]".into(),
            snapshot_id: (n != 2).then(|| id(n + 1)),
            size: Some(1_400),
            storage_uri: Some((!n.is_multiple_of(3)).then(|| format!("local://objects/{n}"))),
            cache_byte: (kind == Kind::Snapshot).then_some(b'{'),
        })
    }

    pub(super) fn finding(&self, n: u64, filter: &Filter) -> FindingLine {
        let codes = [Code::UriMissing, Code::CommitTreeless, Code::CacheMsgpack];
        let kinds = [Subject::Commit, Subject::Commit, Subject::Snapshot];
        let which = n as usize % 3;
        let code = filter.codes.first().copied().unwrap_or(codes[which]);
        let fields = serde_json::json!({
            "why": self.text, "path": self.text, "parents": self.text, "scheme": "typed",
        });
        let fields = fields.as_object().unwrap().clone();
        let evidence = Evidence::read(code, fields).unwrap();
        let mut finding = Finding::new(evidence, kinds[which], id(n));
        finding.repo = "alice/song".into();
        finding.blocks = (which == 1).then_some(Blocks {
            commits: Some(12),
            branches: Some(2),
            repos: Some(1),
        });
        FindingLine::from(&Numbered {
            ordinal: n,
            finding,
            fix: Some([Fix::Auto, Fix::None, Fix::Decide][which]),
        })
    }

    fn undecided(&self) -> Code {
        if let Some(code) = self.undecided {
            return code;
        }
        match (self.rowless, self.objectless) {
            (true, _) => Code::RowMissing,
            (_, true) => Code::ObjectMissing,
            _ => Code::ObjectDiverges,
        }
    }

    /// A finding that needs a choice: an id without row, or a row and an object that disagree.
    pub(super) fn truth(&self, n: u64) -> FindingLine {
        if let Some(code) = self.undecided {
            let fields = serde_json::json!({ "scheme": "pipe", "head": id(n) });
            let evidence = Evidence::read(code, fields.as_object().unwrap().clone()).unwrap();
            return FindingLine::from(&Numbered {
                ordinal: n,
                fix: Some(Fix::Decide),
                finding: Finding::new(evidence, Subject::Commit, id(n)),
            });
        }
        if self.rowless {
            let fields = serde_json::json!({ "found": [id(n)], "named_by": "main" });
            let evidence =
                Evidence::read(Code::RowMissing, fields.as_object().unwrap().clone()).unwrap();
            return FindingLine::from(&Numbered {
                ordinal: n,
                fix: None,
                finding: Finding::new(evidence, Subject::Commit, id(n)),
            });
        }
        if self.objectless {
            let fields = serde_json::json!({ "found": [], "storage_uri": "local://objects/1" });
            let evidence =
                Evidence::read(Code::ObjectMissing, fields.as_object().unwrap().clone()).unwrap();
            return FindingLine::from(&Numbered {
                ordinal: n,
                fix: Some(Fix::Decide),
                finding: Finding::new(evidence, Subject::Commit, id(n)),
            });
        }
        let sides = Sides {
            identity: false,
            object: None,
            row: Some(self.text.clone()),
        };
        let differences = [("message".to_owned(), sides)].into();
        let evidence = Evidence::ObjectDiverges(differences);
        let mut finding = Finding::new(evidence, Subject::Commit, id(n));
        finding.repo = "alice/song".into();
        FindingLine::from(&Numbered {
            ordinal: n,
            finding,
            fix: Some(Fix::Decide),
        })
    }

    pub(super) fn classified(&self, selection: &Selection) -> Classified {
        let rest = match selection {
            Selection::Ordinals(places) => places.clone(),
            _ => vec![],
        };
        let mut classified = Classified {
            open: (0..self.two_truths)
                .map(|n| Open {
                    ordinal: n,
                    code: self.undecided(),
                    remedy: self.undecided().fault().remedy,
                    subject: subject(&id(n)),
                    fix: Some(Fix::Decide),
                })
                .collect(),
            ..Classified::default()
        };
        for place in rest {
            // Every second of them takes a copy, the others have no repair.
            let fix = if place % 2 == 0 { Fix::Copy } else { Fix::None };
            classified.add_rest(place, Some(fix));
        }
        classified
    }

    pub(super) fn run(&self) -> RunLine {
        RunLine::from(&Run {
            run: "7f3a".into(),
            time: "2026-11-23T03:00:00Z".into(),
            operator: self.text.clone(),
            host: "desk".into(),
            hub: "musehub-test".into(),
            steps: 1,
            lines: self.lines,
            outcomes: BTreeMap::from([(Outcome::Written, 1)]),
            undone: self.undone,
            ended: true,
            ..Run::default()
        })
    }

    pub(super) fn line(&self, n: u64) -> JournalLine {
        let entry = Entry {
            step: n,
            code: Code::UriMissing,
            also: vec![],
            remedy: Remedy::Backfill,
            kind: Subject::Commit,
            id: id(n),
            repo: "alice/song".into(),
            path: None,
            key: None,
            bytes: 691,
            sha256: None,
            change: StepChange::cells(vec![CellChange {
                column: EditableColumn::StorageUri,
                from: None,
                to: Some(self.text.clone()),
            }]),
        };
        JournalLine::from(&Line {
            seq: n + 1,
            prev: String::new(),
            time: "2026-11-23T03:00:00Z".into(),
            run: "7f3a".into(),
            operator: "alice".into(),
            host: "desk".into(),
            hub: "musehub-test".into(),
            event: Event::Intent(entry),
        })
    }

    pub(super) fn groups(&self, by: GroupBy) -> Vec<GroupLine> {
        let name = match by {
            GroupBy::Code => "uri-missing",
            GroupBy::Repo => "alice/song",
            GroupBy::Kind => "commit",
            GroupBy::Fix => "auto",
        };
        if self.clean {
            return vec![];
        }
        vec![GroupLine::from(&Group {
            name: name.into(),
            count: self.findings,
            worst: Grade::Critical,
            of_worst: self.findings,
        })]
    }

    pub(super) fn step(&self, n: u64) -> StepLine {
        if self.checkpoint {
            let step = Self {
                checkpoint: false,
                ..self.clone()
            };
            return StepLine {
                code: Code::RefsUnsaved,
                remedy: Remedy::Checkpoint,
                kind: Subject::Branch,
                id: HubId::new("alice/song"),
                ..step.step(n)
            };
        }
        StepLine::from(&Step {
            number: n + 1,
            also: vec![],
            others: 0,
            more: false,
            code: if self.asks {
                Code::IdentityStale
            } else {
                Code::UriMissing
            },
            remedy: Remedy::Backfill,
            kind: Kind::Commit.into(),
            id: id(n),
            repo: "alice/song".into(),
            path: None,
            words: format!("Stores the commit as its row proves it; {}", self.text),
            precondition: "The row's storage_uri is still null.".into(),
            key: Some("objects/sha256/00/01".into()),
            from: None,
            bytes: 691,
            sha256: Some("ab".repeat(32)),
            change: StepChange::cells(vec![CellChange {
                column: EditableColumn::StorageUri,
                from: None,
                to: Some("local://objects/sha256/00/01".into()),
            }]),
        })
    }

    /// A row whose object is not there.
    fn without_object(&self, kind: Kind) -> Inspection {
        let mut seen = Self {
            objectless: false,
            ..self.clone()
        }
        .inspection(kind);
        for field in &mut seen.fields {
            (field.object, field.same) = (None, false);
        }
        seen.object = ObjectView::Absent {
            key: "objects/sha256/00/01".into(),
        };
        seen
    }

    /// An object that no row has.
    fn without_row(&self, kind: Kind) -> Inspection {
        let mut seen = Self {
            rowless: false,
            ..self.clone()
        }
        .inspection(kind);
        (seen.row, seen.fields) = (Vec::new(), Vec::new());
        if let ObjectView::Present {
            proved, problem, ..
        } = &mut seen.object
        {
            (*proved, *problem) = (Some("typed".into()), None);
        }
        seen
    }

    /// A treeless merge whose object differs.
    pub fn inspection(&self, kind: Kind) -> Inspection {
        if self.rowless {
            return self.without_row(kind);
        }
        if self.objectless {
            return self.without_object(kind);
        }
        let field = |name: &str, row: &str, object: &str| FieldDiff {
            name: name.into(),
            row: Some(row.into()),
            object: Some(object.into()),
            identity: name == "message",
            same: row == object,
            note: String::new(),
        };
        Inspection {
            blob_ids: None,
            signature: None,
            kind,
            id: id(1),
            repo: "alice/song".into(),
            verdict: self.verdict.clone(),
            row: vec![
                ("message".into(), Some(self.text.clone())),
                ("storage_uri".into(), None),
            ],
            object: ObjectView::Present {
                place: None,
                key: "objects/sha256/00/01".into(),
                size: 300,
                bytes: b"commit 292\0"
                    .iter()
                    .copied()
                    .chain(0..=255)
                    .cycle()
                    .take(900)
                    .collect(),
                header_len: 11,
                proved: None,
                problem: Some((Some(0x1f), "0xc1 is no msgpack type".into())),
                pretty: Some(format!("{{\n  \"message\": {:?}\n}}", self.text)),
            },
            fields: vec![
                field("author", "alice", "alice"),
                field(
                    "message",
                    &format!("the {} of today", self.text),
                    &format!("the {} of yesterday", self.text),
                ),
                field(
                    "manifest",
                    r#"{"a.txt":"1","b.txt":"2"}"#,
                    r#"{"b.txt":"3","c.txt":"4"}"#,
                ),
                field("branch", "main", "main"),
            ],
            identity: vec![Trial {
                source: "row".into(),
                scheme: "typed".into(),
                yields: id(1),
                matches: true,
            }],
            links: vec![
                LinkTo {
                    role: "parent".into(),
                    named_by: NamedBy::Row,
                    kind: Kind::Commit,
                    id: id(4),
                    exists: true,
                },
                LinkTo {
                    role: "snapshot".into(),
                    named_by: NamedBy::Both,
                    kind: Kind::Snapshot,
                    id: id(5),
                    exists: false,
                },
            ],
            findings: vec![Finding::new(
                Evidence::CommitTreeless(Treeless::default()),
                Subject::Commit,
                id(1),
            )],
        }
    }
}
