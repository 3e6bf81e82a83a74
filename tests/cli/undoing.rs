//! `journal undo`, and signals that end a run cleanly.

use crate::bench::*;
use crate::support::*;
use std::process::{Command, Stdio};

const APPLY: [&str; 7] = [
    "repair", "--apply", "--write", "--yes", "--json", "--grace", "0s",
];

fn undone(mut bench: Bench) {
    let hub = bench.copy();
    let before = (bench.objects(&hub), bench.pointers(&hub));
    let mut apply = APPLY.to_vec();
    apply.extend([
        "--code",
        "uri-missing",
        "--code",
        "uri-unlinked",
        "--code",
        "cache-msgpack",
    ]);
    let ran = Ran::of(&mut bench.on(&hub, &apply));
    let summary = ran.lines().pop().unwrap();
    let run = summary["run"].as_str().unwrap().to_owned();
    assert!(bench.pointers(&hub) != before.1);

    let shown = Ran::of(&mut bench.on(&hub, &["journal", "undo", &run]));
    assert_eq!(shown.code, 1, "{shown:?}");
    assert!(shown.out.contains("Nothing was written"), "{shown:?}");
    Ran::of(&mut bench.on(&hub, &["journal", "undo", "never"])).fails(2, "no run `never`");
    let apply = ["journal", "undo", &run, "--apply", "--yes", "--json"];
    Ran::of(&mut bench.on(&hub, &apply)).fails(2, "--write");
    let back = Ran::of(&mut bench.on(&hub, &[&apply[..], &["--write"]].concat()));
    assert_eq!(back.code, 0, "{back:?}");
    assert!(
        bench.pointers(&hub) == before.1,
        "the rows are as they were"
    );
    let now = bench.objects(&hub);
    assert!(
        before
            .0
            .iter()
            .all(|(key, bytes)| now.get(key) == Some(bytes))
    );
    let verified = Ran::of(&mut bench.on(&hub, &["journal", "verify"]));
    assert_eq!(verified.code, 0, "{verified:?}");
    let again = Ran::of(&mut bench.on(&hub, &APPLY));
    let outcomes = &again.lines().pop().unwrap()["outcomes"];
    assert!(
        outcomes["linked"].as_u64() > summary["outcomes"]["linked"].as_u64(),
        "{outcomes}"
    );
}

#[test]
fn an_undo_names_the_codes_that_the_audit_finds_after_it() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    for code in [
        "uri-missing",
        "uri-unlinked",
        "spelling-lost",
        "cache-msgpack",
        "object-misplaced",
    ] {
        let run = repaired(&place, &hub, code);
        let undo = ["journal", "undo", &run, "--json"];
        let steps = place.on(&hub, &undo).lines();
        let steps: Vec<_> = steps.iter().filter(|line| line["type"] == "step").collect();
        assert!(!steps.is_empty(), "{code}");
        let applied = place.on(
            &hub,
            &[&undo[..], &["--apply", "--write", "--yes"]].concat(),
        );
        assert_eq!(applied.code, 0, "{applied:?}");
        let found = place.findings(&hub);
        for step in steps {
            let id = step["id"].as_str().unwrap();
            let codes =
                std::iter::once(&step["code"]).chain(step["also"].as_array().into_iter().flatten());
            for said in codes.map(|code| code.as_str().unwrap()) {
                let is_found = found.iter().any(|(code, of, _)| code == said && of == id);
                assert!(is_found, "{code}: {said} on {id}: {found:?}");
            }
        }
    }
}

/// Applies the repair of one code; the run's name.
fn repaired(place: &Sandbox, hub: &Hub, code: &str) -> String {
    let ran = place.on(hub, &[&APPLY[..], &["--code", code]].concat());
    let summary = ran.lines().pop().unwrap();
    summary["run"].as_str().unwrap().to_owned()
}

