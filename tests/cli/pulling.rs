//! `pull` and `verify`.

use crate::support::*;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, Read};

/// Pulls into a new folder of the place.
fn pull(place: &Sandbox, hub: &Hub, what: &str, into: &str, more: &[&str]) -> Ran {
    let dir = place.path(into);
    let mut arguments = vec!["pull", what, "--into", dir.to_str().unwrap()];
    arguments.extend(more);
    place.on(hub, &arguments)
}

fn verify(place: &Sandbox, dir: &str, more: &[&str]) -> Ran {
    let dir = place.path(dir);
    let mut arguments = vec!["verify", dir.to_str().unwrap()];
    arguments.extend(more);
    place.run(&arguments)
}

#[test]
fn a_sound_repository_is_pulled_and_verifies_with_zero() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let ran = pull(&place, &hub, "alice/song", "pulled", &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert!(ran.out.contains("  main "), "{ran:?}");
    assert!(ran.out.contains("Pulled alice/song into "), "{ran:?}");
    let ran = verify(&place, "pulled", &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert!(ran.out.starts_with("Intact: "), "{ran:?}");
}

#[test]
fn objects_come_as_json_lines_and_the_summary_last() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let ran = pull(&place, &hub, "alice/song@main", "pulled", &["--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let lines = ran.lines();
    let (summary, objects) = lines.split_last().unwrap();
    assert_eq!(summary["type"], "summary");
    assert_eq!(summary["complete"], true);
    assert_eq!(summary["repo"], "alice/song");
    assert!(objects.iter().all(|line| line["type"] == "object"));
    assert!(objects.iter().all(|line| line["source"] == "store"));
    let bytes: u64 = objects.iter().map(|o| o["bytes"].as_u64().unwrap()).sum();
    assert_eq!(summary["bytes"], bytes);
    for kind in ["commit", "snapshot", "blob"] {
        let count = objects.iter().filter(|o| o["kind"] == kind).count();
        assert_eq!(summary["fetched"][kind], count);
    }
    let head = std::fs::read_to_string(place.path("pulled/.muse/refs/heads/main")).unwrap();
    assert_eq!(summary["branches"]["main"], head);
    // Once more: all of it is there.
    let again = pull(&place, &hub, "alice/song@main", "pulled", &["--json"]);
    let lines = again.lines();
    assert_eq!((again.code, lines.len()), (0, 1));
    assert_eq!(lines[0]["held"], summary["fetched"]);
    let ran = verify(&place, "pulled", &["--json"]);
    let lines = ran.lines();
    assert_eq!((ran.code, lines.len()), (0, 1));
    assert_eq!(lines[0]["proved"], summary["fetched"]);
}

#[test]
fn what_a_client_would_refuse_ends_with_one() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let ran = pull(&place, &hub, "bela/score-tools@server/merge", "merge", &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.starts_with("refused  head server/merge → commit "));
    assert!(ran.out.contains("a clone of it would get an empty tree."));
    assert!(ran.out.contains("No ref was written"), "{ran:?}");
    let ran = pull(&place, &hub, "bela/score-tools", "all", &["--json"]);
    assert_eq!(ran.code, 1);
    let lines = ran.lines();
    let (summary, rest) = lines.split_last().unwrap();
    let refused: Vec<&Value> = rest.iter().filter(|l| l["type"] == "refusal").collect();
    assert_eq!(summary["complete"], false);
    assert_eq!(summary["refused"], refused.len());
    assert!(
        refused
            .iter()
            .all(|l| l["sentence"].is_string() && l["id"].is_string())
    );
    // As a whole, before an object is asked for.
    pull(&place, &hub, "gwen/duet", "duet", &[]).fails(1, "hugo/coda has two rows");
    let ran = pull(&place, &hub, "gwen/duet", "duet", &["--json"]);
    assert_eq!((ran.code, ran.lines().len()), (1, 2));
    pull(&place, &hub, "hugo/sketches", "gone", &[]).fails(1, "was deleted");
}

#[test]
fn wrong_arguments_and_folders_end_with_two() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    for what in ["alice", "/song", "alice/", "alice/song@", "a/b/c"] {
        pull(&place, &hub, what, "pulled", &[]).fails(2, "OWNER/SLUG");
    }
    pull(&place, &hub, "no/such", "pulled", &[]).fails(2, "no repository `no/such`");
    pull(&place, &hub, "alice/song@none", "pulled", &[]).fails(2, "no branch `none`");
    assert!(!place.path("pulled").exists());
    pull(&place, &hub, "alice/song", "hub", &[]).fails(2, "not empty");
    place.on(&hub, &["pull", "alice/song"]).fails(2, "--into");
    place
        .run(&["pull", "alice/song", "--into", "x"])
        .fails(2, "--database URL");
    verify(&place, "nowhere", &[]).fails(2, "nowhere");
    verify(&place, "hub", &[]).fails(2, "no .muse folder");
}

