//! A hub behind a transaction pooler: everything works through it, and its connections stay as they were.

use crate::server;
use crate::support::*;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Row};
use std::str::FromStr;

/// Server connections of the pooler, as `tests/servers/pgbouncer` sets it up.
const POOL: usize = 5;

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

/// The same database through the pooler.
fn pooled(url: &str) -> String {
    through("LUTHIER_TEST_PGBOUNCER", url)
}

/// The same database through the pooler whose address the variable holds.
fn through(variable: &str, url: &str) -> String {
    let address = std::env::var(variable).expect(
        "no PgBouncer to test on: use tests/run, or start the servers with: eval \"$(tests/servers/up)\"",
    );
    let (host, port) = address.split_once(':').unwrap();
    let mut url = url::Url::parse(url).unwrap();
    url.set_host(Some(host)).unwrap();
    url.set_port(Some(port.parse().unwrap())).unwrap();
    url.to_string()
}

/// A demo hub that is reached through the pooler; its database directly is the second.
fn demo(place: &Sandbox, more: &[&str]) -> (Hub, String) {
    let url = wait(server::database());
    let mut arguments = vec!["--database", &url];
    arguments.extend(more);
    let hub = place.demo("hub", &arguments);
    let database = pooled(&url);
    (Hub { database, ..hub }, url)
}

/// What differs from the start on any server connection of the pool; each is held by a transaction meanwhile.
fn left_behind(database: &str) -> Vec<String> {
    wait(async {
        let options = PgConnectOptions::from_str(database).unwrap();
        let options = options.extra_float_digits(None);
        let mut held = Vec::new();
        let mut left = Vec::new();
        for _ in 0..POOL {
            let mut connection = PgConnection::connect_with(&options).await.unwrap();
            let rows = sqlx::raw_sql(
                "BEGIN; SELECT name || '=' || setting FROM pg_settings WHERE source = 'session' \
                   AND setting IS DISTINCT FROM reset_val \
                   AND name NOT IN ('application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'transaction_isolation', \
                                    'transaction_read_only', 'transaction_deferrable') \
                 UNION ALL SELECT 'statement ' || name FROM pg_prepared_statements \
                 UNION ALL SELECT 'lock ' || mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'",
            )
            .fetch_all(&mut connection)
            .await
            .unwrap();
            left.extend(rows.iter().map(|row| row.get::<String, _>(0)));
            held.push(connection);
        }
        left
    })
}

/// Writes as the hub does, on every connection of the pool.
fn hub_writes(database: &str) {
    wait(async {
        let options = PgConnectOptions::from_str(database).unwrap();
        let options = options.extra_float_digits(None);
        let mut held = Vec::new();
        for _ in 0..POOL {
            let mut connection = PgConnection::connect_with(&options).await.unwrap();
            sqlx::raw_sql(
                "BEGIN; UPDATE musehub_repos SET repo_id = repo_id WHERE repo_id = 'none'",
            )
            .execute(&mut connection)
            .await
            .unwrap();
            held.push(connection);
        }
    });
}

