//! What a plan does not do is listed with its reason, and what it says of an undo is so.

use super::support::*;
use crate::{
    Next, RepairError, Selection, Step, Undoing, Work, apply, checkpoints, plan, plannable, undo,
};
use luthier_audit::fault::FAULTS;
use luthier_audit::{Auto, Code, Depth, Filter, Options};
use luthier_hub::progress::Progress;
use std::collections::BTreeSet;

fn of(code: Code) -> Selection {
    Selection::Chosen(Filter {
        codes: vec![code],
        ..Filter::default()
    })
}

#[tokio::test]
async fn for_every_code_of_the_demo_each_finding_is_a_step_or_is_skipped_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 7).await;
    let report = audited(&store).await;
    let progress = Progress::new();
    for fault in FAULTS {
        let filter = Filter {
            codes: vec![fault.code],
            ..Filter::default()
        };
        let found = report.page(&filter, 0, 10_000).await.unwrap().len() as u64;
        for selection in [of(fault.code), Selection::Auto(filter.clone())] {
            let plan = plan(&store, &report, &selection, &progress).await.unwrap();
            let refused = all_refused(&plan).await;
            assert!(refused.iter().all(|one| !one.why.is_empty()), "{refused:?}");
            let steps = all_steps(&plan).await;
            let mended: u64 = steps.iter().map(Step::findings).sum();
            assert_eq!(plan.totals().mends, mended);
            assert_eq!(mended + plan.totals().refused, found, "{}", fault.name);
            assert_eq!(plan.why_empty().is_none(), !steps.is_empty());
            let why = plan.why_empty().unwrap_or_default();
            assert_eq!(
                why.contains("No finding"),
                found == 0,
                "{}: {why}",
                fault.name
            );
            let waits = refused.iter().any(|one| one.decision);
            assert_eq!(plan.next().contains(&Next::Decide), waits, "{}", fault.name);
        }
    }
}

#[tokio::test]
async fn every_decision_that_is_offered_leads_to_a_step_and_no_other_is_offered() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 7).await;
    let report = audited(&store).await;
    let progress = Progress::new();
    let page = report.page(&Filter::default(), 0, 10_000).await.unwrap();
    let asked: Vec<u64> = page
        .iter()
        .filter(|numbered| numbered.finding.auto == Auto::Ask)
        .map(|numbered| numbered.ordinal)
        .collect();
    let offered = plannable(&store, &report, &asked, &progress).await.unwrap();
    assert!(
        !offered.is_empty() && offered.len() < asked.len(),
        "both kinds are there"
    );
    // What is said of each beside all the others is what is said of it alone.
    let together = plan(&store, &report, &auto(), &progress).await.unwrap();
    let together = all_refused(&together).await;
    for ordinal in asked {
        let selection = Selection::Ordinals(vec![ordinal]);
        let plan = plan(&store, &report, &selection, &progress).await.unwrap();
        let (mends, refused) = (plan.totals().mends, plan.totals().refused);
        match offered.contains(&ordinal) {
            true => assert_eq!((mends, refused), (1, 0), "{ordinal}"),
            false => {
                assert_eq!((mends, refused), (0, 1), "{ordinal}");
                let alone = all_refused(&plan).await;
                assert!(together.contains(&alone[0]), "{alone:?}");
                let of = report.at(&[ordinal]).await.unwrap();
                assert_eq!(alone[0].code, of[0].finding.code);
            }
        }
    }
}

#[tokio::test]
async fn what_is_said_to_be_undone_is_what_an_undo_plans() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let store = demo(folder, 7).await;
    let everything = planned(&store, &Selection::Chosen(Filter::default())).await;
    let (undoable, totals) = (everything.undoable(), everything.totals().clone());
    assert!(undoable.whole > 0 && undoable.row > 0 && undoable.nothing > 0);
    assert_eq!(
        undoable.whole + undoable.row + undoable.nothing,
        totals.steps
    );
    assert_eq!(everything.undoable().words().len(), 3);
    let mut journal = journal(folder);
    let done = apply(&writer(&store), &everything, &mut journal, &Progress::new())
        .await
        .unwrap();
    assert!(done.trouble.is_empty(), "{:?}", done.trouble);
    drop(journal);
    let back = undo(&store, &journal_path(folder), &done.run, &Progress::new())
        .await
        .unwrap();
    assert_eq!(Work::of(back.totals()), Work::Undo);
    assert_eq!(back.totals().steps + back.totals().refused, totals.steps);
    let promised: BTreeSet<String> = all_steps(&everything)
        .await
        .into_iter()
        .filter(|step| Undoing::of(step) != Undoing::Nothing)
        .map(|step| step.id)
        .collect();
    let planned: BTreeSet<String> = all_steps(&back).await.into_iter().map(|s| s.id).collect();
    assert_eq!(planned, promised);
}

#[tokio::test]
async fn the_undo_of_what_only_added_says_so_for_each_step() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 7).await;
    // An object whose row names its own key already: the row is not touched.
    let plan = planned(&store, &of(Code::ObjectMissing)).await;
    let mut journal = journal(folder.path());
    let done = apply(&writer(&store), &plan, &mut journal, &Progress::new()).await;
    let run = done.unwrap().run;
    drop(journal);
    let path = journal_path(folder.path());
    let back = undo(&store, &path, &run, &Progress::new()).await.unwrap();
    let refused = all_refused(&back).await;
    assert!(!refused.is_empty());
    assert!(
        refused.iter().all(|one| one.why.contains("stay")),
        "{refused:?}"
    );
    assert_eq!(
        back.totals().steps + back.totals().refused,
        plan.totals().steps
    );
    let why = back.why_empty().unwrap_or_default();
    assert!(back.totals().steps > 0 || why.contains("step"), "{why}");
    let unknown = undo(&store, &path, "no-such-run", &Progress::new()).await;
    assert!(matches!(unknown, Err(RepairError::NoSuchRun(_))));
}

#[tokio::test]
async fn a_plan_of_nothing_says_what_was_looked_at_and_what_helps() {
    let (hub, _) = unstored(2).await;
    let store = hub.open().await;
    for (depth, words, deeper) in [
        (Depth::Rows, "rows only", true),
        (Depth::Presence, "did not read the objects' bytes", true),
        (Depth::Bytes, "read rows and objects", false),
    ] {
        let options = Options {
            depth,
            ..Options::default()
        };
        let report = luthier_audit::run(&store, &options, &Progress::new())
            .await
            .unwrap();
        let selection = of(Code::ObjectCorrupt);
        let plan = plan(&store, &report, &selection, &Progress::new())
            .await
            .unwrap();
        let why = plan.why_empty().unwrap();
        assert!(why.contains(words), "{why}");
        assert_eq!(plan.next() == [Next::Deeper], deeper);
    }
    hub.save_refs().await;
    let saved = checkpoints(&store, None, &Progress::new()).await.unwrap();
    let why = saved.why_empty().unwrap();
    assert!(
        why.contains("already knows where every branch points"),
        "{why}"
    );
}