#[test]
fn a_plan_without_steps_says_why_and_what_to_run_next() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    // What a run only added stays, step by step.
    let run = repaired(&place, &hub, "object-missing");
    let ran = place.on(&hub, &["journal", "undo", &run]);
    assert!(ran.out.contains("skipped  object-missing"), "{ran:?}");
    assert!(ran.out.contains("what was added for it stays"), "{ran:?}");
    // Two owners, nothing to work from, a decision, nothing at all.
    for (arguments, says) in [
        (&["--code", "row-elsewhere"][..], "the owners have to agree"),
        (&["--code", "identity-unverifiable"], "--copies DIR"),
        (
            &["--code", "uri-missing", "--repo", "alice/song"],
            "Undo restores",
        ),
        (
            &["--code", "object-misplaced", "--id", "sha256:0000"],
            "No finding was selected",
        ),
        (
            &["--code", "object-corrupt", "--depth", "rows"],
            "--depth bytes",
        ),
    ] {
        let ran = place.on(
            &hub,
            &[&["repair", "--grace", "0s"][..], arguments].concat(),
        );
        assert!(ran.out.contains(says), "{says}: {ran:?}");
    }
    let all = place.on(&hub, &["repair", "--grace", "0s"]);
    assert!(all.out.contains("it needs a decision"), "{all:?}");
    assert!(all.out.contains("--code CODE or --id ID"), "{all:?}");
    let json = place.on(
        &hub,
        &[
            "repair",
            "--grace",
            "0s",
            "--code",
            "row-elsewhere",
            "--json",
        ],
    );
    let summary = json.lines().pop().unwrap();
    assert!(
        summary["empty"]
            .as_str()
            .unwrap()
            .contains("Nothing is planned")
    );
}

#[test]
fn a_run_is_undone_in_a_file_and_a_folder() {
    undone(Bench::local());
}

#[test]
fn a_run_is_undone_in_postgres_and_s3() {
    undone(Bench::remote());
}

#[test]
fn a_signal_while_steps_are_applied_ends_with_four_and_a_summary() {
    for signal in ["-INT", "-TERM"] {
        let mut bench = Bench::local();
        let hub = bench.copy();
        let mut slowly = APPLY.to_vec();
        slowly.extend(["--max-rps", "4", "--concurrency", "2"]);
        let child = bench
            .on(&hub, &slowly)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = child.id().to_string();
        // It has begun to announce steps once the journal says more than that it begins.
        while bench.journaled() < 2_000 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!(ran.code, 4, "{signal}: {ran:?}");
        let summary = ran.lines().pop().unwrap();
        assert_eq!(summary["type"], "summary");
        assert_eq!(summary["complete"], false);
        let runs = Ran::of(&mut bench.on(&hub, &["journal", "--json"])).lines();
        assert_eq!(
            (&runs[0]["ended"], &runs[0]["stopped"]),
            (&true.into(), &true.into())
        );
        assert_eq!(runs[0]["open"], 0);
    }
}

#[test]
fn a_profile_whose_store_is_another_is_not_written_until_that_is_confirmed() {
    let place = Sandbox::new();
    let (one, other) = (place.demo("one", &[]), place.demo("other", &[]));
    let profile = |database: &str, store: &str| {
        place.configure(&format!(
            "[profiles.muse]\ndatabase = \"{database}\"\nstore = \"{store}\"\n"
        ));
    };
    let apply = [&["--profile", "muse"][..], &APPLY].concat();
    profile(&one.database, &one.store);
    assert_eq!(place.run(&apply).code, 1);
    profile(&other.database, &other.store);
    let before = other.objects();
    let ran = place.run(&apply);
    ran.fails(3, "hub binding");
    for says in ["--new-pair", "one/objects", "other/objects"] {
        assert!(ran.err.contains(says), "{}", ran.err);
    }
    assert!(other.objects() == before, "nothing was written");
    let confirmed = [&apply[..], &["--new-pair"]].concat();
    assert_eq!(place.run(&confirmed).code, 1);
    assert_eq!(place.run(&apply).code, 1, "it is remembered");
}

#[test]
fn an_id_that_clients_refuse_stays_a_finding_where_its_object_is_stored_and_its_row_does_not_say_so()
 {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let of = ["--code", "identity-stale"];
    let ids = |ran: &Ran| -> Vec<String> {
        let lines = ran.lines().into_iter();
        let lines =
            lines.filter(|line| line["code"] == "identity-stale" && line["type"] == "finding");
        lines
            .map(|line| line["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let audit = ["audit", "--json", "--grace", "0s"];
    let before = ids(&place.on(&hub, &audit));
    assert!(!before.is_empty());
    let ran = place.on(&hub, &[&APPLY[..], &of].concat());
    let run = ran.lines().pop().unwrap()["run"]
        .as_str()
        .unwrap()
        .to_owned();
    let undo = [
        "journal", "undo", &run, "--apply", "--yes", "--write", "--json",
    ];
    assert!(place.on(&hub, &undo).code <= 1);
    assert_eq!(
        ids(&place.on(&hub, &audit)),
        before,
        "nothing about the ids has changed"
    );
}
