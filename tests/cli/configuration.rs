//! Profiles, then the environment, then flags, the later winning; and nothing is written by reading.

use crate::support::*;
use serde_json::json;

fn profile(name: &str, hub: &Hub, more: &str) -> String {
    format!(
        "[profiles.{name}]\ndatabase = \"{}\"\nstore = \"{}\"\n{more}\n",
        hub.database, hub.store
    )
}

fn commits(ran: &Ran) -> u64 {
    let summary = ran.lines().pop().unwrap();
    summary["checked"]["commits"].as_u64().unwrap()
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let place = Sandbox::new();
    // Hubs told apart by their number of commits.
    let small = place.demo("small", &["--healthy"]);
    let middle = place.demo("middle", &["--healthy", "--commits", "10"]);
    let large = place.demo("large", &["--healthy", "--commits", "20"]);
    place.configure(&format!(
        "default = \"muse\"\n{}",
        profile("muse", &small, "")
    ));
    let audit = ["audit", "--json", "--depth", "rows"];
    let base = commits(&place.run(&audit));
    let by_environment = Ran::of(
        place
            .command(&audit)
            .env("DATABASE_URL", &middle.database)
            .env("LUTHIER_STORE", &middle.store),
    );
    assert_eq!(commits(&by_environment), base + 10);
    let by_flags = Ran::of(
        place
            .command(&large.with(&audit))
            .env("DATABASE_URL", &middle.database)
            .env("LUTHIER_STORE", &middle.store),
    );
    assert_eq!(commits(&by_flags), base + 20);
}

#[test]
fn a_variable_that_names_another_hub_than_the_profile_is_told_or_refused() {
    let place = Sandbox::new();
    let own = place.demo("own", &["--healthy"]);
    let other = place.demo("other", &["--healthy"]);
    place.configure(&format!(
        "default = \"muse\"\n{}",
        profile("muse", &own, "")
    ));
    let ran = |arguments: &[&str], variables: &[(&str, &str)]| {
        Ran::of(place.command(arguments).envs(variables.iter().copied()))
    };
    let database = ("DATABASE_URL", other.database.as_str());
    let store = ("LUTHIER_STORE", other.store.as_str());
    let won = "DATABASE_URL and LUTHIER_STORE win over profile muse: the hub is sqlite ";
    let commands: [&[&str]; 6] = [
        &["audit", "--depth", "rows"],
        &["repair", "--id", "sha256:00"],
        &["journal"],
        &["doctor"],
        &["schema", "--quiet"],
        &["checkpoint", "--json"],
    ];
    for command in commands {
        let told = ran(command, &[database, store]);
        assert_eq!(told.err.matches(won).count(), 1, "{command:?}: {told:?}");
        let named = [command, &["--profile", "muse"]].concat();
        let refused = ran(&named, &[database, store]);
        refused.fails(2, "unset DATABASE_URL and LUTHIER_STORE");
        let one_side = ran(&named, &[store]);
        one_side.fails(2, "unset LUTHIER_STORE, or leave out --profile");
    }
    // The console says so before its first screen, and needs a terminal for that one.
    let console = ran(&[], &[database]);
    assert!(
        console.err.contains("DATABASE_URL wins over profile muse"),
        "{console:?}"
    );
    ran(&["--profile", "muse"], &[database]).fails(2, "unset DATABASE_URL");
    // The configuration can still be looked at; the same hub in other words is no conflict.
    let shown = ran(&["config", "show", "--profile", "muse"], &[database]);
    assert!(
        shown.out.contains("Other commands refuse this"),
        "{shown:?}"
    );
    let same = [("DATABASE_URL", own.database.as_str())];
    let same = ran(&["doctor", "--profile", "muse"], &same);
    assert!(
        same.code == 0 && !same.err.contains("over profile"),
        "{same:?}"
    );
    let flags = other.with(&["doctor", "--profile", "muse"]);
    assert!(!ran(&flags, &[database, store]).err.contains("over profile"));
}

#[test]
fn a_profile_says_nothing_about_another_hub() {
    let place = Sandbox::new();
    let own = place.demo("own", &["--healthy"]);
    let other = place.demo("other", &["--healthy"]);
    let said = "environment = \"demo\"\nread_only = false";
    place.configure(&format!(
        "default = \"muse\"\n{}",
        profile("muse", &own, said)
    ));
    let hub = |ran: &Ran| {
        let doctor = ran.out.lines().find(|line| line.contains(" hub ")).unwrap();
        doctor.to_owned()
    };
    let mine = hub(&place.run(&["doctor"]));
    assert!(mine.contains("muse, environment demo"), "{mine}");
    // The same hub, named by hand.
    let same = hub(&place.run(&own.with(&["doctor"])));
    assert!(same.contains("muse, environment demo"), "{same}");
    let by_flags = hub(&place.run(&other.with(&["doctor"])));
    assert!(by_flags.contains("environment unknown"), "{by_flags}");
    assert!(!by_flags.contains("muse"), "{by_flags}");
    let database = ["DATABASE_URL", &other.database];
    let one_side = Ran::of(place.command(&["doctor"]).env(database[0], database[1]));
    assert!(!hub(&one_side).contains("muse"), "{one_side:?}");
    let write = Ran::of(
        place
            .command(&["repair", "--apply"])
            .env(database[0], database[1]),
    );
    write.fails(2, "read-only");
}

#[test]
fn a_profile_that_is_not_there_is_named_with_those_that_are() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    place.configure(&profile("muse", &hub, ""));
    let ran = place.run(&["audit", "--profile", "mule"]);
    ran.fails(2, "mule");
    assert!(ran.err.contains("muse") && ran.err.contains("config.toml"));
}

