//! The sign-off: FAIL, PASS and INCOMPLETE, and a report that can be held against the hub later.

use crate::s3::{ACCESS_KEY, Fault, Op, SECRET_KEY, Server};
use crate::server;
use crate::support::*;
use serde_json::Value;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

fn schema() -> (boon::Schemas, boon::SchemaIndex) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/signoff.schema.json");
    let mut schemas = boon::Schemas::new();
    let index = boon::Compiler::new().compile(path, &mut schemas).unwrap();
    (schemas, index)
}

/// Signs off; the exit code and the report, which the schema has to take.
fn sign(place: &Sandbox, hub: &Hub, more: &[&str]) -> (i32, Value) {
    let mut arguments = vec!["signoff", "--json"];
    arguments.extend(more);
    let ran = place.on(hub, &arguments);
    let report = ran.lines().pop().unwrap_or_else(|| panic!("{ran:?}"));
    let (schemas, index) = schema();
    if let Err(error) = schemas.validate(&report, index) {
        panic!("{error:#}");
    }
    (ran.code, report)
}

fn objects(hub: &Hub) -> PathBuf {
    PathBuf::from(hub.store.strip_prefix("file://").unwrap())
}

/// The largest object below a folder.
fn largest(folder: &Path) -> PathBuf {
    let mut open = vec![folder.join("objects")];
    let mut found: Option<(u64, PathBuf)> = None;
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let entry = entry.unwrap();
            let meta = entry.metadata().unwrap();
            if meta.is_dir() {
                open.push(entry.path());
            } else if found.as_ref().is_none_or(|(size, _)| meta.len() > *size) {
                found = Some((meta.len(), entry.path()));
            }
        }
    }
    found.unwrap().1
}

#[test]
fn a_healthy_hub_passes_and_one_flipped_byte_fails_it() {
    let place = Sandbox::new();
    let hub = place.demo("healthy", &["--healthy"]);
    let (code, report) = sign(&place, &hub, &[]);
    assert_eq!(
        (code, &report["verdict"]),
        (0, &"PASS".into()),
        "{report:#}"
    );
    assert_eq!(report["reasons"], Value::Array(vec![]));
    assert_eq!(report["pulls"]["failed_total"], 0);

    let (code, sampled) = sign(&place, &hub, &["--pulls", "2"]);
    assert_eq!((code, &sampled["verdict"]), (1, &"INCOMPLETE".into()));
    assert_eq!(sampled["pulls"]["tried"], 2);

    let path = largest(&objects(&hub));
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (code, report) = sign(&place, &hub, &[]);
    assert_eq!((code, &report["verdict"]), (1, &"FAIL".into()));
    assert_eq!(report["left"][0]["code"], "object-corrupt");
    assert_eq!(report["left_total"], 1);
    assert!(report["pulls"]["failed_total"].as_u64().unwrap() > 0);
}

#[test]
fn an_object_that_cannot_be_read_is_incomplete_and_not_a_fault() {
    let place = Sandbox::new();
    let hub = place.demo("healthy", &["--healthy"]);
    // A link is not followed, so what lies behind it is not known; no user can read it here, root neither.
    let path = largest(&objects(&hub));
    let aside = place.path("aside");
    std::fs::rename(&path, &aside).unwrap();
    symlink(&aside, &path).unwrap();
    let (code, report) = sign(&place, &hub, &[]);
    assert_eq!(
        (code, &report["verdict"]),
        (1, &"INCOMPLETE".into()),
        "{report:#}"
    );
    assert!(report["unknown"].as_u64().unwrap() > 0);
    assert_eq!(report["left_total"], 0);
    assert_eq!(
        report["pulls"]["failed_total"], 0,
        "it may well be pulled elsewhere"
    );
}

