//! What a killed run had announced is looked up before the next one begins.

use super::support::*;
use crate::journal::{Event, RecordedOutcome, lines_of, runs, verify};
use crate::{Outcome, apply, undo};
use luthier_hub::progress::Progress;

/// Cuts a journal behind the last of these lines, as a kill leaves it.
fn cut(path: &std::path::Path, behind: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    let at = text.rfind(behind).unwrap();
    let end = at + text[at..].find('\n').unwrap() + 1;
    std::fs::write(path, &text[..end]).unwrap();
    std::fs::rename(path.with_extension("seal"), path.with_extension("away")).unwrap();
}

fn said(path: &std::path::Path, run: &str, wanted: RecordedOutcome) -> usize {
    let lines = lines_of(path, run, 0, 100_000).unwrap();
    let is = |event: &Event| matches!(event, Event::Outcome { outcome, .. } if *outcome == wanted);
    lines.iter().filter(|line| is(&line.event)).count()
}

#[tokio::test]
async fn what_was_done_is_found_done() {
    let (hub, _) = unstored(5).await;
    let store = hub.open().await;
    let folder = hub.folder.path();
    let plan = planned(&store, &auto()).await;
    let path = journal_path(folder);
    let killed = apply(
        &writer(&store),
        &plan,
        &mut journal(folder),
        &Progress::new(),
    )
    .await
    .unwrap();
    cut(&path, "\"event\":\"intent\"");
    let run = runs(&path).unwrap().remove(0);
    assert!(!run.ended && !run.interrupted && run.open == 5);

    let again = apply(
        &writer(&store),
        &plan,
        &mut journal(folder),
        &Progress::new(),
    )
    .await
    .unwrap();
    assert_eq!(again.outcomes[&Outcome::Already], 5);
    assert_eq!(said(&path, &killed.run, RecordedOutcome::FoundDone), 5);
    let run = runs(&path).unwrap().remove(1);
    assert!(run.interrupted && run.open == 0);
    assert_eq!(run.outcomes[&Outcome::Written], 5);
    assert!(verify(&path).unwrap().is_sound());
    let plan = undo(&store, &path, &killed.run, &Progress::new())
        .await
        .unwrap();
    assert_eq!(plan.totals().steps, 5, "what was found done can be undone");
}

#[tokio::test]
async fn what_was_not_done_is_found_not_done() {
    let (hub, commits) = unstored(5).await;
    let store = hub.open().await;
    let folder = hub.folder.path();
    let plan = planned(&store, &auto()).await;
    let path = journal_path(folder);
    let mut killed = journal(folder);
    let begun = Event::Run {
        steps: 5,
        bytes: 0,
        database: String::new(),
        store: String::new(),
        undoes: None,
    };
    let steps = all_steps(&plan).await;
    let intents: Vec<Event> = steps.iter().map(|s| Event::Intent(s.into())).collect();
    killed.append("killed", &[begun]).unwrap();
    killed.append("killed", &intents).unwrap();
    drop(killed);
    assert_eq!(linked(&hub, &commits).await, 0);
    for _ in 0..2 {
        apply(
            &writer(&store),
            &plan,
            &mut journal(folder),
            &Progress::new(),
        )
        .await
        .unwrap();
        assert_eq!(
            said(&path, "killed", RecordedOutcome::FoundNotDone),
            5,
            "once"
        );
    }
    let run = runs(&path).unwrap().remove(2);
    assert!(run.interrupted && run.outcomes.is_empty(), "{run:?}");
    assert!(verify(&path).unwrap().is_sound());
}

#[tokio::test]
async fn a_run_that_was_killed_can_be_undone_before_anything_else_ran() {
    let (hub, commits) = unstored(5).await;
    let store = hub.open().await;
    let folder = hub.folder.path();
    let plan = planned(&store, &auto()).await;
    let path = journal_path(folder);
    let killed = apply(
        &writer(&store),
        &plan,
        &mut journal(folder),
        &Progress::new(),
    )
    .await
    .unwrap();
    cut(&path, "\"event\":\"intent\"");
    let plan = undo(&store, &path, &killed.run, &Progress::new())
        .await
        .unwrap();
    let back = apply(
        &writer(&store),
        &plan,
        &mut journal(folder),
        &Progress::new(),
    )
    .await
    .unwrap();
    assert_eq!(back.outcomes[&Outcome::Undone], 5);
    assert_eq!(linked(&hub, &commits).await, 0);
}
