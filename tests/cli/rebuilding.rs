//! `rebuild` and `diff-hub`.

use crate::support::*;

/// `rebuild` of a hub's store alone: no database is configured.
fn rebuild(place: &Sandbox, hub: &Hub, name: &str, more: &[&str]) -> Ran {
    let into = into(place, name);
    let mut arguments = vec!["rebuild", "--into", &into, "--store", &hub.store];
    arguments.extend(more);
    place.run(&arguments)
}

fn into(place: &Sandbox, name: &str) -> String {
    format!("sqlite://{}", place.path(name).display())
}

#[test]
fn a_healthy_store_gives_back_its_database() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let before = hub.objects();
    let ran = rebuild(&place, &hub, "new.db", &["--write", "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let summary = ran.lines().pop().unwrap();
    assert_eq!(summary["complete"], true);
    assert_eq!(hub.objects(), before, "the store is only read");

    let with = into(&place, "new.db");
    let diff = place.on(&hub, &["diff-hub", "--with", &with]);
    assert_eq!(diff.code, 0, "{diff:?}");
    assert!(diff.out.contains("not carried by any object"), "{diff:?}");
    let all = place.on(&hub, &["diff-hub", "--with", &with, "--all", "--json"]);
    assert_eq!(all.code, 1);
    let lines = all.lines();
    let (summary, differences) = lines.split_last().unwrap();
    assert_eq!(summary["equal"], false);
    assert!(differences.iter().all(|line| line["type"] == "difference"));

    let again = rebuild(&place, &hub, "new.db", &["--write"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.out.contains("from an earlier run"));
}

#[test]
fn what_was_left_out_is_named_and_ends_with_one() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let ran = rebuild(&place, &hub, "new.db", &["--write"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for said in [
        "objects skipped:",
        "objects that others refer to are missing or corrupt:",
        "backup/2026-04-30.tar",
        "no valid checkpoint",
    ] {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    let bad: Vec<char> = ran
        .out
        .chars()
        .filter(|c| c.is_control() && *c != '\n')
        .collect();
    assert!(bad.is_empty(), "{bad:?}");
    let with = into(&place, "new.db");
    assert_eq!(place.on(&hub, &["diff-hub", "--with", &with]).code, 1);
}

#[test]
fn a_repaired_hub_keeps_every_head_through_a_rebuild() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    place.on(&hub, &["repair", "--apply", "--write", "--yes"]);
    let ran = rebuild(&place, &hub, "new.db", &["--write", "--json"]);
    let summary = ran.lines().pop().unwrap();
    assert_eq!(summary["derived_branches"], 0, "{summary}");
    assert_eq!(
        summary["placeholders"],
        serde_json::json!(["luthier-unknown"])
    );
    let with = into(&place, "new.db");
    let diff = place.on(&hub, &["diff-hub", "--with", &with, "--json"]);
    let of_heads: Vec<_> = diff
        .lines()
        .into_iter()
        .filter(|line| line["kind"] == "branch" || line["kind"] == "repository")
        .filter(|line| line["id"] != "luthier-unknown")
        .collect();
    assert!(of_heads.is_empty(), "{of_heads:#?}");
}

#[test]
fn nothing_is_made_without_write_or_where_something_lies() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    rebuild(&place, &hub, "new.db", &[]).fails(2, "--write");
    assert!(!place.path("new.db").exists());

    let own = std::fs::read(hub.dir.join("hub.db")).unwrap();
    let arguments = [
        "rebuild",
        "--into",
        &hub.database,
        "--store",
        &hub.store,
        "--write",
    ];
    place.run(&arguments).fails(2, "is neither empty nor");
    assert_eq!(std::fs::read(hub.dir.join("hub.db")).unwrap(), own);

    std::fs::write(place.path("thesis.txt"), "years of work").unwrap();
    rebuild(&place, &hub, "thesis.txt", &["--write"]).fails(3, "thesis.txt");
    assert_eq!(
        std::fs::read_to_string(place.path("thesis.txt")).unwrap(),
        "years of work"
    );

    place
        .run(&["rebuild", "--into", "sqlite:///x.db", "--write"])
        .fails(2, "--store");
    place
        .run(&[
            "rebuild",
            "--into",
            "mysql://x",
            "--store",
            &hub.store,
            "--write",
        ])
        .fails(2, "mysql");
}

#[test]
fn of_a_store_that_lists_nothing_no_database_is_made() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let empty = place.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let made = place.path("made");
    std::fs::create_dir(&made).unwrap();
    let store = format!("file://{}", empty.display());
    let rebuild = |name: &str| {
        let into = into(&place, name);
        place.run(&["rebuild", "--into", &into, "--store", &store, "--write"])
    };
    rebuild("made/new.db").fails(3, "lists no key");
    assert_eq!(std::fs::read_dir(&made).unwrap().count(), 0);

    let own = std::fs::read(hub.dir.join("hub.db")).unwrap();
    rebuild("hub/hub.db").fails(3, "lists no key");
    assert_eq!(std::fs::read(hub.dir.join("hub.db")).unwrap(), own);
}

#[test]
fn a_writable_profile_is_no_leave_to_make_another_database() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    place.configure(&format!(
        "[profiles.it]\ndatabase = \"{}\"\nstore = \"{}\"\nread_only = false\n",
        hub.database, hub.store
    ));
    let into = into(&place, "new.db");
    let arguments = ["rebuild", "--profile", "it", "--into", &into];
    place.run(&arguments).fails(2, "--write");
    let ran = place.run(&[&arguments[..], &["--write"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
}
