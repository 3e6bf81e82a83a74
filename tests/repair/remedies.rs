//! Every remedy, from its fault to gone, and each left undone where its precondition fails.

use super::support::*;
use crate::{Outcome, Plan, Selection, Step, StepChange, apply};
use luthier_audit::{Auto, Code, Evidence, Filter, Finding, Remedy};
use luthier_client::ClientFolder;
use luthier_hub::index::{MembershipRow, NewRows, RepoRow};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::testing::*;
use luthier_object::Kind;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything, as a person who answers yes to each code.
fn everything() -> Selection {
    Selection::Chosen(Filter::default())
}

fn of(code: Code) -> Selection {
    Selection::Chosen(Filter {
        codes: vec![code],
        ..Filter::default()
    })
}

async fn applied(store: &Store, plan: &Plan, folder: &Path) -> crate::Applied {
    let mut journal = journal(folder);
    apply(&writer(store), plan, &mut journal, &Progress::new())
        .await
        .unwrap()
}

/// What a finding is called in a plan.
fn named(finding: &Finding) -> (Code, String) {
    match &finding.evidence {
        Evidence::RefsUnsaved(_) => (finding.code, finding.repo.clone()),
        Evidence::HeadDangling(seen) => (finding.code, seen.head.clone()),
        _ => (finding.code, finding.id.clone()),
    }
}

fn covered(steps: &[Step]) -> BTreeSet<(Code, String)> {
    let codes = |step: &Step| -> Vec<Code> {
        std::iter::once(step.code)
            .chain(step.also.iter().copied())
            .collect()
    };
    let pairs = |step: &Step| -> Vec<(Code, String)> {
        let of = |code| (code, step.id.clone());
        codes(step).into_iter().map(of).collect()
    };
    steps.iter().flat_map(pairs).collect()
}

#[tokio::test]
async fn each_code_that_has_a_remedy_goes_by_it_and_no_sound_object_changes() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 5).await;
    let objects = folder.path().join("hub/objects");
    let before = files(&objects);
    let plan = planned(&store, &everything()).await;
    let steps = all_steps(&plan).await;
    for remedy in [
        Remedy::Backfill,
        Remedy::Link,
        Remedy::Recache,
        Remedy::Restore,
        Remedy::Replace,
        Remedy::Reindex,
        Remedy::Checkpoint,
    ] {
        assert!(plan.totals().by_remedy.contains_key(&remedy), "{remedy}");
    }
    let refused: BTreeSet<Code> = all_refused(&plan).await.iter().map(|r| r.code).collect();
    // What is neither repaired nor refused by a rule would be a hole in the plan.
    let asked = findings(&store).await;
    let in_steps = covered(&steps);
    for finding in &asked {
        let known = in_steps.contains(&named(finding)) || refused.contains(&finding.code);
        assert!(known, "{finding:?}");
    }
    let done = applied(&store, &plan, folder.path()).await;
    assert_eq!(done.trouble, Vec::<String>::new());

    let left: BTreeSet<(Code, String)> = findings(&store).await.iter().map(named).collect();
    let stale: Vec<_> = in_steps
        .iter()
        // Clients refuse its id for ever, stored or not.
        .filter(|(code, _)| *code != Code::IdentityStale)
        .filter(|pair| left.contains(pair))
        .collect();
    assert!(stale.is_empty(), "{stale:#?}");

    let after = files(&objects);
    let quarantine = objects.join("_quarantine").join(&done.run);
    for (path, bytes) in &before {
        let now = after.get(path).unwrap();
        if now != bytes {
            let key = path.strip_prefix(&objects).unwrap();
            let kept = after.get(&quarantine.join(key));
            assert_eq!(kept, Some(bytes), "{} is in quarantine", path.display());
        }
    }
    let changed = before
        .iter()
        .filter(|(path, bytes)| &after[*path] != *bytes);
    let replaced = done.outcomes[&Outcome::Replaced] as usize;
    assert_eq!(changed.count(), replaced, "only what was replaced changed");
}

#[tokio::test]
async fn a_plan_that_was_applied_is_already_done_when_it_is_applied_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 5).await;
    let plan = planned(&store, &everything()).await;
    applied(&store, &plan, folder.path()).await;
    let again = applied(&store, &plan, folder.path()).await;
    let all = BTreeMap::from([(Outcome::Already, plan.totals().steps)]);
    assert_eq!(again.outcomes, all, "{:?}", again.trouble);
}

