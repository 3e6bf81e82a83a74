//! The demo hub: healthy, every repository can be pulled; faulty, each fault that stops a pull says so.

use super::support::*;
use crate::{Layout, PullOptions};
use luthier_demo::{DemoOptions, build};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use std::collections::BTreeSet;
use tempfile::TempDir;

async fn hub(healthy: bool) -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = DemoOptions {
        database: None,
        objects: None,
        dir: folder.path().join("hub"),
        era: None,
        healthy,
        commits: None,
        seed: 1,
    };
    let built = build(&options, &Progress::new()).await.unwrap();
    (Store::open(&built.hub, None).await.unwrap(), folder)
}

/// `owner/slug` of every repository, and whether it was deleted.
async fn repos(store: &Store) -> Vec<(String, String, bool)> {
    let page = store.index().repos(None, 1_000).await.unwrap();
    assert!(page.end);
    page.rows
        .into_iter()
        .map(|row| (row.owner, row.slug, row.deleted_at.is_some()))
        .collect()
}

#[tokio::test]
async fn every_healthy_repository_is_pulled_and_verifies() {
    let (store, folder) = hub(true).await;
    let mut pulled = 0;
    for (owner, slug, deleted) in repos(&store).await {
        let dir = folder.path().join(&owner).join(&slug);
        let ended = run(&store, &options(&owner, &slug, &dir)).await;
        if deleted {
            assert!(ended.refusal().contains("was deleted"));
            continue;
        }
        let fetched = ended.pulled();
        assert_eq!(
            (fetched.received.reconstructed, fetched.received.empty),
            ([0; 3], 0)
        );
        let verified = sound(&dir).await;
        assert_eq!(verified.proved, fetched.received.fetched, "{owner}/{slug}");
        pulled += 1;
    }
    assert!(pulled > 5);
}

#[tokio::test]
async fn the_repository_of_march_is_pulled_as_client_0_1_holds_it() {
    let (store, folder) = hub(true).await;
    let dir = folder.path().join("march");
    let o = PullOptions {
        layout: Layout::V01,
        ..options("dmitri", "old-site", &dir)
    };
    let fetched = run(&store, &o).await.pulled();
    let verified = sound(&dir).await;
    assert_eq!(
        (verified.layout.as_str(), verified.proved),
        ("v01", fetched.received.fetched)
    );
    for (name, bytes) in files(&dir) {
        if name.starts_with(".muse/refs/heads/") {
            assert!(bytes.len() == 64 && bytes.iter().all(u8::is_ascii_hexdigit));
        }
        if let Some(hex) = name.strip_prefix(".muse/objects/") {
            use sha2::{Digest, Sha256};
            assert_eq!(hex::encode(Sha256::digest(&bytes)), hex.replace('/', ""));
        }
    }
}

