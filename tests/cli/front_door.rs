//! What a new user meets first: help, completions, the manual, the configuration, the fault codes.

use crate::support::*;

#[test]
fn a_completion_script_and_a_manual_page_are_printed() {
    let place = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = place.run(&["completions", shell]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains("signoff"), "{shell}");
    }
    let ran = place.run(&["man"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.starts_with(".ie") && ran.out.contains(".TH luthier 1"),
        "{ran:?}"
    );
    let ran = place.run(&["man", "repair"]);
    assert!(
        ran.out.contains("luthier\\-repair") && ran.out.contains("max\\-failures"),
        "{ran:?}"
    );
    place
        .run(&["man", "mend"])
        .fails(2, "there is no command `mend`");
}

#[test]
fn the_first_configuration_is_written_once_and_read_back() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let ran = place.run(&["config", "show"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("does not exist") && ran.out.contains("not set"),
        "{ran:?}"
    );
    let init = hub.with(&["config", "init", "--profile", "mine"]);
    let ran = place.run(&init);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = place.run(&["config", "show"]);
    for says in ["mine", "hub.db", "from profile mine", "not allowed"] {
        assert!(ran.out.contains(says), "{says}: {ran:?}");
    }
    assert_eq!(place.run(&["audit", "--depth", "rows"]).code, 0);
    place
        .run(&init)
        .fails(2, "exists already and was not changed");
    // The environment wins over a profile, even one that is named, and the page says over what.
    let other = place.demo("other", &["--healthy"]);
    let show = |more: &[&str]| {
        let arguments = [&["config", "show", "--profile", "mine"], more].concat();
        Ran::of(
            place
                .command(&arguments)
                .env("DATABASE_URL", &other.database),
        )
    };
    let ran = show(&[]);
    let line = ran
        .out
        .lines()
        .find(|line| line.starts_with("database"))
        .unwrap();
    let (used, over) = line
        .split_once("  (from DATABASE_URL, which wins over profile mine: ")
        .unwrap();
    assert!(used.contains("/other/") && over.contains("/hub/"), "{line}");
    assert!(
        ran.out
            .lines()
            .any(|line| line.starts_with("store") && line.ends_with("(from profile mine)"))
    );
    let json = show(&["--json"]).lines();
    assert!(
        json[0]["database"]["instead_of"]
            .as_str()
            .unwrap()
            .contains("/hub/")
    );
    assert!(json[0]["store"].get("instead_of").is_none());
    // Flags win, and the page says so.
    let ran = place.run(&["config", "show", "--write", "--json"]);
    assert_eq!(ran.lines()[0]["write"]["from"], "--write", "{ran:?}");
}

