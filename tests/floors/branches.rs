//! What an audit says of each branch is what a pull of it does.

use luthier_audit::report::Stands;
use luthier_audit::{Depth, Options, Report, Scope, run};
use luthier_client::tried::try_pull;
use luthier_demo::{DemoOptions, build};
use luthier_hub::index::RepoRow;
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use std::collections::BTreeMap;
use std::path::Path;

async fn demo(folder: &Path, healthy: bool) -> Store {
    let options = DemoOptions {
        database: None,
        objects: None,
        dir: folder.join("hub"),
        era: None,
        healthy,
        commits: None,
        seed: 1,
    };
    let built = build(&options, &Progress::new()).await.unwrap();
    Store::open(&built.hub, None).await.unwrap()
}

async fn audited(store: &Store, depth: Depth, scope: Scope) -> Report {
    let options = Options {
        depth,
        scope,
        ..Options::default()
    };
    run(store, &options, &Progress::new()).await.unwrap()
}

/// The branches of repositories that live, with their repository's path.
async fn branches(store: &Store) -> Vec<(String, String)> {
    let repos = store.index().repos(None, 1_000).await.unwrap().rows;
    let live = repos.iter().filter(|repo| repo.deleted_at.is_none());
    let mut out = Vec::new();
    for repo in live {
        let page = store.index().branches_of(&repo.repo_id, None, 1_000).await;
        let names = page.unwrap().rows.into_iter().map(|row| row.name);
        out.extend(names.map(|name| (RepoRow::path(repo), name)));
    }
    out
}

/// Whether a pull of a branch comes whole; why not where it does not.
async fn pulled(store: &Store, repo: &str, branch: &str) -> Result<(), String> {
    let path = repo.split_once('/').unwrap();
    match try_pull(store, path, Some(branch), &Progress::new()).await {
        Ok(pull) => pull
            .refusal
            .map_or(Ok(()), |refusal| Err(refusal.to_string())),
        Err(error) => Err(error.to_string()),
    }
}

async fn mark(report: &Report, repo: &str, branch: &str) -> (Stands, Option<String>) {
    let names = [branch.to_owned()];
    let found = report.branches(repo, &names).await.unwrap().remove(0);
    let code = found
        .code
        .map(|code| luthier_audit::fault::FAULTS[usize::from(code)].name);
    (
        found.stands,
        code.map(|code| format!("{code} {}", found.cause.unwrap_or_default())),
    )
}

#[tokio::test]
async fn a_branch_is_marked_as_its_pull_ends() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path(), false).await;
    let report = audited(&store, Depth::Bytes, Scope::Hub).await;
    let (mut differ, mut ends) = (Vec::new(), BTreeMap::new());
    for (repo, branch) in branches(&store).await {
        let (stands, cause) = mark(&report, &repo, &branch).await;
        let pull = pulled(&store, &repo, &branch).await;
        *ends.entry(pull.is_ok()).or_insert(0) += 1;
        let whole = matches!(stands, Stands::Clear | Stands::Empty);
        if whole != pull.is_ok() {
            differ.push(format!(
                "{repo}@{branch}: {stands:?} {cause:?}, the pull: {pull:?}"
            ));
        }
    }
    assert!(differ.is_empty(), "{differ:#?}");
    assert!(ends.len() == 2, "{ends:?}");
    let counts = report.standings().await.unwrap().hub;
    assert_eq!(counts.fail, ends[&false]);
    assert_eq!(counts.total() - counts.fail, ends[&true]);
}
