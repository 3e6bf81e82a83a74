//! The audit of one repository: what the hub's says of it, at the price of one repository.

use crate::s3::{ACCESS_KEY, Op, SECRET_KEY, Server};
use crate::support::{Hub, Ran, Sandbox};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What only an audit of the whole hub gives.
const WHOLE_HUB: [&str; 2] = ["object-orphan", "blob-unreferenced"];

/// Findings of one repository without what counts over others too, and the summary.
fn of(ran: &Ran, repo: &str) -> (BTreeSet<String>, Value) {
    let mut lines = ran.lines();
    let summary = lines.pop().unwrap();
    let kept = lines.into_iter().filter_map(|mut line| {
        let code = line["code"].as_str().unwrap().to_owned();
        if line["repo"] != repo || WHOLE_HUB.contains(&code.as_str()) {
            return None;
        }
        // Branches and commits of other repositories may hang on it.
        line["blocks"].take();
        // Which two questions found nothing depends on whether a listing was taken.
        line["evidence"]["asked"].take();
        Some(line.to_string())
    });
    (kept.collect(), summary)
}

fn repositories(place: &Sandbox, hub: &Hub) -> BTreeMap<String, u64> {
    let ran = place.on(hub, &["audit", "--json", "--grace", "0s"]);
    let mut out = BTreeMap::new();
    for line in ran.lines() {
        let repo = line["repo"].as_str().unwrap_or_default();
        if repo.contains('/') && line["type"] == "finding" {
            *out.entry(repo.to_owned()).or_default() += 1;
        }
    }
    out
}

/// The hub's findings cut to a repository are the repository's, at every depth.
fn agrees(place: &Sandbox, hub: &Hub, repos: &[&str]) {
    for depth in ["rows", "presence", "bytes"] {
        let how = ["--json", "--depth", depth, "--grace", "0s"];
        let whole = place.on(hub, &[&["audit"][..], &how].concat());
        for repo in repos {
            let ran = place.on(hub, &[&["audit", repo][..], &how].concat());
            let ((wanted, _), (found, summary)) = (of(&whole, repo), of(&ran, repo));
            let missed: Vec<_> = wanted.difference(&found).collect();
            let extra: Vec<_> = found.difference(&wanted).collect();
            assert!(
                missed.is_empty() && extra.is_empty(),
                "{repo} at {depth}: missed {missed:#?}, extra {extra:#?}"
            );
            assert_eq!(summary["repo"], *repo);
            assert_eq!(summary["checked"]["repos"], 1);
            let not_judged = summary["not_judged"].to_string();
            assert!(WHOLE_HUB.iter().all(|code| not_judged.contains(code)));
        }
    }
}

#[test]
fn an_audit_of_a_repository_finds_what_the_hubs_audit_finds_in_it() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let repos = repositories(&place, &hub);
    assert!(repos.len() > 4);
    let names: Vec<&str> = repos.keys().map(String::as_str).collect();
    agrees(&place, &hub, &names);
}

#[test]
fn where_the_listing_is_long_each_object_is_asked_for_and_the_findings_are_the_same() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--commits", "2000"]);
    let listed = |repo: &str| {
        let ran = place.on(&hub, &["audit", repo, "--json"]);
        ran.lines().pop().unwrap()["checked"]["listed"]
            .as_u64()
            .unwrap()
    };
    let repos = repositories(&place, &hub);
    let asked: Vec<&str> = (repos.keys().map(String::as_str))
        .filter(|repo| listed(repo) == 0)
        .collect();
    assert!(asked.len() > 3, "{asked:?}");
    agrees(&place, &hub, &asked);
}

