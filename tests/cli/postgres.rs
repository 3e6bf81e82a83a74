//! A hub whose rows are in Postgres: reached, examined, migrated, repaired, and its password kept.

use crate::server;
use crate::support::*;
use serde_json::Value;
use std::collections::BTreeMap;

const PASSWORD: &str = "hunter2-and-more";

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

/// An empty database and a role that owns it, whose password is [`PASSWORD`].
fn owned() -> String {
    wait(async {
        let url = server::database().await;
        let name = url.rsplit_once('/').unwrap().1.to_owned();
        let sql = format!(
            "CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'; GRANT ALL ON SCHEMA public TO {name}"
        );
        server::run(&url, &sql).await;
        let mut url = url::Url::parse(&url).unwrap();
        url.set_username(&name).unwrap();
        url.set_password(Some(PASSWORD)).unwrap();
        url.to_string()
    })
}

fn demo(place: &Sandbox, more: &[&str]) -> Hub {
    let url = owned();
    let mut arguments = vec!["--database", &url];
    arguments.extend(more);
    let hub = place.demo("hub", &arguments);
    assert!(!hub.database.contains(PASSWORD), "{}", hub.database);
    Hub {
        database: url,
        ..hub
    }
}

#[test]
fn the_same_demo_gives_the_same_findings_byte_for_byte() {
    let place = Sandbox::new();
    let audit = ["audit", "--depth", "bytes", "--json"];
    let file = place.demo("file", &["--seed", "5"]);
    let there = demo(&place, &["--seed", "5"]);
    let (one, other) = (place.on(&file, &audit), place.on(&there, &audit));
    assert_eq!((one.code, other.code), (1, 1), "{other:?}");
    assert!(one.lines().len() > 100);
    assert_eq!(one.out, other.out);
}

/// Without a configured policy the hub's model decides, whatever the spelling of its ids, in an audit and where one object
/// is shown.
#[test]
fn the_model_of_the_hub_decides_the_policy() {
    for (era, policy) in [("june", "db-canonical"), ("march", "s3-canonical")] {
        let place = Sandbox::new();
        let hub = demo(&place, &["--healthy", "--era", era]);
        let audit = place.on(&hub, &["audit", "--depth", "presence", "--json"]);
        let lines = audit.lines();
        let summary = lines.last().unwrap();
        assert_eq!(summary["policy"], policy, "{summary}");
        let model = summary["model"].as_str().unwrap();
        assert!(model.contains(", as the hub's rows show: "), "{model}");
        assert!(!model.contains("of 0 sampled"), "{model}");
        let alone = |line: &&Value| line["code"] == "uri-missing" && line["kind"] == "commit";
        let found = lines.iter().find(alone);
        let Some(found) = found else {
            assert_eq!(era, "march", "commits in rows alone");
            continue;
        };
        assert_eq!(found["grade"], "info");
        let shown = place.on(&hub, &["show", found["id"].as_str().unwrap(), "--json"]);
        let shown = shown.lines().remove(0);
        let codes = shown["findings"].as_array().unwrap();
        assert!(
            codes.iter().all(|finding| finding["grade"] == "info"),
            "{shown}"
        );
        assert!(!codes.is_empty());
    }
}

