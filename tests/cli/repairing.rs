//! `repair`, `backfill` and `journal`.

use crate::support::*;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const APPLY: [&str; 5] = ["repair", "--apply", "--write", "--yes", "--json"];

fn the_journal(place: &Sandbox) -> PathBuf {
    let found = files(&place.path("state"));
    let mut journals = found
        .into_keys()
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
    let journal = journals.next().unwrap();
    assert_eq!(journals.next(), None, "one hub, one journal");
    journal
}

#[test]
fn a_plan_alone_changes_nothing() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let before = files(&hub.dir);
    let ran = place.on(&hub, &["repair"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("Nothing was written"), "{ran:?}");
    let json = place.on(&hub, &["repair", "--json"]).lines();
    assert!(json.iter().any(|line| line["type"] == "step"));
    for (path, bytes) in before {
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{}", path.display());
    }
}

#[test]
fn the_figures_of_a_plan_add_up_to_those_of_the_audit() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let told = place.on(&hub, &["repair"]).out;
    let number = |before: &str, after: &str| -> u64 {
        let line = told.lines().find(|line| line.contains(after)).unwrap();
        let end = line.find(after).unwrap();
        let start = match before {
            "" => 0,
            before => line[..end].rfind(before).unwrap() + before.len(),
        };
        line[start..end].trim().parse().unwrap()
    };
    let found = number("", " findings in the whole hub");
    let repaired = number(" that repair ", " findings: ");
    let skipped = number("; ", " findings skipped.");
    assert_eq!(repaired + skipped, found, "{told}");

    // A saved plan says the same.
    let file = place.path("plan.json").display().to_string();
    place.on(&hub, &["repair", "--out", &file]);
    let saved = place.on(&hub, &["repair", "--plan", &file]).out;
    let line = told.lines().find(|line| line.contains(" that repair "));
    assert!(saved.contains(line.unwrap()), "{saved}");
}

#[test]
fn applying_needs_write_and_somebody_who_says_yes() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    place
        .on(&hub, &["repair", "--apply", "--yes"])
        .fails(2, "--write");
    place
        .on(&hub, &["repair", "--apply", "--write"])
        .fails(2, "--yes");
    let state = beside_logs(&place.path("state"));
    assert_eq!(state, [""; 0], "no journal was begun");
}

#[test]
fn auto_findings_go_what_was_there_stays_and_a_second_run_changes_nothing() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let before = hub.objects();
    let ran = place.on(&hub, &APPLY);
    assert_eq!(ran.code, 1, "some are left for a person");
    let lines = ran.lines();
    let summary = lines.last().unwrap();
    assert_eq!(summary["type"], "summary");
    assert_eq!(summary["complete"], true);
    let after = hub.objects();
    for (path, bytes) in &before {
        assert_eq!(after.get(path), Some(bytes), "{}", path.display());
    }
    assert!(after.len() > before.len());
    let left = place.findings(&hub);
    assert!(!left.is_empty());
    assert!(left.iter().all(|(.., auto)| auto != "yes"), "{left:?}");
    place.on(&hub, &APPLY);
    assert_eq!(hub.objects(), after);
}

#[test]
fn everything_that_was_asked_for_and_done_ends_with_zero() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let mut only = APPLY.to_vec();
    only.extend(["--code", "cache-msgpack"]);
    assert_eq!(place.on(&hub, &only).code, 0);
    let ran = place.on(&hub, &["backfill", "--apply", "--write", "--yes"]);
    assert_eq!(ran.code, 1, "a blob's row contains no bytes: {ran:?}");
    let left = place.findings(&hub);
    let backfilled = ["uri-unlinked", "spelling-lost", "cache-msgpack"];
    assert!(
        left.iter()
            .all(|(code, ..)| !backfilled.contains(&code.as_str()))
    );
    let missing: Vec<_> = left.iter().filter(|f| f.0 == "uri-missing").collect();
    assert_eq!(missing.len(), 1, "{missing:?}");
}

#[test]
fn the_journal_lists_shows_and_verifies() {
    let place = Sandbox::new();
    let none = place.run(&["journal", "verify"]);
    assert_eq!(none.code, 0);
    assert!(none.out.contains("no journal"), "{none:?}");
    let hub = place.demo("hub", &[]);
    let summary = place.on(&hub, &APPLY).lines().pop().unwrap();
    let run = summary["run"].as_str().unwrap();
    let runs = place.run(&["journal", "--json"]).lines();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["run"], *run);
    assert_eq!(runs[0]["outcomes"], summary["outcomes"]);
    let shown = place.run(&["journal", "show", run]);
    assert!(shown.out.contains("storage_uri: null -> local://"));
    place.run(&["journal", "show", "never"]).fails(2, "never");
    assert_eq!(place.run(&["journal", "verify"]).code, 0);
    assert_eq!(place.on(&hub, &["journal", "verify"]).code, 0);

    let path = the_journal(&place);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("written", "wrotten", 1)).unwrap();
    let found = place.run(&["journal", "verify"]);
    assert_eq!(found.code, 1);
    assert!(found.out.contains("changed"), "{found:?}");
}