#[test]
fn the_figures_and_the_requests_are_the_repositorys() {
    let server = Server::start(&["muse"]);
    let place = Sandbox::new();
    let dir = place.path("hub");
    let endpoint = server.endpoint();
    let run = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        for (name, value) in [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_REGION", "us-east-1"),
        ] {
            command.env(name, value);
        }
        Ran::of(&mut command)
    };
    let dir = dir.to_str().unwrap();
    let built = run(&[
        "demo",
        "--build-only",
        dir,
        "--healthy",
        "--commits",
        "1500",
        "--store",
        "s3://muse",
        "--json",
    ]);
    assert_eq!(built.code, 0, "{built:?}");
    let database = built.lines()[0]["database"].as_str().unwrap().to_owned();
    let audit = |what: &[&str]| {
        let before: Vec<usize> = [Op::Head, Op::Get, Op::List]
            .map(|op| server.count(op))
            .into();
        let hub = [
            "--database",
            &database,
            "--store",
            "s3://muse",
            "--json",
            "--grace",
            "0s",
        ];
        let ran = run(&[&["audit"][..], what, &hub].concat());
        let summary = ran.lines().pop().unwrap();
        let after = [Op::Head, Op::Get, Op::List].map(|op| server.count(op));
        let requests: usize = after.iter().zip(before).map(|(now, then)| now - then).sum();
        (summary, requests)
    };
    let (hub, _) = audit(&[]);
    let (one, requests) = audit(&["alice/song"]);
    let rows = |summary: &Value| -> u64 {
        let of = |kind: &str| summary["checked"][kind].as_u64().unwrap();
        of("commits") + of("snapshots") + of("blobs")
    };
    assert!(
        rows(&one) > 20 && rows(&one) * 10 < rows(&hub),
        "{one} {hub}"
    );
    // One request a row at depth presence, a bounded listing, and a few for what belongs to the whole.
    assert!(
        requests as u64 <= 2 * rows(&one) + 30,
        "{requests} for {}",
        rows(&one)
    );
    assert_eq!(one["complete"], true);
    let words = run(&[
        "audit",
        "alice/song",
        "--database",
        &database,
        "--store",
        "s3://muse",
        "--grace",
        "0s",
    ]);
    let commits = one["checked"]["commits"].to_string();
    assert!(
        words.out.contains(&format!(
            "alice/song: 0 findings at depth presence in {commits} commits"
        )),
        "{words:?}"
    );
}

#[test]
fn rows_without_storage_uri_are_the_repositorys() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let null = |what: &[&str]| -> u64 {
        let ran = place.on(
            &hub,
            &[&["audit", "--json", "--grace", "0s"][..], what].concat(),
        );
        let summary = ran.lines().pop().unwrap();
        let sum = |map: &Value| -> u64 {
            let counts = map.as_object().unwrap().values();
            counts.map(|count| count.as_u64().unwrap()).sum()
        };
        assert_eq!(
            sum(&summary["null_uris"]),
            sum(&summary["unlinked"]),
            "{summary}"
        );
        sum(&summary["null_uris"])
    };
    let whole = null(&[]);
    let repos = repositories(&place, &hub);
    let each: Vec<u64> = repos.keys().map(|repo| null(&[repo])).collect();
    assert!(
        each.iter().all(|count| *count < whole),
        "{each:?} of {whole}"
    );
    assert!(each.iter().sum::<u64>() > 0);
}

#[test]
fn an_audit_of_one_object_finds_what_the_hubs_finds_on_it_or_says_that_it_did_not_look() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let how = ["--json", "--depth", "bytes", "--grace", "0s"];
    let whole = place.on(&hub, &[&["audit"][..], &how].concat());
    let (mut found, mut left_out) = (BTreeSet::new(), BTreeSet::new());
    for line in whole.lines() {
        let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
        let (code, id) = (text("code"), text("id"));
        let has_row = ["commit", "snapshot", "blob"].contains(&text("kind").as_str());
        if !has_row || found.contains(&code) || left_out.contains(&code) {
            continue;
        }
        let ran = place.on(&hub, &[&["audit", &id][..], &how].concat());
        if ran.code == 2 {
            assert!(ran.err.contains("no row"), "{code} {id}: {ran:?}");
            continue;
        }
        let mut lines = ran.lines();
        let summary = lines.pop().unwrap();
        if lines
            .iter()
            .any(|line| line["code"] == *code && line["id"] == *id)
        {
            found.insert(code);
        } else {
            let not_judged = summary["not_judged"].to_string();
            assert!(not_judged.contains(&format!("\"{code}\"")), "{code} {id}");
            left_out.insert(code);
        }
    }
    assert!(found.len() > 20, "{found:?}");
    assert!(left_out.contains("cycle"), "{left_out:?}");
    let ran = place.on(&hub, &["audit", "9671f1b11d2f", "--grace", "0s"]);
    assert!(
        ran.out
            .contains("Not judged by an audit of an object or a branch alone: "),
        "{ran:?}"
    );
}
