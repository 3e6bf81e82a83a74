//! What a run changed is put back, as far as nothing has to be deleted for it.

use super::support::*;
use crate::{Applied, Outcome, Plan, RepairError, Selection, apply, undo};
use luthier_audit::{Code, Filter, Remedy};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::testing::*;
use sqlx::Row;
use std::collections::BTreeMap;
use std::path::Path;

/// Every row by table and key, each cell as SQL spells it.
async fn rows(database: &Path) -> BTreeMap<String, String> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let mut out = BTreeMap::new();
    for table in ["musehub_commits", "musehub_snapshots", "musehub_objects"] {
        let ask = format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid");
        let names = sqlx::query(sqlx::AssertSqlSafe(ask)).fetch_all(&pool).await;
        let cells: Vec<String> = names
            .unwrap()
            .iter()
            .map(|row| format!("'{0}=' || quote({0})", row.get::<String, _>(0)))
            .collect();
        let ask = format!(
            "SELECT {} FROM {table} ORDER BY 1",
            cells.join(" || char(10) || ")
        );
        let found = sqlx::query(sqlx::AssertSqlSafe(ask)).fetch_all(&pool).await;
        for row in found.unwrap() {
            let text: String = row.get(0);
            let key = text.lines().next().unwrap().to_owned();
            out.insert(format!("{table} {key}"), text);
        }
    }
    pool.close().await;
    out
}

async fn applied(store: &Store, plan: &Plan, folder: &Path) -> Applied {
    let mut journal = journal(folder);
    apply(&writer(store), plan, &mut journal, &Progress::new())
        .await
        .unwrap()
}

async fn undoing(store: &Store, folder: &Path, run: &str) -> Plan {
    let path = journal_path(folder);
    undo(store, &path, run, &Progress::new()).await.unwrap()
}

/// What the journal's list says of a run that was undone.
fn undone(folder: &Path, run: &Applied) -> Option<String> {
    let runs = crate::journal::runs(&journal_path(folder)).unwrap();
    let run = runs.iter().find(|listed| listed.run == run.run).unwrap();
    run.undone_words()
}

/// The rows that were there before and are not as they were.
fn changed(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let differs = |(key, row): (&String, &String)| {
        let other = now.get(key);
        (other != Some(row)).then(|| format!("{row}\n--- is now\n{other:?}"))
    };
    before.iter().filter_map(differs).take(3).collect()
}

#[tokio::test]
async fn all_remedies_of_a_run_are_put_back_and_an_undo_can_be_undone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let store = demo(folder, 7).await;
    let (database, objects) = (folder.join("hub/hub.db"), folder.join("hub/objects"));
    let everything = Selection::Chosen(Filter::default());
    let plan = planned(&store, &everything).await;
    let (rows_before, objects_before) = (rows(&database).await, files(&objects));
    let first = applied(&store, &plan, folder).await;
    let (rows_after, objects_after) = (rows(&database).await, files(&objects));
    assert!(changed(&rows_before, &rows_after).len() > 2);

    let plan = undoing(&store, folder, &first.run).await;
    for refused in all_refused(&plan).await {
        assert!(refused.why.contains("stay"), "{refused:?}");
    }
    assert_eq!(plan.totals().by_remedy.len(), 1);
    let back = applied(&store, &plan, folder).await;
    assert_eq!(back.trouble, Vec::<String>::new());
    assert_eq!(back.outcomes[&Outcome::Undone], plan.totals().steps);
    let stay = plan.totals().refused;
    assert_eq!(undone(folder, &first), Some(format!("undone, {stay} stay")));
    assert_eq!(undone(folder, &back), None);
    assert_eq!(
        changed(&rows_before, &rows(&database).await),
        Vec::<String>::new()
    );
    let now = files(&objects);
    let same = |(path, bytes): (&std::path::PathBuf, &Vec<u8>)| now.get(path) == Some(bytes);
    assert!(objects_before.iter().all(same), "old bytes lie there again");
    assert!(objects_after.keys().all(|path| now.contains_key(path)));

    let plan = undoing(&store, folder, &back.run).await;
    let again = applied(&store, &plan, folder).await;
    assert_eq!(again.trouble, Vec::<String>::new());
    assert_eq!(undone(folder, &first), None, "its changes are there again");
    assert_eq!(undone(folder, &back), Some("undone".to_owned()));
    assert_eq!(
        changed(&rows_after, &rows(&database).await),
        Vec::<String>::new()
    );
    let now = files(&objects);
    let same = |(path, bytes): (&std::path::PathBuf, &Vec<u8>)| now.get(path) == Some(bytes);
    assert!(objects_after.iter().all(same));
    let verified = crate::journal::verify(&journal_path(folder)).unwrap();
    assert!(verified.is_sound() && verified.runs == 3);
}