#[test]
fn repair_ends_with_nothing_that_is_auto() {
    let place = Sandbox::new();
    let hub = demo(&place, &[]);
    let before = hub.objects();
    let ran = place.on(&hub, &["repair", "--apply", "--write", "--yes", "--json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let left = place.findings(&hub);
    assert!(left.iter().all(|(_, _, auto)| auto != "yes"), "{left:?}");
    let after = hub.objects();
    assert!(
        before
            .iter()
            .all(|(key, bytes)| after.get(key) == Some(bytes))
    );
    assert_eq!(place.on(&hub, &["journal", "verify"]).code, 0);
}

#[test]
fn the_hubs_own_environment_opens_it() {
    let place = Sandbox::new();
    let hub = demo(&place, &["--healthy"]);
    let spelled = hub
        .database
        .replacen("postgres://", "postgresql+asyncpg://", 1);
    let ran = Ran::of(
        place
            .command(&["audit", "--json", "--depth", "rows"])
            .env("DATABASE_URL", &spelled)
            .env("MUSEHUB_OBJECTS_DIR", hub.dir.join("objects")),
    );
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn what_keeps_it_closed_is_one_line_that_says_what_to_do() {
    let place = Sandbox::new();
    let hub = demo(&place, &["--healthy"]);
    let empty = owned();
    let wrong = hub.database.replace(PASSWORD, "wrong-secret");
    let nowhere = "postgres://u:wrong-secret@127.0.0.1:1/hub";
    let unknown = "postgres://u:wrong-secret@no-such-host.invalid/hub";
    for (database, says) in [
        (wrong.as_str(), "check user and password"),
        (nowhere, "check that the server runs"),
        (unknown, "host and port"),
        (empty.as_str(), "no musehub tables"),
    ] {
        let ran = place.run(&["audit", "--database", database, "--store", &hub.store]);
        ran.fails(3, says);
        ran.is_one_line();
        assert!(
            !ran.err.contains("secret") && !ran.err.contains(PASSWORD),
            "{ran:?}"
        );
    }
}

#[test]
fn the_password_is_nowhere() {
    let place = Sandbox::new();
    let hub = demo(&place, &[]);
    place.configure(&format!(
        "[profiles.muse]\ndatabase = \"{}\"\nstore = \"{}\"\n",
        hub.database, hub.store
    ));
    let shown = place.on(&hub, &["audit", "--json", "--depth", "rows"]);
    let id = shown.lines()[0]["id"].as_str().unwrap().to_owned();
    for arguments in [
        &["doctor"][..],
        &["doctor", "--json", "--write"],
        &["schema"],
        &["schema", "--json"],
        &["schema", "--format", "alembic"],
        &["audit", "--depth", "bytes"],
        &["audit", "--repo", "no/such"],
        &["show", &id],
        &["diff", &id, "--json"],
        &["repair", "--json"],
        &["repair", "--apply"],
        &["repair", "--apply", "--write", "--yes"],
        &["backfill"],
        &["journal", "--json"],
    ] {
        for with in [
            hub.with(arguments),
            [arguments, &["--profile", "muse"]].concat(),
        ] {
            // All that any library says of its requests, in the log file and on standard error.
            let loud = [&with[..], &["-vv"]].concat();
            let ran = Ran::of(place.command(&loud).env("LUTHIER_LOG", "debug,sqlx=trace"));
            assert!(!ran.out.contains(PASSWORD), "{with:?}: {}", ran.out);
            assert!(!ran.err.contains(PASSWORD), "{with:?}: {}", ran.err);
        }
    }
    for folder in ["state", "home", "tmp", "hub"] {
        for (path, bytes) in files(&place.path(folder)) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(PASSWORD), "{}", path.display());
        }
    }
    for there in ["journal", "log"] {
        let folder = place.path("state/luthier").join(there);
        assert!(!files(&folder).is_empty(), "there is a {there}");
    }
}

fn checks(ran: &Ran) -> BTreeMap<String, Value> {
    let lines = ran.lines();
    let checks = lines.iter().filter(|line| line["type"] == "check");
    checks
        .map(|line| (line["name"].as_str().unwrap().to_owned(), line.clone()))
        .collect()
}

#[test]
fn the_doctor_looks_at_each_side_for_itself() {
    let place = Sandbox::new();
    let hub = demo(&place, &[]);
    let ran = place.on(&hub, &["doctor", "--json", "--write"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let found = checks(&ran);
    for (name, health) in [
        ("database", "pass"),
        ("database rights", "pass"),
        ("schema", "pass"),
        ("null storage_uri", "warn"),
        ("object store", "pass"),
        ("listing", "pass"),
        ("reading", "pass"),
        ("writing", "pass"),
        ("conditional put", "pass"),
        ("clocks", "pass"),
        ("journal", "pass"),
    ] {
        assert_eq!(found[name]["health"], health, "{name}: {ran:?}");
    }
    assert!(
        found["database"]["found"]
            .as_str()
            .unwrap()
            .contains("PostgreSQL")
    );
    assert_eq!(place.findings(&hub).len(), place.findings(&hub).len());
    let gone = format!("{}-gone", hub.store);
    let ran = place.run(&[
        "doctor",
        "--json",
        "--database",
        &hub.database,
        "--store",
        &gone,
    ]);
    assert_eq!(ran.code, 3);
    let found = checks(&ran);
    assert_eq!(found["database"]["health"], "pass");
    assert_eq!(found["object store"]["health"], "fail");
    assert_eq!(found["clocks"]["health"], "pass");
}

#[test]
fn a_probe_is_no_finding_and_reading_leaves_none() {
    let place = Sandbox::new();
    let hub = demo(&place, &["--healthy"]);
    let before = hub.objects();
    assert_eq!(place.on(&hub, &["doctor"]).code, 0);
    assert_eq!(hub.objects(), before);
    assert_eq!(place.on(&hub, &["doctor", "--write"]).code, 0);
    assert_eq!(hub.objects().len(), before.len() + 1);
    assert!(place.findings(&hub).is_empty());
}

#[test]
fn a_schema_is_shown_planned_applied_and_then_whole() {
    let place = Sandbox::new();
    let hub = demo(&place, &["--healthy"]);
    let admin = hub.database.clone();
    let sql = "DROP INDEX ix_musehub_commits_unlinked; ALTER TABLE musehub_commits DROP COLUMN storage_uri; \
               CREATE TABLE alembic_version (version_num VARCHAR(32)); INSERT INTO alembic_version VALUES ('0007')";
    wait(server::run(&admin, sql));
    let shown = place.on(&hub, &["schema", "--json"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    let last = shown.lines().pop().unwrap();
    assert_eq!(last["columns"], serde_json::json!(["musehub_commits"]));
    assert_eq!(last["revisions"], serde_json::json!(["0007"]));
    let plan = place.on(&hub, &["schema", "--plan"]);
    assert!(
        plan.out.contains("ADD COLUMN IF NOT EXISTS storage_uri"),
        "{plan:?}"
    );
    assert!(plan.out.contains("CREATE INDEX CONCURRENTLY"), "{plan:?}");
    let file = place.path("revision.py");
    let revision = [
        "schema",
        "--format",
        "alembic",
        "--out",
        file.to_str().unwrap(),
    ];
    assert_eq!(place.on(&hub, &revision).code, 0);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("down_revision = \"0007\"") && text.contains("def downgrade"));
    place.on(&hub, &revision).fails(2, "revision.py");
    place.on(&hub, &["schema", "--apply"]).fails(2, "--write");
    let applied = place.on(&hub, &["schema", "--apply", "--write"]);
    assert_eq!(applied.code, 0, "{applied:?}");
    let whole = place.on(&hub, &["schema"]);
    assert!(
        whole.out.contains("has every column and index"),
        "{whole:?}"
    );
    assert!(
        whole.out.contains("at revision 0007"),
        "Alembic's own table is left alone"
    );
    let left = place.findings(&hub);
    assert!(
        left.iter().all(|(code, _, _)| code == "uri-unlinked"),
        "{left:?}"
    );
    let linked = place.on(&hub, &["repair", "--apply", "--write", "--yes"]);
    assert_eq!(linked.code, 0, "{linked:?}");
    assert!(place.findings(&hub).is_empty());
}

#[test]
fn a_demo_is_never_built_over_a_hub() {
    let place = Sandbox::new();
    let hub = demo(&place, &["--healthy"]);
    let other = place.path("other");
    let again = [
        "demo",
        "--build-only",
        other.to_str().unwrap(),
        "--database",
        &hub.database,
    ];
    place.run(&again).fails(3, "choose an empty database");
}
