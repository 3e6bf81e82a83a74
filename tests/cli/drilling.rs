//! A drill of the write sites, on the hub itself, and the sign-off that rests on it.

use crate::bench::*;
use crate::support::*;
use serde_json::Value;

const NAMES: [&str; 10] = [
    "init",
    "commit",
    "sync",
    "push",
    "merge",
    "wire-pull",
    "pull",
    "verify",
    "deletion-mark",
    "journal",
];

/// The name of a hub without profile: that of its database.
fn name(database: &str) -> String {
    let last = database.rsplit('/').next().unwrap();
    last.trim_end_matches(".db").to_owned()
}

/// The codes and ids of every finding, however new what it is about.
fn findings(ran: &Ran) -> Vec<(String, String)> {
    let lines = ran.lines();
    let findings = lines.iter().filter(|line| line["type"] == "finding");
    let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
    findings
        .map(|line| (text(line, "code"), text(line, "id")))
        .collect()
}

fn drills(mut bench: Bench) {
    let hub = bench.copy();
    let audit = ["audit", "--depth", "bytes", "--grace", "0s", "--json"];
    let before = findings(&Ran::of(&mut bench.on(&hub, &audit)));
    let objects = bench.objects(&hub);
    let confirm = name(&hub.database);
    let ran = Ran::of(&mut bench.on(&hub, &["drill", "--write", "--confirm", &confirm, "--json"]));
    assert_eq!(ran.code, 0, "{ran:?}");
    let report = ran.lines().remove(0);
    assert_eq!(report["verdict"], "PASS");
    let steps = report["steps"].as_array().unwrap();
    let names: Vec<&str> = steps
        .iter()
        .map(|step| step["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, NAMES);
    assert!(
        steps.iter().all(|step| step["state"] == "held"),
        "{report:#}"
    );
    // Nothing was removed or changed, and what was added is sound.
    let after = bench.objects(&hub);
    assert!(after.len() > objects.len());
    for (key, bytes) in &objects {
        assert!(after.get(key) == Some(bytes), "{key} was changed or lost");
    }
    assert_eq!(findings(&Ran::of(&mut bench.on(&hub, &audit))), before);
    // Its repository is out of sight.
    let repo = report["repo"].as_str().unwrap();
    let into = bench.place.path("pulled");
    let pull = ["pull", repo, "--into", into.to_str().unwrap()];
    Ran::of(&mut bench.on(&hub, &pull)).fails(1, "was deleted");
}

#[test]
fn every_write_site_passes_on_a_file_and_a_folder() {
    drills(Bench::local());
}

#[test]
fn every_write_site_passes_on_postgres_and_s3() {
    drills(Bench::remote());
}

#[test]
fn a_drill_is_confirmed_by_the_name_of_the_hub() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let before = hub.objects();
    let shown = place.on(&hub, &["drill"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(
        shown.out.contains("10 steps in it: init, commit, sync")
            && shown.out.contains("Nothing was written"),
        "{shown:?}"
    );
    place
        .on(&hub, &["drill", "--write"])
        .fails(2, "--confirm hub");
    place
        .on(&hub, &["drill", "--write", "--confirm", "other"])
        .fails(2, "--confirm hub");
    assert_eq!(hub.objects(), before);
}

#[test]
fn a_sign_off_holds_the_drill_that_it_was_asked_for() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let (report, other) = (place.path("drill.json"), place.path("other.json"));
    let (report, other) = (report.to_str().unwrap(), other.to_str().unwrap());
    let drill = ["drill", "--write", "--confirm", "hub", "--out", report];
    let ran = place.on(&hub, &drill);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("PASS  hub: 10 of 10 steps passed"),
        "{ran:?}"
    );
    place.on(&hub, &drill).fails(2, "--out");
    let sign = |file: &str| {
        place.on(
            &hub,
            &["signoff", "--json", "--grace", "0s", "--drill", file],
        )
    };
    let signed = sign(report);
    assert_eq!(signed.code, 0, "{signed:?}");
    let signed = signed.lines().remove(0);
    let check = |signed: &Value| {
        let checks = signed["checks"].as_array().unwrap();
        let check = checks
            .iter()
            .find(|check| check["name"] == "drill")
            .unwrap();
        check["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (check(&signed), &signed["verdict"]),
        ("held".into(), &"PASS".into())
    );
    // The report holds later, with the same drill.
    let saved = place.path("signoff.json");
    std::fs::write(&saved, signed.to_string()).unwrap();
    let again = [
        "signoff",
        "--grace",
        "0s",
        "--check",
        saved.to_str().unwrap(),
    ];
    let again = place.on(&hub, &again);
    assert_eq!(again.code, 0, "{again:?}");
    // What is missing, changed, or of another hub is none.
    sign("nowhere.json").fails(2, "nowhere.json");
    let text = std::fs::read_to_string(report).unwrap();
    std::fs::write(other, text.replace("deletion-mark", "deletion-mar")).unwrap();
    sign(other).fails(1, "was changed");
    let elsewhere = place.demo("elsewhere", &["--healthy"]);
    let foreign = ["signoff", "--drill", report];
    place.on(&elsewhere, &foreign).fails(2, "another hub");
}

#[test]
fn a_drill_that_fails_says_where_and_keeps_a_sign_off_from_passing() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    // Blobs whose key begins so cannot be stored.
    let objects = hub.dir.join("objects/objects/sha256");
    for first in 0..=255 {
        let folder = objects.join(format!("{first:02x}"));
        if !folder.exists() {
            std::fs::write(folder, "in the way").unwrap();
        }
    }
    let report = place.path("drill.json");
    let report = report.to_str().unwrap();
    let ran = place.on(
        &hub,
        &["drill", "--write", "--confirm", "hub", "--out", report],
    );
    assert!(ran.code == 3 || ran.code == 1, "{ran:?}");
    assert!(ran.out.contains("FAILED"), "{ran:?}");
    assert!(ran.out.contains("not run"), "{ran:?}");
    assert!(ran.out.contains("FAIL  hub: "), "{ran:?}");
    let signed = place.on(
        &hub,
        &["signoff", "--json", "--grace", "0s", "--drill", report],
    );
    assert_eq!(signed.code, 1, "{signed:?}");
    let signed = signed.lines().remove(0);
    assert_eq!(signed["verdict"], "FAIL");
    assert!(
        signed["reasons"]
            .to_string()
            .contains("The drill in luthier-drill/"),
        "{signed:#}"
    );
}