/// A snapshot with an odd cache, which a run has rewritten.
async fn recached() -> (TestHub, Applied) {
    let hub = TestHub::empty().await;
    let blob = hub.blob(b"do re mi", "src/scale.mid").await;
    let tree = snapshot(&[("src/scale.mid", &blob)]);
    let mut row = snapshot_row(&tree);
    row.storage_uri = Some(hub.plant(&tree.snapshot_id, tree.encode()).await);
    row.manifest = Some(rmp_serde::to_vec(&tree.manifest.to_value()).unwrap());
    hub.add_snapshot(row).await;
    let store = hub.open().await;
    let of = Selection::Chosen(Filter {
        codes: vec![Code::CacheMsgpack],
        ..Filter::default()
    });
    let plan = planned(&store, &of).await;
    let done = applied(&store, &plan, hub.folder.path()).await;
    assert_eq!(done.outcomes[&Outcome::Recached], 1);
    (hub, done)
}

fn cells(hub: &TestHub) -> Vec<std::path::PathBuf> {
    let kept = files(&hub.folder.path().join("state/cells"));
    kept.into_keys().collect()
}

#[tokio::test]
async fn an_old_cell_is_kept_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (hub, _) = recached().await;
    let kept = cells(&hub);
    assert_eq!(kept.len(), 1);
    let mode = std::fs::metadata(&kept[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_step_whose_old_cell_is_gone_or_altered_is_refused() {
    for alter in [true, false] {
        let (hub, done) = recached().await;
        let cell = cells(&hub).remove(0);
        match alter {
            true => std::fs::write(&cell, b"another").unwrap(),
            false => std::fs::rename(&cell, hub.folder.path().join("away")).unwrap(),
        }
        let store = hub.open().await;
        let plan = undoing(&store, hub.folder.path(), &done.run).await;
        assert_eq!(plan.totals().steps, 0);
        let why = &all_refused(&plan).await[0].why;
        assert!(why.starts_with("the old "), "{why}");
    }
}

#[tokio::test]
async fn a_row_that_changed_after_the_run_or_after_the_plan_is_left_as_it_is() {
    let (hub, done) = recached().await;
    let store = hub.open().await;
    let plan = undoing(&store, hub.folder.path(), &done.run).await;
    assert_eq!(all_steps(&plan).await[0].remedy, Remedy::Undo);
    meddle(
        &hub,
        "UPDATE musehub_snapshots SET manifest_blob = CAST('{}' AS BLOB)",
    )
    .await;
    let ended = applied(&store, &plan, hub.folder.path()).await;
    assert_eq!(ended.outcomes[&Outcome::Superseded], 1, "{ended:?}");
    let late = undoing(&store, hub.folder.path(), &done.run).await;
    assert_eq!(late.totals().steps, 0);
    let why = &all_refused(&late).await[0].why;
    assert!(why.contains("changed after the run"), "{why}");
}

#[tokio::test]
async fn a_journal_that_was_tampered_with_says_nothing_of_what_to_put_back() {
    let (hub, done) = recached().await;
    let path = journal_path(hub.folder.path());
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("msgpack", "msgpick", 1)).unwrap();
    let store = hub.open().await;
    let ended = undo(&store, &path, &done.run, &Progress::new()).await;
    let Err(RepairError::Journal { source, .. }) = ended else {
        panic!("it was trusted");
    };
    assert!(
        source.to_string().contains("somebody changed it"),
        "{source}"
    );
}

#[tokio::test]
async fn quarantined_bytes_that_are_no_longer_what_was_kept_are_not_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let store = demo(folder, 7).await;
    let of = Selection::Chosen(Filter {
        codes: vec![Code::ObjectCorrupt, Code::ObjectEncoded, Code::ObjectKind],
        ..Filter::default()
    });
    let plan = planned(&store, &of).await;
    let done = applied(&store, &plan, folder).await;
    assert!(done.outcomes[&Outcome::Replaced] > 0);
    let objects = folder.join("hub/objects");
    let plan = undoing(&store, folder, &done.run).await;
    // Whoever agrees to it reads that objects are written.
    let said = plan.undoable().writes(plan.totals());
    let objects_replaced = format!(
        "{} objects to replace, from quarantine",
        plan.totals().steps
    );
    assert!(said.starts_with(&objects_replaced), "{said}");
    for path in files(&objects.join("_quarantine")).into_keys() {
        std::fs::write(path, b"something else").unwrap();
    }
    let before = files(&objects);
    let plan = undoing(&store, folder, &done.run).await;
    let ended = applied(&store, &plan, folder).await;
    assert!(!ended.outcomes.contains_key(&Outcome::Undone), "{ended:?}");
    assert!(files(&objects) == before);
}
