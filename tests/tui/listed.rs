//! Lists of objects as the runner reads them, on a hub with faults.

use crate::effect::{AuditRequest, Effect, Exported, ObjectQuery, Query, Scope, Ticket};
use crate::event::{Answer, Event};
use crate::filter::parse;
use crate::lines::{Judged, ObjectLine};
use crate::runner::Runner;
use luthier_audit::table::Format;
use luthier_audit::{Code, Depth, Filter};
use luthier_demo::{DemoOptions, build};
use luthier_hub::index::{Browse, Edge};
use luthier_hub::progress::Progress;
use luthier_object::Kind;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

struct RunnerStage {
    runner: Runner,
    answers: UnboundedReceiver<Event>,
    asked: u64,
    _folder: tempfile::TempDir,
}

impl RunnerStage {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = DemoOptions {
            database: None,
            objects: None,
            dir: folder.path().join("hub"),
            era: None,
            healthy: false,
            commits: Some(3_000),
            seed: 7,
        };
        let built = build(&options, &Progress::new()).await.unwrap();
        let (out, answers) = unbounded_channel();
        let mut desk = Self {
            runner: Runner::new(built.hub, None, out),
            answers,
            asked: 0,
            _folder: folder,
        };
        let opened = desk.answer(Effect::Open).await;
        assert!(matches!(opened, Answer::Opened { .. }), "{opened:?}");
        desk
    }

    async fn answer(&mut self, effect: impl FnOnce(Ticket) -> Effect) -> Answer {
        self.asked += 1;
        let asked = Ticket(self.asked);
        assert!(self.runner.run(effect(asked)).is_none());
        loop {
            if let Event::Answer(ticket, answer) = self.answers.recv().await.unwrap()
                && ticket == asked
            {
                return *answer;
            }
        }
    }

    /// A list from end to end, forwards or backwards, as the console reads it.
    async fn list(&mut self, kind: Kind, filter: &Filter, forwards: bool) -> Vec<ObjectLine> {
        let mut from = if forwards { Edge::Start } else { Edge::End };
        let mut all: Vec<ObjectLine> = Vec::new();
        loop {
            let ask = Query::Objects(ask(kind, filter, from));
            let scope = Scope(0);
            let answer = self
                .answer(|ticket| Effect::Read { scope, ticket, ask })
                .await;
            let Answer::Objects { rows, end } = answer else {
                panic!("{answer:?}");
            };
            assert!(end || !rows.is_empty(), "no rows, and more to come");
            let at = if forwards { all.len() } else { 0 };
            all.splice(at..at, rows);
            if end {
                return all;
            }
            let at = if forwards { all.last() } else { all.first() };
            let (at, id) = at
                .map(|row| (row.at_exact.clone(), row.id.exact().to_owned()))
                .unwrap();
            from = match forwards {
                true => Edge::After { at, id },
                false => Edge::Before { at, id },
            };
        }
    }
}

fn ask(kind: Kind, filter: &Filter, from: Edge) -> ObjectQuery {
    ObjectQuery {
        browse: Browse {
            kind,
            repo_id: None,
            branch: None,
            oldest_first: false,
            from,
            limit: 200,
        },
        filter: filter.clone(),
    }
}

fn ids(rows: &[ObjectLine]) -> Vec<&str> {
    rows.iter().map(|row| row.id.exact()).collect()
}

#[tokio::test]
async fn a_filter_lets_through_just_what_it_says_in_either_direction() {
    let mut desk = RunnerStage::open().await;
    let all = desk.list(Kind::Commit, &Filter::default(), true).await;
    assert!(all.len() > 3_000);
    let one = all[2_000].id.exact()["sha256:".len()..][..10].to_owned();
    for (text, passes) in [
        (
            "notes",
            &(|row: &ObjectLine| row.what.to_lowercase().contains("notes"))
                as &dyn Fn(&ObjectLine) -> bool,
        ),
        ("BELA merge", &|row: &ObjectLine| {
            let text = format!("{}\n{}\n{}", row.who, row.what, row.branch).to_lowercase();
            text.contains("bela") && text.contains("merge")
        }),
        (&format!("id:{one}"), &|row: &ObjectLine| {
            row.id.exact().contains(&one)
        }),
        (&format!("id:sha256:{one}"), &|row| {
            row.id.exact().contains(&one)
        }),
        ("id:sha256:zz", &|_: &ObjectLine| false),
    ] {
        let wanted: Vec<&str> = all
            .iter()
            .filter(|row| passes(row))
            .map(|row| row.id.exact())
            .collect();
        let filter = parse(text).0;
        assert_eq!(
            ids(&desk.list(Kind::Commit, &filter, true).await),
            wanted,
            "{text}"
        );
        assert_eq!(
            ids(&desk.list(Kind::Commit, &filter, false).await),
            wanted,
            "{text} backwards"
        );
        assert_eq!(wanted.is_empty(), text.ends_with("zz"), "{text}");
    }
}

#[tokio::test]
async fn what_an_audit_found_narrows_a_list_once_there_was_one() {
    let mut desk = RunnerStage::open().await;
    let (filter, _) = parse("code:cache-msgpack");
    let ask = Query::Objects(ask(Kind::Snapshot, &filter, Edge::Start));
    let scope = Scope(0);
    let early = desk
        .answer(|ticket| Effect::Read { scope, ticket, ask })
        .await;
    assert!(
        matches!(&early, Answer::Failed(why) if why.contains("no audit yet")),
        "{early:?}"
    );
    let audit = AuditRequest {
        depth: Depth::Rows,
        scope: luthier_audit::Scope::Hub,
    };
    let audited = desk
        .answer(|ticket| Effect::Audit { ticket, ask: audit })
        .await;
    assert!(matches!(audited, Answer::Audited(_)), "{audited:?}");
    let found = desk.list(Kind::Snapshot, &filter, true).await;
    let names = ids(&found).into_iter().map(str::to_owned).collect();
    let worst = desk
        .answer(|ticket| Effect::Read {
            scope,
            ticket,
            ask: Query::WorstOn {
                path: "alice/song".into(),
                ids: names,
            },
        })
        .await;
    let Answer::Judged(worst) = worst else {
        panic!("{worst:?}")
    };
    assert!(!found.is_empty());
    assert!(
        found
            .iter()
            .all(|row| worst[row.id.exact()] == Judged::Found(Code::CacheMsgpack))
    );
    let critical = desk
        .list(Kind::Snapshot, &parse("is:critical").0, true)
        .await;
    assert!(!critical.is_empty() && critical.iter().all(|row| !found.contains(row)));
}

#[tokio::test]
async fn what_passes_the_filter_is_exported() {
    let mut desk = RunnerStage::open().await;
    let (filter, _) = parse("notes");
    let shown = desk.list(Kind::Commit, &filter, true).await.len() as u64;
    for (format, above) in [(Format::Jsonl, 0), (Format::Markdown, 2), (Format::Csv, 1)] {
        let list = Exported::Objects(ask(Kind::Commit, &filter, Edge::Start));
        let effect = |ticket| Effect::Export {
            ticket,
            list,
            format,
        };
        let answer = desk.answer(effect).await;
        let Answer::Exported { path, rows, .. } = answer else {
            panic!("{answer:?}")
        };
        assert!(path.ends_with(format.extension()), "{path}");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!((rows, text.lines().count() as u64), (shown, shown + above));
    }
}
