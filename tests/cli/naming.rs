//! What is said when a name means nothing, or more than one thing.

use crate::support::Sandbox;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn half_a_name_suggests_the_repositories() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let into = place.path("into");
    let into = into.to_str().unwrap();
    for command in [
        &["audit", "alice"][..],
        &["show", "alice"],
        &["diff", "alice"],
        &["repair", "--id", "alice"],
        &["repair", "--repo", "alice"],
        &["backfill", "--repo", "alice"],
        &["checkpoint", "--repo", "alice"],
        &["pull", "alice", "--into", into],
        &["audit", "alice/sogn"],
        &["pull", "alice/sogn", "--into", into],
        &["repair", "--repo", "Alice/Song"],
        &["audit", "alice/song@main"],
        &["audit", "song"],
    ] {
        place.on(&hub, command).fails(2, "alice/song");
    }
    place
        .on(&hub, &["show", "alice/song"])
        .fails(2, "it is a repository: `luthier audit alice/song`");
    let none = place.on(&hub, &["audit", "zzzz"]);
    none.fails(2, "the database has no row with the id `zzzz`");
    assert!(none.err.contains("OWNER/SLUG"), "{none:?}");
    let branch = ["pull", "alice/song@nothing", "--into", into];
    place.on(&hub, &branch).fails(2, "it has ");
    place
        .on(&hub, &["verify", "alice/song"])
        .fails(2, "luthier pull");
}

#[test]
fn an_object_that_no_row_names_is_shown_by_its_id_and_by_its_key() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let found = place.on(&hub, &["audit", "--depth", "bytes", "--json"]);
    let (mut shown, mut kinds) = (0, BTreeSet::new());
    for line in found.lines() {
        let id = line["id"].as_str().unwrap_or_default();
        let has_object = match line["code"].as_str() {
            Some("object-orphan") => true,
            Some("row-missing") => line["evidence"]["found"] != serde_json::json!([]),
            _ => continue,
        };
        let ran = place.on(&hub, &["show", id]);
        if !has_object {
            ran.fails(2, "the database has no row with the id");
            continue;
        }
        assert_eq!(ran.code, 0, "{ran:?}");
        for words in [
            "No row has this id",
            "  no row has this id",
            "  matches its id (",
        ] {
            assert!(ran.out.contains(words), "{words}: {ran:?}");
        }
        let json = place.on(&hub, &["show", id, "--json"]).lines();
        assert_eq!(
            (&json[0]["row"], &json[0]["object"]["state"]),
            (&serde_json::json!([]), &"present".into())
        );
        if json[0]["kind"] == "commit" {
            let links = json[0]["links"].as_array().unwrap();
            assert!(
                links.iter().any(|link| link["role"] == "snapshot"),
                "{links:?}"
            );
        }
        kinds.insert(json[0]["kind"].as_str().unwrap().to_owned());
        shown += 1;
    }
    assert_eq!((shown, kinds.len()), (8, 3), "{kinds:?}");
}

#[test]
fn the_start_of_many_ids_lists_them_with_kind_and_repository() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--commits", "300"]);
    for command in [
        &["audit", "sha256:"][..],
        &["show", "sha256:"],
        &["diff", "sha256:"],
    ] {
        let ran = place.on(&hub, command);
        ran.fails(2, "is the start of");
        let listed: Vec<&str> = ran.err.lines().skip(1).collect();
        assert_eq!(listed.len(), 11, "{ran:?}");
        assert_eq!(listed[10].trim(), "and others");
        for line in &listed[..10] {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert!(["commit", "snapshot", "blob"].contains(&words[0]), "{line}");
            assert!(
                words[1].starts_with("sha256:") && words[2].contains('/'),
                "{line}"
            );
        }
    }
}

#[test]
fn an_id_in_capital_letters_is_found() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let objects = hub.objects();
    let found = objects
        .iter()
        .find(|(_, bytes)| bytes.starts_with(b"commit "));
    let parts: Vec<&str> = found.unwrap().0.to_str().unwrap().rsplit('/').collect();
    let digits = format!("{}{}", parts[1], &parts[0][..14]).to_uppercase();
    assert_eq!(place.on(&hub, &["show", &digits]).code, 0);
}

/// Whatever lists steps says of each which object it is about, where, and of a blob its path.
#[test]
fn every_step_names_its_object() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let plan = place.path("plan.json");
    let plan = plan.to_str().unwrap();
    let steps: Vec<Value> = place
        .on(&hub, &["repair", "--json", "--out", plan])
        .lines()
        .into_iter()
        .filter(|line| line["type"] == "step")
        .collect();
    let shown = place.on(&hub, &["repair"]).out;
    let saved = place.on(&hub, &["repair", "--plan", plan]).out;
    assert!(steps.len() > 20);
    for step in &steps {
        let text = |name: &str| step[name].as_str().unwrap_or_default();
        let number = step["number"].as_u64().unwrap();
        let start = format!(
            "{number:>5}  {:<9} {} {}",
            text("remedy"),
            text("kind"),
            text("id")
        );
        for out in [&shown, &saved] {
            let line = out.lines().find(|line| line.starts_with(&start));
            let line = line.unwrap_or_else(|| panic!("{start:?} is not in {out}"));
            assert!(
                line.contains(text("repo")) && line.contains(text("path")),
                "{line}"
            );
        }
        assert_eq!(step["kind"] == "blob", !text("path").is_empty(), "{step}");
    }
    let apply = ["repair", "--plan", plan, "--apply", "--write", "--yes"];
    assert!(place.on(&hub, &apply).code <= 1);
    let run = place.on(&hub, &["journal", "--json"]).lines()[0]["run"].clone();
    let run = run.as_str().unwrap();
    let told = place.on(&hub, &["journal", "show", run]).out;
    let undo = place.on(&hub, &["journal", "undo", run]).out;
    for step in steps.iter().filter(|step| step["remedy"] == "recache") {
        let of = |out: &str| {
            let mut lines = out
                .lines()
                .filter(|line| line.contains(step["id"].as_str().unwrap()));
            lines.any(|line| line.contains(step["repo"].as_str().unwrap()))
        };
        assert!(of(&told) && of(&undo), "{step}");
    }
}

/// Every character that a terminal or a reader of lines acts on, in whatever hub text becomes JSON.
#[test]
fn json_on_standard_output_is_harmless_whatever_a_hub_says() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let plan = place.path("plan.json");
    let plan = plan.to_str().unwrap();
    let evil = "\u{7f}\u{85}\u{9b}\u{2028}\u{2029}\u{202e}\u{200b}";
    std::fs::write(hub.dir.join("objects").join(evil), "").unwrap();
    let hostile = |c: char| (c.is_control() && c != '\n') || evil.contains(c);
    for command in [
        &["audit", "--json", "--depth", "bytes", "--grace", "0s"][..],
        &["repair", "--json", "--out", plan],
        &["signoff", "--json"],
        &["checkpoint", "--json"],
        &["doctor", "--json"],
        &["pull", "erin/archive", "--into", "/nowhere/else", "--json"],
    ] {
        let ran = place.on(&hub, command);
        assert!(!ran.out.contains(hostile), "{command:?}");
        if command[0] == "audit" {
            let ids = ran.lines();
            assert!(
                ids.iter().any(|line| line["id"] == evil),
                "it comes back as it was"
            );
        }
    }
    for file in [plan.into(), hub.dir.join("faults.json")] {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains(hostile), "{}", file.display());
    }
}
