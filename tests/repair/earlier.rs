//! Plans and journals of earlier versions: they are read, and what is read is written the same again.

use crate::change::{RowChange, StepChange};
use crate::journal::{Event, Line, runs, verify};
use crate::{Plan, Step};
use luthier_audit::{Remedy, Subject};
use luthier_hub::store::hub::{Database, ObjectStore};
use luthier_hub::store::{Environment, Hub, Policy};
use serde_json::Value;
use std::collections::BTreeSet;

const PLAN: &str = include_str!("../vectors/plan_0.1.0.jsonl");
/// Steps by how much of them an undo takes back: whole, in part, nothing.
const UNDOABLE: (u64, u64, u64) = (14, 2, 6);

const JOURNAL: &str = include_str!("../vectors/journal_0.1.0.jsonl");

/// The hub that the stored plan was made for; nothing lies there.
fn hub() -> Hub {
    Hub {
        name: "hub".to_owned(),
        environment: Environment::default(),
        policy: Policy::default(),
        database: Database::Sqlite("/srv/demo/hub.db".into()),
        objects: ObjectStore::Folder("/srv/demo/objects".into()),
    }
}

fn steps() -> Vec<(Value, Step)> {
    let lines = PLAN.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let step = line.get("step")?.clone();
        Some((step.clone(), serde_json::from_value(step).unwrap()))
    });
    lines.collect()
}

#[test]
fn every_step_of_an_earlier_plan_names_its_change_and_is_written_the_same() {
    let mut remedies = BTreeSet::new();
    for (written, step) in steps() {
        assert!(!matches!(step.change, StepChange::Unknown(_)), "{step:?}");
        let again = serde_json::to_string(&step).unwrap();
        assert!(PLAN.contains(&again), "{written}");
        remedies.insert(step.remedy);
    }
    assert!(remedies.len() >= 6, "{remedies:?}");
}

#[test]
fn an_earlier_plan_is_loaded_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    std::fs::write(&path, PLAN).unwrap();
    let plan = Plan::load(&path, &hub()).unwrap();
    assert_eq!(plan.totals().steps, steps().len() as u64);
    let undoable = plan.undoable();
    assert_eq!((undoable.whole, undoable.row, undoable.nothing), UNDOABLE);
}

#[test]
fn every_line_of_an_earlier_journal_names_its_change_and_is_written_the_same() {
    let (mut undone, mut named) = (0, 0);
    for text in JOURNAL.lines() {
        let line: Line = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&line).unwrap(), text);
        if let Event::Intent(entry) | Event::Outcome { entry, .. } = &line.event {
            assert!(!matches!(entry.change, StepChange::Unknown(_)), "{entry:?}");
            named += u64::from(!entry.change.is_none());
            undone += u64::from(entry.remedy == Remedy::Undo);
        }
    }
    assert!(named > 20 && undone > 10);
}

#[test]
fn an_earlier_journal_is_sound_and_has_its_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    std::fs::write(&path, JOURNAL).unwrap();
    assert!(verify(&path).unwrap().is_sound());
    let runs = runs(&path).unwrap();
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().all(|run| run.ended && run.open == 0));
}

#[test]
fn a_row_that_is_held_by_another_repository_too_is_read() {
    let row = |column: &str, from: Option<&str>, to: &str| RowChange {
        column: column.to_owned(),
        from: from.map(str::to_owned),
        to: Some(to.to_owned()),
    };
    let written = vec![
        row("repo_id", None, "r2"),
        row("held by", Some("ada/song"), "ada/song, ada/fork"),
    ];
    let change = StepChange::read(Remedy::Reref, Subject::Blob, written.clone());
    let hold = StepChange::Hold {
        repo_id: "r2".to_owned(),
        holder: Some("ada/song".to_owned()),
        holders: "ada/song, ada/fork".to_owned(),
    };
    assert_eq!((change.written(), &change), (written, &hold));
    let (before, after) = hold.sides();
    let read = StepChange::read_sides(Remedy::Reref, Subject::Blob, before, after);
    assert_eq!(read, hold, "a journal sorts the columns");
}

#[test]
fn columns_that_no_repair_changes_are_kept_as_they_are() {
    let written = vec![RowChange {
        column: "visibility".to_owned(),
        from: Some("private".to_owned()),
        to: Some("public".to_owned()),
    }];
    for remedy in [
        Remedy::Undo,
        Remedy::Link,
        Remedy::Reref,
        Remedy::Checkpoint,
    ] {
        let change = StepChange::read(remedy, Subject::Commit, written.clone());
        assert_eq!(change, StepChange::Unknown(written.clone()));
        assert_eq!(change.written(), written);
    }
}