#[test]
fn nothing_of_ours_stays_on_a_poolers_connections_whatever_was_done() {
    let place = Sandbox::new();
    let (hub, direct) = demo(&place, &[]);
    let audit = ["audit", "--depth", "bytes", "--json"];
    let run = |arguments: &[&str], code: i32| {
        let ran = place.on(&hub, arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        assert_eq!(left_behind(&hub.database), [""; 0], "{arguments:?}");
        ran
    };
    let through = run(&audit, 1);
    let same = Hub {
        database: direct,
        dir: hub.dir.clone(),
        store: hub.store.clone(),
    };
    assert_eq!(through.out, place.on(&same, &audit).out);
    run(
        &["signoff", "--out", place.path("signed").to_str().unwrap()],
        1,
    );
    run(&["backfill", "--apply", "--write", "--yes"], 1);
    run(&["repair", "--apply", "--write", "--yes"], 1);
    run(&["checkpoint", "--write"], 0);
    run(&["schema", "--apply", "--write"], 0);
    run(&["schema", "--apply", "--write"], 0);
    hub_writes(&hub.database);
}

#[test]
fn several_at_once_share_a_pooler_and_find_the_same() {
    let place = Sandbox::new();
    let (hub, _) = demo(&place, &["--seed", "7"]);
    let audit = hub.with(&["audit", "--depth", "rows", "--json"]);
    let first = place.run(&audit);
    let others: Vec<_> = (0..4)
        .map(|_| {
            let mut command = place.command(&audit);
            let pipe = std::process::Stdio::piped;
            command.stdout(pipe()).stderr(pipe()).spawn().unwrap()
        })
        .collect();
    for other in others {
        let ran = Ran::from(other.wait_with_output().unwrap());
        assert_eq!((ran.code, &ran.out), (1, &first.out), "{ran:?}");
    }
    assert_eq!(left_behind(&hub.database), [""; 0]);
    hub_writes(&hub.database);
}

#[test]
fn a_database_is_made_and_filled_through_a_pooler() {
    let place = Sandbox::new();
    let (hub, _) = demo(&place, &["--healthy"]);
    let database = pooled(&wait(server::database()));
    let ran = place.run(&[
        "rebuild", "--write", "--into", &database, "--store", &hub.store,
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(left_behind(&database), [""; 0]);
}

#[test]
fn a_repair_through_a_pooler_keeps_others_out() {
    let place = Sandbox::new();
    let (hub, direct) = demo(&place, &[]);
    let holder = "BEGIN; SELECT pg_advisory_xact_lock(5509437710951346688)";
    let refused = wait(async {
        let mut other = PgConnection::connect(&direct).await.unwrap();
        sqlx::raw_sql(holder).execute(&mut other).await.unwrap();
        let refused = place.on(&hub, &["repair", "--apply", "--write", "--yes"]);
        let told = place.on(&hub, &["doctor", "--json"]);
        other.close().await.unwrap();
        (refused, told)
    });
    refused.0.fails(3, "another repair is running");
    assert!(
        refused.1.out.contains("a repair is running on this hub"),
        "{refused:?}"
    );
    let ran = place.on(&hub, &["repair", "--apply", "--write", "--yes"]);
    assert_eq!(ran.code, 1, "{ran:?}");
}

#[test]
fn the_doctor_says_whether_a_pooler_stands_between() {
    let place = Sandbox::new();
    let (hub, direct) = demo(&place, &["--healthy"]);
    let found = |database: &str| {
        let ran = place.run(&[
            "doctor",
            "--write",
            "--json",
            "--database",
            database,
            "--store",
            &hub.store,
        ]);
        let lines = ran.lines();
        let line = lines.iter().find(|line| line["name"] == "pooler").unwrap();
        (
            line["health"].clone(),
            line["found"].as_str().unwrap().to_owned(),
        )
    };
    let (health, told) = found(&hub.database);
    assert!(
        health == "warn" && told.contains("a pooler is in front of"),
        "{told}"
    );
    let (health, told) = found(&direct);
    assert!(health == "pass" && told.contains("none"), "{told}");
}

#[test]
fn what_a_pooler_refuses_is_told_with_what_to_do() {
    let place = Sandbox::new();
    let (hub, _) = demo(&place, &["--healthy"]);
    let database = format!("{}?options[search_path]=public", hub.database);
    let ran = place.run(&["audit", "--database", &database, "--store", &hub.store]);
    ran.fails(3, "a pooler refuses what the URL sets");
}

#[test]
fn a_schema_that_a_pooler_keeps_from_the_server_is_never_replaced_by_another() {
    let place = Sandbox::new();
    let url = wait(server::database());
    let hub = place.demo("hub", &["--database", &url, "--healthy"]);
    let ignoring = through("LUTHIER_TEST_PGBOUNCER_IGNORING", &url);
    let audit = |path: &str| {
        let database = format!("{ignoring}?options[search_path]={path}");
        let place = Sandbox::new();
        place.run(&[
            "audit",
            "--depth",
            "rows",
            "--database",
            &database,
            "--store",
            &hub.store,
        ])
    };
    // The schema that the connection reads anyway.
    assert_eq!(audit("public").code, 0);
    audit("staging").fails(3, "asks for the schema staging and the connection reads");
}