#[tokio::test]
async fn a_repair_is_offered_only_for_a_row_that_lacks_what_its_object_says() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 5).await;
    let found = findings(&store).await;
    let differ = found
        .iter()
        .filter(|found| found.code == Code::ObjectDiverges);
    let (left, offered): (Vec<_>, Vec<_>) = differ.partition(|found| found.auto == Auto::No);
    assert!(!left.is_empty(), "the demo has a row that says more");
    let plan = planned(&store, &of(Code::ObjectDiverges)).await;
    let planned: BTreeSet<String> = all_steps(&plan).await.into_iter().map(|s| s.id).collect();
    let offered: BTreeSet<String> = offered.iter().map(|found| found.id.clone()).collect();
    assert_eq!(planned, offered);
    for finding in left {
        let said = finding.by_hand().unwrap();
        assert!(
            said.contains("record the rest again from a client"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn audit_plan_and_fault_table_say_the_same_of_a_lost_pack() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 5).await;
    let found = findings(&store).await;
    let lost = found.iter().find(|found| found.code == Code::PackMissing);
    let said = lost.unwrap().by_hand().unwrap();
    assert!(
        said.contains(&Code::PackMissing.by_hand().unwrap()),
        "{said}"
    );
    let orphan = found.iter().find(|found| found.code == Code::ObjectOrphan);
    let harmless = orphan.unwrap().by_hand().unwrap();
    assert!(harmless.starts_with("Nothing is broken: "), "{harmless}");
    let skipped = all_refused(&planned(&store, &of(Code::PackMissing)).await).await;
    assert_eq!(skipped.len(), 1);
    assert_eq!(skipped[0].why, said);
    assert_eq!(Code::PackMissing.fault().applied(), "by hand");
}

#[tokio::test]
async fn a_hub_that_moved_since_the_plan_is_left_exactly_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 5).await;
    let plan = planned(&store, &everything()).await;
    let steps = all_steps(&plan).await;
    meddle(&folder.path().join("hub/hub.db"), &steps).await;
    let objects = folder.path().join("hub/objects");
    for step in steps.iter().filter(|step| step.remedy == Remedy::Replace) {
        // Somebody else wrote there meanwhile.
        std::fs::write(objects.join(step.key.as_ref().unwrap()), b"others").unwrap();
    }
    let (rows, before) = (
        dump(&folder.path().join("hub/hub.db")).await,
        files(&objects),
    );
    let done = applied(&store, &plan, folder.path()).await;
    let changed: u64 = done
        .outcomes
        .iter()
        .filter(|(outcome, _)| outcome.changes())
        .map(|(_, count)| count)
        .sum();
    assert_eq!(changed, 0, "{:?} {:#?}", done.outcomes, done.trouble);
    assert_eq!(files(&objects), before);
    assert_eq!(dump(&folder.path().join("hub/hub.db")).await, rows);
}

async fn pool(path: &Path) -> sqlx::SqlitePool {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    sqlx::SqlitePool::connect_with(options).await.unwrap()
}

/// Changes under every step what it rests on.
async fn meddle(path: &Path, steps: &[Step]) {
    let pool = pool(path).await;
    for step in steps {
        let (table, id) = match step.kind.word() {
            "commit" => ("musehub_commits", "commit_id"),
            "snapshot" => ("musehub_snapshots", "snapshot_id"),
            "blob" => ("musehub_objects", "object_id"),
            _ => continue,
        };
        let adds = matches!(
            step.change,
            StepChange::Add { .. } | StepChange::Hold { .. }
        );
        let sql = match adds && step.remedy != Remedy::Hold {
            // The row that was to be added came by itself, and points elsewhere.
            true => match table {
                "musehub_objects" => format!(
                    "INSERT OR IGNORE INTO {table} ({id}, repo_id, size_bytes, storage_uri) \
                     VALUES (?, 'x', 1, 'local://objects/elsewhere')"
                ),
                "musehub_commits" => format!(
                    "INSERT OR IGNORE INTO {table} ({id}, repo_id, branch, timestamp, storage_uri) \
                     VALUES (?, 'x', 'x', '2026-01-01', 'local://objects/elsewhere')"
                ),
                _ => format!(
                    "INSERT OR IGNORE INTO {table} ({id}, repo_id, storage_uri) \
                     VALUES (?, 'x', 'local://objects/elsewhere')"
                ),
            },
            // The membership came by itself.
            false if step.remedy == Remedy::Hold => {
                format!(
                    "INSERT INTO {}_refs SELECT {id}, repo_id FROM {table} WHERE {id} = ?",
                    table.trim_end_matches('s')
                )
            }
            false if step.remedy == Remedy::Recache => {
                format!(
                    "UPDATE {table} SET entry_count = 1000 + coalesce(entry_count, 0) WHERE {id} = ?"
                )
            }
            false => {
                format!(
                    "UPDATE {table} SET storage_uri = 'local://objects/elsewhere' WHERE {id} = ?"
                )
            }
        };
        let done = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(&step.id)
            .execute(&pool);
        assert_eq!(done.await.unwrap().rows_affected(), 1, "{step:?}");
    }
    // What a checkpoint would say is no longer so.
    sqlx::query("UPDATE musehub_branches SET name = name || '-moved'")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
}