#[test]
fn a_faulty_hub_fails_and_when_repaired_names_just_what_is_left() {
    let place = Sandbox::new();
    let hub = place.demo("faulty", &[]);
    let (code, report) = sign(&place, &hub, &[]);
    assert_eq!((code, &report["verdict"]), (1, &"FAIL".into()));
    let repaired = place.on(&hub, &["repair", "--apply", "--write", "--yes", "--json"]);
    assert_eq!(repaired.code, 1, "{repaired:?}");
    let (code, report) = sign(&place, &hub, &[]);
    assert_eq!((code, &report["verdict"]), (1, &"FAIL".into()));
    let named: Vec<(String, String)> = report["left"]
        .as_array()
        .unwrap()
        .iter()
        .map(|left| (text(&left["code"]), text(&left["id"])))
        .collect();
    let audit = place.on(&hub, &["audit", "--depth", "bytes", "--json"]);
    let lines = audit.lines();
    let graded = |line: &&Value| line["grade"] == "error" || line["grade"] == "critical";
    let expected: Vec<(String, String)> = lines
        .iter()
        .filter(graded)
        .map(|line| (text(&line["code"]), text(&line["id"])))
        .collect();
    assert_eq!(named, expected);
    assert_eq!(report["left_total"].as_u64(), Some(expected.len() as u64));
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn a_report_is_held_against_the_hub_as_it_is_now() {
    let place = Sandbox::new();
    let hub = place.demo("healthy", &["--healthy"]);
    // Made where it is missing; a file in its place is told before anything is read.
    let taken = place.path("taken");
    std::fs::write(&taken, "").unwrap();
    let ran = place.on(&hub, &["signoff", "--out", taken.to_str().unwrap()]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    let folder = place.path("reports");
    let ran = place.on(&hub, &["signoff", "--out", folder.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("PASS"), "{ran:?}");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let [_browsers, machines, people] = files.as_slice() else {
        panic!("{files:?}");
    };
    assert!(
        std::fs::read_to_string(people)
            .unwrap()
            .starts_with("# PASS")
    );
    let check = |path: &Path| place.on(&hub, &["signoff", "--check", path.to_str().unwrap()]);
    let same = check(machines);
    assert_eq!(same.code, 0, "{same:?}");
    assert!(
        same.out
            .contains("The report is unchanged, and the hub is as it was"),
        "{same:?}"
    );

    std::fs::remove_file(largest(&objects(&hub))).unwrap();
    let since = check(machines);
    assert_eq!(since.code, 1, "{since:?}");
    assert!(
        since.out.contains("PASS at") && since.out.contains("FAIL now"),
        "{since:?}"
    );
    assert!(since.out.contains("findings object-missing"), "{since:?}");

    let changed = place.path("changed.json");
    let text = std::fs::read_to_string(machines).unwrap();
    std::fs::write(&changed, text.replacen("PASS", "FAIL", 1)).unwrap();
    let altered = check(&changed);
    assert_eq!(altered.code, 1);
    assert!(
        altered.err.contains("was changed after it was written"),
        "{altered:?}"
    );

    let other = place.demo("other", &["--healthy"]);
    let ran = place.on(&other, &["signoff", "--check", machines.to_str().unwrap()]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("belongs to another hub"), "{ran:?}");
    let ran = place.on(
        &hub,
        &["signoff", "--check", place.path("none").to_str().unwrap()],
    );
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn a_hub_in_postgres_and_s3_is_signed_by_the_same_rules() {
    let objects = Server::start(&["muse"]);
    let place = Sandbox::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(server::database());
    let run = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env("AWS_ENDPOINT_URL", objects.endpoint());
        command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY);
        command.env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
        command.env("AWS_REGION", "us-east-1");
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        Ran::of(&mut command)
    };
    let dir = place.path("hub");
    let dir = dir.to_str().unwrap();
    let to = ["--database", &database, "--store", "s3://muse/hub"];
    let built = run(&[&["demo", "--healthy", "--build-only", dir][..], &to].concat());
    assert_eq!(built.code, 0, "{built:?}");
    let sign = || {
        let ran = run(&[&["signoff", "--json"][..], &to].concat());
        let report = ran.lines().pop().unwrap_or_else(|| panic!("{ran:?}"));
        assert!(
            !ran.out.contains(SECRET_KEY) && !ran.out.contains(":postgres@"),
            "no secrets"
        );
        (ran.code, report)
    };
    let (code, report) = sign();
    assert_eq!(
        (code, &report["verdict"]),
        (0, &"PASS".into()),
        "{report:#}"
    );

    let audit = run(&[&["audit", "--depth", "bytes", "--json"][..], &to].concat());
    assert_eq!(audit.code, 0, "{audit:?}");
    let key = objects
        .objects("muse")
        .into_keys()
        .find(|key| key.contains("objects/sha256/"));
    let key = key.unwrap();
    objects.fail(Op::Get, &key, Fault::Code("AccessDenied"), 1_000);
    let (code, report) = sign();
    assert_eq!(
        (code, &report["verdict"]),
        (1, &"INCOMPLETE".into()),
        "{report:#}"
    );
    objects.heal();
    objects.lose("muse", &key);
    let (code, report) = sign();
    assert_eq!(
        (code, &report["verdict"]),
        (1, &"FAIL".into()),
        "{report:#}"
    );
}
