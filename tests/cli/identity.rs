//! Names: of blobs by both of their ids, of snapshots by the scheme of their time, of branches and directories that no
//! client can keep.

use crate::support::*;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::{Connection, SqliteConnection};
use std::path::{Path, PathBuf};

/// The two ids of some bytes, in hex.
fn ids(bytes: &[u8]) -> (String, String) {
    let header = format!("blob {}\0", bytes.len());
    let typed = Sha256::new_with_prefix(header)
        .chain_update(bytes)
        .finalize();
    (hex::encode(Sha256::digest(bytes)), hex::encode(typed))
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => out.extend(files_below(&path)),
            false => out.push(path),
        }
    }
    out.sort();
    out
}

/// A blob of the hub whose key uses its raw id, or its typed one: (raw, typed), in hex.
fn blob_named_by(hub: &Hub, raw: bool) -> (String, String) {
    let folder = hub.store.strip_prefix("file://").unwrap();
    for path in files_below(&Path::new(folder).join("objects/sha256")) {
        let found = ids(&std::fs::read(&path).unwrap());
        let named = format!(
            "{}{}",
            path.parent()
                .unwrap()
                .file_name()
                .unwrap()
                .to_str()
                .unwrap(),
            path.file_name().unwrap().to_str().unwrap()
        );
        if named == *(if raw { &found.0 } else { &found.1 }) {
            return found;
        }
    }
    panic!("no such blob");
}

#[test]
fn a_blob_is_found_and_shown_by_both_of_its_ids() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    for uses_raw in [true, false] {
        let (raw, typed) = blob_named_by(&hub, uses_raw);
        let (own, other) = match uses_raw {
            true => (&raw, &typed),
            false => (&typed, &raw),
        };
        for asked in [own.clone(), other.clone(), format!("sha256:{other}")] {
            let ran = place.on(&hub, &["show", &asked, "--json"]);
            assert_eq!(ran.code, 0, "{ran:?}");
            let shown = ran.lines().pop().unwrap();
            assert_eq!(shown["id"], format!("sha256:{own}"), "by {asked}");
            assert_eq!(shown["blob_ids"]["sha256"], raw.as_str());
            assert_eq!(shown["blob_ids"]["typed"], format!("sha256:{typed}"));
            let uses = if uses_raw { "raw" } else { "typed" };
            assert_eq!(shown["blob_ids"]["row_uses"], uses);

            let words = place.on(&hub, &["show", &asked]).out;
            assert!(words.contains(&raw) && words.contains(&typed), "{words}");
            let says = format!("The row, its key and its URI use the {uses} id.");
            assert!(words.contains(&says), "{words}");

            assert_eq!(place.on(&hub, &["diff", &asked]).code, 0);
            let audit = place.on(&hub, &["audit", &asked, "--json"]);
            assert_eq!(audit.code, 0, "{audit:?}");
        }
    }
    let nobody = place.on(&hub, &["show", &"0".repeat(64), "--search"]);
    assert_eq!(nobody.code, 2, "{nobody:?}");
    assert!(
        nobody.err.contains("the database has no row with the id"),
        "{nobody:?}"
    );
    let of_git = place.on(&hub, &["show", &"a1".repeat(20)]);
    assert_eq!(of_git.code, 2, "{of_git:?}");
    assert!(of_git.err.contains("SHA-1"), "{of_git:?}");
}

#[test]
fn a_repair_takes_a_blob_by_the_id_that_its_row_does_not_use() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let (raw, typed) = blob_named_by(&hub, false);
    sql(
        &hub,
        &[&format!(
            "UPDATE musehub_objects SET size_bytes = size_bytes + 1 WHERE object_id = 'sha256:{typed}'"
        )],
    );
    let ran = place.on(&hub, &["repair", "--id", &raw, "--json"]);
    let steps = ran
        .lines()
        .into_iter()
        .filter(|line| line["type"] == "step");
    assert_eq!(steps.count(), 1, "{ran:?}");
}