#[test]
fn a_profile_with_relative_paths_means_the_same_in_every_folder() {
    let place = Sandbox::new();
    place.demo("hub", &["--healthy"]);
    let words = ["config", "init", "--profile", "mine"];
    let paths = ["--database", "hub/hub.db", "--store", "hub/objects"];
    let mut init = place.command(&[&words[..], &paths].concat());
    let ran = Ran::of(init.current_dir(place.path("")));
    assert_eq!(ran.code, 0, "{ran:?}");
    let mut doctor = place.command(&["doctor"]);
    let ran = Ran::of(doctor.current_dir(place.path("hub")));
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_theme_that_nobody_knows_is_refused_by_every_command() {
    let place = Sandbox::new();
    place
        .run(&["keys", "--theme", "pink"])
        .fails(2, "there is no such theme");
}

#[test]
fn a_second_profile_is_added_behind_the_first_with_its_environment() {
    let place = Sandbox::new();
    let first = place.demo("first", &["--healthy"]);
    let second = place.demo("second", &["--healthy"]);
    let init = |hub: &Hub, name: &str, more: &[&str]| {
        place.run(&hub.with(&[&["config", "init", "--profile", name], more].concat()))
    };
    assert_eq!(init(&first, "one", &[]).code, 0);
    // Doctor says what the profile lacks, and where.
    let doctor = place.run(&["doctor", "--profile", "one"]);
    assert!(
        doctor.out.contains("set `environment` of profile one in ")
            && doctor.out.contains("config.toml")
            && !doctor.out.contains("without a profile"),
        "{doctor:?}"
    );
    let file = place.path("config/luthier/config.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    let added = init(&second, "two", &["--environment", "staging"]);
    assert!(
        added.code == 0 && added.out.contains("Added profile two to "),
        "{added:?}"
    );
    let after = std::fs::read_to_string(&file).unwrap();
    assert!(after.starts_with(&before), "{after}");
    for (profile, hub, environment) in [
        ("one", "/first/", "unknown"),
        ("two", "/second/", "staging"),
    ] {
        let shown = place.run(&["config", "show", "--profile", profile, "--json"]);
        let line = &shown.lines()[0];
        assert!(
            line["database"]["value"].as_str().unwrap().contains(hub)
                && line["environment"]["value"] == environment,
            "{shown:?}"
        );
    }
    let doctor = place.run(&["doctor", "--profile", "two"]);
    assert!(
        doctor.out.contains("two, environment staging")
            && !doctor.out.contains("set `environment`"),
        "{doctor:?}"
    );
    // A profile is never replaced, nothing is added to a file that cannot be read, and none without a name.
    init(&first, "two", &[]).fails(2, "config.toml exists already and was not changed");
    place
        .run(&first.with(&["config", "init"]))
        .fails(2, "add a hub with --profile NAME");
    place
        .run(&["config", "init", "--environment", "demo"])
        .fails(2, "--database");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), after);
    place.configure("[profiles.one\n");
    init(&first, "three", &[]).fails(2, "config.toml");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "[profiles.one\n");
}

#[test]
fn a_configuration_without_a_hub_is_an_example_in_comments() {
    let place = Sandbox::new();
    assert_eq!(place.run(&["config", "init"]).code, 0);
    let text = std::fs::read_to_string(place.path("config/luthier/config.toml")).unwrap();
    assert!(text.contains("# [profiles.staging]"), "{text}");
    assert!(
        text.lines()
            .all(|line| line.is_empty() || line.starts_with('#'))
    );
    // It names no hub yet.
    assert!(place.run(&[]).out.contains("luthier demo"));
}

#[test]
fn a_password_goes_into_no_file() {
    let place = Sandbox::new();
    for url in [
        "postgres://me:hunter2@db/hub",
        "postgres://db/hub?password=hunter2",
    ] {
        let init = [
            "config",
            "init",
            "--database",
            url,
            "--store",
            "s3://bucket",
        ];
        let ran = place.run(&init);
        ran.fails(2, "PGPASSWORD");
        assert!(!ran.err.contains("hunter2"), "{ran:?}");
    }
    assert_eq!(files(&place.path("config")).len(), 0);
    let shown = [
        "config",
        "show",
        "--database",
        "postgres://me:hunter2@db/hub",
        "--store",
        "s3://bucket",
    ];
    let ran = place.run(&shown);
    assert!(
        ran.out.contains("postgres db") && !ran.out.contains("hunter2"),
        "{ran:?}"
    );
}

#[test]
fn a_fault_code_is_explained() {
    let place = Sandbox::new();
    let ran = place.run(&["faults", "object-missing"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("object-missing  critical") && !ran.out.contains("uri-missing"),
        "{ran:?}"
    );
    let cycle = place.run(&["faults", "cycle"]);
    assert_eq!(cycle.out.matches("By hand").count(), 1, "{cycle:?}");
    assert!(!cycle.out.contains("The decision"), "{cycle:?}");
    let two = place.run(&["faults", "object-diverges"]);
    let sides = "between two: keep the object: the row is changed to what the object says; or nothing is changed";
    assert!(two.out.contains(sides), "{two:?}");
    let ran = place.run(&["faults", "--json"]);
    assert_eq!(
        ran.lines().len(),
        luthier_audit::fault::FAULTS.len(),
        "{ran:?}"
    );
    place
        .run(&["faults", "no-such"])
        .fails(2, "no such code; there are: ");
    let slip = place.run(&["faults", "object-mising"]);
    slip.fails(2, "no such code; did you mean object-missing?");
}