#[test]
fn a_run_killed_behind_its_last_change_is_settled_though_nothing_is_left_to_apply() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    place.on(&hub, &APPLY);
    let path = the_journal(&place);
    let text = std::fs::read_to_string(&path).unwrap();
    let last = text.rfind("\"event\":\"intent\"").unwrap();
    let end = last + text[last..].find('\n').unwrap() + 1;
    std::fs::write(&path, &text[..end]).unwrap();
    std::fs::remove_file(path.with_extension("seal")).unwrap();
    let run = place.run(&["journal", "--json"]).lines().remove(0);
    assert!(run["open"].as_u64().unwrap() > 0, "{run}");

    let again = place.on(&hub, &APPLY);
    assert_eq!(again.lines().pop().unwrap()["steps"], 0, "{again:?}");
    let runs = place.run(&["journal", "--json"]).lines();
    assert_eq!(runs.len(), 1, "nothing was applied, so no run was begun");
    assert_eq!(
        (&runs[0]["open"], &runs[0]["interrupted"]),
        (&0.into(), &true.into())
    );
    assert_eq!(place.run(&["journal", "verify"]).code, 0);
    let settled = std::fs::read_to_string(&path).unwrap();
    place.on(&hub, &APPLY);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), settled, "once");
}

#[test]
fn a_kill_at_any_moment_leaves_a_hub_that_the_next_run_mends() {
    let place = Sandbox::new();
    let declared = place.demo("declared", &[]);
    let mut codes: Vec<String> = place.findings(&declared).into_iter().map(|f| f.0).collect();
    codes.push("uri-unlinked".to_owned());
    for round in 0..4u64 {
        let hub = place.demo(&format!("round-{round}"), &[]);
        let before = hub.objects();
        let mut child = place
            .command(&hub.with(&APPLY))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // From when it has begun to write, a little later each round.
        let begun = Instant::now();
        while hub.objects().len() == before.len() && begun.elapsed() < Duration::from_secs(20) {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(round * 10));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = hub.objects();
        for (path, bytes) in &before {
            assert_eq!(now.get(path), Some(bytes), "{}", path.display());
        }
        for (code, id, _) in place.findings(&hub) {
            assert!(codes.contains(&code), "new after the kill: {code} {id}");
        }
        assert_eq!(place.on(&hub, &APPLY).code, 1);
        let left = place.findings(&hub);
        assert!(left.iter().all(|(.., auto)| auto != "yes"), "{left:?}");
        let verified = place.run(&["journal", "verify"]);
        assert_eq!(verified.code, 0, "{verified:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_stops_between_two_steps_with_four() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--commits", "3000"]);
    let child = place
        .command(&hub.with(&APPLY))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id().to_string();
    let begun = Instant::now();
    while !catches_interrupts(&pid) {
        assert!(begun.elapsed() < Duration::from_secs(20), "never ready");
        std::thread::sleep(Duration::from_millis(1));
    }
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 4, "{ran:?}");
    assert_eq!(place.run(&["journal", "verify"]).code, 0);
}

/// Whether a process has a handler for SIGINT, the second signal.
#[cfg(target_os = "linux")]
fn catches_interrupts(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 0b10 != 0)
}

#[test]
fn the_wanted_list_has_only_what_was_chosen() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let list = |name: &str, more: &[&str]| {
        let file = place.path(name);
        let file = file.to_str().unwrap();
        let ran = place.on(
            &hub,
            &[&["repair", "--wanted", file, "--quiet"], more].concat(),
        );
        assert!(ran.code < 2, "{ran:?}");
        let text = std::fs::read_to_string(file).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect::<Vec<serde_json::Value>>()
    };
    let all = list("all", &[]);
    let of = |code: &str| all.iter().filter(|line| line["code"] == code).count();
    let missing = list("missing", &["--code", "object-missing"]);
    assert!(missing.iter().all(|line| line["code"] == "object-missing"));
    assert_eq!(missing.len(), of("object-missing"));
    assert!(missing.len() < all.len() && !missing.is_empty());
    let id = missing[0]["id"].as_str().unwrap();
    assert_eq!(list("one", &["--id", id]).len(), 1);
    // Of a code that no copy mends there is no such list.
    let file = place.path("none");
    let pair = [
        "repair",
        "--wanted",
        file.to_str().unwrap(),
        "--code",
        "cycle",
    ];
    place
        .on(&hub, &pair)
        .fails(2, "object-missing, row-missing");
    assert!(!file.exists());
}
