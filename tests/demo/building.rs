//! Where a demo hub may be built, and that a seed says all.

use super::support::{demo, objects, options, rows, scaled};
use crate::{DemoError, build};
use luthier_hub::progress::Progress;
use luthier_hub::store::hub::{Database, ObjectStore};

#[tokio::test]
async fn the_same_seed_gives_the_same_rows_and_objects() {
    let (one, two) = (demo(false, 7).await, demo(false, 7).await);
    assert_eq!(rows(&one.store).await, rows(&two.store).await);
    assert!(objects(&one.store).await == objects(&two.store).await);
    assert_eq!(one.built.faults, two.built.faults);
}

#[tokio::test]
async fn another_seed_gives_other_rows() {
    let (one, two) = (demo(true, 7).await, demo(true, 8).await);
    let (one, two) = (rows(&one.store).await, rows(&two.store).await);
    assert_ne!(one.commits, two.commits);
    assert_eq!(one.commits.len(), two.commits.len());
}

#[tokio::test]
async fn a_folder_in_use_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder, true, 1);
    std::fs::create_dir(&options.dir).unwrap();
    std::fs::write(options.dir.join("thesis.txt"), "years of work").unwrap();
    let error = build(&options, &Progress::new()).await.unwrap_err();
    assert!(matches!(error, DemoError::NotEmpty(_)), "{error}");
    assert!(error.to_string().contains("hub"), "{error}");
    assert_eq!(std::fs::read_dir(&options.dir).unwrap().count(), 1);
}

#[tokio::test]
async fn a_file_is_no_place_for_a_hub() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder, true, 1);
    std::fs::write(&options.dir, "").unwrap();
    let error = build(&options, &Progress::new()).await.unwrap_err();
    assert!(matches!(error, DemoError::NotAFolder(_)), "{error}");
}

#[tokio::test]
async fn an_empty_folder_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder, true, 1);
    std::fs::create_dir(&options.dir).unwrap();
    build(&options, &Progress::new()).await.unwrap();
}

#[tokio::test]
async fn the_urls_name_what_was_built() {
    let demo = demo(true, 1).await;
    let database = Database::parse(&demo.built.database_url).unwrap();
    assert_eq!(database, demo.built.hub.database);
    let objects = ObjectStore::parse(&demo.built.store_url).unwrap();
    assert_eq!(objects, demo.built.hub.objects);
}

#[tokio::test]
async fn building_stops_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let progress = Progress::new();
    progress.cancel();
    let error = build(&options(&folder, true, 1), &progress).await;
    assert!(matches!(error, Err(DemoError::Cancelled(_))));
}

#[tokio::test]
async fn a_long_history_has_as_many_commits_as_were_asked_for() {
    let demo = scaled(true, 3, Some(1203)).await;
    let rows = rows(&demo.store).await;
    let repo = rows.repos.iter().find(|r| r.path() == "load/history");
    let repo_id = Some(repo.unwrap().repo_id.clone());
    let own = rows.commits.iter().filter(|row| row.repo_id == repo_id);
    assert_eq!(own.count(), 1203);
    let roots = rows
        .commits
        .iter()
        .filter(|r| r.parent_ids == "[]" && r.repo_id == repo_id);
    assert_eq!(roots.count(), 1);
}
