//! What this machine lacks is found before hours of work, and a verdict is told whatever becomes of its file.

use crate::s3::{ACCESS_KEY, Fault, Op, SECRET_KEY, Server};
use crate::support::*;
use std::process::Stdio;

/// Nobody can write there, root neither.
const NOWHERE: &str = "/proc/luthier/nowhere";

#[test]
fn a_place_that_cannot_be_written_is_told_before_anything_is_read() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let taken = place.path("taken");
    std::fs::write(&taken, "mine").unwrap();
    let taken = taken.to_str().unwrap();
    let beneath = format!("{taken}/beneath");
    for wrong in [NOWHERE, &beneath] {
        for command in [
            &["signoff", "--out", wrong][..],
            &["repair", "--out", wrong],
            &["repair", "--wanted", wrong],
            &["backfill", "--out", wrong],
            &["pull", "demo/none", "--into", wrong],
        ] {
            let ran = place.on(&hub, command);
            assert_eq!(ran.code, 2, "{command:?}: {ran:?}");
            assert_eq!(
                (ran.out.as_str(), ran.err.lines().count()),
                ("", 1),
                "{ran:?}"
            );
            assert!(ran.err.contains("name a"), "{ran:?}");
        }
    }
    place
        .on(&hub, &["repair", "--out", taken])
        .fails(2, "already; name another");
    assert_eq!(std::fs::read_to_string(taken).unwrap(), "mine");
}

#[test]
fn a_verdict_is_told_although_its_file_cannot_be_written_any_more() {
    let (place, server) = (Sandbox::new(), Server::start(&["muse"]));
    let dir = place.path("hub");
    let database = format!("sqlite://{}", dir.join("hub.db").display());
    let reports = place.path("reports");
    let command = |arguments: &[&str]| {
        let to = ["--database", &database, "--store", "s3://muse"];
        let mut command = place.command(&[arguments, &to].concat());
        command.env("AWS_ENDPOINT_URL", server.endpoint());
        command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY);
        command.env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
        command
    };
    let built = Ran::of(&mut command(&[
        "demo",
        "--healthy",
        "--build-only",
        dir.to_str().unwrap(),
    ]));
    assert_eq!(built.code, 0, "{built:?}");
    // One read is held up, so that the run cannot end before the folder is gone.
    let (key, _) = server.objects("muse").pop_last().unwrap();
    server.fail(Op::Get, &key, Fault::Stall, 1);
    let before = server.count(Op::Get);
    let mut signing = command(&[
        "signoff",
        "--grace",
        "0s",
        "--out",
        reports.to_str().unwrap(),
    ]);
    let child = signing
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while server.count(Op::Get) == before {
        std::thread::yield_now();
    }
    std::fs::remove_dir(&reports).unwrap();
    std::fs::write(&reports, "in its place").unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert!(ran.out.contains("PASS  hub"), "{ran:?}");
    ran.fails(3, "the verdict is PASS, and");
    assert!(ran.err.contains("name a folder"), "{ran:?}");
    // The reports themselves are kept elsewhere.
    let kept = files(&place.path("tmp"));
    assert_eq!(kept.len(), 3, "{:?}", kept.keys());
    assert!(ran.err.contains("the reports are in"), "{ran:?}");
}

#[test]
fn the_doctor_names_what_this_machine_lacks() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let doctor = |variables: &[(&str, &str)], more: &[&str]| {
        let mut command = place.command(&hub.with(&[&["doctor"], more].concat()));
        Ran::of(command.envs(variables.iter().copied()))
    };
    let well = doctor(&[], &[]);
    assert_eq!(well.code, 0, "{well:?}");
    assert!(well.out.contains("pass  temporary files"), "{well:?}");

    let gone = doctor(&[("TMPDIR", NOWHERE)], &[]);
    assert_eq!(gone.code, 1, "{gone:?}");
    assert!(gone.out.contains("FAIL  temporary files"), "{gone:?}");
    assert!(gone.out.contains("set TMPDIR to another"), "{gone:?}");

    let state = [("XDG_STATE_HOME", NOWHERE)];
    let reading = doctor(&state, &[]);
    assert_eq!(reading.code, 0, "{reading:?}");
    assert!(reading.out.contains("warn  journal"), "{reading:?}");
    let writing = doctor(&state, &["--write"]);
    assert_eq!(writing.code, 1, "{writing:?}");
    assert!(writing.out.contains("FAIL  journal"), "{writing:?}");
    assert!(writing.out.contains("XDG_STATE_HOME"), "{writing:?}");

    // And a run is refused before it reads anything.
    let mut repair = place.command(&hub.with(&["repair", "--apply", "--write", "--yes"]));
    let ran = Ran::of(repair.envs(state));
    ran.fails(3, "XDG_STATE_HOME");
    assert_eq!(ran.out, "");
    let mut audit = place.command(&hub.with(&["audit"]));
    let ran = Ran::of(audit.env("TMPDIR", NOWHERE));
    ran.fails(3, "create it, or set TMPDIR to another");
    assert!(!ran.err.contains("free some space"), "{ran:?}");
}

#[test]
fn the_operator_is_who_the_system_says_where_no_variable_does() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    // The environment of these commands is empty but for folders.
    let ran = place.on(
        &hub,
        &[
            "repair",
            "--apply",
            "--write",
            "--yes",
            "--code",
            "cache-msgpack",
        ],
    );
    assert!(matches!(ran.code, 0 | 1), "{ran:?}");
    let journal = place.run(&["journal", "--json"]);
    let line = journal.lines().pop().unwrap();
    let operator = line["operator"].as_str().unwrap();
    let id = std::process::Command::new("id")
        .arg("-un")
        .output()
        .unwrap();
    assert_eq!(
        operator,
        String::from_utf8_lossy(&id.stdout).trim(),
        "{line}"
    );
}

#[test]
fn the_wrong_pair_is_told_with_both_endpoints_and_prefixes() {
    let (place, server) = (Sandbox::new(), Server::start(&["muse"]));
    let dir = place.path("hub");
    let database = format!("sqlite://{}", dir.join("hub.db").display());
    let run = |arguments: &[&str], store: &str, endpoint: &str| {
        let to = ["--database", &database, "--store", store];
        let mut command = place.command(&[arguments, &to].concat());
        command.env("AWS_ENDPOINT_URL", endpoint);
        command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY);
        command.env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
        Ran::of(&mut command)
    };
    let one = server.endpoint();
    let built = run(
        &["demo", "--build-only", dir.to_str().unwrap()],
        "s3://muse/hub",
        &one,
    );
    assert_eq!(built.code, 0, "{built:?}");
    let repair = [
        "repair",
        "--apply",
        "--write",
        "--yes",
        "--grace",
        "0s",
        "--code",
        "uri-missing",
    ];
    let first = run(&repair, "s3://muse/hub", &one);
    assert!(matches!(first.code, 0 | 1), "{first:?}");
    // The same server by another name.
    let other = one.replace("127.0.0.1", "localhost");
    let ran = run(
        &[&repair[..], &["--code", "cache-msgpack"]].concat(),
        "s3://muse/hub",
        &other,
    );
    ran.fails(3, "hub binding");
    assert!(
        ran.err.contains(&format!("s3 muse/hub at {one}")),
        "{ran:?}"
    );
    assert!(
        ran.err.contains(&format!("s3 muse/hub at {other}")),
        "{ran:?}"
    );
    assert!(ran.err.contains("the object store differs"), "{ran:?}");
}
