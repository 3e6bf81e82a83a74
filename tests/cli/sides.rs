//! Rows and store that do not belong together, and rows that a backfill leaves.

use crate::s3::{ACCESS_KEY, SECRET_KEY, Server};
use crate::support::{Hub, Ran, Sandbox};

fn with_store(hub: &Hub, store: &str) -> Hub {
    Hub {
        dir: hub.dir.clone(),
        database: hub.database.clone(),
        store: store.to_owned(),
    }
}

/// Doctor, audit and sign-off say it first; repair, backfill and checkpoint write nothing.
fn refuses(place: &Sandbox, hub: &Hub, says: &str) {
    let doctor = place.on(hub, &["doctor"]);
    assert_eq!(doctor.code, 1, "{doctor:?}");
    let line = doctor
        .out
        .lines()
        .find(|line| line.contains("rows and store"));
    assert!(
        line.is_some_and(|line| line.starts_with("FAIL") && line.contains(says)),
        "{doctor:?}"
    );
    let audit = place.on(hub, &["audit", "--grace", "0s"]);
    assert!(
        audit.out.starts_with("INCOMPLETE: this looks like another"),
        "{audit:?}"
    );
    assert!(audit.out.contains(says) && audit.code != 0, "{audit:?}");
    let summary = place
        .on(hub, &["audit", "--json", "--grace", "0s"])
        .lines()
        .pop()
        .unwrap();
    assert_eq!(summary["complete"], false);
    assert!(
        summary["wrong_pair"].as_str().unwrap().contains(says),
        "{summary}"
    );
    for command in [
        &["repair", "--apply", "--write", "--yes", "--grace", "0s"][..],
        &["backfill", "--apply", "--write", "--yes", "--grace", "0s"],
        &["checkpoint", "--write"],
    ] {
        let before = hub.objects();
        let ran = place.on(hub, command);
        assert_ne!(ran.code, 0, "{command:?}: {ran:?}");
        assert_eq!(hub.objects(), before, "{command:?}: {ran:?}");
    }
}

#[test]
fn a_store_a_level_too_high_or_too_low_is_told_with_the_right_one() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let high = hub.store.rsplit_once('/').unwrap().0.to_owned();
    refuses(
        &place,
        &with_store(&hub, &high),
        &format!("--store {}", hub.store),
    );
    let low = format!("{}/objects", hub.store);
    refuses(
        &place,
        &with_store(&hub, &low),
        &format!("--store {}", hub.store),
    );
    let right = place.on(&hub, &["doctor"]);
    assert!(right.out.contains("of a sample of rows"), "{right:?}");
}

#[test]
fn another_hubs_store_and_another_hubs_database_are_told() {
    let place = Sandbox::new();
    let one = place.demo("one", &["--healthy"]);
    let other = place.demo("other", &["--healthy", "--seed", "7"]);
    refuses(
        &place,
        &with_store(&one, &other.store),
        "this looks like another store",
    );
    // A rebuild from a store without objects gives an empty hub of the same schema: no row says where an object is.
    let empty = place.path("empty");
    std::fs::create_dir_all(&empty).unwrap();
    std::fs::write(empty.join("note.txt"), "no object").unwrap();
    let none = format!("file://{}", empty.display());
    let fresh = format!("sqlite://{}", place.path("fresh.db").display());
    let made = place.run(&["rebuild", "--into", &fresh, "--store", &none, "--write"]);
    assert!(made.code <= 1, "{made:?}");
    let hub = Hub {
        dir: one.dir.clone(),
        database: fresh,
        store: one.store.clone(),
    };
    refuses(&place, &hub, "this looks like another database");
}

#[test]
fn a_hub_that_lost_everything_can_still_be_audited() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    std::fs::remove_dir_all(hub.dir.join("objects")).unwrap();
    std::fs::create_dir_all(hub.dir.join("objects")).unwrap();
    let audit = place.on(&hub, &["audit", "--json", "--grace", "0s"]);
    let missing = audit.out.matches("\"object-missing\"").count();
    assert!(audit.code == 1 && missing > 100, "{}", audit.err);
    let repair = [
        "repair",
        "--code",
        "object-missing",
        "--apply",
        "--write",
        "--yes",
    ];
    place.on(&hub, &repair).fails(3, "--mass-fault");
    let confirmed = [&repair[..], &["--mass-fault", "hub"]].concat();
    assert!(place.on(&hub, &confirmed).code <= 1);
}

#[test]
fn a_prefix_a_level_too_high_or_too_low_is_told_with_the_right_one() {
    let server = Server::start(&["muse"]);
    let place = Sandbox::new();
    let dir = place.path("hub");
    let endpoint = server.endpoint();
    let run = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        for (name, value) in [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_REGION", "us-east-1"),
        ] {
            command.env(name, value);
        }
        Ran::of(&mut command)
    };
    let store = "s3://muse/hubs/one";
    let demo = [
        "demo",
        "--build-only",
        dir.to_str().unwrap(),
        "--healthy",
        "--store",
        store,
        "--json",
    ];
    let built = run(&demo);
    assert_eq!(built.code, 0, "{built:?}");
    let database = built.lines()[0]["database"].as_str().unwrap().to_owned();
    for wrong in [
        "s3://muse/hubs",
        "s3://muse",
        "s3://muse/hubs/one/objects",
        "s3://muse/hubs/two",
    ] {
        let doctor = run(&["doctor", "--database", &database, "--store", wrong]);
        let line = doctor
            .out
            .lines()
            .find(|line| line.contains("rows and store"));
        assert!(
            line.is_some_and(|line| line.starts_with("FAIL")),
            "{wrong}: {doctor:?}"
        );
        assert!(
            line.unwrap().contains("this looks like another store"),
            "{wrong}: {doctor:?}"
        );
    }
}

#[test]
fn doctor_and_backfill_name_the_same_rows_that_are_never_written() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let sentence = |out: &str| {
        let from = out
            .find("a backfill changes")
            .unwrap_or_else(|| panic!("{out}"));
        let line = out[from..].lines().next().unwrap();
        // A backfill says behind it what its steps are of.
        let sentence = line.split_once(". ").map_or(line, |(first, _)| first);
        sentence.trim_end_matches('.').to_owned()
    };
    let doctor = place.on(&hub, &["doctor"]);
    let backfill = place.on(&hub, &["backfill", "--grace", "0s"]);
    assert_eq!(sentence(&doctor.out), sentence(&backfill.out));
    assert!(
        backfill.out.contains("identity-unverifiable"),
        "{backfill:?}"
    );
    let lines = place
        .on(&hub, &["backfill", "--json", "--grace", "0s"])
        .lines();
    let rows = lines
        .iter()
        .find(|line| line["type"] == "unlinked")
        .unwrap();
    let of = |fate: &str| rows["rows"][fate].as_u64().unwrap_or(0);
    let steps = lines.iter().filter(|line| line["type"] == "step").count() as u64;
    assert_eq!(of("written") + of("linked"), steps, "{rows}");
}