/// Every row of the tables that a repair may change, as text.
async fn dump(path: &Path) -> BTreeMap<String, Vec<String>> {
    use sqlx::Row;
    let pool = pool(path).await;
    let mut out = BTreeMap::new();
    for (table, columns) in [
        (
            "musehub_commits",
            "commit_id || branch || parent_ids || message || timestamp || coalesce(storage_uri, '-') || commit_meta",
        ),
        (
            "musehub_snapshots",
            "snapshot_id || coalesce(storage_uri, '-') || hex(coalesce(manifest_blob, '-')) || coalesce(entry_count, '-') || coalesce(directories, '-') || created_at",
        ),
        (
            "musehub_objects",
            "object_id || size_bytes || coalesce(storage_uri, '-')",
        ),
        (
            "musehub_branches",
            "branch_id || name || coalesce(head_commit_id, '-')",
        ),
        ("musehub_commit_refs", "commit_id || repo_id"),
        ("musehub_snapshot_refs", "snapshot_id || repo_id"),
        ("musehub_object_refs", "object_id || repo_id"),
    ] {
        let sql = format!("SELECT {columns} FROM {table} ORDER BY 1");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch_all(&pool)
            .await
            .unwrap();
        let text =
            |row: &sqlx::sqlite::SqliteRow| row.get::<Option<String>, _>(0).unwrap_or_default();
        out.insert(table.to_owned(), rows.iter().map(text).collect());
    }
    pool.close().await;
    out
}

/// A second repository, whose owner is `owner`, that holds the snapshot of the first's commit.
async fn named_from_elsewhere(owner: &str) -> (TestHub, String) {
    let (hub, commits) = unstored(1).await;
    let repo = RepoRow {
        repo_id: "repo-2".into(),
        owner: owner.into(),
        slug: "fork".into(),
        name: "fork".into(),
        default_branch: "main".into(),
        created_at: LONG_AGO.into(),
        ..RepoRow::default()
    };
    let tree = commits[0].snapshot_id.clone().unwrap();
    let mut record = luthier_hub::testing::commit(&tree, &[], "elsewhere");
    record.repo_id = "repo-2".into();
    let mut row = commit_row(&record);
    row.repo_id = Some("repo-2".into());
    let id = row.commit_id.clone();
    hub.insert(NewRows {
        repos: vec![repo],
        commits: vec![row],
        memberships: vec![(
            Kind::Commit,
            MembershipRow {
                id,
                repo_id: "repo-2".into(),
            },
        )],
        ..NewRows::default()
    })
    .await;
    (hub, tree.to_string())
}

#[tokio::test]
async fn a_row_is_held_by_another_repository_of_the_same_owner_only() {
    let (hub, tree) = named_from_elsewhere("alice").await;
    let store = hub.open().await;
    assert!(
        findings(&store)
            .await
            .iter()
            .any(|f| f.code == Code::RowElsewhere)
    );
    let plan = planned(&store, &of(Code::RowElsewhere)).await;
    let steps = all_steps(&plan).await;
    assert!(
        steps
            .iter()
            .any(|step| step.remedy == Remedy::Reref && step.id == tree),
        "{steps:#?}"
    );
    let done = applied(&store, &plan, hub.folder.path()).await;
    assert_eq!(
        done.outcomes[&Outcome::Held],
        steps.len() as u64,
        "{:#?}",
        done.trouble
    );
    // The blobs of that tree are seen once the tree is held.
    let plan = planned(&store, &of(Code::RowElsewhere)).await;
    applied(&store, &plan, hub.folder.path()).await;
    let left = findings(&store).await;
    assert!(
        left.iter().all(|f| f.code != Code::RowElsewhere),
        "{left:#?}"
    );

    let (hub, _) = named_from_elsewhere("mallory").await;
    let store = hub.open().await;
    let plan = planned(&store, &of(Code::RowElsewhere)).await;
    assert_eq!(plan.totals().steps, 0);
    let refused = all_refused(&plan).await;
    assert!(
        refused[0].why.contains("owners have to agree"),
        "{refused:#?}"
    );
}