#[test]
fn a_mistake_in_the_file_is_named_with_its_line() {
    let place = Sandbox::new();
    for (text, names) in [
        ("[profiles.muse]\ndatabse = \"x\"\n", "databse"),
        ("[profiles.muse]\nread_only = \"no\"\n", "read_only"),
        ("[profiles.muse\n", "line 1"),
    ] {
        place.configure(text);
        let ran = place.run(&["audit"]);
        ran.fails(2, "config.toml");
        assert!(ran.err.contains(names), "{ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    }
}

#[test]
fn every_profile_is_read_only_unless_it_says_otherwise() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let before = (files(&hub.dir), hub.objects());
    place.configure(&profile("muse", &hub, ""));
    let repair = ["repair", "--apply", "--yes", "--profile", "muse"];
    place.run(&repair).fails(2, "--write");
    assert_eq!((files(&hub.dir), hub.objects()), before);
    place.configure(&profile("muse", &hub, "read_only = false"));
    assert_eq!(place.run(&repair).code, 1, "some are left for a person");
}

#[test]
fn production_wants_its_name() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    place.configure(&profile("muse", &hub, "environment = \"production\""));
    let repair = ["repair", "--apply", "--write", "--yes", "--profile", "muse"];
    let before = hub.objects();
    place.run(&repair).fails(2, "--confirm muse");
    let mut wrong = repair.to_vec();
    wrong.extend(["--confirm", "mule"]);
    place.run(&wrong).fails(2, "--confirm muse");
    assert_eq!(hub.objects(), before);
    let mut right = repair.to_vec();
    right.extend(["--confirm", "muse"]);
    assert_eq!(place.run(&right).code, 1);
    assert_ne!(hub.objects(), before);
}

#[test]
fn looking_leaves_no_file_anywhere() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let before = files(&hub.dir);
    for arguments in [
        &["audit", "--depth", "bytes"][..],
        &["repair"],
        &["backfill"],
        &["journal"],
        &["journal", "verify"],
    ] {
        place.on(&hub, arguments);
    }
    for folder in ["state", "config", "home", "tmp"] {
        assert_eq!(beside_logs(&place.path(folder)), [""; 0], "{folder}");
    }
    let after: Vec<_> = files(&hub.dir)
        .into_iter()
        .filter(|(path, _)| {
            // What SQLite keeps beside a database that it reads.
            let name = path.to_string_lossy();
            !name.ends_with("-wal") && !name.ends_with("-shm")
        })
        .collect();
    assert_eq!(after, before.into_iter().collect::<Vec<_>>());
}

#[test]
fn keys_of_ones_own_are_listed_and_a_clash_names_both_rows() {
    let place = Sandbox::new();
    place.configure("theme = \"light\"\n[keys.findings]\nplan = [\"ctrl-x\"]\n");
    let ran = place.run(&["keys", "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let lines = ran.lines();
    let plan = |place: &str| {
        let found = lines
            .iter()
            .find(|line| line["place"] == place && line["name"] == "plan");
        found.unwrap()["keys"].clone()
    };
    assert_eq!(plan("findings"), serde_json::json!(["ctrl-x"]));
    assert_eq!(plan("objects"), serde_json::json!(["x"]));

    place.configure("[keys.findings]\nplan = [\"q\"]\n");
    let ran = place.run(&["keys"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.err
            .contains("`q` means both findings › plan and everywhere › leave"),
        "{ran:?}"
    );
    // The console does not open with keys that contradict each other.
    let ran = place.run(&["demo"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}

const MINE: &str = "theme = \"mine\"\n[themes.mine]\nbase = \"dark\"\ncritical = \"bold #ff5f5f\"\nselected = \"red on red\"\n";

#[test]
fn a_theme_of_ones_own_is_shown_and_a_wrong_one_names_file_key_and_what_is_allowed() {
    let place = Sandbox::new();
    place.configure(MINE);
    let shown = place.run(&["config", "show"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    for line in [
        "theme        mine  (from the file)",
        "own theme    mine  (dark with 2 roles of its own; text and background have the same colour in selected)",
    ] {
        assert!(shown.out.contains(line), "{shown:?}");
    }
    let shown = place.run(&["config", "show", "--json"]).lines();
    let theme = &shown[0]["themes"][0];
    assert_eq!(
        (&theme["name"], &theme["base"], &theme["roles"]),
        (
            &json!("mine"),
            &json!("dark"),
            &json!(["critical", "selected"])
        )
    );

    let wrong = |text: &str, says: &str| {
        place.configure(text);
        for arguments in [&["config", "show"] as &[&str], &["keys"]] {
            let ran = place.run(arguments);
            assert_eq!(ran.code, 2, "{ran:?}");
            assert!(ran.err.contains("config.toml: "), "{ran:?}");
            assert!(ran.err.contains(says), "{ran:?}");
        }
    };
    wrong(
        "theme = \"pink\"\n",
        "theme `pink`: there is no such theme; there are auto, dark, light, ansi",
    );
    wrong(
        &MINE.replace("ff5f5f", "ff5f"),
        "themes.mine.critical = `bold #ff5f`: `#ff5f` is not a colour; write #rrggbb",
    );
    wrong(
        &MINE.replace("critical", "criticl"),
        "themes.mine.criticl: there is no such role; there are base, text,",
    );
    wrong(
        &MINE.replace("\"dark\"", "\"pink\""),
        "themes.mine.base = `pink`: there is no such base; there are auto, dark, light, ansi",
    );
    wrong("[themes.mine]\ncritical = 3\n", "critical = 3");
}

#[test]
fn the_example_says_nothing_that_is_refused() {
    let place = Sandbox::new();
    place.configure(include_str!("../../assets/config.example.toml"));
    let ran = place.run(&["keys"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}