/// Branch, and what the one refusal of its pull says.
const REFUSED: [(&str, &str, &str); 26] = [
    (
        "alice/song",
        "take/encore",
        "commit.*the store has no object under",
    ),
    ("alice/song", "take/case", "snapshot.*differs from"),
    (
        "alice/song",
        "stems/choir",
        "blob.*is not the right one: the bytes do not match the id",
    ),
    (
        "alice/song",
        "take/lost-tape",
        "blob.*the store has no object under",
    ),
    (
        "bela/score-tools",
        "agent/fugue",
        "commit.*the database has no row for it",
    ),
    (
        "bela/score-tools",
        "wip/oboe",
        "commit.*the database has no row for it",
    ),
    (
        "bela/score-tools",
        "import/hg",
        "commit.*no formula reproduces its id",
    ),
    ("bela/score-tools", "move/bucket", "commit.*is not followed"),
    (
        "bela/score-tools",
        "perf/lazy",
        "commit.*is not the right one",
    ),
    (
        "bela/score-tools",
        "perf/cache",
        "snapshot.*the header announces",
    ),
    (
        "bela/score-tools",
        "server/merge",
        "commit.*it has no snapshot",
    ),
    (
        "bela/score-tools",
        "store/decompress",
        "commit.*the store has no object under",
    ),
    (
        "bela/score-tools",
        "port/macos",
        "→ commit.*→ commit.*the database has no row for it",
    ),
    (
        "bela/score-tools",
        "tidy/usage",
        "snapshot.*the database has no row for it",
    ),
    (
        "bela/score-tools",
        "sounds/click",
        "blob.*the database has no row for it",
    ),
    (
        "bela/score-tools",
        "fix/retry-upload",
        "blob.*keeps no bytes",
    ),
    (
        "bela/score-tools",
        "hack/outside",
        "snapshot.*a part is `.` or `..`",
    ),
    (
        "carol/field-recordings",
        "import/recorder",
        "commit.*a NUL in its signer_public_key",
    ),
    (
        "carol/field-recordings",
        "import/names",
        "snapshot.*a NUL in a path",
    ),
    (
        "carol/field-recordings",
        "import/packed",
        "blob.*64 hex digits",
    ),
    (
        "carol/field-recordings",
        "import/dat",
        "snapshot.*the header says blob",
    ),
    (
        "dmitri/old-site",
        "pages",
        "commit init-.*it has no snapshot",
    ),
    (
        "dmitri/old-site",
        "web/edit-1",
        "commit.*only the server's old formula",
    ),
    (
        "erin/archive",
        "migrate/zlib",
        "commit.*is not the right one",
    ),
    (
        "erin/archive",
        "review/fingering",
        "snapshot.*the store has no object",
    ),
    ("gwen/duet", "hugo/coda", "hugo/coda has two rows.*heads"),
];

#[tokio::test]
async fn each_fault_that_stops_a_pull_says_so_in_one_sentence() {
    let (store, folder) = hub(false).await;
    for (repo, branch, says) in REFUSED {
        let (owner, slug) = repo.split_once('/').unwrap();
        let o = PullOptions {
            branch: Some(branch.into()),
            ..options(owner, slug, &folder.path().join(branch))
        };
        let said = run(&store, &o).await.refusal();
        let mut rest = said.as_str();
        for part in says.split(".*") {
            let found = rest
                .find(part)
                .unwrap_or_else(|| panic!("{branch}: {said}"));
            rest = &rest[found + part.len()..];
        }
        assert!(said.contains(branch) && !said.contains('\n'), "{said}");
    }
}

#[tokio::test]
async fn whatever_is_pulled_from_the_faulty_hub_verifies_and_whatever_is_refused_has_no_ref() {
    let (store, folder) = hub(false).await;
    let (mut sound_ones, mut refused) = (0, BTreeSet::new());
    for (n, (owner, slug, _)) in repos(&store).await.into_iter().enumerate() {
        let repo = store
            .index()
            .repo_by_path(&owner, &slug)
            .await
            .unwrap()
            .unwrap();
        let page = store
            .index()
            .branches_of(&repo.repo_id, None, 1_000)
            .await
            .unwrap();
        let names: BTreeSet<String> = page.rows.into_iter().map(|row| row.name).collect();
        for (m, name) in names.into_iter().enumerate() {
            let dir = folder.path().join(format!("{n}-{m}"));
            let o = PullOptions {
                branch: Some(name.clone()),
                ..options(&owner, &slug, &dir)
            };
            match run(&store, &o).await.result {
                Ok(pulled) if pulled.is_complete() => {
                    sound(&dir).await;
                    sound_ones += 1;
                }
                _ => {
                    assert!(!dir.join(".muse/refs").exists());
                    refused.insert(format!("{owner}/{slug}@{name}"));
                }
            }
        }
    }
    assert!(sound_ones > 20, "{sound_ones}");
    for (repo, branch, _) in REFUSED {
        assert!(refused.contains(&format!("{repo}@{branch}")));
    }
}
