//! Every remedy on the demo hub, from its fault to gone.

use super::support::*;
use crate::journal::{Event, lines_of, runs, verify};
use crate::signoff::{Pulls, html_report, markdown_report};
use crate::{Outcome, Plan, Selection, Step, StepChange, apply, find_fixes, plan, plannable};
use luthier_audit::{Auto, Code, Filter, Fix, Remedy};
use luthier_hub::progress::Progress;
use std::collections::BTreeSet;

#[tokio::test]
async fn every_auto_finding_goes_and_no_object_that_was_there_changes() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 3).await;
    let objects = folder.path().join("hub/objects");
    let before = files(&objects);
    let wanted: BTreeSet<(Code, String)> = findings(&store)
        .await
        .into_iter()
        .filter(|finding| finding.auto == Auto::Yes)
        .map(|finding| match finding.code {
            // One step brings every branch of a repository into the store.
            Code::RefsUnsaved => (finding.code, finding.repo),
            _ => (finding.code, finding.id),
        })
        .collect();
    let plan = planned(&store, &auto()).await;
    let steps = all_steps(&plan).await;
    let covered: BTreeSet<(Code, String)> = steps
        .iter()
        .flat_map(|step| {
            let codes = std::iter::once(step.code).chain(step.also.iter().copied());
            codes.map(|code| (code, step.id.clone()))
        })
        .collect();
    assert_eq!(covered, wanted, "each auto finding is in exactly one step");
    for remedy in [
        Remedy::Backfill,
        Remedy::Link,
        Remedy::Recache,
        Remedy::Restore,
        Remedy::Checkpoint,
    ] {
        assert!(plan.totals().by_remedy[&remedy] > 0, "{remedy}");
    }

    let mut journal = journal(folder.path());
    let applied = apply(&writer(&store), &plan, &mut journal, &Progress::new())
        .await
        .unwrap();
    assert_eq!(applied.trouble, Vec::<String>::new());
    assert_eq!(applied.outcomes.values().sum::<u64>(), steps.len() as u64);
    let after = files(&objects);
    for (path, bytes) in &before {
        assert_eq!(after.get(path), Some(bytes), "{}", path.display());
    }
    let left = findings(&store).await;
    let left_auto: Vec<_> = left.iter().filter(|f| f.auto == Auto::Yes).collect();
    assert!(left_auto.is_empty(), "{left_auto:#?}");

    let again = planned(&store, &auto()).await;
    assert_eq!(again.totals().steps, 0, "a second run has nothing to do");
    assert_eq!(files(&objects), after);
}

#[tokio::test]
async fn the_journal_has_an_intent_before_and_an_outcome_after_each_change() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 3).await;
    let plan = planned(&store, &auto()).await;
    let mut journal = journal(folder.path());
    let applied = apply(&writer(&store), &plan, &mut journal, &Progress::new())
        .await
        .unwrap();
    let path = journal_path(folder.path());
    let lines = lines_of(&path, &applied.run, 0, 100_000).unwrap();
    let mut announced = BTreeSet::new();
    let mut done = BTreeSet::new();
    for line in &lines {
        match &line.event {
            Event::Intent(entry) => {
                announced.insert(entry.step);
            }
            Event::Outcome { entry, why, .. } => {
                assert!(announced.contains(&entry.step), "{entry:?}");
                assert!(!entry.change.is_none(), "{entry:?} {why:?}");
                done.insert(entry.step);
            }
            _ => {}
        }
    }
    assert_eq!(done, (1..=plan.totals().steps).collect());
    assert!(matches!(lines[0].event, Event::Run { .. }));
    assert!(matches!(lines[lines.len() - 1].event, Event::End { .. }));
    let found = &runs(&path).unwrap()[0];
    assert_eq!(found.outcomes, applied.outcomes);
    assert!(found.ended && found.open == 0);
    let verified = verify(&path).unwrap();
    assert!(verified.is_sound(), "{:?}", verified.tampering);
    // Ids, keys, sizes and hashes: no message of a commit gets in.
    let text = std::fs::read_to_string(&path).unwrap();
    let rows = store.index().commits(None, 1_000).await.unwrap().rows;
    for row in rows.iter().filter(|row| row.message.len() > 12) {
        assert!(!text.contains(&row.message), "{:?}", row.message);
    }
}