#[test]
fn the_hub_of_spring_holds_snapshots_of_rc7_and_none_that_no_source_knows() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let ran = place.on(&hub, &["signoff", "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let report = ran.lines().pop().unwrap();
    let schemes = report["schemes"].as_object().unwrap();
    for scheme in [
        "snapshot rc7",
        "commit rc7",
        "snapshot typed",
        "snapshot v01",
    ] {
        assert!(schemes[scheme].as_u64().unwrap() > 0, "{schemes:?}");
    }
    assert!(
        !schemes.keys().any(|key| key.contains("prefixed")),
        "{schemes:?}"
    );
}

/// Every repository that the report says nothing against is pulled; the figures fit.
fn pull_all(place: &Sandbox, hub: &Hub, report: &Value, repos: &[&str]) {
    let pulls = &report["pulls"];
    let listed = |list: &'static str| pulls[list].as_array().into_iter().flatten();
    let failed: Vec<&str> = listed("failed")
        .chain(listed("refused"))
        .map(|pull| pull["repo"].as_str().unwrap())
        .collect();
    for repo in repos {
        let into = place.path(&format!("into-{}", repo.replace('/', "-")));
        let ran = place.on(hub, &["pull", repo, "--into", into.to_str().unwrap()]);
        assert_eq!(
            ran.code == 0,
            !failed.contains(repo),
            "{repo}: {ran:?} {failed:?}"
        );
        std::fs::remove_dir_all(into).ok();
    }
}

#[test]
fn a_sign_off_says_of_each_repository_what_its_pull_says() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let repos = [
        "alice/song",
        "bela/score-tools",
        "dmitri/old-site",
        "gwen/duet",
    ];
    for (at, names) in [
        ["feature", "feature/x"],
        ["Main", "x"],
        ["caf\u{e9}", "cafe\u{301}"],
        ["HEAD", "x"],
        ["x..y", "x"],
    ]
    .into_iter()
    .enumerate()
    {
        let one = |n: usize| {
            format!(
                "INSERT INTO musehub_branches (branch_id, repo_id, name, head_commit_id)
                 SELECT 'b-{at}-{n}', repo_id, '{}', head_commit_id FROM musehub_branches WHERE name = 'main'
                 AND repo_id = (SELECT repo_id FROM musehub_repos WHERE owner = 'alice' AND slug = 'song')",
                names[n]
            )
        };
        sql(&hub, &[&one(0), &one(1)]);
        let ran = place.on(&hub, &["signoff", "--json"]);
        assert_eq!(ran.code, 1, "{names:?}");
        let report = ran.lines().pop().unwrap();
        assert_eq!(report["verdict"], "FAIL", "{names:?}");
        assert_eq!(report["findings"]["branch-unsafe"], 1, "{names:?}");
        let pulls = &report["pulls"];
        let count = |key: &str| pulls[key].as_u64().unwrap();
        assert_eq!(count("refused_total"), 1, "{pulls:#}");
        let failed = pulls["failed"].as_array().unwrap();
        for name in names {
            let (branch, into) = (
                format!("alice/song@{name}"),
                place.path(&format!("one-{at}-{name}")),
            );
            let ran = place.on(&hub, &["pull", &branch, "--into", into.to_str().unwrap()]);
            let fails = failed.iter().any(|pull| pull["branch"] == name);
            assert_eq!(ran.code == 0, !fails, "{name}: {ran:?}");
        }
        assert_eq!(count("heads"), count("tried"));
        assert_eq!(count("repositories"), count("repositories_whole") + 1);
        pull_all(&place, &hub, &report, &repos);
        sql(
            &hub,
            &[&format!(
                "DELETE FROM musehub_branches WHERE branch_id LIKE 'b-{at}-%'"
            )],
        );
    }
}

#[test]
fn directories_are_judged_like_paths_at_every_depth() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    // Of client 0.1: its ids do not cover directories, so whoever changes the row changes what is given out.
    let of_march = "SELECT s.snapshot_id FROM musehub_snapshots s WHERE s.snapshot_id NOT LIKE 'sha256:%' LIMIT 1";
    for directory in [
        "../up", ".muse", "MUSE~1/x", "/etc", "a//b", "a\\\\b", ".muse /x", "a\\u0007",
    ] {
        sql(
            &hub,
            &[&format!(
                "UPDATE musehub_snapshots SET directories = '[\"{directory}\"]' WHERE snapshot_id = ({of_march})"
            )],
        );
        for depth in ["rows", "presence", "bytes"] {
            let ran = place.on(&hub, &["audit", "--depth", depth, "--json"]);
            let found = ran
                .lines()
                .into_iter()
                .filter(|line| line["code"] == "path-unsafe");
            assert_eq!(found.count(), 1, "{directory} at {depth}: {ran:?}");
        }
    }
}

pub fn sql(hub: &Hub, statements: &[&str]) {
    let path = hub.database.strip_prefix("sqlite://").unwrap().to_owned();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut own = SqliteConnection::connect(&format!("sqlite://{path}"))
            .await
            .unwrap();
        for statement in statements {
            sqlx::query(sqlx::AssertSqlSafe(*statement))
                .execute(&mut own)
                .await
                .unwrap();
        }
        own.close().await.unwrap();
    });
}