#[tokio::test]
async fn an_owner_that_changed_after_the_plan_is_not_shown_anything() {
    let (hub, _) = named_from_elsewhere("alice").await;
    let store = hub.open().await;
    let plan = planned(&store, &of(Code::RowElsewhere)).await;
    let pool = pool(&hub.folder.path().join("hub.db")).await;
    sqlx::query("UPDATE musehub_repos SET owner = 'mallory' WHERE repo_id = 'repo-2'")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let done = applied(&store, &plan, hub.folder.path()).await;
    assert_eq!(done.outcomes[&Outcome::Superseded], plan.totals().steps);
}

/// A blob as a client keeps it, with its header.
fn shelve(client: &Path, hex: &str, bytes: &[u8]) -> PathBuf {
    let path = client
        .join(".muse/objects/sha256")
        .join(&hex[..2])
        .join(&hex[2..]);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut framed = format!("blob {}\0", bytes.len()).into_bytes();
    framed.extend_from_slice(bytes);
    std::fs::write(&path, framed).unwrap();
    path
}

#[tokio::test]
async fn copies_of_a_client_give_back_what_the_hub_has_lost_and_nothing_that_does_not_prove() {
    let (hub, _) = unstored(1).await;
    let blob = luthier_object::identity::blob_id(b"la la");
    let objects = hub.folder.path().join("objects");
    let key = luthier_hub::backend::layout::key_for(&blob).unwrap();
    std::fs::remove_file(objects.join(key.as_str())).unwrap();
    let client = hub.folder.path().join("client");
    let path = shelve(&client, blob.bare(), b"la lo");
    let with_copies =
        |store: Store| store.with_copies(Arc::new(ClientFolder::open(&client).unwrap()));

    let plan = planned(&hub.open().await, &of(Code::ObjectMissing)).await;
    let refused = all_refused(&plan).await;
    assert!(
        refused[0].why.contains("a copy from elsewhere is needed"),
        "{refused:#?}"
    );
    let wanted = refused[0].wanted.as_ref().unwrap();
    assert_eq!(wanted.path.as_deref(), Some("song.txt"));

    let plan = planned(&with_copies(hub.open().await), &of(Code::ObjectMissing)).await;
    assert_eq!(plan.totals().steps, 0, "other bytes are no copy");

    std::fs::remove_file(&path).unwrap();
    shelve(&client, blob.bare(), b"la la");
    let store = with_copies(hub.open().await);
    // Whoever names the folder has decided: what only a copy restores needs no choosing, and no typed name.
    let plan = planned(&store, &auto()).await;
    let steps = all_steps(&plan).await;
    let restored = steps.iter().filter(|step| step.code == Code::ObjectMissing);
    assert_eq!(restored.count(), 1, "{steps:#?}");
    assert_eq!(plan.doubt(), None);
    let plan = planned(&store, &of(Code::ObjectMissing)).await;
    assert_eq!(plan.doubt(), None);
    let done = applied(&store, &plan, hub.folder.path()).await;
    assert_eq!(done.outcomes[&Outcome::Written], 1, "{:#?}", done.trouble);
    assert_eq!(std::fs::read(objects.join(key.as_str())).unwrap(), b"la la");
    let left = findings(&store).await;
    assert!(left.iter().all(|f| f.auto != Auto::Ask), "{left:#?}");
}

#[tokio::test]
async fn a_row_keeps_its_time_where_that_of_the_object_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), 5).await;
    // No id hashes created_at: with another byte there, the object still matches its id.
    let field = b"\"created_at\":\"20";
    let objects = files(&folder.path().join("hub/objects"));
    let mut bent = 0;
    for (path, mut bytes) in objects {
        let at = bytes.windows(field.len()).position(|part| part == field);
        if let (true, Some(at)) = (bytes.starts_with(b"snapshot "), at) {
            bytes[at + field.len()] = b'&';
            std::fs::write(folder.path().join("hub/objects").join(path), bytes).unwrap();
            bent += 1;
        }
    }
    assert!(bent > 0);
    let plan = planned(&store, &of(Code::ObjectDiverges)).await;
    let refused = all_refused(&plan).await;
    let said = "created_at of the object is no time";
    let kept = refused.iter().filter(|refusal| refusal.why.contains(said));
    assert!(kept.count() > 0, "{refused:?}");
    for step in all_steps(&plan).await {
        assert!(!format!("{:?}", step.change).contains("\"20&"), "{step:?}");
    }
}