#[tokio::test]
async fn what_is_asked_for_by_code_is_done_and_what_is_not_is_left_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 3).await;
    let refused = all_refused(&planned(&store, &auto()).await).await;
    let why = |code: Code| {
        let refusal = refused.iter().find(|refusal| refusal.code == code);
        refusal.map(|refusal| refusal.why.as_str()).unwrap_or("")
    };
    assert!(why(Code::IdentityStale).contains("a decision"));
    assert!(why(Code::ObjectEncoded).contains("a decision"));
    assert!(why(Code::ManifestEmptied).contains("matches the id"));

    let filter = Filter {
        codes: vec![Code::IdentityStale, Code::UriRefused],
        ..Filter::default()
    };
    let plan = planned(&store, &Selection::Chosen(filter.clone())).await;
    let steps = all_steps(&plan).await;
    assert!(steps.iter().any(|step| step.code == Code::IdentityStale));
    assert!(steps.iter().any(|step| step.code == Code::UriRefused));
    let applied = apply(
        &writer(&store),
        &plan,
        &mut journal(folder.path()),
        &Progress::new(),
    )
    .await
    .unwrap();
    assert_eq!(applied.outcomes[&Outcome::Written], 2);
    assert_eq!(applied.outcomes[&Outcome::Linked], 3);
    for finding in findings(&store).await {
        if filter.codes.contains(&finding.code) {
            assert_eq!(finding.auto, Auto::No, "nothing is left to do: {finding:?}");
        }
    }
}

#[tokio::test]
async fn a_sign_off_says_what_can_be_done_about_all_that_prevents_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 3).await;
    let signoff = super::signoff::signed(&store, Pulls::All).await;
    let fixes = signoff.fixes.clone().unwrap();
    assert!(fixes.tried);
    assert_eq!(fixes.counts.values().sum::<u64>(), signoff.left_total);
    let now = fixes.counts[&Fix::Auto];
    assert!(now > 0 && now < signoff.left_total);
    let words = format!("Of these, {now} can be repaired now, ");
    let page = markdown_report::markdown(&signoff);
    assert!(page.contains(&words), "{page}");
    let shown = |fix: Fix| {
        signoff
            .left
            .iter()
            .filter(|left| left.fix == Some(fix))
            .count() as u64
    };
    assert_eq!(shown(Fix::Auto), now, "each says what can be done about it");
    assert_eq!(shown(Fix::Copy), fixes.counts[&Fix::Copy]);
    // A snapshot that a copy restores gets its cache back with it.
    let copies: BTreeSet<&str> = signoff
        .left
        .iter()
        .filter(|left| left.fix == Some(Fix::Copy))
        .map(|left| left.id.as_str())
        .collect();
    let caches = signoff
        .left
        .iter()
        .filter(|left| left.code == Code::CacheBroken && copies.contains(left.id.as_str()));
    assert!(caches.clone().count() > 0);
    assert!(caches.into_iter().all(|left| left.fix == Some(Fix::Copy)));
    assert!(html_report::html(&signoff).contains(&words));
}

#[tokio::test]
async fn what_is_said_to_be_repairable_is_what_plans_repair() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 3).await;
    let report = audited(&store).await;
    let progress = Progress::new();
    assert!(
        report.fixes(&Filter::default()).await.unwrap().is_empty(),
        "not known yet"
    );
    assert!(find_fixes(&store, &report, &progress).await.unwrap());
    let fixes = report.fixes(&Filter::default()).await.unwrap();
    let all = report.count(&Filter::default()).await.unwrap();
    assert_eq!(fixes.values().sum::<u64>(), all);
    let places = async |fix| {
        let filter = Filter {
            fixes: vec![fix],
            ..Filter::default()
        };
        let page = report.page(&filter, 0, 10_000).await.unwrap();
        assert_eq!(page.len() as u64, fixes[&fix], "{fix}");
        let places = page.iter().map(|numbered| numbered.ordinal);
        places.collect::<Vec<u64>>()
    };
    let at_once = places(Fix::Auto).await;
    let plan = plan(&store, &report, &auto(), &progress).await.unwrap();
    assert_eq!(plan.totals().mends, at_once.len() as u64);
    let mut chosen = [at_once, places(Fix::Decide).await].concat();
    chosen.sort_unstable();
    let mut every = chosen.clone();
    for fix in [Fix::Copy, Fix::None] {
        every.extend(places(fix).await);
    }
    every.sort_unstable();
    let plannable = plannable(&store, &report, &every, &progress).await.unwrap();
    assert_eq!(plannable, chosen, "chosen one by one, these are planned");
    let first = report.first_fixable(&Filter::default()).await.unwrap();
    assert_eq!(first, Some(chosen[0]));
}

#[tokio::test]
async fn the_same_hub_gives_the_same_plan() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 3).await;
    let (one, two) = (
        planned(&store, &auto()).await,
        planned(&store, &auto()).await,
    );
    assert_eq!(dateless(&one).await, dateless(&two).await);
    assert_eq!(all_refused(&one).await, all_refused(&two).await);
    assert_eq!(one.totals().by_remedy, two.totals().by_remedy);
}

/// The steps of a plan without what changes with the hour: the date that checkpoints bear.
async fn dateless(plan: &Plan) -> Vec<Step> {
    let mut steps = all_steps(plan).await;
    for step in &mut steps {
        if step.remedy == Remedy::Checkpoint {
            step.sha256 = None;
            if let StepChange::SaveRefs { made_at, .. } = &mut step.change {
                made_at.clear();
            }
        }
    }
    steps
}