#[test]
fn a_spoilt_folder_is_found_with_one_line_each() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    pull(
        &place,
        &hub,
        "dmitri/old-site",
        "pulled",
        &["--layout", "v01"],
    );
    assert_eq!(verify(&place, "pulled", &[]).code, 0);
    let blobs = files(&place.path("pulled/.muse/objects"));
    let mut blobs = blobs.into_iter().filter(|(_, bytes)| !bytes.is_empty());
    let (flipped, mut bytes) = blobs.next().unwrap();
    bytes[0] ^= 1;
    std::fs::write(&flipped, bytes).unwrap();
    std::fs::remove_file(blobs.next().unwrap().0).unwrap();
    let nothing = "0".repeat(64);
    std::fs::write(place.path("pulled/.muse/refs/heads/gone"), &nothing).unwrap();
    let ran = verify(&place, "pulled", &["--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let lines = ran.lines();
    let tiers: Vec<&str> = lines.iter().filter_map(|l| l["tier"].as_str()).collect();
    assert_eq!(tiers.iter().filter(|t| **t == "object").count(), 2);
    assert_eq!(tiers.iter().filter(|t| **t == "commit").count(), 1);
    assert_eq!(lines.last().unwrap()["findings"], 3);
    let ran = verify(&place, "pulled", &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains(&format!(
        "commit   {nothing}, referred to by branch gone: it is missing"
    )));
    assert!(ran.out.lines().last().unwrap().starts_with("3 findings: "));
}

#[test]
fn a_check_after_a_refused_pull_says_that_it_was_refused() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    std::fs::remove_dir_all(hub.dir.join("objects/objects")).unwrap();
    let refused = pull(&place, &hub, "alice/song", "pulled", &[]);
    assert_eq!(refused.code, 1, "{refused:?}");
    let ran = verify(&place, "pulled", &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out
            .contains("HEAD: it is missing: the pull into this folder was refused"),
        "{ran:?}"
    );
}

#[test]
fn an_interrupted_pull_ends_with_four_and_goes_on() {
    let place = Sandbox::new();
    // More lines than a pipe holds, so that it cannot be over before it is interrupted.
    let hub = place.demo("hub", &["--healthy", "--commits", "1000"]);
    let dir = place.path("pulled");
    let arguments = [
        "pull",
        "load/history",
        "--into",
        dir.to_str().unwrap(),
        "--json",
    ];
    let (mut child, mut out) = place.spawn(&hub.with(&arguments));
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(4));
    let summary: Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&summary["complete"], &summary["stopped"]),
        (&false.into(), &true.into())
    );
    assert!(!dir.join(".muse/refs").exists());
    let again = pull(&place, &hub, "load/history", "pulled", &["--json"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.lines().last().unwrap()["held"]["commit"].as_u64() > Some(0));
    assert_eq!(verify(&place, "pulled", &[]).code, 0);
}

#[test]
fn words_from_the_hub_never_reach_the_terminal_raw() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    for repo in ["alice/song", "carol/field-recordings", "erin/archive"] {
        let into = repo.replace('/', "-");
        let ran = pull(&place, &hub, repo, &into, &[]);
        let raw = |c: char| c.is_control() && c != '\n';
        assert!(!ran.out.contains(raw) && !ran.err.contains(raw), "{ran:?}");
    }
}
